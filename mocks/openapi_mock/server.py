"""The mock of any contract: no database, no S3, responses from the contract alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from starlette.types import ASGIApp

from openapi_contract import Contract, ContractError, load_contract
from openapi_contract.loading import reload, repaired
from openapi_service.server import callable_url_of, listen, serving

from .application import MockApplication, observed
from .clock import MockClock
from .control import ControlAccess
from .data_directory import DataDirectory
from .events import Events
from .faults.middleware import TransportProtocol
from .randomness import SeededRandomness
from .reach import Reach, certified, certified_names, lan_url, server_options
from .responses import Strictness, contract_app
from .responses.app import LIMITS
from .responses.locales import strings_of
from .responses.strictness import Mode
from .service import Service
from .state import Clearable, MockState
from .stateful.memory import Memory, catalog_of
from .stateful.operation import StatefulResponses
from .stateful.seeding import fill
from .stateful.state import StoredState
from .traffic import Log, Traffic, unlogged

if TYPE_CHECKING:
    from presigned_s3.tls import Authority


class ContractMock(msgspec.Struct, frozen=True, kw_only=True):
    """What a client needs to know of the running mock of a contract.

    Attributes:
        api: URL of the API.
        control: URL of the control API.
        title: of the contract.
        version: of the contract.
        operations: how many it has.
        ca: file with the certificate that clients are to trust; None without TLS.
        lan: URL of the API for others in the network; None if they cannot reach it.
    """

    api: str
    control: str
    title: str
    version: str
    operations: int
    ca: str | None = None
    lan: str | None = None

    def line(self) -> str:
        """Return everything as one line of JSON."""
        return msgspec.json.encode(self.seeds()).decode()

    def seeds(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {name: value for name, value in msgspec.to_builtins(self).items() if value is not None}


@contextmanager
def contract_mock(  # noqa: PLR0913 -- an option each
    contract: Contract | str,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    strict: bool = False,
    authentication: bool = True,
    watch: bool = False,
    tell: Callable[[str], None] = lambda _: None,
    control_token: str | None = None,
    control_origins: Sequence[str] = (),
    seed: int = 0,
    locale: str = "",
    faults: Path | None = None,
    validate_requests: Mode = "on",
    formats: Mode = "on",
    prefer_first: bool = False,
    errors: bool = False,
    stateful: bool = False,
    seed_data: Path | None = None,
    data: Path | None = None,
    log: Log = unlogged,
    tls: bool = False,
    ca: Path | None = None,
    public_url: str | None = None,
    trust_proxy: bool = False,
) -> Iterator[ContractMock]:
    """Run the mock of a contract for as long as this is entered.

    Args:
        contract: the contract, or the file or URL that it is in.
        host: address to listen on.
        port: 0 takes a free one.
        strict: refuse a contract that is not valid, instead of repairing it.
        authentication: require credentials where the contract does; any non-empty one is accepted.
        watch: load the contract again when its file changes.
        tell: called with a sentence after each reload, and of the contract's defects.
        control_token: gives access to the control API from anywhere; without it only this machine has access.
        control_origins: whose pages have access without the token, beside the mock's own.
        seed: the same seed, the same generated values.
        locale: of generated names, addresses and texts, such as ``de_DE``; needs the extra ``locales``.
        faults: file with faults that are active from the start.
        validate_requests: refuse those that violate the contract; ``warn`` responds, with a header about it.
        formats: the same where a ``format`` is all that is violated.
        prefer_first: follow ``Prefer`` before a request is validated.
        errors: respond with an error where an example violates its schema, instead of repairing it.
        stateful: remember what is created, changed and deleted.
        seed_data: file with items that are there from the start, see `.stateful.seeding`; implies stateful.
        data: folder that keeps the items over restarts; implies stateful.
        log: returns what is entered while the mock runs, such as a `RequestLog` of its journal.
        tls: serve HTTPS, with certificates by a local authority.
        ca: folder that keeps this authority, which implies TLS; None for a new one.
        public_url: URL of the API for all clients; None for the host that a request came to.
        trust_proxy: whether ``X-Forwarded-Host`` and ``X-Forwarded-Proto`` say which host that is.

    Raises:
        CannotListen: the port is taken, or the address is not this machine's.
        ContractError: the contract cannot be read, or is not valid.
        FaultFileError: the file with faults cannot be read, or is not valid.
        DataDirectoryError: the folder cannot be used.
        SeedError: an initial item is none of the contract.
        ValueError: there is no such locale, or the extra is not installed.
    """
    strings_of(locale)
    loaded = contract if isinstance(contract, Contract) else load_contract(contract, lenient=not strict)
    loaded = _reported(loaded, tell)
    with ExitStack() as running:
        authority = running.enter_context(certified(ca, tls=tls))
        listening = running.enter_context(listen(host, port))
        url, info = callable_url_of(listening, "https" if authority else "http"), loaded.document["info"]
        mock = ContractMock(
            api=public_url or url,
            control=f"{url}/_mock",
            title=info["title"],
            version=info["version"],
            operations=len(loaded.operations),
            ca=str(authority.file) if authority else None,
            lan=lan_url(url, host),
        )
        reach = Reach(url, public_url=public_url, trust_proxy=trust_proxy)
        traffic = Traffic(seed)
        remembered = None
        if stateful or seed_data or data:
            directory = running.enter_context(closing(DataDirectory(data)))
            remembered = _Remembered(directory, seed_data)
        strictness = Strictness(validate_requests, formats, prefer_first, errors)
        assembly = _Assembly(
            traffic, reach, seed, locale, remembered, strictness, authentication=authentication
        )
        running.callback(assembly.close)
        access = ControlAccess(control_token, control_origins)
        app = assembly.application(loaded, mock, authority, access, watch=watch, tell=tell)
        if faults is not None:
            traffic.faults.add(*traffic.faults_in(faults))
        running.enter_context(log(traffic.journal))
        encryption = server_options(authority, certified_names(host, public_url))
        running.enter_context(serving(app, listening, "mock", http=TransportProtocol, **encryption))
        yield mock


class _Remembered(NamedTuple):
    """How a stateful mock remembers."""

    directory: DataDirectory
    seed_data: Path | None


def _reported(contract: Contract, tell: Callable[[str], None]) -> Contract:
    """Return a contract as a mock can use it, and report its defects and those of its overlays."""
    contract = repaired(contract)
    for warning in contract.warnings:
        tell(warning)
    return contract


class _Assembly:
    """Puts the mock of a contract together."""

    def __init__(
        self,
        traffic: Traffic,
        reach: Reach,
        seed: int,
        locale: str,
        remembered: _Remembered | None,
        strictness: Strictness,
        *,
        authentication: bool,
    ) -> None:
        self._traffic = traffic
        self._reach = reach
        self._seed, self._locale = str(seed), locale
        self._authentication = authentication
        self._clock = MockClock(lambda _now, _stopped: None)
        self._randomness = SeededRandomness(seed)
        self._remembered = remembered
        self._strictness = strictness
        self._memory = None if remembered is None else Memory(self._clock, remembered.directory.database)

    def close(self) -> None:
        """Close what remembers."""
        if self._memory is not None:
            self._memory.store.close()

    def application(
        self,
        contract: Contract,
        mock: ContractMock,
        authority: Authority | None,
        access: ControlAccess,
        *,
        watch: bool,
        tell: Callable[[str], None],
    ) -> MockApplication:
        """Return the mock: control, and the contract's responses behind journal and faults."""
        events = Events()
        service = Service(
            contract,
            self._app(contract),
            load=lambda: _reported(reload(contract), tell),
            serve=lambda another: asyncio.to_thread(self._app, another),
            errors=(ContractError, ValueError),
            tell=tell if watch else None,
        )
        clearable = {**self._traffic.clearable, "randomness": self._randomness}
        state = self._state(events, clearable, tell)
        return MockApplication(
            service,
            state,
            self._clock,
            events,
            self._traffic,
            access=access,
            seeds=mock.seeds,
            reach=self._reach,
            ca=authority.certificate if authority else None,
            most_target_bytes=LIMITS.target,
        )

    def _state(
        self, events: Events, clearable: Mapping[str, Clearable], tell: Callable[[str], None]
    ) -> MockState:
        """Return the state; where items are remembered, with the initial ones."""
        memory, remembered = self._memory, self._remembered
        if memory is None or remembered is None:
            return MockState(self._clock, events, clearable)
        for line in memory.lines():
            tell(line)
        seeded = partial(fill, remembered.seed_data, memory)
        if not memory.store.counts():
            seeded()
        return StoredState(self._clock, events, clearable, remembered.directory, memory=memory, fill=seeded)

    def _app(self, contract: Contract) -> ASGIApp:
        """Return the app of a contract; what remembers has its collections once that is made."""
        seed, locale, responses = self._seed, self._locale, None
        catalog = None if self._memory is None else catalog_of(contract, seed, locale)
        if self._memory is not None and catalog is not None:
            responses = StatefulResponses(
                self._memory,
                catalog,
                lambda: self._reach.api,
                seed,
                self._randomness,
                self._strictness,
                locale,
            )
        app = contract_app(
            contract,
            seed=seed,
            locale=locale,
            authentication=self._authentication,
            clock=self._clock,
            randomness=self._randomness,
            strictness=self._strictness,
            responses=responses,
        )
        app = observed(
            app,
            contract,
            self._traffic,
            self._clock,
            authentication=self._authentication,
            ignores=lambda violation: self._strictness.ignores(violation.rule),
        )
        if self._memory is not None and catalog is not None:
            self._memory.catalog = catalog
        return app
