"""What may be disputed, and what that leaves to be paid."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.asked import asked_minor
from billing_app.domain.dispute import Disputable, gross_minor
from billing_app.domain.errors import InvalidInput
from billing_app.domain.payability import (
    PayabilityFacts,
    compute_limits,
    find_shut_gate,
    read_amount,
)
from billing_app.domain.portal_dispute import (
    DisputeFacts,
    DisputeLooker,
    DisputePart,
    describe_disputes,
)
from billing_app.domain.portal_settings import DisputeMode, PaymentMode, WriteAuth
from tests.support.documents import MADE_AT, a_line, an_invoice

AMOUNTS = st.integers(0, 10**9)

OPEN = PayabilityFacts(
    mode=PaymentMode.ONLINE,
    can_charge=True,
    is_issued=True,
    is_published=True,
    is_void=False,
    currency="EUR",
    outstanding_minor=10_000,
    processing_minor=0,
    allows_partial=True,
    minimum_minor=0,
)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_what_is_asked_for_is_the_rest(outstanding, processing, disputed):
    asked = asked_minor(outstanding, processing, disputed)

    assert asked >= 0
    if asked:
        assert asked + processing + disputed == outstanding


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_pay_now_never_offers_what_is_disputed(outstanding, processing, disputed):
    facts = replace(
        OPEN,
        outstanding_minor=outstanding,
        processing_minor=processing,
        disputed_minor=disputed,
    )

    assert facts.payable_minor <= max(0, outstanding - processing - disputed)
    if find_shut_gate(facts) is None:
        assert compute_limits(facts).maximum_minor <= facts.payable_minor


def test_the_rest_can_be_paid_and_no_more():
    facts = replace(OPEN, disputed_minor=3_000)

    assert compute_limits(facts).maximum_minor == 7_000
    assert read_amount("70.00", facts).minor == 7_000
    with pytest.raises(InvalidInput, match="the rest is disputed"):
        read_amount("70.01", facts)


def test_a_gate_says_so_where_all_of_it_is_disputed():
    shut = find_shut_gate(replace(OPEN, disputed_minor=10_000))

    assert shut is not None
    assert shut.code == "disputed"
    assert "disputed" in shut.customer_reason


@pytest.mark.parametrize(
    ("tax", "minor", "inclusive", "gross"),
    [
        ("21%", 1_000, False, 1_210),
        ("21%", 1_000, True, 1_000),
        ("", 999, False, 999),
        ("5% + 9.975%", 10_000, False, 11_498),
        ("9%", 5, False, 5),
        ("9%", 6, False, 7),
    ],
)
def test_a_line_is_disputed_with_its_taxes(tax, minor, inclusive, gross):
    assert gross_minor(a_line("Pallets", minor, tax), inclusive) == gross


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_no_part_is_more_than_what_is_left(outstanding, processing, disputed):
    about = Disputable(an_invoice(), False, outstanding, processing, disputed)

    for place in (None, 1, 2, 3, 4):
        assert 0 <= about.most_minor(place) <= about.left_minor


def show(mode: DisputeMode = DisputeMode.OPEN, **changes) -> DisputePart:
    looked = {"missing": None, "may_act": True, "disputes": (), **changes}
    disputes = looked.pop("disputes")
    about = Disputable(
        an_invoice(due_minor=10_000),
        looked.pop("is_void", False),
        looked.pop("outstanding", 10_000),
        0,
        sum(x.amount_minor for x in disputes if x.is_open),
        frozenset(x.line_position for x in disputes if x.is_open),
    )
    looker = DisputeLooker(mode=mode, zone="UTC", base="/p/x", **looked)
    return describe_disputes(disputes, about, looker)


def stored(**changes) -> DisputeFacts:
    it = DisputeFacts(7, 1, 3_000, "Only three", MADE_AT, "", "", None)
    return replace(it, **changes)


class TestDescribe:
    @pytest.mark.feature("C02")
    def test_off_shows_nothing_at_all(self):
        assert show(DisputeMode.OFF, disputes=(stored(),)) == DisputePart.EMPTY

    @pytest.mark.feature("C02")
    def test_view_shows_disputes_but_opens_none(self):
        part = show(DisputeMode.VIEW, disputes=(stored(),))

        assert part.is_shown
        assert not part.can_open
        assert not part.choices
        assert not part.rows[0].can_withdraw
        assert not show(DisputeMode.VIEW).is_shown

    def test_open_offers_the_invoice_and_its_lines(self):
        part = show()

        assert part.can_open
        assert [x.value for x in part.choices] == ["", "1", "2", "3", "4"]
        assert part.choices[1].words == (
            "Line 1: Charter flight, Citation CJ3+, at most €100.00"
        )

    def test_names_those_that_wait_for_an_answer(self):
        part = show(disputes=(stored(), stored(id=8, outcome="stands")))

        assert part.open_ids == (7,)

    def test_what_is_disputed_is_not_offered_again(self):
        part = show(disputes=(stored(),))

        assert "1" not in [x.value for x in part.choices]
        assert part.summary.startswith("€30.00")
        assert part.rows[0].state == "Open"
        assert part.rows[0].can_withdraw

    def test_says_what_was_credited_where_the_rest_stands(self):
        ended = stored(outcome="credited", answer="One.", resolved_at=MADE_AT)

        (whole,) = show(disputes=(ended,)).rows
        (part,) = show(disputes=(replace(ended, part_minor=1_250),)).rows

        assert (whole.state, part.state) == ("Credited", "Credited in part")
        assert part.answered == f"{whole.answered}. €12.50 credited, the rest stands."

    def test_says_which_proof_is_missing(self):
        part = show(missing=WriteAuth.CODE)

        assert not part.can_open
        assert "email" in part.locked
        assert part.verify_href == "/p/x/verify"

    def test_writing_switched_off_offers_nothing(self):
        assert not show(missing=WriteAuth.OFF).is_shown

    @pytest.mark.parametrize("change", [{"may_act": False}])
    def test_a_preview_shows_and_acts_not(self, change):
        part = show(disputes=(stored(),), **change)

        assert part.is_shown
        assert not part.can_open
        assert not part.rows[0].can_withdraw

    def test_nothing_is_offered_of_a_paid_or_void_invoice(self):
        assert not show(outstanding=0).is_shown
        assert not show(is_void=True).is_shown

    def test_an_answer_stays_readable(self):
        over = stored(outcome="stands", answer="Four pallets.", resolved_at=MADE_AT)
        (row,) = show(disputes=(over,)).rows

        assert (row.state, row.answer) == ("The amount stands", "Four pallets.")
        assert row.answered == "Answered on 12 November 2026"
