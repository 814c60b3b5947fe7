"""What is just outside of a documented bound is refused, also of things that are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import islice
from typing import Any, ClassVar, Final, NamedTuple

from schemathesis.core.failures import Severity

from contract_first.contract import Operation

from .check import CheckFailure, NothingToCheck, RunCheck
from .links import steps

MOST_TRIED: Final = 40
"""Bounds of an operation."""
DEEPEST: Final = 3
LONGEST: Final = 10_000
"""Characters of a text, and items of an array, that are sent to be too many."""
NOBODYS: Final = "-nobodys"
CHANGING: Final = ("post", "put", "patch")


class Outside(NamedTuple):
    """A value that a bound excludes.

    Attributes:
        place: ``query``, ``path``, ``header``, ``cookie`` or ``body``.
        keys: name of the parameter, or keys into the body.
        value: None with ``required``, where the member is taken away.
    """

    place: str
    keys: tuple[str, ...]
    keyword: str
    value: Any

    def __str__(self) -> str:
        """Return place and keyword in words."""
        return f"{self.place} {'/'.join(self.keys)}, which violates {self.keyword},"


class Boundaries(RunCheck):
    """Sends valid requests, of which one value after the other is just outside of a bound."""

    name = "boundaries"
    sentence = "What is just outside of a documented bound is refused."
    rules: ClassVar[dict[str, str]] = {
        "refused": "a value just outside of a bound, another than an enum has, or a lack of what is required "
        "is refused",
    }
    severity = Severity.MEDIUM
    source = "JSON Schema, validation keywords"

    def run(self) -> Iterator[CheckFailure]:
        """Yield the bounds that are not enforced."""
        reached = {step.operation.operation_id: step for step in steps(self.target, self.samples)}
        is_tried = False
        for operation in self.samples.drawable(self.target.operations):
            path: Mapping[str, str] = {}
            if "{" in operation.path:
                if operation.operation_id not in reached:
                    continue
                step = reached[operation.operation_id]
                path = {name: str(value) for name, value in step.path.items()}
            if operation.method == "get" or operation.method in CHANGING:
                is_tried = True
                yield from self.whole(self._try(operation, path))
        if not is_tried:
            raise NothingToCheck("no operation has a request that can be sent")

    def _try(self, operation: Operation, path: Mapping[str, str]) -> Iterator[CheckFailure]:
        bounds = list(islice(self._outside(operation, self.samples.draw(operation).body), MOST_TRIED))
        if not bounds:
            return
        valid = self.samples.send(self.samples.draw(operation, **path), self.target.headers)
        if not valid.is_success:
            return
        for bound in bounds:
            case = self.samples.draw(operation, **path)
            holders: dict[str, Any] = {
                "path": case.path_parameters,
                "query": case.query,
                "header": case.headers,
                "cookie": case.cookies,
            }
            if bound.place == "body":
                case.body = _with(case.body, bound)
            else:
                holders[bound.place][bound.keys[0]] = bound.value
            response = self.samples.send(case, self.target.headers)
            if response.is_success:
                message = f"{bound} gets {response.status_code}"
                yield self.failure("refused", message, operation.label, response)

    def _outside(self, operation: Operation, body: Any) -> Iterator[Outside]:
        for parameter in operation.parameters:
            if parameter["in"] == "query" and isinstance(parameter.get("schema"), dict):
                for keyword, value in self._values(parameter["schema"]):
                    yield Outside("query", (parameter["name"],), keyword, value)
        for media_type, content in (operation.request_body or {}).get("content", {}).items():
            if media_type.endswith("json") and isinstance(body, dict):
                yield from self._members(content.get("schema"), body, ())

    def _members(self, schema: Any, body: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[Outside]:
        node, _ = self.target.contract.follow(schema, "")
        properties = node.get("properties") if isinstance(node, dict) else None
        if not isinstance(properties, dict) or len(keys) > DEEPEST:
            return
        for name in node.get("required", ()):
            member, _ = self.target.contract.follow(properties.get(name, {}), "")
            if name in body and not (
                isinstance(member, dict) and (member.get("readOnly") or "default" in member)
            ):
                yield Outside("body", (*keys, name), "required", None)
        for name, inner in properties.items():
            for keyword, value in self._values(inner):
                yield Outside("body", (*keys, name), keyword, value)
            if isinstance(body.get(name), dict):
                yield from self._members(inner, body[name], (*keys, name))

    def _values(self, schema: Any) -> Iterator[tuple[str, Any]]:
        """Yield keywords of a schema, each with a value that violates it and as little else as possible."""
        node, _ = self.target.contract.follow(schema, "")
        if not isinstance(node, dict) or node.get("readOnly"):
            return
        values = node.get("enum")
        if isinstance(values, list) and values and all(isinstance(value, str) for value in values):
            yield "enum", f"{values[0]}{NOBODYS}"
            return
        kind = node.get("type")
        if kind == "string" and not {"pattern", "format", "contentEncoding"} & node.keys():
            if 0 <= node.get("maxLength", -1) < LONGEST:
                yield "maxLength", "x" * (node["maxLength"] + 1)
            if 1 < node.get("minLength", 0) < LONGEST:
                yield "minLength", "x" * (node["minLength"] - 1)
        if kind in ("integer", "number"):
            if "maximum" in node:
                yield "maximum", node["maximum"] + 1
            if "minimum" in node:
                yield "minimum", node["minimum"] - 1


def _with(body: Any, bound: Outside) -> Any:
    """Return a body in which a member has another value, or is not there."""
    changed = deepcopy(body)
    holder = changed
    for key in bound.keys[:-1]:
        holder = holder[key]
    if bound.keyword == "required":
        del holder[bound.keys[-1]]
    else:
        holder[bound.keys[-1]] = bound.value
    return changed
