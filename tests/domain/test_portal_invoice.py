from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from billing_app.domain.document import BankRow, InvoiceDocument
from billing_app.domain.formats import format_money
from billing_app.domain.invoice import InvoiceState
from billing_app.domain.parsing import parse_amount
from billing_app.domain.portal_asking import AskingFacts
from billing_app.domain.portal_invoice import (
    DebitFacts,
    Looking,
    PdfState,
    PortalFacts,
    PortalInvoice,
    ReceivedFacts,
    Replacement,
    describe_invoice,
    field_text,
    payability_of,
    weigh_amount,
)
from billing_app.domain.portal_settings import (
    PaymentMode,
    PortalSettings,
    PortalSetup,
)
from tests.support.documents import an_invoice

NOW = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)
SETUP = PortalSetup(PortalSettings(), "Europe/Amsterdam", "EUR", True, True)
BANK = (BankRow("IBAN", "NL91 ABNA 0417 1643 00"), BankRow("BIC", "ABNANL2A"))


def a_document(**changes) -> InvoiceDocument:
    """An invoice over €100.00, due in 18 days."""
    facts = {
        "due_minor": 10_000,
        "total_minor": 10_000,
        "due_on": date(2026, 12, 12),
        "bank": BANK,
    }
    return replace(an_invoice(), **facts | changes)


def received(minor: int, **changes) -> ReceivedFacts:
    facts = ReceivedFacts(
        payment_id=7,
        received_on=NOW.date(),
        method="card",
        method_detail="•••• 4242",
        reference="",
        status="settled",
        amount_minor=minor,
        part_minor=minor,
        refunded_minor=0,
        credit_minor=0,
        receipt_number="RCT-1",
    )
    return replace(facts, **changes)


def show(
    outstanding: int = 10_000,
    setup: PortalSetup = SETUP,
    came_back: str = "",
    looking: Looking | None = None,
    **facts,
) -> PortalInvoice:
    stored = {
        "document": a_document(),
        "state": InvoiceState.ISSUED,
        "outstanding_minor": outstanding,
        "processing_minor": 0,
        "received": (),
        "debits": (),
        "pdf": PdfState.READY,
    }
    looking = looking or Looking(NOW, "/p/token", came_back=came_back)
    return describe_invoice(PortalFacts(**stored | facts), setup, looking)


def chosen(**settings) -> PortalSetup:
    return replace(SETUP, settings=PortalSettings(**settings))


@pytest.mark.parametrize(
    ("opens", "href"), [(True, "/p/token/account"), (False, "")], ids=repr
)
def test_a_link_that_opens_the_account_leads_there(opens: bool, href: str):
    """To the invoice that took the place of this one as well."""
    looking = Looking(NOW, "/p/token", replaced_by=Replacement(9, "INV-9"))

    it = show(setup=chosen(link_opens_account=opens), looking=looking)

    assert it.account_href == href
    assert it.replaced_by == "INV-9"
    assert it.replaced_href == (f"{href}/9" if opens else "")


def test_reminders_are_told_of_while_something_is_due():
    asking = AskingFacts(reminders=((NOW, 3),))

    assert len(show(asking=asking).asking.reminders) == 1
    assert show(0, asking=asking).asking.reminders == ()


class TestStatus:
    def test_due_says_how_much_until_when(self):
        it = show()

        assert (it.status, it.amount) == ("Due", "€100.00")
        assert (it.due_on, it.due_note) == ("12 December 2026", "in 18 days")
        assert not it.is_settled
        assert it.title.startswith(f"Invoice {it.number} from ")

    @pytest.mark.parametrize(
        ("days", "said"),
        [(0, "today"), (1, "tomorrow"), (2, "in 2 days")],
    )
    def test_says_how_far_the_due_date_is(self, days: int, said: str):
        due_on = NOW.date() + timedelta(days=days)

        assert show(document=a_document(due_on=due_on)).due_note == said

    @pytest.mark.feature("F035", "F036")
    @pytest.mark.parametrize(
        ("days", "said"),
        [(1, "yesterday"), (9, "9 days ago")],
    )
    def test_late_is_overdue(self, days: int, said: str):
        due_on = NOW.date() - timedelta(days=days)

        it = show(document=a_document(due_on=due_on))

        assert (it.status, it.is_late, it.due_note) == ("Overdue", True, said)

    def test_without_a_date_it_is_due_on_receipt(self):
        it = show(document=a_document(due_on=None))

        assert (it.due_on, it.due_note, it.status) == ("On receipt", "", "Due")

    @pytest.mark.feature("C13", "F036")
    def test_the_day_is_that_of_the_business(self):
        """At 23:30 UTC it is the next day in Amsterdam already."""
        late = replace(SETUP, zone="Europe/Amsterdam")
        looking = Looking(datetime(2026, 12, 12, 23, 30, tzinfo=UTC), "/p/token")
        facts = PortalFacts(
            document=a_document(),
            state=InvoiceState.ISSUED,
            outstanding_minor=10_000,
            processing_minor=0,
            received=(),
            debits=(),
            pdf=PdfState.READY,
        )

        assert describe_invoice(facts, late, looking).status == "Overdue"

    @pytest.mark.feature("F035", "F093")
    def test_partly_paid_says_how_much_came(self):
        it = show(6_000, received=(received(4_000),), allocated_minor=4_000)

        assert (it.status, it.amount) == ("Partially paid", "€60.00")
        assert (it.paid_words, it.paid_percent) == ("€40.00 of €100.00 paid", 40)

    def test_what_is_below_zero_is_the_customers_credit(self):
        it = show(-24_200)

        assert (it.status, it.status_words) == ("In credit", "In credit")
        assert (it.amount_label, it.amount) == ("Your credit", "€242.00")
        assert (it.outcome.kind, it.outcome.heading) == ("closed", "Nothing to pay")
        assert it.is_settled
        assert not it.form.is_open

    @pytest.mark.feature("F039")
    def test_a_debit_for_a_part_is_on_its_way(self):
        it = show(processing_minor=2_500)

        assert it.status == "Due"
        assert it.on_its_way == "€25.00 more is on its way from your bank."
        assert it.form.amount == "75.00"


