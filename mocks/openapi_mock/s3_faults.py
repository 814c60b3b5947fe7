"""Faults on demand, as S3 has them: slow, refusing, or gone."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from openapi_service.problems import BadRequest
from presigned_s3.body import PacedBody
from presigned_s3.errors import S3Error, access_denied, invalid_argument
from presigned_s3.faults import Dropped
from presigned_s3.operation import UNWATCHED, operation_of
from presigned_s3.refusals import CODES, EXPIRED, REFUSALS

from .faults import Fault, Faults
from .faults.skew import CLOCK, SkewedClock, skewed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from openapi_service.clock import Clock
    from presigned_s3.request import Request

    from .faults import Effect, Strike

SCOPE_HEADER = "x-mock-scope"
FAULT_HEADER = "x-mock-fault"


class S3Faults:
    """The faults that are on.

    A form has its key in its body: a fault that has to know the key, or the session in it, strikes a form
    once its fields are read, any other fault strikes before.
    """

    def __init__(self) -> None:
        self._faults = Faults()

    def clock(self, clock: Clock) -> Clock:
        """Return a clock that shows a fault's time while that fault applies."""
        return SkewedClock(clock)

    def may_strike(self, request: Request) -> bool:
        """Return whether a fault may happen to a request."""
        return self._faults.on_s3 or FAULT_HEADER in request.headers

    def switch(self, faults: Iterable[Mapping[str, Any]], seed: int) -> None:
        """Have these faults on and no others, each a `Fault` as JSON; chance is the seed's."""
        self._faults.switch([msgspec.convert(fault, Fault) for fault in faults], seed)

    @contextmanager
    def around(self, request: Request, *, fields_are_read: bool = False) -> Iterator[None]:
        """Have the fault that strikes a request happen to what is done here.

        Raises:
            S3Error: it is the answer.
            Dropped: there is to be none.
        """
        strike = self._strike(request, fields_are_read=fields_are_read)
        if strike is None:
            yield
            return
        request.struck.append(strike.fault)
        time.sleep(strike.seconds)
        _answer(strike.effect)
        if isinstance(request.body, PacedBody):
            request.body.bytes_per_second = strike.effect.bytes_per_second
        with skewed(CLOCK, strike.effect.clock_skew_seconds):
            yield

    def _strike(self, request: Request, *, fields_are_read: bool) -> Strike | None:
        if request.struck or request.asks_for(UNWATCHED):
            return None
        if FAULT_HEADER in request.headers:
            return _asked_for(request.headers[FAULT_HEADER])
        if not request.is_form:
            return self._faults.strike(_Asked(request))
        return self._faults.strike(_Asked(request), lambda fault: _asks_for_key(fault) == fields_are_read)


class _Asked:
    """A request, as faults look at it."""

    def __init__(self, request: Request) -> None:
        self.method = request.method
        self.path = f"/{request.bucket}/{request.key}" if request.key else f"/{request.bucket}"
        self.operation = operation_of(request)
        self.key = request.key or request.fields.get("key", "")
        self.scope = request.headers.get(SCOPE_HEADER, "")

    def names(self, session: str) -> bool:
        return session in self.key.split("/")


def _asked_for(text: str) -> Strike:
    from .faults.header import strike_of  # noqa: PLC0415 -- reads a document, which few need

    try:
        return strike_of(text, "s3")
    except BadRequest as problem:
        raise invalid_argument(problem.detail, "X-Mock-Fault", text) from None


def _asks_for_key(fault: Fault) -> bool:
    return bool(fault.match.key or fault.match.session)


def _answer(effect: Effect) -> None:
    """Raise what the answer is, if it is not what it would have been."""
    if effect.drop:
        raise Dropped
    if effect.expired_upload:
        raise access_denied(EXPIRED)
    if effect.status is None and not effect.s3_code:
        return
    code = effect.s3_code or CODES.get(effect.status or 0, "InternalError")
    status, message = REFUSALS.get(code, (500, code))
    headers = [] if effect.retry_after_seconds is None else [("Retry-After", str(effect.retry_after_seconds))]
    raise S3Error(effect.status or status, code, message, headers=headers)
