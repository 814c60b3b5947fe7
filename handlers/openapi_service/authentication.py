"""Who calls: what is asked before a request is read any further."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .request import Request
    from .security import Alternatives


class Authenticator(Protocol):
    """Decides who may call, and how often."""

    async def admit(
        self, request: Request, credentials: Mapping[str, str], alternatives: Alternatives
    ) -> Any:
        """Return the caller, or raise a Problem (401, 403, 429, 503).

        Args:
            request: the request; headers for every response to it (rate limits) go to ``response_headers``.
            credentials: what the request presents, by security scheme name; only schemes of the contract.
            alternatives: the operation's security requirements; ``()`` for an anonymous operation and for
                a request that no operation answers.
        """
        ...
