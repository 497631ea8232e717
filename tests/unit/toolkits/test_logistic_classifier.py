from __future__ import annotations

import datetime
import hashlib
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import windrow as wr
from windrow.errors import (
    ArgumentError,
    ArgumentTypeError,
    ClassWeightError,
    ColumnNotFoundError,
    ConvergenceWarning,
    FeatureTypeError,
    MissingFeatureError,
    MissingTargetError,
    NoFeaturesError,
    NonFiniteFeatureError,
    NoRowsError,
    OptionChoiceError,
    OptionRangeError,
    PenaltySolverError,
    SchemaMismatchError,
    SolverSizeError,
    ToolkitError,
    UnknownFieldError,
    UnsupportedFeatureError,
    UnsupportedTargetError,
)
from windrow.execution import environment
from windrow.execution.local import LocalExecutor

if TYPE_CHECKING:
    from windrow.toolkits.logistic_classifier import LogisticClassifier


def visits(rows: int = 60, seed: int = 0) -> wr.SFrame:
    random = np.random.default_rng(seed)
    pages = random.integers(1, 40, rows)
    minutes = random.normal(10.0, 3.0, rows)
    country = random.choice(["at", "ch", "de"], rows)
    odds = 0.1 * (pages - 20) + 0.2 * (minutes - 10.0) + (country == "ch") * 0.8
    bought = np.where(random.random(rows) < 1.0 / (1.0 + np.exp(-odds)), "yes", "no")
    return wr.SFrame(
        {
            "country": country.tolist(),
            "pages": pages.tolist(),
            "minutes": minutes.tolist(),
            "bought": bought.tolist(),
        }
    )


def create(data: wr.SFrame | None = None, **options: Any) -> LogisticClassifier:
    settings: dict[str, Any] = {"target": "bought", "verbose": False, "validation_set": None}
    settings |= options
    return wr.logistic_classifier.create(visits() if data is None else data, **settings)


@pytest.fixture(scope="module")
def model() -> LogisticClassifier:
    return create()


# --- what comes out ---


def test_coefficients_follow_the_order_of_the_table(model: LogisticClassifier) -> None:
    found = model.coefficients
    reference = visits()[0]["country"]
    names = list(zip(found["name"], found["index"], strict=True))
    assert names[0] == ("(intercept)", None)
    assert [name for name, _ in names[1:]] == ["country", "country", "pages", "minutes"]
    assert {index for _, index in names[1:3]} == {"at", "ch", "de"} - {reference}
    assert set(found["class"]) == {"yes"}
    assert all(error > 0 for error in found["stderr"])


def test_features_are_used_in_the_order_of_the_table() -> None:
    found = create(features=["minutes", "pages"])
    assert found.features == ["pages", "minutes"]
    assert list(found.coefficients["name"]) == ["(intercept)", "pages", "minutes"]


def test_fields_are_attributes_items_and_by_name(model: LogisticClassifier) -> None:
    assert (
        model.target == model["target"] == model.get("target") == model._get("target") == "bought"
    )
    assert model._list_fields() == model.list_fields()
    assert "coefficients" in dir(model)


def test_setting_a_field_is_ignored(model: LogisticClassifier) -> None:
    model.target = "pages"
    assert model.target == "bought"


def test_an_unknown_field_is_a_key_error_and_a_toolkit_error(model: LogisticClassifier) -> None:
    with pytest.raises(UnknownFieldError, match="no field 'coefs'") as caught:
        model.get("coefs")
    assert isinstance(caught.value, (KeyError, ToolkitError))
    with pytest.raises(AttributeError, match="no attribute 'coefs'"):
        _ = model.coefs


def test_classes_are_sorted_texts(model: LogisticClassifier) -> None:
    assert model.classes == ["no", "yes"]
    assert model.num_classes == 2
    assert sum(model.num_examples_per_class.values()) == model.num_examples == 60


def test_repr_is_the_summary(model: LogisticClassifier) -> None:
    assert repr(model) == model.summary(output="str")
    assert model.summary(output="dict")["section_titles"][0] == "Schema"
    with pytest.raises(OptionChoiceError, match="'output'"):
        model.summary(output="html")


