"""What all errors have in common."""

from __future__ import annotations

from windrow.errors.redact import redacted


class WindrowError(Exception):
    """Base class of every deliberate error.

    Errors are printed, logged, stored and sent: secrets are taken out of whatever an error is told.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*map(_told, args))

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, _told(value))

    def add_note(self, note: str) -> None:
        """Add a note, as any exception does."""
        super().add_note(redacted(note))

    def __reduce__(self) -> tuple[object, ...]:
        # Python would do the same. Said aloud, tblib (Dask pickles errors by it) does so too: else
        # it asks for cls.__new__, and a class that is an OSError as well has RuntimeError's first.
        return type(self), self.args, self.__dict__


class ToolkitError(WindrowError, RuntimeError):
    """What the ancestor's users catch: an error from the engine or a toolkit."""


def _told(value: object) -> object:
    return redacted(value) if isinstance(value, str) else value
