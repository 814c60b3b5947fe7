"""What a run of the checks may call with, and how it is kept out of all that the run says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MASK = "[masked]"
SHORTEST_SECRET = 4
"""Characters; masking what is shorter would blacken half of every text."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller can show; empty where there is none.

    Attributes:
        api_key: for the contract's API key header.
        other_api_key: of another organization than `api_key`.
        bearer: for ``Authorization: Bearer``.
        cookie: value of the contract's cookie, or ``name=value``.
        headers: fields that every request carries besides, such as those of a gateway.
    """

    api_key: str = ""
    other_api_key: str = ""
    bearer: str = ""
    cookie: str = ""
    headers: dict[str, str] = {}

    def __repr__(self) -> str:
        given = ", ".join(name for name in self.__struct_fields__ if getattr(self, name))
        return f"Credentials(given: {given or 'none'})"

    def by_scheme(self, schemes: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
        """Return the header fields that meet each security scheme, for those that can be met."""
        fields = {name: self._fields(scheme) for name, scheme in schemes.items()}
        return {name: field for name, field in fields.items() if field}

    def of_the_other(self, schemes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Return the header fields of the other organization; none without its key."""
        other = Credentials(api_key=self.other_api_key).by_scheme(schemes)
        return next(iter(other.values()), {})

    def mask(self, text: str) -> str:
        """Return a text without any credential."""
        for secret in self.secrets():
            text = text.replace(secret, MASK)
        return text

    def secrets(self) -> list[str]:
        """Return all that must not be shown, longest first, so that none hides part of another."""
        values = (self.api_key, self.other_api_key, self.bearer, self.cookie, self.cookie.partition("=")[2])
        return sorted(_long({*values, *self.headers.values()}), key=len, reverse=True)

    def _fields(self, scheme: Mapping[str, Any]) -> dict[str, str]:
        match scheme:
            case {"type": "apiKey", "in": "header", "name": name} if self.api_key:
                return {name: self.api_key}
            case {"type": "apiKey", "in": "cookie", "name": name} if self.cookie:
                return {"Cookie": self.cookie if "=" in self.cookie else f"{name}={self.cookie}"}
            case {"type": "http", "scheme": kind} if self.bearer and kind.lower() == "bearer":
                return {"Authorization": f"Bearer {self.bearer}"}
            case {"type": "oauth2" | "openIdConnect"} if self.bearer:
                return {"Authorization": f"Bearer {self.bearer}"}
        return {}


def _long(values: Iterable[str]) -> list[str]:
    return [value for value in values if len(value) >= SHORTEST_SECRET]
