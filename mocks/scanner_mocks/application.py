"""The mock as an ASGI app: control below ``/_mock/``, and everything else to the API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .control.app import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from .control import Control
    from .events import Events
    from .state import State
    from .watch import Watch


class MockApplication:
    """The mock; :meth:`start` before the first request, :meth:`stop` after the last.

    Args:
        state: the API and all that is behind it.
        control: what tests do to it.
        events: what happens.
        layers: go around the API, the outermost first.
        watch: journal and faults; tells the events what goes over the wire.
    """

    def __init__(
        self,
        state: State,
        control: Control,
        events: Events,
        layers: Iterable[Callable[[ASGIApp], ASGIApp]],
        watch: Watch,
    ) -> None:
        self._state = state
        self._control = control
        self._events = events
        self._watch = watch
        self._app: ASGIApp = state
        for layer in reversed(tuple(layers)):
            self._app = layer(self._app)

    async def start(self) -> None:
        """Begin with what the mock was left with, or with the seeds."""
        await self._state.start()
        self._watch.tell(self._events)

    def end(self) -> None:
        """End what would go on for ever, so that the server can end."""
        self._events.close()
        self._watch.end()

    async def stop(self) -> None:
        """Let go of everything."""
        await asyncio.to_thread(self._watch.stop)
        await self._state.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        app = self._control if f"{scope['path']}/".startswith(f"{ROOT}/") else self._app
        await app(scope, receive, send)
