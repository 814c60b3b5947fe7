"""Validates large bodies in parts: jsonschema-rs makes an error of each wrong value before it returns one."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import cache, wraps
from itertools import chain, islice
from typing import Any, Final

import msgspec
from schemathesis import Case, CheckContext, Response
from schemathesis.checks import CHECKS, load_all_checks

from contract_first.check.checks.check import json_of
from contract_first.contract.document.parsing import objects_in

Check = Callable[[CheckContext, Response, Case[Any]], bool | None]
OF_SCHEMAS: Final = "response_schema_conformance"
LARGE: Final = 2**16
"""Bytes."""
LEAST: Final = 1_000
"""Items or members of a part, so that it is seldom too few; an error takes some 1,500 bytes."""
MOST_PARTS: Final = 50
DEEPEST: Final = 3
"""Levels at which arrays and objects are parted."""


@contextmanager
def large_bodies_in_parts(document: Mapping[str, Any]) -> Iterator[None]:
    """Let Schemathesis validate the parts of a large body first, and the whole only if they conform.

    Args:
        document: the OpenAPI document of the run.
    """
    load_all_checks()
    check = CHECKS.get_one(OF_SCHEMAS)
    # all of the document is read for them, once, and only where a body is large
    required = cache(lambda: frozenset(_required(document)))
    CHECKS.register(_in_parts(check, required))  # type: ignore[arg-type]  # it is no class
    try:
        yield
    finally:
        CHECKS.register(check)


def _in_parts(check: Check, required: Callable[[], Collection[str]]) -> Check:
    @wraps(check)
    def checked(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
        for part in _parts_of(response, required):
            check(ctx, part, case)  # raises what is wrong
        return check(ctx, response, case)

    return checked


def _parts_of(response: Response, required: Callable[[], Collection[str]]) -> Iterator[Response]:
    value = json_of(response.content) if len(response.content) > LARGE else None
    if value is None:
        return
    for smaller in _parts(value, required()):
        part = copy(response)
        part.clear_cache()
        part.content, part.encoding = msgspec.json.encode(smaller), "utf-8"
        yield part


def _parts(value: Any, required: Collection[str], depth: int = DEEPEST) -> Iterator[Any]:
    """Yield values that have a part of each large array and object, all of which together have all of it."""
    if not isinstance(value, dict | list):
        return iter((value,))
    return _slices(value, required) if len(value) > LEAST else _outlines(value, required, depth)


def _slices(value: Any, required: Collection[str]) -> Iterator[Any]:
    """Yield the parts of a large array or object, none of which is small."""
    size = max(LEAST, len(value) // MOST_PARTS)
    for start in range(0, len(value) - LEAST + 1, size):
        end = start + size if start + size + LEAST <= len(value) else len(value)
        yield value[start:end] if isinstance(value, list) else _members(value, start, end, required)


def _outlines(value: Any, required: Collection[str], depth: int) -> Iterator[Any]:
    """Yield a small array or object with the first part of all that is in it, then with each other part."""
    outline = copy(value)
    places = list(enumerate(value) if isinstance(value, list) else value.items()) if depth else []
    parts = {place: _parts(part, required, depth - 1) for place, part in places}
    for place, part in parts.items():
        outline[place] = next(part)
    yield outline
    for place, others in parts.items():
        for part in others:
            other = copy(outline)
            other[place] = part
            yield other


def _members(value: dict[str, Any], start: int, end: int, required: Collection[str]) -> dict[str, Any]:
    """Return some members of an object, and those without which it would be wrong."""
    needed = {name: value[name] for name in value.keys() & required}
    return needed | dict(islice(value.items(), start, end))


def _required(node: Any) -> Iterator[str]:
    """Yield the names of all members that a document requires of any object."""
    required = (part.get("required") for part in objects_in(node))
    listed = chain.from_iterable(names for names in required if isinstance(names, list))
    return (name for name in listed if isinstance(name, str))
