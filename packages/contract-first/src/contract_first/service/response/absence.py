"""Members that a model has as None because an object of a class cannot lack one."""

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
    """Remove the members of a JSON value that are null where the schema has no null."""
    if isinstance(value, list):
        items = schema.items
        for item in value:
            drop_absent(item, items)
    elif isinstance(value, dict):
        members = schema.members
        for name, member in [*value.items()]:
            if member is None:
                if name in members and not members[name].allows_null:
                    del value[name]
            elif isinstance(member, dict | list) and name in members:
                drop_absent(member, members[name])
