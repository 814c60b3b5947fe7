"""What a contract says about how long something stays: stability levels and sunset dates."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from contract_first.contract.schemas.parts import Part

from .changes import Difference

LEVELS = ("draft", "alpha", "beta", "stable")
"""The least stable first; ``stable`` where nothing is said."""
UNSTABLE = frozenset({"draft", "alpha"})
SUNSET = ("x-sunset", "Sunset", "sunset")


def level_of(node: Mapping[str, Any]) -> str:
    """Return the stability level of an operation; an unknown one counts as stable."""
    level = str(node.get("x-stability-level", node.get("x-stability", "")))
    return level if level in LEVELS else LEVELS[-1]


def sunset_of(node: Any) -> date | None:
    """Return the day from which something may be gone: an ISO 8601 date or time, or as in RFC 8594."""
    text = next((str(node[name]) for name in SUNSET if name in node), "") if isinstance(node, dict) else ""
    with suppress(ValueError):
        return date.fromisoformat(text[:10])
    with suppress(ValueError):
        return parsedate_to_datetime(text).date()
    return None


def is_over(node: Any) -> bool:
    """Tell whether something was deprecated, and its sunset date has come."""
    sunset = sunset_of(node)
    is_deprecated = isinstance(node, dict) and node.get("deprecated") is True
    return is_deprecated and sunset is not None and sunset <= datetime.now(UTC).date()


def sunset_changes(old: Part, new: Part) -> Iterator[Difference]:
    """Yield whether something that is still deprecated may go sooner or later than was announced."""
    sunset, sunset_now = sunset_of(old.node), sunset_of(new.node)
    if new.node.get("deprecated", False) and sunset and sunset_now != sunset:
        kind = "later" if sunset_now and sunset_now > sunset else "earlier"
        yield Difference.of(f"sunset-{kind}", new, f"{sunset_now or 'no date'}, was {sunset}")
