"""The shapes of Stripe's objects: every field the SDK knows, null unless said."""

from __future__ import annotations

import secrets
from typing import Any

import stripe

API_VERSION = stripe.api_version or ""

Json = dict[str, Any]


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def new_session(params: Json, *, now: int, page_url: str) -> Json:
    session_id = new_id("cs_test")
    line = params["line_items"][0]
    price = line["price_data"]
    total = price["unit_amount"] * line.get("quantity", 1)
    return _blank(stripe.checkout.Session) | {
        "id": session_id,
        "object": "checkout.session",
        "amount_subtotal": total,
        "amount_total": total,
        "adaptive_pricing": {
            "enabled": params.get("adaptive_pricing", {}).get("enabled", True)
        },
        "automatic_tax": {
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "created": now,
        "currency": price["currency"].lower(),
        "custom_fields": [],
        "custom_text": {},
        "customer_creation": "if_required",
        "customer_email": params.get("customer_email"),
        "expires_at": params.get("expires_at", now + 24 * 3600),
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": params.get("metadata") or {},
        "mode": params["mode"],
        "payment_method_collection": "if_required",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": methods_for(
            price["currency"], params.get("allowed_payment_method_types")
        ),
        "payment_status": "unpaid",
        "shipping_options": [],
        "status": "open",
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": params.get("ui_mode", "hosted_page"),
        "url": f"{page_url}/c/pay/{session_id}",
    }


def methods_for(currency: str, allowed: list[str] | None = None) -> list[str]:
    """Offer cards, and the bank debit that belongs to the currency."""
    offered = ["card", *filter(None, [BANK_DEBITS.get(currency.lower())])]
    return [method for method in offered if allowed is None or method in allowed]


BANK_DEBITS = {
    "aud": "au_becs_debit",
    "cad": "acss_debit",
    "eur": "sepa_debit",
    "gbp": "bacs_debit",
    "usd": "us_bank_account",
}


def new_intent(
    *, amount: int, currency: str, methods: list[str], params: Json, now: int
) -> Json:
    intent_id = new_id("pi")
    return _blank(stripe.PaymentIntent) | {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": params.get("automatic_payment_methods"),
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_{secrets.token_hex(12)}",
        "confirmation_method": "automatic",
        "created": now,
        "currency": currency,
        "description": params.get("description"),
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "payment_method_options": {},
        "payment_method_types": methods,
        "status": "requires_payment_method",
    }


# A browser that knows a payment's secret sees so much of it.
PUBLIC_FIELDS = (
    *("id", "object", "amount", "currency", "status", "client_secret", "created"),
    *("canceled_at", "description", "last_payment_error", "livemode", "next_action"),
    *("payment_method", "payment_method_types"),
)


def new_charge(intent: Json, method: str, *, now: int, last4: str = "4242") -> Json:
    return _blank(stripe.Charge) | {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": {"address": None, "email": None, "name": None},
        "captured": True,
        "created": now,
        "currency": intent["currency"],
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": new_id("pm"),
        "payment_method_details": {
            "type": method,
            method: _method_details(method, last4),
        },
        "refunded": False,
        "refunds": None,
        "status": "pending",
    }


def _method_details(method: str, last4: str) -> Json:
    if method == "card":
        return {
            "brand": "visa",
            "checks": {"cvc_check": "pass"},
            "country": "US",
            "exp_month": 12,
            "exp_year": 2034,
            "funding": "credit",
            "last4": last4,
            "network": "visa",
        }
    return {"bank_name": "STRIPE TEST BANK", "country": "US", "last4": "6789"}


def new_refund(charge: Json, amount: int, params: Json, *, now: int) -> Json:
    return _blank(stripe.Refund) | {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "metadata": params.get("metadata") or {},
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason"),
        "status": "succeeded",
    }


def new_event(kind: str, about: Json, *, now: int, idempotency_key: str | None) -> Json:
    return _blank(stripe.Event) | {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": now,
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": new_id("req"), "idempotency_key": idempotency_key},
        "type": kind,
    }


def account_facts(account_id: str, name: str, country: str, currency: str) -> Json:
    bank = BANK_DEBITS.get(currency.lower())
    capabilities = {"card_payments": "active", "transfers": "active"}
    if bank:
        suffix = "_ach_payments" if bank == "us_bank_account" else "_payments"
        capabilities[f"{bank}{suffix}"] = "active"
    return {
        "id": account_id,
        "object": "account",
        "business_profile": {"name": name, "url": None, "support_email": None},
        "capabilities": capabilities,
        "charges_enabled": True,
        "country": country,
        "default_currency": currency.lower(),
        "details_submitted": True,
        "email": None,
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": name, "timezone": "Etc/UTC"}},
        "type": "standard",
    }


def page_of(items: list[Json], url: str, params: Json) -> Json:
    """Cut one page out of a list that is sorted newest first."""
    ids = [item["id"] for item in items]
    start, end = 0, len(items)
    if (after := params.get("starting_after")) in ids:
        start = ids.index(after) + 1
    if (before := params.get("ending_before")) in ids:
        end = ids.index(before)
    limit = params.get("limit", 10)
    return {
        "object": "list",
        "data": items[start:end][:limit],
        "has_more": end - start > limit,
        "url": url,
    }


def _blank(kind: type[stripe.StripeObject]) -> Json:
    return {name: None for name in kind.__annotations__ if name.islower()}
