"""Errors of running work: waiting, cancelling, rows left out."""

from __future__ import annotations

from windrow.errors.base import ToolkitError


class CancelledError(ToolkitError):
    """The result of this piece of work is not wanted any more."""

    def __str__(self) -> str:
        return "the work was cancelled, because something else failed or it was interrupted"


class BadRowsWarning(UserWarning):
    """Rows that did not parse were left out."""

    def __init__(self, count: int, first: object) -> None:
        super().__init__(count, first)
        self.count, self.first = count, first

    def __str__(self) -> str:
        rows = (
            "1 row that did not parse was"
            if self.count == 1
            else f"{self.count} rows that did not parse were"
        )
        return f"{rows} left out; the first: {self.first}; error_bad_lines=True makes them an error"


class DateFormatError(ToolkitError, ValueError):
    """A format of dates uses a directive that is not known."""

    def __init__(self, layout: str, directive: str) -> None:
        super().__init__(layout, directive)
        self.layout, self.directive = layout, directive

    def __str__(self) -> str:
        return (
            f"the date format {self.layout!r} uses {self.directive!r}, which is not known; "
            f"use directives such as %Y %m %d %H %M %S"
        )


class DeadlineError(ToolkitError, TimeoutError):
    """A wait took longer than it may."""

    def __init__(self, what: str, seconds: float, advice: str) -> None:
        super().__init__(what, seconds, advice)
        self.what, self.seconds, self.advice = what, seconds, advice

    def __str__(self) -> str:
        return f"{self.what} did not happen within {self.seconds:g} s; {self.advice}"
