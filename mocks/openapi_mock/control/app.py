"""The control API as an ASGI app."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from openapi_contract import Contract
from openapi_contract.reading import read_document
from openapi_service.assembly import Assembly
from openapi_service.connexion_adapter import bind
from openapi_service.cors import with_cors
from openapi_service.edge import Edge
from openapi_service.handlers import handlers_of
from openapi_service.pages import Page
from openapi_service.problems import PLAIN
from openapi_service.request import STATE

from . import operations

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from openapi_service.clock import Clock
    from openapi_service.problems import ProblemProfile
    from openapi_service.request import Request

    from .gate import ControlGate

DOCUMENT: Final = Path(__file__).with_name("openapi.yaml")
ROOT: Final = "/_mock"
MOST_TARGET_BYTES: Final = 8192


class Control:
    """The control API; bound when it is first asked, since the mock's own API is to be there before.

    Args:
        gate: who is let in.
        pages: ASGI apps by path, for it and all that is below it; what they answer is not bound.
        public: those of them that hold no secret: the control token is not asked for.
        clock: the time, for operations and problems.
        collaborators: what else the operations may ask for, by parameter name.
        profile: how problems are written.
    """

    def __init__(
        self,
        gate: ControlGate,
        pages: Mapping[str, ASGIApp],
        public: Collection[str],
        clock: Clock,
        collaborators: Mapping[str, Any],
        profile: ProblemProfile = PLAIN,
    ) -> None:
        self._profile = profile
        self._gate = gate
        self._pages = pages
        self._public = public
        self._clock = clock
        self._collaborators = {"clock": clock, **collaborators}
        self._binding = asyncio.Lock()
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await (self._app or await self._bound())(scope, receive, send)

    async def _bound(self) -> ASGIApp:
        async with self._binding:
            if self._app is None:
                self._app = await asyncio.to_thread(self._bind)
        return self._app

    def _bind(self) -> ASGIApp:
        contract = control_contract()
        paths = contract.document["paths"].items()
        bound = {
            **contract.document,
            "paths": {path: item for path, item in paths if path not in self._pages},
        }
        assembly = Assembly(
            Contract(bound, contract.source), _Anyone(), self._collaborators, reveal=True, closed_query=True
        )
        document = Page(json.dumps(contract.document).encode(), "application/json")
        door = Door(
            bind(assembly, handlers_of(operations)),
            {f"{ROOT}/openapi.json": document, **self._pages},
            self._gate,
            self._public,
        )
        edge = Edge(
            door,
            clock=self._clock,
            pages={},
            most_target_bytes=MOST_TARGET_BYTES,
            profile=self._profile,
        )
        return with_cors(edge, contract, ("*",))


class Door:
    """Lets in whom the gate lets in, to a page or to the operations.

    Args:
        bound: the operations.
        pages: ASGI apps by path, for it and all that is below it.
        gate: who is let in.
        public: pages that the token is not asked for.
    """

    def __init__(
        self, bound: ASGIApp, pages: Mapping[str, ASGIApp], gate: ControlGate, public: Collection[str]
    ) -> None:
        self._bound = bound
        self._pages = pages
        self._gate = gate
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or raise why it is not let in."""
        path = self._page_at(scope["path"])
        if not (path in self._public and self._gate.asks_for_token):
            self._gate.check(scope[STATE])
        app = self._bound if path is None else self._pages[path]
        await app(scope, receive, send)

    def _page_at(self, path: str) -> str | None:
        return next((page for page in self._pages if f"{path}/".startswith(f"{page}/")), None)


class _Anyone:
    """The gate behind the door, which has let in whoever comes here."""

    async def admit(self, _request: Request, _credentials: object, _alternatives: object) -> None:
        """Let everyone in."""


def control_contract() -> Contract:
    """Return the contract of the control API, which a test holds to be valid: a start need not check it."""
    return Contract(read_document(str(DOCUMENT)), str(DOCUMENT))
