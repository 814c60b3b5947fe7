"""Scanner Captures: record barcode scan captures within sessions."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from contract_first.service.clock import Clock
from contract_first.service.messages.problems import Conflict
from scanner_api.access.callers import Caller, active_session, reachable_capture, reachable_session
from scanner_api.processing.backlog import Backlog
from scanner_api.processing.queue import Queue
from scanner_api.scanning.scans.captures import Capture, CaptureStatus, is_url
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.sessions import SessionStore

from .representations import capture_representation, envelope
from .writes import bounded, conflict_if_closed, merged_metadata


async def create_capture(
    body: dict[str, Any],
    caller: Caller,
    sessions: SessionStore,
    captures: CaptureStore,
    queue: Queue,
    backlog: Backlog,
    clock: Clock,
    make_id: Callable[[], str],
) -> dict[str, Any]:
    """Store a scan and queue its processing; it is PENDING in the response.

    Raises:
        Conflict: the session is not ACTIVE.
        RateLimited: too much waits to be processed.
    """
    session = await active_session(sessions, caller, body["session_short_id"])
    await backlog.admit(session)
    capture = submitted(body, make_id(), session.id, clock.now())
    with conflict_if_closed():
        await captures.add(capture)
    await queue.process_capture(capture.id, session.organization_id, follows=is_url(capture.raw_value))
    return capture_representation(capture)


def submitted(scan: dict[str, Any], capture_id: str, session_id: str, now: datetime) -> Capture:
    """Return the capture that a CaptureSubmitSchema describes, or the fields of an UploadImageFormSchema.

    Raises:
        ValidationFailed: metadata or GS1 data are over their limits.
    """
    return Capture(
        id=capture_id,
        session_id=session_id,
        status=CaptureStatus.PENDING,
        capture_type=scan["capture_type"],
        raw_value=scan["raw_value"],
        gtin=scan["gtin"],
        sent_gtin=scan["gtin"],
        created=now,
        metadata=merged_metadata({}, scan.get("metadata")),
        gs1_dl_data=bounded("gs1_dl_data", scan.get("gs1_dl_data", {})),
    )


async def list_captures(
    session_id: str, page: int, page_size: int, caller: Caller, sessions: SessionStore, captures: CaptureStore
) -> dict[str, Any]:
    """Return a page of the captures of a session, newest first."""
    session = await reachable_session(sessions, caller, session_id)
    rows, total_count = await captures.page(session.id, page=page, page_size=page_size)
    return envelope(
        [capture_representation(row) for row in rows], total_count, page=page, page_size=page_size
    )


async def get_capture(id_: str, caller: Caller, captures: CaptureStore) -> dict[str, Any]:
    record = await reachable_capture(captures, caller, id_)
    return capture_representation(record.capture)


async def retry_capture(
    id_: str, caller: Caller, captures: CaptureStore, queue: Queue, backlog: Backlog
) -> dict[str, Any]:
    """Run the pipeline again for a capture that is FAILED or NOT_FOUND; its old error is cleared.

    Raises:
        Conflict: the capture is in another state, or another retry was first.
        RateLimited: too much waits to be processed.
    """
    from scanner_api.scanning.scans import pipeline  # noqa: PLC0415 -- reads barcodes, which is slow to import

    record = await reachable_capture(captures, caller, id_)
    try:
        retried = pipeline.retry(record.capture)
    except pipeline.StepError as error:
        raise Conflict(str(error)) from None
    await backlog.admit(record)
    if not await captures.retry(retried):
        raise Conflict("Another request has already retried the capture.")
    await queue.process_capture(id_, record.organization_id, follows=is_url(retried.raw_value))
    return capture_representation(retried)
