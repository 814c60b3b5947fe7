"""The schemas of rules in the control API's document, made from their types and docstrings."""

import re
from inspect import getdoc
from typing import Any

import msgspec

from .rule import Rule

PLACE = "#/components/schemas/"
NULL = {"type": "null"}


def rule_schemas(rule: type[Rule]) -> dict[str, Any]:
    """Return the schemas by name: ``Fault`` for rules of a type, ``Match`` and ``Effect`` for its parts."""
    parts = {field.name: field.type for field in msgspec.structs.fields(rule)}
    types = {"Fault": rule, "Match": parts["match"], "Effect": parts["effect"]}
    _, components = msgspec.json.schema_components((rule,), ref_template=f"{PLACE}{{name}}")
    text = msgspec.json.encode(components).decode()
    for name, struct in types.items():
        text = re.sub(rf'(?<=["/]){struct.__name__}"', f'{name}"', text)  # names of schemas, and references
    schemas: dict[str, Any] = msgspec.json.decode(text)
    for name, schema in schemas.items():
        texts = descriptions(types[name]) if name in types else _texts(schema.get("description", ""))
        schema["description"] = texts.pop("", "")
        for member, value in schema["properties"].items():
            if member in texts:
                value["description"] = texts[member]
            if name != "Fault":
                _require_value(value)
    schemas["Effect"]["minProperties"] = 1
    members = schemas["Fault"]["properties"]
    schemas["Fault"]["properties"] = {"id": members.pop("id"), "struck": members.pop("struck"), **members}
    return {name: _united(schema) for name, schema in schemas.items()}


def descriptions(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return what the docstrings of a struct and its bases say of each member, and of the whole (empty)."""
    texts: dict[str, str] = {}
    for above in reversed(struct.__mro__[: struct.__mro__.index(msgspec.Struct)]):
        texts |= _texts(getdoc(above) or "")
    return texts


def _texts(docstring: str) -> dict[str, str]:
    about, _, attributes = docstring.partition("\n\nAttributes:\n")
    texts = re.findall(r"^    (\w+): (.*(?:\n {5}.*)*)", attributes, re.MULTILINE)
    plain = {name: " ".join(text.split()).replace("``", "`") for name, text in [("", about), *texts]}
    return {name: text[:1].upper() + text[1:] for name, text in plain.items()}


def _require_value(member: dict[str, Any]) -> None:
    """Have a member be left out where there is no value: it is not null."""
    member.pop("default", None)
    choices = [choice for choice in member.pop("anyOf", ()) if choice != NULL]
    member |= choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {}


def _united(value: Any) -> Any:
    """Return a schema in which a choice of types is a list of them, whose violations are clearer."""
    if isinstance(value, list):
        return [_united(member) for member in value]
    if not isinstance(value, dict):
        return value
    schema = {name: _united(member) for name, member in value.items()}
    if tagged := schema.get("discriminator"):
        tag = tagged["propertyName"]
        schema |= {"required": [tag], "properties": {tag: {"enum": [*tagged["mapping"]]}}}
    choices = schema.get("anyOf", ())
    if any("type" in choice for choice in choices):
        del schema["anyOf"]
        for choice in choices:
            schema |= choice if "type" in choice else {"if": {"type": "object"}, "then": choice}
        schema["type"] = [choice.get("type", "object") for choice in choices]
    return schema
