"""Whether an invoice can be paid online now, why not, and how much of it.

The page, the server and the staff's diagnostics all ask here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from billing_app.domain.asked import asked_minor
from billing_app.domain.card_limits import CHARGEABLE, minimum_minor, step_minor
from billing_app.domain.errors import Conflict, InvalidInput
from billing_app.domain.formats import AmountInWords
from billing_app.domain.money import Money
from billing_app.domain.parsing import parse_amount
from billing_app.domain.portal_settings import PaymentMode
from billing_app.domain.speech import later


class StripeConnection(StrEnum):
    """How far the workspace got with Stripe."""

    NOT_CONNECTED = "Not connected"
    INCOMPLETE = "Setup incomplete"
    ACTIVE = "Active"


def stripe_connection(
    *, has_key: bool, has_webhook_secret: bool, charges_enabled: bool
) -> StripeConnection:
    """Return what staff see in Settings; only active charges and hears back."""
    if not has_key:
        return StripeConnection.NOT_CONNECTED
    if has_webhook_secret and charges_enabled:
        return StripeConnection.ACTIVE
    return StripeConnection.INCOMPLETE


@dataclass(frozen=True, slots=True)
class PayabilityFacts:
    """What the gates look at. Amounts are minor units of `currency`.

    Attributes:
        minimum_minor: least partial payment the workspace takes, in `currency`.
        is_allowed: paying as such is switched on; `mode` says how.
        disputed_minor: sum of the open disputes, which nobody may pay meanwhile.
    """

    mode: PaymentMode
    can_charge: bool
    is_issued: bool
    is_published: bool
    is_void: bool
    currency: str
    outstanding_minor: int
    processing_minor: int
    allows_partial: bool
    minimum_minor: int
    is_allowed: bool = True
    disputed_minor: int = 0
    is_written_off: bool = False

    @property
    def payable_minor(self) -> int:
        """What may still be paid: neither on its way nor disputed."""
        return asked_minor(
            self.outstanding_minor, self.processing_minor, self.disputed_minor
        )


class GateName(StrEnum):
    """The questions that all have to be answered with yes."""

    ENABLED = "Online payment is switched on"
    CONNECTED = "Stripe is connected"
    PAYABLE = "The invoice can be paid"
    OUTSTANDING = "There is something left to pay"


@dataclass(frozen=True, slots=True)
class Gate:
    """One question and its answer.

    Attributes:
        reason: what is wrong and what to do, for staff; empty when it is open.
        customer_reason: the same for whoever wants to pay, and `values` for it.
        code: one word for a reason that programs ask for, such as disabled.
    """

    name: GateName
    is_open: bool
    reason: str = ""
    customer_reason: str = ""
    code: str = ""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def refusal(self) -> NotPayable:
        """Return the customer's reason as what it is: a refusal."""
        return NotPayable(self.customer_reason, **self.values)


# To a contact who has proven who they are and may only look.
ONLY_LOOKS = later("You may look at this account, but not pay for it.")
NOT_ONLINE = later("This invoice can't be paid online. Please pay as agreed.")


def list_gates(facts: PayabilityFacts) -> tuple[Gate, ...]:
    """Ask every question, so that staff see all that is missing at once."""
    return (
        _enabled(facts),
        _connected(facts),
        _payable(facts),
        _outstanding(facts),
    )


def find_shut_gate(facts: PayabilityFacts) -> Gate | None:
    return next((gate for gate in list_gates(facts) if not gate.is_open), None)


def find_shut_gate_in_sum(facts: PayabilityFacts) -> Gate | None:
    """Return what keeps an invoice from being paid together with others.

    Stripe charges the sum of them, so what it charges at least, and in which steps,
    is asked of the sum.
    """
    gates = (_enabled(facts), _connected(facts), _payable(facts), _left(facts))
    return next((gate for gate in gates if not gate.is_open), None)


@dataclass(frozen=True, slots=True)
class AmountLimits:
    """From how much to how much, in minor units; one amount where both agree."""

    minimum_minor: int
    maximum_minor: int

    @property
    def is_fixed(self) -> bool:
        return self.minimum_minor == self.maximum_minor


class NotPayable(Conflict):
    """A gate is shut."""

    code = "not_payable"


