"""The normal form of schemas, in which equivalent spellings are equal.

A :class:`Shape` is what an alternative of a schema says once everything that holds together is put together:
``{"const": 1}`` and ``{"enum": [1]}`` are one shape, so are ``allOf`` and the merged schema.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from contract_first.contract.document.anatomy import ALTERNATIVES, REFERENCES
from contract_first.contract.document.bounds import NUMBERS
from contract_first.contract.document.json_types import type_of

from .expansion import Alternative, list_of
from .limits import APPLIES_TO, is_format, read_limits, stricter
from .parts import Conjunction, Part

ANY_TYPE = frozenset({"boolean", "integer", "number", "string", "array", "object"})
"""Every JSON type except null, which is treated separately."""
ANNOTATIONS = frozenset({"title", "description", "example", "examples", "externalDocs", "$comment"})
COMPONENT = re.compile(r"/components/schemas/[^/]+")
BRANCH = re.compile(r".*/(?:anyOf|oneOf)/[0-9]+")
CONDITIONS = (
    *REFERENCES,
    *ALTERNATIVES,
    *("discriminator", "dependentRequired", "dependencies"),
    *("minContains", "maxContains", "contentEncoding", "contentMediaType"),
)
OF_A_SHAPE = 10
"""Steps for an alternative of a schema, with two more for each of its properties and values."""
APPLIED = ("not", "if", "then", "else", "contains", "propertyNames", "unevaluatedItems", "contentSchema")
APPLIED_BY_NAME = ("patternProperties", "dependentSchemas")


@dataclass(slots=True)
class Shape:
    """What an alternative of a schema allows.

    Attributes:
        parts: the flat schemas that it is made of.
        branch: the place in ``anyOf`` or ``oneOf`` that makes it an alternative; None if it is the only one.
        name: pointers of the components that it is made of.
        types: JSON types but null.
        takes_null: whether null is allowed.
        enum: the values but null by their canonical JSON; None for no list.
        limits: as :mod:`.limits` compares them.
        required: names of the properties that must be there.
        additional: schemas of the properties that are not declared; None if there may be none.
        conditions: the keywords whose effect is not compared, canonical JSON but for discriminators.
        applied: the schemas of further keywords, by label: ``not``, ``patternProperties ^x-``.
        default: canonical JSON of the default, if there is one.
        is_deprecated: whether it is announced to go away.
        xml: how it is written in XML.
    """

    parts: Alternative
    at: Part
    branch: Part | None
    name: tuple[str, ...]
    types: frozenset[str]
    takes_null: bool
    enum: dict[str, Any] | None
    limits: dict[str, Any]
    properties: dict[str, Conjunction]
    required: frozenset[str]
    additional: Conjunction | None
    prefix: tuple[Conjunction, ...]
    items: Conjunction
    conditions: dict[str, Any]
    applied: dict[str, Conjunction]
    default: str | None
    is_deprecated: bool
    xml: dict[str, Any]


def shape_of(alternative: Alternative, fallback: Part) -> Shape:
    """Return the shape of schemas that all apply; ``fallback`` is its part if there are none."""
    values = listed(alternative)
    types, takes_null = _types(alternative, values)
    return Shape(
        parts=alternative,
        at=next((part for part in alternative if part.node.keys() - ANNOTATIONS), fallback),
        branch=next((part for part in reversed(alternative) if BRANCH.fullmatch(part.pointer)), None),
        name=tuple(part.pointer for part in alternative if COMPONENT.fullmatch(part.pointer)),
        types=types,
        takes_null=takes_null,
        enum=None if values is None else {k: v for k, v in values.items() if type_of(v) in types},
        limits=_limits(alternative, types),
        properties=_properties(alternative),
        required=frozenset(name for part in alternative for name in list_of(part.node, "required")),
        additional=_additional(alternative),
        prefix=_prefix(alternative),
        items=_single(alternative, "items"),
        conditions=_conditions(alternative),
        applied=_applied(alternative),
        default=next(
            (canonical(part.node["default"]) for part in alternative if "default" in part.node), None
        ),
        is_deprecated=any(part.node.get("deprecated") is True for part in alternative),
        xml=dict(chain.from_iterable(mapping_of(part.node, "xml").items() for part in reversed(alternative))),
    )


def steps_of(alternative: Alternative) -> int:
    """Return the number of steps that comparing schemas takes."""
    members = ((mapping_of(part.node, "properties"), list_of(part.node, "enum")) for part in alternative)
    return OF_A_SHAPE + sum(2 * (len(names) + len(values)) for names, values in members)


def canonical(value: Any) -> str:
    """Return JSON that is the same for equal values; ``1.0`` is ``1``."""
    value = json.loads(json.dumps(value), parse_float=_number)
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _types(alternative: Alternative, values: dict[str, Any] | None) -> tuple[frozenset[str], bool]:
    types, takes_null = ANY_TYPE, True
    for part in alternative:
        if "type" in part.node:
            names = frozenset(list_of(part.node, "type") or [part.node["type"]])
            types &= names | NUMBERS if "number" in names else names
            takes_null &= "null" in names
    if values is not None:
        types &= frozenset(map(type_of, values.values()))
        takes_null &= "null" in values
    return types, takes_null


def listed(alternative: Alternative) -> dict[str, Any] | None:
    """Return the values that all lists have in common, including null; None for no list."""
    common: dict[str, Any] | None = None
    for part in alternative:
        for values in (part.node.get("enum"), [part.node["const"]] if "const" in part.node else None):
            if isinstance(values, list):
                allowed = {canonical(value): value for value in values}
                common = allowed if common is None else {k: v for k, v in common.items() if k in allowed}
    return common


def _limits(alternative: Alternative, types: frozenset[str]) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for part in alternative:
        for keyword, limit in read_limits(part.node).items():
            if APPLIES_TO[keyword] & types:
                limits[keyword] = stricter(keyword, limits[keyword], limit) if keyword in limits else limit
    return limits


def _properties(alternative: Alternative) -> dict[str, Conjunction]:
    properties: dict[str, Conjunction] = {}
    for part in alternative:
        for name in mapping_of(part.node, "properties"):
            member = part.below("properties", name, where=f".{name}")
            properties[name] = (*properties.get(name, ()), member)
    return properties


def _additional(alternative: Alternative) -> Conjunction | None:
    schemas: list[Part] = []
    for part in alternative:
        for keyword in ("additionalProperties", "unevaluatedProperties"):
            value = part.node.get(keyword, True)
            if value is False or value == {"not": {}}:
                return None
            if value is not True and value != {}:
                schemas.append(part.below(keyword, where=".*"))
    return tuple(schemas)


def _prefix(alternative: Alternative) -> tuple[Conjunction, ...]:
    longest = max((len(list_of(part.node, "prefixItems")) for part in alternative), default=0)
    return tuple(
        tuple(
            part.below("prefixItems", index, where=f"[{index}]")
            for part in alternative
            if index < len(list_of(part.node, "prefixItems"))
        )
        for index in range(longest)
    )


def _single(alternative: Alternative, keyword: str) -> Conjunction:
    return tuple(
        part.below(keyword, where="[]")
        for part in alternative
        if isinstance(part.node.get(keyword), dict | bool)
    )


def _conditions(alternative: Alternative) -> dict[str, Any]:
    return {
        # a discriminator has strings alone, and may map hundreds
        keyword: part.node[keyword] if keyword == "discriminator" else canonical(part.node[keyword])
        for part in alternative
        for keyword in CONDITIONS
        if keyword in part.node and not is_format(keyword, part.node[keyword])
    }


def _applied(alternative: Alternative) -> dict[str, Conjunction]:
    applied: dict[str, Conjunction] = {}
    for part in alternative:
        keys = [(keyword,) for keyword in APPLIED if isinstance(part.node.get(keyword), dict | bool)]
        named = [(keyword, name) for keyword in APPLIED_BY_NAME for name in mapping_of(part.node, keyword)]
        for path in (*keys, *named):
            label = " ".join(path)
            applied[label] = (*applied.get(label, ()), part.below(*path, where=f"{{{label}}}"))
    return applied


def mapping_of(schema: Mapping[str, Any], keyword: str) -> dict[str, Any]:
    """Return the object of a keyword, empty if there is none."""
    value = schema.get(keyword)
    return value if isinstance(value, dict) else {}


def type_words(types: Iterable[str], *, takes_null: bool = False) -> str:
    """Return types in words: an integer is a number."""
    names = set(types)
    if names >= ANY_TYPE:
        return "anything"
    if names >= NUMBERS:
        names -= {"integer"}
    return " or ".join(sorted(names) + ["null"] * takes_null) or "nothing"
