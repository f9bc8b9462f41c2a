"""A workspace leaves as one file, and is the same where that is read in."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger
from sqlmodel import SQLModel, col, select

from billing_app.cli import main
from billing_app.database import migrations, transfer
from billing_app.database.audit_chain import check_chains
from billing_app.database.authentication import list_system_actors
from billing_app.database.engine import open_engine
from billing_app.database.verify import find_broken
from billing_app.domain import events
from billing_app.domain.actors import Role, StaffActor, SystemActor
from billing_app.domain.audit_chain import canonical
from billing_app.domain.custom_fields import CustomField
from billing_app.domain.errors import (
    BillingError,
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
)
from billing_app.domain.workspace_export import files_of
from billing_app.gateways.incoming import IncomingFiles
from billing_app.models import (
    AuditEntry,
    AuditSeal,
    CreditNote,
    Customer,
    Invoice,
    IssuedDocument,
    LedgerEntry,
    LineItem,
    Member,
    OutboxMessage,
    Person,
    WorkspaceSettings,
)
from billing_app.runtime import Runtime, open_runtime
from billing_app.sandbox.demo import fill
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.services.workspaces import FOUNDER, NewWorkspace, create_workspace
from billing_app.settings import NAMES, read_settings
from billing_app.workflows import nightly
from billing_app.workflows.imports import (
    look_at_export_file,
    read_export_file,
    take_file,
)
from billing_app.workflows.workspace_export import (
    find_export,
    make_export,
    write_export,
)
from billing_app.workflows.workspace_import import (
    look_at_export,
    read_export,
    read_into_new,
)
from tests.support.bringing_in import Kind, bring_in
from tests.support.numbers import a_coded_customer, issue_for, number_by
from tests.support.postgres import running_postgres
from tests.support.story import (
    tell_a_story,
    tell_of_a_copy,
    tell_of_late_fees,
    tell_of_losses,
    tell_of_taxes,
)
from tests.support.world import World, open_world

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
OWNER = NewWorkspace(
    name="New home",
    currency="EUR",
    zone="UTC",
    email="owner@new.example",
    owner_name="Nina New",
    password_hash="",
)


def quiet(done: int, whole: int) -> None:
    assert 0 <= done <= whole


def opened(folder: Path, database_url: str = "") -> Runtime:
    settings = read_settings(
        {
            "DATA_DIR": str(folder),
            "SECRET_KEY": "a secret for tests only " * 2,
            "DATABASE_URL": database_url,
            "TALLYPORT_DEMO": "1",
            "STRIPE_API_BASE": "http://localhost:8000/sandbox/stripe",
        }
    )
    engine = open_engine(settings.database_url, is_durable=False)
    runtime = replace(open_runtime(settings, clock=lambda: NOW), engine=engine)
    migrations.upgrade(engine)
    return runtime


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """The five businesses of the demo; of each the first documents have a file."""
    runtime = opened(tmp_path_factory.mktemp("demo"))
    fill.fill(runtime)
    for actor in list_system_actors(runtime.engine, "test"):
        with runtime.unit(actor) as uow:
            for table in (IssuedDocument, CreditNote):
                for row in uow.all(select(table).order_by(col(table.id)).limit(9)):
                    content = f"%PDF-1.7 of {row.number}, {row.id}".encode()
                    row.pdf_digest = runtime.files.put(content, ".pdf")
                    uow.add(row)
    yield runtime
    runtime.engine.dispose()


@pytest.fixture(scope="module")
def exports(demo: Runtime, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("exports")
    made: list[Path] = []
    for actor in list_system_actors(demo.engine, "export"):
        target = folder / f"{actor.workspace_id}.zip"
        write_export(demo, actor, target, quiet)
        made.append(target)
    return made


def standing(runtime: Runtime, workspace_id: int) -> dict[str, Any]:
    """What has to be the same wherever a workspace lives: no ids, only facts."""
    actor = SystemActor(workspace_id, "test")
    with runtime.reading(actor) as uow:
        invoices = uow.all(select(Invoice).order_by(col(Invoice.id)))
        number_of = {x.id: x.number or f"draft {i}" for i, x in enumerate(invoices)}
        ledger: dict[tuple[str, str], int] = {}
        for entry in uow.all(select(LedgerEntry)):
            key = entry.account, entry.currency
            ledger[key] = ledger.get(key, 0) + entry.amount_minor
        return {
            "invoices": [
                (
                    *(x.number, x.state, x.phase, x.customer_name, x.currency),
                    *(x.total_minor, x.outstanding_minor, x.credited_minor),
                    *(x.issued_on, x.due_on, x.published_at, x.first_viewed_at),
                    x.custom_fields,
                )
                for x in invoices
            ],
            "lines": [
                (x.name, x.net_minor, x.custom_fields)
                for x in uow.all(select(LineItem).order_by(col(LineItem.id)))
            ],
            "documents": [
                (x.kind, x.number, number_of[x.invoice_id], x.content, x.pdf_digest)
                for x in uow.all(
                    select(IssuedDocument).order_by(col(IssuedDocument.id))
                )
            ],
            "credit notes": [
                (x.number, number_of[x.invoice_id], x.content_digest, x.amount_minor)
                for x in uow.all(select(CreditNote).order_by(col(CreditNote.id)))
            ],
            "customers": [
                (
                    *(x.name, x.address, x.postal_code, x.town, x.region, x.country),
                    *(x.registration, x.electronic_address, x.reference),
                )
                for x in uow.all(select(Customer).order_by(col(Customer.id)))
            ],
            "ledger": ledger,
            "trail": [
                (x.event, x.at, x.actor_name, number_of.get(x.invoice_id))
                for x in uow.all(select(AuditEntry).order_by(col(AuditEntry.id)))
            ],
            "counts": {
                carried.name: transfer.count_rows(uow, carried.table)
                for carried in transfer.CARRIED
            },
            "logo": uow.one(select(WorkspaceSettings)).logo_digest,
        }


def is_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    """The new home has its own owner, and its own entries around those of the trail."""
    said = before["trail"]
    assert [x for x in after["trail"] if x in said] == said
    before["counts"]["member"] += 1
    for name in before.keys() - {"trail"}:
        assert after[name] == before[name], name


class TestRoundTrip:
    def test_all_five_come_to_the_same_beside_each_other(
        self, demo: Runtime, exports: list[Path], tmp_path: Path
    ):
        home = opened(tmp_path / "home")
        homes = [read_into_new(home, path, OWNER, quiet)[1] for path in exports]

        for place, founded in enumerate(homes, 1):
            is_same(standing(demo, place), standing(home, founded.workspace_id))
        engine = open_engine(home.settings.database_url)
        assert find_broken(engine, NOW) == []
        assert {(x.break_, x.unsealed) for x in check_chains(engine)} == {("", 0)}
        engine.dispose()
        home.engine.dispose()

    def test_they_do_on_postgresql(
        self,
        demo: Runtime,
        exports: list[Path],
        tmp_path: Path,
        tmp_path_factory: pytest.TempPathFactory,
    ):
        with running_postgres(tmp_path_factory.mktemp("pg")) as url:
            home = opened(tmp_path / "home", url)
            for place, path in enumerate(exports, 1):
                wide = saying(path, "portal_visit", last_id=10**7)
                _, founded = read_into_new(home, wide, OWNER, quiet)
                wide.unlink()
                is_same(standing(demo, place), standing(home, founded.workspace_id))
            assert find_broken(home.engine, NOW) == []
            assert used_up(home) < 100
            assert {(x.break_, x.unsealed) for x in check_chains(home.engine)} == {
                ("", 0)
            }
            again = tmp_path / "again.zip"
            actor = list_system_actors(home.engine, "export")[-1]
            write_export(home, actor, again, quiet)
            home.engine.dispose()
        back = opened(tmp_path / "back")
        _, founded = read_into_new(back, again, OWNER, quiet)
        moved, first = (
            standing(back, founded.workspace_id),
            standing(demo, len(exports)),
        )
        assert moved["ledger"] == first["ledger"]
        assert moved["documents"] == first["documents"]
        back.engine.dispose()


def used_up(runtime: Runtime) -> int:
    """Return how many ids at most PostgreSQL has counted beyond the rows there are."""
    with runtime.engine.connect() as connection:
        return max(
            connection.exec_driver_sql(
                "select coalesce(pg_sequence_last_value("
                f"pg_get_serial_sequence('{carried.name}', 'id')::regclass), 0)"
                f" - coalesce(max(id), 0) from {carried.name}"
            ).scalar_one()
            for carried in (*transfer.CARRIED, transfer.TRAIL)
        )


@pytest.fixture(scope="module")
def told(world_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which Northwind has a story, and Kestrel a customer."""
    folder = tmp_path_factory.mktemp("told")
    world = open_world(world_template, folder)
    tell_a_story(world, world.northwind)
    tell_of_losses(world, world.northwind)
    tell_of_a_copy(world, world.northwind)
    tell_of_taxes(world, world.northwind)
    tell_of_late_fees(world, world.northwind)
    form = CustomerForm(name="Only of Kestrel")
    world.run(world.kestrel.owner, create_customer, form)
    world.runtime.engine.dispose()
    return folder / "tallyport.db"


