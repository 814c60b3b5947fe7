"""Merges the keywords of schemas that all apply to a value; of alternatives one is chosen.

A value made from it is likely to be valid, not sure to be: validate it before use.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from contract_first.contract.document.anatomy import ALTERNATIVES, mapping_targets
from contract_first.contract.document.bounds import RANGES, STRICTER
from contract_first.contract.document.json_types import EVERY_TYPE, type_of
from contract_first.contract.document.patterns import matches

from .schema import Schemas

Branch = list[Any]
"""Schemas that all apply if this alternative is chosen."""
MOST_SCHEMAS = 2_000
NO_VALUE = "x-no-value"
"""Marks a schema to which no value conforms as its author wrote it, however it is read here."""

LISTED = ("pattern", "format", "multipleOf", "contains", "propertyNames", "not", "uniqueItems")
OF_OBJECTS = frozenset(
    {"properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "dependentRequired"}
)
KINDS = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "uniqueItems", "contains"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
"""Keywords that imply a type where a schema names none."""


class NoValueError(ValueError):
    """No value was found that conforms to a schema; there may be none."""


@dataclass(slots=True)
class Merged:
    """The merged keywords of schemas that all apply to a value.

    Attributes:
        values: those that are allowed; None for no list.
        limits: numeric keywords, the strictest of each.
        listed: keywords that each schema may add to: ``pattern``, ``format``, ``multipleOf``, ``not``, ...
        objects: schemas that say something of properties.
        arrays: schemas that say something of items.
        examples: values that the schemas give as examples, or as a default.
        targets: identities of the schemas that references led to.
        description: of the first schema that has one, or a title.
    """

    types: frozenset[str] = EVERY_TYPE
    values: list[Any] | None = None
    limits: dict[str, Any] = field(default_factory=dict)
    listed: dict[str, list[Any]] = field(default_factory=dict)
    required: dict[str, None] = field(default_factory=dict)
    objects: list[dict[str, Any]] = field(default_factory=list)
    arrays: list[dict[str, Any]] = field(default_factory=list)
    examples: list[Any] = field(default_factory=list)
    targets: frozenset[int] = frozenset()
    description: str = ""

    def copy(self) -> "Merged":
        """Return a copy that can be added to."""
        other = copy(self)
        other.limits, other.required = dict(self.limits), dict(self.required)
        other.listed = {name: list(values) for name, values in self.listed.items()}
        other.objects, other.arrays = list(self.objects), list(self.arrays)
        other.examples = list(self.examples)
        return other

    def add(self, schema: dict[str, Any]) -> None:
        """Add the keywords of a flat schema, one without references and alternatives.

        Raises:
            NoValueError: it contradicts what is there.
        """
        self._add_types(schema)
        self._add_values(schema)
        self._add_limits(schema)
        for keyword in LISTED:
            if keyword in schema:
                self.listed.setdefault(keyword, []).append(schema[keyword])
        self.required.update(dict.fromkeys(schema.get("required", ())))
        if not OF_OBJECTS.isdisjoint(schema):
            self.objects.append(schema)
        if "items" in schema or "prefixItems" in schema:
            self.arrays.append(schema)
        self.examples += _examples(schema)
        self.description = self.description or str(schema.get("description") or schema.get("title") or "")

    def _add_limits(self, schema: dict[str, Any]) -> None:
        if STRICTER.keys().isdisjoint(schema):
            return
        for keyword, stricter in STRICTER.items():
            if keyword in schema:
                self.limits[keyword] = stricter(schema[keyword], self.limits.get(keyword, schema[keyword]))
        for least, most, types in RANGES:
            if self.limits.get(least, -math.inf) > self.limits.get(most, math.inf):
                self._exclude(types)

    def _add_types(self, schema: dict[str, Any]) -> None:
        declared = schema.get("type")
        if declared is not None:
            types = frozenset([declared] if isinstance(declared, str) else declared)
            self.types &= types | ({"integer"} if "number" in types else frozenset())
        refused = schema.get("not")
        if isinstance(refused, dict) and refused.keys() == {"type"}:
            names = refused["type"]
            self._exclude({names} if isinstance(names, str) else set(names))
        elif not self.types:
            raise NoValueError("its types exclude each other")

    def _exclude(self, types: AbstractSet[str]) -> None:
        self.types -= types
        if not self.types:
            raise NoValueError("it allows no type")

    def _add_values(self, schema: dict[str, Any]) -> None:
        for values in (schema.get("enum"), [schema["const"]] if "const" in schema else None):
            if values is not None:
                self.values = [value for value in values if self.values is None or value in self.values]
        if self.values is not None and not self.values:
            raise NoValueError("it allows no value")

    # what is inside -----------------------------------------------------------------------------------------

    def kinds(self) -> list[str]:
        """Return the types of a value, the likeliest by its keywords first, and null last."""
        if self.types != EVERY_TYPE:
            order = ["object", "array", "string", "integer", "number", "boolean", "null"]
            names = [name for name in order if name in self.types]
            # else a number whose schema allows an integer would be taken for an integer
            return [name for name in names if name != "integer" or "number" not in names]
        named = [kind for kind, keywords in KINDS.items() if self._speaks_of(keywords)]
        return [*named, "string", "object", "number", "array", "boolean", "null"]

    def _speaks_of(self, keywords: Iterable[str]) -> bool:
        schemas = (*self.objects, *self.arrays, self.limits, self.listed)
        required = bool(self.required) and "required" in keywords
        return required or any(keyword in schema for keyword in keywords for schema in schemas)

    def property_named(self, name: str) -> list[Any]:
        """Return the schemas that apply to the property of this name."""
        schemas = [named for schema in self.objects for named in _of_property(schema, name)]
        if not schemas:
            schemas = [s["unevaluatedProperties"] for s in self.objects if "unevaluatedProperties" in s]
        return schemas

    def names(self) -> Iterator[str]:
        """Yield the names of the declared properties."""
        yield from dict.fromkeys(name for schema in self.objects for name in schema.get("properties", ()))

    def item(self, index: int) -> list[Any]:
        """Return the schemas that apply to the item at this index."""
        schemas = []
        for schema in self.arrays:
            leading = schema.get("prefixItems", ())
            if index < len(leading):
                schemas.append(leading[index])
            elif "items" in schema:
                schemas.append(schema["items"])
        return schemas

    @property
    def leading(self) -> int:
        """How many items have schemas of their own."""
        return max((len(schema.get("prefixItems", ())) for schema in self.arrays), default=0)


def _of_property(schema: dict[str, Any], name: str) -> Iterator[Any]:
    named = name in schema.get("properties", ())
    if named:
        yield schema["properties"][name]
    for pattern, member in schema.get("patternProperties", {}).items():
        if matches(pattern, name):
            named = True
            yield member
    if not named and "additionalProperties" in schema:
        yield schema["additionalProperties"]


def _examples(schema: dict[str, Any]) -> Iterator[Any]:
    if "example" in schema:
        yield schema["example"]
    examples = schema.get("examples")
    yield from examples if isinstance(examples, list) else ()
    if "default" in schema:
        yield schema["default"]


class Merger:
    """Merges the schemas of one document, and asks them about values.

    Attributes:
        of: returns the schema that a part of the document is.
        omits_write_only: whether even a required property is left out of a response if it is write-only.
    """

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._without_formats = schemas.view(schemas.direction)
        self.of = schemas.of
        self.omits_write_only = "writeOnly" in schemas.direction
        self._cache: dict[tuple[str, str | None], dict[str, Any]] = {}

    def is_valid(self, schema: Any, value: Any) -> bool:
        """Tell whether a part of a value conforms to its schema."""
        return self.of(schema).conforms(value) if isinstance(schema, dict) else schema is not False

    def is_valid_but_for_formats(self, schema: Any, value: Any) -> bool:
        """Tell whether a part of a value conforms to its schema, formats aside."""
        if not isinstance(schema, dict):
            return schema is not False
        try:
            return self._without_formats.of(schema).validator.is_valid(value)
        except (LookupError, ValueError):  # it cannot be compiled
            return False

    def distance(self, branch: Branch, value: Any) -> tuple[bool, int, int]:
        """Return the distance of a value from an alternative: its type, values of lists, violations."""
        wrong = [part for part in map(self.of, branch) if not part.conforms(value)]
        violations = sum(1 for part in wrong for _ in part.python_validator.violations(value, ""))
        return *self.mismatches(branch, value)[:2], violations

    def mismatches(self, branch: Branch, value: Any) -> tuple[bool, int, int]:
        """Return what of a value an alternative does not have: its type, listed values, names of members."""
        schemas = [self.of(part) for part in branch]
        other = any(type_of(value) not in part.types for part in schemas)
        if not isinstance(value, dict):
            return other, 0, 0
        named = [
            (name, schema) for part in schemas for name, schema in part.properties.items() if name in value
        ]
        listed = sum(1 for name, schema in named if schema.is_listed and not schema.conforms(value[name]))
        return other, listed, len(value.keys() - set().union(*(part.members for part in schemas)))

    def minimum_depth(self, branch: Branch) -> float:
        """Return how deep the smallest value of an alternative is."""
        return max((self.of(schema).minimum_depth for schema in branch), default=0)

    def is_write_only(self, schemas: Iterable[Any]) -> bool:
        """Tell whether a property is write-only."""
        return any(self.of(schema).is_marked("writeOnly") for schema in schemas)

    def described(self, schemas: Iterable[Any]) -> str:
        """Return the description of a property; empty if none of its schemas has one."""
        parts = (part for schema in schemas for part in self.of(schema).parts)
        return next((str(part["description"]) for part in parts if part.get("description")), "")

    def is_scalar(self, schemas: Iterable[Any]) -> bool:
        """Tell whether a property holds no others."""
        return all(self.of(schema).types.isdisjoint({"object", "array"}) for schema in schemas)

    def listed(self, schemas: Iterable[Any]) -> list[Any]:
        """Return the values that the schemas of a property list."""
        return [value for schema in schemas for value in self.of(schema).values]

    def is_deprecated(self, schemas: Iterable[Any]) -> bool:
        """Tell whether a property is deprecated."""
        return any(isinstance(schema, dict) and schema.get("deprecated") is True for schema in schemas)

    def has_no_value(self, schemas: Iterable[Any]) -> bool:
        """Tell whether no value conforms to a schema as its author wrote it."""
        return any(self.of(schema).is_marked(NO_VALUE) for schema in schemas)

    def recurs(self, schemas: Iterable[Any], targets: frozenset[int]) -> bool:
        """Tell whether each value of one of the schemas conforms to one of the targets, too."""
        return any(
            self._leads_into(part, targets) for schema in schemas for part in self._schemas.parts(schema)
        )

    def _leads_into(self, schema: dict[str, Any], targets: frozenset[int]) -> bool:
        if self._refers_into(schema, targets):
            return True
        branches = [branch for keyword in ALTERNATIVES for branch in schema.get(keyword, ())]
        values = [
            branch for branch in branches if not (isinstance(branch, dict) and branch.get("type") == "null")
        ]
        return bool(values) and all(self._refers_into(value, targets) for value in values)

    def _refers_into(self, schema: Any, targets: frozenset[int]) -> bool:
        return not targets.isdisjoint(map(id, self._schemas.targets_of(schema)))

    def merge(self, schemas: Iterable[Any], order: Callable[[list[Branch]], Iterable[Branch]]) -> Merged:
        """Merge schemas; of each alternative, the first in this order that contradicts nothing.

        Raises:
            NoValueError: they contradict each other.
        """
        merged, groups = Merged(), list[list[Branch]]()
        self._take_in(merged, schemas, groups)
        while groups:
            merged, groups = self._choose(merged, groups, order)
        return merged

    def _choose(
        self,
        merged: Merged,
        groups: list[list[Branch]],
        order: Callable[[list[Branch]], Iterable[Branch]],
    ) -> tuple[Merged, list[list[Branch]]]:
        first, *others = groups
        for branch in order(first):
            trial, inner = merged.copy(), list[list[Branch]]()
            try:
                self._take_in(trial, branch, inner)
            except NoValueError:
                continue
            return trial, [*others, *inner]
        raise NoValueError("none of its alternatives fits the rest")

    def _take_in(self, merged: Merged, schemas: Iterable[Any], groups: list[list[Branch]]) -> None:
        pending, seen = list(schemas), set[int]()
        heirs = filter(None, map(self._schemas.heirs.of, pending))
        groups += [[[heir] for heir in alternatives] for alternatives in heirs]
        while pending:
            node = pending.pop(0)
            if isinstance(node, dict) and id(node) in seen:
                continue
            seen.add(id(node))
            if len(seen) > MOST_SCHEMAS:
                raise NoValueError("it refers to too many schemas")
            if node is False:
                raise NoValueError("it allows nothing")
            schema, targets = self._schemas.keywords(node), self._schemas.targets_of(node)
            merged.targets |= set(map(id, targets))
            pending = [*targets, *schema.get("allOf", ()), *pending]
            merged.add(schema)
            groups += self._groups(schema)

    def _groups(self, schema: dict[str, Any]) -> Iterator[list[Branch]]:
        for keyword in reversed(ALTERNATIVES):
            if schema.get(keyword):
                yield [self._discriminated(schema, branch) for branch in schema[keyword]]
        if "if" in schema:
            yield [[schema["if"], schema.get("then", True)], [schema.get("else", True)]]
        for name, dependent in schema.get("dependentSchemas", {}).items():
            yield [[self._with(name), dependent], [self._without(name)]]
        refused = schema.get("not")
        if isinstance(refused, dict) and refused.get("required"):
            yield [[self._without(name)] for name in reversed(refused["required"])]

    # Schemas are distinguished by identity, so one that is made here is made once.

    def _with(self, name: str, value: str = "") -> dict[str, Any]:
        """Return the schema of an object with a property, and this value of it if there is one."""
        properties = {"properties": {name: {"enum": [value]}}} if value else {}
        return self._cache.setdefault((name, value), {**properties, "required": [name]})

    def _without(self, name: str) -> dict[str, Any]:
        return self._cache.setdefault((name, None), {"properties": {name: False}})

    def _discriminated(self, schema: dict[str, Any], branch: Any) -> Branch:
        """Return an alternative with the value of its discriminator."""
        discriminator = schema.get("discriminator")
        reference = branch.get("$ref") if isinstance(branch, dict) else None
        if not isinstance(discriminator, dict) or not isinstance(reference, str):
            return [branch]
        targets = mapping_targets(discriminator).items()
        named = (value for value, target in targets if target == reference)
        return [branch, self._with(discriminator["propertyName"], next(named, reference.rpartition("/")[2]))]
