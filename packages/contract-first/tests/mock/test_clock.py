"""The mock's clock: it follows the machine's until it is set, and S3's follows it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from contract_first.mock.state.clock import EARLIEST, LATEST, MockClock, OutOfRange

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


class Machine:
    """The machine's clock, moved by hand."""

    def __init__(self):
        self.time = NOON

    def now(self):
        """Return the time at which it stands."""
        return self.time


@pytest.fixture
def machine():
    """The machine's clock."""
    return Machine()


@pytest.fixture
def readings():
    """What the follower was called with."""
    return []


@pytest.fixture
def clock(machine, readings):
    """A clock with a follower."""
    return MockClock(lambda now, stopped: readings.append((now, stopped)), machine)


def after(**seconds):
    """Return the time so much after noon."""
    return NOON + timedelta(**seconds)


def test_it_follows_the_machine(clock, machine, readings):
    """Until it is set otherwise it shows the machine's time, and tells nobody."""
    machine.time = after(seconds=5)
    assert (clock.now(), clock.reading().offset_seconds, readings) == (after(seconds=5), 0, [])


def test_it_goes_on_from_where_it_is_advanced_to(clock, machine, readings):
    """An advanced clock goes on; advances add up, and a negative one takes back."""
    clock.change(advance_seconds=3600)
    clock.change(advance_seconds=-600.5)
    machine.time = after(seconds=10)
    reading = clock.reading()
    assert (reading.now, reading.offset_seconds) == (after(seconds=10 + 3600 - 600.5), 3600 - 600.5)
    assert readings == [(after(hours=1), False), (after(seconds=3600 - 600.5), False)]


def test_a_frozen_clock_stands(clock, machine, readings):
    """Frozen it stands, moves only when it is moved, and stays frozen then; the follower stands with it."""
    assert clock.change(freeze=True).frozen
    machine.time = after(days=1)
    assert clock.now() == NOON
    assert clock.change(advance_seconds=60).now == after(minutes=1) == clock.now()
    assert readings == [(NOON, True), (after(minutes=1), True)]


def test_a_thawed_clock_goes_on_from_where_it_stood(clock, machine):
    """What it missed while it stood it does not catch up on."""
    clock.change(freeze=True)
    machine.time = after(hours=1)
    clock.change(freeze=False)
    machine.time = after(hours=1, seconds=1)
    assert clock.now() == after(seconds=1)


def test_it_is_set_in_any_time_zone(clock):
    """A time of another zone is shown in UTC."""
    zone = timezone(timedelta(hours=2))
    assert clock.change(now=NOON.astimezone(zone), freeze=True).now.tzinfo is UTC
    assert clock.now() == NOON


def test_all_at_once_is_done_in_order(clock, machine):
    """Reset comes first, then the time that is set, then the advance, then the freeze."""
    clock.change(advance_seconds=1e6, freeze=True)
    changed = clock.change(reset=True, advance_seconds=10, freeze=True)
    machine.time = after(days=2)
    assert (changed.now, clock.now()) == (after(seconds=10), after(seconds=10))


def test_a_reset_clock_is_the_machines(clock, machine, readings):
    """Once reset it follows the machine again, and so does the follower."""
    clock.change(now=after(days=365), freeze=True)
    machine.time = after(hours=3)
    reading = clock.change(reset=True)
    assert (reading.now, reading.frozen, reading.offset_seconds) == (after(hours=3), False, 0)
    assert readings[-1] == (None, False)


@pytest.mark.parametrize(
    "change",
    [
        {"advance_seconds": 1e11},
        {"advance_seconds": -1e11},
        {"advance_seconds": 1e300},
        {"advance_seconds": float("inf")},
        {"advance_seconds": float("nan")},
        {"now": EARLIEST - timedelta(microseconds=1)},
        {"now": LATEST + timedelta(days=1)},
        {"now": datetime.min.replace(tzinfo=timezone(timedelta(hours=23)))},
        {"now": datetime.max.replace(tzinfo=timezone(-timedelta(hours=23)))},
    ],
)
def test_a_time_that_cannot_be_reckoned_with_is_refused(clock, readings, change):
    """Beyond 1980 and 2999 nothing is changed, and the error says what is expected."""
    with pytest.raises(OutOfRange, match="from 1980 to 2999"):
        clock.change(**change)
    assert (clock.now(), readings) == (NOON, [])


def test_no_change_is_lost_among_threads(clock, readings):
    """Threads that advance it at once advance it by the sum, and the follower hears them in order."""
    clock.change(freeze=True)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: clock.change(advance_seconds=1), range(200)))
    assert clock.now() == after(seconds=200)
    assert [now for now, _ in readings] == [after(seconds=second) for second in range(201)]
