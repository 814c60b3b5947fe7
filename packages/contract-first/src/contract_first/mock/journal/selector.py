"""The selection of exchanges of a journal."""

from typing import Literal
from urllib.parse import urlsplit

import msgspec

from contract_first.check.exchange import RecordedExchange
from contract_first.contract.contract import is_named

from .matching import matches


class ExchangeSelector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Selects exchanges; an empty attribute selects all.

    Attributes:
        after: only those with a larger number.
        server: that the request was for.
        service: that it was for, of a mock with several.
        operation: an operationId, or the end of one behind a ``_``; for S3, the name of S3's operation.
        path: pattern (``*``, ``?``) of the URL's path.
        status: of the response, such as ``404``, or a class of them such as ``4xx``; ``0`` for none.
        scope: value of ``X-Mock-Scope``.
        violations: only those that violate the contract.
    """

    after: int = 0
    server: Literal["", "api", "s3"] = ""
    service: str = ""
    operation: str = ""
    method: str = ""
    path: str = ""
    status: str | int = ""
    scope: str = ""
    violations: bool = False

    def matches(self, exchange: RecordedExchange) -> bool:
        """Return whether an exchange is selected, `violations` aside."""
        return (
            exchange.number > self.after
            and self.server in ("", exchange.server)
            and self.service in ("", exchange.service)
            and self.method.upper() in ("", exchange.method)
            and self.scope in ("", exchange.scope)
            and (not self.operation or is_named(exchange.operation, self.operation))
            and str(self.status).lower() in ("", str(exchange.status), f"{exchange.status // 100}xx")
            and (not self.path or matches(urlsplit(exchange.url).path, self.path))
        )

    def __str__(self) -> str:
        attributes = msgspec.structs.asdict(self).items()
        return (
            ", ".join(f"{name}={value!r}" for name, value in attributes if value not in ("", 0))
            or "any request"
        )
