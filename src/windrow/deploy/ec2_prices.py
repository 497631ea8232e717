"""What hosts cost, about: on demand, Linux, in us-east-1, as listed in November 2026."""

from __future__ import annotations

__all__ = ["hourly"]

SIZES = {"large": 1, "xlarge": 2, "2xlarge": 4, "4xlarge": 8, "8xlarge": 16, "16xlarge": 32}
LARGE = {
    "m5": 0.096,
    "m6i": 0.096,
    "m6a": 0.0864,
    "m6g": 0.077,
    "m7i": 0.1008,
    "m7a": 0.11592,
    "m7g": 0.0816,
    "c5": 0.085,
    "c6i": 0.085,
    "c6g": 0.068,
    "c7i": 0.08925,
    "c7g": 0.0725,
    "r5": 0.126,
    "r6i": 0.126,
    "r6g": 0.1008,
    "r7i": 0.1323,
    "r7g": 0.1071,
}
"""USD an hour of the size ``large``; the others cost in proportion."""


def hourly(instance_type: str) -> float | None:
    """Return USD an hour; None for types that are not in the list.

    >>> hourly("m6i.xlarge")
    0.192
    """
    family, _, size = instance_type.partition(".")
    if family not in LARGE or size not in SIZES:
        return None
    return LARGE[family] * SIZES[size]
