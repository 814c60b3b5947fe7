"""Validates documents by OpenAPI 3.0, 3.1 and 3.2.

Each object is validated alone, the objects below it left empty. As a whole, a document of 3.0 would be
validated in exponential time, for its schema has alternatives at every level; and a wrong document would have
all its errors at once, each with a copy of what it is about. Schemas of 3.1 and 3.2 are validated by the
meta-schema of their dialect.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema_rs

from .document import pointers
from .document.anatomy import FIELDS, Location, is_of_30, map_children
from .document.defects import Action, Flaw
from .document.errors import ContractError
from .document.references import reference_flaws
from .semantics import semantic_flaws

LONGEST_MESSAGE = 300
MOST_NAMES = 100
TEMPLATE = re.compile(r"(?:[^{}]|\{[^{}!]+\})*")
DISCRIMINATING = {"in", "type"}
LEAVES = ("example", "link", "securityScheme", "reference")
"""Objects that hold none of the others."""
STRUCTURES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "3.0": ("definitions", jsonschema_rs.Draft4Validator),
    "3.1": ("$defs", jsonschema_rs.Draft202012Validator),
    "3.2": ("$defs", jsonschema_rs.Draft202012Validator),
}
"""Where the definitions are in the schemas of OpenAPI's versions, and what validates by them."""
JSON_SCHEMA_2020_12 = "https://json-schema.org/draft/2020-12/schema"
# what jsonschema-rs carries; it would ask the network for any other
META_SCHEMAS = {
    "json-schema.org/draft/2020-12/schema": JSON_SCHEMA_2020_12,
    "json-schema.org/draft/2019-09/schema": "https://json-schema.org/draft/2019-09/schema",
    "json-schema.org/draft-07/schema": "http://json-schema.org/draft-07/schema",
    "json-schema.org/draft-06/schema": "http://json-schema.org/draft-06/schema",
    "json-schema.org/draft-05/schema": "http://json-schema.org/draft-04/schema",  # it had none of its own
    "json-schema.org/draft-04/schema": "http://json-schema.org/draft-04/schema",
    "spec.openapis.org/oas/3.1/dialect/base": JSON_SCHEMA_2020_12,
    "spec.openapis.org/oas/3.2/dialect/2025-09-17": JSON_SCHEMA_2020_12,
}
SCHEME = re.compile("^https?://")
"""The scheme of a dialect's URI, which authors often confuse."""


def validate(locations: Sequence[Location]) -> None:
    """Validate the objects of a document that is complete in itself.

    Raises:
        ContractError: the first thing that is wrong with it; points at it.
    """
    for stage in STAGES:
        for flaw in stage(locations):
            raise ContractError(locations[0].source, flaw.pointer, flaw.reason)


def _structure_flaws(locations: Sequence[Location]) -> Iterator[Flaw]:
    version = locations[0].node["openapi"][:3]
    validators = _validators(version)
    for location in locations:
        if location.kind == "schema":
            continue
        may_refer = location.pointer and (location.kind != "pathItem" or version == "3.1")
        is_reference = may_refer and isinstance(location.node, dict) and "$ref" in location.node
        validator = validators.get("reference" if is_reference else location.kind)
        is_extension = location.kind == "pathItem" and location.pointer.rpartition("/")[2].startswith("x-")
        if validator is not None and not is_extension:
            yield from _flaws_alone(location, validator)


def _flaws_alone(location: Location, validator: Any) -> Iterable[Flaw]:
    """Return the flaws of an object itself, without those of the objects below it."""
    if not isinstance(location.node, dict):  # its holder's validator has seen it
        return ()
    outline = map_children(location.kind, location.node, _outline)
    if validator.is_valid(outline):
        return ()
    parts = _parts(outline) if location.kind == "components" else [outline]
    return (
        flaw
        for part in parts
        for error in validator.iter_errors(part)
        for flaw in _flaws(error, location.pointer)
    )


