"""Who wants which mails."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, select

from billing_app.database.access import inner, job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.mail_choices import MailKind, email_key
from billing_app.models import MailRefusal


@job
def list_wanting(
    uow: UnitOfWork, customer_id: int, emails: Sequence[str], kind: MailKind
) -> tuple[str, ...]:
    """Return those of a customer's addresses that have not refused a kind of mail."""
    return find_wanting(uow, customer_id, emails, kind)


@job
def read_refused(uow: UnitOfWork, customer_id: int, email: str) -> frozenset[MailKind]:
    """Return what an address of a customer does not want."""
    kinds = uow.all(
        select(MailRefusal.kind).where(
            col(MailRefusal.customer_id) == customer_id,
            col(MailRefusal.email_key) == email_key(email),
        )
    )
    return frozenset(map(MailKind, kinds))


@inner
def find_wanting(
    uow: UnitOfWork, customer_id: int, emails: Sequence[str], kind: MailKind
) -> tuple[str, ...]:
    refusing = set(
        uow.all(
            select(MailRefusal.email_key).where(
                col(MailRefusal.customer_id) == customer_id,
                col(MailRefusal.kind) == kind,
            )
        )
    )
    return tuple(email for email in emails if email_key(email) not in refusing)


@inner
def refused_by_email(uow: UnitOfWork, customer_id: int) -> dict[str, list[str]]:
    """Return the kinds that each address of a customer refused, by its key."""
    rows = uow.all(
        select(col(MailRefusal.email_key), col(MailRefusal.kind))
        .where(col(MailRefusal.customer_id) == customer_id)
        .order_by(col(MailRefusal.id))
    )
    found: dict[str, list[str]] = {}
    for key, kind in rows:
        found.setdefault(key, []).append(kind)
    return found
