"""Memory with a bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanner_api.access.newest import keep_newest


@given(st.lists(st.integers(0, 9)), st.integers(1, 5))
def test_newest_are_kept(keys, most):
    """Whatever is put in, and however often, the entries kept are the last ones that differ, oldest first."""
    kept = {}
    for value, key in enumerate(keys):
        keep_newest(kept, key, value, most)
    latest = {key: value for value, key in enumerate(keys)}
    assert list(kept.items()) == sorted(latest.items(), key=lambda entry: entry[1])[-most:]
