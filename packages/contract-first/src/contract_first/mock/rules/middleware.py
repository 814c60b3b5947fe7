"""The layer in which rules apply to requests for the API."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.contract import Contract
from contract_first.contract.routing import Route
from contract_first.mock.extension import Extension
from contract_first.mock.journal.recording import BY_RULE_KEY, RULE_KEY
from contract_first.service.clock import Clock
from contract_first.service.messages.problems import Problem, ProblemProfile

from .effects import Surroundings, affect
from .forwarding import Forwarder
from .reading import RuleReader
from .registry import Rules
from .request import ApiRequest, beginning_of, header_of
from .responses import RuleResponses

HEADER = b"x-mock-fault"


@dataclass(eq=False)
class RuleMiddleware:
    """An ASGI app to whose requests rules apply: a fault, or what a request asks for, and then an override.

    Args:
        app: serves requests, with the documented response that ``Prefer: code=N`` asks for.
        forward: responds as the upstream does; None without one.
        stored: returns the stored item that a request's path is for; None where none are stored.
    """

    app: ASGIApp
    rules: Rules
    contract: Contract
    clock: Clock
    extension: Extension
    profile: ProblemProfile
    forward: Forwarder | None = None
    stored: Callable[[Route], Awaitable[Any]] | None = None

    def __post_init__(self) -> None:
        responses = RuleResponses(self.contract, self.clock, self.profile)
        self._surroundings = Surroundings(
            self.app, responses, self.clock, lambda: self.rules.ended, self.forward
        )
        self._reader = RuleReader(self.extension)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request."""
        if (
            scope["type"] != "http"
            or not (self.rules.on_api or HEADER in dict(scope["headers"]))
            or scope["method"] == "OPTIONS"  # a page cannot tell why a pre-flight failed, so none does
        ):
            return self.app(scope, receive, send)
        return self._apply_rules(scope, receive, send)

    async def _apply_rules(self, scope: Scope, receive: Receive, send: Send) -> None:
        beginning = b""
        try:
            if self.rules.reads_bodies:
                beginning, receive = await beginning_of(scope, receive)
            request = ApiRequest(scope, self.contract, beginning)
            if self.stored is not None and self.rules.reads_items:
                request.item = await self.stored(request.route)
            text = header_of(scope, HEADER)
            fault = None if text is None else self._reader.injection(text, "api")
        except Problem as problem:
            await self._surroundings.responses.respond(problem, scope, receive, send)
            return
        app = self.app
        applied = self.rules.injections(request, request.is_considered, fault)[::-1]
        for injection in applied:
            app = partial(affect, app, injection, request, self._surroundings)
        scope[RULE_KEY] = " ".join(injection.rule for injection in applied)
        scope[BY_RULE_KEY] = any(injection.effect.asks_for_response for injection in applied)
        await app(scope, receive, send)
