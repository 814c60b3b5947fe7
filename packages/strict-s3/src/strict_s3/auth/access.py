"""Bucket policies: what they allow and deny, to everyone and to accounts."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from strict_s3.messages.errors import refusal
from strict_s3.messages.identifiers import is_account

from .conditions import RequestContext, holds, is_like, listed

_PUBLIC = [
    f"s3:{name}"
    for name in (
        "AbortMultipartUpload", "DeleteObject", "GetBucketLocation", "GetObject", "ListBucket",
        "ListBucketMultipartUploads", "ListMultipartUploadParts", "PutObject",
    )
]  # fmt: skip
"""What everyone may do where MinIO calls a bucket public."""


def policy_effect(
    policy: bytes | None,
    action: str,
    bucket: str,
    key: str,
    context: RequestContext,
    account: str | None = None,
) -> str:
    """Return the effect of a bucket policy on a request: ``Deny``, ``Allow``, or an empty text for neither.

    The key is empty for the bucket itself; the account is that of the signer, None for an unsigned request.
    """
    resource = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    effects = [
        statement.get("Effect")
        for statement in _concerning(policy, action.lower(), account)
        if _names(statement, "Resource", resource)
        and ("Condition" not in statement or holds(statement["Condition"], context))
    ]
    return next((effect for effect in ("Deny", "Allow") if effect in effects), "")


def public_policy(bucket: str, *, writes: bool = False) -> bytes:
    """Return a bucket policy that allows everyone to read the objects, or to list and write them as well."""
    arn = f"arn:aws:s3:::{bucket}"
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": _PUBLIC if writes else "s3:GetObject",
        "Resource": [arn, f"{arn}/*"] if writes else f"{arn}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()


def check_owner(headers: Mapping[str, str], account: str) -> None:
    """Raise AccessDenied if a request expects its buckets to be owned by another account."""
    for name in ("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"):
        owner = headers.get(name, account)
        if not is_account(owner):
            raise refusal("InvalidBucketOwnerAWSAccountID", ExpectedBucketOwner=owner)
        if owner != account:
            raise refusal("AccessDenied")


def is_public(policy: bytes) -> bool:
    """Return whether a bucket policy allows something to everyone, under no condition."""
    return any(
        statement.get("Effect") == "Allow"
        and _names_caller(statement, None)
        and not statement.get("Condition")
        for statement in _statements(policy)
    )


@lru_cache(maxsize=64)
def _concerning(policy: bytes | None, action: str, account: str | None) -> list[dict[str, Any]]:
    """Return the statements about a caller and an action; cached, as one request may name 1000 resources."""
    return [
        statement
        for statement in _statements(policy)
        if _names_caller(statement, account) and _names(statement, "Action", action)
    ]


def _statements(policy: bytes | None) -> list[dict[str, Any]]:
    statements = json.loads(policy or b"{}").get("Statement", [])
    return [statement for statement in listed(statements) if isinstance(statement, dict)]


def _names(statement: dict[str, Any], element: str, value: str) -> bool:
    """Return whether an element of a statement, such as Action or NotAction, applies to a value."""
    is_negative = element not in statement
    patterns = [str(name) for name in listed(statement.get(f"Not{element}" if is_negative else element))]
    patterns = [name.lower() for name in patterns] if element == "Action" else patterns
    return any(is_like(value, pattern) for pattern in patterns) != is_negative


def _names_caller(statement: dict[str, Any], account: str | None) -> bool:
    """Return whether a statement applies to the signer of a request; None stands for an unsigned one."""
    is_negative = "Principal" not in statement and "NotPrincipal" in statement
    principal = statement.get("NotPrincipal" if is_negative else "Principal")
    named = principal if not isinstance(principal, dict) else principal.get("AWS", [])
    principals = re.compile(rf"(?:arn:aws:iam::)?{account or '-'}(?::.*)?")
    return any(name == "*" or principals.fullmatch(str(name)) for name in listed(named)) != is_negative
