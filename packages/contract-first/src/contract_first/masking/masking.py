"""Masks secrets by what a contract declares, by their names and by their looks."""

import base64
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import copy
from functools import cache, lru_cache, partial
from typing import Any, AnyStr
from urllib.parse import quote, unquote_plus, unquote_to_bytes

import msgspec

from contract_first.contract import Contract
from contract_first.contract.document.anatomy import document_location, walk
from contract_first.contract.routing import EXPRESSION, normal_path
from contract_first.contract.schemas.schema import Schema

from .names import LONGEST_NAME, is_secret_name
from .structures import without_named
from .tokens import MASK, mask, without_tokens

SHORTEST_PRESENTED = 16
"""Bytes; a shorter value may be an ordinary word elsewhere in the text, or part of one."""

SHORTEST_SPELLED = 8
"""Bytes; the other spellings of a shorter secret occur in any text."""

_CREDENTIAL = re.compile(r"\A(?P<front>(?P<name>)[^ ]* +)?(?P<secret>.*)", re.DOTALL)
_COOKIE = r"\s*(?:(?P<name>[^=;]*)=)?)(?P<secret>[^;]*)"
_SECRETS = {
    "authorization": _CREDENTIAL,
    "proxy-authorization": _CREDENTIAL,
    "cookie": re.compile(r"(?P<front>(?:\A|;)" + _COOKIE),
    "set-cookie": re.compile(r"(?P<front>\A" + _COOKIE),
}
"""Where header fields have them, and the names of cookies."""
_ALL = re.compile(r"\A(?P<front>(?P<name>))(?P<secret>.*)", re.DOTALL)
_COMMAND = re.compile(r"""(?<=['"])([\w-]{1,100}+): ([^'"\r\n]++)""")
"""A header field of a command."""
_PATH = re.compile(r"((?:[^:/?#]+:)?(?://[^/?#]*)?)([^?#]*)(.*)", re.DOTALL)
_UTF_16 = {BOM_UTF16_LE: "utf-16-le", BOM_UTF16_BE: "utf-16-be"}


