"""An invoice's conversation as its customer reads it: every word, from plain facts.

All of it is for the customer: nothing goes in here that they may not see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import ClassVar

from billing_app.domain import comment as rules
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.branding import initials
from billing_app.domain.comment import Part, Side
from billing_app.domain.document import InvoiceDocument
from billing_app.domain.formats import (
    format_exact_instant,
    format_instant,
)
from billing_app.domain.portal_dispute import (
    DisputeFacts,
    DisputeMoment,
    list_moments,
    place_moments,
)
from billing_app.domain.portal_proof import MISSING, find_missing, no_proof_words
from billing_app.domain.portal_settings import (
    CommentMode,
    DisputeMode,
    PortalSetup,
    WriteAuth,
)
from billing_app.domain.speech import speech_for

# As much of a line's name as a chip or a list shows.
_LINE_NAME_MAX = 80


@dataclass(frozen=True, slots=True)
class CommentFacts:
    """A comment as stored, without the author's address."""

    id: int
    side: str
    author_name: str
    is_verified: bool
    line_position: int | None
    body: str
    created_at: datetime
    dispute_id: int | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of one conversation as stored, oldest first.

    Attributes:
        count: of all its comments.
        older: the id that the stretch before this one ends at; 0 for none. Of a
            dispute's conversation only whether there is one.
    """

    comments: tuple[CommentFacts, ...] = ()
    count: int = 0
    older: int = 0


@dataclass(frozen=True, slots=True)
class CommentLine:
    """One comment in words, or in between what happened to a dispute.

    Attributes:
        id: of the comment; of the one before it where this is a happening.
        happening: what happened, all there is to say then; `about_href` leads on.
        org: whom the author speaks for; `mark` stands in for a face.
        at: ISO 8601; `day` says it by the business's clock, `exactly` in full.
        about, about_href: the line it points to, empty for the whole invoice.
        parts: the text, cut at what can be followed.
    """

    id: int
    key: str
    at: str
    day: str
    exactly: str
    happening: str = ""
    is_staff: bool = False
    author: str = ""
    org: str = ""
    mark: str = ""
    is_verified: bool = False
    about: str = ""
    about_amount: str = ""
    about_href: str = ""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class LineChoice:
    """A line that a comment may be about."""

    place: str
    words: str


@dataclass(frozen=True, slots=True)
class Composer:
    """Whether and how this visitor may write.

    Attributes:
        is_open: there is a form; otherwise `closed_words` may say why not.
        is_gated: proof is missing; `gate_words` names it, `gate_href` leads to it.
        draft: names what is being written in this browser's own storage.
        dispute: id of the dispute that is written in, empty for the invoice.
        email: the address that was confirmed; it is the author's, whatever is typed.
    """

    EMPTY: ClassVar[Composer]

    is_open: bool = False
    is_preview: bool = False
    is_gated: bool = False
    gate_words: str = ""
    gate_href: str = ""
    closed_words: str = ""
    post_href: str = ""
    draft: str = ""
    dispute: str = ""
    email: str = ""
    lines: tuple[LineChoice, ...] = ()


Composer.EMPTY = Composer()


@dataclass(frozen=True, slots=True)
class PortalThread:
    """A conversation, or a stretch of it, oldest first.

    Attributes:
        dispute_id: the dispute it belongs to, 0 for the invoice itself.
        is_shown: the business lets customers read it.
        count: of all comments.
        first, newest: ids of the comments at both ends, 0 for none.
        older: what the stretch before this one ends at, 0 for none; `older_href`
            leads there without JavaScript.
        last_reply: id of the business's last comment here, 0 for none.
    """

    EMPTY: ClassVar[PortalThread]

    dispute_id: int = 0
    is_shown: bool = False
    comments: tuple[CommentLine, ...] = ()
    count: int = 0
    first: int = 0
    newest: int = 0
    older: int = 0
    older_href: str = ""
    last_reply: int = 0
    composer: Composer = Composer.EMPTY


PortalThread.EMPTY = PortalThread()


@dataclass(frozen=True, slots=True)
class PortalThreads:
    """All that is said about an invoice: on itself, and in each of its disputes."""

    EMPTY: ClassVar[PortalThreads]

    invoice: PortalThread = PortalThread.EMPTY
    disputes: tuple[PortalThread, ...] = ()


PortalThreads.EMPTY = PortalThreads()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the conversation, where and when; `email` is what they confirmed."""

    visitor: PortalVisitor
    setup: PortalSetup
    base: str
    now: datetime
    email: str = ""


def describe_thread(
    stretch: Stretch,
    document: InvoiceDocument,
    reader: Reader,
    disputes: tuple[DisputeFacts, ...] = (),
    *,
    is_end: bool = True,
) -> PortalThread:
    """Put a stretch of an invoice's own conversation into the words of its page.

    `disputes` are told of by a line each; `is_end`: nothing was said after it.
    """
    settings = reader.setup.settings
    if settings.comments == CommentMode.OFF:
        return PortalThread.EMPTY
    older = stretch.older
    return replace(
        _thread(stretch),
        is_shown=True,
        comments=tuple(_lines(stretch, disputes, document, reader, is_end=is_end)),
        older_href=f"{reader.base}?before={older}#comments" if older else "",
        composer=_composer(document, reader),
    )


def describe_dispute_thread(
    dispute: DisputeFacts, stretch: Stretch, document: InvoiceDocument, reader: Reader
) -> PortalThread:
    """Put the conversation of a dispute into the words of its invoice's page."""
    if reader.setup.settings.disputes == DisputeMode.OFF:
        return PortalThread.EMPTY
    all_of_it = f"{reader.base}?disputes=all#dispute-{dispute.id}"
    return replace(
        _thread(stretch),
        dispute_id=dispute.id,
        is_shown=True,
        comments=tuple(_comment(it, document, reader) for it in stretch.comments),
        older_href=all_of_it if stretch.older else "",
        composer=_dispute_composer(dispute, document, reader),
    )


