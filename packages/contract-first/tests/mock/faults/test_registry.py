"""The faults that are on, counted right for every thread."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from contract_first.mock.latency import Exponential, Normal
from contract_first.mock.rule import Effect, Match, Rule, RuleError
from contract_first.mock.rules.registry import Rules
from contract_first.service.messages.problems import Conflict

DROP = Effect(drop=True)


def asked(**differing):
    """Return a request, as faults look at it."""
    plain = {"method": "GET", "path": "/x", "operation": "get_x", "key": "", "scope": ""}
    return SimpleNamespace(**{**plain, "mentions": lambda _: False, **differing})


def test_there_is_an_end_to_them():
    """A thousand faults can be on; one more is refused, and none of those that came with it is on."""
    faults = Rules()
    faults.add(*[Rule(effect=DROP)] * 999)
    with pytest.raises(Conflict, match="999 faults are active; at most 1000"):
        faults.add(Rule(effect=DROP), Rule(effect=DROP))
    assert len(faults.active()) == 999


def test_s3_hears_of_its_own():
    """S3 gets its faults when they change, and not when the API's do."""
    reported = []
    faults = Rules(follow=reported.append)
    (mine,) = faults.add(Rule(on="s3", effect=DROP))
    faults.add(Rule(effect=DROP))
    faults.clear("nobody")
    assert not faults.remove(mine.id, "override")
    assert faults.remove(mine.id, "fault")
    assert reported == [[mine], []]


def test_chance_is_the_seeds():
    """The same seed applies to the same requests and draws the same latencies; another seed others."""
    fault = Rule(probability=0.5, effect=Effect(latency_ms=Exponential(mean=10)))

    def run(seed):
        faults = Rules(seed)
        faults.add(Rule(effect=DROP, match=Match(path="/other")), fault)
        return [
            injection and injection.seconds for injection in (faults.injection(asked()) for _ in range(50))
        ]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 5 < run(1).count(None) < 45


def test_latencies_are_never_negative():
    """Whatever a distribution draws, no response comes before the request, nor after ten minutes."""
    faults = Rules()
    faults.add(Rule(effect=Effect(latency_ms=Normal(mean=1, standard_deviation=600_000))))
    drawn = [faults.injection(asked()).seconds for _ in range(100)]
    assert min(drawn) == 0
    assert max(drawn) == 600


@pytest.mark.parametrize(
    ("fault", "reported"),
    [
        (
            Rule(match=Match(operation="get_sesion"), effect=DROP),
            "is not an operation of api; close to it: a_get_session",
        ),
        (Rule(match=Match(operation="Ω" * 300), effect=DROP), "is not an operation of api"),
        (Rule(on="s3", effect=DROP), "/on: is s3, which this mock does not have"),
    ],
)
def test_a_fault_that_would_never_apply(fault, reported):
    """A fault for an operation, or a server, that is not there is refused; what is close is reported."""
    faults = Rules()
    faults.operations = {"api": ["a_get_session", "a_end_photo"]}
    with pytest.raises(RuleError, match=f"{reported}$"):
        faults.add(Rule(effect=DROP), fault)
    assert faults.active() == []


def test_patterns_are_of_two_characters():
    """In a pattern ``*`` and ``?`` alone are special."""
    faults = Rules()
    faults.add(Rule(match=Match(path="/a[bc]?/*"), effect=DROP))
    assert faults.injection(asked(path="/a[bc]d/e/f"))
    assert not faults.injection(asked(path="/abd/e"))


def test_a_fault_applies_as_often_as_is_to_be_in_many_threads():
    """Requests at once do not share a turn."""
    faults = Rules()
    faults.add(Rule(skip=10, times=30, effect=DROP))
    injections = []
    threads = [
        threading.Thread(target=lambda: injections.extend(faults.injection(asked()) for _ in range(25)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(injection is not None for injection in injections) == 30


def test_an_operation_by_the_end_of_its_name():
    """An operation is named by its operationId or the end of one, from an underscore on."""
    faults = Rules()
    faults.add(Rule(match=Match(operation="get_session"), effect=DROP))
    assert faults.injection(asked(operation="api_sessions_get_session"))
    assert faults.injection(asked(operation="get_session"))
    assert not faults.injection(asked(operation="forget_session"))
    assert not faults.injection(asked(operation=""))
