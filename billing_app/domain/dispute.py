"""What a customer may dispute, how it may end, and what it leaves to be paid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from billing_app.domain.actors import PortalVisitor
from billing_app.domain.asked import asked_minor
from billing_app.domain.comment import read_line
from billing_app.domain.document import DocumentLine, InvoiceDocument
from billing_app.domain.errors import Conflict, InvalidInput, NotPermitted
from billing_app.domain.formats import AmountInWords, format_amount, format_money
from billing_app.domain.money import Money
from billing_app.domain.parsing import clean_text, parse_amount
from billing_app.domain.portal_proof import check_may_write
from billing_app.domain.portal_settings import DisputeMode, PortalSettings
from billing_app.domain.speech import later

REASON_LENGTH_MAX = 2_000
ANSWER_LENGTH_MAX = 2_000
NOTE_LENGTH_MAX = 2_000
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")


class Outcome(StrEnum):
    """How a dispute ended.

    Withdrawn is the customer's own word. Credited comes with a credit note, reissued
    with one for the whole invoice and a draft that replaces it.
    """

    STANDS = "stands"
    CREDITED = "credited"
    REISSUED = "reissued"
    VOID = "void"
    WITHDRAWN = "withdrawn"


# What staff may choose.
OFFERED = (Outcome.STANDS, Outcome.CREDITED, Outcome.REISSUED, Outcome.VOID)

# As the customer reads it.
OUTCOME_WORDS = {
    Outcome.STANDS: later("The amount stands"),
    Outcome.CREDITED: later("Credited"),
    Outcome.REISSUED: later("To be replaced by a new invoice"),
    Outcome.VOID: later("The invoice is void"),
    Outcome.WITHDRAWN: later("Withdrawn"),
}
CREDITED_IN_PART = later("Credited in part")


@dataclass(frozen=True, slots=True)
class DisputeForm:
    """A dispute as it was typed.

    Attributes:
        amount: empty for all that can be disputed.
        line: place of the line it is about, counted from 1; empty for the invoice.
        request_key: made by the page, so that a repeated post is one dispute.
    """

    amount: str = ""
    reason: str = ""
    line: str = ""
    request_key: str = ""


@dataclass(frozen=True, slots=True)
class ResolveForm:
    """What staff decided. `answer` is for the customer, `note` for staff only.

    Attributes:
        amount: to credit, with tax; empty for all that is disputed.
    """

    outcome: str = ""
    answer: str = ""
    note: str = ""
    amount: str = ""


@dataclass(frozen=True, slots=True)
class Disputable:
    """What is left of an invoice to be disputed. Minor units of its currency.

    Attributes:
        open_lines: of the open disputes: places of lines, None for the invoice.
    """

    document: InvoiceDocument
    is_void: bool
    outstanding_minor: int
    processing_minor: int
    disputed_minor: int
    open_lines: frozenset[int | None] = frozenset()

    @property
    def left_minor(self) -> int:
        return asked_minor(
            self.outstanding_minor, self.processing_minor, self.disputed_minor
        )

    def most_minor(self, line: int | None) -> int:
        """Return the largest amount that can be disputed about a line or all of it."""
        if line is None:
            return self.left_minor
        whole = gross_minor(
            self.document.lines[line - 1], self.document.prices_inclusive
        )
        return min(self.left_minor, max(0, whole))


@dataclass(frozen=True, slots=True)
class ReadDispute:
    """A dispute that may be opened."""

    line: int | None
    amount_minor: int
    reason: str


def gross_minor(line: DocumentLine, prices_inclusive: bool) -> int:
    """Return what a printed line comes to with its taxes, rounded half up."""
    if prices_inclusive:
        return line.amount_minor
    percent = sum((Decimal(x) for x in _PERCENT.findall(line.tax)), Decimal(0))
    tax = Decimal(line.net_minor) * percent / 100
    return line.net_minor + int(tax.quantize(Decimal(1), ROUND_HALF_UP))


def check_may_open(settings: PortalSettings, visitor: PortalVisitor) -> None:
    """Refuse where the business takes no disputes here, or not with this proof.

    Raises:
        NotPermitted: switched off, only to be seen, a preview, or staff.
        VerificationRequired: with the proof that is missing.
    """
    if settings.disputes != DisputeMode.OPEN:
        raise NotPermitted(
            later(
                "Disputes can't be opened here. Please use the contact details on the "
                "invoice."
            )
        )
    _check_is_customer(settings, visitor)


def check_may_answer(settings: PortalSettings, visitor: PortalVisitor) -> None:
    """Refuse to write in a dispute's conversation, for the same reasons.

    Raises:
        NotPermitted: switched off, only to be seen, a preview, or staff.
        VerificationRequired: with the proof that is missing.
    """
    if settings.disputes != DisputeMode.OPEN:
        raise NotPermitted(
            later(
                "Disputes can't be answered here. Please use the contact details on "
                "the invoice."
            )
        )
    _check_is_customer(settings, visitor)


def check_is_open(is_over: bool) -> None:
    """Refuse to add to a dispute that has been settled."""
    if is_over:
        raise Conflict(
            later("This dispute is over. Nothing can be added to it any more.")
        )


def read_dispute(form: DisputeForm, about: Disputable) -> ReadDispute:
    """Return the dispute that a customer typed, if it may be opened now.

    Raises:
        Conflict: nothing is left to dispute.
        InvalidInput: a field can't be used; its name is the error's `field`.
    """
    line = read_line(form.line, len(about.document.lines))
    if about.is_void:
        raise Conflict(
            later("This invoice is void. There is nothing to dispute on it.")
        )
    if line in about.open_lines:
        words = (
            later("There is an open dispute about this line already.")
            if line
            else later("There is an open dispute about the whole invoice already.")
        )
        raise InvalidInput(words, field="line")
    if about.left_minor <= 0:
        raise Conflict(
            later(
                "Everything on this invoice is paid, on its way or disputed already. "
                "Please use the contact details on the invoice."
            )
        )
    reason = clean_text(
        form.reason, length_max=REASON_LENGTH_MAX, multiline=True, field="reason"
    )
    amount_minor = _read_amount(form.amount, about, line)
    if not reason:
        raise InvalidInput(
            later("Say what is wrong, in your own words."), field="reason"
        )
    return ReadDispute(line, amount_minor, reason)


def read_resolution(form: ResolveForm) -> tuple[Outcome, str, str]:
    """Return outcome, answer and note.

    Raises:
        InvalidInput: one of them is missing or can't be used; names the field.
    """
    if form.outcome not in set(OFFERED):
        raise InvalidInput("Choose how the dispute ends.", field="outcome")
    answer = clean_text(
        form.answer, length_max=ANSWER_LENGTH_MAX, multiline=True, field="answer"
    )
    if not answer:
        raise InvalidInput("Write the answer that the customer reads.", field="answer")
    note = clean_text(
        form.note, length_max=NOTE_LENGTH_MAX, multiline=True, field="note"
    )
    if not note:
        raise InvalidInput("Write a note for your colleagues: why?", field="note")
    return Outcome(form.outcome), answer, note


def read_part(form: ResolveForm, disputed: Money) -> int | None:
    """Return what is credited of a dispute; None for all of it.

    Raises:
        InvalidInput: the amount can't be read, is zero or more than is disputed.
    """
    if form.outcome != Outcome.CREDITED or not form.amount.strip():
        return None
    part = parse_amount(form.amount, disputed.currency, field="amount")
    if part.minor <= 0:
        raise InvalidInput("The amount must be more than zero.", field="amount")
    if part.minor > disputed.minor:
        most = format_money(disputed.minor, disputed.currency)
        raise InvalidInput(f"Only {most} is disputed.", field="amount")
    return None if part == disputed else part.minor


def outcome_words(outcome: Outcome, part_minor: int) -> str:
    """Name an ending as the customer reads it, in words that are said elsewhere.

    `part_minor` is what was credited where that was not all, or zero.
    """
    return CREDITED_IN_PART if part_minor else OUTCOME_WORDS[outcome]


def _check_is_customer(settings: PortalSettings, visitor: PortalVisitor) -> None:
    check_may_write(settings.write_auth, visitor)
    if visitor.is_staff:
        raise NotPermitted(
            "You are signed in as staff. To dispute as a customer would, open the "
            "link in a private window."
        )


def _read_amount(text: str, about: Disputable, line: int | None) -> int:
    document, most = about.document, about.most_minor(line)
    if not text.strip():
        text = format_amount(most, document.currency)
    amount = parse_amount(text, document.currency, field="amount")
    if amount.minor <= 0:
        raise InvalidInput(later("The amount must be more than zero."), field="amount")
    if amount.minor > most:
        words = (
            later("At most {amount} of this line can be disputed now.")
            if line is not None
            else later("At most {amount} of this invoice can be disputed now.")
        )
        said = AmountInWords(most, document.currency)
        raise InvalidInput(words, field="amount", amount=said)
    return amount.minor
