"""Giving up the rest of an invoice: money, what everybody sees, and the way back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_app.database.verify import find_broken
from billing_app.domain.actors import Role
from billing_app.domain.dates import Moment
from billing_app.domain.document import ReceiptDocument, from_json
from billing_app.domain.errors import (
    BillingError,
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
)
from billing_app.domain.invoice import InvoiceStatus, WrongState
from billing_app.domain.online_payment import AttemptStatus
from billing_app.domain.reminders import find_obstacle
from billing_app.domain.statement import EntryKind, Span
from billing_app.models import (
    AuditEntry,
    IssuedDocument,
    LedgerEntry,
    OutboxMessage,
    Payment,
    WriteOff,
)
from billing_app.queries.customers import read_customer
from billing_app.queries.invoice_detail import read_invoice as read_detail
from billing_app.queries.reminders import read_reminder_facts
from billing_app.queries.statements import read_own_statement
from billing_app.services import (
    credit_notes,
    invoices,
    payments,
    reminders,
    settlements,
)
from billing_app.services.write_offs import undo_write_off, write_off
from tests.support.billing import (
    all_rows,
    an_invoice,
    outstanding,
    pay,
    read_invoice,
    visitor_of,
)
from tests.support.credit import an_amount, credit
from tests.support.quarrel import dispute
from tests.support.story import an_attempt, report
from tests.support.world import Place, World

pytestmark = pytest.mark.feature("C12", "G09")
WHY = "The business has closed for good."


@pytest.fixture
def place(world: World) -> Place:
    return world.northwind


@pytest.fixture(autouse=True)
def nothing_breaks(world: World):
    yield
    assert not find_broken(world.runtime.engine, world.clock.now)


def give_up(world: World, place: Place, invoice_id: int, reason: str = WHY) -> None:
    seen = outstanding(world, place, invoice_id)
    world.run(place.accounting, write_off, invoice_id, reason, seen)


def take_up(world: World, place: Place, invoice_id: int) -> None:
    world.run(place.accounting, undo_write_off, invoice_id, "They came back.")


def status(world: World, place: Place, invoice_id: int) -> InvoiceStatus:
    return world.run(place.accounting, read_detail, invoice_id).status


class TestWritingOff:
    def test_gives_up_what_is_left_and_no_more(self, world, place):
        """Of 100.00, 40.00 came: 60.00 is a loss, and the 40.00 stays paid."""
        invoice_id = an_invoice(world, place)
        pay(world, place, invoice_id, "40")

        give_up(world, place, invoice_id)

        it = read_invoice(world, place, invoice_id)
        assert (it.allocated_minor, it.written_off_minor) == (4_000, 6_000)
        assert (it.outstanding_minor, it.phase) == (0, "written_off")
        assert status(world, place, invoice_id) == InvoiceStatus.WRITTEN_OFF

    def test_posts_the_loss_against_what_is_owed(self, world, place):
        invoice_id = an_invoice(world, place)

        give_up(world, place, invoice_id)

        (row,) = all_rows(world, place, WriteOff)
        posted = {
            entry.account: entry.amount_minor
            for entry in all_rows(world, place, LedgerEntry)
            if entry.journal == f"write_off:{row.id}"
        }
        assert posted == {"bad_debt": 10_000, "receivable": -10_000}

    def test_is_on_record_with_its_reason(self, world, place):
        invoice_id = an_invoice(world, place)

        give_up(world, place, invoice_id)

        entry = all_rows(world, place, AuditEntry)[-1]
        assert (entry.event, entry.details["reason"]) == ("invoice_written_off", WHY)

    def test_closes_open_payment_pages(self, world, place):
        invoice_id = an_invoice(world, place)
        attempt_id = an_attempt(world, place, invoice_id, 10_000)

        give_up(world, place, invoice_id)

        promised = [
            x
            for x in all_rows(world, place, OutboxMessage)
            if x.topic == "stripe.expire_checkout"
        ]
        assert [x.details["attempt_id"] for x in promised] == [attempt_id]

    def test_makes_late_money_the_customers_credit(self, world, place):
        invoice_id = an_invoice(world, place)
        attempt_id = an_attempt(world, place, invoice_id, 10_000)
        give_up(world, place, invoice_id)

        report(world, place, attempt_id, AttemptStatus.SUCCEEDED, 10_000)

        (payment,) = all_rows(world, place, Payment)
        assert (payment.status, payment.allocated_minor) == ("settled", 0)
        assert status(world, place, invoice_id) == InvoiceStatus.WRITTEN_OFF

    def test_waits_for_a_payment_that_is_held(self, world, place):
        invoice_id = an_invoice(world, place)
        attempt_id = an_attempt(world, place, invoice_id, 10_000)
        report(world, place, attempt_id, AttemptStatus.SUCCEEDED, 9_000)

        with pytest.raises(Conflict, match="held for review"):
            give_up(world, place, invoice_id)

        (held,) = all_rows(world, place, Payment)
        world.run(place.accounting, settlements.release_payment, held.id)
        give_up(world, place, invoice_id)

    def test_nobody_is_reminded_by_itself_of_what_came_back(self, world, place):
        """60 of 100 were written off; the 40 bounce, and only they are asked for."""
        invoice_id = an_invoice(world, place)
        paid = pay(world, place, invoice_id, "40").payment_id
        give_up(world, place, invoice_id)
        world.run(place.accounting, payments.reverse_payment, paid, "Bounced")

        with world.reading(place.accounting) as uow:
            facts = read_reminder_facts(uow, invoice_id)

        assert facts.asked_minor == 4_000
        assert find_obstacle(facts, by_itself=True) == "A part of it is written off."

    def test_late_money_is_no_payment_of_it_on_the_receipt(self, world, place):
        """Of 100.00, 40.00 came and went after the rest was given up, and came."""
        whole, part = an_invoice(world, place), an_invoice(world, place)
        attempt_id = an_attempt(world, place, whole, 10_000)
        give_up(world, place, whole)
        report(world, place, attempt_id, AttemptStatus.SUCCEEDED, 10_000)
        bounced = pay(world, place, part, "40").payment_id
        give_up(world, place, part)
        world.run(place.accounting, payments.reverse_payment, bounced, "Bounced")
        pay(world, place, part, "40")

        late, _, again = [
            from_json(ReceiptDocument, x.content)
            for x in all_rows(world, place, IssuedDocument)
            if x.kind == "receipt"
        ]
        assert (late.earlier_minor, late.credit_minor) == (0, 10_000)
        assert (again.earlier_minor, again.credit_minor) == (0, 0)
        assert (late.written_off_minor, again.written_off_minor) == (10_000, 6_000)
        assert late.is_closed
        assert again.is_closed

    def test_ends_asking(self, world, place):
        invoice_id = an_invoice(world, place)
        customer_id = read_invoice(world, place, invoice_id).customer_id
        give_up(world, place, invoice_id)

        customer = world.run(place.accounting, read_customer, customer_id)
        assert customer.owed == ()
        with pytest.raises(Conflict, match="Nothing is outstanding"):
            world.run(place.accounting, reminders.send_reminder, invoice_id, "a@b.test")

    def test_is_an_adjustment_in_the_statement(self, world, place):
        invoice_id = an_invoice(world, place)
        give_up(world, place, invoice_id)
        take_up(world, place, invoice_id)
        world.clock.advance(days=1)
        give_up(world, place, invoice_id)
        visitor = visitor_of(world, place, invoice_id)
        today = world.clock.now.date()

        (section,) = world.run(
            _whole(visitor),
            read_own_statement,
            Span(today, today),
            Moment(world.clock.now, "UTC"),
            0,
        )

        assert section.opening_minor == 10_000
        (entry,) = section.entries
        assert (entry.kind, entry.minor) == (EntryKind.ADJUSTMENT, -10_000)
        assert section.closing_minor == 0

    @pytest.mark.parametrize("reason", ["", " \n ", "x" * 501])
    def test_wants_a_reason_that_can_be_kept(self, world, place, reason):
        invoice_id = an_invoice(world, place)

        with pytest.raises(InvalidInput):
            give_up(world, place, invoice_id, reason)

        assert outstanding(world, place, invoice_id) == 10_000

    def test_of_what_changed_meanwhile_is_refused(self, world, place):
        invoice_id = an_invoice(world, place)
        pay(world, place, invoice_id, "1")

        with pytest.raises(Conflict, match="changed meanwhile"):
            world.run(place.accounting, write_off, invoice_id, WHY, 10_000)

    def test_of_what_nobody_owes_is_refused(self, world, place):
        draft = an_invoice(world, place)
        paid = an_invoice(world, place)
        pay(world, place, paid, "100")
        void = an_invoice(world, place)
        world.run(place.accounting, invoices.void, void, WHY)
        given_up = an_invoice(world, place)
        give_up(world, place, given_up)

        for invoice_id, refusal in (
            (paid, Conflict),
            (void, WrongState),
            (given_up, Conflict),
        ):
            with pytest.raises(refusal):
                give_up(world, place, invoice_id)
        assert outstanding(world, place, draft) == 10_000

    def test_waits_for_money_on_its_way_and_for_disputes(self, world, place):
        coming = an_invoice(world, place)
        attempt_id = an_attempt(world, place, coming, 2_000)
        report(world, place, attempt_id, AttemptStatus.PROCESSING, 2_000)
        disputed = an_invoice(world, place)
        dispute(world, place, disputed)

        with pytest.raises(Conflict, match="on its way"):
            give_up(world, place, coming)
        with pytest.raises(Conflict, match="dispute"):
            give_up(world, place, disputed)

    def test_wants_the_permission_and_the_workspace(self, world, place):
        invoice_id = an_invoice(world, place)

        with pytest.raises(NotPermitted):
            world.run(place.operations, write_off, invoice_id, WHY, 10_000)
        with pytest.raises(NotPermitted):
            world.run(place.member(Role.VIEWER), undo_write_off, invoice_id, WHY)
        with pytest.raises(NotFound):
            world.run(world.kestrel.accounting, write_off, invoice_id, WHY, 10_000)
        with pytest.raises(NotFound):
            world.run(world.kestrel.accounting, undo_write_off, invoice_id, WHY)

    def test_keeps_an_invoice_from_being_voided_or_credited(self, world, place):
        invoice_id = an_invoice(world, place)
        give_up(world, place, invoice_id)

        with pytest.raises(Conflict, match="written off"):
            world.run(place.accounting, invoices.void, invoice_id, WHY)
        with pytest.raises(Conflict, match="written off"):
            credit(world, place, invoice_id, an_amount("1"))
        with pytest.raises(Conflict, match="written off"):
            world.run(place.accounting, credit_notes.reissue, invoice_id, WHY)

    def test_asks_again_for_money_that_is_taken_back(self, world, place):
        invoice_id = an_invoice(world, place)
        payment_id = pay(world, place, invoice_id, "40").payment_id
        give_up(world, place, invoice_id)

        world.run(place.accounting, payments.reverse_payment, payment_id, "Bounced")

        it = read_invoice(world, place, invoice_id)
        assert (it.written_off_minor, it.outstanding_minor) == (6_000, 4_000)
        assert it.phase == "unpaid"
        give_up(world, place, invoice_id)
        take_up(world, place, invoice_id)
        assert outstanding(world, place, invoice_id) == 10_000


class TestUndoing:
    def test_asks_for_all_of_it_again(self, world, place):
        invoice_id = an_invoice(world, place)
        give_up(world, place, invoice_id)

        take_up(world, place, invoice_id)

        it = read_invoice(world, place, invoice_id)
        assert (it.written_off_minor, it.outstanding_minor) == (0, 10_000)
        assert it.phase == "unpaid"
        pay(world, place, invoice_id, "100")
        assert status(world, place, invoice_id) == InvoiceStatus.PAID

    def test_lets_credit_that_came_meanwhile_pay(self, world, place):
        invoice_id = an_invoice(world, place)
        give_up(world, place, invoice_id)
        pay(world, place, invoice_id, "100")

        take_up(world, place, invoice_id)
        world.run(place.accounting, payments.allocate_credit, invoice_id, "100", 10_000)

        assert status(world, place, invoice_id) == InvoiceStatus.PAID

    def test_of_what_is_not_written_off_is_refused(self, world, place):
        invoice_id = an_invoice(world, place)

        with pytest.raises(Conflict, match="written off"):
            take_up(world, place, invoice_id)

    def test_leaves_crediting_and_not_voiding(self, world, place):
        invoice_id = an_invoice(world, place)
        give_up(world, place, invoice_id)
        take_up(world, place, invoice_id)

        with pytest.raises(Conflict, match="written off"):
            world.run(place.accounting, invoices.void, invoice_id, WHY)
        credit(world, place, invoice_id)
        assert status(world, place, invoice_id) == InvoiceStatus.CREDITED


class TestTheDatabase:
    def refuses(self, world: World, sql: str, says: str) -> None:
        with (
            pytest.raises(IntegrityError, match=says),
            world.runtime.engine.begin() as connection,
        ):
            connection.execute(text(sql))

    def test_keeps_a_write_off_as_it_is(self, world, place):
        give_up(world, place, an_invoice(world, place))

        self.refuses(world, "update write_off set amount_minor = 1", "stay")
        self.refuses(world, "update write_off set staff_reason = 'x'", "stay")
        self.refuses(world, "delete from write_off", "stay")

    @pytest.mark.parametrize(
        "changed",
        [
            {"amount_minor": "1"},
            {"amount_minor": "-9999"},
            {"amount_minor": "-10001"},
            {"invoice_id": "2", "amount_minor": "10001"},
            {"invoice_id": "2", "amount_minor": "-1"},
            {"invoice_id": "2", "currency": "'USD'"},
            {"invoice_id": "2", "customer_id": "1"},
            {"invoice_id": "3", "customer_id": "3"},
        ],
    )
    def test_takes_none_that_does_not_fit_its_invoice(self, world, place, changed):
        """Invoice 1 is written off, 2 is issued, 3 is void; each of its customer."""
        give_up(world, place, an_invoice(world, place))
        an_invoice(world, place)
        void = an_invoice(world, place)
        world.run(place.accounting, invoices.void, void, WHY)
        names = [
            "workspace_id",
            "customer_id",
            "invoice_id",
            "amount_minor",
            "currency",
            "staff_reason",
            "written_on",
            "written_by",
            "created_at",
        ]
        row = {name: name for name in names} | {"customer_id": "invoice_id"} | changed
        if changed.get("invoice_id") == "2":
            row["customer_id"] = changed.get("customer_id", "2")

        self.refuses(
            world,
            f"insert into write_off ({', '.join(row)})"
            f" select {', '.join(row.values())} from write_off",
            "only what (an issued invoice asks for|nobody will pay)",
        )

    def test_wants_a_reason(self, world, place):
        give_up(world, place, an_invoice(world, place))
        names = "workspace_id, customer_id, invoice_id, currency, written_on"

        self.refuses(
            world,
            f"insert into write_off ({names}, amount_minor, staff_reason, written_by,"
            f" created_at) select {names}, -amount_minor, '', written_by, created_at"
            " from write_off",
            "reason",
        )

    def test_keeps_figures_and_states_in_step(self, world, place):
        give_up(world, place, an_invoice(world, place))
        credited = an_invoice(world, place)
        credit(world, place, credited, an_amount("1"))

        self.refuses(
            world,
            "update invoice set written_off_minor = 0 where id = 1",
            "follows from",
        )
        self.refuses(
            world,
            "update invoice set state = 'void', void_reason = 'x',"
            " voided_at = created_at where id = 1",
            "written off",
        )
        names = """
            workspace_id customer_id series_code mode currency issued_on
            reason net_minor tax_minor total_minor prepaid_minor rounding_minor
            amount_minor lines shares content content_digest pdf_digest pdf_error
            page_count issued_at
        """
        row = {name: name for name in names.split()} | {"customer_id": "1"}
        self.refuses(
            world,
            f"insert into credit_note (number, series_value, invoice_id,"
            f" {', '.join(row)}) select 'CN-9', 9, 1, {', '.join(row.values())}"
            " from credit_note",
            "not credited",
        )


minors = st.integers(1, 12_000).map(lambda minor: f"{minor // 100}.{minor % 100:02}")
acts = st.one_of(
    st.tuples(st.sampled_from(["pay", "credit", "refund", "spend"]), minors),
    st.tuples(
        st.sampled_from(
            ["give up", "give up", "take up", "void", "reverse", "reissue"]
        ),
        st.just(""),
    ),
)


def do(world: World, place: Place, invoice_id: int, act: str, typed: str) -> None:
    """Do one of the things that move money; a refusal is as good as any."""
    came = [x for x in all_rows(world, place, Payment) if x.invoice_id == invoice_id]
    biller = place.accounting
    with contextlib.suppress(BillingError):
        if act == "pay":
            pay(world, place, invoice_id, typed)
        elif act == "credit":
            credit(world, place, invoice_id, an_amount(typed))
        elif act == "give up":
            give_up(world, place, invoice_id)
        elif act == "take up":
            take_up(world, place, invoice_id)
        elif act == "void":
            world.run(biller, invoices.void, invoice_id, WHY)
        elif act == "reissue":
            world.run(biller, credit_notes.reissue, invoice_id, WHY)
        elif act == "spend":
            seen = outstanding(world, place, invoice_id)
            world.run(biller, payments.allocate_credit, invoice_id, typed, seen)
        elif came and act == "reverse":
            world.run(biller, payments.reverse_payment, came[-1].id, WHY)
        elif came and act == "refund":
            world.run(biller, settlements.start_refund, came[-1].id, typed)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(acts, max_size=9))
def test_whatever_happens_the_figures_fit(world: World, place: Place, story):
    """What was asked for is paid, credited, given up or still asked for, always."""
    invoice_id = an_invoice(world, place)

    for act, typed in story:
        do(world, place, invoice_id, act, typed)
        it = read_invoice(world, place, invoice_id)
        covered = it.allocated_minor + it.credited_minor + it.written_off_minor
        owed = sum(
            entry.amount_minor
            for entry in all_rows(world, place, LedgerEntry)
            if entry.invoice_id == invoice_id and entry.account == "receivable"
        )
        assert min(it.allocated_minor, it.credited_minor, it.written_off_minor) >= 0
        assert 0 <= it.outstanding_minor <= it.due_minor
        assert it.outstanding_minor == owed
        if it.state == "issued":
            assert it.outstanding_minor == it.due_minor - covered
    assert not find_broken(world.runtime.engine, world.clock.now)


def _whole(visitor):
    """Return the same visitor with the whole account before them."""
    return type(visitor)(visitor.workspace_id, visitor.customer_id, None, None)
