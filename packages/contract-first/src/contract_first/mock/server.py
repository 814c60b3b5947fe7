"""The mock of any contract: no database, no S3, responses from the contract alone."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, Self, cast
from urllib.parse import quote

import msgspec
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
from .reach import Reach, S3Facts, certified, certified_names, lan_url, server_options
from .responses import MockStrictness
from .service import ReloadingService
from .services import Service, Services, mounted, paths_of, services_of
from .state.clock import MockClock
from .state.data_directory import DataDirectory
from .state.randomness import SeededRandomness
from .state.scopes import SCOPE, Clear, ScopedPart
from .stateful.browser import ItemBrowser
from .stateful.catalog import Catalog, catalog_of
from .stateful.memory import Memory
from .stateful.seeding import fill
from .stateful.state import Stored, StoredState, database_of
from .traffic import Traffic
from .users import Users

OF_ONE: Final = ("api", "title", "version", "operations")
"""Facts of a single contract."""


class ServiceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One of several contracts that a mock serves.

    Attributes:
        url: what the contract's paths are appended to.
        title: of the contract (``info.title``).
        version: of the contract (``info.version``).
        operations: number of the contract's operations.
    """

    url: str
    title: str
    version: str
    operations: int


class ContractMock(S3Facts, frozen=True, kw_only=True):
    """A running mock: its URLs, and the contract that it serves.

    With several contracts each is one of the `services`, and the attributes of a single one are empty.

    Attributes:
        api: URL of the API.
        control: URL of the control API.
        title: of the contract (``info.title``).
        version: of the contract (``info.version``).
        operations: number of the contract's operations.
        ca: PEM file with the certificate for clients to trust; None without TLS.
        lan: URL of the API for other machines in the network; None if they cannot reach it.
    """

    api: str = ""
    control: str
    title: str = ""
    version: str = ""
    operations: int = 0
    services: dict[str, ServiceFacts] = msgspec.field(default_factory=dict)
    ca: str | None = None
    lan: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return those that are not empty: with several contracts none of a single one."""
        absent = OF_ONE if self.services else ("services",)
        return {name: value for name, value in super().facts().items() if name not in absent}

    def token(self, name: str) -> str:
        """Return the token of a user; raises ValueError, which names the users, for an unknown one."""
        from .rules import client  # noqa: PLC0415 -- tests use it, and a mock starts before

        response = client.post(f"{self.control}/tokens", {"user": name}, self.ca, self.control_token)
        return str(response["token"])

    def scoped(self, name: str) -> Self:
        """Return the facts of the mock for clients that use it in a scope."""
        scoped, replace = super().scoped(name), msgspec.structs.replace
        root, prefixed = (url.removesuffix("/_mock") for url in (self.control, scoped.control))
        services = {
            service: replace(facts, url=facts.url.replace(root, prefixed, 1))
            for service, facts in self.services.items()
        }
        return replace(scoped, services=services)


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
    contracts = _loaded(services := services_of(options), options)
    paths = paths_of(contracts)
    with ExitStack() as running:
        authority = running.enter_context(certified(options.ca, tls=options.tls))
        listening = running.enter_context(listen(options.host, options.port))
        url = callable_url_of(listening, "https" if authority else "http")
        facts: dict[str, dict[str, Any]] = {
            name: {
                "url": (options.public_url or url) + quote(paths[name]),
                "title": contract.document["info"]["title"],
                "version": contract.version,
                "operations": len(contract.operations),
            }
            for name, contract in contracts.items()
        }
        single = facts.pop("", {})
        traffic = Traffic(options.seed, strict_overrides=options.strict_overrides)
        directory = running.enter_context(closing(DataDirectory(options.data)))
        s3, state_type = None, cast("Callable[..., StoredState]", StoredState)
        if options.s3 is not None:
            from .s3.beside import StateWithS3, s3_beside  # noqa: PLC0415 -- of an extra

            s3 = traffic.s3 = running.enter_context(s3_beside(options, traffic, directory, authority))
            state_type = partial(StateWithS3, s3=s3)
        mock = ContractMock(
            **({} if s3 is None else ContractMock.members(s3)),
            api=single.pop("url", ""),
            control=f"{url}/_mock",
            control_token=options.control_token,
            **single,
            services={name: ServiceFacts(**members) for name, members in facts.items()},
            ca=str(authority.file) if authority else None,
            lan=lan_url(url, options.host),
        )
        reach = Reach(
            url,
            None if s3 is None else s3.url,
            public_url=options.public_url,
            s3_public_url=None if s3 is None else s3.options.public_url,
            trust_proxy=options.trust_proxy,
        )
        clock = MockClock(traffic.set_s3_clock)
        assemblies = {}
        for name, contract in contracts.items():
            assembly = assemblies[name] = _Assembly(services[name], traffic, reach, clock, name, contracts)
            if services[name].stores:
                file = directory.database and database_of(directory.database, name)
                assembly.memory = Memory(clock, file)
                running.callback(assembly.memory.end)
            running.enter_context(assembly.background)
            assembly.mount(mounted(contract, paths[name]), paths[name])
        app = MockApplication(
            Services(*(assembly.service for assembly in assemblies.values())),
            _state(clock, traffic, assemblies, directory, partial(state_type, isolated=options.isolate)),
            traffic,
            access=ControlAccess(options.control_token, options.control_origins),
            seeds=mock.seeds,
            reach=reach,
            ca=authority.certificate if authority else None,
            items={name: ItemBrowser(part.memory) for name, part in assemblies.items() if part.memory},
            tokens=next(iter(assemblies.values())).users.tokens,
            isolated=_isolated(clock, assemblies) if options.isolate else None,
            most_target_bytes=LIMITS.target,
        )
        for assembly in assemblies.values():
            assembly.report_handlers()
        if options.faults is not None:
            traffic.rules.add(*traffic.faults_in(options.faults))
        traffic.override_by(options, {name: services[name] for name in contracts})
        if options.log is not None:
            running.enter_context(options.log(traffic.journal))
        encryption = server_options(authority, certified_names(options.host, options.public_url))
        running.enter_context(serving(app, listening, "mock", **encryption))
        if s3 is not None:
            s3.wait_ready()
        yield mock


def _loaded(services: dict[str, MockOptions], options: MockOptions) -> dict[str, Contract]:
    """Return the contract of each service; of several none, unless all can be read or some suffice."""
    contracts, errors = {}, list[ContractError]()
    for name, service in services.items():
        strings_of(service.locale)
        contract: Any = service.contract
        references = References(service.references, offline=service.offline, root=service.root)
        try:
            if not isinstance(contract, Contract):
                contract = load_contract(
                    contract, lenient=not service.strict, strict=service.strict, references=references
                )
            contracts[name] = _reported(contract, service.tell)
        except ContractError as error:
            errors.append(error)
    if errors and not (options.keep_going and contracts):
        raise errors[0] if len(errors) == 1 else ValueError("\n".join(map(str, errors)))
    for unread in errors:
        options.tell(f"Left out: {unread}")
    return contracts


def _reported(contract: Contract, tell: Callable[[str], None]) -> Contract:
    """Return a contract as a mock can use it, and report its defects and those of its overlays."""
    contract = replace(repaired(contract), any_slash=not contract.strict)
    for warning in contract.warnings:
        tell(warning)
    return contract


def _isolated(clock: MockClock, assemblies: "Mapping[str, _Assembly]") -> list[ScopedPart]:
    """Return what scopes have for themselves: items, the clock, handlers' state."""
    parts: list[ScopedPart] = [clock]
    for assembly in assemblies.values():
        parts += [assembly.memory] if assembly.memory else []
        parts += [assembly.handlers.state] if assembly.handlers else []
    return parts


