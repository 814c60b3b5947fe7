"""The plugin for pytest: a mock for your tests, reset for each.

pytest loads it wherever this package is installed, so it imports nothing until a test asks for a fixture, and
its fixtures say so where the extra ``mock`` is missing.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from openapi_mock.pytest_plugin import FaultMarker

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from openapi_mock.journal import Calls
    from openapi_mock.journal.remote import ConsumerTraffic

    from .server import Mock

MARKER = FaultMarker(
    "scanner_fault", "scanner_mock", "the mock", "operation='create_session', status=503, times=1"
)
OPTION = "--scanner-contract-report"
TRAFFIC: pytest.StashKey[ConsumerTraffic] = pytest.StashKey()
API_ROOT = "/scanner/api/v1"
TIMEOUT_SECONDS = 30


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that has the mock's traffic validated."""
    parser.getgroup("scanner-api").addoption(
        OPTION,
        type=_writable,
        metavar="FILE",
        help="validate the traffic between the tests and the mock, and write what violates the contract"
        " and how much was exercised: a page, or JSON if FILE ends in .json; with xdist, one a worker.",
    )


pytest_configure = MARKER.register
pytest_runtest_setup = MARKER.refuse_unused


@pytest.fixture(scope="session")
def scanner_mock_server(request: pytest.FixtureRequest) -> Iterator[Mock]:
    """Run one mock for all tests of this process, on free ports; what they did before is still there."""
    _need_extra()
    from .server import scanner_mock  # noqa: PLC0415 -- the module's reason

    with scanner_mock() as mock, _traffic_of(mock, request.config):
        yield mock


@pytest.fixture(scope="session")
def _scanner_control(scanner_mock_server: Mock) -> Iterator[httpx.Client]:
    import httpx  # noqa: PLC0415 -- the module's reason

    # a proxy of this machine's environment has no business between us and loopback
    with httpx.Client(
        base_url=scanner_mock_server.control, timeout=TIMEOUT_SECONDS, trust_env=False
    ) as client:
        yield client


@pytest.fixture(scope="session")
def _scanner_s3_owner(scanner_mock_server: Mock) -> Iterator[Any]:
    from .aws_session import aws_session  # noqa: PLC0415 -- the module's reason

    client = aws_session().client("s3", endpoint_url=scanner_mock_server.s3)
    yield client
    client.close()


@pytest.fixture
def scanner_mock(
    request: pytest.FixtureRequest, scanner_mock_server: Mock, _scanner_control: httpx.Client
) -> Mock:
    """Return the running mock as it was when it started, with the faults that the test is marked with."""
    from .faults import ScannerEffect, ScannerMatch  # noqa: PLC0415 -- the module's reason

    if traffic := request.config.stash.get(TRAFFIC, None):
        traffic.collect()  # else it would be gone
    _scanner_control.post("/state/reset", json={}).raise_for_status()
    for fault in MARKER.faults(request.node, ScannerMatch, ScannerEffect):
        response = _scanner_control.post("/faults", json=fault)
        if response.status_code != HTTPStatus.CREATED:
            problem = response.json()
            wrong = [f"{error['pointer']}: {error['detail']}" for error in problem.get("errors", ())]
            MARKER.fail(f"{MARKER.name}: {'; '.join(wrong) or problem['detail']}")
    return scanner_mock_server


@pytest.fixture
def scanner_api_client(scanner_mock: Mock) -> Iterator[httpx.Client]:
    """Return a client of the mock's API, with an API key; paths begin behind `API_ROOT`."""
    import httpx  # noqa: PLC0415 -- the module's reason

    headers = {"X-API-Key": scanner_mock.api_key}
    with httpx.Client(
        base_url=f"{scanner_mock.api}{API_ROOT}", headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False
    ) as client:
        yield client


@pytest.fixture
def scanner_s3(scanner_mock: Mock, _scanner_s3_owner: Any) -> Any:  # noqa: ARG001 -- it resets the objects
    """Return a boto3 client of the mock's S3, as the owner of its bucket."""
    return _scanner_s3_owner


@pytest.fixture
def scanner_calls(scanner_mock: Mock) -> Calls:
    """Return the calls of the test so far, to the API and to S3, and what can be asserted of them."""
    from openapi_mock.journal import Calls  # noqa: PLC0415 -- the module's reason
    from openapi_mock.journal.remote import RemoteJournal  # noqa: PLC0415 -- the module's reason

    return Calls(RemoteJournal(scanner_mock.control))


@contextmanager
def _traffic_of(mock: Mock, config: pytest.Config) -> Iterator[None]:
    """Validate the traffic with a mock if the option asks for it."""
    path: Path | None = config.getoption(OPTION)
    if path is None:
        yield
        return
    from openapi_mock.journal.remote import ConsumerTraffic  # noqa: PLC0415 -- the module's reason
    from scanner_contract import load_contract  # noqa: PLC0415 -- the module's reason

    worker = getattr(config, "workerinput", {}).get("workerid", "")
    own = path.with_stem(f"{path.stem}-{worker}") if worker else path
    config.stash[TRAFFIC] = traffic = ConsumerTraffic(own, mock.control, load_contract())
    yield
    traffic.collect()
    traffic.write()


def _writable(file: str) -> Path:
    """Return where a report goes, whatever folder the tests change to; refuse it before they run."""
    path = Path(file).absolute()
    if not path.parent.is_dir():
        raise ArgumentTypeError(f"{path.parent} is not a folder.")
    return path


def _need_extra() -> None:
    from openapi_contract.cli.commands import lack_of  # noqa: PLC0415 -- the module's reason

    if reason := lack_of("mock"):
        pytest.fail(reason, pytrace=False)
