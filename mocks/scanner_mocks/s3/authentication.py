"""Who makes a request: by its Authorization header, by its query, or by the fields of its form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from .errors import S3Error, access_denied, invalid_argument, invalid_request
from .payload import ChunkSigner, check_word
from .signature import (
    ALGORITHM,
    MAX_SKEW,
    UNSIGNED_PAYLOAD,
    Credential,
    Scope,
    WrongScope,
    canonical_request,
    check,
    check_token,
    check_version_2,
    parse_time,
    string_to_sign,
    version_2_refused,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scanner_api.clock import Clock

    from .request import Request

_FORM = ("Policy", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature")
_FORM_OF_VERSION_2 = ("Policy", "AWSAccessKeyId", "Signature")
_REGIONS_OF_VERSION_2 = frozenset({"us-east-1"})
_QUERY = (
    "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)  # fmt: skip
_MAX_EXPIRES_SECONDS = 604_800
_ISO = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Signed:
    """A request with a signature that is right.

    Attributes:
        access_key: whose it is.
        region: that it is signed for.
        payload: what ``x-amz-content-sha256`` says of the body.
        signer: what the body's chunks are verified with.
    """

    access_key: str
    region: str
    payload: str = UNSIGNED_PAYLOAD
    signer: ChunkSigner | None = None


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a request says of its own signature."""

    scope: Scope
    time: str
    signed_headers: tuple[str, ...]
    signature: str
    payload: str
    token: str | None


