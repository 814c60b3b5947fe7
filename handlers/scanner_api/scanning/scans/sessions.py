"""Scan sessions and their states."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class SessionStatus(StrEnum):
    """ACTIVE takes scans and photos; the other two are final."""

    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"


class ExtractionStatus(StrEnum):
    """The state of the extraction of a submitted session."""

    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """The owner and the status of a session, which every request for one reads.

    Attributes:
        id: 22-character shortuuid.
        created_by: the credential that created it (``Caller.credential``).
    """

    id: str
    organization_id: str
    created_by: str
    status: SessionStatus
    modified: datetime


class ScanSession(SessionState, frozen=True, kw_only=True):
    """A session as it is stored.

    Attributes:
        metadata: the caller's own strings, at most 50.
        device_context: what the client said of its device, any JSON object.
    """

    created: datetime
    extraction_status: ExtractionStatus = ExtractionStatus.PENDING
    capture_mode: str = "both"
    metadata: dict[str, str] = {}
    user_agent: str = ""
    device_context: dict[str, Any] = {}
    capture_count: int = 0
    photo_count: int = 0