def test_lbfgs_gives_standard_errors_too() -> None:
    found = create(solver="lbfgs", max_iterations=100)
    assert found.solver == "lbfgs"
    assert all(error > 0 for error in found.coefficients["stderr"])
    assert found.progress["Iteration"][0] == "0"


def test_none_in_a_text_is_a_category_shown_as_an_empty_text() -> None:
    data = visits()
    first = data[0]["country"]
    gone = next(country for country in data["country"] if country != first)
    data["country"] = data["country"].apply(lambda c: None if c == gone else c, dtype=str)
    found = create(data)
    assert set(found.coefficients["index"]) == {None, "", *{"at", "ch", "de"} - {first, gone}}
    assert list(found.predict(data, missing_value_action="error")) == list(found.predict(data))


# --- validation ---


def test_the_automatic_validation_set_is_told_and_given() -> None:
    data = visits(250)
    found = create(data, validation_set="auto")
    assert (found.num_examples, len(found.validation_data)) == (237, 13)
    assert found.validation_data.column_names() == data.column_names()
    assert len(found.list_fields()) == 47
    hits = found.evaluate(found.validation_data)["accuracy"]
    assert found.validation_accuracy == pytest.approx(hits)
    assert found.progress.column_names()[-1] == "Validation Accuracy"
    assert found.validation_loss == pytest.approx(found.validation_log_loss * 13)


def test_the_notice_of_a_split_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    create(visits(250), validation_set="auto", verbose=True)
    out = capsys.readouterr().out
    assert out.startswith("PROGRESS: Creating a validation set from 5 percent of training data.")


