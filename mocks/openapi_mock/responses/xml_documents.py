"""JSON values as XML, as the schemas' XML Objects have it (OpenAPI 3.1, section 4.8.26)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .generation import Generator

NAME = re.compile(r"[A-Za-z_][\w.\-]*", re.ASCII)
ROOT, ITEM = "answer", "item"
"""What the outermost element and its items are called where the contract gives them no name."""


class XmlDocument:
    """Writes values of the schemas of one contract."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    def of(self, value: Any, schema: Any) -> bytes:
        """Return the document of a value."""
        name = _component(schema) or ROOT
        if isinstance(value, list):
            inner = "".join(self._items(value, schema, _component(self._items_schema(schema, value)) or ITEM))
            written = self._element(name, inner, self._said(schema, value))
        else:
            written = "".join(self._elements(name, value, schema))
        return f'<?xml version="1.0" encoding="UTF-8"?>{written}'.encode()

    def _elements(self, name: str, value: Any, schema: Any) -> Iterator[str]:
        """Yield a value as an element; an array as one for each item, unless it is wrapped."""
        said = self._said(schema, value)
        if isinstance(value, dict):
            yield self._object(name, value, schema, said)
        elif not isinstance(value, list):
            yield self._element(name, escape(_plain(value)), said)
        elif said.get("wrapped") is True:
            yield self._element(name, "".join(self._items(value, schema, said.get("name", name))), said)
        else:
            yield from self._items(value, schema, said.get("name", name))

    def _items(self, values: list[Any], schema: Any, name: str) -> Iterator[str]:
        items = self._items_schema(schema, values)
        yield from (part for each in values for part in self._elements(name, each, items))

    def _object(self, name: str, value: dict[str, Any], schema: Any, said: dict[str, Any]) -> str:
        attributes, inner = "", ""
        for key, each in value.items():
            of_member = self._inside(schema, value, key)
            told = self._said(of_member, each)
            if told.get("attribute") is True:
                attributes += f" {told.get('name', key)}={quoteattr(_plain(each))}"
            else:
                inner += "".join(self._elements(key, each, of_member))
        return self._element(name, inner, said, attributes)

    def _element(self, name: str, inner: str, said: dict[str, Any], attributes: str = "") -> str:
        """Return an element; one whose name no element can have is told in an attribute."""
        name = said.get("name", name)
        if not NAME.fullmatch(name):
            name, attributes = "member", f" name={quoteattr(name)}{attributes}"
        prefix = said.get("prefix", "")
        tag = f"{prefix}:{name}" if prefix else name
        if "namespace" in said:
            attributes = (
                f" {f'xmlns:{prefix}' if prefix else 'xmlns'}={quoteattr(said['namespace'])}{attributes}"
            )
        return f"<{tag}{attributes}>{inner}</{tag}>"

    # What schemas say ---------------------------------------------------------------------------------------

    def _parts(self, schema: Any, value: Any) -> Iterator[dict[str, Any]]:
        """Yield the schemas that a value keeps: of alternatives, the first that it is valid for."""
        for part in self._generator.beside(schema):
            yield part
            for keyword in ("oneOf", "anyOf"):
                ways = (each for each in part.get(keyword, ()) if self._generator.is_valid(each, value))
                yield from self._parts(next(ways, True), value)

    def _said(self, schema: Any, value: Any) -> dict[str, Any]:
        """Return the XML Object of a schema, its own words before those of what it refers to."""
        said: dict[str, Any] = {}
        for part in self._parts(schema, value):
            said = {**part.get("xml", {}), **said}
        return said

    def _items_schema(self, schema: Any, value: Any) -> Any:
        return next((each["items"] for each in self._parts(schema, value) if "items" in each), True)

    def _inside(self, schema: Any, value: Any, name: str) -> Any:
        parts = list(self._parts(schema, value))
        named = (each["properties"][name] for each in parts if name in each.get("properties", ()))
        others = (each["additionalProperties"] for each in parts if "additionalProperties" in each)
        return next(named, next(others, True))


def _component(schema: Any) -> str:
    """Return the name of the component that a schema is, if it is one."""
    return str(schema.get("$ref", "")).rpartition("/")[2] if isinstance(schema, dict) else ""


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
