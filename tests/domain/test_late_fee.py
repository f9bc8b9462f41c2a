from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.draft import DraftRules
from billing_app.domain.errors import InvalidInput
from billing_app.domain.late_fee import (
    LateFeeFacts,
    LateFeeRule,
    NextFee,
    compute_fee,
    fee_details,
    fee_name,
    fee_terms,
    find_fee_obstacle,
    next_fee,
    parse_from_step,
    step_of,
    terms_sentence,
)
from billing_app.domain.reminders import ReminderPolicy
from billing_app.domain.speech import speech_for
from billing_app.domain.terms import TaxTerms
from billing_app.domain.totals import compute_totals

DUE = date(2026, 4, 1)
RULE = LateFeeRule(is_on=True, amounts={"EUR": 1_500}, percent=Decimal(2))
FACTS = LateFeeFacts(DUE, 0, 100_00, 0, 0)
ENGLISH = speech_for("en")

percents = st.decimals(0, 100, places=4)
amounts = st.integers(0, 10**12)
caps = st.none() | st.integers(1, 10**9)


@given(amounts, percents, st.integers(0, 10**6), caps, st.sampled_from([1, 5, 100]))
def test_a_fee_is_a_rounded_share_and_never_above_its_cap(
    overdue: int, percent: Decimal, fixed: int, cap: int | None, step: int
):
    rule = LateFeeRule(
        amounts={"EUR": fixed},
        percent=percent,
        caps={} if cap is None else {"EUR": cap},
    )

    fee = compute_fee(rule, overdue, "EUR", step)

    exact = fixed + Fraction(percent) * overdue / 100 if overdue else Fraction(0)
    assert fee % step == 0
    assert fee >= 0
    if cap is not None and fee + step > cap:
        assert fee <= cap
        assert fee - exact <= Fraction(step, 2)
    else:
        assert abs(fee - exact) <= Fraction(step, 2)


@given(amounts, amounts, percents)
def test_more_overdue_is_never_charged_less(one: int, other: int, percent: Decimal):
    rule = replace(RULE, percent=percent)
    less, more = sorted((one, other))

    assert compute_fee(rule, less, "EUR") <= compute_fee(rule, more, "EUR")


@pytest.mark.parametrize(
    ("overdue", "currency", "fee"),
    [
        (100_00, "EUR", 17_00),
        (25, "EUR", 15_01),
        (24, "EUR", 15_00),
        (0, "EUR", 0),
        (100_00, "USD", 2_00),
    ],
)
def test_a_fee_is_the_fixed_amount_and_the_share(overdue: int, currency: str, fee: int):
    """Half a cent is rounded up; without a fixed amount the share stands alone."""
    assert compute_fee(RULE, overdue, currency) == fee


@given(st.integers(1, 10**9), st.sampled_from([None, 1, 2]), st.sampled_from([0, 5]))
def test_what_is_asked_for_is_the_fee_itself(
    overdue: int, decimals: int | None, cash: int
):
    """Rounded to what documents ask for at once, so that nothing is rounded later."""
    rules = DraftRules({}, decimals=decimals, cash_rounding={"EUR": cash})
    rule = replace(RULE, caps={"EUR": 99_99})
    fee = compute_fee(rule, overdue, "EUR", step_of(rules, "EUR"))

    totals = compute_totals(fee_terms(rules, fee, "EUR", 0, "en"))

    assert totals.due.minor == totals.total.minor == fee <= 99_99
    assert [x.category for x in totals.tax_groups] == ["O"]


def test_a_chosen_tax_comes_on_top():
    rules = DraftRules({"3": TaxTerms("VAT 21%", "S", Decimal(21))})

    totals = compute_totals(fee_terms(rules, 10_00, "EUR", 3, "en"))

    assert (totals.net_total.minor, totals.total.minor) == (10_00, 12_10)


