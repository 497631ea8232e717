"""Every error that windrow raises on purpose: one class per cause.

An error keeps all of its arguments in ``args`` (so it crosses processes unchanged), and its
sentence says what happened, with numbers, and what to do next.
"""

from __future__ import annotations

import pickle
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
        return f"columns of {self.left} and {self.right} rows cannot stand side by side; both must have the same length"


class UnsupportedTypeError(ToolkitError, TypeError):
    """A value or a column has a type that windrow cannot hold."""

    def __init__(self, what: str, kind: str, advice: str) -> None:
        super().__init__(what, kind, advice)
        self.what, self.kind, self.advice = what, kind, advice

    def __str__(self) -> str:
        return f"{self.what} has the type {self.kind}, which a table cannot hold; {self.advice}"


# --- values and row-wise work -----------------------------------------------------------------


class CastError(ToolkitError, ValueError, TypeError):
    """A value cannot be turned into the type that its column is to have."""

    def __init__(self, value: str, wanted: str, column: str, row: int, advice: str) -> None:
        super().__init__(value, wanted, column, row, advice)
        self.value, self.wanted, self.column, self.row = value, wanted, column, row
        self.advice = advice

    def __str__(self) -> str:
        return f"row {self.row} of {self.column} has {self.value}, which is no {self.wanted}; {self.advice}"


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


# --- execution --------------------------------------------------------------------------------


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
        rows = "1 row that did not parse was" if self.count == 1 else f"{self.count} rows that did not parse were"
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
        return (
            "whole tables are not compared; compare their columns, such as left['a'] == right['a']"
        )


class MissingPackageError(ToolkitError, ImportError):
    """A package that windrow itself does not need is needed for what was asked."""

    def __init__(self, package: str, purpose: str) -> None:
        super().__init__(package, purpose)
        self.package, self.purpose = package, purpose

    def __str__(self) -> str:
        return f"{self.purpose} needs {self.package}; install it: pip install {self.package}"


# --- toolkits ---------------------------------------------------------------------------------


class ConvergenceWarning(UserWarning):
    """A fit ended before its gradient was below the threshold."""


class UnsupportedFeatureError(ToolkitError, TypeError):
    """A column has a type that a model cannot take as a feature."""

    def __init__(self, column: str, kind: str) -> None:
        super().__init__(column, kind)
        self.column, self.kind = column, kind

    def __str__(self) -> str:
        return (
            f"feature {self.column!r} has the type {self.kind}; this version takes int, float and"
            " str features: name those in features=[...] or convert the column first"
            " (vectors, lists and dictionaries come in step 3)"
        )


class FeatureTypeError(ToolkitError, TypeError):
    """A feature has another type than in training."""

    def __init__(self, column: str, got: str, wanted: str) -> None:
        super().__init__(column, got, wanted)
        self.column, self.got, self.wanted = column, got, wanted

    def __str__(self) -> str:
        return (
            f"feature {self.column!r} is of type {self.got}, and the model was trained on"
            f" {self.wanted}; convert it first, as with astype"
        )


class UnsupportedTargetError(ToolkitError, TypeError):
    """The target column has a type that the model cannot learn."""

    def __init__(self, column: str, kind: str, wanted: str) -> None:
        super().__init__(column, kind, wanted)
        self.column, self.kind, self.wanted = column, kind, wanted

    def __str__(self) -> str:
        return f"target {self.column!r} has the type {self.kind}; it must be {self.wanted}"


class NoFeaturesError(ToolkitError, ValueError):
    """No column is left to learn from."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target

    def __str__(self) -> str:
        return f"there is no feature besides the target {self.target!r}; give at least one"


class NoRowsError(ToolkitError, ValueError):
    """A table that must have rows has none."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"{self.what} has 0 rows; give a table with at least one"


