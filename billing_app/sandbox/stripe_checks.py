"""What Stripe refuses although the types of its requests allow it."""

from __future__ import annotations

from collections.abc import Mapping

from billing_app.domain.card_limits import CHARGEABLE, minimum_minor
from billing_app.sandbox.stripe_objects import Json
from billing_app.sandbox.stripe_refusals import Unexecuted

# What Stripe itself asks for, written down anew here so that the gateway's
# conversion is checked by somebody else's table.
_STEPS = {
    "bhd": 10,
    "jod": 10,
    "kwd": 10,
    "omr": 10,
    "tnd": 10,
    "isk": 100,
    "ugx": 100,
}
_LARGEST = 99_999_999
_HALF_AN_HOUR, _A_DAY = 1800, 86_400


def check_session(params: Json, now: int) -> None:
    if params.get("mode") != "payment":
        raise Unexecuted("This stand-in knows mode=payment only.", param="mode")
    if not params.get("success_url"):
        raise Unexecuted(
            "Missing required param: success_url.",
            param="success_url",
            code="parameter_missing",
        )
    if len(params.get("line_items", ())) != 1:
        raise Unexecuted("This stand-in takes one line item.", param="line_items")
    price = params["line_items"][0].get("price_data", {})
    if "unit_amount" not in price or "product_data" not in price:
        raise Unexecuted(
            "Missing required param: line_items[0][price_data].",
            param="line_items[0][price_data]",
            code="parameter_missing",
        )
    for name in ("success_url", "cancel_url"):
        if not params.get(name, "https://").startswith(("http://", "https://")):
            raise Unexecuted("Not a valid URL", param=name, code="url_invalid")
    if not _HALF_AN_HOUR <= params.get("expires_at", now + _A_DAY) - now <= _A_DAY:
        raise Unexecuted(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours "
            "from Checkout Session creation.",
            param="expires_at",
        )
    if "@" not in params.get("customer_email", "@"):
        raise Unexecuted(
            "Invalid email address", param="customer_email", code="email_invalid"
        )
    if len(params.get("client_reference_id", "")) > 200:
        raise Unexecuted("Too long: at most 200.", param="client_reference_id")
    for metadata in (
        params.get("metadata") or {},
        params.get("payment_intent_data", {}).get("metadata") or {},
    ):
        _check_metadata(metadata)


def check_intent(params: Json) -> None:
    methods = params.get("automatic_payment_methods")
    if methods and "allowed_payment_method_types" in params:
        raise Unexecuted(
            "You may only specify one of these parameters: automatic_payment_methods, "
            "allowed_payment_method_types.",
            param="automatic_payment_methods",
        )
    _check_metadata(params.get("metadata") or {})


def _check_metadata(metadata: Mapping[str, str]) -> None:
    if len(metadata) > 50:
        raise Unexecuted("Metadata has at most 50 keys.", param="metadata")
    for key, value in metadata.items():
        if len(key) > 40 or len(value) > 500:
            raise Unexecuted(
                "Metadata keys have at most 40 and values 500 characters.",
                param=f"metadata[{key}]",
            )


def check_amount(amount: int, currency: str) -> None:
    if currency.upper() not in CHARGEABLE:
        raise Unexecuted(f"Invalid currency: {currency}.", param="currency")
    if amount < max(minimum_minor(currency.upper()) or 0, 1):
        raise Unexecuted(
            "The total amount due must add up to at least "
            f"{minimum_minor(currency.upper()) or 1} {currency}.",
            code="amount_too_small",
        )
    if amount > _LARGEST:
        raise Unexecuted(
            f"The total amount due must be no more than {_LARGEST} {currency}.",
            code="amount_too_large",
        )
    if amount % _STEPS.get(currency, 1):
        raise Unexecuted(
            f"Amounts in {currency} are multiples of {_STEPS[currency]}.",
            param="amount",
            code="parameter_invalid_integer",
        )
