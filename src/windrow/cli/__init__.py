"""The command line: the library's verbs, for people and for scripts.

Results go to standard output, everything else to standard error; with ``--json`` standard output
is one JSON document. Exit codes: 0 done, 1 it failed for the reason that is printed, 2 the
command line was not understood, 130 interrupted.
"""

from __future__ import annotations

from windrow.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command that the process was started with, and exit with its code."""
    app(prog_name="windrow")
