"""What transformers of features share: they learn from a table, and change others alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from windrow.errors import ArgumentError, ArgumentTypeError, NotFittedError
from windrow.plan.types import DType
from windrow.toolkits.tables import require_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from windrow.frames.sframe import SFrame
    from windrow.plan.schema import Schema

__all__ = ["Transformer", "TransformerChain"]


class Transformer(ABC):
    """Learns from the columns of a table, then adds columns to tables or changes them; lazily.

    Attributes
    ----------
    TAKES
        Types of the columns that it takes when none are named.
    """

    TAKES: ClassVar[tuple[DType, ...]] = (DType.INT, DType.FLOAT)
    _KINDS: ClassVar[dict[str, type[Transformer]]] = {}

    def __init_subclass__(cls) -> None:
        Transformer._KINDS[cls.__name__] = cls

    def __init__(
        self, features: Sequence[str] | None, excluded_features: Sequence[str] | None
    ) -> None:
        if isinstance(features, str) or isinstance(excluded_features, str):
            raise ArgumentTypeError("features", "str", "a list of column names")
        self._features = None if features is None else tuple(features)
        self._excluded = tuple(excluded_features or ())
        self._inputs: dict[str, DType] | None = None
        self._state: dict[str, Any] = {}

    # --- what users call ---

    def fit(self, data: SFrame) -> Self:
        """Learn from a table.

        Raises
        ------
        ColumnNotFoundError, ArgumentError
            A feature is absent, or has a type that it does not take.
        """
        schema = require_table("data", data).plan.schema
        self._inputs = self._chosen(schema)
        self._state = self._learnt(data, tuple(self._inputs))
        return self

    def transform(self, data: SFrame) -> SFrame:
        """Return the table with new or changed columns.

        Raises
        ------
        NotFittedError
            It has not learnt yet.
        ColumnNotFoundError
            A feature is absent.
        """
        table = require_table("data", data)
        for name in self.inputs:
            table.plan.schema[name]
        return self._changed(table)

    def fit_transform(self, data: SFrame) -> SFrame:
        """Learn from a table and return it transformed."""
        return self.fit(data).transform(data)

    # --- what models ask for ---

    @property
    def inputs(self) -> dict[str, DType]:
        """Columns that it reads and their types; raises `NotFittedError`."""
        if self._inputs is None:
            raise NotFittedError(type(self).__name__)
        return self._inputs

    @property
    @abstractmethod
    def made(self) -> tuple[str, ...]:
        """Columns that it adds or changes."""

    def to_record(self) -> dict[str, Any]:
        """Give what it is and has learnt as JSON values; `from_record` is the way back."""
        inputs = [[name, kind.value] for name, kind in self.inputs.items()]
        options = self._options()
        kind = type(self).__name__
        return {"kind": kind, "options": options, "inputs": inputs, "state": self._state}

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> Transformer:
        """Make the transformer that `to_record` told of."""
        found = Transformer._KINDS[record["kind"]]._made_of(record["options"])  # noqa: SLF001
        inputs = {name: DType(kind) for name, kind in record["inputs"]}
        return found._with_learnt(inputs, record["state"])  # noqa: SLF001

    # --- what each kind says ---

    @classmethod
    def _made_of(cls, options: Mapping[str, Any]) -> Transformer:
        return cls(**options)

    def _with_learnt(self, inputs: dict[str, DType], state: Mapping[str, Any]) -> Self:
        self._inputs, self._state = inputs, dict(state)
        return self

    def _options(self) -> dict[str, Any]:
        """Give the arguments that it was made with."""
        features = None if self._features is None else list(self._features)
        return {"features": features, "excluded_features": list(self._excluded)}

    def _learnt(self, data: SFrame, names: tuple[str, ...]) -> dict[str, Any]:
        """Learn from some columns: JSON values."""
        del data, names
        return {}

    @abstractmethod
    def _changed(self, table: SFrame) -> SFrame:
        """Give the changed table."""

    def _chosen(self, schema: Schema) -> dict[str, DType]:
        """Choose the columns: those that were named, else all of a type that it takes."""
        named = self._features
        if named is None:
            named = tuple(name for name, kind in schema.items() if kind in self.TAKES)
        chosen = {name: schema[name] for name in named if name not in self._excluded}
        for name, kind in chosen.items():
            if kind not in self.TAKES:
                wanted = " or ".join(one.value for one in self.TAKES)
                raise ArgumentError("features", f"{name} ({kind.value})", f"{wanted} columns")
        if not chosen:
            raise ArgumentError("features", self._features, "at least one column that it takes")
        return chosen


class TransformerChain(Transformer):
    """Transformers one after the other, each of what the one before made.

    Examples
    --------
    >>> import windrow as wr
    >>> fe = wr.feature_engineering
    >>> chain = fe.TransformerChain([fe.NumericImputer(), fe.QuadraticFeatures(["a"])])
    >>> chain.fit_transform(wr.SFrame({"a": [1.0, None, 4.0]}))["a, a"].to_numpy()
    array([ 1.  ,  6.25, 16.  ])
    """

    def __init__(self, steps: Sequence[Transformer]) -> None:
        super().__init__(None, None)
        for step in steps:
            if not isinstance(step, Transformer):
                raise ArgumentTypeError("steps", type(step).__name__, "a list of transformers")
        if not steps:
            raise ArgumentError("steps", steps, "at least one transformer")
        self.steps = tuple(steps)

    def fit(self, data: SFrame) -> Self:
        """Let each step learn from what the ones before make of a table."""
        schema = require_table("data", data).plan.schema
        for step in self.steps:
            data = step.fit_transform(data)
        found: dict[str, DType] = {}
        for step in self.steps:
            found |= {name: schema[name] for name in step.inputs if name in schema}
        self._inputs = found
        return self

    @property
    def made(self) -> tuple[str, ...]:
        """Columns that the steps add or change."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.made))

    def to_record(self) -> dict[str, Any]:
        """Give what the steps are and have learnt as JSON values."""
        return super().to_record() | {"state": {}}

    def _options(self) -> dict[str, Any]:
        return {"steps": [step.to_record() for step in self.steps]}

    @classmethod
    def _made_of(cls, options: Mapping[str, Any]) -> Transformer:
        return cls([Transformer.from_record(step) for step in options["steps"]])

    def _changed(self, table: SFrame) -> SFrame:
        for step in self.steps:
            table = step.transform(table)
        return table
