"""What belongs to one organization does not exist for another."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final

import httpx2
from schemathesis.core.failures import Severity

from contract_first.check.target import Target
from contract_first.service.response.error_members import MEANINGS
from contract_first.vocabulary.errors import spelled

from .check import CheckFailure, NothingToCheck, RunCheck, json_of, object_of
from .links import Step, steps
from .samples import SAFE

VOLATILE: Final = {name for row in ("instance", "time", "request id") for name in MEANINGS[row].names.split()}
"""Members of an error that are another's each time."""
NOT_LET_IN: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
TAIL: Final = 8


class OrganizationIsolation(RunCheck):
    """Calls each operation as another organization: with ids that are there, and with unknown ones."""

    name = "organization_isolation"
    sentence = "What belongs to one organization does not exist for another."
    rules: ClassVar[dict[str, str]] = {
        "read": "another organization's id gets the response of an unknown one, by safe methods",
        "write": "another organization's id gets the response of an unknown one, by all other methods",
        "list": "a list has nothing of another organization's",
    }
    change = "Look things up among those of the caller's organization."
    severity = Severity.CRITICAL
    source = "OWASP API1:2023"

    @classmethod
    def missing(cls, target: Target) -> str:
        """Return that there is but one organization to call as, if so."""
        if not target.other_headers:
            return "no key of another organization was given"
        return "" if target.by_scheme else "no credential was given"

    def run(self) -> Iterator[CheckFailure]:
        """Yield each operation that distinguishes another organization's ids from unknown ones."""
        reached = steps(self.target, self.samples)
        if not reached:
            raise NothingToCheck("no id was found")
        self._note_untried(reached)
        yield from self.whole(self._lists({identifier for step in reached for identifier in step.ids}))
        for step in reached:
            if step.operation.security and step.operation in self.target.operations:
                yield from self.whole(self._compare(step))

    def _compare(self, step: Step) -> Iterator[CheckFailure]:
        unknown = {identifier: _unlike(identifier) for identifier in step.ids}
        for_unknown = self.samples.send(step.case(self.samples, unknown), self.target.other_headers)
        if for_unknown.status_code in NOT_LET_IN:
            self.note(f"{step.operation.label}: untried, the other key got {for_unknown.status_code}")
            return
        response = self.samples.send(step.case(self.samples), self.target.other_headers)
        if _gist(response, dict.fromkeys(step.ids, "id")) != _gist(
            for_unknown, dict.fromkeys(unknown.values(), "id")
        ):
            theirs, nobodys = _described(response), _described(for_unknown)
            message = f"another organization's id gets {theirs}, an unknown one {nobodys}"
            rule = "read" if step.operation.method in SAFE else "write"
            yield self.failure(rule, message, step.operation.label, response)

    def _lists(self, ids: set[str]) -> Iterator[CheckFailure]:
        for operation in self.samples.drawable(self.target.operations):
            if operation.method == "get" and operation.security and "{" not in operation.path:
                response = self.send(operation, self.target.other_headers)
                if leaked := ids & set(_texts(json_of(response.content))):
                    message = f"{min(leaked)} of another organization is in the response"
                    yield self.failure("list", message, operation.label, response)

    def _note_untried(self, reached: list[Step]) -> None:
        tried = {step.operation.operation_id for step in reached}
        for operation in self.target.operations:
            if "{" in operation.path and operation.operation_id not in tried:
                self.note(f"{operation.label}: untried, no id was found")


def _texts(node: Any) -> Iterator[str]:
    """Yield the strings among a JSON value's values; a member's name is nobody's id."""
    if isinstance(node, str):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _texts(inner)


def _unlike(identifier: str) -> str:
    """Return an id of the same shape that is most likely nobody's."""
    if identifier.isdecimal():
        return str(int(identifier) + 10**9)
    head, tail = identifier[:-TAIL], identifier[-TAIL:]
    return head + (tail[::-1] if tail != tail[::-1] else tail[1:] + tail[:1])


def _gist(response: httpx2.Response, names: Mapping[str, str]) -> tuple[Any, ...]:
    """Return status, media type and content of a response, without ids."""
    value = json_of(response.content)
    content = _without(response.text if value is None else value, names)
    return response.status_code, response.headers.get("content-type"), content


def _without(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {name: _without(value, names) for name, value in node.items() if spelled(name) not in VOLATILE}
    if isinstance(node, list):
        return [_without(value, names) for value in node]
    if isinstance(node, str):
        for identifier, name in names.items():
            node = node.replace(identifier, name)
    return node


def _described(response: httpx2.Response) -> str:
    detail = (object_of(response.content) or {}).get("detail", "")
    return f"{response.status_code}{f' ({detail})' if detail else ''}"
