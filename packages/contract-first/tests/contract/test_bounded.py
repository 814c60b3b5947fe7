"""The items that a bounded dict remembers."""

from __future__ import annotations

from contract_first.bounded import BoundedDict


def test_last_items_set_stay():
    """An item that is set again is the last, and reading one changes nothing."""
    latest: BoundedDict[str, int] = BoundedDict(2)
    latest["a"], latest["b"] = 1, 2
    latest["a"] = 3
    assert latest["b"] == 2
    latest["c"] = 4
    assert list(latest.items()) == [("a", 3), ("c", 4)]