class Authenticator:
    """Verifies signatures.

    Args:
        credentials: what is accepted, by access key.
        clock: tells the time.
        machine: tells the machine's time, by which clients sign headers. They may, where S3's clock was set:
            what it is set for is to let presigned requests expire.
    """

    def __init__(
        self, credentials: Mapping[str, Credential], clock: Clock, machine: Clock | None = None
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._machine = machine or clock

    def authenticate(self, request: Request, region: str | None) -> Signed | None:
        """Return who signed a request; None if nobody did.

        Args:
            request: the request.
            region: the region that it must be signed for; None for any.

        Raises:
            S3Error: the signature lacks something, is wrong, early, late, or of Version 2.
        """
        if "authorization" in request.headers:
            claim = _claim_of_header(request, region)
            self._check_skew(claim.time)
        elif request.asks_for(*_QUERY):
            claim = _claim_of_query(request, region)
            self._check_expiry(claim.time, int(request.parameter("X-Amz-Expires") or 0))
        elif request.asks_for("AWSAccessKeyId", "Signature"):
            raise version_2_refused()
        else:
            return None
        return self._verify(request, claim)

    def authenticate_form(self, fields: Mapping[str, str], region: str) -> Signed | None:
        """Return who signed the policy of a form (names in lower case); None if nobody did.

        S3's first region takes Version 2 too, as it does for buckets from before 2020: compatibility suites
        sign with it, and have their buckets there.
        """
        if not any(fields.get(name.lower()) for name in _FORM[1:]):
            if not fields.keys() & {"awsaccesskeyid", "signature"}:
                return None
            if region not in _REGIONS_OF_VERSION_2:
                raise version_2_refused()
            _check_required(fields, _FORM_OF_VERSION_2)
            access_key = fields["awsaccesskeyid"]
            credential = self._credential(access_key, fields.get("x-amz-security-token"))
            check_version_2(credential, access_key, fields["policy"], fields["signature"])
            return Signed(access_key, region)
        _check_required(fields, _FORM)
        scope = _scope_of_form(fields, region)
        credential = self._credential(scope.access_key, fields.get("x-amz-security-token"))
        check(credential, scope, fields["policy"], fields["x-amz-signature"])
        return Signed(scope.access_key, scope.region)

    def _verify(self, request: Request, claim: _Claim) -> Signed:
        _check_signed_headers(request.headers, claim.signed_headers)
        credential = self._credential(claim.scope.access_key, claim.token)
        query = [(name, value) for name, value in request.query if name != "X-Amz-Signature"]
        canonical = canonical_request(
            request.method, request.path, query, request.headers, claim.signed_headers, claim.payload
        )
        text = string_to_sign(claim.time, claim.scope, canonical)
        check(credential, claim.scope, text, claim.signature, canonical)
        signer = ChunkSigner(credential, claim.scope, claim.time, claim.signature)
        return Signed(claim.scope.access_key, claim.scope.region, claim.payload, signer)

    def _credential(self, access_key: str, token: str | None) -> Credential:
        credential = self._credentials.get(access_key)
        if credential is None:
            message = "The AWS Access Key Id you provided does not exist in our records."
            raise S3Error(403, "InvalidAccessKeyId", message, {"AWSAccessKeyId": access_key})
        check_token(credential, token, self._clock.now())
        return credential

    def _check_skew(self, time: str) -> None:
        signed, now = _time(time), self._clock.now()
        if min(abs(now - signed), abs(self._machine.now() - signed)) > MAX_SKEW:
            elements: dict[str, str | int] = {
                "RequestTime": time,
                "ServerTime": f"{now:{_ISO}}",
                "MaxAllowedSkewMilliseconds": MAX_SKEW // timedelta(milliseconds=1),
            }
            message = "The difference between the request time and the current time is too large."
            raise S3Error(403, "RequestTimeTooSkewed", message, elements)

    def _check_expiry(self, time: str, seconds: int) -> None:
        signed, now = _time(time), self._clock.now()
        expires = signed + timedelta(seconds=seconds)
        if signed - now > MAX_SKEW:
            elements = {"X-Amz-Date": time, "ServerTime": f"{now:{_ISO}}"}
            raise S3Error(403, "AccessDenied", "Request is not valid yet", elements)
        if now >= expires:
            elements = {
                "X-Amz-Expires": str(seconds),
                "Expires": f"{expires:{_ISO}}",
                "ServerTime": f"{now:{_ISO}}",
            }
            raise S3Error(403, "AccessDenied", "Request has expired", elements)


def _check_required(fields: Mapping[str, str], names: Iterable[str]) -> None:
    for name in names:
        if not fields.get(name.lower()):
            message = (
                f"Bucket POST must contain a field named '{name}'.  "
                "If it is specified, please check the order of the fields."
            )
            raise invalid_argument(message, name, "")


def _scope_of_form(fields: Mapping[str, str], region: str) -> Scope:
    algorithm, time, presented = (fields[f"x-amz-{name}"] for name in ("algorithm", "date", "credential"))
    if algorithm != ALGORITHM:
        raise invalid_argument(f"Only {ALGORITHM} is supported", "X-Amz-Algorithm", algorithm)
    if parse_time(time) is None:
        raise invalid_argument("X-Amz-Date must be formated via ISO8601 Long format", "X-Amz-Date", time)
    try:
        return Scope.parse(presented, region, time)
    except WrongScope as wrong:
        elements = {"ArgumentName": "X-Amz-Credential", "ArgumentValue": presented, **wrong.elements}
        raise S3Error(400, "InvalidArgument", str(wrong), elements) from None


def _claim_of_header(request: Request, region: str | None) -> _Claim:
    headers = request.headers
    parts = _authorization(headers["authorization"])
    if "x-amz-content-sha256" not in headers:
        raise invalid_request("Missing required header for this request: x-amz-content-sha256")
    check_word(headers["x-amz-content-sha256"])
    time = _time_of_headers(headers)
    try:
        scope = Scope.parse(parts["Credential"], region, time)
    except WrongScope as wrong:
        raise _malformed(str(wrong), wrong.elements) from None
    return _Claim(
        scope, time, tuple(parts["SignedHeaders"].lower().split(";")), parts["Signature"],
        headers["x-amz-content-sha256"], headers.get("x-amz-security-token"),
    )  # fmt: skip


def _authorization(header: str) -> dict[str, str]:
    kind, _, rest = header.partition(" ")
    if kind == "AWS":
        raise version_2_refused()
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


def _time_of_headers(headers: Mapping[str, str]) -> str:
    time = headers.get("x-amz-date", "")
    if not time and "date" in headers:
        try:
            time = f"{parsedate_to_datetime(headers['date']).astimezone(UTC):%Y%m%dT%H%M%SZ}"
        except ValueError:
            time = ""
    if parse_time(time) is None:
        raise access_denied("AWS authentication requires a valid Date or x-amz-date header")
    return time


def _claim_of_query(request: Request, region: str | None) -> _Claim:
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
    payload = request.headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD)
    check_word(payload)
    token = request.parameter("X-Amz-Security-Token")
    return _Claim(scope, time, tuple(signed_headers.lower().split(";")), provided, payload, token)


def _query_parameters(request: Request) -> list[str]:
    values = [value for name in _QUERY if (value := request.parameter(name)) is not None]
    if len(values) < len(_QUERY):
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


def _check_signed_headers(headers: Mapping[str, str], signed: tuple[str, ...]) -> None:
    unsigned = [
        name for name in headers if name not in signed and (name == "host" or name.startswith("x-amz-"))
    ]
    if unsigned:
        message = "There were headers present in the request which were not signed"
        raise access_denied(message, HeadersNotSigned=", ".join(unsigned))


def _time(text: str) -> datetime:
    time = parse_time(text)
    assert time is not None  # noqa: S101 -- whoever makes a claim has checked its form
    return time


def _malformed(message: str, elements: Mapping[str, str] | None = None) -> S3Error:
    whole = f"The authorization header is malformed; {message}"
    return S3Error(400, "AuthorizationHeaderMalformed", whole, elements)


def _query_error(message: str, elements: Mapping[str, str] | None = None) -> S3Error:
    return S3Error(400, "AuthorizationQueryParametersError", message, elements)
