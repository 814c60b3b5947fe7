"""The mock as an ASGI app: control below ``/_mock/``, and everything else to the API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .control.app import ROOT

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from .control import Control
    from .events import Events
    from .service import Service
    from .watch import Watch


class MockApplication:
    """The mock; :meth:`start` before the first request, :meth:`stop` after the last.

    Args:
        service: the API and all that is behind it.
        control: what tests do to it.
        events: what happens.
        watch: journal and faults; tells the events what goes over the wire.
    """

    def __init__(
        self,
        service: Service,
        control: Control,
        events: Events,
        watch: Watch,
    ) -> None:
        self._service = service
        self._control = control
        self._events = events
        self._watch = watch

    async def start(self) -> None:
        """Begin with what the mock was left with, or with the seeds."""
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        app = self._control if f"{scope['path']}/".startswith(f"{ROOT}/") else self._service
        await app(scope, receive, send)
