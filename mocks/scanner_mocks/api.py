"""Puts the mock of the Scanner API together: the service itself, with what stands around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from openapi_mock.application import MockApplication, watched
from openapi_mock.events import Events
from openapi_mock.faults.skew import UPLOADS, SkewedClock
from openapi_mock.responses import ContractResponses
from openapi_mock.service import Service
from scanner_api.app import START_ERRORS, create_app
from scanner_api.problems import PROFILE
from scanner_api.settings import Settings
from scanner_api.storage.photo_bucket import PhotoBucket, UploadRules
from scanner_contract import load_contract

from . import seeds, token_issuer
from .aws_session import AwsSession
from .state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp

    from openapi_contract import Contract
    from openapi_mock.clock import MockClock
    from openapi_mock.data_directory import Shelf
    from openapi_mock.watch import Watch
    from openapi_service.randomness import Randomness
    from presigned_s3 import S3Server
    from scanner_api.app import Application
    from scanner_api.storage.database import Database

    from .state import Make


class Settled(NamedTuple):
    """What the mock is started with.

    Attributes:
        s3: S3, started.
        shelf: where databases and snapshots are.
        clock: the time, which S3 follows.
        watch: journal and faults.
        seed: what ids and chances are drawn from.
        control_token: opens the control API, from anywhere; None for this machine alone.
        tell: returns what a client has to know.
        settings: of the service that differ from the mock's own.
        tell_reload: hears of each reload of the contract; None for not to watch its file.
    """

    s3: S3Server
    shelf: Shelf
    clock: MockClock
    watch: Watch
    seed: int
    control_token: str | None
    tell: Callable[[], dict[str, Any]]
    settings: Mapping[str, Any]
    tell_reload: Callable[[str], None] | None = None


def mock_application(settled: Settled) -> MockApplication:
    """Put the mock together."""
    clock, events, watch = settled.clock, Events(), settled.watch
    settings = _settings(settled)

    def load() -> Contract:
        return load_contract(settings.contract, extensions=not settings.vendor_operations_only)

    def app_by(contract: Contract) -> ASGIApp:
        return watched(
            state,
            contract,
            watch,
            clock,
            upload_seconds=settings.presigned_expires_seconds,
            profile=PROFILE,
        )

    async def serve(contract: Contract) -> ASGIApp:
        await state.remake(_maker(settled, settings, contract))
        return app_by(contract)

    contract = load()
    state = State(
        _maker(settled, settings, contract),
        settled.seed,
        settled.shelf,
        settled.s3,
        clock,
        events,
        watch.kept,
    )
    service = Service(
        contract, app_by(contract), load=load, serve=serve, errors=START_ERRORS, tell=settled.tell_reload
    )
    return MockApplication(
        service,
        state,
        clock,
        events,
        watch,
        control_token=settled.control_token,
        seeds=settled.tell,
        s3_url=settled.s3.url,
        profile=PROFILE,
    )


def _settings(settled: Settled) -> Settings:
    """Return the settings as the mock has them, whatever the environment says."""
    own = {
        "cors_origins": ("*",),
        "s3_bucket": seeds.BUCKET,
        "s3_region": seeds.REGION,
        "s3_endpoint_url": settled.s3.url,
        "oauth_issuer": token_issuer.ISSUER,
        "oauth_audience": token_issuer.AUDIENCE,
        "oauth_jwks": str(token_issuer.KEY_SET),
        # what is scanned is followed to the mock itself, and nowhere else: nothing leaves this machine
        "redirect_ports": (),
        "redirect_allowed": (urlsplit(settled.tell()["api"]).netloc,),
    }
    return Settings.model_construct(**{**own, **settled.settings})


def _maker(settled: Settled, settings: Settings, contract: Contract) -> Make:
    """Return what makes the service."""
    s3_url, clock = settled.s3.url, SkewedClock(settled.clock)
    uploads_clock = SkewedClock(clock, UPLOADS)
    rules = UploadRules(settings.max_upload_bytes, settings.presigned_expires_seconds)
    session = AwsSession()

    def make(database: Database, randomness: Randomness) -> Application:
        bucket = PhotoBucket(
            seeds.BUCKET, seeds.REGION, rules, uploads_clock, endpoint_url=s3_url, session=session
        )
        return create_app(
            settings,
            contract=contract,
            clock=clock,
            randomness=randomness,
            database=database,
            bucket=bucket,
            reveal=True,
            answers=ContractResponses(str(settled.seed), randomness),
        )

    return make
