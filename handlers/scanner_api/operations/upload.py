"""Scanner Upload: upload scan data in bulk, and images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scanner_api.access.reach import active_session
from scanner_api.problems import PayloadTooLarge, UnsupportedMediaType
from scanner_api.scanning.captures import Capture, CaptureStatus
from scanner_api.scanning.identifiers import new_id
from scanner_api.scanning.images import ImageError, ImageTooLarge, read_header

from .representations import capture_representation
from .writes import invalid, session_closed

if TYPE_CHECKING:
    from starlette.datastructures import UploadFile

    from scanner_api.access.callers import Caller
    from scanner_api.clock import Clock
    from scanner_api.processing.queue import Queue
    from scanner_api.scanning.images import ImageHeader
    from scanner_api.scanning.photo_keys import PhotoKeys
    from scanner_api.settings import Settings
    from scanner_api.storage.captures import CaptureStore
    from scanner_api.storage.photo_bucket import PhotoBucket
    from scanner_api.storage.sessions import SessionStore

LONGEST_GTIN = 14
LONGEST_RAW_VALUE = 500
EXTENSIONS = {"image/jpeg": "upload.jpg", "image/png": "upload.png", "image/webp": "upload.webp"}


async def upload_image(
    body: dict[str, Any],
    caller: Caller,
    sessions: SessionStore,
    captures: CaptureStore,
    photo_keys: PhotoKeys,
    bucket: PhotoBucket,
    queue: Queue,
    settings: Settings,
    clock: Clock,
) -> dict[str, Any]:
    """Store an image in the bucket and create a capture for it; the pipeline reads its barcodes.

    Raises:
        NotFound: there is no such session, or it is not the caller's to see.
        Conflict: the session is not ACTIVE.
        PayloadTooLarge: the image has more bytes than the limit.
        UnsupportedMediaType: the content is no JPEG, PNG or WebP, whatever its name and header say.
        ValidationFailed: the image has too many pixels, or a field is too long.
    """
    session = await active_session(sessions, caller, body["session_short_id"])
    _check_lengths(body)
    image: UploadFile = body["image"]
    header = _header_of(image, settings.max_upload_bytes)
    key = photo_keys.issue(session.id, "other", EXTENSIONS[header.media_type], clock.now()).key
    await bucket.put(key, image.file, header.media_type)
    capture = Capture(
        id=new_id(),
        session_id=session.id,
        status=CaptureStatus.PENDING,
        capture_type=body["capture_type"],
        raw_value=body["raw_value"],
        gtin=body["gtin"],
        error_message="",
        created=clock.now(),
        metadata={},
        gs1_dl_data={},
        uploaded_image_key=key,
    )
    with session_closed():
        await captures.add(capture)
    await queue.process_capture(capture.id)
    return capture_representation(capture)


def _check_lengths(body: dict[str, Any]) -> None:
    """The form's schema has no limits; those of a submitted scan hold for the same fields here."""
    for name, longest in (("raw_value", LONGEST_RAW_VALUE), ("gtin", LONGEST_GTIN)):
        if len(body[name]) > longest:
            raise invalid(f"/{name}", "maxLength", f"has {len(body[name])} characters; at most {longest} fit")


def _header_of(image: UploadFile, most_bytes: int) -> ImageHeader:
    if (image.size or 0) > most_bytes:
        raise PayloadTooLarge(f"The image has {image.size} bytes; the limit is {most_bytes}.")
    try:
        header = read_header(image.file)
    except ImageTooLarge as error:
        raise invalid("/image", "pixels", str(error)) from None
    except ImageError as error:
        raise UnsupportedMediaType(str(error)) from None
    image.file.seek(0)
    return header
