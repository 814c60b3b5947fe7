"""What tells the objects of a union apart: its discriminator, or a property of which each has one value."""

from collections.abc import Mapping
from typing import Any

from contract_first.contract.document.anatomy import ALTERNATIVES, mapping_targets
from contract_first.contract.document.parsing import objects_in
from contract_first.contract.schemas.schema import Schema, Schemas

from .kinds import Tag


def tags_of(document: Any, schemas: Schemas) -> dict[str, Tag]:
    """Return the tags of components by name; a component that has several has none."""
    tags: dict[str, Tag | None] = {}
    unions = (
        node
        for node in objects_in(document)
        if any(isinstance(node.get(keyword), list) for keyword in ALTERNATIVES)
    )
    for union in unions:
        for name, tag in _distinguished(union, schemas).items():
            tags[name] = tag if tags.get(name, tag) == tag else None
    return {name: tag for name, tag in tags.items() if tag is not None}


def _distinguished(union: Mapping[str, Any], schemas: Schemas) -> dict[str, Tag]:
    """Return the tags of the components that a union refers to; none if it has others, or no difference."""
    branches = [branch for keyword in ALTERNATIVES for branch in union.get(keyword, ())]
    members = {schema.component: schema for schema in map(schemas.of, branches) if schema.types != {"null"}}
    discriminator = union.get("discriminator")
    discriminator = discriminator if isinstance(discriminator, dict) else {}
    keys = (
        [str(discriminator["propertyName"])]
        if "propertyName" in discriminator
        else [key for schema in list(members.values())[:1] for key in schema.properties]
    )
    mapped: dict[str, list[str]] = {}
    for value, target in mapping_targets(discriminator).items():
        mapped.setdefault(target.rpartition("/")[2], []).append(value)
    if any(len(values) > 1 for values in mapped.values()):
        return {}  # a tag is one value
    for key in keys:
        values = {
            name: _only_value(schema, key) or (mapped.get(name, [name])[0] if discriminator else None)
            for name, schema in members.items()
        }
        if "" not in values and None not in values.values() and len(set(values.values())) == len(values) > 1:
            return {name: Tag(key, str(value)) for name, value in values.items()}
    return {}


def _only_value(schema: Schema, key: str) -> str | None:
    """Return the one text that a required property can have."""
    if key not in schema.properties or not any(key in part.get("required", ()) for part in schema.parts):
        return None
    values = [value for part in schema.properties[key].parts for value in part.get("enum", ())]
    values += [part["const"] for part in schema.properties[key].parts if "const" in part]
    return values[0] if len(values) == 1 and isinstance(values[0], str) else None
