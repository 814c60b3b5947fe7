"""The credentials that sign uploads, renewed without blocking the event loop."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.observe.logs import without_tracebacks

from .errors import PhotoBucketError

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.credentials import ReadOnlyCredentials

_CHECK_SECONDS: Final = 1
_WAIT_SECONDS: Final = 10 * 60
"""Credentials closer to their expiry are not handed out, but renewed first; botocore does the same."""

logger = logging.getLogger(__name__)


class SigningCredentials:
    """The credentials of boto3's chain (environment, profile, role ...), renewed by botocore in a thread.

    Checking the expiry costs botocore several microseconds, so that is done once a second.

    Args:
        session: whose chain it is; boto3's normal one, which is botocore's, without it.
    """

    def __init__(self, session: Session | None) -> None:
        without_tracebacks("botocore.credentials")  # such as what a credential process wrote
        self._preset = session
        if session is None:
            from botocore.session import get_session  # noqa: PLC0415 -- a session of its own needs no chain

            session = get_session()
        self._core: Any = session
        self._source: Any = None
        self._frozen: ReadOnlyCredentials | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._next_check = math.inf

    async def find(self) -> None:
        """Walk through the chain, in a thread: it reads files and may ask the network.

        Raises:
            PhotoBucketError: the chain finds no credentials, or fails, as on a profile that is not there.
        """
        try:
            await asyncio.to_thread(self._find)
        except Exception as error:
            from botocore.exceptions import BotoCoreError  # noqa: PLC0415 -- what raises it imports it

            if not isinstance(error, BotoCoreError):
                raise
            raise PhotoBucketError(f"No AWS credentials for the photo bucket: {error}") from error
        if self._frozen is None:
            raise PhotoBucketError(
                "No AWS credentials for the photo bucket: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
                " AWS_PROFILE, or run where a role gives them."
            )
        if hasattr(self._source, "refresh_needed"):
            self._next_check = time.monotonic()

    @cached_property
    def session(self) -> Any:
        """boto3's session with this chain, to make clients of."""
        if self._preset is not None:
            return self._preset
        from boto3.session import Session  # noqa: PLC0415 -- boto3 takes a while to import

        return Session(botocore_session=self._core)

    def _find(self) -> None:
        self._source = self._core.get_credentials()
        if self._source is not None:
            self._frozen = self._source.get_frozen_credentials()

    async def current(self) -> ReadOnlyCredentials:
        """Return credentials to sign with.

        Raises:
            ServiceUnavailable: they are about to expire and cannot be renewed, or were never found.
        """
        if time.monotonic() >= self._next_check:
            self._check()
        if self._frozen is None and self._renewal is not None:
            await asyncio.shield(self._renewal)
        if self._frozen is None:
            raise ServiceUnavailable("There are no credentials to sign uploads with.")
        return self._frozen

    def _check(self) -> None:
        """Start a renewal that is due; botocore wants it 15 minutes before the expiry."""
        self._next_check = time.monotonic() + _CHECK_SECONDS
        if not self._source.refresh_needed():
            return
        if self._source.refresh_needed(_WAIT_SECONDS):
            self._frozen = None
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        try:
            self._frozen = await asyncio.to_thread(self._source.get_frozen_credentials)
        except Exception as error:  # noqa: BLE001 -- each source of credentials has errors of its own
            logger.warning("The credentials of the photo bucket cannot be renewed: %s", type(error).__name__)
