"""Markers for pytest that have a rule apply to the requests of a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from .rule import Rule


@dataclass(frozen=True)
class RuleMarker:
    """A marker of tests in which a rule is active, with its fields, and those of its match and its effect.

    Attributes:
        fixture: the server; a test that does not use it may not have the marker.
        effect: what it is for, in a sentence.
        example: fields that a user may give.
        path: of the rules, below that of the control API.
    """

    name: str
    fixture: str
    effect: str
    example: str
    path: str = "/faults"

    def register(self, config: pytest.Config) -> None:
        help_ = f"{self.effect} in this test, as in {self.name}({self.example})"
        fields = "fields are those of a rule, of its match and of its effect."
        config.addinivalue_line("markers", f"{self.name}(**fields): {help_}; {fields}")

    def refuse_unused(self, item: pytest.Item) -> None:
        """Refuse a marker that would do nothing."""
        if item.get_closest_marker(self.name) and self.fixture not in getattr(item, "fixturenames", ()):
            self.fail(f"It is marked {self.name}, and none of its fixtures uses {self.fixture}.")

    def rules(self, item: pytest.Item, kind: type[Rule]) -> Iterator[dict[str, Any]]:
        """Yield the rules that a test is marked with, the outermost first: each field where it belongs.

        Args:
            kind: the type of rules.
        """
        for marker in reversed([*item.iter_markers(self.name)]):
            if marker.args:
                self.fail(f"{self.name} takes fields by their names, as in status=503.")
            yield kind.document(marker.kwargs)

    def fail(self, reason: str) -> NoReturn:
        pytest.fail(reason, pytrace=False)
