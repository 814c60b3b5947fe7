"""Column types that keep the same values on SQLite and on PostgreSQL."""

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

_UNSTORABLE = re.compile("[\\\\\0\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(?:u([0-9a-f]{4})|.)", re.DOTALL)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware datetime, to the microsecond; comes back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """Turn the datetime to UTC; SQLite keeps no offset, so the text there is UTC's."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("A datetime without a time zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's signature
        return None if value is None else value.replace(tzinfo=UTC)


class LosslessText(TypeDecorator[str]):
    r"""Any Python string, even with U+0000 (which PostgreSQL refuses) or lone surrogates (not in UTF-8).

    Those are written ``\u0000``, ``\ud800`` ..., and a backslash as two; every other string is stored as it
    is. Equal strings are stored equally, so ``=``, ``IN`` and unique indexes hold.
    """

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """Escape what a database cannot hold."""
        return None if value is None else _UNSTORABLE.sub(_escape, value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """Undo the escapes."""
        if value is None or "\\" not in value:
            return value
        return _ESCAPED.sub(_unescape, value)


def required(kind: TypeEngine[Any] | type[TypeEngine[Any]], *names: str) -> list[Column[Any]]:
    """Return columns of one type that have a value in every row."""
    return [Column(name, kind, nullable=False) for name in names]


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return r"\\" if character == "\\" else f"\\u{ord(character):04x}"


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else "\\"
