"""Speaks to Stripe: payment pages, payments, refunds, events and the account.

Calls block, so they belong in worker threads. They return our own frozen values,
with amounts in ISO minor units, and fail with the refusals of `gateways.errors`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from billing_app.gateways.errors import GatewayRefused
from billing_app.gateways.stripe_amounts import from_stripe_amount, to_stripe_amount
from billing_app.gateways.stripe_webhooks import WebhookEvent, parse_event

if TYPE_CHECKING:
    from stripe.params import PaymentIntentCreateParams
    from stripe.params.checkout import SessionCreateParams

STRIPE_API = "https://api.stripe.com"
_EVENTS_AT_ONCE = 1000

# The languages that Checkout speaks: docs.stripe.com/js/appendix/supported_locales.
_LOCALES = """
    auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja
    ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW
"""
CHECKOUT_LOCALES = frozenset(_LOCALES.split())

# Stripe's words for money that comes from a bank account and takes days to clear.
_BANK_METHODS = {
    "acss_debit",
    "au_becs_debit",
    "bacs_debit",
    "customer_balance",
    "nz_bank_account",
    "pay_by_bank",
    "sepa_debit",
    "us_bank_account",
}


class CheckoutStatus(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


class ProviderPaymentStatus(StrEnum):
    """How far one payment got at the provider.

    OPEN waits for the customer, PROCESSING for a bank. FAILED is a try that was
    declined; the customer may try again, so it can still become SUCCEEDED.
    """

    OPEN = "open"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class PaidWith(StrEnum):
    CARD = "card"
    BANK_TRANSFER = "bank_transfer"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """One payment page to open, or one payment for the card form on ours.

    Attributes:
        title: the only line the customer sees there, such as "Invoice INV-42".
        reference: our own name for this attempt, at most 200 characters.
        expires_at: between 30 minutes and 24 hours from now.
        locale: a language tag such as "de-CH"; unknown ones follow the browser.
    """

    amount_minor: int
    currency: str
    title: str
    reference: str
    metadata: Mapping[str, str]
    success_url: str
    cancel_url: str
    expires_at: datetime
    locale: str
    customer_email: str | None = None


@dataclass(frozen=True, slots=True)
class Checkout:
    """A payment page as Stripe knows it, or the payment of a card form of ours.

    Attributes:
        url: where the customer pays; None once it is complete or expired.
        client_secret: lets a browser pay by card form; for nobody else's eyes.
        is_paid: the money is there. A bank debit completes long before that.
        payment_intent_id: None until somebody tries to pay.
        payment: that payment, where it was asked for in the same breath.
    """

    id: str
    url: str | None
    status: CheckoutStatus
    is_paid: bool
    amount_minor: int
    currency: str
    is_live: bool
    payment_intent_id: str | None
    reference: str | None
    expires_at: datetime | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    payment: ProviderPayment | None = None
    client_secret: str = field(default="", repr=False)

    @property
    def is_card_form(self) -> bool:
        return is_payment_id(self.id)


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """One payment as Stripe knows it.

    Attributes:
        failure: why the last try failed, in words for the customer.
        paid_with: None until somebody tried to pay.
    """

    id: str
    status: ProviderPaymentStatus
    amount_minor: int
    received_minor: int
    refunded_minor: int
    currency: str
    is_live: bool
    is_disputed: bool
    created_at: datetime
    paid_with: PaidWith | None
    last4: str | None
    failure: str | None
    metadata: Mapping[str, str] = field(default_factory=dict)


class ProviderRefundStatus(StrEnum):
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """Money on its way back to the customer."""

    id: str
    payment_intent_id: str | None
    status: ProviderRefundStatus
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Whose key it is and what that account may do.

    Attributes:
        is_ready: Stripe lets it charge; otherwise its set-up is incomplete.
    """

    id: str
    name: str
    country: str
    currency: str
    is_live: bool
    is_ready: bool
    takes_cards: bool
    takes_bank_debits: bool


