"""A real browser without a window: what a page says once its scripts have run, and how it looks."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

BROWSER = "chromium"
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
"""Speaks to nobody but the page."""


def shown(url: str, folder: Path) -> str:
    """Return the words of a page after some seconds of its time; a picture is `folder`/page.png."""
    command = [BROWSER, *QUIET, f"--user-data-dir={folder / 'browser'}", "--window-size=1100,800"]
    command += ["--virtual-time-budget=6000", f"--screenshot={folder / 'page.png'}", "--dump-dom"]
    page = subprocess.run(
        [*command, url], check=True, capture_output=True, text=True, timeout=90
    ).stdout
    body = re.sub(r"(?s)<(script|style).*?</\1>", " ", page)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())
