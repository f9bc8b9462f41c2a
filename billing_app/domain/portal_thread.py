"""An invoice's conversation as its customer reads it: every word, from plain facts.

All of it is for the customer: nothing goes in here that they may not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from billing_app.domain import comment as rules
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.branding import initials
from billing_app.domain.comment import Part, Side
from billing_app.domain.document import InvoiceDocument
from billing_app.domain.formats import (
    format_exact_instant,
    format_instant,
    format_money,
)
from billing_app.domain.portal_proof import MISSING, find_missing
from billing_app.domain.portal_settings import CommentMode, PortalSetup, WriteAuth

# As much of a line's name as a chip or a list shows.
_LINE_NAME_MAX = 80


@dataclass(frozen=True, slots=True)
class CommentFacts:
    """A comment as stored."""

    id: int
    side: str
    author_name: str
    is_verified: bool
    line_position: int | None
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CommentLine:
    """One comment in words.

    Attributes:
        org: whom the author speaks for; `mark` stands in for a face.
        at: ISO 8601; `day` says it by the business's clock, `exactly` in full.
        about, about_href: the line it points to, empty for the whole invoice.
        parts: the text, cut at what can be followed.
    """

    id: int
    is_staff: bool
    author: str
    org: str
    mark: str
    is_verified: bool
    at: str
    day: str
    exactly: str
    about: str
    about_amount: str
    about_href: str
    parts: tuple[Part, ...]


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
    lines: tuple[LineChoice, ...] = ()


Composer.EMPTY = Composer()


@dataclass(frozen=True, slots=True)
class PortalThread:
    """A conversation, or a stretch of it, oldest first.

    Attributes:
        is_shown: the business lets customers read it.
        count: of all comments; `count_words` says it for a screen reader.
        older: what the stretch before this one ends at, 0 for none; `older_href`
            leads there without JavaScript.
        last_reply: id of the business's last comment here, 0 for none.
    """

    EMPTY: ClassVar[PortalThread]

    is_shown: bool
    comments: tuple[CommentLine, ...]
    count: int
    older: int
    older_href: str
    last_reply: int
    composer: Composer


PortalThread.EMPTY = PortalThread(False, (), 0, 0, "", 0, Composer.EMPTY)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the conversation, where and when."""

    visitor: PortalVisitor
    setup: PortalSetup
    base: str
    now: datetime


def describe_thread(
    facts: tuple[CommentFacts, ...],
    document: InvoiceDocument,
    reader: Reader,
    *,
    count: int,
    older: int,
) -> PortalThread:
    """Put a stretch of a conversation into the words of the customer's page."""
    if reader.setup.settings.comments == CommentMode.OFF:
        return PortalThread.EMPTY
    replies = [it.id for it in facts if it.side == Side.STAFF]
    return PortalThread(
        is_shown=True,
        comments=tuple(_comment(it, document, reader) for it in facts),
        count=count,
        older=older,
        older_href=f"{reader.base}?before={older}#comments" if older else "",
        last_reply=max(replies, default=0),
        composer=_composer(document, reader),
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
    amount = format_money(line.amount_minor, document.currency, document.language)
    return line.name[:_LINE_NAME_MAX] or f"Line {place}", amount


def _composer(document: InvoiceDocument, reader: Reader) -> Composer:
    settings, visitor = reader.setup.settings, reader.visitor
    if settings.comments == CommentMode.READ:
        return Composer()
    missing = find_missing(settings.write_auth, visitor)
    if missing == WriteAuth.OFF:
        return Composer(closed_words=MISSING[missing])
    if visitor.is_staff and not visitor.is_preview:
        return Composer(
            closed_words="You are signed in as staff: answer from the invoice’s own "
            "page. To write as a customer would, open the link in a private window."
        )
    return Composer(
        is_open=True,
        is_preview=visitor.is_preview,
        is_gated=missing is not None,
        gate_words=MISSING[missing] if missing else "",
        gate_href=f"{reader.base}/verify" if missing else "",
        post_href=f"{reader.base}/comments",
        draft=f"{visitor.workspace_id}-{visitor.invoice_id}",
        lines=_choices(document),
    )


def _choices(document: InvoiceDocument) -> tuple[LineChoice, ...]:
    """Offer the lines, where there is more than one to choose from."""
    if len(document.lines) < 2:
        return ()
    return tuple(
        LineChoice(str(place), f"{place}. {line.name[:_LINE_NAME_MAX]}")
        for place, line in enumerate(document.lines, 1)
    )
