"""How old what is outstanding is: spans of days by the due date, disputes apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class AgeBucket(StrEnum):
    """One span of age. What is disputed is not asked for, so it has no age."""

    CURRENT = "current"
    TO_30 = "1-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    OVER_90 = "over-90"
    DISPUTED = "disputed"


# Days past the due date, first and last; None is open.
_SPANS: dict[AgeBucket, tuple[int | None, int | None]] = {
    AgeBucket.CURRENT: (None, 0),
    AgeBucket.TO_30: (1, 30),
    AgeBucket.TO_60: (31, 60),
    AgeBucket.TO_90: (61, 90),
    AgeBucket.OVER_90: (91, None),
}
AGES = tuple(_SPANS)


@dataclass(frozen=True, slots=True)
class DueSpan:
    """Due dates from a day to a day, both included; None is open."""

    first: date | None = None
    last: date | None = None


def due_span(bucket: AgeBucket, today: date, grace_days: int) -> DueSpan:
    """Return the due dates that fall into a span of age today.

    Days of grace are still in time. A span that they cover wholly has no due date:
    it ends before it begins.
    """
    youngest, oldest = _SPANS.get(bucket, (None, None))
    if bucket == AgeBucket.CURRENT:
        oldest = grace_days
    elif youngest is not None:
        youngest = max(youngest, grace_days + 1)
    return DueSpan(
        first=None if oldest is None else today - timedelta(days=oldest),
        last=None if youngest is None else today - timedelta(days=youngest),
    )


def age_of(due_on: date | None, today: date, grace_days: int) -> AgeBucket:
    """Return the span of age of what was due on a day; no day is never late."""
    days = 0 if due_on is None else (today - due_on).days
    if days <= grace_days:
        return AgeBucket.CURRENT
    for bucket, (_, oldest) in _SPANS.items():
        if oldest is None or days <= oldest:
            return bucket
    raise AssertionError("the last span is open")
