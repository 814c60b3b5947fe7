"""XML bodies (RFC 7303) as JSON values, and the other way round, by the XML Objects of schemas.

OpenAPI 3.1, section 4.8.26. Namespaces are written, and not compared; of mixed content the elements count.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from openapi_contract.json_types import EVERY_TYPE
from openapi_contract.schemas import ANYTHING, Schema

from .coercion import Coercion
from .decoding import MOST_LEVELS
from .problems import BadRequest

NAME = re.compile(r"[A-Za-z_][\w.\-]*", re.ASCII)
ROOT, ITEM, MEMBER = "answer", "item", "member"
"""What the outermost element and its items are called where the contract gives them no name, and an element
whose name no element can have: that is in an attribute."""
NIL = ' xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
MOST_ELEMENTS: Final = 50_000
MOST_SCHEMAS: Final = 1024


def is_xml(media_type: str) -> bool:
    """Tell whether a media type is of XML."""
    return media_type.endswith(("/xml", "+xml"))


# reading ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Element:
    """An element, by its name without a prefix; its attributes have theirs, and are no namespaces."""

    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands in it before any other element."""
        return "".join(self.texts)

    @property
    def written_for(self) -> str:
        """The name that it is written for: its own, or one that no element can have, in its attribute."""
        return self.attributes.get("name", MEMBER) if self.name == MEMBER else self.name


def read_xml(raw: bytes, schema: Schema) -> Any:
    """Return the JSON value that an XML document spells; raises BadRequest."""
    root = _parsed(raw)
    name = _declared(schema).get("name")
    if name not in {None, root.name, root.written_for}:
        raise BadRequest(f"The outermost element of the body is {root.name[:100]!r}; expected {name!r}.")
    if name is None and "object" in schema.types and root.name in schema.members:
        root = Element("", {}, [root])  # as AWS has it: an object whose only member is the document
    return _value(root, schema)


