"""Say something in an invoice's conversation, take it out, note it among staff."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import col, func, select

from billing_app.database.access import acting_visitor, inner, job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain import comment as rules
from billing_app.domain import dispute as dispute_rules
from billing_app.domain.actors import Permission, PortalVisitor, Proof, StaffActor
from billing_app.domain.comment import CommentForm, Reserved, Side
from billing_app.domain.document import InvoiceDocument, from_json
from billing_app.domain.errors import Conflict, InvalidInput, NotFound
from billing_app.domain.events import (
    CommentPosted,
    CommentRemoved,
    StaffNoteWritten,
    Topic,
)
from billing_app.domain.parsing import clean_text
from billing_app.domain.portal_settings import (
    CommentMode,
    DisputeMode,
    PortalSettings,
)
from billing_app.models import (
    Comment,
    Dispute,
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
    reserved: Reserved
    proven_email: str


@dataclass(frozen=True, slots=True)
class _Thread:
    """One conversation: the invoice's own (0), or that of one of its disputes."""

    invoice_id: int
    dispute_id: int


@acting_visitor
def post_comment(
    uow: UnitOfWork, invoice_id: int, form: CommentForm, given: PostingRules
) -> int:
    """Add a customer's comment; the same request twice is one comment.

    It belongs to the invoice's own conversation, or to that of one of its disputes.

    Returns:
        The comment's id.

    Raises:
        NotFound: the invoice, or such a dispute of it, is not shown to this visitor.
        Conflict: the dispute is over.
        NotPermitted, VerificationRequired: comments are off, or proof is missing.
        InvalidInput: a field cannot be used, or the name is the business's.
        LimitReached: too much in too short a time.
    """
    visitor = uow.actor
    assert isinstance(visitor, PortalVisitor)
    # Who wrote nothing hears that first, not that they have to prove who they are.
    rules.clean_body(form.body)
    dispute_id = rules.read_dispute_id(form.dispute)
    if dispute_id:
        dispute_rules.check_may_answer(given.settings, visitor)
    else:
        rules.check_may_comment(given.settings, visitor)
    # The lock makes two posts of one request, and two counts of a rate, wait.
    invoice = uow.get(Invoice, invoice_id, lock=True)
    key = rules.check_request_key(form.request_key)
    posted = _find_posted(uow, invoice_id, key)
    if posted is not None:
        return posted
    email = given.proven_email or form.email
    author = rules.read_author(replace(form, email=email), given.reserved)
    comment = _new_comment(uow, invoice, Side.CUSTOMER, form)
    _check_rate(uow, visitor, invoice_id)

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
        NotFound: no such invoice, or no such dispute of it.
        Conflict: the customer could not read it, or the dispute is over.
    """
    member = uow.actor
    assert isinstance(member, StaffActor)
    invoice = uow.get(Invoice, invoice_id, lock=True)
    key = rules.check_request_key(form.request_key)
    posted = _find_posted(uow, invoice_id, key)
    if posted is not None:
        return posted
    _check_customer_reads(uow, invoice, rules.read_dispute_id(form.dispute))

    comment = _new_comment(uow, invoice, Side.STAFF, form)
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
def mark_read(
    uow: UnitOfWork, invoice_id: int, comment_id: int, dispute_id: int = 0
) -> None:
    """Note that staff have had a conversation up to a comment before their eyes."""
    invoice = uow.get(Invoice, invoice_id)
    assert invoice.id is not None
    if dispute_id:
        _get_dispute(uow, invoice_id, dispute_id)
    _mark_read(uow, _Thread(invoice.id, dispute_id), Side.STAFF, comment_id)


@job
def mark_read_by_customer(
    uow: UnitOfWork, invoice_id: int, comment_id: int, dispute_id: int = 0
) -> None:
    """Note the same of the customer; a workflow has seen to who it is."""
    _mark_read(uow, _Thread(invoice_id, dispute_id), Side.CUSTOMER, comment_id)


@job
def mark_mailed(
    uow: UnitOfWork, invoice_id: int, reader: Side, comment_id: int, dispute_id: int = 0
) -> None:
    """Note that a mail has told a side of everything up to a comment."""
    mark = _take_mark(uow, _Thread(invoice_id, dispute_id), reader)
    mark.mailed_id, mark.mailed_at = max(mark.mailed_id, comment_id), uow.now
    uow.flush()


@job
def put_off_mail(
    uow: UnitOfWork, invoice_id: int, reader: Side, until: datetime, dispute_id: int = 0
) -> None:
    """Promise the mail anew for later: the last one went out a moment ago."""
    thread = _Thread(invoice_id, dispute_id)
    _promise_mail(
        uow, thread, reader, f"at:{int(until.timestamp())}", after=until - uow.now
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
            dispute_id=comment.dispute_id or 0,
            side=comment.side,
            is_verified=comment.is_verified,
        )
    )
    thread = _Thread(comment.invoice_id, comment.dispute_id or 0)
    when = rules.quarter_of(uow.now)
    _promise_mail(uow, thread, reader, when, after=rules.MAIL_DELAY)
    return comment.id


def _promise_mail(
    uow: UnitOfWork, thread: _Thread, reader: Side, when: str, *, after: timedelta
) -> None:
    uow.promise(
        Topic.MAIL_COMMENT,
        rules.burst_key(thread.invoice_id, thread.dispute_id, reader, when),
        thread.invoice_id,
        after=after,
        reader=reader,
        dispute_id=thread.dispute_id,
    )


def _new_comment(
    uow: UnitOfWork, invoice: Invoice, side: Side, form: CommentForm
) -> Comment:
    """Make a comment of what was typed; its author is still to be named.

    Raises:
        NotFound: the invoice has no such dispute.
        Conflict: the dispute is over.
        InvalidInput: a field cannot be used.
    """
    assert invoice.id is not None
    assert invoice.customer_id is not None
    dispute_id = rules.read_dispute_id(form.dispute)
    line = None
    if dispute_id:
        dispute = _get_dispute(uow, invoice.id, dispute_id)
        dispute_rules.check_is_open(dispute.resolved_at is not None)
    else:
        line = rules.read_line(form.line, _count_lines(uow, invoice.id))
    return Comment(
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        dispute_id=dispute_id or None,
        line_position=line,
        side=side,
        author_name="",
        body=rules.clean_body(form.body),
        request_key=form.request_key,
        created_at=uow.now,
    )


def _check_customer_reads(uow: UnitOfWork, invoice: Invoice, dispute_id: int) -> None:
    """Refuse to answer where nobody could read it."""
    if invoice.published_at is None or invoice.customer_id is None:
        raise Conflict(
            "Nobody could read this yet: the customer does not see the invoice."
        )
    assert invoice.id is not None
    settings = read_rules(uow, invoice.id).settings
    what = "Disputes" if dispute_id else "Comments"
    is_off = (
        settings.disputes == DisputeMode.OFF
        if dispute_id
        else settings.comments == CommentMode.OFF
    )
    if is_off:
        raise Conflict(
            f"{what} are switched off for this invoice, so the customer could not "
            "read this."
        )


def _get_dispute(uow: UnitOfWork, invoice_id: int, dispute_id: int) -> Dispute:
    """Return a dispute of this invoice; one of another invoice does not exist."""
    dispute = uow.find(Dispute, dispute_id)
    if dispute is None or dispute.invoice_id != invoice_id:
        raise NotFound("Dispute not found.")
    return dispute


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
        # What lies in the future was written under a clock that was wrong.
        col(Comment.created_at) > uow.now - rules.RATE_WINDOW,
        col(Comment.created_at) <= uow.now + rules.RATE_WINDOW,
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


def _mark_read(uow: UnitOfWork, thread: _Thread, reader: Side, comment_id: int) -> None:
    mark = _take_mark(uow, thread, reader)
    if comment_id > mark.read_id:
        mark.read_id, mark.read_at = comment_id, uow.now
        uow.flush()
        # Only staff see who has read what; a whole audience need not wake up.
        uow.touch(f"read:{thread.invoice_id}")


def _take_mark(uow: UnitOfWork, thread: _Thread, reader: Side) -> ThreadMark:
    """Return the side's mark, locked; made where there is none yet."""
    uow.lock_alone(f"thread:{thread.invoice_id}:{thread.dispute_id}:{reader}")
    mark = uow.first(
        select(ThreadMark)
        .where(
            col(ThreadMark.invoice_id) == thread.invoice_id,
            col(ThreadMark.dispute_id) == thread.dispute_id,
            col(ThreadMark.side) == reader,
        )
        .with_for_update()
    )
    return mark or uow.add(
        ThreadMark(
            invoice_id=thread.invoice_id, dispute_id=thread.dispute_id, side=reader
        )
    )
