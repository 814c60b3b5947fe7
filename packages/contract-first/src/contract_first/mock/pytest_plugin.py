"""The plugin for pytest: an S3 for your tests, as it began for each.

pytest loads it wherever this package is installed, so it imports nothing until a test asks for a fixture, and
its fixtures say so where the extra ``mock`` is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from contract_first.distribution import CONTRACT_FIRST

from .rule_marker import RuleMarker

if TYPE_CHECKING:
    from strict_s3 import Server

    from .journal.calls import Calls
    from .s3.fixture import S3Fixture

MARKER = RuleMarker("s3_fault", "s3_server", "have S3 fail", "key='a*', s3_code='SlowDown'")
pytest_configure = MARKER.register
pytest_runtest_setup = MARKER.refuse_unused


@pytest.fixture(scope="session")
def s3_buckets() -> Sequence[str]:
    """Return the buckets that there are in every test; override it in a ``conftest.py``."""
    return ("uploads",)


@pytest.fixture(scope="session")
def _s3_fixture(s3_buckets: Sequence[str]) -> Iterator[S3Fixture]:
    if reason := CONTRACT_FIRST.lack_of("s3"):
        MARKER.fail(reason)
    from .s3.fixture import running_s3  # noqa: PLC0415 -- the module's reason

    with running_s3(s3_buckets) as s3:
        yield s3


@pytest.fixture
def s3_server(
    request: pytest.FixtureRequest, _s3_fixture: S3Fixture, monkeypatch: pytest.MonkeyPatch
) -> Server:
    """Return the running S3 as it began, with the faults that the test is marked with.

    AWS's clients that the test makes find it by the environment: ``boto3.client("s3")`` is enough.
    """
    _s3_fixture.reset(request.node, MARKER, monkeypatch)
    return _s3_fixture.server


@pytest.fixture
def s3_calls(s3_server: Server, _s3_fixture: S3Fixture) -> Calls:  # noqa: ARG001 -- it resets the calls
    """Return the calls of S3 in the test so far, and what can be asserted of them."""
    return _s3_fixture.calls
