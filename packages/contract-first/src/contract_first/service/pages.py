"""What is served beside the contract: health, the effective document and its explorer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.contract import Contract

from .functions import awaitable
from .messages.problems import MethodNotAllowed

if TYPE_CHECKING:
    from .observe.metrics import Metrics

Check = Callable[[], Awaitable[object] | object]
FRESH_SECONDS = 1.0
"""For which the states of parts are not asked for again."""
MOST_ROOTS = 4
"""Paths below which an app is seen, for which the document is kept."""
PROBE_SECONDS = 0.5
"""How long a soft check may take: a probe of Kubernetes waits for a second."""
FIRST_PROBE_SECONDS = 5.0
"""The same for the first time, when clients are made."""
SWAGGER_UI = Path(__file__).parent / "swagger_ui"
"""Two files of npm's swagger-ui-dist as they are there, with their licences and their version."""
START = Path(__file__).parent / "explorer.js"
UNSTORED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
CSP = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
EXPLORER = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<main id="explorer"></main>
<script src="docs/swagger-ui-bundle.js"></script>
<script type="module" src="docs/start.js"></script>
</body>
</html>
"""


def contract_pages(contract: Contract) -> dict[str, ASGIApp]:
    """Return ``/openapi.json`` and ``/docs``, which loads nothing from another host."""

    @lru_cache(MOST_ROOTS)
    def below(root: str) -> Page:
        """Return the document for clients that see the app below a root path."""
        document = contract.document
        if root:
            document = {**document, "servers": [{"url": root}, *document.get("servers", ())]}
        return Page(json.dumps(document, ensure_ascii=False).encode(), "application/json", cors=True)

    async def effective(scope: Scope, receive: Receive, send: Send) -> None:
        await below(quote(scope.get("root_path", "")))(scope, receive, send)

    title = contract.document["info"]["title"].replace("&", "&amp;").replace("<", "&lt;")
    return {
        "/openapi.json": effective,
        "/docs": Page(EXPLORER.format(title=title).encode(), "text/html; charset=utf-8"),
        "/docs/start.js": Page(START.read_bytes, "text/javascript"),
        "/docs/swagger-ui-bundle.js": Page(
            (SWAGGER_UI / "swagger-ui-bundle.js").read_bytes, "text/javascript"
        ),
        "/docs/swagger-ui.css": Page((SWAGGER_UI / "swagger-ui.css").read_bytes, "text/css"),
    }


@dataclass(eq=False)
class Page:
    """A fixed page; content given as a function is read, in a thread, when first asked for.

    Args:
        cors: whether pages of other origins may read it.
        policy: its Content-Security-Policy, or what returns that of the current request.
    """

    content: bytes | Callable[[], bytes]
    media_type: str
    _: KW_ONLY
    cors: bool = False
    policy: str | Callable[[], str] = CSP

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to GET and HEAD; raise MethodNotAllowed for anything else."""
        if scope["method"] not in {"GET", "HEAD"}:
            raise MethodNotAllowed("This page accepts GET and HEAD only.", headers={"Allow": "GET, HEAD"})
        if callable(self.content):
            self.content = await asyncio.to_thread(self.content)
        policy = self.policy() if callable(self.policy) else self.policy
        headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}
        headers |= {"Access-Control-Allow-Origin": "*"} if self.cors else {}
        response = Response(self.content, media_type=self.media_type, headers=headers)
        await response(scope, receive, send)


def health_pages(
    checks: Mapping[str, Check],
    soft_checks: Mapping[str, Check] = MappingProxyType({}),
    draining: Callable[[], bool] = lambda: False,
    metrics: Metrics | None = None,
) -> dict[str, ASGIApp]:
    """Return ``/healthz`` (the process is alive) and ``/readyz`` (it may be sent requests).

    Args:
        checks: by name, ``async def`` or ``def``: each raises if what it checks is not there. A mapping that
            it returns is shown in the place of its state.
        soft_checks: of what all processes share, and this one can do without: where they fail, or take longer
            than a probe waits, that part is degraded, and the process ready.
        draining: whether this process is about to end, and not ready therefore.
        metrics: show whether it is ready.
    """
    asked: dict[str, _Part] = {
        name: (awaitable(check), "unreachable", None) for name, check in checks.items()
    }
    asked |= {name: (awaitable(check), "degraded", PROBE_SECONDS) for name, check in soft_checks.items()}
    parts = _Parts(asked)

    async def healthz(scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse({"status": "alive"}, headers=UNSTORED)(scope, receive, send)

    def is_ready(states: Mapping[str, object]) -> bool:
        return not draining() and "unreachable" not in states.values()

    async def checked() -> bool:
        return is_ready(await parts.states())

    async def readyz(scope: Scope, receive: Receive, send: Send) -> None:
        states = await parts.states()
        ready = is_ready(states)
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        summary = "ready" if ready else "shutting down" if draining() else "not ready"
        await JSONResponse({"status": summary, **states}, status, UNSTORED)(scope, receive, send)

    if metrics is not None:
        metrics.add_readiness(checked)
    return {"/healthz": healthz, "/readyz": readyz}


_Part = tuple[Callable[[], Awaitable[object]], str, float | None]
"""A check, the state if it fails, and how many seconds it may take."""


class _Parts:
    """The states of parts, asked for once a second at most, however many want to know."""

    def __init__(self, parts: Mapping[str, _Part]) -> None:
        self._parts = parts
        self._asking: asyncio.Task[dict[str, object]] | None = None
        self._stale_at = 0.0
        self._is_first = True

    async def states(self) -> dict[str, object]:
        loop, asking = asyncio.get_running_loop(), self._asking
        is_asked = asking is not None and asking.get_loop() is loop
        if asking is None or not is_asked or (asking.done() and loop.time() >= self._stale_at):
            self._stale_at = loop.time() + FRESH_SECONDS
            self._asking = asking = loop.create_task(self._ask())
        return await asyncio.shield(asking)  # one caller that goes away is not all of them

    async def _ask(self) -> dict[str, object]:
        parts = list(self._parts.values())
        if self._is_first:
            parts = [(check, failed, seconds and FIRST_PROBE_SECONDS) for check, failed, seconds in parts]
        states = await asyncio.gather(*(_state(*part) for part in parts))
        self._is_first = False
        return dict(zip(self._parts, states, strict=True))


async def _state(check: Callable[[], Awaitable[object]], failed: str, seconds: float | None) -> object:
    try:
        async with asyncio.timeout(seconds):
            state = await check()
    except Exception:  # noqa: BLE001 -- whatever the reason, it is not there
        return failed
    return state if isinstance(state, Mapping) else "ready"
