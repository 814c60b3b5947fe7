"""JSON Web Tokens (RFC 7519), signed with RS256, ES256 or EdDSA by one issuer."""

from base64 import urlsafe_b64decode
from hashlib import sha256
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry

from contract_first.bounded import BoundedDict
from contract_first.service.clock import Clock
from contract_first.service.messages.problems import Unauthorized
from contract_first.service.messages.request import Request
from scanner_api.storage.accounts.digests import digest_of

from .callers import Caller
from .jwks import ALGORITHMS, KeySet

SIGNATURES = frozenset(chain.from_iterable(ALGORITHMS.values()))
LEEWAY_SECONDS = 60
LONGEST_TOKEN = 8192
MAX_CACHED = 10_000
TYPES = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})
END_OF_TIME = 253_402_300_799
"""The last second of the year 9999: no date of a token is later."""


class JoseHeader(msgspec.Struct):
    """The members of a token's header that are read before its signature is verified."""

    alg: str
    kid: str | None = None
    typ: str = "JWT"
    crit: Any = None
    b64: Any = None


class Claims(msgspec.Struct):
    """The registered claims that a token is validated by; times are seconds since the epoch."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    nbf: float = 0
    iat: float = 0


class SignatureAlgorithms(JWSRegistry):
    """joserfc's registry, down to our algorithms; without its warning that EdDSA has a newer name."""

    max_header_length = 2048

    def get_alg(self, name: str) -> Any:
        """Return one of our algorithms; for any other, ``none`` and HS256 first of all, raise."""
        if name not in SIGNATURES:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


REGISTRY = SignatureAlgorithms(strict_check_header=False)


class Verified(NamedTuple):
    """A valid token."""

    caller: Caller
    expires: float
    edition: int


class TokenVerifier:
    """Verifies bearer tokens.

    A valid token is cached by its digest until it expires or the key set is read again, since verifying a
    signature costs 50 to 200 µs.
    """

    def __init__(
        self, issuer: str, audience: str, keys: KeySet, organization_claim: str, clock: Clock
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._organization_claim = organization_claim
        self._clock = clock
        self._verified: BoundedDict[bytes, Verified] = BoundedDict(MAX_CACHED)

    async def verify(self, value: str, _request: Request, /) -> Caller:
        """Return the token's caller, or raise Unauthorized; ServiceUnavailable without the keys."""
        if len(value) > LONGEST_TOKEN or not value.isascii():
            raise Unauthorized(f"A bearer token has at most {LONGEST_TOKEN} characters, all of them ASCII.")
        digest = sha256(value.encode()).digest()
        now = self._clock.timestamp()
        await self._keys.freshen()
        cached = self._verified.get(digest)
        if cached is None or cached.expires <= now or cached.edition != self._keys.edition:
            cached = self._verified[digest] = await self._verify(value, now)
        return cached.caller

    async def _verify(self, value: str, now: float) -> Verified:
        header = header_of(value)
        key = await self._keys.key(header.kid, header.alg)
        if key is None:
            raise Unauthorized("The bearer token is not signed with a key and algorithm of the issuer.")
        document = signed_claims(value, key)
        claims = self._validated_claims(document, now)
        organizations = self._organizations(document)
        caller = Caller(
            credential=credential_of(claims.iss, claims.sub),
            organizations=organizations,
            infers_organization=len(organizations) == 1,
        )
        return Verified(caller, claims.exp + LEEWAY_SECONDS, self._keys.edition)

    def _validated_claims(self, document: dict[str, Any], now: float) -> Claims:
        try:
            claims = msgspec.convert(document, Claims)
        except msgspec.ValidationError as error:
            raise Unauthorized(f"The claims of the bearer token are wrong: {error}.") from error
        if claims.iss != self._issuer:
            raise Unauthorized("The bearer token is not from the issuer that this server trusts.")
        if self._audience not in ([claims.aud] if isinstance(claims.aud, str) else claims.aud):
            raise Unauthorized("The bearer token is for another audience.")
        if not now < claims.exp + LEEWAY_SECONDS <= END_OF_TIME:
            raise Unauthorized("The bearer token has expired.")
        if not max(claims.nbf, claims.iat) <= now + LEEWAY_SECONDS:
            raise Unauthorized("The bearer token is not valid yet.")
        return claims

    def _organizations(self, document: dict[str, Any]) -> frozenset[str]:
        claim = document.get(self._organization_claim, [])
        organizations = [claim] if isinstance(claim, str) else claim
        if not isinstance(organizations, list) or not all(
            isinstance(organization, str) for organization in organizations
        ):
            raise Unauthorized(
                f"The claim {self._organization_claim} of the bearer token is no organization id "
                "and no list of them."
            )
        return frozenset(organizations)


def credential_of(issuer: str, subject: str) -> str:
    """Return the name by which the subject of an issuer's tokens is recorded."""
    return f"bearer:{digest_of(f'{issuer} {subject}')[:32]}"


def header_of(token: str) -> JoseHeader:
    """Return a token's header, or raise Unauthorized if this server may not trust it."""
    segment = token.partition(".")[0]
    try:
        header = msgspec.json.decode(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)), type=JoseHeader)
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise Unauthorized("The bearer token is not a JSON Web Token.") from error
    if header.typ.lower() not in TYPES:
        raise Unauthorized("The type of the bearer token is not JWT or at+jwt.")
    if header.crit is not None or header.b64 is not None:
        raise Unauthorized("The bearer token requires an extension that this server does not support.")
    return header


def signed_claims(token: str, key: Key) -> dict[str, Any]:
    """Return the claims of a token whose signature is right, or raise Unauthorized."""
    try:
        return jwt.decode(token, key, registry=REGISTRY).claims
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise Unauthorized("The bearer token is malformed or its signature is wrong.") from error
