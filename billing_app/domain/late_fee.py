"""What is charged for paying late: with which reminder, how much, and its words.

A fee is an invoice of its own, so nothing here changes the invoice that is late.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from billing_app.domain.asked import asked_minor
from billing_app.domain.currencies import exponent
from billing_app.domain.draft import DraftRules, document_terms
from billing_app.domain.errors import InvalidInput
from billing_app.domain.formats import format_money, format_percent
from billing_app.domain.money import round_half_away
from billing_app.domain.parsing import FACTOR_DIGITS_MAX
from billing_app.domain.reminders import STEP_DAYS_MAX, ReminderPolicy, steps_due
from billing_app.domain.speech import Speech, speech_for
from billing_app.domain.taxes import tax_note
from billing_app.domain.terms import DocumentTerms, LineTerms, TaxTerms

FROM_STEP = 7
# A fee is compensation, not a sale, in most laws.
OUT_OF_SCOPE = "O"


@dataclass(frozen=True, slots=True)
class LateFeeRule:
    """What reminders charge. Amounts in minor units, by currency.

    Attributes:
        from_step: the first reminder that charges, in days after the due date; each
            later one charges again.
        percent: of what is overdue and asked for, beside the fixed amount.
        caps: what one fee is at most, before tax; none where a currency is missing.
        tax_id: 0 for out of the scope of tax.
        is_on_documents: new invoices say what paying late costs.
    """

    is_on: bool = False
    from_step: int = FROM_STEP
    amounts: Mapping[str, int] = field(default_factory=dict[str, int])
    percent: Decimal = Decimal(0)
    caps: Mapping[str, int] = field(default_factory=dict[str, int])
    tax_id: int = 0
    is_on_documents: bool = False

    def to_stored(self) -> dict[str, Any]:
        return {
            "is_on": self.is_on,
            "from_step": self.from_step,
            "amounts": dict(self.amounts),
            "percent": format(self.percent, "f"),
            "caps": dict(self.caps),
            "tax_id": self.tax_id,
            "is_on_documents": self.is_on_documents,
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> LateFeeRule:
        """Read what any version stored: unknown keys are ignored."""
        return cls(
            is_on=bool(stored.get("is_on", False)),
            from_step=int(stored.get("from_step", FROM_STEP)),
            amounts=_by_currency(stored.get("amounts", {})),
            percent=Decimal(stored.get("percent", "0")),
            caps=_by_currency(stored.get("caps", {})),
            tax_id=int(stored.get("tax_id", 0)),
            is_on_documents=bool(stored.get("is_on_documents", False)),
        )


# Where nothing was said, paying late costs nothing.
NO_RULE = LateFeeRule()


@dataclass(frozen=True, slots=True)
class LateFeeFacts:
    """What decides whether a reminder charges. Amounts in minor units.

    Attributes:
        grace_days: whole days after the due date that are still in time.
        is_fee: it is a late fee itself, or replaces one.
        is_exempt: its customer is charged none.
        charged_steps: of this invoice, waived ones included.
    """

    due_on: date | None
    grace_days: int
    outstanding_minor: int
    disputed_minor: int
    processing_minor: int
    is_fee: bool = False
    is_exempt: bool = False
    charged_steps: frozenset[int] = frozenset()

    @property
    def overdue_minor(self) -> int:
        """What a share is of: neither what is disputed nor what is on its way."""
        return asked_minor(
            self.outstanding_minor, self.processing_minor, self.disputed_minor
        )


@dataclass(frozen=True, slots=True)
class NextFee:
    """The fee that comes next if nothing changes until then."""

    step: int
    on: date
    amount_minor: int


def compute_fee(
    rule: LateFeeRule, overdue_minor: int, currency: str, step_minor: int = 1
) -> int:
    """Return what one reminder charges before tax, in minor units; 0 for nothing.

    It is rounded once, half away from zero, to a multiple of `step_minor`, and never
    above the cap.
    """
    if overdue_minor <= 0:
        return 0
    fixed, (top, bottom) = (
        rule.amounts.get(currency, 0),
        rule.percent.as_integer_ratio(),
    )
    parts = 100 * bottom
    steps = round_half_away(fixed * parts + overdue_minor * top, parts * step_minor)
    cap = rule.caps.get(currency)
    if cap is not None:
        steps = min(steps, cap // step_minor)
    return steps * step_minor


def find_fee_obstacle(
    rule: LateFeeRule, facts: LateFeeFacts, step: int, on: date
) -> str:
    """Say why a reminder charges nothing that day, for staff; empty for a fee."""
    if not rule.is_on:
        return "Late fees are switched off."
    if facts.is_fee:
        return "It is a late fee itself, and none is charged on those."
    if facts.is_exempt:
        return "This customer is charged no late fees."
    if facts.due_on is None:
        return "It has no due date."
    if step in facts.charged_steps:
        return "The fee of this reminder was charged already."
    if step < max(1, rule.from_step):
        return "The first reminders charge nothing."
    if on <= facts.due_on + timedelta(days=facts.grace_days):
        return "It is still within its days of grace."
    if facts.overdue_minor <= 0:
        return "Nothing is overdue that is neither disputed nor on its way."
    return ""


def next_fee(
    rule: LateFeeRule,
    policy: ReminderPolicy,
    facts: LateFeeFacts,
    sent: frozenset[int],
    currency: str,
    today: date,
    step_minor: int = 1,
) -> NextFee | None:
    """Return what the next reminder that charges will charge, as things stand.

    `sent` are the steps that have left, or were charged without a mail.
    """
    if facts.due_on is None or not policy.is_on:
        return None
    later = [x for x in policy.steps if facts.due_on + timedelta(days=x) > today]
    for step in (*steps_due(policy, facts.due_on, sent, today), *later):
        on = max(today, facts.due_on + timedelta(days=step))
        if not find_fee_obstacle(rule, facts, step, on):
            amount = compute_fee(rule, facts.overdue_minor, currency, step_minor)
            return NextFee(step, on, amount) if amount else None
    return None


def step_of(rules: DraftRules, currency: str) -> int:
    """Return the smallest amount that this workspace's documents ask for, in minor
    units."""
    places = exponent(currency)
    lowered = places if rules.decimals is None else min(rules.decimals, places)
    cash = rules.cash_step(currency)
    return math.lcm(10 ** (places - lowered), cash.minor if cash else 1)


def fee_terms(
    rules: DraftRules, amount_minor: int, currency: str, tax_id: int, language: str
) -> DocumentTerms:
    """Return the terms of the one line that a fee is, of an amount as computed.

    Without a tax it is out of scope, which the document says in its language.

    Raises:
        InvalidInput: no line holds such an amount.
    """
    outside = TaxTerms(tax_note(OUT_OF_SCOPE, language), OUT_OF_SCOPE, Decimal(0))
    taxes = rules.taxes_of(str(tax_id)) or (outside,)
    price = Decimal(amount_minor).scaleb(-exponent(currency))
    if price >= 10**FACTOR_DIGITS_MAX:
        raise InvalidInput("This late fee is too large for a line.")
    return document_terms((LineTerms(Decimal(1), price, taxes),), currency, rules)


def fee_name(speech: Speech, number: str, days_late: int) -> str:
    """Say what the line charges for, in the language of its reader."""
    return speech.count(
        "Late fee for invoice {number}, {count} day late",
        "Late fee for invoice {number}, {count} days late",
        days_late,
        number=number,
    )


def fee_details(
    rule: LateFeeRule, overdue_minor: int, currency: str, speech: Speech
) -> str:
    """Say how the amount came about; empty where it is only a fixed amount."""
    if not rule.percent:
        return ""
    overdue = format_money(overdue_minor, currency, speech.tag)
    return _with_cap(
        rule,
        currency,
        speech,
        speech.say(
            "{percent} of {amount} overdue",
            percent=_percent(rule, speech),
            amount=overdue,
        ),
    )


def printed_terms(rule: LateFeeRule, terms: str, currency: str, language: str) -> str:
    """Put what paying late costs below an invoice's terms, where it is to be said."""
    said = ""
    if rule.is_on_documents:
        said = terms_sentence(rule, currency, speech_for(language))
    return "\n".join(filter(None, (terms, said)))


