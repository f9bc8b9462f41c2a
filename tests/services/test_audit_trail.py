"""What happened is sealed once, in order, by workspace; and nobody changes it after."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from billing_app.commands import verify as command
from billing_app.database.audit_chain import check_chains
from billing_app.domain.audit_chain import canonical
from billing_app.domain.errors import NotPermitted
from billing_app.models import AuditEntry, AuditSeal
from billing_app.queries.audit_trail import export_audit_trail, read_audit_trail
from billing_app.services import audit_trail
from billing_app.workflows import nightly
from tests.database.test_verify import damage
from tests.support.billing import an_invoice, pay
from tests.support.postgres import running_postgres
from tests.support.story import tell_a_story
from tests.support.world import Place, World, make_template, open_world_at

CHECK = Path(__file__).parents[2] / "docs" / "check_audit_trail.py"
AUDITED = Namespace(audit=True)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    if request.param == "sqlite":
        yield request.getfixturevalue("world")
        return
    folder = tmp_path_factory.mktemp("postgres")
    with running_postgres(tmp_path_factory.mktemp("server")) as url:
        make_template(folder, url)
        world = open_world_at(url, folder)
        yield world
        world.runtime.engine.dispose()


@pytest.fixture
def told(world: World) -> World:
    """Two workspaces in which much happened, all of it sealed."""
    tell_a_story(world, world.northwind)
    an_invoice(world, world.kestrel)
    nightly.run(world.runtime)
    return world


def entries(world: World, place: Place) -> int:
    with world.reading(place.system) as uow:
        return uow.one(select(func.count(col(AuditEntry.id))))[0]


def test_every_entry_of_a_workspace_is_sealed(told: World):
    for place, report in zip(
        (told.northwind, told.kestrel), check_chains(told.runtime.engine), strict=False
    ):
        assert report.entry_count == entries(told, place) > 0
        assert (report.unsealed, report.break_) == (0, "")
        summary = told.run(place.owner, read_audit_trail)
        assert (summary.entry_count, summary.last_seal) == (
            report.entry_count,
            report.last_seal,
        )


def test_what_happens_later_goes_on_from_the_last_seal(told: World):
    before = told.run(told.northwind.owner, export_audit_trail, 0)
    an_invoice(told, told.northwind)
    assert check_chains(told.runtime.engine)[0].unsealed > 0

    nightly.run(told.runtime)
    nightly.run(told.runtime)

    after = told.run(told.northwind.owner, export_audit_trail, 0)
    assert after[: len(before)] == before
    assert len(after) == entries(told, told.northwind)


def test_long_trails_are_sealed_in_several_turns(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(audit_trail, "BATCH", 3)
    tell_a_story(world, world.northwind)

    nightly.run(world.runtime)

    assert check_chains(world.runtime.engine)[0].unsealed == 0


def test_two_who_seal_at_once_make_one_chain(any_world: World):
    world = any_world
    an_invoice(world, world.northwind)
    gate = threading.Barrier(4)

    def seal() -> None:
        gate.wait()
        nightly.seal(world.runtime, world.northwind.workspace_id)

    threads = [threading.Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    report = check_chains(world.runtime.engine)[0]
    assert (report.entry_count, report.unsealed) == (entries(world, world.northwind), 0)
    assert report.break_ == ""


@pytest.mark.parametrize(
    "change", [update(AuditSeal).values(seal="0"), delete(AuditSeal)]
)
def test_the_database_refuses_to_change_a_seal(any_world: World, change):
    an_invoice(any_world, any_world.northwind)
    nightly.run(any_world.runtime)

    with (
        pytest.raises(IntegrityError, match="seals of the audit trail stay"),
        any_world.unit(any_world.northwind.system) as uow,
    ):
        uow.execute(change)


@pytest.mark.parametrize("role", ["viewer", "operations"])
def test_it_takes_the_permission_to_export(told: World, role: str):
    with pytest.raises(NotPermitted):
        told.run(getattr(told.northwind, role), export_audit_trail, 0)


class TestCommand:
    def run(self, monkeypatch: pytest.MonkeyPatch, file: Path) -> int:
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
        monkeypatch.setenv("DATA_DIR", str(file.parent))
        return command.run(AUDITED)

    @pytest.fixture
    def file(self, told: World, tmp_path: Path) -> Path:
        told.runtime.engine.dispose()
        source = told.runtime.engine.url.database
        assert source
        return Path(shutil.copyfile(source, tmp_path / "copy.db"))

    def test_prints_the_last_seals(self, told: World, file: Path, monkeypatch, capsys):
        assert self.run(monkeypatch, file) == 0

        printed = capsys.readouterr().out
        for report in check_chains(told.runtime.engine):
            assert report.last_seal in printed

    def test_names_the_one_row_that_was_changed(self, file: Path, monkeypatch, capsys):
        damage(
            file,
            "update audit_entry set actor_name = 'Somebody else'"
            " where event = 'invoice_voided'",
        )

        assert self.run(monkeypatch, file) == 1
        printed = capsys.readouterr().out
        assert "(invoice_voided)" in printed
        assert printed.count("INV-11") == 1


class TestScript:
    """The script in docs needs nothing of ours."""

    def check(self, file: Path, *known: str) -> tuple[int, str]:
        ran = subprocess.run(
            [sys.executable, "-I", str(CHECK), str(file), *known],
            capture_output=True,
            text=True,
            check=False,
        )
        return ran.returncode, ran.stdout

    @pytest.fixture
    def lines(self, told: World) -> list[str]:
        sealed = told.run(told.northwind.accounting, export_audit_trail, 0)
        return [canonical(asdict(each)) for each in sealed]

    def test_finds_an_export_whole(self, lines: list[str], tmp_path: Path):
        file = tmp_path / "trail.jsonl"
        file.write_text("\n".join(lines) + "\n")
        known = json.loads(lines[3])["seal"]

        assert self.check(file, known)[0] == 0
        code, says = self.check(file, "f" * 64)
        assert (code, says.startswith("Each seal fits, but")) == (1, True)

    def test_names_the_one_row_that_was_changed(self, lines: list[str], tmp_path: Path):
        sealed = json.loads(lines[4])
        sealed["record"]["actor_name"] = "Somebody else"
        lines[4] = json.dumps(sealed)
        file = tmp_path / "trail.jsonl"
        file.write_text("\n".join(lines) + "\n")

        code, says = self.check(file)

        assert (code, says.startswith("Broken at place 5: entry ")) == (1, True)

    def test_misses_a_line(self, lines: list[str], tmp_path: Path):
        file = tmp_path / "trail.jsonl"
        file.write_text("\n".join(lines[:2] + lines[3:]) + "\n")

        assert self.check(file) == (1, "Place 3 is missing.\n")


def test_two_payments_of_one_second_keep_their_order(world: World):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    for amount in ("10", "20", "30"):
        pay(world, world.northwind, invoice_id, amount)
    nightly.run(world.runtime)

    records = [
        each.record or {}
        for each in world.run(world.northwind.owner, export_audit_trail, 0)
    ]
    ids = [record["id"] for record in records]
    assert ids == sorted(ids)
