"""The ids that S3 gives each request: ``x-amz-request-id`` and ``x-amz-id-2``."""

from __future__ import annotations

import base64
import itertools
import secrets
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_REQUEST_ID_BYTES: Final = 8
_HOST_ID_BYTES: Final = 57


class Ids(NamedTuple):
    """The ids of one request."""

    request_id: str
    host_id: str


class RequestIds:
    """Makes ids: random ones or, with a seed, the same ones for the same number of requests before.

    Args:
        seed: same seed, same ids; None for random ones.
    """

    def __init__(self, seed: int | None) -> None:
        self._seed = seed
        self.begin_again()

    def begin_again(self) -> None:
        """Number requests from the beginning."""
        self._numbers: Iterator[int] = itertools.count()

    def draw(self) -> Ids:
        """Return the ids of the next request."""
        drawn = self._drawn(next(self._numbers))
        host_id = base64.b64encode(drawn[_REQUEST_ID_BYTES:]).decode()
        return Ids(drawn[:_REQUEST_ID_BYTES].hex().upper(), host_id)

    def _drawn(self, number: int) -> bytes:
        if self._seed is None:
            return secrets.token_bytes(_REQUEST_ID_BYTES + _HOST_ID_BYTES)
        halves = (blake2b(f"{self._seed}/{number}/{half}".encode()).digest() for half in range(2))
        return b"".join(halves)[: _REQUEST_ID_BYTES + _HOST_ID_BYTES]