def _parts(components: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the components in parts: an error of one of their names has a copy of all of them."""
    for section, members in components.items():
        names = list(members) if isinstance(members, dict) else []
        for start in range(0, len(names), MOST_NAMES):
            yield {section: {name: members[name] for name in names[start : start + MOST_NAMES]}}


def _outline(field: str, node: Any) -> Any:
    """Return a substitute for an object; for a parameter, where it is still counts (OpenAPI 3.2)."""
    if not isinstance(node, dict):
        return node
    return {"in": node["in"]} if field == "parameters" and "in" in node else {}


def _schema(version: str) -> dict[str, Any]:
    """Read the schema of an OpenAPI version, which is a file of openapi-spec-validator.

    To import that takes half of the time of a start: it imports requests and pydantic.
    """
    name = f"openapi_spec_validator/resources/schemas/v{version}/schema.json"
    schema = Path(str(distribution("openapi-spec-validator").locate_file(name)))
    content: dict[str, Any] = json.loads(schema.read_bytes())
    return content


@cache
def _validators(version: str) -> dict[str, Any]:
    """Return the validators of an OpenAPI version, by kind of object."""
    section, draft = STRUCTURES[version]
    schema = _schema(version)
    definitions = schema[section]
    if version == "3.0":
        del definitions["Schema"]["properties"]["pattern"]["format"]  # it only should be one of ECMA-262's
    names: dict[str, str] = {}
    for kind in (*FIELDS, *LEAVES):
        dashed = re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", kind)
        spellings = (f"{kind[0].upper()}{kind[1:]}", dashed, f"{dashed}s")
        names.update((kind, spelling) for spelling in reversed(spellings) if spelling in definitions)
    whole = {f"#/{section}/{name}{end}" for name in names.values() for end in ("", "-or-reference")}

    def alone(node: Any) -> Any:
        """Return a part of the schema in which objects of other kinds may be any object."""
        if isinstance(node, list):
            return [alone(item) for item in node]
        if not isinstance(node, dict):
            return node
        if str(node.get("$ref")) in whole:
            return {"type": "object"}
        others = [
            alternative
            for alternative in node.get("oneOf", ())
            if alternative != {"$ref": "#/definitions/Reference"}
        ]
        if len(others) < len(node.get("oneOf", ())):
            return {"anyOf": alone(others)}
        copy = {key: alone(member) for key, member in node.items()}
        if node.get("type") == "array" and copy.get("items") != node.get("items"):
            copy.pop("uniqueItems", None)  # outlines are all the same
        return copy

    roots = {kind: {"$ref": f"#/{section}/{name}"} for kind, name in names.items()}
    roots["openapi"] = {key: alone(member) for key, member in schema.items() if key != section}
    shared = {section: {name: alone(definition) for name, definition in definitions.items()}}
    return {kind: draft(root | shared) for kind, root in roots.items()}


def _template_flaws(locations: Sequence[Location]) -> Iterator[Flaw]:
    for path in locations[0].node.get("paths", {}):
        if not TEMPLATE.fullmatch(path):
            reason = "is not a path template; expected each {name} in braces."
            yield Flaw(pointers.join("/paths", path), reason)


def _schema_flaws(locations: Sequence[Location]) -> Iterator[Flaw]:
    if is_of_30(locations[0].node):
        validator = _validators("3.0")["schema"]
        for location in locations:
            if location.kind == "schema" and not location.reference:
                yield from _flaws_alone(location, validator)
        return
    for location, _, meta_schema in _in_dialects(locations):
        if meta_schema is not None:
            yield from _flaws_alone(location, _meta_validator(meta_schema))


def dialect_flaws(locations: Sequence[Location]) -> Iterator[Flaw]:
    """Yield declarations of other dialects whose schemas are invalid in JSON Schema 2020-12.

    Schemas are compiled as 2020-12; without these names they are validated as that too, and repaired.
    """
    reported = set[str]()
    for location, outermost, meta_schema in (
        _in_dialects(locations) if not is_of_30(locations[0].node) else ()
    ):
        if meta_schema == JSON_SCHEMA_2020_12 or not isinstance(location.node, dict):
            continue
        has_own = "$schema" in outermost.node
        holder, keyword = (outermost, "$schema") if has_own else (locations[0], "jsonSchemaDialect")
        if holder.pointer in reported or not any(
            _flaws_alone(location, _meta_validator(JSON_SCHEMA_2020_12))
        ):
            continue
        reported.add(holder.pointer)
        reason = f"is {holder.node[keyword]!r}; read as JSON Schema 2020-12."
        fix = partial(_remove, holder.node, keyword)
        yield Flaw(pointers.join(holder.pointer, keyword), reason, fix=fix)


def _in_dialects(locations: Sequence[Location]) -> Iterator[tuple[Location, Location, str | None]]:
    """Yield each schema, the outermost one around it, and the meta-schema of that."""
    dialect = locations[0].node.get("jsonSchemaDialect", JSON_SCHEMA_2020_12)
    outermost, meta_schema = locations[0], None
    for location in locations:
        if location.kind != "schema":
            continue
        if not location.is_inner:
            outermost, meta_schema = location, _meta_schema(location, dialect)
        yield location, outermost, meta_schema


def _remove(node: dict[str, Any], keyword: str) -> Action:
    del node[keyword]
    return "repaired"


def _meta_schema(location: Location, dialect: str) -> str | None:
    """Return the meta-schema of a schema; one in a dialect that is not known here has none."""
    if isinstance(location.node, bool):
        return None
    declared = location.node.get("$schema", dialect)
    if not isinstance(declared, str):
        declared = JSON_SCHEMA_2020_12  # which says that it should be one
    return META_SCHEMAS.get(SCHEME.sub("", declared).removesuffix("#"))


@cache
def _meta_validator(uri: str) -> Any:
    return jsonschema_rs.validator_for({"$schema": uri, "$ref": uri})


def _flaws(error: Any, pointer: str) -> Iterator[Flaw]:
    """Yield the flaws of a validator's error; where all alternatives fail, those of the likeliest.

    Args:
        error: the error, relative to `pointer`.
        pointer: JSON pointer of what was validated.
    """
    context = getattr(error.kind, "context", None)
    if context and any(context):
        for inner in _meant(context, len(error.instance_path)):
            yield from _flaws(inner, pointer)
        return
    path = list(error.instance_path)
    if hasattr(error.kind, "unexpected"):
        for name in error.kind.unexpected:
            at = pointers.join(pointer, *path, name)
            yield Flaw(at, f"{name[:LONGEST_MESSAGE]!r} is not allowed here.", error.kind.name)
        return
    message = error.message.partition("\n")[0].removesuffix(".")
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]}..."
    if error.kind.name in {"enum", "const"} and path[-1:] == ["in"]:
        path.pop()  # a parameter that is nowhere is none
        message = f"is in {json.dumps(error.instance)}; expected a place such as path or query"
    (expected, *others) = getattr(error.kind, "types", [getattr(error.kind, "property", "")])
    yield Flaw(pointers.join(pointer, *path), f"{message}.", error.kind.name, "" if others else expected)


def _meant(branches: list[list[Any]], depth: int) -> list[Any]:
    """Return the errors of the likeliest alternative, by its ``type`` or ``in``."""

    def distance(branch: list[Any]) -> tuple[bool, bool, int]:
        is_other = any(
            error.kind.name in {"enum", "const"} and error.instance_path[depth:] == [member]
            for error in branch
            for member in DISCRIMINATING
        )
        is_reference = any(getattr(error.kind, "property", "") == "$ref" for error in branch)
        return is_reference, is_other, -max(len(error.instance_path) for error in branch)

    return min(filter(None, branches), key=distance)


STAGES: tuple[Callable[[Sequence[Location]], Iterator[Flaw]], ...] = (
    _structure_flaws,
    _template_flaws,
    reference_flaws,
    _schema_flaws,
    semantic_flaws,
)
"""The validators, each of which may rely on what those before it have accepted."""
