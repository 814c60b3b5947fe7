"""The mock as an ASGI app: control below ``/_mock/``, and everything else to the API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from openapi_service.problems import PLAIN

from .console import PATH as CONSOLE
from .console import ConsolePage
from .control import Control, ControlGate
from .control.app import ROOT
from .event_stream import EventStream
from .faults.faulty import Faulty
from .journal import Journalled
from .responses.page import PATH as ANSWERS
from .responses.page import ResponsesPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from openapi_contract import Contract
    from openapi_service.problems import ProblemProfile

    from .clock import MockClock
    from .events import Events
    from .service import Service
    from .stateless import MockState
    from .watch import Watch


class MockApplication:
    """The mock; :meth:`start` before the first request, :meth:`stop` after the last.

    Args:
        service: the API.
        state: what is behind it.
        clock: the time in both.
        events: what happens.
        watch: journal and faults; tells the events what goes over the wire.
        control_token: opens the control API, from anywhere; None for this machine alone.
        seeds: returns what a client has to know.
        s3_url: of S3, if there is one.
        profile: how problems are written.
    """

    def __init__(
        self,
        service: Service,
        state: MockState,
        clock: MockClock,
        events: Events,
        watch: Watch,
        *,
        control_token: str | None,
        seeds: Callable[[], dict[str, Any]],
        s3_url: str | None = None,
        profile: ProblemProfile = PLAIN,
    ) -> None:
        self.profile = profile
        self._service = service
        self._state = state
        self._events = events
        self._watch = watch
        self._control = Control(
            ControlGate(control_token),
            pages={
                f"{ROOT}/events": EventStream(events, watch.journal),
                ANSWERS: ResponsesPage(lambda: service.contract),
                CONSOLE: ConsolePage(s3_url),
            },
            public=(ANSWERS, CONSOLE),
            clock=clock,
            profile=profile,
            collaborators={
                "events": events,
                "state": state,
                "seeds": seeds,
                "contract": lambda: service.contract,
                **watch.kept,
            },
        )

    async def start(self) -> None:
        """Begin with what the mock was left with, or with the seeds."""
        await self._state.start()
        await self._service.start()
        self._watch.tell(self._events)

    def end(self) -> None:
        """End what would go on for ever, so that the server can end."""
        self._events.close()
        self._watch.end()

    async def stop(self) -> None:
        """Let go of everything."""
        await asyncio.to_thread(self._watch.stop)
        await self._service.stop()
        await self._state.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        app = self._control if f"{scope['path']}/".startswith(f"{ROOT}/") else self._service
        await app(scope, receive, send)


def watched(
    app: ASGIApp,
    contract: Contract,
    watch: Watch,
    clock: MockClock,
    *,
    upload_seconds: int,
    authentication: bool = True,
    profile: ProblemProfile = PLAIN,
) -> ASGIApp:
    """Put what answers by a contract behind faults, and those behind the journal.

    Args:
        app: what answers.
        contract: by which.
        watch: journal and faults.
        clock: the time.
        upload_seconds: how long presigned uploads are good.
        authentication: whether credentials are asked for where the contract does.
        profile: how problems are written.
    """
    watch.look_by(contract, authentication=authentication)
    faulty = Faulty(app, watch.faults, contract, clock, upload_seconds=upload_seconds, profile=profile)
    return Journalled(faulty, watch.journal, contract)
