"""Writes JSON values as XML (RFC 7303), by the XML Objects of schemas (OpenAPI 3.1, section 4.8.26)."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from contract_first.contract.document.media_types import charset
from contract_first.contract.schemas.schema import ANYTHING, Schema
from contract_first.service.request.xml_reader import MEMBER, NAME, is_attribute, xml_object

Prefixes = frozenset[str]

ROOT, ITEM = "root", "item"
"""What the outermost element and its items are called where the contract gives them no name."""
NIL = {"xsi:nil": "true", "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance"}
PREFIX: Final = re.compile(rf"(?!xml|xsi$){NAME.pattern}", re.ASCII | re.IGNORECASE)
"""Not what is reserved (Namespaces in XML 1.0, section 3), or another's."""
NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0, section 2.2: not as references, either."""


def xml_of(value: Any, schema: Schema, media_type: str) -> bytes:
    """Return the XML document of a JSON value; U+FFFD stands for characters that XML does not have.

    Args:
        media_type: of the document; where it names another charset than UTF-8, all but ASCII is references.
    """
    name = schema.component or ROOT
    if isinstance(value, list):
        xml, items = _xml_object(schema, value), _items_schema(schema, value)
        inner = "".join(_items(value, schema, items.component or ITEM, _inside(xml, frozenset())))
        written = _element(name, inner, xml, frozenset())
    else:
        written = "".join(_elements(name, value, schema, frozenset()))
    document = '<?xml version="1.0" encoding="UTF-8"?>' + NOT_IN_XML.sub("\ufffd", written)
    return document.encode("utf-8" if charset(media_type) == "utf-8" else "ascii", "xmlcharrefreplace")


def _elements(name: str, value: Any, schema: Schema, bound: Prefixes) -> Iterator[str]:
    """Yield a value as an element; an array as one for each item, unless it is wrapped."""
    xml = _xml_object(schema, value)
    if value is None:
        yield _element(name, "", xml, bound, NIL)
    elif isinstance(value, dict):
        yield _object(name, value, schema, bound)
    elif not isinstance(value, list):
        yield _element(name, escape(_as_text(value), {"\r": "&#13;"}), xml, bound)  # else it is read as "\n"
    elif xml.get("wrapped") is True:
        inner = "".join(_items(value, schema, xml.get("name", name), _inside(xml, bound)))
        yield _element(name, inner, xml, bound)
    else:
        yield from _items(value, schema, xml.get("name", name), bound)


def _items(values: list[Any], schema: Schema, name: str, bound: Prefixes) -> Iterator[str]:
    items = _items_schema(schema, values)
    for item in values:
        if isinstance(item, list):
            xml = _xml_object(items, item)
            yield _element(name, "".join(_items(item, items, name, _inside(xml, bound))), xml, bound)
        else:
            yield from _elements(name, item, items, bound)


def _object(name: str, value: dict[str, Any], schema: Schema, bound: Prefixes) -> str:
    xml, attributes, inner = _xml_object(schema, value), dict[str, str](), ""
    for key, part in value.items():
        member = _member_schema(schema, value, key)
        xml_of_part = _xml_object(member, part)
        if is_attribute(xml_of_part, key) and not isinstance(part, dict | list):
            attributes[xml_of_part.get("name", key)] = _as_text(part)
        else:
            inner += "".join(_elements(key, part, member, _inside(xml, bound)))
    return _element(name, inner, xml, bound, attributes)


def _xml_object(schema: Schema, value: Any) -> dict[str, Any]:
    return xml_object(schema.applying(value))


def _items_schema(schema: Schema, value: Any) -> Schema:
    return schema.of(next((part["items"] for part in schema.applying(value) if "items" in part), ANYTHING))


def _member_schema(schema: Schema, value: Any, name: str) -> Schema:
    parts = list(schema.applying(value))
    named = (part["properties"][name] for part in parts if name in part.get("properties", ()))
    others = (part["additionalProperties"] for part in parts if "additionalProperties" in part)
    return schema.of(next(named, next(others, ANYTHING)))


def _element(
    name: str, inner: str, xml: dict[str, Any], bound: Prefixes, attributes: dict[str, str] | None = None
) -> str:
    """Return an element; a name that no element can have stands in an attribute."""
    name, prefix, attributes = xml.get("name", name), _prefix(xml, bound), attributes or {}
    if not NAME.fullmatch(name):
        name, attributes = MEMBER, {"name": name} | attributes | {"name": name}
    tag = f"{prefix}:{name}" if prefix else name
    if "namespace" in xml:
        attributes = {f"xmlns:{prefix}" if prefix else "xmlns": xml["namespace"]} | attributes
    written = "".join(f" {key}={quoteattr(text)}" for key, text in attributes.items())
    return f"<{tag}{written}>{inner}</{tag}>"


def _prefix(xml: dict[str, Any], bound: Prefixes) -> str:
    """Return the prefix of an element, empty where it has none, or one that no namespace is bound to."""
    prefix: str = xml.get("prefix", "")
    return prefix if prefix in bound or (xml.get("namespace") and PREFIX.fullmatch(prefix)) else ""


def _inside(xml: dict[str, Any], bound: Prefixes) -> Prefixes:
    """Return the prefixes that are bound to namespaces inside of an element."""
    return bound | {_prefix(xml, bound)} if "namespace" in xml else bound


def _as_text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
