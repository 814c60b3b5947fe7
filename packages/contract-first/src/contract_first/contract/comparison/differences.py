"""Differences of two shapes, without those of the schemas below them."""

import re
from collections.abc import Iterator

from contract_first.contract.document.bounds import ARRAYS, EXCLUSIVE, OBJECTS
from contract_first.contract.document.json_types import type_of
from contract_first.contract.schemas.expansion import list_of
from contract_first.contract.schemas.limits import APPLIES_TO, relation, words
from contract_first.contract.schemas.parts import Conjunction, Part
from contract_first.contract.schemas.shapes import Shape, canonical, type_words

from .changes import Difference
from .conditions import is_monotone
from .lifetime import is_over
from .rules import Side

XML = {"xml": ("name", "attribute", "wrapped", "nodeType"), "xml-namespace": ("namespace", "prefix")}
"""The members of XML Objects by the subjects of their rules."""
EXTENSIBLE = "x-extensible-enum"
"""A list of values, or true beside an ``enum``."""
LONGEST_VALUE = 40
MOST_VALUES = 5


def differences(old: Shape, new: Shape, side: Side) -> Iterator[Difference]:
    """Yield the differences of two shapes themselves."""
    yield from _types(old, new, side)
    yield from _values(old, new, side)
    yield from _extensible(old, new, side)
    yield from _limits(old, new, side)
    if old.types & new.types >= OBJECTS:
        yield from _properties(old, new, side)
        yield from _required(old, new, side)
        yield from _additional(old, new, side)
    yield from _annotations(old, new, side)


def xml_differences(old: Shape, new: Shape, side: Side) -> Iterator[Difference]:
    """Yield the differences of two shapes in XML."""
    for subject, names in XML.items():
        before, now = (
            {name: shape.xml[name] for name in names if shape.xml.get(name)} for shape in (old, new)
        )
        if before != now:
            detail = f"{canonical(now)}, was {canonical(before)}"
            yield Difference.of(f"{side}-{subject}-changed", at(old, new, "xml"), detail)


def below(old: Shape, new: Shape) -> Iterator[tuple[Conjunction, Conjunction]]:
    """Yield the pairs of schemas below two shapes to compare."""
    if old.types & new.types >= OBJECTS:
        yield from _below_objects(old, new)
    if old.types & new.types >= ARRAYS:
        for index in range(max(len(old.prefix), len(new.prefix))):
            yield _item(old, index), _item(new, index)
        if old.items or new.items:
            yield old.items, new.items
    for label, conjunction in old.applied.items():
        if label in new.applied and is_monotone(label, old, new):
            yield conjunction, new.applied[label]


def conditions(old: Shape, new: Shape) -> Iterator[tuple[Conjunction, Conjunction, str]]:
    """Yield pairs below that only count as equal or different, and the words for them."""
    for label, conjunction in old.applied.items():
        if label in new.applied and not is_monotone(label, old, new):
            yield conjunction, new.applied[label], label


def at(old: Shape, new: Shape, *keywords: str) -> Part:
    """Return the part with one of the keywords, of the new schema or else the old; else the new schema."""
    parts = (part for shape in (new, old) for part in shape.parts)
    return next((part for part in parts if not part.node.keys().isdisjoint(keywords)), new.at)


def _below_objects(old: Shape, new: Shape) -> Iterator[tuple[Conjunction, Conjunction]]:
    for name in old.properties:
        if name in new.properties:
            yield old.properties[name], new.properties[name]
        elif new.additional:
            yield old.properties[name], new.additional
    for name in new.properties:
        if name not in old.properties and old.additional:
            yield old.additional, new.properties[name]
    if old.additional and new.additional:
        yield old.additional, new.additional


def _item(shape: Shape, index: int) -> Conjunction:
    return shape.prefix[index] if index < len(shape.prefix) else shape.items


def _types(old: Shape, new: Shape, side: Side) -> Iterator[Difference]:
    if old.types != new.types:
        kind = "narrowed" if new.types < old.types else "widened" if old.types < new.types else "changed"
        place = at(old, new, "type", "enum", "const")
        detail = f"{type_words(new.types)}, was {type_words(old.types)}"
        if not new.types:
            detail = f"no value conforms any more, it was {type_words(old.types)}"
        elif not old.types:
            detail = f"{type_words(new.types)}, no value conformed before"
        yield Difference.of(f"{side}-type-{kind}", place, detail)


def _values(old: Shape, new: Shape, side: Side) -> Iterator[Difference]:
    """Compare the lists of values, for types that both have."""
    if not old.types & new.types or old.enum == new.enum:
        return
    place = at(old, new, "enum", "const")
    if old.enum is None or new.enum is None:
        kind = "narrowed" if old.enum is None else "widened"
        yield Difference.of(f"{side}-enum-{kind}", place, f"{_list(new.enum)}, was {_list(old.enum)}")
        return
    removed, added = _unlisted(old.enum, new), _unlisted(new.enum, old)
    subject = "extensible-enum" if added and not removed and _is_extensible(new) else "enum"
    kind = "changed" if removed and added else "narrowed" if removed else "widened"
    parts = [f"no longer {_listing(removed)}"] * bool(removed) + [f"also {_listing(added)}"] * bool(added)
    if removed or added:
        yield Difference.of(f"{side}-{subject}-{kind}", place, ", ".join(parts))


