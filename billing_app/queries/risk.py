"""What is known of customers that says whether they will pay late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import col

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.events import AttemptDeclined
from billing_app.domain.formats import format_money
from billing_app.domain.invoice import InvoicePhase
from billing_app.domain.online_payment import AttemptStatus
from billing_app.domain.promise import PromiseState
from billing_app.domain.risk import (
    FAILED_WITHIN_DAYS,
    PROMISES_WITHIN_DAYS,
    UNSEEN_DAYS,
    Risk,
    RiskFacts,
    compute_risk,
)
from billing_app.models import AuditEntry, Invoice, PaymentAttempt, Reminder
from billing_app.queries.portal_rules import list_not_recorded, read_late_rules
from billing_app.queries.promises import list_promises_of_customers

# Money that nobody has even started to send; put away, it is owed all the same.
_WAITING = (InvoicePhase.UNPAID, InvoicePhase.PARTIALLY_PAID)
_OWED = (*_WAITING, *(phase.archived for phase in _WAITING))


@dataclass(frozen=True, slots=True)
class CustomerRisk:
    """The signal of one customer."""

    customer_id: int
    risk: Risk


@staff(Permission.VIEW)
def read_risks(
    uow: UnitOfWork, customer_ids: Sequence[int]
) -> tuple[CustomerRisk, ...]:
    """Return the signal of each customer asked for, in that order."""
    late, unseen = _late(uow, customer_ids), _unseen(uow, customer_ids)
    failed, reminded = _failed(uow, customer_ids), _reminded(uow, customer_ids)
    broken = _broken(uow, customer_ids)
    risks: list[CustomerRisk] = []
    for customer_id in customer_ids:
        days, words = late.get(customer_id, (0, ""))
        facts = RiskFacts(
            overdue_days=days,
            overdue_words=words,
            unseen_count=unseen.get(customer_id, 0),
            failed_attempts=failed.get(customer_id, 0),
            broken_promises=broken.get(customer_id, 0),
            unanswered_reminders=reminded.get(customer_id, 0),
        )
        risks.append(CustomerRisk(customer_id, compute_risk(facts)))
    return tuple(risks)


def _late(uow: UnitOfWork, customer_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Return the days of the oldest late invoice, and what is late in words."""
    late_minor = (
        col(Invoice.outstanding_minor)
        - col(Invoice.disputed_minor)
        - col(Invoice.processing_minor)
    )
    statement = (
        select(
            col(Invoice.customer_id),
            col(Invoice.currency),
            func.min(col(Invoice.due_key)).label("oldest"),
            func.sum(late_minor).label("late"),
        )
        .where(
            col(Invoice.customer_id).in_(customer_ids),
            col(Invoice.phase).in_(_OWED),
            col(Invoice.due_key) < read_late_rules(uow).late_before(uow.today),
            late_minor > 0,
        )
        .group_by(col(Invoice.customer_id), col(Invoice.currency))
        .order_by(col(Invoice.customer_id), col(Invoice.currency))
    )
    late: dict[int, tuple[int, str]] = {}
    for row in uow.all(statement):
        days, words = late.get(row.customer_id, (0, ""))
        more = format_money(int(row.late), row.currency)
        late[row.customer_id] = (
            max(days, (uow.today - row.oldest).days),
            f"{words} and {more}" if words else more,
        )
    return late


def _unseen(uow: UnitOfWork, customer_ids: Sequence[int]) -> dict[int, int]:
    """Count what nobody has looked at, where looks are written down at all."""
    long_ago = uow.now - timedelta(days=UNSEEN_DAYS)
    known = set(customer_ids) - list_not_recorded(uow, customer_ids)
    statement = (
        select(col(Invoice.customer_id), func.count())
        .where(
            col(Invoice.customer_id).in_(known),
            col(Invoice.phase).in_(_WAITING),
            col(Invoice.published_at) <= long_ago,
            col(Invoice.first_viewed_at).is_(None),
        )
        .group_by(col(Invoice.customer_id))
    )
    return _counts(uow, statement)


def _failed(uow: UnitOfWork, customer_ids: Sequence[int]) -> dict[int, int]:
    """Count payments that failed, and cards declined on the way to others."""
    since = uow.now - timedelta(days=FAILED_WITHIN_DAYS)
    # By the few invoices somebody tried to pay: a customer's whole story is long.
    columns: tuple[Any, ...] = (
        col(PaymentAttempt.customer_id),
        col(PaymentAttempt.invoice_id),
    )
    tried = (
        select(*columns)
        .where(
            col(PaymentAttempt.customer_id).in_(customer_ids),
            col(PaymentAttempt.changed_at) >= since,
        )
        .distinct()
        .subquery()
    )
    declined = _counts(
        uow,
        select(tried.c.customer_id, func.count())
        .join(AuditEntry, col(AuditEntry.invoice_id) == tried.c.invoice_id)
        .where(
            col(AuditEntry.event) == AttemptDeclined.name(),
            col(AuditEntry.at) >= since,
        )
        .group_by(tried.c.customer_id),
    )
    statement = (
        select(col(PaymentAttempt.customer_id), func.count())
        .where(
            col(PaymentAttempt.customer_id).in_(customer_ids),
            col(PaymentAttempt.status) == AttemptStatus.FAILED,
            col(PaymentAttempt.changed_at) >= since,
        )
        .group_by(col(PaymentAttempt.customer_id))
    )
    failed = Counter(_counts(uow, statement))
    failed.update(declined)
    return failed


def _reminded(uow: UnitOfWork, customer_ids: Sequence[int]) -> dict[int, int]:
    """Return the most reminders that went out for one unpaid invoice."""
    columns: Any = (
        col(Reminder.customer_id).label("customer_id"),
        func.count().label("sent"),
    )
    each = (
        select(*columns)
        .join(
            Invoice,
            and_(
                col(Invoice.id) == col(Reminder.invoice_id),
                col(Invoice.phase).in_(_OWED),
            ),
        )
        .where(
            col(Reminder.customer_id).in_(customer_ids),
            col(Reminder.sent_at).is_not(None),
        )
        .group_by(col(Reminder.customer_id), col(Reminder.invoice_id))
        .subquery()
    )
    statement = select(each.c.customer_id, func.max(each.c.sent)).group_by(
        each.c.customer_id
    )
    return _counts(uow, statement)


def _broken(uow: UnitOfWork, customer_ids: Sequence[int]) -> dict[int, int]:
    since = uow.today - timedelta(days=PROMISES_WITHIN_DAYS)
    broken: dict[int, int] = {}
    for promise in list_promises_of_customers(uow, customer_ids):
        if promise.state == PromiseState.BROKEN and promise.promised_on >= since:
            customer_id = promise.customer_id
            broken[customer_id] = broken.get(customer_id, 0) + 1
    return broken


def _counts(uow: UnitOfWork, statement: Any) -> dict[int, int]:
    return {row[0]: int(row[1]) for row in uow.all(statement)}
