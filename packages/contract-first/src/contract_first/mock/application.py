"""The mock as an ASGI app: the control API below ``/_mock/``, and the API everywhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.contract import Contract
from contract_first.contract.routing import Route
from contract_first.service.messages.problems import PLAIN, NotFound, Problem, ProblemProfile
from contract_first.service.pages import Page
from contract_first.service.request.budget import SHARE, BodyBudget, Share

from .console.page import PATH as CONSOLE
from .console.page import ConsolePage
from .control.app import CA, MOST_TARGET_BYTES, ROOT, ControlAccess, control
from .journal.events import EventStream
from .journal.recording import JournalMiddleware, Recording, refused
from .reach import Reach, refuse_host, send_problem
from .responses.page import PATH as RESPONSES
from .responses.page import ResponsesPage
from .responses.streams import PacedStreams
from .rules.middleware import RuleMiddleware
from .rules.reading import RuleReader
from .rules.transport import is_closed
from .services import Services
from .state.clock import MockClock
from .state.scopes import Cleared, ScopedPart, Scopes, named
from .state.state import MockState
from .traffic import Traffic

if TYPE_CHECKING:
    from .stateful.browser import ItemBrowser

TO_CONSOLE = RedirectResponse(CONSOLE)
BELOW_ROOT = f"{ROOT}/"
EVENTS = f"{ROOT}/events"


@dataclass(eq=False)
class MockApplication:
    """The mock; :meth:`start` before the first request, :meth:`stop` after the last.

    Attributes:
        ca: certificate of the authority that clients are to trust, in PEM; None without TLS.
        items: of stateful services, by name.
        tokens: of the users, by name.
        isolated: what scopes have for themselves, beside their part of the traffic; None where all have it in
            common.
        most_target_bytes: longest path and query; the server refuses longer ones as they come in.
        most_response_bytes: of large responses that clients are yet to read; the server refuses more. One
            client has two pages of stored items.
    """

    services: Services
    state: MockState
    traffic: Traffic
    _: KW_ONLY
    access: ControlAccess
    seeds: Callable[[], dict[str, Any]]
    reach: Reach
    ca: str | None = None
    items: Mapping[str, ItemBrowser] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)
    isolated: Sequence[ScopedPart] | None = None
    profile: ProblemProfile = PLAIN
    most_target_bytes: int = MOST_TARGET_BYTES
    most_response_bytes: int = 24 * 1024 * 1024
    _watching: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)
    _bodies: BodyBudget = field(default_factory=BodyBudget, init=False)
    """The memory for what API, control API, journal and rules hold of bodies."""

    def __post_init__(self) -> None:
        reach, state, traffic, extension = self.reach, self.state, self.traffic, self.traffic.extension
        self._scopes: Scopes | None = None
        if self.isolated is not None:
            parts = [*self.isolated, *map(Cleared, traffic.resets.values())]
            self._scopes = Scopes(parts, state.initialize, state.release)

        responses = {
            f"{RESPONSES}/{name}".rstrip("/"): ResponsesPage(partial(self.services.contract, name))
            for name in self.services.names
        }
        self._control = control(
            self.access,
            pages={
                EVENTS: EventStream(state.events, traffic.journal, isolated=self.isolated is not None),
                RESPONSES: next(iter(responses.values())),
                **responses,
                ROOT: TO_CONSOLE,
                CONSOLE: ConsolePage(lambda: reach.s3, extension.console),
                **({} if self.ca is None else {CA: Page(self.ca.encode(), "application/x-x509-ca-cert")}),
            },
            public=(RESPONSES, *responses, CONSOLE, ROOT),
            clock=state.clock,
            profile=self.profile,
            collaborators={
                "events": state.events,
                "state": state,
                "seeds": lambda: {**self.seeds(), **reach.urls()},
                "contract": self.services.contract,
                "s3": lambda: traffic.s3,
                "journal": traffic.journal,
                "rules": traffic.rules,
                "reader": RuleReader(extension),
                "items": self.items,
                "tokens": self.tokens,
                "scopes": self._scopes,
                "violations": traffic.violations,
                "save": traffic.save,
            },
            extension=extension,
        )

    async def start(self) -> None:
        """Load the state, and start to serve."""
        await self.state.start()
        for service in self.services:
            await service.app.start()
        if self.traffic.overrides_file is not None:
            await self._watching.enter_async_context(self.traffic.overrides_file.watched())
        self.traffic.publish_to(self.state.events)

    def end(self) -> None:
        """End event streams, waiting and delays, so that the server can end."""
        self.state.events.close()
        self.traffic.end()

    async def stop(self) -> None:
        await self._watching.aclose()
        await asyncio.to_thread(self.traffic.stop)
        for forward in self.traffic.forwards.values():
            await forward.stop()
        for service in self.services:
            await service.app.stop()
        await self.state.stop()

    def note_refusal(self, scope: Scope, problem: Problem) -> None:
        """Record a request to the API that the server refused while its head came in."""
        if not scope["path"].startswith(f"{ROOT}/"):
            self.traffic.journal.record(refused(Recording(scope, 0), problem))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        share = scope[SHARE] = Share(self._bodies, scope)
        try:
            await self._serve(scope, receive, send)
        finally:
            share.release()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        name, scope = named(scope)
        path: str = scope["path"]
        app, scope = self._routed(path, scope)
        self.reach.note(scope)
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        if app not in (self._control, TO_CONSOLE) and host and not self.reach.accepts(host):
            await refuse_host(host, "--public-url has", send)
            return
        await self.state.ready()
        if self._scopes is None or not name or path == EVENTS:  # a listener uses no state
            await app(scope, receive, send)
            return
        async with AsyncExitStack() as entered:
            try:
                await entered.enter_async_context(self._scopes.used(name))
            except Problem as problem:  # there is no room for another scope
                await send_problem(HTTPStatus(problem.status), problem.detail, send)
                return
            await app(scope, receive, send)

    def _routed(self, path: str, scope: Scope) -> tuple[ASGIApp, Scope]:
        """Return what serves a request, and its scope for that."""
        if path == ROOT or path.startswith(BELOW_ROOT):
            return self._control, scope
        is_page = path == "/" and scope["method"] in {"GET", "HEAD"}
        try:
            service = self.services.at(path)
        except NotFound as problem:
            return TO_CONSOLE if is_page else partial(self._refuse, problem), scope
        if is_page and not service.app.contract.route("GET", path).methods:
            return TO_CONSOLE, scope
        return service.app, service.entered(scope)

    async def _refuse(self, problem: Problem, scope: Scope, _receive: Receive, send: Send) -> None:
        """Refuse a request that is for none of the services."""
        self.note_refusal(scope, problem)
        await send_problem(HTTPStatus(problem.status), problem.detail, send)


def observed(
    app: ASGIApp,
    contract: Contract,
    traffic: Traffic,
    clock: MockClock,
    profile: ProblemProfile = PLAIN,
    *,
    service: str | msgspec.UnsetType = msgspec.UNSET,
    stream_interval: float = 0,
    stored: Callable[[Route], Awaitable[Any]] | None = None,
) -> ASGIApp:
    """Put the app of a contract, which the traffic uses, behind rules, and those behind the journal.

    Args:
        service: that the app is of, of a mock with several.
        stream_interval: seconds between the items of streams.
        stored: returns the stored item that a request's path is for; None where none are stored.
    """
    rules, extension, forward = traffic.rules, traffic.extension, traffic.forwards.get(service)
    paced: ASGIApp = RuleMiddleware(app, rules, contract, clock, extension, profile, forward, stored)
    if stream_interval > 0:
        paced = PacedStreams(paced, stream_interval, lambda scope: rules.ended or is_closed(scope))
    return JournalMiddleware(paced, traffic.journal, contract)
