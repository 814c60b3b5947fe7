"""Documents about buckets and tags, validated as S3 does: moto ignores unknown elements."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from strict_s3.auth.actions import resources_of
from strict_s3.auth.conditions import check_condition, is_like, listed
from strict_s3.messages.errors import S3Error, invalid_argument, invalid_request, refusal
from strict_s3.messages.operations import ROOTS
from strict_s3.messages.orders import Bucket
from strict_s3.messages.xml import content_of, document, parse
from strict_s3.store.locks import BYPASS

from .lifecycle import check_rules
from .notifications import check_events
from .shapes import conform, shapes

OWNERSHIPS: Final = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
_PROTOCOLS = ("http", "https")
_IN_TAGS = frozenset("_.:/=+-@")
"""What keys and values of tags may have beside letters, digits and spaces."""
_MOST_IN_KEY, _MOST_IN_VALUE = 128, 256
_MOST_TAGS = 50
"""Of a bucket; moto counts those of an object."""
_SYSTEM_PREFIX = "aws:"
_MOST_POLICY_BYTES = 20 * 1024
"""Of a bucket policy, see the S3 user guide's policies and permissions."""
_VERSIONS = ("2008-10-17", "2012-10-17")
"""Of the language of policies, the first one by default."""
_PRINCIPALS = {
    "AWS": re.compile(
        r"\*|\d{12}|arn:aws[\w-]*:(?:iam|sts)::(?:\d{12}|cloudfront)"
        r":(?:root|(?:user|role|assumed-role|federated-user)/.+)",
        re.ASCII,
    ),
    "CanonicalUser": re.compile(r"[0-9a-f]{64}"),
    **dict.fromkeys(("Federated", "Service"), re.compile(r".+")),
}
"""The form of principals, by kind."""
OWNERSHIP = "x-amz-object-ownership"
_CODES = {
    "HttpRedirectCode": ("redirect", re.compile("3[0-9]{2}")),
    "HttpErrorCodeReturnedEquals": ("error", re.compile("[45][0-9]{2}")),
}
"""Of websites' rules: what S3 calls them, and which they may be."""


def completed(name: str, body: bytes, bucket: Bucket) -> bytes:
    """Return a document that is put to a bucket as S3 shows it, or raise `S3Error` if it refuses it.

    The name is that of the query parameter, such as ``versioning``.
    """
    if name == "policy":
        _check_policy(body, bucket)
    if name == "tagging":
        check_tags(body, of_bucket=True)
    if name not in shapes():
        return body
    root, kind = parse(body), DOCUMENTS.get(name, OTHERS)
    kind.check(root, bucket)
    conform(root, shapes()[name])
    return document(ROOTS[name], content_of(root))


def check_tags(body: bytes, *, of_bucket: bool = False) -> dict[str, str]:
    """Return the tags of a document, or raise MalformedXML, InvalidTag or BadRequest."""
    tags: dict[str, str] = {}
    root = parse(body)
    if root.tag != "Tagging":
        raise refusal("MalformedXML")
    conform(root, shapes()["tagging"])
    for tag in root.iterfind("TagSet/Tag"):
        key, value = tag.findtext("Key", ""), tag.findtext("Value", "")
        if key in tags:
            raise refusal("InvalidTag", TagKey=key)
        if key.startswith(_SYSTEM_PREFIX):
            of_object = f"Your TagKey cannot be prefixed with {_SYSTEM_PREFIX}"
            message = "System tags cannot be added/updated by requester" if of_bucket else of_object
            raise _invalid_tag(message, TagKey=key)
        if not _is_tag(key) or not 1 <= len(key) <= _MOST_IN_KEY:
            raise _invalid_tag("The TagKey you have provided is invalid", TagKey=key)
        if not _is_tag(value) or len(value) > _MOST_IN_VALUE:
            raise _invalid_tag("The TagValue you have provided is invalid", TagKey=key, TagValue=value)
        tags[key] = value
    if of_bucket and len(tags) > _MOST_TAGS:
        raise S3Error(400, "BadRequest", f"Bucket tag count cannot be greater than {_MOST_TAGS}")
    return tags


def check_tagging_header(value: str) -> None:
    """Raise InvalidArgument unless the header has tags as a query, each once."""
    pairs = parse_qsl(value, keep_blank_values=True)
    names = [name for name, _ in pairs]
    if len(names) > len(set(names)) or not all(_is_tag(text) for pair in pairs for text in pair):
        message = (
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters "
            "without tag name duplicates."
        )
        raise invalid_argument(message, "x-amz-tagging", value)


def check_ownership(headers: Mapping[str, str]) -> None:
    """Raise InvalidArgument unless a new bucket can have the ownership that the headers say."""
    ownership = headers.get(OWNERSHIP, OWNERSHIPS[0])
    if ownership not in OWNERSHIPS:
        raise invalid_argument(f"Invalid {OWNERSHIP} header: {ownership}", OWNERSHIP)


def check_bypass(headers: Mapping[str, str], bucket: Bucket) -> None:
    """Raise InvalidArgument where a deletion goes past the locks of a bucket that has none."""
    if BYPASS in headers and not bucket.has_lock:
        raise invalid_argument(f"{BYPASS} is only applicable to Object Lock enabled buckets.", BYPASS)


def _check_versioning(root: ET.Element, _: Bucket) -> None:
    state = root.findtext("Status")
    if state is None:
        code, message = "IllegalVersioningConfigurationException", "The Versioning element must be specified"
        raise S3Error(400, code, message)


def _check_accelerate(_: ET.Element, bucket: Bucket) -> None:
    if "." in bucket.name:
        raise invalid_request(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        )


