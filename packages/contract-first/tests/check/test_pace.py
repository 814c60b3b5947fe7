"""A check keeps within the rate limits that it is given."""

import pytest

from contract_first.check.pace import QuotaUsedUp, Rate


def heeded(**headers):
    """Return for how long a response with these headers made a pace wait."""
    slept = []
    pace = Rate(slept.append)
    pace.heed({f"ratelimit-{name}": value for name, value in headers.items()})
    assert pace.waited == sum(slept)
    return slept


def test_a_window_with_requests_left_is_not_waited_for():
    """As long as requests are left, nothing waits."""
    assert heeded(remaining="3", reset="40") == []


@pytest.mark.parametrize("remaining", ["0", "1", "2"])
def test_the_last_requests_of_a_window_are_left_unused(remaining):
    """Before a window is used up, the next one is waited for."""
    assert heeded(remaining=remaining, reset="40") == [40]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"remaining": "0"},
        {"reset": "40"},
        {"remaining": "-1", "reset": "40"},
        {"remaining": "0", "reset": "soon"},
        {"remaining": "²", "reset": "40"},
        {"remaining": "0", "reset": "9" * 5000},
    ],
)
def test_what_is_no_number_is_not_waited_for(headers):
    """A server that says nothing, or nonsense, is not waited for."""
    assert heeded(**headers) == []


def test_the_window_of_a_day_is_not_waited_for():
    """A window that resets in hours ends the run, which says so."""
    with pytest.raises(QuotaUsedUp, match="resets only in 40000 s"):
        heeded(remaining="0", reset="40000")


def test_nothing_waits_longer_than_the_run_lasts():
    """With a budget, a wait ends with it, however long the window is."""
    slept = []
    Rate(slept.append).heed({"ratelimit-remaining": "0", "ratelimit-reset": "40000"}, left=3.5)
    assert slept == [3.5]


@pytest.mark.parametrize(("remaining", "waits"), [("61", []), ("60", [40])])
def test_a_share_of_a_window_is_kept(remaining, waits):
    """A pace that is to keep a fifth of 300 requests waits once 60 are left."""
    slept = []
    headers = {"ratelimit-limit": "300", "ratelimit-remaining": remaining, "ratelimit-reset": "40"}
    Rate(slept.append).heed(headers, spared=0.2)
    assert slept == waits


def test_no_share_is_kept_of_the_window_of_a_day():
    """A fifth of a day's requests may be more than any run needs, and the day is not waited for."""
    slept = []
    headers = {"ratelimit-limit": "10000", "ratelimit-remaining": "290", "ratelimit-reset": "40000"}
    Rate(slept.append).heed(headers, spared=0.2)
    assert slept == []
