"""Object lock: until when a version of an object cannot be deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from strict_s3.messages import errors
from strict_s3.messages.clock import time_of
from strict_s3.messages.integers import whole_number
from strict_s3.messages.orders import Bucket, Order
from strict_s3.messages.response import Response
from strict_s3.messages.xml import parse

if TYPE_CHECKING:
    from .backend import Backend

BYPASS = "x-amz-bypass-governance-retention"
_MODE, _UNTIL, _HOLD = (f"x-amz-object-lock-{name}" for name in ("mode", "retain-until-date", "legal-hold"))
_STATES = ("ON", "OFF")
_MODES = ("GOVERNANCE", "COMPLIANCE")
_DAYS_OF_A_YEAR, _MOST_DAYS = 365, 36_500
"""The longest default retention is a hundred years."""


def check_bucket(order: Order, bucket: Bucket) -> None:
    """Raise `S3Error` if an order to set up a bucket conflicts with object lock."""
    if order.has("versioning") and bucket.has_lock and b"Suspended" in order.body:
        raise _invalid_state(
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be "
            "changed."
        )
    if not order.has("object-lock"):
        return
    root = parse(order.body)
    retention = root.find("Rule/DefaultRetention")
    if retention is not None:
        periods = [text for name in ("Days", "Years") if (text := retention.findtext(name))]
        if len(periods) != 1:
            raise errors.refusal("MalformedXML")
        days = (whole_number(periods[0]) or 0) * (1 if retention.findtext("Days") else _DAYS_OF_A_YEAR)
        if not 0 < days <= _MOST_DAYS:
            raise errors.invalid_argument("Default retention period must be a positive integer value.")
    if bucket.versioning != "Enabled":
        raise _invalid_state(
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        )


def is_locked(headers: Mapping[str, str]) -> bool:
    """Return whether headers lock a new object."""
    return any(name in headers for name in (_MODE, _UNTIL, _HOLD))


def check_headers(headers: Mapping[str, str], bucket: Bucket) -> None:
    """Raise `S3Error` unless a new object of this bucket can be locked as its headers say."""
    mode, text, hold = headers.get(_MODE), headers.get(_UNTIL), headers.get(_HOLD)
    if hold not in (None, *_STATES):
        raise errors.invalid_argument("Legal Hold must be either of 'ON' or 'OFF'", _HOLD, str(hold))
    if (mode is None) is not (text is None):
        message = f"{_UNTIL} and {_MODE} must both be supplied"
        raise errors.invalid_argument(message, _MODE if mode is None else _UNTIL, "")
    if mode not in (None, *_MODES):
        raise errors.invalid_argument("Unknown wormMode directive.", _MODE, str(mode))
    if text is not None:
        _check_time(text, _UNTIL)
    if is_locked(headers) and not bucket.has_lock:
        raise _without_lock()


def lock(backend: Backend, bucket: str, key: Any, headers: Mapping[str, str]) -> None:
    """Lock a new object, moto's key, by its headers, or else by the default of its bucket."""
    mode, until = headers.get(_MODE), headers.get(_UNTIL)
    defaults = backend.moto_bucket(bucket)
    if mode is None and defaults.has_default_lock:
        mode, until = defaults.default_lock_mode, defaults.default_retention()
    key.lock_mode, key.lock_until, key.lock_legal_status = mode, as_moto_reads(until), headers.get(_HOLD)


def change_lock(backend: Backend, order: Order) -> Response:
    """Serve PutObjectRetention and PutObjectLegalHold."""
    if not backend.existing(order.bucket).has_lock:
        raise _without_lock()
    root = parse(order.body)
    if order.has("legal-hold"):
        if root.findtext("Status") not in _STATES:
            raise errors.refusal("MalformedXML")
        backend.existing_key(order).lock_legal_status = root.findtext("Status")
        return Response(HTTPStatus.OK)
    mode, text = root.findtext("Mode"), root.findtext("RetainUntilDate")
    until = time_of(text or "")
    if (mode, text) != (None, None) and (mode not in _MODES or until is None):
        raise errors.refusal("MalformedXML")
    if text is not None:
        _check_time(text, "RetainUntilDate")
    key = backend.existing_key(order)
    locked = time_of(key.lock_until or "")
    if locked is not None and locked > datetime.now(UTC):
        is_longer = mode == key.lock_mode and until is not None and until >= locked
        may_bypass = key.lock_mode == "GOVERNANCE" and order.headers.get(BYPASS, "").lower() == "true"
        if not is_longer and not may_bypass:
            raise errors.access_denied(errors.PROTECTED)
    key.lock_mode, key.lock_until = mode, as_moto_reads(text)
    return Response(HTTPStatus.OK)


def describe(backend: Backend, order: Order) -> Response:
    """Serve GetObjectRetention and GetObjectLegalHold."""
    if not backend.existing(order.bucket).has_lock:
        raise _without_lock()
    key = backend.existing_key(order)
    if order.has("retention") and key.lock_mode:
        return Response.of_root("Retention", {"Mode": key.lock_mode, "RetainUntilDate": key.lock_until})
    if order.has("legal-hold") and key.lock_legal_status:
        return Response.of_root("LegalHold", {"Status": key.lock_legal_status})
    raise errors.refusal("NoSuchObjectLockConfiguration")


def _check_time(text: str, name: str) -> None:
    until = time_of(text)
    if until is None:
        raise errors.invalid_argument("The retain until date must be provided in ISO 8601 format", name, text)
    if until <= datetime.now(UTC):
        raise errors.invalid_argument("The retain until date must be in the future!", name, text)


def as_moto_reads(text: str | None) -> str | None:
    """Return the end of a lock in the one form that moto reads; None for none."""
    until = time_of(text or "")
    return None if until is None else until.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _without_lock() -> errors.S3Error:
    return errors.invalid_request("Bucket is missing Object Lock Configuration")


def _invalid_state(message: str) -> errors.S3Error:
    return errors.S3Error(HTTPStatus.CONFLICT, "InvalidBucketState", message)
