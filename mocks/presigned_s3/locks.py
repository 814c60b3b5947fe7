"""Object lock: until when a version of an object cannot be deleted."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from .errors import S3Error, access_denied, invalid_argument, invalid_request, refusal
from .response import Response
from .xml import document, element, parse, qualified, whole_number

if TYPE_CHECKING:
    from .backend import Backend, Bucket, Order

BYPASS = "x-amz-bypass-governance-retention"
_MODES = ("GOVERNANCE", "COMPLIANCE")
_DAYS_OF_A_YEAR, _MOST_DAYS = 365, 36_500
"""The longest default retention is a hundred years."""


def check_bucket(order: Order, bucket: Bucket) -> None:
    """Raise `S3Error` unless an order to set up a bucket fits in with object lock."""
    if order.asks_for("versioning") and bucket.has_lock and b"Suspended" in order.body:
        raise _invalid_state(
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be "
            "changed."
        )
    if not order.asks_for("object-lock"):
        return
    root = _parsed(order.body)
    retention = root.find("{*}Rule/{*}DefaultRetention")
    has_rule = root.find("{*}Rule") is not None
    if root.findtext("{*}ObjectLockEnabled") != "Enabled" or (has_rule and retention is None):
        raise refusal("MalformedXML")
    if retention is not None:
        periods = [text for name in ("Days", "Years") if (text := retention.findtext(f"{{*}}{name}"))]
        if retention.findtext("{*}Mode") not in _MODES or len(periods) != 1:
            raise refusal("MalformedXML")
        days = (whole_number(periods[0]) or 0) * (1 if retention.findtext("{*}Days") else _DAYS_OF_A_YEAR)
        if not 0 < days <= _MOST_DAYS:
            message = "Default retention period must be a positive integer value."
            raise S3Error(HTTPStatus.BAD_REQUEST, "InvalidArgument", message)
    if bucket.versioning != "Enabled":
        raise _invalid_state(
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        )


def check_object(backend: Backend, order: Order) -> None:
    """Raise `S3Error` unless an order may set the retention or the legal hold of an object."""
    if not backend.existing(order.bucket).has_lock:
        raise _without_lock()
    root = _parsed(order.body)
    if order.asks_for("legal-hold"):
        if root.findtext("{*}Status") not in ("ON", "OFF"):
            raise refusal("MalformedXML")
        return
    mode, text = root.findtext("{*}Mode"), root.findtext("{*}RetainUntilDate")
    until = _time(text)
    if (mode, text) != (None, None) and (mode not in _MODES or until is None):
        raise refusal("MalformedXML")
    now = datetime.now(UTC)
    if until is not None and until <= now:
        message = "The retain until date must be in the future!"
        raise invalid_argument(message, "RetainUntilDate", str(text))
    key = backend.existing_key(order)
    locked = _time(key.lock_until)
    if locked is None or locked <= now:
        return
    is_longer = mode == key.lock_mode and until is not None and until >= locked
    may_bypass = key.lock_mode == "GOVERNANCE" and order.headers.get(BYPASS, "").lower() == "true"
    if not is_longer and not may_bypass:
        raise access_denied("Access Denied because object protected by object lock.")


def describe(backend: Backend, order: Order) -> Response:
    """Serve GetObjectRetention and GetObjectLegalHold."""
    if not backend.existing(order.bucket).has_lock:
        raise _without_lock()
    key = backend.existing_key(order)
    if order.asks_for("retention") and key.lock_mode:
        content = element("Mode", key.lock_mode), element("RetainUntilDate", str(key.lock_until))
        return Response.of_xml(HTTPStatus.OK, document(qualified("Retention", *content)))
    if order.asks_for("legal-hold") and key.lock_legal_status:
        status = element("Status", key.lock_legal_status)
        return Response.of_xml(HTTPStatus.OK, document(qualified("LegalHold", status)))
    raise refusal("NoSuchObjectLockConfiguration")


def _parsed(body: bytes) -> ET.Element:
    with suppress(ValueError):
        return parse(body)
    raise refusal("MalformedXML")


def _time(text: str | None) -> datetime | None:
    with suppress(ValueError):
        time = datetime.fromisoformat(text or "")
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    return None


def _without_lock() -> S3Error:
    return invalid_request("Bucket is missing Object Lock Configuration")


def _invalid_state(message: str) -> S3Error:
    return S3Error(HTTPStatus.CONFLICT, "InvalidBucketState", message)
