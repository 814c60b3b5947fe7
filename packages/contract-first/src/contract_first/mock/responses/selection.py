"""Which of the documented responses to an operation is sent: its status, its media type, its example."""

from collections.abc import Mapping
from contextlib import suppress
from http.client import BAD_REQUEST
from typing import Any, NamedTuple

from contract_first.contract import Contract, Operation
from contract_first.contract.document.anatomy import NO_BODY
from contract_first.contract.document.media_types import essence, is_json
from contract_first.contract.operation import PROBLEM
from contract_first.service.messages.problems import NotAcceptable, NotFound
from contract_first.service.response.negotiation import Negotiation, parse_accept, qualities

from .bodies import example_names, named_examples


class Selection(NamedTuple):
    """Which of the documented responses to an operation is to be sent.

    Attributes:
        status: None for the operation's success.
        example: name of the example, None for any.
        drawn: random text that a generated value is made from, to be different each time; else empty.
    """

    status: int | None = None
    accept: str | None = None
    example: str | None = None
    drawn: str = ""


class ResponseSelector:
    """Selects responses of one operation.

    Attributes:
        success: the status of a plain response.
    """

    def __init__(self, operation: Operation, contract: Contract) -> None:
        self._operation = operation
        self._contract = contract
        self.success = operation.success

    def declared(self, status: int) -> Mapping[str, Any]:
        """Return the Response Object of a status; raises NotFound with those that there are."""
        declared = self._operation.response_for(status)
        if declared is None and self._operation.responses:  # OpenAPI 3.1 requires none
            there = ", ".join(self._operation.responses)
            raise NotFound(f"{self._operation.label} documents no {status}; it has {there}.")
        return declared or {}

    def content(self, status: int) -> Mapping[str, Any]:
        """Return the Media Type Objects of a status; none where it has no body."""
        content: Mapping[str, Any] = self.declared(status).get("content", {})
        return {} if status in NO_BODY else content

    def error_like(self, status: int) -> int | None:
        """Return the status of an error with a body: this one, or the first if this is not documented."""
        response_for = self._operation.response_for
        errors = (_status(code) for code in sorted(self._operation.responses) if code[0] in "45")
        statuses = errors if response_for(status) is None else (status,)
        return next((code for code in statuses if (response_for(code) or {}).get("content")), None)

    def status(self, selection: Selection) -> int:
        """Return the status that is selected, else the one that has the example, else the success."""
        if selection.status is not None:
            return selection.status
        if selection.example is None:
            return self._accepted_success(selection.accept)
        codes = [self.success, *(int(code) for code in self._operation.responses if code.isdigit())]
        return next((code for code in codes if selection.example in self._examples(code)), self.success)

    def media_type(self, status: int, selection: Selection) -> str | None:
        """Return the declared media type that a request prefers, None where there is no body.

        Where it prefers none that is JSON, of errors problem details, else the first; raises NotFound where
        the example is not there.
        """
        content = candidates = self.content(status)
        if selection.example is not None:
            candidates = {
                key: content[key]
                for key in content
                if selection.example in named_examples(self._contract, content[key])
            }
            if not candidates:
                there = ", ".join(self._examples(status)) or "none"
                example = repr(selection.example[:100])
                raise NotFound(
                    f"{self._operation.label} has no example {example} for {status}; it has {there}."
                )
        first = next(iter(candidates), None)
        default = next((key for key in candidates if is_json(essence(key))), first)
        if status >= BAD_REQUEST and PROBLEM in candidates:
            default = PROBLEM
        if selection.accept is None or selection.accept == "*/*" or default is None:
            return default
        preferred = qualities(parse_accept(selection.accept), candidates.keys())
        return max(candidates, key=lambda key: (preferred[key], key == default))

    def _accepted_success(self, accept: str | None) -> int:
        """Return the first success with a body of an accepted type, else the first."""
        if accept is not None and accept != "*/*":
            for status in self._operation.successes:
                content = self.content(status)
                with suppress(NotAcceptable):
                    Negotiation(content).check(accept)
                    if content:
                        return status
        return self.success

    def _examples(self, status: int) -> list[str]:
        return example_names(self._contract, {"content": self.content(status)})


def _status(code: str) -> int:
    return int(code.upper().replace("X", "0"))
