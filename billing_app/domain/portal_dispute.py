"""Disputes as their customer reads them: every word of that part of the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from billing_app.domain.dispute import OUTCOME_WORDS, Disputable, Outcome
from billing_app.domain.document import InvoiceDocument
from billing_app.domain.formats import format_date, format_money
from billing_app.domain.portal_proof import MISSING
from billing_app.domain.portal_settings import DisputeMode, WriteAuth

# The name of a line in a list of choices; the document has all of it.
_NAME_LENGTH_MAX = 60


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """A dispute as stored; `outcome` is empty while it is open."""

    id: int
    line_position: int | None
    amount_minor: int
    reason: str
    opened_at: datetime
    outcome: str
    answer: str
    resolved_at: datetime | None

    @property
    def is_open(self) -> bool:
        return not self.outcome


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """One dispute in the list.

    Attributes:
        about: the invoice, or the line by place and name.
        state: Open, or how it ended.
        can_withdraw: it is open and whoever looks may write.
    """

    id: int
    about: str
    amount: str
    state: str
    is_open: bool
    opened: str
    reason: str
    answered: str
    answer: str
    can_withdraw: bool


@dataclass(frozen=True, slots=True)
class DisputeChoice:
    """What a dispute can be about; an empty value is the whole invoice."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class DisputePart:
    """That part of the page.

    Attributes:
        can_open: the form is offered.
        locked: why writing needs more proof; empty where it does not.
        summary: how much is disputed, beside the amount due; empty for nothing.
    """

    is_shown: bool = False
    can_open: bool = False
    locked: str = ""
    verify_href: str = ""
    href: str = ""
    currency: str = ""
    hint: str = ""
    summary: str = ""
    choices: tuple[DisputeChoice, ...] = ()
    rows: tuple[DisputeRow, ...] = ()

    EMPTY: ClassVar[DisputePart]


DisputePart.EMPTY = DisputePart()


@dataclass(frozen=True, slots=True)
class DisputeLooker:
    """Who looks at disputes.

    Attributes:
        missing: the proof that writing still asks for; OFF where none would do.
        may_act: neither a preview nor the business's own staff.
    """

    mode: DisputeMode
    zone: str
    base: str
    missing: WriteAuth | None
    may_act: bool


def describe_disputes(
    disputes: tuple[DisputeFacts, ...], about: Disputable, looker: DisputeLooker
) -> DisputePart:
    """Write the disputes of an invoice, and what may be done about it."""
    if looker.mode == DisputeMode.OFF:
        return DisputePart.EMPTY
    document = about.document
    is_open_mode = looker.mode == DisputeMode.OPEN and looker.missing != WriteAuth.OFF
    may_write = is_open_mode and looker.missing is None and looker.may_act
    choices = _choices(about) if is_open_mode else ()
    left = format_money(about.left_minor, document.currency, document.language)
    return DisputePart(
        is_shown=bool(disputes) or bool(choices),
        can_open=may_write and bool(choices),
        locked=MISSING[looker.missing]
        if is_open_mode and looker.missing and choices
        else "",
        verify_href=f"{looker.base}/verify",
        href=f"{looker.base}/disputes",
        currency=document.currency,
        hint=f"At most {left}. Leave it empty to dispute all of it.",
        summary=_summary(about),
        choices=choices,
        rows=tuple(_row(each, document, looker, may_write) for each in disputes),
    )


def line_words(document: InvoiceDocument, place: int | None) -> str:
    """Name what a dispute is about."""
    if place is None or not 1 <= place <= len(document.lines):
        return "The whole invoice"
    name = document.lines[place - 1].name
    if len(name) > _NAME_LENGTH_MAX:
        name = f"{name[:_NAME_LENGTH_MAX].rstrip()}…"
    return f"Line {place}: {name}"


def _choices(about: Disputable) -> tuple[DisputeChoice, ...]:
    if about.is_void or about.left_minor <= 0:
        return ()
    places = (None, *range(1, len(about.document.lines) + 1))
    return tuple(
        DisputeChoice(str(place or ""), line_words(about.document, place))
        for place in places
        if place not in about.open_lines and about.most_minor(place) > 0
    )


def _summary(about: Disputable) -> str:
    disputed = min(about.disputed_minor, about.outstanding_minor)
    if disputed <= 0:
        return ""
    document = about.document
    amount = format_money(disputed, document.currency, document.language)
    return f"{amount} of this is disputed. You need not pay it for now."


def _row(
    it: DisputeFacts, document: InvoiceDocument, looker: DisputeLooker, may_write: bool
) -> DisputeRow:
    def day(at: datetime) -> str:
        on: date = at.astimezone(ZoneInfo(looker.zone)).date()
        return format_date(on, document.language)

    return DisputeRow(
        id=it.id,
        about=line_words(document, it.line_position),
        amount=format_money(it.amount_minor, document.currency, document.language),
        state="Open" if it.is_open else OUTCOME_WORDS[Outcome(it.outcome)],
        is_open=it.is_open,
        opened=f"Opened on {day(it.opened_at)}",
        reason=it.reason,
        answered=f"Answered on {day(it.resolved_at)}"
        if it.resolved_at and it.answer
        else "",
        answer=it.answer,
        can_withdraw=it.is_open and may_write,
    )
