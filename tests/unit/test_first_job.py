"""The main job, whole: a CSV on a web server becomes a model that predicts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.http_server import Behaviour, HttpServer
from typer.testing import CliRunner

import windrow as gl
from windrow.cli import app

MUSHROOM = Path(__file__).parents[2] / "examples" / "mushroom.csv"


def server(behaviour: Behaviour | None = None) -> HttpServer:
    return HttpServer({"/mushroom.csv": MUSHROOM.read_bytes()}, behaviour)


# They can be told apart wholly, so that the best coefficients are far away: ten steps do not end.
@pytest.mark.filterwarnings("ignore::windrow.errors.ConvergenceWarning")
@pytest.mark.parametrize(
    "behaviour",
    [Behaviour(), Behaviour(ranges=False), Behaviour(ranges=False, length=False, etag=False)],
    ids=["ranges", "no ranges", "neither ranges nor length"],
)
def test_mushrooms_from_a_web_server_are_told_apart(behaviour: Behaviour) -> None:
    with server(behaviour) as web:
        sf = gl.SFrame(web.url("/mushroom.csv"))
        m = gl.logistic_classifier.create(sf, target="label", validation_set=None, verbose=False)
        assert m.evaluate(sf)["accuracy"] == 1.0
        assert m.num_coefficients == 96


def test_the_same_on_the_command_line(tmp_path: Path) -> None:
    model = str(tmp_path / "mushroom.model")
    runner = CliRunner()
    with server() as web:
        url = web.url("/mushroom.csv")
        train = ["train", "logistic_classifier", url, "--target", "label", "--model", model]
        done = runner.invoke(app, [*train, "--validation-set", "none"])
        assert done.exit_code == 0, done.output
        done = runner.invoke(app, ["evaluate", model, url, "--metric", "accuracy", "--json"])
        assert json.loads(done.stdout) == {"accuracy": 1.0}
        output = str(tmp_path / "classes.csv")
        done = runner.invoke(app, ["predict", model, url, "--output", output])
        assert done.exit_code == 0, done.output
        assert list(gl.SFrame(output)["prediction"]) == list(gl.SFrame(url)["label"])
