"""The effect of a rule on a request to the API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_first.mock.responses.preferences import FIRST, word
from contract_first.mock.responses.problems import RETRY_AFTER
from contract_first.mock.responses.streams import nap
from contract_first.mock.rule import Effect, Forward
from contract_first.service.clock import Clock
from contract_first.service.messages.streaming import until_gone

from .forwarding import Forwarder, ForwardFailed
from .overriding import OverrideError, Overriding, patched, patched_head
from .registry import Injection
from .request import ApiRequest
from .responses import (
    Change,
    Cut,
    Only,
    Paced,
    ProvokedProblem,
    Rewritten,
    RuleResponses,
    is_short_json,
    retry_after,
)
from .transport import close, drop, is_closed


class Surroundings(NamedTuple):
    """What effects need.

    Attributes:
        app: the mock's, which no rule applies to.
        has_ended: returns whether nothing may be delayed any more.
        forward: responds as the upstream does; None without one.
    """

    app: ASGIApp
    responses: RuleResponses
    clock: Clock
    has_ended: Callable[[], bool]
    forward: Forwarder | None = None


@dataclass(eq=False, slots=True)
class AffectedApp:
    """An ASGI app with the effect of a rule on a request; `app` responds unless the effect does."""

    app: ASGIApp
    injection: Injection
    request: ApiRequest
    surroundings: Surroundings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        effect = self.injection.effect
        is_over = partial(self._is_over, scope)
        await nap(self.injection.seconds, is_over)
        if effect.drop or is_over():
            await drop(scope, receive)
            return
        cut = None
        if effect.cut_after_bytes is not None:
            send = cut = Cut(send, effect.cut_after_bytes, partial(close, scope))
        if effect.bytes_per_second is not None:
            pace = effect.bytes_per_second
            send = Paced(send, pace, partial(nap, is_over=is_over), partial(is_closed, scope))
        if (
            effect.error_code
            or effect.retry_after_seconds is not None
            or effect.status == HTTPStatus.TOO_MANY_REQUESTS
        ):
            change = Change(effect, self.surroundings.clock)
            send = Rewritten(send, change.head, change.body, is_short_json)
        with effect.applied():
            await self._respond(effect, scope, receive, _unsent if effect.drop_response else send)
        if effect.drop_response:
            await drop(scope, receive)
        elif cut is not None and cut.has_ended:
            await until_gone(receive)

    def _is_over(self, scope: Scope) -> bool:
        """Return whether nobody waits for the response any more, or nothing may be delayed any more."""
        return self.surroundings.has_ended() or is_closed(scope)

    async def _respond(self, effect: Effect, scope: Scope, receive: Receive, send: Send) -> None:
        if effect.respond is None and effect.patch is None and not effect.forward:
            await self._respond_as_documented(effect, scope, receive, send)
            return
        try:
            await self._override(effect, scope, receive, send)
        except OverrideError as error:
            problem = ProvokedProblem(500, detail=f"{self.injection.rule}: {error}.")
            await self.surroundings.responses.respond(problem, scope, receive, send)

    async def _override(self, effect: Effect, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond as an override says; raises OverrideError where that is not possible."""
        overriding = Overriding(self.injection, self.request, self.surroundings.clock)
        if effect.patch is not None:
            patch, request = await overriding.patch(effect.patch), self.request
            body = partial(patched, patch, operation=request.route.operation, contract=request.contract)
            has_other_body = patch.is_of_body and scope["method"] != "HEAD"
            rewritten = Rewritten(send, partial(patched_head, patch), body, lambda _: has_other_body)
            await self._respond_as_documented(effect, scope, receive, rewritten)
            if rewritten.failure:
                raise OverrideError(rewritten.failure)
        elif effect.forward:
            await self._respond_as_documented(effect, scope, receive, send)
        elif effect.respond is not None and isinstance(effect.respond.example, str):
            status = {} if effect.respond.status is None else {"code": str(effect.respond.status)}
            preferring = _preferring(scope, {"example": effect.respond.example, **status})
            await self.surroundings.app(preferring, receive, send)
        elif effect.respond is not None:
            rendered = await overriding.rendered(effect.respond)
            await self.surroundings.responses.respond(rendered, scope, receive, send)

    async def _respond_as_documented(
        self, effect: Effect, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Respond with the documented response of a status, or else with a problem of it."""
        if effect.forward:
            await self._forward(effect, scope, receive, send)
            return
        if effect.status is None:
            await self.app(scope, receive, send)
            return
        operation = self.request.route.operation
        if operation is not None and operation.response_for(effect.status) is not None:
            documented = Only(effect.status, send)
            preferring = _preferring(scope, {"code": str(effect.status)})
            preferring[RETRY_AFTER] = retry_after(effect, effect.status)
            await self.surroundings.app(preferring, receive, documented)
            if documented.passed:
                return  # else the app had another reason to refuse, such as a missing credential
        problem = ProvokedProblem(effect.status, effect.error_code)
        await self.surroundings.responses.respond(problem, scope, receive, send)

    async def _forward(self, effect: Effect, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond as the upstream does, or with a problem that says why it does not."""
        statuses = effect.forward.mock_on if isinstance(effect.forward, Forward) else ()
        responses, forward = self.surroundings.responses, self.surroundings.forward
        if forward is None:  # taken away with the contract that the rule was checked by
            raise OverrideError("the mock has no upstream")
        try:
            app = partial(forward.respond, self.app, statuses)
            await responses.opened(app)(scope, receive, send)
        except ForwardFailed as failed:
            problem = ProvokedProblem(failed.status, detail=f"{self.injection.rule}: {failed}.")
            await responses.respond(problem, scope, receive, send)


def _preferring(scope: Scope, preferences: Mapping[str, str]) -> Scope:
    """Return the scope of a request that prefers a documented response, valid or not."""
    field = ", ".join(f"{name}={word(value)}" for name, value in preferences.items())
    headers = [pair for pair in scope["headers"] if pair[0] != b"prefer"]
    return {**scope, "headers": [*headers, (b"prefer", field.encode())], FIRST: True}


async def _unsent(message: Message) -> None:
    """Send nothing."""
