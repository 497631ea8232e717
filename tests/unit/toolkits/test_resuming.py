"""A fit that goes on from any of its checkpoints ends as one that ran through, to the last bit."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import windrow as wr
from windrow.config import configured
from windrow.errors import (
    ArgumentTypeError,
    CheckpointMismatchError,
    ConvergenceWarning,
    NoCheckpointError,
    UnwritableError,
)
from windrow.execution.checkpoints import Checkpoints

if TYPE_CHECKING:
    from windrow.toolkits.logistic_classifier import LogisticClassifier

SOLVERS: dict[str, dict[str, Any]] = {
    "newton": {"solver": "newton", "convergence_threshold": 1e-6},
    "lbfgs": {"solver": "lbfgs", "convergence_threshold": 1e-2, "max_iterations": 60},
    "fista": {"l1_penalty": 2.0, "convergence_threshold": 0.2, "max_iterations": 60},
    "newton, three classes": {"target": "mood", "convergence_threshold": 1e-6},
    "lbfgs, three classes": {
        "target": "mood",
        "solver": "lbfgs",
        "convergence_threshold": 1e-2,
        "max_iterations": 60,
    },
    "fista, three classes": {
        "target": "mood",
        "l1_penalty": 2.0,
        "convergence_threshold": 0.2,
        "max_iterations": 60,
    },
}
TIMES = ("Elapsed Time",)


def visits(seed: int = 7) -> wr.SFrame:
    draw = random.Random(seed)
    rows = 600
    pages = [draw.randint(1, 30) for _ in range(rows)]
    return wr.SFrame(
        {
            "country": [draw.choice(["at", "be", "ch", None]) for _ in range(rows)],
            "pages": pages,
            "minutes": [draw.expovariate(0.1) for _ in range(rows)],
            "bought": [int(draw.random() < 0.03 * p) for p in pages],
            "mood": [draw.choice(["glad", "calm", "sad"]) for _ in pages],
        }
    )


def create(table: wr.SFrame | None = None, **options: Any) -> LogisticClassifier:
    table = visits() if table is None else table
    settings: dict[str, Any] = {
        "target": "bought",
        "features": ["country", "pages", "minutes"],
        "verbose": False,
    }
    return wr.logistic_classifier.create(table, **(settings | options))


def bits(model: LogisticClassifier) -> tuple[Any, ...]:
    """All that a fit found but its times."""
    weights = repr(list(model.coefficients)).encode()
    shown = model.progress
    rows = {name: list(shown[name]) for name in shown.column_names() if name not in TIMES}
    fields = ("training_loss", "training_iterations", "validation_auc", "training_solver_status")
    return hashlib.sha256(weights).hexdigest(), rows, [model[field] for field in fields]


@contextmanager
def ending_after(iterations: int) -> Iterator[None]:
    """End this process's fits as a kill would, right after a checkpoint."""
    keep, counted = Checkpoints.keep, []

    def keeping(self: Checkpoints, arrays: Any, record: Any) -> None:
        keep(self, arrays, record)
        counted.append(record)
        if len(counted) > iterations:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoints, "keep", keeping)
        with pytest.raises(KeyboardInterrupt):
            yield
        assert len(counted) == iterations + 1


@pytest.fixture(autouse=True)
def _each_iteration() -> Iterator[None]:
    with configured(checkpoint_seconds=0.0):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "kept")


@pytest.fixture
def begun(folder: str) -> str:
    """A fit that ended after its second iteration."""
    with ending_after(2):
        create(**SOLVERS["newton"], checkpoint=folder)
    return folder


@pytest.mark.parametrize("solver", SOLVERS)
def test_resumed_after_any_iteration_a_fit_has_the_same_bits(solver: str, tmp_path: Path) -> None:
    options = SOLVERS[solver]
    through = create(**options)
    assert through.training_solver_status.startswith("SUCCESS")
    expected = bits(through)
    for iteration in range(through.training_iterations + 1):
        folder = tmp_path / str(iteration)
        with ending_after(iteration):
            create(**options, checkpoint=folder)
        resumed = create(**options, checkpoint=folder, resume_from_checkpoint=folder)
        assert bits(resumed) == expected
        assert bits(create(**options, resume_from_checkpoint=folder)) == expected


MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "linear_regression": ("minutes", {"l1_penalty": 5.0, "convergence_threshold": 0.1}),
    "svm_classifier": ("bought", {"convergence_threshold": 5.0}),
}


@pytest.mark.parametrize("toolkit", MODELS)
def test_the_other_linear_models_are_resumed_too(toolkit: str, tmp_path: Path) -> None:
    target, options = MODELS[toolkit]

    def made(**where: Any) -> Any:
        fit = getattr(wr, toolkit).create
        return fit(visits(), target, verbose=False, max_iterations=60, **options, **where)

    through = made()
    assert through.training_solver_status.startswith("SUCCESS")
    assert through.training_iterations > 3
    for iteration in (0, 1, 3, through.training_iterations):
        folder = tmp_path / str(iteration)
        with ending_after(iteration):
            made(checkpoint=folder)
        resumed = made(resume_from_checkpoint=folder)
        assert list(resumed.coefficients) == list(through.coefficients)
        shown = [name for name in through.progress.column_names() if name not in TIMES]
        assert list(resumed.progress[shown]) == list(through.progress[shown])
        for field in ("training_loss", "validation_loss", "training_iterations"):
            assert resumed[field] == through[field]


def test_a_target_that_changed_behind_its_name_is_refused(folder: str) -> None:
    table = visits()
    wr.linear_regression.create(table, "minutes", verbose=False, checkpoint=folder)
    key = Checkpoints(folder).newest().record["fit"]["dataset"]
    table["minutes"] = table["minutes"] + 1.0
    record = dict(Checkpoints(folder).newest().record)
    record["fit"] |= {"dataset": f"table {table.plan.key}"}  # as of a file with new rows
    assert record["fit"]["dataset"] != key
    Checkpoints(folder).keep(Checkpoints(folder).newest().arrays, record)
    with pytest.raises(CheckpointMismatchError, match="content of the table"):
        wr.linear_regression.create(table, "minutes", verbose=False, resume_from_checkpoint=folder)


def test_a_fit_that_keeps_checkpoints_is_the_same_fit(folder: str) -> None:
    assert bits(create(checkpoint=folder)) == bits(create())


def test_the_rows_before_are_shown_again(begun: str, capsys: pytest.CaptureFixture[str]) -> None:
    create(**SOLVERS["newton"], verbose=True, resume_from_checkpoint=begun)
    output = capsys.readouterr().out
    assert f"Resuming after iteration 2 from {begun}" in output
    assert [line.split()[1] for line in output.splitlines() if line[:3] in {"| 1", "| 2", "| 3"}]
    for number in (1, 2, 3):
        assert f"| {number} " in output


def test_time_goes_on_from_where_it_stood(begun: str) -> None:
    newest = Checkpoints(begun).newest()
    resumed = create(**SOLVERS["newton"], resume_from_checkpoint=begun)
    times = [float(text) for text in resumed.progress["Elapsed Time"]]
    assert times == sorted(times)
    assert resumed.training_time > newest.record["seconds"]


def test_a_damaged_checkpoint_leaves_the_one_before(begun: str) -> None:
    newest = Checkpoints(begun).numbers()[-1]
    (Path(begun) / f"{newest:06d}.npz").write_bytes(b"torn")
    assert Checkpoints(begun).newest().record["state"]["iteration"] == 1
    resumed = create(**SOLVERS["newton"], resume_from_checkpoint=begun)
    assert bits(resumed) == bits(create(**SOLVERS["newton"]))


def test_without_a_whole_one_resuming_is_an_error(begun: str, tmp_path: Path) -> None:
    with pytest.raises(NoCheckpointError, match="there is none"):
        create(resume_from_checkpoint=tmp_path / "elsewhere")
    for file in Path(begun).glob("*.npz"):
        file.unlink()
    with pytest.raises(NoCheckpointError, match="none of 2 is whole"):
        create(**SOLVERS["newton"], resume_from_checkpoint=begun)


def test_a_fit_at_its_limit_goes_on_when_the_limit_is_raised(folder: str) -> None:
    options = SOLVERS["newton"] | {"checkpoint": folder}
    with pytest.warns(ConvergenceWarning):
        create(**options, max_iterations=2)
    resumed = create(**options, resume_from_checkpoint=folder, max_iterations=20)
    assert bits(resumed) == bits(create(**SOLVERS["newton"], max_iterations=20))
    with pytest.raises(CheckpointMismatchError, match="max_iterations is 1 and was"):
        create(**options, resume_from_checkpoint=folder, max_iterations=1)


