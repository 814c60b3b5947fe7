"""Parses JSON and YAML into JSON values, and writes YAML that is read back unchanged.

YAML is read as OpenAPI asks for, by the tags that JSON knows: dates, ``on`` and ``yes`` stay strings, and
keys are text whatever they look like. What the formats leave open (repeated keys, NaN, aliases that multiply)
is an error, so that no two readers can see two different documents.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from math import isinf
from sys import get_int_max_str_digits
from typing import Any, ClassVar, NoReturn

from yaml import CSafeDumper, CSafeLoader, MappingNode, Node, ScalarNode, YAMLError, dump
from yaml.constructor import ConstructorError

from . import pointers

MAX_DEPTH = 200
MAX_POINTER = 2_000
"""Characters of the JSON pointer of an object; 550 are the most that is known."""
MAX_CONTAINERS = 800_000
MAX_CHARACTERS = 64 * 1024 * 1024
"""Of all texts and keys, as often as aliases repeat them; a part counts as eight more, for its pointer."""
MAX_JSON_MARKS = 2_500_000
MAX_YAML_MARKS = 340_000
"""Commas, opening brackets and, in YAML, ends of lines and items of items: reading costs memory and time by
them. Among known documents, 280,000 are the most in YAML.
"""
TEXT = r'("[^"\\]*+(?:\\.[^"\\]*+)*+"?)|'
NO_JSON = (
    re.compile(TEXT + r"//[^\n]*|#[^\n]*|/\*(?:.*?\*/|.*)", re.DOTALL),
    re.compile(TEXT + r",(?=\s*[}\]])", re.DOTALL),
)
"""Comments, and trailing commas, outside of strings."""
HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape that may be an unpaired surrogate."""
ITEM_OF_ITEM = re.compile(r"[-?][ \t]+(?=[-?][ \t])")
"""A nested array, or an explicit key, on the same line."""
CONTAINERS = (dict, list)
MERGE = "<<"
COST = 64
"""The cost of reading and copying a member or item, in characters."""
MAX_MERGED = 500_000
"""Members that merge keys and repeated keys copy."""

Defect = tuple[int, str, str]
"""Line, JSON pointer and reason of what is tolerated."""
Report = Callable[[int, str, str], None]


def parse(text: str, *, suffix: str = "", report: Report | None = None) -> Any:
    """Return the JSON value that a text holds.

    Args:
        suffix: ``json``, ``yaml`` or ``yml`` settle the format; else a text in braces or brackets is JSON.
        report: called with what could be repaired; without it, that is an error as well.

    Raises:
        ValueError: what is wrong, in a sentence, with line and column where they are known.
    """
    try:
        if report is None:
            return _parse_json(text) if is_json_text(text, suffix) else _parse_yaml(text)
        return _parse_leniently(text, suffix, report)
    except RecursionError:
        raise ValueError(f"is nested deeper than {MAX_DEPTH} levels.") from None
    except ValueError as error:
        if str(error).startswith("Exceeds the limit"):  # of Python, in its words
            raise ValueError(f"holds an integer of more than {get_int_max_str_digits()} digits.") from None
        raise


def is_json_text(text: str, suffix: str) -> bool:
    """Tell whether a text is JSON, and not YAML."""
    return suffix == "json" or (suffix not in {"yaml", "yml"} and text.lstrip()[:1] in {"{", "["})


def yaml_node(text: str) -> Node | None:
    """Return the root node of a YAML text; each node knows its line.

    Raises:
        ValueError: it is not one document in YAML.
    """
    try:
        return CSafeLoader(text).get_single_node()
    except YAMLError as error:
        raise ValueError(str(error)) from None


