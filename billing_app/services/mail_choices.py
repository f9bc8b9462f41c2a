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
        LimitReached: something is wanted again, for the umpteenth time, and nothing
            is refused with it; a refusal counts always, without such wishes.
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
    again = wanted & refusals.keys()
    refused = frozenset(MailKind) - wanted - refusals.keys()
    if again and _is_too_often(uow, customer_id, key):
        if not refused:
            raise LimitReached(
                later("You have changed this many times today. Try again tomorrow.")
            )
        again = frozenset[MailKind]()
    for kind in MailKind:
        if kind in again:
            uow.delete(refusals[kind])
            _tell(uow, customer_id, key, kind, is_wanted=True)
        elif kind in refused:
            _refuse(uow, customer_id, key, kind)


@job
def refuse_mails(uow: UnitOfWork, customer_id: int, email: str, kind: MailKind) -> None:
    """Send an address no more mails of a kind, whatever else it chooses meanwhile.

    Raises:
        NotFound: no such customer in this workspace.
    """
    uow.get(Customer, customer_id, lock=True)
    key = email_key(email)
    known = select(MailRefusal).where(
        col(MailRefusal.customer_id) == customer_id,
        col(MailRefusal.email_key) == key,
        col(MailRefusal.kind) == kind,
    )
    if uow.first(known) is None:
        _refuse(uow, customer_id, key, kind)


def _refuse(uow: UnitOfWork, customer_id: int, key: str, kind: MailKind) -> None:
    uow.add(
        MailRefusal(
            customer_id=customer_id, email_key=key, kind=kind, refused_at=uow.now
        )
    )
    _tell(uow, customer_id, key, kind, is_wanted=False)


def _tell(
    uow: UnitOfWork, customer_id: int, key: str, kind: MailKind, *, is_wanted: bool
) -> None:
    uow.record(
        MailChosen(customer_id=customer_id, email=key, kind=kind, is_wanted=is_wanted)
    )


@inner
def _is_too_often(uow: UnitOfWork, customer_id: int, key: str) -> bool:
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
    return changes >= CHANGES_OF_MIND_A_DAY_MAX or len(recent) == _LOOKED_AT_MAX


@job
def note_reached(uow: UnitOfWork, message_id: int, email: str) -> None:
    """Note that one of several addresses has its mail: a next try leaves it out."""
    message = uow.get(OutboxMessage, message_id)
    reached = (*message.details.get(REACHED, ()), email)
    message.details = {**message.details, REACHED: list(reached)}
