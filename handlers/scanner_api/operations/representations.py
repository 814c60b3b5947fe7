"""Resources as the contract's responses show them."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from operator import attrgetter
from typing import Any, Final

from contract_first.service.messages.problems import Problem
from scanner_api.scanning.photos.photo import Photo
from scanner_api.scanning.scans.captures import Capture
from scanner_api.scanning.scans.sessions import ScanSession


def _representation(*members: str) -> Callable[[Any], dict[str, Any]]:
    """Return a function that represents a record by the fields that a schema has."""
    values = attrgetter(*members)
    return lambda record: dict(zip(members, values(record), strict=True))


_SESSION: Final = ("id", "status", "capture_mode", "created", "modified", "metadata")
_session = _representation(*_SESSION)
_photo = _representation(
    "id", "photo_type", "s3_key", "original_filename", "sort_order", "created", "metadata", "file_size"
)

session_summary = _representation(*_SESSION, "capture_count", "photo_count")
"""Returns the SessionResponseSchema of a session."""

capture_representation = _representation(
    "id", "status", "capture_type", "raw_value", "gtin", "error_message", "created", "metadata",
    "gs1_dl_data", "product_short_id", "product_name", "processed_at", "uploaded_image_key", "qr_analysis",
)  # fmt: skip
"""Returns the CaptureResponseSchema of a capture."""

proposal_representation = _representation(
    "id", "field_name", "current_value", "proposed_value", "confidence", "reasoning", "source", "status",
    "created", "metadata", "reviewed_at",
)  # fmt: skip
"""Returns the ProposalResponseSchema of a proposal."""

rule_representation = _representation("id", "product_short_id", "url", "order_index", "created")
"""Returns the RedirectRuleSchema of a redirect rule."""


def session_detail(
    session: ScanSession, captures: Iterable[Capture], photos: Iterable[Photo]
) -> dict[str, Any]:
    """Return a SessionDetailResponseSchema."""
    return {
        **_session(session),
        "captures": [capture_representation(capture) for capture in captures],
        "product_photos": [photo_representation(photo) for photo in photos],
    }


def bulk_result_representation(index: int, outcome: Capture | Problem) -> dict[str, Any]:
    """Return a CaptureBulkResultSchema."""
    if isinstance(outcome, Problem):
        return {"index": index, "status": int(outcome.status), "problem": outcome}
    return {"index": index, "status": int(HTTPStatus.CREATED), "capture": capture_representation(outcome)}


def photo_representation(photo: Photo) -> dict[str, Any]:
    """Return a PhotoResponseSchema."""
    return {**_photo(photo), "capture_short_id": photo.capture_id}


def envelope(items: list[dict[str, Any]], total_count: int, *, page: int, page_size: int) -> dict[str, Any]:
    """Return a page of a list and its pagination, as the contract's prose describes them."""
    total_pages = -(-total_count // page_size)
    return {
        "data": items,
        "pagination": {
            "page": page,
            "page_size": page_size,
            "total_count": total_count,
            "total_pages": total_pages,
            "has_next": page < total_pages,
            "has_previous": page > 1 and total_count > 0,
        },
    }
