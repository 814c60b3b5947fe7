"""The plugin for pytest: an S3 for your tests, as it began for each.

pytest loads it wherever this package is installed, so it imports nothing until a test asks for a fixture, and
its fixtures say so where the extra ``mock`` is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from presigned_s3 import S3Server

    from .journal import Calls
    from .traffic import Traffic

MARKER = "s3_fault"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(**fields): have S3 fail in this test, as in {MARKER}(key='a*', s3_code='SlowDown'); "
        "fields are those of a fault, of its match and of its effect.",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a marker that would do nothing."""
    if item.get_closest_marker(MARKER) and "s3_server" not in getattr(item, "fixturenames", ()):
        pytest.fail(f"It is marked {MARKER}, and none of its fixtures uses s3_server.", pytrace=False)


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
    for marker in reversed([*request.node.iter_markers(MARKER)]):
        traffic.faults.add(_fault(marker))
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


def _fault(marker: pytest.Mark) -> Any:
    """Return the fault of a marker: each of its fields where it belongs."""
    from .extension import NO_EXTENSION  # noqa: PLC0415 -- the module's reason
    from .faults import Effect, Match  # noqa: PLC0415 -- the module's reason
    from .faults.reading import FaultReader  # noqa: PLC0415 -- the module's reason

    if marker.args:
        pytest.fail(f"{MARKER} takes fields by their names, as in status=503.", pytrace=False)
    fields = dict(marker.kwargs)
    match, effect = (
        {name: fields.pop(name) for name in kind.__struct_fields__ if name in fields}
        for kind in (Match, Effect)
    )
    try:
        return FaultReader(NO_EXTENSION).fault({"on": "s3", "match": match, "effect": effect, **fields})
    except ValueError as error:
        return pytest.fail(f"{MARKER}: {error}", pytrace=False)
