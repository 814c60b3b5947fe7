"""The ring of exchanges: bounded, numbered, asked by what exchanges have to be, and waited for."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from contract_first.check.exchange import Message, MessageViolation, RecordedExchange, Validation
from contract_first.mock.journal.journal import Journal
from contract_first.mock.journal.selector import ExchangeSelector
from contract_first.service.messages.problems import ServiceUnavailable

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def exchange(**differing):
    """Return an exchange that differs from a plain GET in what is given."""
    plain = {
        "started": NOON,
        "milliseconds": 1.5,
        "method": "GET",
        "url": "http://127.0.0.1/things/1?x=1",
        "status": 200,
        "request": Message(),
        "response": Message(),
        "operation": "api_things_get_thing",
    }
    return RecordedExchange(**{**plain, **differing})


def journal_of(*exchanges, make_validator=None, **limits):
    """Return a journal that has heard of these."""
    journal = Journal()
    for name, number in limits.items():
        setattr(journal, name, number)
    if make_validator is not None:
        journal.validate_with(make_validator)
    for each in exchanges:
        journal.record(each)
    return journal


class Strict:
    """A validator that finds fault with every response but 200, and counts its validations."""

    def __init__(self):
        self.validated = 0

    def __call__(self, exchange):
        """Count, and validate."""
        self.validated += 1
        broken = [MessageViolation(part="status", rule="responses", detail="is not documented")]
        return Validation(response=[] if exchange.status == 200 else broken)


def test_numbers_count_from_one():
    """Exchanges are numbered in the order in which they end, and clearing does not start again."""
    journal = journal_of(exchange(), exchange())
    assert [each.number for each in journal.find()] == [1, 2]
    journal.clear()
    journal.record(exchange())
    assert [each.number for each in journal.find()] == [3]
    assert journal.last == 3


def test_the_oldest_go_when_there_are_too_many():
    """No more exchanges are kept than allowed; the latest are."""
    journal = journal_of(*[exchange()] * 5, most_exchanges=3)
    assert [each.number for each in journal.find()] == [3, 4, 5]


def test_the_oldest_go_when_they_are_too_large():
    """No more bytes are kept than allowed, and what is larger alone is not kept at all."""
    large = exchange(response=Message(body=b"x" * 5000, body_bytes=5000))
    journal = journal_of(large, large, large, most_bytes=13_000)
    assert [each.number for each in journal.find()] == [2, 3]
    journal.record(exchange(request=Message(headers=[("x", "y" * 20_000)])))
    assert journal.find() == []


@pytest.mark.parametrize(
    "expected",
    [
        {"after": 1},
        {"server": "s3"},
        {"operation": "PostObject"},
        {"operation": "api_photos_PostObject"},
        {"method": "post"},
        {"path": "/photos*"},
        {"status": "403"},
        {"status": 403},
        {"status": "4XX"},
        {"scope": "run-7"},
        {"violations": True},
        {"server": "s3", "method": "POST", "status": "4xx", "operation": "PostObject"},
    ],
)
def test_filters(expected):
    """Each member of what is asked for tells the one exchange from the other."""
    other = exchange(
        server="s3",
        operation="api_photos_PostObject",
        method="POST",
        url="http://127.0.0.1/photos",
        status=403,
        scope="run-7",
    )
    journal = journal_of(exchange(), other, make_validator=Strict)
    assert [each.number for each in journal.find(ExchangeSelector(**expected))] == [2]


@pytest.mark.parametrize(
    "expected", [{"operation": "hing"}, {"status": "5xx"}, {"status": "0"}, {"path": "/"}]
)
def test_filters_that_nothing_meets(expected):
    """What is not quite so is not found."""
    assert journal_of(exchange()).find(ExchangeSelector(**expected)) == []


def test_a_limit_takes_the_first():
    """A limit takes the oldest of those asked for, so that a reader can go on from the last."""
    journal = journal_of(*[exchange()] * 5)
    assert [each.number for each in journal.find(ExchangeSelector(after=1), 2)] == [2, 3]


def test_a_limit_of_bytes_leaves_one():
    """A limit of bytes takes the oldest that fit, and one in any case, so that a reader gets on."""
    journal = journal_of(*[exchange(response=Message(body=b"x" * 5000, body_bytes=5000))] * 4)
    assert [each.number for each in journal.find(most_bytes=13_000)] == [1, 2, 3]
    assert [each.number for each in journal.find(most_bytes=1)] == [1]


def test_what_an_export_leaves_out():
    """Older exchanges for which there was no room, and later ones beyond a limit; a selection has its own."""
    journal = journal_of(*[exchange(status=200 + number % 2) for number in range(1, 9)], most_exchanges=6)
    removed = "Exchanges up to number 2 are left out, since the journal has room for the latest 6, and"

    def omission(limit, **attributes):
        selector = ExchangeSelector(**attributes)
        return journal.omission(selector, journal.find(selector, limit), journal.last)

    assert omission(None).startswith(removed)
    assert "later" not in omission(None)
    assert omission(None, after=2) == ""
    more = "later exchanges are left out, beyond the limit of an export; they follow number"
    assert omission(4, after=2) == f"2 {more} 6."
    assert omission(1, after=2, status="201") == f"2 {more} 3."
    assert omission(0, after=7) == f"1 {more} 7."
    assert omission(1).endswith(f" 5 {more} 3.")
    journal.clear()
    assert omission(None) == ""


def test_an_export_does_not_miss_what_came_meanwhile():
    """It ends before it."""
    journal = journal_of(exchange())
    exchanges, last = journal.find(), journal.last
    journal.record(exchange())
    assert journal.omission(ExchangeSelector(), exchanges, last) == ""


def test_unknown_filters_are_refused():
    """A filter that does not exist is an error, not a filter that all meet."""
    with pytest.raises(TypeError, match="operatoin"):
        ExchangeSelector(operatoin="x")


def test_validations_are_asked_for_once_and_late():
    """Nothing is validated before somebody reads it, and then once."""
    validator = Strict()
    journal = journal_of(exchange(), exchange(status=418), make_validator=lambda: validator)
    assert validator.validated == 0
    assert len(journal.find(ExchangeSelector(violations=True))) == 1
    assert journal.find()[1].verdict.response[0].part == "status"
    assert validator.validated == 2


def test_clearing_a_scope_leaves_the_others():
    """What a test run clears of its own leaves what others did."""
    journal = journal_of(exchange(scope="a"), exchange(scope="b"), exchange())
    journal.clear("a")
    assert [each.number for each in journal.find()] == [2, 3]


def test_waiting_ends_when_enough_are_there():
    """A wait for two exchanges of a kind ends at the second, recorded by another thread."""
    journal = journal_of(exchange(status=404))

    def tell():
        for status in (200, 404, 200):
            journal.record(exchange(status=status))

    teller = threading.Thread(target=tell)
    teller.start()
    assert journal.wait(ExchangeSelector(status="404"), 2, 30)
    teller.join()


def test_waiting_ends_with_the_time():
    """A wait for what does not come says so."""
    journal = journal_of(exchange())
    assert not journal.wait(ExchangeSelector(status="404"), 1, 0.01)
    assert journal.wait(ExchangeSelector(), 1, 0)


async def test_waiting_in_an_event_loop():
    """The same is had without a thread of one's own, and leaves no listener behind."""
    journal = journal_of(exchange())
    waiting = asyncio.create_task(journal.wait_for(ExchangeSelector(after=1), 2, 30))
    await asyncio.sleep(0)
    for _ in range(2):
        await asyncio.to_thread(journal.record, exchange())
    await waiting
    await journal.wait_for(ExchangeSelector(), 10, 0.01)
    assert len(journal.find()) == 3
    assert journal._listeners == []


def test_there_is_an_end_to_those_who_wait():
    """A hundred may wait, and one more is refused."""
    journal = Journal()
    with ExitStack() as listening:
        for _ in range(100):
            listening.enter_context(journal.listening(print))
        with pytest.raises(ServiceUnavailable, match="100 listen"):
            asyncio.run(journal.wait_for(ExchangeSelector(), 1, 1))
    asyncio.run(journal.wait_for(ExchangeSelector(), 1, 0))


def test_many_threads_lose_nothing():
    """Exchanges that come from many threads at once are all there, each with a number of its own."""
    journal = Journal()
    threads = [threading.Thread(target=lambda: journal_fill(journal)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.number for each in journal.find()] == list(range(1, 201))


def journal_fill(journal):
    """Tell a journal of fifty exchanges."""
    for _ in range(50):
        journal.record(exchange())
