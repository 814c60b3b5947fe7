"""Who signed a form, one defect at a time: what S3 responds to each.

The expected responses are those of the real service where they are recorded or documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNING = ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature")
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method."
)


def missing(name: str) -> tuple[tuple[int, str, str], dict[str, str]]:
    """Return the refusal of a form without a field."""
    message = (
        f"Bucket POST must contain a field named '{name}'.  "
        "If it is specified, please check the order of the fields."
    )
    return (400, "InvalidArgument", message), {"ArgumentName": name, "ArgumentValue": ""}


REFUSED: dict[str, tuple[Callable[[Any], Any], Any, *tuple[dict[str, str], ...]]] = {
    "missing_policy": (lambda form: form.drop("policy"), *missing("Policy")),
    "missing_x-amz-signature": (lambda form: form.drop("x-amz-signature"), *missing("X-Amz-Signature")),
    "missing_x-amz-algorithm": (lambda form: form.drop("x-amz-algorithm"), *missing("X-Amz-Algorithm")),
    "missing_x-amz-credential": (lambda form: form.drop("x-amz-credential"), *missing("X-Amz-Credential")),
    "missing_x-amz-date": (lambda form: form.drop("x-amz-date"), *missing("X-Amz-Date")),
    "anonymous_no_policy": (
        lambda form: form.drop("policy", *SIGNING),
        (403, "AccessDenied", "Access Denied"),
    ),
    "no_signing_field_at_all": (lambda form: form.drop(*SIGNING), (403, "AccessDenied", "Access Denied")),
    "changed_signature": (
        lambda form: form.put("x-amz-signature", "0" * 64),
        (403, "SignatureDoesNotMatch", MISMATCH),
    ),
    "signature_not_ascii": (
        lambda form: form.put("x-amz-signature", "ü" * 32),
        (403, "SignatureDoesNotMatch", MISMATCH),
    ),
    "changed_policy_old_sig": (
        lambda form: form.fields.update(policy=form.fields["policy"].replace("e", "f", 1)),
        (403, "SignatureDoesNotMatch", MISMATCH),
    ),
    "unknown_access_key": (
        lambda form: form.sign_as(access_key="AKIDUNKNOWN"),
        (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
        {"AWSAccessKeyId": "AKIDUNKNOWN"},
    ),
    "temporary_credential_without_its_token": (
        lambda form: form.sign_as(access_key="ASIAIOSFODNN7EXAMPLE"),
        (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
        {"AWSAccessKeyId": "ASIAIOSFODNN7EXAMPLE"},
    ),
    "wrong_secret": (lambda form: form.sign_as(secret="wrong"), (403, "SignatureDoesNotMatch", MISMATCH)),
    "wrong_region_scope": (
        lambda form: form.sign_as(region="eu-west-1"),
        (400, "InvalidArgument", "the region 'eu-west-1' is wrong; expecting 'us-west-2'"),
        {"ArgumentName": "X-Amz-Credential", "Region": "us-west-2"},
    ),
    "malformed_credential": (
        lambda form: form.put("x-amz-credential", "AKIA"),
        (
            400,
            "InvalidArgument",
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        ),
        {"ArgumentName": "X-Amz-Credential", "ArgumentValue": "AKIA"},
    ),
    "malformed_date": (
        lambda form: form.put("x-amz-date", "today"),
        (400, "InvalidArgument", "X-Amz-Date must be formated via ISO8601 Long format"),
        {"ArgumentName": "X-Amz-Date", "ArgumentValue": "today"},
    ),
    "wrong_algorithm": (
        lambda form: form.put("x-amz-algorithm", "AWS4-HMAC-SHA1"),
        (400, "InvalidArgument", "Only AWS4-HMAC-SHA256 is supported"),
    ),
    "token_of_a_lasting_credential": (
        lambda form: form.sign_as(token="a-token"),
        (400, "InvalidToken", "The provided token is malformed or otherwise invalid."),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_defect_is_refused_in_s3s_words(name, form, refused):
    """A form that is signed wrongly in one thing gets S3's status, code, message and elements for it."""
    spoil, refusal, *elements = REFUSED[name]
    spoil(form)
    assert refused(form, *elements) == (refusal, *elements)


def test_expired_token(form, refused):
    """A form signed with a temporary credential that has ended is an ExpiredToken."""
    form.sign_as(access_key="ASIAI44QH8DHBEXAMPLE", token="a-session-token")
    assert refused(form) == ((400, "ExpiredToken", "The provided token has expired."),)


def test_signature_error_tells_what_to_sign(form, post, error):
    """SignatureDoesNotMatch tells the string to sign, in hexadecimal too, so that a developer can compare."""
    form.put("x-amz-signature", "f" * 64)
    elements = error(post(form))
    policy = form.fields["policy"]
    assert elements["AWSAccessKeyId"] == form.access_key
    assert elements["StringToSign"] == policy
    assert elements["StringToSignBytes"] == policy.encode().hex(" ")
    assert elements["SignatureProvided"] == "f" * 64


def test_boto3_signs_what_s3_accepts(client, bucket):
    """A presigned post that boto3 makes is accepted as it is."""
    presigned = client.generate_presigned_post(bucket, "photos/${filename}")
    response = httpx2.post(presigned["url"], data=presigned["fields"], files={"file": ("a.png", b"x")})
    assert response.status_code == 204
    assert client.head_object(Bucket=bucket, Key="photos/a.png")["ContentLength"] == 1
