from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.dates import (
    add_months,
    business_date,
    check_due_on,
    days_overdue,
    due_on,
    end_of_day,
    fiscal_year_start,
    is_overdue,
    is_zone,
    last_months,
    month_end,
    month_start,
    parse_month,
    read_zone,
    zone_names,
    zones_by_region,
)
from billing_app.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("London", "Europe/London"),
        (" europe/amsterdam ", "Europe/Amsterdam"),
        ("new york", "America/New_York"),
        ("utc", "UTC"),
    ],
)
def test_a_zone_is_found_by_its_place(typed: str, zone: str):
    assert read_zone(typed) == zone


@pytest.mark.parametrize("typed", ["", "Mars/Olympus", "Central", "Indiana/"])
def test_what_is_no_place_or_several_is_refused(typed: str):
    with pytest.raises(InvalidInput):
        read_zone(typed)


def test_every_zone_to_choose_from_can_be_kept():
    offered = [name for places in zones_by_region().values() for name, _ in places]

    assert set(offered) <= set(zone_names())
    assert len(offered) == len(set(offered)) > 400


# Clocks that change at midnight, by half an hour, or skip a whole day.
ZONES = [
    *["UTC", "Europe/Vienna", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"],
    *["Africa/Cairo", "Asia/Beirut", "America/Havana", "America/Sao_Paulo"],
    *["Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "America/Santiago"],
]
days = st.dates(date(1990, 1, 1), date(2037, 12, 30))


class TestBusinessDate:
    @pytest.mark.parametrize(
        ("zone", "day"),
        [
            ("UTC", date(2026, 3, 31)),
            ("Pacific/Kiritimati", date(2026, 4, 1)),
            ("Asia/Kolkata", date(2026, 4, 1)),
            ("America/New_York", date(2026, 3, 31)),
        ],
    )
    def test_is_the_day_on_the_workspaces_wall(self, zone: str, day: date):
        now = datetime(2026, 3, 31, 20, 0, tzinfo=UTC)

        assert business_date(now, zone) == day

    def test_refuses_an_instant_without_a_zone(self):
        with pytest.raises(AssertionError):
            business_date(datetime(2026, 3, 31), "UTC")  # noqa: DTZ001

    @pytest.mark.feature("F056")
    @given(days, st.sampled_from(ZONES))
    def test_a_day_lasts_until_its_end(self, day: date, zone: str):
        end = end_of_day(day, zone)

        assert business_date(end, zone) > day
        assert business_date(end - timedelta(microseconds=1), zone) <= day

    @pytest.mark.parametrize(
        ("day", "zone", "hours"),
        [
            (date(2026, 3, 29), "Europe/Vienna", 23),
            (date(2026, 10, 25), "Europe/Vienna", 25),
            (date(2026, 4, 5), "Australia/Lord_Howe", 24.5),
            (date(2024, 4, 26), "Africa/Cairo", 23),
        ],
    )
    def test_days_are_as_long_as_the_clock_makes_them(
        self, day: date, zone: str, hours: float
    ):
        length = end_of_day(day, zone) - end_of_day(day - timedelta(days=1), zone)

        assert length == timedelta(hours=hours)


class TestDue:
    def test_counts_calendar_days(self):
        assert due_on(date(2026, 1, 31), 30) == date(2026, 3, 2)
        assert due_on(date(2026, 1, 31), 0) == date(2026, 1, 31)

    def test_never_falls_due_before_the_issue(self):
        check_due_on(date(2026, 1, 2), date(2026, 1, 2))
        with pytest.raises(InvalidInput, match="before the issue date, 2026-01-02"):
            check_due_on(date(2026, 1, 1), date(2026, 1, 2), field="due_on")

    @pytest.mark.parametrize(
        ("today", "grace", "late"),
        [(10, 0, False), (11, 0, True), (13, 3, False), (14, 3, True)],
    )
    def test_is_overdue_from_the_day_after(self, today: int, grace: int, late: bool):
        due = date(2026, 5, 10)

        assert is_overdue(due, date(2026, 5, today), 1, grace) is late

    @pytest.mark.parametrize("outstanding_minor", [0, -5])
    def test_what_is_paid_is_never_overdue(self, outstanding_minor: int):
        assert not is_overdue(date(2026, 5, 10), date(2027, 1, 1), outstanding_minor)

    def test_without_a_due_date_nothing_is_late(self):
        assert not is_overdue(None, date(2027, 1, 1), 1)
        assert days_overdue(None, date(2027, 1, 1)) == 0

    def test_counts_the_days_late(self):
        assert days_overdue(date(2026, 5, 10), date(2026, 5, 12)) == 2
        assert days_overdue(date(2026, 5, 10), date(2026, 5, 1)) == 0


class TestMonths:
    def test_the_end_of_a_month_stays_an_end(self):
        assert add_months(date(2027, 1, 31), 1) == date(2027, 2, 28)
        assert add_months(date(2028, 3, 31), -1) == date(2028, 2, 29)
        assert month_end(date(2028, 2, 3)) == date(2028, 2, 29)

    def test_lists_the_last_months_oldest_first(self):
        assert last_months(date(2026, 2, 27), 3) == (
            date(2025, 12, 1),
            date(2026, 1, 1),
            date(2026, 2, 1),
        )

    @given(days, st.integers(-120, 120))
    def test_a_month_starts_at_one_whatever_is_added(self, day: date, months: int):
        moved = add_months(month_start(day), months)

        assert moved.day == 1
        assert add_months(moved, -months) == month_start(day)


def test_knows_the_zones_there_are():
    assert is_zone("Europe/Vienna")
    assert is_zone("UTC")
    assert not is_zone("Vienna")
    assert not is_zone("../etc/passwd")
    assert len(zone_names()) == len(set(zone_names()))


class TestFiscalYearStart:
    @pytest.mark.parametrize(
        ("today", "first_month", "start"),
        [
            (date(2026, 3, 2), 1, date(2026, 1, 1)),
            (date(2026, 3, 31), 4, date(2025, 4, 1)),
            (date(2026, 4, 1), 4, date(2026, 4, 1)),
            (date(2026, 11, 30), 12, date(2025, 12, 1)),
        ],
    )
    def test_is_the_latest_first_day_that_is_not_to_come(
        self, today: date, first_month: int, start: date
    ):
        assert fiscal_year_start(today, first_month) == start

    @pytest.mark.parametrize("text", ["", "0", "13", "-1", "1.0", "٣", "1" * 50])
    def test_refuses_what_is_no_month(self, text: str):
        with pytest.raises(InvalidInput, match="Choose a month"):
            parse_month(text)