def terms_sentence(rule: LateFeeRule, currency: str, speech: Speech) -> str:
    """Say on an invoice what paying it late costs; empty where it costs nothing."""
    fixed = rule.amounts.get(currency, 0)
    if not rule.is_on or not (fixed or rule.percent):
        return ""
    share = ""
    if rule.percent:
        share = speech.say(
            "{percent} of what is overdue", percent=_percent(rule, speech)
        )
    fee = _with_cap(rule, currency, speech, share)
    return speech.count(
        "Late payment: each reminder from {count} day after the due date costs {fee}.",
        "Late payment: each reminder from {count} days after the due date costs {fee}.",
        rule.from_step,
        fee=fee,
    )


def _with_cap(rule: LateFeeRule, currency: str, speech: Speech, share: str) -> str:
    """Put the fixed amount before a share, where there is one, and the cap behind."""
    fixed, cap = rule.amounts.get(currency, 0), rule.caps.get(currency)
    said = share or format_money(fixed, currency, speech.tag)
    if share and fixed:
        amount = format_money(fixed, currency, speech.tag)
        said = speech.say("{amount} and {share}", amount=amount, share=share)
    if cap is None or not share:
        return said
    most = format_money(cap, currency, speech.tag)
    return speech.say("{fee}, at most {amount}", fee=said, amount=most)


def _percent(rule: LateFeeRule, speech: Speech) -> str:
    return format_percent(rule.percent, speech.tag)


def parse_from_step(text: str, field: str = "from_step") -> int:
    """Read the days after the due date of the first reminder that charges.

    Raises:
        InvalidInput: no whole number of days after the due date.
    """
    typed = text.strip()
    days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
    if not 1 <= days <= STEP_DAYS_MAX:
        raise InvalidInput(
            f"Write whole days after the due date, 1 to {STEP_DAYS_MAX}.", field=field
        )
    return days


def _by_currency(stored: Mapping[str, Any]) -> dict[str, int]:
    return {currency: int(minor) for currency, minor in stored.items()}
