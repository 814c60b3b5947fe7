"""JSON Schema 2020-12, compiled once from where it stands in an OpenAPI document.

A schema in a document refers to others by pointers into that document (``#/components/schemas/...``), and
may itself hold resources of its own (``$id``) in which ``#`` means something else. A :class:`SchemaCompiler`
turns it into a JSON Schema that stands alone: what it refers to is brought along under ``$defs``, and only
references whose base is the document are rewritten. OpenAPI 3.0's own dialect is translated on the way.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import jsonschema_rs

from openapi_contract.dialect30 import to_2020_12

from .shapes import properties_marked
from .violations import violations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .problems import Violation
    from .resources import Resources

MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
SINGLES = frozenset(
    [
        "items",
        "contains",
        "additionalProperties",
        "not",
        "if",
        "then",
        "else",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contentSchema",
    ]
)
LENIENT: dict[str, Callable[[str], bool]] = {"time": lambda _: True}
"""Formats that any text has: of a time, one engine wants an offset, and the judge takes none."""
OWN_DIALECT = "https://spec.openapis.org/oas/3.1/dialect/base"


class Schema:
    """A compiled schema.

    Attributes:
        document: the self-contained JSON Schema.
    """

    __slots__ = ("_validator", "document", "is_valid")

    def __init__(self, document: dict[str, Any], **options: Any) -> None:
        self.document = document
        self._validator = jsonschema_rs.Draft202012Validator(document, mask="value", **options)
        self.is_valid: Callable[[Any], bool] = self._validator.is_valid

    def violations(self, value: Any, location: str, name: str = "") -> Iterator[Violation]:
        """Yield what is wrong with a JSON value; see :func:`~.violations.violations`."""
        return violations(self._validator, self.document, value, location, name)


def _is_there(reference: str, definitions: dict[str, Any]) -> bool:
    return reference in definitions or (
        not reference.startswith("/") and _is_anchored(reference, list(definitions.values()))
    )


def _is_anchored(name: str, node: Any) -> bool:
    """Tell whether an anchor stands in a schema, outside of the resources in it."""
    if isinstance(node, list):
        return any(_is_anchored(name, item) for item in node)
    if not isinstance(node, dict) or "$id" in node:
        return False
    if name in {node.get("$anchor"), node.get("$dynamicAnchor")}:
        return True
    return any(_is_anchored(name, value) for value in node.values())


class SchemaCompiler:
    """Compiles the schemas of one document.

    Args:
        resources: where the document's schemas belong; its ``openapi`` version decides the dialect.
        not_required: ``readOnly`` or ``writeOnly``: a property that says so is not required.
        formats: hold values to ``format``, which JSON Schema takes for an annotation.
    """

    def __init__(self, resources: Resources, *, not_required: str = "", formats: bool = False) -> None:
        document = resources.document
        self._is_30 = str(document.get("openapi", "")).startswith("3.0")
        self.is_2020_12 = not self._is_30 and document.get("jsonSchemaDialect", OWN_DIALECT) == OWN_DIALECT
        self._resources = resources
        self._not_required = not_required
        self._formats = formats
        self._brought: dict[str, tuple[Any, list[str]]] = {}

    @cached_property
    def for_requests(self) -> SchemaCompiler:
        """The compiler of what is sent: what is ``readOnly`` is required of answers alone (3.0.3, 4.7.24).

        In 3.1 it is an annotation, and ``required`` holds both ways.
        """
        return self._directed("readOnly") if self._is_30 else self

    @cached_property
    def for_answers(self) -> SchemaCompiler:
        """The compiler of what is answered: in 3.0, what is ``writeOnly`` is required of requests alone."""
        return self._directed("writeOnly") if self._is_30 else self

    def _directed(self, not_required: str) -> SchemaCompiler:
        return SchemaCompiler(self._resources, not_required=not_required, formats=self._formats)

    def compile(self, schema: Any, **options: Any) -> Schema:
        """Compile a schema of the document; ``options`` go to jsonschema-rs's validator."""
        return Schema(
            self.bundle(schema),
            retriever=self._resources.resource,
            base_uri=self._resources.uri,
            validate_formats=self._formats,
            formats=LENIENT,
            **options,
        )

    def bundle(self, schema: Any) -> dict[str, Any]:
        """Return the self-contained JSON Schema that means what ``schema`` means in the document."""
        wanted: list[str] = []
        definitions = {"root": self._standing_alone(schema, wanted)}
        while wanted:
            reference = wanted.pop()
            if not _is_there(reference, definitions):
                definitions[reference], within = self._bring(reference)
                wanted.extend(within)
        return {"$ref": "#/$defs/root", "$defs": definitions}

    def follow(self, schema: dict[str, Any]) -> Any:
        """Return the schema of the document that ``$ref`` leads to, None without one."""
        reference = schema.get("$ref")
        return self._resources.target(schema, reference) if isinstance(reference, str) else None

    def _bring(self, reference: str) -> tuple[Any, list[str]]:
        """Return what a pointer into the document or an anchor of it leads to, and the references in it."""
        if reference not in self._brought:
            within: list[str] = []
            target = self._resources.target(None, "#" + quote(reference))
            if target is None:
                raise LookupError(f"the reference #{reference} leads nowhere")
            self._brought[reference] = self._standing_alone(target, within), within
        return self._brought[reference]

    def _standing_alone(self, schema: Any, wanted: list[str]) -> Any:
        home = self._resources.home_of(schema)
        if home is None:
            return self._rewrite(schema, wanted)
        return {"$ref": home.reference, "$defs": {"resource": home.resource}}

    def _rewrite(self, schema: Any, wanted: list[str], marked: frozenset[str] = frozenset()) -> Any:
        """Translate a schema; ``marked`` properties of the object that it is one part of are not required."""
        if not isinstance(schema, dict) or "$id" in schema:
            return schema
        if self._not_required:
            marked |= properties_marked(self._not_required, schema, self)
        if self._is_30:
            schema = to_2020_12(schema, not_required=marked)
        return {key: self._rewrite_keyword(key, value, wanted, marked) for key, value in schema.items()}

    def _rewrite_keyword(self, key: str, value: Any, wanted: list[str], marked: frozenset[str]) -> Any:
        if key in {"$ref", "$dynamicRef"} and isinstance(value, str):
            return self._rewrite_reference(value, wanted)
        if key in MAPS and isinstance(value, dict):
            return {name: self._rewrite(inner, wanted) for name, inner in value.items()}
        if key in LISTS and isinstance(value, list):
            of_same = marked if key == "allOf" else frozenset()
            return [self._rewrite(inner, wanted, of_same) for inner in value]
        return self._rewrite(value, wanted) if key in SINGLES else value

    def _rewrite_reference(self, reference: str, wanted: list[str]) -> str:
        if not reference.startswith("#") or reference == "#":
            return reference
        fragment = unquote(reference[1:])
        wanted.append(fragment)
        if not fragment.startswith("/"):
            return reference
        return "#/$defs/" + quote(fragment.replace("~", "~0").replace("/", "~1"))
