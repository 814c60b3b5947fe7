"""What members of rules need and exclude beside them, as their annotations say."""

from __future__ import annotations

import pytest

from contract_first.mock.extension import NO_EXTENSION
from contract_first.mock.rule import Effect, RuleError
from contract_first.mock.rule_members import On, notes
from contract_first.mock.rules import effects
from contract_first.mock.rules.reading import RuleReader
from contract_first.mock.s3 import faults


@pytest.mark.parametrize(
    ("on", "rule", "where", "detail"),
    [
        ("s3", {"effect": {"error_code": "x"}}, "/effect/error_code", "applies to faults on api only"),
        ("s3", {"effect": {"cut_after_bytes": 0}}, "/effect/cut_after_bytes", "on s3 there are latency_ms"),
        ("api", {"effect": {"s3_code": "SlowDown"}}, "/effect/s3_code", "applies to faults on s3 only"),
        ("api", {"effect": {"error_code": "x"}}, "/effect/error_code", "needs a status beside it"),
        (
            "s3",
            {"effect": {"retry_after_seconds": 0}},
            "/effect/retry_after_seconds",
            "needs a status or s3_code",
        ),
        ("api", {"effect": {"drop": True, "drop_response": True}}, "/effect/drop_response", "choose one"),
        ("api", {"effect": {"drop_response": True, "status": 503}}, "/effect/drop_response", "no response"),
        (
            "api",
            {"effect": {"respond": {}, "patch": {"status": 404}}},
            "/effect/respond",
            "is the whole response",
        ),
        (
            "api",
            {"effect": {"forward": True, "status": 503}},
            "/effect/forward",
            "no respond, status or drop",
        ),
        ("s3", {"effect": {"drop": True}, "match": {"item": {"": 1}}}, "/match/item", "on api only"),
    ],
)
def test_a_contradiction(on, rule, where, detail):
    """A member that its server does not have, or that does not go with another one, is refused."""
    with pytest.raises(RuleError, match=detail) as refused:
        RuleReader(NO_EXTENSION).rule({"on": on, **rule})
    assert refused.value.where == where


@pytest.mark.parametrize("effect", [{"retry_after_seconds": 0}, {"forward": False, "status": 503}])
def test_no_contradiction(effect):
    """What holds on the other server alone, or is switched off, refuses nothing."""
    assert RuleReader(NO_EXTENSION).rule({"effect": effect})


def test_a_hint_names_members_that_there_are():
    """A hint has the selectors of this mock's rules, and none of an application."""
    with pytest.raises(RuleError, match="on api there are operation, method, path, query") as refused:
        RuleReader(NO_EXTENSION).rule({"effect": {"drop": True}, "match": {"key": "a"}})
    assert "session" not in refused.value.detail


@pytest.mark.parametrize(
    ("on", "steps", "others"),
    [("api", effects.STEPS, set()), ("s3", faults.STEPS, {"retry_after_seconds"})],
)
def test_a_step_for_each_effect(on, steps, others):
    """What a rule can ask of a server has a step there, or belongs to one, as Retry-After to S3's errors."""
    elsewhere = {name for name, note in notes(Effect) if isinstance(note, On) and note.server != on}
    in_context = {"clock_skew_seconds", "sequence"}
    assert {*steps} == {*Effect.__struct_fields__} - elsewhere - in_context - others
