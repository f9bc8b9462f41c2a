"""Business dates: which day it is for a workspace, when things fall due."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from billing_app.domain.errors import InvalidInput

NET_DAYS_MAX = 3650
# What else has a slash is a zone of a ship, or an old name of one of these.
_REGIONS = frozenset(
    [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ]
)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant and the zone in which it is read as a date."""

    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    zone: str = "UTC"

    @property
    def today(self) -> date:
        return business_date(self.now, self.zone)


@cache
def zone_names() -> tuple[str, ...]:
    """Return the zones a workspace can choose from, like Europe/Vienna."""
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name))


@cache
def zones_by_region() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return the zones that people live in, as (name, place), by part of the world."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name in zone_names():
        region, _, place = name.partition("/")
        if region in _REGIONS:
            found.setdefault(region, []).append((name, place.replace("_", " ")))
    regions = {region: tuple(places) for region, places in found.items()}
    return MappingProxyType({**regions, "Elsewhere": (("UTC", "UTC"),)})


def is_zone(name: str) -> bool:
    return name in zone_names()


def read_zone(text: str) -> str:
    """Return the zone that somebody typed, also by its place alone, like London.

    Raises:
        InvalidInput: there is none, or more than one place is called so.
    """
    wanted = text.strip().replace(" ", "_").casefold()
    same = [name for name in zone_names() if name.casefold() == wanted]
    found = same or [
        name for name in zone_names() if name.rpartition("/")[2].casefold() == wanted
    ]
    if len(found) != 1:
        raise InvalidInput("Choose a time zone like Europe/Amsterdam.", field="zone")
    return found[0]


def business_date(now: datetime, zone: str) -> date:
    """Return the day it is in the zone at that instant."""
    assert now.tzinfo is not None
    return now.astimezone(ZoneInfo(zone)).date()


def end_of_day(on: date, zone: str) -> datetime:
    """Return the first instant after that day in the zone, in UTC.

    Where the clock skips midnight, the next day begins later by that clock.
    """
    midnight = datetime.combine(on + timedelta(days=1), time.min, ZoneInfo(zone))
    return midnight.astimezone(UTC)


def due_on(issued_on: date, net_days: int) -> date:
    """Return the last day to pay; 0 net days is the day of issue itself."""
    assert 0 <= net_days <= NET_DAYS_MAX
    return issued_on + timedelta(days=net_days)


def check_due_on(due_on: date, issued_on: date, *, field: str | None = None) -> None:
    """Refuse a due date before the date of issue."""
    if due_on < issued_on:
        raise InvalidInput(
            f"The due date must not be before the issue date, {issued_on}.",
            field=field,
        )


def is_overdue(
    due_on: date | None, today: date, outstanding_minor: int, grace_days: int = 0
) -> bool:
    """Say whether money is late: the due date and the days of grace are over."""
    if due_on is None or outstanding_minor <= 0:
        return False
    return (today - due_on).days > grace_days


def days_overdue(due_on: date | None, today: date) -> int:
    """Count the days since the due date; 0 up to and on it."""
    return 0 if due_on is None else max(0, (today - due_on).days)


def parse_month(text: str, *, field: str | None = None) -> int:
    """Read the number of a month, 1 to 12."""
    if text.isascii() and text.isdigit() and 1 <= int(text[:3]) <= 12:
        return int(text)
    raise InvalidInput("Choose a month.", field=field)


def fiscal_year_start(today: date, first_month: int) -> date:
    """Return the first day of the business year that a day lies in."""
    assert 1 <= first_month <= 12
    year = today.year if today.month >= first_month else today.year - 1
    return date(year, first_month, 1)


def month_start(on: date) -> date:
    return on.replace(day=1)


def month_end(on: date) -> date:
    return on.replace(day=calendar.monthrange(on.year, on.month)[1])


def add_months(on: date, months: int) -> date:
    """Return the same day of another month, or that month's last day."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    days = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(on.day, days))


def last_months(today: date, count: int) -> tuple[date, ...]:
    """Return the first days of the last months, oldest first, this one last."""
    this = month_start(today)
    return tuple(add_months(this, -back) for back in reversed(range(count)))
