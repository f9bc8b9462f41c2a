"""Every pair of states: a legal step goes through the service, no other goes at all.

An illegal one is refused by the service, or changes nothing there, and is refused to
whoever writes to the database directly. A legal one that other rows have to justify,
like paid, is refused without them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from itertools import permutations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from billing_app.database.verify import find_broken
from billing_app.domain.dispute import Outcome
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.errors import BillingError
from billing_app.domain.invoice import (
    InvoiceFacts,
    InvoiceState,
    InvoiceStatus,
    compute_status,
)
from billing_app.domain.online_payment import AttemptStatus, next_status
from billing_app.domain.payment import PaymentStatus
from billing_app.models import Dispute, Invoice, LineItem, Payment, PaymentAttempt
from billing_app.services import (
    disputes,
    drafts,
    invoices,
    online_payments,
    payments,
    settlements,
    write_offs,
)
from tests.support.billing import (
    a_customer,
    all_rows,
    an_invoice,
    pay,
    read_invoice,
    read_payment,
    visitor_of,
)
from tests.support.credit import credit
from tests.support.postgres import running_postgres
from tests.support.quarrel import OPEN, dispute, resolve
from tests.support.story import a_report, an_attempt
from tests.support.world import Place, World, make_template, open_world_at

WHY = "Typed twice"


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def world(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("steps")
    if request.param == "sqlite":
        yield from _opened(f"sqlite:///{folder / 'tallyport.db'}", folder)
        return
    with running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield from _opened(url, folder)


def _opened(url, folder):
    make_template(folder, url)
    world = open_world_at(url, folder)
    # Rows of another business, which no step may need or touch.
    pay(world, world.kestrel, an_invoice(world, world.kestrel), "40")
    yield world
    assert find_broken(world.runtime.engine, world.clock.now) == []
    world.runtime.engine.dispose()


@pytest.fixture
def place(world: World) -> Place:
    return world.northwind


def write(engine: Engine, table: str, row_id: int, change: str) -> None:
    """Change a row past the app, and take it back."""
    with engine.connect() as connection:
        statement = text(f"update {table} set {change} where id = {row_id}")
        assert connection.execute(statement).rowcount == 1


def refuses(engine: Engine, table: str, row_id: int, change: str) -> None:
    with pytest.raises(IntegrityError):
        write(engine, table, row_id, change)


def attempted(world: World, act: Callable[[], object]) -> None:
    """Do what the service may refuse."""
    with contextlib.suppress(BillingError):
        act()


# Invoices

DRAFT, DELETED, CANCELLED = "draft", "deleted", "cancelled"
ISSUED, PAID, CREDITED = "issued", "paid", "credited"
WRITTEN_OFF, VOID = "written off", "void"
LIVES = (DRAFT, DELETED, CANCELLED, ISSUED, PAID, CREDITED, WRITTEN_OFF, VOID)
LEGAL_LIVES = {
    (DRAFT, DELETED),
    (DRAFT, CANCELLED),
    (DRAFT, ISSUED),
    (DELETED, DRAFT),
    (ISSUED, PAID),
    (ISSUED, CREDITED),
    (ISSUED, WRITTEN_OFF),
    (ISSUED, VOID),
    (PAID, ISSUED),
    (PAID, CREDITED),
    (WRITTEN_OFF, ISSUED),
}
# These need no other row than the invoice and its lines.
BY_THEMSELVES = {
    (DRAFT, DELETED),
    (DRAFT, CANCELLED),
    (DRAFT, ISSUED),
    (DELETED, DRAFT),
    (ISSUED, VOID),
}
NUMBERED = (
    "state = 'issued', number = coalesce(number, 'RAW-1'),"
    " issued_on = coalesce(issued_on, '2026-03-02'),"
    " issued_at = coalesce(issued_at, created_at),"
    " deleted_at = null, cancelled_at = null, cancel_reason = ''"
)
SETTLED = "outstanding_minor = 0"
# What somebody would write into the row to make it so.
AS_IF = {
    DRAFT: "state = 'draft', number = null, deleted_at = null, cancelled_at = null",
    DELETED: "deleted_at = created_at",
    CANCELLED: "state = 'draft', number = null, cancelled_at = created_at,"
    " cancel_reason = 'x'",
    ISSUED: f"{NUMBERED}, allocated_minor = 0, credited_minor = 0,"
    " written_off_minor = 0, outstanding_minor = due_minor",
    PAID: f"{NUMBERED}, allocated_minor = due_minor, {SETTLED}",
    CREDITED: f"{NUMBERED}, credited_minor = due_minor, {SETTLED}",
    WRITTEN_OFF: f"{NUMBERED}, written_off_minor = due_minor, {SETTLED}",
    VOID: "state = 'void', number = coalesce(number, 'RAW-1'), void_reason = 'x',"
    " voided_at = created_at, issued_on = coalesce(issued_on, '2026-03-02'),"
    f" issued_at = coalesce(issued_at, created_at), {SETTLED}",
}


def an_invoice_that_is(world: World, place: Place, life: str) -> int:
    if life in (DRAFT, DELETED, CANCELLED):
        invoice_id = a_draft(world, place)
    else:
        invoice_id = an_invoice(world, place, is_published=False)
    if life not in (DRAFT, ISSUED):
        step_to(world, place, invoice_id, life)()
    assert life_of(world, place, invoice_id) == life
    return invoice_id


def a_draft(world: World, place: Place) -> int:
    """A draft that only lacks being issued; with a line, as one has just before."""
    line = LineForm(name="Charter flight", unit_price="100.00")
    form = DraftForm(customer_id=a_customer(world, place), lines=(line,))
    return world.run(place.accounting, drafts.create_draft, form).invoice_id


def step_to(
    world: World, place: Place, invoice_id: int, life: str
) -> Callable[[], object]:
    """Return the act of staff that leads to a life, where there is any."""
    biller, row = place.accounting, read_invoice(world, place, invoice_id)

    def issued_again() -> None:
        if row.written_off_minor:
            world.run(biller, write_offs.undo_write_off, invoice_id, WHY)
        for payment in all_rows(world, place, Payment):
            if payment.invoice_id == invoice_id:
                world.run(biller, payments.reverse_payment, payment.id, WHY)
        world.run(biller, invoices.issue, invoice_id, row.version)

    return {
        DRAFT: lambda: world.run(biller, drafts.restore_draft, invoice_id),
        DELETED: lambda: world.run(biller, drafts.delete_draft, invoice_id),
        CANCELLED: lambda: world.run(
            biller, drafts.cancel_draft, invoice_id, row.version, WHY
        ),
        ISSUED: issued_again,
        PAID: lambda: pay(world, place, invoice_id, "100"),
        CREDITED: lambda: credit(world, place, invoice_id),
        WRITTEN_OFF: lambda: world.run(
            biller, write_offs.write_off, invoice_id, WHY, row.outstanding_minor
        ),
        VOID: lambda: world.run(biller, invoices.void, invoice_id, WHY),
    }[life]


def life_of(world: World, place: Place, invoice_id: int) -> str:
    row = read_invoice(world, place, invoice_id)
    if row.deleted_at is not None:
        return DELETED
    facts = InvoiceFacts(
        state=InvoiceState(row.state),
        prepaid_minor=row.prepaid_minor,
        outstanding_minor=row.outstanding_minor,
        processing_minor=row.processing_minor,
        due_on=None,
        credited_minor=row.credited_minor,
        allocated_minor=row.allocated_minor,
        written_off_minor=row.written_off_minor,
        is_cancelled=row.cancelled_at is not None,
    )
    status = compute_status(facts, world.clock.now.date())
    return ISSUED if status == InvoiceStatus.DUE else status.value.lower()


@pytest.mark.parametrize(("life", "wanted"), list(permutations(LIVES, 2)))
@pytest.mark.feature("F064", "G09", "G10")
def test_an_invoice_goes_only_where_its_life_leads(world, place, life, wanted):
    invoice_id = an_invoice_that_is(world, place, life)

    attempted(world, step_to(world, place, invoice_id, wanted))

    now = life_of(world, place, invoice_id)
    assert now == (wanted if (life, wanted) in LEGAL_LIVES else life)


@pytest.mark.parametrize(("life", "wanted"), list(permutations(LIVES, 2)))
@pytest.mark.feature("F064", "G09", "G10")
def test_the_database_lets_no_row_of_an_invoice_leave_its_life(
    world, place, life, wanted
):
    invoice_id = an_invoice_that_is(world, place, life)
    if life in (DRAFT, DELETED, CANCELLED):
        with world.unit(place.system) as uow:
            uow.add(
                LineItem(invoice_id=invoice_id, position=0, quantity=1, unit_price=1)
            )

    if (life, wanted) in BY_THEMSELVES:
        write(world.runtime.engine, "invoice", invoice_id, AS_IF[wanted])
    else:
        refuses(world.runtime.engine, "invoice", invoice_id, AS_IF[wanted])

    if life in (DRAFT, DELETED, CANCELLED):
        clear_lines(world, invoice_id)


def clear_lines(world: World, invoice_id: int) -> None:
    with world.runtime.engine.begin() as connection:
        sql = f"delete from line_item where invoice_id = {invoice_id}"
        connection.execute(text(sql))


@pytest.mark.parametrize("life", LIVES)
def test_no_invoice_begins_as_anything_but_a_draft(world, place, life):
    invoice_id = an_invoice_that_is(world, place, life)
    names = [
        column.name
        for column in Invoice.__table__.columns
        if column.computed is None and column.name not in ("id", "series_value")
    ]
    values = ", ".join("'RAW-2'" if name == "number" else name for name in names)
    if life in (DRAFT, DELETED, CANCELLED):
        values = ", ".join(names)
    copy = (
        f"insert into invoice ({', '.join(names)})"
        f" select {values} from invoice where id = {invoice_id}"
    )

    with world.runtime.engine.connect() as connection:
        if life in (DRAFT, DELETED, CANCELLED):
            assert connection.execute(text(copy)).rowcount == 1
            return
        with pytest.raises(IntegrityError, match="begins as a draft"):
            connection.execute(text(copy))


# What the portal shows

HIDDEN, PUBLISHED, SENT = "hidden", "published", "sent"
SHOWINGS = (DRAFT, CANCELLED, VOID, HIDDEN, PUBLISHED, SENT)
LEGAL_SHOWINGS = {(HIDDEN, PUBLISHED), (HIDDEN, SENT), (PUBLISHED, SENT)}
AS_IF_SHOWN = {
    HIDDEN: "published_at = null, sent_at = null",
    PUBLISHED: "published_at = coalesce(published_at, created_at), sent_at = null",
    SENT: "published_at = coalesce(published_at, created_at), sent_at = created_at",
}
PAIRS_SHOWN = [
    (showing, wanted)
    for showing in SHOWINGS
    for wanted in AS_IF_SHOWN
    if showing != wanted and (showing, wanted) not in ((DRAFT, HIDDEN),)
]


def an_invoice_shown_as(world: World, place: Place, showing: str) -> int:
    if showing in (DRAFT, CANCELLED, VOID):
        return an_invoice_that_is(world, place, showing)
    invoice_id = an_invoice(world, place, is_published=False)
    if showing != HIDDEN:
        show(world, place, invoice_id, showing)()
    return invoice_id


def show(
    world: World, place: Place, invoice_id: int, showing: str
) -> Callable[[], object]:
    step = invoices.publish if showing == PUBLISHED else invoices.mark_sent
    return lambda: world.run(place.accounting, step, invoice_id)


def showing_of(world: World, place: Place, invoice_id: int) -> str:
    row = read_invoice(world, place, invoice_id)
    if row.state != "issued":
        return CANCELLED if row.cancelled_at else row.state
    if row.published_at is None:
        return HIDDEN
    return PUBLISHED if row.sent_at is None else SENT


@pytest.mark.parametrize(
    ("showing", "wanted"), [pair for pair in PAIRS_SHOWN if pair[1] != HIDDEN]
)
@pytest.mark.feature("F050", "F051", "F052")
def test_an_invoice_is_only_shown_further(world, place, showing, wanted):
    """There is no act that hides one again."""
    invoice_id = an_invoice_shown_as(world, place, showing)

    attempted(world, show(world, place, invoice_id, wanted))

    is_legal = (showing, wanted) in LEGAL_SHOWINGS
    now = showing_of(world, place, invoice_id)
    assert now == (wanted if is_legal else showing)


@pytest.mark.parametrize(
    ("showing", "wanted"),
    [
        pair
        for pair in PAIRS_SHOWN
        # Neither was ever shown, so nothing would change.
        if pair not in ((CANCELLED, HIDDEN), (VOID, HIDDEN))
    ],
)
@pytest.mark.feature("F050", "F051", "F052", "G10")
def test_the_database_shows_only_further_what_is_issued(world, place, showing, wanted):
    invoice_id = an_invoice_shown_as(world, place, showing)
    engine = world.runtime.engine

    if (showing, wanted) in LEGAL_SHOWINGS:
        write(engine, "invoice", invoice_id, AS_IF_SHOWN[wanted])
    else:
        refuses(engine, "invoice", invoice_id, AS_IF_SHOWN[wanted])


@pytest.mark.parametrize(
    "change",
    [
        "sent_at = created_at",
        "first_viewed_at = created_at",
    ],
)
def test_only_what_is_published_is_sent_or_seen(world, place, change):
    hidden = an_invoice(world, place, is_published=False)
    shown = an_invoice(world, place)

    refuses(world.runtime.engine, "invoice", hidden, change)
    write(world.runtime.engine, "invoice", shown, change)


def documents_of(world: World, place: Place, invoice_id: int) -> list[tuple[str, int]]:
    with world.runtime.engine.connect() as connection:
        found: list[tuple[str, int]] = []
        for table in ("issued_document", "credit_note"):
            sql = f"select id from {table} where invoice_id = {invoice_id}"
            found += [(table, x) for x in connection.execute(text(sql)).scalars()]
        return found


@pytest.mark.parametrize("is_published", [True, False])
def test_documents_are_shown_exactly_with_their_invoice(world, place, is_published):
    invoice_id = an_invoice(world, place, is_published=is_published)
    pay(world, place, invoice_id, "40")
    credit(world, place, invoice_id)
    documents = documents_of(world, place, invoice_id)
    assert len(documents) == 3

    change = "shown_at = null" if is_published else "shown_at = issued_at"
    for table, row_id in documents:
        refuses(world.runtime.engine, table, row_id, change)


def test_the_receipt_of_what_was_taken_back_stays_hidden(world, place):
    invoice_id = an_invoice(world, place, is_published=False)
    payment_id = pay(world, place, invoice_id, "40").payment_id
    world.run(place.accounting, payments.reverse_payment, payment_id, WHY)

    world.run(place.accounting, invoices.publish, invoice_id)

    engine = world.runtime.engine
    sql = text(
        "select id, shown_at from issued_document"
        f" where payment_id = {payment_id} and kind = 'receipt'"
    )
    with engine.connect() as connection:
        receipt_id, shown_at = connection.execute(sql).one()
    assert shown_at is None
    refuses(engine, "issued_document", receipt_id, "shown_at = issued_at")


# Tries to pay online


def an_attempt_that_is(world: World, place: Place, status: AttemptStatus) -> int:
    invoice_id = an_invoice(world, place, "60.00")
    attempt_id = an_attempt(world, place, invoice_id, 6_000)
    if status != AttemptStatus.PREPARED:
        tell(world, place, attempt_id, status)
    assert status_of(world, place, attempt_id) == status
    return attempt_id


def tell(world: World, place: Place, attempt_id: int, status: AttemptStatus) -> None:
    system = place.system
    if status == AttemptStatus.UNKNOWN:
        world.run(system, online_payments.mark_unknown, attempt_id, "No answer")
        return
    minor = 5_999 if status == AttemptStatus.HELD else 6_000
    said = AttemptStatus.SUCCEEDED if status == AttemptStatus.HELD else status
    told = a_report(world, attempt_id, said, minor)
    world.run(system, online_payments.apply_report, attempt_id, told)


def status_of(world: World, place: Place, attempt_id: int) -> AttemptStatus:
    with world.reading(place.system) as uow:
        return AttemptStatus(uow.get(PaymentAttempt, attempt_id).status)


def leads_to(current: AttemptStatus, wanted: AttemptStatus) -> bool:
    unanswered = (AttemptStatus.PREPARED, AttemptStatus.UNKNOWN)
    return (current, wanted) == unanswered or next_status(current, wanted) == wanted


@pytest.mark.parametrize(("current", "wanted"), list(permutations(AttemptStatus, 2)))
@pytest.mark.feature("F064", "F094")
def test_a_try_to_pay_only_goes_forwards(world, place, current, wanted):
    attempt_id = an_attempt_that_is(world, place, current)
    is_legal = leads_to(current, wanted)

    if wanted != AttemptStatus.PREPARED:
        tell(world, place, attempt_id, wanted)
        now = status_of(world, place, attempt_id)
        assert now == (wanted if is_legal else current)

    attempt_id = an_attempt_that_is(world, place, current)
    check = write if is_legal else refuses
    change = f"status = '{wanted}'"
    check(world.runtime.engine, "payment_attempt", attempt_id, change)


@pytest.mark.parametrize("status", AttemptStatus)
@pytest.mark.parametrize(
    "change",
    [
        "amount_minor = amount_minor + 1",
        "currency = 'USD'",
        "idempotency_key = 'another'",
        "account_id = 'another'",
        "is_livemode = not is_livemode",
    ],
)
def test_a_try_to_pay_keeps_what_stripe_was_asked_for(world, place, status, change):
    attempt_id = an_attempt_that_is(world, place, status)

    refuses(world.runtime.engine, "payment_attempt", attempt_id, change)


def test_a_try_to_pay_keeps_its_name_at_stripe(world, place):
    attempt_id = an_attempt_that_is(world, place, AttemptStatus.PREPARED)
    engine = world.runtime.engine
    write(engine, "payment_attempt", attempt_id, "checkout_id = 'cs_x'")

    tell(world, place, attempt_id, AttemptStatus.OPEN)

    refuses(engine, "payment_attempt", attempt_id, "checkout_id = 'cs_x'")
    refuses(engine, "payment_attempt", attempt_id, "checkout_id = null")


# Payments


def a_payment_that_is(world: World, place: Place, status: PaymentStatus) -> int:
    if status == PaymentStatus.HELD:
        attempt_id = an_attempt_that_is(world, place, AttemptStatus.HELD)
        (payment_id,) = [
            x.id for x in all_rows(world, place, Payment) if x.attempt_id == attempt_id
        ]
        return payment_id
    payment_id = pay(world, place, an_invoice(world, place), "40").payment_id
    if status == PaymentStatus.REVERSED:
        world.run(place.accounting, payments.reverse_payment, payment_id, WHY)
    return payment_id


@pytest.mark.parametrize(("current", "wanted"), list(permutations(PaymentStatus, 2)))
@pytest.mark.feature("F064")
def test_a_payment_is_accepted_once_and_taken_back_once(world, place, current, wanted):
    payment_id = a_payment_that_is(world, place, current)
    legal = {
        (PaymentStatus.HELD, PaymentStatus.SETTLED),
        (PaymentStatus.HELD, PaymentStatus.REVERSED),
        (PaymentStatus.SETTLED, PaymentStatus.REVERSED),
    }
    # Settled money pays something, which has to be taken back first.
    check = write if current == PaymentStatus.HELD else refuses
    check(world.runtime.engine, "payment", payment_id, f"status = '{wanted}'")

    acts = {
        PaymentStatus.SETTLED: lambda: world.run(
            place.accounting, settlements.release_payment, payment_id
        ),
        PaymentStatus.REVERSED: lambda: world.run(
            place.accounting, payments.reverse_payment, payment_id, WHY
        ),
    }
    if wanted in acts:
        attempted(world, acts[wanted])
        now = read_payment(world, place, payment_id).status
        assert now == (wanted if (current, wanted) in legal else current)


# Disputes

OPENED = ""
ENDS = (OPENED, *Outcome)


def a_dispute_that_is(world: World, place: Place, outcome: str) -> int:
    dispute_id = dispute(world, place, an_invoice(world, place))
    if outcome != OPENED:
        end(world, place, dispute_id, outcome)
    assert outcome_of(world, place, dispute_id) == outcome
    return dispute_id


def end(world: World, place: Place, dispute_id: int, outcome: str) -> None:
    if outcome != Outcome.WITHDRAWN:
        resolve(world, place, dispute_id, outcome)
        return
    with world.reading(place.system) as uow:
        invoice_id = uow.get(Dispute, dispute_id).invoice_id
    visitor = visitor_of(world, place, invoice_id)
    world.run(visitor, disputes.withdraw_dispute, dispute_id, OPEN)


def outcome_of(world: World, place: Place, dispute_id: int) -> str:
    with world.reading(place.system) as uow:
        return uow.get(Dispute, dispute_id).outcome


@pytest.mark.parametrize(("current", "wanted"), list(permutations(ENDS, 2)))
@pytest.mark.feature("F064", "F082", "G10")
def test_a_dispute_ends_once(world, place, current, wanted):
    dispute_id = a_dispute_that_is(world, place, current)
    engine = world.runtime.engine
    resolved_at = "null" if wanted == OPENED else "opened_at"
    change = f"outcome = '{wanted}', resolved_at = {resolved_at}"

    if current != OPENED:
        refuses(engine, "dispute", dispute_id, f"{change}, answer = 'x'")
    else:
        write(engine, "dispute", dispute_id, f"{change}, answer = 'x'")
        without = write if wanted == Outcome.WITHDRAWN else refuses
        without(engine, "dispute", dispute_id, f"{change}, answer = ''")

    if wanted != OPENED:
        attempted(world, lambda: end(world, place, dispute_id, wanted))
        now = outcome_of(world, place, dispute_id)
        assert now == (wanted if current == OPENED else current)


@pytest.mark.parametrize("current", ENDS)
@pytest.mark.parametrize(
    "change",
    ["amount_minor = amount_minor - 1", "reason = 'x'", "opened_by = 'x'"],
)
def test_a_dispute_keeps_what_the_customer_said(world, place, current, change):
    dispute_id = a_dispute_that_is(world, place, current)

    refuses(world.runtime.engine, "dispute", dispute_id, change)


# Rows that are only ever added


def refuses_copy(world: World, table: str, row_id: int, **changes: str) -> None:
    """A copy of a row with these values is refused."""
    engine = world.runtime.engine
    with engine.connect() as connection:
        found = connection.execute(text(f"select * from {table} where id = {row_id}"))
        names = [name for name in found.keys() if name != "id"]  # noqa: SIM118
        values = ", ".join(changes.get(name, name) for name in names)
        copy = (
            f"insert into {table} ({', '.join(names)})"
            f" select {values} from {table} where id = {row_id}"
        )
        with pytest.raises(IntegrityError, match="only what"):
            connection.execute(text(copy))


def allocation_of(world: World, place: Place, payment_id: int) -> int:
    with world.runtime.engine.connect() as connection:
        sql = f"select min(id) from allocation where payment_id = {payment_id}"
        return connection.execute(text(sql)).scalar_one()


class TestAllocations:
    """40.00 of a payment of 50.00 pays an invoice of 40.00."""

    @pytest.fixture
    def paid(self, world: World, place: Place) -> tuple[int, int]:
        invoice_id = an_invoice(world, place, "40.00")
        payment_id = pay(world, place, invoice_id, "50").payment_id
        return invoice_id, allocation_of(world, place, payment_id)

    def test_never_pay_more_than_is_due(self, world, paid):
        refuses_copy(world, "allocation", paid[1], amount_minor="1")

    def test_never_take_back_more_than_they_gave(self, world, paid):
        refuses_copy(world, "allocation", paid[1], amount_minor="-4001")

    def test_never_give_more_than_came(self, world, place, paid):
        other = a_second_of_the_same_customer(world, place, paid[0])
        refuses_copy(
            world,
            "allocation",
            paid[1],
            invoice_id=str(other),
            amount_minor="1001",
        )

    def test_never_pay_another_customers_invoice(self, world, place, paid):
        other = an_invoice(world, place)
        refuses_copy(
            world, "allocation", paid[1], invoice_id=str(other), amount_minor="1"
        )

    def test_never_pay_what_is_no_longer_owed(self, world, place, paid):
        other = a_second_of_the_same_customer(world, place, paid[0])
        world.run(place.accounting, invoices.void, other, WHY)
        refuses_copy(
            world, "allocation", paid[1], invoice_id=str(other), amount_minor="1"
        )

    def test_never_pay_from_what_was_taken_back(self, world, place, paid):
        other = a_second_of_the_same_customer(world, place, paid[0])
        payment_id = pay(world, place, other, "10").payment_id
        world.run(place.accounting, payments.reverse_payment, payment_id, WHY)
        row_id = allocation_of(world, place, payment_id)
        refuses_copy(world, "allocation", row_id, amount_minor="1")


def a_second_of_the_same_customer(world: World, place: Place, invoice_id: int) -> int:
    customer_id = read_invoice(world, place, invoice_id).customer_id
    assert customer_id is not None
    return an_invoice(world, place, customer_id=customer_id)


def test_no_more_is_returned_than_came(world, place):
    payment_id = pay(world, place, an_invoice(world, place, "40.00"), "50").payment_id
    world.run(place.accounting, settlements.start_refund, payment_id, "10")
    with world.runtime.engine.connect() as connection:
        sql = f"select id from refund where payment_id = {payment_id}"
        row_id = connection.execute(text(sql)).scalar_one()

    refuses_copy(world, "refund", row_id, amount_minor="4001")
    refuses_copy(world, "refund", row_id, amount_minor="-1001")


def test_a_payment_says_of_itself_only_what_its_rows_say(world, place):
    payment_id = pay(world, place, an_invoice(world, place), "40").payment_id
    engine = world.runtime.engine

    refuses(engine, "payment", payment_id, "allocated_minor = 0")
    refuses(engine, "payment", payment_id, "allocated_minor = 0, refunded_minor = 1")


class TestWriteOffs:
    def write_off_of(self, world: World, place: Place) -> int:
        lost = an_invoice_that_is(world, place, WRITTEN_OFF)
        with world.runtime.engine.connect() as connection:
            sql = f"select id from write_off where invoice_id = {lost}"
            return connection.execute(text(sql)).scalar_one()

    @pytest.mark.parametrize("why_not", ["paid", "disputed", "on its way"])
    def test_only_what_nobody_will_pay_or_decide_on(self, world, place, why_not):
        invoice_id = an_invoice(world, place)
        customer_id = read_invoice(world, place, invoice_id).customer_id
        if why_not == "paid":
            pay(world, place, invoice_id, "40")
        elif why_not == "disputed":
            dispute(world, place, invoice_id)
        else:
            attempt_id = an_attempt(world, place, invoice_id, 6_000)
            tell(world, place, attempt_id, AttemptStatus.PROCESSING)

        refuses_copy(
            world,
            "write_off",
            self.write_off_of(world, place),
            invoice_id=str(invoice_id),
            customer_id=str(customer_id),
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": "''"},
        {"amount_minor": "7001"},
        {"currency": "'USD'"},
        {"customer_id": "1"},
    ],
    ids=str,
)
def test_a_dispute_fits_its_invoice(world, place, changes):
    a_customer(world, place)
    dispute_id = a_dispute_that_is(world, place, OPENED)

    refuses_copy(world, "dispute", dispute_id, request_key="'another'", **changes)


@pytest.mark.parametrize("life", [ISSUED, VOID])
def test_only_what_a_customer_sees_and_owes_is_disputed(world, place, life):
    dispute_id = a_dispute_that_is(world, place, OPENED)
    invoice_id = an_invoice_that_is(world, place, life)
    customer_id = read_invoice(world, place, invoice_id).customer_id

    refuses_copy(
        world,
        "dispute",
        dispute_id,
        request_key="'another'",
        invoice_id=str(invoice_id),
        customer_id=str(customer_id),
    )


@pytest.mark.parametrize("table", ["payment_attempt", "dispute"])
def test_what_was_tried_or_said_stays(world, place, table):
    a_dispute_that_is(world, place, OPENED)
    an_attempt_that_is(world, place, AttemptStatus.EXPIRED)

    with (
        world.runtime.engine.connect() as connection,
        pytest.raises(IntegrityError, match="stay"),
    ):
        connection.execute(text(f"delete from {table}"))


def test_an_open_dispute_keeps_its_invoice_from_being_void(world, place):
    """The service ends the dispute first, in the same transaction."""
    invoice_id = an_invoice(world, place)
    dispute_id = dispute(world, place, invoice_id)

    refuses(world.runtime.engine, "invoice", invoice_id, AS_IF[VOID])

    world.run(place.accounting, invoices.void, invoice_id, WHY)
    assert outcome_of(world, place, dispute_id) == Outcome.VOID


@pytest.mark.parametrize(
    "column",
    ["allocated_minor", "credited_minor", "processing_minor", "disputed_minor"],
)
@pytest.mark.parametrize("life", [ISSUED, PAID, CREDITED, WRITTEN_OFF, VOID])
def test_what_an_invoice_asks_for_follows_from_its_rows(world, place, life, column):
    invoice_id = an_invoice_that_is(world, place, life)

    refuses(world.runtime.engine, "invoice", invoice_id, f"{column} = {column} + 1")
