"""The layer in which things go wrong on purpose."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from openapi_mock.journal.journalled import STRUCK_BY
from openapi_service.problems import PLAIN, Problem

from .answers import Changed, Only, Paced
from .asked import ApiRequest, beginning_of, header_of
from .refusals import Provoked, Refusals
from .skew import CLOCK, UPLOADS, skewed
from .transport import drop, is_gone

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from openapi_contract import Contract
    from openapi_service.clock import Clock
    from openapi_service.problems import ProblemProfile

    from .fault import Effect
    from .registry import Faults, Strike

HEADER = b"x-mock-fault"
LONGEST_NAP = 0.25
"""Seconds after which one that is held back looks whether its client is still there."""
LONG_GONE_SECONDS = 60


class Faulty:
    """An ASGI app whose requests faults strike: those that are on, or the one that a request asks for.

    Args:
        app: what answers, with the documented answer that ``Prefer: code=N`` asks for.
        faults: that are on.
        contract: that the app answers for.
        clock: the time.
        upload_seconds: how long presigned uploads are good.
        profile: how problems are written.
    """

    def __init__(
        self,
        app: ASGIApp,
        faults: Faults,
        contract: Contract,
        clock: Clock,
        *,
        upload_seconds: int,
        profile: ProblemProfile = PLAIN,
    ) -> None:
        self._app = app
        self._faults = faults
        self._contract = contract
        self._refusals = Refusals(contract, clock, profile)
        self._clock = clock
        self._upload_seconds = upload_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if (
            scope["type"] != "http"
            or not (self._faults.on_api or _asks_for_fault(scope))
            or _asks_first(scope)
        ):
            await self._app(scope, receive, send)
            return
        seen = b""
        if self._faults.look_into_bodies:
            seen, receive = await beginning_of(receive)
        try:
            strike = self._strike(ApiRequest(scope, self._contract, seen), scope)
        except Problem as problem:
            await self._refusals.answer(problem, scope, receive, send)
            return
        if strike is None:
            await self._app(scope, receive, send)
        else:
            scope[STRUCK_BY] = strike.fault
            await self._struck(strike, scope, receive, send)

    def _strike(self, asked: ApiRequest, scope: Scope) -> Strike | None:
        text = header_of(scope, HEADER)
        if text is None:
            return self._faults.strike(asked, lambda fault: fault.on == "api")
        from .header import strike_of  # noqa: PLC0415 -- reads the control API's contract, which few need

        return strike_of(text, "api")

    async def _struck(self, strike: Strike, scope: Scope, receive: Receive, send: Send) -> None:
        effect = strike.effect
        await self._wait(strike.seconds, scope)
        if effect.drop or self._is_over(scope):
            await drop(scope, receive)
            return
        if effect.bytes_per_second is not None:
            pace = effect.bytes_per_second
            send = Paced(send, pace, lambda seconds: self._wait(seconds, scope), lambda: is_gone(scope))
        if (
            effect.error_code
            or effect.retry_after_seconds is not None
            or effect.status == HTTPStatus.TOO_MANY_REQUESTS
        ):
            send = Changed(send, effect, self._clock)
        with ExitStack() as skews:
            if effect.clock_skew_seconds:
                skews.enter_context(skewed(CLOCK, effect.clock_skew_seconds))
            if effect.expired_upload:
                skews.enter_context(skewed(UPLOADS, -self._upload_seconds - LONG_GONE_SECONDS))
            await self._answer(effect, scope, receive, send)

    async def _wait(self, seconds: float, scope: Scope) -> None:
        while seconds > 0 and not self._is_over(scope):
            nap = min(seconds, LONGEST_NAP)
            await asyncio.sleep(nap)
            seconds -= nap

    def _is_over(self, scope: Scope) -> bool:
        """Return whether nobody waits for the answer any more, or nothing may wait any more."""
        return self._faults.ended or is_gone(scope)

    async def _answer(self, effect: Effect, scope: Scope, receive: Receive, send: Send) -> None:
        if effect.status is None:
            await self._app(scope, receive, send)
            return
        operation = ApiRequest(scope, self._contract).route.operation
        if operation is not None and operation.response_for(effect.status) is not None:
            documented = Only(effect.status, send)
            await self._app(_preferring(effect.status, scope), receive, documented)
            if documented.passed:
                return  # else the app had another reason to refuse, such as a missing credential
        await self._refusals.answer(Provoked(effect.status, effect.error_code), scope, receive, send)


def _asks_for_fault(scope: Scope) -> bool:
    return any(name == HEADER for name, _ in scope["headers"])


def _asks_first(scope: Scope) -> bool:
    """Return whether it is a preflight: a page cannot tell why one failed, so none does."""
    method: str = scope["method"]
    return method == "OPTIONS"


def _preferring(status: int, scope: Scope) -> dict[str, Any]:
    headers = [pair for pair in scope["headers"] if pair[0] != b"prefer"]
    return {**scope, "headers": [*headers, (b"prefer", b"code=%d" % status)]}