@pytest.fixture
def world(told: Path, tmp_path: Path) -> Iterator[World]:
    opened_world = open_world(told, tmp_path / "data")
    yield opened_world
    opened_world.runtime.engine.dispose()


@pytest.fixture
def left(world: World, tmp_path: Path) -> Path:
    """An export of Northwind, which lives beside Kestrel."""
    target = tmp_path / "left.zip"
    write_export(world.runtime, world.northwind.owner, target, quiet)
    return target


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database."""
    with running_postgres(tmp_path_factory.mktemp("empty")) as url:
        yield url


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Runtime]:
    runtime = opened(tmp_path / "home")
    yield runtime
    runtime.engine.dispose()


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed_anew(path: Path, changes: dict[str, bytes | None]) -> Path:
    """Write an export with some files changed, added, or taken out."""
    target = path.with_name(f"changed-{path.name}")
    files: dict[str, bytes | None] = {**contents(path), **changes}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in files.items():
            if content is not None:
                written.writestr(name, content)
    return target


Change = Callable[[list[dict[str, Any]]], None]


def lying(path: Path, table: str, change: Change) -> Path:
    """Change the rows of a table, and the manifest so that it fits them."""
    files = contents(path)
    name = f"data/{table}.jsonl"
    rows = [json.loads(line) for line in files[name].splitlines()]
    change(rows)
    written = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    manifest = json.loads(files["manifest.json"])
    facts = manifest["tables"][table]
    facts["sha256"] = hashlib.sha256(written).hexdigest()
    facts["rows"] = len(rows)
    return packed_anew(
        path, {name: written, "manifest.json": json.dumps(manifest).encode()}
    )


def saying(path: Path, table: str, **facts: int) -> Path:
    """Let the manifest say something else of a table."""
    manifest = json.loads(contents(path)["manifest.json"])
    manifest["tables"][table] |= facts
    return packed_anew(path, {"manifest.json": json.dumps(manifest).encode()})


def printing(rows: list[dict[str, Any]], **said: Any) -> None:
    """Let an issued invoice say something else, with the digest that fits."""
    row = next(row for row in rows if row["kind"] == "invoice")
    content = json.loads(row["content"])
    content |= said
    row["content"] = json.dumps(content)
    row["content_digest"] = hashlib.sha256(row["content"].encode()).hexdigest()


def own_field(**said: Any) -> dict[str, Any]:
    usual = {"key": "a", "name": "Trip", "kind": "text", "value": "7"}
    return {**usual, "is_staff_only": False, **said}


def issued(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return next(row for row in rows if row["state"] == "issued")


def counting(rows: list[dict[str, Any]], code: str) -> None:
    """Say of the first number that it is the first of a counter there is not."""
    issued(rows).update(series_code=code, series_value=1)


def nothing_happened(home: Runtime) -> None:
    assert list_system_actors(home.engine, "test") == []
    stored = [x for x in (home.settings.data_dir / "files").rglob("*") if x.is_file()]
    assert stored == []


class TestSecrets:
    def test_every_table_is_carried_or_named_with_a_reason(self):
        tables = {
            mapper.class_
            for mapper in SQLModel._sa_registry.mappers  # pyright: ignore[reportPrivateUsage]
        }
        carried = {carried.table for carried in transfer.CARRIED}
        named = [*carried, *transfer.CARRIED_OTHERWISE, *transfer.LEFT_OUT]

        assert tables == set(named)
        assert len(named) == len(set(named))
        reasons = [*transfer.LEFT_OUT.values(), *transfer.CARRIED_OTHERWISE.values()]
        for table in transfer.CARRIED:
            reasons += table.left_out.values()
            assert table.left_out.keys() <= table.table.model_fields.keys()
        assert all(reasons)

    def test_every_column_that_names_a_row_is_moved(self):
        """A new one would point to a stranger's row."""
        for carried in (*transfer.CARRIED, transfer.TRAIL):
            for column in transfer.columns_of(carried.table):
                names_a_row = re.search("_(id|by)$", column.name)
                if names_a_row and isinstance(column.type, BigInteger):
                    assert column.name in transfer.NAMED_BY_COLUMN, column

    def test_every_id_among_the_details_of_an_event_is_moved(self):
        for event in vars(events).values():
            if isinstance(event, type) and issubclass(event, events.Event):
                named = {x.name for x in fields(event) if x.name.endswith("_id")}
                assert named <= transfer.NAMED_BY_COLUMN.keys(), event

    def test_no_secret_is_in_the_file(self, world: World, tmp_path: Path):
        """A canary sits in every text that is left out; none comes along."""
        planted = plant_canaries(world.runtime.settings.data_dir / "tallyport.db")
        target = tmp_path / "left.zip"

        write_export(world.runtime, world.northwind.owner, target, quiet)

        assert planted >= 30
        for name, content in contents(target).items():
            assert b"canary" not in content, name

    def test_nothing_of_the_other_workspace_is_in_the_file(
        self, world: World, left: Path
    ):
        files = contents(left)

        assert b"Northwind" in files["manifest.json"]
        assert all(b"Kestrel" not in content for content in files.values())
        assert b"Vermeer" in files["data/customer.jsonl"]

    def test_cells_are_no_formulas(self, world: World, tmp_path: Path):
        with world.unit(world.northwind.system) as uow:
            customer = uow.all(select(Customer))[0]
            customer.name = '=HYPERLINK("http://evil.example")'
            uow.add(customer)
        target = tmp_path / "left.zip"

        write_export(world.runtime, world.northwind.owner, target, quiet)

        assert b"'=HYPERLINK" in contents(target)["sheets/customers.csv"]

    def test_only_an_owner_takes_all_away_and_it_is_on_record(
        self, world: World, tmp_path: Path
    ):
        target = tmp_path / "left.zip"

        with pytest.raises(NotPermitted):
            write_export(world.runtime, world.northwind.admin, target, quiet)
        assert not target.exists()
        write_export(world.runtime, world.northwind.owner, target, quiet)

        with world.reading(world.northwind.system) as uow:
            entries = uow.all(select(AuditEntry.event, AuditEntry.actor))
        assert entries[-1] == ("workspace_exported", world.northwind.owner.label)
        assert list(tmp_path.glob("*.unfinished")) == []


