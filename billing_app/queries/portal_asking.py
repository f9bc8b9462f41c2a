"""What a customer was reminded of and has promised, column by column."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlmodel import col

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.portal_asking import AskingFacts
from billing_app.models import PaymentPromise, Reminder

ROWS_MAX = 100


@inner
def read_asking(uow: UnitOfWork, invoice_id: int) -> AskingFacts:
    """Return the reminders that went out, and the latest promise."""
    rows = uow.all(_ASKING, invoice_id=invoice_id)
    promised = [row.promised_on for row in rows if row.promised_on is not None]
    return AskingFacts(
        reminders=tuple((row.at, row.step) for row in rows if row.promised_on is None),
        promised_on=promised[-1] if promised else None,
    )


_WANTED_ID = bindparam("invoice_id", type_=BigInteger)
_SENT: Any = (
    col(Reminder.sent_at).label("at"),
    col(Reminder.step).label("step"),
    cast(null(), Date).label("promised_on"),
)
_MADE: Any = (
    col(PaymentPromise.made_at).label("at"),
    literal(0).label("step"),
    col(PaymentPromise.promised_on).label("promised_on"),
)
_REMINDERS = select(*_SENT).where(col(Reminder.invoice_id) == _WANTED_ID)
_PROMISES = select(*_MADE).where(
    col(PaymentPromise.invoice_id) == _WANTED_ID,
    col(PaymentPromise.withdrawn_at).is_(None),
)
_BOTH = union_all(_REMINDERS, _PROMISES).subquery()
_ASKING = select(*_BOTH.c).order_by(_BOTH.c.at).limit(ROWS_MAX)

# Few invoices have any, and one statement less is worth a lot.
ASKING_COUNT = (
    select(func.count(col(Reminder.id)))
    .where(col(Reminder.invoice_id) == _WANTED_ID)
    .scalar_subquery()
) + (
    select(func.count(col(PaymentPromise.id)))
    .where(col(PaymentPromise.invoice_id) == _WANTED_ID)
    .scalar_subquery()
)
