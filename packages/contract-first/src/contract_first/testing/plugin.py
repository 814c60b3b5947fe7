"""The plugin for pytest: clients and mocks that know a contract, and what the tests exercised of it.

pytest loads it wherever this package is installed, so it imports nothing until a test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import pytest

if TYPE_CHECKING:
    import httpx2
    from starlette.types import ASGIApp

    from contract_first.check import Credentials
    from contract_first.contract import Contract
    from contract_first.mock import ContractMock

    from .coverage import ContractCoverage
    from .exchanges import Exchanges
    from .transport import ClientValidation

WORKER = "contract_coverage"
"""Under this name a worker of pytest-xdist hands its counts over."""
TESTSERVER = "http://testserver"
EVERYTHING = 100
Client_co = TypeVar("Client_co", covariant=True)


class Clients(Protocol[Client_co]):
    """Makes clients; see `contract_client`."""

    def __call__(
        self,
        app: ASGIApp | str,
        contract: Contract | Path | str | None = None,
        *,
        base_url: str = "",
        credentials: Credentials | None = None,
        **options: Any,
    ) -> Client_co:
        """Return a client of an app, or of a URL."""


ContractClients: TypeAlias = "Clients[httpx2.Client]"
AsyncContractClients: TypeAlias = "Clients[httpx2.AsyncClient]"


class ContractMocks(Protocol):
    """Runs mocks; see `contract_mock`."""

    def __call__(self, contract: Contract | Path | str | None = None, **options: Any) -> ContractMock:
        """Return the mock of a contract, which runs until the test ends."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract-first")
    group.addoption(
        "--contract-coverage-min",
        type=float,
        metavar="PERCENT",
        help="Fail if the tests exercise less than this of operations, statuses and parameters of contracts.",
    )
    parser.addini("contract", "Contract of contract_client and contract_mock: a file, or a URL.", default="")


def pytest_configure(config: pytest.Config) -> None:
    least = config.getoption("--contract-coverage-min")
    if least is not None and not 0 <= least <= EVERYTHING:
        raise pytest.UsageError(f"--contract-coverage-min is {least:g}; expected a percentage, 0 to 100.")
    config.stash[RUN] = _Run(config, least)


@pytest.fixture(scope="session")
def contract_client(pytestconfig: pytest.Config) -> Iterator[ContractClients]:
    """Return a function that makes httpx2 clients, which validate each exchange with an app.

    A test fails where a response violates the contract, or where the app accepts a request that does. The
    app, any ASGI app, is called in process, in an event loop of its own, and started by its lifespan; closing
    the client stops it.

    Args of the function:
        app: the app, or the URL of a server.
        contract: a `Contract`, or its path or URL; by default that of an app of `create_app`, else the one
            that ``contract`` in pytest's configuration names.
        base_url: where the app serves the contract, such as ``http://testserver/api``.
        credentials: sent where the contract requires them, unless the request has its own.
        options: of `httpx2.Client`.
    """
    with ExitStack() as stack:
        yield pytestconfig.stash[RUN].clients(stack)


@pytest.fixture(scope="session")
def async_contract_client(pytestconfig: pytest.Config) -> AsyncContractClients:
    """Return a function that makes clients as `contract_client` does, asynchronous ones.

    The app runs in the event loop of the test, asyncio's. Use the client by ``async with``, which starts the
    app by its lifespan and stops it.

    Args of the function: those of `contract_client`, and options of `httpx2.AsyncClient`.
    """
    return pytestconfig.stash[RUN].async_clients()


@pytest.fixture
def contract_mock(pytestconfig: pytest.Config) -> Iterator[ContractMocks]:
    """Return a function that runs mocks until the test ends, as `contract_first.contract_mock` does."""
    from contract_first.mock import contract_mock as running  # noqa: PLC0415 -- the module's reason

    with ExitStack() as stack:

        def run(contract: Contract | Path | str | None = None, **options: Any) -> ContractMock:
            chosen = contract if contract is not None else pytestconfig.stash[RUN].contract()
            source = str(chosen) if isinstance(chosen, Path) else chosen
            return stack.enter_context(running(source, **options))

        yield run


@pytest.fixture
def contract_coverage(pytestconfig: pytest.Config) -> Callable[[], ContractCoverage]:
    """Return a function that returns what the tests of this process exercised so far."""
    return pytestconfig.stash[RUN].coverage


