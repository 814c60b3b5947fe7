"""Values come back from a column as they were stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from scanner_api.storage.schema.column_types import LosslessText, UTCDateTime
from scanner_api.storage.schema.tables import organizations, scan_sessions

ANY_TEXT = st.text(st.characters(exclude_categories=()))
HOSTILE = [
    "",
    "\x00",
    "a\x00b",
    "\\",
    "\\u0000",
    "\\\\u0000",
    "\\0",
    "\ud83d",
    "\ud83d\ude00",
    "\U0001f600",
    "\ufffe\uffff",
    "'; DROP TABLE organizations; --",
    "%_",
    "e\u0301",
    "\u00e9",
    " \t\r\n",
]


@given(ANY_TEXT)
def test_any_text_survives_its_escapes(text):
    """What is stored of any string is UTF-8 without U+0000, and gives the string back."""
    stored = LosslessText().process_bind_param(text, None)
    assert "\x00" not in stored
    stored.encode()
    assert LosslessText().process_result_value(stored, None) == text


@given(ANY_TEXT.filter(lambda text: "\\" not in text and text.isprintable()))
def test_ordinary_text_is_stored_as_it_is(text):
    """Nothing printable but a backslash is changed, so that SQL tools show what was written."""
    assert LosslessText().process_bind_param(text, None) == text


def test_every_string_is_found_by_itself_alone(in_database):
    """Strings that look alike, or that PostgreSQL refuses, stay apart in a primary key and in a WHERE."""
    created = datetime(2026, 1, 1, tzinfo=UTC)

    async def scenario(database):
        rows = [{"id": text, "name": text, "created": created} for text in HOSTILE]
        async with database.transaction() as connection:
            await connection.execute(organizations.insert(), rows)
        async with database.snapshot() as connection:
            statements = [
                select(organizations.c.id, organizations.c.name).where(organizations.c.id == text)
                for text in HOSTILE
            ]
            return [(await connection.execute(statement)).all() for statement in statements]

    assert in_database(scenario) == [[(text, text)] for text in HOSTILE]


@pytest.mark.parametrize("value", [{"\x00": "\x00\ud800"}, {}, {"deep": [None, True, 1.5, {"é": "\\u0000"}]}])
def test_json_survives(in_database, session, value):
    """A JSON column gives back any object, U+0000 and lone surrogates in names and strings included."""

    async def scenario(database):
        async with database.transaction() as connection:
            await connection.execute(scan_sessions.insert(), {**session, "device_context": value})
            return await connection.scalar(select(scan_sessions.c.device_context))

    assert in_database(scenario) == value


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC),
        datetime(2026, 3, 14, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=-11, minutes=-30))),
        datetime(1999, 12, 31, tzinfo=timezone(timedelta(hours=14))),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_a_moment_survives(in_database, moment):
    """A moment keeps its microseconds, and comes back aware and in UTC whatever its offset was."""

    async def scenario(database):
        async with database.transaction() as connection:
            row = {"id": "later", "name": "", "created": moment}
            await connection.execute(organizations.insert(), row)
            return await connection.scalar(
                select(organizations.c.created).where(organizations.c.id == "later")
            )

    stored = in_database(scenario)
    assert stored == moment
    assert stored.tzinfo is UTC


def test_moments_are_ordered_by_time(in_database):
    """Moments sort by when they are, not by how their offsets read."""
    moments = [
        datetime(2026, 1, 1, hour, tzinfo=timezone(timedelta(hours=offset)))
        for hour, offset in [(12, 0), (12, 5), (12, -5), (11, 0)]
    ]

    async def scenario(database):
        rows = [{"id": str(number), "name": "", "created": moment} for number, moment in enumerate(moments)]
        async with database.transaction() as connection:
            await connection.execute(organizations.delete())
            await connection.execute(organizations.insert(), rows)
            found = await connection.scalars(
                select(organizations.c.created).order_by(organizations.c.created)
            )
            return list(found)

    assert in_database(scenario) == sorted(moments)


def test_a_naive_moment_is_refused():
    """A datetime without a time zone is an error, for no one can say when it is."""
    with pytest.raises(ValueError, match="without a time zone"):
        UTCDateTime().process_bind_param(datetime(2026, 1, 1), None)  # noqa: DTZ001 -- the point of the test
