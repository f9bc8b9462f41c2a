"""Every rule that a database can be asked is asked, and a broken one is named."""

import hashlib
import shutil
import sqlite3
from argparse import Namespace
from pathlib import Path

import pytest

from billing_app.commands import verify as command
from billing_app.database.engine import open_engine
from billing_app.database.invariants import INVARIANTS
from billing_app.database.migrations import guard_names
from billing_app.database.verify import SHOWN_MAX, find_broken
from billing_app.domain.document import DocumentKind
from billing_app.models import CreditNote, IssuedDocument
from billing_app.services.issued_documents import attach_pdf
from tests.support.billing import all_rows
from tests.support.story import (
    a_webhook,
    tell_a_story,
    tell_of_late_fees,
    tell_of_losses,
)
from tests.support.world import START, Place, World, open_world

# What somebody with the file in hand could do to it, and which rule that breaks.
DAMAGE = {
    "a posting changed": (
        "update ledger_entry set amount_minor = amount_minor + 1"
        " where account = 'revenue' and journal = 'issue:2'",
        {"INV-1"},
    ),
    "a posting lost": (
        "delete from ledger_entry where journal = 'payment:1' and account = 'cash'",
        {"INV-1", "INV-9"},
    ),
    "a whole journal lost": (
        "delete from ledger_entry where journal = 'payment:1'",
        {"INV-9"},
    ),
    "two currencies in one journal": (
        "update ledger_entry set currency = 'USD'"
        " where journal = 'issue:2' and account = 'revenue'",
        {"INV-1"},
    ),
    "a fraction of a cent": (
        "update invoice set processing_minor = 2000.5 where id = 2",
        {"INV-2", "INV-5"},
    ),
    "a currency that does not exist": (
        "update payment set currency = 'EUX' where status = 'held'",
        {"INV-2"},
    ),
    "a total changed": (
        "update invoice set total_minor = total_minor + 1 where id = 2",
        {"INV-3", "INV-10"},
    ),
    "a line changed": (
        "update line_item set unit_price = unit_price * 2 where invoice_id = 2",
        {"INV-3"},
    ),
    "a line lost": ("delete from line_item where invoice_id = 2", {"INV-3", "INV-7"}),
    "outstanding changed": (
        "update invoice set outstanding_minor = 1 where id = 2",
        {"INV-5"},
    ),
    "an allocation lost": (
        "delete from allocation where id = 1",
        {"INV-5", "INV-6"},
    ),
    "a write-off lost": ("delete from write_off where id = 1", {"INV-5"}),
    "a cancelled draft without its reason": (
        "update invoice set cancel_reason = '' where cancelled_at is not null",
        {"INV-7"},
    ),
    "a debit forgotten": (
        "update payment_attempt set status = 'failed' where status = 'processing'",
        {"INV-5"},
    ),
    "a payment used twice": (
        "update payment set allocated_minor = amount_minor + 1 where id = 1",
        {"INV-6", "INV-9", "INV-35"},
    ),
    "a refund lost": ("delete from refund", {"INV-6"}),
    "a void invoice without its reason": (
        "update invoice set void_reason = '' where state = 'void'",
        {"INV-7", "INV-35"},
    ),
    "a draft published": (
        "update invoice set published_at = created_at where state = 'draft'",
        {"INV-7", "INV-23", "INV-35"},
    ),
    "an invoice sent that nobody can see": (
        "update invoice set sent_at = created_at"
        " where state = 'issued' and published_at is null",
        {"INV-7"},
    ),
    "an issued invoice that was voided once": (
        "update invoice set voided_at = created_at where id = 2",
        {"INV-7"},
    ),
    "a document hidden from its customer": (
        "update issued_document set shown_at = null where invoice_id = 2",
        {"INV-7"},
    ),
    "a dispute about a void invoice": (
        "insert into dispute (workspace_id, customer_id, invoice_id, amount_minor,"
        " currency, reason, opened_by, request_key, opened_at, outcome, answer)"
        " select workspace_id, customer_id, id, 1, currency, 'x', '', 'k', created_at,"
        " '', '' from invoice where state = 'void'",
        {"INV-5", "INV-7"},
    ),
    "a try to pay that went back": (
        "update payment_attempt set status = 'failed' where status = 'succeeded'",
        {"INV-15"},
    ),
    "an issued invoice without its document": (
        "delete from issued_document where invoice_id = 2 and kind = 'invoice'",
        {"INV-7", "INV-40"},
    ),
    "a payment made larger": (
        "update payment set amount_minor = amount_minor + 100 where id = 1",
        {"INV-9"},
    ),
    "a reversed payment that counts again": (
        "update payment set status = 'settled' where status = 'reversed'",
        {"INV-9"},
    ),
    "a document rewritten": (
        "update issued_document set content = replace(content, 'Vermeer', 'Mallory')"
        " where id = 1",
        {"INV-10"},
    ),
    "a document rewritten with its digest": (
        "update issued_document set content ="
        " replace(content, '\"total_minor\":10000', '\"total_minor\":10'),"
        " content_digest = sha256(replace(content,"
        " '\"total_minor\":10000', '\"total_minor\":10'))"
        " where invoice_id = 2 and kind = 'invoice'",
        {"INV-10", "INV-40"},
    ),
    "more credited than billed": (
        "update credit_note set total_minor = 1000000, net_minor = 1000000 - tax_minor"
        " where id = 1",
        {"INV-13", "INV-35"},
    ),
    "a credit note rewritten": (
        "update credit_note set content = replace(content, 'Vermeer', 'Mallory')"
        " where id = 1",
        {"INV-13"},
    ),
    "a credit forgotten": (
        "update invoice set credited_minor = 0 where credited_minor > 0",
        {"INV-5"},
    ),
    "a credit note's number skipped": (
        "update credit_note set series_value = 99 where series_value ="
        " (select max(series_value) from credit_note)",
        {"INV-20"},
    ),
    "a credited invoice voided": (
        "update invoice set state = 'void', void_reason = 'x', voided_at = issued_at"
        " where credited_minor > 0",
        {"INV-7", "INV-13", "INV-23"},
    ),
    "a webhook nobody finished": (
        "update inbound_event set status = 'waiting', received_at = '2026-01-01'",
        {"INV-16"},
    ),
    "money nobody asked for": (
        "update payment set attempt_id = null where status = 'settled'"
        " and provider is not null",
        {"INV-15", "INV-17"},
    ),
    "cheap money for a dear invoice": (
        "update payment_attempt set amount_minor = 1 where status = 'succeeded'",
        {"INV-17"},
    ),
    "another customer's money": (
        "update allocation set customer_id = 999 where id = 1",
        {"INV-17"},
    ),
    "a number skipped": (
        "update invoice set series_value = 99 where series_value ="
        " (select max(series_value) from invoice)",
        {"INV-20"},
    ),
    "a number about to be taken twice": (
        "update number_series set next_value = 2 where code = 'invoice'",
        {"INV-20"},
    ),
    "a number of another year": (
        "update invoice set series_code = 'invoice:2019' where series_value ="
        " (select max(series_value) from invoice)",
        {"INV-20"},
    ),
    "a number of another customer": (
        "update invoice set series_code = 'i@NOBODY', series_value = 1"
        " where series_value = (select max(series_value) from invoice);"
        "insert into number_series (workspace_id, code, pattern, reset, next_value)"
        " values (1, 'i@NOBODY', '', 'never', 2)",
        {"INV-20"},
    ),
    "a customer's number of another month": (
        "update customer set number_code = 'SOME' where id = (select customer_id"
        " from invoice order by series_value desc limit 1);"
        "update invoice set series_code = 'i@SOME:2019-01', series_value = 1"
        " where series_value = (select max(series_value) from invoice);"
        "insert into number_series (workspace_id, code, pattern, reset, next_value)"
        " values (1, 'i@SOME:2019-01', '', 'never', 2)",
        {"INV-20"},
    ),
    "numbers out of order": (
        "update invoice set issued_at = '2020-01-01' where series_value = 3",
        {"INV-20"},
    ),
    "a promise kept and broken": (
        "update outbox_message set done_at = created_at, failed_at = created_at",
        {"INV-22"},
    ),
    "an act without an entry": (
        "delete from audit_entry where event = 'invoice_voided'",
        {"INV-23"},
    ),
    "a payment without an entry": (
        "delete from audit_entry where event = 'payment_recorded'",
        {"INV-23"},
    ),
    "a credit note without an entry": (
        "delete from audit_entry where event = 'credit_note_issued'",
        {"INV-23"},
    ),
    "a credit note hidden from its customer": (
        "update credit_note set shown_at = null where id = 1",
        {"INV-13"},
    ),
    "a credit note the ledger forgot": (
        "delete from ledger_entry where journal = 'credit_note:1'",
        {"INV-5", "INV-13"},
    ),
    "more happened than was charged": (
        'update billable_event set factors = \'[["30", "pallets"], ["4", "days"]]\','
        " quantity = quantity * 10, amount = amount * 10 where reference = 'W1'",
        {"INV-39"},
    ),
    "an amount that its factors do not say": (
        "update billable_event set amount = amount * 2 where reference = 'W3'",
        {"INV-39"},
    ),
    "a line that charges more than happened": (
        "update line_item set quantity = quantity * 2 where invoice_id ="
        " (select invoice_id from billable_event where reference = 'W1')",
        {"INV-3", "INV-39"},
    ),
    "an event lost": (
        "delete from billable_event where reference = 'W2'",
        {"INV-39"},
    ),
    "an event on a line there is not": (
        "update billable_event set line_position = 9 where reference = 'W1'",
        {"INV-39"},
    ),
    "an event billed on no line": (
        "update billable_event set line_position = null where reference = 'W1'",
        {"INV-39"},
    ),
    "another customer's event": (
        "update billable_event set customer_id = customer_id + 1"
        " where reference = 'W1'",
        {"INV-39"},
    ),
    "an event shown before it is billed": (
        "update billable_event set shown_at = created_at where reference = 'W3'",
        {"INV-39"},
    ),
    "a file swapped": (
        "update issued_document set pdf_digest = content_digest"
        " where kind = 'invoice' and pdf_digest <> ''",
        {"INV-40"},
    ),
    "a credit note's file swapped": (
        "update credit_note set pdf_digest = content_digest where pdf_digest <> ''",
        {"INV-40"},
    ),
    "another content with its own digest": (
        "update issued_document set content = content || ' ',"
        " content_digest = sha256(content || ' ') where kind = 'receipt'",
        {"INV-40"},
    ),
    "a printed receipt lost": (
        "delete from issued_document where kind = 'receipt' and pdf_digest <> ''",
        {"INV-40"},
    ),
    "a late fee over another amount": (
        "update late_fee set amount_minor = amount_minor + 1",
        {"INV-42"},
    ),
    "a late fee of another customer": (
        "update late_fee set customer_id = 1",
        {"INV-42"},
    ),
    "a late fee on a late fee": (
        "update late_fee set invoice_id = (select min(fee_id) from late_fee)"
        " where step = 14",
        {"INV-42"},
    ),
    "a late fee without an entry": (
        "delete from audit_entry where event = 'late_fee_charged'",
        {"INV-42"},
    ),
    "a reference to nothing": (
        "update payment_note set payment_id = 999",
        {"INV-35"},
    ),
}


