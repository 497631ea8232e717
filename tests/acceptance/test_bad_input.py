"""Whatever is wrong with an input, its error has a class, says what and where, and what to do."""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import math
import os
import pickle
import re
import resource
import shutil
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.fitting import cut
from tests.support.http_server import Behaviour, HttpServer

import windrow as gl
from windrow import errors
from windrow.execution import environment
from windrow.execution.local import LocalExecutor

if TYPE_CHECKING:
    from tests.support.s3_server import S3Server

HOURS = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
PASSED = ["no", "no", "yes", "no", "yes", "yes"]


def create(columns: Any, **options: Any) -> Any:
    table = columns if isinstance(columns, gl.SFrame) else gl.SFrame(columns)
    given: dict[str, Any] = {"target": "y", "verbose": False} | options
    return gl.logistic_classifier.create(table, **given)


def regressed(table: gl.SFrame | None = None, **options: Any) -> Any:
    rents = [410.0, 590.0, 810.0, 990.0, 1210.0, 1400.0]
    sf = gl.SFrame({"x": HOURS, "y": rents}) if table is None else table
    return gl.linear_regression.create(sf, "y", verbose=False, **options)


def fitted() -> Any:
    return create({"x": HOURS, "t": ["a", "b"] * 3, "y": PASSED})


