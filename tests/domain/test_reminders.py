"""When an unpaid invoice is reminded of."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing_app.domain.errors import InvalidInput
from billing_app.domain.invoice import InvoiceState
from billing_app.domain.portal_settings import CountsAsPaid
from billing_app.domain.reminders import (
    ReminderFacts,
    ReminderPolicy,
    find_obstacle,
    parse_steps,
    steps_due,
)

DUE = date(2026, 4, 1)
USUAL = ReminderPolicy(is_on=True)
OPEN = ReminderFacts(
    state=InvoiceState.ISSUED,
    is_shown=True,
    outstanding_minor=100_00,
    disputed_minor=0,
    processing_minor=0,
    debit_counts=CountsAsPaid.CLEARED,
    promised_on=None,
)


def due(days: int, *sent: int) -> tuple[int, ...]:
    return steps_due(USUAL, DUE, frozenset(sent), DUE + timedelta(days=days))


class TestStepsDue:
    @pytest.mark.parametrize(
        ("days", "sent", "steps"),
        [
            (-4, (), ()),
            (-3, (), (-3,)),
            (-3, (-3,), ()),
            (-1, (), (-3,)),
            (0, (), (0,)),
            (0, (-3,), (0,)),
            (5, (), (0,)),
            (6, (), ()),
            (7, (), (7,)),
            (7, (-3, 0, 7), ()),
            (12, (), (7,)),
            (13, (), ()),
        ],
    )
    def test_each_once_and_never_too_late(self, days, sent, steps):
        assert due(days, *sent) == steps

    def test_an_earlier_step_never_follows_a_later_one(self):
        added_later = ReminderPolicy(is_on=True, steps=(5, 7))

        assert steps_due(added_later, DUE, frozenset({7}), DUE) == ()
        day = DUE + timedelta(days=6)
        assert steps_due(added_later, DUE, frozenset({7}), day) == ()

    def test_none_before_the_customer_was_told_the_day_before(self):
        assert steps_due(USUAL, DUE, frozenset(), DUE, told_on=DUE) == ()
        told_on = DUE - timedelta(days=1)
        assert steps_due(USUAL, DUE, frozenset(), DUE, told_on=told_on) == (0,)


class TestFindObstacle:
    def test_nothing_keeps_back_what_is_open(self):
        assert find_obstacle(OPEN) == ""

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"state": InvoiceState.DRAFT}, "draft"),
            ({"state": InvoiceState.VOID}, "void"),
            ({"outstanding_minor": 0}, "Nothing is outstanding"),
            ({"disputed_minor": 100_00}, "disputed"),
            ({"promised_on": DUE}, "promised"),
            ({"is_shown": False}, "portal"),
            (
                {
                    "processing_minor": 100_00,
                    "debit_counts": CountsAsPaid.INITIATED,
                },
                "on its way",
            ),
        ],
    )
    def test_says_what_keeps_it_back(self, changes, words):
        assert words in find_obstacle(replace(OPEN, **changes))

    def test_only_people_remind_of_what_is_partly_written_off(self):
        facts = replace(OPEN, written_off_minor=60_00)

        assert "written off" in find_obstacle(facts, by_itself=True)
        assert find_obstacle(facts) == ""

    def test_asks_for_the_undisputed_rest(self):
        facts = replace(OPEN, disputed_minor=30_00)

        assert find_obstacle(facts) == ""
        assert facts.asked_minor == 70_00


class TestParseSteps:
    def test_sorts_and_drops_doubles(self):
        assert parse_steps("7, −3 0;+14, 7") == (-3, 0, 7, 14)

    @pytest.mark.parametrize(
        "text", ["", "soon", "1.5", "--3", "999", "121", "1,2,3,4,5,6,7,8,9", "٣"]
    )
    def test_refuses_anything_else(self, text: str):
        with pytest.raises(InvalidInput) as refused:
            parse_steps(text)

        assert refused.value.field == "steps"
