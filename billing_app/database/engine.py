"""One engine per process: SQLite made safe for money, or PostgreSQL."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

# FULL: what was answered as saved survives a power cut, not only a crash.
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "foreign_keys=ON",
    "busy_timeout=10000",
    "synchronous=FULL",
    "temp_store=MEMORY",
    "cache_size=-20000",
)
READS = "reads_only"


def open_engine(url: str, *, is_durable: bool = True) -> Engine:
    """Connect to a database by SQLAlchemy URL (`sqlite:///…` or `postgresql+psycopg://…`).

    Without `is_durable` SQLite does not wait for the disk at each commit: for data
    that can be made again.
    """
    if url.startswith("sqlite"):
        return _open_sqlite(url, is_durable)
    # A lock that is not given in five seconds is a fault to show, not to wait for.
    return create_engine(
        url,
        pool_size=8,
        max_overflow=8,
        pool_pre_ping=True,
        connect_args={"options": "-c lock_timeout=5s -c timezone=UTC"},
    )


@lru_cache(maxsize=16)
def reading(engine: Engine) -> Engine:
    """Return the same engine for work that only reads."""
    return engine.execution_options(**{READS: True})


def _open_sqlite(url: str, is_durable: bool) -> Engine:
    engine = create_engine(
        url,
        pool_size=8,
        max_overflow=24,
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        if not is_durable:
            cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once: a deferred one would fail half-way
        # with "database is locked", and read balances that are already stale.
        is_reader = connection.get_execution_options().get(READS, False)
        connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")

    return engine
