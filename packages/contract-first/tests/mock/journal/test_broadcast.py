"""Exchanges are reported to all who listen, as they come, and to nobody else."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from contract_first.check.exchange import Message, RecordedExchange
from contract_first.mock.journal.journal import Journal
from contract_first.mock.traffic import Broadcast

PLAIN = RecordedExchange(
    started=datetime(2026, 1, 1, tzinfo=UTC),
    milliseconds=1,
    method="GET",
    url="http://mock/",
    status=200,
    request=Message(),
    response=Message(),
)


class Audience:
    """A listener: remembers the numbers, and can be waited for."""

    def __init__(self):
        self.has_listeners = True
        self.numbers = []
        self.heard = threading.Condition()

    def publish_exchange(self, exchange):
        """Hear of an exchange."""
        with self.heard:
            self.numbers.append(exchange.number)
            self.heard.notify()

    def wait(self, count):
        """Wait until so many were heard of."""
        with self.heard:
            assert self.heard.wait_for(lambda: len(self.numbers) >= count, timeout=30)


@pytest.fixture
def journal():
    """Return a journal that keeps ten exchanges."""
    journal = Journal()
    journal.most_exchanges = 10
    return journal


@pytest.fixture
def audience(journal):
    """Return an audience that the journal's exchanges are sent to."""
    audience = Audience()
    broadcast = Broadcast(journal, audience)
    yield audience
    broadcast.stop()


def test_each_is_reported_once_and_in_order(journal, audience):
    """A listener hears of every exchange, in order."""
    for count in range(1, 9):
        journal.record(PLAIN)
        if count % 3 == 0:
            audience.wait(count)
    audience.wait(8)
    assert audience.numbers == list(range(1, 9))


def test_nothing_is_reported_to_nobody(journal, audience):
    """What happened while nobody listened is not reported to those who come later."""
    audience.has_listeners = False
    for _ in range(3):
        journal.record(PLAIN)
    audience.has_listeners = True
    journal.record(PLAIN)
    audience.wait(1)
    assert audience.numbers == [4]


def test_who_is_too_slow_loses_the_oldest(journal, audience):
    """A slow audience holds nobody up, and misses what the journal has forgotten meanwhile."""
    with audience.heard:  # it cannot hear yet
        for _ in range(100):
            journal.record(PLAIN)
    journal.record(PLAIN)
    with audience.heard:
        assert audience.heard.wait_for(lambda: 101 in audience.numbers, timeout=30)
    assert len(audience.numbers) < 101
    assert audience.numbers == sorted(set(audience.numbers))
