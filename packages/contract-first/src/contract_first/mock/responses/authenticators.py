"""Authenticators of a mock where nobody verifies credentials: by their shape alone, or not at all."""

from collections.abc import Container, Mapping
from contextlib import suppress
from typing import Any

from contract_first.service.access.authentication import BasicCredential
from contract_first.service.access.security import Alternatives, challenges_of
from contract_first.service.messages.problems import Unauthorized
from contract_first.service.messages.request import Request


class ShapeOnlyAuthenticator:
    """Admits a caller who presents any credential for each scheme of an alternative; ``basic`` well formed.

    A client certificate (``mutualTLS``) cannot be seen from here, so it is taken to be there.

    Args:
        realm: what the challenges call the API.
        tokens: those that are accepted in ``Authorization``, but for ``basic``; None for any.
    """

    def __init__(
        self, schemes: Mapping[str, Mapping[str, Any]], realm: str, tokens: Container[str] | None = None
    ) -> None:
        self._schemes, self._tokens = schemes, tokens
        self._realm = realm
        self._basic = frozenset(
            name for name, scheme in schemes.items() if str(scheme.get("scheme", "")).lower() == "basic"
        )
        self._unseen = frozenset(name for name, scheme in schemes.items() if scheme["type"] == "mutualTLS")
        self._places = {name: place_of(scheme) for name, scheme in schemes.items()}

    async def admit(
        self,
        request: Request,  # noqa: ARG002 -- the protocol's signature
        credentials: Mapping[str, str],
        alternatives: Alternatives,
    ) -> None:
        """Return, or raise Unauthorized with the alternatives in words."""
        presented = {name for name, value in credentials.items() if self._has_shape(name, value)}
        presented |= self._unseen
        if alternatives and not any(names <= presented for names in alternatives):
            challenges = challenges_for(alternatives, self._schemes, self._realm)
            headers = {"WWW-Authenticate": challenges}
            whose = (
                ""
                if self._tokens is None
                else "; a token is one that a login, or POST /_mock/tokens, returned"
            )
            raise Unauthorized(f"Send {self._in_words(alternatives)}{whose}.", headers=headers)

    def _has_shape(self, name: str, value: str) -> bool:
        if (
            self._tokens is not None
            and name not in self._basic
            and "authorization" in self._places[name].lower()
        ):
            return value.rpartition(" ")[2] in self._tokens
        with suppress(Unauthorized):
            return bool(value if name not in self._basic else BasicCredential.read(value))
        return False

    def _in_words(self, alternatives: Alternatives) -> str:
        ways = (sorted({self._places[name] for name in names - self._unseen}) for names in alternatives)
        return ", or ".join(dict.fromkeys(" and ".join(way) for way in ways))


class OpenAuthenticator:
    """Admits everybody."""

    async def admit(
        self, request: Request, credentials: Mapping[str, str], alternatives: Alternatives
    ) -> None:
        """Return."""


def challenges_for(alternatives: Alternatives, schemes: Mapping[str, Mapping[str, Any]], realm: str) -> str:
    """Return ``WWW-Authenticate`` with the schemes of these alternatives."""
    names = frozenset().union(*alternatives)
    return challenges_of({name: schemes[name] for name in schemes if name in names}, realm)[None]


def place_of(scheme: Mapping[str, Any]) -> str:
    """Return in words where a request has the credential of a Security Scheme Object."""
    if scheme["type"] == "apiKey":
        return f"the {scheme['in']} {'parameter' if scheme['in'] == 'query' else 'field'} {scheme['name']}"
    kind = scheme.get("scheme", "bearer") if scheme["type"] == "http" else "bearer"
    return f"Authorization: {kind.title()} {'TOKEN' if kind.lower() == 'bearer' else 'CREDENTIALS'}"
