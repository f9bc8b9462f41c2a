"""Insert many rows at once, past the session but never past the workspace.

For data that a service would write row by row and nobody has time to wait for.
The constraints and guards of the database hold here as everywhere.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, text, update
from sqlmodel import SQLModel

from billing_app.database.unit_of_work import UnitOfWork
from billing_app.models import WorkspaceOwned

# A table and the columns that change.
_Change = tuple[type[WorkspaceOwned], tuple[str, ...]]


class Bulk:
    """Collects rows of one workspace, with their ids, and writes them together."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._workspace_id = uow.actor.workspace_id
        self._connection = connection_of(uow)
        self._next_ids: dict[type[WorkspaceOwned], int] = {}
        self._rows: dict[type[WorkspaceOwned], list[dict[str, Any]]] = {}
        self._changes: dict[_Change, list[dict[str, Any]]] = {}

    def add(self, table: type[WorkspaceOwned], **values: Any) -> int:
        """Take a row to insert and return the id it will have.

        What is not given has the default of the model.
        """
        row_id = self._take_id(table)
        row = {**defaults_of(table), **values}
        row["id"], row["workspace_id"] = row_id, self._workspace_id
        self._rows.setdefault(table, []).append(row)
        return row_id

    def change(self, table: type[WorkspaceOwned], row_id: int, **values: Any) -> None:
        """Change a row after the inserts.

        Changes of the same columns are made together, in the order in which the
        first of each kind was asked for.
        """
        kind = (table, tuple(values))
        self._changes.setdefault(kind, []).append({"row_id": row_id, **values})

    def write(self) -> None:
        """Insert and change everything collected, in an order that fits."""
        by_table = {table.__table__: table for table in self._rows}  # type: ignore[attr-defined]
        for columns in SQLModel.metadata.sorted_tables:
            if (table := by_table.get(columns)) is not None:
                self._connection.execute(insert(columns), self._rows[table])
        for (table, names), changes in self._changes.items():
            columns = table.__table__  # type: ignore[attr-defined]
            statement = (
                update(columns)
                .where(columns.c.id == bindparam("row_id"))
                .values({name: bindparam(name) for name in names})
            )
            self._connection.execute(statement, changes)
        self._move_sequences()
        self._rows.clear()
        self._changes.clear()

    def _take_id(self, table: type[WorkspaceOwned]) -> int:
        if table not in self._next_ids:
            columns = table.__table__  # type: ignore[attr-defined]
            if self._is_postgresql:
                # Nobody else may take an id until these are written.
                self._connection.execute(
                    text(f"lock table {columns.name} in share row exclusive mode")
                )
            largest = self._connection.scalar(select(func.max(columns.c.id)))
            self._next_ids[table] = (largest or 0) + 1
        self._next_ids[table] += 1
        return self._next_ids[table] - 1

    def _move_sequences(self) -> None:
        """Let PostgreSQL go on counting behind the ids given here."""
        if not self._is_postgresql:
            return
        for table in self._rows:
            name = table.__table__.name  # type: ignore[attr-defined]
            self._connection.execute(
                text("select setval(pg_get_serial_sequence(:name, 'id'), :last)"),
                {"name": name, "last": self._next_ids[table] - 1},
            )

    @property
    def _is_postgresql(self) -> bool:
        return self._connection.dialect.name == "postgresql"


def connection_of(uow: UnitOfWork) -> Connection:
    return uow._session.connection()


def defaults_of(table: type[WorkspaceOwned]) -> dict[str, Any]:
    """Return what the model gives the columns that are not given."""
    known = _DEFAULTS.get(table)
    if known is None:
        columns = table.__table__.columns  # type: ignore[attr-defined]
        written = {column.name for column in columns if column.computed is None}
        known = _DEFAULTS[table] = {
            name: field.get_default(call_default_factory=True)
            for name, field in table.model_fields.items()
            if name in written and not field.is_required()
        }
    return known


_DEFAULTS: dict[type[WorkspaceOwned], dict[str, Any]] = {}
