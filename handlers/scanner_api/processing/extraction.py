"""Reads the photos of submitted sessions, and proposes what the catalogue does not have."""

import asyncio
import logging
import os
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, NamedTuple
from uuid import UUID

from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.randomness import RandomBytes
from scanner_api.distribution import SCANNER_API
from scanner_api.scanning.extraction import ExtractionError, Extractor, LabelPhoto, PhotoValue
from scanner_api.scanning.extraction.local import LocalExtractor
from scanner_api.scanning.photos.photo import Photo
from scanner_api.scanning.scans.captures import FINAL, Capture
from scanner_api.scanning.scans.enrichment import capture_for, news
from scanner_api.scanning.scans.pipeline import MAX_ATTEMPTS
from scanner_api.scanning.scans.proposals import Proposal, ProposalStatus
from scanner_api.settings import Settings
from scanner_api.storage.photo_bucket.errors import ObjectTooLarge
from scanner_api.waiting import beside

from .stores import Resources

_VISION: Final = ("PIL", "numpy", "rapidocr")

logger = logging.getLogger(__name__)


class _SessionClaim(NamedTuple):
    """The right to extract a session; void once another worker has claimed it."""

    session_id: str
    attempt: int


@dataclass(eq=False, repr=False)
class SessionExtraction:
    """Extracts sessions, photo by photo.

    An extraction whose worker dies is restarted once its lease has run out, and stores nothing twice. After
    three attempts it ends with the proposals stored so far.

    Args:
        extractor: reads the photos; None if they are not read.
    """

    resources: Resources
    extractor: Extractor | None
    random_bytes: RandomBytes = os.urandom

    def __post_init__(self) -> None:
        self._stores = self.resources.stores
        self._lease_seconds = self.resources.settings.lease_seconds

    async def extract(self, session_id: str) -> None:
        """Extract a session, unless it is leased or a capture is unfinished: the sweep enqueues it again."""
        try:
            captures = await self._stores.captures.of_session(session_id)
            if any(capture.status not in FINAL for capture in captures):
                return
            claim = self._stores.extractions.claim
            attempt = await self.resources.patiently(claim, session_id, self._lease_seconds)
            if attempt is not None:
                await self._extract(_SessionClaim(session_id, attempt), captures)
        except ServiceUnavailable as problem:
            logger.warning("The extraction of session %s waits: %s", session_id, problem.detail)
            self.resources.outcomes["extractions", "postponed"] += 1

    async def _extract(self, claim: _SessionClaim, captures: list[Capture]) -> None:
        try:
            async with beside(self._renew(claim)):
                if claim.attempt <= MAX_ATTEMPTS:
                    async with nullcontext() if claim.attempt == 1 else self.resources.retries:
                        await self._read_all(claim, captures)
                is_ours = await self.resources.patiently(self._stores.extractions.finish, *claim)
            if is_ours:
                outcome = "completed" if claim.attempt <= MAX_ATTEMPTS else "failed"
                self.resources.outcomes["extractions", outcome] += 1
        except asyncio.CancelledError:
            await self._stores.extractions.release(*claim)
            raise

    async def _renew(self, claim: _SessionClaim) -> None:
        """Renew the lease again and again: nobody knows how long a photo takes."""
        is_ours = True
        while is_ours:
            await asyncio.sleep(self._lease_seconds / 3)
            try:
                is_ours = await self._stores.extractions.renew(*claim, self._lease_seconds)
            except ServiceUnavailable as problem:
                logger.warning("The lease of session %s is not renewed: %s", claim.session_id, problem.detail)

    async def _read_all(self, claim: _SessionClaim, captures: list[Capture]) -> None:
        if self.extractor is None:
            return
        for photo in await self._stores.photos.of_session(claim.session_id):
            if capture := capture_for(photo, captures):
                findings = await self._findings(self.extractor, photo, claim.attempt)
                await self._propose(capture, findings, self.extractor.source)

    async def _findings(self, extractor: Extractor, photo: Photo, attempt: int) -> list[PhotoValue]:
        """Return the findings in a photo; one that cannot be read has none, and does not fail the others.

        Raises:
            ServiceUnavailable: something does not respond, and another attempt is left.
        """
        try:
            content = await read_photo(self.resources, photo.s3_key)
            return await extractor.extract(LabelPhoto(photo.s3_key, photo.photo_type, content))
        except ServiceUnavailable as problem:
            if attempt < MAX_ATTEMPTS:
                raise
            logger.warning("Photo %s is not read: %s", photo.id, problem.detail)
        except ExtractionError as error:
            logger.warning("Photo %s is not read: %s", photo.id, error)
        except Exception:
            logger.exception("Photo %s is not read", photo.id)
        return []

    async def _propose(self, capture: Capture, findings: Iterable[PhotoValue], source: str) -> None:
        product = None
        if capture.product_short_id and (record := await self._stores.captures.get(capture.id)):
            product = await self._stores.products.by_gtin(capture.gtin, record.organization_id)
        proposals = []
        for finding in findings:
            current_value = getattr(product, finding.field_name, "")
            if proposed := news(finding, current_value, source):
                proposals.append(self._proposal(capture, current_value, *proposed))
        await self.resources.patiently(self._stores.proposals.add_many, proposals)

    def _proposal(self, capture: Capture, current_value: str, finding: PhotoValue, source: str) -> Proposal:
        return Proposal(
            id=str(UUID(bytes=self.random_bytes(16), version=4)),
            capture_id=capture.id,
            field_name=finding.field_name,
            current_value=current_value,
            proposed_value=finding.proposed_value,
            confidence=str(finding.confidence),
            reasoning=finding.reasoning,
            source=source,
            status=ProposalStatus.PENDING,
            metadata={},
            created=self.resources.clock.now(),
        )


async def read_photo(resources: Resources, key: str) -> bytes:
    """Read a photo's file from the bucket.

    Raises:
        ExtractionError: it is not in the bucket any more, or too large.
        ServiceUnavailable: S3 does not respond.
    """
    try:
        content = await resources.bucket.get(key, resources.settings.max_upload_bytes)
    except ObjectTooLarge as error:
        raise ExtractionError(str(error)) from error
    if content is None:
        raise ExtractionError("The photo is no longer in the bucket.")
    return content


def open_extractor(settings: Settings) -> Extractor | None:
    """Return the extractor of the settings, None if photos are not read, or cannot be."""
    if settings.extractor == "bedrock":
        from .bedrock import BedrockExtractor  # noqa: PLC0415 -- boto3 is slow to import

        return BedrockExtractor(settings.bedrock_model, settings.bedrock_region)
    if settings.extractor == "none":
        return None
    if not all(map(find_spec, _VISION)):
        logger.warning(
            "Photos are not read: extractor is local, and the extra 'vision' is not installed; %s",
            SCANNER_API.how_to_install("vision"),
        )
        return None
    return LocalExtractor()
