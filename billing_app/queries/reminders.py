"""Which reminders are due, and what one says at the moment it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from billing_app.database.access import inner, job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.invoice import OPEN_PHASES, InvoiceState
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
from billing_app.models import Invoice, Reminder, WorkspaceSettings
from billing_app.queries.mail_choices import find_wanting
from billing_app.queries.mailing import list_recipients
from billing_app.queries.portal_rules import read_choices
from billing_app.queries.promises import find_open_day

# So many invoices are looked at in one statement.
BATCH = 500


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A step of an invoice whose day has come."""

    invoice_id: int
    step: int


@dataclass(frozen=True, slots=True)
class ReminderToSend:
    """A reminder that was queued, and what holds for its invoice now.

    Attributes:
        email: where it goes; empty for the customer's usual addresses.
        obstacle: what keeps it back, empty for nothing.
        asked_minor: what it asks for.
    """

    invoice_id: int
    email: str
    obstacle: str
    asked_minor: int
    due_on: date | None
    today: date


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
    policy = read_policy(uow)
    zone = uow.workspace.zone
    if not policy.is_on or not is_daytime(uow.now, zone):
        return ()
    due: list[DueReminder] = []
    last_id = 0
    while rows := _open_invoices(uow, policy, last_id):
        last_id = rows[-1].id
        queued = _queued_steps(uow, [row.id for row in rows])
        for row in rows:
            sent = frozenset(queued.get(row.id, ()))
            told_on = _day(row.published_at, zone)
            steps = steps_due(policy, row.due_on, sent, uow.today, told_on)
            if (
                steps
                and not find_obstacle(read_reminder_facts(uow, row.id), by_itself=True)
                and not _refuses(uow, row.customer_id)
            ):
                due += (DueReminder(row.id, step) for step in steps)
    return tuple(due)


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


def _queued_steps(uow: UnitOfWork, invoice_ids: list[int]) -> dict[int, list[int]]:
    queued: dict[int, list[int]] = {}
    rows = uow.all(
        select(col(Reminder.invoice_id), col(Reminder.step)).where(
            col(Reminder.invoice_id).in_(invoice_ids),
            col(Reminder.occasion).startswith("step:"),
        )
    )
    for invoice_id, step in rows:
        queued.setdefault(invoice_id, []).append(step)
    return queued


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()
