"""What all errors have in common."""

from __future__ import annotations


class WindrowError(Exception):
    """Base class of every deliberate error."""

    def __reduce__(self) -> tuple[object, ...]:
        # Python would do the same. Said aloud, tblib (Dask pickles errors by it) does so too: else
        # it asks for cls.__new__, and a class that is an OSError as well has RuntimeError's first.
        return type(self), self.args, self.__dict__


class ToolkitError(WindrowError, RuntimeError):
    """What the ancestor's users catch: an error from the engine or a toolkit."""
