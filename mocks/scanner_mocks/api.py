"""The API of the mock: the service itself, on seeds, in memory."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

import uvicorn

from scanner_api.app import create_app
from scanner_api.clock import SystemClock
from scanner_api.settings import Settings
from scanner_api.storage.photo_bucket import PhotoBucket, UploadRules

from . import seeds, token_issuer
from .aws_session import aws_session
from .planting import plant

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from concurrent.futures import Future
    from socket import socket

    from scanner_api.app import Application

SHUTDOWN_SECONDS = 1
Made = TypeVar("Made")


def mock_app(s3_url: str, **differing: Any) -> Application:
    """Return the service as the mock runs it: on seeds, in memory, whatever the environment says."""
    own = {
        "database_url": "sqlite+aiosqlite://",
        "cors_origins": ("*",),
        "s3_bucket": seeds.BUCKET,
        "s3_region": seeds.REGION,
        "s3_endpoint_url": s3_url,
        "oauth_issuer": token_issuer.ISSUER,
        "oauth_audience": token_issuer.AUDIENCE,
        "oauth_jwks": str(token_issuer.KEY_SET),
    }
    settings = Settings.model_construct(**{**own, **differing})
    clock = SystemClock()
    rules = UploadRules(settings.max_upload_bytes, settings.presigned_expires_seconds)
    bucket = PhotoBucket(seeds.BUCKET, seeds.REGION, rules, clock, endpoint_url=s3_url, session=aws_session())
    return create_app(settings, clock=clock, bucket=bucket, reveal=True)


@contextmanager
def serving(app: Application, listening: socket) -> Iterator[None]:
    """Start the app, plant the seeds and serve, in a thread with an event loop of its own."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # access/ believes the proxies that are set, and here there are none
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = uvicorn.Server(config)
    with ExitStack() as running:
        loop = running.enter_context(_Loop(config.get_loop_factory() or asyncio.new_event_loop))
        running.callback(lambda: loop.submit(app.stop()).result())
        loop.submit(app.start()).result()
        loop.submit(plant(app.database, app.clock)).result()
        # the socket listens already: whoever connects from now on is answered
        ended = loop.submit(server.serve([listening]))

        def end() -> None:
            server.should_exit = True
            ended.result()

        running.callback(end)
        yield


class _Loop:
    """An event loop in a thread of its own, for as long as it is entered."""

    def __init__(self, make: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._loop = make()
        # a daemon, so that whoever is interrupted while the mock starts or ends is not held by it
        self._thread = threading.Thread(target=self._loop.run_forever, name="scanner-mock", daemon=True)

    def submit(self, work: Coroutine[Any, Any, Made]) -> Future[Made]:
        """Run a coroutine in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
