"""Requests that are sent again: run once, by their ``Idempotency-Key``.

The header is that of draft-ietf-httpapi-idempotency-key-header-07. An operation takes part if the contract
declares it as a parameter; what its keys had for a response is stored by an :class:`Idempotency`.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from .messages.problems import Conflict, ValidationFailed, Violation

HEADER: Final = "Idempotency-Key"


class Attempt(NamedTuple):
    """An attempt at a request with an ``Idempotency-Key``.

    Attributes:
        key: of the client's choice; the same for all tries.
        fingerprint: digest of parameters and body, 64 lower-case hex digits.
    """

    operation_id: str
    caller: Any
    key: str
    fingerprint: str


class Idempotency(Protocol):
    """Stores the responses of requests that have an ``Idempotency-Key``."""

    async def once(self, attempt: Attempt, run: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the response of the first attempt that had one; run the request if this is the first.

        What ``run`` raises is raised, and stores nothing.

        Raises:
            KeyInUse: another attempt is running.
            KeyReused: the key was sent with another request.
        """


class KeyInUse(Conflict):
    """Another request with the key is being processed; retry once it is done."""

    def __init__(self, retry_after_seconds: int = 1) -> None:
        super().__init__(
            f"A request with this {HEADER} is being processed; retry in {retry_after_seconds} s.",
            headers={"Retry-After": str(retry_after_seconds)},
        )


class KeyReused(ValidationFailed):
    """The key was sent with another request."""

    def __init__(self) -> None:
        reason = "was sent with another request before; a new request takes a new key"
        super().__init__([Violation("header", HEADER, "reused", reason)])
        self.detail = f"The {HEADER} {reason}."


async def fingerprint_of(arguments: Mapping[str, Any], *, has_files: bool) -> str:
    """Return a digest of the values of a request, independent of their spelling.

    White space, the order of members, defaults and the boundary of a form make no difference.
    """
    return await asyncio.to_thread(_digest, arguments) if has_files else _digest(arguments)


def _digest(arguments: Mapping[str, Any]) -> str:
    document = msgspec.json.encode(arguments, order="deterministic", enc_hook=_of_file)
    return hashlib.sha256(document).hexdigest()


def _of_file(uploaded: Any) -> list[str | None]:
    """Return the representation of an uploaded file in the digest."""
    uploaded.file.seek(0)
    content = hashlib.file_digest(uploaded.file, "sha256").hexdigest()
    uploaded.file.seek(0)
    return [uploaded.filename, uploaded.content_type, content]
