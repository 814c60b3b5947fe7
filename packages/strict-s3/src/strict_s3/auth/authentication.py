"""Authenticates requests by their Authorization header, their query, or the fields of their form."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from strict_s3.messages import errors
from strict_s3.messages.clock import Clock
from strict_s3.messages.request import Request

from . import signature, version_2
from .claims import PAYLOAD_HEADER, QUERY, Claim, claim_of_header, claim_of_query, time_of_headers
from .payload import ChunkSigner

_FORM = ("Policy", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature")
_VERSION_2 = ("AWSAccessKeyId", "Signature")
_ONE_MECHANISM = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
    "parameter or the Authorization header should be specified"
)
_ISO = "%Y-%m-%dT%H:%M:%SZ"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Signed:
    """A request with a signature that is right.

    Attributes:
        access_key: of the signer.
        region: that it is signed for.
        payload: the value of ``x-amz-content-sha256``.
        signer: verifies the chunks of the body.
        version: of the signature, as bucket policies name it.
    """

    access_key: str
    region: str
    payload: str = signature.UNSIGNED_PAYLOAD
    signer: ChunkSigner | None = None
    version: str = signature.ALGORITHM


def check_encryption(signed: Signed | None, encryption: str | None) -> None:
    """Raise InvalidArgument if an object has an encryption whose requests must be signed by Version 4."""
    if signed and signed.version == version_2.NAME and (encryption or "").startswith("aws:kms"):
        message = "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature"
        raise errors.invalid_argument(f"{message} Version 4.", "Authorization", "null")


class Authenticator:
    """Verifies signatures.

    Args:
        credentials: the accepted ones, by access key.
        clock: S3's, by which presigned requests expire.
        machine: the machine's clock, by which clients sign headers; accepted as well when S3's clock was set.
    """

    def __init__(
        self, credentials: Mapping[str, signature.Credential], clock: Clock, machine: Clock | None = None
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._machine = machine or clock
        self._has_warned = False

    def authenticate(self, request: Request, region: str | None, service: str = "s3") -> Signed | None:
        """Return the signer of a request; None if it is unsigned.

        With a region, it must be signed for that, and in its header for the service.

        Raises:
            S3Error: the signature lacks something, is wrong, early, late, or of a version that is refused.
        """
        header = request.headers.get("authorization")
        if sum((header is not None, request.has("X-Amz-Algorithm"), request.has("Signature"))) > 1:
            raise errors.invalid_argument(_ONE_MECHANISM, "Authorization")
        if (header or "").startswith(f"{version_2.NAME} ") or request.has(*_VERSION_2):
            return self._verify_version_2(request, region or "us-east-1", service)
        if header is not None:
            claim = claim_of_header(request, region, service)
            self._check_skew(claim.time)
        elif request.has(*QUERY):
            claim = claim_of_query(request, region)
            self._check_expiry(claim.time, int(request.parameter("X-Amz-Expires") or 0))
        else:
            return None
        return self._verify(request, claim)

    def authenticate_form(self, fields: Mapping[str, str], region: str) -> Signed | None:
        """Return the signer of a form's policy (names in lower case); None if it is unsigned."""
        if not any(fields.get(name.lower()) for name in _FORM[1:]):
            return self._authenticate_form_of_version_2(fields, region)
        _check_required(fields, _FORM)
        scope = _scope_of_form(fields, region)
        credential = self._credential(scope.access_key, fields.get("x-amz-security-token"))
        signature.check(credential, scope, fields["policy"], fields["x-amz-signature"])
        return Signed(scope.access_key, scope.region)

    def _authenticate_form_of_version_2(self, fields: Mapping[str, str], region: str) -> Signed | None:
        if not any(name.lower() in fields for name in _VERSION_2):
            return None
        version_2.check_accepted(region)
        _check_required(fields, ("Policy", *_VERSION_2))
        access_key, token = fields["awsaccesskeyid"], fields.get("x-amz-security-token")
        return self._accept(region, access_key, token, fields["signature"], fields["policy"])

    def _verify_version_2(self, request: Request, region: str, service: str) -> Signed:
        version_2.check_accepted(region, service)
        headers = request.headers
        if "authorization" in headers:
            access_key, provided = version_2.of_header(headers["authorization"])
            self._check_skew(time_of_headers({"date": headers.get("x-amz-date") or headers.get("date", "")}))
        else:
            access_key, provided, expires = version_2.of_query(request)
            self._check_end(datetime.fromtimestamp(expires, UTC))
        token = headers.get("x-amz-security-token") or request.parameter("x-amz-security-token")
        texts = [version_2.string_to_sign(request, slash) for slash in ("", "/")[: 2 - bool(request.key)]]
        return self._accept(region, access_key, token, provided, *texts)

    def _accept(self, region: str, key: str, token: str | None, provided: str, *texts: str) -> Signed:
        secret = self._credential(key, token).secret_key
        signature.check_texts({version_2.signature(secret, text): text for text in texts}, provided, key)
        if not self._has_warned:
            self._has_warned = True
            _log.warning("A request is signed with Signature Version 2; use Version 4 (AWS4-HMAC-SHA256).")
        return Signed(key, region, version=version_2.NAME)

    def _verify(self, request: Request, claim: Claim) -> Signed:
        _check_signed_headers(request.headers, claim.signed_headers)
        credential = self._credential(claim.scope.access_key, claim.token)
        query = [(name, value) for name, value in request.query if name != "X-Amz-Signature"]
        headers = {**{name.lower(): value for name, value in query}, **request.headers}
        canonical = signature.canonical_request(
            request.method, request.path, query, headers, claim.signed_headers, claim.payload
        )
        text = signature.string_to_sign(claim.time, claim.scope, canonical)
        signature.check(credential, claim.scope, text, claim.signature, canonical)
        signer = ChunkSigner(credential, claim.scope, claim.time, claim.signature)
        return Signed(claim.scope.access_key, claim.scope.region, claim.payload, signer)

    def _credential(self, access_key: str, token: str | None) -> signature.Credential:
        credential = self._credentials.get(access_key)
        if credential is None or (credential.session_token and token is None):  # S3 looks for both together
            raise errors.refusal("InvalidAccessKeyId", AWSAccessKeyId=access_key)
        signature.check_token(credential, token, self._clock.now())
        return credential

    def _check_skew(self, time: str) -> None:
        signed, now = _time(time), self._clock.now()
        if min(abs(now - signed), abs(self._machine.now() - signed)) > signature.MAX_SKEW:
            raise errors.refusal(
                "RequestTimeTooSkewed",
                RequestTime=time,
                ServerTime=f"{now:{_ISO}}",
                MaxAllowedSkewMilliseconds=signature.MAX_SKEW // timedelta(milliseconds=1),
            )

    def _check_expiry(self, time: str, seconds: int) -> None:
        signed, now = _time(time), self._clock.now()
        if signed - now > signature.MAX_SKEW:
            elements = {"X-Amz-Date": time, "ServerTime": f"{now:{_ISO}}"}
            raise errors.access_denied("Request is not valid yet", **elements)
        self._check_end(signed + timedelta(seconds=seconds), **{"X-Amz-Expires": str(seconds)})

    def _check_end(self, end: datetime, **elements: str) -> None:
        now = self._clock.now()
        if now >= end:
            times = {"Expires": f"{end:{_ISO}}", "ServerTime": f"{now:{_ISO}}"}
            raise errors.access_denied("Request has expired", **elements, **times)


