"""What an S3 server's refusals mean to a user, without anything secret in them.

The client library tells of them in text alone. The answers of servers hold access keys and what was
signed; of them only the status, the code and the message go on.
"""

from __future__ import annotations

import html
import json
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from obstore import exceptions

from windrow.config import settings
from windrow.errors import (
    SourceNotFoundError,
    SourceRefusedError,
    UnwritableError,
    WindrowError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUSALS = (exceptions.BaseError, FileNotFoundError, ValueError)
"""What obstore raises."""
_STATUS = re.compile(r"status code: (\d{3})(?: ([A-Z][\w' -]+))?")
_TAG = re.compile(r"<(Code|Message|Region)>(.*?)</\1>", re.DOTALL)
_ASKED = re.compile(r"Error performing [A-Z]+ (https?://[^\s/?]+)")
_SYSTEM = re.compile(r'message: "([^"]+)"')
_PROVIDER = "External AWS credential provider: "
_ROLE = re.compile(
    r"Error performing [A-Z]+ https?://[^\s/?]+/(?:latest/(?:api/token|meta-data)|v2/credentials)"
)

WHAT_TO_DO = {
    "AccessDenied": "the policy of {who} must allow {action}",
    "ExpiredToken": "sign in again (aws sso login), or set new keys",
    "InvalidToken": "check AWS_SESSION_TOKEN, or sign in again (aws sso login)",
    "InvalidAccessKeyId": "check AWS_ACCESS_KEY_ID or the profile",
    "SignatureDoesNotMatch": "check AWS_SECRET_ACCESS_KEY or the profile",
    "RequestTimeTooSkewed": "set this machine's clock",
}
NO_CREDENTIALS = (
    "no credentials were found in the environment, in a profile or as a role of this machine; set "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or for a public bucket "
    "AWS_SKIP_SIGNATURE=true"
)


def _who() -> str:
    """Name whose policy counts: hosts of a cluster have a role, whose name they were told."""
    role = os.environ.get("WINDROW_ROLE")
    return f"role {role}, which these hosts have," if role else "these keys"


class S3AnswerError(Exception):
    """What a server said, as the cause of an error; it pickles and holds nothing secret."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.status or ""), self.code, self.message) if part)


class Answer(NamedTuple):
    """A refusal, taken apart.

    Attributes
    ----------
    status
        Of HTTP; 0 where no answer came.
    code, message, region
        What the body of the answer says; empty where it has none.
    reason
        A sentence for the user.
    lost
        Whether the host is not known.
    broken
        Whether the connection broke while an answer was on its way: asking again may help.
    """

    status: int
    code: str
    message: str
    region: str
    reason: str
    lost: bool = False
    broken: bool = False

    @property
    def cause(self) -> S3AnswerError:
        """What the server said, without anything else."""
        return S3AnswerError(self.status, self.code, self.message or self.reason)


def answer_of(error: BaseException, action: str = "s3:GetObject", bucket: str = "") -> Answer:
    """Take a refusal apart.

    Parameters
    ----------
    error
        One of `REFUSALS`.
    action
        What a policy must allow for what was asked.
    bucket
        Of which; else no line of a policy is given.

    Examples
    --------
    >>> text = "status code: 403 Forbidden: <Code>AccessDenied</Code><Message>No.</Message>"
    >>> answer_of(exceptions.BaseError(text)).reason
    'No (AccessDenied); the policy of these keys must allow s3:GetObject'
    """
    text, _, debug = str(error).partition("\n\nDebug source")
    found = _STATUS.search(text)
    status = int(found[1]) if found else 0
    tags = {name: html.unescape(value) for name, value in _TAG.findall(text)}
    code, message, region = (tags.get(name, "") for name in ("Code", "Message", "Region"))
    asked = _ASKED.search(text)
    endpoint = asked[1] if asked else "the server"
    lost = broken = False
    if _ROLE.search(text):  # not the server's, but the refusal of who gives keys to this machine
        return Answer(0, "", "", "", NO_CREDENTIALS)
    if "edirect without LOCATION" in text:  # what it says of an answer that tells no address
        status = 301
    if code or status:
        said = message.rstrip(".") or (found[2] if found and found[2] else "no reason is given")
        reason = f"{said} ({code})" if code else said.strip()
        if status == 301 or (code == "AuthorizationHeaderMalformed" and region):
            where = f"AWS_REGION={region}" if region else "AWS_REGION to the bucket's"
            reason = f"the bucket is in another region than was asked for; set {where}"
        elif code in WHAT_TO_DO:
            reason += f"; {WHAT_TO_DO[code].format(action=_allowed(action, bucket), who=_who())}"
    elif _PROVIDER in text:
        reason = text.split(_PROVIDER, 1)[1].partition(": ")[2].strip() or NO_CREDENTIALS
    elif "TimedOut" in debug or "kind: Timeout" in debug or "timed out" in text:
        reason = (
            f"{endpoint} let {settings().io_timeout:g} s pass without a byte "
            f"(the setting io_timeout)"
        )
    elif "dns error" in debug:
        lost, reason = True, f"the host of {endpoint} is not known"
    elif asked or "response body" in text:
        broken = "kind: Connect," not in debug
        system = _SYSTEM.findall(debug)
        reason = f"{system[-1] if system else 'the connection broke'} ({endpoint})"
    else:
        reason = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    return Answer(status, code, message, region, " ".join(reason.split()), lost, broken)


def _allowed(action: str, bucket: str) -> str:
    """Say what a policy must allow, and the statement that does.

    >>> _allowed("s3:ListBucket", "")
    's3:ListBucket'
    """
    if not bucket:
        return action
    arn = f"arn:aws:s3:::{bucket}" + ("" if action == "s3:ListBucket" else "/*")
    line = json.dumps({"Effect": "Allow", "Action": action, "Resource": arn})
    return f"{action}; add to it {line}"


@contextmanager
def reading(url: str, action: str = "s3:GetObject") -> Iterator[None]:
    """Turn refusals into `SourceNotFoundError` and `SourceRefusedError`."""
    try:
        yield
    except REFUSALS as error:
        if isinstance(error, WindrowError):
            raise
        found = answer_of(error, action, urlsplit(url).netloc)
        missing = found.status == 404 or found.lost or isinstance(error, FileNotFoundError)
        error.args = (str(found.cause),)  # it stays the context of what is raised
        if missing:
            raise SourceNotFoundError(url, found.reason) from found.cause
        raise SourceRefusedError(url, found.status, found.reason) from found.cause


@contextmanager
def writing(url: str, action: str = "s3:PutObject") -> Iterator[None]:
    """Turn refusals of what is written into `UnwritableError`."""
    try:
        yield
    except (*REFUSALS, OSError) as error:  # what its files raise is the system's class
        if isinstance(error, WindrowError):
            raise
        found = answer_of(error, action, urlsplit(url).netloc)
        error.args = (str(found.cause),)
        reason = f"{found.reason} (status {found.status})" if found.status else found.reason
        raise UnwritableError(url, reason) from found.cause