def _thread(stretch: Stretch) -> PortalThread:
    ids = [it.id for it in stretch.comments]
    replies = [it.id for it in stretch.comments if it.side == Side.STAFF]
    return PortalThread(
        count=stretch.count,
        first=min(ids, default=0),
        newest=max(ids, default=0),
        older=stretch.older,
        last_reply=max(replies, default=0),
    )


def _lines(
    stretch: Stretch,
    disputes: tuple[DisputeFacts, ...],
    document: InvoiceDocument,
    reader: Reader,
    *,
    is_end: bool,
) -> Iterator[CommentLine]:
    moments = place_moments(
        [it.created_at for it in stretch.comments],
        list_moments(disputes, document),
        is_start=not stretch.older,
        is_end=is_end,
    )
    last = 0
    for before, it in zip_longest(moments, stretch.comments):
        for moment in before:
            yield _happening(moment, last, document, reader)
        if it is not None:
            yield _comment(it, document, reader)
            last = it.id


def _happening(
    it: DisputeMoment, after: int, document: InvoiceDocument, reader: Reader
) -> CommentLine:
    zone, language = reader.setup.zone, document.language
    at = it.at.isoformat(timespec="seconds")
    return CommentLine(
        id=after,
        key=f"dispute-{it.dispute_id}-{at}",
        at=at,
        day=format_instant(it.at, reader.now, zone, language),
        exactly=format_exact_instant(it.at, zone, language),
        happening=it.words,
        about_href=f"#dispute-{it.dispute_id}",
    )


def _unless(name: str, known: str) -> str:
    return "" if name.casefold() == known.casefold() else name


def _comment(
    it: CommentFacts, document: InvoiceDocument, reader: Reader
) -> CommentLine:
    is_staff = it.side == Side.STAFF
    seller = document.branding.name or document.seller.name
    author = rules.shown_name(it.author_name, reader.setup.settings, reader.visitor)
    zone, language = reader.setup.zone, document.language
    about, amount = _about(it.line_position, document)
    return CommentLine(
        id=it.id,
        key=str(it.id),
        is_staff=is_staff,
        author=author,
        # Who buys for themselves need not be told of twice.
        org=seller if is_staff else _unless(document.buyer.name, it.author_name),
        mark=initials(seller if is_staff else author),
        is_verified=it.is_verified and not is_staff,
        at=it.created_at.isoformat(timespec="seconds"),
        day=format_instant(it.created_at, reader.now, zone, language),
        exactly=format_exact_instant(it.created_at, zone, language),
        about=about,
        about_amount=amount,
        about_href=f"#line-{it.line_position}" if about else "",
        parts=rules.split_links(it.body),
    )


def _about(place: int | None, document: InvoiceDocument) -> tuple[str, str]:
    if place is None or not 1 <= place <= len(document.lines):
        return "", ""
    line = document.lines[place - 1]
    speech = speech_for(document.language)
    amount = speech.money(line.amount_minor, document.currency)
    name = line.name[:_LINE_NAME_MAX] or speech.say("Line {place}", place=place)
    return name, amount


def _composer(document: InvoiceDocument, reader: Reader) -> Composer:
    settings, visitor = reader.setup.settings, reader.visitor
    if settings.comments == CommentMode.READ:
        return Composer()
    missing = find_missing(settings.write_auth, visitor)
    say = speech_for(document.language).say
    if missing == WriteAuth.OFF:
        return Composer(closed_words=say(no_proof_words(settings.write_auth)))
    if visitor.is_staff and not visitor.is_preview:
        # To the business's own people, who read English.
        return Composer(
            closed_words="You are signed in as staff: answer from the invoice’s own "
            "page. To write as a customer would, open the link in a private window."
        )
    return Composer(
        is_open=True,
        is_preview=visitor.is_preview,
        is_gated=missing is not None,
        gate_words=say(MISSING[missing]) if missing else "",
        gate_href=f"{reader.base}/verify" if missing else "",
        post_href=f"{reader.base}/comments",
        draft=f"{visitor.workspace_id}-{visitor.invoice_id}",
        email=reader.email,
        lines=_choices(document),
    )


def _dispute_composer(
    dispute: DisputeFacts, document: InvoiceDocument, reader: Reader
) -> Composer:
    """Offer to answer while the dispute is open, to whoever might at all."""
    settings, visitor = reader.setup.settings, reader.visitor
    missing = find_missing(settings.write_auth, visitor)
    say = speech_for(document.language).say
    if not dispute.is_open:
        return Composer(closed_words=say("This dispute is over."))
    if settings.disputes != DisputeMode.OPEN or missing == WriteAuth.OFF:
        return Composer()
    if visitor.is_staff and not visitor.is_preview:
        return Composer()
    return Composer(
        is_open=True,
        is_preview=visitor.is_preview,
        is_gated=missing is not None,
        gate_words=say(MISSING[missing]) if missing else "",
        gate_href=f"{reader.base}/verify" if missing else "",
        post_href=f"{reader.base}/comments",
        draft=f"{visitor.workspace_id}-{visitor.invoice_id}-{dispute.id}",
        dispute=str(dispute.id),
        email=reader.email,
    )


def _choices(document: InvoiceDocument) -> tuple[LineChoice, ...]:
    """Offer the lines, where there is more than one to choose from."""
    if len(document.lines) < 2:
        return ()
    return tuple(
        LineChoice(str(place), f"{place}. {line.name[:_LINE_NAME_MAX]}")
        for place, line in enumerate(document.lines, 1)
    )
