"""Disputes as their customer reads them: every word of that part of the page."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from billing_app.domain.dispute import Disputable, Outcome, outcome_words
from billing_app.domain.document import AnyDocument, InvoiceDocument
from billing_app.domain.formats import format_date
from billing_app.domain.portal_proof import MISSING
from billing_app.domain.portal_settings import DisputeMode, WriteAuth
from billing_app.domain.speech import speech_for

# The name of a line in a list of choices; the document has all of it.
_NAME_LENGTH_MAX = 60


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """A dispute as stored; `outcome` is empty while it is open.

    Attributes:
        part_minor: what was credited of it where the rest stands, or zero.
    """

    id: int
    line_position: int | None
    amount_minor: int
    reason: str
    opened_at: datetime
    outcome: str
    answer: str
    resolved_at: datetime | None
    part_minor: int = 0

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
        open_ids: of the rows, those that wait for an answer.
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
    open_ids: tuple[int, ...] = ()

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


@dataclass(frozen=True, slots=True)
class DisputeMoment:
    """A dispute was opened or ended: one line among what was said meanwhile."""

    at: datetime
    dispute_id: int
    words: str


def list_moments(
    disputes: Iterable[DisputeFacts], document: InvoiceDocument
) -> Iterator[DisputeMoment]:
    """Say when each dispute began, and when and how it ended."""
    speech = speech_for(document.language)
    for it in disputes:
        about = line_words(document, it.line_position)
        opened = speech.say(
            "Dispute opened: {about}, {amount}",
            about=about,
            amount=speech.money(it.amount_minor, document.currency),
        )
        yield DisputeMoment(it.opened_at, it.id, opened)
        if it.resolved_at is not None:
            ended = speech.say(
                "Dispute ended: {outcome}. {about}",
                outcome=speech.say(outcome_words(Outcome(it.outcome), it.part_minor)),
                about=about,
            )
            yield DisputeMoment(it.resolved_at, it.id, ended)


def place_moments(
    said_at: Sequence[datetime],
    moments: Iterable[DisputeMoment],
    *,
    is_start: bool = True,
    is_end: bool = True,
) -> list[list[DisputeMoment]]:
    """Sort moments in between comments: those before each one, and after the last.

    A stretch that neither starts nor ends its conversation has no moments there:
    they belong to the stretch around.
    """
    places: list[list[DisputeMoment]] = [[] for _ in range(len(said_at) + 1)]
    for moment in sorted(moments, key=lambda it: it.at):
        places[bisect_right(said_at, moment.at)].append(moment)
    if not is_start:
        places[0] = []
    if not is_end:
        places[-1] = []
    return places


def describe_disputes(
    disputes: tuple[DisputeFacts, ...], about: Disputable, looker: DisputeLooker
) -> DisputePart:
    """Write the disputes of an invoice, the open ones first, and what may be done."""
    if looker.mode == DisputeMode.OFF:
        return DisputePart.EMPTY
    document = about.document
    is_open_mode = looker.mode == DisputeMode.OPEN and looker.missing != WriteAuth.OFF
    may_write = is_open_mode and looker.missing is None and looker.may_act
    choices = _choices(about) if is_open_mode else ()
    speech = speech_for(document.language)
    left = speech.money(about.left_minor, document.currency)
    return DisputePart(
        is_shown=bool(disputes) or bool(choices),
        can_open=may_write and bool(choices),
        locked=speech.say(MISSING[looker.missing])
        if is_open_mode and looker.missing and choices
        else "",
        verify_href=f"{looker.base}/verify",
        href=f"{looker.base}/disputes",
        currency=document.currency,
        hint=speech.say(
            "At most {amount}, tax included. Leave it empty to dispute all of it.",
            amount=left,
        ),
        summary=_summary(about),
        choices=choices,
        rows=tuple(
            _row(each, document, looker, may_write)
            for each in sorted(disputes, key=lambda it: not it.is_open)
        ),
        open_ids=tuple(each.id for each in disputes if each.is_open),
    )


def line_words(document: InvoiceDocument, place: int | None, language: str = "") -> str:
    """Name what a dispute is about, in the document's language or another."""
    speech = speech_for(language or document.language)
    if place is None or not 1 <= place <= len(document.lines):
        return speech.say("The whole invoice")
    name = document.lines[place - 1].name
    if len(name) > _NAME_LENGTH_MAX:
        name = f"{name[:_NAME_LENGTH_MAX].rstrip()}…"
    return speech.say("Line {place}: {name}", place=place, name=name)


def part_words(document: AnyDocument, part_minor: int) -> str:
    """Say that a part of what was disputed is credited; nothing where it was not."""
    if not part_minor:
        return ""
    speech = speech_for(document.language)
    amount = speech.money(part_minor, document.currency)
    return speech.say("{amount} credited, the rest stands.", amount=amount)


def _answered(it: DisputeFacts, document: InvoiceDocument, day: str) -> str:
    answered = speech_for(document.language).say("Answered on {date}", date=day)
    part = part_words(document, it.part_minor)
    return f"{answered}. {part}" if part else answered


def _choices(about: Disputable) -> tuple[DisputeChoice, ...]:
    if about.is_void or about.left_minor <= 0:
        return ()
    places = (None, *range(1, len(about.document.lines) + 1))
    return tuple(
        DisputeChoice(str(place or ""), _choice_words(about, place))
        for place in places
        if place not in about.open_lines and about.most_minor(place) > 0
    )


def _choice_words(about: Disputable, place: int | None) -> str:
    """Name a line with the most that can be disputed of it."""
    document = about.document
    named = line_words(document, place)
    if place is None:
        return named
    speech = speech_for(document.language)
    most = speech.money(about.most_minor(place), document.currency)
    return speech.say("{about}, at most {amount}", about=named, amount=most)


def _summary(about: Disputable) -> str:
    disputed = min(about.disputed_minor, about.outstanding_minor)
    if disputed <= 0:
        return ""
    document = about.document
    speech = speech_for(document.language)
    return speech.say(
        "{amount} of this is disputed. You need not pay it for now.",
        amount=speech.money(disputed, document.currency),
    )


def _row(
    it: DisputeFacts, document: InvoiceDocument, looker: DisputeLooker, may_write: bool
) -> DisputeRow:
    def day(at: datetime) -> str:
        on: date = at.astimezone(ZoneInfo(looker.zone)).date()
        return format_date(on, document.language)

    speech = speech_for(document.language)
    return DisputeRow(
        id=it.id,
        about=line_words(document, it.line_position),
        amount=speech.money(it.amount_minor, document.currency),
        state=speech.say_as("status", "Open")
        if it.is_open
        else speech.say(outcome_words(Outcome(it.outcome), it.part_minor)),
        is_open=it.is_open,
        opened=speech.say("Opened on {date}", date=day(it.opened_at)),
        reason=it.reason,
        answered=_answered(it, document, day(it.resolved_at))
        if it.resolved_at and it.answer
        else "",
        answer=it.answer,
        can_withdraw=it.is_open and may_write,
    )
