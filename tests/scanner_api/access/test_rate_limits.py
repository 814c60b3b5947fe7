"""Rate limits: what is let through, and what the headers say."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from typing import NamedTuple
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_first.service.messages.problems import RateLimited, ServiceUnavailable
from scanner_api.access.callers import Caller
from scanner_api.access.counters import open_counters
from scanner_api.access.memory_counters import MemoryCounters
from scanner_api.access.rate_limits import MAX_REFUSALS, RateLimiter, quota_of, slots_of


class Outcome(NamedTuple):
    """What one request gets."""

    status: int
    headers: dict[bytes, bytes]
    retry_after: str | None

    @property
    def remaining(self):
        """The requests left in the most restrictive window."""
        return int(self.headers[b"ratelimit-remaining"])

    @property
    def standing(self):
        """Limit, remaining and seconds until the reset."""
        return tuple(int(self.headers[b"ratelimit-" + name]) for name in (b"limit", b"remaining", b"reset"))


@pytest.fixture(scope="session")
def send(make_request):
    """Sends one request to a limiter."""

    async def sent(limiter, per_minute=5, per_day=8, subject="key:a"):
        request = make_request()
        status, retry_after = 200, None
        try:
            await limiter.spend(request, subject, quota_of(per_minute, per_day))
        except RateLimited as problem:
            status, retry_after = 429, problem.headers["Retry-After"]
        headers = dict(request.response_headers)
        assert len(headers) == len(request.response_headers)
        return Outcome(status, headers, retry_after)

    return sent


async def test_headers_say_what_is_left(clock, send):
    """Each response names all windows and, for the most restrictive one, limit, rest and reset, twice."""
    now = int(clock.now().timestamp())
    response = await send(RateLimiter(open_counters("memory://", clock)), 300, 10_000)
    assert response.headers == {
        b"ratelimit-policy": b"300;w=60, 10000;w=86400",
        b"ratelimit-limit": b"300",
        b"ratelimit-remaining": b"299",
        b"ratelimit-reset": b"60",
        b"x-ratelimit-limit": b"300",
        b"x-ratelimit-remaining": b"299",
        b"x-ratelimit-reset": b"%d" % (now + 60),
    }


async def test_most_restrictive_window_is_the_one_with_fewest_left(clock, send):
    """The headers change to the day as soon as it has fewer requests left than the minute, or as few."""
    limiter = RateLimiter(open_counters("memory://", clock))
    standings = [(await send(limiter)).standing for _ in range(4)]
    clock.advance(60)
    standings += [(await send(limiter)).standing for _ in range(4)]
    clock.advance(60)
    standings.append((await send(limiter)).standing)
    assert standings == [
        (5, 4, 60),
        (5, 3, 60),
        (5, 2, 60),
        (5, 1, 60),
        (8, 3, 86_340),
        (8, 2, 86_340),
        (8, 1, 86_340),
        (8, 0, 86_340),
        (8, 0, 86_280),
    ]


async def test_used_up_window_refuses_until_its_reset(clock, send):
    """The request beyond the limit is a 429 that says when to come back, and then it is let in."""
    limiter = RateLimiter(open_counters("memory://", clock))
    for _ in range(5):
        assert (await send(limiter, per_day=100)).status == 200
    for pause, retry_after in [(58.5, "2"), (1.0, "1")]:
        clock.advance(pause)
        refused = await send(limiter, per_day=100)
        assert (refused.status, refused.remaining, refused.retry_after) == (429, 0, retry_after)
    clock.advance(0.5)
    assert (await send(limiter, per_day=100)).standing == (5, 4, 60)


async def test_a_clock_that_is_put_back_refuses_nobody_for_hours(clock, send):
    """A window of a minute does not take longer, though its end was reckoned by another time."""
    limiter = RateLimiter(open_counters("memory://", clock))
    assert [(await send(limiter, per_minute=1)).status for _ in range(2)] == [200, 429]
    clock.advance(-7200)
    assert [(await send(limiter, per_minute=1)).retry_after for _ in range(2)] == [None, "60"]


async def test_retry_after_is_of_the_window_that_holds_longest(clock, send):
    """Where minute and day are both used up, coming back after the minute would be in vain."""
    limiter = RateLimiter(open_counters("memory://", clock))
    for _ in range(5):
        await send(limiter, 5, 5)
    assert (await send(limiter, 5, 5)).retry_after == "86400"
    again = RateLimiter(limiter.counters)
    assert (await send(again, 5, 5)).retry_after == "86400"


async def test_refusal_spends_nothing(clock, send):
    """However often a used-up minute is run into, by how many processes, the day loses nothing by it."""
    counters = open_counters("memory://", clock)
    for _ in range(7):
        await send(RateLimiter(counters), 5, 100)
    limiter = RateLimiter(counters)
    for _ in range(50):
        await send(limiter, 5, 100)
    clock.advance(60)
    assert counters._counters["key:a/100/86400"].count == 5
    assert (await send(limiter, 100, 100)).remaining == 94


async def test_window_that_ends_while_it_refuses(clock, send):
    """Should a window end between count and response, the 429 still says that nothing is left."""

    class Slow(MemoryCounters):
        async def take(self, slots):
            taken = await super().take(slots)
            if not taken.counted:
                clock.advance(60)
            return taken

    counters = Slow(clock)
    await send(RateLimiter(counters), 1, 100)
    limiter = RateLimiter(counters)
    refused = await send(limiter, 1, 100)
    assert (refused.status, refused.remaining, refused.retry_after) == (429, 0, "1")
    assert (await send(limiter, 1, 100)).status == 200


@pytest.mark.parametrize("storage", ["memory", "redis"])
@pytest.mark.parametrize(("per_minute", "per_day"), [(5, 100), (100, 5), (5, 5)])
async def test_last_requests_of_many_at_once(request, clock, send, storage, per_minute, per_day):
    """Of forty requests at once with five left, five are let in, and none is given more than is left."""
    url = request.getfixturevalue("redis_url") if storage == "redis" else "memory://"
    counters = [open_counters(url, clock) for _ in range(2)]
    # memory is one process's, Redis is what processes share
    limiters = [RateLimiter(counters[number if storage == "redis" else 0]) for number in range(2)]
    subject = f"key:{uuid4()}"
    responses = await asyncio.gather(
        *(send(limiters[number % 2], per_minute, per_day, subject) for number in range(40))
    )
    assert Counter(response.status for response in responses) == {200: 5, 429: 35}
    rests = sorted(response.remaining for response in responses if response.status == 200)
    assert all(remaining <= left for remaining, left in zip(rests, range(5), strict=True))
    assert {response.remaining for response in responses if response.status == 429} == {0}
    counts = await counters[0].peek(slots_of(subject, quota_of(per_minute, per_day)))
    assert [count.value for count in counts] == [5, 5]
    for opened in counters:
        await opened.close()


async def test_processes_share_one_redis(redis_url, clock, send):
    """Two processes on one Redis count together, tell the same reset, and refuse together."""
    limiters = [RateLimiter(open_counters(redis_url, clock)) for _ in range(2)]
    subject = f"key:{uuid4()}"
    responses = [await send(limiters[number % 2], subject=subject) for number in range(6)]
    assert [response.status for response in responses] == [200] * 5 + [429]
    assert [response.remaining for response in responses] == [4, 3, 2, 1, 0, 0]
    resets = [int(response.headers[b"x-ratelimit-reset"]) for response in responses]
    assert max(resets) - min(resets) <= 1
    for limiter in limiters:
        await limiter.ping()
        await limiter.counters.close()


async def test_redis_that_is_down(clock, send):
    """Without its Redis the limiter lets nobody in: a 503, also for the readiness check."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    limiter = RateLimiter(open_counters(f"redis://:secret@127.0.0.1:{port}/0", clock))
    for attempt in (send(limiter), limiter.ping()):
        with pytest.raises(ServiceUnavailable) as problem:
            await attempt
        assert "secret" not in problem.value.detail
    await limiter.counters.close()


