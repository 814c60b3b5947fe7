"""The mock of any contract: no database, no S3, responses from the contract alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

from contract_first.contract import Contract, ContractError, load_contract
from contract_first.contract.document.fetching import References
from contract_first.contract.loading import reload, repaired
from contract_first.generation import strings_of
from contract_first.recognition import Corrections
from contract_first.recognition.marks import marks_of
from contract_first.service.http.server import callable_url_of, listen, serving
from contract_first.signatures import takes_fields_of

from .application import MockApplication, observed
from .control.app import ControlAccess
from .handlers import Handlers
from .journal.events import Events
from .options import MockOptions
from .pipeline import ContractResponses, contract_app
from .pipeline.app import LIMITS
from .reach import MockFacts, Reach, certified, certified_names, lan_url, server_options
from .responses import MockStrictness
from .service import ReloadingService
from .state.clock import MockClock
from .state.data_directory import DataDirectory
from .state.randomness import SeededRandomness
from .state.scopes import SCOPE, ScopedPart
from .state.state import MockState
from .stateful.browser import ItemBrowser
from .stateful.catalog import Catalog, catalog_of
from .stateful.memory import Memory
from .stateful.seeding import fill
from .stateful.state import StoredState
from .traffic import Traffic
from .users import Users

if TYPE_CHECKING:
    from strict_s3.tls import Authority


class ContractMock(MockFacts, frozen=True, kw_only=True):
    """A running mock: its URLs, and the contract that it serves.

    Attributes:
        api: URL of the API.
        control: URL of the control API.
        title: of the contract (``info.title``).
        version: of the contract (``info.version``).
        operations: number of the contract's operations.
        ca: PEM file with the certificate for clients to trust; None without TLS.
        lan: URL of the API for other machines in the network; None if they cannot reach it.
    """

    api: str
    control: str
    title: str
    version: str
    operations: int
    ca: str | None = None
    lan: str | None = None


@takes_fields_of(MockOptions)
@contextmanager
def contract_mock(options: MockOptions) -> Iterator[ContractMock]:
    """Run the mock of a contract in a thread for the length of a ``with`` block, which gets a `ContractMock`.

    Only ``contract`` is required; ``host`` and ``port`` may follow it, all others are keywords:

        with contract_mock("petstore.yaml", stateful=True, seed=7) as mock:
            httpx2.get(f"{mock.api}/pets")

    Raises:
        CannotListen: the port is taken, or the address is not this machine's.
        ContractError: the contract cannot be read, or is not valid.
        RuleFileError: the file with faults or overrides cannot be read, or is not valid.
        DataDirectoryError: the folder cannot be used.
        SeedError: an initial item is none of the contract.
        ValueError: there is no such locale, or the extra is not installed.
    """
    strings_of(options.locale)
    contract = options.contract
    if not isinstance(contract, Contract):
        references = References(options.references, offline=options.offline, root=options.root)
        contract = load_contract(
            contract, lenient=not options.strict, strict=options.strict, references=references
        )
    contract = _reported(contract, options.tell)
    with ExitStack() as running:
        authority = running.enter_context(certified(options.ca, tls=options.tls))
        listening = running.enter_context(listen(options.host, options.port))
        url, info = callable_url_of(listening, "https" if authority else "http"), contract.document["info"]
        mock = ContractMock(
            api=options.public_url or url,
            control=f"{url}/_mock",
            control_token=options.control_token,
            title=info["title"],
            version=info["version"],
            operations=len(contract.operations),
            ca=str(authority.file) if authority else None,
            lan=lan_url(url, options.host),
        )
        traffic = Traffic(options.seed, strict_overrides=options.strict_overrides, upstream=options.upstream)
        reach = Reach(url, public_url=options.public_url, trust_proxy=options.trust_proxy)
        assembly = _Assembly(options, traffic, reach)
        if options.stateful or options.seed_data or options.data:
            assembly.directory = running.enter_context(closing(DataDirectory(options.data)))
            assembly.memory = Memory(assembly.clock, assembly.directory.database)
            running.callback(assembly.memory.end)
        running.enter_context(assembly.background)
        app = assembly.application(contract, mock, authority)
        assembly.report_handlers(contract)
        if options.faults is not None:
            traffic.rules.add(*traffic.faults_in(options.faults))
        traffic.override_by(options)
        if options.log is not None:
            running.enter_context(options.log(traffic.journal))
        encryption = server_options(authority, certified_names(options.host, options.public_url))
        running.enter_context(serving(app, listening, "mock", **encryption))
        yield mock


def _reported(contract: Contract, tell: Callable[[str], None]) -> Contract:
    """Return a contract as a mock can use it, and report its defects and those of its overlays."""
    contract = replace(repaired(contract), any_slash=not contract.strict)
    for warning in contract.warnings:
        tell(warning)
    return contract


@dataclass(eq=False)
class _Assembly:
    """Puts the mock of a contract together; a stateful one has a directory and a memory.

    Attributes:
        background: the thread that recognises collections, and stores the initial items, in this order.
    """

    options: MockOptions
    traffic: Traffic
    reach: Reach
    directory: DataDirectory | None = None
    memory: Memory | None = None

    def __post_init__(self) -> None:
        options = self.options
        self._handlers = None if options.handlers is None else Handlers(options.handlers)
        self.clock = MockClock(lambda _now, _stopped: None)
        self.background = ThreadPoolExecutor(1)
        self._randomness = SeededRandomness(options.seed)
        self._strictness = MockStrictness(
            options.validate_requests, options.formats, options.prefer_first, options.errors
        )

    def application(
        self, contract: Contract, mock: ContractMock, authority: Authority | None
    ) -> MockApplication:
        """Return the mock: control, and the contract's responses behind journal and faults."""
        tell = self.options.tell
        service = ReloadingService(
            contract,
            self._app(contract),
            load=lambda: _reported(reload(contract), tell),
            serve=lambda another: asyncio.to_thread(self._app, another, waits=True),
            errors=(ContractError, ValueError),
            tell=tell if self.options.watch else None,
            handlers=self._handlers,
            report_handlers=tell,
        )
        state = self._state()  # the app comes first: what it recognises is filled
        return MockApplication(
            service,
            state,
            self.traffic,
            access=ControlAccess(self.options.control_token, self.options.control_origins),
            seeds=mock.seeds,
            reach=self.reach,
            ca=authority.certificate if authority else None,
            items=ItemBrowser(self.memory) if self.memory else None,
            isolated=self._isolated() if self.options.isolate else None,
            most_target_bytes=LIMITS.target,
        )

    def _isolated(self) -> list[ScopedPart]:
        """Return what scopes have for themselves: items, the clock, handlers' state."""
        parts: list[ScopedPart] = [self.clock, *([self.memory] if self.memory else [])]
        if self._handlers is not None:
            parts.append(self._handlers.state)
        return parts

    def report_handlers(self, contract: Contract) -> None:
        """Report which operations have handlers; raise HandlersError if none has one, of those there are."""
        if self._handlers is not None:
            self.options.tell(self._handlers.sentence(contract))

    def _state(self) -> MockState:
        """Return the state; where items are remembered, with the initial ones."""
        resets = {**self.traffic.resets, "randomness": self._randomness.clear}
        if self._handlers is not None:
            resets["handlers"] = self._handlers.clear
        events, memory = Events(SCOPE.get), self.memory
        if memory is None:
            return MockState(self.clock, events, resets, isolated=self.options.isolate)
        seeded = partial(fill, self.options.seed_data, memory)
        beginning = self.background.submit(self._begin, memory, seeded)
        if self.options.seed_data:
            beginning.result()
        return StoredState(
            self.clock,
            events,
            resets,
            self.directory,
            isolated=self.options.isolate,
            memory=memory,
            fill=seeded,
            beginning=beginning,
        )

    def _begin(self, memory: Memory, seeded: Callable[[], None]) -> None:
        """Report what is remembered, and store the initial items where there are none."""
        for line in memory.lines():
            self.options.tell(line)
        if not memory.store.counts():
            seeded()

    def _app(self, contract: Contract, *, waits: bool = False) -> ASGIApp:
        """Return the app of a contract, before its collections are recognised, unless that may fail.

        Args:
            waits: for the collections in any case.
        """
        memory, options = self.memory, self.options
        corrections = Corrections.read(options.collections) if options.collections else Corrections()
        recognizing = self.background.submit(self._recognize, contract, corrections)
        marks = marks_of(contract, corrections) if memory is not None or corrections.lines else {}
        if any(waits or mark.value for mark in marks.values()):
            recognizing.result()
        responses = ContractResponses(
            *(str(options.seed), self._randomness, self._strictness, options.locale),
            origin=lambda: self.reach.api,
            memory=memory,
            recognize=recognizing.result,
            items=options.items,
            users=Users(contract, str(options.seed), options.users),
        )
        handling: dict[str, Any] = {}
        if self._handlers is not None:
            collaborators = {"state": self._handlers.state, "clock": self.clock}
            handling = {"handlers": self._handlers.functions, "collaborators": collaborators}
        app = contract_app(
            contract, responses, authentication=options.authentication, clock=self.clock, **handling
        )
        self.traffic.use(
            contract,
            authentication=options.authentication,
            ignores=lambda violation: self._strictness.ignores(violation.rule),
        )
        return observed(
            app,
            contract,
            self.traffic,
            self.clock,
            stream_interval=options.stream_interval,
            stored=None if memory is None else memory.item_of,
        )

    def _recognize(self, contract: Contract, corrections: Corrections) -> Catalog:
        """Return the collections of a contract, which are now those of the memory."""
        catalog = catalog_of(contract, str(self.options.seed), self.options.locale, corrections)
        if self.memory is not None:
            self.memory.catalog = catalog
        return catalog
