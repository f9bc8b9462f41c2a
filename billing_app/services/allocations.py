"""What payments give invoices; every step is added, none is undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, func
from sqlmodel import col, select

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.errors import Conflict
from billing_app.domain.events import Topic
from billing_app.domain.ledger import postings_for_allocation, postings_for_payment
from billing_app.domain.payment import Part, allocatable
from billing_app.models import Allocation, Invoice, Payment
from billing_app.services.ledger import post
from billing_app.services.outstanding import refresh_all
from billing_app.services.receipts import Received, issue_receipts


@dataclass(frozen=True, slots=True)
class Income:
    """A payment that is not stored yet, and what its locked invoices are to get."""

    payment: Payment
    invoices: Mapping[int, Invoice]
    parts: Sequence[Part]

    def shares(self) -> list[Received]:
        """Return what each invoice takes of its part: no more than it asks for."""
        shares: list[Received] = []
        for part in self.parts:
            invoice = self.invoices[part.invoice_id]
            taken_minor = allocatable(part.minor, invoice.outstanding_minor)
            shares.append(
                Received(
                    invoice,
                    self.payment,
                    amount_minor=part.minor,
                    credit_minor=part.minor - taken_minor,
                    invoice_count=len(self.parts),
                )
            )
        return shares


@inner
def receive(uow: UnitOfWork, incomes: Sequence[Income]) -> None:
    """Book new payments, give each invoice what it asks for, issue the receipts.

    No invoice is in two of them, since each asks for all that it takes at once.
    """
    received: list[Received] = []
    for income in incomes:
        shares = income.shares()
        # Before it is stored, so that it is stored once.
        income.payment.allocated_minor = sum(share.taken_minor for share in shares)
        received += shares
    uow.add_all([income.payment for income in incomes])
    for income in incomes:
        payment = income.payment
        post_cash(uow, payment, f"payment:{payment.id}", payment.amount_minor)
    _write_allocations(
        uow,
        [
            _Given(x.payment, x.invoice, x.taken_minor)
            for x in received
            if x.taken_minor
        ],
    )
    refresh_all(uow, [share.invoice for share in received])
    issue_receipts(uow, received)


@inner
def allocate(uow: UnitOfWork, payment: Payment, invoice: Invoice, minor: int) -> None:
    """Give a locked invoice a part of a locked payment; negative takes it back.

    Leaves it to the caller to `refresh` the invoice.
    """
    _write_allocations(uow, [_Given(payment, invoice, minor)])
    payment.allocated_minor += minor
    uow.flush()


@dataclass(frozen=True, slots=True)
class _Given:
    """What a stored payment gives a locked invoice; negative takes it back."""

    payment: Payment
    invoice: Invoice
    minor: int

    def __post_init__(self) -> None:
        assert self.payment.currency == self.invoice.currency
        assert self.payment.customer_id == self.invoice.customer_id


def _write_allocations(uow: UnitOfWork, given: Sequence[_Given]) -> None:
    allocations = [
        {
            "customer_id": each.payment.customer_id,
            "payment_id": each.payment.id,
            "invoice_id": each.invoice.id,
            "amount_minor": each.minor,
            "created_at": uow.now,
        }
        for each in given
    ]
    allocation_ids = uow.insert_all(
        Allocation, allocations, key=("payment_id", "invoice_id")
    )
    for allocation_id, each in zip(allocation_ids, given, strict=True):
        post(
            uow,
            f"allocation:{allocation_id}",
            postings_for_allocation(each.minor),
            each.payment.currency,
            invoice_id=each.invoice.id,
            payment_id=each.payment.id,
            customer_id=each.payment.customer_id,
        )


@inner
def list_parts(uow: UnitOfWork, payment_id: int) -> tuple[Part, ...]:
    """Return what each invoice has of a payment now, first paid first."""
    total = func.sum(Allocation.amount_minor)
    statement = (
        select(col(Allocation.invoice_id), total)
        .where(col(Allocation.payment_id) == payment_id)
        .group_by(col(Allocation.invoice_id))
        .having(total != 0)
        .order_by(func.min(Allocation.id))
    )
    return tuple(
        Part(invoice_id, int(minor)) for invoice_id, minor in uow.all(statement)
    )


@inner
def release(uow: UnitOfWork, invoice: Invoice, minor: int) -> None:
    """Make a part of what a locked invoice was paid credit again, latest first.

    Leaves it to the caller to `refresh` the invoice.
    """
    taken: dict[int, int] = {}
    for payment_id, given in uow.all(_GIVEN, invoice_id=invoice.id):
        part = min(int(given), minor - sum(taken.values()))
        if part > 0:
            taken[payment_id] = part
    assert sum(taken.values()) == minor
    # Always in the same order, so that two of these never wait for each other.
    for payment_id, part in sorted(taken.items()):
        payment = uow.get(Payment, payment_id, lock=True)
        allocate(uow, payment, invoice, -part)


_ALLOCATED = func.sum(Allocation.amount_minor)
_GIVEN = (
    select(col(Allocation.payment_id), _ALLOCATED)
    .where(col(Allocation.invoice_id) == bindparam("invoice_id", type_=BigInteger))
    .group_by(col(Allocation.payment_id))
    .having(_ALLOCATED != 0)
    .order_by(func.min(Allocation.id).desc())
)


@inner
def lock_payment(
    uow: UnitOfWork, payment_id: int
) -> tuple[Payment, dict[int, Invoice]]:
    """Do `lock_payments` for one."""
    (payment,), invoices = lock_payments(uow, [payment_id])
    return payment, invoices


@inner
def lock_payments(
    uow: UnitOfWork, payment_ids: Sequence[int]
) -> tuple[list[Payment], dict[int, Invoice]]:
    """Lock payments after the invoices they pay, which is the order everywhere.

    Raises:
        NotFound: one is not in this workspace.
        Conflict: what one of them pays changed in this moment.
    """
    in_order = sorted(set(payment_ids))
    paid = sorted({x.invoice_id for it in in_order for x in list_parts(uow, it)})
    invoices = {it: uow.get(Invoice, it, lock=True) for it in paid}
    payments = [uow.get(Payment, it, lock=True) for it in in_order]
    now_paid = {x.invoice_id for it in in_order for x in list_parts(uow, it)}
    if now_paid - invoices.keys():
        raise Conflict("This payment has just changed. Please try again.")
    return payments, invoices


@inner
def post_cash(uow: UnitOfWork, payment: Payment, journal: str, minor: int) -> None:
    """Post money that came, in minor units; negative is money that went back."""
    post(
        uow,
        journal,
        postings_for_payment(minor),
        payment.currency,
        payment_id=payment.id,
        customer_id=payment.customer_id,
    )


@inner
def print_receipt(uow: UnitOfWork, payment: Payment, invoice_id: int) -> None:
    """Promise to print the receipt of a part; the first one's follows from an event."""
    key = receipt_key(payment, invoice_id)
    uow.promise(Topic.RENDER_RECEIPT, key, invoice_id, payment_id=payment.id)


def receipt_key(payment: Payment, invoice_id: int) -> str:
    """Return by what the print of a payment's receipt for an invoice is promised.

    A payment that pays several has one for each; the first is the payment's own.
    """
    own = f"payment:{payment.id}"
    return own if invoice_id == payment.invoice_id else f"{own}:invoice:{invoice_id}"


def kept(payment: Payment) -> int:
    """Return what of a payment was not sent back, in minor units."""
    return payment.amount_minor - payment.refunded_minor


def credit_of(payment: Payment) -> int:
    """Return what of a settled payment is the customer's credit, in minor units."""
    return kept(payment) - payment.allocated_minor


def free_credit(payment: Payment) -> int:
    """Return what of the credit Stripe is not being asked to return, in minor units."""
    return max(0, credit_of(payment) - payment.refunding_minor)