@pytest.mark.parametrize(
    ("caller", "policy"),
    [
        (Caller("key:a", frozenset()), b"300;w=60, 10000;w=86400"),
        (Caller("key:a", frozenset(), own_sessions_only=True), b"100;w=60, 10000;w=86400"),
        (Caller("key:a", frozenset(), per_minute=5), b"5;w=60, 10000;w=86400"),
        (Caller("key:a", frozenset(), own_sessions_only=True, per_minute=900), b"900;w=60, 10000;w=86400"),
        (Caller("key:a", frozenset(), per_minute=900, per_day=1_000_000), b"900;w=60, 1000000;w=86400"),
    ],
)
def test_quota_is_the_callers_own_or_that_of_its_kind(clock, caller, policy):
    """A caller's own limits hold; where it has none, those of its kind."""
    assert RateLimiter(open_counters("memory://", clock)).by_credential(caller).policy == policy


async def test_raised_limit_holds_at_once(clock, send):
    """Who is refused is let in as soon as the limit is raised, not only at the reset."""
    limiter = RateLimiter(open_counters("memory://", clock))
    assert [(await send(limiter, 1, 100)).status for _ in range(3)] == [200, 429, 429]
    assert (await send(limiter, 2, 100)).status == 200


async def test_subjects_do_not_share(clock, send):
    """What one caller spends, another one keeps."""
    limiter = RateLimiter(open_counters("memory://", clock))
    for _ in range(6):
        last = await send(limiter, subject="key:a")
    assert (last.status, (await send(limiter, subject="key:b")).remaining) == (429, 4)


