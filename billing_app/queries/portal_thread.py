"""What a customer reads of what is said on an invoice: named columns, nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, func, select
from sqlmodel import col

from billing_app.database.access import inner, visitor
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.errors import NotFound
from billing_app.domain.portal_dispute import DisputeFacts
from billing_app.domain.portal_thread import CommentFacts, Stretch
from billing_app.models import Comment, Dispute, Invoice, IssuedDocument
from billing_app.queries.portal_disputes import list_disputes

PAGE_SIZE = 50
SHOWN_MAX = 1_000


@dataclass(frozen=True, slots=True)
class ReadThreads:
    """What is said on an invoice.

    Attributes:
        content: the document that it is about, as text.
        invoice: a stretch of the invoice's own conversation.
        disputes: all of them, the latest first; `in_disputes` what is said in each.
    """

    content: str
    invoice: Stretch
    disputes: tuple[DisputeFacts, ...]
    in_disputes: dict[int, Stretch]


@visitor
def read_threads(
    uow: UnitOfWork,
    invoice_id: int,
    *,
    since: int = 0,
    before: int = 0,
    shows_disputes: bool = True,
    has_all_of_disputes: bool = False,
) -> ReadThreads:
    """Read the newest comments, or with `before` those before one.

    With `since` all that come from that comment on, so that a page which was away
    misses none. Of the disputes' conversations the newest come along.

    Raises:
        NotFound: the invoice is not shown to this visitor.
    """
    assert isinstance(uow.actor, PortalVisitor)
    found = uow.first(_DOCUMENT, invoice_id=invoice_id)
    if found is None:
        raise NotFound("Invoice not found.")
    asks_disputes = shows_disputes and found.dispute_count
    disputes = tuple(list_disputes(uow, invoice_id)) if asks_disputes else ()
    wanted = SHOWN_MAX if has_all_of_disputes else PAGE_SIZE
    return ReadThreads(
        content=found.content,
        invoice=_read_own(uow, invoice_id, since, before, found.comment_count),
        disputes=disputes,
        in_disputes=_read_in_disputes(uow, invoice_id, wanted) if disputes else {},
    )


@inner
def list_latest(uow: UnitOfWork, invoice_id: int) -> tuple[CommentFacts, ...]:
    """List the newest comments of an invoice and its disputes, oldest first."""
    rows = uow.all(_SAID, invoice_id=invoice_id, wanted=PAGE_SIZE)
    return tuple(CommentFacts(*row) for row in reversed(rows))


def _read_own(
    uow: UnitOfWork, invoice_id: int, since: int, before: int, count: int
) -> Stretch:
    if not count:
        return Stretch()
    wanted = SHOWN_MAX if since else PAGE_SIZE
    rows = uow.all(
        _COMMENTS,
        invoice_id=invoice_id,
        since=0 if before else since,
        before=before or _LAST,
        wanted=wanted + 1,
    )
    comments = tuple(CommentFacts(*row) for row in reversed(rows[:wanted]))
    # A stretch that is not before anything goes to the last: what it lacks is older.
    has_older = len(rows) > wanted if before else count > len(comments)
    return Stretch(
        comments=comments,
        count=count,
        older=comments[0].id if has_older and comments else 0,
    )


def _read_in_disputes(
    uow: UnitOfWork, invoice_id: int, wanted: int
) -> dict[int, Stretch]:
    """Read the newest comments of all disputes together, sorted into theirs."""
    rows = uow.all(_IN_DISPUTES, invoice_id=invoice_id, wanted=wanted)
    said: dict[int, list[CommentFacts]] = {}
    for row in reversed(rows):
        said.setdefault(row.dispute_id, []).append(CommentFacts(*row))
    counts: dict[int, int] = dict(
        tuple(row) for row in uow.all(_COUNTS, invoice_id=invoice_id)
    )
    return {
        dispute_id: Stretch(
            comments=tuple(comments := said.get(dispute_id, [])),
            count=count,
            older=int(count > len(comments)),
        )
        for dispute_id, count in counts.items()
    }


# No id is larger.
_LAST = 2**62

_WANTED_ID = bindparam("invoice_id", type_=BigInteger)
_IS_IN_DISPUTE = col(Comment.dispute_id).is_not(None)
# Few invoices have any, and one statement less is worth a lot.
_DOCUMENT = (
    select(
        col(IssuedDocument.content),
        (
            select(func.count(col(Comment.id)))
            .where(col(Comment.invoice_id) == _WANTED_ID, ~_IS_IN_DISPUTE)
            .scalar_subquery()
            .label("comment_count")
        ),
        (
            select(func.count(col(Dispute.id)))
            .where(col(Dispute.invoice_id) == _WANTED_ID)
            .scalar_subquery()
            .label("dispute_count")
        ),
    )
    .join(Invoice, col(Invoice.id) == col(IssuedDocument.invoice_id))
    .where(col(Invoice.id) == _WANTED_ID, col(IssuedDocument.kind) == "invoice")
)
_SAID = (
    select(
        col(Comment.id),
        col(Comment.side),
        col(Comment.author_name),
        col(Comment.is_verified),
        col(Comment.line_position),
        col(Comment.body),
        col(Comment.created_at),
        col(Comment.dispute_id),
    )
    .where(col(Comment.invoice_id) == _WANTED_ID)
    .order_by(col(Comment.id).desc())
    .limit(bindparam("wanted", type_=BigInteger))
)
_COMMENTS = _SAID.where(
    ~_IS_IN_DISPUTE,
    col(Comment.id) >= bindparam("since", type_=BigInteger),
    col(Comment.id) < bindparam("before", type_=BigInteger),
)
_IN_DISPUTES = _SAID.where(_IS_IN_DISPUTE)
_COUNTS = (
    select(col(Comment.dispute_id), func.count())
    .where(col(Comment.invoice_id) == _WANTED_ID, _IS_IN_DISPUTE)
    .group_by(col(Comment.dispute_id))
)
