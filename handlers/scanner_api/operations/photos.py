"""Scanner Photos: manage photos attached to scan sessions."""

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec.structs import replace

from contract_first.service.clock import Clock
from contract_first.service.messages.problems import Conflict, ValidationFailed, Violation
from scanner_api.access.callers import Caller, active_session, reachable_photo, reachable_session
from scanner_api.problems import invalid
from scanner_api.scanning.photos.images import ImageError, check_beginning, check_directory
from scanner_api.scanning.photos.photo import OrderError, Photo
from scanner_api.scanning.photos.photo_keys import ForeignKey, PhotoKeys
from scanner_api.settings import Settings
from scanner_api.storage.database import DuplicateError
from scanner_api.storage.photo_bucket.bucket import PhotoBucket, StoredObject
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.photos import PhotoStore
from scanner_api.storage.scans.sessions import SessionStore

from .representations import envelope, photo_representation
from .writes import conflict_if_closed, merged_metadata

Stored = TypeVar("Stored")

BEGINNING_BYTES = 256 * 1024
"""In which the size of an image stands, behind thumbnails and colour profiles."""
DIRECTORY_BYTES = 64 * 1024
"""Of a TIFF's directory, which many programs write behind the pixels: some dozens of entries of 12 bytes."""
MOST_SHOWN = 20
LONGEST_SHOWN = 40


async def get_presigned_upload_url(
    session_id: str,
    photo_type: str,
    original_filename: str,
    caller: Caller,
    sessions: SessionStore,
    photo_keys: PhotoKeys,
    bucket: PhotoBucket,
    clock: Clock,
) -> dict[str, Any]:
    """Return a presigned POST for one photo; nothing is stored, since the key proves what it was issued for.

    Raises:
        Conflict: the session is not ACTIVE.
    """
    session = await active_session(sessions, caller, session_id)
    issued = photo_keys.issue(session.id, photo_type, original_filename, clock.now())
    upload = await bucket.presign(
        issued.key,
        issued.content_type,
        {"x-amz-meta-session-id": session.id, "x-amz-meta-photo-type": photo_type},
    )
    return {
        "upload_url": upload.url,
        "upload_fields": upload.fields,
        "s3_key": issued.key,
        "expires_in": upload.expires_in,
    }


async def register_photo(  # noqa: PLR0913, PLR0917 -- one for each collaborator
    session_id: str,
    body: dict[str, Any],
    caller: Caller,
    sessions: SessionStore,
    captures: CaptureStore,
    photos: PhotoStore,
    photo_keys: PhotoKeys,
    bucket: PhotoBucket,
    settings: Settings,
    clock: Clock,
    make_id: Callable[[], str],
) -> dict[str, Any]:
    """Register a photo once its file is in S3; size and media type are S3's.

    Raises:
        Conflict: the session is not ACTIVE, the object is not in the bucket yet, or it is registered already.
        ValidationFailed: the key was not issued for this session, the size is not the object's, the object
            is no image, or one of too many pixels, or the capture is another session's.
        ServiceUnavailable: S3 does not respond.
    """
    session = await active_session(sessions, caller, session_id)
    _check_key(photo_keys, body["s3_key"], session.id)
    await _check_capture(captures, body.get("capture_short_id"), session.id)
    stored = await _stored(bucket, body, is_checked=settings.check_photos)
    photo = Photo(
        id=make_id(),
        session_id=session.id,
        photo_type=body["photo_type"],
        s3_key=body["s3_key"],
        original_filename=body["original_filename"],
        file_size=stored.size,
        media_type=stored.content_type,
        sort_order=0,
        metadata=merged_metadata({}, body.get("metadata")),
        created=clock.now(),
        capture_id=body.get("capture_short_id"),
    )
    try:
        with conflict_if_closed():
            return photo_representation(await photos.add(photo))
    except DuplicateError as taken:
        detail = f"The object is registered already, as photo {taken.existing_id}."
        raise Conflict(detail, photo_short_id=taken.existing_id) from None