def pytest_sessionfinish(session: pytest.Session) -> None:
    run = session.config.stash[RUN]
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[WORKER] = run.coverage().to_builtins() if run.is_used else {}
    elif run.is_too_low and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add the counts of a worker of pytest-xdist; one that crashed has none."""
    if counts := getattr(node, "workeroutput", {}).get(WORKER):
        node.config.stash[RUN].add_builtins(counts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    run = config.stash[RUN]
    if not run.is_used and run.least is None:
        return
    terminalreporter.section("contract coverage")
    for line in run.coverage().report(with_missing=run.least is not None):
        terminalreporter.line(line)
    if run.is_too_low:
        percent = run.coverage().percent
        terminalreporter.line(f"Contract coverage is {percent:.1f} %; expected {run.least:g} %.", red=True)


class _Run:
    """The contracts of a run of pytest, and what its tests exercised."""

    def __init__(self, config: pytest.Config, least: float | None) -> None:
        self.least = least
        self._config = config
        self._exchanges: dict[tuple[int, str], Exchanges] = {}
        self._contracts: dict[str, Contract] = {}
        self._workers: list[dict[str, Any]] = []

    @property
    def is_used(self) -> bool:
        """Whether a test made a client."""
        return bool(self._exchanges or self._workers)

    @property
    def is_too_low(self) -> bool:
        """Whether less was exercised than has to be."""
        if self.least is None or hasattr(self._config, "workerinput"):
            return False
        return self.coverage().percent < self.least

    def add_builtins(self, counts: dict[str, Any]) -> None:
        self._workers.append(counts)

    def coverage(self) -> ContractCoverage:
        from .coverage import ContractCoverage  # noqa: PLC0415 -- the module's reason

        coverage = ContractCoverage()
        for counts in self._workers:
            coverage.add_builtins(counts)
        for exchanges in self._exchanges.values():
            coverage.add(_spelled(exchanges.source), exchanges.counts)
        return coverage

    def contract(self) -> str:
        """Return the contract of pytest's configuration."""
        named: str = self._config.getini("contract")
        if not named:
            raise pytest.UsageError(
                'No contract: pass one, or set `contract = "openapi.yaml"` in the configuration of pytest.'
            )
        return named if "://" in named else str(self._config.rootpath / named)

    def clients(self, stack: ExitStack) -> ContractClients:
        """Return what makes clients, which are closed with the stack at the latest."""
        import httpx2  # noqa: PLC0415 -- the module's reason
        from anyio.from_thread import start_blocking_portal  # noqa: PLC0415 -- the same

        from .transport import InProcess, Validating  # noqa: PLC0415 -- the same

        portal = stack.enter_context(start_blocking_portal())

        def validating(*arguments: Any) -> httpx2.BaseTransport:
            transport = InProcess(Validating(*arguments), portal)
            stack.callback(transport.close)
            return transport

        return partial(self._client, httpx2.Client, validating)

    def async_clients(self) -> AsyncContractClients:
        """Return what makes asynchronous clients, which their caller closes."""
        import httpx2  # noqa: PLC0415 -- the module's reason

        from .transport import Validating  # noqa: PLC0415 -- the same

        return partial(self._client, httpx2.AsyncClient, Validating)

    def _client(
        self,
        kind: Callable[..., Client_co],
        validating: Callable[[Any, ClientValidation], Any],
        app: ASGIApp | str,
        contract: Contract | Path | str | None = None,
        *,
        base_url: str = "",
        credentials: Credentials | None = None,
        **options: Any,
    ) -> Client_co:
        """Return a client of a kind, whose transport validates the exchanges of another."""
        import httpx2  # noqa: PLC0415 -- the module's reason

        from .exchanges import NO_CREDENTIALS  # noqa: PLC0415 -- the same
        from .transport import ClientValidation, InLoop  # noqa: PLC0415 -- the same

        url = base_url or (app if isinstance(app, str) else TESTSERVER)
        exchanges = self._exchanges_of(self._loaded(app, contract), url)
        validation = ClientValidation(exchanges, credentials or NO_CREDENTIALS)
        transport = httpx2.AsyncHTTPTransport() if isinstance(app, str) else InLoop(app)
        return kind(transport=validating(transport, validation), base_url=url, **options)

    def _loaded(self, app: ASGIApp | str, contract: Contract | Path | str | None) -> Contract:
        from contract_first.contract import Contract, load_contract  # noqa: PLC0415 -- the module's reason
        from contract_first.service import Service  # noqa: PLC0415 -- the same

        if contract is None:
            contract = app.contract if isinstance(app, Service) else self.contract()
        if isinstance(contract, Contract):
            return contract
        source = _spelled(str(contract))
        if source not in self._contracts:
            self._contracts[source] = load_contract(source)
        return self._contracts[source]

    def _exchanges_of(self, contract: Contract, base_url: str) -> Exchanges:
        from .exchanges import Exchanges  # noqa: PLC0415 -- the module's reason

        key = id(contract), base_url
        if key not in self._exchanges:
            self._exchanges[key] = Exchanges(contract, base_url)
        return self._exchanges[key]


def _spelled(source: str) -> str:
    """Return the path of a contract, the same for each spelling, from here where it is below; or its URL."""
    if "://" in source:
        return source
    path, here = Path(source).resolve(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


RUN = pytest.StashKey[_Run]()
