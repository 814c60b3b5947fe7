"""The plugin for pytest: a mock for your tests, reset for each.

pytest loads it wherever this package is installed, so it imports nothing until a test asks for a fixture, and
its fixtures say so where the extra ``mock`` is missing.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from contract_first.mock.rule_marker import RuleMarker

if TYPE_CHECKING:
    import httpx2

    from contract_first.mock.journal.calls import Calls

    from .mock_fixture import MockFixture
    from .server import Mock

MARKER = RuleMarker(
    "scanner_fault", "scanner_mock", "have the mock fail", "operation='create_session', status=503, times=1"
)
OVERRIDE = RuleMarker(
    "override",
    "scanner_mock",
    "have the mock respond differently",
    "operation='get_session', patch={'body': {'status': 'EXPIRED'}}",
    "/overrides",
)
OPTION = "--scanner-contract-report"
API_ROOT = "/scanner/api/v1"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that has the mock's traffic validated."""
    parser.getgroup("scanner-api").addoption(
        OPTION,
        type=_writable,
        metavar="FILE",
        help="validate the traffic between the tests and the mock, and write what violates the contract"
        " and how much was exercised: a page, or JSON if FILE ends in .json; with xdist, one a worker.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    MARKER.register(config)
    OVERRIDE.register(config)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse markers that would do nothing."""
    MARKER.refuse_unused(item)
    OVERRIDE.refuse_unused(item)


@pytest.fixture(scope="session")
def scanner_mock_server(request: pytest.FixtureRequest) -> Iterator[Mock]:
    """Run one mock for all tests of this process, on free ports; what they did before is still there."""
    from scanner_api.distribution import SCANNER_API  # noqa: PLC0415 -- the module's reason

    if reason := SCANNER_API.lack_of("mock"):
        MARKER.fail(reason)
    from .mock_fixture import reported  # noqa: PLC0415 -- the module's reason
    from .server import scanner_mock  # noqa: PLC0415 -- the module's reason

    with scanner_mock() as mock, reported(mock, request.config, request.config.getoption(OPTION)):
        yield mock


@pytest.fixture(scope="session")
def _scanner_fixture(scanner_mock_server: Mock) -> Iterator[MockFixture]:
    from .mock_fixture import MockFixture  # noqa: PLC0415 -- the module's reason

    with closing(MockFixture(scanner_mock_server)) as fixture:
        yield fixture


@pytest.fixture
def scanner_mock(request: pytest.FixtureRequest, _scanner_fixture: MockFixture) -> Mock:
    """Return the running mock as it was when it started, with the rules that the test is marked with."""
    _scanner_fixture.reset(request.node, MARKER, OVERRIDE)
    return _scanner_fixture.mock


@pytest.fixture
def scanner_api_client(scanner_mock: Mock, _scanner_fixture: MockFixture) -> Iterator[httpx2.Client]:
    """Return a client of the mock's API, with an API key; paths begin behind `API_ROOT`."""
    headers = {"X-API-Key": scanner_mock.api_key}
    with _scanner_fixture.client(f"{scanner_mock.api}{API_ROOT}", headers=headers) as client:
        yield client


@pytest.fixture
def scanner_s3(scanner_mock: Mock, _scanner_fixture: MockFixture) -> Any:  # noqa: ARG001 -- it resets the objects
    """Return a boto3 client of the mock's S3, as the owner of its bucket."""
    return _scanner_fixture.s3


@pytest.fixture
def scanner_calls(scanner_mock: Mock, _scanner_fixture: MockFixture) -> Calls:  # noqa: ARG001 -- it resets the calls
    """Return the calls of the test so far, to the API and to S3, and what can be asserted of them."""
    return _scanner_fixture.calls


def _writable(file: str) -> Path:
    """Return where a report goes, whatever folder the tests change to; refuse it before they run."""
    path = Path(file).absolute()
    if not path.parent.is_dir():
        raise ArgumentTypeError(f"{path.parent} is not a folder.")
    return path
