"""Scanner Upload: upload scan data in bulk, and images."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace
from starlette.datastructures import UploadFile

from contract_first.service.clock import Clock
from contract_first.service.messages.problems import (
    Conflict,
    NotFound,
    PayloadTooLarge,
    Problem,
    UnsupportedMediaType,
    ValidationFailed,
)
from contract_first.service.request.bodies import NamedSchemas
from scanner_api.access.callers import Caller, active_session, not_active
from scanner_api.problems import invalid
from scanner_api.processing.backlog import Backlog, too_many_waiting
from scanner_api.processing.queue import Queue
from scanner_api.scanning.photos.images import ImageError, ImageHeader, ImageTooLarge, read_header
from scanner_api.scanning.photos.photo_keys import PhotoKeys
from scanner_api.scanning.scans.captures import Capture, is_url
from scanner_api.scanning.scans.sessions import SessionState
from scanner_api.settings import Settings
from scanner_api.storage.photo_bucket.bucket import PhotoBucket
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.sessions import SessionStore

from .captures import submitted
from .representations import bulk_result_representation, capture_representation
from .writes import conflict_if_closed

EXTENSIONS = {"image/jpeg": "upload.jpg", "image/png": "upload.png", "image/webp": "upload.webp"}


async def upload_image(  # noqa: PLR0913, PLR0917 -- one for each collaborator
    body: dict[str, Any],
    caller: Caller,
    sessions: SessionStore,
    captures: CaptureStore,
    photo_keys: PhotoKeys,
    bucket: PhotoBucket,
    queue: Queue,
    backlog: Backlog,
    settings: Settings,
    clock: Clock,
    make_id: Callable[[], str],
) -> dict[str, Any]:
    """Store an image in the bucket and create a capture for it; the pipeline reads its barcodes.

    Raises:
        Conflict: the session is not ACTIVE.
        PayloadTooLarge: the image has more bytes than the limit.
        UnsupportedMediaType: the content is no JPEG, PNG or WebP, whatever its name and header say.
        ValidationFailed: the image has too many pixels or scans.
        RateLimited: too much waits to be processed.
    """
    session = await active_session(sessions, caller, body["session_short_id"])
    image: UploadFile = body["image"]
    # in a thread: the scans of a JPEG are counted to its end
    header = await asyncio.to_thread(_header_of, image, settings.max_upload_bytes)
    await backlog.admit(session)
    key = photo_keys.issue(session.id, "other", EXTENSIONS[header.media_type], clock.now()).key
    await bucket.put(key, image.file, header.media_type)
    # the form's schema allows other fields
    scan = {name: body[name] for name in ("capture_type", "raw_value", "gtin")}
    capture = replace(submitted(scan, make_id(), session.id, clock.now()), uploaded_image_key=key)
    with conflict_if_closed():
        await captures.add(capture)
    follows = is_url(capture.raw_value)
    await queue.process_capture(capture.id, session.organization_id, follows=follows)
    return capture_representation(capture)


def _header_of(image: UploadFile, most_bytes: int) -> ImageHeader:
    if (image.size or 0) > most_bytes:
        raise PayloadTooLarge(f"The image has {image.size} bytes; the limit is {most_bytes}.")
    try:
        header = read_header(image.file)
    except ImageTooLarge as error:
        raise invalid("/image", "decoding", str(error)) from None
    except ImageError as error:
        raise UnsupportedMediaType(str(error)) from None
    image.file.seek(0)
    return header


async def create_captures_bulk(
    body: dict[str, Any],
    caller: Caller,
    sessions: SessionStore,
    captures: CaptureStore,
    queue: Queue,
    backlog: Backlog,
    clock: Clock,
    schemas: NamedSchemas,
    make_id: Callable[[], str],
) -> list[dict[str, Any]]:
    """Store scans together, enqueue their processing, and return for each the response to it alone.

    A scan that violates its schema, whose session is unknown or not ACTIVE, or for which too much waits
    already, does not affect the others.
    """
    read = await _read_all(body["scans"], schemas, make_id, clock.now())
    by_id = await _sessions({capture.session_id for capture in _captures(read)}, caller, sessions)
    outcomes = await _admitted([_in_session(outcome, by_id) for outcome in read], by_id, backlog)
    closed = await captures.add_many([*_captures(outcomes)])
    by_id |= {session_id: not_active(status) for session_id, status in closed.items()}
    outcomes = [_in_session(outcome, by_id) for outcome in outcomes]
    for capture in _captures(outcomes):
        session = by_id[capture.session_id]
        if isinstance(session, SessionState):
            follows = is_url(capture.raw_value)
            await queue.process_capture(capture.id, session.organization_id, follows=follows)
    return [bulk_result_representation(n, outcome) for n, outcome in enumerate(outcomes)]


def _captures(outcomes: Iterable[Capture | Problem]) -> Iterator[Capture]:
    return (outcome for outcome in outcomes if isinstance(outcome, Capture))


async def _read_all(
    scans: list[Any], schemas: NamedSchemas, make_id: Callable[[], str], now: datetime
) -> list[Capture | Problem]:
    read = []
    for place, scan in enumerate(scans):
        # a microsecond apart, so that lists have them in their order
        read.append(_read(scan, schemas, make_id(), now + timedelta(microseconds=place)))
        await asyncio.sleep(0)  # describing the violations of one may take milliseconds: let others run
    return read


def _read(scan: Any, schemas: NamedSchemas, capture_id: str, now: datetime) -> Capture | Problem:
    try:
        scan = schemas.read("CaptureSubmitSchema", scan)
        return submitted(scan, capture_id, scan["session_short_id"], now)
    except ValidationFailed as problem:
        return problem


async def _sessions(
    session_ids: set[str], caller: Caller, sessions: SessionStore
) -> dict[str, SessionState | Problem]:
    """Return each session, or why it takes no scans of the caller; all are read at once."""

    async def read(session_id: str) -> SessionState | Problem:
        try:
            return await active_session(sessions, caller, session_id)
        except (NotFound, Conflict) as problem:
            return problem

    return dict(zip(session_ids, await asyncio.gather(*map(read, session_ids)), strict=True))


def _in_session(outcome: Capture | Problem, by_id: dict[str, SessionState | Problem]) -> Capture | Problem:
    """Return a capture, or the problem of its session."""
    session = by_id[outcome.session_id] if isinstance(outcome, Capture) else None
    return session if isinstance(session, Problem) else outcome


async def _admitted(
    outcomes: list[Capture | Problem], by_id: dict[str, SessionState | Problem], backlog: Backlog
) -> list[Capture | Problem]:
    """Return the captures that may wait to be processed, the first ones of each session, and problems."""
    expected = Counter(capture.session_id for capture in _captures(outcomes))
    left = {
        session_id: await backlog.admit_many(session, expected[session_id])
        for session_id, session in by_id.items()
        if isinstance(session, SessionState)
    }
    admitted: list[Capture | Problem] = []
    for outcome in outcomes:
        refused = isinstance(outcome, Capture) and not left[outcome.session_id]
        if isinstance(outcome, Capture) and not refused:
            left[outcome.session_id] -= 1
        admitted.append(too_many_waiting() if refused else outcome)
    return admitted
