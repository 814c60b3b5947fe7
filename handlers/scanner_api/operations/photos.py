"""Scanner Photos: manage photos attached to scan sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner_api.access.reach import active_session
from scanner_api.binding import Answer

if TYPE_CHECKING:
    from scanner_api.access.callers import Caller
    from scanner_api.clock import Clock
    from scanner_api.scanning.photo_keys import PhotoKeys
    from scanner_api.storage.photo_bucket import PhotoBucket
    from scanner_api.storage.sessions import SessionStore


async def get_presigned_upload_url(
    session_id: str,
    photo_type: str,
    original_filename: str,
    caller: Caller,
    sessions: SessionStore,
    photo_keys: PhotoKeys,
    bucket: PhotoBucket,
    clock: Clock,
) -> Answer:
    """Hand out a presigned POST for one photo; nothing is written, the key alone proves what it is for.

    Raises:
        NotFound: there is no such session, or it is not the caller's to see.
        Conflict: the session is not ACTIVE.
    """
    session = await active_session(sessions, caller, session_id)
    issued = photo_keys.issue(session.id, photo_type, original_filename, clock.now())
    upload = await bucket.presign(
        issued.key,
        issued.content_type,
        {"x-amz-meta-session-id": session.id, "x-amz-meta-photo-type": photo_type},
    )
    return Answer(
        {
            "upload_url": upload.url,
            "upload_fields": upload.fields,
            "s3_key": issued.key,
            "expires_in": upload.expires_in,
        },
        headers={"Cache-Control": "no-store"},
    )
