"""How the distribution is installed: the one place that a release changes."""

from __future__ import annotations

from typing import Final

DISTRIBUTION: Final = "scanner-api"
SOURCE: Final = "./scanner-api"
"""What CI files give to pip: a clone in the working directory; the name once a package index has it."""
INSTALL: Final = "in a clone of the repository, run: pip install -c constraints.txt '.[{extras}]'"
"""What works as long as no package index has the distribution; the name of an extra, or several, goes in."""


def how_to_install(*extras: str) -> str:
    """Return how to install extras, as the end of a sentence."""
    return INSTALL.format(extras=",".join(extras))
