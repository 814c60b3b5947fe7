"""Freshness thresholds: how many days before its date a product counts as fresh, and as expired.

A rule is an organization's or everyone's, and for one GPC brick or for any product. The most specific one
applies, an organization's before everyone's; without any, the built-in one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import IO, Any, Final

from .products import BRICK
from .rows import BadRow, read_rows

ANY_BRICK: Final = ""
MAX_DAYS: Final = 3650
_MAX_LABEL_LENGTH: Final = 100


class RuleError(ValueError):
    """A rule that contradicts itself or the limits; the message says how."""


@dataclass(frozen=True, slots=True)
class FreshnessRule:
    """The thresholds of one GPC brick, or of any product.

    Attributes:
        brick: 8 digits, or empty for any product.
        warning_days: with as many days left, or more, a product is fresh.
        critical_days: with fewer days left it is expired; never more than ``warning_days``.
    """

    brick: str
    category_label: str
    warning_days: int
    critical_days: int

    def __post_init__(self) -> None:
        if not BRICK.fullmatch(self.brick):
            raise RuleError("A GPC brick code has 8 digits and starts with 1; it is empty for any product.")
        if not self.category_label.strip() or len(self.category_label) > _MAX_LABEL_LENGTH:
            raise RuleError(f"A category label has 1 to {_MAX_LABEL_LENGTH} characters.")
        if not 0 <= self.critical_days <= self.warning_days <= MAX_DAYS:
            raise RuleError(f"Days must be 0 <= critical_days <= warning_days <= {MAX_DAYS}.")


Layer = dict[str, FreshnessRule]
"""Rules by brick; under ``ANY_BRICK`` the one for any product."""

_BUILT_IN: Final = FreshnessRule(ANY_BRICK, "Food and drink", 7, 2)


def thresholds(
    brick: str, organization: Mapping[str, FreshnessRule], everyone: Mapping[str, FreshnessRule]
) -> tuple[str, FreshnessRule]:
    """Return the name of the layer that has a product's thresholds, and its rule.

    The brick is empty if it, or the product, is unknown; an anonymous caller has no organization's rules.
    """
    layers = (
        ("org-override", organization.get(brick) if brick else None),
        ("org-fallback", organization.get(ANY_BRICK)),
        ("global-default", everyone.get(brick) if brick else None),
        ("global-fallback", everyone.get(ANY_BRICK)),
        ("built-in", _BUILT_IN),
    )
    return next((source, rule) for source, rule in layers if rule)


def read_rules(stream: IO[bytes], filename: str) -> Iterator[FreshnessRule | BadRow]:
    """Yield the rules of an open file with the columns brick, category, warning_days and critical_days.

    Raises:
        FileError: the file is of no known format.
    """
    for row in read_rows(stream, filename):
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            yield _rule(row.fields)
        except RuleError as error:
            yield BadRow(row.line, str(error))


def shipped_rules() -> Iterator[FreshnessRule]:
    """Yield the rules in the package: common food and drink, for everyone."""
    with files(__package__).joinpath("freshness.csv").open("rb") as stream:
        for rule in read_rules(stream, "freshness.csv"):
            if isinstance(rule, FreshnessRule):
                yield rule


@cache
def shipped_layer() -> Layer:
    """Return the rules in the package, by brick."""
    return {rule.brick: rule for rule in shipped_rules()}


def _rule(fields: Mapping[str, Any]) -> FreshnessRule:
    if "brick" not in fields:
        raise RuleError("There is no brick; an empty one is of any product.")
    brick, label = str(fields.get("brick", "")).strip(), str(fields.get("category", "")).strip()
    return FreshnessRule(brick, label, _days(fields, "warning_days"), _days(fields, "critical_days"))


def _days(fields: Mapping[str, Any], name: str) -> int:
    text = str(fields.get(name, "")).strip()
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise RuleError(f"{name} must be a whole number of days from 0 to {MAX_DAYS}.")
    return int(text)
