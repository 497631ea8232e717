from __future__ import annotations

import pickle

import pytest

from windrow.errors import SourceNotFoundError, redacted
from windrow.io.read import BadRow
from windrow.progress import Notice, Row
from windrow.progress.events import record_of

SECRET = {
    "s3://ann:pw@bucket/a.csv": "s3://ann:***@bucket/a.csv",
    "http://ann:p/w@h/a": "http://ann:p/w@h/a",  # no password has a slash: it would be a path
    "http://:pw@h/": "http://:***@h/",
    "hdfs://u:p@ss:w@namenode:8020/x": "hdfs://u:***@namenode:8020/x",
    "https://h/a?X-Amz-Credential=AKIA%2F1&X-Amz-Date=2&X-Amz-Security-Token=t&X-Amz-Signature=5":
    "https://h/a?X-Amz-Credential=***&X-Amz-Date=2&X-Amz-Security-Token=***&X-Amz-Signature=***",
    "https://h/a?AWSAccessKeyId=A&Expires=1&Signature=b%2Fc%3D":
    "https://h/a?AWSAccessKeyId=***&Expires=1&Signature=***",
    "https://h/a?sv=1&SIG=a%2Fb#part": "https://h/a?sv=1&SIG=***#part",
    "https://h/a?X-Goog-Signature=00ff": "https://h/a?X-Goog-Signature=***",
    "https://h/a?access_token=t&page=2": "https://h/a?access_token=***&page=2",
    "two: ftp://a:b@h/x and http://c:d@h/y, 'http://h/?key=1'":
    "two: ftp://a:***@h/x and http://c:***@h/y, 'http://h/?key=***'",
}  # fmt: skip
PLAIN = [
    "/data/a.csv",
    "C:/a.csv",
    "http://127.0.0.1:8000/a.csv?page=2&signal=3&monkey=4",
    "http://ann@host/a.csv",
    "http://[::1]:81/a@b.csv",
    "https://h/a:b@c/d",
    "line 3 of http://h/a.csv: 'ann:pw@x'",
    "?sig=1 without an address",
]


@pytest.mark.parametrize("text", SECRET)
def test_secrets_of_addresses_are_masked(text: str) -> None:
    assert redacted(text) == SECRET[text]
    assert redacted(redacted(text)) == redacted(text)


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_an_error_knows_no_secret() -> None:
    url = "http://ann:hunter2@h/a.csv?sig=s3cret"
    error = SourceNotFoundError(url, f"so says {url}")
    error.add_note(f"while reading {url}")
    again = pickle.loads(pickle.dumps(error))
    assert (again.args, again.url) == (error.args, error.url)
    told = repr(error) + str(error) + str(error.__dict__) + str(pickle.dumps(error))
    assert "hunter2" not in told
    assert "s3cret" not in told
    assert "http://ann:***@h/a.csv?sig=***" in str(error)


def test_events_that_are_sent_or_stored_know_none() -> None:
    url = "http://ann:hunter2@h/a.csv"
    for event in (Notice(f"reading {url}"), Row(("File",), (url,), 1)):
        assert "hunter2" not in str(record_of(event))
    assert "***" not in str(BadRow("http://ann@h/a.csv", 1, "why", "text"))