def _check_key(photo_keys: PhotoKeys, key: str, session_id: str) -> None:
    try:
        photo_keys.verify(key, session_id)
    except ForeignKey as error:
        raise invalid("/s3_key", "issued", str(error)) from None


async def _check_capture(captures: CaptureStore, capture_id: str | None, session_id: str) -> None:
    if capture_id is None:
        return
    record = await captures.get(capture_id)
    if record is None or record.capture.session_id != session_id:
        raise invalid("/capture_short_id", "session", "is not a capture of this session")


async def _stored(bucket: PhotoBucket, body: dict[str, Any], *, is_checked: bool) -> StoredObject:
    """Return the metadata of the object, which S3 is asked for together with its first bytes."""
    key, beginning = body["s3_key"], b""
    if is_checked:
        stored, beginning = _present(await bucket.begin(key, BEGINNING_BYTES))
    else:
        stored = _present(await bucket.head(key))
    declared = body.get("file_size")
    if declared is not None and declared != stored.size:
        raise invalid(
            "/file_size", "size", f"is {declared}; the object in the bucket has {stored.size} bytes"
        )
    if is_checked:
        try:
            offset = check_beginning(beginning, is_whole=stored.size <= BEGINNING_BYTES)
            if offset is not None:
                _, directory = _present(await bucket.begin(key, DIRECTORY_BYTES, offset, stored.etag))
                check_directory(beginning, directory)
        except ImageError as error:
            raise invalid("/s3_key", "decoding", f"names an object that is no photo: {error}") from None
    return stored


def _present(stored: Stored | None) -> Stored:
    if stored is None:
        raise Conflict("The object is not in the bucket; upload it first.")
    return stored


async def list_photos(
    session_id: str, page: int, page_size: int, caller: Caller, sessions: SessionStore, photos: PhotoStore
) -> dict[str, Any]:
    """Return a page of the gallery of a session, in its order."""
    session = await reachable_session(sessions, caller, session_id)
    rows, total_count = await photos.page(session.id, page=page, page_size=page_size)
    return envelope([photo_representation(row) for row in rows], total_count, page=page, page_size=page_size)


async def update_photo(
    session_id: str,
    photo_id: str,
    body: dict[str, Any],
    caller: Caller,
    sessions: SessionStore,
    photos: PhotoStore,
) -> dict[str, Any]:
    """Change a photo's label and, if sent, its metadata."""
    session = await reachable_session(sessions, caller, session_id)
    photo = await reachable_photo(photos, session, photo_id)

    def changed(current: Photo) -> Photo:
        metadata = current.metadata
        if "metadata" in body:
            metadata = merged_metadata(metadata, body["metadata"])
        return replace(current, photo_type=body["photo_type"], metadata=metadata)

    return photo_representation(await photos.update(photo, changed))


async def reorder_photos(
    session_id: str, body: dict[str, Any], caller: Caller, sessions: SessionStore, photos: PhotoStore
) -> list[dict[str, Any]]:
    """Set the order of the gallery; it names each photo of the session exactly once.

    Raises:
        ValidationFailed: ids are missing, extra or repeated; each is named.
    """
    session = await reachable_session(sessions, caller, session_id)
    try:
        ordered = await photos.reorder(session.id, body["photo_short_ids"])
    except OrderError as error:
        raise wrong_order(error) from None
    return [photo_representation(photo) for photo in ordered]


def wrong_order(error: OrderError) -> ValidationFailed:
    """Return the problem that names what is missing, extra and repeated in an order."""
    faults = {
        "missing": (error.missing, "leaves out photos of the session"),
        "extra": (error.extra, "names what is no photo of the session"),
        "repeated": (error.repeated, "names photos more than once"),
    }
    return ValidationFailed(
        [
            Violation("body", "/photo_short_ids", rule, f"{what}: {_listed(ids)}")
            for rule, (ids, what) in faults.items()
            if ids
        ]
    )


def _listed(ids: tuple[str, ...]) -> str:
    listed = ", ".join(photo_id[:LONGEST_SHOWN] for photo_id in ids[:MOST_SHOWN])
    return listed if len(ids) <= MOST_SHOWN else f"{listed} and {len(ids) - MOST_SHOWN} more"