def plant_canaries(database: Path) -> int:
    """Put a canary into all texts that an export leaves out; return how many."""
    planted = 0
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("pragma foreign_keys = off")
        connection.execute("drop trigger payment_attempt_kept")
        for table in transfer.LEFT_OUT:
            columns = [x for x in table.__table__.columns if x.name != "id"]
            connection.execute(f"delete from {table.__tablename__} where id = 999")
            values = [_canary(table.__tablename__, column) for column in columns]
            planted += sum(isinstance(value, str) for value in values)
            names = ", ".join(f'"{column.name}"' for column in columns)
            marks = ", ".join("?" * len(columns))
            into = f"insert into {table.__tablename__} (id, {names})"
            connection.execute(f"{into} values (999, {marks})", values)
        for carried in transfer.CARRIED:
            for name in carried.left_out:
                if name != "person_id":
                    planted += connection.execute(
                        f"update {carried.name} set {name} = 'canary-' || id"
                    ).rowcount
    return planted


def _canary(table: str, column: Any) -> str | int:
    if column.name == "workspace_id":
        return 1
    if "CHAR" in str(column.type) or "TEXT" in str(column.type):
        return f"canary-{table}-{column.name}"
    return '"canary-json"' if "JSON" in str(column.type) else 1


class TestWhatIsRefused:
    def test_a_second_time(self, home: Runtime, left: Path):
        read_into_new(home, left, OWNER, quiet)

        with pytest.raises(Conflict, match="was read in here already"):
            read_into_new(home, left, OWNER, quiet)

        assert len(list_system_actors(home.engine, "test")) == 1

    def test_a_later_export_of_a_business_that_is_here(
        self, world: World, home: Runtime, left: Path, tmp_path: Path
    ):
        read_into_new(home, left, OWNER, quiet)
        later = tmp_path / "later.zip"
        write_export(world.runtime, world.northwind.owner, later, quiet)

        with pytest.raises(BillingError, match="is here already"):
            read_into_new(home, later, OWNER, quiet)

        assert len(list_system_actors(home.engine, "test")) == 1

    def test_a_workspace_in_use_and_a_role_too_low(self, world: World, left: Path):
        before = standing(world.runtime, 2)

        with pytest.raises(Conflict, match="has customers already"):
            read_export(world.runtime, world.kestrel.owner, left, quiet)
        with pytest.raises(NotPermitted):
            read_export(world.runtime, world.kestrel.admin, left, quiet)
        with pytest.raises(NotPermitted):
            look_at_export(world.runtime, world.kestrel.accounting, left)

        assert standing(world.runtime, 2) == before

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"manifest.json": None}, "not an export"),
            ({"manifest.json": b"[]"}, "not an export"),
            ({"manifest.json": b'{"format":"tallyport-workspace"'}, "not an export"),
            (
                {"manifest.json": b'{"format":"tallyport-workspace","version":2}'},
                "another version",
            ),
            (
                {"manifest.json": b'{"format":"tallyport-workspace","version":1}'},
                "nothing sensible",
            ),
            ({"../../evil.pdf": b"%PDF-"}, "no export of Tallyport has"),
            ({"/etc/evil.pdf": b"%PDF-"}, "no export of Tallyport has"),
            ({"documents/../evil.pdf": b"%PDF-"}, "no export of Tallyport has"),
            ({"documents/evil.exe": b"MZ"}, "no export of Tallyport has"),
            ({"documents/evil.pdf": b"<html>"}, "is no PDF"),
            ({f"logos/{'a' * 64}.png": b"<svg>"}, "is no logo"),
            ({"data/customer.jsonl": None}, "missing"),
            ({"data/customer.jsonl": b"{}\n"}, "not in the order"),
            ({"data/customer.jsonl": b"[1]\n"}, "can't be read"),
            ({"data/customer.jsonl": b"NaN\n"}, "can't be read"),
            ({"data/customer.jsonl": b"[" * 100_000}, "can't be read"),
            ({"data/customer.jsonl": b""}, "was changed"),
            ({"audit-trail.jsonl": b""}, "was changed"),
        ],
    )
    def test_a_file_that_is_no_export_of_ours(
        self, home: Runtime, left: Path, changes: dict[str, bytes | None], says: str
    ):
        changed = packed_anew(left, changes)

        with pytest.raises(InvalidInput, match=says):
            read_into_new(home, changed, OWNER, quiet)

        nothing_happened(home)

    def test_what_grows_beyond_any_export(self, home: Runtime, left: Path):
        bomb = packed_anew(left, {"sheets/bomb.csv": b"0" * 300_000_000})

        with pytest.raises(InvalidInput, match="would grow"):
            read_into_new(home, bomb, OWNER, quiet)

        nothing_happened(home)

    def test_no_zip_file_at_all(self, home: Runtime, tmp_path: Path):
        for content in (b"PK", b"PK\x05\x06" + b"\xff" * 18, b"PK\x03\x04 not one"):
            path = tmp_path / "bad.zip"
            path.write_bytes(content)
            with pytest.raises(InvalidInput, match=r"not a zip file|more names"):
                read_into_new(home, path, OWNER, quiet)

        nothing_happened(home)

    @pytest.mark.parametrize(
        ("table", "change", "says"),
        [
            ("invoice", lambda rows: issued(rows).update(total_minor=1), "not add up"),
            ("invoice", lambda rows: rows[0].update(state="paid"), "no state we know"),
            ("invoice", lambda rows: rows[0].update(customer_id=999), "not in it"),
            ("invoice", lambda rows: rows[0].update(total_minor="1"), "can't be"),
            ("invoice", lambda rows: rows[0].update(total_minor=1.5), "can't be"),
            ("invoice", lambda rows: rows[0].update(issued_on="soon"), "can't be"),
            ("invoice", lambda rows: rows[-1].update(id=2**60), "can't be"),
            ("invoice", lambda rows: rows[0].update(workspace_id=2), "does not know"),
            ("invoice", lambda rows: rows[0].update(evil="x"), "does not know"),
            ("invoice", lambda rows: rows.reverse(), "not in the order"),
            ("invoice", lambda rows: rows[0].update(custom_fields=[1]), "can't be"),
            (
                "invoice",
                lambda rows: rows[0].update(custom_fields=[own_field(value=None)]),
                "can't be",
            ),
            (
                "invoice",
                lambda rows: rows[0].update(
                    custom_fields=[own_field(kind="number", value="1e999999")]
                ),
                "can't be",
            ),
            (
                "invoice",
                lambda rows: rows[0].update(
                    custom_fields=[own_field(kind="date", value="soon")]
                ),
                "can't be",
            ),
            (
                "issued_document",
                lambda rows: printing(
                    rows, fields=[{"name": "Trip", "value": "x", "kind": "number"}]
                ),
                "can't be",
            ),
            (
                "issued_document",
                lambda rows: printing(rows, branding={"accent": "red;}"}),
                "can't be",
            ),
            (
                "issued_document",
                lambda rows: printing(rows, language="de" * 6),
                "can't be",
            ),
            (
                "customer",
                lambda rows: rows[0].update(portal={"x": [[]] * 150_000}),
                "too long",
            ),
            ("customer", lambda rows: rows[0].update(name="a" * 201), "can't be"),
            ("customer", lambda rows: rows[0].update(name="a\0b"), "can't be"),
            ("customer", lambda rows: rows[0].update(name=None), "can't be"),
            ("customer", lambda rows: rows[0].update(portal={"payment": "x"}), "can't"),
            ("line_item", lambda rows: rows.pop(), "a customer and lines is issued"),
            ("line_item", lambda rows: rows[0].update(taxes=[1]), "can't be"),
            ("line_item", lambda rows: rows[0].update(quantity="NaN"), "can't be"),
            ("line_item", lambda rows: rows[0].update(quantity="1e99"), "can't be"),
            ("ledger_entry", lambda rows: rows.pop(), "does not add up"),
            ("issued_document", lambda rows: rows.pop(0), "does not add up"),
            (
                "issued_document",
                lambda rows: rows[0].update(content=rows[0]["content"] + " "),
                "not what was issued",
            ),
            (
                "issued_document",
                lambda rows: rows[0].update(pdf_digest="a" * 64),
                "missing in the export",
            ),
            ("workspace_settings", lambda rows: rows[0].update(look="x"), "can't be"),
            (
                "workspace_settings",
                lambda rows: rows[0].update(accent="red;}"),
                "colour",
            ),
            (
                "workspace_settings",
                lambda rows: rows[0].update(logo_digest="a" * 64),
                "logo",
            ),
            (
                "workspace_settings",
                lambda rows: rows[0].update(bank_by_currency={"USD": {"iban": 1}}),
                "can't be",
            ),
            (
                "workspace_settings",
                lambda rows: rows[0].update(cash_rounding={"CHF": -5}),
                "below zero",
            ),
            (
                "workspace_settings",
                lambda rows: rows[0].update(cash_rounding={"CHF": "5"}),
                "whole number",
            ),
            ("workspace_settings", lambda rows: rows.clear(), "lacks the settings"),
            ("number_series", lambda rows: rows.pop(), "lacks the settings"),
            ("customer", lambda rows: rows[0].update(number_code="a b"), "up to 8"),
            (
                "customer",
                lambda rows: rows[0].update(electronic_address="1234:5"),
                "no number of a register",
            ),
            ("invoice", lambda rows: counting(rows, "i@OTHER"), "i@OTHER"),
            ("number_series", lambda rows: rows[0].update(next_value=1), "add up"),
        ],
    )
    def test_rows_that_lie(
        self, home: Runtime, left: Path, table: str, change: Change, says: str
    ):
        with pytest.raises(InvalidInput, match=says):
            read_into_new(home, lying(left, table, change), OWNER, quiet)

        nothing_happened(home)

    @pytest.mark.parametrize(
        ("table", "change", "says"),
        [
            (
                "invoice",
                lambda rows: issued(rows).update(published_at=None),
                r"issued document 1 \(INV-00001\) can't be .*only the documents of a",
            ),
            (
                "allocation",
                lambda rows: rows[1].update(amount_minor=10**9),
                r"allocation 2 can't be as the export has it \(only what is left",
            ),
            (
                "payment",
                lambda rows: rows[2].update(amount_minor=-5),
                r"contradict each other at payment 3\.",
            ),
            (
                "invoice",
                lambda rows: issued(rows).update(issued_on=None),
                r"contradict each other at invoice 2 \(INV-00001\)\.",
            ),
        ],
    )
    @pytest.mark.parametrize("database", ["sqlite", "postgresql"])
    def test_a_row_that_a_guard_of_today_refuses_is_named(
        self,
        left: Path,
        tmp_path: Path,
        postgres: str,
        database: str,
        table: str,
        change: Change,
        says: str,
    ):
        """As an earlier version may have kept it; its id is that of the export."""
        url = postgres if database == "postgresql" else ""
        home = opened(tmp_path / "home", url)
        broken = lying(left, table, change)

        with pytest.raises(InvalidInput, match=says):
            read_into_new(home, broken, OWNER, quiet)

        nothing_happened(home)
        home.engine.dispose()

    def test_few_long_rows_are_in_memory_at_a_time(self, home: Runtime, left: Path):
        def grow(rows: list[dict[str, Any]]) -> None:
            rows += [
                {
                    **rows[0],
                    "id": rows[-1]["id"] + place,
                    "address": "a" * 4_000_000,
                }
                for place in range(1, 12)
            ]
            rows[-1]["evil"] = "x"

        grown = lying(left, "customer", grow)
        facts = json.loads(contents(grown)["manifest.json"])["tables"]["customer"]
        grown = saying(grown, "customer", last_id=facts["last_id"] + 11)

        tracemalloc.start()
        with pytest.raises(InvalidInput, match="does not know"):
            read_into_new(home, grown, OWNER, quiet)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert peak < 35_000_000
        nothing_happened(home)

    def test_a_table_larger_than_its_rows(self, home: Runtime, left: Path):
        grown = packed_anew(left, {"data/customer.jsonl": b" " * 60_000_000})

        with pytest.raises(InvalidInput, match="larger than its rows"):
            read_into_new(home, grown, OWNER, quiet)

        nothing_happened(home)

    def test_more_rows_than_the_manifest_says(self, home: Runtime, left: Path):
        with pytest.raises(InvalidInput, match="more rows than the export says"):
            read_into_new(home, saying(left, "customer", rows=1), OWNER, quiet)

        nothing_happened(home)

    def test_ids_that_would_use_up_those_of_others(self, home: Runtime, left: Path):
        far = saying(left, "ledger_entry", last_id=10**12)

        with pytest.raises(InvalidInput, match="too far apart"):
            read_into_new(home, far, OWNER, quiet)

        nothing_happened(home)

    def test_a_document_that_grows(self, home: Runtime, left: Path):
        bloated = {"documents/bloated.pdf": b"%PDF-" + b"0" * 1_000_000}

        with pytest.raises(InvalidInput, match="would grow"):
            read_into_new(home, packed_anew(left, bloated), OWNER, quiet)

        nothing_happened(home)

    def test_more_than_the_page_takes(self, home: Runtime, left: Path):
        """The size is in the sentence, and what to do instead."""
        runtime = home
        founded = runtime.run(FOUNDER, create_workspace, OWNER)
        owner = StaffActor(founded.workspace_id, founded.member_id, Role.OWNER)
        large = saying(left, "ledger_entry", rows=20_000)
        with large.open("rb") as file:
            key = take_file(runtime, owner, file)

        with pytest.raises(InvalidInput, match=r"20,000 rows.*tallyport import FILE"):
            look_at_export_file(runtime, owner, key)
        with pytest.raises(InvalidInput, match=r"20,000 rows.*tallyport import FILE"):
            read_export_file(runtime, owner, key, quiet)

    def test_a_document_that_was_changed(
        self, demo: Runtime, exports: list[Path], home: Runtime
    ):
        name = next(x for x in contents(exports[0]) if x.startswith("documents/"))
        forged = packed_anew(exports[0], {name: b"%PDF-1.7 pay to another account"})

        with pytest.raises(InvalidInput, match="missing in the export, or was changed"):
            read_into_new(home, forged, OWNER, quiet)

        nothing_happened(home)

    def test_an_audit_trail_that_was_changed(self, home: Runtime, left: Path):
        """Also by somebody who makes the manifest fit."""
        files = contents(left)
        lines = files["audit-trail.jsonl"].splitlines()
        entry = json.loads(lines[3])
        entry["record"]["actor_name"] = "Somebody else"
        lines[3] = canonical(entry).encode()
        trail = b"\n".join(lines) + b"\n"
        manifest = json.loads(files["manifest.json"])
        manifest["tables"]["audit_entry"]["sha256"] = hashlib.sha256(trail).hexdigest()
        said = json.dumps(manifest).encode()
        forged = packed_anew(left, {"audit-trail.jsonl": trail, "manifest.json": said})

        with pytest.raises(InvalidInput, match="at place 4 is not what was sealed"):
            read_into_new(home, forged, OWNER, quiet)

        nothing_happened(home)


