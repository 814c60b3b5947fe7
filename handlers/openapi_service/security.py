"""Security schemes of the contract: where a request's credentials stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .percent import decode, decode_form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from openapi_contract import Operation

    from .authentication import Alternatives
    from .request import Request


def alternatives_of(operation: Operation) -> Alternatives:
    """Return the operation's security requirements as sets of scheme names."""
    return tuple(frozenset(requirement) for requirement in operation.security)


class Credentials:
    """Finds what a request presents for each security scheme of a contract.

    Args:
        schemes: security scheme objects by name (OpenAPI 3.1, section 4.8.27).

    Attributes:
        in_query: the names of the query parameters that carry one.
    """

    def __init__(self, schemes: Mapping[str, Mapping[str, Any]]) -> None:
        in_query = (
            each for each in schemes.values() if (each["type"], each.get("in")) == ("apiKey", "query")
        )
        self.in_query = [each["name"] for each in in_query]
        finders = ((name, _finder(scheme)) for name, scheme in schemes.items())
        self._finders: Sequence[tuple[str, Callable[[Request], str | None]]] = [
            (name, find) for name, find in finders if find is not None
        ]

    def of(self, request: Request) -> dict[str, str]:
        """Return the credentials that a request presents, by scheme name; an empty one is presented too."""
        found = {}
        for name, find in self._finders:
            credential = find(request)
            if credential is not None:
                found[name] = credential
        return found


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
        sent, _, credential = value.decode("latin-1").partition(" ")
        return credential.strip() if sent.lower() == scheme else None

    return find
