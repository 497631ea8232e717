"""Marks of tests that want a real cluster: they take their time."""

from __future__ import annotations

import pytest

__all__ = ["on_clusters"]


def on_clusters(*needs: str, timeout: float = 900) -> list[pytest.MarkDecorator]:
    """Mark a module whose tests start clusters.

    Parameters
    ----------
    needs
        Packages or programs without which its tests are left out; in CI they fail.
    timeout
        Seconds of one test.
    """
    marks = [pytest.mark.timeout(timeout)]
    return [*marks, pytest.mark.needs(*needs)] if needs else marks
