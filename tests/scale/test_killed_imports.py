"""An import that is killed leaves nothing half done, and goes through once after it."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import func, select

from billing_app.database import transfer
from billing_app.database.audit_chain import check_chains
from billing_app.database.authentication import list_system_actors
from billing_app.database.verify import find_broken
from billing_app.domain.errors import Conflict
from billing_app.models import Invoice, Payment
from billing_app.workflows.workspace_export import write_export
from tests.documents.test_e_invoice_reader import CASES, WRITERS
from tests.support.bringing_in import Kind, Moment, bring_in, kill_at
from tests.support.story import tell_a_story
from tests.support.world import World, open_world

INVOICE_COUNT = 520


def a_table() -> bytes:
    """More invoices than are written at once, each with two lines."""
    head = "Invoice number,Customer,Date,Description,Quantity,Unit price\n"
    rows = (
        f"OLD-{n},Customer {n % 40},2026-01-31,Work,2,10.50\n,,,Travel,1,4.00\n"
        for n in range(INVOICE_COUNT)
    )
    return (head + "".join(rows)).encode()


@pytest.fixture(scope="module")
def export(world_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("told")
    world = open_world(world_template, folder)
    tell_a_story(world, world.northwind)
    target = folder / "left.zip"
    write_export(world.runtime, world.northwind.owner, target, lambda done, of: None)
    world.runtime.engine.dispose()
    return target


@pytest.fixture
def file(kind: Kind, export: Path, tmp_path: Path) -> Path:
    if kind is Kind.EXPORT:
        return export
    path = tmp_path / "file"
    is_table = kind is Kind.TABLE
    path.write_bytes(a_table() if is_table else WRITERS["ubl"](CASES["rates"]()))
    return path


def standing(world: World) -> list[Any]:
    """Return what there is of each workspace: rows of each table, and the sums."""
    found: list[Any] = []
    for actor in list_system_actors(world.runtime.engine, "test"):
        with world.reading(actor) as uow:
            found += [
                transfer.count_rows(uow, carried.table)
                for carried in (*transfer.CARRIED, transfer.TRAIL)
            ]
            for amount in (Invoice.total_minor, Payment.amount_minor):
                found.append(uow.one(select(func.coalesce(func.sum(amount), 0))))
    return found


def is_sound(world: World) -> None:
    assert find_broken(world.runtime.engine, world.clock.now) == []
    assert {x.break_ for x in check_chains(world.runtime.engine)} == {""}


@pytest.mark.parametrize("kind", Kind)
def test_what_was_killed_did_not_begin(anywhere: World, kind: Kind, file: Path):
    before = standing(anywhere)

    for moment in (Moment.FIRST_WRITE, Moment.TENTH_WRITE, Moment.BEFORE_COMMIT):
        if (kind, moment) == (Kind.E_INVOICE, Moment.TENTH_WRITE):
            continue
        assert kill_at(anywhere, kind, file, moment) == -signal.SIGKILL
        assert standing(anywhere) == before, moment
    is_sound(anywhere)

    bring_in(anywhere, kind, file)

    assert standing(anywhere) != before
    is_sound(anywhere)


@pytest.mark.parametrize("kind", Kind)
def test_what_was_committed_is_there_once_however_often_it_is_tried(
    anywhere: World, kind: Kind, file: Path
):
    before = standing(anywhere)
    assert kill_at(anywhere, kind, file, Moment.AFTER_COMMIT) == -signal.SIGKILL
    after = standing(anywhere)
    assert after != before
    is_sound(anywhere)

    if kind is Kind.EXPORT:
        with pytest.raises(Conflict, match="was read in here already"):
            bring_in(anywhere, kind, file)
    elif kind is Kind.TABLE:
        report = bring_in(anywhere, kind, file)
        assert (report.new, report.known) == (0, INVOICE_COUNT)
    else:
        assert (
            "was made of this file already" in bring_in(anywhere, kind, file).sentence
        )

    assert standing(anywhere) == after
    is_sound(anywhere)