class MissingTargetError(ToolkitError, ValueError):
    """Rows have no target, or one that is not a finite number."""

    def __init__(self, column: str, rows: int, total: int) -> None:
        super().__init__(column, rows, total)
        self.column, self.rows, self.total = column, rows, total

    def __str__(self) -> str:
        return (
            f"target {self.column!r} is missing (None, NaN or infinite) in {self.rows} of"
            f" {self.total} rows; drop them with dropna({self.column!r})"
        )


class ClassCountError(ToolkitError, ValueError):
    """The target does not have the number of classes that the model needs."""

    def __init__(self, column: str, classes: int, rows: int) -> None:
        super().__init__(column, classes, rows)
        self.column, self.classes, self.rows = column, classes, rows

    def __str__(self) -> str:
        found = f"target {self.column!r} has {self.classes} distinct values in {self.rows} rows"
        if self.classes < 2:
            return f"{found}; a classifier needs at least two classes to tell apart"
        return f"{found}; this version classifies into two classes (more come in step 3)"


class ClassWeightError(ToolkitError, ValueError):
    """Class weights do not fit the classes of the target."""

    def __init__(self, problem: str, classes: tuple[object, ...]) -> None:
        super().__init__(problem, classes)
        self.problem, self.classes = problem, classes

    def __str__(self) -> str:
        named = ", ".join(map(repr, self.classes))
        return (
            f"class_weights {self.problem}; give None, 'auto', or a dict with one positive number"
            f" for each of the classes {named}"
        )


class MissingFeatureError(ToolkitError, ValueError):
    """Numeric features have missing values where that is not allowed.

    `columns` are pairs of column name and number of missing values.
    """

    def __init__(self, columns: tuple[tuple[str, int], ...], total: int) -> None:
        super().__init__(columns, total)
        self.columns, self.total = columns, total

    def __str__(self) -> str:
        found = ", ".join(
            f"{name!r} ({count} of {self.total} rows)" for name, count in self.columns
        )
        first = self.columns[0][0]
        empty = [name for name, count in self.columns if count == self.total]
        advice = (
            f"leave out {', '.join(map(repr, empty))}, which has no value at all"
            if empty
            else f"fill them, as in sf[{first!r}] = sf[{first!r}].fillna(0), drop their rows with"
            " dropna(), or pass missing_value_action='impute'"
        )
        return f"missing values (None) in feature(s) {found}; {advice}"


class NonFiniteFeatureError(ToolkitError, ValueError):
    """Numeric features hold NaN or infinities."""

    def __init__(self, columns: tuple[tuple[str, int], ...]) -> None:
        super().__init__(columns)
        self.columns = columns

    def __str__(self) -> str:
        names = ", ".join(repr(name) for name, _ in self.columns)
        count = sum(count for _, count in self.columns)
        return (
            f"Detected inf/nan values in feature(s) {names}: {count} in all;"
            " replace them or drop their rows first"
        )


class OptionRangeError(ToolkitError, ValueError):
    """A numeric option lies outside its range."""

    def __init__(self, option: str, low: float, high: float, got: object) -> None:
        super().__init__(option, low, high, got)
        self.option, self.low, self.high, self.got = option, low, high, got

    def __str__(self) -> str:
        return (
            f"Option '{self.option}' must be in the range [{self.low:.10g}, {self.high:.10g}]."
            f" It is {self.got!r}."
        )


class OptionChoiceError(ToolkitError, ValueError):
    """An option is none of its choices."""

    def __init__(self, option: str, got: object, choices: tuple[str, ...]) -> None:
        super().__init__(option, got, choices)
        self.option, self.got, self.choices = option, got, choices

    def __str__(self) -> str:
        allowed = ", ".join(map(repr, self.choices))
        return f"Option '{self.option}' must be one of {allowed}. It is {self.got!r}."


