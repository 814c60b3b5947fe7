"""The structure of OpenAPI documents: which object is at which location.

Only its location distinguishes a ``$ref`` from a property, an example or a constant of that name.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urldefrag, urljoin

from . import pointers
from .errors import ContractError
from .parsing import MAX_DEPTH, MAX_POINTER
from .sources import uri_of

COMPONENT = "#/components/schemas/"
REFERENCES = ("$ref", "$dynamicRef")
ALTERNATIVES = ("anyOf", "oneOf")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

NO_BODY = frozenset({204, 205, 304})
"""Statuses of responses that cannot have a body (RFC 9110), though a document may declare one."""

ENCODINGS = {"encoding": "{encoding}", "prefixEncoding": "[encoding]", "itemEncoding": "encoding"}
STYLES = {"query": "form", "path": "simple", "header": "simple", "cookie": "form"}
"""The default style of parameters, by place (OpenAPI 3.1, section 4.8.12)."""
PARAMETER = {"schema": "schema", "content": "{mediaType}", "examples": "{example}"}

# the kind of what a field holds: "one", "[each item]", "{each value}", or "one|[each item]"; "*" is any field
FIELDS = {
    "openapi": {"paths": "{pathItem}", "webhooks": "{pathItem}", "components": "components"},
    "swagger": {
        "paths": "{pathItem}",
        "definitions": "{schema}",
        "parameters": "{parameter}",
        "responses": "{response}",
    },
    "components": {
        "schemas": "{schema}",
        "responses": "{response}",
        "parameters": "{parameter}",
        "examples": "{example}",
        "requestBodies": "{requestBody}",
        "headers": "{header}",
        "securitySchemes": "{securityScheme}",
        "links": "{link}",
        "callbacks": "{callback}",
        "pathItems": "{pathItem}",
        "mediaTypes": "{mediaType}",
    },
    "pathItem": {
        **dict.fromkeys(METHODS, "operation"),
        "additionalOperations": "{operation}",
        "parameters": "[parameter]",
    },
    "operation": {
        "parameters": "[parameter]",
        "requestBody": "requestBody",
        "responses": "{response}",
        "callbacks": "{callback}",
    },
    "callback": {"*": "pathItem"},
    "parameter": PARAMETER,
    "header": PARAMETER,
    "requestBody": {"content": "{mediaType}"},
    "response": {
        "headers": "{header}",
        "content": "{mediaType}",
        "links": "{link}",
        "schema": "schema",  # of Swagger 2.0
    },
    "mediaType": {
        **dict.fromkeys(("schema", "itemSchema"), "schema"),
        "examples": "{example}",
        **ENCODINGS,
    },
    "encoding": {"headers": "{header}", **ENCODINGS},
    "schema": {
        **dict.fromkeys(("properties", "patternProperties", "dependentSchemas", "dependencies"), "{schema}"),
        **dict.fromkeys(("$defs", "definitions"), "{schema}"),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), "[schema]"),
        "items": "schema|[schema]",  # an array in the drafts before 2020-12
        **dict.fromkeys(("additionalItems", "unevaluatedItems", "contains"), "schema"),
        **dict.fromkeys(("additionalProperties", "unevaluatedProperties", "propertyNames"), "schema"),
        **dict.fromkeys(("if", "then", "else", "not", "contentSchema"), "schema"),
    },
}

OBJECTS = (dict, bool)  # a schema may be true or false
HOLDING = (*OBJECTS, list)
Content = tuple[str, bool, bool, bool]
CONTENTS: dict[str, dict[str, Content]] = {
    kind: {
        field: (held.rpartition("|")[2].strip("{[]}"), held[0] not in "{[", "{" in held, "[" in held)
        for field, held in fields.items()
    }
    for kind, fields in FIELDS.items()
}
"""The content of fields: the kind, and whether it is a single object, in a map, or in an array."""


def map_children(kind: str, node: dict[str, Any], change: Callable[[str, Any], Any]) -> dict[str, Any]:
    """Return a copy of an OpenAPI object in which each object directly below it is changed.

    Args:
        change: takes a field and what stands in it.
    """
    copy = dict(node)
    fields = CONTENTS.get(kind, {})
    others = fields.get("*")
    for field, value in node.items() if others or not fields.keys().isdisjoint(node) else ():
        content = fields.get(field, others)
        if content is None:
            continue
        _, is_one, in_map, in_array = content
        if isinstance(value, list) and in_array:
            copy[field] = [change(field, item) for item in value]
        elif isinstance(value, dict) and in_map:
            copy[field] = {name: change(field, member) for name, member in value.items()}
        elif isinstance(value, dict) and is_one:
            copy[field] = change(field, value)
    return copy


def map_subschemas(schema: dict[str, Any], change: Callable[[str, Any], Any]) -> dict[str, Any]:
    """Return a copy of a schema in which each schema directly below it is changed.

    Args:
        change: takes a keyword and a schema that stands in it.
    """
    return map_children("schema", schema, change)


@dataclass(slots=True)
class Location:
    """An OpenAPI object (or a schema) and its location in a document.

    Attributes:
        kind: OpenAPI's name for the object (``pathItem``, ``response``, ``schema``, ...).
        node: the object itself; a caller of `walk` may change it and everything below it before going on.
        pointer: JSON pointer of it in its document.
        base: URI that a ``$ref`` in it is relative to; a schema's ``$id`` changes it.
        source: the file or URL of the document, for messages.
        depth: levels from where the walk began.
        is_inner: whether it is a schema below another.
    """

    kind: str
    node: Any
    pointer: str
    base: str
    source: str
    depth: int = 0
    is_inner: bool = False

    @property
    def reference(self) -> str | None:
        """The ``$ref`` of a Reference Object, path item or schema, if it has one."""
        if not isinstance(self.node, dict) or "$ref" not in self.node:
            return None
        reference = self.node["$ref"]
        return reference if isinstance(reference, str) else None

    def target(self, reference: str) -> tuple[str, str]:
        """Return the URI of the resource that ``reference`` leads to from here, and the fragment in it."""
        if reference.startswith("#"):
            return self.base, reference[1:]
        try:
            resource, fragment = urldefrag(urljoin(self.base, reference))
        except ValueError:
            raise self.error(f"{reference!r} is not a URI reference.") from None
        return resource, fragment

    def error(self, reason: str) -> ContractError:
        """Return the error of this location, with a reason."""
        return ContractError(self.source, self.pointer, reason)


def is_of_30(document: Mapping[str, Any]) -> bool:
    """Tell whether a document is written in OpenAPI 3.0."""
    return str(document["openapi"]).startswith("3.0.")


def mapping_targets(discriminator: Mapping[str, Any]) -> dict[str, str]:
    """Return the references to schemas in a discriminator's mapping, where names of components may stand.

    A mapping that is wrong, which the meta-schema of OpenAPI 3.1 allows, leads nowhere.
    """
    mapping = discriminator.get("mapping")
    targets = mapping.items() if isinstance(mapping, dict) else ()
    return {
        value: target if "/" in target else COMPONENT + target
        for value, target in targets
        if isinstance(target, str)
    }


def document_location(document: dict[str, Any], source: str) -> Location:
    """Return the location of a whole OpenAPI or Swagger document that was read from ``source``."""
    kind = "swagger" if "swagger" in document else "openapi"
    return Location(kind, document, "", uri_of(source), source)


def walk(root: Location, *, schemas: bool = True) -> Iterator[Location]:
    """Yield ``root`` and every object below it, in the order of the document.

    Args:
        root: where to begin; stays as it is.
        schemas: whether to go on below the outermost schemas.
    """
    pending = [replace(root, depth=0)]
    while pending:
        location = pending.pop()
        if location.depth > MAX_DEPTH:
            raise location.error(f"is nested deeper than {MAX_DEPTH} levels.")
        if len(location.pointer) > MAX_POINTER:
            reason = f"is below names of more than {MAX_POINTER} characters."
            raise ContractError(location.source, f"{location.pointer[:MAX_POINTER]}...", reason)
        if location.kind == "schema" and isinstance(location.node, dict) and "$id" in location.node:
            _enter_resource(location)
        yield location
        if schemas or location.kind != "schema":
            pending += reversed(children(location))


def _enter_resource(location: Location) -> None:
    """Set the base of a schema with an ``$id``, a resource of its own (JSON Schema 2020-12, 8.2.1)."""
    identifier = location.node["$id"]
    if isinstance(identifier, str) and not identifier.startswith("#"):
        location.base, _ = location.target(identifier)


def children(location: Location) -> list[Location]:
    """Return the objects directly below a location; those of a wrong type are left to validation."""
    # one long function: it runs for each object of a document, where another call would cost as much again
    node, fields = location.node, CONTENTS.get(location.kind)
    if fields is None or not isinstance(node, dict):
        return []
    others = fields.get("*")
    if (others is None and fields.keys().isdisjoint(node)) or _is_reference_object(location):
        return []
    base, source, depth, inner = location.base, location.source, location.depth + 1, location.kind == "schema"
    below = []
    for key, value in node.items():
        content = fields.get(key, others)
        if content is None or not isinstance(value, HOLDING):
            continue
        name, is_one, in_map, in_array = content
        pointer = pointers.join(location.pointer, key)
        if is_one and isinstance(value, OBJECTS):
            below.append(Location(name, value, pointer, base, source, depth, inner))
        elif in_map and isinstance(value, dict):
            below += [
                Location(name, member, pointers.join(pointer, step), base, source, depth, inner)
                for step, member in value.items()
                if isinstance(member, OBJECTS)
            ]
        elif in_array and isinstance(value, list):
            below += [
                Location(name, member, f"{pointer}/{step}", base, source, depth, inner)
                for step, member in enumerate(value)
                if isinstance(member, OBJECTS)
            ]
    return below


def _is_reference_object(location: Location) -> bool:
    return (
        "$ref" in location.node
        and location.kind not in {"schema", "pathItem"}
        and location.reference is not None
    )