class StripeGateway:
    """One Stripe account, reached with its secret or restricted key."""

    def __init__(
        self,
        secret_key: str,
        *,
        api_base: str = STRIPE_API,
        timeout_seconds: float = 20.0,
        retries: int = 2,
    ) -> None:
        if is_live_key(secret_key) and api_base != STRIPE_API:
            raise GatewayRefused(
                "A live Stripe key is sent to Stripe only, never to a stand-in.",
                reason="live_key_elsewhere",
            )
        self._is_live = is_live_key(secret_key)
        # The SDK is loaded with the first gateway: it takes long, and many servers
        # never ask Stripe anything.
        from billing_app.gateways.stripe_sdk import StripeSdk

        self._sdk = StripeSdk(secret_key, api_base, timeout_seconds, retries)

    def create_checkout(
        self, request: CheckoutRequest, *, idempotency_key: str
    ) -> Checkout:
        """Open a payment page. The same key opens the same page, however often."""
        with self._sdk.refusals():
            session = self._sdk.client.v1.checkout.sessions.create(
                session_params(request), {"idempotency_key": idempotency_key}
            )
        return _read_session(session.to_dict())

    def create_card_form(
        self, request: CheckoutRequest, *, idempotency_key: str
    ) -> Checkout:
        """Begin a payment for a card form. The same key begins the same one."""
        with self._sdk.refusals():
            intent = self._sdk.client.v1.payment_intents.create(
                intent_params(request), {"idempotency_key": idempotency_key}
            )
        return _read_card_form(intent.to_dict())

    def read_checkout(self, checkout_id: str) -> Checkout:
        """Read a payment page, or a card form, together with the payment made on it."""
        if is_payment_id(checkout_id):
            return _read_card_form(self._retrieve_intent(checkout_id))
        session = self._retrieve(
            "/v1/checkout/sessions", checkout_id, "payment_intent.latest_charge"
        )
        return _read_session(session)

    def expire_checkout(self, checkout_id: str) -> Checkout:
        """Close a payment page or a card form, so that nobody can pay there any more.

        One that is no longer open stays as it is: read what is returned.
        """
        try:
            return self._close(checkout_id)
        except GatewayRefused as refusal:
            if refusal.reason == "resource_missing":
                raise
            closed = self.read_checkout(checkout_id)
            if closed.status is CheckoutStatus.OPEN:
                raise
            return closed

    def read_payment(self, payment_intent_id: str) -> ProviderPayment:
        return _read_intent(self._retrieve_intent(payment_intent_id))

    def refund(
        self,
        payment_intent_id: str,
        amount_minor: int,
        currency: str,
        *,
        idempotency_key: str,
    ) -> ProviderRefund:
        """Send money of one payment back to where it came from."""
        with self._sdk.refusals():
            refund = self._sdk.client.v1.refunds.create(
                {
                    "payment_intent": payment_intent_id,
                    "amount": to_stripe_amount(amount_minor, currency),
                },
                {"idempotency_key": idempotency_key},
            )
        return _read_refund(refund.to_dict())

    def read_refund(self, refund_id: str) -> ProviderRefund:
        return _read_refund(self._retrieve("/v1/refunds", refund_id))

    def list_events(self, since: datetime) -> tuple[WebhookEvent, ...]:
        """List what happened since then, oldest first, at most a thousand.

        For what no webhook told us. Stripe keeps events for 30 days.
        """
        with self._sdk.refusals():
            newest_first = self._sdk.client.v1.events.list(
                {"created": {"gte": int(since.timestamp())}, "limit": 100}
            )
            events = tuple(
                parse_event(json.dumps(event.to_dict()).encode())
                for event in itertools.islice(
                    newest_first.auto_paging_iter(), _EVENTS_AT_ONCE
                )
            )
        return events[::-1]

    def check_key(self) -> AccountFacts:
        """Ask Stripe whose key this is; refuses when Stripe does."""
        with self._sdk.refusals():
            account = self._sdk.client.v1.accounts.retrieve_current()
        facts = account.to_dict()
        capabilities = facts.get("capabilities") or {}
        profile = facts.get("business_profile") or {}
        return AccountFacts(
            id=account.id,
            name=profile.get("name") or "",
            country=facts.get("country") or "",
            currency=(facts.get("default_currency") or "").upper(),
            is_live=self._is_live,
            is_ready=bool(facts.get("charges_enabled")),
            takes_cards=capabilities.get("card_payments") == "active",
            takes_bank_debits="active"
            in (
                capabilities.get("us_bank_account_ach_payments"),
                capabilities.get("sepa_debit_payments"),
            ),
        )

    def knows_publishable_key(self) -> bool:
        """Tell whether Stripe takes this gateway's key as a browser's.

        A browser may only ask for a payment whose secret it has. This one does not
        exist; a key that does not either is refused before that shows.
        """
        try:
            with self._sdk.refusals():
                self._sdk.client.v1.payment_intents.retrieve(
                    "pi_none", {"client_secret": "pi_none_secret_none"}
                )
        except GatewayRefused as refusal:
            return refusal.reason != "authentication"
        return True

    def _retrieve_intent(self, payment_intent_id: str) -> dict[str, Any]:
        return self._retrieve("/v1/payment_intents", payment_intent_id, "latest_charge")

    def _retrieve(self, path: str, object_id: str, *expand: str) -> dict[str, Any]:
        """Read one object as JSON: the SDK's own objects take as long to make
        as the answer takes to come, and only a few of their fields are wanted.

        The question goes out as it is, since the SDK takes three times as long for
        one. What is not answered goes to the SDK, which asks again and knows why.
        """
        url = f"{path}/{quote(object_id, safe='')}"
        if (found := self._read_plainly(url, expand)) is not None:
            return found
        asked: dict[str, Any] = {"expand": list(expand)} if expand else {}
        with self._sdk.refusals():
            answer: Any = self._sdk.client.raw_request("get", url, **asked)
        return answer.data

    def _read_plainly(self, url: str, expand: Sequence[str]) -> dict[str, Any] | None:
        """Return what Stripe answers, or None where it is not the object."""
        query = urlencode([("expand[]", name) for name in expand])
        answer = self._sdk.read_plainly(f"{url}?{query}")
        try:
            return json.loads(answer) if answer is not None else None
        except ValueError:
            return None

    def _close(self, checkout_id: str) -> Checkout:
        with self._sdk.refusals():
            if is_payment_id(checkout_id):
                intent = self._sdk.client.v1.payment_intents.cancel(
                    checkout_id, {"expand": ["latest_charge"]}
                )
                return _read_card_form(intent.to_dict())
            session = self._sdk.client.v1.checkout.sessions.expire(checkout_id)
            return _read_session(session.to_dict())


