"""A 429 carries Retry-After, and waiting that long suffices."""

import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, ClassVar, Final

import httpx2
from schemathesis import Case, Response

from contract_first.contract import Operation
from contract_first.vocabulary.errors import spelled

from .check import CheckFailure, ResponseCheck, RunCheck, object_of
from .samples import BudgetSpent, NoResponse

IN_BODY: Final = "retryafterseconds"
"""The name of a member of a body that says the same, in plain spelling."""
MOST_REQUESTS: Final = 400
"""Sent at most to use up a window."""
LONGEST_WAIT_SECONDS: Final = 90


class RetryAfter(ResponseCheck, RunCheck):
    """Checks each 429, then uses up a window and waits as long as Retry-After says."""

    name = "retry_after"
    sentence = "A 429 carries Retry-After, and waiting that long suffices."
    rules: ClassVar[dict[str, str]] = {
        "present": "a 429, and what else the contract promises it for, has one Retry-After",
        "form": "Retry-After is a number of seconds or an HTTP date",
        "body": "seconds to wait in the body of a 429 are those of Retry-After",
        "enough": "a caller that has waited as long as Retry-After says gets no second 429",
    }
    headers = frozenset({"retry-after"})
    change = "Send the seconds until the next request is allowed."
    source = "RFC 9110, section 10.2.3"

    def failures(self, response: Response, case: Case[Any]) -> Iterator[CheckFailure]:
        """Yield the failures of a response that should have a Retry-After."""
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS or self._is_promised(response, case):
            values = response.headers.get("retry-after", [])
            yield from self._wrong(values, response.status_code, response.content, case.operation.label)

    def run(self) -> Iterator[CheckFailure]:
        """Use up the window that has the fewest requests left, and wait."""
        if self.target.read_only:
            self.note("enough: untried, it would use up the quota")
            return
        try:
            yield from self._try()
        except BudgetSpent:
            self.note("enough: untried, no time was left")

    def _try(self) -> Iterator[CheckFailure]:
        chosen = self._shortest()
        if chosen is None:
            return
        operation, headers = chosen
        refused = self._use_up(operation, headers)
        if refused is None:
            self.note(f"enough: untried, {MOST_REQUESTS} requests were not refused")
            return
        label = operation.label
        values = refused.headers.get_list("retry-after")
        wrong = list(self._wrong(values, refused.status_code, refused.content, label, refused))
        yield from wrong
        if not wrong:
            yield from self._wait(operation, headers, values[0])

    def _wrong(
        self, values: list[str], status: int, body: bytes, label: str, exchange: httpx2.Response | None = None
    ) -> Iterator[CheckFailure]:
        if len(values) != 1:
            yield self.failure("present", f"the {status} has {len(values)} Retry-After", label, exchange)
        elif not re.fullmatch("[0-9]{1,9}", values[0]) and not _is_date(values[0]):
            message = f"Retry-After: {values[0]} is no number of seconds and no date"
            yield self.failure("form", message, label, exchange)
        elif status == HTTPStatus.TOO_MANY_REQUESTS and values[0].isdecimal():
            for name, seconds in (object_of(body) or {}).items():
                if spelled(name) == IN_BODY and seconds != int(values[0]):
                    message = f"{name} is {seconds}, Retry-After {values[0]}"
                    yield self.failure("body", message, label, exchange)

    def _is_promised(self, response: Response, case: Case[Any]) -> bool:
        operation = self.target.by_label.get(case.operation.label)
        declared = {} if operation is None else operation.responses.get(str(response.status_code), {})
        names = {name.lower(): header for name, header in declared.get("headers", {}).items()}
        return bool(names.get("retry-after", {}).get("required"))

    def _shortest(self) -> tuple[Operation, Mapping[str, str]] | None:
        """Return an operation and a caller who may call it least often, if it is seldom enough."""
        standings: list[tuple[int, int, Operation, Mapping[str, str]]] = []
        for operation in self.samples.drawable(self.target.operations):
            if operation.method != "get":
                continue
            headers = self.target.headers if operation.security else self.target.common_headers
            try:
                response = self.send(operation, headers)
            except NoResponse:
                continue
            left = response.headers.get("ratelimit-remaining", "")
            if left.isdecimal() and int(left) < MOST_REQUESTS:
                standings.append((int(left), len(standings), operation, headers))
        if not standings:
            self.note(f"enough: untried, no window has fewer than {MOST_REQUESTS} requests left")
            return None
        return min(standings)[2:]

    def _use_up(self, operation: Operation, headers: Mapping[str, str]) -> httpx2.Response | None:
        for _ in range(MOST_REQUESTS + 1):
            response = self.send(operation, headers, unpaced=True)
            if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                return response
        return None

    def _wait(self, operation: Operation, headers: Mapping[str, str], value: str) -> Iterator[CheckFailure]:
        if not value.isdecimal():
            self.note("enough: untried, Retry-After is a date")
            return
        seconds = int(value)
        if seconds > min(LONGEST_WAIT_SECONDS, self.target.remaining()):
            self.note(f"enough: untried, Retry-After was {seconds} s")
            return
        self.target.sleep(seconds)
        response = self.send(operation, headers, unpaced=True)
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            message = f"after the {seconds} s of Retry-After the response is a 429 again"
            yield self.failure("enough", message, operation.label, response)


def _is_date(text: str) -> bool:
    try:
        return parsedate_to_datetime(text) is not None
    except ValueError:
        return False
