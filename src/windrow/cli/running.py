"""One command from its start to its exit code: who gets its output, and what its failures say."""

from __future__ import annotations

import contextlib
import json
import sys
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import typer

from windrow.cli.documents import jsonable
from windrow.errors import WindrowError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FAILED", "INTERRUPTED", "Outcome", "running"]

FAILED = 1
INTERRUPTED = 130


class Outcome:
    """What a command found, for a person or for a script.

    Attributes
    ----------
    document
        What ``--json`` prints.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.document: dict[str, Any] = {}

    def say(self, text: str = "") -> None:
        """Show a line to a person; a script never sees it."""
        if not self.as_json:
            sys.stdout.write(text + "\n")


@contextlib.contextmanager
def running(*, as_json: bool, debug: bool) -> Iterator[Outcome]:
    """Run the body of a command.

    With `as_json`, whatever the body prints goes to standard error, and standard output gets one
    document: the outcome's, or ``{"error": {"type": ..., "message": ...}}``. A deliberate error
    is one sentence on standard error, with the traceback if `debug`; one that nobody foresaw
    passes through.

    Raises
    ------
    typer.Exit
        With code 1 after a deliberate error, 130 after Ctrl-C.
    """
    outcome = Outcome(as_json=as_json)
    document: dict[str, Any] = outcome.document
    code = 0
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _one_line  # type: ignore[assignment]  # called by position alone
        try:
            with contextlib.redirect_stdout(sys.stderr if as_json else sys.stdout):
                yield outcome
        except BrokenPipeError:  # who read our output has gone: nobody is left to tell
            raise
        except (WindrowError, OSError) as error:
            if debug:
                traceback.print_exc()
            _tell(str(error))
            document = {"error": {"type": type(error).__name__, "message": str(error)}}
            code = FAILED
        except KeyboardInterrupt as interrupt:
            left = getattr(interrupt, "__notes__", ["nothing half-written was left behind"])
            _tell(f"interrupted; {left[-1]}")
            raise typer.Exit(INTERRUPTED) from None
    if as_json:
        sys.stdout.write(json.dumps(jsonable(document), indent=2, allow_nan=False) + "\n")
    if code:
        raise typer.Exit(code)


def _tell(text: str) -> None:
    sys.stderr.write(f"windrow: {text}\n")


def _one_line(message: Warning | str, *_where: object) -> None:
    _tell(f"warning: {message}")
