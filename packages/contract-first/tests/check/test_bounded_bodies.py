"""Bodies are read within limits of bytes and time; of a stream of items the first few."""

from itertools import repeat

import pytest

from contract_first.check.bounded_bodies import MOST_BYTES, MOST_ITEMS, BodyTooLarge, read_body

JSON = "application/json"
EVENTS = "text/event-stream"


class Counted:
    """Parts without an end, which counts those that were read."""

    def __init__(self, part, most=10**9):
        self.part, self.most, self.count = part, most, 0

    def __iter__(self):
        for part in repeat(self.part, self.most):
            self.count += 1
            yield part


def test_a_body_within_the_limit_is_whole():
    """A body of exactly the most bytes is returned as it is."""
    body = read_body([b"x" * MOST_BYTES], JSON, 60)
    assert len(body) == MOST_BYTES


def test_a_body_beyond_the_limit_is_counted():
    """Its size is in the message, in MB, and its head's length is enough to know it."""
    with pytest.raises(BodyTooLarge, match=r"the body has 200\.0 MB, of which at most 4\.2 MB are read"):
        read_body(repeat(b"x" * 1_000_000, 200), JSON, 600)
    unread = Counted(b"x")
    with pytest.raises(BodyTooLarge, match=r"the body has 200\.0 MB"):
        read_body(unread, JSON, 60, "200000000")
    assert unread.count == 0


def test_a_body_without_an_end_ends_by_time():
    """Once its time is over, the message says after how much."""
    parts = Counted(b"x")
    with pytest.raises(BodyTooLarge, match="does not end within 0 s, after 0"):
        read_body(parts, JSON, 0)
    assert parts.count == 1


@pytest.mark.parametrize(
    ("media_type", "item"),
    [
        (EVENTS, b"data: 1\n\n"),
        (EVENTS, b"data: 1\r\n\r\n"),
        ("application/jsonl", b"1\n"),
        ("application/json-seq; charset=utf-8", b"\x1e1\n"),
    ],
)
def test_a_stream_ends_after_a_few_items(media_type, item):
    """The items that are read are whole, though parts end within them."""
    assert read_body(Counted(item), media_type, 60) == item * MOST_ITEMS
    halves = [part for _ in range(100) for part in (item[:2], item[2:])]
    assert read_body(halves, media_type, 60) == item * MOST_ITEMS


def test_a_stream_that_falls_silent_has_the_items_that_came():
    """What came of the next item is left out; a body that is none of items is an error."""

    def parts():
        yield b"data: 1\n\ndata"
        raise TimeoutError

    assert read_body(parts(), EVENTS, 60) == b"data: 1\n\n"
    with pytest.raises(TimeoutError):
        read_body(parts(), JSON, 60)


def test_a_stream_that_ends_is_whole():
    """Its last item need not have an end."""
    assert read_body([b"1\n", b"2"], "application/jsonl", 60) == b"1\n2"


def test_an_item_beyond_the_limit_is_refused():
    """A stream of one item without an end is no way round the limit."""
    with pytest.raises(BodyTooLarge, match=r"the body has 6\.0 MB"):
        read_body(Counted(b"x" * 100_000, 60), EVENTS, 60)


def test_lines_of_an_event_are_no_events():
    """Line breaks of two characters end a line, and only two of them an event."""
    event = b"event: a\r\ndata: 1\r\n\r\n"
    assert read_body(Counted(event), EVENTS, 60) == event * MOST_ITEMS
