"""What several sequences of words begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def common_beginning(sequences: Sequence[Sequence[str]]) -> list[str]:
    """Return the words that all sequences begin with; one alone has nothing in common with others."""
    common: list[str] = []
    for words in zip(*sequences, strict=False):
        if len(set(words)) > 1:
            break
        common.append(words[0])
    return common if len(sequences) > 1 else []
