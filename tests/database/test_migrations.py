"""The migrations make exactly the models' tables, there and back, on both databases."""

import itertools
from dataclasses import replace

import pytest
from sqlalchemy import (
    MetaData,
    create_engine,
    inspect,
    make_url,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel import select as select_rows

from billing_app.database import migrations
from billing_app.database.engine import open_engine
from billing_app.database.verify import find_broken
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.events import Topic
from billing_app.domain.online_payment import AttemptStatus
from billing_app.models import (
    AuditEntry,
    BillableEvent,
    CreditNote,
    Invoice,
    OutboxMessage,
)
from billing_app.services import invoices
from billing_app.services.billable_events import record_event
from billing_app.services.conversations import mark_read
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.services.drafts import cancel_draft, create_draft, duplicate
from billing_app.services.write_offs import undo_write_off, write_off
from tests.support.billing import (
    a_customer,
    all_rows,
    an_event,
    an_invoice,
    an_invoice_of_events,
    pay,
)
from tests.support.numbers import a_coded_customer, code_of, issue_for, number_by
from tests.support.postgres import running_postgres
from tests.support.quarrel import dispute
from tests.support.story import an_attempt, report, tell_a_story
from tests.support.talk import say
from tests.support.world import START, make_template, open_world_at

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def postgres_url(tmp_path_factory):
    with running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request, tmp_path):
    if request.param == "sqlite":
        yield open_engine(f"sqlite:///{tmp_path / 'test.db'}")
        return
    url = request.getfixturevalue("postgres_url")
    name = f"migrated_{next(_numbers)}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"create database {name}"))
    server.dispose()
    own = make_url(url).set(database=name).render_as_string(hide_password=False)
    engine = open_engine(own)
    yield engine
    engine.dispose()


def test_a_billed_event_is_kept_through_0004(engine, tmp_path):
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    customer_id = a_customer(world, world.northwind)
    event = an_event(customer_id, "a", world.clock.now)
    an_invoice_of_events(world, world.northwind, event)
    before = all_rows(world, world.northwind, BillableEvent)

    migrations.downgrade(engine, "0003")
    migrations.upgrade(engine)

    (after,) = all_rows(world, world.northwind, BillableEvent)
    assert after.model_dump(exclude={"line_key"}) == before[0].model_dump(
        exclude={"line_key"}
    )
    with (
        pytest.raises(IntegrityError, match="never changes"),
        world.unit(world.northwind.system) as uow,
    ):
        uow.execute(update(BillableEvent).values(rate=1))
    world.runtime.engine.dispose()


def test_issued_invoices_are_kept_through_payment_references(engine, tmp_path):
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    invoice_id = an_invoice(world, world.northwind)
    (before,) = all_rows(world, world.northwind, Invoice)

    migrations.downgrade(engine, "0006")
    migrations.upgrade(engine)

    (after,) = all_rows(world, world.northwind, Invoice)
    assert (after.id, after.payment_reference) == (invoice_id, None)
    assert after.model_dump() == before.model_dump()
    for changed in ({"number": "X"}, {"payment_reference": "X"}):
        with (
            pytest.raises(IntegrityError, match="never changes"),
            world.unit(world.northwind.system) as uow,
        ):
            uow.execute(update(Invoice).values(**changed))
    world.runtime.engine.dispose()


def live(world, place):
    """Rows in every phase that the shipped versions knew, and none credited."""
    customer_id = a_customer(world, place)
    form = DraftForm(customer_id=customer_id, lines=(LineForm(name="Charter"),))
    world.run(place.accounting, create_draft, form)
    open_, partly, overpaid, void, archived, coming = (
        an_invoice(world, place, "100.00", customer_id=customer_id) for _ in range(6)
    )
    pay(world, place, partly, "40")
    pay(world, place, overpaid, "300")
    world.run(place.accounting, invoices.void, void, "Typed twice")
    pay(world, place, archived, "100")
    world.run(place.accounting, invoices.archive, archived)
    attempt = an_attempt(world, place, coming, 10_000)
    report(world, place, attempt, AttemptStatus.PROCESSING, 10_000)
    about = dispute(world, place, open_)
    comment = say(world, place, open_)
    reply = say(world, place, open_, dispute=str(about))
    for read, which in ((comment, 0), (reply, about)):
        world.run(place.accounting, mark_read, open_, read, which)
    event = an_event(customer_id, "a", world.clock.now)
    an_invoice_of_events(world, place, event)
    world.run(place.operations, record_event, an_event(customer_id, "b", START))


