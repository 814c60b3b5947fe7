"""Whose turn it is among thousands of connections and requests: that of each address, then the next."""

import asyncio
import contextlib
import errno
import resource
import socket
import sys
from functools import partial

import pytest

from contract_first.service.http import listening as listening_module
from contract_first.service.http.connections import ConnectionLimits, Connections
from contract_first.service.http.listening import MOST_OPENED, Arrivals, listen
from contract_first.service.http.proxies import TrustedProxies
from contract_first.service.http.server import SWITCH_SECONDS, serving
from contract_first.service.http.turns import FULL_BODIES_BYTES, MOST_AT_ONCE, Bodies, Pace, Rotation, Turns

from .conftest import app

CROWD = 200


def test_owners_take_turns():
    """However many items one has, another's comes next; without room, who has most loses the last."""
    waiting = Rotation()
    for number in range(CROWD):
        waiting.add("many", number)
    waiting.add("one", "first")
    assert waiting.drop() == CROWD - 1
    assert [waiting.take(), waiting.take(), waiting.take()] == [0, "first", 1]
    assert len(waiting) == CROWD - 3


async def test_some_requests_start_in_each_turn():
    """The rest starts once the event loop has looked for others, of which another client's comes first."""
    started = []

    async def request(name):
        started.append(name)

    running = Turns(asyncio.get_running_loop(), set())
    for number in range(CROWD):
        running.start("many", request(number))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.start("one", request("first"))
    before = len(started)
    assert before <= 2 * MOST_AT_ONCE
    for _ in range(CROWD):
        await asyncio.sleep(0)
    assert started.index("first") <= before + MOST_AT_ONCE + 1
    assert [name for name in started if name != "first"] == [*range(CROWD)]


async def test_fewer_requests_start_where_they_take_long():
    """Once a turn has taken long, one of another client waits for fewer than before."""
    started, now = [], [0.0]

    async def request(name):
        started.append(name)
        now[0] += 0.1

    running = Turns(asyncio.get_running_loop(), set(), Pace(MOST_AT_ONCE, clock=lambda: now[0]))
    for number in range(CROWD):
        running.start("many", request(number))
    for _ in range(20):
        await asyncio.sleep(0)
    running.start("one", request("first"))
    before = len(started)
    assert before < CROWD
    for _ in range(CROWD):
        await asyncio.sleep(0)
    assert started.index("first") <= before + 3


def test_the_clock_is_read_where_some_are_left():
    """It is a system call, which each request of a client that sends one at a time would pay for."""
    times = iter([1.0, 1.0001, 9.0])
    pace = Pace(4, clock=lambda: next(times))
    assert [pace.at_once(count, is_behind=False) for count in (1, 0, 4)] == [1, 0, 4]
    assert pace.at_once(9, is_behind=False) == 4
    assert pace.at_once(5, is_behind=True) == 4
    assert pace.at_once(5, is_behind=True) == 2  # the last turn took 8 s


def test_a_turn_of_unknown_length_is_not_a_short_one():
    """Requests that come within a turn are left for the next, though all that waited before it began."""
    times = iter([1.0, 9.0, 20.0, 29.0])
    pace = Pace(4, clock=lambda: next(times))
    assert [pace.at_once(9, is_behind=is_behind) for is_behind in (False, True)] == [4, 2]
    assert pace.at_once(1, is_behind=False) == 1
    assert pace.at_once(9, is_behind=True) == 2
    assert pace.at_once(9, is_behind=True) == 1


async def test_pieces_of_bodies_are_taken_by_turns_of_clients():
    """One large body waits for no more than one piece of another client, who sends many."""
    taken, bodies = [], Bodies(asyncio.get_running_loop())

    async def take(owner):
        await bodies.turn(owner)
        taken.append(owner)

    await asyncio.gather(*(take("many") for _ in range(CROWD)), take("one"))
    assert taken.index("one") == 1


async def test_bodies_that_waited_for_room_are_read_one_a_turn():
    """Hundreds that are read at once would take a turn of ten milliseconds."""
    read, bodies = [], Bodies(asyncio.get_running_loop())
    bodies.change(FULL_BODIES_BYTES + 1)
    for number in range(CROWD):
        bodies.resume("many", partial(read.append, number))
    bodies.change(-1)
    assert read == []
    for count in range(1, 4):
        await asyncio.sleep(0)
        assert len(read) == count
    bodies.change(1)  # full again
    for _ in range(CROWD):
        await asyncio.sleep(0)
    assert len(read) == 3
    bodies.change(-FULL_BODIES_BYTES)
    for _ in range(CROWD):
        await asyncio.sleep(0)
    assert sorted(read) == list(range(CROWD))