def as_yaml(document: Any) -> str:
    """Return YAML in which every string is read back as a string, by YAML 1.1 and 1.2."""
    text: str = dump(document, Dumper=_JSONDumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def _parse_json(text: str, *, strict: bool = True) -> Any:
    _check_marks(sum(map(text.count, ",{[")), MAX_JSON_MARKS, "commas and brackets")
    try:
        document = json.loads(
            text,
            object_pairs_hook=_without_repetition,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            strict=strict,
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"Invalid JSON at line {error.lineno}, column {error.colno}: {error.msg}.") from None
    has_halves = strict and HALF.search(text)
    for level in _bounded_levels(document):  # whose texts are not longer than the one that was read
        if has_halves:
            _check_encoding("".join(_texts(level)))
    return document


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = Counter(key for key, _ in pairs)
        repeated = next(key for key, times in keys.items() if times > 1)
        raise ValueError(f"has the key {repeated!r} twice in one object.")
    return members


class _ExtentError(ValueError):
    """A text is larger than the limits allow."""


def _check_marks(count: int, most: int, names: str) -> None:
    if count > most:
        raise _ExtentError(f"has more than {most} {names}.")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(f"has a value that JSON cannot express: {text} is out of range.")
    return number


def _parse_leniently(text: str, suffix: str, report: Report) -> Any:
    """Read invalid JSON without its comments and the like, or as YAML, in which keys may repeat."""
    problem = None
    try:
        if is_json_text(text, suffix) or is_json_text(text, ""):
            return _parse_json(text)
    except _ExtentError:
        raise
    except ValueError as error:
        problem = error if is_json_text(text, suffix) else None
    document, defects = _parse_lenient_yaml(text) if problem is None else _parse_invalid_json(text, problem)
    for defect in defects:
        report(*defect)
    return document


def _parse_invalid_json(text: str, problem: ValueError) -> tuple[Any, list[Defect]]:
    with suppress(ValueError):
        return _parse_nearly_json(text), [(0, "", f"{problem} What is no JSON was left out.")]
    with suppress(ValueError):
        document, defects = _parse_lenient_yaml(text)
        if isinstance(document, CONTAINERS):  # any text is a scalar of YAML
            return document, defects or [(0, "", f"{problem} It was read as YAML.")]
    raise problem


def _parse_lenient_yaml(text: str) -> tuple[Any, list[Defect]]:
    loader, defects = _LenientLoader(text), list[Defect]()
    loader.report = lambda *defect: defects.append(defect)
    return _parse_yaml(text, loader), defects


def _parse_nearly_json(text: str) -> Any:
    """Read JSON with comments, trailing commas, line breaks in strings, and unpaired surrogates."""
    for pattern in NO_JSON:
        text = pattern.sub(lambda match: match[1] or " ", text)
    document = _parse_json(text, strict=False)
    return json.loads(json.dumps(document, ensure_ascii=False).encode(errors="replace"))


def _parse_yaml(text: str, loader: "_JSONLoader | None" = None) -> Any:
    """Return a document that shares no parts, whatever its aliases repeat."""
    marks = sum(map(text.count, ",{[\n")) + sum(1 for _ in ITEM_OF_ITEM.finditer(text))
    _check_marks(marks, MAX_YAML_MARKS, "lines, commas and brackets; expected fewer, or JSON")
    try:
        document = (loader or _JSONLoader(text)).get_single_data()
        return json.loads(json.dumps(_within_extent(document)))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ValueError(f"Invalid YAML{place}: {problem}.") from None


class _JSONLoader(CSafeLoader):
    """Loads YAML by its JSON schema: numbers are spelled as in JSON."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # it is one in PyYAML too
    yaml_constructors: ClassVar[dict[str | None, Any]] = {}

    def construct_member_key(self, node: Node) -> str:
        """Return a key as it is written."""
        if not isinstance(node, ScalarNode):
            raise ConstructorError(None, None, "a key is not text", node.start_mark)
        key: str = node.value
        return key

    def construct_json_object(self, node: MappingNode) -> dict[str, Any]:
        """Return an object with unique keys."""
        members: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_member_key(key_node)
            if key == MERGE:
                raise ConstructorError(None, None, "merge keys (<<) are not in YAML 1.2", key_node.start_mark)
            if key in members:
                raise ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
            members[key] = self.construct_object(value_node, deep=True)
        return members

    def construct_json_array(self, node: Any) -> list[Any]:
        return [self.construct_object(item, deep=True) for item in node.value]

    def refuse_tag(self, node: Node) -> Any:
        """Refuse a tag that JSON has no type for."""
        raise ConstructorError(None, None, f"the tag {node.tag} is not one of JSON's", node.start_mark)


class _LenientLoader(_JSONLoader):
    """Merges repeated keys and merge keys, ignores other tags, and reports each of these."""

    report: Report

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._keys: list[str | int] = []
        self._left = MAX_MERGED

    def get_single_data(self) -> Any:
        """Return the first document that is not empty."""
        has_more: Callable[[], bool] = self.check_data
        document = None
        while document is None and has_more():
            document = self.get_data()
        if has_more():
            self.report(0, "", "holds more than one document; the first was read.")
        return document

    def construct_json_object(self, node: MappingNode) -> dict[str, Any]:
        """Return an object; of equal keys the last one holds, and objects under them are merged."""
        members, merged = dict[str, Any](), dict[str, Any]()
        for key_node, value_node in node.value:
            key = self.construct_member_key(key_node)
            value = self._below(key, value_node)
            if key == MERGE:
                self._tell(key_node, "is a merge key, which is not in YAML 1.2; it was merged.", key)
                sources = value if isinstance(value, list) else [value]
                for source in [source for source in sources if isinstance(source, dict)]:
                    merged = self._merged(source, merged)
            elif key in members:
                members[key] = self._of_equal_keys(key_node, members[key], value)
            else:
                members[key] = value
        return self._merged(merged, members) if merged else members

    def _of_equal_keys(self, key_node: ScalarNode, first: Any, second: Any) -> Any:
        both = isinstance(first, dict) and isinstance(second, dict)
        remedy = "their members were merged" if both else "the last one holds"
        self._tell(key_node, f"the key {key_node.value!r} stands twice; {remedy}.", key_node.value)
        return self._merged(first, second) if both else second

    def _merged(self, first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
        self._left -= len(first) + len(second)
        if self._left < 0:
            raise ValueError(f"merges more than {MAX_MERGED} members.")
        return {**first, **second}

    def construct_json_array(self, node: Any) -> list[Any]:
        return [self._below(index, item) for index, item in enumerate(node.value)]

    def refuse_tag(self, node: Node) -> Any:
        """Return a value without its tag, which JSON has no type for."""
        self._tell(node, f"has the tag {node.tag}, which is not one of JSON's; it was ignored.")
        if isinstance(node, MappingNode):
            return self.construct_json_object(node)
        return node.value if isinstance(node, ScalarNode) else self.construct_json_array(node)

    def _below(self, key: str | int, node: Node) -> Any:
        self._keys.append(key)
        try:
            return self.construct_object(node, deep=True)
        finally:
            self._keys.pop()

    def _tell(self, node: Node, reason: str, *keys: str) -> None:
        self.report(node.start_mark.line + 1, pointers.join("", *self._keys, *keys), reason)


class _JSONDumper(CSafeDumper):
    """Quotes strings that this loader or PyYAML's own would read as something else."""


_NUMBER = r"-?(?:0|[1-9][0-9]*)"
_RESOLVERS = {
    "null": (r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (_NUMBER, list("-0123456789")),
    "float": (_NUMBER + r"(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
}
_CONSTRUCTORS = {
    "null": lambda _, node: None,  # noqa: ARG005 -- PyYAML calls all alike
    "bool": lambda _, node: node.value[0] in "tT",
    "int": lambda _, node: int(node.value),
    "float": lambda _, node: _finite(node.value),
    "str": lambda _, node: node.value,
    "map": lambda loader, node: loader.construct_json_object(node),
    "seq": lambda loader, node: loader.construct_json_array(node),
}
for _tag, (_pattern, _first) in _RESOLVERS.items():
    for _class in (_JSONLoader, _JSONDumper):
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), _first)
for _tag, _constructor in _CONSTRUCTORS.items():
    _JSONLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _constructor)