def refused(kind: type[Exception], call: Callable[[], Any], *says: str) -> Exception:
    """Call what must fail: with this very class, a sentence with these parts, which travels."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert type(error) is kind
    for part in says:
        assert part in str(error), str(error)
    assert "\n" not in str(error)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy)) == (kind, str(error))
    return error


# --- sources ---


def test_a_url_at_which_there_is_nothing(tmp_path: Path) -> None:
    missing = str(tmp_path / "flights.csv")
    refused(errors.SourceNotFoundError, lambda: gl.SFrame(missing), missing, "check the spelling")
    with HttpServer({}) as web:
        url = web.url("/flights.csv")
        refused(errors.SourceNotFoundError, lambda: gl.SFrame(url), url, "404", "check")
    with pytest.raises(FileNotFoundError):
        gl.SFrame(missing)


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_url_that_refuses(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windrow.config._settings", None)
    monkeypatch.setenv("WINDROW_IO_TIMEOUT", "0.2")
    with HttpServer({}, Behaviour(statuses={"/a.csv": status})) as web:
        url = web.url("/a.csv")
        refused(errors.SourceRefusedError, lambda: gl.SFrame(url), url, str(status), "check")


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/a.csv"
    refused(errors.SourceRefusedError, lambda: gl.SFrame(url), url, "refused", "check")


def test_a_scheme_that_nobody_knows_or_that_needs_more() -> None:
    refused(errors.UnknownSchemeError, lambda: gl.SFrame("gopher://a/b"), "gopher://a/b", "http://")
    refused(errors.SourceRefusedError, lambda: gl.SFrame("hdfs://a/b"), "HADOOP_CONF_DIR")


def test_buckets_and_keys_that_are_not_there_or_not_given_out(
    s3_keys: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del s3_keys
    for url, words in (
        (f"s3://{s3_bucket}/none.csv", ("object",)),
        (f"s3://{s3_bucket}/none/*.csv", ("object",)),
        ("s3://no-such-bucket/a.csv", ("bucket", "NoSuchBucket")),
    ):
        refused(errors.SourceNotFoundError, partial(gl.SFrame, url), url, *words, "check")
    url = f"s3://{s3_bucket}/a.csv"
    with HttpServer({}, Behaviour(statuses={f"/{s3_bucket}/a.csv": 403})) as denying:
        monkeypatch.setenv("AWS_ENDPOINT_URL", denying.url(""))
        refused(errors.SourceRefusedError, lambda: gl.SFrame(url), url, "403", "check")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    path = str(tmp_path / "empty.csv")
    refused(errors.EmptySourceError, lambda: gl.SFrame(path), path, "empty")


def test_a_file_that_changes_after_the_table_was_made(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,no\n2,yes\n")
    sf = gl.SFrame(str(path))
    path.write_text("x,y\n1,no\n2,yes\n3,yes\n")
    refused(
        errors.SourceChangedError,
        lambda: create(sf),
        str(path),
        "15 bytes",
        "21 bytes",
        "make the table again",
    )


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x\n" + "1\n" * 1000)
    sf = cut(gl.SFrame(str(path)), 500)
    sf["z"] = sf["x"].apply(_appending_to(path), dtype=int)
    refused(errors.SourceChangedError, lambda: list(sf["z"]), str(path), "make the table again")


def _appending_to(path: Path) -> Callable[[int], int]:
    name = str(path)

    def append(x: int) -> int:
        with Path(name).open("a") as file:
            file.write("2\n")
        return x

    return append


def test_a_file_that_changes_at_a_url() -> None:
    rows = b"x,y\n" + b"1,no\n2,yes\n" * (1 << 17)  # more than is kept of a small file
    with HttpServer({"/a.csv": rows}) as web:
        sf = gl.SFrame(web.url("/a.csv"))
        web.files["/a.csv"] = rows + b"3,yes\n"
        refused(
            errors.SourceChangedError, lambda: create(sf), web.url("/a.csv"), "make the table again"
        )


def test_a_row_that_does_not_parse(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,2\n3\n5,6\n")
    sf = gl.SFrame.read_csv(str(path), error_bad_lines=True, verbose=False)
    refused(errors.BadRowError, sf["x"].sum, "line 3", str(path), "'3'", "error_")
    with pytest.warns(errors.BadRowsWarning, match="1 row that did not parse was left out"):
        assert gl.SFrame.read_csv(str(path), verbose=False)["x"].sum() == 6


# --- columns ---


def test_a_column_that_is_not_there_is_answered_with_near_names() -> None:
    sf = gl.SFrame({"hours": HOURS, "passed": PASSED})
    near = ["'hour'", "did you mean 'hours'?"]
    refused(errors.ColumnNotFoundError, lambda: sf["hour"], *near)
    refused(errors.ColumnNotFoundError, lambda: sf.sort("hour"), *near)
    refused(errors.ColumnNotFoundError, lambda: sf.groupby("hour", gl.aggregate.COUNT()), *near)
    refused(errors.ColumnNotFoundError, lambda: create(sf, target="passe"), "'passed'?")
    refused(
        errors.ColumnNotFoundError, lambda: create(sf, target="passed", features=["hour"]), *near
    )
    refused(errors.ColumnNotFoundError, lambda: sf["zzz"], "'zzz'", "it has hours, passed")


def test_text_where_a_number_is_wanted() -> None:
    sf = gl.SFrame({"a": ["1", "2"]})
    refused(errors.TypeMismatchError, lambda: sf["a"] * 2, "str", "it takes")
    refused(errors.TypeMismatchError, sf["a"].mean, "mean", "str")
    refused(
        errors.CastError,
        lambda: list(gl.SArray(["1", "many"]).astype(int)),
        "row 1",
        "'many'",
        "int",
    )
    refused(errors.MixedTypesError, lambda: gl.SArray([1, "many"]), "int", "str", "dtype=")


def test_a_function_that_raises() -> None:
    """The error is the function's own, with row and partition in notes."""

    def fails(x: int) -> float:
        return 1 / (x - 150)

    column = gl.SArray(range(1000)).apply(fails, dtype=float)
    with pytest.raises(ZeroDivisionError) as caught:
        column.sum()
    note, where = caught.value.__notes__
    assert where == "in partition 0 of 1"
    assert "row 150" in note
    assert "150" in note.split("called on")[1]


