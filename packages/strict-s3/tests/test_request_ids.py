"""Requests have the ids that S3 gives them."""

import re

from strict_s3.messages.response import RequestIds


def test_ids_look_like_those_of_s3():
    """A request id is 16 upper-case hex digits, a host id 76 characters of Base64; no two are the same."""
    for ids in (RequestIds(None), RequestIds(7)):
        drawn = [ids.draw() for _ in range(100)]
        assert all(re.fullmatch(r"[0-9A-F]{16}", request_id) for request_id, _ in drawn)
        assert all(re.fullmatch(r"[A-Za-z0-9+/]{76}", host_id) for _, host_id in drawn)
        assert len(set(drawn)) == 100


def test_with_a_seed_they_are_the_same_again():
    """Same seed, same ids, and once more from the beginning; another seed has others."""
    ids = RequestIds(7)
    first = [ids.draw() for _ in range(3)]
    ids.reset()
    assert (
        first == [ids.draw() for _ in range(3)] == [each.draw() for each in [RequestIds(7)] for _ in range(3)]
    )
    assert RequestIds(8).draw() not in first


def test_without_a_seed_nobody_can_tell():
    """Two that are random differ."""
    assert RequestIds(None).draw() != RequestIds(None).draw()
