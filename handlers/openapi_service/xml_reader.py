"""Reads XML (RFC 7303) as JSON values, by the XML Objects of schemas (OpenAPI 3.1, section 4.8.26).

Namespaces are not compared; of mixed content the elements count.
"""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple
from xml.parsers import expat

from openapi_contract.json_types import EVERY_TYPE
from openapi_contract.media_types import charset
from openapi_contract.schemas import Schema

from .coercion import Coercion
from .decoding import MOST_LEVELS
from .problems import BadRequest, PayloadTooLarge

NAME = re.compile(r"[A-Za-z_][\w.\-]*", re.ASCII)
MEMBER: Final = "member"
"""What an element is called whose name no element can have: that is in an attribute."""
STRUCTURES: Final = frozenset({"array", "object"})
"""What no attribute holds, even where the XML Object says so."""
BYTE_ORDER_MARKS: Final = (BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE)
MOST_ELEMENTS: Final = 50_000
MOST_SCHEMAS: Final = 1024


def xml_object(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the XML Object of the parts of a schema, its own members before those of what it refers to."""
    xml: dict[str, Any] = {}
    for part in parts:
        xml = {**part.get("xml", {}), **xml}
    return xml


def is_attribute(xml: dict[str, Any], name: str) -> bool:
    """Tell whether an XML Object makes the member of this name an attribute, which needs a name of XML's."""
    name = xml.get("name", name)
    return xml.get("attribute") is True and name != "xmlns" and NAME.fullmatch(name) is not None


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


def read_xml(raw: bytes, schema: Schema, media_type: str, most_elements: float = MOST_ELEMENTS) -> Any:
    """Return the JSON value that an XML document spells.

    Args:
        media_type: as it was sent: its charset precedes the document's own, but no byte order mark
            (RFC 7303, section 3).
        most_elements: that are read.

    Raises:
        BadRequest: it is malformed, or another document.
        PayloadTooLarge: it has more elements, or more levels of them, than are read.
    """
    encoding = "" if raw.startswith(BYTE_ORDER_MARKS) else charset(media_type, default="")
    if not encoding.isascii():  # of which Python 3.15 warns, and which 3.17 does not know
        raise BadRequest(f"The body is not XML: unknown encoding: {encoding[:100]}.")
    root = _parsed(raw, encoding or None, most_elements)
    name = _declared(schema).get("name")
    if name not in {None, root.name, root.written_for}:
        raise BadRequest(f"The outermost element of the body is {root.name[:100]!r}; expected {name!r}.")
    if name is None and "object" in schema.types and root.name in schema.members:
        root = Element("", {}, [root])  # as AWS has it: an object whose only member is the document
    return _value(root, schema)


def _parsed(raw: bytes, encoding: str | None, most_elements: float) -> Element:
    """Return the outermost element of a document; a document type, which may define entities, is refused."""
    open_, count = [Element("", {})], 0

    def start(name: str, sent: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(open_) > MOST_LEVELS:
            raise PayloadTooLarge(f"The body has over {MOST_LEVELS} levels of elements.")
        if count > most_elements:
            raise PayloadTooLarge(f"The body has over {most_elements} elements.")
        attributes = {key: text for key, text in sent.items() if key.partition(":")[0] != "xmlns"}
        element = Element(_local(name), attributes)
        open_[-1].children.append(element)
        open_.append(element)

    def add(text: str) -> None:
        if not open_[-1].children:
            open_[-1].texts.append(text)

    def refuse(*_: Any) -> None:
        raise BadRequest("The body has a document type (DTD), which is not read.")

    try:
        parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.StartElementHandler, parser.CharacterDataHandler = start, add
        parser.EndElementHandler = lambda _: open_.pop()
        parser.StartDoctypeDeclHandler = refuse
        parser.Parse(raw, True)  # noqa: FBT003 -- expat's own: it is the last part
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two of an unknown encoding
        raise BadRequest(f"The body is not XML: {str(error)[:200]}.") from None
    return open_[0].children[0]


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _declared(schema: Schema) -> dict[str, Any]:
    return xml_object(schema.branches)


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
        holds_text = is_attribute(xml, name) and member.types - STRUCTURES - {"null"}
        if holds_text:
            found.attributes[own] = name, member
        if holds_text and not member.types & STRUCTURES:
            continue
        if _is_list(member):
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
