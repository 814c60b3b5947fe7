"""Bodies of sequential media types, as they are read."""

from __future__ import annotations

import pytest

from openapi_service.problems import BadRequest
from openapi_service.sequences import items_of


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
