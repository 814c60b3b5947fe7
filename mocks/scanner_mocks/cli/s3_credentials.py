"""The credentials of S3 that ``--s3-credential`` adds."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

_CREDENTIAL: Final = re.compile(
    r"(\w{3,128}):(?P<rest>[!-9;-~]{1,256}(?::[!-9;-~]{1,4096}(?::(?P<expires>[!-~]+))?)?)", re.ASCII
)


def credentials_of(given: Iterable[str]) -> dict[str, str]:
    """Return what is behind the access keys, ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]``, by access key.

    Raises:
        typer.BadParameter: one of them is none; it is not repeated, since it may be a secret.
    """
    credentials: dict[str, str] = {}
    for place, text in enumerate(given, start=1):
        match = _CREDENTIAL.fullmatch(text)
        if match is None or not _is_time(match["expires"]):
            raise typer.BadParameter(
                f"Number {place} is not ACCESS_KEY:SECRET_KEY, with 3 to 128 letters, digits or underscores "
                "before the colon and 1 to 256 printable characters of ASCII, but no colon, behind it; "
                "a temporary one is that with :SESSION_TOKEN or :SESSION_TOKEN:EXPIRES behind it, such as "
                "2030-01-01T12:00:00Z.",
                param_hint="--s3-credential",
            )
        credentials[match[1]] = match["rest"]
    return credentials


def _is_time(text: str | None) -> bool:
    try:
        return text is None or datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
