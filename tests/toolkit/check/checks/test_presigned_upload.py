"""Apps whose S3 takes what it should not, or not what it should, and what the checks say of each."""

from __future__ import annotations

import base64
import re

import pytest

from contract_first.check import Target
from scanner_mocks.checks.presigned_upload import PresignedUpload
from scanner_mocks.checks.upload_forms import may_upload


def lenient(code, when=lambda _: True):
    """Take what the right S3 refuses with these words."""

    def spoil(exchange):
        if exchange.status >= 400 and code in exchange.body and when(exchange):
            exchange.status, exchange.body = 201, b""

    return spoil


def is_prolonged(exchange):
    """Whether the policy of a form ends later than any that was signed."""
    found = re.search(rb'name="policy"\r\n\r\n([^\r]+)', exchange.asked)
    return b"2999" in base64.b64decode(found[1])


def closed(exchange):
    """Take nothing."""
    exchange.status = 403


MISMATCH = b"SignatureDoesNotMatch"
WRONG = {
    "photo": closed,
    "key": lenient(b"$key"),
    "type": lenient(b"$Content-Type"),
    "size": lenient(b"EntityTooLarge"),
    "signature": lenient(MISMATCH, lambda exchange: not is_prolonged(exchange)),
    "policy": lenient(MISMATCH, is_prolonged),
    "expired": lenient(b"Policy expired"),
}


def test_each_rule_has_a_wrong_app():
    """No rule is without an app that breaks it."""
    assert WRONG.keys() == PresignedUpload.rules.keys()


@pytest.mark.parametrize("rule", WRONG)
def test_a_wrong_upload_is_caught(findings, rule):
    """An app whose uploads are wrong in one way breaks that rule, and no other of any check."""
    assert findings(s3=WRONG[rule]) == {("presigned_upload", rule)}


def test_photos_go_to_known_hosts_alone(inspection):
    """A server that hands out a form for another host has nobody else's time and photos at its disposal."""
    asked = []

    def record(exchange):
        asked.append(exchange)

    made = inspection(s3=record, upload_hosts=frozenset())
    with made.target.client:
        made.run()
    assert asked == []
    assert any("--upload-host 127.0.0.1" in str(note) for note in made.notes())


@pytest.mark.parametrize(
    ("url", "form", "is_allowed"),
    [
        ("https://api.example/v1", "https://api.example:9000/b", True),
        ("https://api.example/v1", "https://uploads.api.example/", True),
        ("https://api.example/v1", "https://photos.s3.us-west-2.amazonaws.com/", True),
        ("https://api.example/v1", "https://s3-us-west-2.amazonaws.com/photos", True),
        ("https://api.example/v1", "https://S3.cn-north-1.amazonaws.com.cn/photos", True),
        ("http://localhost:8000", "http://127.0.0.1:9000/photos", True),
        ("http://127.0.0.1:8000", "http://photos.localhost:9000/", True),
        ("https://api.example/v1", "https://cdn.example/", True),
        ("https://api.example/v1", "https://evil.example/", False),
        ("https://api.example/v1", "https://notapi.example/", False),
        ("https://api.example/v1", "http://127.0.0.1:9000/photos", False),
        ("https://api.example/v1", "http://169.254.169.254/", False),
        ("https://api.example/v1", "https://photos.s3.amazonaws.com.evil.example/", False),
        ("https://api.example/v1", "https://ec2.us-west-2.amazonaws.com/", False),
        ("https://api.example/v1", "https://api.example@evil.example/", False),
        ("https://api.example/v1", "/relative", True),
        ("https://api.example/v1", "//evil.example/", False),
    ],
)
def test_hosts_of_uploads(url, form, is_allowed):
    """The target's own host, Amazon S3 and what is given are; nothing else is, however it is spelled."""
    target = Target(
        url=url, contract=None, client=None, operations=(), upload_hosts=frozenset({"cdn.example"})
    )
    assert may_upload(target, form) == is_allowed
