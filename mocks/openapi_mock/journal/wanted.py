"""Which exchanges are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgspec

from openapi_check.matching import matches
from openapi_contract.contract import is_named

if TYPE_CHECKING:
    from openapi_check.exchange import Exchange


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What exchanges have to be; what is empty does not matter.

    Attributes:
        after: only those with a larger number.
        server: who was asked.
        operation: an operationId, or the end of one behind a ``_``; for S3, the name of S3's operation.
        method: of the request.
        path: pattern (``*``, ``?``) of the URL's path.
        status: of the answer, such as ``404``, or a class of them such as ``4xx``; ``0`` for none.
        scope: value of ``X-Mock-Scope``.
        violations: only those that break the contract.
    """

    after: int = 0
    server: Literal["", "api", "s3"] = ""
    operation: str = ""
    method: str = ""
    path: str = ""
    status: str | int = ""
    scope: str = ""
    violations: bool = False

    def admits(self, exchange: Exchange) -> bool:
        """Return whether an exchange is asked for, as far as it can be told without a verdict."""
        return (
            exchange.number > self.after
            and self.server in ("", exchange.server)
            and self.method.upper() in ("", exchange.method)
            and self.scope in ("", exchange.scope)
            and (not self.operation or is_named(exchange.operation, self.operation))
            and (self.status == "" or _has_status(exchange.status, str(self.status)))
            and (not self.path or matches(urlsplit(exchange.url).path, self.path))
        )

    def __str__(self) -> str:
        """Return it as a person would put it."""
        asked = {name: value for name, value in msgspec.structs.asdict(self).items() if value not in ("", 0)}
        return ", ".join(f"{name}={value!r}" for name, value in asked.items()) or "any request"


def _has_status(status: int, wanted: str) -> bool:
    return str(status) == wanted or f"{status // 100}xx" == wanted.lower()
