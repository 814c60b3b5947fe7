"""Writes a rule into a file of rules, before the others; what else is in the file stays as it is."""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec
from yaml import MappingNode, SequenceNode

from contract_first.contract.document.parsing import as_yaml, is_json_text, parse, yaml_node
from contract_first.mock.rule import Rule

INDENT = 2


def saved(rule: Rule) -> dict[str, Any]:
    """Return a rule as a file has it: without its id, its count and what is as by default."""
    plain = type(rule)(effect=rule.effect)
    names = [name for name in rule.__struct_fields__ if name not in {"id", "struck"}]
    meant = [name for name in names if name == "effect" or getattr(rule, name) != getattr(plain, name)]
    return {name: msgspec.to_builtins(getattr(rule, name)) for name in meant}


def with_rule(text: str, suffix: str, kind: str, rule: Mapping[str, Any]) -> str:
    """Return the text of a file of rules with another rule before them.

    Args:
        suffix: of the file's name, which says what it is: ``json``, ``yaml``, ``toml``.
        kind: what the rules are called, in a file that has other members.

    Raises:
        ValueError: there is no place for it in the text.
    """
    before = _document(text, suffix)
    expected = _rules(before, kind)
    if suffix == "toml":
        result = _in_toml(text, kind, rule)
    elif is_json_text(text, suffix):
        listed = [rule, *expected]
        document = {**before, kind: listed} if isinstance(before, dict) else listed
        result = json.dumps(document, indent=INDENT, ensure_ascii=False) + "\n"
    else:
        result = _in_yaml(text, kind, rule)
    if _rules(_document(result, suffix), kind) != [rule, *expected]:
        raise ValueError("has no place where a rule could be added; write it in block style.")
    return result


def _document(text: str, suffix: str) -> Any:
    return tomllib.loads(text) if suffix == "toml" else parse(text, suffix=suffix)


def _rules(document: Any, kind: str) -> list[Any]:
    rules = document.get(kind) if isinstance(document, dict) else document
    return [] if rules is None else list(rules)


def _in_yaml(text: str, kind: str, rule: Mapping[str, Any]) -> str:
    node = yaml_node(text)
    if isinstance(node, MappingNode):
        node = next((value for key, value in node.value if key.value == kind), None)
    lines = text.splitlines(keepends=True)
    at, column = len(lines), 0
    if isinstance(node, SequenceNode) and node.value:
        at, column = node.start_mark.line, node.start_mark.column
    margin = " " * column
    block = [f"{margin}{line}\n" for line in as_yaml([dict(rule)]).splitlines()]
    if at == len(lines) and lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return "".join([*lines[:at], *block, *lines[at:]])


def _in_toml(text: str, kind: str, rule: Mapping[str, Any]) -> str:
    members = "".join(f"{_key(name)} = {_toml(value)}\n" for name, value in rule.items())
    header = re.search(rf"^[ \t]*\[\[[ \t]*{kind}[ \t]*\]\]", text, re.MULTILINE)
    block = f"[[{kind}]]\n{members}\n"
    if header is None:
        return f"{text.rstrip()}\n\n{block}".lstrip()
    return text[: header.start()] + block + text[header.start() :]


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)} = {_toml(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if value is None:
        raise ValueError("is TOML, which has no null; take YAML or JSON.")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else _toml(name)
