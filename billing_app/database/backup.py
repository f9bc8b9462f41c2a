"""A consistent copy of the database while others write to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from billing_app.domain.errors import NotFound


def database_file(url: str) -> Path | None:
    """Return where a SQLite database lies, or None for another kind."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy the database as of one instant, without stopping anybody.

    Raises:
        NotFound: there is no database yet.
    """
    if not source.is_file():
        raise NotFound(f"There is no database at {source} yet.")
    with (
        closing(sqlite3.connect(source)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
