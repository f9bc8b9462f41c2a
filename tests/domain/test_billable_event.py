"""The arithmetic of what happened, and the line that says the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.billable_event import (
    EventFacts,
    Factor,
    Grouping,
    check_figures,
    factors_from_json,
    factors_to_json,
    group_events,
    line_key,
    make_line,
    sum_of,
    without_events,
)
from billing_app.domain.draft import DraftForm, DraftRules, LineForm, read_draft
from billing_app.domain.errors import InvalidInput

NUMBERS = st.decimals(0, 900, allow_nan=False, places=2)
FACTORS = st.lists(st.builds(Factor, NUMBERS, st.just("days")), min_size=1, max_size=3)
PALLETS = (Factor(D(3), "pallets"), Factor(D(4), "days"))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=3)


def happened(factors: tuple[Factor, ...], rate: D = D("0.85")) -> EventFacts:
    return EventFacts(None, "stop", "S-1", "", NOON, factors, rate)


def a_line(key: str, events: list[EventFacts], currency: str = "EUR") -> LineForm:
    return make_line(
        line_key(key), events, currency=currency, zone="UTC", language="en", tax_id=""
    )


@given(
    st.lists(FACTORS, min_size=1, max_size=4),
    st.decimals(0, 1_000, allow_nan=False, places=4),
    st.sampled_from(["EUR", "JPY", "KWD"]),
    st.sampled_from(Grouping),
    st.booleans(),
)
def test_a_line_comes_to_the_sum_of_its_events(
    many, rate, currency, grouping, has_one_rate
):
    events = [
        happened(tuple(x), rate if has_one_rate else rate + place)
        for place, x in enumerate(many)
    ]
    groups = [[events[x] for x in places] for places in group_events(events, grouping)]
    lines = [a_line(str(place), x, currency) for place, x in enumerate(groups)]
    read = read_draft(DraftForm(lines=tuple(lines)), currency, DraftRules(taxes={}))

    read.check()
    assert read.amounts == tuple(sum_of(x, currency) for x in groups)
    for place, line in enumerate(read.lines):
        check_figures(place + 1, line, groups[place], currency)


@pytest.mark.parametrize("grouping", Grouping)
@pytest.mark.parametrize("note", ["", "Hotel and per diem"])
def test_a_line_of_one_event_has_the_name_of_its_kind(grouping, note: str):
    """However it is grouped: the lines of an invoice read alike."""
    event = replace(happened(PALLETS), description=note)
    (places,) = group_events([event], grouping)

    line = a_line("a", [event for _ in places])

    assert line.name == "stop"
    assert line.description == ("S-1, Hotel and per diem" if note else "S-1")


def test_events_at_one_rate_are_counted_together():
    line = a_line("a", [happened(PALLETS), happened((Factor(D(2), "pallets"),))])

    assert (line.quantity, line.unit, line.unit_price) == ("14", "", "0.85")


def test_unless_that_is_a_cent_off():
    """Twice 0.333 are 0.66 as two events, and 0.67 as two of them."""
    cents = happened((Factor(D(1), "label"),), D("0.333"))
    line = a_line("a", [cents, cents])

    assert (line.quantity, line.unit_price) == ("1", "0.66")


def test_a_line_of_many_names_the_days_it_is_about():
    line = a_line(
        "a", [happened(PALLETS), replace(happened(PALLETS), happened_at=LATER)]
    )

    assert (line.name, line.description) == ("stop", "2 March 2026 – 5 March 2026")


@pytest.mark.parametrize("change", [{"quantity": "13"}, {"unit_price": "0.86"}])
def test_a_line_that_says_something_else_is_refused(change):
    line = replace(a_line("a", [happened(PALLETS)]), **change)
    read = read_draft(DraftForm(lines=(line,)), "EUR", DraftRules(taxes={}))

    with pytest.raises(InvalidInput, match=r"Line 1 does not come to the 10\.20"):
        check_figures(1, read.lines[0], [happened(PALLETS)], "EUR")


def test_a_discount_is_the_lines_own():
    line = replace(a_line("a", [happened(PALLETS)]), discount="10%")
    read = read_draft(DraftForm(lines=(line,)), "EUR", DraftRules(taxes={}))

    check_figures(1, read.lines[0], [happened(PALLETS)], "EUR")


@given(FACTORS)
def test_factors_are_stored_without_loss(factors):
    assert factors_from_json(factors_to_json(tuple(factors))) == tuple(factors)


def test_a_copy_bills_no_events():
    line = a_line("a", [happened(PALLETS)])
    copy = without_events(DraftForm(lines=(line, LineForm(key="line-1"))))

    assert [x.key for x in copy.lines] == ["", "line-1"]
    assert copy.lines[0].name == line.name
