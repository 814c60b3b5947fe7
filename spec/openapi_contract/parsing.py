"""Parses JSON and YAML into what JSON can say, and nothing else, and writes YAML that is read so.

YAML is read as OpenAPI asks for, by the tags that JSON knows: dates, ``on`` and ``yes`` stay strings, and
keys are text whatever they look like. What the formats leave open (repeated keys, NaN, aliases that multiply)
is an error, so that no two readers can see two different documents.
"""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, NoReturn

from yaml import CSafeDumper, CSafeLoader, MappingNode, Node, ScalarNode, YAMLError, dump
from yaml.constructor import ConstructorError

MAX_DEPTH = 200
MAX_CONTAINERS = 2_000_000
MAX_CHARACTERS = 64 * 1024 * 1024
"""Of all texts and keys, as often as aliases repeat them; a part counts as eight more, for its pointer."""


def parse(text: str, *, suffix: str = "") -> Any:
    """Return the JSON value that a text holds.

    Args:
        text: JSON or YAML.
        suffix: ``json``, ``yaml`` or ``yml`` settle the format; else a text in braces or brackets is JSON.

    Raises:
        ValueError: what is wrong, in a sentence, with line and column where they are known.
    """
    is_json = suffix == "json" or (suffix not in {"yaml", "yml"} and text.lstrip()[:1] in {"{", "["})
    try:
        document = _parse_json(text) if is_json else _parse_yaml(text)
        _check_extent(document)
    except RecursionError:
        raise ValueError(f"is nested deeper than {MAX_DEPTH} levels.") from None
    return _written_out(document)


def as_yaml(document: Any) -> str:
    """Return YAML in which every text stays one, whether YAML 1.1 or 1.2 is read."""
    text: str = dump(document, Dumper=_JSONDumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"Invalid JSON at line {error.lineno}, column {error.colno}: {error.msg}.") from None


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"has the key {repeated!r} twice in one object.")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is not JSON.")


def _parse_yaml(text: str) -> Any:
    try:
        return _JSONLoader(text).get_single_data()
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ValueError(f"Invalid YAML{place}: {problem}.") from None


class _JSONLoader(CSafeLoader):
    """Knows the tags of YAML's JSON schema, and spells numbers as JSON does."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # it is one in PyYAML too
    yaml_constructors: ClassVar[dict[str | None, Any]] = {}

    def construct_member_key(self, node: Node) -> str:
        """Return the key as it is written."""
        if not isinstance(node, ScalarNode):
            raise ConstructorError(None, None, "a key is not text", node.start_mark)
        if node.value == "<<":
            raise ConstructorError(None, None, "merge keys (<<) are not in YAML 1.2", node.start_mark)
        key: str = node.value
        return key

    def construct_json_object(self, node: MappingNode) -> dict[str, Any]:
        """Return an object whose keys are text and stand once."""
        members: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_member_key(key_node)
            if key in members:
                raise ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
            members[key] = self.construct_object(value_node, deep=True)
        return members

    def construct_json_array(self, node: Any) -> list[Any]:
        """Return an array."""
        return [self.construct_object(item, deep=True) for item in node.value]

    def refuse_tag(self, node: Node) -> NoReturn:
        """Refuse what JSON has no type for."""
        raise ConstructorError(None, None, f"the tag {node.tag} is not one of JSON's", node.start_mark)


class _JSONDumper(CSafeDumper):
    """Quotes what the loader would take for something else, and what PyYAML's own would."""


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
    "float": lambda _, node: float(node.value),
    "str": lambda _, node: node.value,
    "map": _JSONLoader.construct_json_object,
    "seq": _JSONLoader.construct_json_array,
}
for _tag, (_pattern, _first) in _RESOLVERS.items():
    for _class in (_JSONLoader, _JSONDumper):
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), _first)
for _tag, _constructor in _CONSTRUCTORS.items():
    _JSONLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _constructor)
_JSONLoader.add_constructor(None, _JSONLoader.refuse_tag)


def _check_extent(document: Any) -> None:
    """Refuse what is too deep, or too much once every alias is written out."""
    pending = [(document, 1)] if isinstance(document, dict | list) else []
    containers = characters = 0
    while pending:
        node, depth = pending.pop()
        parts = [*node, *node.values()] if isinstance(node, dict) else node
        containers += 1
        characters += 8 * len(parts) + sum(len(part) for part in parts if isinstance(part, str))
        if depth > MAX_DEPTH:
            raise RecursionError
        if containers > MAX_CONTAINERS:
            raise ValueError(f"holds more than {MAX_CONTAINERS} objects and arrays.")
        if characters > MAX_CHARACTERS:
            raise ValueError(f"holds more than {MAX_CHARACTERS} characters once its aliases are written out.")
        pending += [(part, depth + 1) for part in parts if isinstance(part, dict | list)]


def _written_out(document: Any) -> Any:
    """Return a copy that shares no parts, and make sure that JSON in UTF-8 can carry it."""
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError as error:
        raise ValueError(f"holds what JSON cannot carry: {error}.") from None
    return json.loads(text)
