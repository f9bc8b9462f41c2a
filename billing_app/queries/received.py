"""What came in within some days: settled payments, less what was refunded in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import col

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.payment import PaymentStatus
from billing_app.models import Payment, Refund
from billing_app.queries.invoices import DateRange


@dataclass(frozen=True, slots=True)
class Received:
    """What came in one currency, in minor units.

    Attributes:
        refunded_minor: returned in the same days, of whichever payment.
    """

    currency: str
    amount_minor: int
    payment_count: int
    refunded_minor: int = 0

    @property
    def kept_minor(self) -> int:
        """What is left of it; negative where more was returned than came."""
        return self.amount_minor - self.refunded_minor


@inner
def sum_received(
    uow: UnitOfWork, days: DateRange, customer_id: int | None = None
) -> tuple[Received, ...]:
    """Sum up by currency, the one with the most payments first."""
    conditions = [col(Payment.status) == PaymentStatus.SETTLED.value]
    if customer_id is not None:
        conditions.append(col(Payment.customer_id) == customer_id)
    came = uow.all(
        select(col(Payment.currency), func.sum(Payment.amount_minor), func.count())
        .where(*conditions, *within(col(Payment.received_on), days))
        .group_by(col(Payment.currency))
    )
    went = uow.all(
        select(col(Payment.currency), func.sum(Refund.amount_minor))
        .join(Payment, OF_PAYMENT)
        .where(*conditions, *within(col(Refund.refunded_on), days))
        .group_by(col(Payment.currency))
    )
    sums = {row[0]: (int(row[1]), row[2]) for row in came}
    refunded = {row[0]: int(row[1]) for row in went}
    found = (
        Received(currency, *sums.get(currency, (0, 0)), refunded.get(currency, 0))
        for currency in {**sums, **refunded}
    )
    return tuple(sorted(found, key=lambda each: (-each.payment_count, each.currency)))


OF_PAYMENT = and_(
    col(Payment.workspace_id) == col(Refund.workspace_id),
    col(Payment.id) == col(Refund.payment_id),
)


def within(column: Any, days: DateRange) -> list[Any]:
    """Return the conditions of a day in a range that may be open."""
    first = [column >= days.first] if days.first is not None else []
    last = [column <= days.last] if days.last is not None else []
    return [*first, *last]
