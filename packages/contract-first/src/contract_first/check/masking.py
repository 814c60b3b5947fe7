"""Masks the secrets in an exchange."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from copy import copy
from functools import lru_cache
from typing import AnyStr
from urllib.parse import quote, unquote_plus

from contract_first.contract import Contract
from contract_first.service.messages.problems import BadRequest
from contract_first.service.request.decoding import read_json

from .exchange import Message

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
"""Of query parameters and cookies, and of members and fields in bodies."""
SHORTEST_PRESENTED = 16
"""Bytes; a shorter value may be an ordinary word elsewhere in the text, or part of one."""

SHORTEST_SPELLED = 8
"""Bytes; the other spellings of a shorter secret occur in any text."""

_LOOKS_SECRET = re.compile(
    rb"eyJ[\w-]{8,}\.eyJ[\w-]+\.[\w-]*"
    rb"|(?:[a-z]{2,8}_){1,2}[A-Za-z0-9]{32,}(?:_[0-9a-f]{8})?"
)
"""A JWT, or a token with a prefix of its kind, and perhaps a checksum behind it."""
_XML_SIGNATURE = re.compile(rb"(<SignatureProvided>)([^<]*)")
_PARTS = (re.compile(rb"(\r?\n\r?\n|\r?\n--[^\r\n]*)"), re.compile(rb"(\r?\n)"))
"""What ends a part of a multipart body or an event, and a line: each may be JSON where the whole is none."""
_MARKS = re.compile(rb"^(?:\xef\xbb\xbf|\x1e|data:)", re.MULTILINE)
"""What may stand before JSON: a byte order mark, the separator of a JSON text sequence, an event's field."""


