"""A small world for tests: two workspaces, members of each role, a movable clock.

    def test_something(world):
        invoice_id = world.run(world.northwind.accounting, drafts.create_draft, form)
        world.clock.advance(days=31)
        with world.reading(world.kestrel.viewer) as uow:
            ...

`run` calls a service or query as an actor; `unit` and `reading` open a transaction
to look or to prepare something. Everybody's password is `PASSWORD`; emails are
`owner@northwind.example`, `viewer@kestrel.example` and so on. The database file is
migrated and filled once a run and copied for each test.
"""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine

from billing_app.database import migrations
from billing_app.database.passwords import hash_password
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.documents.pdf import PdfRenderer
from billing_app.domain.actors import Actor, Role, StaffActor, SystemActor
from billing_app.models import Member, Person
from billing_app.runtime import Runtime, open_runtime
from billing_app.services.workspaces import (
    FOUNDER,
    NO_TAX,
    NewTax,
    NewWorkspace,
    create_workspace,
)
from billing_app.settings import read_settings

# Starting a printer takes seconds, so all worlds of a test process share one.
_PDF = PdfRenderer()
atexit.register(_PDF.close)
# By the name of its dialect.
_FIRST_ENGINES: dict[str, Engine] = {}

P = ParamSpec("P")
R = TypeVar("R")

# A Monday noon in Amsterdam, morning in New York.
START = datetime(2026, 3, 2, 11, tzinfo=UTC)
PASSWORD = "correct horse battery"

NORTHWIND = NewWorkspace(
    name="Northwind Charter",
    currency="EUR",
    zone="Europe/Amsterdam",
    email="owner@northwind.example",
    owner_name="Nora Owner",
    password_hash="",
    taxes=(NewTax("VAT 21 %", Decimal(21)), NewTax("VAT 9 %", Decimal(9)), NO_TAX),
)
KESTREL = NewWorkspace(
    name="Kestrel Plumbing",
    currency="USD",
    zone="America/New_York",
    email="owner@kestrel.example",
    owner_name="Kay Owner",
    password_hash="",
    taxes=(NewTax("Sales tax", Decimal("8.875")), NO_TAX),
)


class MovableClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **units: int) -> None:
        """Move on by `timedelta` units, like `days=3`."""
        self.now += timedelta(**units)


@dataclass(frozen=True, slots=True)
class Place:
    """One workspace and its actors."""

    workspace_id: int
    owner: StaffActor
    admin: StaffActor
    accounting: StaffActor
    operations: StaffActor
    viewer: StaffActor
    system: SystemActor

    def member(self, role: Role) -> StaffActor:
        return getattr(self, role)

    def email(self, role: Role) -> str:
        host = "northwind" if self.workspace_id == 1 else "kestrel"
        return f"{role}@{host}.example"


@dataclass(frozen=True, slots=True)
class World:
    """A runtime with two workspaces in it, and how to act there."""

    runtime: Runtime
    clock: MovableClock
    northwind: Place
    kestrel: Place

    @property
    def places(self) -> tuple[Place, Place]:
        return self.northwind, self.kestrel

    def run(
        self,
        actor: Actor,
        work: Callable[Concatenate[UnitOfWork, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        return self.runtime.run(actor, work, *args, **kwargs)

    def unit(self, actor: Actor) -> AbstractContextManager[UnitOfWork]:
        return self.runtime.unit(actor)

    def reading(self, actor: Actor) -> AbstractContextManager[UnitOfWork]:
        return self.runtime.reading(actor)


def make_template(folder: Path, database_url: str = "") -> Path:
    """Make the database every world starts from; return its file.

    With a URL, the tables and rows go into that empty database instead.
    """
    runtime = _runtime(folder, MovableClock(START), database_url)
    migrations.upgrade(runtime.engine)
    password_hash = hash_password(PASSWORD)
    for new in (NORTHWIND, KESTREL):
        _found(runtime, new, password_hash)
    # The last connection to close writes everything into the one file.
    runtime.engine.dispose()
    return folder / "tallyport.db"


def open_world(template: Path, folder: Path) -> World:
    """Copy the template into a folder and open a runtime on it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(template, folder / "tallyport.db")
    return _world(folder)


def open_world_at(database_url: str, folder: Path) -> World:
    """Open a runtime on a database that `make_template` filled."""
    return _world(folder, database_url)


def open_empty_world(folder: Path) -> World:
    """Open a runtime on tables without rows; its places do not exist yet."""
    opened = _world(folder)
    migrations.upgrade(opened.runtime.engine)
    return opened


def _world(folder: Path, database_url: str = "") -> World:
    clock = MovableClock(START)
    northwind, kestrel = (_place(workspace_id) for workspace_id in (1, 2))
    runtime = _runtime(folder, clock, database_url)
    return World(runtime, clock, northwind, kestrel)


def _runtime(folder: Path, clock: MovableClock, database_url: str = "") -> Runtime:
    environ = {
        "DATA_DIR": str(folder),
        "SECRET_KEY": "a secret for tests only " * 2,
        "DATABASE_URL": database_url,
    }
    runtime = open_runtime(read_settings(environ), clock=clock)
    _share_statements(runtime.engine)
    return replace(runtime, pdf=_PDF)


def _share_statements(engine: Engine) -> None:
    """Let an engine find what those before it made of the same statements.

    Each world has an engine of its own, and SQLAlchemy would turn every statement
    into SQL anew for each: a fifth of what the tests cost.
    """
    first = _FIRST_ENGINES.setdefault(engine.dialect.name, engine)
    engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache


def _found(runtime: Runtime, new: NewWorkspace, password_hash: str) -> None:
    owned = replace(new, password_hash=password_hash)
    founded = runtime.run(FOUNDER, create_workspace, owned)
    with runtime.unit(SystemActor(founded.workspace_id, "test")) as uow:
        for role in Role:
            if role != Role.OWNER:
                _add_member(uow, new, role, password_hash)


def _add_member(
    uow: UnitOfWork, new: NewWorkspace, role: Role, password_hash: str
) -> None:
    name, email = role.title(), new.email.replace("owner", role)
    person = uow.add(
        Person(name=name, email=email, password_hash=password_hash, created_at=uow.now)
    )
    assert person.id is not None
    uow.add(
        Member(
            person_id=person.id, name=name, email=email, role=role, created_at=uow.now
        )
    )


def _place(workspace_id: int) -> Place:
    """The template numbers its members by workspace, then in the order of roles."""
    first = 1 + (workspace_id - 1) * len(Role)
    members = {
        role.value: StaffActor(workspace_id, first + count, role)
        for count, role in enumerate(Role)
    }
    return Place(workspace_id, **members, system=SystemActor(workspace_id, "test"))
