"""Whether a request presents what the contract's security requirements ask for: by shape, not by worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openapi_check.exchange import Violation
from openapi_contract import pointers
from openapi_service.problems import BadRequest
from openapi_service.security import Credentials, alternatives_of

if TYPE_CHECKING:
    from openapi_contract import Contract, Operation
    from openapi_service.request import Request

TOLD = frozenset({"apiKey", "http", "oauth2", "openIdConnect"})
"""Schemes whose credential is in the request; of others (``mutualTLS``) it tells nothing."""


class SecurityCheck:
    """The security requirements of one operation."""

    def __init__(self, operation: Operation, contract: Contract) -> None:
        schemes = contract.security_schemes
        told = {name for name, scheme in schemes.items() if scheme["type"] in TOLD}
        self._credentials = Credentials(schemes)
        self._alternatives = [alternative & told for alternative in alternatives_of(operation)]
        own = "security" in operation.definition
        self._pointer = pointers.join(operation.pointer, "security") if own else "/security"

    def violations(self, request: Request) -> list[Violation]:
        """Return that no alternative is satisfied, if so; an empty credential satisfies none."""
        if not self._alternatives:
            return []
        try:
            presented = {name for name, value in self._credentials.of(request).items() if value.strip()}
        except BadRequest:  # of the query, which is judged by itself
            presented = set()
        if any(alternative <= presented for alternative in self._alternatives):
            return []
        wanted = " or ".join(" with ".join(sorted(each)) for each in self._alternatives)
        detail = f"the request presents no credential for {wanted}"
        return [Violation(part="security", rule="required", detail=detail, pointer=self._pointer)]
