"""Asks for access tokens by client credentials (RFC 6749, section 4.4), a new one before the last expires."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import msgspec

from .bounded_bodies import BodyTooLarge, read_body

SECONDS = 10.0
"""How long the response of the token's URL is waited for."""
EARLY = 30.0
"""Seconds before its end at which a token is renewed, or half of its time if that is shorter."""


class _Response(msgspec.Struct):
    access_token: str
    token_type: str = "Bearer"  # noqa: S105 -- no secret, a type
    expires_in: float | None = None


@dataclass
class ClientCredentials:
    """The credentials of a client, and its latest token.

    Attributes:
        tokens: all that were handed out, the latest last: they are masked in reports.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    tokens: list[str] = field(default_factory=list, repr=False)
    _until: float = 0.0
    _lock: Any = field(default_factory=Lock, repr=False)

    def token(self) -> str:
        """Return a token that does not expire at once.

        Raises:
            ValueError: none is handed out; the message has no secret.
        """
        with self._lock:
            if not self.tokens or self.clock() >= self._until:
                self._renew()
            return self.tokens[-1]

    def current(self, value: str) -> str:
        """Return a header field's value with the latest token in place of an earlier one."""
        kind, _, token = value.partition(" ")
        return f"{kind} {self.token()}" if token in self.tokens else value

    def _renew(self) -> None:
        import httpx2  # noqa: PLC0415 -- no command but a check asks for tokens

        form = {"grant_type": "client_credentials"}
        if self.scopes:
            form["scope"] = " ".join(self.scopes)
        try:
            with httpx2.stream(
                "POST", self.url, data=form, auth=(self.client_id, self.client_secret), timeout=SECONDS
            ) as response:
                content = read_body(response.iter_bytes(), "", SECONDS)
        except (httpx2.HTTPError, httpx2.InvalidURL, BodyTooLarge) as error:
            raise ValueError(f"The token's URL does not respond: {type(error).__name__}.") from None
        if not response.is_success:
            raise ValueError(
                f"The token's URL responds with {response.status_code}; expected a token by client"
                " credentials (RFC 6749, section 4.4.3)."
            )
        try:
            granted = msgspec.json.decode(content, type=_Response)
        except msgspec.DecodeError:
            raise ValueError(
                "The response of the token's URL is no JSON object with an access_token."
            ) from None
        seconds = float("inf") if granted.expires_in is None else granted.expires_in
        self._until = self.clock() + seconds - min(EARLY, seconds / 2) if seconds < float("inf") else seconds
        if granted.access_token not in self.tokens:
            self.tokens.append(granted.access_token)