class TestWhatIsRead:
    def test_what_a_csv_file_brought_with_its_own_fields(
        self, world: World, home: Runtime, tmp_path: Path
    ):
        place, file, target = world.northwind, tmp_path / "old.csv", tmp_path / "z.zip"
        with world.unit(place.system) as uow:
            uow.one(select(WorkspaceSettings)).custom_fields = [
                asdict(CustomField("n1", "Site")),
                asdict(CustomField("n2", "Serial number", place="line")),
            ]
        file.write_text(
            "Invoice number,Customer,Date,Description,Unit price,Site,Serial number\n"
            "OLD-7,Halden,2026-01-31,Pump,1450.00,Harbour,P-1\n"
        )
        bring_in(world, Kind.TABLE, file)
        write_export(world.runtime, place.owner, target, quiet)

        _, founded = read_into_new(home, target, OWNER, quiet)

        before = standing(world.runtime, place.system.workspace_id)
        is_same(before, standing(home, founded.workspace_id))
        assert [x["value"] for x in before["invoices"][-1][-1]] == ["Harbour"]
        assert [x["value"] for x in before["lines"][-1][-1]] == ["P-1"]

    def test_ids_from_a_large_installation(self, home: Runtime, left: Path):
        far = 10**15

        def move(rows: list[dict[str, Any]]) -> None:
            for row in rows:
                row["id"] += far

        facts = json.loads(contents(left)["manifest.json"])["tables"]["ledger_entry"]
        span = {name: facts[name] + far for name in ("first_id", "last_id")}
        moved = saying(lying(left, "ledger_entry", move), "ledger_entry", **span)

        _, founded = read_into_new(home, moved, OWNER, quiet)

        with home.reading(SystemActor(founded.workspace_id, "test")) as uow:
            ids = uow.all(select(LedgerEntry.id))
        assert 0 < max(ids) <= facts["last_id"]

    def test_the_files_that_rows_name_and_no_other(
        self, demo: Runtime, exports: list[Path], home: Runtime
    ):
        stray = packed_anew(exports[0], {"documents/stray.pdf": b"%PDF-1.7 stray"})

        read_into_new(home, stray, OWNER, quiet)

        kept = {
            hashlib.sha256(content).hexdigest()
            for name, content in contents(exports[0]).items()
            if name.startswith(("documents/", "logos/"))
        }
        stored = (home.settings.data_dir / "files").rglob("*")
        assert {x.stem for x in stored if x.is_file()} == kept
        assert len(kept) >= 9

    def test_the_logo_of_an_older_document_is_named_by_it(self):
        logo, printed = "a" * 64, "b" * 64
        content = json.dumps({"logo_digest": logo}, separators=(",", ":"))

        named = files_of({"pdf_digest": printed, "content": content})

        assert named == {logo, printed}
        assert files_of({"logo_digest": logo}) == {logo}
        assert files_of({"pdf_digest": "", "logo_digest": None}) == {""}

    def test_settings_from_before_accounts_by_currency(self, home: Runtime, left: Path):
        def forget(rows: list[dict[str, Any]]) -> None:
            del rows[0]["bank_by_currency"]

        _, founded = read_into_new(
            home, lying(left, "workspace_settings", forget), OWNER, quiet
        )

        with home.reading(SystemActor(founded.workspace_id, "test")) as uow:
            assert uow.one(select(WorkspaceSettings)).bank_by_currency == {}

    def test_settings_from_before_rounding_by_currency(self, home: Runtime, left: Path):
        def forget(rows: list[dict[str, Any]]) -> None:
            del rows[0]["cash_rounding"]
            rows[0]["cash_rounding_minor"] = 0

        _, founded = read_into_new(
            home, lying(left, "workspace_settings", forget), OWNER, quiet
        )

        with home.reading(SystemActor(founded.workspace_id, "test")) as uow:
            assert uow.one(select(WorkspaceSettings)).cash_rounding == {}

    def test_counters_of_customers_and_their_codes(
        self, world: World, home: Runtime, tmp_path: Path
    ):
        place = world.northwind
        pattern = "{customer}-{year}-{counter}"
        number_by(world, place, pattern=pattern, reset="year")
        for _ in range(2):
            issue_for(world, place, a_coded_customer(world, place, "Acme"))
        target = tmp_path / "numbers.zip"
        write_export(world.runtime, place.owner, target, quiet)

        _, founded = read_into_new(home, target, OWNER, quiet)

        actor = SystemActor(founded.workspace_id, "test")
        with home.unit(actor) as uow:
            acme = uow.one(select(Customer).where(col(Customer.number_code) == "ACME"))
            on = date(2026, 3, 9)
            assert uow.take_number("invoice", on, acme.id).number == "ACME-2026-2"
            uow.add(Customer(name="X", name_key="x", created_at=uow.now))
        with zipfile.ZipFile(target) as packed:
            sheet = packed.read("sheets/customers.csv").decode("utf-8-sig")
        assert sheet.splitlines()[0].endswith(",Number code")
        assert ",ACME" in sheet

    def test_customers_from_before_number_codes(self, home: Runtime, left: Path):
        def forget(rows: list[dict[str, Any]]) -> None:
            for row in rows:
                del row["number_code"]

        _, founded = read_into_new(home, lying(left, "customer", forget), OWNER, quiet)

        with home.reading(SystemActor(founded.workspace_id, "test")) as uow:
            assert set(uow.all(select(Customer.number_code))) == {None}


