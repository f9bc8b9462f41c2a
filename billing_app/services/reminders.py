"""Remind customers of what is unpaid: by itself at set days, or by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from billing_app.database.access import inner, job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.contact import check_email
from billing_app.domain.errors import Conflict
from billing_app.domain.events import ReminderQueued, ReminderSent, Topic
from billing_app.domain.invoice import check_bulk
from billing_app.domain.reminders import ReminderPolicy, find_obstacle, parse_steps
from billing_app.models import Invoice, Reminder
from billing_app.queries.reminders import DueReminder, read_reminder_facts
from billing_app.services import invoices, late_fees
from billing_app.services.settings import save, take_settings


@dataclass(frozen=True, slots=True)
class RemindersForm:
    """When reminders leave by themselves; `steps` like "-3, 0, 7"."""

    is_on: bool = False
    steps: str = ""


@staff(Permission.EDIT_SETTINGS)
def change_reminders(uow: UnitOfWork, version: int, form: RemindersForm) -> int:
    """Change when reminders leave; returns and raises as `change_business`."""
    policy = ReminderPolicy(form.is_on, parse_steps(form.steps))
    settings = take_settings(uow, version)
    before = ReminderPolicy.from_stored(settings.reminders).to_stored()
    after = policy.to_stored()
    changed = tuple(
        f"reminders_{name}" for name in after if before[name] != after[name]
    )
    return save(uow, settings, "reminders", *changed, reminders=after)


@job
def queue_due(uow: UnitOfWork, due: Sequence[DueReminder]) -> int:
    """Promise the mails of some steps, each of them once for all time.

    What may charge a late fee comes alone: see `queries.reminders.together`.

    Returns:
        How many of them nobody had promised before.
    """
    count = 0
    for each in due:
        if each.may_charge:
            count += _queue_with_fee(uow, each)
            continue
        invoice = uow.get(Invoice, each.invoice_id)
        count += _queue_step(uow, invoice, each.step)
    return count


@staff(Permission.SEND_REMINDER)
def send_reminder(uow: UnitOfWork, invoice_id: int, email: str) -> None:
    """Mail a reminder now to the address that was chosen.

    Raises:
        InvalidInput: that is no address.
        Conflict: there is nothing to remind of, or a promise to wait for.
    """
    address = check_email(email, "email")
    invoice = uow.get(Invoice, invoice_id, lock=True)
    obstacle = find_obstacle(read_reminder_facts(uow, invoice_id))
    if obstacle:
        raise Conflict(obstacle)
    _queue_by_hand(uow, invoice, address)


@staff(Permission.SEND_REMINDER)
def send_many(uow: UnitOfWork, invoice_ids: list[int]) -> int:
    """Mail a reminder of each of these, at most 200, to whom its invoice goes.

    Returns:
        How many will leave; something keeps the others back, such as a promise.
    """
    check_bulk(invoice_ids)
    count = 0
    for invoice_id in sorted(invoice_ids):
        invoice = uow.get(Invoice, invoice_id, lock=True)
        if find_obstacle(read_reminder_facts(uow, invoice_id)):
            continue
        count += _queue_by_hand(uow, invoice, "")
    return count


@job
def note_reminder_sent(uow: UnitOfWork, reminder_id: int, email: str) -> None:
    """Write down that a reminder has left."""
    reminder = uow.get(Reminder, reminder_id, lock=True)
    if reminder.sent_at is not None:
        return
    reminder.sent_at = uow.now
    reminder.email = email
    uow.flush()
    uow.record(
        ReminderSent(
            invoice_id=reminder.invoice_id,
            customer_id=reminder.customer_id,
            reminder_id=reminder_id,
        )
    )


@inner
def _queue_with_fee(uow: UnitOfWork, due: DueReminder) -> bool:
    """Charge the fee of a step, if it has one, and promise the mail that tells of it.

    Whoever does the same at once waits for the invoice, and then finds it done.
    """
    invoice = uow.get(Invoice, due.invoice_id, lock=True)
    facts = read_reminder_facts(uow, due.invoice_id)
    if find_obstacle(facts, by_itself=True):
        return False
    if due.is_wanted and not _queue_step(uow, invoice, due.step):
        return False
    fee_id = late_fees.charge(uow, invoice, due.step)
    if fee_id is not None and not due.is_wanted:
        # What is owed is no mail that one chooses.
        invoices.promise_mail(uow, fee_id)
    return due.is_wanted


@inner
def _queue_step(uow: UnitOfWork, invoice: Invoice, step: int) -> bool:
    return _queue(uow, invoice, f"step:{step}", step=step, email="")


@inner
def _queue_by_hand(uow: UnitOfWork, invoice: Invoice, email: str) -> bool:
    days = (uow.today - invoice.due_on).days if invoice.due_on else 0
    # Pressing twice within a minute sends one.
    occasion = f"hand:{uow.now:%Y-%m-%dT%H:%M}"
    return _queue(uow, invoice, occasion, step=days, email=email)


@inner
def _queue(
    uow: UnitOfWork, invoice: Invoice, occasion: str, *, step: int, email: str
) -> bool:
    """Queue a reminder; tell whether it is a new one."""
    reminder_id = uow.add_unless_there(
        Reminder,
        {
            "customer_id": invoice.customer_id,
            "invoice_id": invoice.id,
            "step": step,
            "occasion": occasion,
            "email": email,
            "queued_at": uow.now,
        },
    )
    if reminder_id is None:
        return False
    uow.record(
        ReminderQueued(
            invoice_id=invoice.id,
            customer_id=invoice.customer_id,
            reminder_id=reminder_id,
        )
    )
    uow.promise(
        Topic.MAIL_REMINDER,
        f"reminder:{reminder_id}",
        invoice.id,
        reminder_id=reminder_id,
    )
    return True
