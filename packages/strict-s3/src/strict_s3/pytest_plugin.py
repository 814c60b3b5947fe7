"""The plugin for pytest: a bucket of its own for each test, in an S3 for each process, such as a worker.

pytest loads it wherever this package is installed, so it imports nothing until a test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from .server import Server


@pytest.fixture(scope="session")
def strict_s3_server() -> Iterator[Server]:
    """Return an S3 that runs until the tests of this process end; override it for other options."""
    from . import running  # noqa: PLC0415 -- the module's reason

    with running() as server:
        yield server


@pytest.fixture
def s3_bucket(strict_s3_server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a new bucket, which no other test has; it stays until the end.

    AWS's clients that the test makes find S3 by the environment: ``boto3.client("s3")`` is enough.
    """
    from .options import CONFLICTING_VARIABLES  # noqa: PLC0415 -- the module's reason

    for name in CONFLICTING_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, text in strict_s3_server.environment.items():
        monkeypatch.setenv(name, text)
    bucket = f"test-{uuid4().hex}"
    strict_s3_server.create_bucket(bucket)
    return bucket
