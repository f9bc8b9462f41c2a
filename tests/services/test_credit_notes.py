"""Crediting: figures, money, numbers, and what stays on the record."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_app.database.verify import find_broken
from billing_app.domain.errors import (
    BillingError,
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
)
from billing_app.models import (
    Allocation,
    AuditEntry,
    Invoice,
    LedgerEntry,
    OutboxMessage,
    Payment,
)
from billing_app.queries import credit_notes as queries
from billing_app.queries.disputes import list_disputes
from billing_app.services import credit_notes, drafts, invoices, payments, settlements
from tests.support.billing import (
    a_customer,
    all_rows,
    an_invoice,
    pay,
    read_invoice,
    read_payment,
)
from tests.support.credit import (
    WHY,
    a_mixed_invoice,
    an_amount,
    credit,
    notes,
    some_lines,
    whole,
)
from tests.support.quarrel import dispute, resolve, stored
from tests.support.world import Place, World

pytestmark = pytest.mark.feature("G10")


@pytest.fixture
def place(world: World) -> Place:
    return world.northwind


@pytest.fixture(autouse=True)
def nothing_breaks(world: World):
    yield
    assert not find_broken(world.runtime.engine, world.clock.now)


class TestCrediting:
    @pytest.mark.feature("A01")
    def test_lowers_what_the_invoice_asks_for(self, world, place):
        invoice_id = a_mixed_invoice(world, place)

        issued = credit(world, place, invoice_id, an_amount("45.50"))

        assert (issued.number, issued.total_minor) == ("CN-00001", 4_550)
        invoice = read_invoice(world, place, invoice_id)
        assert (invoice.credited_minor, invoice.outstanding_minor) == (4_550, 15_000)
        assert invoice.phase == "unpaid"

    def test_of_everything_is_not_called_paid(self, world, place):
        invoice_id = a_mixed_invoice(world, place)

        credit(world, place, invoice_id)

        assert read_invoice(world, place, invoice_id).phase == "credited"

    @pytest.mark.feature("C23")
    def test_posts_the_opposite_of_the_issue(self, world, place):
        invoice_id = a_mixed_invoice(world, place)

        issued = credit(world, place, invoice_id, some_lines(1))

        journal = f"credit_note:{issued.credit_note_id}"
        posted = [
            (x.account, x.amount_minor)
            for x in all_rows(world, place, LedgerEntry)
            if x.journal == journal
        ]
        assert posted == [
            ("receivable", -12_100),
            ("revenue", 10_000),
            ("tax_payable", 2_100),
        ]

    def test_makes_the_customers_credit_of_what_was_paid(self, world, place):
        invoice_id = a_mixed_invoice(world, place)
        first = pay(world, place, invoice_id, "100").payment_id
        second = pay(world, place, invoice_id, "95.50").payment_id

        issued = credit(world, place, invoice_id, an_amount("100"))

        assert issued.credit_minor == 10_000
        kept = [read_payment(world, place, x).allocated_minor for x in (first, second)]
        assert kept == [9_550, 0]
        parts = [x.amount_minor for x in all_rows(world, place, Allocation)]
        assert parts == [10_000, 9_550, -450, -9_550]
        assert read_invoice(world, place, invoice_id).phase == "paid"

    def test_leaves_credit_that_pays_another_invoice(self, world, place):
        customer_id = a_customer(world, place)
        first = an_invoice(world, place, "100.00", customer_id=customer_id)
        second = an_invoice(world, place, "60.00", customer_id=customer_id)
        pay(world, place, first, "100")
        credit(world, place, first)

        world.run(place.accounting, payments.allocate_credit, second, "60", 6_000)

        assert read_invoice(world, place, second).phase == "paid"
        assert read_invoice(world, place, first).phase == "credited"

    def test_freezes_what_is_printed(self, world, place):
        invoice_id = a_mixed_invoice(world, place)

        credit(world, place, invoice_id)

        (note,) = notes(world, place)
        printed = json.loads(note.content)
        assert printed["invoice_number"] == "INV-00001"
        assert printed["reason"] == note.reason == WHY
        assert printed["seller"]["name"] == "Northwind Charter"
        assert [tax["tax_minor"] for tax in printed["taxes"]] == [2_100, 450]

    def test_promises_its_file_and_one_mail(self, world, place):
        invoice_id = a_mixed_invoice(world, place)

        issued = credit(world, place, invoice_id)

        key = f"credit_note:{issued.credit_note_id}"
        told = [x for x in all_rows(world, place, OutboxMessage) if x.key == key]
        assert {x.topic for x in told} == {"pdf.render_credit_note", "mail.credit_note"}
        assert all(x.details == {"credit_note_id": 1} for x in told)
        (entry,) = [
            x
            for x in all_rows(world, place, AuditEntry)
            if x.event == "credit_note_issued"
        ]
        assert (entry.details["number"], entry.details["reason"]) == ("CN-00001", WHY)

    @pytest.mark.feature("A01")
    def test_pressed_twice_is_one_credit_note(self, world, place):
        invoice_id = a_mixed_invoice(world, place)

        first = credit(world, place, invoice_id, an_amount("10", request_key="k1"))
        again = credit(world, place, invoice_id, an_amount("10", request_key="k1"))

        assert first == again
        assert len(notes(world, place)) == 1

    def test_takes_no_number_when_it_is_refused(self, world, place):
        invoice_id = a_mixed_invoice(world, place)

        with pytest.raises(InvalidInput):
            credit(world, place, invoice_id, an_amount("999"))

        assert credit(world, place, invoice_id).number == "CN-00001"

    def test_is_seen_once_the_invoice_is(self, world, place):
        invoice_id = a_mixed_invoice(world, place, is_published=False)
        credit(world, place, invoice_id, an_amount("10"))
        assert notes(world, place)[0].shown_at is None

        world.run(place.accounting, invoices.publish, invoice_id)

        assert notes(world, place)[0].shown_at is not None

    def test_wants_the_permission(self, world, place):
        invoice_id = a_mixed_invoice(world, place)

        with pytest.raises(NotPermitted):
            world.run(
                place.operations, credit_notes.issue_credit_note, invoice_id, whole()
            )

    def test_does_not_know_another_workspaces_invoice(self, world, place):
        invoice_id = a_mixed_invoice(world, place)

        with pytest.raises(NotFound):
            credit(world, world.kestrel, invoice_id)

    def test_of_a_draft_is_refused(self, world, place):
        form = drafts.DraftForm(customer_id=a_customer(world, place))
        draft = world.run(place.accounting, drafts.create_draft, form)

        with pytest.raises(Conflict, match="draft"):
            credit(world, place, draft.invoice_id)

    def test_keeps_an_invoice_from_being_voided(self, world, place):
        invoice_id = a_mixed_invoice(world, place)
        credit(world, place, invoice_id, an_amount("10"))

        with pytest.raises(Conflict, match="credit note"):
            world.run(place.accounting, invoices.void, invoice_id, "Typed twice")

    def test_ends_disputes_once_nothing_is_asked_for(self, world, place):
        invoice_id = an_invoice(world, place, "100.00")
        dispute(world, place, invoice_id, "30.00")

        credit(world, place, invoice_id)

        (row,) = stored(world, place)
        assert (row.outcome, row.answer) == ("credited", WHY)
        assert read_invoice(world, place, invoice_id).disputed_minor == 0


class TestPreview:
    def test_says_what_a_press_would_do(self, world, place):
        invoice_id = a_mixed_invoice(world, place)
        form = some_lines(1, 3)

        shown = world.run(
            place.accounting, queries.preview_credit, invoice_id, form
        ).credit.total_minor

        assert credit(world, place, invoice_id, form).total_minor == shown

    def test_offers_the_lines_that_are_left(self, world, place):
        invoice_id = a_mixed_invoice(world, place)
        credit(world, place, invoice_id, some_lines(2))

        offer = world.run(place.accounting, queries.read_offer, invoice_id)

        assert offer.left_minor == offer.most_minor == 14_100
        assert [x.is_credited for x in offer.lines] == [False, True, False]


@pytest.mark.feature("G10")
class TestReissue:
    @pytest.mark.feature("C23")
    def test_credits_the_rest_and_makes_a_draft(self, world, place):
        invoice_id = a_mixed_invoice(world, place, discount="10%")
        credit(world, place, invoice_id, an_amount("10"))

        made = world.run(place.accounting, credit_notes.reissue, invoice_id, WHY)

        assert made.credit_note is not None
        old, new = (
            read_invoice(world, place, x) for x in (invoice_id, made.draft.invoice_id)
        )
        assert (old.phase, old.outstanding_minor) == ("credited", 0)
        assert (new.state, new.replaces_id) == ("draft", invoice_id)
        assert new.total_minor == old.total_minor

    def test_happens_once(self, world, place):
        invoice_id = a_mixed_invoice(world, place)
        world.run(place.accounting, credit_notes.reissue, invoice_id, WHY)

        with pytest.raises(Conflict, match="replaced by a draft already"):
            world.run(place.accounting, credit_notes.reissue, invoice_id, WHY)

    def test_happens_again_once_the_draft_is_deleted(self, world, place):
        invoice_id = a_mixed_invoice(world, place)
        made = world.run(place.accounting, credit_notes.reissue, invoice_id, WHY)
        world.run(place.accounting, drafts.delete_draft, made.draft.invoice_id)

        again = world.run(place.accounting, credit_notes.reissue, invoice_id, WHY)

        assert again.credit_note is None
        assert len(notes(world, place)) == 1

    def test_wants_a_reason(self, world, place):
        invoice_id = a_mixed_invoice(world, place)

        with pytest.raises(InvalidInput):
            world.run(place.accounting, credit_notes.reissue, invoice_id, " ")

        assert notes(world, place) == []


@pytest.mark.feature("G10")
class TestDisputes:
    def test_of_an_amount_are_credited_in_the_same_breath(self, world, place):
        invoice_id = an_invoice(world, place, "100.00")
        opened = dispute(world, place, invoice_id, "30.00")

        resolve(world, place, opened, "credited")

        (row,), (note,) = stored(world, place), notes(world, place)
        assert row.outcome == "credited"
        assert (note.total_minor, note.dispute_id) == (3_000, opened)
        assert note.reason == row.answer
        assert read_invoice(world, place, invoice_id).outstanding_minor == 7_000

    def test_of_a_whole_line_credit_that_line(self, world, place):
        invoice_id = a_mixed_invoice(world, place)
        opened = dispute(world, place, invoice_id, "54.50", line="2")

        resolve(world, place, opened, "credited")

        (note,) = notes(world, place)
        assert (note.mode, note.lines, note.tax_minor) == ("lines", [2], 450)

    def test_are_credited_in_part_and_the_rest_stands(self, world, place):
        invoice_id = an_invoice(world, place, "100.00")
        opened = dispute(world, place, invoice_id, "30.00")

        resolve(world, place, opened, "credited", amount="12.50")

        (note,), it = notes(world, place), read_invoice(world, place, invoice_id)
        assert (note.total_minor, note.dispute_id) == (1_250, opened)
        assert (it.outstanding_minor, it.disputed_minor) == (8_750, 0)
        (shown,) = world.run(place.viewer, list_disputes, invoice_id)
        assert (shown.outcome, shown.part_minor) == ("credited", 1_250)
        assert not find_broken(world.runtime.engine, world.clock.now)

    def test_in_full_is_no_part_however_it_is_typed(self, world, place):
        invoice_id = an_invoice(world, place, "100.00")
        opened = dispute(world, place, invoice_id, "30.00")

        resolve(world, place, opened, "credited", amount="30")

        assert notes(world, place)[0].total_minor == 3_000
        assert world.run(place.viewer, list_disputes, invoice_id)[0].part_minor == 0

    @pytest.mark.parametrize("amount", ["0", "-1", "30.01", "12,5.0", "much"])
    def test_are_not_credited_by_an_amount_that_is_none_of_it(
        self, world, place, amount
    ):
        invoice_id = an_invoice(world, place, "100.00")
        opened = dispute(world, place, invoice_id, "30.00")

        with pytest.raises(InvalidInput) as refusal:
            resolve(world, place, opened, "credited", amount=amount)

        assert refusal.value.field == "amount"
        assert stored(world, place)[0].resolved_at is None
        assert notes(world, place) == []

    def test_are_not_credited_by_more_than_is_left(self, world, place):
        invoice_id = an_invoice(world, place, "100.00")
        opened = dispute(world, place, invoice_id, "30.00")
        credit(world, place, invoice_id, an_amount("90"))

        with pytest.raises(InvalidInput) as refusal:
            resolve(world, place, opened, "credited", amount="20")

        assert refusal.value.field == "amount"
        assert len(notes(world, place)) == 1

    def test_that_stand_credit_nothing_whatever_amount_was_typed(self, world, place):
        invoice_id = an_invoice(world, place, "100.00")
        opened = dispute(world, place, invoice_id, "30.00")

        resolve(world, place, opened, "stands", amount="12.50")

        assert notes(world, place) == []

    @pytest.mark.parametrize("outcome", ["credited", "reissued"])
    def test_are_answered_by_one_mail_for_both(self, world, place, outcome):
        invoice_id = an_invoice(world, place, "100.00")
        opened = dispute(world, place, invoice_id, "30.00")

        resolve(world, place, opened, outcome)

        promised = [x.topic for x in all_rows(world, place, OutboxMessage)]
        assert promised.count("mail.dispute_resolved") == 1
        assert promised.count("pdf.render_credit_note") == 1
        assert "mail.credit_note" not in promised

    def test_end_with_a_new_invoice_in_the_making(self, world, place):
        invoice_id = an_invoice(world, place, "100.00")
        first = dispute(world, place, invoice_id, "30.00")

        resolve(world, place, first, "reissued")

        draft = all_rows(world, place, Invoice)[-1]
        assert (draft.state, draft.replaces_id) == ("draft", invoice_id)
        assert read_invoice(world, place, invoice_id).phase == "credited"
        assert stored(world, place)[0].outcome == "reissued"

    def test_stay_open_where_nothing_can_be_credited(self, world, place):
        invoice_id = an_invoice(world, place, "100.00")
        opened = dispute(world, place, invoice_id, "30.00")
        with world.unit(place.system) as uow:
            uow.get(Invoice, invoice_id).portal = {}
        credit(world, place, invoice_id, an_amount("90"))

        resolve(world, place, opened, "credited")

        assert [x.total_minor for x in notes(world, place)] == [9_000, 1_000]
        assert world.run(place.viewer, list_disputes, invoice_id)[0].part_minor == 0


class TestTheDatabase:
    def refuses(self, world: World, sql: str) -> None:
        with (
            pytest.raises(IntegrityError),
            world.runtime.engine.begin() as connection,
        ):
            connection.execute(text(sql))

    @pytest.mark.feature("A01")
    @pytest.mark.parametrize(
        "change",
        [
            "reason = 'Something else'",
            "net_minor = net_minor - 1, tax_minor = tax_minor + 1",
            "number = 'CN-9'",
            "content = '{}'",
            "shares = '[]'",
            "customer_id = 2",
        ],
    )
    def test_keeps_a_credit_note_as_it_is(self, world, place, change):
        credit(world, place, a_mixed_invoice(world, place))

        self.refuses(world, f"update credit_note set {change}")

    def test_keeps_it_for_good(self, world, place):
        credit(world, place, a_mixed_invoice(world, place))

        self.refuses(world, "delete from credit_note")

    @pytest.mark.parametrize(
        "changed",
        [
            {},
            {"total_minor": 1, "net_minor": 1, "tax_minor": 0, "amount_minor": 1},
            {"invoice_id": 2},
            {"invoice_id": 2, "customer_id": 2, "currency": "USD"},
        ],
    )
    def test_takes_none_that_does_not_fit_its_invoice(self, world, place, changed):
        first = a_mixed_invoice(world, place)
        other = an_invoice(world, place, "10.00")
        credit(world, place, first)
        names = """
            workspace_id customer_id invoice_id series_code mode currency issued_on
            reason net_minor tax_minor total_minor prepaid_minor rounding_minor
            amount_minor lines shares content content_digest pdf_digest pdf_error
            page_count issued_at
        """
        row = {name: name for name in names.split()}
        row |= {name: repr(value) for name, value in changed.items()}
        assert other == 2

        self.refuses(
            world,
            f"insert into credit_note (number, series_value, {', '.join(row)})"
            f" select 'CN-9', 9, {', '.join(row.values())} from credit_note",
        )

    def test_keeps_a_credited_invoice_from_being_voided(self, world, place):
        credit(world, place, a_mixed_invoice(world, place), an_amount("1"))

        self.refuses(
            world, "update invoice set state = 'void', void_reason = 'x' where id = 1"
        )


minors = st.integers(1, 25_000).map(lambda minor: f"{minor // 100}.{minor % 100:02}")
acts = st.one_of(
    st.tuples(st.sampled_from(["pay", "credit", "refund"]), minors),
    st.tuples(st.just("line"), st.sampled_from(["1", "2", "3"])),
    st.tuples(st.sampled_from(["rest", "void", "reverse", "reissue"]), st.just("")),
)


def do(world: World, place: Place, invoice_id: int, act: str, text: str) -> None:
    """Do one of the things that move money; a refusal is as good as any."""
    came = [x for x in all_rows(world, place, Payment) if x.invoice_id == invoice_id]
    biller = place.accounting
    with contextlib.suppress(BillingError):
        if act == "pay":
            pay(world, place, invoice_id, text)
        elif act == "credit":
            credit(world, place, invoice_id, an_amount(text))
        elif act == "line":
            credit(world, place, invoice_id, some_lines(int(text)))
        elif act == "rest":
            credit(world, place, invoice_id)
        elif act == "void":
            world.run(biller, invoices.void, invoice_id, WHY)
        elif act == "reissue":
            world.run(biller, credit_notes.reissue, invoice_id, WHY)
        elif came and act == "reverse":
            world.run(biller, payments.reverse_payment, came[-1].id, WHY)
        elif came and act == "refund":
            world.run(biller, settlements.start_refund, came[-1].id, text)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(acts, max_size=7))
def test_whatever_happens_the_figures_fit(world: World, place: Place, story):
    invoice_id = a_mixed_invoice(world, place)

    for act, text_typed in story:
        do(world, place, invoice_id, act, text_typed)
        it = read_invoice(world, place, invoice_id)
        if it.state == "issued":
            covered = it.allocated_minor + it.credited_minor
            assert it.outstanding_minor == it.due_minor - covered
        assert it.outstanding_minor >= 0
        assert it.allocated_minor >= 0
        assert it.credited_minor <= it.total_minor
