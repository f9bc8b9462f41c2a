"""Money received: by which method, on which day, and where each part of it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_app.domain.errors import InvalidInput
from billing_app.domain.money import Money
from billing_app.domain.parsing import parse_amount
from billing_app.domain.speech import Speech, later, speech_for

REFERENCE_LENGTH_MAX = 140
NOTE_LENGTH_MAX = 2_000
# Nobody records a payment this old; the year is a slip of the finger.
_EARLIEST = date(2000, 1, 1)


class PaymentMethod(StrEnum):
    """How the money came."""

    CASH = "cash"
    CHECK = "check"
    ZELLE = "zelle"
    BANK_TRANSFER = "bank_transfer"
    CARD = "card"
    OTHER = "other"


METHOD_NAMES: dict[PaymentMethod, str] = {
    PaymentMethod.CASH: later("Cash"),
    PaymentMethod.CHECK: later("Check"),
    # A name, the same in every language.
    PaymentMethod.ZELLE: "Zelle",
    PaymentMethod.BANK_TRANSFER: later("Bank transfer"),
    PaymentMethod.CARD: later("Card"),
    PaymentMethod.OTHER: later("Other"),
}


class PaymentStatus(StrEnum):
    """What a payment counts for.

    SETTLED pays; HELD waits for a person and pays nothing; REVERSED was taken back.
    """

    SETTLED = "settled"
    HELD = "held"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Part:
    """What one invoice has of a payment, in minor units."""

    invoice_id: int
    minor: int


def method_name(method: str, detail: str = "") -> str:
    """Return the words people read, like `Card •••• 4242`."""
    name = METHOD_NAMES[PaymentMethod(method)]
    return f"{name} {detail}" if detail else name


def say_method(method: str, detail: str, speech: Speech) -> str:
    """Return the same words in a customer's language."""
    name = speech.say(METHOD_NAMES[PaymentMethod(method)])
    return f"{name} {speech.isolated(detail)}" if detail else name


def print_method(method: str, detail: str, language: str) -> str:
    """Return the same words for a document, which isolates what it prints itself.

    What staff typed stays as it is.
    """
    name = speech_for(language).say(METHOD_NAMES[PaymentMethod(method)])
    return f"{name} {detail}" if detail else name


def is_excess(received: Money, outstanding: Money) -> bool:
    """Tell whether more than twice what is outstanding came: likely a slip."""
    return received.minor > 2 * outstanding.minor


def parse_received(text: str, currency: str) -> Money:
    """Read the amount of money that came: above zero."""
    amount = parse_amount(text, currency, field="amount")
    if amount.is_zero:
        raise InvalidInput("The amount must be more than zero.", field="amount")
    return amount


def parse_method(text: str) -> PaymentMethod:
    """Read what the form sent."""
    try:
        return PaymentMethod(text.strip())
    except ValueError:
        raise InvalidInput("Choose how the money came.", field="method") from None


def check_received_on(received_on: date, today: date) -> None:
    """Refuse money that has not come yet, and a year that can't be meant."""
    if received_on > today:
        raise InvalidInput(
            "The payment date can't be in the future.", field="received_on"
        )
    if received_on < _EARLIEST:
        raise InvalidInput("Check the year of the payment date.", field="received_on")


def compute_outstanding(
    state: str,
    due_minor: int,
    allocated_minor: int,
    credited_minor: int,
    written_off_minor: int,
) -> int:
    """Return what an invoice still asks for: nothing unless it is issued."""
    if state != "issued":
        return 0
    return due_minor - allocated_minor - credited_minor - written_off_minor


def allocatable(minor: int, outstanding_minor: int) -> int:
    """Return how much of an amount an invoice takes; the rest is credit."""
    return max(0, min(minor, outstanding_minor))


def rest_hindrance(
    state: str,
    *,
    is_cancelled: bool,
    outstanding_minor: int,
    processing_minor: int,
    seen_minor: int,
) -> str:
    """Say why the rest of an invoice isn't paid just so; empty where it can be.

    `seen_minor` is what was shown to be left when somebody decided.
    """
    if state == "draft":
        return "was cancelled" if is_cancelled else "is still a draft"
    if state == "void":
        return "is void"
    if outstanding_minor <= 0:
        return "asks for nothing"
    if processing_minor:
        return "has a payment on its way"
    if outstanding_minor != seen_minor:
        return "has changed meanwhile"
    return ""


def take_back(
    minor: int, credit_minor: int, parts: Sequence[Part]
) -> tuple[tuple[Part, ...], int]:
    """Say where money comes from that leaves a payment again.

    The customer's credit goes first, then the invoices, latest first.

    Returns:
        What each invoice gives up, and what the credit does; together `minor`.
    """
    assert 0 <= minor <= credit_minor + sum(part.minor for part in parts)
    from_credit = min(minor, credit_minor)
    missing = minor - from_credit
    given: list[Part] = []
    for part in reversed(parts):
        if taken := min(missing, part.minor):
            given.append(Part(part.invoice_id, taken))
            missing -= taken
    return tuple(given), from_credit
