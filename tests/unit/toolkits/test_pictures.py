from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import windrow as wr
from windrow.errors import ArgumentError, ArgumentTypeError, MissingPackageError
from windrow.toolkits import pictures

if TYPE_CHECKING:
    from pathlib import Path

STARTS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "html": b"<!doctype html>"}
PANELS = {
    "ROC curve": {"Coefficients", "ROC curve", "Calibration", "Confusion matrix"},
    "three": {"Coefficients", "ROC curves, and areas below", "Calibration", "Confusion matrix"},
    "hinge": {"Coefficients", "Confusion matrix"},
    "line": {"Coefficients"},
}


def rows(count: int = 300) -> wr.SFrame:
    random = np.random.default_rng(0)
    x, kind = random.normal(size=count), random.choice(["a", "b", "<c> & d"], count)
    y = (x + random.logistic(size=count) > 0).astype(int)
    third = np.where(y > 0, "up", np.where(x > -1, "level", "down"))
    return wr.SFrame(
        {"x": x.tolist(), "kind": kind.tolist(), "y": y.tolist(), "third": third.tolist()}
    )


def model_of(kind: str) -> Any:
    sf, features = rows(), ["x", "kind"]
    if kind == "line":
        return wr.linear_regression.create(sf, "x", ["kind"], verbose=False)
    if kind == "hinge":
        return wr.svm_classifier.create(sf, "y", features, convergence_threshold=10, verbose=False)
    target = "y" if kind == "ROC curve" else "third"
    return wr.logistic_classifier.create(sf, target, features, verbose=False)


def titles(sheet: pictures.Sheet) -> set[str]:
    from matplotlib.figure import Figure

    figure = Figure()
    for draw in sheet.panels:
        draw(figure.add_subplot())
    return {axes.get_title(loc="left") for axes in figure.axes}


@pytest.mark.parametrize("kind", PANELS)
def test_a_model_shows_the_panels_that_it_has(kind: str, tmp_path: Path) -> None:
    model = model_of(kind)
    sheet = model.show()
    assert titles(sheet) == PANELS[kind]
    page = sheet._repr_html_()
    assert page.startswith('<div class="windrow-pictures"><svg')
    for form, start in STARTS.items():
        path = tmp_path / f"{kind}.{form}"
        model.show(path)
        assert path.read_bytes().startswith(start)


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    model = model_of("three")
    model.save(tmp_path / "three.model")
    again = wr.load_model(tmp_path / "three.model")
    assert again.show().render("svg") == model.show().render("svg")
    assert again.show().render("png") == model.show().render("png")


def widths(axes: Any) -> list[float]:
    return [bar.get_width() for bar in axes.patches]


def test_bars_are_standard_errors_from_0_longest_first() -> None:
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    bars = [
        pictures.Bar("sure", 0.1, 0.01),
        pictures.Bar("large", -50.0, 25.0),
        pictures.Bar("collinear", 9.0, float("nan")),
    ]
    pictures.coefficients(bars)(axes)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["sure", "large"]
    assert widths(axes) == pytest.approx([10.0, -2.0])
    values = Figure().add_subplot()
    pictures.coefficients([pictures.Bar("a", 1.0, None), pictures.Bar("b", -2.0, None)])(values)
    assert widths(values) == [-2.0, 1.0]


def test_a_matrix_of_many_classes_has_no_numbers() -> None:
    from matplotlib.figure import Figure

    few, many = Figure().add_subplot(), Figure().add_subplot()
    pictures.confusion(np.array([[3, 0], [1, 1200]]), (0, 1), (0, 1))(few)
    assert [text.get_text() for text in few.texts] == ["3", "0", "1", "1,200"]
    pictures.confusion(np.eye(40, dtype=np.int64), range(40), range(40))(many)
    assert not many.texts


def test_other_endings_and_things_that_are_no_path_are_refused(tmp_path: Path) -> None:
    model = model_of("line")
    with pytest.raises(ArgumentError, match=r"\.svg"):
        model.show(tmp_path / "line.gif")
    with pytest.raises(ArgumentTypeError, match="path"):
        model.show(3)
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of("line")
    sheet = model.show()
    monkeypatch.setattr(pictures, "find_spec", lambda _: None)
    for call in (model.show, sheet._repr_html_):
        with pytest.raises(MissingPackageError, match=r"windrow\[plot\]"):
            call()
