"""The mock of any contract: no database, no S3, responses from the contract alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from openapi_contract import Contract, ContractError, load_contract
from openapi_contract.loading import reload, repaired
from openapi_service.server import callable_url_of, listen, serving

from .application import MockApplication, observed
from .clock import MockClock
from .control.app import ControlAccess
from .data_directory import DataDirectory
from .events import Events
from .faults.middleware import TransportProtocol
from .generation import strings_of
from .randomness import SeededRandomness
from .reach import MockFacts, Reach, certified, certified_names, lan_url, server_options
from .responses import ContractResponses, Strictness, contract_app
from .responses.app import LIMITS
from .responses.strictness import Mode
from .service import Service
from .state import MockState
from .stateful.memory import Memory, catalog_of
from .stateful.responses import StatefulResponses
from .stateful.seeding import fill
from .stateful.state import StoredState
from .traffic import Log, Traffic, unlogged

if TYPE_CHECKING:
    from presigned_s3.tls import Authority


class ContractMock(MockFacts, frozen=True, kw_only=True):
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
        assembly = _Assembly(
            traffic=(traffic := Traffic(seed)),
            reach=Reach(url, public_url=public_url, trust_proxy=trust_proxy),
            seed=seed,
            locale=locale,
            strictness=Strictness(validate_requests, formats, prefer_first, errors),
            authentication=authentication,
            tell=tell,
            seed_data=seed_data,
        )
        if stateful or seed_data or data:
            assembly.directory = running.enter_context(closing(DataDirectory(data)))
            assembly.memory = Memory(assembly.clock, assembly.directory.database)
            running.callback(assembly.memory.store.close)
        access = ControlAccess(control_token, control_origins)
        app = assembly.application(loaded, mock, authority, access, watch=watch)
        if faults is not None:
            traffic.faults.add(*traffic.faults_in(faults))
        running.enter_context(log(traffic.journal))
        encryption = server_options(authority, certified_names(host, public_url))
        running.enter_context(serving(app, listening, "mock", http=TransportProtocol, **encryption))
        yield mock


def _reported(contract: Contract, tell: Callable[[str], None]) -> Contract:
    """Return a contract as a mock can use it, and report its defects and those of its overlays."""
    contract = repaired(contract)
    for warning in contract.warnings:
        tell(warning)
    return contract


@dataclass(eq=False, kw_only=True)
class _Assembly:
    """Puts the mock of a contract together; a stateful one has a directory and a memory."""

    traffic: Traffic
    reach: Reach
    seed: int
    locale: str
    strictness: Strictness
    authentication: bool
    tell: Callable[[str], None]
    seed_data: Path | None
    directory: DataDirectory | None = None
    memory: Memory | None = None

    def __post_init__(self) -> None:
        self.clock = MockClock(lambda _now, _stopped: None)
        self._randomness = SeededRandomness(self.seed)

    def application(
        self,
        contract: Contract,
        mock: ContractMock,
        authority: Authority | None,
        access: ControlAccess,
        *,
        watch: bool,
    ) -> MockApplication:
        """Return the mock: control, and the contract's responses behind journal and faults."""
        service = Service(
            contract,
            self._app(contract),
            load=lambda: _reported(reload(contract), self.tell),
            serve=lambda another: asyncio.to_thread(self._app, another),
            errors=(ContractError, ValueError),
            tell=self.tell if watch else None,
        )
        return MockApplication(
            service,
            self._state(),
            self.traffic,
            access=access,
            seeds=mock.seeds,
            reach=self.reach,
            ca=authority.certificate if authority else None,
            most_target_bytes=LIMITS.target,
        )

    def _state(self) -> MockState:
        """Return the state; where items are remembered, with the initial ones."""
        clearable = {**self.traffic.clearable, "randomness": self._randomness}
        events, memory = Events(), self.memory
        if memory is None:
            return MockState(self.clock, events, clearable)
        for line in memory.lines():
            self.tell(line)
        seeded = partial(fill, self.seed_data, memory)
        if not memory.store.counts():
            seeded()
        return StoredState(self.clock, events, clearable, self.directory, memory=memory, fill=seeded)

    def _app(self, contract: Contract) -> ASGIApp:
        """Return the app of a contract; what remembers has its collections once that is made."""
        memory, catalog = self.memory, None
        drawn = str(self.seed), self._randomness, self.strictness, self.locale
        responses = ContractResponses(*drawn)
        if memory is not None:
            catalog = catalog_of(contract, responses.seed, self.locale)
            responses = StatefulResponses(
                *drawn, memory=memory, catalog=catalog, origin=lambda: self.reach.api
            )
        app = contract_app(contract, responses, authentication=self.authentication, clock=self.clock)
        self.traffic.use(
            contract,
            authentication=self.authentication,
            ignores=lambda violation: self.strictness.ignores(violation.rule),
        )
        if memory is not None and catalog is not None:
            memory.catalog = catalog
        return observed(app, contract, self.traffic, self.clock)