@lru_cache(maxsize=256)
def spellings(secret: bytes) -> tuple[bytes, ...]:
    """Return how a server may repeat a secret: as it is, URL-encoded, in capitals, reversed, in Base64.

    In Base64 it may follow something else, as in ``user:secret``: it is encoded at each of the three offsets,
    without the characters at its ends, which depend on what is around it.
    """
    if len(secret) < SHORTEST_SPELLED:
        return tuple({secret, quote(secret, safe="").encode()})
    quoted = quote(secret, safe="").encode()
    encoded = (
        base64.b64encode(bytes(offset) + secret)[-(-offset * 8 // 6) : (offset + len(secret)) * 8 // 6]
        for offset in range(3)
    )
    others = {quoted, quoted.lower(), secret.upper(), secret.lower(), secret[::-1]}
    for text in encoded:
        others |= {text, text.replace(b"+", b"-").replace(b"/", b"_")}
    return tuple({secret, *others})


@lru_cache(maxsize=1024)
def whole(secret: AnyStr) -> re.Pattern[AnyStr]:
    """Return the pattern that finds a secret: a short one only where it is no part of a longer word."""
    if len(secret) >= SHORTEST_PRESENTED:
        return re.compile(re.escape(secret))
    if isinstance(secret, bytes):
        return re.compile(rb"(?<![0-9A-Za-z])" + re.escape(secret) + rb"(?![0-9A-Za-z])")
    return re.compile(r"(?<![^\W_])" + re.escape(secret) + r"(?![^\W_])")


class Masking:
    """Masks secrets by the names of their members, and any text that looks like one or was presented as one.

    Args:
        names: of further headers, query parameters and cookies that are secret.

    Attributes:
        presented: credentials, the longest first.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        further = frozenset(name.lower() for name in names)
        self._headers = SECRET_HEADERS | further
        self._names = SECRET_NAMES | further
        either = b"|".join(re.escape(name.encode()) for name in sorted(self._names))
        in_query = rb"((?:^|[?&]|&amp;|\\u0026)(?:" + either + rb")=)"
        self._in_json = re.compile(in_query + rb'((?:[^&\s"\\]|\\.)+)', re.IGNORECASE)
        self._in_text = re.compile(in_query + rb"([^&\s]+)", re.IGNORECASE)
        self._elsewhere = [
            re.compile(rb'("(?:' + either + rb')"\s*:\s*")((?:[^"\\]|\\.)+)', re.IGNORECASE | re.DOTALL),
            re.compile(rb'(name="(?:' + either + rb')"[^\r\n]*\r\n\r\n)([^\r\n]+)', re.IGNORECASE),
            _XML_SIGNATURE,
        ]
        self.presented: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, contract: Contract, secrets: Iterable[str] = ()) -> Masking:
        """Return the masking of what a contract's security schemes call a key, and of these secrets."""
        masking = cls(scheme["name"] for scheme in contract.security_schemes.values() if "name" in scheme)
        spelled = {spelling for secret in secrets for spelling in spellings(secret.encode())}
        masking.presented = _longest_first(spelled)
        return masking

    def knowing(self, fields: Iterable[tuple[bytes, bytes]]) -> Masking:
        """Return a masking that masks the credentials in an exchange's header fields as well."""
        values = {value for field in fields for value in self._credentials(*field)}
        spelled = {spelling for value in values for spelling in spellings(value)}
        masking = copy(self)
        masking.presented = _longest_first(text for text in spelled if len(text) >= SHORTEST_PRESENTED)
        return masking

    def message(self, fields: Iterable[tuple[bytes, bytes]], body: bytes) -> Message:
        """Return a message with these header fields and this body, their secrets masked."""
        return Message(headers=self.headers(fields), body=self.body(body), body_bytes=len(body))

    def headers(self, fields: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
        """Return header fields as text, their secrets masked."""
        return [self._header(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]

    def url(self, url: str) -> str:
        """Return a URL with the secrets in its path and query masked; all else is as it was."""
        front, mark, query = url.partition("?")
        return self._text(front + mark + "&".join(map(self._parameter, query.split("&"))))

    def body(self, content: bytes) -> bytes:
        """Return a body, each secret masked by as many asterisks as it has bytes."""
        content = self._queries(content, _PARTS)
        for pattern in self._elsewhere:
            content = pattern.sub(_asterisks, content)
        return self._anywhere(content)

    def fields(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return fields of a form, with the secrets that stand in them masked."""
        return [(name, self._text(value)) for name, value in pairs]

    def _queries(self, content: bytes, parts: tuple[re.Pattern[bytes], ...]) -> bytes:
        """Return a text with the secrets in its queries masked.

        A quotation mark ends them in what is JSON as a whole, and is one of their characters elsewhere.
        """
        if not self._in_text.search(content):
            return content
        if _is_json(content):
            return self._in_json.sub(_asterisks, content)
        if parts:
            return b"".join(self._queries(part, parts[1:]) for part in parts[0].split(content))
        return self._in_text.sub(_asterisks, content)

    def _anywhere(self, content: bytes) -> bytes:
        for value in self.presented:
            content = whole(value).sub(b"*" * len(value), content)
        return _LOOKS_SECRET.sub(lambda match: b"*" * len(match[0]), content)

    def _text(self, text: str) -> str:
        return self._anywhere(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def _credentials(self, name: bytes, value: bytes) -> Iterator[bytes]:
        lower = name.lower().decode("latin-1")
        if lower in CREDENTIAL_HEADERS:
            yield value.partition(b" ")[2].strip() or value
        elif lower in {"cookie", "set-cookie"}:
            pairs = (pair.strip().partition(b"=") for pair in value.split(b";"))
            yield from (secret for cookie, _, secret in pairs if self._is_secret(cookie.decode("latin-1")))
        elif lower in self._headers:
            yield value

    def _is_secret(self, name: str) -> bool:
        return unquote_plus(name).lower() in self._names

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
        return name, self._text(value)

    def _parameter(self, pair: str) -> str:
        name, equals, _ = pair.partition("=")
        return f"{name}={MASK}" if equals and self._is_secret(name) else pair


def _longest_first(texts: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(sorted(texts, key=len, reverse=True))


def _valueless(cookie: str) -> str:
    name, equals, _ = cookie.strip().partition("=")
    return f"{name}={MASK}" if equals else MASK


def _asterisks(match: re.Match[bytes]) -> bytes:
    return match[1] + b"*" * len(match[2])


def _is_json(content: bytes) -> bool:
    try:
        read_json(_MARKS.sub(b"", content), "body", limits=None)
    except BadRequest:
        return False
    return True
