"""The mock of any contract: no database, no S3, its answers from the contract alone."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from openapi_contract import ContractError, load_contract
from openapi_contract.patterns import without_invalid_patterns
from openapi_service.server import listen, url_of

from .application import MockApplication, watched
from .clock import MockClock
from .events import Events
from .faults.file import faults_in
from .own_url import callable_url
from .randomness import SeededRandomness
from .responses import contract_app
from .service import Service
from .serving import serving
from .stateless import Stateless
from .watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

    from openapi_contract import Contract

UPLOAD_SECONDS = 3600


class ContractMock(msgspec.Struct, frozen=True, kw_only=True):
    """What a client has to know of the running mock of a contract.

    Attributes:
        api: URL of the API.
        control: URL of the control API.
        title: of the contract.
        version: of the contract.
        operations: how many it has.
    """

    api: str
    control: str
    title: str
    version: str
    operations: int

    def line(self) -> str:
        """Return everything as one line of JSON."""
        return msgspec.json.encode(self).decode()

    def seeds(self) -> dict[str, Any]:
        """Return what the line tells."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        return told


@contextmanager
def contract_mock(
    contract: Contract | str,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    authentication: bool = True,
    watch: bool = False,
    tell: Callable[[str], None] = lambda _: None,
    control_token: str | None = None,
    seed: int = 0,
    faults: Path | None = None,
) -> Iterator[ContractMock]:
    """Run the mock of a contract: once this is entered it answers, once it is left it is gone.

    Args:
        contract: the contract, or the file or URL that it is in.
        host: address to listen on.
        port: 0 takes a free one.
        authentication: ask for credentials where the contract does; any non-empty one will do.
        watch: load the contract again when its file changes.
        tell: hears of each reload, and of patterns that cannot be read, in a sentence.
        control_token: what opens the control API, from anywhere; without it, it is for this machine.
        seed: another seed, other generated values.
        faults: file with faults that are on from the start.

    Raises:
        CannotListen: the port is taken, or the address is not this machine's.
        ContractError: the contract cannot be read, or is not valid.
        FaultFileError: the file with faults cannot be read, or holds anything else.
    """
    loaded = without_invalid_patterns(
        load_contract(contract) if isinstance(contract, str) else contract, tell
    )
    with ExitStack() as running:
        listening = running.enter_context(listen(host, port))
        url, info = callable_url(url_of(listening)), loaded.document["info"]
        mock = ContractMock(
            api=url,
            control=f"{url}/_mock",
            title=info["title"],
            version=info["version"],
            operations=len(loaded.operations),
        )
        making = _Making(Watch(seed), seed, authentication=authentication)
        app = making.application(loaded, mock, control_token, watch=watch, tell=tell)
        if faults is not None:
            making.watch.faults.add(*faults_in(faults, making.watch.faults.check))
        running.enter_context(serving(app, listening))
        yield mock


class _Making:
    """Puts the mock of a contract together."""

    def __init__(self, watch: Watch, seed: int, *, authentication: bool) -> None:
        self.watch = watch
        self._seed = seed
        self._authentication = authentication
        self._clock = MockClock(lambda _now, _stopped: None)
        self._randomness = SeededRandomness(seed)

    def application(
        self,
        contract: Contract,
        mock: ContractMock,
        control_token: str | None,
        *,
        watch: bool,
        tell: Callable[[str], None],
    ) -> MockApplication:
        """Return the mock: control, and the contract's answers behind journal and faults."""
        events = Events()
        service = Service(
            contract,
            self._app(contract),
            load=lambda: without_invalid_patterns(load_contract(contract.source), tell),
            serve=lambda another: asyncio.to_thread(self._app, another),
            errors=(ContractError, ValueError),
            tell=tell if watch else None,
        )
        cleared = {**self.watch.kept, "randomness": self._randomness}
        state = Stateless(self._clock, events, cleared)
        return MockApplication(
            service, state, self._clock, events, self.watch, control_token=control_token, seeds=mock.seeds
        )

    def _app(self, contract: Contract) -> ASGIApp:
        """Return what answers by a contract."""
        app = contract_app(
            contract,
            seed=str(self._seed),
            authentication=self._authentication,
            clock=self._clock,
            randomness=self._randomness,
        )
        return watched(
            app,
            contract,
            self.watch,
            self._clock,
            upload_seconds=UPLOAD_SECONDS,
            authentication=self._authentication,
        )
