from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import windrow as wr
from windrow.errors import ArgumentError, ArgumentTypeError, OptionRangeError
from windrow.execution import table as tables
from windrow.toolkits.prepare import prepare

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 240
TIGHT: dict[str, Any] = {
    "convergence_threshold": 1e-8,
    "max_iterations": 5000,
    "verbose": False,
    "features": ["a", "kind"],
}


def table() -> wr.SFrame:
    random = np.random.default_rng(4)
    a, kind = random.normal(size=ROWS), random.choice(["n", "e", "s"], ROWS)
    margin = a + (kind == "e") + random.logistic(size=ROWS)
    third = np.digitize(margin, [-0.5, 1.0])
    return wr.SFrame(
        {
            "a": a.tolist(),
            "kind": kind.tolist(),
            "y": margin.tolist(),
            "two": (margin > 0).astype(int).tolist(),
            "three": [("x", "y", "z")[k] for k in third],
        }
    )


# --- folds ---


@given(st.integers(2, 60), st.integers(2, 12), st.integers(-5, 5))
@settings(max_examples=30, deadline=None)
def test_each_row_validates_once_and_parts_differ_by_one_row(rows: int, k: int, seed: int) -> None:
    sf = wr.SFrame({"i": range(rows)})
    if k > rows:
        with pytest.raises(OptionRangeError, match="n_folds"):
            wr.cross_validation.KFold(sf, k)
        return
    folds = wr.cross_validation.KFold(sf, k, seed=seed)
    pairs = [(list(train["i"]), list(valid["i"])) for train, valid in folds]
    assert len(folds) == folds.num_folds == len(pairs) == k
    assert sorted(i for _, valid in pairs for i in valid) == list(range(rows))
    sizes = {len(valid) for _, valid in pairs}
    assert max(sizes) - min(sizes) <= 1
    for train, valid in pairs:
        assert train == sorted(set(range(rows)) - set(valid))


def test_folds_are_chosen_by_the_seed_and_may_be_taken_by_number() -> None:
    sf = wr.SFrame({"i": range(50)})
    folds, again = (wr.cross_validation.KFold(sf, 5, seed=3) for _ in range(2))
    other = wr.cross_validation.KFold(sf, 5, seed=4)
    assert [list(valid["i"]) for _, valid in folds] == [list(valid["i"]) for _, valid in again]
    assert list(folds[0][1]["i"]) != list(other[0][1]["i"])
    assert list(folds[-1][1]["i"]) == list(folds[4][1]["i"])
    with pytest.raises(IndexError):
        folds[5]


@pytest.mark.parametrize("bad", ["3", 2.5, True, None])
def test_a_number_of_folds_is_a_whole_number(bad: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="n_folds"):
        wr.cross_validation.KFold(table(), bad)
    with pytest.raises(ArgumentTypeError, match="data"):
        wr.cross_validation.KFold([1, 2])  # type: ignore[arg-type]


# --- scores of linear models ---

MODELS = {
    "linear_regression": ("y", ("rmse", "max_error")),
    "logistic_classifier": ("two", ("accuracy", "auc", "log_loss", "f1_score")),
    "svm_classifier": ("two", ("accuracy", "recall")),
    "of three": ("three", ("accuracy", "auc", "log_loss")),
}


@pytest.mark.parametrize("name", MODELS)
def test_scores_are_those_of_models_of_the_pairs_of_tables(name: str) -> None:
    target, measures = MODELS[name]
    create = getattr(wr, "logistic_classifier" if name == "of three" else name).create
    folds = wr.cross_validation.KFold(table(), 3, seed=1)
    found = wr.cross_validation.cross_val_score(folds, create, {"target": target, **TIGHT})
    assert list(found["fold"]) == [0, 1, 2]
    for (train, valid), row in zip(folds, found, strict=True):
        model = create(train, target, validation_set=None, **TIGHT)
        wanted = model.evaluate(valid)
        for measure in measures:
            assert row[f"validation_{measure}"] == pytest.approx(wanted[measure], rel=1e-6)
            assert row[f"training_{measure}"] == pytest.approx(
                model[f"training_{measure}"], rel=1e-6
            )


def test_a_path_of_penalties_ends_where_each_fit_alone_does_in_fewer_steps() -> None:
    folds = wr.cross_validation.KFold(table(), 3)
    create, base = wr.logistic_classifier.create, {"target": "two", "solver": "lbfgs", **TIGHT}
    penalties = [0.01, 10.0, 3.0, 30.0, 1.0]
    path = wr.cross_validation.cross_val_score(folds, create, base | {"l2_penalty": penalties})
    assert list(path["l2_penalty"]) == sorted(penalties, reverse=True) * 3
    steps, alone_steps = 0, 0
    for penalty in penalties:
        alone = wr.cross_validation.cross_val_score(folds, create, base | {"l2_penalty": penalty})
        own = path[path["l2_penalty"] == penalty]
        for field in ("training_loss", "validation_loss", "validation_auc"):
            assert list(own[field]) == pytest.approx(list(alone[field]), rel=1e-6)
        steps += own["training_iterations"].sum()
        alone_steps += alone["training_iterations"].sum()
    assert steps < alone_steps


