"""What keeps a server from starting, and what is a bug."""

from __future__ import annotations

import asyncio
import gc

import pytest

from openapi_service.server import CannotStart, listen, serve


class App:
    """An app that fails where it is asked to."""

    def __init__(self, error=None):
        self.error = error
        self.stopped = False

    async def start(self):
        """Fail at the start."""
        if self.error is not None:
            raise self.error

    async def stop(self):
        """Note it."""
        self.stopped = True

    async def __call__(self, _scope, _receive, _send):
        """Respond with nothing."""


def run(app, ready, monkeypatch):
    """Serve until `ready` raises."""
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)
    with listen("127.0.0.1", 0) as listening:
        asyncio.run(serve(app, listening, ready, start_errors=(ValueError,)))


def failing():
    """Fail while the server runs."""
    raise ValueError("a bug")


def test_an_error_of_the_start_says_why(monkeypatch):
    """It keeps its message, and what was opened is closed."""
    app = App(ValueError("no bucket"))
    with pytest.raises(CannotStart, match="no bucket"):
        run(app, failing, monkeypatch)
    assert app.stopped


def test_another_error_of_the_start_is_a_bug(monkeypatch):
    """What nobody expects at a start keeps its traceback."""
    with pytest.raises(KeyError):
        run(App(KeyError("x")), failing, monkeypatch)


def test_an_error_while_serving_is_a_bug(monkeypatch):
    """A ValueError later than the start is no reason for not to start."""
    app = App()
    with pytest.raises(ValueError, match="a bug"):
        run(app, failing, monkeypatch)
    assert app.stopped
