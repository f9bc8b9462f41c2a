"""Say something in an invoice's conversation, take it out, note it among staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select

from billing_app.database.access import acting_visitor, inner, job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain import comment as rules
from billing_app.domain.actors import Permission, PortalVisitor, Proof, StaffActor
from billing_app.domain.comment import CommentForm, Side
from billing_app.domain.document import InvoiceDocument, from_json
from billing_app.domain.errors import Conflict, InvalidInput, NotFound
from billing_app.domain.events import (
    CommentPosted,
    CommentRemoved,
    StaffNoteWritten,
    Topic,
)
from billing_app.domain.parsing import clean_text
from billing_app.domain.portal_settings import CommentMode, PortalSettings
from billing_app.models import (
    Comment,
    Invoice,
    IssuedDocument,
    Member,
    StaffNote,
    ThreadMark,
)
from billing_app.queries.portal_rules import read_rules


@dataclass(frozen=True, slots=True)
class PostingRules:
    """What a visitor may not read, and posting needs to know. A workflow fills it.

    Attributes:
        reserved: names that only the business may write under.
        proven_email: the address that was confirmed, empty without a session.
    """

    settings: PortalSettings
    reserved: tuple[str, ...]
    proven_email: str


@acting_visitor
def post_comment(
    uow: UnitOfWork, invoice_id: int, form: CommentForm, given: PostingRules
) -> int:
    """Add a customer's comment; the same request twice is one comment.

    Returns:
        The comment's id.

    Raises:
        NotFound: the invoice is not shown to this visitor.
        NotPermitted, VerificationRequired: comments are off, or proof is missing.
        InvalidInput: a field cannot be used, or the name is the business's.
        LimitReached: too much in too short a time.
    """
    visitor = uow.actor
    assert isinstance(visitor, PortalVisitor)
    rules.check_may_comment(given.settings, visitor)
    # The lock makes two posts of one request, and two counts of a rate, wait.
    invoice = uow.get(Invoice, invoice_id, lock=True)
    key = rules.check_request_key(form.request_key)
    posted = _find_posted(uow, invoice_id, key)
    if posted is not None:
        return posted
    email = given.proven_email or form.email
    typed = CommentForm(form.body, form.name, email, form.line, key)
    author = rules.read_author(typed, given.reserved)
    body = rules.clean_body(form.body)
    line = rules.read_line(form.line, _count_lines(uow, invoice_id))
    _check_rate(uow, visitor, invoice_id)

    comment = _new_comment(uow, invoice, Side.CUSTOMER, body, line, key)
    comment.author_name, comment.author_email = author.name, author.email
    comment.is_verified = visitor.proof >= Proof.CODE
    comment.session_id, comment.link_id = visitor.session_id, visitor.link_id
    return _add(uow, comment)


@staff(Permission.COMMENT)
def post_reply(uow: UnitOfWork, invoice_id: int, form: CommentForm) -> int:
    """Add a comment of the business, under the member's name.

    Returns:
        The comment's id.

    Raises:
        Conflict: the customer could not read it.
    """
    member = uow.actor
    assert isinstance(member, StaffActor)
    invoice = uow.get(Invoice, invoice_id, lock=True)
    key = rules.check_request_key(form.request_key)
    posted = _find_posted(uow, invoice_id, key)
    if posted is not None:
        return posted
    if invoice.published_at is None or invoice.customer_id is None:
        raise Conflict("Publish the invoice first; until then nobody could read this.")
    if read_rules(uow, invoice_id).settings.comments == CommentMode.OFF:
        raise Conflict(
            "Comments are switched off for this invoice, so the customer could not "
            "read this."
        )
    body = rules.clean_body(form.body)
    line = rules.read_line(form.line, _count_lines(uow, invoice_id))

    comment = _new_comment(uow, invoice, Side.STAFF, body, line, key)
    comment.author_name = uow.get(Member, member.member_id).name
    comment.member_id = member.member_id
    return _add(uow, comment)


@staff(Permission.COMMENT)
def remove_comment(uow: UnitOfWork, comment_id: int, reason: str) -> None:
    """Take a comment out of the portal; it stays on record, with the reason.

    Raises:
        NotFound: no such comment in this workspace.
        InvalidInput: no reason.
    """
    comment = uow.get(Comment, comment_id, lock=True)
    if comment.removed_at is not None:
        return
    said = clean_text(reason, length_max=rules.REASON_LENGTH_MAX, field="reason")
    if not said:
        raise InvalidInput("Say why, for the audit trail.", field="reason")
    comment.removed_at = uow.now
    # Its key is free again: to the customer, the comment does not exist any more.
    comment.request_key = f"removed-{comment_id}"
    uow.flush()
    uow.record(
        CommentRemoved(
            invoice_id=comment.invoice_id,
            customer_id=comment.customer_id,
            comment_id=comment_id,
            reason=said,
        )
    )
    uow.touch(f"thread:{comment.invoice_id}")


@staff(Permission.COMMENT)
def write_note(uow: UnitOfWork, invoice_id: int, body: str) -> int:
    """Write down something about an invoice that no customer ever reads.

    Returns:
        The note's id.
    """
    member = uow.actor
    assert isinstance(member, StaffActor)
    invoice = uow.get(Invoice, invoice_id)
    note = uow.add(
        StaffNote(
            customer_id=invoice.customer_id,
            invoice_id=invoice_id,
            body=rules.clean_body(body, "note"),
            written_by=member.member_id,
            created_at=uow.now,
        )
    )
    assert note.id is not None
    uow.record(
        StaffNoteWritten(
            invoice_id=invoice_id, customer_id=invoice.customer_id, note_id=note.id
        )
    )
    uow.touch(f"notes:{invoice_id}")
    return note.id


@staff(Permission.COMMENT)
def mark_read(uow: UnitOfWork, invoice_id: int, comment_id: int) -> None:
    """Note that staff have had the conversation up to a comment before their eyes."""
    invoice = uow.get(Invoice, invoice_id)
    assert invoice.id is not None
    _mark_read(uow, invoice.id, Side.STAFF, comment_id)


@job
def mark_read_by_customer(uow: UnitOfWork, invoice_id: int, comment_id: int) -> None:
    """Note the same of the customer; a workflow has seen to who it is."""
    _mark_read(uow, invoice_id, Side.CUSTOMER, comment_id)


@job
def mark_mailed(
    uow: UnitOfWork, invoice_id: int, reader: Side, comment_id: int
) -> None:
    """Note that a mail has told a side of everything up to a comment."""
    mark = _take_mark(uow, invoice_id, reader)
    mark.mailed_id, mark.mailed_at = max(mark.mailed_id, comment_id), uow.now
    uow.flush()


@job
def put_off_mail(
    uow: UnitOfWork, invoice_id: int, reader: Side, until: datetime
) -> None:
    """Promise the mail anew for later: the last one went out a moment ago."""
    uow.promise(
        Topic.MAIL_COMMENT,
        f"comment:{invoice_id}:{reader}:at:{int(until.timestamp())}",
        invoice_id,
        after=until - uow.now,
        reader=reader,
    )


@inner
def _add(uow: UnitOfWork, comment: Comment) -> int:
    """Store a comment and all that follows from one."""
    uow.add(comment)
    assert comment.id is not None
    reader = Side(comment.side).other
    uow.record(
        CommentPosted(
            invoice_id=comment.invoice_id,
            customer_id=comment.customer_id,
            comment_id=comment.id,
            side=comment.side,
            is_verified=comment.is_verified,
        )
    )
    uow.promise(
        Topic.MAIL_COMMENT,
        rules.burst_key(comment.invoice_id, reader, uow.now),
        comment.invoice_id,
        after=rules.MAIL_DELAY,
        reader=reader,
    )
    uow.touch(f"thread:{comment.invoice_id}")
    return comment.id


def _new_comment(
    uow: UnitOfWork, invoice: Invoice, side: Side, body: str, line: int | None, key: str
) -> Comment:
    assert invoice.id is not None
    assert invoice.customer_id is not None
    return Comment(
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        line_position=line,
        side=side,
        author_name="",
        body=body,
        request_key=key,
        created_at=uow.now,
    )


def _find_posted(uow: UnitOfWork, invoice_id: int, key: str) -> int | None:
    return uow.first(
        select(Comment.id).where(
            col(Comment.invoice_id) == invoice_id, col(Comment.request_key) == key
        )
    )


def _count_lines(uow: UnitOfWork, invoice_id: int) -> int:
    content = uow.first(
        select(IssuedDocument.content).where(
            col(IssuedDocument.invoice_id) == invoice_id,
            col(IssuedDocument.kind) == "invoice",
        )
    )
    if content is None:
        raise NotFound("Invoice not found.")
    return len(from_json(InvoiceDocument, content).lines)


def _check_rate(uow: UnitOfWork, visitor: PortalVisitor, invoice_id: int) -> None:
    recent = (
        col(Comment.invoice_id) == invoice_id,
        col(Comment.side) == Side.CUSTOMER,
        col(Comment.created_at) > uow.now - rules.RATE_WINDOW,
    )
    is_theirs = (
        col(Comment.session_id) == visitor.session_id
        if visitor.session_id is not None
        else (col(Comment.link_id) == visitor.link_id)
        & col(Comment.session_id).is_(None)
    )
    by_author = uow.all(select(Comment.created_at).where(*recent, is_theirs))
    is_alike = col(Comment.is_verified).is_(visitor.proof >= Proof.CODE)
    on_invoice = uow.one(
        select(func.count()).select_from(Comment).where(*recent, is_alike)
    )
    rules.check_rate(by_author, on_invoice, uow.now)


def _mark_read(uow: UnitOfWork, invoice_id: int, reader: Side, comment_id: int) -> None:
    mark = _take_mark(uow, invoice_id, reader)
    if comment_id > mark.read_id:
        mark.read_id, mark.read_at = comment_id, uow.now
        uow.flush()
        # Only staff see who has read what; a whole audience need not wake up.
        uow.touch(f"read:{invoice_id}")


def _take_mark(uow: UnitOfWork, invoice_id: int, reader: Side) -> ThreadMark:
    """Return the side's mark, locked; made where there is none yet."""
    uow.lock_alone(f"thread:{invoice_id}:{reader}")
    mark = uow.first(
        select(ThreadMark)
        .where(col(ThreadMark.invoice_id) == invoice_id, col(ThreadMark.side) == reader)
        .with_for_update()
    )
    return mark or uow.add(ThreadMark(invoice_id=invoice_id, side=reader))