class NotYetError(ToolkitError, ValueError):
    """Something that users of the ancestor know and that this version does not do."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what, instead)
        self.what, self.instead = what, instead

    def __str__(self) -> str:
        return f"{self.what} is not in this version; {self.instead}"


class SolverSizeError(ToolkitError, ValueError):
    """A solver was named that cannot handle this many coefficients."""

    def __init__(self, solver: str, coefficients: int, limit: int) -> None:
        super().__init__(solver, coefficients, limit)
        self.solver, self.coefficients, self.limit = solver, coefficients, limit

    def __str__(self) -> str:
        gigabytes = self.coefficients**2 * 8 / 1e9
        return (
            f"solver '{self.solver}' takes at most {self.limit} coefficients and this model has"
            f" {self.coefficients}, whose second derivatives would fill {gigabytes:.1f} GB for each"
            " partial sum; use solver='lbfgs'"
        )


class UnknownFieldError(ToolkitError, KeyError):
    """A model has no field of this name."""

    def __init__(self, model: str, field: str, available: tuple[str, ...]) -> None:
        super().__init__(model, field, available)
        self.model, self.field, self.available = model, field, available

    def __str__(self) -> str:
        return f"{self.model} has no field {self.field!r}; it has {', '.join(self.available)}"


# --- end of toolkits --------------------------------------------------------------------------


# --- groups and joins -------------------------------------------------------------------------


class RowsLostError(ToolkitError):
    """An operation that must keep every row did not; its result would be wrong."""

    def __init__(self, operation: str, expected: int, got: int) -> None:
        super().__init__(operation, expected, got)
        self.operation, self.expected, self.got = operation, expected, got

    def __str__(self) -> str:
        return (
            f"the {self.operation} of {self.expected} rows kept {self.got} of them or changed their "
            f"order; the result was dropped, please report this with the versions you use"
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


# --- bytes and sources ------------------------------------------------------------------------


class SourceNotFoundError(ToolkitError, FileNotFoundError):
    """There is nothing at a URL."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"nothing can be read at {self.url}: {self.reason}; check the spelling of the address"


class SourceRefusedError(ToolkitError, OSError):
    """A server or the system does not give out what is at a URL."""

    def __init__(self, url: str, status: int, reason: str) -> None:
        super().__init__(url, status, reason)
        self.url, self.status, self.reason = url, status, reason

    def __str__(self) -> str:
        code = f" (status {self.status})" if self.status else ""
        return (
            f"{self.url} cannot be read{code}: {self.reason}; "
            f"check that it is up and that you may read it"
        )


class SourceChangedError(ToolkitError, OSError):
    """A file is not the one that a table was made from."""

    def __init__(self, url: str, was: str, now: str) -> None:
        super().__init__(url, was, now)
        self.url, self.was, self.now = url, was, now

    def __str__(self) -> str:
        return (
            f"{self.url} changed since the table was made from it (was {self.was}, is {self.now}); "
            f"make the table again"
        )


class CutShortError(ToolkitError, OSError):
    """Fewer bytes arrived than were promised."""

    def __init__(self, url: str, expected: int, got: int) -> None:
        super().__init__(url, expected, got)
        self.url, self.expected, self.got = url, expected, got

    def __str__(self) -> str:
        return f"{self.url} ended after {self.got} of {self.expected} bytes; read it again"


class ReadOnlySourceError(ToolkitError, OSError):
    """Something is to be written where one can only read."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url

    def __str__(self) -> str:
        return f"{self.url} can be read but not written; give a path on disk"


class UnwritableError(ToolkitError, OSError):
    """A file cannot be written."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"{self.url} cannot be written: {self.reason}; choose another place"


class DiskFullError(ToolkitError, OSError):
    """A disk has no room for what is to be written."""

    def __init__(self, url: str, free: int) -> None:
        super().__init__(url, free)
        self.url, self.free = url, free

    def __str__(self) -> str:
        return (
            f"no room to write {self.url}: {self.free / 2**20:.0f} MiB are free there and nothing "
            f"was left behind; free some space or choose another place"
        )


