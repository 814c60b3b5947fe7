"""What is just outside of a documented bound is refused, also of things that are there."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from itertools import islice
from math import floor
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import quote

from schemathesis.core.failures import Severity

from contract_first.contract import Operation
from contract_first.contract.contract import IGNORED_HEADER_PARAMETERS
from contract_first.service.request.coercion import Coercion

from .check import CheckFailure, NothingToCheck, RunCheck, brief
from .links import steps
from .samples import parameters_of

MOST_TRIED: Final = 60
"""Bounds of an operation."""
DEEPEST: Final = 3
MOST_ITEMS: Final = 30
LONGEST: Final = 10_000
"""Characters of a text, and items of an array, that are sent to be too many."""
NOBODYS: Final = "-nobodys"
SPELLED: Final = ("integer", "number", "boolean")
"""Types of which not every text in a parameter is a value."""
CHANGING: Final = ("post", "put", "patch")
UNSENT: Final = IGNORED_HEADER_PARAMETERS | {"idempotency-key"}
"""Header fields that OpenAPI ignores as parameters, and one of which each value has to be new."""


class Outside(NamedTuple):
    """A value that a bound excludes.

    Attributes:
        place: ``query``, ``path``, ``header``, ``cookie`` or ``body``.
        keys: name of the parameter, or keys into the body.
        value: what is sent; with ``required`` tells which names are taken away, of a member of a body None.
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
    change = "Validate the value as the contract has it, or change its bounds there."
    severity = Severity.MEDIUM
    source = "JSON Schema, validation keywords"

    def run(self) -> Iterator[CheckFailure]:
        """Yield the bounds that are not enforced."""
        reached = {step.operation.operation_id: step for step in steps(self.target, self.samples)}
        is_tried = False
        for operation in self.samples.drawable(self.target.operations):
            path: Mapping[str, str] = {}
            if operation.operation_id in reached:
                step = reached[operation.operation_id]
                path = {name: str(value) for name, value in step.path.items()}
            if operation.method == "get" or (operation.method in CHANGING and not self.target.read_only):
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
            parameters = parameters_of(case)
            if bound.place == "body":
                case.body = _with(case.body, bound)
            elif bound.keyword == "required":
                holder = parameters[bound.place]
                names = [*filter(bound.value, holder)]
                if not names:
                    continue
                for name in names:
                    del holder[name]
            else:
                parameters[bound.place][bound.keys[0]] = bound.value
            response = self.samples.send(case, self.target.headers)
            if response.is_success:
                message = f"{bound} gets {response.status_code}"
                value = "" if bound.keyword == "required" else brief(bound.value)
                place = f"{bound.place} {'/'.join(bound.keys)} {bound.keyword} {value}".rstrip()
                yield self.failure("refused", message, operation.label, response, place=place)

    def _outside(self, operation: Operation, body: Any) -> Iterator[Outside]:
        for parameter in operation.parameters:
            place, name = parameter["in"], parameter["name"]
            if not isinstance(parameter.get("schema"), dict) or name.lower() in UNSENT:
                continue
            node = self._node(parameter["schema"])
            if parameter.get("required") and (is_part := self._parts(parameter, operation)):
                yield Outside(place, (name,), "required", is_part)
            for keyword, value in self._values(node):
                text = _text(parameter, value)
                # any text is a string, and may be the only item of an array, or no member of an object
                if text and (keyword != "type" or node["type"] in SPELLED):
                    yield Outside(place, (name,), keyword, text)
        for media_type, content in (operation.request_body or {}).get("content", {}).items():
            if media_type.endswith("json") and isinstance(body, dict):
                yield from self._members(content.get("schema"), body, ())

    def _parts(self, parameter: Mapping[str, Any], operation: Operation) -> Callable[[str], bool] | None:
        """Return what tells which names a parameter is sent by; None if a request without it may be valid.

        An object in a query may be sent by the names of its members (OpenAPI 3.1, section 4.8.12), which need
        not be declared: what no other parameter is called may be one.
        """
        if parameter["in"] == "path":
            return None
        schema = self.target.contract.schemas.of(parameter["schema"])
        if parameter["in"] != "query" or not Coercion([schema]).takes_object:
            return lambda name: parameter["name"] in _owners(name)
        queries = {other["name"] for other in operation.parameters if other["in"] == "query"}
        others = queries - {parameter["name"]}
        return None if schema.conforms({}) else lambda name: others.isdisjoint(_owners(name))

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
        if node.get("additionalProperties") is False and not node.get("patternProperties"):
            yield Outside("body", (*keys, NOBODYS), "additionalProperties", 1)
        for name, inner in properties.items():
            for keyword, value in self._values(inner):
                yield Outside("body", (*keys, name), keyword, value)
            if isinstance(body.get(name), dict):
                yield from self._members(inner, body[name], (*keys, name))
        if node.get("minProperties") and not keys and not node.get("required"):
            yield Outside("body", (), "minProperties", {})

    def _values(self, schema: Any) -> Iterator[tuple[str, Any]]:
        """Yield keywords of a schema, each with a value that violates it and as little else as possible."""
        node = self._node(schema)
        if not isinstance(node, dict) or node.get("readOnly"):
            return
        is_valid = self._validator(node)
        for keyword, value in self._candidates(node):
            if not is_valid(value):
                yield keyword, value

    def _node(self, schema: Any) -> Any:
        """Return a schema, or the only one that it is made of beside null."""
        node, _ = self.target.contract.follow(schema, "")
        if isinstance(node, dict) and node.keys().isdisjoint(("type", "enum", "const", "readOnly")):
            branches = self.target.contract.schemas.of(node).branches
            typed = [branch for branch in branches if branch.get("type", "null") != "null"]
            return typed[0] if len(typed) == 1 else node
        return node

    def _validator(self, node: dict[str, Any]) -> Callable[[Any], bool]:
        try:
            return self.target.contract.schemas.of(node).validator.is_valid
        except (LookupError, ValueError):
            return lambda _: False

    def _candidates(self, node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        values, kind = node.get("enum", [node["const"]] if "const" in node else ()), node.get("type")
        if isinstance(values, list) and values:
            if all(isinstance(value, str) for value in values):
                yield "enum", f"{values[0]}{NOBODYS}"
            elif all(isinstance(value, int) for value in values):
                yield "enum", max(values) + 1
            return
        if kind in ("integer", "number", "boolean", "array", "object"):
            yield "type", "x"
        elif kind == "string":
            yield "type", [7]
        if kind == "string":
            yield from _of_texts(node)
        elif kind in ("integer", "number"):
            yield from _of_numbers(node)
        elif kind == "array":
            yield from self._of_arrays(node)

    def _of_arrays(self, node: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
        item, _ = self.target.contract.follow(node.get("items", {}), "")
        items = _items(item) if isinstance(item, dict) else []
        least, most = node.get("minItems", 0), node.get("maxItems", LONGEST)
        if most < len(items):
            yield "maxItems", items[: most + 1]
        if 0 < least <= len(items):
            yield "minItems", items[: least - 1]
        if node.get("uniqueItems") and most > 1 and items:
            yield "uniqueItems", [items[0], *items[: max(1, least - 1)]]
        for keyword, value in self._values(item):
            yield f"{keyword} of items", [value, *items[: max(0, least - 1)]]


def _owners(name: str) -> set[str]:
    """Return the names of the parameters that a name may be of: ``a[b]`` is sent for ``a`` too."""
    return {name, name.partition("[")[0]}


def _of_texts(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    least, most = node.get("minLength", 0), node.get("maxLength", LONGEST)
    if "pattern" in node:
        yield "pattern", "~" * max(1, least)
    elif not {"format", "contentEncoding"} & node.keys():
        if most < LONGEST:
            yield "maxLength", "x" * (most + 1)
        if 1 < least < LONGEST:
            yield "minLength", "x" * (least - 1)


def _of_numbers(node: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for keyword, beyond in (("maximum", 1), ("minimum", -1)):
        exclusive = f"exclusive{keyword.capitalize()}"
        if keyword in node:
            yield keyword, node[keyword] + (0 if node.get(exclusive) is True else beyond)
        if not isinstance(node.get(exclusive, True), bool):
            yield exclusive, node[exclusive]
    if step := node.get("multipleOf"):
        least = node.get("minimum", node.get("exclusiveMinimum", 0))
        following = step * (floor(least / step) + 1)
        yield "multipleOf", following + (1 if node["type"] == "integer" else step / 2)


def _items(node: dict[str, Any]) -> list[Any]:
    """Return some different items that conform to a schema; none where that is not obvious."""
    if isinstance(node.get("enum"), list):
        return list(node["enum"])
    if node.get("type") == "integer":
        least = node.get("minimum", 0)
        return list(range(least, min(node.get("maximum", least + MOST_ITEMS), least + MOST_ITEMS) + 1))
    if node.get("type") == "string" and not {"pattern", "format"} & node.keys():
        texts = (f"{number:0>{max(2, node.get('minLength', 0))}}" for number in range(MOST_ITEMS))
        return [text for text in texts if len(text) <= node.get("maxLength", LONGEST)]
    return []


def _text(parameter: Mapping[str, Any], value: Any) -> Any:
    """Return what is sent as the value of a parameter; nothing if it cannot be."""
    if isinstance(value, list):
        is_repeated = parameter["in"] == "query" and parameter.get("style", "form") == "form"
        is_flat = not any(isinstance(item, list) for item in value)
        is_sent = is_repeated and is_flat and parameter.get("explode", True)
        return [str(item) for item in value] if is_sent else None
    return quote(str(value), safe="") if parameter["in"] == "path" else str(value)


def _with(body: Any, bound: Outside) -> Any:
    """Return a body in which a member has another value, or is not there."""
    if not bound.keys:
        return bound.value
    changed = deepcopy(body)
    holder = changed
    for key in bound.keys[:-1]:
        holder = holder[key]
    if bound.keyword == "required":
        del holder[bound.keys[-1]]
    else:
        holder[bound.keys[-1]] = bound.value
    return changed