def _state(
    clock: MockClock,
    traffic: Traffic,
    assemblies: "Mapping[str, _Assembly]",
    directory: DataDirectory,
    state_type: Callable[..., StoredState],
) -> StoredState:
    """Return the state; where items are remembered, with the initial ones."""
    resets, stored = dict(traffic.resets), {}
    for name, assembly in assemblies.items():
        resets |= {f"{part}{name}": clear for part, clear in assembly.resets().items()}
        if assembly.memory is not None:
            stored[name] = assembly.stored(assembly.memory)
    keeps = stored or traffic.s3
    return state_type(clock, Events(SCOPE.get), resets, directory if keeps else None, stored=stored)


@dataclass(eq=False)
class _Assembly:
    """Puts the service of a contract together; a stateful one has a memory.

    Attributes:
        contracts: of all services, which share their users.
        background: the thread that recognises collections, and stores the initial items, in this order.
    """

    options: MockOptions
    traffic: Traffic
    reach: Reach
    clock: MockClock
    name: str
    contracts: Mapping[str, Contract]
    memory: Memory | None = None
    service: Service = field(init=False)
    users: Users = field(init=False)

    def __post_init__(self) -> None:
        options, self._key = self.options, self.name or msgspec.UNSET
        self.traffic.forward_to(options.upstream, self._key)
        self.handlers = None if options.handlers is None else Handlers(options.handlers)
        self.background = ThreadPoolExecutor(1)
        self._randomness = SeededRandomness(options.seed)
        self._strictness = MockStrictness(
            options.validate_requests, options.formats, options.prefer_first, options.errors
        )

    def mount(self, contract: Contract, path: str) -> None:
        """Make the service: the contract's responses behind journal and faults, below a path."""
        tell = self.options.tell
        app = ReloadingService(
            contract,
            self._app(contract),
            load=lambda: mounted(_reported(reload(contract), tell), path),
            serve=lambda another: asyncio.to_thread(self._app, another, waits=True),
            errors=(ContractError, ValueError),
            tell=tell if self.options.watch else None,
            handlers=self.handlers,
            report_handlers=tell,
        )
        self.service = Service(app, name=self.name, path=path)

    def report_handlers(self) -> None:
        """Report which operations have handlers; raise HandlersError if none has one, of those there are."""
        if self.handlers is not None:
            self.options.tell(self.handlers.sentence(self.service.app.contract))

    def resets(self) -> dict[str, Clear]:
        """Return what clears what is no item."""
        handlers = {} if self.handlers is None else {"handlers": self.handlers.clear}
        return {"randomness": self._randomness.clear, **handlers}

    def stored(self, memory: Memory) -> Stored:
        """Return the items, the initial ones where there are none yet."""
        seeded = partial(fill, self.options.seed_data, memory)
        beginning = self.background.submit(self._begin, memory, seeded)
        if self.options.seed_data:
            beginning.result()
        return Stored(memory, seeded, beginning)

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
        file, contracts = options.collections, self.contracts.values()
        corrections = Corrections.read(file, contracts) if file else Corrections()
        recognizing = self.background.submit(self._recognize, contract, corrections)
        marks = marks_of(contract, corrections) if memory is not None or corrections.lines else {}
        if any(waits or mark.value for mark in marks.values()):
            recognizing.result()
        self.users = Users(contract, str(options.seed), options.users, self.contracts.values())
        responses = ContractResponses(
            *(str(options.seed), self._randomness, self._strictness, options.locale),
            origin=lambda: self.reach.api,
            memory=memory,
            recognize=recognizing.result,
            items=options.items,
            users=self.users,
        )
        handling: dict[str, Any] = {}
        if self.handlers is not None:
            collaborators = {"state": self.handlers.state, "clock": self.clock}
            handling = {"handlers": self.handlers.functions, "collaborators": collaborators}
        app = contract_app(
            contract,
            responses,
            authentication=options.authentication,
            tokens=self.users.by_token if options.strict_tokens else None,
            clock=self.clock,
            **handling,
        )
        self.traffic.use(
            contract,
            service=self._key,
            authentication=options.authentication,
            ignores=lambda violation: self._strictness.ignores(violation.rule),
        )
        return observed(
            app,
            contract,
            self.traffic,
            self.clock,
            service=self._key,
            stream_interval=options.stream_interval,
            stored=None if memory is None else memory.item_of,
        )

    def _recognize(self, contract: Contract, corrections: Corrections) -> Catalog:
        """Return the collections of a contract, which are now those of the memory."""
        catalog = catalog_of(contract, str(self.options.seed), self.options.locale, corrections)
        if self.memory is not None:
            self.memory.catalog = catalog
        return catalog
