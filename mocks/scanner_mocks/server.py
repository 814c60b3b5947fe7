"""The mock, running: the API in a thread of this process, S3 in a process of its own."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from openapi_contract.imports import resting_collector
from openapi_mock.clock import MockClock
from openapi_mock.data_directory import DataDirectory
from openapi_mock.reach import MockFacts, Reach, certified, certified_names, lan_url, server_options
from openapi_mock.traffic import Log, Traffic, unlogged
from openapi_service.server import callable_url_of, listen, serving
from presigned_s3 import Server

from . import seeds
from .faults import EXTENSION


class Mock(MockFacts, frozen=True, kw_only=True):
    """What a client has to know of a running mock; all but its ports is the same at every start.

    Attributes:
        api: URL of the API.
        s3: URL of S3.
        bucket: where photos go.
        region: of the bucket.
        api_key: of an organization; good for everything.
        keys: keys that something is special about, by what it is.
        bearer_token: for ``Authorization: Bearer``, of the same organization.
        sessionid: value of the cookie, of a member of the organization.
        session_id: an ACTIVE session of the organization.
        completed_session_id: a COMPLETED session of the organization.
        control: URL of the control API.
        ca: file with the certificate that clients are to trust; None without TLS.
        lan: URL of the API for others in the network; None if they cannot reach it.
    """

    api: str
    s3: str
    bucket: str = seeds.BUCKET
    region: str = seeds.REGION
    api_key: str = seeds.ACTIVE_KEY
    keys: dict[str, str] = msgspec.field(default_factory=seeds.SPECIAL_KEYS.copy)
    bearer_token: str = seeds.BEARER_TOKEN
    sessionid: str = seeds.COOKIE
    session_id: str = seeds.SESSION
    completed_session_id: str = seeds.COMPLETED_SESSION
    control: str
    ca: str | None = None
    lan: str | None = None

    def seeds(self) -> dict[str, Any]:
        """Return what the line tells, and the organizations."""
        organizations = [seeds.ORGANIZATION, seeds.OTHER_ORGANIZATION]
        return {**self.facts(), "organizations": organizations}


@contextmanager
def scanner_mock(  # noqa: PLR0913 -- an option each
    host: str = "127.0.0.1",
    port: int = 0,
    s3_port: int = 0,
    *,
    data: Path | None = None,
    s3_credentials: Mapping[str, str] | None = None,
    control_token: str | None = None,
    control_origins: Sequence[str] = (),
    seed: int = 0,
    faults: Path | None = None,
    tell_reload: Callable[[str], None] | None = None,
    tell: Callable[[str], None] = lambda _: None,
    prefer_first: bool = False,
    log: Log = unlogged,
    tls: bool = False,
    ca: Path | None = None,
    public_url: str | None = None,
    s3_public_url: str | None = None,
    s3_domains: Iterable[str] = (),
    s3_account: str | None = None,
    trust_proxy: bool = False,
    **settings: Any,
) -> Iterator[Mock]:
    """Run the mock: once this is entered both servers respond, once it is left both are gone.

    Args:
        host: address to listen on.
        port: port of the API; 0 takes a free one.
        s3_port: port of S3; 0 takes a free one.
        data: folder that keeps everything over restarts; None keeps it in this life only.
        s3_credentials: of S3, beside its own: ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]`` by access key.
        control_token: what opens the control API, from anywhere; without it, it is for this machine.
        control_origins: whose pages may use it without the token, beside the mock's own.
        seed: same seed, same calls and same time: same responses.
        faults: file with faults that are on from the start.
        tell_reload: hears of each reload of the contract; None for not to watch its file.
        tell: called with a sentence when S3's process died and was started again.
        prefer_first: follow ``Prefer`` before a request is validated.
        log: returns what is entered while the mock runs, such as a `RequestLog` of its journal.
        tls: serve HTTPS, API and S3, with certificates by a local authority.
        ca: folder that keeps this authority, which implies TLS; None for a new one.
        public_url: URL of the API for all clients; None for the host that a request came to.
        s3_public_url: the same of S3; None for its port at that host.
        s3_domains: host names that S3 has buckets before, as in ``BUCKET.localhost``, beside that one.
        s3_account: AWS account that owns the buckets of S3; by default that of MOTO_ACCOUNT_ID, or moto's.
        trust_proxy: whether ``X-Forwarded-Host`` and ``X-Forwarded-Proto`` say which host that is.
        settings: settings of the service that are to differ from the mock's own.

    Raises:
        CannotListen: a port is taken, or the address is not this machine's.
        FaultFileError: the file with faults cannot be read, or holds anything else.
        DataDirectoryError: the folder cannot be used.
    """
    with ExitStack() as running:
        authority = running.enter_context(certified(ca, tls=tls))
        names = certified_names(host, public_url, s3_public_url)
        listening = running.enter_context(listen(host, port))
        listen(host, s3_port, "--s3-port").close()  # S3's process could not say as clearly that it is taken
        directory = running.enter_context(closing(DataDirectory(data, "scanner.db")))
        traffic = Traffic(seed, EXTENSION)
        traffic.s3 = s3 = Server(
            seeds.BUCKET,
            host=host,
            port=s3_port,
            region=settings.get("s3_region", seeds.REGION),
            credentials={**(s3_credentials or {}), seeds.S3_ACCESS_KEY: seeds.S3_SECRET_KEY},
            cors=True,
            data=directory.s3,
            seed=seed,
            faults="scanner_mocks.faults:S3Faults",
            on_exchange=traffic.record_s3,
            on_restart=traffic.reporting_s3_restart(tell),
            authority=authority,
            tls_names=names,
            domains=tuple(s3_domains),
            public_url=s3_public_url,
            trust_proxy=trust_proxy,
            **({"account": s3_account} if s3_account else {}),
        )
        running.callback(s3.stop)
        s3.start()
        with resting_collector():
            from openapi_mock.faults.middleware import TransportProtocol  # noqa: PLC0415 -- the same

            from . import api  # noqa: PLC0415 -- takes as long as S3 to start, and that starts now

            url = callable_url_of(listening, "https" if authority else "http")
            mock = Mock(
                api=public_url or url,
                s3=s3_public_url or s3.url,
                region=s3.region,
                control=f"{url}/_mock",
                ca=str(authority.file) if authority else None,
                lan=lan_url(url, host),
            )
            reach = Reach(
                url, s3.url, public_url=public_url, s3_public_url=s3_public_url, trust_proxy=trust_proxy
            )
            clock = MockClock(lambda now, stopped: s3.set_clock(now, stopped=stopped))
            parts = api.Parts(
                s3,
                directory,
                clock,
                traffic,
                seed,
                control_token,
                control_origins,
                mock.seeds,
                settings,
                tell_reload,
                url,
                reach,
                authority,
                prefer_first,
            )
            app = api.mock_application(parts)
            from_file = [] if faults is None else traffic.faults_in(faults)
            running.enter_context(log(traffic.journal))
            encryption = server_options(authority, names)
            running.enter_context(
                serving(app, listening, "scanner-mock", http=TransportProtocol, **encryption)
            )
        s3.wait_ready()
        traffic.faults.add(*from_file)
        yield mock
