"""Access control lists, read from headers and documents, and written as documents."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from itertools import islice
from typing import Any

from strict_s3.messages.errors import S3Error, invalid_argument, invalid_request, refusal
from strict_s3.messages.orders import Bucket
from strict_s3.messages.xml import SCHEMA_INSTANCE, Element, document, elements, parse

from .moto_s3 import models

_CANNED = frozenset({
    "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
    "bucket-owner-full-control", "log-delivery-write",
})  # fmt: skip
_OF_OWNER = frozenset({"private", "bucket-owner-full-control"})
"""The canned ACLs that grant nothing to anyone but the owner."""
_PERMISSIONS = ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL")
_GROUPS = tuple(
    f"http://acs.amazonaws.com/groups/{name}"
    for name in ("global/AllUsers", "global/AuthenticatedUsers", "s3/LogDelivery")
)
_PUBLIC = frozenset(_GROUPS[:2])
_MOST_GRANTS = 100
_CANONICAL_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KINDS = frozenset({"id", "uri", "emailaddress"})


def acl_of(headers: Mapping[str, str], body: bytes = b"") -> Any:
    """Return the ACL in a request, as moto's: a canned one, one of grants, or a document; private by default.

    Raises:
        S3Error: InvalidRequest, InvalidArgument, UnresolvableGrantByEmailAddress, MalformedACLError.
    """
    canned = headers.get("x-amz-acl")
    grants = [
        (permission, grantee)
        for permission in _PERMISSIONS
        for grantee in _grantees(headers.get(f"x-amz-grant-{permission.lower().replace('_', '-')}", ""))
    ]
    if canned and grants:
        raise invalid_request("Specifying both Canned ACLs and Header Grants is not allowed")
    if canned and canned not in _CANNED:
        raise invalid_argument("", "x-amz-acl", canned)
    if canned or not (grants or body):
        return models.get_canned_acl(canned or "private")
    if not grants and body:
        grants = list(islice(_granted(body), _MOST_GRANTS + 1))
    if len(grants) > _MOST_GRANTS:
        raise refusal("MalformedACLError")
    return models.FakeAcl([models.FakeGrant([grantee], [permission]) for permission, grantee in grants])


def check_acl(headers: Mapping[str, str], bucket: Bucket, body: bytes = b"") -> Any:
    """Return the ACL in a request for a bucket, or for an object in it, as moto's.

    Raises:
        S3Error: there is no such ACL (see `acl_of`), ACLs are off, or public ones are blocked.
    """
    acl = acl_of(headers, body)
    grants = [(grantee, grant.permissions) for grant in acl.grants for grantee in grant.grantees]
    is_of_owner = [(grantee.id, permissions) for grantee, permissions in grants] == [
        (models.OWNER, ["FULL_CONTROL"])
    ]
    if not bucket.has_acls and not (is_of_owner and headers.get("x-amz-acl", "private") in _OF_OWNER):
        raise refusal("AccessControlListNotSupported")
    if "blockPublicAcls" in bucket.blocks and any(grantee.uri in _PUBLIC for grantee, _ in grants):
        raise refusal("AccessDenied")
    return acl


def granted_to_all(acl: Any) -> frozenset[str]:
    """Return the permissions that an ACL grants to everyone, such as ``READ``."""
    grants = acl.grants if acl else ()
    permissions = {
        permission
        for grant in grants
        for grantee in grant.grantees
        if grantee.uri == _GROUPS[0]
        for permission in grant.permissions
    }
    return frozenset(_PERMISSIONS if "FULL_CONTROL" in permissions else permissions)


def describe(acl: Any) -> bytes:
    """Return the document of GetBucketAcl and GetObjectAcl."""
    grants = [
        Element(_grantee(grantee) + elements({"Permission": permission}))
        for grant in (acl.grants if acl else ())
        for grantee in grant.grantees
        for permission in grant.permissions
    ]
    return document(
        "AccessControlPolicy", {"Owner": {"ID": models.OWNER}, "AccessControlList": {"Grant": grants}}
    )


def _grantee(grantee: Any) -> Element:
    inside = elements({"URI": grantee.uri} if grantee.uri else {"ID": grantee.id})
    return Element(f'<Grantee xmlns:xsi="{SCHEMA_INSTANCE}" xsi:type="{grantee.type}">{inside}</Grantee>')


def _granted(body: bytes) -> Iterable[tuple[str, Any]]:
    try:
        root = parse(body)
    except S3Error:
        raise refusal("MalformedACLError") from None
    grants = root.find("AccessControlList")
    if grants is None or not root.findtext("Owner/ID"):
        raise refusal("MalformedACLError")
    for grant in grants.iterfind("Grant"):
        permission, grantee = grant.findtext("Permission", ""), grant.find("Grantee")
        if permission not in _PERMISSIONS or grantee is None:
            raise refusal("MalformedACLError")
        kinds = {"CanonicalUser": "ID", "Group": "URI", "AmazonCustomerByEmail": "EmailAddress"}
        name = kinds.get(grantee.get("type", ""))
        if name is None:
            raise refusal("MalformedACLError")
        yield permission, _named(name, grantee.findtext(name, ""))


def _grantees(text: str) -> Iterable[Any]:
    for grantee in text.split(",") if text else ():
        kind, _, value = (part.strip() for part in grantee.partition("="))
        name = value.removeprefix('"').removesuffix('"')
        if kind.lower() not in _KINDS or '"' in name:
            raise invalid_argument("Argument format not recognized", "x-amz-grant", grantee)
        yield _named(kind, name)


def _named(kind: str, value: str) -> Any:
    """Return moto's grantee for an ID or a group's URI; e-mail addresses are unknown to this S3."""
    if kind.upper() == "ID":
        if not _CANONICAL_ID.fullmatch(value):
            raise invalid_argument("Invalid id", "CanonicalUser/ID", value)
        return models.FakeGrantee(grantee_id=value)
    if kind.upper() == "URI":
        if value not in _GROUPS:
            raise invalid_argument("Invalid group uri", "uri", value)
        return models.FakeGrantee(uri=value)
    message = "The e-mail address you provided does not match any account on record."
    raise S3Error(HTTPStatus.BAD_REQUEST, "UnresolvableGrantByEmailAddress", message)
