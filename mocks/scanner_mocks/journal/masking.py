"""What is secret in an exchange, masked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scanner_contract import Contract

MASK = "***"
CREDENTIAL_HEADERS = frozenset({"authorization", "proxy-authorization"})
SECRET_HEADERS = frozenset({"x-api-key", "x-amz-security-token", "x-csrftoken"})
URL_HEADERS = frozenset({"location", "content-location", "referer"})
SECRET_NAMES = frozenset(
    {
        "access_token",
        "api_key",
        "apikey",
        "client_secret",
        "id_token",
        "password",
        "refresh_token",
        "secret",
        "sessionid",
        "signature",
        "token",
        "x-amz-security-token",
        "x-amz-signature",
    }
)
"""Of query parameters, and of members and fields in bodies."""

_JWT = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]+\.[\w-]*")
_XML_SIGNATURE = re.compile(rb"(<SignatureProvided>)([^<]*)")


class Masking:
    """Masks secrets by their names; what looks like a JWT is masked wherever it stands.

    Args:
        names: of further headers, query parameters and cookies that are secret.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        further = frozenset(name.lower() for name in names)
        self._headers = SECRET_HEADERS | further
        self._names = SECRET_NAMES | further
        either = b"|".join(re.escape(name.encode()) for name in sorted(self._names))
        self._in_bodies = [
            re.compile(rb'("(?:' + either + rb')"\s*:\s*")((?:[^"\\]|\\.)+)', re.IGNORECASE | re.DOTALL),
            re.compile(rb"((?:^|&)(?:" + either + rb")=)([^&\s]+)", re.IGNORECASE),
            re.compile(rb'(name="(?:' + either + rb')"[^\r\n]*\r\n\r\n)([^\r\n]+)', re.IGNORECASE),
            _XML_SIGNATURE,
        ]

    @classmethod
    def of(cls, contract: Contract) -> Masking:
        """Return the masking of what a contract's security schemes call a key."""
        return cls(scheme["name"] for scheme in contract.security_schemes.values() if "name" in scheme)

    def headers(self, fields: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
        """Return header fields as text, their secrets masked."""
        return [self._header(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]

    def url(self, url: str) -> str:
        """Return a URL with the secrets in its query masked; all else is as it was."""
        front, mark, query = url.partition("?")
        return front + mark + "&".join(map(self._parameter, query.split("&")))

    def body(self, content: bytes) -> bytes:
        """Return a body, each secret masked by as many asterisks as it has bytes."""
        for pattern in self._in_bodies:
            content = pattern.sub(lambda found: found[1] + b"*" * len(found[2]), content)
        return _JWT.sub(lambda found: b"*" * len(found[0]), content)

    def _header(self, name: str, value: str) -> tuple[str, str]:
        lower = name.lower()
        if lower in CREDENTIAL_HEADERS:
            scheme, space, _ = value.partition(" ")
            return name, f"{scheme} {MASK}" if space else MASK
        if lower == "cookie":
            return name, "; ".join(map(_valueless, value.split(";")))
        if lower == "set-cookie":
            pair, semicolon, attributes = value.partition(";")
            return name, _valueless(pair) + semicolon + attributes
        if lower in self._headers:
            return name, MASK
        if lower in URL_HEADERS:
            return name, self.url(value)
        return name, _JWT.sub(MASK.encode(), value.encode("latin-1")).decode("latin-1")

    def _parameter(self, pair: str) -> str:
        name, equals, _ = pair.partition("=")
        return f"{name}={MASK}" if equals and unquote_plus(name).lower() in self._names else pair


def _valueless(cookie: str) -> str:
    name, equals, _ = cookie.strip().partition("=")
    return f"{name}={MASK}" if equals else MASK