class TestForADay:
    def test_a_file_older_than_a_day_is_gone(self, world: World):
        runtime, owner = world.runtime, world.northwind.owner
        made = make_export(runtime, owner, quiet)
        path, name = find_export(runtime, owner, made.key)
        assert name == made.name
        age(runtime, path)

        with pytest.raises(NotFound):
            find_export(runtime, owner, made.key)

        assert not path.exists()

    def test_at_night_what_nobody_came_back_for_goes(self, world: World, left: Path):
        runtime, owner = world.runtime, world.northwind.owner
        made = make_export(runtime, owner, quiet)
        with left.open("rb") as file:
            take_file(runtime, owner, file)
        folders = [runtime.settings.data_dir / x for x in ("outgoing", "incoming")]
        left_lying = [path for folder in folders for path in folder.glob("*/*")]
        assert made.key in {path.name for path in left_lying}
        assert len(left_lying) == 2
        for path in left_lying:
            age(runtime, path)

        nightly.run(runtime)

        assert [path for path in left_lying if path.exists()] == []

    def test_another_sweep_at_the_same_time_is_no_harm(self, tmp_path: Path):
        gone = tmp_path / "1-1" / "gone"
        gone.parent.mkdir()
        gone.symlink_to(tmp_path / "not there")

        IncomingFiles(tmp_path).sweep(NOW)

        assert gone.is_symlink()


