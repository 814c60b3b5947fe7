"""What all tests share: how Hypothesis runs, and how an ASGI app is called in-process."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest
from hypothesis import settings

# a deadline is a timing assertion: it fails on a busy machine, and says nothing of the code
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@dataclass
class Response:
    """What the app sent."""

    status: int
    raw_headers: list
    body: bytes

    @property
    def headers(self):
        """The header fields by lower-case name."""
        return {name.decode(): value.decode("latin-1") for name, value in self.raw_headers}

    @property
    def json(self):
        """The body's JSON value."""
        return json.loads(self.body)

    @property
    def errors(self):
        """The violations of a 422: where, what and which rule."""
        return [
            (each["in"], each.get("name", each.get("pointer")), each["rule"]) for each in self.json["errors"]
        ]

    @property
    def source(self):
        """Who answered in a mock: ``handler``, ``example`` or ``generated``."""
        return self.headers.get("x-mock-answer")


def call(app, method, target, headers, events):
    """Send one request as a server would, and return the Response, None if there was no answer.

    Args:
        app: the ASGI app.
        method: upper case.
        target: bytes as they stand on the wire.
        headers: pairs of bytes.
        events: the ASGI messages of the body.
    """
    path, _, query = target.partition(b"?")
    scope = {
        "type": "http",
        "method": method,
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": query,
        "headers": headers,
    }
    return asyncio.run(_exchange(app, scope, events))


async def _exchange(app, scope, events):
    waiting, sent = list(events), []

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    if not sent:
        return None
    start, *content = sent
    return Response(start["status"], start["headers"], b"".join(each["body"] for each in content))


@pytest.fixture(scope="session")
def call_asgi():
    """Return what sends a request to an ASGI app; see `call`."""
    return call
