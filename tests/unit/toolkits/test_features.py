from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st

from windrow.errors import UnsupportedFeatureError
from windrow.execution.levels import Levels
from windrow.learn.layout import Layout
from windrow.learn.leaf import LEAF, PADDING, TRAIN, VALIDATION
from windrow.plan.schema import Schema
from windrow.plan.types import DType
from windrow.toolkits.features import Facts, FeatureEncoder, FeatureFinisher, Split

ENCODER = FeatureEncoder(("x",), ("s",), "y")
FRAME = pl.DataFrame(
    {"x": [1.0, None, 3.0, float("nan")], "s": ["b", None, "b", "a"], "y": [1, 0, 1, 0]}
)


def finisher(levels: tuple[str | None, ...] = ("a", "b", None)) -> FeatureFinisher:
    return FeatureFinisher(Layout(1, (len(levels),)), (Levels.of(levels),), (4,), (0, 1))


def test_numbers_are_dense_and_texts_are_codes_in_first_seen_order() -> None:
    (leaf,) = ENCODER(FRAME).leaves
    assert leaf.dense[0, 0, :3].tolist()[::2] == [1.0, 3.0]
    assert leaf.codes[0, 0, :4].tolist() == [0, 1, 0, 2]
    assert leaf.target[0, :4].tolist() == [0.0, 1.0, 0.0, 1.0]


def test_none_is_a_level_and_classes_are_first_seen() -> None:
    block = ENCODER(FRAME)
    assert [tuple(levels) for levels in block.levels] == [("b", None, "a")]
    assert block.classes == (1, 0)


def test_missing_and_not_finite_are_counted_apart() -> None:
    frame = FRAME.with_columns(y=pl.Series([1, None, None, 0]))
    facts = Facts.of(ENCODER(frame).facts)
    assert (facts.missing.tolist(), facts.not_finite.tolist(), facts.target) == ([1], [1], 2)


def test_ints_are_numbers_with_gaps() -> None:
    block = FeatureEncoder(("x",), ())(pl.DataFrame({"x": [1, None, 3]}))
    values = block.leaves[0].dense[0, 0, :3]
    assert np.isnan(values[1])
    assert values[[0, 2]].tolist() == [1.0, 3.0]
    assert Facts.of(block.facts).missing.tolist() == [1]


def test_a_target_may_be_a_number() -> None:
    encoder = FeatureEncoder((), (), "y", classes=False)
    block = encoder(pl.DataFrame({"y": [0.5, float("inf"), None]}))
    assert block.leaves[0].target[0, 0] == 0.5
    assert block.classes == ()
    assert Facts.of(block.facts).target == 2


def test_a_partition_is_cut_into_leaves() -> None:
    block = FeatureEncoder(("x",), ())(pl.DataFrame({"x": np.arange(LEAF + 5.0)}))
    assert [leaf.rows for leaf in block.leaves] == [LEAF, 5]
    assert block.leaves[1].dense[0, 0, :5].tolist() == [LEAF + i for i in range(5)]


def test_a_partition_without_rows_has_no_leaves() -> None:
    block = ENCODER(FRAME.clear())
    assert (block.leaves, len(block.levels[0]), block.classes) == ((), 0, ())


def test_the_type_decides_how_a_feature_is_encoded() -> None:
    schema = Schema([("n", DType.INT), ("t", DType.STR), ("f", DType.FLOAT), ("y", DType.INT)])
    encoder = FeatureEncoder.of(schema, ["n", "t", "f"], "y")
    assert (encoder.numeric, encoder.categorical) == (("n", "f"), ("t",))
    assert encoder.columns == ("n", "f", "t", "y")


def test_a_feature_of_another_type_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedFeatureError, match="'t' has the type datetime"):
        FeatureEncoder.of(Schema([("t", DType.DATETIME)]), ["t"])