def age(runtime: Runtime, path: Path) -> None:
    """Let a file be a day and a minute old."""
    at = (runtime.now() - timedelta(days=1, minutes=1)).timestamp()
    os.utime(path, (at, at))


class TestAfterwards:
    def test_nobody_gets_in_and_nobody_is_mailed(self, home: Runtime, left: Path):
        _, founded = read_into_new(home, left, OWNER, quiet)

        with home.reading(SystemActor(founded.workspace_id, "test")) as uow:
            members = uow.all(select(Member))
            people = uow.all(select(Person))
            messages = uow.all(select(OutboxMessage))
            settings = uow.one(select(WorkspaceSettings))
        assert [x.email for x in members if x.removed_at is None] == [OWNER.email]
        assert len(members) > 1
        assert {x.email for x in people if x.password_hash} <= {OWNER.email}
        assert all(x.email.endswith(".invalid") for x in people[1:])
        assert messages == []
        assert not settings.reminders.get("is_on")
        assert settings.mail_password_encrypted == ""

    def test_a_new_chain_begins_that_names_the_end_of_the_old(
        self, home: Runtime, left: Path
    ):
        manifest, founded = read_into_new(home, left, OWNER, quiet)

        with home.reading(SystemActor(founded.workspace_id, "test")) as uow:
            entries = uow.all(select(AuditEntry).order_by(col(AuditEntry.id)))
            seals = uow.all(select(AuditSeal))
        assert entries[-1].event == "workspace_read_in"
        assert entries[-1].details["last_seal"] == manifest.last_seal
        assert len(seals) == len(entries)

    def test_an_owner_reads_one_into_an_empty_workspace(
        self, home: Runtime, left: Path
    ):
        runtime = home
        founded = runtime.run(FOUNDER, create_workspace, OWNER)
        owner = StaffActor(founded.workspace_id, founded.member_id, Role.OWNER)

        look = look_at_export(runtime, owner, left)
        read_export(runtime, owner, left, quiet)

        with runtime.reading(owner) as uow:
            assert uow.workspace.name == look.name == "Northwind Charter"
            assert uow.workspace.slug == "new-home"
            assert len(uow.all(select(Invoice))) == look.invoices > 0

    def test_the_trail_is_checked_with_nothing_of_ours(
        self, left: Path, tmp_path: Path
    ):
        trail = tmp_path / "trail.jsonl"
        trail.write_bytes(contents(left)["audit-trail.jsonl"])
        script = Path(__file__).parents[2] / "docs/check_audit_trail.py"

        ran = subprocess.run(
            [sys.executable, str(script), str(trail)], capture_output=True, text=True
        )

        assert ran.returncode == 0
        last_seal = json.loads(contents(left)["manifest.json"])["last_seal"]
        assert last_seal in ran.stdout


