"""Every error that windrow raises on purpose: one class per cause.

An error keeps all of its arguments in ``args`` (so it crosses processes unchanged), and its
sentence says what happened, with numbers, and what to do next.
"""

from __future__ import annotations

from difflib import get_close_matches


class WindrowError(Exception):
    """Base class of every deliberate error."""


class ToolkitError(WindrowError, RuntimeError):
    """What the ancestor's users catch: an error from the engine or a toolkit."""


# --- plans and tables -------------------------------------------------------------------------


class ColumnNotFoundError(ToolkitError, KeyError):
    """A named column is not in the table."""

    def __init__(self, column: str, available: tuple[str, ...]) -> None:
        super().__init__(column, available)
        self.column, self.available = column, available

    def __str__(self) -> str:
        near = get_close_matches(self.column, self.available, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else self._listing()
        return f"column {self.column!r} is not in this table; {hint}"

    def _listing(self) -> str:
        shown = ", ".join(self.available[:20])
        more = len(self.available) - 20
        return f"it has {shown}" + (f" and {more} more" if more > 0 else "")


class ColumnExistsError(ToolkitError, ValueError):
    """A new column would take a name that is in use."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column

    def __str__(self) -> str:
        return f"a column named {self.column!r} exists already; choose another name or remove it first"


class TypeMismatchError(ToolkitError, TypeError):
    """An operation got a type that it is not defined for."""

    def __init__(self, operation: str, got: tuple[str, ...], wanted: str) -> None:
        super().__init__(operation, got, wanted)
        self.operation, self.got, self.wanted = operation, got, wanted

    def __str__(self) -> str:
        return f"{self.operation} is not defined for {' and '.join(self.got)}; it takes {self.wanted}"


class SchemaMismatchError(ToolkitError, ValueError):
    """Two tables that must have the same columns and types do not."""

    def __init__(self, what: str, difference: str) -> None:
        super().__init__(what, difference)
        self.what, self.difference = what, difference

    def __str__(self) -> str:
        return f"{self.what}: {self.difference}"


class LengthMismatchError(ToolkitError, ValueError):
    """Columns that are to stand side by side have different numbers of rows."""

    def __init__(self, left: int, right: int) -> None:
        super().__init__(left, right)
        self.left, self.right = left, right

    def __str__(self) -> str:
        return f"columns of {self.left} and {self.right} rows cannot stand side by side; both must have the same length"


class UnsupportedTypeError(ToolkitError, TypeError):
    """A value or a column has a type that windrow cannot hold."""

    def __init__(self, what: str, kind: str, advice: str) -> None:
        super().__init__(what, kind, advice)
        self.what, self.kind, self.advice = what, kind, advice

    def __str__(self) -> str:
        return f"{self.what} has the type {self.kind}, which a table cannot hold; {self.advice}"


# --- waiting ----------------------------------------------------------------------------------


class DeadlineError(ToolkitError, TimeoutError):
    """A wait took longer than it may."""

    def __init__(self, what: str, seconds: float, advice: str) -> None:
        super().__init__(what, seconds, advice)
        self.what, self.seconds, self.advice = what, seconds, advice

    def __str__(self) -> str:
        return f"{self.what} did not happen within {self.seconds:g} s; {self.advice}"


# --- frames -----------------------------------------------------------------------------------


class ArgumentError(ToolkitError, ValueError):
    """An argument of a table's method has a value that it does not take."""

    def __init__(self, name: str, got: object, wanted: str) -> None:
        super().__init__(name, got, wanted)
        self.name, self.got, self.wanted = name, got, wanted

    def __str__(self) -> str:
        return f"{self.name} is {self.got!r}; it must be {self.wanted}"


class ArgumentTypeError(ToolkitError, TypeError):
    """An argument of a table's method is of a kind that it does not take."""

    def __init__(self, name: str, got: str, wanted: str) -> None:
        super().__init__(name, got, wanted)
        self.name, self.got, self.wanted = name, got, wanted

    def __str__(self) -> str:
        return f"{self.name} is of type {self.got}; it must be {self.wanted}"


class RowIndexError(ToolkitError, IndexError):
    """A row was asked for that the table does not have."""

    def __init__(self, index: int, rows: int) -> None:
        super().__init__(index, rows)
        self.index, self.rows = index, rows

    def __str__(self) -> str:
        return f"row {self.index} is out of range: there are {self.rows} rows, counted from 0"


class NegativeStepError(ToolkitError, OverflowError):
    """A slice would run backwards."""

    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step

    def __str__(self) -> str:
        return f"a slice with step {self.step} is not possible: rows are read forwards; use a positive step"


class AmbiguousTruthError(ToolkitError, ValueError):
    """A column was used where one true or false is needed."""

    def __str__(self) -> str:
        return "a column is neither true nor false as a whole; use any() or all(), and & or | instead of and or or"


class NotComparableError(ToolkitError, NotImplementedError):
    """Two whole tables were compared."""

    def __str__(self) -> str:
        return "whole tables are not compared; compare their columns, such as left['a'] == right['a']"


class MissingPackageError(ToolkitError, ImportError):
    """A package that windrow itself does not need is needed for what was asked."""

    def __init__(self, package: str, purpose: str) -> None:
        super().__init__(package, purpose)
        self.package, self.purpose = package, purpose

    def __str__(self) -> str:
        return f"{self.purpose} needs {self.package}; install it: pip install {self.package}"
