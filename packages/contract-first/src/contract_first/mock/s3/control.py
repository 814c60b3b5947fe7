"""The control API of an S3 on its own: that of the mocks, with a contract that has no operations."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.types import Receive, Scope, Send

from contract_first.contract import Contract, ContractError
from contract_first.mock.application import MockApplication
from contract_first.mock.control.app import MOST_TARGET_BYTES, ControlAccess
from contract_first.mock.journal.events import Events
from contract_first.mock.reach import Reach, server_options
from contract_first.mock.service import ReloadingService
from contract_first.mock.services import Service, Services
from contract_first.mock.state.clock import MockClock
from contract_first.mock.state.data_directory import DataDirectory, Snapshot
from contract_first.mock.state.scopes import SCOPE
from contract_first.mock.state.state import MockState, ordered
from contract_first.mock.traffic import Traffic
from contract_first.service.edge import Edge
from contract_first.service.http.server import serving
from contract_first.service.messages.problems import NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from strict_s3 import Server
    from strict_s3.local import LocalS3
    from strict_s3.tls import Authority

NO_OPERATIONS = {"openapi": "3.1.0", "info": {"title": "S3", "version": "1"}, "paths": {}}


def control(
    traffic: Traffic,
    url: str,
    seeds: Callable[[], dict[str, Any]],
    s3: LocalS3,
    directory: DataDirectory,
    authority: Authority | None,
    access: tuple[str | None, Iterable[str]],
) -> Callable[[socket.socket], AbstractContextManager[str]]:
    """Return the server of an S3's control API on a socket.

    Args:
        traffic: of the S3.
        url: of the control API's server.
        seeds: returns what clients know of S3.
        directory: where snapshots are.
        authority: certifies the control API; None without TLS.
        access: control token, and origins, as `ControlAccess` takes them.
    """
    options = s3.options
    events = Events()
    clock = MockClock(traffic.set_s3_clock)
    contract = Contract(NO_OPERATIONS, "")
    nothing = Edge(_nothing, clock=clock, pages={}, most_target_bytes=MOST_TARGET_BYTES)

    async def serve(_contract: Contract) -> Any:
        return nothing

    traffic.s3 = s3
    traffic.use(contract)
    app = MockApplication(
        Services(
            Service(
                ReloadingService(
                    contract, nothing, load=lambda: contract, serve=serve, errors=(ContractError,), tell=None
                )
            )
        ),
        S3State(clock, events, traffic.resets, directory, s3=s3),
        traffic,
        access=ControlAccess(*access),
        seeds=seeds,
        reach=Reach(
            url,
            s3.url,
            s3_public_url=options.public_url,
            trust_proxy=options.trust_proxy,
        ),
        ca=authority.certificate if authority else None,
    )
    encryption = server_options(authority, [*options.certified_names()])
    return partial(serving, app, name="control", **encryption)


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise NotFound("Here is the control of S3, below /_mock/, and nothing else.")


@dataclass(eq=False, kw_only=True)
class S3State(MockState):
    """Buckets and objects of an S3, beside the rest of a mock's state; no scope has some of its own."""

    s3: Server | LocalS3

    async def initialize(self) -> None:
        """Replace all buckets by the initial ones."""
        await super().initialize()
        await self._order(self.s3.reset)

    async def save(self, draft: Snapshot) -> Mapping[str, Any]:
        """Save buckets and objects."""
        await self._order(self.s3.snapshot, draft.s3)
        return await super().save(draft)

    async def load(self, snapshot: Snapshot) -> None:
        """Load buckets and objects."""
        await super().load(snapshot)
        await self._order(self.s3.restore, snapshot.s3)

    async def describe(self, limit: int) -> dict[str, Any]:
        """Return the clock, the initial buckets with what is in them, and the snapshots."""
        usage = [(name, *await asyncio.to_thread(self.s3.usage, name)) for name in self.s3.options.buckets]
        buckets = [{"name": name, "objects": count, "bytes": size} for name, count, size in usage]
        return {**await super().describe(limit), "buckets": buckets}

    async def _order(self, order: Callable[..., None], *arguments: Path) -> None:
        if not SCOPE.get():
            await ordered(order, *arguments)