async def test_refusals_are_remembered_within_bounds(clock, send):
    """An attacker with many addresses fills the memory of refusals up to its bound and no further."""
    limiter = RateLimiter(open_counters("memory://", clock))
    for number in range(MAX_REFUSALS + 10):
        await send(limiter, 1, 1, subject=f"failed:{number}")
    assert len(limiter._refusals) == MAX_REFUSALS
    await limiter.reset()
    assert not limiter._refusals
    assert (await send(limiter, 1, 1, subject=f"failed:{MAX_REFUSALS}")).status == 200


class Model:
    """The rule in plain words: two windows, each started by its first request, both counted or none."""

    def __init__(self, limits):
        self.limits = limits
        self.windows = {}

    def spend(self, now):
        """Return the status and the requests left at a time."""
        for seconds in self.limits:
            if now >= self.windows.get(seconds, (0, 0))[0]:
                self.windows[seconds] = (now + seconds, 0)
        left = {seconds: limit - self.windows[seconds][1] for seconds, limit in self.limits.items()}
        if not all(left.values()):
            return 429, 0
        for seconds, (ends, count) in self.windows.items():
            self.windows[seconds] = (ends, count + 1)
        return 200, min(left.values()) - 1


@settings(max_examples=200)
@given(
    per_minute=st.integers(1, 6),
    per_day=st.integers(1, 12),
    pauses=st.lists(st.sampled_from([0, 0, 0, 1, 20, 59, 60, 61, 86_340, 86_400]), max_size=40),
)
async def test_limiter_keeps_the_rule(stopped_clock, send, per_minute, per_day, pauses):
    """Whatever the pauses, each request fares as in the model, and within a window the rest never grows."""
    clock = stopped_clock()
    limiter = RateLimiter(open_counters("memory://", clock))
    model = Model({60: per_minute, 86_400: per_day})
    previous = None
    for pause in pauses:
        clock.advance(pause)
        response = await send(limiter, per_minute, per_day)
        assert (response.status, response.remaining) == model.spend(clock.now().timestamp())
        reset = int(response.headers[b"x-ratelimit-reset"])
        assert reset - clock.now().timestamp() == response.standing[2] > 0
        if previous and previous[0] == (response.standing[0], reset):
            assert response.remaining <= previous[1]
        previous = (response.standing[0], reset), response.remaining
        assert (response.retry_after is not None) == (response.status == 429)