class TestPaying:
    def test_the_field_starts_with_the_full_balance(self):
        form = show(6_000).form

        assert form.is_open
        assert (form.amount, form.currency) == ("60.00", "EUR")
        assert form.hint == "Full balance. Enter less to pay a part."

    @pytest.mark.parametrize("disputed", [0, 1_000])
    def test_what_is_on_its_way_is_not_part_of_it(self, disputed: int):
        moving = {"processing_minor": 2_500, "disputed_minor": disputed}

        it = show(**moving)
        whole = show(setup=chosen(allows_partial=False), **moving)

        assert it.form.hint.startswith("All that is left to pay now. Enter less")
        assert whole.form.hint == "All that is left to pay now, in one payment."

    def test_a_least_payment_is_named(self):
        assert "€20.00 or more" in show(setup=chosen(minimum_minor=2_000)).form.hint

    def test_a_business_may_want_it_in_one_payment(self):
        form = show(setup=chosen(allows_partial=False)).form

        assert form.is_fixed
        assert form.hint == "The full balance, in one payment."

    @pytest.mark.feature("F085")
    @pytest.mark.parametrize("is_connected", [True, False])
    @pytest.mark.parametrize("is_payable", [True, False])
    @pytest.mark.parametrize("has_balance", [True, False])
    def test_the_form_needs_all_three_gates(
        self, is_connected: bool, is_payable: bool, has_balance: bool
    ):
        setup = replace(SETUP, is_connected=is_connected, can_charge=is_connected)

        it = show(
            10_000 if has_balance else 0,
            setup,
            state=InvoiceState.ISSUED if is_payable else InvoiceState.VOID,
        )

        assert it.form.is_open == (is_connected and is_payable and has_balance)

    @pytest.mark.feature("F086")
    def test_void_says_that_there_is_nothing_to_pay(self):
        it = show(0, state=InvoiceState.VOID)

        assert it.outcome.heading == "This invoice is void"
        assert it.outcome.words == "There is nothing to pay on it."
        assert not it.shows_payments
        assert it.is_settled
        assert not it.bank

    @pytest.mark.feature("F086")
    def test_too_little_to_charge_says_so_and_keeps_the_bank(self):
        it = show(20)

        assert it.outcome.heading == "Payment unavailable"
        assert "€0.50" in it.outcome.words
        assert it.bank

    def test_without_stripe_the_bank_is_enough(self):
        it = show(setup=replace(SETUP, is_connected=False, can_charge=False))

        assert (it.form.is_open, it.outcome.kind) == (False, "")
        assert it.bank

    def test_a_contact_who_may_not_pay_is_told_so(self):
        looking = chosen(payment=PaymentMode.INSTRUCTIONS)
        it = show(setup=replace(looking, is_pay_refused=True))

        assert not it.form.is_open
        assert it.outcome.words == "You may look at this account, but not pay for it."

    def test_with_neither_it_says_how(self):
        setup = replace(SETUP, is_connected=False, can_charge=False)

        it = show(setup=setup, document=a_document(bank=()))

        assert it.outcome.heading == "How to pay"
        assert it.has_card

    @pytest.mark.feature("C01", "F098")
    @pytest.mark.parametrize(
        ("mode", "has_bank"),
        [(PaymentMode.OFF, False), (PaymentMode.INSTRUCTIONS, True)],
    )
    def test_a_business_may_take_no_payments_here(self, mode: str, has_bank: bool):
        it = show(setup=chosen(payment=mode))

        assert not it.form.is_open
        assert bool(it.bank) == has_bank
        assert bool(it.outcome.words) != has_bank
        assert ("bank details are on the invoice" in it.outcome.words) != has_bank

    def test_says_how_to_pay_where_nothing_is_taken_nor_any_bank_shown(self):
        """Nothing of it where there is nothing to pay."""
        for mode in (PaymentMode.OFF, PaymentMode.INSTRUCTIONS):
            it = show(setup=chosen(payment=mode), document=a_document(bank=()))
            assert it.outcome.heading == "How to pay"
            assert it.outcome.words == f"Pay as agreed with {it.seller}."
            assert it.has_card

        paid = show(0, setup=chosen(payment=PaymentMode.OFF), state=InvoiceState.ISSUED)
        assert paid.outcome.heading != "How to pay"

    @pytest.mark.feature("F097")
    def test_a_transfer_needs_a_name_and_a_reference(self):
        lines = [(x.label, x.copy_label) for x in show().bank]

        assert lines == [
            ("Name", "Copy name"),
            ("IBAN", "Copy IBAN"),
            ("BIC", "Copy BIC"),
            ("Reference", "Copy reference"),
        ]

    @pytest.mark.feature("R43")
    def test_a_reference_with_check_digits_takes_the_place_of_the_number(self):
        it = show(document=a_document(reference="RF82INV00042"))

        assert it.bank[-1].value == "RF82 INV0 0042"


