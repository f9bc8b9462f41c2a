"""Reach a workspace's own Stripe account, and read there how far a payment got."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import col, select

from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import SystemActor
from billing_app.domain.errors import BillingError
from billing_app.domain.online_payment import AttemptStatus, Report
from billing_app.domain.payment import PaymentMethod
from billing_app.gateways.stripe import (
    Checkout,
    CheckoutStatus,
    PaidWith,
    ProviderPayment,
    ProviderPaymentStatus,
    StripeGateway,
)
from billing_app.models import StripeAccount
from billing_app.runtime import Runtime

# Somebody is waiting; the SDK repeats with the same key.
TIMEOUT_SECONDS = 20.0
RETRIES = 2


class NotConnected(BillingError):
    """The workspace has no Stripe key."""

    code = "not_connected"


@dataclass(frozen=True, slots=True)
class Connection:
    """A workspace's Stripe account, ready to be asked.

    Attributes:
        publishable_key: for browsers; empty where none was entered.
    """

    gateway: StripeGateway
    account_id: str
    is_live: bool
    publishable_key: str


def connect(runtime: Runtime, actor: SystemActor) -> Connection:
    """Open the gateway with the workspace's own key. Asks nothing yet.

    Raises:
        NotConnected: there is no key.
        SecretUnreadable: it was stored under another SECRET_KEY.
    """
    with runtime.reading(actor) as uow:
        account = find_account(uow)
    return connect_to(runtime, account)


def find_account(uow: UnitOfWork) -> StripeAccount | None:
    # With a value, so that the statement is kept.
    return uow.first(_ACCOUNT, workspace_id=uow.actor.workspace_id)


_ACCOUNT = select(StripeAccount).where(
    col(StripeAccount.workspace_id) == bindparam("workspace_id")
)


def connect_to(runtime: Runtime, account: StripeAccount | None) -> Connection:
    """Do `connect` with an account that was read already."""
    if account is None or not account.secret_key_encrypted:
        raise NotConnected("Stripe is not connected.")
    gateway = StripeGateway(
        runtime.cipher.decrypt(account.secret_key_encrypted),
        api_base=runtime.settings.stripe_api_base,
        timeout_seconds=TIMEOUT_SECONDS,
        retries=RETRIES,
    )
    return Connection(
        gateway, account.account_id, account.is_livemode, account.publishable_key
    )


def read_report(runtime: Runtime, connection: Connection, checkout_id: str) -> Report:
    """Ask Stripe how far a payment page got.

    Raises:
        GatewayUnavailable, GatewayRefused: as the gateway.
    """
    read_at = runtime.now()
    checkout = connection.gateway.read_checkout(checkout_id)
    return report_on(connection, checkout, read_at)


def report_on(connection: Connection, checkout: Checkout, read_at: datetime) -> Report:
    """Put a payment page, and the payment made on it, into our words."""
    payment = checkout.payment
    if payment is None and checkout.payment_intent_id:
        payment = connection.gateway.read_payment(checkout.payment_intent_id)
    return _report(connection, checkout, payment, read_at)


def _report(
    connection: Connection,
    checkout: Checkout,
    payment: ProviderPayment | None,
    read_at: datetime,
) -> Report:
    status = _status(checkout, payment)
    has_come = status == AttemptStatus.SUCCEEDED and payment is not None
    return Report(
        checkout_id=checkout.id,
        status=status,
        amount_minor=payment.received_minor
        if has_come and payment
        else checkout.amount_minor,
        currency=payment.currency if payment else checkout.currency,
        account_id=connection.account_id,
        is_live=payment.is_live if payment else checkout.is_live,
        read_at=read_at,
        payment_id=checkout.payment_intent_id or "",
        refunded_minor=payment.refunded_minor if payment else 0,
        is_disputed=payment.is_disputed if payment else False,
        method=_method(payment),
        method_detail=f"•••• {payment.last4}" if payment and payment.last4 else "",
        failure=(payment.failure or "") if payment else "",
    )


def _status(checkout: Checkout, payment: ProviderPayment | None) -> AttemptStatus:
    is_paid = payment is not None and payment.status == ProviderPaymentStatus.SUCCEEDED
    if checkout.is_paid or is_paid:
        return AttemptStatus.SUCCEEDED
    if checkout.status == CheckoutStatus.EXPIRED:
        return AttemptStatus.EXPIRED
    gone = (ProviderPaymentStatus.FAILED, ProviderPaymentStatus.CANCELED)
    if checkout.status == CheckoutStatus.OPEN:
        # A debit that came back leaves its payment open, long after the customer.
        came_back = (
            checkout.is_card_form
            and payment is not None
            and payment.status in gone
            and payment.paid_with == PaidWith.BANK_TRANSFER
        )
        return AttemptStatus.FAILED if came_back else AttemptStatus.OPEN
    if payment is not None and payment.status in gone:
        return AttemptStatus.FAILED
    # Complete and unpaid: a bank takes its days.
    return AttemptStatus.PROCESSING


def _method(payment: ProviderPayment | None) -> PaymentMethod:
    if payment is None or payment.paid_with is None:
        return PaymentMethod.OTHER
    return PaymentMethod(payment.paid_with.value)
