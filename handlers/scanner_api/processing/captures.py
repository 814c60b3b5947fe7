"""Runs captures through the steps of the pipeline, and saves each step."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.scanning.extraction import ExtractionError
from scanner_api.scanning.extraction.pixels import decode_barcodes
from scanner_api.scanning.links.qr_analysis import analyse
from scanner_api.scanning.links.redirects import RedirectFollower
from scanner_api.scanning.scans import pipeline
from scanner_api.scanning.scans.captures import FINAL, Capture, CaptureStatus
from scanner_api.scanning.scans.pipeline import LinkedProduct

from .extraction import read_photo
from .stores import Resources

HandOver = Callable[[str, str], Awaitable[None]]

UNEXPECTED: Final = "The capture could not be processed because of an error of the server."
NO_VISION: Final = "Barcodes in images are not read here: the server lacks its extra `vision`."

logger = logging.getLogger(__name__)


class PipelineControl(Protocol):
    """Decides about the next steps of captures, in a mock; anywhere else all go on."""

    def holds(self, capture: Capture, organization_id: str) -> bool:
        """Return whether a capture stays as it is; what holds it enqueues it again."""

    def failure(self, capture: Capture) -> str:
        """Return why a capture fails; empty where it does not."""


@dataclass(eq=False, repr=False)
class CaptureProcessor:
    """Processes captures.

    Claiming a capture leases it, and each saved step renews the lease. Once a lease has run out, because its
    worker died or something that it needs did not respond, another worker starts over; after three attempts
    the capture is FAILED.

    Args:
        hand_over: enqueues a capture whose URL has to be followed; without it the URL is followed at once.
        control: holds captures, and has them fail; None for neither.
    """

    resources: Resources
    redirects: RedirectFollower
    hand_over: HandOver | None = None
    control: PipelineControl | None = None

    def __post_init__(self) -> None:
        self._captures, self._products = self.resources.stores.captures, self.resources.stores.products
        self._patiently = self.resources.patiently
        self._now = self.resources.clock.now
        self._lease_seconds = self.resources.settings.lease_seconds
        # one: a decoded image may take 200 MB
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="barcodes")

    async def process(self, capture_id: str) -> None:
        """Process a capture, unless it is final or leased; one with a URL is handed over."""
        await self._process(capture_id, self.hand_over)

    async def follow(self, capture_id: str) -> None:
        """Process a capture, unless it is final or leased, and follow its URL."""
        await self._process(capture_id, None)

    async def _process(self, capture_id: str, hand_over: HandOver | None) -> None:
        try:
            record = await self._patiently(self._captures.get, capture_id)
            if record is None or self._is_held(record.capture, record.organization_id):
                return
            async with self.resources.retries if record.capture.attempts else nullcontext():
                capture = await self._patiently(self._captures.claim, capture_id, self._lease_seconds)
                if capture is not None:
                    claimed = pipeline.claim(capture, self._now())
                    await self._run(claimed, record.organization_id, hand_over)
        except ServiceUnavailable as problem:
            logger.warning("Capture %s waits: %s", capture_id, problem.detail)
            self.resources.outcomes["captures", "postponed"] += 1

    def close(self) -> None:
        """Stop the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, capture: Capture, organization_id: str, hand_over: HandOver | None) -> None:
        """Process a claimed capture to its end, or release it."""
        leased_at = monotonic()
        try:
            while await self._save(capture, leased_at) and capture.status not in FINAL:
                leased_at = monotonic()
                if hand_over and capture.status is not CaptureStatus.PENDING and pipeline.url_of(capture):
                    await self._captures.release(capture)
                    await hand_over(capture.id, organization_id)
                    return
                if self._is_held(capture, organization_id):
                    await self._captures.release(capture)
                    return
                capture = await self._next(capture, organization_id, leased_at)
        except asyncio.CancelledError:
            await self._captures.release(capture)
            raise

    def _is_held(self, capture: Capture, organization_id: str) -> bool:
        return self.control is not None and self.control.holds(capture, organization_id)

    async def _save(self, capture: Capture, leased_at: float) -> bool:
        is_saved = await self._patiently(self._captures.save, capture, self._lease_seconds, since=leased_at)
        if is_saved and capture.status in FINAL:
            self.resources.outcomes["captures", capture.status.lower()] += 1
        return is_saved

    async def _next(self, capture: Capture, organization_id: str, leased_at: float) -> Capture:
        """Return a capture after its next step; one that fails is its last.

        Raises:
            ServiceUnavailable: something that the step needs does not respond, and another attempt is left.
        """
        try:
            return await self._step(capture, organization_id, leased_at)
        except ServiceUnavailable as problem:
            if capture.attempts < pipeline.MAX_ATTEMPTS:
                raise
            message = problem.detail
        except ExtractionError as error:
            message = str(error)
        except Exception:
            logger.exception("Capture %s failed", capture.id)
            message = UNEXPECTED
        return pipeline.fail(capture, message, self._now())

    async def _step(self, capture: Capture, organization_id: str, leased_at: float) -> Capture:
        if self.control is not None and (message := self.control.failure(capture)):
            raise ExtractionError(message)
        match capture.status:
            case CaptureStatus.PENDING:
                return pipeline.read(capture, await self._barcodes(capture))
            case CaptureStatus.LOOKING_UP:
                product = await self._product(capture.gtin, leased_at)
                return pipeline.look_up(capture, product, self._now())
            case CaptureStatus.ENRICHING:
                return pipeline.enrich(capture)
            case _:
                return await self._resolve(capture, organization_id, leased_at)

    async def _resolve(self, capture: Capture, organization_id: str, leased_at: float) -> Capture:
        url = pipeline.url_of(capture)
        if not url:
            return pipeline.resolve(capture, None, None, self._now())
        analysis = analyse(await self.redirects.follow(url, organization_id))
        product = await self._product(analysis["extracted_gtin"] or "", leased_at)
        return pipeline.resolve(capture, analysis, product, self._now())

    async def _product(self, gtin: str, leased_at: float) -> LinkedProduct | None:
        if not gtin:
            return None
        product = await self._patiently(self._products.by_gtin, gtin, since=leased_at)
        return LinkedProduct(product.short_id, product.name) if product else None

    async def _barcodes(self, capture: Capture) -> list[str]:
        """Return the barcodes in the uploaded image; a client that sent a GTIN can do without them."""
        if capture.uploaded_image_key is None or capture.raw_value:
            return []
        try:
            return await self._decode(capture.uploaded_image_key)
        except ExtractionError:
            if capture.gtin:
                return []
            raise

    async def _decode(self, key: str) -> list[str]:
        content = await read_photo(self.resources, key)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, decode_barcodes, content)
        except ModuleNotFoundError as error:
            raise ExtractionError(NO_VISION) from error