class UnknownSchemeError(ToolkitError, ValueError):
    """A URL's scheme is none that can be read."""

    def __init__(self, url: str, known: tuple[str, ...]) -> None:
        super().__init__(url, known)
        self.url, self.known = url, known

    def __str__(self) -> str:
        schemes = ", ".join(f"{scheme}://" for scheme in self.known)
        return f"the scheme of {self.url} is not known; use a path or one of {schemes}"


class MissingExtraError(ToolkitError, ImportError):
    """An optional part of windrow is needed."""

    def __init__(self, purpose: str, sentence: str) -> None:
        super().__init__(purpose, sentence)
        self.purpose, self.sentence = purpose, sentence

    def __str__(self) -> str:
        return f"{self.purpose} cannot be used here; {self.sentence}"


class EmptySourceError(ToolkitError, ValueError):
    """A source holds nothing that a table's columns could be known from."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"no table can be made from {self.url}: {self.reason}"


class BadRowError(ToolkitError, ValueError):
    """A row of a text file does not fit its table."""

    def __init__(self, url: str, row: int, text: str, cause: str) -> None:
        super().__init__(url, row, text, cause)
        self.url, self.row, self.text, self.cause = url, row, text, cause

    def __str__(self) -> str:
        return (
            f"line {self.row} of {self.url} does not fit the table ({self.cause}): {self.text!r}; "
            f"correct it, or leave error_bad_lines=False to drop such rows"
        )


class FileFormatError(ToolkitError, ValueError):
    """A file is not what its name or its neighbours promise."""

    def __init__(self, url: str, problem: str, advice: str) -> None:
        super().__init__(url, problem, advice)
        self.url, self.problem, self.advice = url, problem, advice

    def __str__(self) -> str:
        return f"{self.url} {self.problem}; {self.advice}"


class NewerFormatError(ToolkitError, ValueError):
    """Something was saved by a newer windrow, in a format that this one does not know."""

    def __init__(self, url: str, version: int, known: int) -> None:
        super().__init__(url, version, known)
        self.url, self.version, self.known = url, version, known

    def __str__(self) -> str:
        return (
            f"{self.url} is saved in format {self.version} and this windrow reads up to "
            f"{self.known}; upgrade it: pip install --upgrade windrow"
        )


class DamagedFolderError(ToolkitError, OSError):
    """A saved folder has missing or altered parts."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(url, problem)
        self.url, self.problem = url, problem

    def __str__(self) -> str:
        return (
            f"the saved folder {self.url} is damaged: {self.problem}; "
            f"save it again or restore a copy"
        )


# --- clusters ---------------------------------------------------------------------------------


class StateConflictError(ToolkitError, OSError):
    """Others kept writing to a state store first."""

    def __init__(self, url: str, attempts: int) -> None:
        super().__init__(url, attempts)
        self.url, self.attempts = url, attempts

    def __str__(self) -> str:
        return f"{self.attempts} attempts to write a record at {self.url} met one of another; is the path shared by two clusters?"


class SignatureError(ToolkitError, PermissionError):
    """Bytes that should be signed with the cluster's key are not."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"{self.what} does not carry this cluster's signature and was not opened; it was damaged or written by another"


class RemoteError(ToolkitError):
    """An error of another process whose own class cannot come over."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(kind, text)
        self.kind, self.text = kind, text

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"

    @staticmethod
    def unless_it_travels(error: BaseException) -> BaseException:
        """Return the error itself if it survives being pickled, else its words and notes."""
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
        except (pickle.PickleError, TypeError, AttributeError, ImportError):
            remote = RemoteError(type(error).__name__, str(error))
            for note in getattr(error, "__notes__", ()):
                remote.add_note(note)
            return remote
        return error


class DriverDiedError(ToolkitError):
    """The process that ran a program was killed."""

    def __init__(self, job: str, driver: str, code: int) -> None:
        super().__init__(job, driver, code)
        self.job, self.driver, self.code = job, driver, code

    def __str__(self) -> str:
        return f"driver {self.driver} ended with {self.code} while it ran job {self.job}; submit it again, or look at its log"
