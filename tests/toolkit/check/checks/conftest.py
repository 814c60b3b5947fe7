"""The right app in this process, apps that are it but for one thing, and what the checks say of them."""

from __future__ import annotations

import re
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from anyio import to_thread
from anyio.from_thread import start_blocking_portal
from schemathesis import Response

from contract_first.check import Credentials, Target
from contract_first.check.checks.check import NothingToCheck
from contract_first.service.clock import Clock
from scanner_api.app import create_app
from scanner_api.settings import Settings
from scanner_api.storage.photo_bucket.bucket import PhotoBucket
from scanner_api.storage.photo_bucket.presigning import UploadRules
from scanner_mocks import seeds, token_issuer
from scanner_mocks.bucket.aws_session import aws_session
from scanner_mocks.checks import CHECKS
from scanner_mocks.checks.upload_forms import upload_photo
from scanner_mocks.seeding import seed_database
from strict_s3 import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

URL = "http://api.example"
PER_MINUTE = 15
FORM_SECONDS = 60
LARGEST_PHOTO = 16 * 1024
ANOTHER_WINDOW = 61
"""Seconds until the rate limits count from nothing again."""
FEW = (
    "_list_sessions",
    "_create_session",
    "_get_session",
    "_create_capture",
    "_update_photo",
    "_get_presigned_upload_url",
    "_get_freshness_thresholds",
)
"""Enough operations for what is wrong with all: each kind once, as far as checks treat them differently."""


class MovableClock(Clock):
    """A clock that waits by being put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Return the time that it shows."""
        return datetime.now(UTC) + self.ahead


@dataclass
class Exchange:
    """A request and its response, as a wrong app sees them; it may alter what is sent, and the response.

    Attributes:
        method: of the request.
        path: of the request.
        sent: the request's header fields, names in lower case.
        asked: the request's body.
        status: of the response.
        headers: the response's header fields, names in lower case.
        body: the response's body.
    """

    method: str
    path: str
    sent: dict[str, str]
    asked: bytes
    status: int = 0
    headers: dict[str, str] | None = None
    body: bytes = b""


Spoil = "Callable[[Exchange], None]"


class World:
    """The right app and its S3, with one clock.

    Attributes:
        app: responds as it should.
        s3: URL of S3.
    """

    def __init__(self, portal: Any, s3: Server) -> None:
        self.portal = portal
        self.clock = MovableClock()
        self.s3 = s3
        self.app = _right_app(s3.url, self.clock)
        self.asgi = httpx2.ASGITransport(self.app)
        self.network = httpx2.HTTPTransport()

    async def start(self) -> None:
        """Start the app on its seeds."""
        await self.app.start()
        await seed_database(self.app.database, self.app.clock)

    def wait(self, seconds: float) -> None:
        """Let the time pass, for the app and for S3."""
        self.clock.ahead += timedelta(seconds=seconds)
        self.s3.set_clock(self.clock.now())


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Return the right app, which is the same for all that are wrong."""
    credentials = {seeds.S3_ACCESS_KEY: seeds.S3_SECRET_KEY}
    with ExitStack() as running:
        s3 = running.enter_context(
            Server(seeds.BUCKET, region=seeds.REGION, credentials=credentials, cors=True)
        )
        portal = running.enter_context(start_blocking_portal())
        world = World(portal, s3)
        running.callback(world.network.close)
        running.callback(portal.call, world.app.stop)
        portal.call(world.start)
        yield world


@pytest.fixture(scope="session")
def findings(world: World) -> Callable[..., set[tuple[str, str]]]:
    """Return what tells which rules of which checks the right app breaks, its exchanges spoiled."""

    def find(**how: Any) -> set[tuple[str, str]]:
        world.wait(ANOTHER_WINDOW)
        inspection = Inspection(world, **{"operations": few, **how})
        with inspection.target.client:
            inspection.run()
        print(*inspection.violations, *inspection.notes(), sep="\n")  # noqa: T201 -- pytest shows it where a test fails
        return inspection.found

    few = tuple(each for each in world.app.contract.operations if each.operation_id.endswith(FEW))
    return find


@pytest.fixture
def inspection(world: World) -> Callable[..., Inspection]:
    """Return what makes an inspection, in another window of the rate limits."""

    def make(**how: Any) -> Inspection:
        world.wait(ANOTHER_WINDOW)
        return Inspection(world, **how)

    return make


class Spoiled(httpx2.BaseTransport):
    """The right app, but for what is done to its exchanges on the way in and out."""

    def __init__(self, world: World, ask: Any, response: Any, s3: Any) -> None:
        self.world = world
        self.ask = ask
        self.response = response
        self.s3 = s3

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Respond to a request to the app or to S3."""
        request.read()
        names = {name.lower(): value for name, value in request.headers.items()}
        exchange = Exchange(request.method, request.url.path, names, request.content)
        if request.url.host != "api.example":
            return self._exchange(exchange, request, None, self.s3, self._over_the_network)
        return self._exchange(exchange, request, self.ask, self.response, self._in_process)

    def _exchange(self, exchange: Exchange, request: httpx2.Request, ask: Any, spoil: Any, send: Any) -> Any:
        if ask is not None:
            ask(exchange)
        sent = httpx2.Request(exchange.method, request.url, headers=exchange.sent, content=exchange.asked)
        exchange.status, exchange.headers, exchange.body = send(sent)
        if spoil is not None:
            spoil(exchange)
        exchange.headers.pop("content-length", None)
        response = httpx2.Response(exchange.status, headers=exchange.headers, content=exchange.body)
        response.elapsed = timedelta()
        return response

    def _in_process(self, request: httpx2.Request) -> tuple[int, dict[str, str], bytes]:
        async def send() -> tuple[int, dict[str, str], bytes]:
            response = await self.world.asgi.handle_async_request(request)
            return response.status_code, dict(response.headers), await response.aread()

        status, headers, body = self.world.portal.call(send)
        # as a server adds it
        return status, {"date": format_datetime(self.world.clock.now(), usegmt=True), **headers}, body

    def _over_the_network(self, request: httpx2.Request) -> tuple[int, dict[str, str], bytes]:
        response = self.world.network.handle_request(request)
        return response.status_code, dict(response.headers), response.read()


