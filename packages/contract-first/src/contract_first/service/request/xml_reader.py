"""Reads XML (RFC 7303) as JSON values, by the XML Objects of schemas (OpenAPI 3.1, section 4.8.26).

Namespaces are not compared; of mixed content the elements count.
"""

import re
import sys
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple
from xml.parsers import expat

from contract_first.contract.document.json_types import EVERY_TYPE
from contract_first.contract.document.media_types import charset
from contract_first.contract.schemas.schema import Schema
from contract_first.service.messages.problems import BadRequest, PayloadTooLarge

from .coercion import Coercion
from .json_bounds import JsonLimits

NAME = re.compile(r"[A-Za-z_][\w.\-]*", re.ASCII)
MEMBER: Final = "member"
"""The name of an element whose own name XML does not allow; that is in its attribute ``name``."""
STRUCTURES: Final = frozenset({"array", "object"})
"""Types that no attribute holds, even where the XML Object says so."""
BYTE_ORDER_MARKS: Final = (BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE)
UNBOUNDED: Final = JsonLimits(members=sys.maxsize)
MOST_SCHEMAS: Final = 1024
PIECE = re.compile(rb"(?:[^=<]*+[=<]){1,10000}|[^=<]++")
"""What is parsed at once, tags and attributes that are too many included. Expat makes all attributes of a tag
before it reports the tag; each has an equals sign, which is this byte in every encoding that it reads, as is
the sign that begins a tag. Those in values of attributes and in comments count as well."""


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
    text: str = ""
    """That before its first child."""
    children: list["Element"] = field(default_factory=list)

    @property
    def written_for(self) -> str:
        """The name of its member: its own, or that in its attribute ``name``."""
        return self.attributes.get("name", MEMBER) if self.name == MEMBER else self.name


def read_xml(raw: bytes, schema: Schema, media_type: str, limits: JsonLimits | None) -> Any:
    """Return the JSON value that an XML document spells.

    Args:
        media_type: as it was sent: its charset precedes the document's own, but no byte order mark
            (RFC 7303, section 3).
        limits: ``members`` is of tags, attributes, pieces of text, and values of elements and attributes, all
            together; None for a document that is not a stranger's.

    Raises:
        BadRequest: it is malformed, or another document.
        PayloadTooLarge: it has more of them, or more levels of elements.
    """
    encoding = "" if raw.startswith(BYTE_ORDER_MARKS) else charset(media_type, default="")
    if not encoding.isascii():  # of which Python 3.15 warns, and which 3.17 does not know
        raise BadRequest(f"The body is not XML: unknown encoding: {encoding[:100]}.")
    root = _parsed(raw, encoding or None, limits or UNBOUNDED)
    name = _declared(schema).get("name")
    if name not in {None, root.name, root.written_for}:
        raise BadRequest(f"The outermost element of the body is {root.name[:100]!r}; expected {name!r}.")
    if name is None and "object" in schema.types and root.name in schema.members:
        root = Element("", {}, children=[root])  # as AWS has it: an object whose only member is the document
    return _value(root, schema)


def _parsed(raw: bytes, encoding: str | None, limits: JsonLimits) -> Element:
    """Return the outermost element of a document; a document type, which may define entities, is refused."""
    open_, texts, count = [Element("", {})], list[str](), 0

    def bounded(number: int) -> int:
        if number > limits.members:
            raise too_large(f"{limits.members} tags, attributes, texts and values")
        return number

    def too_large(limit: str) -> PayloadTooLarge:
        line, column = parser.CurrentLineNumber, parser.CurrentColumnNumber + 1
        return PayloadTooLarge(f"The body has over {limit}, at line {line}, column {column}.")

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count = bounded(count + 4 + 2 * len(attributes))
        if len(open_) > limits.levels:
            raise too_large(f"{limits.levels} levels of elements")
        if attributes:
            attributes = {key: text for key, text in attributes.items() if key.partition(":")[0] != "xmlns"}
        element, parent = Element(_local(name), attributes), open_[-1]
        end_text(parent)
        parent.children.append(element)
        open_.append(element)

    def add(text: str) -> None:
        nonlocal count
        count = bounded(count + 1)
        texts.append(text)

    def end_text(element: Element) -> None:
        if texts:
            if not element.children:
                element.text = "".join(texts)
            texts.clear()

    def refuse(*_: Any) -> None:
        raise BadRequest("The body has a document type (DTD), which is not read.")

    try:
        parser = expat.ParserCreate(encoding, None, None)  # without a table of names, which takes longest
        parser.buffer_text = True
        parser.StartElementHandler, parser.CharacterDataHandler = start, add
        parser.EndElementHandler = lambda _: end_text(open_.pop())
        parser.StartDoctypeDeclHandler = refuse
        for piece in PIECE.finditer(raw):
            parser.Parse(piece[0], False)  # noqa: FBT003 -- expat's own: it is not the last part
            unfinished = parser.CurrentByteIndex, piece.end()
            bounded(2 * (raw.count(b"=", *unfinished) + raw.count(b"<", *unfinished)))
        parser.Parse(b"", True)  # noqa: FBT003 -- as above
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
        return [_value(child, schema.items) for child in element.children]
    if "object" in types and not (is_leaf and types - {"object", "array", "null"}):
        return _object_of(element, schema)
    return _scalar(element.text, schema)