def is_live_key(secret_key: str) -> bool:
    """Tell a key that moves real money; `rk_` keys are restricted ones."""
    return secret_key.startswith(("sk_live_", "rk_live_"))


def is_payment_id(checkout_id: str) -> bool:
    """Tell the payment of a card form from a payment page; Stripe's ids say it."""
    return checkout_id.startswith("pi_")


def checkout_locale(tag: str) -> str:
    """Return the nearest language that Checkout speaks, else the browser's."""
    tag = tag.replace("_", "-")
    language = tag.partition("-")[0]
    for known in (tag, language):
        if known in CHECKOUT_LOCALES:
            return known
    return "auto"


def session_params(request: CheckoutRequest) -> SessionCreateParams:
    """Ask for one line of the amount being paid, whatever the invoice consists of.

    Which methods are offered is decided in the Stripe dashboard: the API refuses
    `payment_method_types` since 2026-09-30.
    """
    metadata = dict(request.metadata)
    params: SessionCreateParams = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": request.currency.lower(),
                    "unit_amount": to_stripe_amount(
                        request.amount_minor, request.currency
                    ),
                    "product_data": {"name": request.title},
                },
            }
        ],
        # Otherwise Stripe may let people pay in a currency other than ours.
        "adaptive_pricing": {"enabled": False},
        "client_reference_id": request.reference,
        "metadata": metadata,
        "payment_intent_data": {"description": request.title, "metadata": metadata},
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "expires_at": int(request.expires_at.timestamp()),
        "locale": checkout_locale(request.locale),
    }
    if request.customer_email:
        params["customer_email"] = request.customer_email
    return params


def intent_params(request: CheckoutRequest) -> PaymentIntentCreateParams:
    """Ask for the amount; which methods are offered is decided in the dashboard."""
    return {
        "amount": to_stripe_amount(request.amount_minor, request.currency),
        "currency": request.currency.lower(),
        "automatic_payment_methods": {"enabled": True},
        "description": request.title,
        "metadata": dict(request.metadata),
    }


