"""The customer's side of a conversation: read it, write in it, have read it."""

from __future__ import annotations

from billing_app.database.authentication import OpenedLink
from billing_app.domain.actors import PortalVisitor, SystemActor
from billing_app.domain.comment import CommentForm, Side
from billing_app.domain.errors import NotFound
from billing_app.domain.portal_settings import CommentMode
from billing_app.domain.portal_thread import (
    CommentFacts,
    PortalThread,
    Reader,
    describe_thread,
)
from billing_app.queries import conversations, portal_thread
from billing_app.queries.portal import read_document
from billing_app.runtime import Runtime
from billing_app.services import conversations as talking
from billing_app.services.conversations import PostingRules


def open_thread(
    runtime: Runtime, link: OpenedLink, base: str, *, since: int = 0, before: int = 0
) -> PortalThread:
    """Read a stretch of the conversation of the page's invoice, in words.

    `since` and `before` are as `queries.portal_thread.read_thread` takes them.

    Raises:
        NotFound: the page shows no invoice, or not this one.
    """
    if link.setup.settings.comments == CommentMode.OFF:
        return PortalThread.EMPTY
    read = runtime.run(
        link.visitor,
        portal_thread.read_thread,
        invoice_of(link.visitor),
        since=since,
        before=before,
    )
    facts = tuple(
        CommentFacts(
            id=it.id,
            side=it.side,
            author_name=it.author_name,
            is_verified=it.is_verified,
            line_position=it.line_position,
            body=it.body,
            created_at=it.created_at,
        )
        for it in read.comments
    )
    return describe_thread(
        facts,
        read_document(read.content),
        Reader(link.visitor, link.setup, base, runtime.now()),
        count=read.count,
        older=read.older,
    )


def post_comment(runtime: Runtime, link: OpenedLink, form: CommentForm) -> int:
    """Post as the page's visitor; raises as `services.conversations.post_comment`.

    What the rules need and a visitor may not see, such as the members' names, is
    read by us and goes nowhere else.
    """
    visitor = link.visitor
    system = SystemActor(visitor.workspace_id, "portal")
    given = PostingRules(
        settings=link.setup.settings,
        reserved=runtime.run(system, conversations.list_reserved_names),
        proven_email=runtime.run(
            system, conversations.find_session_email, visitor.session_id
        ),
    )
    return runtime.run(visitor, talking.post_comment, invoice_of(visitor), form, given)


def note_read(runtime: Runtime, link: OpenedLink, comment_id: int) -> None:
    """Note that the customer had the business's comment before their eyes.

    Hundreds may look at once and one of them is enough, so it reads before it
    writes. Staff who look leave nothing.
    """
    visitor = link.visitor
    if visitor.is_staff or visitor.is_preview:
        return
    invoice_id = invoice_of(visitor)
    system = SystemActor(visitor.workspace_id, "portal")
    known = runtime.run(system, conversations.find_read_mark, invoice_id, Side.CUSTOMER)
    if comment_id > known:
        runtime.run(system, talking.mark_read_by_customer, invoice_id, comment_id)


def invoice_of(visitor: PortalVisitor) -> int:
    """Return the invoice whose page it is.

    Raises:
        NotFound: it is the page of a whole account.
    """
    if visitor.invoice_id is None:
        raise NotFound("Invoice not found.")
    return visitor.invoice_id