class TestWeighing:
    def weigh(self, text: str, **settings):
        facts = PortalFacts(
            document=a_document(),
            state=InvoiceState.ISSUED,
            outstanding_minor=10_000,
            processing_minor=0,
            received=(),
            debits=(),
            pdf=PdfState.READY,
        )
        payability = payability_of(facts, chosen(**settings))
        return weigh_amount(text, payability, "en")

    def test_a_part_says_what_stays(self):
        weighed = self.weigh("40")

        assert (weighed.minor, weighed.is_part) == (4_000, True)
        assert weighed.hint == "€60.00 stays open."

    def test_all_of_it_says_the_usual(self):
        weighed = self.weigh("100.00")

        assert (weighed.minor, weighed.is_part) == (10_000, False)

    @pytest.mark.parametrize("text", ["", "NaN", "1e5", "100.01", "-1", "１０", "0"])
    def test_what_cannot_be_paid_says_why(self, text: str):
        weighed = self.weigh(text)

        assert weighed.minor is None
        assert weighed.error.endswith(".")


class TestOutcomes:
    @pytest.mark.feature("F038", "G05")
    def test_paid_thanks_and_names_the_last_payment(self):
        last, first = received(6_000), received(4_000, payment_id=6)

        it = show(0, received=(last, first))

        assert it.outcome.heading == "Paid in full. Thank you."
        assert (it.amount_label, it.amount) == ("Amount", "€100.00")
        assert [x.value for x in it.settled] == ["24 November 2026", "Card •••• 4242"]
        assert it.due_on == ""
        assert it.outcome.receipt_href == "/p/token/receipts/7.pdf"
        assert it.is_settled

    def test_what_was_paid_before_asks_for_nothing(self):
        it = show(0, document=a_document(due_minor=0, prepaid_minor=10_000))

        assert it.outcome.heading == "Nothing to pay"
        assert it.amount_label == "Amount due"

    @given(st.integers(1, 10_000), st.integers(0, 12_000), st.integers(0, 9_999))
    def test_the_headline_is_what_may_be_paid_now(
        self, outstanding: int, disputed: int, coming: int
    ):
        """Beside a dispute the whole is told in small."""
        assume(coming < outstanding)

        it = show(outstanding, disputed_minor=disputed, processing_minor=coming)

        if not disputed:
            assert (it.amount_label, it.asked_of) == ("Amount due", "")
            return
        payable = max(0, max(0, outstanding - disputed) - coming)
        assert it.amount_label == "To pay now"
        assert it.amount == format_money(payable, "EUR", "en")
        assert it.transfer_minor == payable
        whole = format_money(outstanding, "EUR", "en")
        assert it.asked_of == f"Amount due {whole}"

    def test_a_debit_is_on_its_way_for_five_working_days(self):
        """From a Tuesday that is the Tuesday after."""
        debit = DebitFacts(10_000, NOW)

        it = show(processing_minor=10_000, debits=(debit,))

        assert it.status == "Processing"
        assert [step.stage for step in it.outcome.steps] == ["done", "now", "next"]
        assert it.outcome.steps[1].words.endswith("by 1 December 2026")
        assert it.payments[0].word == "Processing"
        assert not it.bank


