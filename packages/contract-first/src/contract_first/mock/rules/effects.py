"""The effects of a rule on a request to the API: a method of `Exchange` for each."""

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from operator import methodcaller
from typing import Any, Final, NamedTuple

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_first.mock.override import Patch, Respond
from contract_first.mock.responses.preferences import FIRST, word
from contract_first.mock.responses.problems import RETRY_AFTER
from contract_first.mock.responses.streams import nap
from contract_first.mock.rule import Effect, Forward
from contract_first.mock.rule_members import is_present
from contract_first.service.clock import Clock
from contract_first.service.messages.problems import Problem
from contract_first.service.messages.response import Rendered
from contract_first.service.messages.streaming import until_gone

from .forwarding import Forwarder, ForwardFailed
from .overriding import OverrideError, Overriding, patched, patched_head, with_meaning
from .registry import Injection
from .request import ApiRequest
from .responses import (
    WINDOW_SECONDS,
    Cut,
    Only,
    Paced,
    ProvokedProblem,
    Rewritten,
    RuleResponses,
    is_short_json,
    with_retry_after,
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


Proceed = Callable[["Exchange"], Awaitable[None]]
"""Serves a request with the effects within one."""
Step = Callable[["Exchange", Any, Proceed], Awaitable[None]]
"""Serves a request with an effect of a value."""


def _reporting(step: Step) -> Step:
    """Return a step that responds with a problem where it is not possible."""

    async def reporting(exchange: "Exchange", value: Any, proceed: Proceed) -> None:
        try:
            await step(exchange, value, proceed)
        except (ForwardFailed, OverrideError) as error:
            problem = ProvokedProblem(error.status, f"{exchange.injection.rule}: {error}.")
            await exchange.respond_with(problem)

    return reporting


class Exchange(NamedTuple):
    """An exchange with the API that a rule applies to: a method for each effect, the outermost first.

    Attributes:
        app: responds unless an effect does.
    """

    app: ASGIApp
    injection: Injection
    request: ApiRequest
    surroundings: Surroundings
    scope: Scope
    receive: Receive
    send: Send

    async def latency_ms(self, _: object, proceed: Proceed) -> None:
        await nap(self.injection.seconds, self._is_over)
        await (self.drop(_, proceed) if self._is_over() else proceed(self))

    async def drop(self, _: object, _proceed: Proceed) -> None:
        await drop(self.scope, self.receive)

    async def cut_after_bytes(self, most_bytes: int, proceed: Proceed) -> None:
        cut = Cut(self.send, most_bytes, partial(close, self.scope))
        await proceed(self._replace(send=cut))
        if cut.has_ended:
            await until_gone(self.receive)

    async def bytes_per_second(self, pace: int, proceed: Proceed) -> None:
        wait = partial(nap, is_over=self._is_over)
        await proceed(self._replace(send=Paced(self.send, pace, wait, partial(is_closed, self.scope))))

    async def retry_after_seconds(self, seconds: int, proceed: Proceed) -> None:
        head = partial(with_retry_after, seconds, self.surroundings.clock)
        body = partial(with_meaning, self.request, "retry after", seconds, "")
        self.scope[RETRY_AFTER] = seconds
        await proceed(self._replace(send=Rewritten(self.send, head, body, is_short_json)))

    async def error_code(self, code: str, proceed: Proceed) -> None:
        body = partial(with_meaning, self.request, "code", code, "/error_code")
        is_error = partial(is_short_json, least_status=HTTPStatus.BAD_REQUEST)
        await proceed(self._replace(send=Rewritten(self.send, lambda head: head, body, is_error)))

    async def drop_response(self, _: object, proceed: Proceed) -> None:
        await proceed(self._replace(send=_unsent))
        await drop(self.scope, self.receive)

    @_reporting
    async def patch(self, patch: Patch, proceed: Proceed) -> None:
        patch, operation = await self._overriding.patch(patch), self.request.route.operation
        body = partial(patched, patch, operation=operation, contract=self.request.contract)
        has_other_body = patch.is_of_body and self.scope["method"] != "HEAD"
        send = Rewritten(self.send, partial(patched_head, patch), body, lambda _: has_other_body)
        await proceed(self._replace(send=send))
        if send.failure:
            raise OverrideError(send.failure)

    @_reporting
    async def forward(self, forward: object, _: Proceed) -> None:
        statuses = forward.mock_on if isinstance(forward, Forward) else ()
        if self.surroundings.forward is None:  # taken away with the contract that the rule was checked by
            raise OverrideError("the mock has no upstream")
        app = partial(self.surroundings.forward.respond, self.app, statuses)
        await self.respond_by(self.surroundings.responses.opened(app))

    @_reporting
    async def respond(self, respond: Respond, _: Proceed) -> None:
        if isinstance(respond.example, str):
            status = {} if respond.status is None else {"code": str(respond.status)}
            await self.respond_by(self.surroundings.app, example=respond.example, **status)
        else:
            await self.respond_with(await self._overriding.rendered(respond))

    async def status(self, status: int, _: Proceed) -> None:
        operation = self.request.route.operation
        if operation is not None and operation.response_for(status) is not None:
            documented = Only(status, self.send)
            await self._replace(send=documented).respond_by(self.surroundings.app, code=str(status))
            if documented.passed:
                return  # else the app had another reason to refuse, such as a missing credential
        await self.respond_with(ProvokedProblem(status))

    async def respond_by(self, app: ASGIApp, **preferences: str) -> None:
        """Respond as an app does, with a documented response if one is preferred, valid or not."""
        scope = self.scope
        if preferences:
            field = ", ".join(f"{name}={word(value)}" for name, value in preferences.items())
            headers = [pair for pair in scope["headers"] if pair[0] != b"prefer"]
            scope = {**scope, "headers": [*headers, (b"prefer", field.encode())], FIRST: True}
        await app(scope, self.receive, self.send)

    async def respond_with(self, response: Problem | Rendered) -> None:
        """Respond with a problem, or with a response as it goes out."""
        await self.surroundings.responses.respond(response, self.scope, self.receive, self.send)

    @property
    def _overriding(self) -> Overriding:
        return Overriding(self.injection, self.request, self.surroundings.clock)

    def _is_over(self) -> bool:
        """Return whether nobody waits for the response any more, or nothing may be delayed any more."""
        return self.surroundings.has_ended() or is_closed(self.scope)


STEPS: Final = tuple(name for name in vars(Exchange) if name in Effect.__struct_fields__)
"""The effects that have a step on the API, the outermost first."""


async def affect(
    app: ASGIApp, injection: Injection, request: ApiRequest, surroundings: Surroundings, *asgi: Any
) -> None:
    """Serve a request with the effect of a rule; the app responds unless the effect does."""
    effect, proceed = injection.effect, methodcaller("respond_by", app)
    if effect.status == HTTPStatus.TOO_MANY_REQUESTS and effect.retry_after_seconds is None:
        effect = msgspec.structs.replace(effect, retry_after_seconds=WINDOW_SECONDS)
    for name in reversed(STEPS):
        if is_present(effect, name):
            proceed = methodcaller(name, getattr(effect, name), proceed)
    with effect.applied():
        await proceed(Exchange(app, injection, request, surroundings, *asgi))


async def _unsent(message: Message) -> None:
    """Send nothing."""
