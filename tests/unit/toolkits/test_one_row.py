from __future__ import annotations

import array
import functools
import math
import pickle
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import windrow as wr
from windrow.errors import FeatureTypeError, MissingFeatureError, OptionChoiceError, RowIndexError
from windrow.toolkits.one_row import OneRow

NUMBERS = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(2**60), 2**60),
    st.booleans(),
    st.floats(-3, 3).map(np.float64),
)
TEXTS = st.one_of(st.none(), st.sampled_from(["a", "b", "c", "", "new"]))
ROWS = st.fixed_dictionaries(
    {}, optional={"x": NUMBERS, "k": NUMBERS, "s": TEXTS, "t": TEXTS, "other": st.lists(TEXTS)}
)


@functools.cache
def model(name: str) -> Any:
    random = np.random.default_rng(0)
    rows = 200
    x, k = random.normal(size=rows), random.integers(0, 9, rows)
    s, t = random.choice(["a", "b", "c"], rows), random.choice(["a", "b"], rows).tolist()
    margin = x - 0.3 * k + (s == "b") + random.logistic(size=rows)
    sf = wr.SFrame(
        {
            "s": s.tolist(),
            "x": x.tolist(),
            "t": [None if i % 7 == 3 else level for i, level in enumerate(t)],
            "k": k.tolist(),
            "y": margin.tolist(),
            "two": ["yes" if m > -1 else "no" for m in margin],
            "three": np.digitize(margin, [-2.0, 0.0]).tolist(),
        }
    )
    features = ["s", "x", "t", "k"]
    if name == "line":
        return wr.linear_regression.create(sf, "y", features, verbose=False)
    if name == "hinge":
        options: dict[str, Any] = {"max_iterations": 200, "convergence_threshold": 1.0}
        return wr.svm_classifier.create(sf, "two", features, verbose=False, **options)
    return wr.logistic_classifier.create(sf, name, features, verbose=False)


def bits(value: Any) -> Any:
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack("d", value)
    return [bits(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", ["line", "hinge", "two", "three"])
@given(row=ROWS)
@settings(max_examples=60, deadline=None)
def test_one_dict_is_predicted_with_the_bits_of_a_list_of_one(
    name: str, row: dict[str, Any]
) -> None:
    found = model(name)
    outputs = found.OUTPUTS_OF_MANY if name == "three" else found.OUTPUTS
    for kind in [{"output_type": output} for output in outputs] or [{}]:
        alone, listed = found.predict(row, **kind), found.predict([row], **kind)
        assert alone.dtype is listed.dtype
        (one,), (other,) = list(alone), list(listed)
        assert type(alone[0]) is type(alone[-1]) is type(other)
        laid_out = alone.head(1)[0]
        one, laid_out, other = (
            list(v) if isinstance(v, array.array) else v for v in (one, laid_out, other)
        )
        assert bits(one) == bits(laid_out) == bits(other)


def test_rows_that_are_not_plain_take_the_way_that_says_what_is_wrong() -> None:
    line = model("line")
    assert OneRow(line._fitted.predictor)({"x": "1"}, impute=True) is None
    with pytest.raises(FeatureTypeError, match="'x'"):
        line.predict({"x": "1"})
    with pytest.raises(FeatureTypeError, match="'s'"):
        line.predict({"s": 3})
    with pytest.raises(FeatureTypeError, match="'s'"):
        line.predict({"s": ["a"]})
    with pytest.raises(MissingFeatureError, match="'x'"):
        line.predict({"s": "a", "t": None, "k": 1}, missing_value_action="error")
    whole = {"s": "a", "t": None, "k": 1, "x": 0.5}  # training had None in t
    assert len(line.predict(whole, missing_value_action="error")) == 1
    with pytest.raises(OptionChoiceError, match="missing_value_action"):
        line.predict(whole, missing_value_action="ignore")


def test_a_prediction_is_a_column_like_any_other() -> None:
    found = model("two").predict({"x": 1.0})
    assert isinstance(found, wr.SArray)
    assert found.is_materialized()
    assert (len(found), found.shape, found.dtype) == (1, (1,), str)
    with pytest.raises(RowIndexError):
        found[1]
    assert list(found == found[0]) == [1]
    assert list(pickle.loads(pickle.dumps(found))) == list(found)
    assert "no" in repr(found) or "yes" in repr(found)
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        found.nothing_of_this_name  # noqa: B018
