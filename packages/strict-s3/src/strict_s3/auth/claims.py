"""The signature of a request and its parameters, read from the Authorization header or the query."""

from collections.abc import Mapping
from dataclasses import dataclass

from strict_s3.messages.clock import http_date
from strict_s3.messages.errors import S3Error, access_denied, invalid_argument, invalid_request
from strict_s3.messages.request import Request

from .payload import check_word
from .signature import ALGORITHM, UNSIGNED_PAYLOAD, Scope, WrongScope, parse_time

QUERY = (
    "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)  # fmt: skip
"""The parameters of a presigned request."""

PAYLOAD_HEADER = "x-amz-content-sha256"
"""The hash of the payload of a signed request; optional, and need not be signed, in a presigned one."""

_MAX_EXPIRES_SECONDS = 604_800


@dataclass(frozen=True, slots=True)
class Claim:
    """The signature of a request and its parameters, not verified yet."""

    scope: Scope
    time: str
    signed_headers: tuple[str, ...]
    signature: str
    payload: str
    token: str | None


def claim_of_header(request: Request, region: str | None, service: str) -> Claim:
    """Read the Authorization header.

    With a region, it must be signed for that, and always for the service.

    Raises:
        S3Error: it lacks something, or cannot be read.
    """
    headers = request.headers
    parts = _authorization(headers["authorization"])
    if PAYLOAD_HEADER not in headers:
        raise invalid_request("Missing required header for this request: x-amz-content-sha256")
    check_word(headers[PAYLOAD_HEADER])
    time = time_of_headers(headers)
    try:
        scope = Scope.parse(parts["Credential"], region, time, service)
    except WrongScope as wrong:
        raise _malformed(str(wrong), wrong.elements) from None
    return Claim(
        scope, time, tuple(parts["SignedHeaders"].lower().split(";")), parts["Signature"],
        headers[PAYLOAD_HEADER], headers.get("x-amz-security-token"),
    )  # fmt: skip


def _authorization(header: str) -> dict[str, str]:
    kind, _, rest = header.partition(" ")
    if kind != ALGORITHM:
        raise invalid_argument("Unsupported Authorization Type", "Authorization", header)
    parts = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        parts[name] = value
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not parts.get(name):
            raise _malformed(f"missing {name}.")
    return parts


def time_of_headers(headers: Mapping[str, str]) -> str:
    """Return when the sender of these headers signed them; raise AccessDenied if they do not say."""
    time = headers.get("x-amz-date", "")
    if not time and (date := http_date(headers.get("date", ""))):
        time = f"{date:%Y%m%dT%H%M%SZ}"
    if parse_time(time) is None:
        raise access_denied("AWS authentication requires a valid Date or x-amz-date header")
    return time


def claim_of_query(request: Request, region: str | None) -> Claim:
    """Read the query of a presigned request.

    With a region, it must be signed for that.

    Raises:
        S3Error: it lacks something, or cannot be read.
    """
    algorithm, presented, time, expires, signed_headers, provided = _query_parameters(request)
    if algorithm != ALGORITHM:
        raise _query_error(f'X-Amz-Algorithm only supports "{ALGORITHM} and AWS4-ECDSA-P256-SHA256"')
    if parse_time(time) is None:
        raise _query_error("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    _check_expires(expires)
    try:
        scope = Scope.parse(presented, region, time)
    except WrongScope as wrong:
        raise _query_error(f"Error parsing the X-Amz-Credential parameter; {wrong}", wrong.elements) from None
    names = tuple(signed_headers.lower().split(";"))
    payload = UNSIGNED_PAYLOAD
    if PAYLOAD_HEADER in names:
        payload = request.headers.get(PAYLOAD_HEADER, UNSIGNED_PAYLOAD)
        check_word(payload)
    return Claim(scope, time, names, provided, payload, request.parameter("X-Amz-Security-Token"))


def _query_parameters(request: Request) -> list[str]:
    values = [value for name in QUERY if (value := request.parameter(name)) is not None]
    if len(values) < len(QUERY):
        raise _query_error(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
            "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        )
    return values


def _check_expires(text: str) -> None:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise _query_error("X-Amz-Expires should be a number")
    if text.startswith("-"):
        raise _query_error("X-Amz-Expires must be non-negative")
    if len(digits) > len(str(_MAX_EXPIRES_SECONDS)) or int(digits) > _MAX_EXPIRES_SECONDS:
        raise _query_error(
            "X-Amz-Expires must be less than a week (in seconds); "
            f"that is, the given X-Amz-Expires must be less than {_MAX_EXPIRES_SECONDS} seconds"
        )


def _malformed(message: str, elements: Mapping[str, str] | None = None) -> S3Error:
    whole = f"The authorization header is malformed; {message}"
    return S3Error(400, "AuthorizationHeaderMalformed", whole, elements, _region_headers(elements))


def _query_error(message: str, elements: Mapping[str, str] | None = None) -> S3Error:
    code = "AuthorizationQueryParametersError"
    return S3Error(400, code, message, elements, _region_headers(elements))


def _region_headers(elements: Mapping[str, str] | None) -> list[tuple[str, str]]:
    """Return the header that tells SDKs where a bucket is, if an error's elements say so."""
    return [("x-amz-bucket-region", elements["Region"])] if elements and "Region" in elements else []
