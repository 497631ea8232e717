"""Feature engineering: columns made of columns before a model learns from them.

A transformer learns from a table (`fit`), in one pass and additively, so wherever the environment
says, and changes tables (`transform`), lazily. Given to ``create(..., transformer=)`` it is part of
the model: saved with it, and applied to what the model predicts for.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from windrow.errors import ArgumentError, ArgumentTypeError, MissingFeatureError, OptionChoiceError
from windrow.frames.compute import columns
from windrow.frames.sarray import SArray
from windrow.plan.tables import Aggregation, Group
from windrow.plan.types import DType
from windrow.toolkits.tables import require_table
from windrow.toolkits.transformers import Transformer, TransformerChain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windrow.frames.sframe import SFrame

__all__ = [
    "FeatureBinner",
    "NumericImputer",
    "QuadraticFeatures",
    "Transformer",
    "TransformerChain",
    "create",
]


def create(dataset: SFrame, transformers: Transformer | Sequence[Transformer]) -> Transformer:
    """Fit a transformer, or a list of them as a chain, on a table.

    Examples
    --------
    >>> import windrow as wr
    >>> sf = wr.SFrame({"a": [1.0, 2.0, None]})
    >>> fitted = wr.feature_engineering.create(sf, wr.feature_engineering.NumericImputer())
    >>> list(fitted.transform(sf)["a"])
    [1.0, 2.0, 1.5]
    """
    table = require_table("dataset", dataset)
    chosen = transformers
    if not isinstance(chosen, Transformer):
        if not isinstance(chosen, list | tuple):
            wanted = "a transformer or a list of them"
            raise ArgumentTypeError("transformer", type(chosen).__name__, wanted)
        chosen = TransformerChain(list(chosen))
    return chosen.fit(table)


class QuadraticFeatures(Transformer):
    """Interactions: the product of each two numbers, and of each with itself; pairs of texts.

    The product of ``a`` and ``b`` is the float column ``a, b``; a pair of texts is the str column
    of both, a category of its own. Missing where one of the two is.

    Parameters
    ----------
    features
        Int, float and str columns; all by default.
    excluded_features
        Columns to leave out of them.

    Examples
    --------
    >>> import windrow as wr
    >>> sf = wr.SFrame({"a": [1.0, 2.0], "b": [3, 4]})
    >>> wr.feature_engineering.QuadraticFeatures().fit_transform(sf).column_names()
    ['a', 'b', 'a, a', 'a, b', 'b, b']
    """

    TAKES: ClassVar[tuple[DType, ...]] = (DType.INT, DType.FLOAT, DType.STR)

    def __init__(
        self,
        features: Sequence[str] | None = None,
        excluded_features: Sequence[str] | None = None,
    ) -> None:
        super().__init__(features, excluded_features)

    def _pairs(self) -> list[tuple[str, str]]:
        """Name the pairs of columns of one sort."""
        kinds = list(self.inputs.items())
        return [
            (name, other)
            for place, (name, kind) in enumerate(kinds)
            for other, own in kinds[place:]
            if kind.is_number == own.is_number and (kind.is_number or name != other)
        ]

    @property
    def made(self) -> tuple[str, ...]:
        """Columns that it adds."""
        return tuple(f"{name}, {other}" for name, other in self._pairs())

    def _changed(self, table: SFrame) -> SFrame:
        found = table.copy()
        for (name, other), title in zip(self._pairs(), self.made, strict=True):
            if self.inputs[name].is_number:
                found[title] = table[name].astype(float) * table[other].astype(float)
            else:
                found[title] = table[name] + ", " + table[other]
        return found


class _InPlace(Transformer):
    """Changes each of its columns, or with a prefix adds a column for each."""

    def __init__(
        self,
        features: Sequence[str] | None,
        excluded_features: Sequence[str] | None,
        output_column_prefix: str | None,
    ) -> None:
        super().__init__(features, excluded_features)
        self._prefix = output_column_prefix

    def _options(self) -> dict[str, Any]:
        return super()._options() | {"output_column_prefix": self._prefix}

    @property
    def made(self) -> tuple[str, ...]:
        """Columns that it changes or adds."""
        prefix = self._prefix
        return tuple(n if prefix is None else f"{prefix}.{n}" for n in self.inputs)

    def _changed(self, table: SFrame) -> SFrame:
        found = table.copy()
        for name, title in zip(self.inputs, self.made, strict=True):
            found[title] = self._of(name, table[name].astype(float))
        return found

    @abstractmethod
    def _of(self, name: str, column: SArray) -> SArray:
        """Give what becomes of a column of floats."""


class NumericImputer(_InPlace):
    """Missing numbers (None and NaN) become the mean of their column.

    Parameters
    ----------
    features
        Int and float columns, all by default; they become float.
    excluded_features
        Columns to leave out of them.
    strategy
        ``auto`` or ``mean``.
    output_column_prefix
        Leave the columns as they are and add ``prefix.name`` for each.

    Examples
    --------
    >>> import windrow as wr
    >>> sf = wr.SFrame({"a": [1, None, 4]})
    >>> list(wr.feature_engineering.NumericImputer().fit_transform(sf)["a"])
    [1.0, 2.5, 4.0]
    """

    def __init__(
        self,
        features: Sequence[str] | None = None,
        excluded_features: Sequence[str] | None = None,
        strategy: str = "auto",
        output_column_prefix: str | None = None,
    ) -> None:
        super().__init__(features, excluded_features, output_column_prefix)
        if strategy not in {"auto", "mean"}:
            raise OptionChoiceError("strategy", strategy, ("auto", "mean"))
        self._strategy = strategy

    def _options(self) -> dict[str, Any]:
        return super()._options() | {"strategy": self._strategy}

    def _learnt(self, data: SFrame, names: tuple[str, ...]) -> dict[str, Any]:
        means = _aggregated(data, names, "mean", DType.FLOAT)
        empty = tuple((name, len(data)) for name in names if means[name] is None)
        if empty:
            raise MissingFeatureError(empty, len(data))
        return {"means": means}

    def _of(self, name: str, column: SArray) -> SArray:
        return column.fillna(self._state["means"][name])


class FeatureBinner(_InPlace):
    """Numbers become categories: ``name_0`` up to the first break, then ``name_1`` and so on.

    Parameters
    ----------
    features
        Int and float columns, all by default; they become str. None and NaN become None.
    excluded_features
        Columns to leave out of them.
    strategy
        ``logarithmic``: breaks at 1, 10, 100 ...; ``quantile``: breaks at the quantiles of the
        table (approximate for many rows), so that bins hold about as many rows each.
    num_bins
        How many; of quantiles that are equal there is one.
    output_column_prefix
        Leave the columns as they are and add ``prefix.name`` for each.

    Examples
    --------
    >>> import windrow as wr
    >>> sf = wr.SFrame({"a": [0.5, 7.0, 500.0]})
    >>> list(wr.feature_engineering.FeatureBinner().fit_transform(sf)["a"])
    ['a_0', 'a_1', 'a_3']
    """

    def __init__(
        self,
        features: Sequence[str] | None = None,
        excluded_features: Sequence[str] | None = None,
        strategy: str = "logarithmic",
        num_bins: int = 10,
        output_column_prefix: str | None = None,
    ) -> None:
        super().__init__(features, excluded_features, output_column_prefix)
        if strategy not in {"logarithmic", "quantile"}:
            raise OptionChoiceError("strategy", strategy, ("logarithmic", "quantile"))
        if not 2 <= num_bins <= _MOST_BINS:
            raise ArgumentError("num_bins", num_bins, f"a number from 2 to {_MOST_BINS}")
        self._strategy, self._bins = strategy, int(num_bins)

    def _options(self) -> dict[str, Any]:
        return super()._options() | {"strategy": self._strategy, "num_bins": self._bins}

    def _learnt(self, data: SFrame, names: tuple[str, ...]) -> dict[str, Any]:
        if self._strategy == "logarithmic":
            breaks = [10.0**power for power in range(self._bins - 1)]
            return {"breaks": dict.fromkeys(names, breaks)}
        shares = tuple(bin_ / self._bins for bin_ in range(1, self._bins))
        found = _aggregated(data, names, "quantile", DType.ARRAY, (("quantiles", shares),))
        return {"breaks": {name: sorted(set(found[name] or ())) for name in names}}

    def _of(self, name: str, column: SArray) -> SArray:
        number = _known(column) * 0.0
        for edge in self._state["breaks"][name]:
            number = number + (column > edge)
        return f"{name}_" + number.astype(int).astype(str)


_MOST_BINS = 1000


def _known(column: SArray) -> SArray:
    """Give None for NaN."""
    return SArray.where(column == column, column, None, dtype=float)  # noqa: PLR0124


def _aggregated(
    data: SFrame,
    names: tuple[str, ...],
    kind: str,
    gives: DType,
    options: tuple[tuple[str, Any], ...] = (),
) -> dict[str, Any]:
    """Aggregate columns, None and NaN left out, in one pass for all of them."""
    table = data[list(names)]
    for name in names:
        table[name] = _known(table[name].astype(float))
    wanted = tuple(Aggregation(name, kind, (name,), gives, options) for name in names)
    found = [column[0] for column in columns(Group(table.plan, (), wanted))]
    plain = [None if v is None else list(v) if gives is DType.ARRAY else float(v) for v in found]
    return dict(zip(names, plain, strict=True))
