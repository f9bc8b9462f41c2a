"""Money in: recorded, allocated, kept as credit, taken back; never lost."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from billing_app.database.verify import find_broken
from billing_app.domain.actors import Role
from billing_app.domain.document import ReceiptDocument, from_json
from billing_app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from billing_app.domain.events import Topic
from billing_app.domain.online_payment import AttemptStatus
from billing_app.models import (
    Allocation,
    AuditEntry,
    IssuedDocument,
    LedgerEntry,
    OutboxMessage,
    Payment,
    PaymentNote,
)
from billing_app.services import drafts, invoices, payments
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.services.write_offs import write_off
from tests.support.billing import (
    a_customer,
    a_form,
    all_rows,
    an_invoice,
    outstanding,
    pay,
    read_invoice,
    read_payment,
    visitor_of,
)
from tests.support.story import an_attempt, report


@pytest.fixture
def place(world):
    return world.northwind


@pytest.fixture
def biller(place):
    return place.accounting


@pytest.fixture
def invoice_id(world, place):
    return an_invoice(world, place, "100.00")


def receipts(world, place):
    rows = all_rows(world, place, IssuedDocument)
    return [row for row in rows if row.kind == "receipt"]


def balance(world, place, account):
    """Return what stands on a ledger account, debits positive."""
    entries = all_rows(world, place, LedgerEntry)
    return sum(entry.amount_minor for entry in entries if entry.account == account)


def events(world, place):
    return [entry.event for entry in all_rows(world, place, AuditEntry)]


class TestRecordPayment:
    @pytest.mark.feature("F057")
    def test_pays_the_invoice(self, world, place, invoice_id):
        recorded = pay(world, place, invoice_id, "100.00")

        assert recorded.allocated_minor == 10_000
        assert recorded.credit_minor == 0
        assert outstanding(world, place, invoice_id) == 0
        assert balance(world, place, "cash") == 10_000
        assert balance(world, place, "receivable") == 0

    @pytest.mark.feature("C10")
    def test_a_part_leaves_the_rest_outstanding(self, world, place, invoice_id):
        pay(world, place, invoice_id, "40")

        assert outstanding(world, place, invoice_id) == 6_000

    def test_what_is_too_much_becomes_the_customers_credit(
        self, world, place, invoice_id
    ):
        recorded = pay(world, place, invoice_id, "120.00")

        assert recorded.allocated_minor == 10_000
        assert recorded.credit_minor == 2_000
        assert balance(world, place, "customer_credit") == -2_000

    @pytest.mark.feature("C17", "F038", "G05")
    def test_the_customer_sees_the_reference_and_never_the_note(
        self, world, place, invoice_id
    ):
        typed = {"reference": "TR-881", "note": "Called twice before it came"}

        recorded = pay(world, place, invoice_id, "100", **typed)

        payment = read_payment(world, place, recorded.payment_id)
        (note,) = all_rows(world, place, PaymentNote)
        (receipt,) = receipts(world, place)
        assert payment.reference == "TR-881"
        assert note.body == "Called twice before it came"
        assert note.written_by == place.accounting.member_id
        assert "TR-881" in receipt.content
        assert "Called" not in receipt.content

    @pytest.mark.feature("G05")
    @pytest.mark.parametrize(
        ("method", "words"),
        [
            ("cash", "Cash"),
            ("check", "Check"),
            ("zelle", "Zelle"),
            ("bank_transfer", "Bank transfer"),
            ("card", "Card"),
            ("other", "Other"),
        ],
    )
    def test_the_receipt_says_how_the_money_came(
        self, world, place, invoice_id, method, words
    ):
        pay(world, place, invoice_id, "100", method=method)

        (receipt,) = receipts(world, place)
        assert f'"{words}"' in receipt.content

    def test_the_same_form_sent_twice_records_once(self, world, place, invoice_id):
        first = pay(world, place, invoice_id, "60", request_key="form-1")
        again = pay(world, place, invoice_id, "60", request_key="form-1")

        assert again == first
        assert outstanding(world, place, invoice_id) == 4_000
        assert len(all_rows(world, place, Payment)) == 1

    def test_two_forms_with_the_same_money_are_two_payments(
        self, world, place, invoice_id
    ):
        pay(world, place, invoice_id, "50", request_key="form-1")
        pay(world, place, invoice_id, "50", request_key="form-2")

        assert outstanding(world, place, invoice_id) == 0

    @pytest.mark.feature("F057")
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"amount": "0"}, "amount"),
            ({"amount": "-5"}, "amount"),
            ({"amount": ""}, "amount"),
            ({"amount": "NaN"}, "amount"),
            ({"amount": "1e5"}, "amount"),
            ({"amount": "１００"}, "amount"),
            ({"amount": "10.005"}, "amount"),
            ({"received_on": "2026-03-03"}, "received_on"),
            ({"received_on": "2026-02-30"}, "received_on"),
            ({"received_on": "02.03.2026"}, "received_on"),
            ({"received_on": "0026-03-02"}, "received_on"),
            ({"received_on": ""}, "received_on"),
            ({"method": "barter"}, "method"),
            ({"currency": "USD"}, "currency"),
            ({"reference": "x" * 141}, "reference"),
            ({"note": "x" * 2_001}, "note"),
        ],
    )
    def test_what_can_not_be_used_is_refused_beside_its_field(
        self, world, place, invoice_id, change, field
    ):
        with pytest.raises(InvalidInput) as refusal:
            pay(world, place, invoice_id, **{"amount": "10", **change})

        assert refusal.value.field == field
        for table in (Payment, PaymentNote, Allocation):
            assert all_rows(world, place, table) == []
        assert outstanding(world, place, invoice_id) == 10_000
        assert balance(world, place, "cash") == 0
        assert "payment_recorded" not in events(world, place)

    @pytest.mark.feature("F057")
    def test_today_is_the_workspaces_own(self, world, place, invoice_id):
        """At 23:30 UTC it is already tomorrow in Amsterdam."""
        world.clock.advance(hours=12, minutes=30)
        tomorrow = "2026-03-03"

        recorded = pay(world, place, invoice_id, "100", received_on=tomorrow)

        payment = read_payment(world, place, recorded.payment_id)
        assert payment.received_on.isoformat() == tomorrow

    def test_markup_in_a_reference_stays_text(self, world, place, invoice_id):
        text = "<script>alert(1)</script> {{7*7}}"

        recorded = pay(world, place, invoice_id, "1", reference=f"{text}\x00\u202e")

        assert read_payment(world, place, recorded.payment_id).reference == text

    @pytest.mark.feature("F064")
    @pytest.mark.feature("C24")
    def test_what_was_never_sent_is_paid_without_being_called_sent(self, world, place):
        """Issued for somebody at the counter, who pays at once and needs no mail."""
        invoice_id = an_invoice(world, place, "100.00", is_published=False)

        pay(world, place, invoice_id, "100.00")

        invoice = read_invoice(world, place, invoice_id)
        assert invoice.phase == "paid"
        assert (invoice.published_at, invoice.sent_at) == (None, None)
        assert invoice.number

    def test_a_draft_can_not_be_paid(self, world, place, biller):
        draft = world.run(biller, drafts.create_draft, drafts.DraftForm())

        with pytest.raises(Conflict, match="draft"):
            pay(world, place, draft.invoice_id, "1")

    @pytest.mark.feature("F064")
    def test_a_void_invoice_can_not_be_paid(self, world, place, biller, invoice_id):
        world.run(biller, invoices.void, invoice_id, "Typed twice")

        with pytest.raises(Conflict, match="void"):
            pay(world, place, invoice_id, "1")

    def test_another_workspaces_invoice_does_not_exist(self, world, invoice_id):
        with pytest.raises(NotFound):
            pay(world, world.kestrel, invoice_id, "1")

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATIONS])
    def test_not_every_member_may(self, world, place, invoice_id, role):
        with pytest.raises(NotPermitted):
            world.run(
                place.member(role),
                payments.record_payment,
                invoice_id,
                a_form(world, "1"),
            )

    def test_a_crash_leaves_nothing(self, world, place, biller, invoice_id):
        def crash(uow):
            payments.record_payment(uow, invoice_id, a_form(world, "100"))
            raise RuntimeError

        with pytest.raises(RuntimeError), world.unit(biller) as uow:
            crash(uow)

        assert all_rows(world, place, Payment) == []
        assert outstanding(world, place, invoice_id) == 10_000


class TestReceipt:
    @pytest.mark.feature("F024")
    def test_shows_what_came_and_what_is_left(self, world, place, invoice_id):
        pay(world, place, invoice_id, "40")

        (row,) = receipts(world, place)
        receipt = from_json(ReceiptDocument, row.content)
        assert receipt.number == row.number == "RCT-00001"
        assert receipt.invoice_number == "INV-00001"
        assert receipt.amount_minor == 4_000
        assert receipt.total_minor == 10_000
        assert receipt.outstanding_minor == 6_000
        assert receipt.earlier_minor == 0
        assert receipt.method == "Bank transfer"
        assert receipt.buyer.name == "Vermeer Optics"

    @pytest.mark.feature("A20", "R37")
    @pytest.mark.parametrize(
        ("language", "method", "said"),
        [
            ("de", "bank_transfer", "Überweisung"),
            ("fr", "cash", "Espèces"),
            ("ar", "check", "شيك"),
            ("ja", "card", "カード"),
            ("sv", "card", "Card"),
        ],
    )
    def test_says_how_it_came_in_the_language_of_the_invoice(
        self, world, place, language, method, said
    ):
        """What staff typed of it stays as it is."""
        form = CustomerForm(name="Abroad", language=language)
        customer_id = world.run(place.accounting, create_customer, form)
        invoice_id = an_invoice(world, place, "100.00", customer_id=customer_id)

        pay(world, place, invoice_id, "40", method=method, reference="No 7, thanks")

        (row,) = receipts(world, place)
        receipt = from_json(ReceiptDocument, row.content)
        assert (receipt.method, receipt.reference) == (said, "No 7, thanks")

    def test_says_what_is_kept_as_credit(self, world, place, invoice_id):
        pay(world, place, invoice_id, "120")

        (row,) = receipts(world, place)
        assert from_json(ReceiptDocument, row.content).credit_minor == 2_000

    def test_is_shown_with_the_invoice_and_not_before(self, world, place, biller):
        hidden = an_invoice(world, place, is_published=False)
        pay(world, place, hidden, "40")
        (before,) = receipts(world, place)

        world.run(biller, invoices.publish, hidden)

        (after,) = receipts(world, place)
        assert before.shown_at is None
        assert after.shown_at is not None

    def test_its_pdf_is_promised_in_the_same_commit(self, world, place, invoice_id):
        pay(world, place, invoice_id, "40")

        promised = all_rows(world, place, OutboxMessage)
        topics = [message.topic for message in promised]
        assert topics.count(Topic.RENDER_RECEIPT) == 1
        assert Topic.MAIL_RECEIPT not in topics

    def test_numbers_have_no_gap_where_a_payment_was_refused(
        self, world, place, invoice_id
    ):
        pay(world, place, invoice_id, "10")
        with pytest.raises(InvalidInput):
            pay(world, place, invoice_id, "0")
        pay(world, place, invoice_id, "10")

        numbers = [row.number for row in receipts(world, place)]
        assert numbers == ["RCT-00001", "RCT-00002"]


class TestReversePayment:
    @pytest.mark.feature("C23")
    def test_opens_the_invoice_again_and_keeps_every_step(
        self, world, place, biller, invoice_id
    ):
        recorded = pay(world, place, invoice_id, "120")

        world.run(biller, payments.reverse_payment, recorded.payment_id, "Bounced")

        assert outstanding(world, place, invoice_id) == 10_000
        assert read_payment(world, place, recorded.payment_id).status == "reversed"
        parts = [row.amount_minor for row in all_rows(world, place, Allocation)]
        assert parts == [10_000, -10_000]
        assert balance(world, place, "cash") == 0
        assert balance(world, place, "customer_credit") == 0
        assert balance(world, place, "receivable") == 10_000
        assert events(world, place)[-1] == "payment_reversed"

    def test_its_receipt_is_no_longer_shown(self, world, place, biller, invoice_id):
        recorded = pay(world, place, invoice_id, "100")

        world.run(biller, payments.reverse_payment, recorded.payment_id, "Bounced")

        (receipt,) = receipts(world, place)
        assert receipt.shown_at is None

    def test_happens_once(self, world, place, biller, invoice_id):
        recorded = pay(world, place, invoice_id, "100")
        world.run(biller, payments.reverse_payment, recorded.payment_id, "Bounced")

        with pytest.raises(Conflict):
            world.run(biller, payments.reverse_payment, recorded.payment_id, "Again")

        assert balance(world, place, "cash") == 0

    def test_needs_a_reason(self, world, place, biller, invoice_id):
        recorded = pay(world, place, invoice_id, "100")

        with pytest.raises(InvalidInput) as refusal:
            world.run(biller, payments.reverse_payment, recorded.payment_id, "  ")

        assert refusal.value.field == "reason"

    def test_the_database_refuses_to_bring_it_back(
        self, world, place, biller, invoice_id
    ):
        recorded = pay(world, place, invoice_id, "100")
        world.run(biller, payments.reverse_payment, recorded.payment_id, "Bounced")

        with pytest.raises(IntegrityError), world.unit(place.system) as uow:
            uow.get(Payment, recorded.payment_id).status = "settled"


class TestAllocateCredit:
    @pytest.fixture
    def customer_id(self, world, place):
        return a_customer(world, place)

    @pytest.fixture
    def overpaid(self, world, place, customer_id):
        """A paid invoice and 50 of credit."""
        first = an_invoice(world, place, "100", customer_id=customer_id)
        return pay(world, place, first, "150").payment_id

    @pytest.fixture
    def second(self, world, place, customer_id):
        return an_invoice(world, place, "80", customer_id=customer_id)

    def test_pays_another_invoice(self, world, place, biller, overpaid, second):
        world.run(biller, payments.allocate_credit, second, "50", 8_000)

        assert outstanding(world, place, second) == 3_000
        assert read_payment(world, place, overpaid).allocated_minor == 15_000
        assert balance(world, place, "customer_credit") == 0
        assert len(receipts(world, place)) == 2

    def test_a_second_press_pays_nothing(self, world, place, biller, overpaid, second):
        world.run(biller, payments.allocate_credit, second, "20", 8_000)

        with pytest.raises(Conflict, match="changed"):
            world.run(biller, payments.allocate_credit, second, "20", 8_000)

        assert outstanding(world, place, second) == 6_000

    @pytest.mark.parametrize("amount", ["50.01", "80.01", "0", "x"])
    def test_gives_no_more_than_there_is(
        self, world, place, biller, overpaid, second, amount
    ):
        with pytest.raises(InvalidInput) as refusal:
            world.run(biller, payments.allocate_credit, second, amount, 8_000)

        assert refusal.value.field == "amount"
        assert outstanding(world, place, second) == 8_000

    def test_another_customers_credit_is_not_touched(
        self, world, place, biller, overpaid
    ):
        theirs = an_invoice(world, place, "80")

        with pytest.raises(InvalidInput, match="credit"):
            world.run(biller, payments.allocate_credit, theirs, "10", 8_000)

    def test_reversing_the_money_opens_both_invoices(
        self, world, place, biller, overpaid, second
    ):
        world.run(biller, payments.allocate_credit, second, "50", 8_000)

        world.run(biller, payments.reverse_payment, overpaid, "Bounced")

        assert outstanding(world, place, second) == 8_000
        assert balance(world, place, "receivable") == 18_000


def test_a_paid_invoice_can_be_voided_once_its_payments_are_reversed(
    world, place, biller, invoice_id
):
    recorded = pay(world, place, invoice_id, "100")
    with pytest.raises(Conflict):
        world.run(biller, invoices.void, invoice_id, "Wrong customer")

    world.run(biller, payments.reverse_payment, recorded.payment_id, "Bounced")
    world.run(biller, invoices.void, invoice_id, "Wrong customer")

    assert read_invoice(world, place, invoice_id).outstanding_minor == 0
    assert balance(world, place, "receivable") == 0


@pytest.mark.feature("F038")
def test_customers_see_no_note_of_staff(world, place, invoice_id):
    pay(world, place, invoice_id, "100", note="internal")

    with world.reading(visitor_of(world, place, invoice_id)) as uow:
        assert uow.all(select(col(PaymentNote.body))) == []
        assert len(uow.all(select(Payment))) == 1


def test_a_form_whose_payment_was_taken_back_records_no_more(
    world, place, biller, invoice_id
):
    made = pay(world, place, invoice_id, "40", request_key="press-1")
    world.run(biller, payments.reverse_payment, made.payment_id, "Bounced")

    with pytest.raises(Conflict, match="taken back"):
        pay(world, place, invoice_id, "40", request_key="press-1")


@pytest.mark.feature("G08")
class TestSeveralRests:
    """Several invoices marked as paid: each its own payment for what is left of it."""

    def mark(self, world, place, ids, **typed):
        seen = {one: outstanding(world, place, one) for one in ids}
        return self.mark_seen(world, place, seen, **typed)

    def mark_seen(self, world, place, seen, **typed):
        form = payments.RestForm(
            **{
                "received_on": f"{world.clock.now:%Y-%m-%d}",
                "method": "check",
                "request_key": "press-1",
                **typed,
            }
        )
        return world.run(place.accounting, payments.record_rests, seen, form)

    def test_each_gets_a_payment_for_its_rest(self, world, place):
        """Of 100.00 and 100.00, of which 40.00 came: 100.00 and 60.00."""
        whole, part = an_invoice(world, place), an_invoice(world, place)
        pay(world, place, part, "40")

        fates = self.mark(world, place, [whole, part], reference="Batch 7")

        made = [read_payment(world, place, fate.payment_id) for fate in fates]
        assert [x.amount_minor for x in made] == [10_000, 6_000]
        assert {(x.method, x.reference) for x in made} == {("check", "Batch 7")}
        for one in (whole, part):
            assert read_invoice(world, place, one).phase == "paid"
        assert len(all_rows(world, place, IssuedDocument)) == 2 + 3
        assert find_broken(world.runtime.engine, world.clock.now) == []

    def test_what_can_not_be_paid_is_left_and_says_why(self, world, place, biller):
        good = an_invoice(world, place)
        paid, void, gone = (an_invoice(world, place) for _ in range(3))
        pay(world, place, paid, "100")
        world.run(biller, invoices.void, void, "Wrong")
        world.run(biller, write_off, gone, "They closed", 10_000)
        draft = world.run(biller, drafts.duplicate, good).invoice_id
        ended = world.run(biller, drafts.duplicate, good).invoice_id
        world.run(biller, drafts.cancel_draft, ended, 1, "Nobody wants it")
        coming = an_invoice(world, place)
        attempt = an_attempt(world, place, coming, 10_000)
        report(world, place, attempt, AttemptStatus.PROCESSING, 10_000)
        ids = [good, paid, void, gone, draft, ended, coming]

        fates = {x.invoice_id: x for x in self.mark(world, place, ids)}

        assert fates[good].payment_id is not None
        assert {one: fates[one].refusal for one in ids[1:]} == {
            paid: "asks for nothing",
            void: "is void",
            gone: "asks for nothing",
            draft: "is still a draft",
            ended: "was cancelled",
            coming: "has a payment on its way",
        }
        assert len(all_rows(world, place, Payment)) == 2

    def test_what_changed_since_it_was_shown_is_left(self, world, place, invoice_id):
        (fate,) = self.mark_seen(world, place, {invoice_id: 9_999})

        assert (fate.payment_id, fate.refusal) == (None, "has changed meanwhile")

    def test_pressed_twice_records_once(self, world, place, invoice_id):
        first = self.mark_seen(world, place, {invoice_id: 10_000})

        assert self.mark_seen(world, place, {invoice_id: 10_000}) == first
        assert len(all_rows(world, place, Payment)) == 1

    def test_pressed_again_after_it_was_taken_back_records_nothing(
        self, world, place, biller, invoice_id
    ):
        (first,) = self.mark_seen(world, place, {invoice_id: 10_000})
        world.run(biller, payments.reverse_payment, first.payment_id, "Bounced")

        (again,) = self.mark_seen(world, place, {invoice_id: 10_000})

        assert again.payment_id is None
        assert again.refusal == "had this payment taken back"

    def test_is_taken_back_in_one_go(self, world, place, biller):
        ids = [an_invoice(world, place) for _ in range(3)]
        made = [fate.payment_id for fate in self.mark(world, place, ids)]
        world.run(biller, payments.reverse_payment, made[0], "Bounced")

        assert world.run(biller, payments.reverse_many, made, "By mistake") == 2

        assert [outstanding(world, place, one) for one in ids] == [10_000] * 3
        assert find_broken(world.runtime.engine, world.clock.now) == []

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"received_on": "soon"}, "received_on"),
            ({"received_on": "2999-01-01"}, "received_on"),
            ({"method": "shells"}, "method"),
            ({"reference": "x" * 141}, "reference"),
        ],
    )
    def test_a_field_that_can_not_be_read_pays_nothing(
        self, world, place, invoice_id, typed, field
    ):
        with pytest.raises(InvalidInput) as refusal:
            self.mark(world, place, [invoice_id], **typed)

        assert refusal.value.field == field
        assert all_rows(world, place, Payment) == []

    def test_wants_the_permission_the_workspace_and_a_page_at_most(
        self, world, place, invoice_id
    ):
        form = payments.RestForm("2026-03-01", "cash")
        for actor, refused in (
            (place.operations, NotPermitted),
            (world.kestrel.accounting, NotFound),
        ):
            with pytest.raises(refused):
                world.run(actor, payments.record_rests, {invoice_id: 10_000}, form)
        with pytest.raises(InvalidInput):
            self.mark_seen(world, place, dict.fromkeys(range(1, 202), 1))
