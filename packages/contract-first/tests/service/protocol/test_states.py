"""The state machines of a connection, of a request and of its response make no moves but those they list."""

import asyncio
import itertools
import logging
import random
import re
from enum import Enum

import pytest
import uvicorn
from uvicorn.server import ServerState

from contract_first.service.http.connections import ConnectionLimits, Connections
from contract_first.service.http.exchange import ENDED, BodyState, Exchange, ResponseState
from contract_first.service.http.protocol import HttpProtocol, InputState
from contract_first.service.http.request_reader import RequestPart, RequestReader
from contract_first.service.http.turns import Bodies
from contract_first.service.messages.problems import ServiceUnavailable

from .conftest import CHUNKED, GET

START = {"type": "http.response.start", "status": 200}
PIECE = {"type": "http.response.body", "body": b"x", "more_body": True}
END = {"type": "http.response.body"}
MESSAGES = {"start": START, "piece": PIECE, "end": END}


def moves_of(states: type[Enum]):
    """Return the moves that the docstring of a state machine lists."""
    rows = re.findall(r"^ *([A-Z, ]+) -> ([A-Z]+): ", states.__doc__, re.MULTILINE)
    return {(states[before], states[after]) for names, after in rows for before in names.split(", ")}


def watched(kind: type, moves: set, **states: type[Enum]):
    """Return a class whose attributes make legal moves only, each of which is noted."""

    def watching(attribute: str, legal: set):
        def move(self, after):
            before = self.__dict__.get(attribute, after)
            assert before is after or (before, after) in legal
            if before is not after:
                moves.add((before, after))
            self.__dict__[attribute] = after

        return property(lambda self: self.__dict__[attribute], move)

    properties = {attribute: watching(attribute, moves_of(kind)) for attribute, kind in states.items()}
    return type(kind.__name__, (kind,), properties)


class Wire:
    """What an exchange writes to, and is carried by; it is never full."""

    is_full = False

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.write = self.written.append
        self.is_closing = self.resume_reading = self.end_response = self.close = lambda: False
        self.refuse = lambda _: None
        self.default_fields = lambda: (b"", False)


def step(coroutine) -> None:
    """Run a coroutine until it waits or ends; an ASGI message out of order is refused."""
    try:
        coroutine.send(None)
    except (StopIteration, RuntimeError):
        return
    coroutine.close()


@pytest.mark.parametrize("expects_continue", [False, True])
async def test_an_exchange_makes_legal_moves_only(expects_continue):
    """In whatever order app and client act: one head at most, and nothing after the end."""
    moves = set()
    kind = watched(Exchange, moves, body=BodyState, response=ResponseState)
    bodies = Bodies(asyncio.get_running_loop())
    for actions in itertools.product(["receive", "add", "end_body", "disconnect", *MESSAGES], repeat=4):
        wire = Wire()
        scope = {"method": "POST", "http_version": "1.1"}
        exchange = kind(wire, wire, bodies, scope, keep_alive=True, expects_continue=expects_continue)
        is_whole = False
        for action in actions:
            has_ended, written = exchange.response in ENDED, len(wire.written)
            if action in MESSAGES:
                step(exchange.send(MESSAGES[action]))
            elif action == "receive":
                step(exchange.receive())
            elif action == "disconnect":
                exchange.disconnect()
            elif not is_whole:
                exchange.add(b"x") if action == "add" else exchange.end_body()
                is_whole = action == "end_body"
            assert not has_ended or len(wire.written) == written
        assert sum(b"HTTP/1.1 200 " in piece for piece in wire.written) <= 1
    legal = moves_of(BodyState) | moves_of(ResponseState)
    assert legal - moves == (set() if expects_continue else {m for m in legal if m[0] is BodyState.EXPECTED})


class Line(asyncio.Transport):
    """A transport that notes whether it reads, and to which nothing may be written once it ends."""

    def __init__(self, protocol, *, can_write_eof: bool) -> None:
        super().__init__()
        self.protocol = protocol
        self.reads, self.has_eof, self._closing = True, False, False
        self.can_write_eof = lambda: can_write_eof
        self.get_write_buffer_size = lambda: 0

    def get_extra_info(self, name, default=None):
        """Tell the addresses."""
        return ("127.0.0.1", 1) if name in {"peername", "sockname"} else default

    def write(self, _data):
        """Take data before the end."""
        assert (self.has_eof, self._closing) == (False, False)

    def write_eof(self):
        """Note the end, once."""
        assert (self.has_eof, self._closing) == (False, False)
        self.has_eof = True

    def pause_reading(self):
        """Read no more."""
        self.reads = False

    def resume_reading(self):
        """Read more."""
        self.reads = True

    def is_closing(self):
        """Tell whether it is closed."""
        return self._closing

    def close(self):
        """Lose the connection, a turn of the event loop later."""
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    abort = close