@pytest.mark.parametrize(
    ("rule", "facts", "step", "days", "says"),
    [
        (RULE, FACTS, 7, 7, ""),
        (replace(RULE, is_on=False), FACTS, 7, 7, "switched off"),
        (RULE, replace(FACTS, is_fee=True), 7, 7, "a late fee itself"),
        (RULE, replace(FACTS, is_exempt=True), 7, 7, "customer is charged no"),
        (RULE, replace(FACTS, due_on=None), 7, 7, "no due date"),
        (RULE, replace(FACTS, charged_steps=frozenset({7})), 7, 7, "already"),
        (RULE, FACTS, 6, 7, "first reminders"),
        (replace(RULE, from_step=0), FACTS, 0, 7, "first reminders"),
        (RULE, replace(FACTS, grace_days=7), 7, 7, "days of grace"),
        (RULE, replace(FACTS, grace_days=7), 7, 8, ""),
        (RULE, replace(FACTS, outstanding_minor=0), 7, 7, "Nothing is overdue"),
        (RULE, replace(FACTS, disputed_minor=100_00), 7, 7, "disputed"),
        (RULE, replace(FACTS, processing_minor=100_00), 7, 7, "on its way"),
        (RULE, replace(FACTS, disputed_minor=99_99), 7, 7, ""),
    ],
)
def test_what_keeps_a_fee_back(
    rule: LateFeeRule, facts: LateFeeFacts, step: int, days: int, says: str
):
    obstacle = find_fee_obstacle(rule, facts, step, date(2026, 4, 1 + days))

    assert says in obstacle
    assert bool(obstacle) == bool(says)


@pytest.mark.parametrize(
    ("today", "sent", "expected"),
    [
        (date(2026, 3, 20), set(), NextFee(7, date(2026, 4, 8), 17_00)),
        (date(2026, 4, 9), set(), NextFee(7, date(2026, 4, 9), 17_00)),
        (date(2026, 4, 9), {7}, NextFee(14, date(2026, 4, 15), 17_00)),
        (date(2026, 4, 15), {7, 14}, None),
    ],
)
def test_the_next_fee_is_foreseen(
    today: date, sent: set[int], expected: NextFee | None
):
    policy = ReminderPolicy(True, (-3, 0, 7, 14))

    assert next_fee(RULE, policy, FACTS, frozenset(sent), "EUR", today) == expected


def test_none_is_foreseen_where_no_reminder_leaves():
    policy = ReminderPolicy(False, (7,))

    assert next_fee(RULE, policy, FACTS, frozenset(), "EUR", DUE) is None


def test_a_rule_is_read_as_it_was_stored():
    rule = LateFeeRule(
        True, 14, {"EUR": 500, "JPY": 1_000}, Decimal("1.5"), {"EUR": 4_000}, 3, True
    )

    assert LateFeeRule.from_stored(rule.to_stored()) == rule
    assert LateFeeRule.from_stored({}) == LateFeeRule()
    assert not LateFeeRule().is_on


class TestWords:
    def test_the_line_names_the_invoice_and_the_days(self):
        assert fee_name(ENGLISH, "INV-7", 1) == "Late fee for invoice INV-7, 1 day late"
        assert "8 days late" in fee_name(ENGLISH, "INV-7", 8)
        assert "8 Tage" in fee_name(speech_for("de"), "INV-7", 8)

    @pytest.mark.parametrize(
        ("rule", "details"),
        [
            (RULE, "€15.00 and 2% of €100.00 overdue"),
            (replace(RULE, amounts={}), "2% of €100.00 overdue"),
            (replace(RULE, percent=Decimal(0)), ""),
            (
                replace(RULE, amounts={}, caps={"EUR": 40_00}),
                "2% of €100.00 overdue, at most €40.00",
            ),
        ],
    )
    def test_the_details_say_how_it_came_about(self, rule: LateFeeRule, details: str):
        assert fee_details(rule, 100_00, "EUR", ENGLISH) == details

    @pytest.mark.parametrize(
        ("rule", "sentence"),
        [
            (
                replace(RULE, from_step=1, percent=Decimal(0)),
                "Late payment: each reminder from 1 day after the due date costs "
                "€15.00.",
            ),
            (
                replace(RULE, caps={"EUR": 40_00}),
                "Late payment: each reminder from 7 days after the due date costs "
                "€15.00 and 2% of what is overdue, at most €40.00.",
            ),
            (replace(RULE, is_on=False), ""),
            (replace(RULE, amounts={"USD": 5}, percent=Decimal(0)), ""),
        ],
    )
    def test_documents_say_what_paying_late_costs(
        self, rule: LateFeeRule, sentence: str
    ):
        assert terms_sentence(rule, "EUR", ENGLISH) == sentence


@pytest.mark.parametrize("text", ["", "0", "-1", "7.5", "121", "1000", "٧"])
def test_the_first_step_is_a_day_after_the_due_date(text: str):
    with pytest.raises(InvalidInput):
        parse_from_step(text)

    assert parse_from_step(" 7 ") == 7
