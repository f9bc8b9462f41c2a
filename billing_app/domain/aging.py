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


def due_span(bucket: AgeBucket, today: date) -> DueSpan:
    """Return the due dates that fall into a span of age today."""
    youngest, oldest = _SPANS.get(bucket, (None, None))
    return DueSpan(
        first=None if oldest is None else today - timedelta(days=oldest),
        last=None if youngest is None else today - timedelta(days=youngest),
    )


def age_of(due_on: date | None, today: date) -> AgeBucket:
    """Return the span of age of what was due on a day; no day is never late."""
    days = 0 if due_on is None else (today - due_on).days
    for bucket, (_, oldest) in _SPANS.items():
        if oldest is None or days <= oldest:
            return bucket
    raise AssertionError("the last span is open")


def asked_for(outstanding_minor: int, disputed_minor: int) -> int:
    """Return how much of what is outstanding is not disputed."""
    return max(0, outstanding_minor - max(0, disputed_minor))
