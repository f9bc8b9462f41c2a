"""The customer's side of a conversation: read it, write in it, have read it."""

from __future__ import annotations

from collections.abc import Mapping

from billing_app.database.authentication import OpenedLink
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import PortalVisitor, SystemActor
from billing_app.domain.comment import CommentForm, Side
from billing_app.domain.errors import NotFound
from billing_app.domain.portal_settings import CommentMode, DisputeMode
from billing_app.domain.portal_thread import (
    PortalThreads,
    Reader,
    Stretch,
    describe_dispute_thread,
    describe_thread,
)
from billing_app.queries import conversations, portal_thread
from billing_app.queries.portal import read_document
from billing_app.queries.portal_thread import ReadThreads
from billing_app.runtime import Runtime
from billing_app.services import conversations as talking
from billing_app.services.conversations import PostingRules


def open_threads(
    runtime: Runtime,
    link: OpenedLink,
    base: str,
    *,
    since: int = 0,
    before: int = 0,
    has_all_of_disputes: bool = False,
) -> PortalThreads:
    """Read what is said on the page's invoice and in its disputes, in words.

    The parameters are as `queries.portal_thread.read_threads` takes them.

    Raises:
        NotFound: the page shows no invoice, or not this one.
    """
    with runtime.reading(link.visitor) as uow:
        read = read_threads(
            uow,
            link,
            since=since,
            before=before,
            has_all_of_disputes=has_all_of_disputes,
        )
    return describe_threads(runtime, link, base, read, is_end=not before)


def read_threads(
    uow: UnitOfWork,
    link: OpenedLink,
    *,
    since: int = 0,
    before: int = 0,
    has_all_of_disputes: bool = False,
) -> ReadThreads | None:
    """Read the threads beside what else the page reads; None where it shows none."""
    settings = link.setup.settings
    shows_disputes = settings.disputes != DisputeMode.OFF
    if settings.comments == CommentMode.OFF and not shows_disputes:
        return None
    return portal_thread.read_threads(
        uow,
        invoice_of(link.visitor),
        since=since,
        before=before,
        shows_disputes=shows_disputes,
        has_all_of_disputes=has_all_of_disputes,
    )


def describe_threads(
    runtime: Runtime,
    link: OpenedLink,
    base: str,
    read: ReadThreads | None,
    *,
    is_end: bool = True,
) -> PortalThreads:
    """Say in words what was read; `is_end` where it goes on to the last comment."""
    if read is None:
        return PortalThreads.EMPTY
    document = read_document(read.content)
    email = _proven_email(runtime, link.visitor)
    reader = Reader(link.visitor, link.setup, base, runtime.now(), email)
    return PortalThreads(
        invoice=describe_thread(
            read.invoice, document, reader, read.disputes, is_end=is_end
        ),
        disputes=tuple(
            describe_dispute_thread(
                it, read.in_disputes.get(it.id, Stretch()), document, reader
            )
            for it in read.disputes
        ),
    )


def post_comment(runtime: Runtime, link: OpenedLink, form: CommentForm) -> int:
    """Post as the page's visitor; raises as `services.conversations.post_comment`.

    What the rules need and a visitor may not see, such as the members' names, is
    read by us and goes nowhere else.
    """
    visitor, invoice_id = link.visitor, invoice_of(link.visitor)
    system = SystemActor(visitor.workspace_id, "portal")
    given = PostingRules(
        settings=link.setup.settings,
        reserved=runtime.run(system, conversations.read_reserved_names, invoice_id),
        proven_email=_proven_email(runtime, visitor),
    )
    return runtime.run(visitor, talking.post_comment, invoice_id, form, given)


def note_read(runtime: Runtime, link: OpenedLink, comments: Mapping[int, int]) -> None:
    """Note that the customer had the business's comments before their eyes.

    `comments` names the last one by dispute, by 0 that of the invoice itself.
    Hundreds may look at once and one of them is enough, so it reads before it
    writes. Staff who look leave nothing.
    """
    visitor = link.visitor
    if visitor.is_staff or visitor.is_preview:
        return
    invoice_id = invoice_of(visitor)
    system = SystemActor(visitor.workspace_id, "portal")
    known = runtime.run(
        system, conversations.list_read_marks, invoice_id, Side.CUSTOMER
    )
    for dispute_id, comment_id in comments.items():
        if comment_id > known.get(dispute_id, 0):
            runtime.run(
                system,
                talking.mark_read_by_customer,
                invoice_id,
                comment_id,
                dispute_id,
            )


def _proven_email(runtime: Runtime, visitor: PortalVisitor) -> str:
    if visitor.session_id is None:
        return ""
    system = SystemActor(visitor.workspace_id, "portal")
    return runtime.run(system, conversations.find_session_email, visitor.session_id)


def invoice_of(visitor: PortalVisitor) -> int:
    """Return the invoice whose page it is.

    Raises:
        NotFound: it is the page of a whole account.
    """
    if visitor.invoice_id is None:
        raise NotFound("Invoice not found.")
    return visitor.invoice_id
