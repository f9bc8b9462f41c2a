"""Whether an invoice can be paid online, and what keeps it from that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from billing_app.database.access import inner, job, staff_or_job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.combined_payment import INVOICES_MAX, Asking
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
from billing_app.domain.portal_settings import PaymentMode, PortalSettings
from billing_app.models import Invoice, StripeAccount
from billing_app.queries.portal_rules import choices_of, read_choices


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
        reason=shut.refusal.message if shut else "",
        currency=facts.currency,
        outstanding_minor=facts.outstanding_minor,
        processing_minor=facts.processing_minor,
        disputed_minor=facts.disputed_minor,
    )


@inner
def read_facts(uow: UnitOfWork, invoice: Invoice) -> PayabilityFacts:
    """Collect what the gates look at."""
    assert invoice.id is not None
    account = uow.first(select(StripeAccount))
    return _facts(uow, invoice, read_choices(uow, invoice.id), account)


@inner
def read_askings(
    uow: UnitOfWork, customer_id: int, invoices: Sequence[Invoice]
) -> list[Asking]:
    """Collect what several invoices of one customer ask for, in their order."""
    account = uow.first(select(StripeAccount))
    choices = choices_of(uow, customer_id, [invoice.portal for invoice in invoices])
    return [
        _asking(invoice, _facts(uow, invoice, portal, account))
        for invoice, portal in zip(invoices, choices, strict=True)
    ]


@job
def list_askings(
    uow: UnitOfWork, customer_id: int, invoice_ids: Collection[int]
) -> tuple[Asking, ...]:
    """Return what issued invoices of a customer ask for, oldest first."""
    invoices = uow.all(
        select(Invoice)
        .where(
            col(Invoice.id).in_(invoice_ids),
            col(Invoice.customer_id) == customer_id,
            col(Invoice.state) != "draft",
        )
        .limit(INVOICES_MAX)
    )
    askings = read_askings(uow, customer_id, invoices)
    return tuple(sorted(askings, key=lambda it: it.age))


def _asking(invoice: Invoice, facts: PayabilityFacts) -> Asking:
    assert invoice.id is not None
    assert invoice.issued_on is not None
    return Asking(
        invoice_id=invoice.id,
        number=invoice.number or "",
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        facts=facts,
    )


def _facts(
    uow: UnitOfWork,
    invoice: Invoice,
    portal: PortalSettings,
    account: StripeAccount | None,
) -> PayabilityFacts:
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
        is_written_off=invoice.written_off_minor > 0,
    )


def _connection(account: StripeAccount | None) -> StripeConnection:
    if account is None:
        return StripeConnection.NOT_CONNECTED
    return stripe_connection(
        has_key=bool(account.secret_key_encrypted),
        has_webhook_secret=bool(account.webhook_secret_encrypted),
        charges_enabled=account.charges_enabled,
    )
