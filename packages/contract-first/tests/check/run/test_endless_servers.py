"""A run ends although a server does not: it is dead, its head has no end, or its body has none."""

from contextlib import contextmanager, suppress
from socket import create_connection, create_server
from threading import Event, Thread

import pytest

from contract_first.check import CannotRunError, check_url
from contract_first.contract import Contract

FUZZ = {"checks": (), "phases": ("fuzzing",), "max_examples": 1, "seed": 1}
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: "
MEGABYTE = 1_000_000


def contract(media_type):
    """Return a contract of one operation, whose response has a media type."""
    content = {media_type: {"schema": {}}}
    operation = {"operationId": "pick", "responses": {"200": {"description": "OK", "content": content}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Hat", "version": "1"},
        "paths": {"/pick": {"get": operation}},
    }
    return Contract(document, "hat")


@contextmanager
def server(respond):
    """Serve each connection by a function of it and of what is set at the end, and yield the URL."""
    ended = Event()

    def serve(connection):
        with connection, suppress(OSError):
            if b" /pick " not in connection.recv(65_536) and respond in WITH_A_ROOT:
                connection.sendall(
                    b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                )
            else:
                respond(connection, ended)

    def accept():
        while not ended.is_set():
            connection, _ = listening.accept()
            Thread(target=serve, args=(connection,), daemon=True).start()

    with create_server(("127.0.0.1", 0)) as listening:
        accepting = Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            ended.set()
            with suppress(OSError):
                create_connection(listening.getsockname()).close()
            accepting.join()


def silence(_connection, ended):
    """Send nothing."""
    ended.wait()


def endless_head(connection, ended):
    """Send header fields for ever, each in time."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not ended.wait(0.1):
        connection.sendall(b"X-More: 1\r\n")


def endless_events(connection, ended):
    """Send events for ever."""
    connection.sendall(HEAD + b"text/event-stream\r\n\r\n")
    while not ended.is_set():
        connection.sendall(b"data: 1\n\n")


def large_body(connection, _ended):
    """Send 30 MB whose length no field says."""
    connection.sendall(HEAD + b"application/json\r\n\r\n")
    for _ in range(30):
        connection.sendall(b" " * MEGABYTE)


def endless_body(connection, ended):
    """Send a byte of a body at a time, for ever."""
    connection.sendall(HEAD + b"application/json\r\n\r\n")
    while not ended.wait(0.1):
        connection.sendall(b" ")


WITH_A_ROOT = {endless_events, large_body, endless_body}
"""What has a response of its own at the root, which is asked for before the first request."""


@pytest.mark.parametrize("respond", [silence, endless_head])
def test_a_server_without_a_whole_head_ends_the_run_within_its_budget(respond):
    """What is asked before the first request has the run's budget, too."""
    with server(respond) as url, pytest.raises(CannotRunError, match="before the budget is spent"):
        check_url(url, contract=contract("application/json"), budget=1, **FUZZ)


def test_an_endless_stream_conforms():
    """Its first events are checked, and nothing is wrong with them."""
    with server(endless_events) as url:
        report = check_url(url, contract=contract("text/event-stream"), **FUZZ)
    assert report.findings == []
    assert report.end == "complete"


def test_a_body_without_an_end_is_a_finding_by_its_own_time_only():
    """That the budget ends before the time that a response may take is no fault of the server."""
    with server(endless_body) as url:
        how = {**FUZZ, "contract": contract("application/json")}
        late = check_url(url, request_timeout=1, **how)
        short = check_url(url, budget=1, **how)
    assert "does not end within 1 s" in late.findings[0].message
    assert (short.findings, short.end, short.exit_code) == ([], "budget spent", 2)


def test_a_large_body_is_a_finding_with_its_size():
    """It is counted, and not held."""
    with server(large_body) as url:
        report = check_url(url, contract=contract("application/json"), **FUZZ)
    [finding] = [finding for finding in report.findings if finding.check == "connection"]
    assert "30.0 MB" in finding.message
