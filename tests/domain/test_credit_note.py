from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from billing_app.domain.credit_note import (
    Creditable,
    CreditForm,
    CreditMode,
    EarlierCredit,
    compute_credit,
    read_credit,
    shares_of,
)
from billing_app.domain.errors import BillingError, Conflict, InvalidInput
from billing_app.domain.invoice import InvoiceState
from billing_app.domain.money import Money
from billing_app.domain.terms import Adjustment, DocumentTerms, LineTerms, Prices
from billing_app.domain.totals import compute_totals
from tests.domain.test_totals import document, documents, fixed, line, off, vat
from tests.support.credit import WHY, an_amount, creditable, some_lines, whole

pytestmark = pytest.mark.feature("G10")


def after(about: Creditable, *forms: CreditForm) -> Creditable:
    """The invoice once these have been issued."""
    for form in forms:
        credit = compute_credit(form, about)
        earlier = EarlierCredit(
            credit.mode,
            credit.total_minor,
            credit.amount_minor,
            credit.shares,
            credit.places,
        )
        about = replace(
            about,
            earlier=(*about.earlier, earlier),
            outstanding_minor=about.outstanding_minor
            - credit.amount_minor
            + credit.released_minor,
            allocated_minor=about.allocated_minor - credit.released_minor,
        )
    return about


MIXED = document(line("100", vat("21")), line("50", vat("9")), line("20"))


class TestWhole:
    def test_mirrors_the_invoice_in_every_figure(self):
        about = creditable(MIXED)

        credit = compute_credit(whole(), about)

        assert credit.taxes == about.document.taxes
        assert credit.lines == about.document.lines
        assert (credit.net_minor, credit.tax_minor) == (17_000, 2_550)
        assert credit.total_minor == credit.amount_minor == 19_550

    def test_takes_rounding_and_what_was_prepaid_with_it(self):
        """19.98 + 0.02 to cash - 5.00 paid before: 15.00 is asked for less."""
        terms = document(
            line("19.98"),
            prepaid=Money(500, "EUR"),
            cash_rounding=Money(5, "EUR"),
        )

        credit = compute_credit(whole(), creditable(terms))

        assert (credit.total_minor, credit.amount_minor) == (1_998, 1_500)
        assert (credit.rounding_minor, credit.prepaid_minor) == (2, 500)

    def test_takes_what_earlier_credits_left(self):
        about = after(creditable(MIXED), some_lines(3), an_amount("45.50"))

        credit = compute_credit(whole(), about)

        taken = sum(x.total_minor for x in about.earlier)
        assert credit.total_minor == 19_550 - taken
        assert after(about, whole()).left_minor == 0

    def test_releases_what_was_paid(self):
        about = creditable(MIXED, outstanding_minor=9_550, allocated_minor=10_000)

        assert compute_credit(whole(), about).released_minor == 10_000
        assert compute_credit(an_amount("95.50"), about).released_minor == 0
        assert compute_credit(an_amount("100.00"), about).released_minor == 450