@pytest.mark.usefixtures("functions_run")
def test_a_function_that_raises_tells_the_row_of_the_whole_table(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x\n" + "".join(f"{x}\n" for x in range(1000)))
    sf = cut(gl.SFrame(str(path)), 500)
    with pytest.raises(KeyError) as caught:
        sf.apply(lambda row: {0: 0}[row["x"] // 700], dtype=int).sum()
    assert "row 700" in caught.value.__notes__[0]


# --- training ---


@pytest.mark.parametrize(
    "target, kind, says",
    [
        ([0, 1, None, 1, None, 0], errors.MissingTargetError, ["2 of 6", "dropna('y')"]),
        (["a", None, "b", "a", "b", "a"], errors.MissingTargetError, ["1 of 6", "dropna('y')"]),
        (["a"] * 6, errors.ClassCountError, ["1 distinct", "6 rows", "at least two"]),
        ([7] * 6, errors.ClassCountError, ["1 distinct", "at least two"]),
        ([1.0, math.nan, 0.0, 1.0, 0.0, 1.0], errors.UnsupportedTargetError, ["float", "int or"]),
        ([None] * 6, errors.UnsupportedTargetError, ["float", "int or"]),
    ],
    ids=["none", "none in text", "one class", "one int", "nan", "all none"],
)
def test_a_target_that_cannot_be_learnt(
    target: list[Any], kind: type[Exception], says: list[str]
) -> None:
    refused(kind, lambda: create({"x": HOURS, "y": target}), "'y'", *says)


def test_more_classes_than_a_model_tells_apart() -> None:
    three = gl.SFrame({"x": HOURS, "y": [1, 2, 3, 1, 2, 3]})
    says = ("'y'", "3 distinct", "6 rows", "keep the rows of two")
    refused(errors.ClassCountError, lambda: gl.svm_classifier.create(three, "y"), *says)
    rows = list(range(1001))
    many = ("'y'", "1001 distinct", "at most 1000 classes")
    refused(errors.ClassCountError, lambda: create({"x": rows, "y": rows}), *many)


def test_one_number_a_row_of_three_classes() -> None:
    model = create({"x": HOURS, "y": [1, 2, 3, 1, 2, 3]})
    says = ("'margin'", "3 classes", "predict_topk()", "'probability_vector'")
    refused(errors.BinaryOutputError, lambda: model.predict({"x": 1.0}, "margin"), *says)


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf])
def test_a_number_that_cannot_be_learnt_or_measured(bad: float | None) -> None:
    rents = gl.SArray([410.0, bad, 800.0, bad, 1200.0, 1400.0], dtype=float)
    sf, says = gl.SFrame({"x": HOURS, "y": rents}), ("'y'", "2 of 6", "dropna('y')")
    model = regressed()
    refused(errors.MissingTargetError, lambda: regressed(sf), *says)
    refused(errors.MissingTargetError, lambda: regressed(validation_set=sf), *says)
    refused(errors.MissingTargetError, lambda: model.evaluate(sf), *says)


@pytest.mark.parametrize(
    "toolkit, target, says",
    [
        ("linear_regression", PASSED, ["str", "int or float"]),
        ("svm_classifier", HOURS, ["float", "int or str"]),
    ],
)
def test_a_target_of_a_type_that_a_model_cannot_learn(
    toolkit: str, target: list[Any], says: list[str]
) -> None:
    sf = gl.SFrame({"x": HOURS, "y": target})
    model = getattr(gl, toolkit)
    refused(
        errors.UnsupportedTargetError, lambda: model.create(sf, "y", verbose=False), "'y'", *says
    )


@pytest.mark.parametrize(
    "toolkit, options, kind, says",
    [
        ("linear_regression", {"l1_penalty": -1}, errors.OptionRangeError, ["[0, 1e+20]"]),
        ("linear_regression", {"solver": "gd"}, errors.OptionChoiceError, ["'gd'", "'fista'"]),
        ("svm_classifier", {"penalty": 0}, errors.OptionRangeError, ["[1e-10, 1e+20]"]),
        ("svm_classifier", {"solver": "newton"}, errors.OptionChoiceError, ["'auto', 'lbfgs'"]),
        (
            "linear_regression",
            {"l1_penalty": 1.0, "solver": "newton"},
            errors.PenaltySolverError,
            ["'newton'", "solver='fista'"],
        ),
        (
            "logistic_classifier",
            {"l1_penalty": 1.0, "solver": "lbfgs"},
            errors.PenaltySolverError,
            ["'lbfgs'", "solver='fista'"],
        ),
    ],
)
def test_options_that_a_model_does_not_take(
    toolkit: str, options: dict[str, Any], kind: type[Exception], says: list[str]
) -> None:
    model, target = getattr(gl, toolkit), HOURS if toolkit == "linear_regression" else PASSED
    sf = gl.SFrame({"x": HOURS, "y": target})
    refused(kind, lambda: model.create(sf, "y", verbose=False, **options), *says)


def test_a_feature_without_any_value() -> None:
    empty = gl.SArray([None] * 6, dtype=float)
    sf = gl.SFrame({"x": HOURS, "nothing": empty, "y": PASSED})
    for action in ("error", "impute"):
        refused(
            errors.MissingFeatureError,
            partial(create, sf, missing_value_action=action),
            "'nothing' (6 of 6 rows)",
            "leave out 'nothing'",
        )


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("action", ["auto", "impute"])
def test_nan_or_infinity_in_a_feature(wrong: float, action: str) -> None:
    sf = gl.SFrame({"x": [1.0, wrong, 3.0, wrong, 5.0, 6.0], "y": PASSED})
    refused(
        errors.NonFiniteFeatureError,
        lambda: create(sf, missing_value_action=action),
        "'x'",
        "2 in all",
        "replace them or drop",
    )


@pytest.mark.parametrize("action", ["auto", "error"])
def test_none_in_a_number_says_how_to_fill_it(action: str) -> None:
    sf = gl.SFrame({"x": [1.0, None, 3.0, None, 5.0, 6.0], "y": PASSED})
    error = refused(
        errors.MissingFeatureError,
        lambda: create(sf, missing_value_action=action),
        "'x' (2 of 6 rows)",
        "dropna()",
        "missing_value_action='impute'",
    )
    advice = re.search(r"as in (.*?),", str(error))
    assert advice is not None
    exec(advice[1], {"sf": sf})  # noqa: S102  # the advice is code, and it helps
    assert create(sf).num_examples == 6


def test_none_at_prediction_when_it_is_to_be_an_error() -> None:
    model = fitted()
    sf = gl.SFrame({"x": [1.0, None], "t": ["a", "b"], "y": ["no", "yes"]})
    says = ["'x'"]
    refused(
        errors.MissingFeatureError,
        lambda: list(model.predict(sf, missing_value_action="error")),
        *says,
    )
    refused(
        errors.MissingFeatureError, lambda: model.evaluate(sf, missing_value_action="error"), *says
    )


def test_text_where_training_had_a_number() -> None:
    model = fitted()
    wrong = gl.SFrame({"x": ["1", "2"], "t": ["a", "b"], "y": ["no", "yes"]})
    says = ["'x'", "str", "float", "astype"]
    refused(errors.FeatureTypeError, lambda: model.predict(wrong), *says)
    refused(errors.FeatureTypeError, lambda: model.evaluate(wrong), *says)
    refused(errors.FeatureTypeError, lambda: model.predict({"x": "1", "t": "a"}), *says)


def test_a_feature_of_a_type_that_no_model_takes() -> None:
    sf = gl.SFrame({"x": [datetime.datetime(2020, 1, 1)] * 6, "y": PASSED})  # noqa: DTZ001
    says = ["'x'", "datetime", "split_datetime", "features=[...]"]
    refused(errors.UnsupportedFeatureError, lambda: create(sf), *says)


def test_a_validation_set_of_another_schema() -> None:
    sf = gl.SFrame({"x": HOURS, "y": PASSED})
    without = gl.SFrame({"y": PASSED})
    other = gl.SFrame({"x": ["a"] * 6, "y": PASSED})
    refused(
        errors.SchemaMismatchError, lambda: create(sf, validation_set=without), "'x' is missing"
    )
    refused(
        errors.SchemaMismatchError,
        lambda: create(sf, validation_set=other),
        "'x' is str and not float",
    )
    refused(errors.OptionChoiceError, lambda: create(sf, validation_set="some"), "'some'", "'auto'")
    refused(errors.ArgumentTypeError, lambda: create(sf, validation_set=[1]), "list", "an SFrame")


@pytest.mark.parametrize(
    "options, kind, says",
    [
        ({"l2_penalty": -1.0}, errors.OptionRangeError, ["[0, 1e+20]", "-1.0"]),
        ({"l2_penalty": math.nan}, errors.OptionRangeError, ["[0, 1e+20]", "nan"]),
        ({"l2_penalty": "much"}, errors.ArgumentTypeError, ["str", "a number"]),
        ({"max_iterations": 0}, errors.OptionRangeError, ["[1, 2147483647]", "0"]),
        ({"max_iterations": 2.5}, errors.ArgumentTypeError, ["float", "int"]),
        ({"convergence_threshold": 0.0}, errors.OptionRangeError, ["[1e-10, 1e+20]"]),
        ({"step_size": 0}, errors.OptionRangeError, ["[1e-10, 1e+20]"]),
        ({"lbfgs_memory_level": 0}, errors.OptionRangeError, ["[1, 2147483647]"]),
        ({"solver": "sgd"}, errors.OptionChoiceError, ["'sgd'", "'newton'", "'lbfgs'"]),
        ({"missing_value_action": "drop"}, errors.OptionChoiceError, ["'drop'", "'impute'"]),
    ],
    ids=str,
)
def test_options_out_of_their_range(
    options: dict[str, Any], kind: type[Exception], says: list[str]
) -> None:
    refused(kind, lambda: create({"x": HOURS, "y": PASSED}, **options), *options, *says)


def test_no_rows() -> None:
    model = fitted()
    none = gl.SFrame({"x": HOURS, "t": ["a"] * 6, "y": PASSED})
    none = none[none["x"] > 10]
    says = ["0 rows", "at least one"]
    refused(errors.NoRowsError, lambda: create(none), "the training table", *says)
    refused(errors.NoRowsError, lambda: model.evaluate(none), *says)
    refused(errors.NoRowsError, lambda: model.predict([]), *says)
    assert list(model.predict(none)) == []  # that there is no row is known when it is asked for
    full = gl.SFrame({"x": HOURS, "t": ["a"] * 6, "y": PASSED})
    refused(errors.NoRowsError, lambda: model.predict(full.head(0)), *says)
    refused(errors.NoRowsError, lambda: create(full, validation_set=none), "validation", *says)


def test_a_file_of_a_header_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,t,y\n")
    sf = gl.SFrame(str(path))
    typed = gl.SFrame.read_csv(str(path), column_type_hints=[float, str, str], verbose=False)
    assert len(sf) == 0
    refused(errors.NoRowsError, lambda: create(typed), "0 rows")
    refused(errors.NoRowsError, lambda: fitted().evaluate(typed), "0 rows")


def test_no_features() -> None:
    refused(errors.NoFeaturesError, lambda: create({"y": PASSED}), "'y'", "at least one")
    sf = gl.SFrame({"x": HOURS, "y": PASSED})
    refused(errors.NoFeaturesError, lambda: create(sf, features=[]), "'y'", "at least one")


# --- saved things ---


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    fitted().save(str(tmp_path / "model"))
    return tmp_path / "model"


def test_a_model_of_a_newer_format(saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text())
    (saved / "manifest.json").write_text(json.dumps(manifest | {"version": 99}))
    refused(errors.NewerFormatError, lambda: gl.load_model(str(saved)), str(saved), "99", "upgrade")


@pytest.mark.parametrize("name", ["manifest.json", "arrays"])
@pytest.mark.parametrize("damage", ["cut", "altered", "gone"])
def test_a_model_that_is_not_whole(saved: Path, name: str, damage: str) -> None:
    (file,) = saved.glob(f"{name}*")
    data = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(data[: len(data) // 2])
        case "altered":
            at = data.index(b'"record"') + 40 if name == "manifest.json" else len(data) // 2
            file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        case _:
            file.unlink()
    kind: type[Exception] = errors.DamagedFolderError
    if (name, damage) == ("manifest.json", "gone"):
        kind = errors.SourceNotFoundError
    refused(kind, lambda: gl.load_model(str(saved)), str(saved))


def test_a_folder_that_holds_no_model(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        refused(errors.SourceNotFoundError, partial(gl.load_model, str(place)), str(place))
    gl.SFrame({"a": [1]}).save(str(tmp_path / "table"))
    refused(
        errors.DamagedFolderError, lambda: gl.load_model(str(tmp_path / "table")), "table", "model"
    )


def test_a_table_that_is_not_whole(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    gl.SFrame({"a": HOURS}).save(str(folder))
    (part,) = folder.glob("*.parquet")
    part.write_bytes(part.read_bytes()[:-20])
    refused(errors.DamagedFolderError, lambda: gl.load_sframe(str(folder)), str(folder), part.name)
    shutil.rmtree(folder)
    refused(errors.SourceNotFoundError, lambda: gl.load_sframe(str(folder)), str(folder))


# --- a full disk ---

SAVES: dict[str, Callable[[str], None]] = {
    "model": lambda url: fitted().save(url),
    "table": lambda url: gl.SFrame({"a": range(100_000)}).save(url),
    "table.csv": lambda url: gl.SFrame({"a": range(100_000)}).save(url),
    "column": lambda url: gl.SArray(range(100_000)).save(url),
    "table.json": lambda url: gl.SFrame({"a": range(10_000)}).save(url),
}


@pytest.mark.parametrize("name", SAVES)
def test_a_full_disk_leaves_nothing_behind(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", _full)
    url = str(tmp_path / name)
    error = refused(errors.DiskFullError, lambda: SAVES[name](url), url, "MiB are free", "free")
    assert isinstance(error, OSError)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", SAVES)
def test_a_full_disk_leaves_what_was_saved_before(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(tmp_path / name)
    SAVES[name](url)
    before = contents(tmp_path)
    monkeypatch.setattr(os, "fsync", _full)
    refused(errors.DiskFullError, lambda: SAVES[name](url))
    assert contents(tmp_path) == before


def _full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse larger files, as it does on a full disk (Python ignores the signal)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", ["table", "table.csv", "column", "table.json"])
def test_a_disk_that_becomes_full_in_the_middle_of_a_file(name: str, tmp_path: Path) -> None:
    url = str(tmp_path / name)
    with files_of_at_most(50_000):
        refused(errors.DiskFullError, lambda: SAVES[name](url), url)
    assert not list(tmp_path.iterdir())


def test_a_disk_without_room_for_scratch_copies() -> None:
    rows = b"x\n" + b"1\n2\n" * (1 << 19)
    with HttpServer({"/a.csv": rows}, Behaviour(ranges=False)) as web:
        url = web.url("/a.csv")
        column = gl.SFrame(url)["x"]
        with files_of_at_most(1 << 20):
            refused(errors.DiskFullError, column.sum, url, "free some")


def test_a_disk_without_room_for_blocks() -> None:
    environment.use(executor := LocalExecutor(memory_budget=0))
    try:
        with files_of_at_most(10_000):
            refused(
                errors.DiskFullError,
                lambda: create({"x": range(100_000), "y": [0, 1] * 50_000}),
                "blocks",
                "free some",
            )
    finally:
        environment.use(None)
        executor.close()
