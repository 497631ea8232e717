from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st
from scipy import optimize

import windrow as wr
from windrow.errors import (
    ClassCountError,
    ClassWeightError,
    ConvergenceWarning,
    FeatureTypeError,
    MissingFeatureError,
    MissingTargetError,
    OptionChoiceError,
    OptionRangeError,
    UnsupportedTargetError,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windrow.toolkits.svm_classifier import SVMClassifier

TIGHT: dict[str, Any] = {"convergence_threshold": 1e-4, "max_iterations": 2000}


def visits(rows: int = 60, seed: int = 0) -> wr.SFrame:
    random = np.random.default_rng(seed)
    pages = random.integers(1, 40, rows)
    minutes = random.normal(10.0, 3.0, rows)
    country = random.choice(["at", "ch", "de"], rows)
    lean = 0.1 * (pages - 20) + 0.2 * (minutes - 10.0) + (country == "ch") * 0.8
    bought = np.where(lean + random.normal(0, 0.7, rows) > 0, "yes", "no")
    bought[:2] = ["no", "yes"]
    return wr.SFrame(
        {
            "country": country.tolist(),
            "pages": pages.tolist(),
            "minutes": minutes.tolist(),
            "bought": bought.tolist(),
        }
    )


def create(data: wr.SFrame | None = None, **options: Any) -> SVMClassifier:
    wanted: dict[str, Any] = {
        "target": "bought",
        "verbose": False,
        "validation_set": None,
        "max_iterations": 200,
    }
    return wr.svm_classifier.create(visits() if data is None else data, **(wanted | options))


def matrix(data: wr.SFrame) -> NDArray[np.float64]:
    countries = list(data["country"])
    levels = list(dict.fromkeys(countries))[1:]
    dummies = [np.array([float(country == level) for country in countries]) for level in levels]
    numbers = [data[name].to_numpy() for name in ("pages", "minutes")]
    return np.column_stack([np.ones(len(countries)), *dummies, *numbers])


@pytest.fixture(scope="module")
def model() -> SVMClassifier:
    return create()


@given(
    st.integers(0, 10_000),
    st.integers(20, 200),
    st.sampled_from([0.01, 1.0, 50.0]),
    st.sampled_from([(1.0, 1.0), (0.5, 4.0)]),
    st.booleans(),
)
@example(1241, 20, 50.0, (0.5, 4.0), False)  # here SciPy's own tolerance stopped too early
@settings(max_examples=25, deadline=None)
def test_the_objective_is_as_low_as_scipy_finds_it(
    seed: int, rows: int, penalty: float, weights: tuple[float, float], rescale: bool
) -> None:
    data = visits(rows, seed)
    X, second = matrix(data), np.array([b == "yes" for b in data["bought"]])
    s, w = np.where(second, 1.0, -1.0), np.where(second, weights[1], weights[0])
    scale = np.sqrt(X.mean(axis=0) ** 2 + X.var(axis=0, ddof=1)) if rescale else np.ones(X.shape[1])
    scale[0] = 1.0
    Z = X / scale

    def cost(b: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        u = 30.0 * (1.0 - s * (Z @ b))
        inner = np.append(0.0, b[1:])
        value = (w * np.logaddexp(0.0, u)).sum() / 30.0 + (inner**2).sum() / (2.0 * penalty)
        return value, Z.T @ (-s * w * np.exp(-np.logaddexp(0.0, -u))) + inner / penalty

    oracle = optimize.minimize(
        cost,
        np.zeros(Z.shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 50_000, "maxfun": 100_000, "ftol": 1e-15, "gtol": 1e-9},
    )
    found = create(
        data,
        penalty=penalty,
        class_weights=dict(zip(("no", "yes"), weights, strict=True)),
        feature_rescaling=rescale,
        **TIGHT,
    )
    own = cost(np.array(list(found.coefficients["value"])) * scale)[0]
    assert own <= oracle.fun * (1 + 1e-6)
    assert own == pytest.approx(oracle.fun, rel=1e-4)


def test_the_loss_leaves_the_penalty_out(model: SVMClassifier) -> None:
    data = visits()
    s = np.array([1.0 if b == "yes" else -1.0 for b in data["bought"]])
    margins = model.predict(data, "margin").to_numpy()
    wanted = np.logaddexp(0.0, 30.0 * (1.0 - s * margins)).sum() / 30.0
    assert model.training_loss == pytest.approx(wanted)


def test_margins_classes_and_no_more(model: SVMClassifier) -> None:
    data = visits()
    margins = list(model.predict(data, output_type="margin"))
    classes = list(model.predict(data))
    assert classes == ["yes" if margin >= 0 else "no" for margin in margins]
    assert list(model.predict(list(data), "margin")) == margins
    found = model.classify(data)
    assert found.column_names() == ["class"]
    assert list(found["class"]) == classes
    for output in ("probability", "probability_vector"):
        with pytest.raises(OptionChoiceError, match="'class', 'margin'"):
            model.predict(data, output_type=output)
    with pytest.raises(AttributeError):
        _ = model.predict_topk  # only models of probabilities rank classes


def test_evaluate_has_five_measures(model: SVMClassifier) -> None:
    data = visits()
    found = model.evaluate(data)
    assert list(found) == ["accuracy", "confusion_matrix", "f1_score", "precision", "recall"]
    for name in ("accuracy", "f1_score", "precision", "recall"):
        assert found[name] == model[f"training_{name}"]
    assert list(model.evaluate(data, metric="recall")) == ["recall"]
    with pytest.raises(OptionChoiceError, match="'f1_score'"):
        model.evaluate(data, metric="auc")
    both = model.evaluate(data, metric="accuracy", with_predictions=True)
    assert both["predictions"].column_names() == ["class"]


def test_a_validation_set_is_measured_too() -> None:
    data = visits(250)
    found = create(data, validation_set="auto")
    assert (found.num_examples, len(found.validation_data)) == (237, 13)
    validating = {name for name in found.list_fields() if name.startswith("validation_")}
    assert validating == {
        "validation_accuracy",
        "validation_confusion_matrix",
        "validation_data",
        "validation_f1_score",
        "validation_loss",
        "validation_precision",
        "validation_recall",
        "validation_report_by_class",
    }
    held = found.validation_data
    assert found.evaluate(held)["accuracy"] == found.validation_accuracy
    s = np.array([1.0 if b == "yes" else -1.0 for b in held["bought"]])
    lost = np.logaddexp(0.0, 30.0 * (1.0 - s * found.predict(held, "margin").to_numpy()))
    assert found.validation_loss == pytest.approx(lost.sum() / 30.0)
    assert found.progress.column_names()[-1] == "Validation Accuracy"


def test_lbfgs_is_the_only_solver(model: SVMClassifier) -> None:
    assert model.solver == create(solver="lbfgs").solver == "lbfgs"
    for solver in ("newton", "fista"):
        with pytest.raises(OptionChoiceError, match="must be one of 'auto', 'lbfgs'"):
            create(solver=solver)


def test_at_its_limit_the_advice_is_one_that_helps() -> None:
    with pytest.warns(ConvergenceWarning, match="raise max_iterations"):
        create(max_iterations=1)


@pytest.mark.parametrize("penalty", [0.0, -1.0, 1e21])
def test_the_penalty_has_a_range(penalty: float) -> None:
    with pytest.raises(OptionRangeError, match=r"'penalty' must be in the range \[1e-10, 1e\+20\]"):
        create(penalty=penalty)


def test_what_create_refuses() -> None:
    data = visits()
    with pytest.raises(UnsupportedTargetError, match="'minutes' has the type float"):
        create(target="minutes")
    with pytest.raises(ClassCountError, match="'country' has 3 distinct values"):
        create(target="country")
    with pytest.raises(ClassWeightError, match="names 'perhaps'"):
        create(class_weights={"yes": 1.0, "no": 1.0, "perhaps": 1.0})
    data["bought"] = data["bought"].apply(lambda b: None if b == "no" else b, dtype=str)
    with pytest.raises(MissingTargetError, match="'bought'"):
        create(data)
    data = visits()
    data["minutes"] = data["minutes"].apply(lambda m: None if m > 12 else m, dtype=float)
    with pytest.raises(MissingFeatureError, match="'minutes'"):
        create(data)
    assert create(data, missing_value_action="impute").num_examples == 60


def test_what_cannot_be_evaluated(model: SVMClassifier) -> None:
    data = visits()
    data["bought"] = 1
    with pytest.raises(FeatureTypeError, match="'bought'"):
        model.evaluate(data)


def test_automatic_weights_add_up_to_one() -> None:
    found = create(class_weights="auto")
    rows = found.num_examples_per_class
    assert sum(found.class_weights.values()) == pytest.approx(1.0)
    assert found.class_weights["no"] / found.class_weights["yes"] == pytest.approx(
        rows["yes"] / rows["no"]
    )


def test_a_saved_model_comes_back_with_every_field(model: SVMClassifier, tmp_path: Any) -> None:
    model.save(str(tmp_path / "bought.model"))
    again = wr.load_model(str(tmp_path / "bought.model"))
    assert type(again) is type(model)
    assert again.list_fields() == model.list_fields()
    assert again.summary(output="str") == model.summary(output="str")
    assert list(again.predict(visits(), "margin")) == list(model.predict(visits(), "margin"))
    assert again.evaluate(visits(), "accuracy") == model.evaluate(visits(), "accuracy")
