"""The demonstration: from the files of a year of flights to a model, its measures and a picture."""

from __future__ import annotations

from windrow.demo.story import run

__all__ = ["run"]
