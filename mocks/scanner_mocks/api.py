"""Assembles the mock of the Scanner API: the service itself, with journal, faults and control API."""

from __future__ import annotations

from collections.abc import Callable
from ssl import create_default_context
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from contract_first.contract import Contract
from contract_first.mock.application import MockApplication, observed
from contract_first.mock.control.app import ControlAccess
from contract_first.mock.journal.events import Events
from contract_first.mock.pipeline import ContractResponses
from contract_first.mock.reach import Reach
from contract_first.mock.responses import MockStrictness
from contract_first.mock.service import ReloadingService
from contract_first.mock.services import Service, Services
from contract_first.mock.state.clock import MockClock, SkewedClock
from contract_first.mock.state.data_directory import DataDirectory
from contract_first.mock.state.scopes import SCOPE
from contract_first.mock.traffic import Traffic
from contract_first.service.access.cors import open_to_pages
from scanner_api.app import START_ERRORS, Application, create_app, photo_bucket
from scanner_api.problems import PROFILE
from scanner_api.settings import Settings
from scanner_api.storage.database import Database
from scanner_contract import load_contract
from strict_s3 import Server

from . import seeds
from .bucket.bucket_session import BucketSession
from .faults import UploadClock
from .options import ScannerMockOptions
from .seeding import SeedData
from .state import Make, Room, State

if TYPE_CHECKING:
    from strict_s3.tls import Authority


class Parts(NamedTuple):
    """What the mock is put together from.

    Attributes:
        s3: S3, started.
        clock: the time, which S3 follows.
        seeds: returns what a client needs to know.
        url: of the API on this machine.
        reach: the URLs by which clients reach it.
        authority: certifies S3's URL; None without TLS.
        seed_data: what the state has from the start beside the fixed seeds.
    """

    options: ScannerMockOptions
    s3: Server
    data: DataDirectory
    clock: MockClock
    traffic: Traffic
    seeds: Callable[[], dict[str, Any]]
    url: str
    reach: Reach
    authority: Authority | None
    seed_data: SeedData


def mock_application(parts: Parts) -> MockApplication:
    clock, traffic = parts.clock, parts.traffic
    settings = _settings(parts)

    def load() -> Contract:
        extensions = not settings.vendor_operations_only
        return load_contract(settings.contract, parts.options.overlays, extensions=extensions)

    def app_by(contract: Contract) -> ASGIApp:
        headers = ContractResponses.response_headers
        is_open = "cors_origins" not in parts.options.settings
        app = open_to_pages(state, contract, response_headers=headers) if is_open else state
        traffic.use(contract)
        return observed(app, contract, traffic, clock, PROFILE)

    async def serve(contract: Contract) -> ASGIApp:
        await state.remake(_maker(parts, settings, contract))
        return app_by(contract)

    contract = load()
    state = State(
        clock=clock,
        events=Events(SCOPE.get),
        resets=traffic.resets,
        directory=parts.data,
        make=_maker(parts, settings, contract),
        seed=parts.options.seed,
        s3=parts.s3,
        s3_url=lambda: parts.reach.s3,
        processing_delay=parts.options.processing_delay,
        seed_data=parts.seed_data,
        isolated=parts.options.isolate,
    )
    traffic.s3_scope = state.scope_of
    service = ReloadingService(
        contract,
        app_by(contract),
        load=load,
        serve=serve,
        errors=START_ERRORS,
        tell=parts.options.tell_reload,
    )
    return MockApplication(
        Services(Service(service)),
        state,
        traffic,
        access=ControlAccess(parts.options.control_token, parts.options.control_origins),
        seeds=lambda: {**parts.seeds(), "bucket": state.room.bucket},
        isolated=[clock, state] if parts.options.isolate else None,
        reach=parts.reach,
        ca=parts.authority.certificate if parts.authority else None,
        profile=PROFILE,
        most_target_bytes=settings.max_target_bytes,
    )


def _settings(parts: Parts) -> Settings:
    """Return the settings as the mock has them, whatever the environment says."""
    defaults = {
        "s3_region": parts.s3.region,
        "s3_endpoint_url": parts.s3.url,
        "oauth_issuer": seeds.ISSUER,
        "oauth_audience": seeds.AUDIENCE,
        "oauth_jwks": str(seeds.KEY_SET),
        # what is scanned is followed to the mock itself, and nowhere else: nothing leaves this machine
        "redirect_ports": (),
        "redirect_allowed": (urlsplit(parts.url).netloc,),
    }
    return Settings.model_construct(**{**defaults, **parts.options.settings})


def _maker(parts: Parts, settings: Settings, contract: Contract) -> Make:
    clock = SkewedClock(parts.clock)
    uploads_clock = UploadClock(clock, settings.presigned_expires_seconds)
    session = BucketSession(str(parts.authority.file) if parts.authority else None)
    strictness = MockStrictness(prefers_first=parts.options.prefer_first)
    tls = create_default_context(cafile=parts.authority.file) if parts.authority else None

    def make(database: Database, room: Room) -> Application:
        scoped = settings.model_copy(update={"s3_bucket": room.bucket})
        return create_app(
            scoped,
            contract=contract,
            clock=clock,
            randomness=room.randomness,
            database=database,
            bucket=photo_bucket(scoped, uploads_clock, session, lambda: parts.reach.s3),
            reveal=True,
            fallback=ContractResponses(str(parts.options.seed), room.randomness, strictness),
            redirect_tls=tls,
            control=room.pipeline,
        )

    return make
