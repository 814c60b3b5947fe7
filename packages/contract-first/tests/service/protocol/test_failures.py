"""What goes wrong: a bug of the app, and what is no HTTP."""

import logging
import socket

from contract_first.service.http.capped_log import CappedLog

from .conftest import read, refusal


def test_a_bug_of_the_app_is_a_problem(connection, caplog):
    """An app that fails before its response is a 500 as every error is, with its traceback in the log."""
    connection.sendall(b"GET /fails HTTP/1.1\r\nHost: x\r\n\r\n")
    assert refusal(connection) == 500
    assert "ValueError: a bug" in caplog.text


def test_refusals_are_logged_with_a_cap(server, caplog):
    """Strangers cannot fill a disk: ten lines a minute, and how many there were more."""
    now = [1000.0]
    capped = logging.getLogger("capped")
    capped.addFilter(CappedLog(ticks=lambda: now[0]))
    for _ in range(1000):
        capped.warning("Request of %s refused", "x")
    now[0] += 60
    capped.warning("Another")
    lines = [record.getMessage() for record in caplog.records if record.name == "capped"]
    more = "990 more of the last minute left out: Request of x refused"
    assert lines == ["Request of x refused"] * 10 + [more, "Another"]
    for _ in range(50):
        with socket.create_connection(server.address, timeout=10) as refused:
            refused.sendall(b"no HTTP\r\n\r\n")
            read(refused)
    assert len(caplog.records) <= 12 + 11
