"""Markers for pytest that have a server fail in a test."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest


@dataclass(frozen=True)
class FaultMarker:
    """A marker of tests in which a server fails, with the fields of a fault, of its match and of its effect.

    Attributes:
        fixture: the server; a test that does not use it may not have the marker.
        server: what fails, in a sentence.
        example: fields that a user may give.
    """

    name: str
    fixture: str
    server: str
    example: str

    def register(self, config: pytest.Config) -> None:
        help_ = f"have {self.server} fail in this test, as in {self.name}({self.example})"
        fields = "fields are those of a fault, of its match and of its effect."
        config.addinivalue_line("markers", f"{self.name}(**fields): {help_}; {fields}")

    def refuse_unused(self, item: pytest.Item) -> None:
        """Refuse a marker that would do nothing."""
        if item.get_closest_marker(self.name) and self.fixture not in getattr(item, "fixturenames", ()):
            self.fail(f"It is marked {self.name}, and none of its fixtures uses {self.fixture}.")

    def faults(self, item: pytest.Item, match: Any, effect: Any) -> Iterator[dict[str, Any]]:
        """Yield the faults that a test is marked with, the outermost first: each field where it belongs.

        Args:
            match: the struct of the fields that say where a fault is active.
            effect: the struct of those that say what it does.
        """
        for marker in reversed([*item.iter_markers(self.name)]):
            if marker.args:
                self.fail(f"{self.name} takes fields by their names, as in status=503.")
            rest = dict(marker.kwargs)
            parts = {
                part: {name: rest.pop(name) for name in kind.__struct_fields__ if name in rest}
                for part, kind in (("match", match), ("effect", effect))
            }
            yield {**parts, **rest}

    def fail(self, reason: str) -> NoReturn:
        pytest.fail(reason, pytrace=False)
