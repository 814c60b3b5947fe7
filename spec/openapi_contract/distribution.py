"""The distribution that this package comes in, and how its extras are installed."""

from __future__ import annotations

from typing import Final

DISTRIBUTION: Final = "scanner-api"
INSTALL: Final = "in a clone of the repository, run: pip install -c constraints.txt '.[{extras}]'"
"""What works as long as no package index has the distribution; the name of an extra, or several, goes in."""


def how_to_install(*extras: str) -> str:
    """Return how to install extras, as the end of a sentence."""
    return INSTALL.format(extras=",".join(extras))
