"""How distributions are installed, and where pages are: the one place that a release changes."""

from collections.abc import Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final, NamedTuple

DOCUMENTATION: Final = "docs/{page}.md"
"""Where a page is: in a clone of the repository; a release sets the URL of its site, ``https://.../{page}.html``."""


def url_of(page: str) -> str:
    """Return where a page of the documentation is, such as ``contracts#limits``."""
    name, mark, anchor = page.partition("#")
    return f"{DOCUMENTATION.format(page=name)}{mark}{anchor}"


class Distribution(NamedTuple):
    """A distribution, and what its extras bring.

    Attributes:
        name: by which it is installed, and has a version.
        folder: where it is in a clone of the repository.
        extras: the modules that an extra brings, and that what needs the extra imports.
        s3_extra: the extra that brings strict-s3, which is installed from its own folder.
    """

    name: str
    folder: str
    extras: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    s3_extra: str = "s3"

    def how_to_install(self, *extras: str) -> str:
        """Return how to install extras, as the end of a sentence; it works without a package index."""
        siblings = "./packages/strict-s3 " if self.s3_extra in extras else ""
        return (
            "in a clone of the repository, run: pip install -c constraints.txt "
            f"{siblings}'{self.folder}[{','.join(extras)}]'"
        )

    def lack_of(self, extra: str) -> str:
        """Return which modules of an extra are missing, and how to install it; empty if none is."""
        missing = ", ".join(name for name in self.extras[extra] if find_spec(name) is None)
        if not missing:
            return ""
        return f"The extra '{extra}' is not installed (missing: {missing}); {self.how_to_install(extra)}"


CONTRACT_FIRST: Final = Distribution(
    "contract-first",
    "./packages/contract-first",
    {"check": ("schemathesis",), "locales": ("faker",), "s3": ("strict_s3",)},
)
