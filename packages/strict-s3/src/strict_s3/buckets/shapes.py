"""The shapes of S3's documents about buckets: members, in S3's order, and their types.

They are those of botocore's model of S3: ``shapes.json`` is derived from it.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from secrets import token_urlsafe
from xml.etree import ElementTree as ET

import msgspec

from strict_s3.messages.clock import time_of
from strict_s3.messages.errors import refusal
from strict_s3.messages.xml import SCHEMA_INSTANCE

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


class Shape(msgspec.Struct, frozen=True):
    """A shape.

    Attributes:
        type: structure, list, string, integer, long, boolean or timestamp.
        members: of a structure, by the names of their elements.
        required: names of members.
        item: of a list.
        name: of the items of a list that has an element of its own; the items of others are members.
        values: that a text may have; empty for any.
        attribute: whether it is an attribute.
        most: how many items a list may have; 0 for any number.
        default: of a member that is missing or empty; ``*`` for an ID, empty for none.
    """

    type: str
    members: "Mapping[str, Shape]" = {}
    required: tuple[str, ...] = ()
    item: "Shape | None" = None
    name: str = ""
    values: tuple[str, ...] = ()
    attribute: bool = False
    most: int = 0
    default: str = ""

    def at(self, *names: str) -> "Shape":
        """Return the shape of a member, or of the items of one, by the names that lead there."""
        shape = self
        for name in names:
            shape = shape.members[name].item or shape.members[name]
        return shape


@cache
def shapes() -> Mapping[str, Shape]:
    """Return the shapes of documents by selector."""
    content = files(__package__).joinpath("shapes.json").read_bytes()
    return msgspec.json.decode(content, type=Mapping[str, Shape])


def conform(element: ET.Element, shape: Shape) -> None:
    """Put the members of a parsed element in S3's order, its values in S3's form, and add its defaults.

    Raises:
        S3Error: MalformedXML; a member is unknown, missing or there twice, or a value is not of its type.
    """
    element.tail = None
    if shape.type == "structure":
        _conform_members(element, shape)
    elif shape.item is not None:
        element.text = None
        for child in element:
            _expect(child.tag == shape.name)
            conform(child, shape.item)
    else:
        _expect(not len(element))
        element.text = _value(element.text or "", shape)


def _conform_members(element: ET.Element, shape: Shape) -> None:
    element.text = None
    order = {name: at for at, name in enumerate(shape.members)}
    _expect(all(child.tag in order for child in element))
    for name, member in shape.members.items():
        if member.attribute:
            value = _value(element.get(name.partition(":")[2], ""), member)
            element.attrib = {"xmlns:xsi": SCHEMA_INSTANCE, name: value}
            continue
        if member.default and not element.findtext(name):
            for empty in element.findall(name):
                element.remove(empty)
            text = token_urlsafe(36) if member.default == "*" else member.default
            ET.SubElement(element, name).text = text
        children = element.findall(name)
        is_repeated = member.item is not None and not member.name
        _expect(len(children) <= ((member.most or len(children)) if is_repeated else 1))
        _expect(bool(children) or name not in shape.required)
        for child in children:
            conform(child, member.item if is_repeated and member.item else member)
    element[:] = sorted(element, key=lambda child: order[child.tag])


def _value(text: str, shape: Shape) -> str:
    """Return a value as S3 writes it."""
    if shape.type == "string":
        _expect(not shape.values or text in shape.values)
        return text
    text = text.strip()
    if shape.type == "boolean":
        _expect(text.lower() in ("true", "false"))
        return text.lower()
    if shape.type == "timestamp":
        time = time_of(text)
        if time is None:
            raise refusal("MalformedXML")
        return f"{time:%Y-%m-%dT%H:%M:%S}.000Z"
    _expect(_WHOLE.fullmatch(text) is not None)
    return str(int(text))


def _expect(is_true: bool) -> None:  # noqa: FBT001 -- what it raises for is said by the one argument
    if not is_true:
        raise refusal("MalformedXML")
