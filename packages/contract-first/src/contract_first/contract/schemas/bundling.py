"""Bundles schemas of an OpenAPI document into self-contained JSON Schemas 2020-12.

A schema in a document refers to others by pointers into that document (``#/components/schemas/...``), and
may itself hold resources of its own (``$id``) in which ``#`` means something else. What a schema refers to is
brought along under ``$defs``, and only references whose base is the document are rewritten. OpenAPI 3.0's own
dialect is translated on the way.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote, urldefrag

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import (
    ALTERNATIVES,
    COMPONENT,
    map_subschemas,
    mapping_targets,
)
from contract_first.contract.document.bounds import EXCLUSIVE
from contract_first.contract.document.parsing import containers_of, names_in

from .heirs import OWN_NAME, Family, Heirs, is_any_text
from .resources import Resources

MOST_PARTS = 30_000
"""Objects and arrays that a schema leads to: 18,000 are the most that is known, 10 KB and 50 µs each."""
MOST_PARTS_WITH_HEIRS = 10_000
"""The same where the heirs of bases are among them; in larger ones a discriminator chooses none."""
DISCRIMINATED = "x-discriminated"
"""Marks a schema whose discriminator is translated."""
MOST_DEPTH = 8
"""Of the parts of an alternative that are looked at for the values of its discriminator."""
BRANCHING = {"discriminator", OWN_NAME, "$dynamicRef", "$id", *ALTERNATIVES}
NOT_OF_30 = frozenset(
    {
        *("const", "contains", "minContains", "maxContains", "prefixItems", "if", "then", "else"),
        *("dependencies", "dependentRequired", "dependentSchemas", "propertyNames"),
        *("unevaluatedItems", "unevaluatedProperties", "$dynamicRef"),
    }
)
"""Keywords of JSON Schema that the dialect of OpenAPI 3.0 lacks, and openapi-core ignores there."""
Pending = list["str | Family"]
"""References that a bundle still needs: pointers, anchors and families of heirs."""


@dataclass(eq=False, repr=False)
class Bundler:
    """Bundles the schemas of one document.

    Args:
        is_30: whether they are written in OpenAPI 3.0's dialect.
        not_required: returns the names of the properties of a schema object that need not be there, in the
            direction that the value takes.
        as_python: read discriminators and patterns of names as openapi-core does; in 3.0, apply keywords
            beside a ``$ref``, and ignore those that its dialect lacks.
        discriminates: have a discriminator choose among alternatives of which none limits its values.
        heirs: have one without alternatives choose among the components that inherit from its schema.
    """

    resources: Resources
    _: KW_ONLY
    is_30: bool
    not_required: Callable[[dict[str, Any]], frozenset[str]]
    as_python: bool = False
    discriminates: bool = False
    heirs: Heirs | None = None

    def __post_init__(self) -> None:
        self._most_parts = MOST_PARTS if self.heirs is None else MOST_PARTS_WITH_HEIRS
        self._names: set[str] | None = None
        self._brought: dict[str | Family, tuple[Any, Pending, int]] = {}

    def narrowed(self, value: Any) -> "Bundler":
        """Return a bundler of what of a schema can apply to a value, by the names of the members in it."""
        narrowed = copy(self)
        narrowed.__dict__.pop("_without_heirs", None)
        narrowed._names, narrowed._brought = names_in(value), {}  # noqa: SLF001 -- its own kind
        return narrowed

    def bundle(self, schema: Any) -> dict[str, Any]:
        """Return the self-contained JSON Schema that is equivalent to ``schema`` in the document.

        Raises:
            LookupError: a reference leads nowhere.
            ValueError: they lead to too much.
        """
        pending: Pending = []
        root = self._standing_alone(schema, pending)
        definitions, unread, anchors = {"root": root}, [root], set[str]()
        parts = containers_of(root)
        while pending and parts <= self._most_parts:
            reference = pending.pop()
            name = reference.name if isinstance(reference, Family) else reference
            if isinstance(reference, str) and not name.startswith("/"):  # an anchor, if it is there
                anchors.update(_anchors(unread))
                unread.clear()
            if name not in definitions and name not in anchors:
                definitions[name], within, size = self._bring(reference)
                unread.append(definitions[name])
                pending.extend(within)
                parts += size
        if parts <= self._most_parts:
            return {"$ref": "#/$defs/root", "$defs": definitions}
        if self.heirs is not None:
            return self._without_heirs.bundle(schema)
        raise ValueError(f"its schema leads to more than {MOST_PARTS} objects and arrays")

    @cached_property
    def _without_heirs(self) -> "Bundler":
        plain = copy(self)
        plain.heirs, plain._most_parts, plain._brought = None, MOST_PARTS, {}  # noqa: SLF001 -- its own kind
        return plain

    def place(self, root: str, uri: str) -> str:
        """Return the pointer into the document of a part of a bundle of the schema at ``root``."""
        if (embedded := self.resources.pointer_of(uri)) is not None:
            return embedded
        keys = pointers.split(pointers.from_fragment(urldefrag(uri).fragment))[1:]
        name = keys.pop(0) if keys else "root"
        if self.heirs is not None and (declared := self.heirs.pointer_of(name)) is not None:
            return declared
        if name != "root" and not name.startswith("/"):
            anchored = self.resources.target(None, "#" + quote(name))
            name = "" if anchored is None else anchored.pointer
        return pointers.join(root if name == "root" else name, *keys)

    def _bring(self, reference: str | Family) -> tuple[Any, Pending, int]:
        """Return what a reference leads to, its own references, and how many parts it has."""
        if reference not in self._brought:
            within: Pending = []
            if isinstance(reference, Family):
                brought = self._conditions(reference, within)
            else:
                target = self.resources.target(None, "#" + quote(reference))
                if target is None:
                    raise LookupError(f"the reference #{reference} leads nowhere")
                brought = self._standing_alone(target.node, within, is_part=True)
            self._brought[reference] = brought, within, containers_of(brought)
        return self._brought[reference]

    def _conditions(self, family: Family, pending: Pending) -> dict[str, Any]:
        """Return a schema of the conditions of a family, which all places of its base share."""

        def refer(target: str | Family) -> dict[str, Any]:
            if isinstance(target, Family):
                pending.append(target)
                return {"$ref": "#/$defs/" + target.name}
            return {"$ref": _rewritten_reference(target, pending)}

        conditions = () if self.heirs is None else self.heirs.conditions(family, refer)
        return {"allOf": [True, *islice(conditions, self._most_parts)]}

    def _standing_alone(self, schema: Any, pending: Pending, *, is_part: bool = False) -> Any:
        embedded = self.resources.reference_to(schema)
        if embedded is None:
            return self._rewrite(schema, pending, is_part=is_part)
        reference, resource = embedded
        return {"$ref": reference, "$defs": {"resource": resource}}

    def _rewrite(
        self, schema: Any, pending: Pending, marked: frozenset[str] = frozenset(), *, is_part: bool = False
    ) -> Any:
        """Translate a schema.

        Args:
            marked: properties of the object it contributes to that are not required.
            is_part: whether it is a part of another, which refers to the conditions of its heirs.
        """
        if not isinstance(schema, dict) or "$id" in schema:
            return schema
        family = None if self.heirs is None or is_part else self.heirs.family(schema)
        if "discriminator" in schema:
            schema = self._discriminated(schema) if self.as_python else self._distinguished(schema)
        marked |= self.not_required(schema)
        schema = self._narrowed(self._translated(schema), marked)
        rewritten = map_subschemas(
            schema,
            lambda keyword, subschema: self._rewrite(
                subschema,
                pending,
                marked if keyword == "allOf" else frozenset(),
                is_part=keyword == "allOf",
            ),
        )
        for keyword in ("$ref", "$dynamicRef"):
            if isinstance(schema.get(keyword), str):
                rewritten[keyword] = _rewritten_reference(schema[keyword], pending)
        if family is not None:
            pending.append(family)
            rewritten["allOf"] = [*rewritten.get("allOf", ()), {"$ref": "#/$defs/" + family.name}]
        return rewritten

    def _translated(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Translate the dialect of a schema, without the schemas in it."""
        if self.as_python and isinstance(named := schema.get("patternProperties"), dict):
            named = {_python_end(key): self.is_30 or part for key, part in named.items()}
            schema = {**schema, "patternProperties": named}
        if not self.is_30:
            return schema
        if self.as_python:
            schema = {keyword: value for keyword, value in schema.items() if keyword not in NOT_OF_30}
        return to_2020_12(schema, siblings=self.as_python)

    def _narrowed(self, schema: dict[str, Any], marked: frozenset[str]) -> dict[str, Any]:
        """Return a schema without what this direction, or the names in the value, make needless."""
        if marked and "required" in schema:
            schema = {**schema, "required": [name for name in schema["required"] if name not in marked]}
        if self._names is not None and isinstance(named := schema.get("properties"), dict):
            # of others the names alone count, for additionalProperties
            named = {name: name not in self._names or part for name, part in named.items()}
            schema = {**schema, "properties": named}
        return schema

    def _discriminated(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Translate a discriminator: the schema that it names takes the place of all alternatives.

        That is so where all of these are references. A name that is neither in the mapping nor that of an
        alternative is refused here, though openapi-core accepts it.
        """
        converted = dict(schema)
        discriminator = converted.pop("discriminator")
        replaced = [
            keyword
            for keyword in ALTERNATIVES
            if keyword in schema
            and all(isinstance(part, dict) and "$ref" in part for part in schema[keyword])
        ]
        if not replaced:
            return converted
        parts = [part for keyword in replaced for part in converted.pop(keyword)]
        references = [part["$ref"] for part in parts]
        named = {reference.removeprefix(COMPONENT): reference for reference in references}
        named |= mapping_targets(discriminator)
        name = discriminator["propertyName"]
        alternatives: list[Any] = [
            {"required": [name], "properties": {name: {"enum": [value]}}, "allOf": [{"$ref": reference}]}
            for value, reference in named.items()
            if reference.startswith("#/") and self.resources.target(None, reference) is not None
        ]
        chosen = {"type": "object", "anyOf": alternatives or [False]}
        return {**converted, "allOf": [*converted.get("allOf", ()), chosen], DISCRIMINATED: True}

    def _distinguished(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Have each alternative take the values of the discriminator alone that name it.

        Nothing is translated where a schema limits its values, or where one may name another schema (in the
        mapping, by default, or by inheritance).
        """
        discriminator = schema["discriminator"]
        is_plain = self.discriminates and isinstance(discriminator, dict) and "propertyName" in discriminator
        if not is_plain or "defaultMapping" in discriminator:
            return schema
        name, targets = discriminator["propertyName"], mapping_targets(discriminator)
        translated = dict(schema)
        for keyword in filter(schema.__contains__, ALTERNATIVES):
            branches = schema[keyword]
            references = [branch.get("$ref", "") for branch in branches if isinstance(branch, dict)]
            if (
                len(references) == len(branches)
                and all(reference.startswith(COMPONENT) for reference in references)
                and set(targets.values()) <= {*references}
                and all(self._allows_any_text(branch, name) for branch in branches)
            ):
                translated[keyword] = [
                    {
                        "type": ["object", "null"],  # null if the alternative allows it
                        "required": [name],
                        "properties": {name: {"enum": _names(reference, targets)}},
                        "allOf": [branch],
                    }
                    for branch, reference in zip(branches, references, strict=True)
                ]
        return translated

    def _allows_any_text(self, schema: Any, name: str, depth: int = MOST_DEPTH) -> bool:
        """Tell whether a property may be sent with any text, by a schema and all its parts."""
        if not isinstance(schema, dict) or not depth or not BRANCHING.isdisjoint(schema):
            return False
        declared = schema.get("properties", {}).get(name, schema.get("additionalProperties", True))
        if not is_any_text(declared):
            return False
        target = self.resources.target(None, schema["$ref"]) if "$ref" in schema else None
        parts = [*schema.get("allOf", ()), *([target.node] if target else ())]
        return all(self._allows_any_text(part, name, depth - 1) for part in parts)


def _names(reference: str, targets: Mapping[str, str]) -> list[str]:
    """Return the values of a discriminator that name a component; its own name the mapping may give away."""
    implied = {reference.removeprefix(COMPONENT): reference}
    return [value for value, target in {**implied, **targets}.items() if target == reference]


def _python_end(pattern: str) -> str:
    """Return a pattern whose last ``$`` may stand before a last new line, as it may in Python."""
    return f"{pattern[:-1]}\n?$" if pattern.endswith("$") and not pattern.endswith("\\$") else pattern


def _rewritten_reference(reference: str, pending: Pending) -> str:
    if not reference.startswith("#") or reference == "#":
        return reference
    pending.append(unquote(reference[1:]))
    return in_bundle(reference)


def in_bundle(reference: str) -> str:
    """Return a reference into a document as a bundle of its schemas spells it."""
    fragment = unquote(reference[1:])
    if not fragment.startswith("/"):
        return reference
    return "#/$defs/" + quote(fragment.replace("~", "~0").replace("/", "~1"))


def _anchors(node: Any) -> Iterator[str]:
    """Yield the anchors of a schema, except those of embedded resources."""
    if isinstance(node, list):
        for item in node:
            yield from _anchors(item)
    elif isinstance(node, dict) and "$id" not in node:
        yield from (
            node[keyword] for keyword in ("$anchor", "$dynamicAnchor") if isinstance(node.get(keyword), str)
        )
        yield from _anchors(list(node.values()))


def to_2020_12(schema: dict[str, Any], *, siblings: bool = False) -> dict[str, Any]:
    """Translate one schema object of OpenAPI 3.0.3, section 4.7.24; its subschemas are left as they are.

    Without ``siblings`` a ``$ref`` loses its own, as 3.0 ignores them; boolean exclusive bounds become
    numbers; ``nullable`` adds null to the type (by the 3.0.3 clarification it has no meaning without a type,
    and an ``enum`` has to name null all the same).
    """
    if "$ref" in schema and not siblings:
        return {"$ref": schema["$ref"]}
    converted = dict(schema)
    for bound, exclusive in EXCLUSIVE.items():
        if converted.pop(exclusive, False) is True and bound in converted:
            converted[exclusive] = converted.pop(bound)
    if converted.pop("nullable", False) is True and isinstance(converted.get("type"), str):
        converted["type"] = [converted["type"], "null"]
    return converted
