"""What a customer reads of an invoice's conversation: named columns, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, func, select
from sqlmodel import col

from billing_app.database.access import visitor
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.errors import NotFound
from billing_app.models import Comment, Invoice, IssuedDocument

PAGE_SIZE = 50
SHOWN_MAX = 1_000


@dataclass(frozen=True, slots=True)
class ReadComment:
    """A comment as stored, without the author's address."""

    id: int
    side: str
    author_name: str
    is_verified: bool
    line_position: int | None
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReadThread:
    """A stretch of a conversation, oldest first.

    Attributes:
        content: the document that it is about, as text.
        count: of all comments.
        older: the id that the stretch before this one ends at; 0 when there is none.
    """

    content: str
    comments: tuple[ReadComment, ...]
    count: int
    older: int


@visitor
def read_thread(
    uow: UnitOfWork, invoice_id: int, *, since: int = 0, before: int = 0
) -> ReadThread:
    """Read the newest comments, or with `before` those before one.

    With `since` all that come from that comment on, so that a page which was away
    misses none.

    Raises:
        NotFound: the invoice is not shown to this visitor.
    """
    assert isinstance(uow.actor, PortalVisitor)
    found = uow.first(_DOCUMENT, invoice_id=invoice_id)
    if found is None:
        raise NotFound("Invoice not found.")
    wanted = SHOWN_MAX if since else PAGE_SIZE
    rows = uow.all(
        _COMMENTS,
        invoice_id=invoice_id,
        since=since,
        before=before or _LAST,
        wanted=wanted + 1,
    )
    comments = tuple(ReadComment(*row) for row in reversed(rows[:wanted]))
    first = comments[0].id if comments else 0
    return ReadThread(
        content=found.content,
        comments=comments,
        count=uow.one(_COUNT, invoice_id=invoice_id)[0],
        older=first if _has_older(uow, invoice_id, first) else 0,
    )


def _has_older(uow: UnitOfWork, invoice_id: int, first: int) -> bool:
    found = uow.first(_COMMENTS, invoice_id=invoice_id, since=0, before=first, wanted=1)
    return found is not None


# No id is larger.
_LAST = 2**62

_WANTED_ID = bindparam("invoice_id", type_=BigInteger)
_DOCUMENT = (
    select(col(IssuedDocument.content))
    .join(Invoice, col(Invoice.id) == col(IssuedDocument.invoice_id))
    .where(col(Invoice.id) == _WANTED_ID, col(IssuedDocument.kind) == "invoice")
)
_COMMENTS = (
    select(
        col(Comment.id),
        col(Comment.side),
        col(Comment.author_name),
        col(Comment.is_verified),
        col(Comment.line_position),
        col(Comment.body),
        col(Comment.created_at),
    )
    .where(
        col(Comment.invoice_id) == _WANTED_ID,
        col(Comment.id) >= bindparam("since", type_=BigInteger),
        col(Comment.id) < bindparam("before", type_=BigInteger),
    )
    .order_by(col(Comment.id).desc())
    .limit(bindparam("wanted", type_=BigInteger))
)
_COUNT = (
    select(func.count())
    .select_from(Comment)
    .where(col(Comment.invoice_id) == _WANTED_ID)
)
