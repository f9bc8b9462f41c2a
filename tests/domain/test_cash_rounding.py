"""Steps of each currency: how they are typed, and what they do to a document."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from billing_app.domain.cash_rounding import (
    check_cash_rounding,
    format_cash_rounding,
    parse_cash_rounding,
)
from billing_app.domain.credit_note import compute_credit
from billing_app.domain.draft import DraftRules, document_terms
from billing_app.domain.errors import InvalidInput
from billing_app.domain.money import Money
from billing_app.domain.terms import Adjustment, DocumentTerms, LineTerms, Prices
from billing_app.domain.totals import compute_totals
from tests.domain.test_totals import vat
from tests.support.credit import creditable, whole

pytestmark = pytest.mark.feature("A16", "R05")

STEPS = {"CHF": 5, "SEK": 100, "HUF": 500, "KRW": 10, "KWD": 250}


class TestTyped:
    @pytest.mark.parametrize(
        ("typed", "steps"),
        [
            ("", {}),
            (" , ; ", {}),
            ("CHF 0.05", {"CHF": 5}),
            ("SEK 1.00, CHF 0.05", {"SEK": 100, "CHF": 5}),
            ("sek1;chf 0,05", {"SEK": 100, "CHF": 5}),
            ("KRW 10 KWD 0.250", {"KRW": 10, "KWD": 250}),
        ],
    )
    def test_is_read_in_the_decimals_of_each_currency(
        self, typed: str, steps: dict[str, int]
    ):
        assert parse_cash_rounding(typed) == steps

    @pytest.mark.parametrize(
        ("typed", "says"),
        [
            ("0.05", "each currency and its step"),
            ("CHF", "each currency and its step"),
            ("XXX 1", "each currency and its step"),
            ("CHF 0.05 CHF 0.10", "CHF is here twice"),
            ("CHF 0", "must be above zero"),
            ("CHF 1000.01", "1,000 at most"),
            ("CHF -1", "below zero"),
            ("CHF 0.005", "two decimals"),
            ("KRW 0.5", "no decimals"),
            ("CHF NaN", "each currency and its step"),
        ],
    )
    def test_is_refused_in_words(self, typed: str, says: str):
        with pytest.raises(InvalidInput, match=says) as refusal:
            parse_cash_rounding(typed)

        assert refusal.value.field == "cash_rounding"

    @given(st.dictionaries(st.sampled_from([*STEPS]), st.integers(1, 1_000)))
    def test_is_shown_as_it_can_be_typed(self, steps: dict[str, int]):
        assert parse_cash_rounding(format_cash_rounding(steps)) == steps
        check_cash_rounding(steps)


@st.composite
def rounded(draw: st.DrawFn) -> DocumentTerms:
    """What a workspace with these steps bills, in a currency that has one."""
    line = st.builds(
        LineTerms,
        st.decimals("0.001", "900", places=3),
        st.decimals("0", "5000", places=3),
        st.sampled_from([(vat("21"),), (vat("9"),), ()]),
    )
    rules = DraftRules({}, prices=draw(st.sampled_from(Prices)), cash_rounding=STEPS)
    lines = tuple(draw(st.lists(line, min_size=1, max_size=5)))
    discount = draw(st.sampled_from([None, Adjustment(percent=D("7.5"))]))
    terms = document_terms(lines, draw(st.sampled_from([*STEPS])), rules, discount)
    paid = draw(st.none() | st.integers(0, 10**6))
    prepaid = None if paid is None else Money(paid, terms.currency)
    return replace(terms, prepaid=prepaid)


@given(rounded())
def test_only_what_is_due_is_rounded_and_by_half_a_step_at_most(terms: DocumentTerms):
    """No line, tax or total moves."""
    step = STEPS[terms.currency]
    totals = compute_totals(terms)
    exact = compute_totals(replace(terms, cash_rounding=None))

    assert totals.due.minor % step == 0
    assert 2 * abs(totals.rounding.minor) <= step
    assert totals == replace(exact, rounding=totals.rounding, due=totals.due)


@given(rounded())
def test_a_credit_note_of_the_whole_leaves_nothing(terms: DocumentTerms):
    about = creditable(terms)
    assume(about.document.total_minor > 0 and about.document.due_minor >= 0)

    credit = compute_credit(whole(), about)

    assert credit.amount_minor == about.document.due_minor
    assert credit.tax_minor == about.document.tax_minor
    assert credit.rounding_minor == about.document.rounding_minor


def test_a_currency_without_a_step_is_exact():
    rules = DraftRules({}, cash_rounding=STEPS)
    lines = (LineTerms(D(1), D("10.02")),)

    assert compute_totals(document_terms(lines, "EUR", rules)).due.minor == 1_002
    assert compute_totals(document_terms(lines, "CHF", rules)).due.minor == 1_000