def test_the_split_depends_on_the_seed_alone() -> None:
    data = visits(250)
    first, second, other = (
        list(create(data, validation_set="auto", seed=seed).validation_data["pages"])
        for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


def test_a_validation_table_is_measured_and_kept() -> None:
    other = visits(40, seed=5)
    found = create(validation_set=other)
    assert found.validation_data is other
    expected = found.evaluate(other)
    assert found.validation_auc == pytest.approx(expected["auc"])
    assert found.validation_log_loss == pytest.approx(expected["log_loss"])


def test_a_validation_table_needs_every_column_with_its_type() -> None:
    other = visits(40)
    with pytest.raises(SchemaMismatchError, match="'pages' is missing"):
        create(features=["minutes"], validation_set=other.remove_column("pages"))
    other["pages"] = other["pages"].astype(str)
    with pytest.raises(SchemaMismatchError, match="'pages' is str and not int"):
        create(features=["minutes"], validation_set=other)


# --- predicting ---


def test_a_table_one_dict_and_a_list_of_dicts_agree(model: LogisticClassifier) -> None:
    data = visits()
    rows = list(data)
    for output in ("class", "probability", "margin"):
        lazily = list(model.predict(data, output_type=output))
        assert list(model.predict(rows, output_type=output)) == lazily
        assert list(model.predict(rows[3], output_type=output)) == lazily[3:4]
    vectors = model.predict(rows[:2], output_type="probability_vector")
    assert [sum(vector) for vector in vectors] == pytest.approx([1.0, 1.0])
    assert list(model.classify(rows)["class"]) == list(model.predict(data))


def test_predict_is_lazy(model: LogisticClassifier) -> None:
    assert not model.predict(visits()).is_materialized()


def test_missing_numbers_count_as_training_means(model: LogisticClassifier) -> None:
    means = {name: visits()[name].mean() for name in ("pages", "minutes")}
    full = model.predict({"country": "ch", **means}, output_type="margin")[0]
    gaps = wr.SFrame({"country": ["ch", "ch"], "pages": [None, 3], "minutes": [None, 2.0]})[:1]
    assert model.predict(gaps, output_type="margin")[0] == pytest.approx(full)
    assert model.predict({"country": "ch"}, output_type="margin")[0] == pytest.approx(full)


def test_an_absent_column_counts_as_missing(model: LogisticClassifier) -> None:
    data = visits()
    without = model.predict(data.remove_column("pages"), output_type="margin")
    data["pages"] = data["pages"].mean()
    assert list(without) == pytest.approx(list(model.predict(data, output_type="margin")))


def test_new_and_missing_categories_count_as_the_reference(model: LogisticClassifier) -> None:
    row = {"pages": 3, "minutes": 8.0}
    reference = visits()[0]["country"]
    expected = model.predict({**row, "country": reference}, output_type="margin")[0]
    for country in ("xx", None):
        found = model.predict({**row, "country": country}, output_type="margin")[0]
        assert found == expected


def test_a_table_may_begin_with_missing_values(model: LogisticClassifier) -> None:
    rows: list[dict[str, Any]] = [
        {"country": None, "pages": None, "minutes": None},
        {"country": "at", "pages": 1},
    ]
    data = wr.SFrame({name: [row.get(name) for row in rows] for name in rows[0]})
    for output in ("margin", "class"):
        assert list(model.predict(data, output)) == list(model.predict(rows, output))


def test_nan_gives_nan_and_no_class(model: LogisticClassifier) -> None:
    data = wr.SFrame({"country": ["at", "at"], "pages": [1, 1], "minutes": [math.nan, 5.0]})
    margins = list(model.predict(data, output_type="margin"))
    assert math.isnan(margins[0])
    assert not math.isnan(margins[1])
    assert model.predict(data)[0] is None
    row = {"country": "at", "pages": 1, "minutes": math.nan}
    assert model.predict(row)[0] is None


def test_missing_values_can_be_refused(model: LogisticClassifier) -> None:
    row = {"country": "at", "pages": None, "minutes": 5.0}
    with pytest.raises(MissingFeatureError, match="'pages'"):
        model.predict(row, missing_value_action="error")
    data = visits()
    data["minutes"] = data["minutes"].apply(lambda m: None if m > 10 else m, dtype=float)
    with pytest.raises(MissingFeatureError, match="'minutes'"):
        len(list(model.predict(data, missing_value_action="error")))
    with pytest.raises(MissingFeatureError, match="'minutes'"):
        model.evaluate(data, missing_value_action="error")
    with pytest.raises(ColumnNotFoundError, match="'pages'"):
        model.predict(data.remove_column("pages"), missing_value_action="error")
    with pytest.raises(OptionChoiceError, match="'missing_value_action'"):
        model.predict(data, missing_value_action="drop")


def test_types_are_checked_at_once(model: LogisticClassifier) -> None:
    data = visits()
    data["pages"] = data["pages"].astype(str)
    with pytest.raises(FeatureTypeError, match="'pages' is of type str"):
        model.predict(data)
    with pytest.raises(FeatureTypeError, match="'pages' is of type str"):
        model.predict({"pages": "3"})
    with pytest.raises(FeatureTypeError, match="'country' is of type int"):
        model.predict({"country": 3})
    data = visits()
    data["country"] = 1
    with pytest.raises(FeatureTypeError, match="'country' is of type int"):
        model.classify(data)
    with pytest.raises(ArgumentTypeError, match="dataset"):
        model.predict(3)


def test_an_int_column_may_stand_for_floats_and_back(model: LogisticClassifier) -> None:
    row = {"country": "at", "pages": 3.0, "minutes": 5}
    assert len(model.predict(row)) == 1
    data = wr.SFrame({"country": ["at"], "pages": [3.0], "minutes": [5]})
    assert list(model.predict(data)) == list(model.predict(row))


def test_no_rows_raise(model: LogisticClassifier) -> None:
    with pytest.raises(NoRowsError):
        model.predict(visits()[:0])
    with pytest.raises(NoRowsError):
        model.predict([])
    data = visits()
    with pytest.raises(NoRowsError):
        model.evaluate(data[data["pages"] > 1000])


def test_the_output_type_is_one_of_four(model: LogisticClassifier) -> None:
    with pytest.raises(OptionChoiceError, match="'probability_vector'"):
        model.predict(visits(), output_type="odds")


def test_topk_takes_at_most_all_classes(model: LogisticClassifier) -> None:
    found = model.predict_topk(visits(), k=1, output_type="rank")
    assert list(found["class"]) == list(model.predict(visits()))
    assert set(found["rank"]) == {0}
    with pytest.raises(OptionRangeError, match="'k'"):
        model.predict_topk(visits(), k=3)
    with pytest.raises(OptionChoiceError):
        model.predict_topk(visits(), k=1, output_type="class")


# --- evaluating ---


def test_evaluating_the_training_table_gives_the_training_measures(
    model: LogisticClassifier,
) -> None:
    found = model.evaluate(visits())
    for name in ("accuracy", "auc", "f1_score", "log_loss", "precision", "recall"):
        assert found[name] == pytest.approx(model.get(f"training_{name}"))
    assert model.training_loss == pytest.approx(found["log_loss"] * 60)


def test_one_metric_by_name(model: LogisticClassifier) -> None:
    assert list(model.evaluate(visits(), metric="auc")) == ["auc"]
    with pytest.raises(OptionChoiceError, match="'log_loss'"):
        model.evaluate(visits(), metric="rmse")


def test_a_class_that_training_did_not_have_is_wrong(model: LogisticClassifier) -> None:
    data = visits()
    strange = data["pages"] < 10
    data["bought"] = wr.SArray.where(strange, "perhaps", data["bought"])
    found = model.evaluate(data)
    assert found["accuracy"] < model.training_accuracy
    assert "perhaps" in set(found["confusion_matrix"]["target_label"])
    assert sum(found["confusion_matrix"]["count"]) == 60


def test_predictions_can_come_along(model: LogisticClassifier) -> None:
    found = model.evaluate(visits(), metric="accuracy", with_predictions=True)
    assert list(found["predictions"]) == list(model.classify(visits()))


def test_what_cannot_be_evaluated(model: LogisticClassifier) -> None:
    data = visits()
    with pytest.raises(ColumnNotFoundError, match="'bought'"):
        model.evaluate(data.remove_column("bought"))
    data["bought"] = 1
    with pytest.raises(FeatureTypeError, match="'bought'"):
        model.evaluate(data)
    data["bought"] = visits()["bought"].apply(lambda b: None if b == "no" else b, dtype=str)
    with pytest.raises(MissingTargetError, match="'bought'"):
        model.evaluate(data)
    data = visits()
    data["minutes"] = data["minutes"] / 0.0
    with pytest.raises(NonFiniteFeatureError, match="'minutes'"):
        model.evaluate(data)


# --- what create refuses ---


@pytest.mark.parametrize(
    "option, value",
    [
        ("l2_penalty", -1.0),
        ("l2_penalty", math.nan),
        ("l1_penalty", 1e21),
        ("convergence_threshold", 0.0),
        ("step_size", -0.5),
        ("max_iterations", 0),
        ("lbfgs_memory_level", 0),
    ],
)
def test_an_option_out_of_range_is_named_with_its_range(option: str, value: Any) -> None:
    with pytest.raises(OptionRangeError, match=rf"Option '{option}' must be in the range \["):
        create(None, **{option: value})


def test_the_sentence_of_a_range_is_the_one_that_users_know() -> None:
    with pytest.raises(ToolkitError) as caught:
        create(l2_penalty=-1)
    wanted = "Option 'l2_penalty' must be in the range [0, 1e+20]."
    assert str(caught.value).startswith(wanted)


def test_an_option_of_a_wrong_type() -> None:
    with pytest.raises(ArgumentTypeError, match="max_iterations"):
        create(max_iterations=2.5)
    with pytest.raises(ArgumentTypeError, match="l2_penalty"):
        create(l2_penalty="strong")


def test_a_choice_that_does_not_exist() -> None:
    with pytest.raises(OptionChoiceError, match="'solver'"):
        create(solver="sgd")
    with pytest.raises(OptionChoiceError, match="'validation_set'"):
        create(validation_set="later")
    with pytest.raises(ArgumentTypeError, match="validation_set"):
        create(validation_set=0.2)


@pytest.mark.parametrize(
    "weights, problem",
    [
        ({"yes": 1.0}, "has no weight for 'no'"),
        ({"yes": 1.0, "no": 1.0, "perhaps": 1.0}, "names 'perhaps'"),
        ({"yes": 1.0, "no": 0.0}, "has 0.0 for 'no'"),
        ({"yes": 1.0, "no": "much"}, "has 'much' for 'no'"),
    ],
)
def test_class_weights_must_fit_the_classes(weights: dict[str, Any], problem: str) -> None:
    with pytest.raises(ClassWeightError, match=re.escape(problem)):
        create(class_weights=weights)


def test_class_weights_are_a_field() -> None:
    assert create(class_weights={"no": 2, "yes": 1}).class_weights == {"no": 2.0, "yes": 1.0}
    with pytest.raises(OptionChoiceError, match="'class_weights'"):
        create(class_weights="balanced")


def test_an_l1_penalty_makes_small_coefficients_nought() -> None:
    options: dict[str, Any] = {"l1_penalty": 5.0, "max_iterations": 2000}
    found = create(**options, convergence_threshold=1e-8)
    values = np.array(list(found.coefficients["value"]))
    assert found.solver == "fista"
    assert found.progress["Iteration"][0] == "0"
    assert 0 < np.count_nonzero(values[1:]) < values.size - 1
    for solver in ("newton", "lbfgs"):
        with pytest.raises(PenaltySolverError, match=f"'{solver}'"):
            create(l1_penalty=5.0, solver=solver)


def test_fista_meets_newton_without_an_l1_penalty() -> None:
    found = create(solver="fista", max_iterations=5000, convergence_threshold=1e-9)
    exact = create(max_iterations=50, convergence_threshold=1e-9)
    values = list(exact.coefficients["value"])
    assert list(found.coefficients["value"]) == pytest.approx(values, rel=1e-5)


def test_a_wrong_table_target_or_feature() -> None:
    data = visits()
    with pytest.raises(ArgumentTypeError, match="dataset"):
        create([{"a": 1}])  # type: ignore[arg-type]
    with pytest.raises(ColumnNotFoundError, match="did you mean 'bought'"):
        create(target="bougt")
    with pytest.raises(ColumnNotFoundError, match="did you mean 'pages'"):
        create(features=["page"])
    with pytest.raises(UnsupportedTargetError, match="'minutes' has the type float"):
        create(target="minutes")
    with pytest.raises(ArgumentError, match="features"):
        create(features=["pages", "bought"])
    with pytest.raises(ArgumentTypeError, match="features"):
        create(features="pages")
    with pytest.raises(NoFeaturesError):
        create(features=[])
    with pytest.raises(NoFeaturesError):
        create(data[["bought"]])
    data["day"] = wr.SArray([datetime.datetime(2020, 1, 1)] * len(data))  # noqa: DTZ001
    with pytest.raises(UnsupportedFeatureError, match="'day' has the type datetime"):
        create(data)


def test_a_missing_number_can_be_imputed_in_training() -> None:
    data = visits()
    data["minutes"] = data["minutes"].apply(lambda m: None if m > 12 else m, dtype=float)
    with pytest.raises(MissingFeatureError, match="'minutes'"):
        create(data)
    assert create(data, missing_value_action="impute").num_examples == 60


def test_newton_refuses_ten_thousand_categories() -> None:
    names = [f"c{i}" for i in range(10_050)]
    data = wr.SFrame({"c": names, "y": [i % 2 for i in range(10_050)]})
    with pytest.raises(SolverSizeError, match="10050"):
        create(data, target="y", solver="newton")


# --- how it ends ---


def test_a_fit_that_did_not_converge_warns_where_the_user_is() -> None:
    with pytest.warns(ConvergenceWarning, match="largest gradient entry") as caught:
        found = create(max_iterations=1, convergence_threshold=1e-9)
    assert caught[0].filename == __file__
    assert found.training_solver_status == "Completed (Iteration limit reached)."


def test_at_its_limit_the_table_ends_with_advice(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(ConvergenceWarning):
        create(max_iterations=1, convergence_threshold=1e-9, verbose=True)
    assert capsys.readouterr().out.endswith(
        "Completed (Iteration limit reached).\nThis model may not be optimal."
        " To improve it, consider increasing `max_iterations`.\n\n"
    )


def test_not_verbose_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    create()
    assert capsys.readouterr() == ("", "")


def test_an_interrupt_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("windrow.execution.driver.DriverSession.checkpoint", interrupted)
    with pytest.raises(KeyboardInterrupt):
        create()


def test_threads_and_memory_change_no_bit() -> None:
    data, digests = visits(3000), set()
    for threads, budget in ((1, 1 << 30), (2, 1 << 30), (2, 1000)):
        executor = LocalExecutor(threads=threads, memory_budget=budget)
        environment.use(executor)
        try:
            weights = np.array(list(create(data).coefficients["value"]))
        finally:
            environment.use(None)
            executor.close()
        digests.add(hashlib.sha256(weights.tobytes()).hexdigest())
    assert len(digests) == 1