def rows_of(engine):
    """Return every row of every table as it is stored, without what is new of it."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    select(table).order_by(*table.primary_key.columns)
                ).mappings()
            ]
            for table in tables.sorted_tables
            if table.name != "alembic_version"
        }


# Comes back empty or anew from an older version, which has no place for it.
LOST = {
    ("billable_event", "line_key"),
    ("number_series", "id"),
    ("portal_link", "short_digest"),
}


def alike(before, after):
    """Compare what both have a table and a column for."""
    for table in before.keys() & after.keys():
        if not before[table]:
            assert not after[table], table
            continue
        known = before[table][0].keys() & (after[table] or [{}])[0].keys()
        columns = sorted(x for x in known if (table, x) not in LOST)
        kept, found = (
            sorted(repr([row[column] for column in columns]) for row in rows[table])
            for rows in (before, after)
        )
        if table == "number_series":
            # Credit notes have their numbers from 0003 on.
            kept, found = (
                [x for x in rows if "'credit_note'" not in x] for rows in (kept, found)
            )
        assert kept == found, table


def test_what_is_there_lives_through_each_version(engine, tmp_path):
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    live(world, world.northwind)
    before = rows_of(engine)
    about_invoices = [x for x in before["thread_mark"] if x["dispute_id"] == 0]
    assert len(before["thread_mark"]) > len(about_invoices) > 0
    assert len({x["phase"] for x in before["invoice"]}) == 7
    # Where a dispute's conversation was read has no place before 0005.
    kept = before | {"thread_mark": about_invoices}

    for revision in ("0005", "0004", "0003", "0002"):
        migrations.downgrade(engine, revision)
        older = rows_of(engine)
        alike(before if revision == "0005" else kept, older)
    assert "credit_note" not in older
    migrations.upgrade(engine)

    alike(kept, rows_of(engine))
    assert find_broken(engine, START) == []
    world.runtime.engine.dispose()


def test_credit_notes_live_through_0004_and_0005(engine, tmp_path):
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    tell_a_story(world, world.northwind)
    before = rows_of(engine)
    assert len(before["credit_note"]) == 3

    migrations.downgrade(engine, "0003")
    alike(before, rows_of(engine))
    migrations.upgrade(engine)

    alike(before, rows_of(engine))
    assert find_broken(engine, world.clock.now) == []
    for changed in ({"reason": "X"}, {"shares": []}, {"total_minor": 1}):
        with (
            pytest.raises(IntegrityError, match="never changes"),
            world.unit(world.northwind.system) as uow,
        ):
            uow.execute(update(CreditNote).values(**changed))
    world.runtime.engine.dispose()


def test_up_down_and_up_again(engine):
    migrations.upgrade(engine)
    assert migrations.is_at_head(engine)
    migrations.check(engine)

    migrations.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}

    migrations.upgrade(engine)
    assert migrations.is_at_head(engine)


def test_what_is_owed_lives_through_0020(engine, tmp_path):
    """Going back forgets what was cancelled, and nothing else."""
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    live(world, world.northwind)
    source = an_invoice(world, world.northwind)
    ended = world.run(world.northwind.accounting, duplicate, source).invoice_id
    world.run(world.northwind.accounting, cancel_draft, ended, 1, "Nobody wants it")
    before = rows_of(engine)
    lost = {x["id"] for x in before["invoice"] if x["phase"] == "cancelled"}
    assert lost == {ended}

    migrations.downgrade(engine, "0016")
    assert "write_off" not in rows_of(engine)
    migrations.upgrade(engine)

    after = rows_of(engine)
    kept = [x for x in before["invoice"] if x["id"] not in lost]
    found = [x for x in after["invoice"] if x["id"] not in lost]
    alike(before | {"invoice": kept}, after | {"invoice": found})
    assert find_broken(engine, world.clock.now) == []
    with pytest.raises(IntegrityError, match="cancelled"), engine.begin() as connection:
        connection.execute(text("update invoice set cancelled_at = created_at"))
    world.runtime.engine.dispose()


def test_there_is_no_way_back_from_0020_once_something_was_written_off(
    engine, tmp_path
):
    """Not even where all of it was undone: the ledger has its postings."""
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    biller = world.northwind.accounting
    invoice_id = an_invoice(world, world.northwind)
    world.run(biller, write_off, invoice_id, "They closed for good", 10_000)
    world.run(biller, undo_write_off, invoice_id, "They came back")
    before = rows_of(engine)

    with pytest.raises(RuntimeError, match="written off"):
        migrations.downgrade(engine, "0016")

    alike(before, rows_of(engine))
    assert find_broken(engine, world.clock.now) == []
    # Its guards are still there, and it can be written off anew.
    world.run(biller, write_off, invoice_id, "They closed again", 10_000)
    world.runtime.engine.dispose()


def test_numbers_by_customer_live_through_0022_and_keep_their_code(engine, tmp_path):
    """Going back forgets the codes; coming again reads them from the numbers."""
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    place = world.northwind
    number_by(world, place, pattern="{customer}-{year}.{counter}", reset="year")
    billed = a_coded_customer(world, place, "Vermeer")
    idle = a_coded_customer(world, place, "Idle", "IDLE")
    issue_for(world, place, billed)
    before = rows_of(engine)
    with pytest.raises(RuntimeError, match="counted by customer"):
        migrations.downgrade(engine, "0024")
    alike(before, rows_of(engine))
    number_by(world, place, pattern="{year}.{counter}", reset="year")

    migrations.downgrade(engine, "0024")
    assert "number_code" not in rows_of(engine)["customer"][0]
    migrations.upgrade(engine)

    assert code_of(world, place, billed) == "VERMEER"
    assert code_of(world, place, idle) is None
    assert find_broken(engine, world.clock.now) == []
    number_by(world, place, pattern="{customer}-{year}.{counter}", reset="year")
    assert issue_for(world, place, billed) == "VERMEER-2026.2"
    change = "update customer set number_code = 'X' where id = "
    with engine.begin() as connection:
        connection.execute(text(f"{change}{idle}"))
    with pytest.raises(IntegrityError, match="stays"), engine.begin() as connection:
        connection.execute(text(f"{change}{billed}"))
    world.runtime.engine.dispose()


def test_how_each_invoice_charges_is_known_after_0027(engine, tmp_path):
    """A draft says it as typed, what is issued as printed; then none changes it."""
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    place = world.northwind
    biller = place.accounting
    whole = DraftForm(a_customer(world, place), mode="fixed", work="x", amount="5")
    part = replace(whole, mode="percent", percent="30", job_total="1000")
    an_invoice(world, place)
    for form in (whole, part):
        world.run(biller, create_draft, form)
        draft = world.run(biller, create_draft, form)
        world.run(biller, invoices.issue, draft.invoice_id, draft.version)
    before = rows_of(engine)

    migrations.downgrade(engine, "0025")
    assert "mode" not in rows_of(engine)["invoice"][0]
    migrations.upgrade(engine)

    modes = [row["mode"] for row in rows_of(engine)["invoice"]]
    assert modes == ["lines", "fixed", "fixed", "percent", "percent"]
    alike(before, rows_of(engine))
    with (
        pytest.raises(IntegrityError, match="never changes"),
        engine.begin() as connection,
    ):
        connection.execute(text("update invoice set mode = 'fixed'"))
    world.runtime.engine.dispose()


def test_what_was_mailed_before_0041_is_sent(engine, tmp_path):
    """What left for a customer says when; what never did stays unsent."""
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    place = world.northwind
    mailed, shared, settled, late, waiting, failed = (
        an_invoice(world, place, "100.00") for _ in range(6)
    )
    hidden = an_invoice(world, place, is_published=False)
    pay(world, place, settled, "100.00")
    world.clock.advance(hours=1)
    left_at = world.clock.now
    with world.unit(place.system) as uow:
        for message in uow.all(
            select_rows(OutboxMessage).where(OutboxMessage.topic == Topic.MAIL_INVOICE)
        ):
            if message.invoice_id == failed:
                message.failed_at = left_at
            elif message.invoice_id not in (waiting, shared):
                message.done_at = left_at
        uow.promise(Topic.MAIL_LINK, "share:1", shared)
        uow.promise(Topic.MAIL_INVOICE, "never", hidden)
    with world.unit(place.system) as uow:
        for message in uow.all(
            select_rows(OutboxMessage).where(
                col(OutboxMessage.invoice_id).in_((shared, hidden))
            )
        ):
            if message.topic == Topic.MAIL_LINK or message.key == "never":
                message.done_at = left_at
    world.clock.advance(hours=1)
    pay(world, place, late, "100.00")

    migrations.downgrade(engine, "0042")
    migrations.upgrade(engine)

    sent = {x.id: x.sent_at for x in all_rows(world, place, Invoice)}
    assert {x for x, at in sent.items() if at is not None} == {mailed, shared, late}
    assert {at for at in sent.values() if at is not None} == {left_at}
    assert find_broken(engine, world.clock.now) == []
    world.runtime.engine.dispose()


def test_addresses_of_old_stay_and_those_in_parts_become_text_before_0036(
    engine, tmp_path
):
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    place, other = world.northwind, world.kestrel
    whole = CustomerForm(name="A", address="12 Harbour Lane\nLondon", country="GB")
    parts = CustomerForm(name="B", address="Kade 1", postal_code="1011", town="Delft")
    for form in (whole, parts):
        world.run(place.accounting, create_customer, form)
    world.run(other.accounting, create_customer, parts)

    migrations.downgrade(engine, "0037")
    said = [row["address"] for row in rows_of(engine)["customer"]]
    migrations.upgrade(engine)

    assert said == ["12 Harbour Lane\nLondon", *["Kade 1\n1011 Delft"] * 2]
    rows = rows_of(engine)["customer"]
    assert [(row["address"], row["town"]) for row in rows] == [(x, "") for x in said]
    world.runtime.engine.dispose()


def test_what_was_printed_before_0025_is_noted_once(engine, tmp_path):
    """Each file so far, as it is that day; from then on none can be swapped."""
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    tell_a_story(world, world.northwind)
    migrations.downgrade(engine, "0021")
    with engine.begin() as connection:
        for table in ("issued_document", "credit_note"):
            connection.execute(
                text(f"update {table} set pdf_digest = content_digest where id <> 2")
            )
    before = rows_of(engine)
    printed = [
        (row["content_digest"], row["pdf_digest"])
        for row in (*before["issued_document"], *before["credit_note"])
        if row["pdf_digest"]
    ]

    for _ in range(2):
        migrations.upgrade(engine)
        entries = all_rows(world, world.northwind, AuditEntry)
        noted = [x.details for x in entries if x.event == "document_printed"]
        said = [(x["content_digest"], x["pdf_digest"]) for x in noted]
        assert sorted(said) == sorted(printed)
        assert find_broken(engine, world.clock.now) == []
        migrations.downgrade(engine, "0021")
    migrations.upgrade(engine)

    alike(before | {"audit_entry": []}, rows_of(engine) | {"audit_entry": []})
    with (
        pytest.raises(IntegrityError, match="never changes"),
        engine.begin() as connection,
    ):
        connection.execute(text("update issued_document set pdf_digest = '0'"))
    world.runtime.engine.dispose()
