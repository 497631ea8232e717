# ruff: noqa: DTZ001  # times of a table have no zone

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.support.lowering import operate

from windrow.errors import CastError, DateFormatError
from windrow.plan.types import DType

STR, DATETIME = DType.STR, DType.DATETIME
moments = st.lists(
    st.one_of(
        st.none(),
        st.datetimes(datetime.datetime(1000, 1, 1), datetime.datetime(9999, 1, 1)),
        st.datetimes().map(lambda moment: moment.replace(microsecond=0)),
    ),
    max_size=6,
)


@given(moments)
def test_iso_text_is_read_back_to_the_microsecond(values: list[Any]) -> None:
    texts = operate("datetime_to_str", (DATETIME, values))
    assert texts == [None if v is None else v.isoformat() for v in values]
    assert operate("str_to_datetime", (STR, texts)) == values


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2011-10-20", (2011, 10, 20)),
        ("2011-10-20 09:30", (2011, 10, 20, 9, 30)),
        ("2011-10-20T09:30:10Z", (2011, 10, 20, 9, 30, 10)),
        ("2011-10-20T09:30:10.25", (2011, 10, 20, 9, 30, 10, 250000)),
        ("2011-10-20T09:30:10+02:00", (2011, 10, 20, 7, 30, 10)),
        ("2011-10-20T09:30:10GMT-05:30", (2011, 10, 20, 15, 0, 10)),
        ("2011-10-20T09:30:10GMT+00", (2011, 10, 20, 9, 30, 10)),
    ],
)
def test_iso_text_may_have_less_and_a_zone(text: str, expected: Any) -> None:
    assert operate("str_to_datetime", (STR, [text])) == [datetime.datetime(*expected)]


@pytest.mark.parametrize("text", ["", "x", "2011-13-01", "2011-02-30", "2011-10-20T25:00:00"])
def test_text_that_is_no_moment_is_an_error(text: str) -> None:
    with pytest.raises(CastError, match="no datetime"):
        operate("str_to_datetime", (STR, ["2011-10-20", text]))


def test_other_formats_are_read_and_written() -> None:
    moment = datetime.datetime(2011, 10, 5, 9, 30, 10)
    for layout, text in [
        ("%d.%m.%Y %H:%M:%S", "05.10.2011 09:30:10"),
        ("%e %b %Y %T", " 5 Oct 2011 09:30:10"),
        ("%Y%m%d%H%M%S", "20111005093010"),
        ("%d-%b-%Y %H:%M:%S %ZP", "05-Oct-2011 09:30:10 GMT+00"),
    ]:
        assert operate("datetime_to_str", (DATETIME, [moment]), format=layout) == [text]
        assert operate("str_to_datetime", (STR, [text, None]), format=layout) == [moment, None]


def test_a_zone_in_a_format_is_converted_to_utc() -> None:
    found = operate(
        "str_to_datetime", (STR, ["05.10.2011 01:00 GMT-05"]), format="%d.%m.%Y %H:%M %ZP"
    )
    assert found == [datetime.datetime(2011, 10, 5, 6)]


def test_an_unknown_directive_is_named() -> None:
    with pytest.raises(DateFormatError, match="'%Q'"):
        operate("datetime_to_str", (DATETIME, [None]), format="%Y %Q")


@given(moments)
def test_parts_are_those_of_python(values: list[Any]) -> None:
    for part in ("year", "month", "day", "hour", "minute", "second"):
        expected = [None if v is None else getattr(v, part) for v in values]
        assert operate("datetime_part", (DATETIME, values), part=part) == expected
    for part, expected in {
        "us": [None if v is None else v.microsecond for v in values],
        "weekday": [None if v is None else v.weekday() for v in values],
        "isoweekday": [None if v is None else v.isoweekday() for v in values],
        "tmweekday": [None if v is None else v.isoweekday() % 7 for v in values],
    }.items():
        assert operate("datetime_part", (DATETIME, values), part=part) == expected


def test_moments_are_ordered() -> None:
    early, late = datetime.datetime(2000, 1, 1), datetime.datetime(2001, 1, 1)
    assert operate("less", (DATETIME, [early, late, None]), (DATETIME, [late] * 3)) == [1, 0, None]
