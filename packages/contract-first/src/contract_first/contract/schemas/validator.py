"""Compiled schemas, which validate values and report violations within bounds."""

import json
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import Any

import jsonschema_rs
from jsonschema_rs import Draft202012Validator, ValidationError

from contract_first.contract.document import pointers
from contract_first.contract.document.formats import MOST_CHARACTERS, is_too_long
from contract_first.contract.document.json_types import type_of
from contract_first.contract.document.parsing import names_in

from .causes import Cause, causes
from .violations import Violation, advice, holds_more

LONGEST_DETAIL = 300
HOLD_NAMED = {"properties", "patternProperties", "dependentSchemas"}
MOST_VIOLATIONS = 100
MOST_IN_MESSAGE = 2
"""Of the values of an enum that the message of jsonschema-rs has."""

# jsonschema-rs collects all errors before it gives the first, 10 µs for each, and those of propertyNames hold
# the whole object each: without these bounds a body of 1 MiB would take a quarter of a minute, or all memory
MOST_PLACES = 2000
MOST_PLACES_WITH_NAMES = 200

RULES_OF_LARGE = frozenset({"type", "maxItems", "maxProperties"})
"""Keywords that need not look into the parts of a value."""


class Validator:
    """A compiled schema.

    Args:
        bundle: the schema, which stands alone.
        place: returns the JSON pointer into the contract of the keyword at a URI, below a schema's pointer.
        names: returns the properties that the schema names of the object at a path.

    Attributes:
        is_valid: tells whether a JSON value conforms to it.
    """

    __slots__ = ("_bundle", "_compiled", "_names", "_place", "is_valid")

    def __init__(
        self,
        bundle: dict[str, Any],
        place: Callable[[str, str], str],
        *,
        names: Callable[[list[str | int]], Collection[str]],
        **options: Any,
    ) -> None:
        self._bundle = bundle
        self._place = place
        self._names = names
        self._compiled = jsonschema_rs.Draft202012Validator(bundle, mask="value", **options)
        self.is_valid: Callable[[Any], bool] = self._compiled.is_valid

    def violations(
        self, value: Any, location: str, name: str = "", root: str | None = None
    ) -> Iterator[Violation]:
        """Yield at most 100 violations of a value; of a large value only those near its root.

        Args:
            location: where it was (``body``, ``query`` ...).
            name: the parameter's name; violations within it are reported with a pointer behind it.
            root: JSON pointer of the schema in the document; without it, violations have no pointers.
        """
        most = MOST_PLACES_WITH_NAMES if "propertyNames" in names_in(self._bundle) else MOST_PLACES
        if holds_more(value, most):
            if self.is_valid(value):
                return
            wrong = [Cause(error) for error in _of_outline(self._compiled, value)]
            if not wrong:
                detail = f"is not valid; it holds more than {most} values, too many to say which is wrong"
                yield Violation(location, name, "schema", detail)
        else:
            errors = self._compiled.iter_errors(value)
            wrong = [cause for error in errors for cause in causes(error, self._bundle)]
        distinct = dict[Violation, None]()  # the same may be wrong by several parts of an allOf
        for cause in islice(wrong, MOST_VIOLATIONS):
            error = cause.error
            at = pointers.join(name, *cause.path)
            uri = error.absolute_keyword_location or ""
            keyword = "" if root is None else self._place(root, uri)
            detail = cause.detail or _detail(error, self._names)
            distinct.setdefault(Violation(location, at, _rule(error), detail, keyword))
        yield from distinct


def _of_outline(validator: Draft202012Validator, value: dict[str, Any] | list[Any]) -> list[ValidationError]:
    """Return the errors of a value and its parts, with the content of the parts left out."""
    share = MOST_PLACES // len(value)
    outline = _mapped(value, lambda part: _mapped(part, _emptied, share), MOST_PLACES_WITH_NAMES)
    return [
        error
        for error in validator.iter_errors(outline)
        if error.kind.name in RULES_OF_LARGE and len(error.instance_path) <= 1
    ]


def _mapped(value: Any, change: Callable[[Any], Any], most: int) -> Any:
    """Return a copy of an object or array with at most so many parts, each changed."""
    if isinstance(value, dict):
        most = min(most, MOST_PLACES_WITH_NAMES)
        return {name: change(part) for name, part in islice(value.items(), most)}
    return [change(part) for part in value[:most]] if isinstance(value, list) else value


def _emptied(value: Any) -> Any:
    return _mapped(value, _emptied, 0)


def _rule(error: ValidationError) -> str:
    """Return the keyword that is violated; for the schema ``false``, the one that holds it."""
    if error.kind.name != "falseSchema":
        return error.kind.name
    keyword, step = ["", "", *error.schema_path][-2:]  # a path starts at the nearest $id
    if keyword == "$defs":
        return "false"
    return str(keyword) if keyword in HOLD_NAMED or isinstance(step, int) else str(step)


def _detail(error: ValidationError, names: Callable[[list[str | int]], Collection[str]]) -> str:
    """Return what the schema expects, and the type of the value, but never the value itself."""
    message = "is not allowed here" if error.kind.name == "falseSchema" else error.message
    if error.kind.name == "type":
        message += f" but {json.dumps(type_of(error.instance))}"
    name = message.partition('"')[2].rstrip('"')
    if error.kind.name == "format" and is_too_long(name, error.instance):
        message += f", which has {MOST_CHARACTERS} characters at most"
    detail = message if len(message) <= LONGEST_DETAIL else message[: LONGEST_DETAIL - 1] + "…"
    for name in getattr(error.kind, "unexpected", ())[:1]:
        detail += advice(name, names(error.instance_path))
    options = getattr(error.kind, "options", ())
    if len(options) > MOST_IN_MESSAGE and isinstance(error.instance, str):
        detail += advice(error.instance, [option for option in options if isinstance(option, str)])
    return detail
