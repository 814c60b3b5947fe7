"""OpenAPI 3.0's schema dialect, told in JSON Schema 2020-12."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container

BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


def to_2020_12(schema: dict[str, Any], not_required: Container[str] = ()) -> dict[str, Any]:
    """Translate one schema object of OpenAPI 3.0.3, section 4.7.24; its subschemas are left as they are.

    A ``$ref`` loses its siblings, as 3.0 ignores them; boolean exclusive bounds become numbers; ``nullable``
    adds null to the type (by the 3.0.3 clarification it has no meaning without a type, and an ``enum`` has to
    name null all the same). Properties that are ``not_required`` in the direction that the value takes
    (``readOnly`` ones in a request, ``writeOnly`` ones in an answer) are no longer among the ``required``.
    """
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    told = dict(schema)
    for exclusive, bound in BOUNDS:
        if told.pop(exclusive, False) is True and bound in told:
            told[exclusive] = told.pop(bound)
    if told.pop("nullable", False) is True and isinstance(told.get("type"), str):
        told["type"] = [told["type"], "null"]
    if not_required and "required" in told:
        told["required"] = [name for name in told["required"] if name not in not_required]
    return told
