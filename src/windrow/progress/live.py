"""The listener of a terminal: the table, and last lines of the iteration just made, or a bar."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from windrow.config import settings
from windrow.progress.events import Notice, Transfer
from windrow.progress.table import Silent, TextTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from windrow.progress.events import Event, Listener, Row

__all__ = ["LiveTable", "listening", "telling"]


class LiveTable(TextTable):
    """Keeps the rows that a plain table leaves out in view while they are the latest.

    A transfer, of which plain output says only that it begins, is a bar until its end.

    Parameters
    ----------
    console
        A terminal.
    """

    def __init__(self, console: Console) -> None:
        from rich.live import Live
        from rich.text import Text

        super().__init__(lambda text: console.print(Text(text), end="", soft_wrap=True))
        self._text = Text
        self._live = Live(Text(""), console=console, transient=True, refresh_per_second=8)

    def __call__(self, event: Event) -> None:
        """Take one event."""
        super().__call__(event)
        if isinstance(event, Transfer):
            self._transfer(event)

    def close(self) -> None:
        """Take the live line away and end the table."""
        self._live.stop()
        super().close()

    def _transfer(self, transfer: Transfer) -> None:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        bar = Table.grid(padding=(0, 1))
        said = f"{transfer.done / 1e6:.0f} of {transfer.total / 1e6:.0f} MB"
        bar.add_row(transfer.what, ProgressBar(transfer.total, transfer.done, width=40), said)
        self._live.update(bar)
        self._live.start()
        if transfer.done >= transfer.total:
            self._live.update(self._text(""))
            self._live.stop()

    def _row(self, row: Row) -> None:
        super()._row(row)
        if not self._live.is_started:
            self._live.start()
        latest = self._line(self._held.values) if self._held else ""
        below = f"{row.aside}\n" if row.aside else ""
        self._live.update(self._text(latest + self._edge() + below, end="", no_wrap=True))


@contextmanager
def listening(*, verbose: bool) -> Iterator[Listener]:
    """Give the listener that suits where the output goes, and end its output afterwards.

    ``settings().progress`` decides: ``auto`` is live in a terminal and plain lines elsewhere,
    ``plain`` is plain, ``off`` is nothing. Warnings come through in any case.

    Examples
    --------
    >>> from windrow.progress import Notice
    >>> with listening(verbose=True) as listener:
    ...     listener(Notice("reading"))
    reading
    """
    listener = _choose(verbose=verbose)
    try:
        yield listener
    finally:
        listener.close()


@contextmanager
def telling(subject: str) -> Iterator[Callable[[str], None]]:
    """Give a function that shows which step something is at, as `listening` does.

    Examples
    --------
    >>> with telling("cluster 'a'") as tell:
    ...     tell("waiting for the hosts")
    PROGRESS: cluster 'a': waiting for the hosts
    """
    with listening(verbose=True) as listener:
        yield lambda step: listener(Notice(f"PROGRESS: {subject}: {step}"))


def _choose(*, verbose: bool) -> Silent:
    how = settings().progress
    if not verbose or how == "off":
        return Silent()
    if how == "auto" and sys.stdout.isatty():
        from rich.console import Console

        return LiveTable(Console(file=sys.stdout, highlight=False))
    return TextTable(_to_stdout)


def _to_stdout(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
