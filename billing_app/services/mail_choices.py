"""Keep what people at a customer want to be mailed about."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col, select

from billing_app.database.access import inner, job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.errors import LimitReached
from billing_app.domain.events import MailChosen
from billing_app.domain.mail_choices import (
    CHANGES_OF_MIND_A_DAY_MAX,
    MailKind,
    email_key,
)
from billing_app.domain.speech import later
from billing_app.models import AuditEntry, Customer, MailRefusal, OutboxMessage

# The addresses that a mail to several has reached, among its message's details.
REACHED = "reached"
# Of all addresses of one customer in a day.
_LOOKED_AT_MAX = 500


@job
def choose_mails(
    uow: UnitOfWork, customer_id: int, email: str, wanted: frozenset[MailKind]
) -> None:
    """Keep exactly what an address wants; choosing the same again changes nothing.

    Each change is an entry of the audit trail, so minds are changed so often a day.

    Raises:
        NotFound: no such customer in this workspace.
        LimitReached: something is wanted again, for the umpteenth time.
    """
    uow.get(Customer, customer_id, lock=True)
    key = email_key(email)
    refusals = {
        MailKind(row.kind): row
        for row in uow.all(
            select(MailRefusal).where(
                col(MailRefusal.customer_id) == customer_id,
                col(MailRefusal.email_key) == key,
            )
        )
    }
    if wanted & refusals.keys():
        _check_rate(uow, customer_id, key)
    for kind in MailKind:
        if (kind in wanted) == (kind not in refusals):
            continue
        if kind in wanted:
            uow.delete(refusals[kind])
        else:
            uow.add(
                MailRefusal(
                    customer_id=customer_id,
                    email_key=key,
                    kind=kind,
                    refused_at=uow.now,
                )
            )
        uow.record(
            MailChosen(
                customer_id=customer_id,
                email=key,
                kind=kind,
                is_wanted=kind in wanted,
            )
        )


@inner
def _check_rate(uow: UnitOfWork, customer_id: int, key: str) -> None:
    recent = uow.all(
        select(AuditEntry.details)
        .where(
            col(AuditEntry.customer_id) == customer_id,
            col(AuditEntry.event) == MailChosen.name(),
            col(AuditEntry.at) > uow.now - timedelta(days=1),
        )
        .order_by(col(AuditEntry.id).desc())
        .limit(_LOOKED_AT_MAX)
    )
    changes = sum(it["email"] == key and it["is_wanted"] for it in recent)
    if changes >= CHANGES_OF_MIND_A_DAY_MAX or len(recent) == _LOOKED_AT_MAX:
        raise LimitReached(
            later("You have changed this many times today. Try again tomorrow.")
        )


@job
def note_reached(uow: UnitOfWork, message_id: int, email: str) -> None:
    """Note that one of several addresses has its mail: a next try leaves it out."""
    message = uow.get(OutboxMessage, message_id)
    reached = (*message.details.get(REACHED, ()), email)
    message.details = {**message.details, REACHED: list(reached)}
