"""Several invoices paid in one go: what each asks for, and which part each gets.

What Stripe charges at least, and in which steps, is asked of the sum. Everything
else is asked of each invoice, by the settings that hold for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing_app.domain.card_limits import step_minor
from billing_app.domain.errors import InvalidInput, LimitReached, Phrase
from billing_app.domain.money import Money
from billing_app.domain.parsing import parse_amount
from billing_app.domain.payability import (
    NotPayable,
    PayabilityFacts,
    charge_minimum,
    find_shut_gate_in_sum,
    written,
)
from billing_app.domain.payment import Part
from billing_app.domain.speech import later

# One payment is booked in one transaction, and each invoice gets its own receipt.
INVOICES_MAX = 100
# More would not fit where Stripe shows what is paid.
_NUMBERS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Asking:
    """One invoice that somebody wants to pay, and what its gates look at.

    Attributes:
        due_on: None is due on receipt, so it is asked for from its issue on.
    """

    invoice_id: int
    number: str
    issued_on: date
    due_on: date | None
    facts: PayabilityFacts

    @property
    def asked_minor(self) -> int:
        return self.facts.payable_minor

    @property
    def refusal(self) -> NotPayable | None:
        """Say why it can't be among those paid; None where it can."""
        shut = find_shut_gate_in_sum(self.facts)
        return shut.refusal if shut else None

    @property
    def age(self) -> tuple[date, date, int]:
        """Sorts the oldest first: by when it is due, then issued, then written."""
        return self.due_on or self.issued_on, self.issued_on, self.invoice_id


@dataclass(frozen=True, slots=True)
class Split:
    """One amount and the invoices it pays, oldest first; the parts sum to it."""

    amount: Money
    parts: tuple[Part, ...]


def check_count(count: int) -> None:
    """Refuse an empty choice, and more than one payment can carry."""
    if count == 0:
        raise InvalidInput(later("Choose at least one invoice."), field="invoice")
    if count > INVOICES_MAX:
        raise LimitReached(
            later("Up to {most} invoices can be paid at once. Choose fewer."),
            most=INVOICES_MAX,
        )


def whole_sum(askings: Sequence[Asking]) -> Money:
    """Return what all of them ask for, in steps that Stripe charges.

    Raises:
        NotPayable: one of them can't be paid now, or all are too little to charge.
        InvalidInput: they are in several currencies.
    """
    check_count(len(askings))
    if len({asking.facts.currency for asking in askings}) > 1:
        raise InvalidInput(
            later(
                "One payment is in one currency. Choose invoices in the same currency."
            ),
            field="invoice",
        )
    for asking in askings:
        if refusal := asking.refusal:
            why = Phrase(refusal.words, **refusal.values)
            raise NotPayable("{number}: {why}", number=asking.number, why=why)

    currency = askings[0].facts.currency
    asked = sum(asking.asked_minor for asking in askings)
    least, step = charge_minimum(currency), step_minor(currency)
    if asked < least:
        raise NotPayable(
            later("Online payments start at {amount}. Choose more invoices."),
            amount=written(Money(least, currency)),
        )
    return Money(asked // step * step, currency)


def read_split(askings: Sequence[Asking], amount_text: str) -> Split:
    """Split what was typed over the chosen invoices; nothing typed is all of it.

    Raises:
        as `whole_sum`, and InvalidInput: an amount that can't be paid like this.
    """
    whole = whole_sum(askings)
    if not amount_text.strip():
        return split(askings, whole)
    return split(askings, parse_amount(amount_text, whole.currency, field="amount"))


def split(askings: Sequence[Asking], amount: Money) -> Split:
    """Give each invoice what it asks for, oldest first, while the amount lasts.

    Raises:
        as `whole_sum`, and InvalidInput: more than is asked for, less than Stripe
        charges, or what is left for the last one is less than may be paid of it.
    """
    whole = whole_sum(askings)
    _check_amount(amount, whole)

    parts: list[Part] = []
    left = amount.minor
    for asking in sorted(askings, key=lambda it: it.age):
        minor = min(left, asking.asked_minor)
        if minor:
            _check_part(asking, minor, amount.minor - left)
            parts.append(Part(asking.invoice_id, minor))
            left -= minor
    assert left == 0
    return Split(amount, tuple(parts))


def title_of(numbers: Sequence[str]) -> str:
    """Name what is paid in one line: `3 invoices: INV-1, INV-2, INV-3`."""
    if len(numbers) == 1:
        return f"Invoice {numbers[0]}"
    return f"{len(numbers)} invoices: {some_numbers(numbers)}"


def some_numbers(numbers: Sequence[str]) -> str:
    """List the first few numbers and say how many more there are."""
    shown = ", ".join(numbers[:_NUMBERS_SHOWN])
    more = len(numbers) - _NUMBERS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _check_amount(amount: Money, whole: Money) -> None:
    currency = whole.currency
    assert amount.currency == currency
    if amount > whole:
        raise InvalidInput(
            later("You can pay {amount} at most; the chosen invoices ask for no more."),
            field="amount",
            amount=written(whole),
        )
    least = Money(charge_minimum(currency), currency)
    if amount < least:
        raise InvalidInput(
            later("Please pay {amount} or more."), field="amount", amount=written(least)
        )
    if amount.minor % step_minor(currency):
        raise InvalidInput(
            later("Online payments in {currency} end in 0. Please change the amount."),
            field="amount",
            currency=currency,
        )


def _check_part(asking: Asking, minor: int, before_minor: int) -> None:
    """Refuse a part that the invoice does not take; say which amounts would do."""
    facts = asking.facts
    least = asking.asked_minor
    if facts.allows_partial:
        least = min(facts.minimum_minor, asking.asked_minor)
    if minor >= least:
        return
    more = written(Money(before_minor + least, facts.currency))
    why = (
        Phrase(
            later("Of {number}, {amount} is the least."),
            number=asking.number,
            amount=written(Money(least, facts.currency)),
        )
        if facts.allows_partial
        else Phrase(later("{number} can only be paid in full."), number=asking.number)
    )
    less = written(Money(before_minor, facts.currency))
    instead = (
        Phrase(later("Pay {less} or {more}."), less=less, more=more)
        if before_minor
        else Phrase(later("Pay {amount} or more."), amount=more)
    )
    raise InvalidInput("{why} {instead}", field="amount", why=why, instead=instead)
