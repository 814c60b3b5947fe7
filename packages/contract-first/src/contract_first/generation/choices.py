"""Values of the alternatives that requests choose."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

import msgspec

from contract_first.bounded import BoundedDict
from contract_first.contract.schemas.schema import MISSING, Schema

from .generator import Generator

MOST_REMEMBERED: Final = 64
MOST_ATTEMPTS: Final = 6
DEEPEST: Final = 20


class Alternatives:
    """The values of a schema by the alternatives in it, however deep, that requests choose.

    Args:
        name: as of `Generator.values`.
    """

    def __init__(self, schema: Schema, generator: Generator, name: str) -> None:
        self._schema = schema
        self._generator = generator
        self._name = name
        self._tags: dict[Schema, frozenset[str] | None] = {}
        self._made: BoundedDict[bytes, Any] = BoundedDict(MOST_REMEMBERED)

    def chosen(self, base: Any, body: Any) -> Any:
        """Return a value of the alternatives that a body chooses by its members; the base if it is one."""
        if not isinstance(body, dict):
            return base
        places = (self._schema, *self._schema.members.values())  # of a body in an envelope, too
        outlines = [self._outline(place, body) for place in places]
        if not any(outlines) or (outlines[0] and _includes(base, outlines[0])):
            return base
        value = self._value(outlines, body)
        return base if value is MISSING or value == self._value([], {}) else value

    def instead_of(self, example: Any, body: Any, others: Iterable[Any]) -> Any:
        """Return the example, or what has the alternatives that a body chooses where the example cannot.

        Args:
            others: values that come before a generated one.
        """
        if not isinstance(body, dict) or not isinstance(example, dict):
            return example
        places = {"": self._schema, **self._schema.members}  # of a body in an envelope, too
        outlines = {name: self._outline(place, body) for name, place in places.items()}
        for name, outline in outlines.items():
            if not outline or not _contradicts(_part(example, name), outline, body, places[name]):
                continue
            for value in (*others, self._value([*outlines.values()], body)):
                part = _part(value, name)
                is_alike = _includes(part, _tags_in(outline))
                if is_alike and not _contradicts(part, outline, body, places[name]):
                    return value
        return example

    def changed(self, before: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """Return a value with what it has in common with the alternative that a change of it chooses."""
        names = self.tags_of(self._schema) or ()
        tags = {name: member for name, member in body.items() if name in names}
        if tags.items() <= before.items():
            return before
        value = self._value([tags], {**before, **tags})
        if not isinstance(value, dict):
            return before
        members = self._schema.properties_of(value)
        common = (name for name in before if name in members and name not in tags)
        return value | {name: before[name] for name in common if members[name].conforms(before[name])}

    def _value(self, outlines: list[Any], body: dict[str, Any]) -> Any:
        """Return a value for what bodies have in common; MISSING if none is found."""
        key = msgspec.json.encode(outlines)
        if key not in self._made:
            values = self._generator.values(self._schema.node, self._name, request=body)
            self._made[key] = next(filter(self._schema.conforms, islice(values, MOST_ATTEMPTS)), MISSING)
        return self._made[key]

    def _outline(self, schema: Schema, body: dict[str, Any], depth: int = 0) -> dict[str, Any]:
        """Return what of a body can choose: names of members, and values that tell alternatives apart."""
        tags, members, outline = self.tags_of(schema), schema.members, dict[str, Any]()
        for name, member in body.items():
            inner = None
            if isinstance(member, dict) and name in members and depth < DEEPEST:
                inner = self._outline(members[name], member, depth + 1)
            if tags is not None or inner:
                outline[name] = inner or (member if name in (tags or ()) else None)
        return outline

    def tags_of(self, schema: Schema) -> frozenset[str] | None:
        """Return the names of what tells the alternatives of a schema apart; None where it has none."""
        if schema not in self._tags:
            objects = [
                branch for branch in schema.alternatives if "object" in branch.types and branch.members
            ]
            named = (member for branch in objects for member in branch.members.items())
            tags = {name for name, member in named if member.is_listed}
            tags.update(_discriminators_of(schema))
            self._tags[schema] = frozenset(tags) if len(objects) > 1 else None
        return self._tags[schema]


def _part(value: Any, name: str) -> Any:
    return value.get(name) if name and isinstance(value, dict) else value


def _tags_in(outline: dict[str, Any]) -> dict[str, Any]:
    """Return what in an outline tells alternatives apart by its value."""
    inner = {name: _tags_in(tag) if isinstance(tag, dict) else tag for name, tag in outline.items()}
    return {name: tag for name, tag in inner.items() if tag not in (None, {})}


def _contradicts(value: Any, outline: dict[str, Any], body: dict[str, Any], schema: Schema) -> bool:
    """Tell whether a value is of another alternative than a body, by what is outlined of that."""
    if not isinstance(value, dict) or _includes(value, outline):
        return False
    overlaid = {**value, **{name: body[name] for name in outline}}
    if any(overlaid.get(name) != value.get(name) for name in _discriminators_of(schema)):
        return True
    alike = [branch for branch in schema.alternatives if branch.conforms(value)]
    if alike and not any(branch.conforms(overlaid) for branch in alike):
        return True
    inner = ((name, part) for name, part in outline.items() if isinstance(part, dict))
    return any(_contradicts(value.get(name), part, body[name], schema.members[name]) for name, part in inner)


def _discriminators_of(schema: Schema) -> list[str]:
    """Return the names of what a schema's discriminators are."""
    return [part["discriminator"]["propertyName"] for part in schema.parts if "discriminator" in part]


def _includes(value: Any, outline: dict[str, Any]) -> bool:
    """Tell whether a value has the members of an outline, and the values that it has."""
    return isinstance(value, dict) and all(
        name in value
        and (
            member is None
            or value[name] == member
            or (isinstance(member, dict) and _includes(value[name], member))
        )
        for name, member in outline.items()
    )
