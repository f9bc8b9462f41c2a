"""Keep what people at a customer want to be mailed about."""

from __future__ import annotations

from sqlmodel import col, select

from billing_app.database.access import job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.events import MailChosen
from billing_app.domain.mail_choices import MailKind, email_key
from billing_app.models import Customer, MailRefusal, OutboxMessage

# The addresses that a mail to several has reached, among its message's details.
REACHED = "reached"


@job
def choose_mails(
    uow: UnitOfWork, customer_id: int, email: str, wanted: frozenset[MailKind]
) -> None:
    """Keep exactly what an address wants; choosing the same again changes nothing.

    Raises:
        NotFound: no such customer in this workspace.
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


@job
def note_reached(uow: UnitOfWork, message_id: int, email: str) -> None:
    """Note that one of several addresses has its mail: a next try leaves it out."""
    message = uow.get(OutboxMessage, message_id)
    reached = (*message.details.get(REACHED, ()), email)
    message.details = {**message.details, REACHED: list(reached)}
