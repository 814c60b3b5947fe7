"""Security schemes of the contract: where a request's credentials stand, and how to ask for them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contract_first.contract import Operation
from contract_first.service.messages.request import Request
from contract_first.service.request.decoding import decode, decode_form

Alternatives = tuple[frozenset[str], ...]
"""Security requirements: each set of scheme names alone suffices; none at all means anonymous."""


def alternatives_of(operation: Operation) -> Alternatives:
    """Return the operation's security requirements as sets of scheme names."""
    return tuple(frozenset(requirement) for requirement in operation.security)


class PresentedCredentials:
    """Finds the credentials that a request presents for each security scheme of a contract.

    Attributes:
        in_query: the names of the query parameters that carry one.
    """

    def __init__(self, schemes: Mapping[str, Mapping[str, Any]]) -> None:
        in_query = (
            scheme for scheme in schemes.values() if (scheme["type"], scheme.get("in")) == ("apiKey", "query")
        )
        self.in_query = [scheme["name"] for scheme in in_query]
        finders = ((name, _finder(scheme)) for name, scheme in schemes.items())
        self._finders: Sequence[tuple[str, Callable[[Request], str | None]]] = [
            (name, find) for name, find in finders if find is not None
        ]

    def of(self, request: Request) -> dict[str, str]:
        """Return the credentials that a request presents, by scheme name; an empty one is presented too."""
        credentials = {}
        for name, find in self._finders:
            credential = find(request)
            if credential is not None:
                credentials[name] = credential
        return credentials


def _finder(scheme: Mapping[str, Any]) -> Callable[[Request], str | None] | None:
    kind = scheme["type"]
    if kind == "apiKey":
        return _api_key(scheme["in"], scheme["name"])
    if kind == "http":
        return _authorization(scheme["scheme"].lower())
    return _authorization("bearer") if kind in {"oauth2", "openIdConnect"} else None


def _api_key(location: str, name: str) -> Callable[[Request], str | None]:
    if location == "header":
        field = name.lower().encode()
        return lambda request: request.header(field)
    if location == "cookie":
        return lambda request: request.cookies.get(name) if b"cookie" in request.headers else None
    return lambda request: next(
        (
            decode(value, "query", plus_is_space=True)
            for key, value in decode_form(request.query_string, "query")
            if key == name
        ),
        None,
    )


def _authorization(scheme: str) -> Callable[[Request], str | None]:
    def find(request: Request) -> str | None:
        value = request.headers.get(b"authorization")
        if value is None:
            return None
        name, _, credential = value.decode("latin-1").partition(" ")
        return credential.strip() if name.lower() == scheme else None

    return find


def challenge_of(scheme: Mapping[str, Any], realm: str, **parameters: str) -> str:
    """Return the challenge for a Security Scheme Object.

    An API key has no authentication scheme of its own in HTTP: its challenge is called ``ApiKey`` and names
    the header or cookie.
    """
    if scheme["type"] == "apiKey":
        name, place = "ApiKey", {"in": scheme["in"], "name": scheme["name"]}
    else:
        # oauth2 and openIdConnect schemes are presented as bearer tokens too
        name, place = scheme.get("scheme", "bearer").title(), {}
    stated = {"realm": realm, **place, **parameters}
    return f"{name} " + ", ".join(f"{key}={quoted(value)}" for key, value in stated.items())


def challenges_of(schemes: Mapping[str, Mapping[str, Any]], realm: str) -> dict[str | None, str]:
    """Return the ``WWW-Authenticate`` field by the scheme whose credential was wrong, None if there was none.

    Where it was a bearer token, its challenge says ``invalid_token`` (RFC 6750, section 3.1). A client's
    certificate is no credential of HTTP's, and has no challenge.
    """
    schemes = {name: scheme for name, scheme in schemes.items() if scheme["type"] != "mutualTLS"}
    plain = {name: challenge_of(scheme, realm) for name, scheme in schemes.items()}
    wrong = {
        name: challenge_of(scheme, realm, error="invalid_token")
        for name, scheme in schemes.items()
        if scheme["type"] != "apiKey"
    }
    by_scheme = {name: plain | {name: wrong.get(name, plain[name])} for name in schemes}
    # two schemes may have the same challenge, as oauth2 and openIdConnect do
    fields = [(None, plain), *by_scheme.items()]
    return {name: ", ".join(dict.fromkeys(challenges.values())) for name, challenges in fields}


def quoted(value: str) -> str:
    """Return a value as a quoted-string (RFC 9110, section 5.6.4); what it cannot hold is ``?`` in it."""
    printable = "".join(character if " " <= character <= "~" else "?" for character in value)
    escaped = printable.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
