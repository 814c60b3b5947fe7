"""Members that a model has because an object of a class cannot lack one: None, and what is ``writeOnly``."""

from typing import Any

from contract_first.contract.schemas.schema import Schema

MARKS = ("__struct_fields__", "__dataclass_fields__", "__attrs_attrs__", "model_fields")
"""What classes of models have: msgspec's, dataclasses, attrs', pydantic's."""


def holds_model(body: Any) -> bool:
    """Tell whether a body is an object of a class, or holds one."""
    if isinstance(body, dict):
        return any(map(holds_model, body.values()))
    if isinstance(body, list | tuple):
        return any(map(holds_model, body))
    return any(hasattr(type(body), mark) for mark in MARKS)


def drop_absent(value: Any, schema: Schema) -> None:
    """Remove the members of a JSON value that are write-only, or null where the schema has no null."""
    if isinstance(value, list):
        items = schema.items
        for item in value:
            drop_absent(item, items)
    elif isinstance(value, dict):
        members = schema.members
        for name, member in [*value.items()]:
            if name not in members:
                continue
            schema = members[name]
            if schema.is_marked("writeOnly") or (member is None and not schema.allows_null):
                del value[name]
            elif isinstance(member, dict | list):
                drop_absent(member, schema)
