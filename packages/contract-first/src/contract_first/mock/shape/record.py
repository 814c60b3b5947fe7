"""What a response's value is about: an item, or a list of items."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary.members import Meaning

from .pages import list_in


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """The part of a response's value that is an item, or a list of items.

    Attributes:
        holder: the member of the value that has it; empty if the value is it.
        schema: its own.
        members: the schemas of its members, of a list those of its items' members.
        is_list: whether it is a list of items.
    """

    holder: str
    schema: Schema
    members: Mapping[str, Schema]
    is_list: bool

    @classmethod
    def whole(cls, schema: Schema, value: Any) -> "Record":
        """Return a value as a record."""
        return cls("", schema, members_of(schema, value), isinstance(value, list))

    def inside(self, value: Any) -> "Record":
        """Return the record that a member of a value holds; the value's own if none does."""
        holder = _holder_of(value)
        if not holder or holder not in self.members:
            return self
        schema, record = self.members[holder], value[holder]
        return Record(holder, schema, members_of(schema, record), isinstance(record, list))

    def of(self, value: Any) -> Any:
        """Return the record of a value."""
        return value[self.holder] if self.holder else value

    def identifiers(self, value: Any, keys: Collection[str]) -> dict[str, Any]:
        """Return the members of a value's record that identify it: by what they mean, or as keys."""
        record = self.of(value)
        names = self.members if isinstance(record, dict) else ()
        return {
            name: record[name]
            for name in names
            if (name in Meaning.IDENTIFIER or name in keys) and name in record
        }

    def changed(self, change: Callable[[Any], Any], value: Any) -> Any:
        """Return a value with a change of its record."""
        if not self.holder:
            return change(value)
        if self.holder not in value:  # it is left out for this request
            return value
        return {**value, self.holder: change(value[self.holder])}


def members_of(schema: Schema, value: Any) -> dict[str, Schema]:
    """Return the schemas of an object's members, of a list those of its items', without write-only ones."""
    if isinstance(value, list):
        schema, value = schema.items, value[0] if value else value
    return readable(schema.properties_of(value)) if isinstance(value, dict) else {}


def readable(members: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the schemas of members that responses may have."""
    return {name: schema for name, schema in members.items() if not schema.is_marked("writeOnly")}


def _holder_of(value: Any) -> str:
    """Return the name of the member that has the resource of a response; empty if the value is it."""
    if not isinstance(value, dict) or _identifies(value):
        return ""
    records = [name for name, member in value.items() if isinstance(member, dict) and _identifies(member)]
    is_alone = not any(type(member) in {str, int, float} for member in value.values())
    return list_in(value) or (records[0] if len(records) == 1 and is_alone else "")


def _identifies(value: dict[str, Any]) -> bool:
    return any(name in Meaning.IDENTIFIER for name in value)