def _extensible(old: Shape, new: Shape, side: Side) -> Iterator[Difference]:
    """Compare the values known so far of lists to which others may be added (``x-extensible-enum``)."""
    before, now = (
        {canonical(value) for part in shape.parts for value in list_of(part.node, EXTENSIBLE)}
        for shape in (old, new)
    )
    place = at(old, new, EXTENSIBLE)
    both = (before - now, "narrowed", "no longer"), (now - before, "widened", "also")
    for values, kind, verb in both if before else ():
        if values:
            yield Difference.of(f"{side}-extensible-enum-{kind}", place, f"{verb} {_listing(sorted(values))}")


def _is_extensible(shape: Shape) -> bool:
    return any(part.node.get(EXTENSIBLE) is True for part in shape.parts)


def _unlisted(values: dict[str, object], shape: Shape) -> list[str]:
    """Return the values that a shape does not list, of the types that it allows."""
    listed = shape.enum or {}
    return [key for key, value in values.items() if key not in listed and type_of(value) in shape.types]


def _list(enum: dict[str, object] | None) -> str:
    return "any value" if enum is None else _listing(list(enum)) or "no value"


def _listing(values: list[str]) -> str:
    texts = [v if len(v) <= LONGEST_VALUE else f"{v[:LONGEST_VALUE]}..." for v in values[:MOST_VALUES]]
    more = len(values) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more else "")


def _limits(old: Shape, new: Shape, side: Side) -> Iterator[Difference]:
    for keyword, types in APPLIES_TO.items():
        before, now = old.limits.get(keyword), new.limits.get(keyword)
        kind = relation(keyword, before, now) if types & old.types & new.types else None
        if kind is not None:
            detail = f"{keyword} {words(keyword, now)}, was {words(keyword, before)}"
            place = at(old, new, keyword, EXCLUSIVE.get(keyword, ""))
            subject = re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", keyword)
            yield Difference.of(f"{side}-{subject}-{kind}", place, detail)


def _properties(old: Shape, new: Shape, side: Side) -> Iterator[Difference]:
    for name, conjunction in old.properties.items():
        if name not in new.properties:
            is_refused = side == "request" and new.additional is None
            if any(is_over(part.node) for part in conjunction):
                yield Difference.of("property-removed-after-sunset", conjunction[0])
                continue
            yield Difference.of(f"{side}-property-{'refused' if is_refused else 'removed'}", conjunction[0])
    for name, conjunction in new.properties.items():
        if name not in old.properties:
            is_required = side == "request" and name in new.required - old.required
            is_required = is_required and not _has_default(conjunction)
            yield Difference.of(f"{side}-{'required-' * is_required}property-added", conjunction[0])


def _required(old: Shape, new: Shape, side: Side) -> Iterator[Difference]:
    for name in sorted(old.required ^ new.required):
        stricter, laxer = (new, old) if name in new.required else (old, new)
        # a property that is declared where it is required, and only there, is reported as added or removed
        if name in laxer.properties or name not in stricter.properties:
            kind = "required" if stricter is new else "optional"
            member = new.properties.get(name, ())
            place = next(iter(member), at(old, new, "required"))
            if kind == "required" and side == "request" and _has_default(member):
                kind = "required-with-default"
            yield Difference.of(
                f"{side}-property-became-{kind}", place, "" if name in new.properties else name
            )


def _has_default(conjunction: Conjunction) -> bool:
    return any("default" in part.node for part in conjunction if isinstance(part.node, dict))


def _additional(old: Shape, new: Shape, side: Side) -> Iterator[Difference]:
    """Compare whether undeclared properties are forbidden, restricted, or free."""
    openness = [
        0 if additional is None else 1 if additional else 2 for additional in (old.additional, new.additional)
    ]
    if openness[0] != openness[1]:
        kind = "narrowed" if openness[1] < openness[0] else "widened"
        terms = ("none", "some", "any")
        detail = f"{terms[openness[1]]}, was {terms[openness[0]]}"
        place = at(old, new, "additionalProperties", "unevaluatedProperties")
        yield Difference.of(f"{side}-additional-properties-{kind}", place, detail)


def _annotations(old: Shape, new: Shape, side: Side) -> Iterator[Difference]:
    if side == "request" and old.default != new.default:
        now, before = (_listing([shape.default]) if shape.default else "none" for shape in (new, old))
        yield Difference.of("request-default-changed", at(old, new, "default"), f"{now}, was {before}")
    if old.conditions.get("discriminator") != new.conditions.get("discriminator"):
        yield Difference.of(f"{side}-discriminator-changed", at(old, new, "discriminator"))
    if old.is_deprecated != new.is_deprecated:
        yield Difference.of(f"property-{'un' * old.is_deprecated}deprecated", at(old, new, "deprecated"))