def _construct_other(loader: Any, node: Node) -> Any:
    return loader.refuse_tag(node)


_JSONLoader.add_constructor(None, _construct_other)


def containers_of(value: Any) -> int:
    """Return the number of objects and arrays in a value, itself included."""
    return sum(map(len, levels_in(value)))


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects in a value, itself included, by how deep they are."""
    return (node for node in chain.from_iterable(levels_in(value)) if isinstance(node, dict))


def names_in(value: Any) -> set[str]:
    """Return the names of all members of the objects in a value, itself included."""
    return {name for node in objects_in(value) for name in node}


def size_of(value: Any) -> int:
    """Return the size of a value: the characters of its strings and keys, and a cost for each part."""
    return sum(COST * sum(map(len, level)) + sum(map(len, _texts(level))) for level in levels_in([value]))


def levels_in(value: Any) -> Iterator[list[Any]]:
    """Yield the objects and arrays in a value, itself among them, by how deep they are."""
    level = [value] if isinstance(value, CONTAINERS) else []
    while level:
        yield level
        level = [
            part
            for node in level
            for part in (node.values() if isinstance(node, dict) else node)
            if isinstance(part, CONTAINERS)
        ]


def _bounded_levels(document: Any) -> Iterator[list[Any]]:
    """Yield the levels of a document, unless it is too deep or holds too much."""
    containers = 0
    for depth, level in enumerate(levels_in([document])):
        containers += len(level)
        if depth > MAX_DEPTH:
            raise RecursionError
        if containers > MAX_CONTAINERS:
            raise _ExtentError(f"holds more than {MAX_CONTAINERS} objects and arrays.")
        yield level


def _texts(level: list[Any]) -> list[str]:
    """Return the texts and keys in objects and arrays."""
    parts = chain.from_iterable(
        chain(node, node.values()) if isinstance(node, dict) else node for node in level
    )
    return [part for part in parts if isinstance(part, str)]


def _within_extent(document: Any) -> Any:
    """Return a document; ValueError if it is too deep, too large with aliases expanded, or not UTF-8."""
    characters = 0
    for level in _bounded_levels(document):
        characters += 8 * sum(map(len, level))
        texts = _texts(level) if characters <= MAX_CHARACTERS else []
        characters += sum(map(len, texts))
        if characters > MAX_CHARACTERS:
            raise _ExtentError(
                f"holds more than {MAX_CHARACTERS} characters once its aliases are written out."
            )
        if not all(map(str.isascii, texts)):
            _check_encoding("".join(texts))
    return document


def _check_encoding(text: str) -> None:
    try:
        text.encode()
    except ValueError as error:
        raise ValueError(f"has a value that JSON cannot express: {error}.") from None