def _is_array(schema: Schema) -> bool:
    return "array" in schema.types and schema.types != EVERY_TYPE


def _is_list(schema: Schema) -> bool:
    """Tell whether a member is an array of which each item is an element beside its other members."""
    return _is_array(schema) and _declared(schema).get("wrapped") is not True


def _scalar(text: str, schema: Schema) -> Any:
    return _coercion(schema)(text if "string" in schema.types else text.strip())


@lru_cache(MOST_SCHEMAS)
def _coercion(schema: Schema) -> Callable[[str], Any]:
    """Return what turns a text into a value, made once for thousands of them."""
    return Coercion([schema]).scalar


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
    """Required arrays, which are empty where no element is there."""


@lru_cache(MOST_SCHEMAS)
def _members(schema: Schema) -> Members:
    """Return the names of a schema's members, worked out once for thousands of elements."""
    members = Members({}, {}, {}, {}, [])
    required = set(chain.from_iterable(part.get("required", ()) for part in schema.parts))
    for name, member in schema.members.items():
        xml = _declared(member)
        element_name = xml.get("name", name)
        holds_text = is_attribute(xml, name) and member.types - STRUCTURES - {"null"}
        if holds_text:
            members.attributes[element_name] = name, member
        if holds_text and not member.types & STRUCTURES:
            continue
        if _is_list(member):
            item = _declared(member.items).get("name", element_name)
            members.lists[item] = name, member.items
            if item != element_name:
                members.wrappers[element_name] = item
            if name in required:
                members.required.append(name)
        else:
            members.elements[element_name] = name, member
    return members


def _object_of(element: Element, schema: Schema) -> dict[str, Any]:
    """Return the object that an element is, with members that its schema does not name."""
    members = _members(schema)
    value: dict[str, Any] = {name: [] for name in members.required}
    for key, text in element.attributes.items():
        if (local := _local(key)) in members.attributes:
            name, member = members.attributes[local]
            value[name] = _scalar(text, member)
        elif local == key and element.name != MEMBER:
            value[key] = _scalar(text, schema.others)
    for key, children in _children(element, members).items():
        if key in members.elements:
            name, member = members.elements[key]
            value[name] = _only_or_all([_value(child, member) for child in children])
        elif key in members.lists or _is_list(schema.others):
            name, items = members.lists.get(key, (key, schema.others.items))
            value[name] = [_value(child, items) for child in children]
        else:
            value[key] = _only_or_all([_value(child, schema.others) for child in children])
    return value


def _children(element: Element, members: Members) -> dict[str, list[Element]]:
    """Return the elements inside of an element by name, with the items of lists out of their wrappers."""
    has_member = MEMBER in members.lists or MEMBER in members.elements
    children: dict[str, list[Element]] = {}
    for child in element.children:
        children.setdefault(child.name if has_member else child.written_for, []).append(child)
    for wrapper in members.wrappers.keys() & children.keys():
        item = members.wrappers[wrapper]
        if (
            item not in children and len(children[wrapper]) == 1
        ):  # wrapped, although the schema does not say so
            (wrapping,) = children.pop(wrapper)
            children[item] = [child for child in wrapping.children if child.name == item]
    return children


def _only_or_all(values: list[Any]) -> Any:
    """Return the only value, or an array of all, which validation refuses."""
    return values[0] if len(values) == 1 else values
