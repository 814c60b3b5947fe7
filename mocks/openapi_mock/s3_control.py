"""The control API of an S3 on its own: that of the mocks, with a contract that has no operations."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from openapi_contract import Contract, ContractError
from openapi_service.problems import NotFound
from openapi_service.server import serving

from .application import MockApplication
from .clock import MockClock
from .control import ControlAccess
from .events import Events
from .faults.middleware import TransportProtocol
from .reach import Reach, certified_names, server_options
from .service import Service
from .state import MockState
from .traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from contextlib import AbstractContextManager

    from starlette.types import Receive, Scope, Send

    from presigned_s3.local import LocalS3
    from presigned_s3.tls import Authority

    from .data_directory import DataDirectory
    from .state import Clearable

NO_OPERATIONS = {"openapi": "3.1.0", "info": {"title": "S3", "version": "1"}, "paths": {}}


class Controlled(NamedTuple):
    """An S3 that is to be controlled.

    Attributes:
        host: address that both listen on.
        url: of the control API, behind whose host and port it is below ``/_mock``.
        seeds: returns what clients know of it.
        s3: the running S3.
        directory: where snapshots are.
        seed: of chance.
        authority: certifies the control API; None without TLS.
        token: gives access to the control API from anywhere; None for this machine alone.
        origins: whose pages may use it without a token.
    """

    host: str
    url: str
    seeds: Callable[[], dict[str, Any]]
    s3: LocalS3
    directory: DataDirectory
    seed: int
    authority: Authority | None
    token: str | None
    origins: Iterable[str]


def control(
    parts: Controlled, *, public_url: str | None, trust_proxy: bool
) -> tuple[Traffic, MockApplication, Callable[..., AbstractContextManager[str]]]:
    """Return the traffic of an S3, its control API, and what serves that on a socket."""
    s3, events, traffic = parts.s3, Events(), Traffic(parts.seed)
    clock = MockClock(lambda now, stopped: s3.set_clock(now, stopped=stopped))
    contract = Contract(NO_OPERATIONS, "")
    traffic.s3 = s3
    traffic.use(contract)
    app = MockApplication(
        Service(contract, _nothing, load=lambda: contract, serve=_serve, errors=(ContractError,), tell=None),
        S3State(s3, parts.directory, clock, events, traffic.clearable),
        clock,
        events,
        traffic,
        access=ControlAccess(parts.token, parts.origins),
        seeds=parts.seeds,
        reach=Reach(parts.url, s3.url, s3_public_url=public_url, trust_proxy=trust_proxy),
        ca=parts.authority.certificate if parts.authority else None,
    )
    encryption = server_options(parts.authority, certified_names(parts.host, public_url))
    return traffic, app, partial(serving, name="control", http=TransportProtocol, **encryption)


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise NotFound("Here is the control of S3, below /_mock/, and nothing else.")


async def _serve(_contract: Contract) -> Any:
    return _nothing


class S3State(MockState):
    """Buckets and objects.

    Args:
        s3: has them.
        directory: where snapshots are.
        clock: the time.
        events: are published each change of the state.
        clearable: by name, what else a reset clears unless it is to be kept.
    """

    def __init__(
        self,
        s3: LocalS3,
        directory: DataDirectory,
        clock: MockClock,
        events: Events,
        clearable: Mapping[str, Clearable],
    ) -> None:
        super().__init__(clock, events, clearable)
        self._s3 = s3
        self._directory = directory

    async def reset(self, keep: Collection[str] = (), scope: str | None = None) -> None:
        """Return to the initial buckets; the arguments are those of `MockState.reset`."""
        await asyncio.to_thread(self._s3.reset)
        await super().reset(keep, scope)

    async def snapshot(self, name: str) -> None:
        """Save a snapshot; raises TooManySnapshots."""
        with self._directory.draft() as draft:
            await asyncio.to_thread(self._s3.snapshot, draft.s3)
            self._directory.publish(draft, name, {})
        self._events.publish("state", {"change": "snapshot", "name": name})

    async def restore(self, name: str) -> None:
        """Restore a snapshot; raises UnknownSnapshot."""
        snapshot = self._directory.snapshot(name)
        await asyncio.to_thread(self._s3.restore, snapshot.s3)
        self._events.publish("state", {"change": "restore", "name": name})

    async def describe(self, limit: int) -> dict[str, Any]:
        """Return the clock, the initial buckets with what is in them, and the snapshots."""
        described = await super().describe(limit)
        usage = [(name, *await asyncio.to_thread(self._s3.usage, name)) for name in self._s3.buckets]
        buckets = [{"name": name, "objects": count, "bytes": size} for name, count, size in usage]
        return {**described, "buckets": buckets, "snapshots": self._directory.names()}
