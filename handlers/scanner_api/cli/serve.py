"""``scanner-api serve`` and ``worker``: the service in production."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from socket import socket

import uvloop

from contract_first.cli.commands import failure
from contract_first.cli.serve import serve_until_ended
from contract_first.service.http.connections import ConnectionLimits
from contract_first.service.http.proxies import TrustedProxies
from contract_first.service.http.server import CannotStart, Shutdown, listen, starting, url_of
from contract_first.service.http.server import serve as serve_app
from contract_first.service.observe.logs import Log, LogOptions, logging_to_stderr
from contract_first.service.observe.telemetry import Telemetry
from scanner_api.access.callers import described
from scanner_api.app import START_ERRORS, create_app
from scanner_api.processing.processing import check_processing
from scanner_api.processing.queue import QueueError
from scanner_api.settings import Settings
from scanner_api.worker import Worker

from .settings_flags import with_settings


def _serve(settings: Settings) -> None:
    """Serve the Scanner API with real keys, a real database and a real bucket.

    Settings come from flags, from SCANNER_* environment variables and from a TOML file, in this order.
    AWS credentials come from boto3's usual chain (environment, profile, role, instance metadata).

    Exit codes: 0 stopped, 2 could not start.
    """
    if settings.workers > 1 and settings.rate_limit_storage == "memory://":
        message = (
            f"Each of the {settings.workers} processes counts requests by itself; name a Redis "
            "(rate_limit_storage) for rate limits that hold for all of them."
        )
        Log(settings.log_format).announce(message, err=True)
    serve_until_ended(
        lambda telemetry, requests: create_app(settings, request_log=requests, **telemetry._asdict()),
        START_ERRORS,
        host=settings.host,
        port=settings.port,
        log=log_options(settings),
        title="Scanner API",
        limits=ConnectionLimits(
            settings.max_connections,
            settings.max_connections_per_address,
            TrustedProxies(settings.trusted_proxies),
        ),
        shutdown=Shutdown(settings.lame_duck_seconds, settings.shutdown_seconds),
        workers=settings.workers,
        metrics_port=settings.metrics_port,
    )


ERRORS = (*START_ERRORS, QueueError)
"""What keeps a worker from starting."""

serve = with_settings(_serve, check_processing)


def _worker(settings: Settings) -> None:
    """Process captures and read photos for servers with the same settings; run as many as you need.

    The queue must be in Redis (queue_url). A server with a queue in memory does this work itself.

    Exit codes: 0 stopped, 2 could not start.
    """
    try:
        with logging_to_stderr(log_options(settings)) as log:
            _run_worker(settings, log.announce)
    except CannotStart as error:
        raise failure(error, what="Cannot start: ") from None


worker = with_settings(_worker, partial(check_processing, is_worker=True))


def log_options(settings: Settings) -> LogOptions:
    return LogOptions(
        settings.log_level,
        settings.log_format,
        settings.request_log,
        described,
        loggers=("contract_first.contract", "scanner_contract", "scanner_api"),
    )


def _run_worker(settings: Settings, announce: Callable[[str], None]) -> None:
    with ExitStack() as sockets:
        with starting(*ERRORS):
            telemetry = Telemetry.of_process(
                "scanner-api-worker", has_metrics=settings.metrics_port is not None
            )
            worker = Worker(settings, **telemetry._asdict())
            ports = (settings.health_port, "--health-port"), (settings.metrics_port, "--metrics-port")
            health, metrics = (
                None if port is None else sockets.enter_context(listen(settings.host, port, option))
                for port, option in ports
            )
        line = "The worker takes jobs"
        if health is not None:
            line = f"{line}; its health is at {url_of(health)}/readyz"
        if metrics is not None:
            line = f"{line}; its metrics are at {url_of(metrics)}/metrics"

        async def work() -> None:
            async with telemetry.served(metrics):
                await _work(worker, health, partial(announce, f"{line}."))

        uvloop.run(work())


async def _work(worker: Worker, health: socket | None, ready: Callable[[], None]) -> None:
    if health is not None:
        await serve_app(worker, health, ready, start_errors=ERRORS)
        return
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await worker.run(ended, ready)
