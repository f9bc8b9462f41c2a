"""Tries to pay online: how far one got, what Stripe reports, and what follows.

Reports come late, twice and in any order. So a try only moves forwards, and money
wins over everything: a try that once succeeded never becomes something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from billing_app.domain.payment import PaymentMethod
from billing_app.domain.portal_settings import CardForm

# Stripe allows 30 minutes to 24 hours. Longer than anybody needs to find a card,
# short enough that a forgotten page does not keep others from paying.
CHECKOUT_LIFETIME = timedelta(hours=1)
# A page is not offered again when it might close while somebody types.
CHECKOUT_REUSE_MIN = timedelta(minutes=10)
# Until then another process may still be waiting for Stripe's first answer.
ANSWER_TIME = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody begins to pay, and so where they come back to.

    Attributes:
        path: the address of the page, with {key} for the link's token or the slug.
        card_form: where the card is typed in, on Stripe's page or on this one.
    """

    link_id: int | None
    session_id: int | None
    path: str
    card_form: CardForm = CardForm.CHECKOUT


class AttemptStatus(StrEnum):
    """How far a try got.

    PREPARED is stored, Stripe not asked yet; UNKNOWN was asked and did not answer.
    PROCESSING is a bank debit on its way. HELD is money that does not fit.
    """

    PREPARED = "prepared"
    UNKNOWN = "unknown"
    OPEN = "open"
    PROCESSING = "processing"
    FAILED = "failed"
    EXPIRED = "expired"
    SUCCEEDED = "succeeded"
    HELD = "held"


# The customer may still pay there.
LIVE = frozenset({AttemptStatus.PREPARED, AttemptStatus.UNKNOWN, AttemptStatus.OPEN})
# Stripe may still have news.
UNSETTLED = LIVE | {AttemptStatus.PROCESSING}

# What the page says to whoever comes back; it reads the rest from the database.
SAID = {
    AttemptStatus.SUCCEEDED: "yes",
    AttemptStatus.HELD: "review",
    AttemptStatus.PROCESSING: "processing",
    AttemptStatus.FAILED: "failed",
    AttemptStatus.EXPIRED: "expired",
}

_RANK = {
    AttemptStatus.PREPARED: 0,
    AttemptStatus.UNKNOWN: 0,
    AttemptStatus.OPEN: 1,
    AttemptStatus.PROCESSING: 2,
    AttemptStatus.FAILED: 3,
    AttemptStatus.EXPIRED: 3,
    AttemptStatus.SUCCEEDED: 4,
    AttemptStatus.HELD: 4,
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a payment has to be, as we stored it before Stripe was asked."""

    amount_minor: int
    currency: str
    account_id: str
    is_live: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One try as Stripe tells it, in our words.

    Attributes:
        checkout_id: Stripe's payment page, or the payment where the page is ours.
        read_at: when we began to ask; the later question has the newer answer.
        payment_id: Stripe's payment, empty until somebody tried to pay.
        amount_minor: what was asked for, or what came once money came.
        refunded_minor: how much of it was returned so far.
        failure: why the last try was declined, in words for the customer.
        declined: why one card was declined, in words for staff: set only on the
            report that its webhook leads to, so that each is written down once.
    """

    checkout_id: str
    status: AttemptStatus
    amount_minor: int
    currency: str
    account_id: str
    is_live: bool
    read_at: datetime
    payment_id: str = ""
    refunded_minor: int = 0
    is_disputed: bool = False
    method: PaymentMethod = PaymentMethod.OTHER
    method_detail: str = ""
    failure: str = ""
    declined: str = ""

    @property
    def has_money(self) -> bool:
        return self.status == AttemptStatus.SUCCEEDED


# docs.stripe.com/declines/codes. That a card was stolen, Stripe keeps to itself.
_DECLINE_WORDS = {
    "authentication_required": "their bank asked for proof and didn’t get it",
    "card_not_supported": "the card does not allow this kind of payment",
    "card_velocity_exceeded": "the card’s limit is reached",
    "currency_not_supported": "the card does not pay in this currency",
    "expired_card": "the card has expired",
    "incorrect_cvc": "the security code was wrong",
    "incorrect_number": "the card number was wrong",
    "insufficient_funds": "not enough money on the card",
    "invalid_cvc": "the security code was wrong",
    "invalid_expiry_month": "the expiry date was wrong",
    "invalid_expiry_year": "the expiry date was wrong",
    "invalid_number": "the card number was wrong",
    "payment_intent_authentication_failure": (
        "their bank asked for proof and didn’t get it"
    ),
    "processing_error": "the bank could not be reached",
    "withdrawal_count_limit_exceeded": "the card’s limit is reached",
}


def decline_words(code: str) -> str:
    """Say to staff why a card was declined, by Stripe's code for it."""
    return _DECLINE_WORDS.get(code, "their bank gave no reason")


def next_status(current: AttemptStatus, reported: AttemptStatus) -> AttemptStatus:
    """Return where a try stands after a report: never further back."""
    return reported if _RANK[reported] > _RANK[current] else current


def find_mismatch(expected: Expected, report: Report) -> str:
    """Say why a payment is not the one we asked for, or return nothing.

    What does not fit is held for a person: it is neither lost nor believed.
    """
    if report.account_id != expected.account_id:
        return "It was paid into another Stripe account."
    if report.is_live != expected.is_live:
        return "It was paid in test mode, or the other way round."
    if report.currency != expected.currency:
        return f"It was paid in {report.currency}, not in {expected.currency}."
    if report.amount_minor != expected.amount_minor:
        return "Another amount was paid than the one asked for."
    return ""
