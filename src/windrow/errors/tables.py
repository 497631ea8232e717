"""Errors of plans, values, tables and columns."""

from __future__ import annotations

from difflib import get_close_matches

from windrow.errors.base import ToolkitError


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
        return (
            f"a column named {self.column!r} exists already; choose another name or remove it first"
        )


class TypeMismatchError(ToolkitError, TypeError):
    """An operation got a type that it is not defined for."""

    def __init__(self, operation: str, got: tuple[str, ...], wanted: str) -> None:
        super().__init__(operation, got, wanted)
        self.operation, self.got, self.wanted = operation, got, wanted

    def __str__(self) -> str:
        return (
            f"{self.operation} is not defined for {' and '.join(self.got)}; it takes {self.wanted}"
        )


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
        return (
            f"columns of {self.left} and {self.right} rows cannot stand side by side; both must "
            "have the same length"
        )


class UnsupportedTypeError(ToolkitError, TypeError):
    """A value or a column has a type that windrow cannot hold."""

    def __init__(self, what: str, kind: str, advice: str) -> None:
        super().__init__(what, kind, advice)
        self.what, self.kind, self.advice = what, kind, advice

    def __str__(self) -> str:
        return f"{self.what} has the type {self.kind}, which a table cannot hold; {self.advice}"


class CastError(ToolkitError, ValueError, TypeError):
    """A value cannot be turned into the type that its column is to have."""

    def __init__(self, value: str, wanted: str, column: str, row: int, advice: str) -> None:
        super().__init__(value, wanted, column, row, advice)
        self.value, self.wanted, self.column, self.row = value, wanted, column, row
        self.advice = advice

    def __str__(self) -> str:
        return (
            f"row {self.row} of {self.column} has {self.value}, which is no {self.wanted}; "
            f"{self.advice}"
        )


class MixedTypesError(ToolkitError, TypeError):
    """The values of one column have types that do not go together."""

    def __init__(self, column: str, kinds: tuple[str, ...]) -> None:
        super().__init__(column, kinds)
        self.column, self.kinds = column, kinds

    def __str__(self) -> str:
        return (
            f"{self.column} mixes values of the types {' and '.join(self.kinds)}; "
            f"a column holds one type, give dtype= to convert them"
        )


class UnpicklableFunctionError(ToolkitError, TypeError):
    """A user's function cannot be sent to where the rows are."""

    def __init__(self, function: str, reason: str) -> None:
        super().__init__(function, reason)
        self.function, self.reason = function, reason

    def __str__(self) -> str:
        return (
            f"the function {self.function} cannot be pickled ({self.reason}); "
            f"open files, connections and locks inside the function, not around it"
        )


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
        return (
            f"a slice with step {self.step} is not possible: rows are read forwards; use a "
            "positive step"
        )


class AmbiguousTruthError(ToolkitError, ValueError):
    """A column was used where one true or false is needed."""

    def __str__(self) -> str:
        return (
            "a column is neither true nor false as a whole; use any() or all(), and & or | instead "
            "of and or or"
        )


class NotComparableError(ToolkitError, NotImplementedError):
    """Two whole tables were compared."""

    def __str__(self) -> str:
        return (
            "whole tables are not compared; compare their columns, such as left['a'] == right['a']"
        )


class MissingPackageError(ToolkitError, ImportError):
    """A package that windrow itself does not need is needed for what was asked."""

    def __init__(self, package: str, purpose: str, extra: str = "") -> None:
        super().__init__(package, purpose, extra)
        self.package, self.purpose, self.extra = package, purpose, extra

    def __str__(self) -> str:
        what = f"'windrow[{self.extra}]'" if self.extra else self.package
        return f"{self.purpose} needs {self.package}; install it: pip install {what}"


class RowsLostError(ToolkitError):
    """An operation that must keep every row did not; its result would be wrong."""

    def __init__(self, operation: str, expected: int, got: int) -> None:
        super().__init__(operation, expected, got)
        self.operation, self.expected, self.got = operation, expected, got

    def __str__(self) -> str:
        return (
            f"the {self.operation} of {self.expected} rows kept {self.got} of them or changed "
            f"their order; the result was dropped, please report this with the versions you use"
        )


class ShuffleLostRowsError(ToolkitError):
    """Rows that went from worker to worker are not those that set out."""

    def __init__(self, operation: str, expected: int, got: int) -> None:
        super().__init__(operation, expected, got)
        self.operation, self.expected, self.got = operation, expected, got

    def __str__(self) -> str:
        return (
            f"{self.operation}: {self.expected} rows went in and {self.got} came out; the result "
            f"was dropped. A function that gives something else when it is called again does this, "
            f"as does a source that changes; where there is neither, please report it"
        )


class UnequalVectorsError(ToolkitError, ValueError):
    """Vectors that are to be added have different lengths."""

    def __init__(self, kind: str, column: str) -> None:
        super().__init__(kind, column)
        self.kind, self.column = kind, column

    def __str__(self) -> str:
        return (
            f"{self.kind} of column {self.column!r} is not defined: its vectors have different "
            f"lengths; see item_length(), and filter or cut them to one length"
        )
