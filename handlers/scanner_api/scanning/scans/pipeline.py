"""The steps of a capture, as pure transitions.

PENDING --read--> LOOKING_UP --look_up--> ENRICHING --enrich--> RESOLVING --resolve--> COMPLETED

A capture without a product becomes NOT_FOUND when it is looked up; a URL only when it is resolved, since
where it leads may name one. ``fail`` makes FAILED of any capture that is not final, ``claim`` restarts one
whose worker died, and ``retry`` a final one. The caller looks up what a step needs (a product, a redirect
chain); repeating a step gives the same capture.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from scanner_api.scanning.codes import gtin, raw_values

from .captures import FINAL, Capture, CaptureStatus

MAX_ATTEMPTS: Final = 3
RETRYABLE: Final = frozenset({CaptureStatus.FAILED, CaptureStatus.NOT_FOUND})


class StepError(ValueError):
    """A step that the capture's status does not allow; the message names both."""


class LinkedProduct(NamedTuple):
    """The product that a capture is linked to."""

    short_id: str
    name: str


def claim(capture: Capture, now: datetime) -> Capture:
    """Start to process a capture; fail one that was started three times without an end."""
    if capture.status in FINAL:
        raise StepError(f"A capture that is {capture.status} is not processed.")
    if capture.attempts >= MAX_ATTEMPTS:
        return fail(capture, f"Processing was started {MAX_ATTEMPTS} times and did not end.", now)
    return _restarted(capture, attempts=capture.attempts + 1)


def read(capture: Capture, decoded: Sequence[str] = ()) -> Capture:
    """Read the scanned value.

    Of the values decoded from an uploaded image the first that names a product counts.
    """
    _expect(capture, CaptureStatus.PENDING, "read")
    raw_value = capture.raw_value or _preferred(decoded)
    reading = raw_values.read(raw_value)
    gtin_, error = reading.gtin, reading.error_message
    if not gtin_ and not error and capture.sent_gtin:
        gtin_, error = _normalised(capture.sent_gtin)
    return replace(
        capture,
        status=CaptureStatus.LOOKING_UP,
        raw_value=raw_value,
        gtin=gtin_,
        gs1_dl_data=reading.gs1_dl_data(capture.gs1_dl_data),
        error_message=error,
    )


def look_up(capture: Capture, product: LinkedProduct | None, now: datetime) -> Capture:
    """Link the product of the capture's GTIN, if there is one."""
    _expect(capture, CaptureStatus.LOOKING_UP, "looked up")
    if product:
        return _linked(capture, product, CaptureStatus.ENRICHING)
    if url_of(capture):
        return replace(capture, status=CaptureStatus.RESOLVING)
    return _not_found(capture, now)


def enrich(capture: Capture) -> Capture:
    """Complete the comparison with the product's own fields."""
    _expect(capture, CaptureStatus.ENRICHING, "enriched")
    return replace(capture, status=CaptureStatus.RESOLVING)


def resolve(
    capture: Capture, analysis: dict[str, Any] | None, product: LinkedProduct | None, now: datetime
) -> Capture:
    """Complete a capture.

    The analysis is the ``qr_analysis`` of a URL; the product is that of the GTIN in it.
    """
    _expect(capture, CaptureStatus.RESOLVING, "resolved")
    extracted = (analysis or {}).get("extracted_gtin") or ""
    capture = replace(capture, qr_analysis=analysis, gtin=capture.gtin or extracted)
    if product and capture.product_short_id is None:
        capture = _linked(replace(capture, gtin=extracted), product, capture.status)
    if capture.product_short_id is None:
        return _not_found(capture, now)
    return replace(capture, status=CaptureStatus.COMPLETED, error_message="", processed_at=now)


def fail(capture: Capture, message: str, now: datetime) -> Capture:
    """Fail a capture that cannot be processed; the message is for the client."""
    if capture.status in FINAL:
        raise StepError(f"A capture that is {capture.status} cannot fail.")
    return replace(capture, status=CaptureStatus.FAILED, error_message=message, processed_at=now)


def retry(capture: Capture) -> Capture:
    """Reset a FAILED or NOT_FOUND capture to PENDING, as if it were new."""
    if capture.status not in RETRYABLE:
        raise StepError(f"Only a FAILED or NOT_FOUND capture can be retried; this one is {capture.status}.")
    return _restarted(capture, attempts=0)


def url_of(capture: Capture) -> str:
    """Return the URL in the capture's value, whose redirects have to be followed; empty if there is none."""
    return raw_values.read(capture.raw_value).url


def _restarted(capture: Capture, attempts: int) -> Capture:
    return replace(
        capture,
        status=CaptureStatus.PENDING,
        attempts=attempts,
        gtin=capture.sent_gtin,
        error_message="",
        processed_at=None,
        product_short_id=None,
        product_name=None,
        qr_analysis=None,
    )


def _preferred(decoded: Sequence[str]) -> str:
    return next((value for value in decoded if raw_values.read(value).gtin), next(iter(decoded), ""))


def _normalised(text: str) -> tuple[str, str]:
    try:
        return gtin.normalise(text), ""
    except gtin.GtinError as error:
        return "", str(error)


def _linked(capture: Capture, product: LinkedProduct, status: CaptureStatus) -> Capture:
    return replace(
        capture, status=status, product_short_id=product.short_id, product_name=product.name, error_message=""
    )


def _not_found(capture: Capture, now: datetime) -> Capture:
    return replace(
        capture,
        status=CaptureStatus.NOT_FOUND,
        error_message=capture.error_message or _why_not_found(capture),
        processed_at=now,
    )


def _why_not_found(capture: Capture) -> str:
    if capture.gtin:
        return f"No product has the GTIN {capture.gtin}."
    if capture.raw_value:
        return "The value names no GTIN."
    return "No barcode was found in the image."


def _expect(capture: Capture, status: CaptureStatus, step: str) -> None:
    if capture.status is not status:
        raise StepError(f"A capture that is {capture.status} cannot be {step}; it has to be {status}.")
