"""Access control lists: who is granted what, as headers and documents say it."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from itertools import islice
from typing import Any

from .attributes import CANNED_ACLS
from .errors import S3Error, invalid_argument, refusal
from .moto_s3 import models
from .xml import Element, document, element, parse, qualified

_PERMISSIONS = ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL")
_GROUPS = tuple(
    f"http://acs.amazonaws.com/groups/{name}"
    for name in ("global/AllUsers", "global/AuthenticatedUsers", "s3/LogDelivery")
)
_MOST_GRANTS = 100
_CANONICAL_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
_KINDS = frozenset({"id", "uri", "emailaddress"})
_DISPLAY_NAME = "webfile"


def acl_of(headers: Mapping[str, str], body: bytes = b"") -> Any:
    """Return moto's ACL that a request asks for: a canned one, one of grants, or a document.

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
        message = "Specifying both Canned ACLs and Header Grants is not allowed"
        raise S3Error(HTTPStatus.BAD_REQUEST, "InvalidRequest", message)
    if canned and canned not in CANNED_ACLS:
        raise invalid_argument("", "x-amz-acl", canned)
    if canned:
        return models.get_canned_acl(canned)
    if not grants and body:
        grants = list(islice(_granted(body), _MOST_GRANTS + 1))
    if len(grants) > _MOST_GRANTS:
        raise _malformed()
    return models.FakeAcl([models.FakeGrant([grantee], [permission]) for permission, grantee in grants])


def is_of_owner(acl: Any) -> bool:
    """Return whether an ACL grants full control to the owner, and nothing to others."""
    pairs = [(grantee.id, one.permissions) for one in acl.grants for grantee in one.grantees]
    return pairs == [(models.OWNER, ["FULL_CONTROL"])]


def describe(acl: Any) -> bytes:
    """Return the document of GetBucketAcl and GetObjectAcl."""
    grants = (
        element("Grant", _grantee(grantee), element("Permission", permission))
        for one in (acl.grants if acl else ())
        for grantee in one.grantees
        for permission in one.permissions
    )
    owner = element("Owner", element("ID", models.OWNER), element("DisplayName", _DISPLAY_NAME))
    return document(qualified("AccessControlPolicy", owner, element("AccessControlList", *grants)))


def _grantee(grantee: Any) -> Element:
    if grantee.uri:
        content = element("URI", grantee.uri)
    else:
        name = _DISPLAY_NAME if grantee.id == models.OWNER else grantee.display_name
        content = Element(element("ID", grantee.id) + (element("DisplayName", name) if name else ""))
    return Element(f'<Grantee xmlns:xsi="{_SCHEMA}" xsi:type="{grantee.type}">{content}</Grantee>')


def _granted(body: bytes) -> Iterable[tuple[str, Any]]:
    try:
        root = parse(body)
    except ValueError:
        raise _malformed() from None
    grants = root.find("{*}AccessControlList")
    if grants is None or not root.findtext("{*}Owner/{*}ID"):
        raise _malformed()
    for grant in grants.iterfind("{*}Grant"):
        permission, grantee = grant.findtext("{*}Permission", ""), grant.find("{*}Grantee")
        if permission not in _PERMISSIONS or grantee is None:
            raise _malformed()
        kinds = {"CanonicalUser": "ID", "Group": "URI", "AmazonCustomerByEmail": "EmailAddress"}
        name = kinds.get(grantee.get(f"{{{_SCHEMA}}}type", ""))
        if name is None:
            raise _malformed()
        yield permission, _named(name, grantee.findtext(f"{{*}}{name}", ""))


def _grantees(text: str) -> Iterable[Any]:
    for one in text.split(",") if text else ():
        kind, _, value = (part.strip() for part in one.partition("="))
        name = value.removeprefix('"').removesuffix('"')
        if kind.lower() not in _KINDS or '"' in name:
            raise invalid_argument("Argument format not recognized", "x-amz-grant", one)
        yield _named(kind, name)


def _named(kind: str, value: str) -> Any:
    """Return moto's grantee of a name: an ID, a group's URI, or an address, which nobody here has."""
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


def _malformed() -> S3Error:
    return S3Error(HTTPStatus.BAD_REQUEST, "MalformedACLError", refusal("MalformedXML").message)
