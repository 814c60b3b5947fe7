"""Operations of the contract that this version does not answer yet: they say so with a 501 problem."""

from __future__ import annotations

from typing import Any, Never

from scanner_api.problems import NotImplementedYet

PENDING = (
    "get_session_status",
    "end_session",
    "submit_session",
    "create_capture",
    "get_capture",
    "retry_capture",
    "list_proposals",
    "review_proposal",
    "apply_proposals",
    "register_photo",
    "update_photo",
    "reorder_photos",
    "upload_image",
    "resolve_url",
    "save_redirect",
    "get_freshness_thresholds",
)


async def _not_implemented(**_: Any) -> Never:
    raise NotImplementedYet


HANDLERS = dict.fromkeys(PENDING, _not_implemented)
