"""The credentials of S3 that ``--s3-credential`` adds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

_CREDENTIAL: Final = re.compile(r"(\w{3,128}):([!-9;-~]{1,256})", re.ASCII)


def credentials_of(given: Iterable[str]) -> dict[str, str]:
    """Return secret keys by access key.

    Raises:
        typer.BadParameter: one of them is none; it is not repeated, since it may be a secret.
    """
    credentials: dict[str, str] = {}
    for place, text in enumerate(given, start=1):
        match = _CREDENTIAL.fullmatch(text)
        if match is None:
            raise typer.BadParameter(
                f"Number {place} is not ACCESS_KEY:SECRET_KEY, with 3 to 128 letters, digits or underscores "
                "before the colon and 1 to 256 printable characters of ASCII, but no colon, behind it.",
                param_hint="--s3-credential",
            )
        credentials[match[1]] = match[2]
    return credentials
