"""The ROC curve as a picture."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from windrow.errors import MissingPackageError
from windrow.toolkits.pictures import STYLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["draw_roc", "require_matplotlib"]

BLUE, GREY = "#1f5fa8", "#9aa3ad"


def require_matplotlib() -> None:
    """Fail now rather than after the training.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingPackageError("matplotlib", "the ROC picture", "demo")


def draw_roc(
    false_positive: Sequence[float],
    true_positive: Sequence[float],
    auc: float,
    *,
    title: str,
    folder: Path,
    mark: tuple[float, float, str] | None = None,
) -> list[Path]:
    """Draw a ROC curve with the diagonal of chance, as PNG and as SVG.

    Parameters
    ----------
    false_positive, true_positive
        Rates, a pair for each threshold, in the order of the thresholds.
    auc
        Area under the curve, shown in the title.
    title
        What is predicted.
    folder
        Gets ``roc.png`` (1200 x 1200 pixels) and ``roc.svg``; it exists.
    mark
        A point to point out, and what to call it.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib import rc_context
    from matplotlib.figure import Figure  # no pyplot: no window, no state left behind

    with rc_context(STYLE):
        figure = Figure(figsize=(6, 6), layout="constrained")
        axes = figure.add_subplot()
        axes.fill_between(false_positive, true_positive, color=BLUE, alpha=0.08, linewidth=0)
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=(0, (4, 3)), label="chance")
        axes.plot(false_positive, true_positive, color=BLUE, linewidth=2.2, label="the model")
        if mark is not None:
            x, y, text = mark
            axes.plot([x], [y], "o", color=BLUE, markersize=7, markeredgecolor="white")
            axes.annotate(
                text,
                (x, y),
                xytext=(12, -2),
                textcoords="offset points",
                va="top",
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2},
            )
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.set_xlabel("false positive rate: on-time flights called late")
        axes.set_ylabel("true positive rate: late flights called late")
        axes.set_title(f"{title}\nAUC {auc:.3f}", loc="left", fontsize=12, fontweight="bold")
        axes.grid(color=GREY, alpha=0.25, linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="lower right", frameon=False)
        png, svg = folder / "roc.png", folder / "roc.svg"
        figure.savefig(png, dpi=200)
        figure.savefig(svg, metadata={"Date": None})
    return [png, svg]
