"""What staff read of what is said on an invoice, and what mails about it need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, case, func, select
from sqlmodel import col

from billing_app.database.access import inner, job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, Role
from billing_app.domain.comment import MAIL_PAUSE, Reserved, Side
from billing_app.domain.dates import Moment
from billing_app.domain.document import InvoiceDocument, from_json
from billing_app.domain.mail_settings import MailSettings
from billing_app.domain.portal_dispute import (
    DisputeFacts,
    DisputeMoment,
    list_moments,
)
from billing_app.domain.portal_settings import CommentMode, DisputeMode
from billing_app.models import (
    Comment,
    Customer,
    Invoice,
    IssuedDocument,
    Member,
    PortalSession,
    StaffNote,
    ThreadMark,
    WorkspaceSettings,
)
from billing_app.queries.disputes import StaffDispute, list_disputes
from billing_app.queries.portal_rules import read_rules

PAGE_SIZE = 50
NOTES_MAX = 200
# A mail quotes this many; the page has them all.
MAILED_MAX = 10
# What nobody answered before so many others came is on the invoice's own page.
NEWEST_MAX = 200

_SESSION_EMAIL = select(col(PortalSession.email)).where(
    col(PortalSession.id) == bindparam("session_id", type_=BigInteger)
)


@dataclass(frozen=True, slots=True)
class StaffComment:
    """A comment with all that staff may know of it.

    Attributes:
        is_removed: customers don't see it any more.
    """

    id: int
    side: Side
    author_name: str
    author_email: str
    is_verified: bool
    line_position: int | None
    body: str
    created_at: datetime
    is_removed: bool


@dataclass(frozen=True, slots=True)
class StaffThread:
    """A stretch of a conversation, oldest first.

    Attributes:
        count: of all comments, removed ones aside.
        unread: how many of the customer's no member has seen yet.
        read_by_customer: id of the last comment that stood on the customer's page.
        older: pass it as `before` to read on; 0 at the beginning.
        lines: names of the invoice's lines, in order.
        mode: what customers may do with it.
    """

    comments: tuple[StaffComment, ...]
    count: int
    unread: int
    read_by_customer: int
    older: int
    lines: tuple[str, ...]
    mode: CommentMode
    is_published: bool
    moment: Moment


@dataclass(frozen=True, slots=True)
class DisputeThread:
    """The conversation of one dispute.

    Attributes:
        moments: when it was opened, and how it ended.
        thread: its newest comments; there are no lines to choose from.
        is_shown: the business lets customers see disputes.
    """

    dispute: StaffDispute
    moments: tuple[DisputeMoment, ...]
    thread: StaffThread
    is_shown: bool


@dataclass(frozen=True, slots=True)
class ReadNote:
    """What a member wrote down for the others."""

    id: int
    author_name: str
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UnreadByStaff:
    """What a customer wrote on one invoice and no member has seen yet.

    Attributes:
        comment_id, body, at: of the newest of them.
    """

    comment_id: int
    invoice_id: int
    invoice_number: str
    customer_name: str
    body: str
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class UnreadComments:
    """What a mail tells one side about.

    Attributes:
        names, bodies: of the comments, oldest first, `MAILED_MAX` at most.
        last_id: the newest; `count` says how many there are in all.
        wait_until: a mail went out a moment ago; None when this one may go now.
    """

    names: tuple[str, ...]
    bodies: tuple[str, ...]
    last_id: int
    count: int
    wait_until: datetime | None


@staff(Permission.VIEW)
def read_thread(
    uow: UnitOfWork, invoice_id: int, *, since: int = 0, before: int = 0
) -> StaffThread:
    """Read the newest comments of an invoice, or those before one, or since one.

    What is said in its disputes is not among them.

    Raises:
        NotFound: no such invoice in this workspace.
    """
    invoice = uow.get(Invoice, invoice_id)
    own = (col(Comment.invoice_id) == invoice_id, col(Comment.dispute_id).is_(None))
    wanted = 1_000 if since else PAGE_SIZE
    statement = (
        select(*_COLUMNS)
        .where(*own, col(Comment.id) >= since)
        .order_by(col(Comment.id).desc())
        .limit(wanted)
    )
    if before:
        statement = statement.where(col(Comment.id) < before)
    comments = tuple(_comment(row) for row in reversed(uow.all(statement)))
    first = comments[0].id if comments else 0
    read_by_staff = _marks(uow, invoice_id, Side.STAFF).get(0, 0)
    shown = (*own, col(Comment.removed_at).is_(None))
    unread = (
        *shown,
        col(Comment.side) == Side.CUSTOMER,
        col(Comment.id) > read_by_staff,
    )
    return StaffThread(
        comments=comments,
        count=_count(uow, *shown),
        unread=_count(uow, *unread),
        read_by_customer=_marks(uow, invoice_id, Side.CUSTOMER).get(0, 0),
        older=first if _count(uow, *own, col(Comment.id) < first) else 0,
        lines=_lines(uow, invoice_id),
        mode=read_rules(uow, invoice_id).settings.comments,
        is_published=invoice.published_at is not None,
        moment=Moment(uow.now, uow.workspace.zone),
    )


@staff(Permission.VIEW)
def read_dispute_threads(
    uow: UnitOfWork, invoice_id: int, *, has_all: bool = False
) -> tuple[DisputeThread, ...]:
    """Read what is said in an invoice's disputes: the newest of all together.

    Raises:
        NotFound: no such invoice in this workspace.
    """
    invoice = uow.get(Invoice, invoice_id)
    disputes = list_disputes(uow, invoice_id)
    if not disputes:
        return ()
    said = uow.all(
        select(*_COLUMNS)
        .where(
            col(Comment.invoice_id) == invoice_id,
            col(Comment.dispute_id).is_not(None),
        )
        .order_by(col(Comment.id).desc())
        .limit(1_000 if has_all else PAGE_SIZE)
    )
    by_staff = _marks(uow, invoice_id, Side.STAFF)
    by_customer = _marks(uow, invoice_id, Side.CUSTOMER)
    counts = _count_in_disputes(uow, invoice_id, by_staff)
    settings = read_rules(uow, invoice_id).settings
    document = _document(uow, invoice_id)
    threads: list[DisputeThread] = []
    for dispute in disputes:
        comments = tuple(
            _comment(row) for row in reversed(said) if row.dispute_id == dispute.id
        )
        stored, shown, unread = counts.get(dispute.id, (0, 0, 0))
        thread = StaffThread(
            comments=comments,
            count=shown,
            unread=unread,
            read_by_customer=by_customer.get(dispute.id, 0),
            older=int(stored > len(comments)),
            lines=(),
            mode=settings.comments,
            is_published=invoice.published_at is not None,
            moment=Moment(uow.now, uow.workspace.zone),
        )
        is_shown = settings.disputes != DisputeMode.OFF
        moments: tuple[DisputeMoment, ...] = ()
        if document:
            # Staff read amounts as everywhere on the desk, not as the customer does.
            on_desk = replace(document, language="en")
            moments = tuple(list_moments([_facts(dispute)], on_desk))
        threads.append(DisputeThread(dispute, moments, thread, is_shown))
    return tuple(threads)


@staff(Permission.VIEW)
def list_notes(uow: UnitOfWork, invoice_id: int) -> tuple[ReadNote, ...]:
    """Return what members wrote down about an invoice, oldest first."""
    rows = uow.all(
        select(
            col(StaffNote.id),
            col(Member.name),
            col(StaffNote.body),
            col(StaffNote.created_at),
        )
        .join(Member, col(Member.id) == col(StaffNote.written_by))
        .where(col(StaffNote.invoice_id) == invoice_id)
        .order_by(col(StaffNote.id).desc())
        .limit(NOTES_MAX)
    )
    return tuple(ReadNote(*row) for row in reversed(rows))


@job
def read_reserved_names(uow: UnitOfWork, invoice_id: int) -> Reserved:
    """Return the names that only the business may write under."""
    legal_name = uow.one(select(col(WorkspaceSettings.legal_name)))[0]
    members = uow.all(select(col(Member.name)))
    customer = uow.first(
        select(col(Customer.name))
        .join(Invoice, col(Invoice.customer_id) == col(Customer.id))
        .where(col(Invoice.id) == invoice_id)
    )
    return Reserved(
        business=(uow.workspace.name, legal_name),
        members=tuple(row[0] for row in members),
        customer=customer[0] if customer else "",
    )


@job
def find_session_email(uow: UnitOfWork, session_id: int | None) -> str:
    """Return the address that a customer session has proven, empty without one."""
    if session_id is None:
        return ""
    found = uow.first(_SESSION_EMAIL, session_id=session_id)
    return found[0] if found else ""


@job
def list_read_marks(uow: UnitOfWork, invoice_id: int, reader: Side) -> dict[int, int]:
    """Return the last comments that stood on an open page of a side.

    By dispute; by 0 that of the invoice's own conversation.
    """
    return _marks(uow, invoice_id, reader)


@inner
def list_unread(uow: UnitOfWork, count_max: int) -> list[UnreadByStaff]:
    """Return the invoices on which a customer wrote what no member has seen yet.

    Latest first, out of the newest comments; what is said in disputes is among them.
    """
    newest = (
        select(col(Comment.id))
        .where(col(Comment.side) == Side.CUSTOMER, col(Comment.removed_at).is_(None))
        .order_by(col(Comment.id).desc())
        .limit(NEWEST_MAX)
    )
    of_thread = (
        (col(ThreadMark.invoice_id) == col(Comment.invoice_id))
        & (ThreadMark.dispute_id == func.coalesce(col(Comment.dispute_id), 0))
        & (col(ThreadMark.side) == Side.STAFF)
    )
    rows = uow.all(
        select(
            col(Comment.id),
            col(Comment.invoice_id),
            col(Comment.body),
            col(Comment.created_at),
            col(Invoice.number),
            col(Invoice.customer_name),
        )
        .join(Invoice, col(Invoice.id) == col(Comment.invoice_id))
        .outerjoin(ThreadMark, of_thread)
        .where(
            col(Comment.id).in_(newest),
            col(Comment.id) > func.coalesce(col(ThreadMark.read_id), 0),
        )
        .order_by(col(Comment.id).desc())
    )
    found: dict[int, UnreadByStaff] = {}
    for row in rows:
        known = found.get(row.invoice_id)
        if known is None and len(found) == count_max:
            continue
        found[row.invoice_id] = (
            UnreadByStaff(
                comment_id=row.id,
                invoice_id=row.invoice_id,
                invoice_number=row.number or "",
                customer_name=row.customer_name,
                body=row.body,
                count=1,
                at=row.created_at,
            )
            if known is None
            else replace(known, count=known.count + 1)
        )
    return list(found.values())


@job
def find_unread(
    uow: UnitOfWork, invoice_id: int, reader: Side, dispute_id: int = 0
) -> UnreadComments | None:
    """Return what a side has neither read nor been mailed about, or None."""
    mark = uow.first(
        select(ThreadMark).where(
            col(ThreadMark.invoice_id) == invoice_id,
            col(ThreadMark.dispute_id) == dispute_id,
            col(ThreadMark.side) == reader,
        )
    )
    known = max(mark.ThreadMark.read_id, mark.ThreadMark.mailed_id) if mark else 0
    unread = (
        col(Comment.invoice_id) == invoice_id,
        func.coalesce(col(Comment.dispute_id), 0) == dispute_id,
        col(Comment.side) == reader.other,
        col(Comment.id) > known,
        col(Comment.removed_at).is_(None),
    )
    rows = uow.all(
        select(col(Comment.id), col(Comment.author_name), col(Comment.body))
        .where(*unread)
        .order_by(col(Comment.id).desc())
        .limit(MAILED_MAX)
    )
    if not rows:
        return None
    mailed_at = mark.ThreadMark.mailed_at if mark else None
    is_soon = mailed_at is not None and uow.now - mailed_at < MAIL_PAUSE
    return UnreadComments(
        names=tuple(row.author_name for row in reversed(rows)),
        bodies=tuple(row.body for row in reversed(rows)),
        last_id=rows[0].id,
        count=_count(uow, *unread),
        wait_until=mailed_at + MAIL_PAUSE if is_soon and mailed_at else None,
    )


@job
def list_staff_addresses(uow: UnitOfWork, invoice_id: int) -> tuple[str, ...]:
    """Return who of the business hears of a comment.

    The members who write in this conversation, else the business's own address,
    else its owners.
    """
    writing = (
        select(col(Comment.member_id))
        .where(col(Comment.invoice_id) == invoice_id)
        .scalar_subquery()
    )
    staying = col(Member.removed_at).is_(None)
    members = uow.all(
        select(col(Member.email)).where(staying, col(Member.id).in_(writing))
    )
    if members:
        return tuple(sorted({row[0] for row in members}))
    settings = uow.one(
        select(col(WorkspaceSettings.mail), col(WorkspaceSettings.email))
    )
    own = MailSettings.from_stored(settings.mail).reply_to or settings.email
    if own:
        return (own,)
    owners = select(col(Member.email)).where(staying, col(Member.role) == Role.OWNER)
    return tuple(sorted(row[0] for row in uow.all(owners)))


@job
def list_proven_addresses(uow: UnitOfWork, invoice_id: int) -> tuple[str, ...]:
    """Return the confirmed addresses of the customers who write in a conversation.

    What somebody merely typed gets no mail: it may be a stranger's.
    """
    rows = uow.all(
        select(col(Comment.author_email))
        .where(
            col(Comment.invoice_id) == invoice_id,
            col(Comment.side) == Side.CUSTOMER,
            col(Comment.is_verified).is_(True),
            col(Comment.removed_at).is_(None),
        )
        .distinct()
        .limit(20)
    )
    return tuple(sorted(row[0] for row in rows))


def _marks(uow: UnitOfWork, invoice_id: int, reader: Side) -> dict[int, int]:
    rows = uow.all(
        select(col(ThreadMark.dispute_id), col(ThreadMark.read_id)).where(
            col(ThreadMark.invoice_id) == invoice_id, col(ThreadMark.side) == reader
        )
    )
    return dict(rows)


def _count_in_disputes(
    uow: UnitOfWork, invoice_id: int, read: dict[int, int]
) -> dict[int, tuple[int, int, int]]:
    """Count by dispute what is stored, what is shown, and what is unread of it."""
    is_shown = col(Comment.removed_at).is_(None)
    last_read = case(read, value=col(Comment.dispute_id), else_=0) if read else 0
    is_unread = (col(Comment.side) == Side.CUSTOMER) & (col(Comment.id) > last_read)
    rows = uow.all(
        select(
            col(Comment.dispute_id),
            func.count(),
            func.count().filter(is_shown),
            func.count().filter(is_shown & is_unread),
        )
        .where(
            col(Comment.invoice_id) == invoice_id,
            col(Comment.dispute_id).is_not(None),
        )
        .group_by(col(Comment.dispute_id))
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _count(uow: UnitOfWork, *criteria: Any) -> int:
    return uow.one(select(func.count()).select_from(Comment).where(*criteria))[0]


def _lines(uow: UnitOfWork, invoice_id: int) -> tuple[str, ...]:
    document = _document(uow, invoice_id)
    return tuple(line.name for line in document.lines) if document else ()


def _document(uow: UnitOfWork, invoice_id: int) -> InvoiceDocument | None:
    found = uow.first(
        select(col(IssuedDocument.content)).where(
            col(IssuedDocument.invoice_id) == invoice_id,
            col(IssuedDocument.kind) == "invoice",
        )
    )
    return found and from_json(InvoiceDocument, found[0])


def _facts(it: StaffDispute) -> DisputeFacts:
    return DisputeFacts(
        id=it.id,
        line_position=it.line_position,
        amount_minor=it.amount_minor,
        reason=it.reason,
        opened_at=it.opened_at,
        outcome=it.outcome or "",
        answer=it.answer,
        resolved_at=it.resolved_at,
        part_minor=it.part_minor,
    )


def _comment(row: Any) -> StaffComment:
    return StaffComment(
        id=row.id,
        side=Side(row.side),
        author_name=row.author_name,
        author_email=row.author_email,
        is_verified=row.is_verified,
        line_position=row.line_position,
        body=row.body,
        created_at=row.created_at,
        is_removed=row.removed_at is not None,
    )


_COLUMNS: tuple[Any, ...] = (
    Comment.id,
    Comment.side,
    Comment.author_name,
    Comment.author_email,
    Comment.is_verified,
    Comment.line_position,
    Comment.body,
    Comment.created_at,
    Comment.removed_at,
    Comment.dispute_id,
)
