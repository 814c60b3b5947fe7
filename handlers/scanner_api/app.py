"""Puts the service together; nothing else does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from ssl import SSLContext
from typing import TYPE_CHECKING, Any

from starlette.types import Receive, Scope, Send

from contract_first import service
from contract_first.contract import Contract, ContractError
from contract_first.service.bound_operation import Fallback
from contract_first.service.clock import Clock, SystemClock
from contract_first.service.handlers import handlers_of
from contract_first.service.http.proxies import TrustedProxies
from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.messages.traces import calling, continued
from contract_first.service.randomness import Randomness, SystemRandomness
from scanner_contract import load_contract

from . import operations
from .access.api_keys import ApiKeyVerifier
from .access.authenticator import ScannerAuthenticator
from .access.counters import open_counters
from .access.oauth import bearer_verifier
from .access.rate_limits import RateLimiter
from .access.web_sessions import WebSessionVerifier
from .problems import PROFILE
from .processing.backlog import Backlog
from .processing.processing import Processing
from .processing.retention import retention_of
from .processing.stores import oldest_waiting, stores_of
from .redis_urls import IN_MEMORY
from .scanning.identifiers import new_id
from .scanning.links.destinations import Permissions
from .scanning.links.redirects import RedirectFollower
from .scanning.photos.photo_keys import PhotoKeys
from .settings import Settings
from .storage.accounts.credentials import CredentialStore
from .storage.accounts.secrets import SecretStore
from .storage.catalogue.freshness import FreshnessStore
from .storage.catalogue.redirect_rules import RedirectRuleStore
from .storage.connections.engines import Waits
from .storage.database import Database, DatabaseError
from .storage.photo_bucket.bucket import PhotoBucket
from .storage.photo_bucket.errors import PhotoBucketError
from .storage.photo_bucket.presigning import UploadRules
from .waiting import wait_for

if TYPE_CHECKING:
    from contract_first.service.observe.metrics import Metrics
    from contract_first.service.observe.request_log import RequestLog
    from contract_first.service.observe.spans import Tracing

    from .processing.captures import PipelineControl

MULTIPART_OVERHEAD = 64 * 1024
PHOTO_KEYS = "photo-keys"
START_ERRORS = (
    service.CannotListen,
    ContractError,
    DatabaseError,
    PhotoBucketError,
    service.ResolverError,
    ServiceUnavailable,
    ValueError,
)
"""What keeps the service from starting; each message says what to do."""


class Application:
    """The Scanner API as an ASGI app; `start` it before the first request, `stop` it after the last.

    A server that speaks ASGI's lifespan protocol does both by itself.

    Args:
        contract: the effective contract; by default the one that the settings name, or the packaged one.
        clock: tells the time, everywhere.
        randomness: what ids, keys and request ids are drawn from.
        database: that stores all state; by default that of the settings.
        bucket: where photos go; by default the one that the settings name.
        reveal: tell clients how a response of ours violated the contract (mock and tests).
        fallback: handles operations without a handler, and what a client prefers (mock).
        metrics: count what it does, if anything.
        request_log: writes a line for each request, if there is one.
        tracing: records spans of requests and of background work, if there is one.
        control: holds captures in a mock, and has them fail.
        redirect_tls: certificate authorities that links are followed by; the system's by default.

    Attributes:
        stores: of all state.
        limiter: counts requests.
        queue: of background jobs.
        start: brings the database up to date, checks what is needed, and binds the contract; raises
            DatabaseError, PhotoBucketError without AWS credentials, or ResolverError without a handler.
        drain: has it report from now on that it is not ready, and serve requests as before.
        stop: writes down what is still to be written, and closes everything.
        most_target_bytes: longest path and query together.
    """

    def __init__(  # noqa: PLR0913 -- a collaborator each
        self,
        settings: Settings,
        *,
        contract: Contract | None = None,
        clock: Clock | None = None,
        randomness: Randomness | None = None,
        database: Database | None = None,
        bucket: PhotoBucket | None = None,
        reveal: bool = False,
        fallback: Fallback | None = None,
        metrics: Metrics | None = None,
        request_log: RequestLog | None = None,
        tracing: Tracing | None = None,
        redirect_tls: SSLContext | None = None,
        control: PipelineControl | None = None,
    ) -> None:
        self.settings = settings
        self.contract = contract or load_contract(
            settings.contract, extensions=not settings.vendor_operations_only
        )
        self.clock = clock or SystemClock()
        self._proxies = TrustedProxies(settings.trusted_proxies)
        self._draw = (randomness or SystemRandomness()).source
        self.database = database or database_of(settings)
        if tracing is not None:
            self.database.record_spans()
        self.bucket = bucket or photo_bucket(settings, self.clock)
        self.counters = open_counters(
            settings.rate_limit_storage, self.clock, on_outage=settings.rate_limit_on_outage
        )
        self.limiter = RateLimiter(
            self.counters,
            per_minute=settings.rate_limit_per_minute,
            per_day=settings.rate_limit_per_day,
            publishable_per_minute=settings.rate_limit_publishable_per_minute,
        )
        self._credentials = CredentialStore(self.database)
        self._api_keys = ApiKeyVerifier(self._credentials, self.clock)
        self._redirects = redirects_of(settings, redirect_tls)
        self.stores = stores_of(self.database, self.clock, settings.session_ttl_seconds)
        self._processing = Processing(
            settings,
            self.stores,
            self.bucket,
            self._redirects,
            self.clock,
            random_bytes=self._draw("proposals"),
            retain=retention_of(settings, self.database, self.bucket, self.clock),
            after_commit=self.database.after_commit,
            tracing=continued if tracing is None else tracing.job,
            control=control,
        )
        self.queue = self._processing.queue
        if metrics is not None:
            from .metrics import add_metrics, read_limits  # noqa: PLC0415 -- only who wants it pays for it

            add_metrics(metrics, self.database, self.stores, self.bucket, self._processing, self.clock)
            metrics.add(partial(read_limits, self.counters))
        self._service = service.create_app(
            self.contract,
            handlers_of(operations),
            authenticate=self._authenticator(),
            collaborators=self._opened,
            exposure=service.Exposure(
                cors_origins=settings.cors_origins,
                csrf_protection=False,  # verification of web sessions has a stricter one
                base_paths=False,
                checks={"database": self.database.ping, "disk": self.database.check_disk},
                soft_checks={
                    "bucket": self.bucket.ping,
                    "rate limits": self.limiter.ping,
                    "work": partial(oldest_waiting, self.stores, self.clock),
                    **({} if settings.queue_url == IN_MEMORY else {"queue": self._processing.queue.ping}),
                },
            ),
            limits=service.Limits(
                body=settings.max_body_bytes,
                upload=settings.max_upload_bytes + MULTIPART_OVERHEAD,
                target=settings.max_target_bytes,
                json=service.JsonLimits(
                    settings.max_json_members, settings.max_json_levels, settings.max_json_digits
                ),
                response_seconds=settings.response_seconds or None,
            ),
            profile=PROFILE,
            idempotency=self.stores.idempotency,
            strictness=service.Strictness(reveal=reveal),
            observability=service.Observability(metrics=metrics, request_log=request_log, tracing=tracing),
            seams=service.Seams(fallback=fallback, clock=self.clock, random_bytes=self._draw("request ids")),
        )
        self.start, self.drain, self.stop = self._service.start, self._service.drain, self._service.stop
        self.most_target_bytes = self._service.most_target_bytes

    profile = PROFILE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._service(scope, receive, send)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[dict[str, Any]]:
        """Open the collaborators of handlers, and close them at the end."""
        make_id = partial(new_id, self._draw("ids"))
        settings = self.settings
        async with AsyncExitStack() as running:
            running.push_async_callback(self.database.close)
            running.push_async_callback(self.counters.close)
            await connected(self.database, settings)
            if settings.wait:
                await self._await_limits(settings)
            running.callback(self.bucket.close)
            await self.bucket.connect()
            secrets = SecretStore(self.database, self._draw("secrets"))
            photo_keys = PhotoKeys(
                settings.s3_key_template, await secrets.secret(PHOTO_KEYS), self._draw("photo keys")
            )
            await running.enter_async_context(
                secrets.followed(
                    PHOTO_KEYS,
                    lambda rotated: photo_keys.rotate(rotated, self.clock.now(), grace_of(settings)),
                )
            )
            await running.enter_async_context(self._api_keys.last_used)
            running.push_async_callback(self._redirects.aclose)
            await self._processing.start()
            running.push_async_callback(self._processing.stop)
            yield {
                **self.stores._asdict(),
                "redirect_rules": RedirectRuleStore(self.database, self.clock, make_id),
                "freshness": FreshnessStore(self.database),
                "make_id": make_id,
                "photo_keys": photo_keys,
                "bucket": self.bucket,
                "queue": self._processing.queue,
                "backlog": Backlog(
                    self.stores.captures.backlog,
                    settings.queued_per_organization,
                    settings.queued_per_key,
                ),
                "redirects": self._redirects,
                "proxies": self._proxies,
                "settings": settings,
                "clock": self.clock,
            }

    async def _await_limits(self, settings: Settings) -> None:
        """Wait for the counters; where they may be in memory for a while, go on without them."""
        try:
            await wait_for(self.limiter.ping, settings.wait, ServiceUnavailable)
        except ServiceUnavailable:
            if settings.rate_limit_on_outage == "closed":
                raise

    def _authenticator(self) -> ScannerAuthenticator:
        verifiers = {
            "APIKeyHeaderAuth": self._api_keys,
            "OAuthTokenAuth": bearer_verifier(self.settings, self.clock),
            "SessionAuth": WebSessionVerifier(self._credentials, self.clock, self._proxies),
        }
        realm = self.contract.document["info"]["title"]
        return ScannerAuthenticator(
            verifiers, self.limiter, self.contract.security_schemes, self._proxies, realm
        )


def grace_of(settings: Settings) -> timedelta:
    """Return how long a photo key is good: for the life of its form, and an hour to upload and register."""
    return timedelta(seconds=settings.presigned_expires_seconds, hours=1)


def database_of(settings: Settings, *, serves_requests: bool = True) -> Database:
    """Return the database that the settings name; it is not connected yet.

    Args:
        serves_requests: whether clients wait for its statements; those of a worker may take longer.
    """
    seconds = settings.database_statement_seconds
    waits = Waits(
        settings.database_pool_size,
        settings.database_pool_seconds,
        settings.database_lock_seconds,
        seconds if serves_requests or not seconds else max(seconds, Waits().statement_seconds),
    )
    return Database(settings.database_url, waits)


def redirects_of(settings: Settings, tls: SSLContext | None = None) -> RedirectFollower:
    """Return the follower of redirects to the destinations that the settings permit."""
    permissions = Permissions(settings.redirect_ports, settings.redirect_allowed)
    return RedirectFollower(permissions, tls=tls, calling=calling)


async def connected(database: Database, settings: Settings) -> None:
    """Wait until the database is there, and bring it up to date, or check that it is.

    Raises:
        DatabaseError: it is not there, or cannot be used.
    """
    await wait_for(database.connect, settings.wait, DatabaseError)
    if settings.migrate:
        await database.migrate()
    else:
        (await database.schema()).check()


def photo_bucket(
    settings: Settings,
    clock: Clock,
    session: Any = None,
    form_endpoint: Callable[[], str] | None = None,
) -> PhotoBucket:
    """Return the bucket that the settings name; its credentials are boto3's, or those of a session."""
    rules = UploadRules(
        max_bytes=settings.max_upload_bytes,
        expires_seconds=settings.presigned_expires_seconds,
        server_side_encryption=settings.s3_server_side_encryption,
        kms_key_id=settings.s3_kms_key_id,
        acl=settings.s3_acl,
    )
    return PhotoBucket(
        settings.s3_bucket,
        settings.s3_region,
        rules,
        clock,
        endpoint_url=settings.s3_endpoint_url,
        session=session,
        form_endpoint=form_endpoint,
    )


create_app = Application