@pytest.fixture(scope="module")
def story(world_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a database in which everything has happened once."""
    folder = tmp_path_factory.mktemp("story")
    world = open_world(world_template, folder)
    tell_a_story(world, world.northwind)
    tell_of_losses(world, world.northwind)
    tell_of_late_fees(world, world.northwind)
    keep_files(world, world.northwind)
    world.runtime.engine.dispose()
    return folder / "tallyport.db"


def keep_files(world: World, place: Place) -> None:
    """Have a file for each document, as if all were printed."""
    for table, kind in (
        (IssuedDocument, DocumentKind.INVOICE),
        (CreditNote, DocumentKind.CREDIT_NOTE),
    ):
        for document in all_rows(world, place, table):
            digest = world.runtime.files.put(f"%PDF {document.number}".encode(), ".pdf")
            world.run(place.system, attach_pdf, document.id, digest, kind)


def codes_of(file: Path) -> set[str]:
    engine = open_engine(f"sqlite:///{file}")
    found = find_broken(engine, START)
    engine.dispose()
    return {broken.code for broken in found}


def damage(file: Path, sql: str) -> None:
    """Change a file behind the app's back, without its guards and its checks."""
    connection = sqlite3.connect(file)
    connection.create_function(
        "sha256", 1, lambda text: hashlib.sha256(text.encode()).hexdigest()
    )
    connection.execute("PRAGMA ignore_check_constraints = ON")
    guards = connection.execute(
        "select name, sql from sqlite_master where type = 'trigger'"
    ).fetchall()
    for name, _ in guards:
        connection.execute(f"drop trigger {name}")
    changed = min(connection.execute(one).rowcount for one in sql.split(";"))
    for _, guard in guards:
        connection.execute(guard)
    connection.commit()
    connection.close()
    assert changed > 0, "the damage hit nothing"


def test_a_database_in_use_breaks_nothing(story):
    assert codes_of(story) == set()


@pytest.mark.parametrize("name", DAMAGE)
def test_names_what_was_broken(story, tmp_path, name):
    copy = tmp_path / "tallyport.db"
    shutil.copyfile(story, copy)
    sql, codes = DAMAGE[name]

    damage(copy, sql)

    assert codes_of(copy) == codes


def test_each_rule_has_been_seen_to_fail():
    seen = set().union(*(codes for _, codes in DAMAGE.values()))
    kept_by_the_schema = {"INV-14"}

    assert {x.code for x in INVARIANTS} - kept_by_the_schema <= seen


def test_no_guard_of_a_migration_is_forgotten(story):
    connection = sqlite3.connect(story)
    found = connection.execute("select name from sqlite_master where type = 'trigger'")

    assert {name for (name,) in found} == guard_names()
    connection.close()


def test_a_guard_that_was_dropped_is_missed(story, tmp_path):
    copy = tmp_path / "tallyport.db"
    shutil.copyfile(story, copy)
    connection = sqlite3.connect(copy)
    connection.execute("drop trigger payment_kept")
    connection.commit()
    connection.close()

    assert codes_of(copy) == {"INV-35"}


def test_shows_some_and_counts_the_rest(world: World):
    world.clock.advance(days=-2)
    for _ in range(SHOWN_MAX + 3):
        a_webhook(world, world.northwind, "waiting")

    found = find_broken(world.runtime.engine, START)

    assert len(found) == SHOWN_MAX + 1
    assert found[-1].says == "and 3 more"


class TestCommand:
    def run(self, monkeypatch, file: Path) -> int:
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
        monkeypatch.setenv("DATA_DIR", str(file.parent))
        return command.run(Namespace(audit=False))

    def test_says_that_everything_holds(self, story, monkeypatch, capsys):
        assert self.run(monkeypatch, story) == 0
        assert capsys.readouterr().out == "Everything holds.\n"

    def test_names_a_file_that_is_gone_or_was_changed(
        self, story, tmp_path, monkeypatch, capsys
    ):
        shutil.copytree(story.parent, tmp_path / "data")
        changed, gone = sorted((tmp_path / "data" / "files").rglob("*.pdf"))[:2]
        changed.write_bytes(b"%PDF forged")
        gone.unlink()

        assert self.run(monkeypatch, tmp_path / "data" / "tallyport.db") == 1
        told = capsys.readouterr().out.splitlines()
        assert [x.partition(" ")[0] for x in told] == ["INV-41", "INV-41"]
        assert "damaged" in "".join(told)
        assert "does not exist" in "".join(told)

    def test_prints_a_line_for_each_broken_rule(
        self, story, tmp_path, monkeypatch, capsys
    ):
        copy = tmp_path / "tallyport.db"
        shutil.copyfile(story, copy)
        damage(copy, DAMAGE["outstanding changed"][0])

        assert self.run(monkeypatch, copy) == 1
        assert "INV-5" in capsys.readouterr().out

    def test_an_empty_file_is_told_from_a_broken_one(
        self, tmp_path, monkeypatch, capsys
    ):
        file = tmp_path / "tallyport.db"
        file.touch()

        assert self.run(monkeypatch, file) == 1
        assert "migrate" in capsys.readouterr().out
