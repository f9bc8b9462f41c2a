"""Which reminders are due, and what one says at the moment it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from billing_app.database.access import inner, job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.invoice import OPEN_PHASES, InvoiceState, check_bulk
from billing_app.domain.late_fee import LateFeeRule
from billing_app.domain.mail_choices import MailKind
from billing_app.domain.portal_settings import PortalSettings
from billing_app.domain.reminders import (
    ReminderFacts,
    ReminderPolicy,
    due_dates,
    find_obstacle,
    is_daytime,
    steps_due,
)
from billing_app.models import Invoice, LateFee, Reminder, WorkspaceSettings
from billing_app.queries.mail_choices import find_wanting
from billing_app.queries.mailing import list_recipients
from billing_app.queries.portal_rules import read_choices
from billing_app.queries.promises import find_open_day

# So many invoices are looked at in one statement.
BATCH = 500
# So many reminders are queued in one transaction.
TOGETHER = 100


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A step of an invoice whose day has come.

    Attributes:
        may_charge: as the rule of late fees is, it may come with a fee.
        is_wanted: somebody at the customer wants the mail; a fee comes without it.
    """

    invoice_id: int
    step: int
    may_charge: bool = False
    is_wanted: bool = True


@dataclass(frozen=True, slots=True)
class ReminderToSend:
    """A reminder that was queued, and what holds for its invoice now.

    Attributes:
        step: whose fee it tells of first; None for one sent by hand.
        email: where it goes; empty for the customer's usual addresses.
        obstacle: what keeps it back, empty for nothing.
        asked_minor: what it asks for.
    """

    invoice_id: int
    step: int | None
    email: str
    obstacle: str
    asked_minor: int
    due_on: date | None
    today: date


@dataclass(frozen=True, slots=True)
class HeldBack:
    """An invoice that can't be reminded of now, and why in a sentence."""

    number: str
    obstacle: str


@dataclass(frozen=True, slots=True)
class RemindersPage:
    """When reminders leave by themselves."""

    version: int = 0
    is_on: bool = False
    steps: str = ""


@staff(Permission.EDIT_SETTINGS)
def read_reminder_settings(uow: UnitOfWork) -> RemindersPage:
    settings = uow.one(select(WorkspaceSettings)).WorkspaceSettings
    policy = ReminderPolicy.from_stored(settings.reminders)
    return RemindersPage(
        version=settings.version,
        is_on=policy.is_on,
        steps=", ".join(map(str, policy.steps)),
    )


@job
def list_due_reminders(uow: UnitOfWork) -> tuple[DueReminder, ...]:
    """Return the steps that are due now and were never queued, oldest invoice first.

    Empty at night, and where the business sends no reminders.
    """
    policy, rule = read_policy(uow), read_late_fee_rule(uow)
    zone = uow.workspace.zone
    if not policy.is_on or not is_daytime(uow.now, zone):
        return ()
    due: list[DueReminder] = []
    last_id = 0
    while rows := _open_invoices(uow, policy, last_id):
        last_id = rows[-1].id
        taken = list_taken_steps(uow, [row.id for row in rows])
        for row in rows:
            sent = frozenset(taken.get(row.id, ()))
            told_on = _day(row.published_at, zone)
            for step in steps_due(policy, row.due_on, sent, uow.today, told_on):
                if find_obstacle(read_reminder_facts(uow, row.id), by_itself=True):
                    continue
                may_charge = rule.is_on and step >= rule.from_step
                is_wanted = not _refuses(uow, row.customer_id)
                if is_wanted or may_charge:
                    due.append(DueReminder(row.id, step, may_charge, is_wanted))
    return tuple(due)


def together(due: Sequence[DueReminder]) -> Iterator[Sequence[DueReminder]]:
    """Yield what is queued in one transaction: many, but alone what may charge.

    A fee takes a number, and no invoice is locked after a series of numbers. The
    write lock of a small database is shared with everybody who works in it.
    """
    plain = [each for each in due if not each.may_charge]
    for start in range(0, len(plain), TOGETHER):
        yield plain[start : start + TOGETHER]
    for each in due:
        if each.may_charge:
            yield [each]


