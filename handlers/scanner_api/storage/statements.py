"""Several statements as one, which saves a round trip to PostgreSQL for each; SQLite executes them in turn.

PostgreSQL executes INSERT and UPDATE in the WITH clause of another statement, too. None of these sees what
the others write: what one needs of another comes from its RETURNING.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, FromClause, Insert, Select, Table, Update, bindparam


class Guarded:
    """A statement that is executed if an UPDATE changes the row that guards it, which it locks.

    Args:
        dialect: the name of the database's.
        guard: the UPDATE.
        row: selects the row that it may change, of the same parameters.
        then: makes the statement; it gets what the guard has changed: the row, or none.
    """

    def __init__(
        self,
        dialect: str,
        guard: Update,
        row: Select[Any],
        then: Callable[[FromClause], Insert | Update],
    ) -> None:
        self._guard = None if dialect == "postgresql" else guard
        changed = guard.returning(*row.selected_columns).cte() if self._guard is None else row.subquery()
        self._then = then(changed)

    def execute(self, connection: Connection, of_guard: Mapping[str, Any], others: Mapping[str, Any]) -> int:
        """Execute both, each with its parameters, and return how many rows the second one changed."""
        if self._guard is not None and connection.execute(self._guard, of_guard).rowcount == 0:
            return 0
        return connection.execute(self._then, {**of_guard, **others}).rowcount


def execute_together(connection: Connection, *statements: Insert | Update) -> None:
    """Execute statements that do not need one another."""
    if connection.dialect.name == "postgresql":
        *others, last = statements
        connection.execute(last.add_cte(*(statement.cte() for statement in others)))
    else:
        for statement in statements:
            connection.execute(statement)


def parameters_of(table: Table, names: Iterable[str]) -> dict[str, Any]:
    """Return a parameter for each column, by its name; statements name their other parameters otherwise."""
    return {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}


def values_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of these parameters."""
    return {f"new_{name}": value for name, value in row.items()}