def test_a_fit_that_ended_is_there_at_once(folder: str) -> None:
    model = create(**SOLVERS["newton"], checkpoint=folder)
    with configured(checkpoint_seconds=3600.0):
        again = create(**SOLVERS["newton"], checkpoint=folder, resume_from_checkpoint=folder)
    assert bits(again) == bits(model)


def test_however_seldom_the_first_and_the_last_are_kept(folder: str) -> None:
    with configured(checkpoint_seconds=3600.0):
        model = create(checkpoint=folder)
    kept = Checkpoints(folder)
    assert kept.numbers() == [1, 2]
    assert kept.newest().record["state"]["iteration"] == model.training_iterations


OTHERS: dict[str, dict[str, Any]] = {
    "l2_penalty is 0.5 and was 0.01": {"l2_penalty": 0.5},
    "solver is 'lbfgs' and was 'newton'": {"solver": "lbfgs"},
    "feature_rescaling is False and was True": {"feature_rescaling": False},
    "convergence_threshold is 0.1 and was 1e-06": {"convergence_threshold": 0.1},
    "seed is 3 and was 0": {"seed": 3},
    "class_weights is \"'auto'\" and was 'None'": {"class_weights": "auto"},
    r"features is \['pages'\] and was \['pages', 'minutes', 'country'\]": {"features": ["pages"]},
    "validation_set is 'table .*' and was None": {"validation_set": visits(8)},
    "missing_value_action is 'impute' and was 'error'": {"missing_value_action": "impute"},
}


@pytest.mark.parametrize("difference", OTHERS)
def test_other_options_are_refused_by_name(begun: str, difference: str) -> None:
    options = SOLVERS["newton"] | OTHERS[difference]
    with pytest.raises(CheckpointMismatchError, match=difference):
        create(**options, resume_from_checkpoint=begun)


def test_other_data_is_refused(begun: str) -> None:
    with pytest.raises(CheckpointMismatchError, match=r"dataset is 'table .*' and was 'table"):
        create(visits(8), **SOLVERS["newton"], resume_from_checkpoint=begun)


def test_data_that_changed_behind_its_name_is_refused(begun: str) -> None:
    record = dict(Checkpoints(begun).newest().record)
    record["fit"] |= {"content of the table": "another"}
    Checkpoints(begun).keep(Checkpoints(begun).newest().arrays, record)
    with pytest.raises(CheckpointMismatchError, match=r"content of the table is .* and was 'anoth"):
        create(**SOLVERS["newton"], resume_from_checkpoint=begun)


def test_another_version_is_refused(begun: str) -> None:
    record = dict(Checkpoints(begun).newest().record)
    record["fit"] |= {"windrow": "0.0.1"}
    Checkpoints(begun).keep(Checkpoints(begun).newest().arrays, record)
    with pytest.raises(CheckpointMismatchError, match=r"and was '0\.0\.1'"):
        create(**SOLVERS["newton"], resume_from_checkpoint=begun)


def test_the_checkpoints_of_another_fit_are_not_written_over(begun: str) -> None:
    before = sorted(Path(begun).iterdir())
    with pytest.raises(CheckpointMismatchError, match="or another folder"):
        create(visits(8), **SOLVERS["newton"], checkpoint=begun)
    assert sorted(Path(begun).iterdir()) == before


def test_a_folder_that_cannot_be_written_is_found_before_the_first_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableError, match="file"):
        create(checkpoint=tmp_path / "file" / "kept")


def test_what_is_no_path_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="resume_from_checkpoint"):
        create(resume_from_checkpoint=3)


def test_relative_folders_are_those_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    create(checkpoint="kept")
    assert Checkpoints(str(tmp_path / "kept")).numbers() != []


def test_a_checkpoint_is_arrays_and_text_and_no_pickle(begun: str) -> None:
    for path in Path(begun).iterdir():
        if path.suffix == ".json":
            assert json.loads(path.read_text())["format"] == "windrow checkpoint"
        else:
            assert path.read_bytes()[:2] == b"PK"
