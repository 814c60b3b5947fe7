"""JSON Patch (RFC 6902): changes to an item as a list of operations."""

from typing import Any, Final, TypeGuard

import msgspec
from jsonschema_rs import Draft202012Validator

from contract_first.contract.document import pointers
from contract_first.service.messages.problems import Conflict
from contract_first.service.request.decoding import limit_levels

MOST_COPIED: Final = 1024 * 1024
"""Bytes of JSON that the copies of one patch may have, since each may double a value."""


def is_patch(body: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Tell whether a body is a list of operations."""
    return isinstance(body, list) and all(
        isinstance(part, dict) and isinstance(part.get("op"), str) and isinstance(part.get("path"), str)
        for part in body
    )


def patched(value: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a copy of an object after all operations.

    Raises:
        Conflict: one of them cannot be carried out, or leaves no object; says which and why.
        BadRequest: the result is nested more deeply than a body may be.
    """
    holder: dict[str, Any] = {"": msgspec.json.decode(msgspec.json.encode(value))}
    copied = 0
    for operation in operations:
        try:
            copied += _apply(holder, operation)
        except (LookupError, RecursionError, TypeError, ValueError) as error:
            where = f"{operation['op']} {operation['path']}"[:100]
            reason = error if isinstance(error, ValueError) else "something that it names is not there"
            raise Conflict(f"JSON Patch: {where!r} cannot be carried out: {reason}.") from None
        if copied > MOST_COPIED:
            raise Conflict(f"JSON Patch: it copies more than {MOST_COPIED} bytes of JSON.")
    result = holder.get("")
    if not isinstance(result, dict):
        raise Conflict("JSON Patch: the result is not an object.")
    limit_levels(result, "result of the JSON Patch")
    return result


def _apply(holder: dict[str, Any], operation: dict[str, Any]) -> int:
    """Carry out an operation; return how many bytes of JSON it copies."""
    op, keys = operation["op"], _keys(operation["path"])
    copied = b""
    if op == "copy":
        copied = msgspec.json.encode(pointers.descend(holder, _keys(operation["from"])))
        value = msgspec.json.decode(copied)
    elif op == "move":
        value = _removed(holder, _keys(operation["from"]))
    else:
        value = operation["value"] if op != "remove" else None
    if op in {"remove", "replace"}:
        _removed(holder, keys)
    if op in {"add", "replace", "move", "copy"}:
        _add(holder, keys, value)
    elif op == "test" and not _are_equal(pointers.descend(holder, keys), value):
        raise ValueError("the value is another")
    elif op not in {"remove", "test"}:
        raise ValueError("there is no such operation")
    return len(copied)


def _are_equal(value: Any, other: Any) -> bool:
    """Tell whether JSON values are equal, as section 4.6 has it: 1 is 1.0, and no ``true``."""
    return bool(Draft202012Validator({"const": other}).is_valid(value))


def _keys(pointer: Any) -> list[str]:
    """Return the way from the holder of a value to what a pointer into the value points at."""
    if not isinstance(pointer, str) or pointer[:1] not in {"", "/"}:
        raise ValueError("a JSON pointer is empty or begins with /")
    return ["", *pointers.split(pointer)]


def _add(holder: dict[str, Any], keys: list[str], value: Any) -> None:
    *above, last = keys
    parent = pointers.descend(holder, above)
    if isinstance(parent, list):
        index = len(parent) if last == "-" else int(last) if last.isdecimal() else -1
        if not 0 <= index <= len(parent):
            raise IndexError(last)
        parent.insert(index, value)
    else:
        parent[last] = value


def _removed(holder: dict[str, Any], keys: list[str]) -> Any:
    *above, last = keys
    parent = pointers.descend(holder, above)
    value = pointers.descend(parent, [last])
    del parent[int(last) if isinstance(parent, list) else last]
    return value
