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


class FunctionTimeoutError(ToolkitError, TimeoutError):
    """A user's function works on one row for too long; it was stopped."""

    def __init__(self, function: str, row: int, seconds: float) -> None:
        super().__init__(function, row, seconds)
        self.function, self.row, self.seconds = function, row, seconds

    def __str__(self) -> str:
        return (
            f"the function {self.function} took more than {self.seconds:g} s for row {self.row} "
            "and was stopped; make it faster, or raise the setting function_timeout"
        )


class FunctionDiedError(ToolkitError, ChildProcessError):
    """A user's function ended the process that it ran in."""

    def __init__(self, function: str, first: int, last: int, fate: str) -> None:
        super().__init__(function, first, last, fate)
        self.function, self.first, self.last, self.fate = function, first, last, fate

    def __str__(self) -> str:
        one = self.first == self.last
        rows = f"row {self.first}" if one else f"rows {self.first} to {self.last}"
        return (
            f"the function {self.function} ended its process in {rows} ({self.fate}); call it on "
            f"{'that row' if one else 'those rows'} by itself to see why"
        )


class NoCheckpointError(ToolkitError, FileNotFoundError):
    """There is no checkpoint from which a program could go on.

    `problems` says of each that is there what is wrong with it.
    """

    def __init__(self, url: str, problems: tuple[str, ...]) -> None:
        super().__init__(url, problems)
        self.url, self.problems = url, problems

    def __str__(self) -> str:
        found = f"none of {len(self.problems)} is whole" if self.problems else "there is none"
        listed = "".join(f"; {problem}" for problem in self.problems)
        return (
            f"no checkpoint in {self.url} can be resumed from: {found}{listed}; check the address,"
            " or leave resume_from_checkpoint out to begin anew"
        )


class DamagedCheckpointError(ToolkitError, OSError):
    """A checkpoint is not what was written."""

    def __init__(self, url: str, number: int, problem: str) -> None:
        super().__init__(url, number, problem)
        self.url, self.number, self.problem = url, number, problem

    def __str__(self) -> str:
        return (
            f"checkpoint {self.number:06d} in {self.url} is damaged: {self.problem}; check the disk"
            " or choose another folder (older checkpoints are still there)"
        )


class CheckpointMismatchError(ToolkitError, ValueError):
    """A checkpoint is of other data or other options.

    `differences` are triples: what differs, what it is here, what it is in the checkpoint.
    """

    def __init__(self, url: str, differences: tuple[tuple[str, str, str], ...]) -> None:
        super().__init__(url, differences)
        self.url, self.differences = url, differences

    def __str__(self) -> str:
        listed = ", ".join(
            f"{name} is {here} and was {there}" for name, here, there in self.differences
        )
        return (
            f"the checkpoints in {self.url} are of another fit: {listed}; give the same data and"
            " options, or another folder"
        )
