"""Every error is a problem of the contract's kind."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Final

from openapi_check.target import label_of
from openapi_service.response_validation import declared_response

from .check import AnswerCheck, object_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case, Response

    from openapi_check.checks.check import Violated
    from openapi_check.target import Target
    from openapi_contract.schemas import Validator

MEDIA_TYPE: Final = "application/problem+json"
MEMBERS: Final[dict[str, type]] = {
    "type": str,
    "title": str,
    "status": int,
    "error_code": str,
    "retryable": bool,
    "timestamp": str,
}
"""What each problem has, and of which type; further members are the contract's schema's to name."""


class ProblemDetails(AnswerCheck):
    """Judges each answer of 400 and above that has a body."""

    name = "problem_details"
    sentence = "Every error is a problem of the contract's kind."
    rules: ClassVar[dict[str, str]] = {
        "media type": "its media type is application/problem+json",
        "object": "its body is a JSON object",
        "members": "type, title, status, error_code, retryable, timestamp are there, each of its type",
        "status": "the member status is the HTTP status",
        "type": "the URI in type ends with the error_code",
        "timestamp": "timestamp is a date-time with an offset from UTC",
        "schema": "the rest is as the contract's schema for this answer wants it",
    }
    judges_errors = True
    source = "/info/description"
    promise = "All errors conform to [RFC 9457 Problem Details]"

    @classmethod
    def missing(cls, target: Target) -> str:
        """Return that the contract has no problems, or none of this kind, if so."""
        responses = (
            each for operation in target.contract.operations for each in operation.responses.values()
        )
        has_problems = any(MEDIA_TYPE in response.get("content", {}) for response in responses)
        if not has_problems:
            return f"the contract has no {MEDIA_TYPE}"
        text = json.dumps(target.contract.document)
        lacking = [name for name in MEMBERS if f'"{name}"' not in text]
        return f"the contract has no {', no '.join(lacking)} in its problems" if lacking else ""

    def judge(self, response: Response, case: Case[Any]) -> Iterator[Violated]:
        """Yield what is wrong with an error."""
        if response.status_code < HTTPStatus.BAD_REQUEST or response.request.method == "HEAD":
            return
        label = case.operation.label
        sent = response.headers.get("content-type", [""])[0]
        if sent.partition(";")[0].strip().lower() != MEDIA_TYPE:
            told = f"the {response.status_code} is {sent or 'of no media type'}, not {MEDIA_TYPE}"
            yield self.violated("media type", told, label)
            return
        problem = object_of(response.content)
        if problem is None:
            told = f"the body of the {response.status_code} is no JSON object"
            yield self.violated("object", told, label)
            return
        wrong = list(self._members(problem, response, label))
        yield from wrong or self._rest(problem, response.status_code, label)

    def _members(self, problem: dict[str, Any], response: Response, label: str) -> Iterator[Violated]:
        status = response.status_code
        for name, kind in MEMBERS.items():
            if type(problem.get(name)) is not kind:
                found = json.dumps(problem[name]) if name in problem else "missing"
                yield self.violated(
                    "members", f"the {name} of the {status} is {found}, not a {_word(kind)}", label
                )
        if type(problem.get("status")) is int and problem["status"] != status:
            yield self.violated("status", f"the problem says {problem['status']}, HTTP says {status}", label)
        uri, code = str(problem.get("type")), problem.get("error_code")
        if isinstance(code, str) and uri.rpartition("/")[2] != code:
            yield self.violated("type", f"{uri} does not end with the error_code {code}", label)
        if isinstance(problem.get("timestamp"), str) and not _is_timestamp(problem["timestamp"]):
            told = f"the timestamp {problem['timestamp']} is no date-time with an offset"
            yield self.violated("timestamp", told, label)

    def _rest(self, problem: dict[str, Any], status: int, label: str) -> Iterator[Violated]:
        validator = self._validator(label, status)
        for each in validator.violations(problem, "body") if validator else ():
            told = (
                f"the problem of the {status} breaks {each.rule} at {each.name or 'its top'}: {each.detail}"
            )
            yield self.violated("schema", told, label)

    def _validator(self, label: str, status: int) -> Validator | None:
        node = self._node(label, status)
        return None if node is None else self.target.contract.schemas.of(node).validator

    def _node(self, label: str, status: int) -> Any:
        """Return the contract's schema of a problem; for an answer that it does not name, that of any."""
        operation = self._operations.get(label)
        declared = declared_response(operation, status) if operation else None
        if declared is not None:
            return declared.get("content", {}).get(MEDIA_TYPE, {}).get("schema")
        components = self.target.contract.document.get("components", {})
        return components.get("schemas", {}).get("ProblemDetails")

    @cached_property
    def _operations(self) -> dict[str, Any]:
        return {label_of(operation): operation for operation in self.target.contract.operations}


def _word(kind: type) -> str:
    return {str: "string", int: "whole number", bool: "true or false"}[kind]


def _is_timestamp(text: str) -> bool:
    try:
        return "T" in text.upper() and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
