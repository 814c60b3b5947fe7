"""How the distribution is installed: the one place that a release changes."""

from importlib.util import find_spec
from typing import Final

DISTRIBUTION: Final = "scanner-api"
SOURCE: Final = "./scanner-api"
"""What CI files give to pip: a clone in the working directory; the name once a package index has it."""
INSTALL: Final = "in a clone of the repository, run: pip install -c constraints.txt '.[{extras}]'"
"""What works as long as no package index has the distribution; the name of an extra, or several, goes in."""
EXTRAS = {
    "check": ("schemathesis",),
    "locales": ("faker",),
    "mock": ("httpx", "moto", "PIL", "rstr"),
}
"""The modules that an extra of the distribution brings, and that its commands import."""


def how_to_install(*extras: str) -> str:
    """Return how to install extras, as the end of a sentence."""
    return INSTALL.format(extras=",".join(extras))


def lack_of(extra: str) -> str:
    """Return which modules of an extra are missing, and how to install it; empty if none is."""
    missing = ", ".join(name for name in EXTRAS[extra] if find_spec(name) is None)
    if not missing:
        return ""
    return f"The extra '{extra}' is not installed (missing: {missing}); {how_to_install(extra)}"