def test_l1_paths_and_those_of_support_vectors_go_from_the_strongest_penalty_on() -> None:
    folds = wr.cross_validation.KFold(table(), 2)
    lasso = wr.cross_validation.cross_val_score(
        folds,
        wr.linear_regression.create,
        {"target": "y", "l1_penalty": [1.0, 50.0], **TIGHT, "convergence_threshold": 1e-4},
    )
    assert list(lasso["l1_penalty"]) == [50.0, 1.0] * 2
    svm = wr.cross_validation.cross_val_score(
        folds, wr.svm_classifier.create, {"target": "two", "penalty": [5.0, 0.1], **TIGHT}
    )
    assert list(svm["penalty"]) == [0.1, 5.0] * 2


def test_the_rows_are_read_once_for_all_folds_and_penalties(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table().save(str(tmp_path / "rows.csv"))
    sf = wr.SFrame(str(tmp_path / "rows.csv"))
    folds = wr.cross_validation.KFold(sf, 4)
    parameters = {"target": "two", "l2_penalty": [1.0, 0.1], **TIGHT}
    read, count = tables.read_piece, 0

    def counted(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        return read(*arguments)

    monkeypatch.setattr(tables, "read_piece", counted)
    wr.cross_validation.cross_val_score(folds, wr.logistic_classifier.create, parameters)
    assert count == 1


def test_the_rows_of_a_fold_are_described_once_for_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        return prepare(*arguments, **options)

    monkeypatch.setattr("windrow.toolkits.fit.prepare", counted)
    parameters = {"target": "y", "l2_penalty": [1.0, 0.1, 0.0], **TIGHT}
    folds = wr.cross_validation.KFold(table(), 4)
    wr.cross_validation.cross_val_score(folds, wr.linear_regression.create, parameters)
    assert count == 4


def test_more_folds_than_rows_are_refused_where_the_rows_are_counted() -> None:
    sf = table()
    few = sf[sf["a"] > 2.0]
    folds = wr.cross_validation.KFold(few, 200)
    with pytest.raises(OptionRangeError, match="n_folds"):
        wr.cross_validation.cross_val_score(
            folds, wr.linear_regression.create, {"target": "y", "verbose": False}
        )


@pytest.mark.parametrize(
    "parameters, match",
    [
        ({"l2_penalty": []}, "l2_penalty"),
        ({"validation_set": table()}, "validation_set"),
        ({"checkpoint": "somewhere"}, "checkpoint"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(parameters: Any, match: str) -> None:
    folds = wr.cross_validation.KFold(table(), 2)
    create = wr.logistic_classifier.create
    with pytest.raises(ArgumentError, match=match):
        wr.cross_validation.cross_val_score(folds, create, {"target": "two", **parameters})


def test_what_create_refuses_is_refused_before_anything_runs() -> None:
    folds = wr.cross_validation.KFold(table(), 2)
    with pytest.raises(OptionRangeError, match="l2_penalty"):
        wr.cross_validation.cross_val_score(
            folds, wr.logistic_classifier.create, {"target": "two", "l2_penalty": [1.0, -1.0]}
        )
    model = wr.logistic_classifier.create(table(), "two", validation_set=None, verbose=False)
    assert model.num_examples == ROWS  # and later calls of create run again


# --- any other model ---


class Mean:
    """A model that knows the mean of y."""

    def __init__(self, data: wr.SFrame, shift: float = 0.0) -> None:
        self.mean = data["y"].mean() + shift

    def evaluate(self, data: wr.SFrame) -> dict[str, Any]:
        return {"off": abs(data["y"].mean() - self.mean), "table": data}


def test_any_factory_and_any_pairs_will_do() -> None:
    folds = wr.cross_validation.KFold(table(), 3)
    found = wr.cross_validation.cross_val_score(folds, Mean, {"shift": 1.0})
    wanted = [abs(valid["y"].mean() - train["y"].mean() - 1.0) for train, valid in folds]
    assert found.column_names() == ["fold", "validation_off"]
    assert list(found["validation_off"]) == pytest.approx(wanted)
    assert list(wr.cross_validation.cross_val_score(list(folds), Mean, {"shift": 1.0})) == list(
        found
    )


def test_an_evaluator_says_what_is_measured() -> None:
    folds = wr.cross_validation.KFold(table(), 2)
    found = wr.cross_validation.cross_val_score(
        folds,
        wr.linear_regression.create,
        {"target": "y", **TIGHT},
        lambda model, train, valid: {"rows": len(train) - len(valid), "r": model.training_rmse},
    )
    assert found.column_names() == ["fold", "rows", "r"]
    assert list(found["rows"]) == [0, 0]


def test_a_transformer_learns_from_the_rows_that_train_alone() -> None:
    draw = np.random.default_rng(8)
    x = draw.exponential(size=60)
    table = wr.SFrame({"x": x, "y": np.floor(x) + draw.normal(size=60)})
    folds = wr.cross_validation.KFold(table, 3)
    create, binner = wr.linear_regression.create, wr.feature_engineering.FeatureBinner
    options: dict[str, Any] = {"target": "y", "verbose": False}
    found = wr.cross_validation.cross_val_score(
        folds, create, {**options, "transformer": binner(features=["x"], num_bins=4)}
    )
    alone = [
        create(
            train, validation_set=None, transformer=binner(features=["x"], num_bins=4), **options
        ).evaluate(valid)["rmse"]
        for train, valid in folds
    ]
    assert list(found["validation_rmse"]) == alone
