"""Apps whose S3 takes what it should not, or not what it should, and what the checks say of each."""

from __future__ import annotations

import base64
import re

import pytest

from openapi_check.checks.presigned_upload import PresignedUpload


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