@lru_cache(maxsize=256)
def spellings(secret: bytes) -> tuple[bytes, ...]:
    """Return how a server may repeat a secret: as it is, URL-encoded, in capitals, reversed, in Base64.

    In Base64 it may follow something else, as in ``user:secret``: it is encoded at each of the three offsets,
    without the characters at its ends, which depend on what is around it.
    """
    quoted = quote(secret, safe="").encode()
    if len(secret) < SHORTEST_SPELLED:
        return secret, quoted
    texts = {secret, quoted, quoted.lower(), secret.upper(), secret.lower(), secret[::-1]}
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + secret)
        text = encoded[-(-offset * 8 // 6) : (offset + len(secret)) * 8 // 6]
        texts |= {text, text.replace(b"+", b"-").replace(b"/", b"_")}
    return tuple(texts)


@lru_cache(maxsize=1024)
def whole(secret: AnyStr) -> re.Pattern[AnyStr]:
    """Return the pattern that finds a secret: a short one only where it is no part of a longer word."""
    if len(secret) >= SHORTEST_PRESENTED:
        return re.compile(re.escape(secret))
    if isinstance(secret, bytes):
        return re.compile(rb"(?<![0-9A-Za-z])" + re.escape(secret) + rb"(?![0-9A-Za-z])")
    return re.compile(r"(?<![^\W_])" + re.escape(secret) + r"(?![^\W_])")


class Masking:
    """Masks what a contract declares as secret, what names and looks show to be, and what was presented.

    A mask is as long as the secret, has its type, and is the same for the same secret.

    Args:
        contract: that declares what is secret; None for none.
        secrets: to mask wherever they are.

    Attributes:
        presented: credentials, the longest first.
    """

    def __init__(self, contract: Contract | None = None, secrets: Iterable[str] = ()) -> None:
        self._contract = contract
        # a large document takes a while, and what nobody reads is not masked
        self._declared = cache(partial(_declared, contract))
        self._named = lru_cache(maxsize=4096)(self._is_named)
        self.presented = _spelled(secret.encode() for secret in secrets)

    def knowing(self, fields: Iterable[tuple[str, str]]) -> "Masking":
        """Return a masking that masks the credentials in an exchange's header fields as well."""
        values = (
            match["secret"].encode("latin-1", "replace")
            for name, value in fields
            if (secrets := self._secrets(name))
            for match in secrets.finditer(value)
            if not match["name"] or self.is_secret(match["name"])
        )
        masking = copy(self)
        masking.presented = _spelled(values, self.presented, SHORTEST_PRESENTED)
        return masking

    def is_secret(self, name: str, *, is_header: bool = False) -> bool:
        """Return whether what has this name is a secret."""
        lower, (declared, identifiers) = name.lower(), self._declared()
        is_named = lower not in identifiers and is_secret_name(name[-LONGEST_NAME:], is_header=is_header)
        return lower in declared or is_named

    def is_masked(self, value: Any, name: str = "", *, inside: bool = False) -> bool:
        """Return whether a JSON value has a mask in it, or is one; a number is one by its name alone.

        Args:
            inside: whether the value is in a secret.
        """
        nodes = [(name, value, inside)]
        while nodes:
            name, value, inside = nodes.pop()
            inside = inside or self.is_secret(name)
            if isinstance(value, dict):
                nodes += [(key, member, inside) for key, member in value.items()]
            elif isinstance(value, list):
                nodes += [("", item, inside) for item in value]
            elif isinstance(value, str):
                if MASK in value or (inside and value in {"*", "**"}):
                    return True
            elif inside and isinstance(value, int | float) and {*str(value)} <= {*"-9."}:
                return True
        return False

    def headers(self, fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return header fields, their secrets masked."""
        return [(name, self._field(name, value)) for name, value in fields]

    def url(self, url: str, parameters: Mapping[str, bytes] | None = None) -> str:
        """Return a URL with its secrets masked; all else is as it was.

        Args:
            parameters: of its path, percent-encoded; None for those that the contract has there.
        """
        front, path, rest = next(_PATH.finditer(url)).groups()
        if parameters is None:
            parameters = self._contract.route("GET", path).path_parameters if self._contract else {}
        for name, value in parameters.items():
            if self.is_secret(name):
                masked = mask(value, unquote_to_bytes(value)).decode()
                path = whole(value.decode("latin-1")).sub(masked, normal_path(path))
        return self._text(front + path + rest)

    def text(self, text: str) -> str:
        """Return a text, such as a command or a line of a log, with its secrets masked."""
        return self._text(_COMMAND.sub(lambda match: f"{match[1]}: {self._field(match[1], match[2])}", text))

    def body(self, content: bytes) -> bytes:
        """Return a body with its secrets masked; the length stays."""
        if encoding := _UTF_16.get(content[:2]):
            return self._text(content.decode(encoding, "replace")).encode(encoding, "surrogatepass")
        content = without_named(content, self._named)
        for value in self.presented:
            content = whole(value).sub(lambda match: mask(match[0]), content)
        return without_tokens(content)

    def fields(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return fields of a form, with their secrets masked."""
        return [(name, _mask(value) if self.is_secret(name) else self._text(value)) for name, value in pairs]

    def _is_named(self, name: bytes) -> bool:
        """Return whether a name that stands in a body, encoded or not, is that of a secret."""
        if b"\\" in name:
            with suppress(msgspec.DecodeError):
                name = msgspec.json.decode(b'"' + name + b'"', type=str).encode()
        return self.is_secret(unquote_plus(name.decode("utf-8", "replace")))

    def _text(self, text: str) -> str:
        return self.body(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def _secrets(self, name: str) -> re.Pattern[str] | None:
        """Return where the values of a header field have secrets; None for nowhere in particular."""
        is_secret = self.is_secret(name, is_header=True)
        return _SECRETS.get(name.lower(), _ALL if is_secret else None)

    def _field(self, name: str, value: str) -> str:
        if secrets := self._secrets(name):
            return secrets.sub(lambda match: (match["front"] or "") + _mask(match["secret"]), value)
        return self._text(value)


def _declared(contract: Contract | None) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names, in lower case, of what a contract declares as secret, and of ids in its paths.

    Such a name is that of a secret everywhere. A session that has a path is a resource, and its id
    is no secret.
    """
    if contract is None:
        return frozenset(), frozenset()
    secret = [scheme["name"] for scheme in contract.security_schemes.values() if "name" in scheme]
    for location in walk(document_location(contract.document, contract.source)):
        match location.kind, location.node:
            case "schema", {"properties": dict(members)}:
                schemas = members
            case "parameter", {"name": str(name), "schema": schema}:
                schemas = {name: schema}
            case _:
                continue
        secret += [name for name, schema in schemas.items() if _is_declared(contract.schemas.of(schema))]
    paths = (operation.path.lower() for operation in contract.operations)
    names = {name for path in paths for name in EXPRESSION.findall(path) if name.endswith("id")}
    return frozenset(map(str.lower, secret)), frozenset(names)


def _is_declared(schema: Schema) -> bool:
    return any(
        part.get("format") == "password" or part.get("writeOnly") is True
        for part in (*schema.branches, *schema.items.branches)
    )


def _spelled(secrets: Iterable[bytes], others: Iterable[bytes] = (), shortest: int = 0) -> tuple[bytes, ...]:
    """Return the spellings of secrets from a length on, and others, the longest first."""
    texts = {text for secret in secrets for text in spellings(secret) if len(text) >= shortest}
    return tuple(sorted(texts.union(others), key=len, reverse=True))


def _mask(text: str) -> str:
    return mask(text.encode("utf-8", "surrogatepass")).decode()
