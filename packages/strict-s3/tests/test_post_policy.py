"""Whether a form's policy allows it, one defect at a time: what S3 responds to each.

The expected responses are those of the real service where they are recorded or documented.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

MEBIBYTE = 1024**2

UNMET: dict[str, tuple[Callable[[Any], Any], str]] = {
    "tampered_key": (lambda form: form.put("key", "photos/other.png"), "key"),
    "missing_x-amz-meta-user": (lambda form: form.drop("x-amz-meta-user"), "x-amz-meta-user"),
    "missing_Content-Type": (lambda form: form.drop("Content-Type"), "Content-Type"),
    "wrong_content_type_field": (lambda form: form.put("Content-Type", "image/jpeg"), "Content-Type"),
    "content_type_case_differs": (lambda form: form.put("Content-Type", "image/PNG"), "Content-Type"),
    "policy_field_after_file": (
        lambda form: form.after.append(("x-amz-meta-user", form.fields.pop("x-amz-meta-user"))),
        "x-amz-meta-user",
    ),
    "policy_for_other_bucket": (
        lambda form: (form.conditions.__setitem__(0, {"bucket": "another"}), form.signed()),
        "bucket",
    ),
    "bucket_field_differs_from_url": (
        lambda form: (
            form.fields.update(bucket="another"),
            form.conditions.__setitem__(0, {"bucket": "another"}),
            form.signed(),
        ),
        "bucket",
    ),
}


@pytest.mark.parametrize("name", UNMET)
def test_each_condition_that_is_not_met_is_named(name, form, refused):
    """A field that is not as its condition says is refused with that condition, as the policy has it."""
    spoil, field = UNMET[name]
    spoil(form)
    expected = next(one[field] for one in form.conditions if isinstance(one, dict) and field in one)
    message = f'Invalid according to Policy: Policy Condition failed: ["eq", "${field}", "{expected}"]'
    assert refused(form) == ((403, "AccessDenied", message),)


def unreadable(message: str) -> tuple[int, str, str]:
    """Return the refusal of a policy that cannot be read."""
    return 400, "InvalidPolicyDocument", f"Invalid Policy: {message}"


REFUSED: dict[str, tuple[Callable[[Any], Any], Any, *tuple[dict[str, str], ...]]] = {
    "expired_policy": (
        lambda form: form.sign_as(expires_in=timedelta(seconds=-1)),
        (403, "AccessDenied", "Invalid according to Policy: Policy expired."),
    ),
    "extra_field_x-amz-meta": (
        lambda form: form.put("x-amz-meta-more", "x"),
        (403, "AccessDenied", "Invalid according to Policy: Extra input fields: x-amz-meta-more"),
    ),
    "extra_field_foo": (
        lambda form: form.put("Foo", "x"),
        (403, "AccessDenied", "Invalid according to Policy: Extra input fields: foo"),
    ),
    "extra_field_x-amz-checksum": (
        lambda form: form.put("x-amz-checksum-sha256", "aTL9MeXa9HObn6eP93eygxsJlcwdCwCTysgGAZAgE7w="),
        (403, "AccessDenied", "Invalid according to Policy: Extra input fields: x-amz-checksum-sha256"),
    ),
    "no_bucket_condition": (
        lambda form: (form.conditions.pop(0), form.signed()),
        (403, "AccessDenied", "Invalid according to Policy: Extra input fields: bucket"),
    ),
    "too_large_10MiB+1": (
        lambda form: form.send(b"x" * (10 * MEBIBYTE + 1)),
        (400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"),
        {"ProposedSize": "10485761", "MaxSizeAllowed": "10485760"},
    ),
    "empty_file": (
        lambda form: form.send(b""),
        (400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"),
        {"ProposedSize": "0", "MinSizeAllowed": "1"},
    ),
    "condition_without_dollar": (
        lambda form: (form.allow_key("photos/k"), form.allow({}, ["eq", "key", "photos/k"])),
        (
            403,
            "AccessDenied",
            'Invalid according to Policy: Policy Condition failed: ["eq", "key", "photos/k"]',
        ),
    ),
    "condition_on_absent_field_with_empty_prefix": (
        lambda form: form.allow({}, ["starts-with", "$x-amz-meta-more", ""]),
        (
            403,
            "AccessDenied",
            'Invalid according to Policy: Policy Condition failed: ["starts-with", "$x-amz-meta-more", ""]',
        ),
    ),
    "range_not_numeric": (
        lambda form: form.allow({}, ["content-length-range", "test", 10]),
        (
            403,
            "AccessDenied",
            'Invalid according to Policy: Policy Condition failed: ["content-length-range", "test", "10"]',
        ),
    ),
    "condition_two_props": (
        lambda form: form.allow({}, {"a": "1", "b": "2"}),
        unreadable("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."),
    ),
    "condition_no_props": (
        lambda form: form.allow({}, {}),
        unreadable("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."),
    ),
    "condition_not_a_string": (
        lambda form: form.allow({}, {"a": 1}),
        unreadable("Invalid Simple-Condition: value must be a string."),
    ),
    "policy_not_json": (lambda form: form.signed("{expiration"), unreadable("Invalid JSON.")),
    "expiration_with_offset": (
        lambda form: form.signed(lambda policy: {**policy, "expiration": "2037-01-01T00:00:00+00:00"}),
        unreadable("Invalid 'expiration' value: '2037-01-01T00:00:00+00:00'"),
    ),
    "expiration_with_space": (
        lambda form: form.signed(lambda policy: {**policy, "expiration": "2037-01-01 00:00:00Z"}),
        unreadable("Invalid 'expiration' value: '2037-01-01 00:00:00Z'"),
    ),
    "no_expiration": (
        lambda form: form.signed(lambda policy: {"conditions": policy["conditions"]}),
        unreadable("Policy missing expiration."),
    ),
    "no_conditions": (
        lambda form: form.signed(lambda policy: {"expiration": policy["expiration"]}),
        unreadable("Policy missing conditions."),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_defect_is_refused_in_s3s_words(name, form, refused):
    """A form whose policy does not allow it gets S3's status, code, message and elements for why."""
    spoil, refusal, *elements = REFUSED[name]
    spoil(form)
    assert refused(form, *elements) == (refusal, *elements)
