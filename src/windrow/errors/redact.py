"""Addresses as they may be shown and stored: without passwords, keys and signatures."""

from __future__ import annotations

import re

__all__ = ["redacted"]

MASK = "***"
_PASSWORD = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@]*):[^\s/?#]*@")
_PARTS = r"signature|token|secret|passw(?:or)?d|credential|auth|api[_-]?key|access[_-]?key"
_NAMES = rf"[\w.-]*(?:{_PARTS})[\w.-]*|sig|key|pwd|code"
_QUERY = re.compile(rf"([?&;](?:{_NAMES})=)[^&;#\s'\"<>]+", re.IGNORECASE)


def redacted(text: str) -> str:
    """Mask the passwords and the secret parameters of all URLs in a text.

    Parameters
    ----------
    text
        A URL, or a sentence with URLs in it.

    Returns
    -------
    str
        With ``***`` in the place of each secret: the password before the host, and the value of a
        query parameter that is named like a signature, token, key or credential, as presigned
        addresses of object stores have them.

    Examples
    --------
    >>> redacted("http://ann:pw@host/a.csv?page=2 is gone")
    'http://ann:***@host/a.csv?page=2 is gone'
    >>> redacted("https://b.s3.amazonaws.com/a.csv?X-Amz-Expires=60&X-Amz-Signature=0a1b")
    'https://b.s3.amazonaws.com/a.csv?X-Amz-Expires=60&X-Amz-Signature=***'
    >>> redacted("https://x.blob.core.windows.net/c/a.csv?sv=2024&sig=a%2Bb%3D")
    'https://x.blob.core.windows.net/c/a.csv?sv=2024&sig=***'
    """
    if "://" not in text:
        return text
    return _QUERY.sub(rf"\1{MASK}", _PASSWORD.sub(rf"\1:{MASK}@", text))
