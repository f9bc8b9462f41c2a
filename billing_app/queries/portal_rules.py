"""Which portal settings hold for a customer or an invoice, and who decided each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, bindparam
from sqlmodel import col, select

from billing_app.database.access import inner, job, staff_or_job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, PortalVisitor
from billing_app.domain.errors import NotFound
from billing_app.domain.invoice import LateRules
from billing_app.domain.payability import StripeConnection, stripe_connection
from billing_app.domain.portal_settings import (
    ActivityDetail,
    PortalSettings,
    ResolvedSettings,
    SystemLimits,
    resolve,
)
from billing_app.models import Customer, Invoice, StripeAccount, WorkspaceSettings


@staff_or_job(Permission.VIEW)
def read_invoice_rules(uow: UnitOfWork, invoice_id: int) -> ResolvedSettings:
    """Return what holds for an invoice, as `read_rules`."""
    return read_rules(uow, invoice_id)


@staff_or_job(Permission.VIEW)
def read_customer_rules(uow: UnitOfWork, customer_id: int) -> ResolvedSettings:
    """Return what holds for a customer where no invoice says otherwise.

    Raises:
        NotFound: no such customer in this workspace.
    """
    return rules_of_customer(uow, customer_id)


@inner
def read_rules(uow: UnitOfWork, invoice_id: int) -> ResolvedSettings:
    """Return what holds for an invoice, for staff and jobs: visitors see no settings.

    Raises:
        NotFound: no such invoice in this workspace.
    """
    return resolve(*_answers_of_invoice(uow, invoice_id), read_limits(uow))


@inner
def read_choices(uow: UnitOfWork, invoice_id: int) -> PortalSettings:
    """Return what was chosen for an invoice, whatever Stripe can do at the moment.

    Raises:
        NotFound: no such invoice in this workspace.
    """
    return resolve(*_answers_of_invoice(uow, invoice_id)).settings


@job
def read_choices_of_invoices(
    uow: UnitOfWork, invoice_ids: Collection[int]
) -> dict[int, PortalSettings]:
    """Return what was chosen for each of several invoices, whatever Stripe can do."""
    return read_choices_of(uow, invoice_ids)


@inner
def read_choices_of(
    uow: UnitOfWork, invoice_ids: Collection[int]
) -> dict[int, PortalSettings]:
    """Do `read_choices` for several invoices, of any customers."""
    assert not isinstance(uow.actor, PortalVisitor)
    if not invoice_ids:
        return {}
    known: dict[str, PortalSettings] = {}
    chosen: dict[int, PortalSettings] = {}
    for invoice_id, *answers in uow.all(_ANSWERS, invoice_ids=invoice_ids):
        key = repr(answers)
        if key not in known:
            of_workspace, of_customer, of_invoice = answers
            known[key] = resolve(of_workspace, of_customer or {}, of_invoice).settings
        chosen[invoice_id] = known[key]
    return chosen


@inner
def choices_of(
    uow: UnitOfWork, customer_id: int, answers: Sequence[Mapping[str, Any]]
) -> list[PortalSettings]:
    """Return what was chosen for several invoices of one customer, by their answers.

    Hardly any invoice has answers of its own, so each different one is asked once.
    """
    assert not isinstance(uow.actor, PortalVisitor)
    of_workspace = uow.one(select(WorkspaceSettings.portal))
    of_customer = uow.one(
        select(Customer.portal).where(col(Customer.id) == customer_id)
    )
    known: dict[str, PortalSettings] = {}
    for answer in answers:
        key = repr(sorted(answer.items()))
        if key not in known:
            known[key] = resolve(of_workspace, of_customer, answer, None).settings
    return [known[repr(sorted(answer.items()))] for answer in answers]


@inner
def list_not_recorded(uow: UnitOfWork, customer_ids: Collection[int]) -> set[int]:
    """Return which customers' looks are not written down, as they are set now."""
    assert not isinstance(uow.actor, PortalVisitor)
    of_workspace = uow.one(select(WorkspaceSettings.portal))
    of_customers = uow.all(
        select(col(Customer.id), col(Customer.portal)).where(
            col(Customer.id).in_(customer_ids)
        )
    )
    return {
        customer_id
        for customer_id, of_customer in of_customers
        if resolve(of_workspace, of_customer, {}).settings.activity
        == ActivityDetail.OFF
    }


@inner
def rules_of_customer(uow: UnitOfWork, customer_id: int) -> ResolvedSettings:
    """Return what holds for a customer, as `read_customer_rules`."""
    of_customer = uow.first(
        select(Customer.portal).where(col(Customer.id) == customer_id)
    )
    if of_customer is None:
        raise NotFound("Customer not found.")
    of_workspace = uow.one(select(WorkspaceSettings.portal))
    return resolve(of_workspace, of_customer, {}, read_limits(uow))


@inner
def read_workspace_settings(uow: UnitOfWork) -> PortalSettings:
    """Return what the workspace has chosen for all of its customers."""
    return PortalSettings.from_stored(uow.one(select(WorkspaceSettings.portal)))


@inner
def read_late_rules(uow: UnitOfWork) -> LateRules:
    """Return when this workspace calls money late."""
    return read_workspace_settings(uow).late_rules


@inner
def read_limits(uow: UnitOfWork) -> SystemLimits:
    """Return what the workspace's connections can do at all."""
    account = uow.first(select(StripeAccount))
    if account is None:
        return SystemLimits(can_charge=False, is_connected=False)
    connection = stripe_connection(
        has_key=bool(account.secret_key_encrypted),
        has_webhook_secret=bool(account.webhook_secret_encrypted),
        charges_enabled=account.charges_enabled,
    )
    is_connected = connection != StripeConnection.NOT_CONNECTED
    return SystemLimits(
        can_charge=is_connected and account.charges_enabled, is_connected=is_connected
    )


def _answers_of_invoice(
    uow: UnitOfWork, invoice_id: int
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return what the workspace, the customer and the invoice say, as stored."""
    assert not isinstance(uow.actor, PortalVisitor)
    found = uow.first(_ANSWERS, invoice_ids=[invoice_id])
    if found is None:
        raise NotFound("Invoice not found.")
    _, of_workspace, of_customer, of_invoice = found
    # A draft may have no customer yet.
    return of_workspace, of_customer or {}, of_invoice


_ANSWERS = (
    select(
        col(Invoice.id),
        col(WorkspaceSettings.portal),
        col(Customer.portal),
        col(Invoice.portal),
    )
    .select_from(Invoice)
    .join(
        WorkspaceSettings,
        col(WorkspaceSettings.workspace_id) == col(Invoice.workspace_id),
    )
    .outerjoin(Customer, col(Customer.id) == col(Invoice.customer_id))
    .where(
        col(Invoice.id).in_(bindparam("invoice_ids", type_=BigInteger, expanding=True))
    )
)
