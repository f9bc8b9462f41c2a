"""Bring a database to the shape of the models, once, whoever starts first.

Alembic is imported where it works: a server that has nothing to migrate starts
without it.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from billing_app.database import schema
from billing_app.database.schema import SCRIPTS

if TYPE_CHECKING:
    from alembic.config import Config

# Any number that nobody else uses as an advisory lock in this database.
_ADVISORY_LOCK = 7_243_911


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply every migration up to `revision`.

    On PostgreSQL an advisory lock lets several processes start at once; SQLite's
    own write lock does the same.
    """
    from alembic import command

    with engine.begin() as connection:
        _lock(connection)
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    from alembic import command

    with engine.begin() as connection:
        _lock(connection)
        command.downgrade(_config(connection), revision)


def is_at_head(engine: Engine) -> bool:
    """Say whether the database has the shape this code expects."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return (
            set(connection.execute(text(schema.VERSIONS)).scalars()) == schema.newest()
        )


def check(engine: Engine) -> None:
    """Raise when the models have columns the migrations do not make."""
    from alembic import command

    with engine.begin() as connection:
        command.check(_config(connection))


def guard_names() -> set[str]:
    """Return the triggers that the migrations leave behind."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(SCRIPTS)).walk_revisions()
    return {
        guard.name
        for script in scripts
        for guard in getattr(script.module, "GUARDS", ())
    }


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("select pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK}
        )


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    # What it finds is in what it raises; nobody reads what it prints.
    config = Config(stdout=StringIO())
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config
