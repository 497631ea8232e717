"""Linear models for other tools: scikit-learn's estimators, and ONNX.

Both get the encoding along with the coefficients, so they take the features as the training table
had them, and neither needs windrow afterwards.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from windrow.errors import ArgumentTypeError, MissingPackageError, NotExportableError
from windrow.io.registry import storage_of
from windrow.learn.losses import Loss

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from windrow.toolkits.predictor import LinearPredictor

__all__ = ["onnx_model", "sklearn_pipeline", "write_onnx"]

OPSET, ML_OPSET = 17, 4
"""Versions of the operators: what runtimes of 2024 and later know."""
OWN = "windrow/"
"""Begins the names of what is neither a feature nor a prediction."""


def _require(predictor: LinearPredictor, package: str, module: str, what: str, extra: str) -> None:
    """Refuse what cannot be exported, or not here."""
    if find_spec(module) is None:
        raise MissingPackageError(package, what, extra)
    if predictor.transformer is not None:
        raise NotExportableError(what, type(predictor.transformer).__name__, "")
    for name in predictor.lists + predictor.dicts + predictor.vectors:
        raise NotExportableError(what, name, predictor.kind(name).value)


# --- scikit-learn ---


def sklearn_pipeline(predictor: LinearPredictor, classes: tuple[Any, ...], loss: Loss) -> Any:
    """Return a fitted ``Pipeline`` of a ``ColumnTransformer`` and a linear estimator.

    Parameters
    ----------
    predictor
        The model.
    classes
        In order; empty for a regression.
    loss
        What the model minimised.

    Raises
    ------
    MissingPackageError
        scikit-learn is not installed.
    NotExportableError
        A feature is neither a number nor text, or a transformer makes it.

    Notes
    -----
    The transformers learn from one row that is made up: the means, which are then what is imputed;
    the levels are given. The coefficients of the references are 0, as are unknown levels' columns.
    None has two columns, for pandas may make a NaN of it.
    """
    _require(predictor, "scikit-learn", "sklearn", "to_sklearn()", "sklearn")
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder
    from sklearn.svm import LinearSVC

    numeric, categorical = list(predictor.numeric), list(predictor.categorical)
    levels, places = _columns(predictor)
    one_hot = OneHotEncoder(categories=levels, handle_unknown="ignore")
    encoder = ColumnTransformer(
        [("numbers", SimpleImputer(), numeric), ("levels", one_hot, categorical)]
    )
    encoder.fit(_first_row(predictor))
    estimator = {
        Loss.SQUARED: LinearRegression,
        Loss.LOGISTIC: LogisticRegression,
        Loss.SMOOTH_HINGE: LinearSVC,
    }[loss]()
    weights = np.atleast_2d(predictor.weights)[:, [0, *places]]
    if len(classes) > 2:  # scikit-learn has a margin for the first class too
        weights = np.concatenate([np.zeros((1, weights.shape[1])), weights])
    estimator.coef_, estimator.intercept_ = weights[:, 1:].copy(), weights[:, 0].copy()
    estimator.n_features_in_ = weights.shape[1] - 1
    if classes:
        estimator.classes_ = np.array(classes)
        estimator.n_iter_ = np.zeros(1, dtype=np.int32)
    else:
        estimator.coef_, estimator.intercept_ = estimator.coef_[0], float(estimator.intercept_[0])
    return Pipeline([("encoder", encoder), ("model", estimator)])


def _columns(predictor: LinearPredictor) -> tuple[list[NDArray[Any]], list[int]]:
    """Give the categories of each text as scikit-learn orders them, and each column's weight."""
    levels, places = [], list(range(1, 1 + len(predictor.numeric)))
    for j, own in enumerate(predictor.levels):
        first = predictor.layout.offset(j)
        texts = {level: first + code for code, level in enumerate(own) if level is not None}
        missing = [first + own.index(None)] * 2 if None in own else []
        places += [*texts.values(), *missing]
        found = [*texts, *([None, float("nan")] if missing else [])]
        levels.append(np.array(found, dtype=object))
    return levels, places


def _first_row(predictor: LinearPredictor) -> pl.DataFrame:
    """Make up the row of the means and the first levels."""
    import polars as pl

    numbers = zip(predictor.numeric, predictor.means, strict=True)
    texts = zip(predictor.categorical, predictor.levels, strict=True)
    return pl.DataFrame(
        [pl.Series(name, [mean], dtype=pl.Float64) for name, mean in numbers]
        + [pl.Series(name, [own[0]], dtype=pl.String) for name, own in texts]
    )


# --- ONNX ---


def write_onnx(model: Any, path: str | os.PathLike[str]) -> None:
    """Write an ONNX model into a file.

    Raises
    ------
    ArgumentTypeError, DiskFullError, UnwritableError
        The path is none, or cannot be written.
    """
    if not isinstance(path, str | os.PathLike):
        raise ArgumentTypeError("path", type(path).__name__, "a path")
    url = os.fspath(path)
    with storage_of(url).open_write(url) as file:
        file.write(model.SerializeToString())


def onnx_model(predictor: LinearPredictor, classes: tuple[Any, ...], loss: Loss) -> Any:
    """Return a model as an ``onnx.ModelProto``, in double precision.

    Each feature is an input of shape (rows, 1), a double or a string; NaN becomes the training
    mean, an unknown string the reference, and "" stands for None. A regression has the output
    ``prediction`` (rows, 1); a classifier ``label`` (rows,) and ``probabilities`` (rows, classes),
    a support vector machine ``margin`` (rows, 1) in place of those.

    Raises
    ------
    MissingPackageError
        onnx is not installed.
    NotExportableError
        A feature is neither a number nor text, or a transformer makes it.
    """
    _require(predictor, "onnx", "onnx", "export_onnx()", "onnx")
    return _Graph(predictor, classes, loss).model()