async def test_pipelined_requests_of_another_client_come_next():
    """They wait for one of those that came before them from one address."""
    read, connections = [], Connections(ConnectionLimits(), clock=lambda: 0)
    for number in range(CROWD):
        connections.take_turn("many", lambda number=number: read.append(number))
    connections.take_turn("one", lambda: read.append("first"))
    for _ in range(2 * CROWD):
        await asyncio.sleep(0)
    assert read.index("first") == 1


def test_connections_of_a_trusted_proxy_have_turns_of_their_own():
    """Behind its address are many clients."""

    class Connection:
        client = "10.0.0.1", 4321

    assert Connections(ConnectionLimits()).owner(Connection()) == "10.0.0.1"
    trusting = Connections(ConnectionLimits(proxies=TrustedProxies(("10.0.0.1",))))
    assert trusting.owner(Connection()) == ("10.0.0.1", 4321)


def test_threads_that_compute_make_way_for_the_event_loop(monkeypatch):
    """Which would else wait 5 ms for the interpreter, once in each of its turns."""
    intervals = []
    monkeypatch.setattr(sys, "setswitchinterval", intervals.append)
    with listen("127.0.0.1", 0) as listening, serving(app, listening, lifespan="off"):
        assert max(intervals) <= SWITCH_SECONDS


def test_connections_that_wait_leave_files_to_those_that_are_open(monkeypatch):
    """Both together need no more than a process may open."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1064, 1064))
    assert Connections(ConnectionLimits()).most_waiting == 125


@pytest.fixture
def connect():
    """Connect to a socket from an address, so many times; the connections are closed at the end."""
    with contextlib.ExitStack() as stack:

        def make(listening, count, address):
            for _ in range(count):
                connection = socket.create_connection(listening.getsockname(), 10, (address, 0))
                stack.enter_context(connection)

        yield make


class Opened(asyncio.Protocol):
    """Notes in what turn of the event loop which client's connection was opened."""

    def __init__(self, opened, turn) -> None:
        self._opened, self._turn = opened, turn

    def connection_made(self, transport):
        self._opened.append((self._turn[0], transport.get_extra_info("peername")[0]))
        transport.abort()


async def arrived(listening, count, most_waiting=CROWD * 2, before=lambda: None):
    """Return the turns and addresses of so many connections that were opened."""
    opened, turn = [], [0]
    arrivals = Arrivals(listening, 2048, lambda: Opened(opened, turn), most_waiting)
    before()
    async with asyncio.timeout(10):
        while len(opened) < count or arrivals:
            turn[0] += 1
            await asyncio.sleep(0)
    arrivals.close()
    await arrivals.wait_closed()
    return opened


async def test_a_crowd_of_connections_holds_up_no_other_address(connect):
    """They are all accepted at once, and some opened in each turn; a later one waits for few of them."""
    with listen("127.0.0.1", 0) as listening:
        connect(listening, CROWD, "127.0.0.2")
        connect(listening, 1, "127.0.0.3")
        opened = await arrived(listening, CROWD + 1)
    by_turn = [turn for turn, _ in opened]
    assert max(by_turn.count(turn) for turn in by_turn) <= 2 * MOST_OPENED
    assert [address for _, address in opened].index("127.0.0.3") < CROWD // 2


async def test_beyond_what_may_wait_who_has_most_loses(connect):
    """The others' connections stay."""
    with listen("127.0.0.1", 0) as listening:
        connect(listening, CROWD, "127.0.0.2")
        connect(listening, 5, "127.0.0.3")
        opened = await arrived(listening, 30, most_waiting=20)
    assert [address for _, address in opened].count("127.0.0.3") == 5
    assert len(opened) < CROWD


async def test_without_room_for_a_file_connections_wait(connect, monkeypatch, caplog):
    """The server says so once, and accepts them a while later."""
    monkeypatch.setattr(listening_module, "RETRY_SECONDS", 0.01)
    with listen("127.0.0.1", 0) as listening:
        full = FullOnce(listening)
        connect(listening, 3, "127.0.0.2")
        assert len(await arrived(full, 3)) == 3
    assert caplog.messages == ["Cannot accept connections: Too many open files; trying again in 0.01 s."]


class FullOnce:
    """A listening socket for which the process has no file left at first."""

    def __init__(self, listening) -> None:
        self._listening = listening
        self._is_full = True

    def __getattr__(self, name):
        return getattr(self._listening, name)

    def accept(self):
        if self._is_full:
            self._is_full = False
            raise OSError(errno.EMFILE, "Too many open files")
        return self._listening.accept()
