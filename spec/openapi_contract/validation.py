"""Says whether a document is what OpenAPI 3.0 or 3.1 wants.

openapi-spec-validator validates the document with its schemas taken out: a schema of 3.1 may be a resource of
its own, recur, or use any keyword of JSON Schema, more than it follows, and it takes quadratic time over
schemas. Those are checked one by one against the meta-schema of their dialect.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from openapi_spec_validator.schemas import schema_v30, schema_v31

from . import pointers
from .anatomy import Place, document_place, walk
from .errors import ContractError
from .references import check_references

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_MESSAGE = 300
TEMPLATE = re.compile(r"(?:[^{}]|\{[^{}!]+\})*")
JSON_SCHEMA_2020_12 = "https://json-schema.org/draft/2020-12/schema"
# what jsonschema-rs carries; it would ask the network for any other
META_SCHEMAS = {
    JSON_SCHEMA_2020_12: JSON_SCHEMA_2020_12,
    "https://json-schema.org/draft/2019-09/schema": "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema": "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema": "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-04/schema": "http://json-schema.org/draft-04/schema",
    "https://spec.openapis.org/oas/3.1/dialect/base": JSON_SCHEMA_2020_12,
}


def validate(document: dict[str, Any], source: str) -> None:
    """Check a document that is complete in itself.

    Raises:
        ContractError: the first thing that is wrong with it; points at it.
    """
    is_30 = document["openapi"].startswith("3.0.")
    root = document_place(document, source)
    skeleton = _without_schemas(document, {} if is_30 else True)
    _raise_first(_structure(is_30=is_30).iter_errors(skeleton), root)
    _check_templates(root)
    check_references(document, source)
    _check_schemas(root, is_30=is_30)
    # openapi-spec-validator takes an extension among the paths for a path item
    paths = skeleton.get("paths", {}).items()
    skeleton["paths"] = {path: item for path, item in paths if path.startswith("/")}
    judge = OpenAPIV30SpecValidator(skeleton) if is_30 else OpenAPIV31SpecValidator(skeleton)
    _raise_first(judge.root_validator(judge.schema_path), root)


@cache
def _structure(*, is_30: bool) -> jsonschema_rs.Draft4Validator | jsonschema_rs.Draft202012Validator:
    """Return the validator of OpenAPI's own schema, whose errors tell more than openapi-spec-validator's."""
    if is_30:
        return jsonschema_rs.Draft4Validator(dict(schema_v30))
    return jsonschema_rs.Draft202012Validator(dict(schema_v31))


def _without_schemas(document: dict[str, Any], anything: Any) -> dict[str, Any]:
    """Return a copy in which one schema that accepts anything stands for every schema."""
    skeleton: dict[str, Any] = json.loads(json.dumps(document))
    skeleton.pop("jsonSchemaDialect", None)  # in an old one nothing is a schema that is no object
    for place in walk(document_place(skeleton, ""), schemas=False):
        if place.kind == "schema":
            *keys, last = pointers.split(place.pointer)
            pointers.descend(skeleton, keys)[last] = anything
    return skeleton


def _check_templates(root: Place) -> None:
    for path in root.node.get("paths", {}):
        if not TEMPLATE.fullmatch(path):
            raise ContractError(
                root.source,
                pointers.join("/paths", path),
                "is no path template; expected each {name} in braces.",
            )


def _check_schemas(root: Place, *, is_30: bool) -> None:
    dialect = root.node.get("jsonSchemaDialect", JSON_SCHEMA_2020_12)
    for place in walk(root, schemas=False):
        if place.kind == "schema":
            _raise_first(_errors_in_30(place) if is_30 else _errors_in_31(place, dialect), place)


def _errors_in_30(place: Place) -> Iterable[Any]:
    return () if place.reference else _schema_validator_30().iter_errors(place.node)


@cache
def _schema_validator_30() -> jsonschema_rs.Draft4Validator:
    definitions = deepcopy(dict(schema_v30["definitions"]))
    del definitions["Schema"]["properties"]["pattern"]["format"]  # it only should be one of ECMA-262's
    return jsonschema_rs.Draft4Validator({"$ref": "#/definitions/Schema", "definitions": definitions})


def _errors_in_31(place: Place, dialect: str) -> Iterable[Any]:
    """Return the errors of a schema; one in a dialect that is not known here has none."""
    if isinstance(place.node, bool):
        return
    declared = place.node.get("$schema", dialect)
    meta_schema = META_SCHEMAS.get(declared.removesuffix("#")) if isinstance(declared, str) else declared
    if meta_schema is not None:
        try:
            jsonschema_rs.meta.validate({**place.node, "$schema": meta_schema})
        except jsonschema_rs.ValidationError as error:
            yield error


def _raise_first(errors: Iterable[Any], place: Place) -> None:
    """Raise the first error, which is relative to ``place``, at the pointer where it is."""
    for error in errors:
        message, path = _explain(error)
        raise ContractError(place.source, pointers.join(place.pointer, *path), message)


def _explain(error: Any) -> tuple[str, list[str | int]]:
    """Return what an error says, and where; of alternatives that all fail, the one that came furthest."""
    while context := getattr(getattr(error, "kind", None), "context", None):
        inner = [failure for branch in context for failure in branch]
        error = max(inner, key=lambda failure: len(failure.instance_path))
    message = error.message.partition("\n")[0].removesuffix(".")
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]}..."
    return f"{message}.", list(error.instance_path if hasattr(error, "instance_path") else error.path)