class TestFromTheCommandLine:
    def test_out_and_in_again(
        self,
        world: World,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ):
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        file, data = tmp_path / "out.zip", world.runtime.settings.data_dir
        told = ["export", str(file), "--data", str(data)]

        assert main(told) == 1
        assert "--workspace: kestrel-plumbing, north" in capsys.readouterr().err
        assert main([*told, "--workspace", "northwind-charter"]) == 0
        assert main([*told, "--workspace", "northwind-charter"]) == 1
        assert "exists already" in capsys.readouterr().err
        new = str(tmp_path / "new")
        assert main(["import", str(file), "--data", new]) == 0
        assert "sign in as owner-" in capsys.readouterr().out
        assert main(["import", str(file), "--data", new]) == 1
        assert "was read in here already" in capsys.readouterr().err
        assert main(["import", str(file), "--dry-run", "--data", new]) == 1
        monkeypatch.setenv("DATA_DIR", new)
        assert main(["verify", "--audit"]) == 0

    def test_killed_in_the_middle_it_leaves_nothing(self, left: Path, home: Runtime):
        """And the same command goes through afterwards."""
        script = """
import os, signal, sys
from pathlib import Path
from tests.workflows.test_workspace_transfer import OWNER, opened, read_into_new

def die(done, whole):
    if done > whole / 2:
        os.kill(os.getpid(), signal.SIGKILL)

read_into_new(opened(Path(sys.argv[1])), Path(sys.argv[2]), OWNER, die)
"""
        command = [sys.executable, "-c", script]
        command += [str(home.settings.data_dir), str(left)]

        ended = subprocess.run(command, check=False)

        assert ended.returncode == -signal.SIGKILL
        nothing_happened(home)
        _, founded = read_into_new(home, left, OWNER, quiet)
        assert founded.workspace_id == 1
