"""Faults as S3 uses them: a simulator of failures hands an implementation to `create_app`."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from .messages.clock import Clock
from .messages.request import Request


class Dropped(ConnectionAbortedError):  # noqa: N818 -- it says what happens to the connection
    """The connection is closed without a response."""


class Faults:
    """Simulated failures: none here, those of a subclass."""

    def clock(self, clock: Clock) -> Clock:
        """Return a clock that shows a fault's time while that fault applies, else that of ``clock``."""
        return clock

    def may_inject(self, request: Request) -> bool:  # noqa: ARG002 -- a subclass needs it
        """Return whether a fault may apply to a request."""
        return False

    def switch(self, faults: Iterable[Mapping[str, Any]], seed: int) -> None:  # noqa: ARG002 -- the same
        """Replace all faults by these; ``seed`` is that of chance."""
        raise ValueError("this S3 was started without faults")

    def around(self, request: Request, *, fields_are_read: bool = False) -> AbstractContextManager[None]:  # noqa: ARG002 -- the same
        """Apply the matching fault to the request handled in the context; may raise S3Error or Dropped.

        Args:
            request: its ``body`` is a `PacedBody` if a fault may apply.
            fields_are_read: whether the fields of a form have been read: it is asked before and after.
        """
        return nullcontext()