BLANK_LINES = b"3\r\n\r\n\r\r\n" + b"4\r\n\r\n\r\n\r\n" * 1001 + b"0\r\n\r\n"
"""More than are read of a body without a length, so that no other request is read."""
DATA = {
    "get": GET + b"\r\n",
    "two": (GET + b"\r\n") * 2,
    "post": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n",
    "filling": b"a" * 70_000,
    "chunked": CHUNKED,
    "last": b"0\r\n\r\n",
    "blank lines": BLANK_LINES,
    "filling and blank lines": b"11170\r\n" + b"a" * 70_000 + b"\r\n" + BLANK_LINES,
    "nonsense": b"no HTTP\r\n\r\n",
}
LATE = ServiceUnavailable("The server is shutting down.")


class Scenario:
    """A connection, with what its client, its app and its server may do next."""

    def __init__(self, kind, connections, *, can_write_eof: bool) -> None:
        config = uvicorn.Config(self.app, interface="asgi3", proxy_headers=False, log_config=None)
        config.load()
        self.state = ServerState()
        self.state.connections = connections
        self.actions: asyncio.Queue[str] = asyncio.Queue()
        self.protocol = kind(config, self.state, {})
        self.line = Line(self.protocol, can_write_eof=can_write_eof)
        self.protocol.connection_made(self.line)
        for name in ("pause_writing", "resume_writing", "shutdown", "close", "give_way"):
            setattr(self, name, getattr(self.protocol, name))

    async def app(self, _scope, receive, send):
        """Do what is said."""
        while (action := await self.actions.get()) != "return":
            await (receive() if action == "receive" else send(MESSAGES[action]))

    def respond(self):
        """Have the app respond as it should."""
        for action in ("start", "end", "return"):
            self.actions.put_nowait(action)

    def refuse_late(self):
        """End the server's time."""
        self.protocol.refuse_late(LATE)

    async def run(self, event: str, turns: int) -> None:
        """Have something happen, and wait so many turns of the event loop."""
        if event in DATA:
            if self.line.reads and not self.line.is_closing():
                self.protocol.data_received(DATA[event])
        elif event in {"receive", "return", *MESSAGES}:
            self.actions.put_nowait(event)
        elif not self.line.is_closing():
            getattr(self, event)()
        self.check()
        for _ in range(turns):
            await asyncio.sleep(0)
            self.check()

    def check(self):
        """See that the transport reads where the state says so, and that only what waits is held."""
        state = self.protocol._input
        if not self.line.is_closing():
            waits = state in {InputState.PAUSED, InputState.HELD, InputState.QUEUED}
            assert self.line.reads != (waits or self.protocol._waits_to_discard)
            assert bool(self.protocol._unread) == (state in {InputState.HELD, InputState.QUEUED})
        assert self.line.has_eof == (state is InputState.LINGERING) or state is InputState.CLOSED

    async def end(self):
        """Lose the connection."""
        self.line.close()
        await asyncio.sleep(0)
        for task in self.state.tasks:
            task.cancel()
        await asyncio.gather(*self.state.tasks, return_exceptions=True)
        assert self.protocol._input is InputState.CLOSED


SERVER = ["pause_writing", "resume_writing", "shutdown", "close", "refuse_late", "give_way"]
APP = ["respond", "respond", "receive", "return", *MESSAGES]
OFTEN = ["get", "two", "post", "filling", "chunked", "last"]


async def test_a_connection_makes_legal_moves_only(caplog):
    """In whatever order client, app and server act, and each move that is listed is made."""
    caplog.set_level(logging.CRITICAL, "uvicorn.error")
    moves = set()
    kind = watched(HttpProtocol, moves, _input=InputState)
    errors = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    chance = random.Random(24)  # noqa: S311 -- the same each time
    for _ in range(1000):
        scenario = Scenario(kind, Connections(ConnectionLimits()), can_write_eof=chance.random() < 0.8)
        for event in chance.choices([*DATA, *OFTEN, *OFTEN, *APP, *APP, *SERVER], k=8):
            await scenario.run(event, chance.randrange(5))
        await scenario.end()
    assert errors == []
    assert moves_of(InputState) - moves == set()


def test_a_request_is_read_part_by_part():
    """Whatever comes in, one byte at a time."""
    moves = set()
    kind = watched(RequestReader, moves, part=RequestPart)

    class Receiver:
        begin_request = add_to_body = end_request = staticmethod(lambda *_, **__: None)

    reader = kind(Receiver(), {"scheme": "http"}, 100)
    sent = (GET + b"\r\n" + CHUNKED + b"0\r\nX: y\r\n\r\n") * 2
    for index in range(len(sent)):
        assert reader.read(sent[index : index + 1], 0) == 1
    assert moves == moves_of(RequestPart)
    assert reader.requests == 4


async def test_what_refused_clients_send_is_read_one_piece_a_turn(caplog):
    """Hundreds that go on sending would else be read from in every turn of the event loop."""
    caplog.set_level(logging.CRITICAL)
    scenarios = [
        Scenario(HttpProtocol, Connections(ConnectionLimits()), can_write_eof=True) for _ in range(3)
    ]
    for scenario in scenarios[1:]:  # as connections of one server
        scenario.protocol._bodies = scenarios[0].protocol._bodies
    for scenario in scenarios:
        await scenario.run("nonsense", 0)
        await scenario.run("filling", 0)
    for count in range(len(scenarios) + 1):
        assert [scenario.line.reads for scenario in scenarios].count(True) == count
        await asyncio.sleep(0)
    for scenario in scenarios:
        await scenario.end()
