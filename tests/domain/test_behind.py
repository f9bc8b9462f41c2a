"""What is behind a line, in words that add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as D

from billing_app.domain.behind import Behind, describe_lines, explain
from billing_app.domain.billable_event import EventFacts, Factor
from billing_app.domain.event_form import read_moment

PALLETS = (Factor(D(3), "pallets"), Factor(D(4), "days"))
# Half past eleven at night in London, the next day in Brussels.
LATE = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


def happened(line: int, reference: str = "ST-1") -> EventFacts:
    return EventFacts(line, "Storage day", reference, "Bay A", LATE, PALLETS, D("0.85"))


def described(*events: EventFacts, shown_max: int = 100, language: str = "en"):
    return describe_lines(
        events,
        3,
        currency="EUR",
        zone="Europe/Brussels",
        language=language,
        shown_max=shown_max,
    )


def test_says_how_it_comes_to_its_amount():
    said = explain(PALLETS, D("0.85"), "EUR")

    assert said == "3 pallets × 4 days × 0.85 = 10.20"


def test_each_line_has_its_own_events_or_was_entered_by_hand():
    first, second, third = described(happened(1, "a"), happened(3, "b"))

    assert [x.reference for x in first.events] == ["a"]
    assert second is Behind.EMPTY
    assert [x.reference for x in third.events] == ["b"]


def test_the_time_is_by_the_business_clock_in_the_customers_language():
    line = described(happened(1), language="de")[0]

    assert line.events[0].happened == "03.03.2026 00:30"
    assert line.events[0].arithmetic == "3 Paletten × 4 Tage × 0,85"


def test_a_day_without_a_time_is_shown_as_a_day():
    day = replace(happened(1), happened_at=read_moment("2026-03-03", "Europe/Brussels"))

    assert described(day)[0].events[0].happened == "3 Mar 2026"


def test_what_is_not_shown_is_counted_and_summed():
    line = described(*[happened(1)] * 5, shown_max=2)[0]

    assert (line.count, len(line.events), line.more_count) == (5, 2, 3)
    assert (line.more_amount, line.amount) == ("30.60", "51.00")


def test_nothing_is_said_of_an_invoice_without_events():
    assert described() == ()
