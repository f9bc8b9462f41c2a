"""One engine per process: SQLite made safe for money, or PostgreSQL."""

from __future__ import annotations

import logging
import sqlite3
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import DBAPIError

from billing_app.database.names import SQLITE_NAME, unmark
from billing_app.domain.errors import BillingError, DiskFull, NotFound

log = logging.getLogger("tallyport.database")

# FULL: what was answered as saved survives a power cut, not only a crash.
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "foreign_keys=ON",
    "busy_timeout=10000",
    "synchronous=FULL",
    "temp_store=MEMORY",
    "cache_size=-20000",
    # What is read often is read without asking the kernel: docs/decisions/0055.
    "mmap_size=268435456",
)
READS = "reads_only"
ASKS = "asks_once"

# integrity_constraint_violation: what our guards raise and no constraint does.
_PG_GUARD = "23000"
# What SQLite says of a full disk; of a full quota, it only says that the file or
# the index of its log could not grow: sqlite.org/rescode.html.
_SQLITE_FULL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}
# PostgreSQL's code for it, in errcodes.txt of its sources.
_PG_DISK_FULL = "53100"
# As psycopg says that a text has a zero byte in it.
_NO_TEXT = "cannot contain NUL (0x00) bytes"


class DatabaseSilent(BillingError):
    """The database cannot be reached, or is none."""

    code = "database_silent"


def open_engine(url: str, *, is_durable: bool = True) -> Engine:
    """Connect to a database by SQLAlchemy URL (`sqlite:///…` or `postgresql+psycopg://…`).

    Without `is_durable` SQLite does not wait for the disk at each commit: for data
    that can be made again.

    What it runs raises `DiskFull` when there is no room: nothing was written then.
    """
    is_sqlite = url.startswith("sqlite")
    engine = _open_sqlite(url, is_durable) if is_sqlite else _open_postgresql(url)

    @event.listens_for(engine, "handle_error")
    def refuse_when_full(context: ExceptionContext) -> None:
        if _says_disk_full(context.original_exception):
            log.critical("disk.full where=database")
            raise DiskFull from context.original_exception

    @event.listens_for(engine, "handle_error")
    def find_nothing(context: ExceptionContext) -> None:
        # PostgreSQL keeps no such text, so nothing is named by it.
        if _NO_TEXT in str(context.original_exception):
            raise NotFound("There is nothing of that name.") from None

    return engine


def require_answer(engine: Engine) -> None:
    """Connect once, for whoever starts something.

    Raises:
        DatabaseSilent: with the driver's first line, which says why and no password.
    """
    try:
        engine.connect().close()
    except DBAPIError as refusal:
        reason = str(refusal.orig).strip().partition("\n")[0]
        raise DatabaseSilent(f"The database does not answer: {reason}") from None


@lru_cache(maxsize=16)
def reading(engine: Engine) -> Engine:
    """Return the same engine for work that only reads."""
    return engine.execution_options(**{READS: True})


@lru_cache(maxsize=16)
def asking(engine: Engine) -> Engine:
    """Return the same engine for one statement that reads: it sees one state anyway."""
    return engine.execution_options(**{ASKS: True})


def _says_disk_full(error: BaseException) -> bool:
    on_sqlite = getattr(error, "sqlite_errorcode", None) in _SQLITE_FULL
    return on_sqlite or getattr(error, "sqlstate", None) == _PG_DISK_FULL


def _open_postgresql(url: str) -> Engine:
    # As long as SQLite waits; a lock not given by then is a fault to show.
    return create_engine(
        url,
        pool_size=8,
        max_overflow=8,
        pool_pre_ping=True,
        connect_args={"options": "-c lock_timeout=10s -c timezone=UTC"},
    )


def guard_says(error: DBAPIError) -> str:
    """Return the words of the guard that refused a row, or nothing for a constraint."""
    said = error.orig
    is_guard = (
        getattr(said, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_TRIGGER"
        or getattr(said, "sqlstate", "") == _PG_GUARD
    )
    return str(said).partition("\n")[0] if is_guard else ""


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
        connection.create_function(SQLITE_NAME, 1, unmark, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once: a deferred one would fail half-way
        # with "database is locked", and read balances that are already stale.
        options = connection.get_execution_options()
        if not options.get(ASKS):
            is_reader = options.get(READS, False)
            connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")

    return engine
