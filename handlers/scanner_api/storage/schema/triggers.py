"""Triggers, which count sessions as their rows change, and protect the audit log.

Sessions are counted by organization, credential and stored status. A count is exact after any change, delete
and rollback, from any process, and is read from a few rows. On PostgreSQL it is the sum of several rows, of
which a connection changes one (a single one may be negative), so that writers of one organization seldom wait
for each other.
"""

from typing import Final

from sqlalchemy import Connection

_KEY: Final = ("organization_id", "created_by", "status")
_SHARDS: Final = {"sqlite": "0", "postgresql": "mod(pg_backend_pid(), 16)"}
"""The row that a connection changes; SQLite has a single writer."""
_CHANGED: Final = " OR ".join(f"OLD.{column} <> NEW.{column}" for column in _KEY)


def _change(row: str, number: int, dialect: str) -> str:
    """Return the statement that adds a number to the count that a trigger's row, OLD or NEW, belongs to."""
    values = ", ".join(f"{row}.{column}" for column in _KEY)
    key = ", ".join([*_KEY, "shard"])
    return (
        f"INSERT INTO scan_session_counts ({key}, number) VALUES ({values}, {_SHARDS[dialect]}, {number}) "  # noqa: S608 -- of constants
        f"ON CONFLICT ({key}) DO UPDATE SET number = scan_session_counts.number + excluded.number;"
    )


def _triggers(dialect: str) -> list[str]:
    removed, added = _change("OLD", -1, dialect), _change("NEW", 1, dialect)
    changes = {
        "insert": ("INSERT ON scan_sessions", added),
        "delete": ("DELETE ON scan_sessions", removed),
        "update": (f"UPDATE OF {', '.join(_KEY)} ON scan_sessions", f"{removed} {added}"),
    }
    statements = []
    for name, (when, then) in changes.items():
        trigger = f"CREATE TRIGGER scan_sessions_count_{name} AFTER {when} FOR EACH ROW"
        if name == "update":
            trigger += f" WHEN ({_CHANGED})"
        if dialect == "postgresql":
            function = f"scan_sessions_count_{name}()"
            statements.append(
                f"CREATE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql"
                f" AS $$ BEGIN {then} RETURN NULL; END $$"
            )
            statements.append(f"{trigger} EXECUTE FUNCTION {function}")
        else:
            statements.append(f"{trigger} BEGIN {then} END")
    return statements


def create_triggers(connection: Connection) -> None:
    """Create the triggers; a migration that changes or copies their table drops and creates them."""
    for statement in _triggers(connection.dialect.name):
        connection.exec_driver_sql(statement)


_APPEND_ONLY: Final = "The audit log is append-only."
_REPLACES: Final = "WHEN EXISTS (SELECT 1 FROM audit_log WHERE number = NEW.number)"


def protect_audit_log(connection: Connection) -> None:
    """Create the triggers that refuse to change, replace, delete or truncate entries of the audit log.

    On SQLite only those that are missing: no trigger on deletions runs where an entry is replaced.
    """
    if connection.dialect.name == "sqlite":
        refusal = f"BEGIN SELECT RAISE(ABORT, '{_APPEND_ONLY}'); END"
        statements = [
            f"CREATE TRIGGER IF NOT EXISTS audit_log_{event} BEFORE {event} ON audit_log {when} {refusal}"
            for event, when in (("UPDATE", ""), ("DELETE", ""), ("INSERT", _REPLACES))
        ]
    else:
        function = "audit_log_append_only()"
        refusal = f"BEGIN RAISE EXCEPTION '{_APPEND_ONLY}' USING ERRCODE = 'restrict_violation'; END"
        events = "UPDATE OR DELETE OR TRUNCATE"
        statements = [
            f"CREATE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql AS $$ {refusal} $$",
            f"CREATE TRIGGER audit_log_append_only BEFORE {events} ON audit_log EXECUTE FUNCTION {function}",
        ]
    for statement in statements:
        connection.exec_driver_sql(statement)


def suspend_protection(connection: Connection) -> None:
    """Let the audit log be changed until :func:`protect_again`, or a rollback; of the table's owner alone."""
    if connection.dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(f"DROP TRIGGER audit_log_{event}")
    else:
        connection.exec_driver_sql("ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only")


def protect_again(connection: Connection) -> None:
    """Protect the audit log again, in the same transaction."""
    if connection.dialect.name == "sqlite":
        protect_audit_log(connection)
    else:
        connection.exec_driver_sql("ALTER TABLE audit_log ENABLE TRIGGER audit_log_append_only")