@pytest.fixture(scope="session")
def wrong_app(world: World) -> Callable[..., Any]:
    """Return what makes an ASGI app of the right one, with its exchanges spoiled."""

    def make(response: Any) -> Any:
        transport = Spoiled(world, None, response, None)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                return  # the right app has been started already
            body = b""
            while (message := await receive())["type"] == "http.request":
                body += message.get("body", b"")
                if not message.get("more_body"):
                    break
            url = URL + scope["raw_path"].decode()
            url += f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
            asked = httpx2.Request(scope["method"], url, headers=scope["headers"], content=body)
            response = await to_thread.run_sync(transport.handle_request, asked)
            start = {
                "type": "http.response.start",
                "status": response.status_code,
                "headers": response.headers.raw,
            }
            await send(start)
            await send({"type": "http.response.body", "body": response.content})

        return app

    return make


class Inspection:
    """All checks of ours, on one app: they make their requests, and validate all responses to them."""

    def __init__(
        self,
        world: World,
        ask: Callable[[Exchange], None] | None = None,
        response: Callable[[Exchange], None] | None = None,
        s3: Callable[[Exchange], None] | None = None,
        **traits: Any,
    ) -> None:
        self.world = world
        contract = traits.get("contract", world.app.contract)
        transport = Spoiled(world, ask, response, s3)
        client = httpx2.Client(
            transport=transport, base_url=URL, event_hooks={"response": [self._validate, self._pace]}
        )
        credentials = Credentials(
            api_key=seeds.UNLIMITED_KEY,
            other_api_key=seeds.OTHER_ORGANIZATION_KEY,
            bearer=token_issuer.bearer_token(seeds.ORGANIZATION),
            cookie=seeds.COOKIE,
        )
        self.target = Target(
            **{
                "url": URL,
                "contract": contract,
                "client": client,
                "operations": contract.operations,
                "credentials": credentials,
                "sleep": world.wait,
                "fallback": world.app.contract,
                "before_links": upload_photo,
                "upload_hosts": frozenset({"127.0.0.1"}),
                **traits,
            }
        )
        self.made = [check(self.target) for check in CHECKS if not check.missing(self.target)]
        self.found: set[tuple[str, str]] = set()
        self.violations: list[Any] = []
        self.labels = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", each.path)), each.method.upper(), each.label)
            for each in contract.operations
        ]

    def run(self) -> None:
        """Have the checks make their requests."""
        for check in self.made:
            if hasattr(check, "run"):
                with suppress(NothingToCheck):
                    self._keep(check.run())

    def notes(self) -> list[str]:
        """Return what was left untried."""
        return [f"{check.name}: {note}" for check in self.made for note in check.notes]

    def _keep(self, violations: Any) -> None:
        for violated in violations:
            self.violations.append(violated)
            self.found.add((violated.check, violated.rule))

    def _validate(self, response: httpx2.Response) -> None:
        response.read()
        if response.request.url.host != "api.example":
            return
        label = self._label(response.request)
        received, case = Response.from_any(response), SimpleNamespace(operation=SimpleNamespace(label=label))
        for check in self.made:
            if hasattr(check, "failures"):
                self._keep(check.failures(received, case))

    def _pace(self, response: httpx2.Response) -> None:
        if (
            response.headers.get("ratelimit-remaining") == "0"
            and "unpaced" not in response.request.extensions
        ):
            self.world.wait(ANOTHER_WINDOW)

    def _label(self, request: httpx2.Request) -> str:
        asked = f"{request.method} {request.url.path}"
        matching = (
            label
            for pattern, method, label in self.labels
            if method == request.method and pattern.fullmatch(request.url.path)
        )
        return next(matching, asked)


def _right_app(s3_url: str, clock: MovableClock) -> Any:
    settings = Settings.model_construct(
        database_url="sqlite+aiosqlite://",
        cors_origins=("*",),
        rate_limit_per_minute=PER_MINUTE,
        max_upload_bytes=LARGEST_PHOTO,
        presigned_expires_seconds=FORM_SECONDS,
        oauth_issuer=seeds.ISSUER,
        oauth_audience=seeds.AUDIENCE,
        oauth_jwks=str(seeds.KEY_SET),
    )
    rules = UploadRules(LARGEST_PHOTO, FORM_SECONDS)
    bucket = PhotoBucket(seeds.BUCKET, seeds.REGION, rules, clock, endpoint_url=s3_url, session=aws_session())
    return create_app(settings, clock=clock, bucket=bucket, reveal=True)
