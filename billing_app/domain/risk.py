"""How likely a customer is to pay late, from what is known, and why we think so.

No score is shown: the reasons are, in plain words. Each weighs one or two, and the
sum says whether to keep an eye on the customer or to call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

# Late by a month has a reason that another mail won't mend; a week may be a holiday.
LONG_OVERDUE_DAYS = 30
OVERDUE_DAYS = 7
# Who has not looked a week after the mail has probably not got it.
UNSEEN_DAYS = 7
# Older failures and promises say little about now: a quarter, and half a year.
FAILED_WITHIN_DAYS = 90
PROMISES_WITHIN_DAYS = 180
# One declined card is a typo, one reminder is usual.
FAILED_MIN = 2
REMINDERS_MIN = 2
# Two light reasons, or a single heavy one and a light one, are worth a call.
HIGH_WEIGHT = 3


class RiskLevel(StrEnum):
    """The word on the badge."""

    LOW = "Low risk"
    WATCH = "Watch"
    HIGH = "High risk"


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """What is known of a customer now.

    Attributes:
        overdue_days: of the oldest invoice that is late; 0 for none.
        overdue_words: what is late in all, as money in words.
        unseen_count: open invoices that nobody has looked at for a week.
        failed_attempts: online payments that failed lately.
        broken_promises: dates that passed lately without the money.
        unanswered_reminders: most of what went out for one invoice still unpaid.
    """

    overdue_days: int = 0
    overdue_words: str = ""
    unseen_count: int = 0
    failed_attempts: int = 0
    broken_promises: int = 0
    unanswered_reminders: int = 0


@dataclass(frozen=True, slots=True)
class Risk:
    """The signal, and the reasons for it, the heaviest first."""

    level: RiskLevel = RiskLevel.LOW
    reasons: tuple[str, ...] = ()


def compute_risk(facts: RiskFacts) -> Risk:
    """Weigh what is known of a customer."""
    reasons = sorted(_reasons(facts), key=lambda reason: -reason[0])
    weight = sum(weight for weight, _ in reasons)
    level = RiskLevel.WATCH if weight else RiskLevel.LOW
    if weight >= HIGH_WEIGHT:
        level = RiskLevel.HIGH
    return Risk(level, tuple(words for _, words in reasons))


def _reasons(facts: RiskFacts) -> Iterator[tuple[int, str]]:
    if facts.overdue_days >= OVERDUE_DAYS:
        weight = 2 if facts.overdue_days >= LONG_OVERDUE_DAYS else 1
        yield (
            weight,
            f"{facts.overdue_words} overdue, the oldest for {facts.overdue_days} days",
        )
    if facts.broken_promises:
        # They named the day themselves.
        yield 2, f"{_count(facts.broken_promises, 'promised date')} passed unpaid"
    if facts.unseen_count:
        opened = _count(facts.unseen_count, "open invoice")
        yield 1, f"{opened} never seen for {UNSEEN_DAYS} days or more"
    if facts.failed_attempts >= FAILED_MIN:
        failed = _count(facts.failed_attempts, "online payment")
        yield 1, f"{failed} failed in the last {FAILED_WITHIN_DAYS} days"
    if facts.unanswered_reminders >= REMINDERS_MIN:
        sent = _count(facts.unanswered_reminders, "reminder")
        yield 1, f"{sent} sent for one invoice without a payment"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
