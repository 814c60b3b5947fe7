"""The API of the mock: the service itself, on seeds, in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from scanner_api.app import create_app
from scanner_api.settings import Settings
from scanner_api.storage.photo_bucket import PhotoBucket, UploadRules
from scanner_contract import load_contract

from . import seeds, token_issuer
from .answers import ContractAnswers
from .answers.page import PATH as ANSWERS
from .answers.page import AnswersPage
from .application import MockApplication
from .aws_session import AwsSession
from .console import PATH as CONSOLE
from .console import ConsolePage
from .control import Control, ControlGate
from .event_stream import EventStream
from .events import Events
from .faults.faulty import Faulty
from .faults.skew import UPLOADS, SkewedClock
from .journal import Journalled
from .operation_table import OperationTable
from .service import Service
from .serving import serving
from .state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp

    from scanner_api.app import Application
    from scanner_api.randomness import Randomness
    from scanner_api.storage.database import Database
    from scanner_contract import Contract

    from .clock import MockClock
    from .s3 import S3Server
    from .shelf import Shelf
    from .state import Clearable, Make
    from .watch import Watch

__all__ = ["Settled", "mock_application", "serving"]


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

    def make(contract: Contract) -> Make:
        return _maker(settled, settings, contract)

    contract = load()
    kept: dict[str, Clearable] = {"journal": watch.journal, "faults": watch.faults}
    state = State(make(contract), settled.seed, settled.shelf, settled.s3, clock, events, kept)

    def watched(contract: Contract) -> ASGIApp:
        watch.look_by(contract)
        seconds = settings.presigned_expires_seconds
        faulty = Faulty(state, watch.faults, contract, clock, upload_seconds=seconds, prefers=True)
        return Journalled(faulty, watch.journal, OperationTable(contract))

    service = Service(state, contract, load, make, watched, settled.tell_reload)
    control = Control(
        ControlGate(settled.control_token),
        pages={
            "/_mock/events": EventStream(events, watch.journal),
            ANSWERS: AnswersPage(lambda: service.contract),
            CONSOLE: ConsolePage(settled.s3.url),
        },
        public=(ANSWERS, CONSOLE),
        clock=clock,
        collaborators={
            "events": events,
            "state": state,
            "seeds": settled.tell,
            "contract": lambda: service.contract,
            **kept,
        },
    )
    return MockApplication(service, control, events, watch)


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
            answers=ContractAnswers(str(settled.seed), randomness),
        )

    return make
