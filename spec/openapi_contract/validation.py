"""Says where a document is not what OpenAPI 3.0, 3.1 or 3.2 wants.

Its structure is validated with its schemas taken out: a schema of 3.1 may be a resource of its own, recur, or
use any keyword of JSON Schema. Schemas are validated one by one by the meta-schema of their dialect.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs
from openapi_spec_validator.schemas import schema_v30, schema_v31, schema_v32

from . import pointers
from .anatomy import FIELDS, Place, children, document_place, walk
from .defects import Flaw
from .errors import ContractError
from .references import reference_flaws
from .semantics import semantic_flaws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LONGEST_MESSAGE = 300
TEMPLATE = re.compile(r"(?:[^{}]|\{[^{}!]+\})*")
DISCRIMINATING = {"in", "type"}
LEAVES = ("example", "link", "securityScheme")
"""Objects that hold none of the others."""
JSON_SCHEMA_2020_12 = "https://json-schema.org/draft/2020-12/schema"
# what jsonschema-rs carries; it would ask the network for any other
META_SCHEMAS = {
    JSON_SCHEMA_2020_12: JSON_SCHEMA_2020_12,
    "https://json-schema.org/draft/2019-09/schema": "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema": "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema": "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-04/schema": "http://json-schema.org/draft-04/schema",
    "https://spec.openapis.org/oas/3.1/dialect/base": JSON_SCHEMA_2020_12,
    "https://spec.openapis.org/oas/3.2/dialect/2025-09-17": JSON_SCHEMA_2020_12,
}


def validate(document: dict[str, Any], source: str) -> None:
    """Validate a document that is complete in itself.

    Raises:
        ContractError: the first thing that is wrong with it; points at it.
    """
    for stage in STAGES:
        for flaw in stage(document_place(document, source)):
            raise ContractError(source, flaw.pointer, flaw.reason)


def _structure_flaws(root: Place) -> Iterator[Flaw]:
    if is_of_30(root.node):
        yield from _flaws_in_30(place for place in walk(root, schemas=False) if place.kind != "schema")
        return
    skeleton = _without_schemas(root.node)
    for error in _structure(root.node["openapi"][:3]).iter_errors(skeleton):
        yield from _flaws(error, "")


@cache
def _structure(version: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(dict(schema_v31 if version == "3.1" else schema_v32))


def _flaws_in_30(places: Iterable[Place]) -> Iterator[Flaw]:
    """Yield the flaws of objects of 3.0, each without the objects below it.

    The schema of 3.0 has alternatives at every level: a whole would be validated in exponential time.
    """
    for place in places:
        *_, last = place.pointer.rsplit("/", 1)
        validator = _validators_30().get("reference" if _is_reference(place) else place.kind)
        is_extension = place.kind == "pathItem" and last.startswith("x-")
        if validator is None or is_extension or not isinstance(place.node, dict):
            continue  # what is no object its holder's validator has seen
        within = {id(child.node) for child in children(place) if isinstance(child.node, dict)}
        for error in validator.iter_errors({key: _cut(each, within) for key, each in place.node.items()}):
            yield from _flaws(error, place.pointer)


def _is_reference(place: Place) -> bool:
    return place.kind != "pathItem" and place.reference is not None


def _cut(node: Any, within: set[int]) -> Any:
    """Return a copy of a part of an object, in which other objects are empty."""
    if id(node) in within:
        return {}
    if isinstance(node, dict):
        return {key: _cut(each, within) for key, each in node.items()}
    return [_cut(each, within) for each in node] if isinstance(node, list) else node


@cache
def _validators_30() -> dict[str, jsonschema_rs.Draft4Validator]:
    """Return the validators of objects of OpenAPI 3.0 by their kinds."""
    definitions = deepcopy(dict(schema_v30["definitions"]))
    del definitions["Schema"]["properties"]["pattern"]["format"]  # it only should be one of ECMA-262's
    names = {kind: kind[0].upper() + kind[1:] for kind in FIELDS | dict.fromkeys(LEAVES)}
    names = {kind: name for kind, name in names.items() if name in definitions}
    cut = {f"#/definitions/{name}" for name in names.values()}

    def shallow(node: Any) -> Any:
        if isinstance(node, list):
            return [shallow(each) for each in node]
        if not isinstance(node, dict):
            return node
        if str(node.get("$ref")) in cut:
            return {"type": "object"}
        others = [each for each in node.get("oneOf", ()) if each != {"$ref": "#/definitions/Reference"}]
        if len(others) < len(node.get("oneOf", ())):
            return {"anyOf": shallow(others)}
        copy = {key: shallow(each) for key, each in node.items()}
        if node.get("type") == "array" and copy.get("items") != node.get("items"):
            copy.pop("uniqueItems", None)  # of what is cut all would be the same
        return copy

    cuts = {name: shallow(each) for name, each in definitions.items()}
    roots = {kind: {"$ref": f"#/definitions/{name}"} for kind, name in names.items()}
    roots |= {
        "openapi": {key: shallow(each) for key, each in schema_v30.items() if key != "definitions"},
        "reference": {"$ref": "#/definitions/Reference"},
    }
    return {
        kind: jsonschema_rs.Draft4Validator({**root, "definitions": cuts}) for kind, root in roots.items()
    }


def is_of_30(document: dict[str, Any]) -> bool:
    """Tell whether a document is written in OpenAPI 3.0."""
    return str(document["openapi"]).startswith("3.0.")


def _without_schemas(document: dict[str, Any]) -> dict[str, Any]:
    """Return a copy in which one schema that accepts anything stands for every schema."""
    skeleton: dict[str, Any] = json.loads(json.dumps(document))
    skeleton.pop("jsonSchemaDialect", None)  # in an old one nothing is a schema that is no object
    for place in walk(document_place(skeleton, ""), schemas=False):
        if place.kind == "schema":
            *keys, last = pointers.split(place.pointer)
            parent = pointers.descend(skeleton, keys)
            parent[int(last) if isinstance(parent, list) else last] = True
    return skeleton


def _template_flaws(root: Place) -> Iterator[Flaw]:
    for path in root.node.get("paths", {}):
        if not TEMPLATE.fullmatch(path):
            reason = "is not a path template; expected each {name} in braces."
            yield Flaw(pointers.join("/paths", path), reason)


def _schema_flaws(root: Place) -> Iterator[Flaw]:
    if is_of_30(root.node):
        schemas = (place for place in walk(root) if place.kind == "schema" and isinstance(place.node, dict))
        yield from _flaws_in_30(place for place in schemas if not place.reference)
        return
    dialect = root.node.get("jsonSchemaDialect", JSON_SCHEMA_2020_12)
    for place in walk(root, schemas=False):
        if place.kind == "schema":
            for error in _errors_in_31(place, dialect):
                yield from _flaws(error, place.pointer)


def _errors_in_31(place: Place, dialect: str) -> Iterable[Any]:
    """Return the errors of a schema; one in a dialect that is not known here has none."""
    if isinstance(place.node, bool):
        return ()
    declared = place.node.get("$schema", dialect)
    if not isinstance(declared, str):
        declared = JSON_SCHEMA_2020_12  # which says that it should be one
    meta_schema = META_SCHEMAS.get(declared.removesuffix("#"))
    return () if meta_schema is None else _meta_validator(meta_schema).iter_errors(place.node)


@cache
def _meta_validator(uri: str) -> Any:
    return jsonschema_rs.validator_for({"$schema": uri, "$ref": uri})


def _flaws(error: Any, pointer: str) -> Iterator[Flaw]:
    """Yield the flaws that an error of a validator is: of alternatives that all fail, those of the meant one.

    Args:
        error: the error, relative to `pointer`.
        pointer: JSON pointer of what was validated.
    """
    context = getattr(error.kind, "context", None)
    if context and any(context):
        for inner in _meant(context, len(error.instance_path)):
            yield from _flaws(inner, pointer)
        return
    message = error.message.partition("\n")[0].removesuffix(".")
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]}..."
    missing = getattr(error.kind, "property", None)
    members = getattr(error.kind, "unexpected", None) or ([missing] if missing else [])
    path = list(error.instance_path)
    if error.kind.name in {"enum", "const"} and path[-1:] == ["in"]:
        path.pop()  # a parameter that is nowhere is none
    yield Flaw(pointers.join(pointer, *path), f"{message}.", error.kind.name, tuple(members))


def _meant(branches: list[list[Any]], depth: int) -> list[Any]:
    """Return the errors of the alternative that was meant: of the ``type`` or ``in`` that it says."""

    def distance(branch: list[Any]) -> tuple[bool, bool, int]:
        is_other = any(
            error.kind.name in {"enum", "const"} and error.instance_path[depth:] == [each]
            for error in branch
            for each in DISCRIMINATING
        )
        is_reference = any(getattr(error.kind, "property", "") == "$ref" for error in branch)
        return is_reference, is_other, -max(len(error.instance_path) for error in branch)

    return min(filter(None, branches), key=distance)


STAGES: tuple[Callable[[Place], Iterator[Flaw]], ...] = (
    _structure_flaws,
    _template_flaws,
    reference_flaws,
    _schema_flaws,
    semantic_flaws,
)
"""The validators, each of which may rely on what those before it have accepted."""
