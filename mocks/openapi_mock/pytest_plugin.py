"""The plugin for pytest: an S3 for your tests, as it began for each.

pytest loads it wherever this package is installed, so it imports nothing until a test asks for a fixture, and
its fixtures say so where the extra ``mock`` is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from presigned_s3 import S3Server

    from .faults import Fault
    from .journal import Calls
    from .traffic import Traffic


@dataclass(frozen=True)
class FaultMarker:
    """A marker of tests in which a server fails, with the fields of a fault, of its match and of its effect.

    Attributes:
        name: of the marker.
        fixture: the server; a test that does not use it may not have the marker.
        server: what fails, in a sentence.
        example: fields that a user may give.
    """

    name: str
    fixture: str
    server: str
    example: str

    def register(self, config: pytest.Config) -> None:
        """Make the marker known."""
        help_ = f"have {self.server} fail in this test, as in {self.name}({self.example})"
        fields = "fields are those of a fault, of its match and of its effect."
        config.addinivalue_line("markers", f"{self.name}(**fields): {help_}; {fields}")

    def refuse_unused(self, item: pytest.Item) -> None:
        """Refuse a marker that would do nothing."""
        if item.get_closest_marker(self.name) and self.fixture not in getattr(item, "fixturenames", ()):
            self.fail(f"It is marked {self.name}, and none of its fixtures uses {self.fixture}.")

    def faults(self, item: pytest.Item, match: Any, effect: Any) -> Iterator[dict[str, Any]]:
        """Yield the faults that a test is marked with, the outermost first: each field where it belongs.

        Args:
            item: the test.
            match: the struct of the fields that say where a fault is active.
            effect: the struct of those that say what it does.
        """
        for marker in reversed([*item.iter_markers(self.name)]):
            if marker.args:
                self.fail(f"{self.name} takes fields by their names, as in status=503.")
            rest = dict(marker.kwargs)
            parts = {
                part: {name: rest.pop(name) for name in kind.__struct_fields__ if name in rest}
                for part, kind in (("match", match), ("effect", effect))
            }
            yield {**parts, **rest}

    def fail(self, reason: str) -> NoReturn:
        """Fail the test."""
        pytest.fail(reason, pytrace=False)


MARKER = FaultMarker("s3_fault", "s3_server", "S3", "key='a*', s3_code='SlowDown'")
pytest_configure = MARKER.register
pytest_runtest_setup = MARKER.refuse_unused


@pytest.fixture(scope="session")
def s3_buckets() -> Sequence[str]:
    """Return the buckets that there are in every test; override it in a ``conftest.py``."""
    return ("uploads",)


@pytest.fixture(scope="session")
def _s3_running(s3_buckets: Sequence[str]) -> Iterator[tuple[S3Server, Traffic]]:
    from openapi_contract.cli.commands import lack_of  # noqa: PLC0415 -- the module's reason

    if reason := lack_of("mock"):
        pytest.fail(reason, pytrace=False)
    from presigned_s3 import s3_server  # noqa: PLC0415 -- the module's reason
    from presigned_s3.request import NAMES  # noqa: PLC0415 -- the module's reason

    from .s3 import CREDENTIALS  # noqa: PLC0415 -- the module's reason
    from .traffic import Traffic  # noqa: PLC0415 -- the module's reason

    traffic = Traffic(0)
    with s3_server(
        s3_buckets,
        credentials=CREDENTIALS,
        faults="openapi_mock.faults.s3:S3Faults",
        seed=0,
        on_exchange=traffic.record_s3,
    ) as server:
        traffic.s3 = server
        traffic.faults.operations = {"s3": NAMES}
        yield server, traffic


@pytest.fixture
def s3_server(
    request: pytest.FixtureRequest,
    _s3_running: tuple[S3Server, Traffic],
    monkeypatch: pytest.MonkeyPatch,
) -> S3Server:
    """Return the running S3 as it began, with the faults that the test is marked with.

    AWS's clients that the test makes find it by the environment: ``boto3.client("s3")`` is enough.
    """
    from presigned_s3.server import CONFLICTING_VARIABLES  # noqa: PLC0415 -- the module's reason

    server, traffic = _s3_running
    server.reset()
    server.set_clock(None)
    traffic.journal.clear()
    traffic.faults.clear()
    for fault in _faults(request.node):
        traffic.faults.add(fault)
    for name in CONFLICTING_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, text in server.environment.items():
        monkeypatch.setenv(name, text)
    return server


@pytest.fixture
def s3_calls(s3_server: S3Server, _s3_running: tuple[S3Server, Traffic]) -> Calls:  # noqa: ARG001 -- it resets the calls
    """Return the calls of S3 in the test so far, and what can be asserted of them."""
    from .journal import Calls  # noqa: PLC0415 -- the module's reason

    return Calls(_s3_running[1].journal)


def _faults(item: pytest.Item) -> Iterator[Fault]:
    """Yield the faults that a test is marked with."""
    from .extension import NO_EXTENSION  # noqa: PLC0415 -- the module's reason
    from .faults import Effect, Match  # noqa: PLC0415 -- the module's reason
    from .faults.reading import FaultReader  # noqa: PLC0415 -- the module's reason

    for fault in MARKER.faults(item, Match, Effect):
        try:
            yield FaultReader(NO_EXTENSION).fault({"on": "s3", **fault})
        except ValueError as error:
            MARKER.fail(f"{MARKER.name}: {error}")