class TestPayments:
    @pytest.mark.feature("F039")
    def test_says_what_belongs_to_this_invoice(self):
        row = show(6_000, received=(received(9_000, part_minor=4_000),)).payments[0]

        assert row.amount == "€40.00"
        assert "Part of a payment of €90.00" in row.note

    @pytest.mark.feature("F039")
    def test_says_what_is_kept_and_what_was_returned(self):
        it = received(9_000, part_minor=4_000, credit_minor=3_000, refunded_minor=2_000)

        note = show(6_000, received=(it,)).payments[0].note

        assert "€20.00 refunded" in note
        assert "€30.00 kept as your credit" in note
        assert "Part of" not in note

    def test_what_was_taken_back_has_no_receipt(self):
        row = show(received=(received(4_000, status="reversed"),)).payments[0]

        assert (row.word, row.receipt_href) == ("Returned", "")

    def test_without_files_there_are_no_receipts(self):
        it = show(0, chosen(shows_pdf=False), received=(received(10_000),))

        assert it.payments[0].receipt_href == it.outcome.receipt_href == ""


class TestComingBack:
    def test_thanks_only_for_money_that_is_there(self):
        assert show(came_back="yes").note.startswith("We are checking")
        part = show(6_000, received=(received(4_000),), came_back="yes")
        assert part.note == "Your payment has arrived. Thank you."

    @pytest.mark.parametrize("said", ["yes", "processing"])
    def test_a_debit_that_is_on_its_way_has_started(self, said: str):
        it = show(processing_minor=2_500, came_back=said)

        assert it.note.startswith("Your bank debit has started.")
        assert it.note_tone == "good"

    @pytest.mark.parametrize("said", ["failed", "expired", "canceled", "review"])
    def test_says_what_happened(self, said: str):
        assert show(came_back=said).note

    def test_says_nothing_once_it_is_settled(self):
        assert show(0, received=(received(10_000),), came_back="failed").note == ""

    def test_says_nothing_it_was_not_asked(self):
        assert show(came_back="<script>").note == ""


@pytest.mark.parametrize(
    ("minor", "currency", "language", "text"),
    [
        (2_823_013, "EUR", "en", "28,230.13"),
        (2_823_013, "EUR", "de", "28.230,13"),
        (1_234, "JPY", "de", "1,234"),
        (234_500, "KWD", "de", "234.500"),
    ],
)
def test_the_field_reads_back_what_it_shows(
    minor: int, currency: str, language: str, text: str
):
    """Where the customer's way of writing could be read otherwise, ours stands."""
    shown = field_text(minor, currency, language)

    assert parse_amount(shown, currency).minor == minor
    assert shown == text


@pytest.mark.parametrize(
    ("website", "href"),
    [
        ("northwind.example", "https://northwind.example"),
        ("http://northwind.example/pay", "http://northwind.example/pay"),
        ("javascript:alert(1)", ""),
        ('northwind.example/"onclick="x', ""),
    ],
)
def test_only_a_web_address_becomes_a_link(website: str, href: str):
    document = a_document(seller=replace(an_invoice().seller, website=website))

    contact = show(document=document).contacts[-1]

    assert (contact.words, contact.href) == (website, href)


@pytest.mark.feature("G10")
class TestCredited:
    def test_in_full_is_not_called_paid(self):
        it = show(0, credited_minor=10_000)

        assert (it.status, it.is_settled) == ("Credited", True)
        assert (it.amount_label, it.amount) == ("Credited in full", "€100.00")
        assert (it.due_on, it.with_payments_href) == ("", "")
        assert it.outcome.heading == "Credited in full"

    def test_what_was_paid_beside_it_is(self):
        it = show(
            0, credited_minor=4_000, allocated_minor=6_000, received=(received(6_000),)
        )

        assert it.status == "Paid"

    def test_in_part_is_said_beside_what_is_paid(self):
        assert show(7_000, credited_minor=3_000).paid_words == (
            "€30.00 of €100.00 credited"
        )
        it = show(4_000, credited_minor=3_000, allocated_minor=3_000)
        assert it.paid_words == "€30.00 of €70.00 paid, after €30.00 was credited"
        assert it.status == "Partially paid"

    def test_calls_nothing_credited_that_was_given_up(self):
        """Of 100, 60 was paid and the rest written off; then the 60 were returned."""
        assert show(6_000, written_off_minor=4_000).paid_words == ""

    def test_nothing_is_said_of_payments_to_come_where_all_was_given_up(self):
        assert not show(0, written_off_minor=10_000).shows_payments
        assert show(10_000).shows_payments

    def test_in_part_and_unpaid_is_still_due(self):
        assert show(7_000, credited_minor=3_000).status == "Due"
