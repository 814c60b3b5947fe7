"""The mock, running: the API in a thread of this process, S3 in a process of its own."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from typing import Any, Self

import msgspec

from contract_first.imports import resting_collector
from contract_first.mock.options import HOST
from contract_first.mock.reach import MockFacts, Reach, certified, certified_names, lan_url, server_options
from contract_first.mock.state.clock import MockClock
from contract_first.mock.state.data_directory import DataDirectory
from contract_first.mock.state.scopes import SCOPE
from contract_first.mock.traffic import Traffic
from contract_first.service.http.server import callable_url_of, listen, serving
from strict_s3 import Server

from . import seeds
from .buckets import bucket_of
from .faults import EXTENSION, ScannerRule
from .options import ScannerMockOptions


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

    @staticmethod
    def rule_type() -> type[ScannerRule]:
        return ScannerRule

    def scoped(self, name: str) -> Self:
        """Return the facts of the mock for clients that use it in a scope."""
        return msgspec.structs.replace(super().scoped(name), bucket=bucket_of(name))

    def seeds(self) -> dict[str, Any]:
        """Return the facts of the line, and the organizations."""
        organizations = [seeds.ORGANIZATION, seeds.OTHER_ORGANIZATION]
        return {**self.facts(), "organizations": organizations}


def scanner_mock(
    host: str = HOST, port: int = 0, s3_port: int = 0, **options: Any
) -> AbstractContextManager[Mock]:
    """Return a context that runs the mock: once it is entered both servers respond, then both are gone.

    Args:
        host: address to listen on.
        port: port of the API; 0 takes a free one.
        s3_port: port of S3; 0 takes a free one.
        options: the other fields of `ScannerMockOptions`; what is none of them is a setting of the service.

    Raises:
        CannotListen: a port is taken, or the address is not this machine's.
        RuleFileError: the file with faults or overrides cannot be read, or holds anything else.
        DataDirectoryError: the folder cannot be used.
    """
    return _running(ScannerMockOptions.of(host, port, s3_port, **options))


def _scoped_bucket() -> str:
    """Return the bucket of the current scope; empty without one."""
    scope = SCOPE.get()
    return bucket_of(scope) if scope else ""


@contextmanager
def _running(options: ScannerMockOptions) -> Iterator[Mock]:
    with ExitStack() as running:
        authority = running.enter_context(certified(options.ca, tls=options.tls))
        names = certified_names(options.host, options.public_url, options.s3_public_url)
        listening = running.enter_context(listen(options.host, options.port))
        # S3's process could not say as clearly that it is taken
        listen(options.host, options.s3_port, "--s3-port").close()
        directory = running.enter_context(closing(DataDirectory(options.data, "scanner.db")))
        traffic = Traffic(
            options.seed, EXTENSION, strict_overrides=options.strict_overrides, upstream=options.upstream
        )
        traffic.s3 = s3 = Server(
            seeds.BUCKET,
            host=options.host,
            port=options.s3_port,
            region=options.settings.get("s3_region", seeds.REGION),
            credentials={**dict(options.s3_credentials or {}), seeds.S3_ACCESS_KEY: seeds.S3_SECRET_KEY},
            cors=True,
            data=directory.s3,
            seed=options.seed,
            faults="scanner_mocks.faults:ScannerS3Faults",
            on_exchange=traffic.record_s3,
            on_restart=traffic.reporting_s3_restart(options.tell),
            authority=authority,
            tls_names=names,
            domains=tuple(options.s3_domains),
            public_url=options.s3_public_url,
            trust_proxy=options.trust_proxy,
            **({"account": options.s3_account} if options.s3_account else {}),
        )
        running.callback(s3.stop)
        s3.start()
        with resting_collector():
            from .seed_files import seed_data_of  # noqa: PLC0415 -- the same

            data = seed_data_of(options.products, options.seed_data, options.tell)
            from . import api  # noqa: PLC0415 -- takes as long as S3 to start, and that starts now

            url = callable_url_of(listening, "https" if authority else "http")
            mock = Mock(
                api=options.public_url or url,
                s3=options.s3_public_url or s3.url,
                region=s3.region,
                control=f"{url}/_mock",
                control_token=options.control_token,
                keys={**seeds.SPECIAL_KEYS, **data.keys},
                ca=str(authority.file) if authority else None,
                lan=lan_url(url, options.host),
            )
            reach = Reach(
                url,
                s3.url,
                public_url=options.public_url,
                s3_public_url=options.s3_public_url,
                trust_proxy=options.trust_proxy,
            )
            clock = MockClock(
                lambda now, stopped: s3.set_clock(now, stopped=stopped, bucket=_scoped_bucket())
            )
            parts = api.Parts(options, s3, directory, clock, traffic, mock.seeds, url, reach, authority, data)
            app = api.mock_application(parts)
            traffic.override_by(options)
            from_file = [] if options.faults is None else traffic.faults_in(options.faults)
            if options.log is not None:
                running.enter_context(options.log(traffic.journal))
            encryption = server_options(authority, names)
            running.enter_context(serving(app, listening, "scanner-mock", **encryption))
        s3.wait_ready()
        traffic.rules.add(*from_file)
        yield mock