class _Graph:
    """An ONNX graph in the making."""

    def __init__(self, predictor: LinearPredictor, classes: tuple[Any, ...], loss: Loss) -> None:
        from onnx import TensorProto, helper

        self.types, self.helper = TensorProto, helper
        self.predictor, self.classes, self.loss = predictor, classes, loss
        self.weights = np.atleast_2d(predictor.weights)
        if len(classes) > 2:
            self.weights = np.concatenate([np.zeros((1, self.weights.shape[1])), self.weights])
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def model(self) -> Any:
        helper = self.helper
        self._finish(self._margins())
        graph = helper.make_graph(
            self.nodes, "windrow", self.inputs, self.outputs, initializer=self.constants
        )
        versions = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
        return helper.make_model(
            graph, opset_imports=versions, producer_name="windrow", ir_version=8
        )

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(values, f"{OWN}{name}"))
        return f"{OWN}{name}"

    def _node(self, kind: str, inputs: list[str], name: str, **options: Any) -> str:
        made = f"{OWN}{name}"
        self.nodes.append(self.helper.make_node(kind, inputs, [made], name=made, **options))
        return made

    def _input(self, name: str, kind: int) -> str:
        self.inputs.append(self.helper.make_tensor_value_info(name, kind, ["rows", 1]))
        return name

    def _output(self, value: str, name: str, kind: int, shape: list[Any]) -> None:
        """Give a value out under a name, with underscores added while a feature has it."""
        while name in self.predictor.features:
            name += "_"
        self.nodes.append(self.helper.make_node("Identity", [value], [name], name=f"{OWN}{name}"))
        self.outputs.append(self.helper.make_tensor_value_info(name, kind, shape))

    def _margins(self) -> str:
        """Add up the margins (rows, margins), in the order of the kernels."""
        predictor, total = self.predictor, self._constant("intercept", self.weights[None, :, 0])
        for j, name in enumerate(predictor.numeric):
            value = self._input(name, self.types.DOUBLE)
            mean = self._constant(f"number {j} mean", np.array(predictor.means[j]))
            gap = self._node("IsNaN", [value], f"number {j} missing")
            known = self._node("Where", [gap, mean, value], f"number {j}")
            weight = self._constant(f"number {j} weight", self.weights[None, :, 1 + j])
            term = self._node("Mul", [known, weight], f"number {j} term")
            total = self._node("Add", [total, term], f"number {j} sum")
        for j, name in enumerate(predictor.categorical):
            term = self._level(j, self._input(name, self.types.STRING))
            total = self._node("Add", [total, term], f"level {j} sum")
        return total

    def _level(self, j: int, value: str) -> str:
        """Look up the terms (rows, margins) of a categorical feature."""
        predictor = self.predictor
        first, levels = predictor.layout.offset(j), predictor.levels[j]
        codes = {("" if level is None else level): code for code, level in enumerate(levels)}
        codes |= {level: code for code, level in enumerate(levels) if level is not None}
        code = self._node(
            "LabelEncoder",
            [value],
            f"level {j}",
            domain="ai.onnx.ml",
            keys_strings=list(codes),
            values_int64s=list(codes.values()),
            default_int64=predictor.reference[j] - first,
        )
        flat = self._node("Squeeze", [code, self._axis(1)], f"level {j} code")
        own = self.weights[:, first : first + len(levels)].T
        table = self._constant(f"level {j} weights", np.ascontiguousarray(own))
        return self._node("Gather", [table, flat], f"level {j} term", axis=0)

    def _axis(self, axis: int) -> str:
        name = f"{OWN}axis {axis}"
        known = any(constant.name == name for constant in self.constants)
        return name if known else self._constant(f"axis {axis}", np.array([axis], dtype=np.int64))

    def _finish(self, margins: str) -> None:
        """Turn margins into what the model predicts."""
        types, count = self.types, len(self.classes)
        if not count:
            self._output(margins, "prediction", types.DOUBLE, ["rows", 1])
            return
        texts = isinstance(self.classes[0], str)
        labels = np.array(self.classes, dtype=object if texts else np.int64)
        names = self._constant("classes", labels)
        label = self._node("Gather", [names, self._code(margins)], "class", axis=0)
        self._output(label, "label", types.STRING if texts else types.INT64, ["rows"])
        if self.loss is Loss.SMOOTH_HINGE:
            self._output(margins, "margin", types.DOUBLE, ["rows", 1])
            return
        if count == 2:
            second = self._node("Sigmoid", [margins], "chance of the second")
            one = self._constant("one", np.array(1.0))
            first = self._node("Sub", [one, second], "chance of the first")
            chances = self._node("Concat", [first, second], "chances", axis=1)
        else:
            chances = self._node("Softmax", [margins], "chances", axis=1)
        self._output(chances, "probabilities", types.DOUBLE, ["rows", count])

    def _code(self, margins: str) -> str:
        """Number the predicted class: of several the first of the largest margins."""
        if len(self.classes) > 2:
            return self._node("ArgMax", [margins], "code", axis=1, keepdims=0)
        zero = self._constant("zero", np.array(0.0))
        leads = self._node("GreaterOrEqual", [margins, zero], "second leads")
        whole = self._node("Cast", [leads], "code of a row", to=self.types.INT64)
        return self._node("Squeeze", [whole, self._axis(1)], "code")
