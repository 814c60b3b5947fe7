"""Bodies of sequential media types, as they are read."""

from __future__ import annotations

import pytest

from contract_first.service.messages.problems import BadRequest
from contract_first.service.request.sequences import body_of_items, items_of


@pytest.mark.parametrize("value", ["9" * 5000, "\u0661", "-1", ""])
def test_a_retry_that_is_no_time_is_ignored(value):
    """WHATWG HTML, section 9.2.6: it has ASCII digits alone; so many that nobody waits so long are none."""
    events = items_of(f"retry: {value}\ndata: x\n\nretry: 100\n\n".encode(), "text/event-stream")
    assert events == [{"data": "x"}, {"retry": 100}]


@pytest.mark.parametrize("media_type", ["text/event-stream", "application/jsonl", "application/json-seq"])
def test_a_sequence_that_is_not_utf_8_is_refused(media_type):
    """It is never passed on with characters that cannot be encoded again."""
    with pytest.raises(BadRequest, match="UTF-8"):
        items_of(b"data: \xff\n\n", media_type)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_text_adds_no_fields_to_an_event(end):
    """Each kind of line end in a value begins another line of the same field."""
    body = body_of_items([{"data": f"x{end}id: 1"}], "text/event-stream")
    assert items_of(body, "text/event-stream") == [{"data": "x\nid: 1"}]


@pytest.mark.parametrize("media_type", ["text/event-stream", "application/jsonl", "application/json-seq"])
def test_items_are_json(media_type):
    """As in other responses, a number that JSON has none for is null."""
    assert b"[null]" in body_of_items([{"data": [float("nan")]}], media_type)


def test_members_of_an_event_are_its_fields():
    """Members with names of their own are sent too: a client may know more than the format."""
    assert body_of_items([{"data": "x", "extra": 1}], "text/event-stream") == b"data: x\nextra: 1\n\n"
