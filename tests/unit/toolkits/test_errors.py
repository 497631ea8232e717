from __future__ import annotations

import pickle

import pytest

from windrow import errors

EXAMPLES = [
    errors.UnsupportedFeatureError("v", "datetime"),
    errors.ArrayLengthError("v", 7, 2, 3),
    errors.DictValueError("d", "k", "str"),
    errors.RowWeightError("w", 1, 10),
    errors.RowWeightError("w", 0, 10),
    errors.NotFittedError("FeatureBinner"),
    errors.FeatureTypeError("x", "str", "int or float"),
    errors.UnsupportedTargetError("y", "float", "int or str"),
    errors.NoFeaturesError("y"),
    errors.NoRowsError("the training table"),
    errors.MissingTargetError("y", 2, 10),
    errors.ClassCountError("y", 1, 10),
    errors.ClassWeightError("has no weight for 1", (0, 1)),
    errors.MissingFeatureError((("x", 3),), 10),
    errors.NonFiniteFeatureError((("x", 3), ("z", 1))),
    errors.OptionRangeError("l2_penalty", 0, 1e20, -1),
    errors.OptionChoiceError("solver", "sgd", ("auto", "newton")),
    errors.PenaltySolverError(0.5, "newton"),
    errors.SolverSizeError("newton", 20_000, 10_000),
    errors.UnknownFieldError("LogisticClassifier", "coefs", ("coefficients",)),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_travels_whole_and_says_one_sentence(error: errors.ToolkitError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert again.args == error.args
    assert str(again) == str(error)
    assert len(str(error)) > 30
    assert isinstance(error, RuntimeError)
