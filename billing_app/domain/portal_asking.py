"""What the business asks for and the customer answers: reminders and promises.

Every word of that part of a customer's page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from billing_app.domain.formats import format_date
from billing_app.domain.invoice import InvoiceState
from billing_app.domain.portal_settings import WriteAuth
from billing_app.domain.promise import latest_promise_day
from billing_app.domain.speech import Speech, speech_for


@dataclass(frozen=True, slots=True)
class AskingFacts:
    """What went out and what came back.

    Attributes:
        reminders: when each was sent, and its step, oldest first.
        promised_on: the day of the latest promise, or None.
    """

    reminders: tuple[tuple[datetime, int], ...] = ()
    promised_on: date | None = None

    EMPTY: ClassVar[AskingFacts]


AskingFacts.EMPTY = AskingFacts()


@dataclass(frozen=True, slots=True)
class AskingLooker:
    """Who looks, and what holds for them.

    Attributes:
        missing: the proof that writing still asks for.
        may_act: not a preview, nor staff's own browser.
        asked_minor: what could be promised.
    """

    today: date
    zone: str
    language: str
    base: str
    shows_reminders: bool
    missing: WriteAuth | None
    may_act: bool
    state: InvoiceState
    asked_minor: int


@dataclass(frozen=True, slots=True)
class ReminderRow:
    """One reminder that went out."""

    sent_on: str
    words: str


@dataclass(frozen=True, slots=True)
class AskingPart:
    """What the page says about promises and reminders.

    Attributes:
        words: the promise that stands, or that was not kept; empty for none.
        label: what opens the form, or leads to it; empty where nothing is offered.
        action: where the form is sent; empty where a proof is missing first.
        verify_href: where that proof is shown.
        first_day, last_day, day: for the field, as ISO 8601.
    """

    words: str = ""
    label: str = ""
    action: str = ""
    verify_href: str = ""
    first_day: str = ""
    last_day: str = ""
    day: str = ""
    reminders: tuple[ReminderRow, ...] = ()

    EMPTY: ClassVar[AskingPart]


AskingPart.EMPTY = AskingPart()


def describe_asking(facts: AskingFacts, looker: AskingLooker) -> AskingPart:
    """Write the part about promises and reminders."""
    speech = speech_for(looker.language)
    rows = facts.reminders if looker.shows_reminders else ()
    reminders = tuple(
        ReminderRow(
            format_date(at.astimezone(ZoneInfo(looker.zone)).date(), looker.language),
            _reminder(step, speech),
        )
        for at, step in rows
    )
    is_asked = looker.state == InvoiceState.ISSUED and looker.asked_minor > 0
    if not is_asked:
        return AskingPart(reminders=reminders)
    offers = looker.missing != WriteAuth.OFF and looker.may_act
    needs_proof = looker.missing is not None
    promised_on = facts.promised_on
    is_open = promised_on is not None and promised_on >= looker.today
    label = (
        speech.say("Change the date")
        if is_open
        else speech.say("Tell us when you will pay")
    )
    return AskingPart(
        words=_words(promised_on, looker),
        label=label if offers else "",
        action=f"{looker.base}/promises" if offers and not needs_proof else "",
        verify_href=f"{looker.base}/verify" if offers and needs_proof else "",
        first_day=looker.today.isoformat(),
        last_day=latest_promise_day(looker.today).isoformat(),
        day=promised_on.isoformat() if promised_on is not None and is_open else "",
        reminders=reminders,
    )


def _words(promised_on: date | None, looker: AskingLooker) -> str:
    if promised_on is None:
        return ""
    day = format_date(promised_on, looker.language)
    say = speech_for(looker.language).say
    if promised_on >= looker.today:
        return say(
            "You told us that you will pay by {date}. We won’t remind you until then.",
            date=day,
        )
    return say("You told us that you would pay by {date}.", date=day)


def _reminder(step: int, speech: Speech) -> str:
    """Say when a reminder went out, by its days from the due date."""
    if step == 0:
        return speech.say("Reminder, on the due date")
    if step < 0:
        return speech.count(
            "Reminder, {count} day before the due date",
            "Reminder, {count} days before the due date",
            -step,
        )
    return speech.count(
        "Reminder, {count} day after the due date",
        "Reminder, {count} days after the due date",
        step,
    )
