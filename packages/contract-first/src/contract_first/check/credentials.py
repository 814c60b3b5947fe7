"""The credentials of a run of checks, and how reports hide them: masked, or as a shell's variable."""

import base64
import binascii
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Any

import msgspec

from contract_first.files import read_text
from contract_first.masking import spellings, whole

from .oauth2 import ClientCredentials

MASK = "[masked]"
SHORTEST_SECRET = 4
"""Characters; masking what is shorter would blacken half of every text."""
SAFE_LENGTH = 8
"""Characters; what is shorter may be an ordinary word of a text."""
MOST_BYTES = 65_536
PREFIX = "CHECK"
"""Of the environment's variables, such as ``CHECK_API_KEY``."""
KINDS = ("api_key", "other_api_key", "bearer", "basic", "cookie")
CHANGED = 10
"""Which character from the end is another in a wrong one: of a JWT's signature, of an API key's body."""
SHORT = 20
"""Characters; of what is shorter the last one is changed."""
FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)[ \t]*")
VALUE = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")


class Credentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The credentials of a caller; empty where there is none.

    Attributes:
        api_key: for the contract's API key header.
        other_api_key: of another organization than `api_key`.
        bearer: for ``Authorization: Bearer``.
        basic: ``user:password``, for ``Authorization: Basic``.
        cookie: value of the contract's cookie, or ``name=value``.
        headers: fields that every request carries besides, such as those of a gateway. One that a security
            scheme of the contract describes is the credential for it.
        tokens: that take the place of `bearer` as it expires; they are masked as well.
    """

    api_key: str = ""
    other_api_key: str = ""
    bearer: str = ""
    basic: str = ""
    cookie: str = ""
    headers: dict[str, str] = {}
    tokens: list[str] = []

    def __post_init__(self) -> None:
        """Raise ValueError for text that a header field cannot carry; the message does not repeat it."""
        for name in KINDS:
            if (value := getattr(self, name)) and not VALUE.fullmatch(value):
                raise ValueError(f"{name} has characters that a header field cannot carry.")
        if self.basic and ":" not in self.basic:
            raise ValueError("basic has no colon; expected user:password.")
        for name, value in self.headers.items():
            if not FIELD.fullmatch(f"{name}: {value}"):
                raise ValueError("a header is not 'Name: value' in printable ASCII.")

    def __repr__(self) -> str:
        names = ", ".join(name for name in self.__struct_fields__ if getattr(self, name))
        return f"Credentials(given: {names or 'none'})"

    @property
    def can_call(self) -> bool:
        """Whether any credential of the caller is set."""
        return bool(self.api_key or self.bearer or self.basic or self.cookie)

    @property
    def short(self) -> list[str]:
        """The kinds of those that are shorter than a credential should be."""
        return [name for name in KINDS if 0 < len(getattr(self, name)) < SAFE_LENGTH]

    @property
    def wrong(self) -> "Credentials":
        """Credentials that are wrong in one character each; arbitrary ones for those that are not given."""
        kinds: dict[str, Any] = {name: altered(getattr(self, name) or "wrong") for name in KINDS}
        user, _, password = self.basic.partition(":")
        kinds["basic"] = f"{user}:{altered(password or 'wrong')}"
        return Credentials(
            **kinds, headers={name: _altered_field(value) for name, value in self.headers.items()}
        )

    def over(self, weaker: "Credentials") -> "Credentials":
        """Return these credentials; empty ones are taken from others."""
        either: dict[str, Any] = {name: getattr(self, name) or getattr(weaker, name) for name in KINDS}
        return Credentials(
            **either, headers={**weaker.headers, **self.headers}, tokens=self.tokens or weaker.tokens
        )

    @classmethod
    def of_client(cls, client: ClientCredentials) -> "Credentials":
        """Return the token of a client, and those that follow it.

        Raises:
            ValueError: none is handed out.
        """
        return cls(bearer=client.token(), tokens=client.tokens)

    def by_scheme(self, schemes: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
        """Return the header fields that satisfy each security scheme, for those that can be satisfied."""
        fields = {name: self._fields(scheme) or self._of_headers(scheme) for name, scheme in schemes.items()}
        return {name: field for name, field in fields.items() if field}

    def common(self, schemes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Return the header fields that carry no credential for any of these security schemes."""
        names = {_carrier(scheme)[0].lower() for scheme in schemes.values()}
        return {name: value for name, value in self.headers.items() if name.lower() not in names}

    def of_the_other(self, schemes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Return the header fields of the other organization; none without its key."""
        other = Credentials(api_key=self.other_api_key).by_scheme(schemes)
        return next(iter(other.values()), {})

    def mask(self, text: str) -> str:
        """Return a text without any credential."""
        for spelling in self.spellings():
            text = whole(spelling).sub(MASK, text)
        return text

    def spellings(self) -> list[str]:
        """Return all secrets in each spelling, in JSON and quoted for a shell too; see `secrets`."""
        ordered: dict[str, None] = {}
        for secret in self.secrets():
            others = (spelling.decode("utf-8", "replace") for spelling in spellings(secret.encode()))
            spelled = {secret, json.dumps(secret)[1:-1], quote(f" {secret}")[2:-1], *others}
            ordered |= dict.fromkeys(sorted(spelled, key=len, reverse=True))
        return list(ordered)

    def secrets(self) -> list[str]:
        """Return all secrets, longest first, so that masking one hides no part of another.

        A wrong credential is among them, as it gives away all of the right one but a character.
        """
        values = {getattr(self, name) for name in KINDS} | {*self.headers.values(), *self.tokens}
        fields = [value for name, value in self.headers.items() if name.lower() == "authorization"]
        values |= {value.partition(" ")[2] for value in [*fields, *self.wrong.headers.values()]}
        basics = [self.basic, *map(_decoded, fields)]
        values |= {password for basic in basics for password in (basic, basic.partition(":")[2])}
        values |= {altered(value) for value in values if value} | {*self.wrong.headers.values()}
        values |= {_encoded(basic) for basic in (self.basic, self.wrong.basic) if self.basic}
        cookies = (self.cookie, altered(self.cookie)) if self.cookie else ()
        values |= {pair.partition("=")[2] for cookie in cookies for pair in cookie.split("; ")}
        return sorted((value for value in values if len(value) >= SHORTEST_SECRET), key=len, reverse=True)

    def _of_headers(self, scheme: Mapping[str, Any]) -> dict[str, str]:
        """Return the given header field that a scheme describes, if there is one."""
        carrier, start, _ = _carrier(scheme)
        return {
            name: value
            for name, value in self.headers.items()
            if name.lower() == carrier.lower() and value.lower().startswith(start.lower())
        }

    def _fields(self, scheme: Mapping[str, Any]) -> dict[str, str]:
        carrier, start, kind = _carrier(scheme)
        secret = getattr(self, kind) if kind else ""
        if kind == "basic" and secret:
            secret = _encoded(secret)
        is_pair = kind == "cookie" and "=" in secret
        return {carrier: secret if is_pair else f"{start}{secret}"} if secret else {}


def _carrier(scheme: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the header field of a scheme's credential, how its value begins, and which kind it is."""
    match scheme:
        case {"type": "apiKey", "in": "header", "name": name}:
            return name, "", "api_key"
        case {"type": "apiKey", "in": "cookie", "name": name}:
            return "Cookie", f"{name}=", "cookie"
        case {"type": "http", "scheme": kind}:
            name = kind.capitalize()
            return "Authorization", f"{name} ", kind.lower() if name in ("Basic", "Bearer") else ""
        case {"type": "oauth2" | "openIdConnect"}:
            return "Authorization", "Bearer ", "bearer"
    return "", "", ""


def _encoded(basic: str) -> str:
    return base64.b64encode(basic.encode()).decode()


def _decoded(value: str) -> str:
    """Return ``user:password`` of a field of Basic authentication; empty for another."""
    kind, _, token = value.partition(" ")
    try:
        return base64.b64decode(token, validate=True).decode() if kind.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _altered_field(value: str) -> str:
    """Return a header field with a wrong credential."""
    user, colon, password = _decoded(value).partition(":")
    if colon:
        return "Basic " + _encoded(f"{user}:{altered(password or '-')}")
    scheme, space, secret = value.rpartition(" ")
    return scheme + space + altered(secret)


def change_of(secret: str) -> tuple[int, str]:
    """Return which character of a credential, from its end, a wrong one has another for, and which."""
    place = CHANGED if len(secret) >= SHORT else 1
    return place, "A" if secret[-place] != "A" else "B"


def altered(secret: str) -> str:
    """Return a wrong credential that differs from the right one in one character."""
    place, character = change_of(secret)
    at = len(secret) - place
    return secret[:at] + character + secret[at + 1 :]


def header_fields(lines: Iterable[str], source: str) -> dict[str, str]:
    """Return fields written as ``Name: value``; raise ValueError, without repeating it, for another.

    Args:
        source: the option or variable, for the error.
    """
    matches = [FIELD.fullmatch(line) for line in lines]
    if None in matches:
        raise ValueError(f"{source}: a header is not 'Name: value' in printable ASCII.")
    return {match[1]: match[2] for match in matches if match}


def variable(name: str, prefix: str) -> str:
    """Return the variable of the environment that holds a kind of credential, or the ``headers``."""
    return f"{prefix}_{name.upper()}"


def empty_variables(environment: Mapping[str, str], prefix: str = PREFIX) -> list[str]:
    """Return the variables for a credential that are set to nothing, as by a CI that has no such secret."""
    names = [variable(name, prefix) for name in KINDS]
    return [name for name in names if not environment.get(name, "unset").strip()]


def from_environment(environment: Mapping[str, str], prefix: str = PREFIX) -> Credentials:
    """Read credentials from the environment; header fields are ``Name: value``, one per line.

    Raises:
        ValueError: no header field can carry it.
    """
    values: dict[str, Any] = {
        name: environment.get(variable(name, prefix), "").strip() for name in (*KINDS, "headers")
    }
    lines = filter(None, map(str.strip, values.pop("headers").splitlines()))
    return Credentials(**values, headers=header_fields(lines, variable("headers", prefix)))


def from_file(path: Path) -> Credentials:
    """Read credentials from a TOML file, whose keys are the attributes.

    Raises:
        ValueError: it cannot be read, or is not such a file; the message repeats nothing that is in it.
    """
    try:
        values = tomllib.loads(read_text(path, MOST_BYTES))
        if empty := [name for name in KINDS if values.get(name) == ""]:
            raise ValueError(f"{path}: {empty[0]} is empty. Leave it out to check without it.")
        return msgspec.convert(values, Credentials)
    except tomllib.TOMLDecodeError:
        raise ValueError(f"{path} is not TOML.") from None
    except msgspec.ValidationError as error:
        raise ValueError(f"{path}: {error}") from None


def runnable(command: str, credentials: Credentials, prefix: str = PREFIX) -> str:
    """Return a command with the variables of the environment in place of the credentials.

    What stands in single quotes is left and entered again, so that the shell puts the value in.
    """
    for name in KINDS:
        secret = getattr(credentials, name)
        if secret and quote(f" {secret}") == f"' {secret}'":
            for value, expression in _expressions(name, secret, credentials, variable(name, prefix)):
                command = whole(value).sub("'\"" + expression.replace("\\", r"\\") + "\"'", command)
    return command


def _expressions(name: str, secret: str, credentials: Credentials, holder: str) -> Iterator[tuple[str, str]]:
    """Yield the right credential of a kind and the wrong one, each with what has a shell make it."""
    wrong = getattr(credentials.wrong, name)
    if name != "basic":
        yield secret, f"${holder}"
        yield wrong, f"$({_changed(secret, holder)})"
        return
    encode = "| base64 | tr -d '\\n'"
    yield _encoded(secret), f'$(printf %s "${holder}" {encode})'
    yield _encoded(wrong), f"$({_changed(secret.partition(':')[2], holder)} {encode})"


def _changed(secret: str, holder: str) -> str:
    """Return the command that prints the wrong credential of the right one, which ends with a secret."""
    place, character = change_of(secret)
    return rf"""printf %s "${holder}" | sed 's/.\(.\{{{place - 1}\}}\)$/{character}\1/'"""
