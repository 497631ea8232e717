"""What long work says while it runs: events, and the listeners that show them."""

from windrow.progress.events import (
    Event,
    Finished,
    Header,
    Listener,
    Notice,
    Row,
    Transfer,
    Warned,
)
from windrow.progress.live import listening, telling

__all__ = [
    "Event",
    "Finished",
    "Header",
    "Listener",
    "Notice",
    "Row",
    "Transfer",
    "Warned",
    "listening",
    "telling",
]
