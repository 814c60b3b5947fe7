"""Signatures from the server's side: what was signed, and whether the signature is right.

Everything here is pure. Requests are given by their parts; signatures are compared in constant time, and a
secret key is in no error, no log and no repr.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote

from strict_s3.messages.errors import refusal

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
MAX_SKEW = timedelta(minutes=15)
_TERMINATOR = "aws4_request"
_DAY = re.compile(r"\d{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential that S3 accepts.

    Attributes:
        secret_key: the key that signs.
        session_token: what must come along with a temporary credential; None for a lasting one.
        expires: when a temporary credential ends.
    """

    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires: datetime | None = None

    @classmethod
    def parse(cls, text: str) -> "Credential":
        """Read ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]``, EXPIRES being ISO 8601; without a zone, in UTC."""
        secret_key, _, rest = text.partition(":")
        token, _, end = rest.partition(":")
        expires = datetime.fromisoformat(end) if end else None
        return cls(secret_key, token or None, expires and expires.replace(tzinfo=expires.tzinfo or UTC))


@dataclass(frozen=True, slots=True)
class Scope:
    """What ``ACCESS_KEY/YYYYMMDD/REGION/s3/aws4_request`` says."""

    access_key: str
    day: str
    region: str
    service: str = "s3"

    @classmethod
    def parse(cls, text: str, region: str | None, time: str, expected: str = "s3") -> "Scope":
        """Read the scope of a credential.

        Args:
            text: the credential as the client presents it.
            region: the region that it must be for; None for any.
            time: when the client signed, ``YYYYMMDDTHHMMSSZ``.
            expected: the service.

        Raises:
            WrongScope: it cannot be read, or is for another service, region or day.
        """
        # An access key may hold slashes, the rest of the scope may not.
        access_key, *scope = text.rsplit("/", 4)
        if len(scope) != 4 or not access_key:  # noqa: PLR2004 -- day, region, service, terminator
            form = "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"
            raise WrongScope(f'the Credential is mal-formed; expecting "{form}".')
        day, named, service, terminator = scope
        if not _DAY.fullmatch(day):
            rule = 'This date in the credential must be in the format "yyyyMMdd".'
            raise WrongScope(f'incorrect date format "{day}". {rule}')
        if service != expected:
            raise WrongScope(f'incorrect service "{service}". This endpoint belongs to "{expected}".')
        if terminator != _TERMINATOR:
            raise WrongScope(f'incorrect terminal "{terminator}". This endpoint uses "{_TERMINATOR}".')
        if region is not None and named != region:
            raise WrongScope(f"the region '{named}' is wrong; expecting '{region}'", {"Region": region})
        if not time.startswith(day):
            raise WrongScope(
                f'Invalid credential date "{day}". This date is not the same as X-Amz-Date: "{time[:8]}".'
            )
        return cls(access_key, day, named, service)

    def __str__(self) -> str:
        return f"{self.day}/{self.region}/{self.service}/{_TERMINATOR}"


class WrongScope(Exception):  # noqa: N818 -- what is wrong is the scope; the caller makes the error
    """The scope of a credential is not what it must be; `elements` belong into the error document."""

    def __init__(self, message: str, elements: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.elements = dict(elements or {})


def signature(secret_key: str, scope: Scope, string_to_sign: str | bytes) -> str:
    """Return the signature that is right, in hexadecimal."""
    text = string_to_sign.encode() if isinstance(string_to_sign, str) else string_to_sign
    return hmac.digest(_signing_key(secret_key, scope), text, "sha256").hex()


def string_to_sign(time: str, scope: Scope, canonical_request: str) -> str:
    """Return what is signed for a request made at `time` (``YYYYMMDDTHHMMSSZ``)."""
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    return "\n".join((ALGORITHM, time, str(scope), digest))


def canonical_request(
    method: str,
    path: str,
    query: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    signed_headers: Iterable[str],
    payload: str,
) -> str:
    """Return the canonical form of a request.

    Path and query are decoded, the query is without the signature, and headers are by name in lower case. The
    payload is the SHA-256 of the body, or the word that stands for it.
    """
    names = sorted(signed_headers)
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query)
    return "\n".join((
        method,
        quote(path, safe="/-_.~"),
        "&".join(f"{name}={value}" for name, value in pairs),
        *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in names),
        "",
        ";".join(names),
        payload,
    ))  # fmt: skip


def check(
    credential: Credential, scope: Scope, text: str, provided: str, canonical: str | None = None
) -> None:
    """Raise SignatureDoesNotMatch unless `provided` signs `text`."""
    right = signature(credential.secret_key, scope, text)
    check_texts({right: text}, provided, scope.access_key, canonical)


def check_texts(texts: Mapping[str, str], provided: str, key: str, canonical: str | None = None) -> None:
    """Raise SignatureDoesNotMatch, with all that helps to find out why, unless one signature is right.

    The texts are by their signatures, the one that S3 reports first.
    """
    if any(hmac.compare_digest(right.encode(), provided.encode()) for right in texts):
        return
    text = next(iter(texts.values()))
    elements = {
        "AWSAccessKeyId": key,
        "StringToSign": text,
        "SignatureProvided": provided,
        "StringToSignBytes": _bytes(text),
    }
    if canonical is not None:
        elements |= {"CanonicalRequest": canonical, "CanonicalRequestBytes": _bytes(canonical)}
    raise refusal("SignatureDoesNotMatch", **elements)


def check_token(credential: Credential, token: str | None, now: datetime) -> None:
    """Raise InvalidToken or ExpiredToken unless the security token is the credential's own."""
    if not hmac.compare_digest((credential.session_token or "").encode(), (token or "").encode()):
        raise refusal("InvalidToken")
    if credential.expires is not None and now >= credential.expires:
        raise refusal("ExpiredToken")


def parse_time(text: str) -> datetime | None:
    """Read ``YYYYMMDDTHHMMSSZ``; None if it is not of that form."""
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _signing_key(secret_key: str, scope: Scope) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in str(scope).split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _bytes(text: str) -> str:
    return text.encode().hex(" ")
