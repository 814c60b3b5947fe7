"""An S3 beside the mock of contracts, which has the mock's address, clock, faults, journal and state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contract_first.mock.reach import certified_names
from contract_first.mock.stateful.state import StoredState
from contract_first.service.http.listening import listen
from strict_s3 import Server

from .control import S3State

if TYPE_CHECKING:
    from contract_first.mock.options import MockOptions
    from contract_first.mock.state.data_directory import DataDirectory
    from contract_first.mock.traffic import Traffic
    from strict_s3.tls import Authority


@dataclass(eq=False, kw_only=True)
class StateWithS3(S3State, StoredState):
    """The items of services, and the buckets and objects beside them."""


@contextmanager
def s3_beside(
    options: MockOptions, traffic: Traffic, directory: DataDirectory, authority: Authority | None
) -> Iterator[Server]:
    """Run the S3 of a mock in a process of its own, which has yet to get ready.

    Raises:
        CannotListen: its port is taken.
        TypeError: there is no such option.
        ValueError: a bucket cannot have this name, or another option is wrong.
    """
    common = {
        "host": options.host,
        "data": directory.s3,
        "seed": options.seed,
        "trust_proxy": options.trust_proxy,
        "tls_names": certified_names(options.host),
    }
    chosen = {**common, **(options.s3 or {})}
    s3 = Server(
        *chosen.pop("buckets", ()),
        faults="contract_first.mock.s3.faults:S3Faults",
        on_exchange=traffic.record_s3,
        on_restart=traffic.reporting_s3_restart(options.tell),
        authority=authority,
        **chosen,
    )
    listen(s3.options.host, s3.options.port, "[s3] port").close()
    with ExitStack() as running:
        running.callback(s3.stop)
        s3.start()
        yield s3
