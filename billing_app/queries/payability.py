"""Whether an invoice can be paid online, and what keeps it from that."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import select

from billing_app.database.access import inner, staff_or_job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.payability import (
    AmountLimits,
    Gate,
    PayabilityFacts,
    StripeConnection,
    compute_limits,
    find_shut_gate,
    list_gates,
    stripe_connection,
)
from billing_app.domain.portal_settings import PaymentMode
from billing_app.models import Invoice, StripeAccount
from billing_app.queries.portal_rules import read_choices


@dataclass(frozen=True, slots=True)
class Payability:
    """The gates before Pay now, and what can be paid once all are open.

    Attributes:
        mode: what was chosen for this invoice.
        limits: None while a gate is shut.
        reason: for whoever wants to pay; empty while all gates are open.
        outstanding_minor, processing_minor, disputed_minor: minor units of
            `currency`.
    """

    mode: PaymentMode
    connection: StripeConnection
    gates: tuple[Gate, ...]
    limits: AmountLimits | None
    reason: str
    currency: str
    outstanding_minor: int
    processing_minor: int
    disputed_minor: int

    @property
    def is_open(self) -> bool:
        return self.limits is not None


@staff_or_job(Permission.VIEW)
def read_payability(uow: UnitOfWork, invoice_id: int) -> Payability:
    """Ask every gate of an invoice.

    Raises:
        NotFound: no such invoice in this workspace.
    """
    invoice = uow.get(Invoice, invoice_id)
    facts = read_facts(uow, invoice)
    shut = find_shut_gate(facts)
    return Payability(
        mode=facts.mode,
        connection=_connection(uow.first(select(StripeAccount))),
        gates=list_gates(facts),
        limits=None if shut else compute_limits(facts),
        reason=shut.customer_reason if shut else "",
        currency=facts.currency,
        outstanding_minor=facts.outstanding_minor,
        processing_minor=facts.processing_minor,
        disputed_minor=facts.disputed_minor,
    )


@inner
def read_facts(uow: UnitOfWork, invoice: Invoice) -> PayabilityFacts:
    """Collect what the gates look at."""
    assert invoice.id is not None
    portal = read_choices(uow, invoice.id)
    account = uow.first(select(StripeAccount))
    # The minimum is in the workspace's currency and means nothing in another.
    is_home = invoice.currency == uow.workspace.currency
    return PayabilityFacts(
        mode=portal.payment if portal.is_on else PaymentMode.OFF,
        can_charge=_connection(account) != StripeConnection.NOT_CONNECTED
        and bool(account and account.charges_enabled),
        is_issued=invoice.state != "draft",
        is_published=invoice.published_at is not None,
        is_void=invoice.state == "void",
        currency=invoice.currency,
        outstanding_minor=invoice.outstanding_minor,
        processing_minor=invoice.processing_minor,
        disputed_minor=invoice.disputed_minor,
        allows_partial=portal.allows_partial,
        minimum_minor=portal.minimum_minor if is_home else 0,
        is_allowed=portal.allows_payment,
    )


def _connection(account: StripeAccount | None) -> StripeConnection:
    if account is None:
        return StripeConnection.NOT_CONNECTED
    return stripe_connection(
        has_key=bool(account.secret_key_encrypted),
        has_webhook_secret=bool(account.webhook_secret_encrypted),
        charges_enabled=account.charges_enabled,
    )
