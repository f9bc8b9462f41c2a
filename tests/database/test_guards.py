"""The database holds every column of what is issued, but for a short list."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import JSON, text
from sqlalchemy.exc import IntegrityError

from billing_app.models import (
    Allocation,
    AuditEntry,
    AuditSeal,
    BillableEvent,
    CreditNote,
    Invoice,
    IssuedDocument,
    LateFee,
    LedgerEntry,
    LineItem,
    Payment,
    PrintedCopy,
    Refund,
    WriteOff,
)
from billing_app.services.audit_trail import seal_entries
from tests.support.billing import a_customer, an_event, an_invoice_of_events
from tests.support.postgres import running_postgres
from tests.support.story import (
    tell_a_story,
    tell_of_a_copy,
    tell_of_late_fees,
    tell_of_losses,
)
from tests.support.world import START, make_template, open_world_at

# What is walked, each as it is once it was issued, and nothing else of the table.
ISSUED = {
    Invoice: ("state = 'issued' and published_at is null", "state = 'void'"),
    LineItem: ("invoice_id in (select id from invoice where state = 'issued')",),
    IssuedDocument: ("kind = 'invoice'", "kind = 'receipt'"),
    CreditNote: ("1 = 1",),
    Payment: ("status = 'settled' and allocated_minor + 2 < amount_minor",),
    Allocation: ("1 = 1",),
    Refund: ("1 = 1",),
    WriteOff: ("1 = 1",),
    LateFee: ("1 = 1",),
    PrintedCopy: ("1 = 1",),
    LedgerEntry: ("1 = 1",),
    AuditEntry: ("1 = 1",),
    AuditSeal: ("1 = 1",),
    BillableEvent: ("billed_at is not null and shown_at is null",),
}
# The short list: what an issued thing need not keep, and why.
MAY_CHANGE = {
    (Invoice, "portal"): "how the portal shows it is chosen at any time",
    (Invoice, "archived_at"): "lists hide it and show it again",
    (IssuedDocument, "pdf_error"): "why there is no file yet, for staff",
    (CreditNote, "pdf_error"): "why there is no file yet, for staff",
    (Payment, "refund_key"): "what Stripe is asked for comes and goes",
    (Payment, "refunding_minor"): "what Stripe is asked for comes and goes",
}
# Empty until it happens, and then for good.
ONCE = {
    (Invoice, "published_at"),
    (Invoice, "sent_at"),
    (Invoice, "first_viewed_at"),
    (IssuedDocument, "pdf_digest"),
    (IssuedDocument, "page_count"),
    (CreditNote, "pdf_digest"),
    (CreditNote, "page_count"),
    (Payment, "disputed_at"),
    (BillableEvent, "shown_at"),
}
# These happen to what customers see, and to nothing else.
SEEN = {(Invoice, "sent_at"), (Invoice, "first_viewed_at")}
IS_SEEN = ("state = 'issued' and published_at is not null", "state = 'void'")
REFUSALS = "never changes|stay|keep|only |taken back|follows from"


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def engine(request, tmp_path_factory):
    """Return a database in which everything has happened once."""
    folder = tmp_path_factory.mktemp("guards")
    if request.param == "sqlite":
        yield from _told(f"sqlite:///{folder / 'tallyport.db'}", folder)
        return
    with running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield from _told(url, folder)


def _told(url, folder):
    make_template(folder, url)
    world = open_world_at(url, folder)
    tell_a_story(world, world.northwind)
    tell_of_losses(world, world.northwind)
    tell_of_late_fees(world, world.northwind)
    tell_of_a_copy(world, world.northwind)
    event = an_event(a_customer(world, world.northwind), "W9", world.clock.now)
    an_invoice_of_events(world, world.northwind, event, is_published=False)
    world.run(world.northwind.system, seal_entries)
    yield world.runtime.engine
    world.runtime.engine.dispose()


def columns():
    return [
        (table, column.name)
        for table in ISSUED
        for column in table.__table__.columns
        if column.computed is None
    ]


def conditions(place):
    return IS_SEEN if place in SEEN else ISSUED[place[0]]


def named(place):
    return f"{place[0].__tablename__}.{place[1]}"


@pytest.mark.parametrize("place", columns(), ids=named)
@pytest.mark.feature("R29")
def test_a_column_of_what_is_issued_is_held_or_on_the_short_list(engine, place):
    table, name = place
    for condition in conditions(place):
        row_id, value = a_row(engine, table, name, condition)
        first, second = other(table, name, value), other(table, name, value, 2)

        if place in MAY_CHANGE:
            write(engine, table, row_id, {name: first})
        elif place in ONCE and not value:
            write(engine, table, row_id, {name: first})
            refuses(engine, table, row_id, {name: first}, {name: second})
            refuses(engine, table, row_id, {name: first}, {name: value})
        else:
            refuses(engine, table, row_id, {name: first})


@pytest.mark.parametrize("place", sorted(ONCE, key=named), ids=named)
def test_what_happens_once_was_seen_to_happen(engine, place):
    """Else the test above has only seen that it is held."""
    table, name = place
    seen = [a_row(engine, table, name, each)[1] for each in conditions(place)]

    assert not all(seen)


def test_the_short_list_names_columns_that_are_there():
    assert MAY_CHANGE.keys() | ONCE <= set(columns())
    assert not MAY_CHANGE.keys() & ONCE


@pytest.mark.feature("R29")
def test_a_copy_that_was_handed_out_stays(engine):
    """Else a file that somebody has would be a stranger to the page that checks it."""
    row_id, _ = a_row(engine, PrintedCopy, "id", "1 = 1")
    with engine.connect() as connection:
        one = text(f"delete from printed_copy where id = {row_id}")
        with pytest.raises(IntegrityError, match="handed out stays"):
            connection.execute(one)

    assert a_row(engine, PrintedCopy, "id", f"id = {row_id}") == (row_id, row_id)


@pytest.mark.parametrize("change", ["invoice_id = {issued}", "position = 9"])
def test_a_line_is_not_moved_to_an_issued_invoice(engine, change):
    with engine.connect() as connection:
        draft, issued = (
            connection.scalar(text(f"select min(id) from invoice where state = '{x}'"))
            for x in ("draft", "issued")
        )
        copied = ", ".join(
            x.name
            for x in LineItem.__table__.columns
            if x.name not in ("id", "invoice_id", "position")
        )
        connection.execute(
            text(
                f"insert into line_item (invoice_id, position, {copied})"
                f" select {draft}, 9, {copied} from line_item limit 1"
            )
        )
        moved = text(
            f"update line_item set {change.format(issued=issued)}"
            f" where invoice_id = {draft}"
        )
        if "issued" not in change:
            assert connection.execute(moved).rowcount == 1
            return
        with pytest.raises(IntegrityError, match="keeps its lines"):
            connection.execute(moved)


def a_row(engine, table, name, condition):
    with engine.connect() as connection:
        whole = table.__table__
        found = (
            connection.execute(
                whole.select().where(text(condition)).order_by(whole.c.id).limit(1)
            )
            .mappings()
            .one()
        )
        return found["id"], found[name]


def write(engine, table, row_id, *changes):
    """Make changes one after another, and take them all back."""
    whole = table.__table__
    with engine.connect() as connection:
        for change in changes:
            statement = whole.update().where(whole.c.id == row_id).values(change)
            assert connection.execute(statement).rowcount == 1


def refuses(engine, table, row_id, *changes):
    """Only the last of the changes is refused, by a guard of ours."""
    write(engine, table, row_id, *changes[:-1])
    with pytest.raises(IntegrityError, match=REFUSALS):
        write(engine, table, row_id, *changes)


def other(table, name, value, step=1):
    """Return what the column could hold, and does not."""
    column = table.__table__.columns[name]
    if isinstance(column.type, JSON):
        return [step]
    kind = getattr(column.type, "impl_instance", column.type).python_type
    if kind is str:
        return f"{value or ''}{'x' * step}"[-(column.type.length or 99) :]
    if kind is bool:
        return not value
    if kind is datetime:
        return (value or START) + timedelta(days=step)
    if kind is date:
        return (value or START.date()) + timedelta(days=step)
    return (value or 0) + step
