"""How a bucket is reached: whose keys, which region, which endpoint, how long to wait.

The usual order of AWS's own tools, and who does it (docs/design/0011-s3.md):

1. ``AWS_SKIP_SIGNATURE=true``: nobody; requests are not signed.
2. Keys, a web identity or a container's role in the environment: obstore.
3. A profile (``AWS_PROFILE``, or a file of profiles in ``~/.aws``), with SSO, assumed roles and
   programs that print keys: botocore, which the extra brings.
4. The role of this machine, by its metadata service: obstore.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from obstore.store import S3Store

from windrow.config import TRUE, settings
from windrow.errors import MissingExtraError, SourceRefusedError
from windrow.io.registry import ROWS
from windrow.io.s3_errors import NO_CREDENTIALS, S3AnswerError, reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RETRIES = 8
_ADDRESS = re.compile(r"https?://[^\s/?#]+(?:/[^\s?#]*)?$", re.IGNORECASE)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(milliseconds=100), timedelta(seconds=2)
_KEYS_HOLD = timedelta(minutes=10)
"""How long keys are taken for good: botocore renews those that have less than this left."""
_OWN = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_FILES = {
    "AWS_CONFIG_FILE": "~/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
}


def bucket_of(name: str, *, patience: int = 1) -> S3Store:
    """Return the client of a bucket, as the environment is now.

    Parameters
    ----------
    name
        Of the bucket.
    patience
        How many times longer than usual one answer may take: for what is sent in one piece.

    Raises
    ------
    MissingExtraError
        The credentials are in a profile, and botocore is not installed.
    SourceRefusedError
        There are none, or the profile makes no sense.
    """
    variables = tuple(sorted((k, v) for k, v in os.environ.items() if k.startswith("AWS_") and v))
    return _opened(name, settings().io_timeout, patience, variables, tuple(_files(variables)))


@lru_cache(maxsize=64)
def _opened(
    name: str,
    timeout: float,
    patience: int,
    variables: tuple[tuple[str, str], ...],
    files: tuple[tuple[str, int], ...],
) -> S3Store:
    """Open a bucket; anew, when the environment or a file of profiles changes."""
    environment = dict(variables)
    for variable, value in variables:
        if not value.isprintable():  # obstore would panic: it goes into a header
            reason = f"the variable {variable} holds a line break or another control character"
            raise SourceRefusedError(f"s3://{name}", 0, reason)
    found: dict[str, Any] = {}
    if source_of(environment, profiles=bool(files)) == "profile":
        found = _by_botocore(f"s3://{name}", environment)
    given = [environment[name] for name in _ENDPOINTS if name in environment]
    endpoint = str((given or [found.get("endpoint", "")])[0])
    if endpoint and not _is_address(endpoint):  # obstore would panic
        reason = (
            f"its endpoint {endpoint!r} (AWS_ENDPOINT_URL or a profile's) is no http(s) address"
        )
        raise SourceRefusedError(f"s3://{name}", 0, reason)
    half = timedelta(seconds=timeout * 0.45)
    with reading(f"s3://{name}"):
        return S3Store(
            name,
            client_options={
                "allow_http": endpoint.lower().startswith("http://"),
                "connect_timeout": min(timedelta(seconds=5), half),
                "read_timeout": half * patience,
                "timeout": timedelta(days=1),  # of a whole body: what counts is that bytes come
                "user_agent": "windrow",
            },
            retry_config={
                "max_retries": RETRIES,
                "retry_timeout": half * patience,
                "backoff": {
                    "init_backoff": _FIRST_PAUSE,
                    "max_backoff": min(_LONGEST_PAUSE, half),
                    "base": 2,
                },
            },
            **found,
        )


def _is_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return bool(_ADDRESS.match(endpoint) and parts.port != 0)
    except ValueError:  # its port or its brackets
        return False


def source_of(environment: Mapping[str, str], *, profiles: bool) -> str:
    """Say where credentials come from: ``none``, ``environment``, ``profile`` or ``machine``.

    Parameters
    ----------
    environment
        Variables.
    profiles
        Whether there is a file of profiles.

    Examples
    --------
    >>> source_of({"AWS_ACCESS_KEY_ID": "A", "AWS_PROFILE": "p"}, profiles=True)
    'environment'
    >>> source_of({}, profiles=True), source_of({}, profiles=False)
    ('profile', 'machine')
    """
    if environment.get("AWS_SKIP_SIGNATURE", "").lower() in TRUE:
        return "none"
    if any(name in environment for name in _OWN):
        return "environment"
    return "profile" if profiles or "AWS_PROFILE" in environment else "machine"


def _files(variables: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, int]]:
    """Yield the files of profiles that are there, and when they changed."""
    environment = dict(variables)
    for name, usual in _FILES.items():
        path = Path(environment.get(name, usual)).expanduser()
        with suppress(OSError):
            yield str(path), path.stat().st_mtime_ns


def _by_botocore(url: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what a profile says: a provider of keys, and region and endpoint where it has them."""
    profile = environment.get("AWS_PROFILE", "default")
    if find_spec("botocore") is None:
        raise MissingExtraError(f"s3:// with the AWS profile {profile!r}", ROWS["s3"].advice)
    import botocore.session
    from botocore.exceptions import BotoCoreError

    session = botocore.session.Session()
    try:
        keys = session.get_credentials()
        profiled = session.get_scoped_config()
    except BotoCoreError as error:
        why = str(error).strip()
        cause = S3AnswerError(0, type(error).__name__, why)  # theirs do not all pickle
        reason = f"the credentials of the AWS profile {profile!r} cannot be had: {why}"
        raise SourceRefusedError(url, 0, reason) from cause
    if keys is None:
        raise SourceRefusedError(url, 0, NO_CREDENTIALS)
    found = {"credential_provider": _Keys(keys)}
    for name, key, variables in (
        ("region", "region", _REGIONS),
        ("endpoint", "endpoint_url", _ENDPOINTS),
    ):
        if profiled.get(key) and not any(variable in environment for variable in variables):
            found[name] = profiled[key]
    return found


class _Keys:
    """Gives obstore keys whenever it asks; botocore renews them before they end."""

    def __init__(self, keys: Any) -> None:
        self._keys = keys

    def __call__(self) -> Any:
        """Return the keys of now."""
        now = self._keys.get_frozen_credentials()
        return {
            "access_key_id": now.access_key,
            "secret_access_key": now.secret_key,
            "token": now.token,
            "expires_at": datetime.now(UTC) + _KEYS_HOLD,
        }
