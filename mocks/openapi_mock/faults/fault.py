"""A fault: which requests it strikes, and what happens to them.

The control API's contract says what is valid (`reading.fault_of` reads by it); these are the values.
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from openapi_check.matching import matches
from openapi_contract.contract import is_named

from .latency import Latency  # noqa: TC001 -- msgspec reads the fields' types when it decodes


class Asked(Protocol):
    """A request, as far as faults look at it."""

    @property
    def method(self) -> str:
        """The HTTP method, upper case."""

    @property
    def path(self) -> str:
        """The path, decoded; of S3 ``/BUCKET/KEY``, or ``/BUCKET`` for a form."""

    @property
    def operation(self) -> str:
        """The operationId, or the name of S3's operation; empty if there is none."""

    @property
    def key(self) -> str:
        """The key of the object in S3; empty if there is none."""

    @property
    def scope(self) -> str:
        """The value of ``X-Mock-Scope``."""

    def names(self, session: str) -> bool:
        """Return whether it is about a session."""


class Match(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which requests are struck: those that are all of this; what is empty does not matter.

    Attributes:
        operation: an operationId, or the end of one behind a ``_``; for S3, the name of S3's operation.
        method: the HTTP method.
        path: pattern (``*``, ``?``) of the path.
        key: pattern of the key of the object in S3.
        session: id of a session that the request names.
    """

    operation: str = ""
    method: str = ""
    path: str = ""
    key: str = ""
    session: str = ""

    def meets(self, asked: Asked) -> bool:
        """Return whether a request is all of this."""
        return (
            self.method.upper() in ("", asked.method)
            and (not self.path or matches(asked.path, self.path))
            and (not self.operation or is_named(asked.operation, self.operation))
            and (not self.key or matches(asked.key, self.key))
            and (not self.session or asked.names(self.session))
        )


class Effect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What happens to a request.

    Attributes:
        latency_ms: how long it is held back: milliseconds, or a distribution of them.
        status: of the answer; None for what it would have been.
        error_code: of the API's problem.
        s3_code: S3's code of the error.
        drop: whether the connection is closed without an answer.
        bytes_per_second: how fast the API's answer goes out, or S3 takes the upload; None for at once.
        retry_after_seconds: when to come back, in all headers that say so.
        expired_upload: whether a presigned upload is handed out, or taken for one, that has expired.
        clock_skew_seconds: how much later the clock shows it to be, for this request.
    """

    latency_ms: float | Latency = 0
    status: int | None = None
    error_code: str = ""
    s3_code: str = ""
    drop: bool = False
    bytes_per_second: int | None = None
    retry_after_seconds: int | None = None
    expired_upload: bool = False
    clock_skew_seconds: float = 0


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong, for which requests, and how often.

    Attributes:
        id: given by the mock.
        name: for people.
        on: whose requests they are.
        match: which of them.
        scope: value of their ``X-Mock-Scope``; empty for all.
        skip: how many of them are let through first.
        times: how many are struck then; None for all.
        probability: how likely one is to be struck, between 0 and 1.
        effect: what happens.
        struck: how many were, counted by the mock.
    """

    id: str = ""
    name: str = ""
    on: Literal["api", "s3"] = "api"
    match: Match = Match()
    scope: str = ""
    skip: int = 0
    times: int | None = None
    probability: float = 1
    effect: Effect
    struck: int = 0

    def concerns(self, asked: Asked) -> bool:
        """Return whether it is for a request."""
        return self.scope in ("", asked.scope) and self.match.meets(asked)
