"""A capture: one scan, or one uploaded image, on its way to a product."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec


class CaptureStatus(StrEnum):
    """The step that a capture is at; the last three are final."""

    PENDING = "PENDING"
    LOOKING_UP = "LOOKING_UP"
    ENRICHING = "ENRICHING"
    RESOLVING = "RESOLVING"
    COMPLETED = "COMPLETED"
    NOT_FOUND = "NOT_FOUND"
    FAILED = "FAILED"


_URL: Final = re.compile(r"[ \t\r\n]*(\][A-Za-z][0-9A-Za-z])?https?://", re.IGNORECASE)
FINAL: Final = frozenset({CaptureStatus.COMPLETED, CaptureStatus.NOT_FOUND, CaptureStatus.FAILED})


def is_url(raw_value: str) -> bool:
    """Tell whether a value looks like a URL; to read it to the end needs imports that take a while."""
    return _URL.match(raw_value) is not None


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """A capture as it is stored.

    Attributes:
        id: 22-character shortuuid.
        raw_value: as scanned or typed; of an uploaded image, what was decoded from it, or empty.
        gtin: 14 digits, or empty. Until the capture is read it is what the client sent.
        sent_gtin: what the client sent, whatever becomes of it.
        gs1_dl_data: values by GS1 application identifier, and what else the client sent.
        attempts: how often processing was started since it was submitted or retried.
        uploaded_image_key: object key of the uploaded image.
        qr_analysis: where a URL leads; None until it is resolved, and for anything else.
    """

    id: str
    session_id: str
    status: CaptureStatus
    capture_type: str
    created: datetime
    raw_value: str = ""
    gtin: str = ""
    error_message: str = ""
    metadata: dict[str, str] = {}
    gs1_dl_data: dict[str, Any] = {}
    product_short_id: str | None = None
    product_name: str | None = None
    processed_at: datetime | None = None
    uploaded_image_key: str | None = None
    qr_analysis: dict[str, Any] | None = None
    attempts: int = 0
    sent_gtin: str = ""
