"""Resources as the contract's responses show them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from openapi_service.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scanner_api.scanning.captures import Capture
    from scanner_api.scanning.photos import Photo
    from scanner_api.scanning.proposals import Proposal
    from scanner_api.scanning.sessions import ScanSession
    from scanner_api.storage.redirect_rules import RedirectRule


def session_summary(session: ScanSession) -> dict[str, Any]:
    """Return a SessionResponseSchema."""
    return {
        **_session_head(session),
        "capture_count": session.capture_count,
        "photo_count": session.photo_count,
    }


def session_detail(
    session: ScanSession, captures: Iterable[Capture], photos: Iterable[Photo]
) -> dict[str, Any]:
    """Return a SessionDetailResponseSchema."""
    return {
        **_session_head(session),
        "captures": [capture_representation(each) for each in captures],
        "product_photos": [photo_representation(each) for each in photos],
    }


def _session_head(session: ScanSession) -> dict[str, Any]:
    return {
        "id": session.id,
        "status": session.status,
        "capture_mode": session.capture_mode,
        "created": session.created,
        "modified": session.modified,
        "metadata": session.metadata,
    }


def capture_representation(capture: Capture) -> dict[str, Any]:
    """Return a CaptureResponseSchema."""
    return {
        "id": capture.id,
        "status": capture.status,
        "capture_type": capture.capture_type,
        "raw_value": capture.raw_value,
        "gtin": capture.gtin,
        "error_message": capture.error_message,
        "created": capture.created,
        "metadata": capture.metadata,
        "gs1_dl_data": capture.gs1_dl_data,
        "product_short_id": capture.product_short_id,
        "product_name": capture.product_name,
        "processed_at": capture.processed_at,
        "uploaded_image_key": capture.uploaded_image_key,
        "qr_analysis": capture.qr_analysis,
    }


def bulk_result_representation(index: int, outcome: Capture | Problem) -> dict[str, Any]:
    """Return a CaptureBulkResultSchema."""
    if isinstance(outcome, Problem):
        return {"index": index, "status": int(outcome.status), "problem": outcome}
    return {"index": index, "status": int(HTTPStatus.CREATED), "capture": capture_representation(outcome)}


def photo_representation(photo: Photo) -> dict[str, Any]:
    """Return a PhotoResponseSchema."""
    return {
        "id": photo.id,
        "photo_type": photo.photo_type,
        "s3_key": photo.s3_key,
        "original_filename": photo.original_filename,
        "sort_order": photo.sort_order,
        "created": photo.created,
        "metadata": photo.metadata,
        "file_size": photo.file_size,
        "capture_short_id": photo.capture_id,
    }


def proposal_representation(proposal: Proposal) -> dict[str, Any]:
    """Return a ProposalResponseSchema."""
    return {
        "id": proposal.id,
        "field_name": proposal.field_name,
        "current_value": proposal.current_value,
        "proposed_value": proposal.proposed_value,
        "confidence": proposal.confidence,
        "reasoning": proposal.reasoning,
        "source": proposal.source,
        "status": proposal.status,
        "created": proposal.created,
        "metadata": proposal.metadata,
        "reviewed_at": proposal.reviewed_at,
    }


def rule_representation(rule: RedirectRule) -> dict[str, Any]:
    """Return a RedirectRuleSchema."""
    return {
        "id": rule.id,
        "product_short_id": rule.product_short_id,
        "url": rule.url,
        "order_index": rule.order_index,
        "created": rule.created,
    }


def envelope(items: list[dict[str, Any]], total_count: int, *, page: int, page_size: int) -> dict[str, Any]:
    """Return one page of a list with what a reader needs to turn to the others.

    Args:
        items: what is on this page; none if it is beyond the end.
        total_count: items on all pages.
        page: from 1.
        page_size: most items on a page.
    """
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
