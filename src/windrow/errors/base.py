"""What all errors have in common."""

from __future__ import annotations


class WindrowError(Exception):
    """Base class of every deliberate error."""


class ToolkitError(WindrowError, RuntimeError):
    """What the ancestor's users catch: an error from the engine or a toolkit."""
