"""The sockets of servers that share a port, and of one that is about to close its own."""

import select
import socket
import sys

import pytest

from contract_first.service.http.listening import CannotListen, claim, hold_back, listen, reserve

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system draws a process on Linux alone")
HOSTS = ["127.0.0.1", "::1", "0.0.0.0"]  # noqa: S104 -- nothing is served


@pytest.mark.parametrize("host", HOSTS)
def test_a_claimed_port_is_shared_by_its_processes_alone(host):
    """Another server is refused it, before and after a process of the first one listens."""
    with claim(host, 0) as claimed:
        port = claimed.getsockname()[1]
        with pytest.raises(CannotListen, match="in use"):
            claim(host, port)
        with reserve(host, port, shared=True) as one, reserve(host, port, shared=True) as another:
            one.listen()
            another.listen()
            for other in (claim, listen):
                with pytest.raises(CannotListen, match="in use"):
                    other(host, port)
    claim(host, port).close()


@pytest.mark.parametrize("host", HOSTS[:2])
def test_a_listener_that_is_held_back_takes_no_further_connection(host):
    """What came before is accepted; a later one waits for its next attempt, and never gets into the queue."""
    with listen(host, 0) as listening, socket.socket(listening.family) as late:
        early = socket.create_connection(listening.getsockname()[:2])
        assert hold_back(listening)
        late.settimeout(0)
        late.connect_ex(listening.getsockname())
        accepted, _ = listening.accept()
        with early, accepted:
            early.sendall(b"sent later")
            assert accepted.recv(100) == b"sent later"
        assert select.select([listening], [late], [], 0) == ([], [], [])