def compute_limits(facts: PayabilityFacts) -> AmountLimits:
    """Return which amounts can be paid.

    The largest is what is left, in steps that Stripe charges: 10.005 KWD can be
    paid up to 10.000. The smallest is the larger of the workspace's minimum and
    Stripe's, but never more than what is left.

    Raises:
        NotPayable: with the sentence for whoever wants to pay.
    """
    shut = find_shut_gate(facts)
    if shut is not None:
        raise shut.refusal

    step = step_minor(facts.currency)
    largest = facts.payable_minor // step * step
    if not facts.allows_partial:
        return AmountLimits(largest, largest)
    wanted = max(facts.minimum_minor, charge_minimum(facts.currency))
    rounded = -(-wanted // step) * step
    return AmountLimits(min(rounded, largest), largest)


def read_amount(text: str, facts: PayabilityFacts) -> Money:
    """Return the amount a customer typed, if exactly that can be paid now.

    Raises:
        NotPayable, InvalidInput: with one sentence that says what would work.
    """
    limits = compute_limits(facts)
    amount = parse_amount(text, facts.currency, field="amount")
    smallest = Money(limits.minimum_minor, facts.currency)
    largest = Money(limits.maximum_minor, facts.currency)
    most, least = written(largest), written(smallest)
    if limits.is_fixed and amount != largest:
        raise InvalidInput(later("Please pay {amount}."), field="amount", amount=most)
    if amount > largest:
        words = (
            later("You can pay {amount} at most; the rest is disputed.")
            if facts.disputed_minor
            else later("You can pay {amount} at most; no more is left to pay.")
        )
        raise InvalidInput(words, field="amount", amount=most)
    if amount < smallest:
        raise InvalidInput(
            later("Please pay {amount} or more."), field="amount", amount=least
        )
    if amount.minor % step_minor(facts.currency):
        raise InvalidInput(
            later("Online payments in {currency} end in 0. Please change the amount."),
            field="amount",
            currency=facts.currency,
        )
    return amount


def _enabled(facts: PayabilityFacts) -> Gate:
    if not facts.is_allowed:
        return Gate(
            GateName.ENABLED,
            False,
            "All paying in the portal is disabled in Settings, Portal.",
            NOT_ONLINE,
            code="disabled",
        )
    if facts.mode == PaymentMode.ONLINE:
        return Gate(GateName.ENABLED, True)
    return Gate(
        GateName.ENABLED,
        False,
        "Online payment is switched off in Settings, Portal, or for this customer.",
        NOT_ONLINE,
        code="off",
    )


def _connected(facts: PayabilityFacts) -> Gate:
    if facts.currency not in CHARGEABLE:
        return Gate(
            GateName.CONNECTED,
            False,
            f"Stripe takes no payments in {facts.currency}.",
            later("{currency} can't be paid online. Please pay as agreed."),
            values={"currency": facts.currency},
        )
    if facts.can_charge:
        return Gate(GateName.CONNECTED, True)
    return Gate(
        GateName.CONNECTED,
        False,
        "Stripe is not connected, or may not charge yet: see Settings, Payments.",
        NOT_ONLINE,
    )


def _payable(facts: PayabilityFacts) -> Gate:
    if facts.is_void:
        return Gate(
            GateName.PAYABLE,
            False,
            "This invoice is void.",
            later("This invoice is void. There is nothing to pay on it."),
        )
    if not facts.is_issued:
        return Gate(GateName.PAYABLE, False, "It is still a draft.", NOT_ONLINE)
    if not facts.is_published:
        return Gate(
            GateName.PAYABLE, False, "It is not published to the portal.", NOT_ONLINE
        )
    return Gate(GateName.PAYABLE, True)


def _outstanding(facts: PayabilityFacts) -> Gate:
    left = _left(facts)
    return _chargeable(facts) if left.is_open else left


def _left(facts: PayabilityFacts) -> Gate:
    if facts.outstanding_minor <= 0 and facts.is_written_off:
        says = later("This invoice is closed. There is nothing left to pay.")
        return Gate(GateName.OUTSTANDING, False, "The rest is written off.", says)
    if facts.outstanding_minor <= 0:
        says = later("This invoice is paid. There is nothing left to pay.")
        return Gate(GateName.OUTSTANDING, False, "Nothing is outstanding.", says)
    if facts.payable_minor <= 0 and facts.disputed_minor:
        return Gate(
            GateName.OUTSTANDING,
            False,
            "The customer disputes what is left. Answer in the disputes below.",
            later(
                "What is left is disputed. You need not pay it until it is answered."
            ),
            code="disputed",
        )
    if facts.payable_minor <= 0:
        says = later("Your payment is being processed. There is nothing more to do.")
        return Gate(
            GateName.OUTSTANDING,
            False,
            "A bank debit is on its way for all of it.",
            says,
        )
    return Gate(GateName.OUTSTANDING, True)


def _chargeable(facts: PayabilityFacts) -> Gate:
    smallest = charge_minimum(facts.currency)
    if facts.payable_minor < smallest:
        least = written(Money(smallest, facts.currency))
        return Gate(
            GateName.OUTSTANDING,
            False,
            f"What is left is less than Stripe charges, {least}.",
            later("Online payments start at {amount}. Please pay the rest as agreed."),
            values={"amount": least},
        )
    step = step_minor(facts.currency)
    if facts.payable_minor % step and not facts.allows_partial:
        return Gate(
            GateName.OUTSTANDING,
            False,
            f"Online payments in {facts.currency} end in 0; this would be partial.",
            NOT_ONLINE,
        )
    return Gate(GateName.OUTSTANDING, True)


def charge_minimum(currency: str) -> int:
    """Return the least that Stripe charges, in minor units."""
    return max(minimum_minor(currency) or 0, step_minor(currency))


def written(money: Money) -> AmountInWords:
    """Write an amount for a sentence, like `€1,200.00`."""
    return AmountInWords(money.minor, money.currency)
