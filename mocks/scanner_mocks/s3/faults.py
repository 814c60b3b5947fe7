"""Faults on demand: S3 that is slow, refuses, or goes away."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from .errors import S3Error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .request import Readable, Request

SCOPE_HEADER = "x-mock-scope"
_STEP_SECONDS = 0.05


class Dropped(ConnectionAbortedError):  # noqa: N818 -- it says what happens to the connection
    """The connection is to be closed without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong, and for which requests.

    Attributes:
        method: of the requests it is for; empty for all.
        path: pattern (``*``, ``?``) of their path, ``/BUCKET/KEY`` or, for a form, ``/BUCKET``.
        scope: value of their ``X-Mock-Scope`` header; empty for all.
        times: for how many requests; None for all.
        probability: for how many of them, between 0 and 1.
        delay_seconds: how long an answer is held back.
        bytes_per_second: how fast the body is taken; None for at once.
        status: of the error that is answered; 0 for none.
        code: of the error, such as ``SlowDown``.
        message: of the error.
        drop: whether the connection is closed without an answer.
    """

    method: str = ""
    path: str = "*"
    scope: str = ""
    times: int | None = None
    probability: float = 1.0
    delay_seconds: float = 0.0
    bytes_per_second: int | None = None
    status: int = 0
    code: str = "InternalError"
    message: str = "We encountered an internal error. Please try again."
    drop: bool = False

    def concerns(self, request: Request) -> bool:
        """Return whether it is for this request."""
        path = f"/{request.bucket}/{request.key}" if request.key else f"/{request.bucket}"
        return (
            self.method in ("", request.method)
            and fnmatchcase(path, self.path)
            and self.scope in ("", request.headers.get(SCOPE_HEADER, ""))
        )

    def happen(self) -> None:
        """Do what it does before the answer; raise `S3Error` or `Dropped` if it is the answer."""
        time.sleep(self.delay_seconds)
        if self.drop:
            raise Dropped
        if self.status:
            raise S3Error(self.status, self.code, self.message)


class Faults:
    """The faults that are on; the first that concerns a request happens to it.

    Args:
        seed: of the chance that a probability needs; the same seed, the same faults.
    """

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._seed = seed
        self.switch([])

    def switch(self, faults: Iterable[Mapping[str, Any]]) -> None:
        """Have these faults on and no others; each is the attributes of a `Fault`."""
        switched = [Fault(**fault) for fault in faults]
        with self._lock:
            self._on = switched
            self._struck = [0] * len(switched)
            self._chance = random.Random(self._seed)  # noqa: S311 -- repeatable, not secret

    def strike(self, request: Request) -> Fault | None:
        """Return the fault that happens to this request, and count it; None if none does."""
        if not self._on:
            return None
        with self._lock:
            for number, fault in enumerate(self._on):
                over = fault.times is not None and self._struck[number] >= fault.times
                if not over and fault.concerns(request) and self._chance.random() < fault.probability:
                    self._struck[number] += 1
                    return fault
        return None


class SlowBody:
    """A body that is read no faster than so many bytes a second."""

    def __init__(self, body: Readable, bytes_per_second: int) -> None:
        self._body = body
        self._step = max(int(bytes_per_second * _STEP_SECONDS), 1)

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, after a while."""
        time.sleep(_STEP_SECONDS)
        return self._body.read(min(size, self._step))
