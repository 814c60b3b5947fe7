"""Every error that is declared as a problem is one."""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final

from schemathesis import Case, Response

from contract_first.check.target import Target
from contract_first.contract.document.media_types import essence

from .check import CheckFailure, ResponseCheck, object_of

MEDIA_TYPE: Final = "application/problem+json"
WORDS: Final = {str: "string", int: "whole number", bool: "true or false"}


class ProblemDetails(ResponseCheck):
    """Checks each response of 400 and above that has a body.

    Attributes:
        members: types of a problem's members, which it may lack.
        required: members that it may not lack.
        everywhere: whether an error that the contract does not declare is a problem too.
        schema: of `everywhere`'s problems: its name among the contract's.
    """

    name = "problem_details"
    sentence = "Every error that is declared as a problem is one."
    rules: ClassVar[dict[str, str]] = {
        "media type": "its media type is application/problem+json",
        "object": "its body is a JSON object",
        "members": "type, title, status, detail, instance are each of its type where they are there",
        "status": "the member status is the HTTP status",
        "schema": "the rest is as the contract's schema for this response has it",
    }
    by_message = frozenset({"members", "schema"})
    covers_errors = True
    change = "Send errors as the contract's problems."
    source = "RFC 9457"
    members: ClassVar[Mapping[str, type]] = {
        "type": str,
        "title": str,
        "status": int,
        "detail": str,
        "instance": str,
    }
    required: ClassVar[frozenset[str]] = frozenset()
    everywhere: ClassVar[bool] = False
    schema: ClassVar[str] = ""

    @classmethod
    def missing(cls, target: Target) -> str:
        """Return that the contract has no problems, or none with the required members, if so."""
        if not any(MEDIA_TYPE in response.get("content", {}) for response in target.declared_responses):
            return f"the contract has no {MEDIA_TYPE}"
        text = json.dumps(target.contract.document)
        lacking = [name for name in cls.members if name in cls.required and f'"{name}"' not in text]
        return f"the contract has no {', no '.join(lacking)} in its problems" if lacking else ""

    def failures(self, response: Response, case: Case[Any]) -> Iterator[CheckFailure]:
        """Yield the failures of an error response."""
        status, label = response.status_code, case.operation.label
        if status < HTTPStatus.BAD_REQUEST or response.request.method == "HEAD":
            return
        content = self._content(label, status)
        if not self.everywhere and MEDIA_TYPE not in content:
            return
        media_type = response.headers.get("content-type", [""])[0]
        if essence(media_type) != MEDIA_TYPE:
            message = f"the {status} is {media_type or 'of no media type'}, not {MEDIA_TYPE}"
            yield self.failure("media type", message, label)
            return
        problem = object_of(response.content)
        if problem is None:
            yield self.failure("object", f"the body of the {status} is no JSON object", label)
            return
        wrong = list(self.wrong_members(problem, status, label))
        yield from wrong or self._against_schema(problem, content, status, label)

    def wrong_members(self, problem: dict[str, Any], status: int, label: str) -> Iterator[CheckFailure]:
        """Yield the failures in the members of a problem."""
        for name, kind in self.members.items():
            if name not in problem and name not in self.required:
                continue
            if type(problem.get(name)) is not kind:
                value = json.dumps(problem[name]) if name in problem else "missing"
                message = f"the {name} of the {status} is {value}, not a {WORDS[kind]}"
                yield self.failure("members", message, label, place=f"{status} /{name}")
        if type(problem.get("status")) is int and problem["status"] != status:
            yield self.failure("status", f"the problem says {problem['status']}, HTTP says {status}", label)

    def _against_schema(
        self, problem: dict[str, Any], content: Mapping[str, Any], status: int, label: str
    ) -> Iterator[CheckFailure]:
        contract = self.target.contract
        named = contract.document.get("components", {}).get("schemas", {}).get(self.schema, True)
        node = content[MEDIA_TYPE].get("schema", True) if MEDIA_TYPE in content else named
        for violation in contract.schemas.of(node).validator.violations(problem, "body"):
            place = violation.name or "its top"
            message = f"the problem of the {status} violates {violation.rule} at {place}: {violation.detail}"
            where = f"{status} {violation.name} {violation.rule}"
            yield self.failure("schema", message, label, place=where)

    def _content(self, label: str, status: int) -> Mapping[str, Any]:
        """Return the declared media types of an operation's error; none where it is not declared."""
        operation = self.target.by_label.get(label)
        declared = operation.response_for(status) if operation else None
        content: Mapping[str, Any] = (declared or {}).get("content", {})
        return content
