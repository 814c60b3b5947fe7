"""W3C Trace Context: which headers make a request part of a trace, and what is passed on."""

from __future__ import annotations

import re
import socket

import pytest

from contract_first.contract import Contract
from contract_first.service import create_app
from contract_first.service.http.protocol import HttpProtocol
from contract_first.service.http.server import listen, serving
from contract_first.service.messages.traces import CURRENT, Trace, trace_headers, trace_of

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("sent", "flags"),
    [
        (f"00-{TRACE}-{PARENT}-01", "01"),
        (f"00-{TRACE}-{PARENT}-00", "00"),
        (f"00-{TRACE}-{PARENT}-ff", "01"),
        (f"cc-{TRACE}-{PARENT}-01", "01"),
        (f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like", "01"),
    ],
)
def test_valid_ones(sent, flags):
    """Of later versions the parts that are known count."""
    assert trace_of({b"traceparent": sent.encode()}) == Trace(TRACE, flags, "")


@pytest.mark.parametrize(
    "sent",
    [
        "",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}-1",
        f"0-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01, 00-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01\n",
        "x" * 5000,
    ],
)
def test_others_are_ignored(sent):
    """A header that is not valid is as none."""
    assert trace_of({b"traceparent": sent.encode()}) is None


def test_what_is_sent_is_of_the_trace():
    """With a parent of its own each time, and the state as it came; without a trace, nothing."""
    assert trace_of({}) is None
    assert trace_headers() == {}
    headers = {b"traceparent": f"00-{TRACE}-{PARENT}-01".encode(), b"tracestate": b"vendor=1"}
    token = CURRENT.set(trace_of(headers))
    try:
        first, second = trace_headers(), trace_headers()
    finally:
        CURRENT.reset(token)
    assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", first["traceparent"])
    assert first["traceparent"] != second["traceparent"]
    assert PARENT not in first["traceparent"]
    assert first["tracestate"] == "vendor=1"


@pytest.mark.parametrize("state", [b"", b"\xff", b"x" * 513])
def test_states_that_are_none_are_not_passed_on(state):
    """The trace goes on without them."""
    trace = trace_of({b"traceparent": f"00-{TRACE}-{PARENT}-01".encode(), b"tracestate": state})
    assert trace == Trace(TRACE, "01", "")


def test_pipelined_requests_inherit_no_trace():
    """The second of a connection has none, though the first has one."""
    traces = []
    operation = {"operationId": "get", "responses": {"204": {"description": ""}}}
    document = {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": {"/": {"get": operation}}}
    app = create_app(Contract(document, "traces"), {"get": lambda: traces.append(CURRENT.get())})
    traced = f"GET / HTTP/1.1\r\nHost: x\r\ntraceparent: 00-{TRACE}-{PARENT}-01\r\n\r\n"
    untraced = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with (
        listen("127.0.0.1", 0) as listening,
        serving(app, listening, http=HttpProtocol, lifespan="off"),
        socket.create_connection(listening.getsockname(), timeout=10) as connection,
    ):
        connection.sendall(f"{traced}{untraced}".encode())
        while connection.recv(65536):
            pass
    assert traces == [Trace(TRACE, "01", ""), None]
