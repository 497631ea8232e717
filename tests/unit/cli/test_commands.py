"""The command line as a person and as a script see it."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import windrow as gl
from windrow.cli import app, train

ROWS = 300
MODELS = ["linear_regression", "logistic_classifier", "svm_classifier"]


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    path = tmp_path / "visits.csv"
    countries = ["at", "be", "ch"]
    lines = ["country,pages,bought"]
    for i in range(ROWS):
        pages = i * 7 % 30
        bought = int((i * 37 % 100) < 20 + 2 * pages)
        lines.append(f"{countries[i % 3]},{pages},{bought}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def trained(visits: Path, tmp_path: Path) -> Path:
    model = tmp_path / "bought.model"
    done = windrow("train", "logistic_classifier", visits, "--target", "bought", "--model", model)
    assert done.exit_code == 0, done.output
    return model


def windrow(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def document(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_show_prints_columns_types_and_rows(visits: Path) -> None:
    done = windrow("show", visits, "--rows", 2, "--count")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[:3] == ["country  str", "pages    int", "bought   int"]
    assert "|    at   |   0   |   1    |" in done.stdout
    assert f"{ROWS} rows in all" in done.stdout


def test_show_for_a_script_is_one_document(visits: Path) -> None:
    found = document(windrow("show", visits, "--rows", 1, "--count", "--json"))
    assert found == {
        "url": str(visits),
        "columns": [
            {"name": "country", "type": "str"},
            {"name": "pages", "type": "int"},
            {"name": "bought", "type": "int"},
        ],
        "rows": [{"country": "at", "pages": 0, "bought": 1}],
        "num_rows": ROWS,
    }


def test_csv_is_read_as_the_options_say(tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    path.write_text("1;x;-\n2;y;5\n", encoding="utf-8")
    options = ["--delimiter", ";", "--no-header", "--na", "-", "--type", "X1=str", "--json"]
    found = document(windrow("show", path, *options))
    assert [column["type"] for column in found["columns"]] == ["str", "str", "int"]
    assert found["rows"][0] == {"X1": "1", "X2": "x", "X3": None}


def test_training_prints_progress_and_measures_and_saves(visits: Path, tmp_path: Path) -> None:
    model = tmp_path / "m"
    done = windrow(
        *("train", "logistic_classifier", visits, "--target", "bought", "--model", model),
        *("--features", "pages,country", "--validation-set", visits, "--solver", "lbfgs"),
    )
    assert done.exit_code == 0, done.output
    assert "Logistic regression:" in done.stdout
    assert "Iteration" in done.stdout
    assert re.search(r"training:\n  accuracy +0\.\d+", done.stdout)
    assert "validation:" in done.stdout
    assert f"saved in {model}" in done.stdout
    assert sorted(gl.load_model(str(model)).features) == ["country", "pages"]


def test_training_quietly_prints_no_progress(visits: Path, tmp_path: Path) -> None:
    done = windrow(
        *("train", "logistic_classifier", visits, "--target", "bought"),
        *("--model", tmp_path / "m", "--quiet"),
    )
    assert "Iteration" not in done.stdout
    assert "accuracy" in done.stdout


def test_training_for_a_script_keeps_progress_off_standard_output(
    visits: Path, tmp_path: Path
) -> None:
    done = windrow(
        *("train", "logistic_classifier", visits, "--target", "bought"),
        *("--model", tmp_path / "m", "--validation-set", "none", "--json"),
    )
    found = document(done)
    assert "Iteration" in done.stderr
    assert found["classes"] == [0, 1]
    assert found["num_examples"] == ROWS
    assert found["status"].startswith("SUCCESS")
    assert 0.5 < found["training"]["accuracy"] <= 1
    assert "validation" not in found


def test_a_regression_is_trained_measured_and_asked(visits: Path, tmp_path: Path) -> None:
    model, output = tmp_path / "pages.model", tmp_path / "out.csv"
    trained = document(
        windrow(
            *("train", "linear_regression", visits, "--target", "pages", "--model", model),
            *("--l1-penalty", 5, "--max-iterations", 1000, "--json"),
        )
    )
    assert trained["solver"] == "fista"
    assert "classes" not in trained
    assert set(trained["training"]) == set(trained["validation"]) == {"max_error", "rmse"}
    measured = document(windrow("evaluate", model, visits, "--json"))
    assert measured == gl.load_model(str(model)).evaluate(gl.SFrame(str(visits)))
    found = document(windrow("predict", model, visits, "--output", output, "--json"))
    assert found["output_type"] == "value"
    written = list(gl.SFrame(str(output))["prediction"])
    expected = list(gl.load_model(str(model)).predict(gl.SFrame(str(visits))))
    assert written == pytest.approx(expected, rel=1e-12)
    refused = windrow("predict", model, visits, "--output", output, "--output-type", "class")
    assert refused.exit_code == 2
    words = " ".join(re.findall(r"\w+", refused.stderr))  # its lines break where the path ends
    assert "predicts a number" in words


def test_a_support_vector_machine_is_trained_measured_and_asked(
    visits: Path, tmp_path: Path
) -> None:
    model, output = tmp_path / "bought.model", tmp_path / "out.csv"
    trained = document(
        windrow(
            *("train", "svm_classifier", visits, "--target", "bought", "--model", model),
            *("--penalty", 0.1, "--max-iterations", 200, "--class-weights", "auto", "--json"),
        )
    )
    assert trained["classes"] == [0, 1]
    assert set(trained["training"]) == {"accuracy", "precision", "recall", "f1_score"}
    done = windrow("evaluate", model, visits, "--metric", "f1_score")
    assert "f1_score" in done.stdout
    for kind in ("class", "margin"):
        done = windrow("predict", model, visits, "--output", output, "--output-type", kind)
        assert done.exit_code == 0, done.output
    done = windrow("predict", model, visits, "--output", output, "--output-type", "probability")
    assert done.exit_code == 1
    assert "'class', 'margin'" in done.stderr


def test_evaluate_prints_every_measure(trained: Path, visits: Path) -> None:
    done = windrow("evaluate", trained, visits)
    assert done.exit_code == 0, done.output
    for name in ("accuracy", "auc", "log_loss", "confusion_matrix"):
        assert name in done.stdout
    assert "target_label" in done.stdout


def test_evaluate_gives_a_script_the_same_numbers(trained: Path, visits: Path) -> None:
    found = document(windrow("evaluate", trained, visits, "--json"))
    again = gl.load_model(str(trained)).evaluate(gl.SFrame(str(visits)))
    assert found["auc"] == again["auc"]
    assert sum(row["count"] for row in found["confusion_matrix"]) == ROWS
    assert document(windrow("evaluate", trained, visits, "--metric", "auc", "--json")) == {
        "auc": again["auc"]
    }


def test_predict_writes_a_column_in_the_order_of_the_table(
    trained: Path, visits: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.csv"
    done = windrow(
        *("predict", trained, visits, "--output", output),
        *("--output-type", "probability", "--keep", "country"),
    )
    assert done.exit_code == 0, done.output
    written = gl.SFrame(str(output))
    assert written.column_names() == ["country", "prediction"]
    model = gl.load_model(str(trained))
    expected = model.predict(gl.SFrame(str(visits)), output_type="probability")
    assert list(written["prediction"]) == pytest.approx(list(expected), rel=1e-12)


def test_a_model_of_three_classes_is_trained_evaluated_and_predicts(
    visits: Path, tmp_path: Path
) -> None:
    model, output = tmp_path / "where.model", tmp_path / "where"
    train = ("train", "logistic_classifier", visits, "--target", "country", "--model", model)
    assert windrow(*train).exit_code == 0
    found = document(windrow("evaluate", model, visits, "--json"))
    loaded, table = gl.load_model(str(model)), gl.SFrame(str(visits))
    again = loaded.evaluate(table)
    assert found["auc"] == again["auc"]
    assert len(found["roc_curve"]) == 3 * 1001
    assert {row["class"] for row in found["roc_curve"]} == {"at", "be", "ch"}
    shown = windrow("evaluate", model, visits).stdout
    assert "confusion_matrix" in shown
    kind = ("--output-type", "probability_vector")
    assert windrow("predict", model, visits, "--output", output, *kind).exit_code == 0
    written = gl.load_sframe(str(output))["prediction"]
    assert list(written) == list(loaded.predict(table, "probability_vector"))
    refused = windrow("predict", model, visits, "--output", output, "--output-type", "margin")
    assert refused.exit_code != 0
    assert "use predict_topk()" in refused.output


def test_predict_tells_a_script_where_it_wrote(trained: Path, visits: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    found = document(windrow("predict", trained, visits, "--output", output, "--json"))
    assert found["output"] == str(output)
    assert len(gl.load_sframe(str(output))) == ROWS


def test_predicting_again_replaces_the_file(trained: Path, visits: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    for kind in ("class", "margin"):
        done = windrow("predict", trained, visits, "--output", output, "--output-type", kind)
        assert done.exit_code == 0, done.output
    assert gl.SFrame(str(output)).column_types() == [float]


def test_a_deliberate_error_is_one_sentence_and_code_one(visits: Path, tmp_path: Path) -> None:
    done = windrow(
        "train", "logistic_classifier", visits, "--target", "bougth", "--model", tmp_path / "m"
    )
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("windrow: ")
    assert "'bougth'" in done.stderr
    assert "did you mean 'bought'?" in done.stderr


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = windrow("show", tmp_path / "absent.csv")
    assert done.exit_code == 1
    assert "absent.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_place_that_cannot_hold_the_model_is_refused_before_training(visits: Path) -> None:
    done = windrow(
        *("train", "logistic_classifier", visits, "--target", "bought"),
        *("--model", visits / "m"),
    )
    assert done.exit_code == 1
    assert done.stdout == ""
    assert f"{visits} is a file" in done.stderr


def test_classes_can_be_weighed(visits: Path, tmp_path: Path) -> None:
    found = []
    for given in (["auto"], ["0=1", "1=3"]):
        weights = [word for pair in given for word in ("--class-weights", pair)]
        found.append(
            document(
                windrow(
                    *("train", "logistic_classifier", visits, "--target", "bought", *weights),
                    *("--model", tmp_path / "m", "--validation-set", "none", "--json"),
                )
            )["training"]["recall"]
        )
    assert found[0] < found[1]


def test_a_weight_that_is_none_is_not_understood(visits: Path, tmp_path: Path) -> None:
    done = windrow(
        *("train", "logistic_classifier", visits, "--target", "bought"),
        *("--model", tmp_path / "m", "--class-weights", "0=heavy"),
    )
    assert done.exit_code == 2
    assert "0=heavy" in done.stderr


def test_debug_adds_the_traceback(tmp_path: Path) -> None:
    done = windrow("show", tmp_path / "absent.csv", "--debug")
    assert done.exit_code == 1
    assert "Traceback (most recent call last)" in done.stderr


def test_a_script_gets_the_error_as_a_document(tmp_path: Path) -> None:
    done = windrow("show", tmp_path / "absent.csv", "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["error"]["type"] == "SourceNotFoundError"
    assert found["error"]["message"] in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["shew"],
        ["show"],
        ["show", "a.csv", "--rows", "many"],
        ["show", "a.csv", "--type", "a=complex"],
        ["train", "logistic_classifier", "a.csv", "--target", "y"],
        ["train", "logistic_classifier", "a.csv", "--target", "y", "--model", "m", "--solver", "x"],
    ],
)
def test_what_is_not_understood_is_code_two(arguments: list[str]) -> None:
    assert windrow(*arguments).exit_code == 2


def test_an_interrupt_is_code_130(visits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("windrow.cli.show.table", interrupted)
    done = windrow("show", visits)
    assert done.exit_code == 130
    assert "interrupted" in done.stderr


def test_warnings_are_lines_without_a_source_position(visits: Path, tmp_path: Path) -> None:
    done = windrow(
        *("train", "logistic_classifier", visits, "--target", "bought", "--quiet"),
        *("--model", tmp_path / "m", "--max-iterations", 1, "--validation-set", "none"),
    )
    assert done.exit_code == 0, done.output
    assert re.fullmatch(r"windrow: warning: .*gradient.*\n", done.stderr)


def test_version_is_printed() -> None:
    assert windrow("--version").stdout == f"windrow {gl.__version__}\n"


@pytest.mark.parametrize(
    "command",
    [["show"], *(["train", model] for model in MODELS), ["evaluate"], ["predict"], ["demo"]],
)
def test_help_of_each_command_has_examples(command: list[str]) -> None:
    done = windrow(*command, "--help")
    assert done.exit_code == 0
    assert "Examples" in done.stdout
    assert f"windrow {' '.join(command)}" in done.stdout


@pytest.mark.parametrize("model", MODELS)
def test_train_has_every_option_of_create_with_its_default(model: str) -> None:
    command = inspect.signature(getattr(train, model)).parameters
    options = set(command)
    for name, own in inspect.signature(getattr(gl, model).create).parameters.items():
        if name in command and own.default is not inspect.Parameter.empty:
            assert command[name].default == own.default, name
        if name not in {"dataset", "transformer", "verbose"}:  # what no command line can say
            assert {name, f"no_{name}"} & options, name


def test_the_installed_module_runs_as_a_process(visits: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "windrow", "show", str(visits), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["columns"][0]["name"] == "country"