class TestLines:
    def test_take_their_own_taxes(self):
        credit = compute_credit(some_lines(1, 3), creditable(MIXED))

        assert (credit.net_minor, credit.tax_minor) == (12_000, 2_100)
        assert [(x.percent, x.tax_minor) for x in credit.taxes] == [(D(21), 2_100)]
        assert [x.name for x in credit.lines] == ["Line 1", "Line 3"]

    def test_take_their_part_of_a_discount_on_the_whole(self):
        terms = replace(MIXED, allowances=(off("10"),))

        credit = compute_credit(some_lines(1), creditable(terms))

        assert (credit.net_minor, credit.tax_minor) == (9_000, 1_890)

    def test_take_their_part_of_a_fixed_discount(self):
        """17.00 off 170.00 is a tenth; 10.00 of it is on the first line."""
        terms = replace(MIXED, allowances=(fixed("17"),))

        credit = compute_credit(some_lines(1), creditable(terms))

        assert credit.net_minor == 9_000

    def test_leave_what_a_discount_on_other_taxes_took(self):
        terms = replace(MIXED, allowances=(fixed("20", (vat("9"),)),))

        assert compute_credit(some_lines(1), creditable(terms)).net_minor == 10_000
        assert compute_credit(some_lines(2), creditable(terms)).net_minor == 3_000

    def test_that_come_to_all_that_is_left_take_it_all(self):
        """Alone they have 0.60 of the 0.70 tax, and none of the charge of 0.10."""
        lines = document(line("3.8"), line("-3.1", vat("19")))
        terms = replace(lines, charges=(off("8.5"),), decimals=1)
        about = creditable(terms)

        credit = compute_credit(some_lines(1, 2), about)

        assert credit.total_minor == about.document.total_minor == 10
        assert credit.taxes == about.document.taxes
        assert credit.shares == about.left

    def test_one_after_the_other_come_to_the_whole(self):
        """Three lines of 0.33 at 19 % have 0.19 tax together, 0.06 each alone."""
        about = creditable(document(*[line("0.33", vat("19"))] * 3))

        taxes = []
        for place in (1, 2, 3):
            taxes.append(compute_credit(some_lines(place), about).tax_minor)
            about = after(about, some_lines(place))

        assert taxes == [6, 6, 7]
        assert about.left_minor == 0

    def test_never_take_more_tax_than_was_billed(self):
        """Three lines of 0.03 at 19 % have 0.02 tax together, 0.01 each alone."""
        about = creditable(document(*[line("0.03", vat("19"))] * 3))

        about = after(about, some_lines(1), some_lines(2))

        assert compute_credit(some_lines(3), about).tax_minor == 0

    @pytest.mark.parametrize(
        ("places", "words"),
        [((), "at least one"), ((4,), "no such line"), ((0,), "no such line")],
    )
    def test_that_do_not_exist_are_refused(self, places, words):
        with pytest.raises(InvalidInput, match=words) as refusal:
            compute_credit(some_lines(*places), creditable(MIXED))

        assert refusal.value.field == "lines"

    def test_are_credited_once(self):
        about = after(creditable(MIXED), some_lines(2))

        with pytest.raises(InvalidInput, match="Line 2 is credited already"):
            compute_credit(some_lines(1, 2), about)

    def test_that_an_amount_has_taken_most_of_are_refused(self):
        about = after(creditable(MIXED), an_amount("150.00"))

        with pytest.raises(InvalidInput, match="an amount instead"):
            compute_credit(some_lines(1), about)


class TestAmount:
    def test_takes_its_part_of_every_tax(self):
        """97.75 is half of 195.50, so it takes half of everything."""
        credit = compute_credit(an_amount("97.75"), creditable(MIXED))

        assert credit.shares == ((5_000, 1_050), (2_500, 225), (1_000,))
        assert credit.net_minor + credit.tax_minor == 9_775

    def test_is_printed_as_a_line_for_each_tax(self):
        credit = compute_credit(an_amount("97.75"), creditable(MIXED))

        assert [(x.tax, x.amount_minor) for x in credit.lines] == [
            ("21%", 5_000),
            ("9%", 2_500),
            ("", 1_000),
        ]

    @pytest.mark.parametrize(
        ("amount", "words"),
        [
            ("195.51", r"At most €195\.50"),
            ("0", "more than zero"),
            ("1.005", "decimals"),
            ("", "amount"),
        ],
    )
    def test_that_cannot_be_is_refused(self, amount, words):
        with pytest.raises(InvalidInput, match=words) as refusal:
            compute_credit(an_amount(amount), creditable(MIXED))

        assert refusal.value.field == "amount"

    def test_leaves_what_was_prepaid_to_the_credit_of_the_rest(self):
        terms = document(line("100"), prepaid=Money(3_000, "EUR"))

        with pytest.raises(InvalidInput, match=r"At most €70\.00"):
            compute_credit(an_amount("80"), creditable(terms))

        about = after(creditable(terms), an_amount("70"))
        assert compute_credit(whole(), about).amount_minor == 0