def _read_card_form(intent: Mapping[str, Any]) -> Checkout:
    """Read a payment as if it were the page it is made on."""
    payment = _read_intent(intent)
    return Checkout(
        id=payment.id,
        url=None,
        status=_CARD_FORM_STATUS.get(payment.status, CheckoutStatus.OPEN),
        is_paid=payment.status is ProviderPaymentStatus.SUCCEEDED,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        is_live=payment.is_live,
        payment_intent_id=payment.id,
        reference=None,
        expires_at=None,
        metadata=payment.metadata,
        payment=payment,
        client_secret=intent.get("client_secret") or "",
    )


# Whatever else a payment is, the customer may still pay it.
_CARD_FORM_STATUS = {
    ProviderPaymentStatus.SUCCEEDED: CheckoutStatus.COMPLETE,
    ProviderPaymentStatus.PROCESSING: CheckoutStatus.COMPLETE,
    ProviderPaymentStatus.CANCELED: CheckoutStatus.EXPIRED,
}


def _read_session(session: Mapping[str, Any]) -> Checkout:
    currency = (session.get("currency") or "").upper()
    intent = session.get("payment_intent")
    return Checkout(
        id=session["id"],
        url=session.get("url"),
        status=CheckoutStatus(session.get("status") or CheckoutStatus.OPEN),
        is_paid=session["payment_status"] == "paid",
        amount_minor=from_stripe_amount(session.get("amount_total") or 0, currency),
        currency=currency,
        is_live=session["livemode"],
        payment_intent_id=_id_of(intent),
        reference=session.get("client_reference_id"),
        expires_at=datetime.fromtimestamp(session["expires_at"], UTC),
        metadata=session.get("metadata") or {},
        payment=_read_intent(intent) if isinstance(intent, dict) else None,
    )


def _read_intent(intent: Mapping[str, Any]) -> ProviderPayment:
    currency = intent["currency"].upper()
    charge = intent.get("latest_charge") or {}
    assert not isinstance(charge, str), "latest_charge is expanded"
    details = charge.get("payment_method_details") or {}
    error = intent.get("last_payment_error")
    return ProviderPayment(
        id=intent["id"],
        status=_payment_status(intent["status"], has_failed=error is not None),
        amount_minor=from_stripe_amount(intent["amount"], currency),
        received_minor=from_stripe_amount(intent.get("amount_received") or 0, currency),
        refunded_minor=from_stripe_amount(charge.get("amount_refunded") or 0, currency),
        currency=currency,
        is_live=intent["livemode"],
        is_disputed=bool(charge.get("disputed")),
        created_at=datetime.fromtimestamp(intent["created"], UTC),
        paid_with=_paid_with(details),
        last4=(details.get(details.get("type", "")) or {}).get("last4"),
        failure=error.get("message") if error else None,
        metadata=intent.get("metadata") or {},
    )


def _payment_status(status: str, *, has_failed: bool) -> ProviderPaymentStatus:
    match status:
        case "succeeded" | "processing" | "canceled":
            return ProviderPaymentStatus(status)
        case "requires_payment_method" if has_failed:
            return ProviderPaymentStatus.FAILED
        case _:
            return ProviderPaymentStatus.OPEN


def _paid_with(details: Mapping[str, Any]) -> PaidWith | None:
    match details.get("type"):
        case None:
            return None
        case "card" | "card_present" | "kr_card":
            return PaidWith.CARD
        case method if method in _BANK_METHODS:
            return PaidWith.BANK_TRANSFER
        case _:
            return PaidWith.OTHER


def _read_refund(refund: Mapping[str, Any]) -> ProviderRefund:
    currency = refund["currency"].upper()
    return ProviderRefund(
        id=refund["id"],
        payment_intent_id=_id_of(refund.get("payment_intent")),
        status=ProviderRefundStatus(refund.get("status") or "pending"),
        amount_minor=from_stripe_amount(refund["amount"], currency),
        currency=currency,
    )


def _id_of(reference: Any) -> str | None:
    """Return an id, of what is named or given in full."""
    return reference["id"] if isinstance(reference, dict) else reference
