"""How an S3 server is asked: again where a connection broke, and so that Ctrl-C is heard."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from obstore.exceptions import BaseError

from windrow.config import Deadline, settings
from windrow.io.s3_errors import answer_of

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_PAUSE = 0.05


class Patience:
    """How long to ask again where connections break: half of `Settings.io_timeout`.

    obstore does so itself, but not for what it takes for unsafe to repeat (conditional puts,
    deletions), for listings whose body breaks off, and for some ways in which a connection ends.
    """

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Something arrived: begin to wait anew."""
        self._deadline = Deadline(settings().io_timeout / 2, "a whole answer of the S3 server")

    def again(self, error: BaseException) -> None:
        """Wait a little, or raise the error where asking again cannot help."""
        if self._deadline.expired() or not answer_of(error).broken:
            raise error
        self._deadline.pause(min(_PAUSE, self._deadline.seconds / 10))


def steadily(ask: Callable[[], T]) -> T:
    """Return an answer, asking again where a connection broke."""
    patience = Patience()
    while True:
        try:
            return interruptibly(ask)
        except BaseError as error:
            patience.again(error)


def interruptibly(ask: Callable[[], T]) -> T:
    """Ask in another thread if this is the main one, to which Python tells of Ctrl-C.

    obstore hears of no signal while it waits. After one, the answer is waited for by nobody.

    >>> interruptibly(lambda: 1)
    1
    """
    if threading.current_thread() is not threading.main_thread():
        return ask()
    answer: Future[T] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # noqa: BLE001  # who waits raises it
            answer.set_exception(error)

    threading.Thread(target=work, name="windrow s3", daemon=True).start()
    return answer.result()
