"""Ask a database whether everything that must hold does hold."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from alembic.util import CommandError
from sqlalchemy import Engine, select, text
from sqlmodel import Session, col

from billing_app.database import migrations
from billing_app.database.engine import reading
from billing_app.database.invariants import INVARIANTS
from billing_app.gateways.errors import FileDamaged, FileMissing
from billing_app.gateways.files import FileStore
from billing_app.models import CreditNote, IssuedDocument

# Enough to see what is wrong; the rest is counted.
SHOWN_MAX = 20
_BATCH = 200
# What the connection of an embedded database has to be set to.
_PRAGMAS = {"foreign_keys": 1, "synchronous": 2, "journal_mode": "wal"}


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing that does not hold."""

    code: str
    says: str


def find_broken(engine: Engine, now: datetime) -> list[Broken]:
    """Ask everything; an empty answer is the good one.

    Reads one consistent state and stops nobody from writing.
    """
    shape = [Broken("INV-35", says) for says in _wrong_shape(engine)]
    if shape:
        # On tables of another shape the other questions make no sense.
        return shape
    found = [Broken("INV-35", says) for says in _damage(engine)]
    with Session(_still(engine)) as session:
        for invariant in INVARIANTS:
            says = list(_limited(invariant.find(session, now)))
            found += [Broken(invariant.code, line) for line in says]
    return found


def find_lost_files(engine: Engine, files: FileStore) -> list[Broken]:
    """Read the file of every printed document: it is there, byte by byte."""
    return [Broken("INV-41", says) for says in _limited(_lost_files(engine, files))]


def _lost_files(engine: Engine, files: FileStore) -> Iterator[str]:
    with Session(_still(engine)) as session:
        for table in (IssuedDocument, CreditNote):
            printed = (
                select(col(table.number), col(table.pdf_digest))
                .where(col(table.pdf_digest) != "")
                .order_by(col(table.id))
                .execution_options(yield_per=_BATCH)
            )
            for number, digest in session.execute(printed):
                try:
                    files.read(digest)
                except (FileMissing, FileDamaged) as refusal:
                    yield f"{number}, files/{digest[:2]}/{digest[2:4]}: {refusal}"


def _still(engine: Engine) -> Engine:
    """Return the engine for reading one state, whatever is written meanwhile."""
    if engine.dialect.name == "sqlite":
        return reading(engine)
    return engine.execution_options(isolation_level="REPEATABLE READ")


def _limited(sentences: Iterator[str]) -> Iterator[str]:
    yield from itertools.islice(sentences, SHOWN_MAX)
    more = sum(1 for _ in sentences)
    if more:
        yield f"and {more} more"


def _wrong_shape(engine: Engine) -> Iterator[str]:
    if not migrations.is_at_head(engine):
        yield "the database has another version than this program; run migrate"
        return
    try:
        migrations.check(reading(engine))
    except CommandError as difference:
        yield f"tables differ from the models: {difference}"


def _damage(engine: Engine) -> Iterator[str]:
    """The file, the references and the guards are whole."""
    missing = migrations.guard_names() - _triggers(engine)
    yield from (f"the guard {name} is missing" for name in sorted(missing))
    if engine.dialect.name != "sqlite":
        return
    with reading(engine).connect() as connection:
        for name, wanted in _PRAGMAS.items():
            found = connection.execute(text(f"PRAGMA {name}")).scalar_one()
            if found != wanted:
                yield f"PRAGMA {name} is {found}, not {wanted}"
        for (says,) in connection.execute(text("PRAGMA integrity_check")):
            if says != "ok":
                yield f"the file is damaged: {says}"
        for table, row_id, parent, _ in connection.execute(
            text("PRAGMA foreign_key_check")
        ):
            yield f"{table} {row_id} refers to a {parent} that does not exist"


def _triggers(engine: Engine) -> set[str]:
    where = (
        "select name from sqlite_master where type = 'trigger'"
        if engine.dialect.name == "sqlite"
        else "select tgname from pg_trigger where not tgisinternal"
    )
    with reading(engine).connect() as connection:
        return set(connection.execute(text(where)).scalars())
