"""Logistic regression of more than two classes, as users meet it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from sklearn import metrics as oracle

import windrow as wr
from windrow.errors import (
    BinaryOutputError,
    ClassWeightError,
    ConvergenceWarning,
    MissingFeatureError,
    OptionChoiceError,
    OptionRangeError,
    SolverSizeError,
)
from windrow.learn.hashing import permute

if TYPE_CHECKING:
    from windrow.toolkits.logistic_classifier import LogisticClassifier

ANIMALS = ("cat", "dog", "fox")
DATA = Path(__file__).parents[2] / "data"


def walks(rows: int = 90, seed: int = 0) -> wr.SFrame:
    random = np.random.default_rng(seed)
    legs, fur = random.normal(size=rows), random.integers(0, 9, rows)
    town = random.choice(["at", "ch", "de"], rows)
    margins = np.stack([0 * legs, legs + (town == "ch"), 0.4 * (fur - 4) - legs], axis=1)
    animal = (margins + random.gumbel(size=margins.shape)).argmax(axis=1)
    return wr.SFrame(
        {
            "legs": legs.tolist(),
            "town": town.tolist(),
            "fur": fur.tolist(),
            "animal": [ANIMALS[k] for k in animal],
        }
    )


def create(data: wr.SFrame | None = None, **options: Any) -> LogisticClassifier:
    settings: dict[str, Any] = {"target": "animal", "verbose": False, "validation_set": None}
    settings |= options
    return wr.logistic_classifier.create(walks() if data is None else data, **settings)


@pytest.fixture(scope="module")
def model() -> LogisticClassifier:
    return create()


def matrix(data: wr.SFrame) -> np.ndarray:
    """Ones, then the features in the order of the coefficients; the first town is left out."""
    towns = list(dict.fromkeys(walks()["town"]))
    columns = [np.ones(len(data)), data["legs"].to_numpy()]
    columns += [np.array([t == town for t in data["town"]], float) for town in towns[1:]]
    return np.column_stack([*columns, data["fur"].to_numpy()])


def codes(data: wr.SFrame) -> np.ndarray:
    return np.array([ANIMALS.index(label) for label in data["animal"]])


def coefficients(model: LogisticClassifier) -> np.ndarray:
    """A row for each class but the first."""
    return np.array(list(model.coefficients["value"])).reshape(model.num_classes - 1, -1)


def margins(model: LogisticClassifier, data: wr.SFrame) -> np.ndarray:
    return np.column_stack([np.zeros(len(data)), matrix(data) @ coefficients(model).T])


# --- what comes out ---


def test_coefficients_come_class_by_class_each_with_its_intercept(
    model: LogisticClassifier,
) -> None:
    found = model.coefficients
    assert found.column_names() == ["name", "index", "class", "value", "stderr"]
    assert list(found["class"]) == ["dog"] * 5 + ["fox"] * 5
    assert list(found["name"]) == ["(intercept)", "legs", "town", "town", "fur"] * 2
    assert model.num_coefficients == 10
    assert all(error > 0 for error in found["stderr"])


def test_the_objective_is_the_stated_one() -> None:
    data = walks()
    options = {"feature_rescaling": False, "convergence_threshold": 1e-9, "max_iterations": 100}
    given = {"cat": 0.5, "dog": 2.0, "fox": 1.25}
    Z, y, w = matrix(data), codes(data), np.array(list(given.values()))

    def loss(b: np.ndarray) -> float:
        m = np.column_stack([np.zeros(len(y)), Z @ b.T])
        return float((w[y] * (logsumexp(m, axis=1) - m[np.arange(len(y)), y])).sum())

    def objective(flat: np.ndarray) -> float:
        b = flat.reshape(2, -1)
        return loss(b) + 0.7 * float((b[:, 1:] ** 2).sum())

    expected = minimize(objective, np.zeros(10), method="BFGS", options={"gtol": 1e-6})
    for solver in ("newton", "lbfgs"):
        found = create(data, l2_penalty=0.7, solver=solver, class_weights=given, **options)
        b = coefficients(found)
        assert objective(b.reshape(-1)) <= expected.fun * (1.0 + 1e-10)
        assert b.reshape(-1) == pytest.approx(expected.x, abs=1e-4)
        assert found.training_loss == pytest.approx(loss(b), rel=1e-10)


def test_standard_errors_come_from_the_information_of_all_classes(
    model: LogisticClassifier,
) -> None:
    data = walks()
    Z, p = matrix(data), softmax(margins(model, data), axis=1)[:, 1:]
    blocks = [[(Z.T * (p[:, a] * ((a == b) - p[:, b]))) @ Z for b in (0, 1)] for a in (0, 1)]
    expected = np.sqrt(np.diag(np.linalg.inv(np.block(blocks))))
    assert list(model.coefficients["stderr"]) == pytest.approx(expected, rel=1e-6)
    other = create(solver="lbfgs", max_iterations=500, convergence_threshold=1e-6)
    assert list(other.coefficients["stderr"]) == pytest.approx(expected, rel=1e-3)


def test_fields_speak_of_all_classes(model: LogisticClassifier) -> None:
    assert (model.num_classes, model.classes) == (3, list(ANIMALS))
    labels = list(walks()["animal"])
    assert model.num_examples_per_class == {label: labels.count(label) for label in ANIMALS}
    assert model.class_weights == dict.fromkeys(ANIMALS, 1.0)
    assert len(model.list_fields()) == 37
    assert model.progress.column_names()[-1] == "Training Accuracy"
    shown = model.summary(output="str")
    assert "Number of classes              : 3" in shown
    assert "dog: legs" in shown
    assert "fox: fur" in shown


def test_automatic_weights_count_classes_alike() -> None:
    found = create(class_weights="auto")
    rows, weights = found.num_examples_per_class, found.class_weights
    assert sum(weights.values()) == pytest.approx(1.0)
    assert len({round(rows[label] * weights[label], 12) for label in ANIMALS}) == 1
    with pytest.raises(ClassWeightError, match="no weight for 'fox'"):
        create(class_weights={"cat": 1.0, "dog": 1.0})


def test_the_coefficients_of_all_classes_choose_the_solver() -> None:
    random = np.random.default_rng(1)
    rows = 400
    levels = [f"level {code}" for code in random.permutation(np.arange(rows) % 200)]
    table = wr.SFrame({"s": levels, "y": random.integers(0, 4, rows).tolist()})
    with pytest.warns(ConvergenceWarning):
        found = create(table, target="y", max_iterations=1)
    assert (found.num_coefficients, found.solver) == (600, "lbfgs")  # 200 are newton's
    wide = wr.SFrame({"s": [f"{code}" for code in range(5002)], "y": [0, 1, 2] * 1667 + [0]})
    with pytest.raises(SolverSizeError, match="10000 coefficients and this model has 10004"):
        create(wide, target="y", solver="newton")


def test_int_classes_may_be_any() -> None:
    data = walks()
    data["animal"] = data["animal"].apply(lambda name: {"cat": 7, "dog": -3, "fox": 10}[name])
    found = create(data)
    assert found.classes == [-3, 7, 10]
    assert set(found.predict(data)) <= {-3, 7, 10}
    assert set(found.coefficients["class"]) == {7, 10}


def test_progress_is_printed_as_for_two(capsys: pytest.CaptureFixture[str]) -> None:
    create(verbose=True)
    out = capsys.readouterr().out
    assert "Number of classes           : 3" in out
    assert "Number of coefficients      : 10" in out
    assert "SUCCESS: Optimal solution found." in out


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_separable_classes_end_finite(solver: str) -> None:
    data = wr.SFrame({"x": [float(x) for x in range(30)], "y": [x // 10 for x in range(30)]})
    options = {"l2_penalty": 0.0, "convergence_threshold": 1e-10, "solver": solver}
    with pytest.warns(ConvergenceWarning):
        found = create(data, target="y", **options)
    assert np.isfinite(coefficients(found)).all()
    assert math.isfinite(found.training_loss)


# --- predicting ---


def test_predictions_follow_from_the_coefficients(model: LogisticClassifier) -> None:
    data = walks(40, seed=3)
    m = margins(model, data)
    p = softmax(m, axis=1)
    best = m.argmax(axis=1)
    expected = [ANIMALS[k] for k in best]
    assert list(model.predict(data)) == expected
    vectors = np.array([list(v) for v in model.predict(data, output_type="probability_vector")])
    np.testing.assert_allclose(vectors, p, rtol=1e-10)
    found = model.classify(data)
    assert found.column_names() == ["class", "probability"]
    assert list(found["class"]) == expected
    assert list(found["probability"]) == pytest.approx(p.max(axis=1))


def test_the_likeliest_classes_come_ranked(model: LogisticClassifier) -> None:
    data = walks(40, seed=3)
    m = margins(model, data)
    p, order = softmax(m, axis=1), np.argsort(-m, axis=1, kind="stable")
    at = np.arange(40)[:, None]
    for output, values in (("probability", p), ("margin", m)):
        for k in (1, 2, 3):
            found = model.predict_topk(data, output_type=output, k=k)
            assert found.column_names() == ["id", "class", output]
            assert list(found["id"]) == np.repeat(np.arange(40), k).tolist()
            wanted = order[:, :k]
            assert list(found["class"]) == [ANIMALS[c] for c in wanted.reshape(-1)]
            assert list(found[output]) == pytest.approx(values[at, wanted].reshape(-1), abs=1e-12)
    ranks = model.predict_topk(data, output_type="rank")
    assert list(ranks["rank"]) == [0, 1, 2] * 40
    with pytest.raises(OptionRangeError, match="'k'"):
        model.predict_topk(data, k=4)
    with pytest.raises(OptionChoiceError, match="'rank'"):
        model.predict_topk(data, output_type="class")


def test_a_table_and_a_list_of_dicts_agree(model: LogisticClassifier) -> None:
    data = walks()
    rows = list(data)
    for output in ("class", "probability_vector"):
        assert list(model.predict(rows, output)) == list(model.predict(data, output))
    assert list(model.classify(rows)) == list(model.classify(data))
    assert list(model.predict_topk(rows, k=2)) == list(model.predict_topk(data, k=2))
    assert list(model.predict(rows[3])) == list(model.predict(data))[3:4]


def test_one_number_a_row_is_no_answer_for_three_classes(model: LogisticClassifier) -> None:
    for output in ("probability", "margin"):
        with pytest.raises(BinaryOutputError, match=r"3 classes; use predict_topk\(\)"):
            model.predict(walks(), output_type=output)
    with pytest.raises(OptionChoiceError, match="'class', 'probability_vector'"):
        model.predict(walks(), output_type="odds")


def test_of_equals_the_first_class_is_predicted() -> None:
    even = wr.SFrame({"x": [0.0, 0.0, 0.0, 1.0, 1.0, 1.0], "y": ["c", "a", "b", "a", "b", "c"]})
    found = create(even, target="y")
    assert coefficients(found).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert set(found.predict(even)) == {"a"}
    assert list(found.predict_topk(even[:1])["class"]) == ["a", "b", "c"]
    assert found.training_accuracy == pytest.approx(2 / 6)


def test_nan_gives_no_class_and_missing_numbers_their_mean(model: LogisticClassifier) -> None:
    row = {"legs": math.nan, "town": "at", "fur": 3}
    assert list(model.predict(row)) == [None]
    assert math.isnan(model.classify(row)["probability"][0])
    assert all(math.isnan(p) for p in model.predict(row, "probability_vector")[0])
    table = wr.SFrame({"legs": [math.nan, 0.5], "town": ["at", "at"], "fur": [3, 3]})
    assert next(iter(model.predict(table))) is None
    assert next(iter(model.predict_topk(table, k=1)["class"])) is None
    mean = walks()["legs"].mean()
    full = model.predict(row | {"legs": mean}, "probability_vector")[0]
    assert model.predict({"town": "at", "fur": 3}, "probability_vector")[0] == pytest.approx(full)
    with pytest.raises(MissingFeatureError, match="'legs'"):
        model.predict({"town": "at", "fur": 3}, missing_value_action="error")


# --- evaluating ---


def test_measures_are_those_of_scikit_learn(model: LogisticClassifier) -> None:
    data = walks(70, seed=4)
    found = model.evaluate(data)
    y, p = codes(data), softmax(margins(model, data), axis=1)
    own = p.argmax(axis=1)
    assert found["accuracy"] == pytest.approx(oracle.accuracy_score(y, own))
    assert found["precision"] == pytest.approx(oracle.precision_score(y, own, average="macro"))
    assert found["recall"] == pytest.approx(oracle.recall_score(y, own, average="macro"))
    assert found["f1_score"] == pytest.approx(oracle.f1_score(y, own, average="macro"))
    assert found["log_loss"] == pytest.approx(oracle.log_loss(y, p))
    steps = np.floor(p * 1000.0)
    areas = oracle.roc_auc_score(np.eye(3)[y], steps, average="macro")
    assert found["auc"] == pytest.approx(areas)
    pairs = {
        (row["target_label"], row["predicted_label"]): row["count"]
        for row in found["confusion_matrix"]
    }
    counts = oracle.confusion_matrix(y, own)
    wanted = {(ANIMALS[i], ANIMALS[j]): counts[i, j] for i, j in np.argwhere(counts).tolist()}
    assert pairs == wanted


def test_measures_are_those_of_the_predicted_columns(model: LogisticClassifier) -> None:
    data = walks(70, seed=4)
    found = model.evaluate(data)
    targets, labels = data["animal"], model.predict(data)
    vectors = model.predict(data, "probability_vector")
    score = wr.evaluation
    assert found["accuracy"] == score.accuracy(targets, labels)
    for name in ("precision", "recall", "f1_score"):
        assert found[name] == getattr(score, name)(targets, labels)
    assert found["auc"] == score.auc(targets, vectors)
    assert found["log_loss"] == pytest.approx(score.log_loss(targets, vectors), rel=1e-12)
    assert list(found["roc_curve"]) == list(score.roc_curve(targets, vectors))
    assert list(found["roc_curve"]["class"]) == [a for a in ANIMALS for _ in range(1001)]


def test_evaluating_the_training_table_gives_the_training_measures(
    model: LogisticClassifier,
) -> None:
    found = model.evaluate(walks())
    for name in ("accuracy", "auc", "f1_score", "log_loss", "precision", "recall"):
        assert found[name] == model.get(f"training_{name}")
    assert list(found["roc_curve"]) == list(model.training_roc_curve)
    assert model.training_loss == pytest.approx(found["log_loss"] * 90)
    report = model.training_report_by_class
    assert list(report["class"]) == list(ANIMALS)
    assert sum(report["predicted_correctly"]) == pytest.approx(found["accuracy"] * 90)
    assert sum(model.training_confusion_matrix["count"]) == 90


def test_a_class_that_training_did_not_have_is_wrong(model: LogisticClassifier) -> None:
    data = walks()
    strange = data["fur"] < 2
    rows = sum(strange)
    data["animal"] = wr.SArray.where(strange, "yak", data["animal"])
    found = model.evaluate(data)
    known = model.evaluate(data[data["fur"] >= 2])
    assert found["accuracy"] == pytest.approx(known["accuracy"] * (90 - rows) / 90)
    assert found["auc"] == known["auc"]
    lost = known["log_loss"] * (90 - rows) - rows * math.log(1e-9)
    assert found["log_loss"] == pytest.approx(lost / 90)
    assert found["recall"] == pytest.approx(known["recall"] * 3 / 4)
    yaks = [r for r in found["confusion_matrix"] if r["target_label"] == "yak"]
    assert sum(r["count"] for r in yaks) == rows


def test_classes_that_do_not_occur_do_not_make_it_a_model_of_two(model: LogisticClassifier) -> None:
    data = walks()
    cats = data[(data["animal"] == "cat") & (model.predict(data) != "fox")]
    found = model.evaluate(cats)
    recall = sum(model.predict(cats) == "cat") / len(cats)
    assert found["recall"] == pytest.approx(recall)  # of the only class that occurs
    assert found["precision"] == pytest.approx(0.5)  # of cats 1, of dogs 0
    assert found["auc"] is None


def test_predictions_can_come_along(model: LogisticClassifier) -> None:
    found = model.evaluate(walks(), metric="accuracy", with_predictions=True)
    assert list(found["predictions"]) == list(model.classify(walks()))


# --- validation ---


def test_a_validation_table_may_have_classes_of_its_own() -> None:
    other = walks(40, seed=5)
    other["animal"] = wr.SArray.where(other["fur"] < 2, "yak", other["animal"])
    found = create(validation_set=other)
    assert found.classes == list(ANIMALS)
    assert list(found.validation_report_by_class["class"]) == [*ANIMALS, "yak"]
    expected = found.evaluate(other)
    for name in ("accuracy", "auc", "f1_score", "log_loss", "precision", "recall"):
        assert found.get(f"validation_{name}") == pytest.approx(expected[name])
    assert found.training_auc == create().training_auc
    assert list(found.training_confusion_matrix) == list(create().training_confusion_matrix)


def test_a_class_that_the_split_leaves_to_validation_alone_is_no_class() -> None:
    rows, rare = 120, 50
    seed = next(
        seed
        for seed in range(200)
        if int(permute(np.array([rare], dtype=np.uint64), rows, seed)[0]) >= int(rows * 0.95)
    )
    data = walks(rows)
    labels = list(data["animal"])
    labels[rare] = "bat"  # sorts before all others
    data["animal"] = labels
    weights = dict.fromkeys([*ANIMALS, "bat"], 1.0)
    found = create(data, validation_set="auto", seed=seed, class_weights=weights)
    assert found.classes == list(ANIMALS)
    assert list(found.validation_report_by_class["class"]) == [*ANIMALS, "bat"]
    assert sum(found.num_examples_per_class.values()) == found.num_examples == 114
    training = create(walks(rows), validation_set="auto", seed=seed)
    assert list(training.coefficients) == list(found.coefficients)
    expected = found.evaluate(found.validation_data)
    assert found.validation_accuracy == pytest.approx(expected["accuracy"])


# --- saving ---


def test_a_loaded_model_is_the_same(model: LogisticClassifier, tmp_path: Path) -> None:
    model.save(str(tmp_path / "walks.model"))
    again = wr.load_model(tmp_path / "walks.model")
    data = walks(20, seed=2)
    for output in ("class", "probability_vector"):
        assert list(again.predict(data, output)) == list(model.predict(data, output))
    for name in model.list_fields():
        one, other = model.get(name), again.get(name)
        same = list(one) == list(other) if isinstance(one, wr.SFrame) else one == other
        assert same, name
    assert again.summary(output="str") == model.summary(output="str")


def test_a_model_of_two_classes_that_an_older_version_saved_is_read() -> None:
    old = wr.load_model(DATA / "two_classes.model")
    table = wr.SFrame({"hours": [1, 6, 3], "kind": ["a", None, "a"]})
    expected = [-1.3756382299429295, 5.80837687001872, 1.2516981237368383]
    assert list(old.predict(table, "margin")) == pytest.approx(expected, rel=1e-12)
    assert list(old.predict(table)) == ["no", "yes", "yes"]
    assert list(old.coefficients["class"]) == ["yes"] * 4
    assert (old.num_coefficients, old.training_auc, old.training_accuracy) == (4, 1.0, 1.0)
    assert len(old.list_fields()) == 37
