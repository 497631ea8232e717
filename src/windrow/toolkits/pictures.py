"""What a model found, as a picture: panels side by side on one sheet, for a notebook or a file."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import ArgumentError, ArgumentTypeError, MissingPackageError
from windrow.io.registry import storage_of
from windrow.learn import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Draw = Callable[[Any], None]
    """Draws on axes of matplotlib."""

__all__ = [
    "STYLE",
    "Bar",
    "Sheet",
    "calibration",
    "coefficients",
    "confusion",
    "require_matplotlib",
    "roc",
]

BLUE, RED, GREY, INK = "#1f5fa8", "#b5452c", "#9aa3ad", "#22272e"
STYLE: dict[Any, Any] = {
    "font.size": 11,
    "svg.hashsalt": "windrow",  # the same numbers give the same bytes
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
FORMATS = (".svg", ".png", ".pdf", ".html")
SIDE = 4.6
"""Inches of a panel."""
MOST_BARS = 20
MOST_CURVES = 8
MOST_CELLS = 12
"""Of more classes the counts in a confusion matrix are colours alone."""


def require_matplotlib() -> None:
    """Raise `MissingPackageError` where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise MissingPackageError("matplotlib", "pictures of a model", "plot")


@dataclass(frozen=True, eq=False)
class Sheet:
    """Panels side by side; a notebook shows it, `save` writes it.

    Parameters
    ----------
    title
        Above all panels.
    panels
        What draws each of them.
    """

    title: str
    panels: tuple[Draw, ...]

    def _repr_html_(self) -> str:
        svg = self.render("svg").decode("utf-8")
        return f'<div class="windrow-pictures">{svg[svg.index("<svg") :]}</div>'

    def render(self, form: str) -> bytes:
        """Draw the sheet as ``svg``, ``png``, ``pdf`` or ``html``.

        Raises
        ------
        MissingPackageError
            matplotlib is not installed.
        """
        if form == "html":
            page = f"<!doctype html><meta charset='utf-8'>{self._repr_html_()}\n"
            return page.encode("utf-8")
        require_matplotlib()
        from matplotlib import rc_context
        from matplotlib.figure import Figure  # no pyplot: no window, no state left behind

        out = io.BytesIO()
        with rc_context(STYLE):
            count = len(self.panels)
            figure = Figure(figsize=(SIDE * max(count, 1.4), SIDE), layout="constrained")
            figure.suptitle(self.title, x=0.01, ha="left", fontsize=11, fontweight="bold")
            for number, draw in enumerate(self.panels):
                draw(figure.add_subplot(1, count, number + 1))
            dated = {"png": "Software", "svg": "Date", "pdf": "CreationDate"}[form]
            figure.savefig(out, format=form, dpi=150, metadata={dated: None})
        return out.getvalue()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the sheet into a file whose ending names the format: svg, png, pdf or html.

        Raises
        ------
        ArgumentError
            It has another ending.
        MissingPackageError, DiskFullError, UnwritableError
            It cannot be drawn, or not be written.
        """
        if not isinstance(path, str | os.PathLike):
            raise ArgumentTypeError("path", type(path).__name__, "a path")
        url = os.fspath(path)
        ending = PurePath(url).suffix.lower()
        if ending not in FORMATS:
            raise ArgumentError("path", url, f"a file ending in {', '.join(FORMATS)}")
        drawn = self.render(ending[1:])
        with storage_of(url).open_write(url) as file:
            file.write(drawn)


@dataclass(frozen=True)
class Bar:
    """A coefficient: its title, value, and standard error (None or NaN where there is none)."""

    title: str
    value: float
    error: float | None


def coefficients(bars: Sequence[Bar]) -> Draw:
    """Draw how many standard errors coefficients are from 0, the farthest on top.

    Values of columns in different units cannot be compared, these can; where there are no standard
    errors it is the values all the same.
    """
    tested = any(_certain(bar) for bar in bars)
    usable = [bar for bar in bars if _certain(bar)] if tested else list(bars)
    lengths = [bar.value / (bar.error or 1.0) if tested else bar.value for bar in usable]
    order = sorted(range(len(usable)), key=lambda i: -abs(lengths[i]))[:MOST_BARS]

    def draw(axes: Any) -> None:
        places = range(len(order))[::-1]
        shown = [lengths[i] for i in order]
        colours = [BLUE if length >= 0 else RED for length in shown]
        axes.barh(places, shown, color=colours, height=0.7)
        axes.set_yticks(places, [_short(usable[i].title) for i in order])
        axes.axvline(0.0, color=INK, linewidth=0.8)
        if tested:
            for limit in (-1.96, 1.96):
                axes.axvline(limit, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
        for place, i in zip(places, order, strict=True):
            text = f"{usable[i].value:.3g}"
            axes.annotate(
                text,
                (lengths[i], place),
                xytext=(3 if lengths[i] >= 0 else -3, 0),
                textcoords="offset points",
                va="center",
                ha="left" if lengths[i] >= 0 else "right",
                fontsize=8,
            )
        axes.margins(x=0.18)
        axes.set_xlabel("standard errors from 0 (dashed: 1.96)" if tested else "value")
        more = f", {len(order)} of {len(bars)}" if len(order) < len(bars) else ""
        _finish(axes, f"Coefficients{more}")

    return draw


def roc(bins: NDArray[np.int64], classes: Sequence[Any]) -> Draw:
    """Draw ROC curves: of the second of two classes, or of each class (the most frequent of many).

    They are those of `score_bins`, int64 (curves, 2, 1001).
    """
    curves = [metrics.roc_curve(each) for each in bins]
    names = list(classes) if len(curves) > 1 else [None]
    order = sorted(range(len(curves)), key=lambda i: -curves[i].positives)[:MOST_CURVES]

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=(0, (4, 3)))
        for i in sorted(order):
            area = f"{metrics.auc(bins[i]):.3f}"
            label = f"AUC {area}" if names[i] is None else f"{_short(str(names[i]))}: {area}"
            (line,) = axes.plot(curves[i].fpr, curves[i].tpr, linewidth=2, label=label)
            if len(curves) == 1:
                line.set_color(BLUE)
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        axes.set_xlabel("false positive rate")
        axes.set_ylabel("true positive rate")
        axes.legend(loc="lower right", frameon=False, fontsize=9)
        _finish(axes, "ROC curve" if len(curves) == 1 else "ROC curves, and areas below")

    return draw


def calibration(bins: NDArray[np.int64]) -> Draw:
    """Draw how often what was predicted with some probability happened; bars say for how many rows.

    Several curves of `score_bins` (curves, 2, 1001) are put together.
    """
    predicted, observed, rows = metrics.calibration(bins.sum(axis=0))

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=(0, (4, 3)))
        share = rows / max(int(rows.max()), 1)
        axes.bar(np.arange(10) / 10 + 0.05, share * 0.2, width=0.09, color=GREY, alpha=0.4)
        known = rows > 0
        axes.plot(predicted[known], observed[known], "o-", color=BLUE, linewidth=2, markersize=5)
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        axes.set_xlabel("predicted probability (bars: rows)")
        axes.set_ylabel("share that is of the class")
        _finish(axes, "Calibration")

    return draw


def confusion(counts: NDArray[np.int64], labels: Sequence[Any], classes: Sequence[Any]) -> Draw:
    """Draw rows by their label and what was predicted (labels, classes), as shares of the label."""
    whole = np.maximum(counts.sum(axis=1, keepdims=True), 1)

    def draw(axes: Any) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        shades = LinearSegmentedColormap.from_list("windrow", ["#ffffff", BLUE])
        shares = counts / whole
        axes.imshow(shares, cmap=shades, vmin=0.0, vmax=1.0, aspect="auto")
        if counts.size <= MOST_CELLS**2:
            for (i, j), count in np.ndenumerate(counts):
                colour = "white" if shares[i, j] > 0.6 else INK
                axes.text(j, i, f"{count:,}", ha="center", va="center", color=colour, fontsize=9)
        for axis, names in ((axes.xaxis, classes), (axes.yaxis, labels)):
            if len(names) <= 3 * MOST_CELLS:
                axis.set_ticks(range(len(names)), [_short(str(name)) for name in names])
        if len(classes) > 4:
            axes.tick_params(axis="x", rotation=60)
        axes.set_xlabel("predicted")
        axes.set_ylabel("label")
        axes.set_title("Confusion matrix", loc="left", fontsize=11)

    return draw


def _certain(bar: Bar) -> bool:
    return bar.error is not None and bar.error > 0.0


def _short(text: str) -> str:
    return text if len(text) <= 22 else f"{text[:20]}…"


def _finish(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11)
    axes.grid(color=GREY, alpha=0.25, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
