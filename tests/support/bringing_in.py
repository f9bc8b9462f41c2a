"""A process that imports a file, and is killed by signal 9 at a moment of that."""

from __future__ import annotations

import os
import signal
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import event

from billing_app.runtime import Runtime
from billing_app.services.workspaces import NewWorkspace
from billing_app.workflows.audit_trail import seal_all
from billing_app.workflows.import_e_invoice import draft_of
from billing_app.workflows.import_tables import (
    ImportReport,
    find_choices,
    import_table,
    open_table,
)
from billing_app.workflows.workspace_import import read_into_new
from tests.support.world import World, open_world_at

HOME = NewWorkspace(
    name="New home",
    currency="EUR",
    zone="UTC",
    email="owner@new.example",
    owner_name="Nina New",
    password_hash="",
)


class Kind(StrEnum):
    """What is brought in."""

    TABLE = "table"
    E_INVOICE = "e-invoice"
    EXPORT = "export"


class Moment(StrEnum):
    """When it ends: how much was written, or how far the commit is."""

    FIRST_WRITE = "first write"
    TENTH_WRITE = "tenth write"
    BEFORE_COMMIT = "before the commit"
    AFTER_COMMIT = "after the commit"


def bring_in(world: World, kind: Kind, path: Path) -> Any:
    """Do what page and command do with a file, to the end."""
    runtime, actor = world.runtime, world.northwind.accounting
    if kind is Kind.E_INVOICE:
        done: Any = draft_of(runtime, actor, path.read_bytes())
    elif kind is Kind.EXPORT:
        done = read_into_new(runtime, path, HOME, lambda done, whole: None)
    else:
        done = _import_table(runtime, actor, path)
    seal_all(runtime)
    return done


def _import_table(runtime: Runtime, actor: Any, path: Path) -> ImportReport:
    table = open_table(path)
    return import_table(runtime, actor, table, find_choices(table))


def kill_at(world: World, kind: Kind, path: Path, moment: Moment) -> int | None:
    """Let a process of its own bring in a file and die; return how it ended."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.support.bringing_in"])
    url = world.runtime.engine.url.render_as_string(hide_password=False)
    folder = world.runtime.settings.data_dir
    arguments = (url, folder, kind, path, moment)
    process = context.Process(target=_bring_in_and_die, args=arguments, daemon=True)
    process.start()
    process.join()
    return process.exitcode


def _bring_in_and_die(
    url: str, folder: Path, kind: Kind, path: Path, moment: Moment
) -> None:
    world = open_world_at(url, folder)
    engine = world.runtime.engine
    writes, is_committed = 0, False

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(engine, "before_cursor_execute")
    def count(*said: Any) -> None:
        nonlocal writes
        if said[2].split(maxsplit=1)[0].lower() in ("insert", "update", "delete"):
            writes += 1
            if is_committed and moment is Moment.AFTER_COMMIT:
                die()
        # This one is written by then.
        if (writes, moment) in ((2, Moment.FIRST_WRITE), (11, Moment.TENTH_WRITE)):
            die()

    @event.listens_for(engine, "commit")
    def ends(connection: Any) -> None:
        nonlocal is_committed
        if writes and moment is Moment.BEFORE_COMMIT:
            die()
        is_committed = writes > 0

    bring_in(world, kind, path)
    die()
