"""Tells Stripe's webhooks from everybody else's."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing_app.gateways.errors import WebhookRefused

# Stripe's own libraries allow five minutes for old signatures and any time for
# future ones; a recorded webhook with a future date would stay usable that long.
TOLERANCE_SECONDS = 300
_CARDS = ("card", "kr_card", "link")


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """Something happened at Stripe. What exactly is read from Stripe, not from here.

    Attributes:
        object_id: what it happened to, such as a Checkout Session or a refund.
        account: the connected account it belongs to, if Stripe Connect is used.
        payload: the event as it arrived, JSON.
    """

    id: str
    type: str
    object_id: str
    is_live: bool
    created_at: datetime
    account: str | None
    payload: str


def verify_webhook(
    payload: bytes,
    signature: str,
    secret: str,
    now: datetime,
    tolerance_seconds: int = TOLERANCE_SECONDS,
) -> WebhookEvent:
    """Return the event, if whoever knows the secret sent it about now.

    Raises:
        WebhookRefused: anything about it is not as it must be.
    """
    if not secret.strip():
        raise WebhookRefused("No webhook secret is set.")

    timestamp, candidates = _read_signature(signature)
    signed = f"{timestamp}.".encode() + payload
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
    if not any(hmac.compare_digest(expected, x.encode()) for x in candidates):
        raise WebhookRefused("The webhook's signature is wrong.")
    if abs(now.timestamp() - timestamp) > tolerance_seconds:
        raise WebhookRefused("The webhook's signature is too old or from the future.")

    return parse_event(payload)


def parse_event(payload: bytes) -> WebhookEvent:
    """Read an event whose sender is known."""
    try:
        text = payload.decode()
        event = json.loads(text)
        return WebhookEvent(
            id=_text(event, "id"),
            type=_text(event, "type"),
            object_id=_text(event["data"]["object"], "id"),
            is_live=_flag(event, "livemode"),
            created_at=datetime.fromtimestamp(event["created"], UTC),
            account=event.get("account"),
            payload=text,
        )
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise WebhookRefused("The webhook's body is not a Stripe event.") from error


def read_decline(payload: str) -> str | None:
    """Return the code of why a card was declined; None where no card was.

    A bank debit that comes back is the end of its payment, and no declined card.
    """
    error = json.loads(payload)["data"]["object"].get("last_payment_error") or {}
    method = error.get("payment_method") or {}
    if method.get("type") not in _CARDS:
        return None
    return str(error.get("decline_code") or error.get("code") or "")


def _read_signature(header: str) -> tuple[int, list[str]]:
    """Split `t=…,v1=…,v1=…`; while a secret is rotated there are two signatures."""
    pairs = [part.strip().partition("=")[::2] for part in header.split(",")]
    timestamps = [value for key, value in pairs if key == "t"]
    signatures = [value for key, value in pairs if key == "v1"]
    if len(timestamps) != 1 or not _is_number(timestamps[0]) or not signatures:
        raise WebhookRefused("The webhook carries no signature.")
    return int(timestamps[0]), signatures


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12


def _text(mapping: dict[str, Any], key: str) -> str:
    value = mapping[key]
    if not isinstance(value, str) or not value:
        raise ValueError(key)
    return value


def _flag(mapping: dict[str, Any], key: str) -> bool:
    value = mapping[key]
    if not isinstance(value, bool):
        raise TypeError(key)
    return value
