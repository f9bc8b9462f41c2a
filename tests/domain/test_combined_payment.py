"""One amount over several invoices: exact, oldest first, never more than is asked."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.combined_payment import (
    INVOICES_MAX,
    Asking,
    check_count,
    read_split,
    split,
    title_of,
    whole_sum,
)
from billing_app.domain.errors import BillingError, InvalidInput, LimitReached
from billing_app.domain.money import Money
from billing_app.domain.payability import NotPayable, PayabilityFacts
from billing_app.domain.payment import Part
from billing_app.domain.portal_settings import PaymentMode

TODAY = date(2026, 3, 2)


def an_asking(
    invoice_id: int, minor: int, *, due_in: int | None = 0, **facts: object
) -> Asking:
    values = {
        "mode": PaymentMode.ONLINE,
        "can_charge": True,
        "is_issued": True,
        "is_published": True,
        "is_void": False,
        "currency": "EUR",
        "outstanding_minor": minor,
        "processing_minor": 0,
        "allows_partial": True,
        "minimum_minor": 0,
    } | facts
    return Asking(
        invoice_id=invoice_id,
        number=f"INV-{invoice_id}",
        issued_on=TODAY,
        due_on=None if due_in is None else TODAY + timedelta(days=due_in),
        facts=PayabilityFacts(**values),  # type: ignore[arg-type]
    )


THREE = (
    an_asking(1, 10_000, due_in=20),
    an_asking(2, 5_000, due_in=-30),
    an_asking(3, 2_500, due_in=10),
)

facts_of_one = st.fixed_dictionaries(
    {
        "minor": st.integers(1, 10**9),
        "due_in": st.none() | st.integers(-400, 400),
        "processing_minor": st.integers(0, 1000),
        "disputed_minor": st.integers(0, 1000),
        "allows_partial": st.booleans(),
        "minimum_minor": st.integers(0, 5_000),
    }
)
several = st.lists(facts_of_one, min_size=1, max_size=12).map(
    lambda rows: [an_asking(place, **row) for place, row in enumerate(rows, 1)]
)


@pytest.mark.feature("A07")
class TestSplit:
    @given(several, st.integers(1, 10**10), st.sampled_from(["EUR", "JPY", "KWD"]))
    def test_is_exact_or_refused(
        self, askings: list[Asking], minor: int, currency: str
    ):
        """Whatever is typed: parts sum to it, and no invoice gets too much."""
        askings = [
            an_asking(
                it.invoice_id,
                it.facts.outstanding_minor,
                due_in=None if it.due_on is None else (it.due_on - TODAY).days,
                currency=currency,
                processing_minor=it.facts.processing_minor,
                disputed_minor=it.facts.disputed_minor,
                allows_partial=it.facts.allows_partial,
                minimum_minor=it.facts.minimum_minor,
            )
            for it in askings
        ]
        asked = {it.invoice_id: it for it in askings}
        try:
            found = split(askings, Money(minor, currency))
        except BillingError:
            return

        assert sum(part.minor for part in found.parts) == minor
        assert len({part.invoice_id for part in found.parts}) == len(found.parts)
        ages = [asked[part.invoice_id].age for part in found.parts]
        assert ages == sorted(ages)
        for part in found.parts:
            it = asked[part.invoice_id]
            assert 0 < part.minor <= it.asked_minor
            is_whole = part.minor == it.asked_minor
            assert is_whole or it.facts.allows_partial
            assert is_whole or part.minor >= it.facts.minimum_minor

    @given(several)
    def test_all_that_is_asked_for_is_paid_in_full(self, askings: list[Asking]):
        if any(it.refusal for it in askings):
            with pytest.raises(NotPayable):
                whole_sum(askings)
            return
        if sum(it.asked_minor for it in askings) < 50:
            with pytest.raises(NotPayable):
                whole_sum(askings)
            return

        found = read_split(askings, "")

        assert {part.invoice_id: part.minor for part in found.parts} == {
            it.invoice_id: it.asked_minor for it in askings
        }

    def test_the_oldest_due_is_paid_first(self):
        found = read_split(THREE, "60")

        assert found.parts == (Part(2, 5_000), Part(3, 1_000))

    def test_no_due_date_is_due_on_receipt(self):
        at_once = an_asking(4, 1_000, due_in=None)

        found = split((*THREE, at_once), Money(5_500, "EUR"))

        assert found.parts == (Part(2, 5_000), Part(4, 500))

    def test_what_is_disputed_or_on_its_way_is_not_asked_for(self):
        one = an_asking(1, 10_000, disputed_minor=3_000, processing_minor=2_000)

        assert read_split((one,), "").amount == Money(5_000, "EUR")


class TestRefusals:
    @pytest.mark.parametrize(
        ("askings", "says"),
        [
            (
                (an_asking(1, 1_000), an_asking(2, 1_000, currency="USD")),
                "One payment is in one currency. Choose invoices in the same currency.",
            ),
            (
                (an_asking(1, 1_000), an_asking(2, 0)),
                "INV-2: This invoice is paid. There is nothing left to pay.",
            ),
            (
                (an_asking(1, 1_000), an_asking(2, 500, disputed_minor=500)),
                "INV-2: What is left is disputed. You need not pay it until it is "
                "answered.",
            ),
            (
                (an_asking(1, 1_000, mode=PaymentMode.OFF),),
                "INV-1: This invoice can't be paid online. Please pay as agreed.",
            ),
            (
                (an_asking(1, 1_000, is_void=True),),
                "INV-1: This invoice is void. There is nothing to pay on it.",
            ),
            (
                (an_asking(1, 20), an_asking(2, 20)),
                "Online payments start at €0.50. Choose more invoices.",
            ),
        ],
    )
    def test_say_which_invoice_and_why(self, askings: tuple[Asking, ...], says: str):
        with pytest.raises(BillingError) as refusal:
            read_split(askings, "")

        assert refusal.value.message == says

    @pytest.mark.parametrize(
        ("amount", "says"),
        [
            (
                "175.01",
                "You can pay €175.00 at most; the chosen invoices ask for no more.",
            ),
            ("0.49", "Please pay €0.50 or more."),
            ("-5", None),
            ("1e3", None),
        ],
    )
    def test_an_amount_that_does_not_fit(self, amount: str, says: str | None):
        with pytest.raises(InvalidInput) as refusal:
            read_split(THREE, amount)

        assert says is None or refusal.value.message == says

    @pytest.mark.parametrize(
        ("facts", "says"),
        [
            (
                {"allows_partial": False},
                "INV-3 can only be paid in full. Pay €50.00 or €75.00.",
            ),
            (
                {"minimum_minor": 2_000},
                "Of INV-3, €20.00 is the least. Pay €50.00 or €70.00.",
            ),
        ],
    )
    def test_a_part_that_an_invoice_does_not_take(
        self, facts: dict[str, object], says: str
    ):
        askings = (THREE[0], THREE[1], an_asking(3, 2_500, due_in=10, **facts))

        with pytest.raises(InvalidInput) as refusal:
            read_split(askings, "60")

        assert refusal.value.message == says

    def test_small_rests_are_paid_together(self):
        """Stripe charges neither 0.30 nor 0.40 alone, but both together."""
        found = read_split((an_asking(1, 30), an_asking(2, 40)), "")

        assert found.amount == Money(70, "EUR")

    def test_the_sum_ends_in_what_stripe_charges(self):
        """10.005 and 5.005 KWD are 15.010, which can be charged."""
        dinars = [an_asking(place, 10_005, currency="KWD") for place in (1, 2)]

        assert read_split(dinars, "").amount == Money(20_010, "KWD")
        with pytest.raises(InvalidInput):
            read_split(dinars, "20.005")

    @pytest.mark.parametrize("count", [0, INVOICES_MAX + 1, 100_000])
    def test_none_or_too_many(self, count: int):
        with pytest.raises((InvalidInput, LimitReached)):
            check_count(count)


@pytest.mark.parametrize(
    ("count", "title"),
    [
        (1, "Invoice INV-1"),
        (2, "2 invoices: INV-1, INV-2"),
        (5, "5 invoices: INV-1, INV-2, INV-3 and 2 more"),
    ],
)
def test_the_title_says_how_many(count: int, title: str):
    assert title_of([f"INV-{place}" for place in range(1, count + 1)]) == title
