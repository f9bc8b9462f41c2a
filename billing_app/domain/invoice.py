"""The life of an invoice: stored states, allowed steps, and the word people read.

What is stored is only what cannot be derived: draft, issued or void, and a few
instants. Paid, partially paid, overdue, processing and written off follow from money
and dates, so a missed night or a late webhook can never show a wrong badge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from billing_app.domain.errors import Conflict, InvalidInput

LINES_MAX = 500
BULK_MAX = 200
NOTES_LENGTH_MAX = 10_000
REASON_LENGTH_MAX = 500
ORDER_LENGTH_MAX = 80
JOB_LENGTH_MAX = 200


class InvoiceState(StrEnum):
    """The stored part of the life. Only forwards: draft, issued, void.

    A cancelled invoice is a draft with an instant of cancelling: it has no number.
    """

    DRAFT = "draft"
    ISSUED = "issued"
    VOID = "void"


NEXT_STATES: dict[InvoiceState, frozenset[InvoiceState]] = {
    InvoiceState.DRAFT: frozenset({InvoiceState.ISSUED}),
    InvoiceState.ISSUED: frozenset({InvoiceState.VOID}),
    InvoiceState.VOID: frozenset(),
}


class InvoiceStatus(StrEnum):
    """The word on the badge, the same for staff and customer."""

    DRAFT = "Draft"
    DUE = "Due"
    OVERDUE = "Overdue"
    PARTIALLY_PAID = "Partially paid"
    PROCESSING = "Processing"
    PAID = "Paid"
    CREDITED = "Credited"
    IN_CREDIT = "In credit"
    WRITTEN_OFF = "Written off"
    VOID = "Void"
    CANCELLED = "Cancelled"


# Most businesses never have one; lists offer them where there are some.
RARE_STATUSES = (
    InvoiceStatus.IN_CREDIT,
    InvoiceStatus.WRITTEN_OFF,
    InvoiceStatus.CANCELLED,
)


class InvoicePhase(StrEnum):
    """The part of the status that the calendar does not decide.

    The database derives it for every row (`models/invoice.py`), so that lists can
    walk an index. An archived invoice's phase is `archived_` before one of these.
    """

    DRAFT = "draft"
    UNPAID = "unpaid"
    PARTIALLY_PAID = "partial"
    PROCESSING = "processing"
    PAID = "paid"
    CREDITED = "credited"
    IN_CREDIT = "in_credit"
    WRITTEN_OFF = "written_off"
    VOID = "void"
    CANCELLED = "cancelled"

    @property
    def archived(self) -> str:
        return f"archived_{self.value}"


# Money that is still to come stands in these.
OPEN_PHASES = (
    InvoicePhase.UNPAID,
    InvoicePhase.PARTIALLY_PAID,
    InvoicePhase.PROCESSING,
)


class DueSide(StrEnum):
    """Which side of the end of the due date an invoice is on."""

    EITHER = "either"
    STILL_TIME = "still_time"
    LATE = "late"


# What a status is made of; the inverse of `compute_status`, held by a test.
PHASES_BY_STATUS: dict[InvoiceStatus, tuple[tuple[InvoicePhase, ...], DueSide]] = {
    InvoiceStatus.DRAFT: ((InvoicePhase.DRAFT,), DueSide.EITHER),
    InvoiceStatus.DUE: ((InvoicePhase.UNPAID,), DueSide.STILL_TIME),
    InvoiceStatus.OVERDUE: (
        (InvoicePhase.UNPAID, InvoicePhase.PARTIALLY_PAID),
        DueSide.LATE,
    ),
    InvoiceStatus.PARTIALLY_PAID: (
        (InvoicePhase.PARTIALLY_PAID,),
        DueSide.STILL_TIME,
    ),
    InvoiceStatus.PROCESSING: ((InvoicePhase.PROCESSING,), DueSide.EITHER),
    InvoiceStatus.PAID: ((InvoicePhase.PAID,), DueSide.EITHER),
    InvoiceStatus.CREDITED: ((InvoicePhase.CREDITED,), DueSide.EITHER),
    InvoiceStatus.IN_CREDIT: ((InvoicePhase.IN_CREDIT,), DueSide.EITHER),
    InvoiceStatus.WRITTEN_OFF: ((InvoicePhase.WRITTEN_OFF,), DueSide.EITHER),
    InvoiceStatus.VOID: ((InvoicePhase.VOID,), DueSide.EITHER),
    InvoiceStatus.CANCELLED: ((InvoicePhase.CANCELLED,), DueSide.EITHER),
}


@dataclass(frozen=True, slots=True)
class LateRules:
    """When a business calls money late.

    Attributes:
        grace_days: whole days after the due date that are still in time.
        debit_counts: a bank debit on its way counts as if it had arrived.
    """

    grace_days: int = 0
    debit_counts: bool = False

    def late_before(self, today: date) -> date:
        """Return the first due date that is not late today; earlier ones are."""
        return today - timedelta(days=self.grace_days)


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """What the status is computed from. Amounts in minor units.

    Attributes:
        prepaid_minor: what was paid before the invoice was issued.
    """

    state: InvoiceState
    prepaid_minor: int
    outstanding_minor: int
    processing_minor: int
    due_on: date | None
    rules: LateRules = LateRules()
    credited_minor: int = 0
    allocated_minor: int = 0
    written_off_minor: int = 0
    is_cancelled: bool = False


def is_overdue(facts: InvoiceFacts, today: date) -> bool:
    """Say whether money is late: the due date and the days of grace are over."""
    arriving = facts.processing_minor if facts.rules.debit_counts else 0
    return (
        facts.state == InvoiceState.ISSUED
        and facts.outstanding_minor > arriving
        and facts.due_on is not None
        and facts.due_on < facts.rules.late_before(today)
    )


def compute_status(facts: InvoiceFacts, today: date) -> InvoiceStatus:
    """Return the one word that matters most to whoever looks.

    Processing outranks overdue, since the money is on its way; overdue outranks
    partially paid, since somebody has to act. What was credited was not paid: an
    invoice of which nothing is left, and nothing was paid, is credited. Where the
    rest was given up, that outranks both. An imported invoice below zero asks for
    nothing and was never paid: the business owes it to the customer.
    """
    if facts.state == InvoiceState.DRAFT:
        cancelled = facts.is_cancelled
        return InvoiceStatus.CANCELLED if cancelled else InvoiceStatus.DRAFT
    if facts.state == InvoiceState.VOID:
        return InvoiceStatus.VOID
    if facts.outstanding_minor < 0:
        return InvoiceStatus.IN_CREDIT
    if facts.outstanding_minor <= 0 and facts.written_off_minor > 0:
        return InvoiceStatus.WRITTEN_OFF
    if facts.outstanding_minor <= 0:
        is_paid = facts.credited_minor <= 0 or facts.allocated_minor > 0
        return InvoiceStatus.PAID if is_paid else InvoiceStatus.CREDITED
    if facts.processing_minor >= facts.outstanding_minor:
        return InvoiceStatus.PROCESSING
    if is_overdue(facts, today):
        return InvoiceStatus.OVERDUE
    if facts.allocated_minor + facts.prepaid_minor > 0:
        return InvoiceStatus.PARTIALLY_PAID
    return InvoiceStatus.DUE


class WrongState(Conflict):
    """The invoice has moved on, or has not come that far."""

    code = "wrong_state"


def check_step(state: InvoiceState, wanted: InvoiceState) -> None:
    """Refuse a step that the life of an invoice does not have."""
    if wanted not in NEXT_STATES[state]:
        said = {"draft": "still a draft", "issued": "issued", "void": "void"}
        raise WrongState(f"This invoice is {said[state]}, so that can't be done.")


def check_draft(state: InvoiceState, cancelled_at: datetime | None) -> None:
    """Refuse to edit what has been issued, or was cancelled."""
    if state != InvoiceState.DRAFT:
        raise WrongState("This invoice is issued and can't be edited any more.")
    if cancelled_at is not None:
        raise WrongState("This draft was cancelled. Duplicate it to go on with it.")


TOTAL_BELOW_ZERO = "The total can't be below zero."


def check_issuable(line_count: int, issued_on: date, due_on: date | None) -> None:
    """Refuse to issue a draft that would not be an invoice."""
    if line_count == 0:
        raise InvalidInput("Add at least one line before issuing.", field="lines")
    if due_on is not None and due_on < issued_on:
        raise InvalidInput(
            "The due date can't be before the issue date.", field="due_on"
        )


def check_bulk(invoice_ids: list[int]) -> None:
    """Refuse to change more at once than a page of a list shows.

    Raises:
        InvalidInput: they are too many.
    """
    if len(invoice_ids) > BULK_MAX:
        raise InvalidInput(f"Choose at most {BULK_MAX} invoices at once.")


def check_reason(reason: str) -> str:
    """Return the trimmed reason for an act that stays on the record."""
    reason = reason.strip()
    if not reason:
        raise InvalidInput("Say why in a few words.", field="reason")
    if len(reason) > REASON_LENGTH_MAX:
        raise InvalidInput(
            f"Keep the reason under {REASON_LENGTH_MAX} characters.", field="reason"
        )
    return reason


def void_hindrance(allocated_minor: int, is_by_card: bool) -> str:
    """Say what keeps an issued invoice from being void; empty when nothing does.

    `is_by_card`: some of its money came through Stripe, which alone can return it,
    and only what is credited first.
    """
    if not allocated_minor:
        return ""
    if is_by_card:
        return (
            "Money was received by card, so this invoice can't be void. Press Credit "
            "to take all of it back, then Refund beside the payment: the money goes "
            "back to the card by itself."
        )
    return "Reverse its payments first, then void the invoice."


def check_may_write_off(
    state: InvoiceState,
    outstanding_minor: int,
    processing_minor: int,
    disputed_minor: int,
    *,
    is_held: bool,
) -> None:
    """Refuse to give up what nobody owes, or what may still be decided or come.

    Raises:
        WrongState: a draft or void.
        Conflict: nothing is outstanding, a debit is on its way, a payment for it is
            held, or it is disputed.
    """
    if state == InvoiceState.DRAFT:
        raise WrongState("This is still a draft. Cancel or delete it instead.")
    if state == InvoiceState.VOID:
        raise WrongState("This invoice is void. Nothing is owed on it.")
    if outstanding_minor <= 0:
        raise Conflict("Nothing is outstanding, so there is nothing to write off.")
    if hindrance := write_off_hindrance(
        processing_minor, disputed_minor, is_held=is_held
    ):
        raise Conflict(hindrance)


def write_off_hindrance(
    processing_minor: int, disputed_minor: int, *, is_held: bool
) -> str:
    """Say what keeps the rest from being written off now; empty when nothing does.

    `is_held`: a payment that was for it waits until a person has looked.
    """
    if is_held:
        return "A payment for it is held for review. Decide on it first."
    if processing_minor:
        return "A payment is on its way. Wait until it has arrived or failed."
    if disputed_minor:
        return "The customer disputes it. Answer the dispute first."
    return ""