def _parsed(raw: bytes) -> Element:
    """Return the outermost element of a document; a document type, which may define entities, is refused."""
    open_, count = [Element("", {})], 0

    def start(name: str, sent: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(open_) > MOST_LEVELS or count > MOST_ELEMENTS:
            raise BadRequest(f"The body has over {MOST_ELEMENTS} elements or {MOST_LEVELS} levels of them.")
        attributes = {key: text for key, text in sent.items() if key.partition(":")[0] != "xmlns"}
        element = Element(_local(name), attributes)
        open_[-1].children.append(element)
        open_.append(element)

    def add(text: str) -> None:
        if not open_[-1].children:
            open_[-1].texts.append(text)

    def refuse(*_: Any) -> None:
        raise BadRequest("The body has a document type (DTD), which is not read.")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.CharacterDataHandler = start, add
    parser.EndElementHandler = lambda _: open_.pop()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(raw, True)  # noqa: FBT003 -- expat's own: it is the last part
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two of an unknown encoding
        raise BadRequest(f"The body is not XML: {error}.") from None
    return open_[0].children[0]


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _declared(schema: Schema) -> dict[str, Any]:
    """Return the XML Object of a schema, its own members before those of what it refers to."""
    xml: dict[str, Any] = {}
    for part in schema.branches:
        xml = {**part.get("xml", {}), **xml}
    return xml


def _value(element: Element, schema: Schema) -> Any:
    if any(key.endswith(":nil") and text in {"true", "1"} for key, text in element.attributes.items()):
        return None
    types = schema.types
    is_leaf = not element.children and bool(element.text or not element.attributes)
    if _is_array(schema) and "object" not in types:
        return [_value(each, schema.items) for each in element.children]
    if "object" in types and not (is_leaf and types - {"object", "array", "null"}):
        return _object_of(element, schema)
    return _scalar(element.text, schema)


def _is_array(schema: Schema) -> bool:
    return "array" in schema.types and schema.types != EVERY_TYPE


def _is_list(schema: Schema) -> bool:
    """Tell whether a member is an array of which each item is an element beside its other members."""
    return _is_array(schema) and _declared(schema).get("wrapped") is not True


def _scalar(text: str, schema: Schema) -> Any:
    return Coercion([schema]).scalar(text if "string" in schema.types else text.strip())


class Members(NamedTuple):
    """Under which names an object's members are sent."""

    attributes: dict[str, tuple[str, Schema]]
    """By the name of the attribute: the member's name and schema."""
    elements: dict[str, tuple[str, Schema]]
    lists: dict[str, tuple[str, Schema]]
    """Arrays that are not wrapped, by the name of an item's element; the schema is the item's."""
    wrappers: dict[str, str]
    """The names of the elements of items, by the name of one that may be around them."""
    required: list[str]
    """Arrays that nothing, which is how an empty one is written, is a value of."""


@lru_cache(MOST_SCHEMAS)
def _members(schema: Schema) -> Members:
    """Return them for a schema, once for all of its elements, of which there may be thousands."""
    found = Members({}, {}, {}, {}, [])
    required = set(chain.from_iterable(part.get("required", ()) for part in schema.parts))
    for name, member in schema.members.items():
        xml = _declared(member)
        own = xml.get("name", name)
        if xml.get("attribute") is True:
            found.attributes[own] = name, member
        elif _is_list(member):
            item = _declared(member.items).get("name", own)
            found.lists[item] = name, member.items
            if item != own:
                found.wrappers[own] = item
            if name in required:
                found.required.append(name)
        else:
            found.elements[own] = name, member
    return found


def _object_of(element: Element, schema: Schema) -> dict[str, Any]:
    """Return the object that an element is; what its schema does not name is in it, too."""
    members = _members(schema)
    has_own = MEMBER in members.lists or MEMBER in members.elements
    sent: dict[str, list[Element]] = {}
    for child in element.children:
        sent.setdefault(child.name if has_own else child.written_for, []).append(child)
    for own in members.wrappers.keys() & sent.keys():
        item = members.wrappers[own]
        if item not in sent and len(sent[own]) == 1:  # wrapped, though nothing says so
            sent[item] = [each for each in sent.pop(own)[0].children if each.name == item]
    value: dict[str, Any] = {name: [] for name in members.required}
    for key, text in element.attributes.items():
        if (local := _local(key)) in members.attributes:
            name, member = members.attributes[local]
            value[name] = _scalar(text, member)
        elif local == key and element.name != MEMBER:
            value[key] = _scalar(text, schema.others)
    for own, found in sent.items():
        if own in members.elements:
            name, member = members.elements[own]
            value[name] = _one([_value(each, member) for each in found])
        elif own in members.lists or _is_list(schema.others):
            name, items = members.lists.get(own, (own, schema.others.items))
            value[name] = [_value(each, items) for each in found]
        else:
            value[own] = _one([_value(each, schema.others) for each in found])
    return value


def _one(values: list[Any]) -> Any:
    """Return the only value, or all: an array, where the schema has none, is what is wrong."""
    return values[0] if len(values) == 1 else values


# writing ----------------------------------------------------------------------------------------------------


def xml_of(value: Any, schema: Schema) -> bytes:
    """Return the XML document of a JSON value."""
    name = schema.component or ROOT
    if isinstance(value, list):
        inner = "".join(_items(value, schema, _items_schema(schema, value).component or ITEM))
        written = _element(name, inner, _xml_object(schema, value))
    else:
        written = "".join(_elements(name, value, schema))
    return f'<?xml version="1.0" encoding="UTF-8"?>{written}'.encode()


def _elements(name: str, value: Any, schema: Schema) -> Iterator[str]:
    """Yield a value as an element; an array as one for each item, unless it is wrapped."""
    xml = _xml_object(schema, value)
    if value is None:
        yield _element(name, "", xml, NIL)
    elif isinstance(value, dict):
        yield _object(name, value, schema, xml)
    elif not isinstance(value, list):
        yield _element(name, escape(_text(value), {"\r": "&#13;"}), xml)  # else it is read as "\n"
    elif xml.get("wrapped") is True:
        yield _element(name, "".join(_items(value, schema, xml.get("name", name))), xml)
    else:
        yield from _items(value, schema, xml.get("name", name))


def _items(values: list[Any], schema: Schema, name: str) -> Iterator[str]:
    items = _items_schema(schema, values)
    for each in values:
        if isinstance(each, list):
            yield _element(name, "".join(_items(each, items, name)), _xml_object(items, each))
        else:
            yield from _elements(name, each, items)


def _object(name: str, value: dict[str, Any], schema: Schema, xml: dict[str, Any]) -> str:
    attributes, inner = "", ""
    for key, each in value.items():
        member = _member_schema(schema, value, key)
        own = _xml_object(member, each)
        if own.get("attribute") is True:
            attributes += f" {own.get('name', key)}={quoteattr(_text(each))}"
        else:
            inner += "".join(_elements(key, each, member))
    return _element(name, inner, xml, attributes)


def _xml_object(schema: Schema, value: Any) -> dict[str, Any]:
    """Return the XML Object of a schema, its own members before those of what it refers to."""
    xml: dict[str, Any] = {}
    for part in schema.applying(value):
        xml = {**part.get("xml", {}), **xml}
    return xml


def _items_schema(schema: Schema, value: Any) -> Schema:
    return schema.of(next((each["items"] for each in schema.applying(value) if "items" in each), ANYTHING))


def _member_schema(schema: Schema, value: Any, name: str) -> Schema:
    parts = list(schema.applying(value))
    named = (each["properties"][name] for each in parts if name in each.get("properties", ()))
    others = (each["additionalProperties"] for each in parts if "additionalProperties" in each)
    return schema.of(next(named, next(others, ANYTHING)))


def _element(name: str, inner: str, xml: dict[str, Any], attributes: str = "") -> str:
    """Return an element; a name that no element can have stands in an attribute."""
    name = xml.get("name", name)
    if not NAME.fullmatch(name):
        name, attributes = MEMBER, f" name={quoteattr(name)}{attributes}"
    prefix = xml.get("prefix", "")
    tag = f"{prefix}:{name}" if prefix else name
    if "namespace" in xml:
        declared = f"xmlns:{prefix}" if prefix else "xmlns"
        attributes = f" {declared}={quoteattr(xml['namespace'])}{attributes}"
    return f"<{tag}{attributes}>{inner}</{tag}>"


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