class TestReading:
    def test_wants_a_reason(self):
        with pytest.raises(InvalidInput) as refusal:
            read_credit(whole(reason="  "), creditable(MIXED))

        assert refusal.value.field == "reason"
        assert read_credit(whole(), creditable(MIXED))[1] == WHY

    def test_wants_to_know_what(self):
        with pytest.raises(InvalidInput) as refusal:
            compute_credit(CreditForm("everything"), creditable(MIXED))

        assert refusal.value.field == "mode"

    @pytest.mark.parametrize("state", [InvoiceState.DRAFT, InvoiceState.VOID])
    def test_refuses_what_is_no_invoice(self, state):
        with pytest.raises(Conflict):
            compute_credit(whole(), replace(creditable(MIXED), state=state))

    def test_refuses_where_nothing_is_left(self):
        with pytest.raises(Conflict, match="in full already"):
            compute_credit(whole(), after(creditable(MIXED), whole()))


def forms(lines: int) -> st.SearchStrategy[CreditForm]:
    places = st.lists(st.integers(1, max(1, lines)), max_size=3).map(tuple)
    minor = st.integers(1, 50_000).map(lambda x: f"{D(x) / 100:.2f}")
    return st.one_of(
        st.builds(lambda x: CreditForm(CreditMode.LINES, lines=x), places),
        st.builds(lambda x: CreditForm(CreditMode.AMOUNT, amount=x), minor),
    )


@st.composite
def credited(draw: st.DrawFn) -> tuple[Creditable, list[CreditForm]]:
    """An invoice, and what staff try with it one after the other."""
    terms: DocumentTerms = draw(documents(low=0))
    about = creditable(terms)
    assume(about.document.total_minor > 0 and about.document.due_minor >= 0)
    return about, draw(st.lists(forms(len(terms.lines)), max_size=5))


class TestInvariants:
    @given(documents())
    def test_shares_sum_to_the_total(self, terms: DocumentTerms):
        totals = compute_totals(terms)

        assert sum(map(sum, shares_of(totals))) == totals.total.minor

    @given(credited())
    def test_all_credits_together_are_the_invoice(self, story):
        """Whatever was credited before, the credit of the rest brings all to zero."""
        about, tries = story
        start, taken, taxes = about, 0, dict[tuple[D, str, str], int]()
        for form in (*tries, CreditForm(CreditMode.WHOLE)):
            try:
                credit = compute_credit(form, about)
            except BillingError:
                continue
            assert credit.net_minor + credit.tax_minor == credit.total_minor
            assert 0 <= credit.amount_minor <= about.outstanding_minor
            assert sum(x.tax_minor for x in credit.taxes) == credit.tax_minor
            for tax in credit.taxes:
                key = (tax.percent, tax.category, tax.name)
                taxes[key] = taxes.get(key, 0) + tax.tax_minor
            taken += credit.total_minor
            about = after(about, form)

        billed = {
            (x.percent, x.category, x.name): x.tax_minor for x in start.document.taxes
        }
        assert taken == start.document.total_minor
        assert about.outstanding_minor == 0
        assert {k: v for k, v in taxes.items() if v} == {
            k: v for k, v in billed.items() if v
        }

    @given(credited(), st.integers(0, 100))
    def test_nothing_that_was_paid_is_lost(self, story, percent):
        """What is released is what was paid beyond what is still asked for."""
        about, tries = story
        paid = about.document.due_minor * percent // 100
        about = replace(
            about,
            allocated_minor=paid,
            outstanding_minor=about.document.due_minor - paid,
        )
        for form in tries:
            try:
                about = after(about, form)
            except BillingError:
                continue
            credited_minor = sum(x.amount_minor for x in about.earlier)
            assert about.outstanding_minor >= 0
            assert 0 <= about.allocated_minor <= paid
            assert (
                about.outstanding_minor + about.allocated_minor + credited_minor
                == about.document.due_minor
            )


def test_prices_with_tax_inside_are_printed_as_agreed():
    terms = DocumentTerms(
        "EUR",
        (LineTerms(D(1), D(121), (vat("21"),)),),
        Prices.INCLUSIVE,
        allowances=(Adjustment(percent=D(10)),),
    )

    credit = compute_credit(an_amount("54.45"), creditable(terms))

    assert [(x.amount_minor, x.net_minor) for x in credit.lines] == [(5_445, 4_500)]
    assert (credit.net_minor, credit.tax_minor) == (4_500, 945)
