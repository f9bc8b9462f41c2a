"""When an unpaid invoice is reminded of, and what keeps a reminder back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from billing_app.domain.asked import asked_minor
from billing_app.domain.errors import InvalidInput
from billing_app.domain.formats import format_date
from billing_app.domain.invoice import InvoiceState
from billing_app.domain.portal_settings import CountsAsPaid

# What businesses usually send: before it is due, on the day, a week later.
STEPS = (-3, 0, 7)
STEPS_MAX = 8
STEP_DAYS_MAX = 120
# A reminder that is later than this, after a long standstill, would surprise.
LATE_DAYS_MAX = 5
# Mail that arrives at night looks like a machine's, and wakes people.
FROM_HOUR = 8


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """When reminders leave by themselves: steps are days from the due date."""

    is_on: bool = False
    steps: tuple[int, ...] = STEPS

    def to_stored(self) -> dict[str, Any]:
        return {"is_on": self.is_on, "steps": list(self.steps)}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> ReminderPolicy:
        """Read what any version stored: unknown keys are ignored."""
        steps = tuple(int(step) for step in stored.get("steps", STEPS))
        return cls(bool(stored.get("is_on", False)), steps)


@dataclass(frozen=True, slots=True)
class ReminderFacts:
    """What decides whether an invoice is reminded of. Amounts in minor units.

    Attributes:
        is_shown: the portal opens it to the customer.
        promised_on: the day of a promise that is still open, or None.
    """

    state: InvoiceState
    is_shown: bool
    outstanding_minor: int
    disputed_minor: int
    processing_minor: int
    debit_counts: CountsAsPaid
    promised_on: date | None
    written_off_minor: int = 0

    @property
    def asked_minor(self) -> int:
        """What a reminder would ask for: not what is disputed or counts as paid."""
        counts = self.debit_counts == CountsAsPaid.INITIATED
        coming = self.processing_minor if counts else 0
        return asked_minor(self.outstanding_minor, coming, self.disputed_minor)


def steps_due(
    policy: ReminderPolicy,
    due_on: date,
    sent: frozenset[int],
    today: date,
    told_on: date = date.min,
) -> tuple[int, ...]:
    """Return the reminder steps to send today, earliest first.

    A step is its offset in days from the due date: -3 is three days before. Missed
    steps collapse into the latest one, so a late run sends one mail, and a step that
    is too late, or not later than the day the customer was told, is left out.
    """
    reached = [step for step in policy.steps if due_on + timedelta(days=step) <= today]
    if not reached:
        return ()
    latest = max(reached)
    day = due_on + timedelta(days=latest)
    is_told = any(step >= latest for step in sent)
    if is_told or (today - day).days > LATE_DAYS_MAX or day <= told_on:
        return ()
    return (latest,)


def due_dates(policy: ReminderPolicy, today: date) -> tuple[date, date]:
    """Return the first and the last due date that any step can concern today."""
    first = today - timedelta(days=max(policy.steps) + LATE_DAYS_MAX)
    return first, today - timedelta(days=min(policy.steps))


def is_daytime(now: datetime, zone: str) -> bool:
    """Say whether it is late enough in the business's day to write to customers."""
    return now.astimezone(ZoneInfo(zone)).hour >= FROM_HOUR


def find_obstacle(facts: ReminderFacts, *, by_itself: bool = False) -> str:
    """Say what keeps a reminder back, in a sentence for staff; empty for nothing.

    `by_itself`: nobody has pressed a button for it.
    """
    if facts.state == InvoiceState.DRAFT:
        return "A draft asks for nothing yet."
    if facts.state == InvoiceState.VOID:
        return "The invoice is void."
    if facts.outstanding_minor <= 0:
        return "Nothing is outstanding."
    if facts.outstanding_minor <= facts.disputed_minor:
        return "All of it is disputed."
    if by_itself and facts.written_off_minor > 0:
        return "A part of it is written off."
    if facts.asked_minor <= 0:
        return "The payment is on its way and counts as paid."
    if facts.promised_on is not None:
        day = format_date(facts.promised_on, "en")
        return f"The customer has promised to pay by {day}; reminders wait until then."
    if not facts.is_shown:
        return "The portal doesn’t show it, so the link would open nothing."
    return ""


def parse_steps(text: str, field: str = "steps") -> tuple[int, ...]:
    """Read steps like "-3, 0, 7" in order, each once.

    Raises:
        InvalidInput: none, too many, or something else than whole days.
    """
    parts = [part for part in re.split(r"[\s,;]+", text.strip()[:200]) if part]
    parts = [part.replace("−", "-").removeprefix("+") for part in parts]
    if not parts or not all(re.fullmatch("-?[0-9]{1,3}", x, re.ASCII) for x in parts):
        raise InvalidInput(
            "Write whole days with commas between, like -3, 0, 7.", field=field
        )
    steps = tuple(sorted({int(part) for part in parts}))
    if len(steps) > STEPS_MAX:
        raise InvalidInput(f"Use at most {STEPS_MAX} reminders.", field=field)
    if max(map(abs, steps)) > STEP_DAYS_MAX:
        raise InvalidInput(
            f"Stay within {STEP_DAYS_MAX} days of the due date.", field=field
        )
    return steps