def _check_required(fields: Mapping[str, str], names: Iterable[str]) -> None:
    for name in names:
        if not fields.get(name.lower()):
            raise errors.missing_field(name)


def _scope_of_form(fields: Mapping[str, str], region: str) -> signature.Scope:
    algorithm, time, presented = (fields[f"x-amz-{name}"] for name in ("algorithm", "date", "credential"))
    if algorithm != signature.ALGORITHM:
        raise errors.invalid_argument(
            f"Only {signature.ALGORITHM} is supported", "X-Amz-Algorithm", algorithm
        )
    if signature.parse_time(time) is None:
        raise errors.invalid_argument(
            "X-Amz-Date must be formated via ISO8601 Long format", "X-Amz-Date", time
        )
    try:
        return signature.Scope.parse(presented, region, time)
    except signature.WrongScope as wrong:
        elements = {"ArgumentName": "X-Amz-Credential", "ArgumentValue": presented, **wrong.elements}
        raise errors.S3Error(400, "InvalidArgument", str(wrong), elements) from None


def _check_signed_headers(headers: Mapping[str, str], signed: tuple[str, ...]) -> None:
    unsigned = [
        name
        for name in headers
        if name not in signed and (name == "host" or name.startswith("x-amz-")) and name != PAYLOAD_HEADER
    ]
    if unsigned:
        message = "There were headers present in the request which were not signed"
        raise errors.access_denied(message, HeadersNotSigned=", ".join(unsigned))


def _time(text: str) -> datetime:
    time = signature.parse_time(text)
    assert time is not None  # noqa: S101 -- what makes a claim has checked its form
    return time
