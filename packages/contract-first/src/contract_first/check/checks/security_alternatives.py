"""Each security alternative is enforced, and each suffices alone."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from http import HTTPStatus
from typing import ClassVar, Final

import httpx2
from schemathesis.core.failures import Severity

from contract_first.check.target import Target
from contract_first.contract import Operation

from .check import CheckFailure, RunCheck

WITHOUT_A_HANDLER: Final = ("example", "generated")
"""How the mock of another contract responds if it stores nothing."""
SERVED: Final = ("handler", "upstream")
"""How one responds that knows which credential is right."""


class SecurityAlternatives(RunCheck):
    """Calls each operation without a credential, with each wrong one, and with each right one alone."""

    name = "security_alternatives"
    sentence = "Each security alternative is enforced, and each suffices alone."
    rules: ClassVar[dict[str, str]] = {
        "none": "a call without a credential is a 401, or a 403 where the contract has that alone",
        "wrong": "a call with a wrong credential gets the response of one without",
        "alone": "a right credential alone is enough: no 401, and no 403 where another has none",
    }
    change = "Enforce the security requirements of the operations, or change them in the contract."
    severity = Severity.CRITICAL
    source = "OpenAPI, Security Requirement Object"

    @classmethod
    def missing(cls, target: Target) -> str:
        """Return that no operation is secured, if so."""
        is_any = any(operation.is_secured for operation in target.operations)
        return "" if is_any else "none of the operations is secured"

    def run(self) -> Iterator[CheckFailure]:
        """Yield each operation that accepts a caller it should refuse, or refuses one it should accept."""
        if ungiven := self._wrong.keys() - self.target.by_scheme.keys():
            self.note(f"alone: untried for {', '.join(sorted(ungiven))}, no such credential was given")
        for operation in self.samples.drawable(self.target.operations):
            if operation.is_secured:
                # in this order, which shows what a cache stores for one caller and sends to others
                yield from self.whole(self._admissions(operation))
                yield from self.whole(self._refusals(operation))

    def _refusals(self, operation: Operation) -> Iterator[CheckFailure]:
        common = self.target.common_headers
        refusal = _refusal_of(operation)
        response = self.send(operation, common)
        if response.status_code != refusal:
            message = f"without a credential the response is {response.status_code}, not {refusal}"
            yield self.failure("none", message, operation.label, response)
        for scheme in dict.fromkeys(name for alternative in operation.security for name in alternative):
            if scheme in self._wrong:
                response = self.send(operation, {**common, **self._wrong[scheme]})
                if _is_mocked(response):
                    self.note("wrong: untried, the server is a mock that accepts any credential")
                elif response.status_code != refusal:
                    message = (
                        f"with a wrong one for {scheme} the response is {response.status_code}, not {refusal}"
                    )
                    yield self.failure("wrong", message, operation.label, response)

    def _admissions(self, operation: Operation) -> Iterator[CheckFailure]:
        responses = {
            " and ".join(alternative): self.send(operation, self._fields(alternative))
            for alternative in operation.security
            if self.target.by_scheme.keys() >= alternative.keys()
        }
        accepts_one = any(response.status_code != HTTPStatus.FORBIDDEN for response in responses.values())
        for name, response in responses.items():
            refused = response.status_code == HTTPStatus.FORBIDDEN and accepts_one
            if response.status_code == HTTPStatus.UNAUTHORIZED or refused:
                message = f"with {name} alone the response is {response.status_code}"
                yield self.failure("alone", message, operation.label, response)

    def _fields(self, alternative: Iterable[str]) -> dict[str, str]:
        fields = dict(self.target.common_headers)
        for scheme in alternative:
            fields |= self.target.by_scheme[scheme]
        return fields

    @cached_property
    def _wrong(self) -> dict[str, dict[str, str]]:
        """The header fields of a wrong credential for each scheme: the given one, changed a little."""
        return self.target.credentials.wrong.by_scheme(self.target.contract.security_schemes)


def _is_mocked(response: httpx2.Response) -> bool:
    """Whether a mock responded that asks for a credential without knowing the right one."""
    fields = response.headers
    return fields.get("X-Mock-Answer", SERVED[0]) not in SERVED or "X-Mock-Refusal" in fields


def _refusal_of(operation: Operation) -> int:
    """Return 401; where the contract has a 403 and nothing that may be a 401, as of some frameworks, that."""
    statuses = operation.responses.keys()
    is_forbidden = "403" in statuses and not statuses & {"401", "4XX", "default"}
    return (HTTPStatus.FORBIDDEN if is_forbidden else HTTPStatus.UNAUTHORIZED).value