@job
def find_reminder(uow: UnitOfWork, reminder_id: int) -> ReminderToSend | None:
    """Return a reminder that has not left yet, or None."""
    reminder = uow.find(Reminder, reminder_id)
    if reminder is None or reminder.sent_at is not None:
        return None
    facts = read_reminder_facts(uow, reminder.invoice_id)
    by_itself = reminder.occasion.startswith("step:")
    obstacle = find_obstacle(facts, by_itself=by_itself)
    if not obstacle and by_itself and not read_policy(uow).is_on:
        obstacle = "Reminders are switched off."
    if not obstacle and not reminder.email and _refuses(uow, reminder.customer_id):
        obstacle = "Nobody at the customer wants reminders by mail."
    return ReminderToSend(
        invoice_id=reminder.invoice_id,
        step=reminder.step if by_itself else None,
        email=reminder.email,
        obstacle=obstacle,
        asked_minor=facts.asked_minor,
        due_on=uow.one(
            select(col(Invoice.due_on)).where(col(Invoice.id) == reminder.invoice_id)
        ).due_on,
        today=uow.today,
    )


@inner
def read_policy(uow: UnitOfWork) -> ReminderPolicy:
    stored = uow.one(select(col(WorkspaceSettings.reminders))).reminders
    return ReminderPolicy.from_stored(stored)


@staff(Permission.SEND_REMINDER)
def list_held_back(uow: UnitOfWork, invoice_ids: list[int]) -> tuple[HeldBack, ...]:
    """Say which of these, at most 200, no reminder by hand would leave for.

    Raises:
        NotFound: one of them is not in this workspace.
    """
    check_bulk(invoice_ids)
    return tuple(
        HeldBack(uow.get(Invoice, invoice_id).number or "", obstacle)
        for invoice_id in sorted(invoice_ids)
        if (obstacle := find_obstacle(read_reminder_facts(uow, invoice_id)))
    )


@inner
def read_late_fee_rule(uow: UnitOfWork) -> LateFeeRule:
    stored = uow.one(select(col(WorkspaceSettings.late_fees))).late_fees
    return LateFeeRule.from_stored(stored)


@inner
def read_reminder_facts(uow: UnitOfWork, invoice_id: int) -> ReminderFacts:
    """Collect what keeps reminders back.

    Raises:
        NotFound: no such invoice in this workspace.
    """
    invoice = uow.get(Invoice, invoice_id)
    settings = read_choices(uow, invoice_id)
    return ReminderFacts(
        state=InvoiceState(invoice.state),
        is_shown=invoice.published_at is not None and _is_open(settings),
        outstanding_minor=invoice.outstanding_minor,
        disputed_minor=invoice.disputed_minor,
        processing_minor=invoice.processing_minor,
        debit_counts=settings.debit_counts,
        promised_on=find_open_day(uow, invoice_id),
        written_off_minor=invoice.written_off_minor,
    )


def _is_open(settings: PortalSettings) -> bool:
    return settings.is_on and settings.shows_invoices


def _open_invoices(uow: UnitOfWork, policy: ReminderPolicy, after_id: int) -> Any:
    first, last = due_dates(policy, uow.today)
    columns: tuple[Any, ...] = (
        Invoice.id,
        Invoice.customer_id,
        Invoice.due_on,
        Invoice.published_at,
    )
    statement = (
        select(*columns)
        .where(
            col(Invoice.phase).in_(OPEN_PHASES),
            col(Invoice.due_key).between(first, last),
            col(Invoice.published_at).is_not(None),
            col(Invoice.id) > after_id,
        )
        .order_by(col(Invoice.id))
        .limit(BATCH)
    )
    return uow.all(statement)


def _refuses(uow: UnitOfWork, customer_id: int) -> bool:
    """Say whether each address that a reminder would go to has refused them."""
    to = list_recipients(uow, customer_id)
    return bool(to) and not find_wanting(uow, customer_id, to, MailKind.REMINDERS)


@inner
def list_taken_steps(uow: UnitOfWork, invoice_ids: list[int]) -> dict[int, list[int]]:
    """Return the steps of each invoice that were queued, or charged without a mail."""
    taken: dict[int, list[int]] = {}
    queued = select(col(Reminder.invoice_id), col(Reminder.step)).where(
        col(Reminder.invoice_id).in_(invoice_ids),
        col(Reminder.occasion).startswith("step:"),
    )
    charged = select(col(LateFee.invoice_id), col(LateFee.step)).where(
        col(LateFee.invoice_id).in_(invoice_ids)
    )
    for invoice_id, step in (*uow.all(queued), *uow.all(charged)):
        taken.setdefault(invoice_id, []).append(step)
    return taken


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()
