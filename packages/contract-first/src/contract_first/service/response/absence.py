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
    """Remove the members of a JSON value that are null where the schema has no null, or write-only.

    What is write-only remains where the schema requires it: OpenAPI 3.1 requires it of responses as well.
    """
    if isinstance(value, list):
        for index, item in enumerate(value):
            drop_absent(item, schema.item(index))
    elif isinstance(value, dict):
        members = {name: schema.member(name) for name in value}
        for name, member in [*value.items()]:
            if member is None and not members[name].allows_null:
                del value[name]
            elif isinstance(member, dict | list):
                drop_absent(member, members[name])
        if secret := {name for name in value if members[name].is_marked("writeOnly")}:
            for name in secret - schema.required_of(value):
                del value[name]
