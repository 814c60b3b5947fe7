"""Policies: read as S3 reads them, and validated."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_s3.auth.policy import parse
from strict_s3.auth.relaxed_json import NotJSON, loads
from strict_s3.messages.errors import S3Error
from strict_s3.messages.orders import MAX_OBJECT_BYTES

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = "2026-01-01T00:00:01.500Z"


def encoded(policy) -> str:
    """Return a policy as a form carries it."""
    text = policy if isinstance(policy, str) else json.dumps(policy)
    return base64.b64encode(text.encode()).decode()


def policy(*conditions):
    """Return a policy with these conditions."""
    return parse(encoded({"expiration": UNTIL, "conditions": conditions}))


def refusal(fields, *conditions) -> str:
    """Return why the policy refuses the fields."""
    with pytest.raises(S3Error) as caught:
        policy(*conditions).check(fields, NOW)
    return caught.value.message.removeprefix("Invalid according to Policy: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expecting '{' but found End-of-Input"),
        ("not base64", "invalid Base64 encoding."),
        ("e30é", "invalid Base64 encoding."),
        (encoded("{"), "Invalid JSON."),
        (encoded("[]"), "Invalid JSON."),
        (base64.b64encode(b"\xff").decode(), "Invalid JSON."),
        (encoded("[" * 10_000), "Invalid JSON."),
        (encoded({"expiration": UNTIL, "conditions": [], "more": 1}), 'Unexpected: "more"'),
        (encoded({"conditions": []}), "Policy missing expiration."),
        (encoded({"expiration": UNTIL}), "Policy missing conditions."),
        (encoded({"expiration": True, "conditions": []}), "Invalid JSON."),
        (encoded({"expiration": "soon", "conditions": []}), "Invalid 'expiration' value: 'soon'"),
        (
            encoded({"expiration": "2026-02-30T00:00:00Z", "conditions": []}),
            "Invalid 'expiration' value: '2026-02-30T00:00:00Z'",
        ),
        (encoded({"expiration": UNTIL, "conditions": {}}), "Invalid 'conditions' value: must be a List."),
        (
            encoded({"expiration": UNTIL, "conditions": ["x"]}),
            "Invalid condition test: must be a List or Object.",
        ),
        (
            encoded({"expiration": UNTIL, "conditions": [[]]}),
            "Invalid Condition: missing operation identifier.",
        ),
        (
            encoded({"expiration": UNTIL, "conditions": [["like", "$a", "b"]]}),
            "Invalid Condition: unknown operation 'like'.",
        ),
        (
            encoded({"expiration": UNTIL, "conditions": [["eq", "$a"]]}),
            "Invalid eq: wrong number of arguments.",
        ),
        (encoded({"expiration": UNTIL, "conditions": [["eq", "$a", 1]]}), "Invalid JSON."),
        (encoded({"expiration": UNTIL, "conditions": [["content-length-range", 1, True]]}), "Invalid JSON."),
        (encoded('{"expiration": ' + "1" * 10_000 + "}"), "Invalid JSON."),
    ],
)
def test_unreadable_policies(text, message):
    """What is wrong with a policy is reported in S3's words."""
    with pytest.raises(S3Error) as caught:
        parse(text)
    assert (caught.value.code, caught.value.message) == (
        "InvalidPolicyDocument",
        f"Invalid Policy: {message}",
    )


@pytest.mark.parametrize(
    ("fields", "condition", "message"),
    [
        ({"key": "b"}, {"key": "a"}, 'Policy Condition failed: ["eq", "$key", "a"]'),
        ({"key": "A"}, ["eq", "$key", "a"], 'Policy Condition failed: ["eq", "$key", "a"]'),
        ({}, ["starts-with", "$key", ""], 'Policy Condition failed: ["starts-with", "$key", ""]'),
        ({"key": "a"}, ["eq", "key", "a"], 'Policy Condition failed: ["eq", "key", "a"]'),
        (
            {"content-type": "image/png, text/html"},
            ["starts-with", "$Content-Type", "image/"],
            'Policy Condition failed: ["starts-with", "$Content-Type", "image/"]',
        ),
        (
            {},
            ["content-length-range", "a", 9],
            'Policy Condition failed: ["content-length-range", "a", "9"]',
        ),
        ({"a": "", "b": "", "key": ""}, {"KEY": ""}, "Extra input fields: a, b"),
    ],
)
def test_fields_that_are_refused(fields, condition, message):
    """A condition that fails and a field without condition are named, the condition as a list of strings."""
    assert refusal(fields, condition) == message


@pytest.mark.parametrize(
    ("fields", "condition"),
    [
        ({"key": "a"}, {"KEY": "a"}),
        ({"key": "abc"}, ["Starts-With", "$kEY", "ab"]),
        ({"content-type": "image/png,image/gif"}, ["starts-with", "$content-type", "image/"]),
        ({"x-amz-meta-list": "b, a"}, ["starts-with", "$x-amz-meta-list", "b"]),
        ({"key": "a", "file": "", "policy": "", "x-amz-signature": "", "x-ignore-x": ""}, {"key": "a"}),
        ({}, ["content-length-range", "1", 2]),
    ],
)
def test_fields_that_are_allowed(fields, condition):
    """Names and operators are compared without case, values with it; some fields need no condition."""
    policy(condition).check(fields, NOW)


def test_expiry_comes_first():
    """A policy is expired from its very moment on, whatever its conditions say."""
    with pytest.raises(S3Error, match="Policy expired"):
        policy({"key": "a"}).check({}, datetime(2026, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC))
    with pytest.raises(S3Error, match="Policy Condition failed"):
        policy({"key": "a"}).check({}, datetime(2026, 1, 1, 0, 0, 1, 499_999, tzinfo=UTC))


def test_sizes():
    """Every range must hold; without one the limit is S3's own."""
    two = policy(["content-length-range", 2, 10], ["content-length-range", 3, 20])
    two.check_size(3)
    two.check_size(10)
    assert (two.max_bytes, policy().max_bytes) == (10, MAX_OBJECT_BYTES)
    with pytest.raises(S3Error) as small:
        two.check_size(2)
    with pytest.raises(S3Error) as large:
        two.check_size(11)
    assert small.value.elements == {"ProposedSize": 2, "MinSizeAllowed": 3}
    assert large.value.elements == {"ProposedSize": 11, "MaxSizeAllowed": 10}


def test_relaxed_json():
    r"""A comma after the last member and the escape ``\$`` are read; strings are printed as written."""
    text = r'{"expiration": "2026-01-01T00:00:01Z", "conditions": [["eq", "$key", "\$\u00e4\/"],],}'
    condition = parse(encoded(text)).conditions[0]
    assert condition.operands == ("$key", "$ä/")
    assert condition.written == r'["eq", "$key", "\$\u00e4\/"]'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.booleans())
def test_all_json_is_relaxed_json(value, ascii_only):
    """Whatever Python writes as JSON is read as the same."""
    assert loads(json.dumps(value, ensure_ascii=ascii_only)) == value


@given(st.text(alphabet='{}[],:"\\$ \n0aeu-.truefalsn', max_size=40))
def test_no_text_is_an_accident(text):
    """A text is read or refused; nothing else happens."""
    try:
        loads(text)
    except NotJSON:
        pass
    else:
        assert text.strip()
