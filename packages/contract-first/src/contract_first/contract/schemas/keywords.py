"""Corrects how jsonschema-rs reads some keywords.

A pattern such as ``^.{1,4096}$`` takes it megabytes in each validator. Where it is to accept what
openapi-core accepts, which decides about responses, it reads patterns as that does: both agree on JSON Schema
2020-12 but for these and a few keywords. Formats are read in one way by both.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Any, TypeAlias

import jsonschema_rs

from contract_first.contract.document.formats import DECIDED, decider
from contract_first.contract.document.json_types import INTEGERS, is_within, range_of
from contract_first.contract.document.parsing import names_in, objects_in
from contract_first.contract.document.patterns import ecma_matcher, is_small, matcher

from .bundling import DISCRIMINATED

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DIALECTS = frozenset(
    {
        DIALECT,
        "https://spec.openapis.org/oas/3.1/dialect/base",
        "https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
    }
)
"""What ``$schema`` and ``jsonSchemaDialect`` may name for openapi-core to read JSON Schema 2020-12."""
NOT_ALIKE = frozenset({"dependencies", "discriminator"})
"""Keywords that the engines read differently."""
NOT_ALIKE_30 = NOT_ALIKE | {"$id", "$schema"}
"""The same in OpenAPI 3.0: to openapi-core ``$id`` is nothing there, and ``$schema`` another dialect."""
ALIKE = re.compile(
    r"\^?(?:(?:[A-Za-z0-9_ :/-]|\[(?:a-z|A-Z|0-9|[A-Za-z0-9_])+-?\])(?:[+*?]|\{[0-9]{1,2}\})?)*(?:\n\?\$)?"
)
"""Patterns that both read in one way: in a bundle ``$`` may stand before a last new line, as in Python."""
NUMBERS = frozenset({int, float})
MOST_PLACES, MOST_UNITS = 6, 10**15
INVERTING = frozenset(
    {"not", "oneOf", "if", "contains", "unevaluatedProperties", "unevaluatedItems", "$schema"}
)
"""Keywords that may accept a value since a part refuses it, or that say who reads discriminators."""
Check: TypeAlias = "Callable[[Any, Any], tuple[Callable[[Any], bool], str]]"
"""Takes the value of a keyword and the schema around it; returns a function that tells whether a value
conforms, and the detail of a violation."""


class _Keyword:
    """One use of a keyword in a schema, as jsonschema-rs asks for it."""

    def __init__(self, check: Check, parent: Any, value: Any, _path: Any) -> None:
        self._conforms, self._detail = check(value, parent)

    def validate(self, instance: Any) -> None:
        """Raise ValueError if a value does not conform."""
        if not self._conforms(instance):
            raise ValueError(self._detail)


def format_check(name: Any, schema: Any) -> tuple[Callable[[Any], bool], str]:
    """Bound integers by their width; other formats are of strings."""
    detail = f'value is not a "{name}"'
    if name not in INTEGERS:
        return decider(name) or _any, detail
    if (bounds := range_of(schema)) is None:
        return _any, detail
    return partial(is_within, bounds=bounds), f"{detail}, an integer from {bounds[0]} to {bounds[1]}"


def _any(_: Any) -> bool:
    return True


def _pattern(pattern: Any, _schema: Any) -> tuple[Callable[[Any], bool], str]:
    """Compile a pattern that takes much memory once for all its uses."""
    return _of_texts(ecma_matcher(pattern)), f'value does not match "{pattern}"'


def _python_pattern(pattern: Any, _schema: Any) -> tuple[Callable[[Any], bool], str]:
    """Search with Python's ``re``, as openapi-core does; it does not validate what that cannot read."""
    return _of_texts(matcher(pattern)), ""


def _refused(mark: Any, _schema: Any) -> tuple[Callable[[Any], bool], str]:
    """Refuse any value of what is marked, as openapi-core does of ``writeOnly`` in the responses of 3.0."""
    return lambda _: not mark, "value is not for this direction"


def _of_texts(matches: Callable[[str], bool]) -> Callable[[Any], bool]:
    return lambda instance: not isinstance(instance, str) or matches(instance)


def options_of(
    bundle: Mapping[str, Any], *, formats: bool, as_python: bool, refused: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the options by which jsonschema-rs reads the keywords of a schema; a callback costs most.

    Args:
        bundle: the schema, which stands alone.
        formats: whether formats are validated; as openapi-core reads schemas, they always are.
        as_python: whether keywords are read as openapi-core does.
        refused: marks that it takes for keywords which refuse any value.
    """
    formats = formats or as_python
    checks: dict[str, Check] = {}
    if as_python:
        checks = {"pattern": _python_pattern, **dict.fromkeys(refused, _refused)}
    elif not all(map(is_small, _texts(bundle, "pattern"))):
        checks["pattern"] = _pattern
    if formats and not INTEGERS.keys().isdisjoint(_texts(bundle, "format")):
        checks["format"] = format_check
    return {"formats": DECIDED, "keywords": _keywords(checks), "validate_formats": formats}


def validator_of(part: dict[str, Any], *, refused: Iterable[str]) -> Callable[[Any], bool]:
    """Return the function that validates values as openapi-core does, by a schema without references.

    Args:
        refused: as for :func:`options_of`.
    """
    options = options_of(part, formats=True, as_python=True, refused=refused)
    is_valid: Callable[[Any], bool] = jsonschema_rs.Draft202012Validator(part, **options).is_valid
    match part:
        case {"type": "string", "format": name, **others} if not others:
            conforms, _ = format_check(name, part)
            return lambda value: isinstance(value, str) and conforms(value)
        case {"type": "number", "multipleOf": step, **others} if others.keys() <= {"minimum", "maximum"}:
            return _multiples(step, others, is_valid)
    return is_valid


def _multiples(
    step: float, bounds: Mapping[str, float], is_valid: Callable[[Any], bool]
) -> Callable[[Any], bool]:
    """Return a faster validator of multiples: of numbers with up to 15 digits, which floats tell apart."""
    places = max(0, -int(Decimal(repr(step)).as_tuple().exponent))
    if places > MOST_PLACES:
        return is_valid
    scale = 10**places
    steps, largest = round(step * scale), MOST_UNITS / scale
    low, high = max(-largest, bounds.get("minimum", -largest)), min(largest, bounds.get("maximum", largest))

    def conforms(value: Any) -> bool:
        if type(value) in NUMBERS and low <= value <= high:
            units = round(value * scale)
            if units / scale == value and units % steps == 0:
                return True
        return is_valid(value)

    return conforms


def _keywords(checks: Mapping[str, Check]) -> dict[str, Any]:
    return {name: partial(_Keyword, check) for name, check in checks.items()}


def _texts(node: Any, keyword: str) -> Iterator[str]:
    """Return the texts that may be values of a keyword in a schema."""
    values = (value.get(keyword) for value in objects_in(node))
    return (value for value in values if isinstance(value, str))


def reads_alike(bundle: Any, *, is_30: bool) -> bool:
    """Tell whether jsonschema-rs accepts no value that openapi-core refuses, but for patterns and formats."""
    keywords = names_in(bundle)
    named = (node.get("patternProperties") for node in objects_in(bundle))
    patterns = chain.from_iterable(value for value in named if isinstance(value, dict))
    return (
        (NOT_ALIKE_30 if is_30 else NOT_ALIKE).isdisjoint(keywords)
        and (DISCRIMINATED not in keywords or INVERTING.isdisjoint(keywords))
        and DIALECTS.issuperset(_texts(bundle, "$schema"))
        and all(map(ALIKE.fullmatch, patterns))
    )