def _check_payment(root: ET.Element, _: Bucket) -> None:
    if root.findtext("Payer") == "Requester":
        raise refusal("NotImplemented")


def _check_encryption(root: ET.Element, _: Bucket) -> None:
    default = root.find("Rule/ApplyServerSideEncryptionByDefault")
    has_key = default is not None and default.find("KMSMasterKeyID") is not None
    if has_key and not root.findtext("Rule/*/SSEAlgorithm", "").startswith("aws:kms"):
        message = (
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
        )
        raise invalid_argument(message, "ApplyServerSideEncryptionByDefault")


def _check_website(root: ET.Element, _: Bucket) -> None:
    for name, (kind, codes) in _CODES.items():
        for code in root.iter(name):
            if not codes.fullmatch(code.text or ""):
                raise invalid_request(f"The provided HTTP {kind} code ({code.text}) is not valid.")
    if any(protocol.text not in _PROTOCOLS for protocol in root.iter("Protocol")):
        raise invalid_request(
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected "
            "automatically."
        )
    if root.find("RedirectAllRequestsTo") is not None:
        if len(root) > 1:
            message = "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
            raise invalid_argument(message, "RedirectAllRequestsTo", "not null")
        return
    suffix = root.findtext("IndexDocument/Suffix")
    if not suffix:
        message = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"
        raise invalid_argument(message, "IndexDocument", "null")
    if "/" in suffix:
        raise invalid_argument("The IndexDocument Suffix is not well formed", "IndexDocument", suffix)


def _check_policy(body: bytes, bucket: Bucket) -> None:
    if len(body) > _MOST_POLICY_BYTES:  # parsed it would take up to thirty times as many
        raise refusal("MalformedPolicy")
    try:
        policy = json.loads(body)
    except (ValueError, RecursionError):
        policy = None
    if not isinstance(policy, dict):
        raise refusal("MalformedPolicy")
    if policy.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise _malformed_policy("The policy must contain a valid version string")
    if "Statement" not in policy:
        raise _malformed_policy("Missing required field Statement")
    statements = listed(policy["Statement"])
    if not statements:
        raise _malformed_policy("Could not parse the policy: Statement is empty!")
    for statement in statements:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise _malformed_policy("Policy has invalid effect")
        _check_statement(statement, f"arn:aws:s3:::{bucket.name}")


def _check_statement(statement: dict[str, Any], bucket_arn: str) -> None:
    for element in ("Principal", "Action", "Resource"):
        if statement.keys().isdisjoint((element, f"Not{element}")):
            raise _malformed_policy(f"Missing required field {element}")
    if not _is_principal(statement.get("Principal", statement.get("NotPrincipal"))):
        raise _malformed_policy("Invalid principal in policy")
    applicable = [resources_of(name) for name in _named(statement, "Action")]
    if not all(applicable):
        raise _malformed_policy("Policy has invalid action")
    resources = _named(statement, "Resource")
    if not all(is_like(bucket_arn, name.split("/")[0]) for name in resources):
        raise _malformed_policy("Policy has invalid resource")
    kinds = {"object" for name in resources if "/" in name or "*" in name}
    kinds |= {"bucket" for name in resources if "/" not in name}
    if statement.keys() >= {"Action", "Resource"} and any(map(kinds.isdisjoint, applicable)):
        raise _malformed_policy("Action does not apply to any resource(s) in statement")
    check_condition(statement.get("Condition"))


def _is_principal(principal: Any) -> bool:
    """Return whether a statement may be about such a principal, which need not exist."""
    kinds = principal if isinstance(principal, dict) else {"AWS": [principal] * (principal == "*")}
    named = [(kind, name) for kind, names in kinds.items() for name in listed(names) or [""]]
    return bool(named) and all(
        kind in _PRINCIPALS and _PRINCIPALS[kind].fullmatch(str(name)) for kind, name in named
    )


def _named(statement: dict[str, Any], element: str) -> list[str]:
    """Return what an element of a statement, or its opposite such as NotAction, names."""
    named = (*listed(statement.get(element, [])), *listed(statement.get(f"Not{element}", [])))
    return [str(name) for name in named]


class Document(NamedTuple):
    """A kind of document about a bucket.

    Attributes:
        check: raises `S3Error` for what its shape does not say.
        default: of a bucket before one is put.
        is_motos: whether moto has to know it.
    """

    check: Callable[[ET.Element, Bucket], None] = lambda root, bucket: None  # noqa: ARG005 -- as the others
    default: bytes = b""
    is_motos: bool = True


_ENCRYPTION = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
OTHERS: Final = Document()
DOCUMENTS: Final[Mapping[str, Document]] = {
    "accelerate": Document(_check_accelerate),
    "encryption": Document(  # by default as at Amazon's since January 2023
        _check_encryption,
        document("ServerSideEncryptionConfiguration", {"Rule": _ENCRYPTION}),
    ),
    "lifecycle": Document(check_rules),
    "notification": Document(
        check_events,
        default=document("NotificationConfiguration"),
        is_motos=False,
    ),
    "requestPayment": Document(
        _check_payment,
        default=document("RequestPaymentConfiguration", {"Payer": "BucketOwner"}),
        is_motos=False,
    ),
    "versioning": Document(_check_versioning),
    "website": Document(_check_website),
}
"""By selector, of what is more than its shape."""


def _is_tag(text: str) -> bool:
    return all(char.isalnum() or char.isspace() or char in _IN_TAGS for char in text)


def _malformed_policy(message: str) -> S3Error:
    return S3Error(400, "MalformedPolicy", message)


def _invalid_tag(message: str, **elements: str) -> S3Error:
    return S3Error(400, "InvalidTag", message, elements)