def test_an_encoder_says_all_that_it_is() -> None:
    assert repr(ENCODER) != repr(replace(ENCODER, target="x"))
    assert repr(pickle.loads(pickle.dumps(ENCODER))) == repr(ENCODER)


def test_a_finisher_gives_places_class_codes_and_roles() -> None:
    (leaf,) = finisher()(ENCODER(FRAME), 0)
    assert leaf.codes[0, 0, :4].tolist() == [3, 4, 3, 2]
    assert leaf.target[0, :4].tolist() == [1.0, 0.0, 1.0, 0.0]
    assert leaf.role[0, :5].tolist() == [TRAIN] * 4 + [PADDING]


def test_a_level_that_training_did_not_have_falls_back() -> None:
    (leaf,) = finisher(("a", "b"))(ENCODER(FRAME), 0)
    assert leaf.codes[0, 0, :4].tolist() == [3, 4, 3, 2]  # None goes to the place 4


def test_missing_numbers_become_means_and_nothing_is_copied_otherwise() -> None:
    raw = ENCODER(FRAME)
    (filled,) = replace(finisher(), means=(2.5,))(raw, 0)
    assert filled.dense[0, 0, :4].tolist() == [1.0, 2.5, 3.0, 2.5]
    whole = ENCODER(FRAME.with_columns(x=pl.lit(1.0)))
    (kept,) = replace(finisher(), means=(2.5,))(whole, 0)
    assert kept.dense is whole.leaves[0].dense


def test_a_class_that_training_did_not_have_keeps_a_code_of_its_own() -> None:
    made = replace(finisher(), classes=(0, 1, 7), role=VALIDATION)
    (leaf,) = made(ENCODER(FRAME.with_columns(y=pl.Series([1, 7, 7, 0]))), 0)
    assert leaf.role[0, :5].tolist() == [VALIDATION] * 4 + [PADDING]
    assert leaf.target[0, :4].tolist() == [1.0, 2.0, 2.0, 0.0]


def test_a_finisher_is_known_by_all_that_it_holds() -> None:
    made = finisher()
    others = [
        finisher(("a", "c", None)),
        replace(made, fallback=(2,)),
        replace(made, classes=(1, 0)),
        replace(made, role=VALIDATION),
        replace(made, split=Split(10, 5, 1)),
        replace(made, means=(0.0,)),
    ]
    names = {repr(one) for one in (made, *others)}
    assert len(names) == 1 + len(others)
    assert repr(pickle.loads(pickle.dumps(made))) == repr(made)


@given(rows=st.integers(1, 300), cut=st.integers(0, 300), seed=st.integers())
def test_a_split_is_exact_and_does_not_depend_on_the_cut(rows: int, cut: int, seed: int) -> None:
    split = Split(rows, int(rows * 0.95), seed)
    whole = split.roles(0, rows)
    cut = min(cut, rows)
    parts = np.concatenate([split.roles(0, cut), split.roles(cut, rows - cut)])
    assert (whole == parts).all()
    assert int((whole == TRAIN).sum()) == int(rows * 0.95)


@given(
    values=st.lists(st.sampled_from(["a", "b", "c", "ä", "", None]), min_size=1, max_size=50),
    cut=st.integers(0, 50),
)
def test_levels_of_two_partitions_meet_in_one_space(values: list[str | None], cut: int) -> None:
    encoder = FeatureEncoder((), ("s",))
    frame = pl.DataFrame({"s": pl.Series(values, dtype=pl.String)})
    parts = [encoder(frame[:cut]), encoder(frame[cut:])]
    levels = Levels.merged([part.levels[0] for part in parts])
    assert levels == tuple(dict.fromkeys(values))
    made = FeatureFinisher(Layout(0, (len(levels),)), (levels,), (0,))
    places = [
        int(place)
        for part in parts
        for leaf in made(part, 0)
        for place in leaf.codes[:, 0].reshape(-1)[: leaf.rows]
    ]
    assert [levels[place - 1] for place in places] == values
