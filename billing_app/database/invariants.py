"""What must hold in every database at every committed instant, one check each.

A check reads across all workspaces and yields a sentence for each thing that is
broken. The codes are those of docs/invariants.md.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col

from billing_app.database.stored_terms import terms_of
from billing_app.domain.billable_event import (
    amount_of,
    factors_from_json,
    quantity_of,
)
from billing_app.domain.currencies import is_currency
from billing_app.domain.document import content_digest
from billing_app.domain.events import DocumentPrinted, LateFeeCharged
from billing_app.domain.ledger import LedgerAccount
from billing_app.domain.money import MINOR_MAX, Money
from billing_app.domain.numbering import customers_start
from billing_app.domain.totals import compute_totals, priced
from billing_app.models import (
    Allocation,
    AuditEntry,
    BillableEvent,
    CreditNote,
    Customer,
    Dispute,
    InboundEvent,
    Invoice,
    IssuedDocument,
    LateFee,
    LedgerEntry,
    LineItem,
    NumberSeries,
    OutboxMessage,
    Payment,
    PaymentAttempt,
    PaymentAttemptPart,
    Refund,
    WorkspaceOwned,
    WriteOff,
)

Finder = Callable[[Session, datetime], Iterator[str]]

# A webhook is finished long before this, or somebody has to look.
_INBOX_PATIENCE = timedelta(minutes=30)
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that must hold.

    Attributes:
        find: yields what is broken, as sentences.
    """

    code: str
    title: str
    find: Finder


def _unbalanced_journals(session: Session, _: datetime) -> Iterator[str]:
    entry = LedgerEntry
    total = func.sum(entry.amount_minor)
    currencies = func.count(func.distinct(entry.currency))
    statement = (
        select(col(entry.workspace_id), col(entry.journal), total)
        .group_by(col(entry.workspace_id), col(entry.journal))
        .having(or_(total != 0, currencies > 1))
        .order_by(col(entry.workspace_id), col(entry.journal))
    )
    for workspace_id, journal, minor in session.execute(statement):
        yield f"journal {journal} of workspace {workspace_id} sums to {minor}"


def _amounts_out_of_range(session: Session, _: datetime) -> Iterator[str]:
    """Amounts are whole, within 53 bits, and stand beside a currency that exists."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    for table in _tables(WorkspaceOwned):
        for column in table.__table__.columns:
            if column.name.endswith("_minor"):
                broken: ColumnElement[bool] = func.abs(column) > MINOR_MAX
                if is_sqlite:
                    broken = or_(broken, func.typeof(column) == "real")
                yield from _rows(
                    session, table, broken, f"{column.name} is not a whole amount"
                )
        if "currency" in table.__table__.columns:
            currency = table.__table__.columns["currency"]
            for code in session.scalars(select(currency).distinct()):
                if code and not is_currency(code):
                    yield f"{table.__name__}: {code!r} is not a currency"


def _totals_that_differ(session: Session, _: datetime) -> Iterator[str]:
    """Recompute every issued invoice from its stored lines, to the cent."""
    last = 0
    while True:
        invoices = session.scalars(
            select(Invoice)
            .where(col(Invoice.state) != "draft", col(Invoice.id) > last)
            .order_by(col(Invoice.id))
            .limit(_BATCH)
        ).all()
        if not invoices:
            return
        lines = _lines_by_invoice(session, [invoice.id for invoice in invoices])
        for invoice in invoices:
            yield from _recomputed(invoice, lines.get(invoice.id, []))
        last = invoices[-1].id or 0
        session.expunge_all()


def _outstanding_that_differs(session: Session, _: datetime) -> Iterator[str]:
    allocated = _sum_for_invoice(Allocation)
    processing = _processing_for_invoice()
    disputed = _sum_for_invoice(Dispute, col(Dispute.resolved_at).is_(None))
    credited = _sum_for_invoice(CreditNote)
    written_off = _sum_for_invoice(WriteOff)
    is_issued = col(Invoice.state) == "issued"
    asked = col(Invoice.due_minor) - allocated - credited - written_off
    wanted = (
        ("allocated_minor", allocated),
        ("credited_minor", credited),
        ("written_off_minor", written_off),
        ("processing_minor", processing),
        ("outstanding_minor", case((is_issued, asked), else_=0)),
        ("disputed_minor", disputed),
    )
    for name, expected in wanted:
        column = getattr(Invoice, name)
        statement = (
            select(col(Invoice.id), column, expected)
            # What a draft would ask for is nobody's debt yet.
            .where(column != expected, col(Invoice.state) != "draft")
            .order_by(col(Invoice.id))
        )
        for invoice_id, stored, minor in session.execute(statement):
            yield f"invoice {invoice_id}: {name} is {stored}, its facts say {minor}"


def _processing_for_invoice() -> ColumnElement[int]:
    """Add up the debits on their way: whole attempts, or an invoice's parts."""
    attempt, part = PaymentAttempt, PaymentAttemptPart
    sharing = select(col(part.attempt_id)).where(
        col(part.invoice_id) == col(Invoice.id)
    )
    share = func.coalesce(col(part.amount_minor), col(attempt.amount_minor))
    return _sum(
        select(func.coalesce(func.sum(share), literal(0)))
        .select_from(attempt)
        .outerjoin(
            part,
            and_(
                col(part.attempt_id) == col(attempt.id),
                col(part.invoice_id) == col(Invoice.id),
            ),
        )
        .where(
            col(attempt.status) == "processing",
            or_(
                col(attempt.invoice_id) == col(Invoice.id),
                col(attempt.id).in_(sharing.correlate(Invoice)),
            ),
        )
        .correlate(Invoice)
    )


def _receivables_that_differ(session: Session, _: datetime) -> Iterator[str]:
    """The ledger and the invoice agree on what the customer owes."""
    entry = LedgerEntry
    receivable = (
        select(func.coalesce(func.sum(entry.amount_minor), 0))
        .where(
            col(entry.invoice_id) == col(Invoice.id),
            col(entry.account) == LedgerAccount.RECEIVABLE,
        )
        .correlate(Invoice)
        .scalar_subquery()
    )
    statement = (
        select(col(Invoice.id), col(Invoice.outstanding_minor), receivable)
        .where(
            col(Invoice.outstanding_minor) != receivable, col(Invoice.state) != "draft"
        )
        .order_by(col(Invoice.id))
    )
    for invoice_id, outstanding, minor in session.execute(statement):
        yield f"invoice {invoice_id}: outstanding {outstanding}, ledger {minor}"


def _payments_overspent(session: Session, _: datetime) -> Iterator[str]:
    """Of a payment no more is used or returned than came, and the parts add up."""
    allocated = _sum_for_payment(Allocation)
    refunded = _sum_for_payment(Refund)
    payment = Payment
    broken = or_(
        col(payment.allocated_minor) != allocated,
        col(payment.refunded_minor) != refunded,
        col(payment.allocated_minor) < 0,
        col(payment.refunded_minor) < 0,
        col(payment.allocated_minor) + col(payment.refunded_minor)
        > col(payment.amount_minor),
    )
    yield from _rows(session, Payment, broken, "its parts do not add up")

    total = func.sum(Allocation.amount_minor)
    negative = (
        select(col(Allocation.payment_id), col(Allocation.invoice_id), total)
        .group_by(col(Allocation.payment_id), col(Allocation.invoice_id))
        .having(total < 0)
    )
    for payment_id, invoice_id, minor in session.execute(negative):
        yield f"payment {payment_id} pays invoice {invoice_id} {minor}"
    covered = (
        col(Invoice.allocated_minor)
        + col(Invoice.credited_minor)
        + col(Invoice.written_off_minor)
    )
    overpaid = and_(
        col(Invoice.state) != "draft",
        covered > func.max(col(Invoice.due_minor), 0)
        if session.get_bind().dialect.name == "sqlite"
        else covered > func.greatest(col(Invoice.due_minor), 0),
    )
    says = "more was allocated, credited and written off than is due"
    yield from _rows(session, Invoice, overpaid, says)


def _states_without_their_facts(session: Session, _: datetime) -> Iterator[str]:
    state, number = col(Invoice.state), col(Invoice.number)
    is_draft = state == "draft"
    wrong = {
        "a number and the state draft exclude each other": is_draft != number.is_(None),
        "a draft is published": and_(is_draft, col(Invoice.published_at).is_not(None)),
        "issued without a date": and_(
            not_(is_draft),
            or_(col(Invoice.issued_on).is_(None), col(Invoice.issued_at).is_(None)),
        ),
        "void but still owed or paid": and_(
            state == "void",
            or_(
                col(Invoice.outstanding_minor) != 0,
                col(Invoice.allocated_minor) != 0,
                col(Invoice.credited_minor) != 0,
            ),
        ),
        "void but still disputed": and_(
            state == "void", col(Invoice.disputed_minor) != 0
        ),
        "void without a date or a reason": and_(
            state == "void",
            or_(col(Invoice.voided_at).is_(None), col(Invoice.void_reason) == ""),
        ),
        "cancelled and no draft, or without a reason": and_(
            col(Invoice.cancelled_at).is_not(None),
            or_(not_(is_draft), col(Invoice.cancel_reason) == ""),
        ),
        "written off and not issued": and_(
            col(Invoice.written_off_minor) != 0, state != "issued"
        ),
        "sent or seen, and not published": and_(
            or_(
                col(Invoice.sent_at).is_not(None),
                col(Invoice.first_viewed_at).is_not(None),
            ),
            col(Invoice.published_at).is_(None),
        ),
        "a date of voiding and not void": and_(
            state != "void", col(Invoice.voided_at).is_not(None)
        ),
        "issued without a line": and_(
            not_(is_draft),
            not_(exists().where(col(LineItem.invoice_id) == col(Invoice.id))),
        ),
        "issued without a document": and_(
            not_(is_draft),
            not_(
                exists().where(
                    col(IssuedDocument.invoice_id) == col(Invoice.id),
                    col(IssuedDocument.kind) == "invoice",
                )
            ),
        ),
    }
    for says, broken in wrong.items():
        yield from _rows(session, Invoice, broken, says)


def _documents_shown_otherwise(session: Session, _: datetime) -> Iterator[str]:
    """Documents are shown with their invoice; receipts may be hidden again."""
    document = IssuedDocument
    published = exists().where(
        col(Invoice.id) == col(document.invoice_id),
        col(Invoice.published_at).is_not(None),
    )
    taken_back = exists().where(
        col(Payment.id) == col(document.payment_id),
        col(Payment.status) == "reversed",
    )
    shown = col(document.shown_at).is_not(None)
    odd = or_(
        and_(shown, not_(published)), and_(not_(shown), published, not_(taken_back))
    )
    says = "it is shown, and its invoice is not, or the other way round"
    yield from _rows(session, document, odd, says)


def _disputes_without_their_facts(session: Session, _: datetime) -> Iterator[str]:
    dispute = Dispute
    is_open = col(dispute.resolved_at).is_(None)
    invoice = exists().where(
        col(Invoice.id) == col(dispute.invoice_id),
        col(Invoice.customer_id) == col(dispute.customer_id),
        col(Invoice.currency) == col(dispute.currency),
        col(Invoice.published_at).is_not(None),
    )
    is_void = exists().where(
        col(Invoice.id) == col(dispute.invoice_id), col(Invoice.state) == "void"
    )
    wrong = {
        "its invoice does not fit": not_(invoice),
        "open on a void invoice": and_(is_open, is_void),
        "without a reason": col(dispute.reason) == "",
        "over without an answer": and_(
            not_(is_open),
            col(dispute.outcome) != "withdrawn",
            col(dispute.answer) == "",
        ),
        "ended as void, and the invoice is not": and_(
            col(dispute.outcome) == "void", not_(is_void)
        ),
    }
    for says, broken in wrong.items():
        yield from _rows(session, dispute, broken, says)


def _attempts_beside_their_money(session: Session, _: datetime) -> Iterator[str]:
    """A try to pay has succeeded, or is held, exactly when its money is here."""
    attempt = PaymentAttempt
    arrived = exists().where(col(Payment.attempt_id) == col(attempt.id))
    ended = col(attempt.status).in_(("succeeded", "held"))
    says = "it has its money and did not end so, or the other way round"
    yield from _rows(session, attempt, ended != arrived, says)


def _money_that_vanished(session: Session, _: datetime) -> Iterator[str]:
    """What came is allocated, credit, returned or held, and the ledger agrees."""
    is_settled = col(Payment.status) == "settled"
    stray = and_(not_(is_settled), col(Payment.allocated_minor) != 0)
    yield from _rows(session, Payment, stray, "it pays though it does not count")

    kept = col(Payment.amount_minor) - col(Payment.refunded_minor)
    credit = kept - col(Payment.allocated_minor)
    facts = select(
        col(Payment.workspace_id),
        col(Payment.currency),
        func.sum(kept),
        func.sum(credit),
    ).where(is_settled)
    expected = {
        (workspace_id, currency): (int(cash), -int(credit))
        for workspace_id, currency, cash, credit in session.execute(
            facts.group_by(col(Payment.workspace_id), col(Payment.currency))
        )
    }
    booked = _balances(session)
    for key in sorted(expected.keys() | booked.keys()):
        wanted = expected.get(key, (0, 0))
        found = booked.get(key, (0, 0))
        if wanted != found:
            yield (
                f"workspace {key[0]}, {key[1]}: cash and credit are {found} in the "
                f"ledger and {wanted} by the payments"
            )


def _documents_that_changed(session: Session, _: datetime) -> Iterator[str]:
    """Every document still has the digest it was issued with, and its figures."""
    document = IssuedDocument
    statement = (
        select(
            col(document.id),
            col(document.kind),
            col(document.number),
            col(document.content),
            col(document.content_digest),
            col(Invoice.number),
            col(Invoice.currency),
            col(Invoice.total_minor),
            col(Invoice.due_minor),
        )
        .join(Invoice, col(Invoice.id) == col(document.invoice_id))
        .order_by(col(document.id))
        .execution_options(yield_per=_BATCH)
    )
    for row in session.execute(statement):
        document_id, kind, number, content, digest, *facts = row
        if content_digest(content) != digest:
            yield f"document {document_id} ({number}) is not what was issued"
            continue
        printed = json.loads(content)
        names = ("number", "currency", "total_minor", "due_minor")
        if kind == "invoice" and [printed.get(name) for name in names] != facts:
            yield f"document {document_id} ({number}) shows other figures"


def _printed_otherwise(session: Session, _: datetime) -> Iterator[str]:
    """What the audit trail says was printed is what is stored as printed."""
    entry, last = AuditEntry, 0
    columns = (col(entry.id), col(entry.invoice_id), col(entry.details))
    noted = (
        select(*columns)
        .where(col(entry.event) == DocumentPrinted.name())
        .order_by(col(entry.id))
        .limit(_BATCH)
    )
    while entries := session.execute(noted.where(col(entry.id) > last)).all():
        last = entries[-1].id
        stored = _printed_digests(session, {row.invoice_id for row in entries})
        for _id, invoice_id, said in entries:
            place = invoice_id, said["payment_id"], said["credit_note_id"]
            if stored.get(place) != [said["content_digest"], said["pdf_digest"]]:
                number = said["number"]
                yield f"{number}: the audit trail says that another file was printed"


def _printed_digests(
    session: Session, invoice_ids: set[int]
) -> dict[tuple[int, int | None, int | None], list[str]]:
    """Return the digests of all documents of these invoices.

    By invoice, and by the payment or the credit note where it is of one.
    """
    document, note = IssuedDocument, CreditNote
    documents = select(
        col(document.invoice_id),
        col(document.payment_id),
        col(document.content_digest),
        col(document.pdf_digest),
    ).where(col(document.invoice_id).in_(invoice_ids))
    notes = select(
        col(note.invoice_id),
        col(note.id),
        col(note.content_digest),
        col(note.pdf_digest),
    ).where(col(note.invoice_id).in_(invoice_ids))
    found: dict[tuple[int, int | None, int | None], list[str]] = {
        (invoice_id, payment_id or None, None): digests
        for invoice_id, payment_id, *digests in session.execute(documents)
    }
    found.update(
        ((invoice_id, None, note_id), digests)
        for invoice_id, note_id, *digests in session.execute(notes)
    )
    return found


def _credited_too_much(session: Session, _: datetime) -> Iterator[str]:
    """No more is credited than was billed, of no tax, and to nobody else."""
    note = CreditNote
    total = func.sum(note.total_minor)
    too_much = (
        select(col(note.invoice_id), total, col(Invoice.total_minor))
        .join(Invoice, col(Invoice.id) == col(note.invoice_id))
        .group_by(col(note.invoice_id), col(Invoice.total_minor))
        .having(total > col(Invoice.total_minor))
    )
    for invoice_id, minor, most in session.execute(too_much):
        yield f"invoice {invoice_id}: {minor} credited of {most}"
    same = exists().where(
        col(Invoice.id) == col(note.invoice_id),
        col(Invoice.workspace_id) == col(note.workspace_id),
        col(Invoice.customer_id) == col(note.customer_id),
        col(Invoice.currency) == col(note.currency),
        col(Invoice.state) == "issued",
    )
    yield from _rows(session, note, not_(same), "its invoice is another's")
    published = exists().where(
        col(Invoice.id) == col(note.invoice_id),
        col(Invoice.published_at).is_not(None),
    )
    odd = col(note.shown_at).is_not(None) != published
    yield from _rows(session, note, odd, "the customer sees it without its invoice")
    booked = exists().where(
        col(LedgerEntry.workspace_id) == col(note.workspace_id),
        col(LedgerEntry.journal) == "credit_note:" + cast(col(note.id), String),
    )
    yield from _rows(session, note, not_(booked), "the ledger knows nothing of it")
    yield from _credit_notes_that_changed(session)


def _credit_notes_that_changed(session: Session) -> Iterator[str]:
    statement = select(CreditNote).order_by(col(CreditNote.id))
    for note in session.scalars(statement.execution_options(yield_per=_BATCH)):
        name = f"credit note {note.id} ({note.number})"
        if content_digest(note.content) != note.content_digest:
            yield f"{name} is not what was issued"
            continue
        printed = json.loads(note.content)
        names = ("number", "currency", "net_minor", "tax_minor", "amount_minor")
        if any(printed.get(each) != getattr(note, each) for each in names):
            yield f"{name} shows other figures"
        if sum(sum(share) for share in note.shares) != note.total_minor:
            yield f"{name}: its shares do not add up"
        if sum(tax["tax_minor"] for tax in printed["taxes"]) != note.tax_minor:
            yield f"{name}: its taxes do not add up"


def _payments_twice(session: Session, _: datetime) -> Iterator[str]:
    for table, names in (
        (Payment, ("provider", "provider_payment_id")),
        (InboundEvent, ("source", "external_id")),
    ):
        columns = [getattr(table, name) for name in ("workspace_id", *names)]
        statement = (
            select(*columns, func.count())
            .where(columns[-1].is_not(None))
            .group_by(*columns)
            .having(func.count() > 1)
        )
        for workspace_id, _source, name, count in session.execute(statement):
            yield f"{table.__name__} {name} of workspace {workspace_id}: {count} times"


def _webhooks_left_lying(session: Session, now: datetime) -> Iterator[str]:
    known = ("waiting", "handled", "ignored", "quarantined")
    event = InboundEvent
    late = and_(
        col(event.status) == "waiting", col(event.received_at) < now - _INBOX_PATIENCE
    )
    yield from _rows(session, event, late, "nobody has finished it")
    odd = col(event.status).not_in(known)
    yield from _rows(session, event, odd, "its status is unknown")


def _money_that_was_not_asked_for(session: Session, _: datetime) -> Iterator[str]:
    """Online money counts only as the answer to an attempt of ours."""
    payment, attempt = Payment, PaymentAttempt
    asked = exists().where(
        col(attempt.id) == col(payment.attempt_id),
        col(attempt.workspace_id) == col(payment.workspace_id),
        col(attempt.invoice_id) == col(payment.invoice_id),
        col(attempt.currency) == col(payment.currency),
        col(attempt.amount_minor) == col(payment.amount_minor),
        or_(col(attempt.checkout_id).is_not(None), col(attempt.intent_id).is_not(None)),
    )
    # What a person accepted after a look was held before, and says why.
    broken = and_(
        col(payment.provider).is_not(None),
        col(payment.status) == "settled",
        col(payment.hold_reason) == "",
        not_(asked),
    )
    yield from _rows(session, payment, broken, "no attempt of ours asked for it")
    yield from _parts_that_do_not_fit(session)
    for table in (Allocation, Payment):
        other = exists().where(
            col(Invoice.id) == col(table.invoice_id),
            col(Invoice.customer_id) != col(table.customer_id),
        )
        yield from _rows(session, table, other, "its invoice is another customer's")


def _parts_that_do_not_fit(session: Session) -> Iterator[str]:
    """What one payment is to pay of several invoices comes to what was asked for."""
    attempt, part = PaymentAttempt, PaymentAttemptPart
    sums = (
        select(col(part.attempt_id))
        .join(attempt, col(attempt.id) == col(part.attempt_id))
        .group_by(col(part.attempt_id), col(attempt.amount_minor))
        .having(
            or_(
                func.sum(part.amount_minor) != col(attempt.amount_minor),
                func.count() < 2,
            )
        )
    )
    for attempt_id in session.scalars(sums.order_by(col(part.attempt_id))):
        yield f"payment_attempt {attempt_id}: its parts do not add up"
    strange = exists().where(
        col(Invoice.id) == col(part.invoice_id),
        col(attempt.id) == col(part.attempt_id),
        or_(
            col(Invoice.customer_id) != col(attempt.customer_id),
            col(Invoice.currency) != col(attempt.currency),
        ),
    )
    yield from _rows(session, part, strange, "its invoice does not fit the attempt")


def _numbers_with_gaps(session: Session, _: datetime) -> Iterator[str]:
    """Numbers follow each other without gap, in the order of issue."""
    for table in (Invoice, CreditNote):
        yield from _gaps(session, table)
        yield from _numbers_out_of_order(session, table)
    value = col(Invoice.series_value)
    for table, code in ((Invoice, "invoice"), (CreditNote, "credit_note")):
        yield from _numbers_of_another_period(session, table, code)
        yield from _numbers_of_another_customer(session, table, code)
    unnumbered = and_(col(Invoice.number).is_not(None), value.is_(None))
    yield from _rows(session, Invoice, unnumbered, "its number is of no series")


def _gaps(session: Session, table: type[Any]) -> Iterator[str]:
    value = col(table.series_value)
    series = (
        select(
            col(table.workspace_id),
            col(table.series_code),
            func.count(),
            func.min(value),
            func.max(value),
            func.max(NumberSeries.next_value),
        )
        .join(
            NumberSeries,
            and_(
                col(NumberSeries.workspace_id) == col(table.workspace_id),
                col(NumberSeries.code) == col(table.series_code),
            ),
            isouter=True,
        )
        .where(value.is_not(None))
        .group_by(col(table.workspace_id), col(table.series_code))
    )
    for workspace_id, code, count, first, last, following in session.execute(series):
        place = f"series {code} of workspace {workspace_id}"
        if last - first + 1 != count:
            yield f"{place}: {count} numbers from {first} to {last}"
        if following is None or following <= last:
            yield f"{place}: its next number {following} is taken"


def _numbers_out_of_order(session: Session, table: type[Any]) -> Iterator[str]:
    earlier = (
        func.lag(col(table.issued_at))
        .over(
            partition_by=(col(table.workspace_id), col(table.series_code)),
            order_by=col(table.series_value),
        )
        .label("earlier")
    )
    ordered = (
        select(col(table.number), col(table.issued_at), earlier)
        .where(col(table.series_value).is_not(None))
        .subquery()
    )
    statement = select(ordered.c.number).where(ordered.c.issued_at < ordered.c.earlier)
    for number in session.scalars(statement):
        yield f"{number} was issued before the number that precedes it"


def _numbers_of_another_period(
    session: Session, table: type[Any], series_code: str
) -> Iterator[str]:
    """What counts anew each year or month was counted in that of its date."""
    code, day = col(table.series_code), cast(col(table.issued_on), String)
    year, month = ":____", ":____-__"
    theirs = f"{customers_start(series_code)}%"
    strange = or_(
        *(
            and_(
                code.like(stem + form),
                # What is behind the colon, whatever stands before it.
                func.substr(code, func.length(code) - size + 1)
                != func.substr(day, 1, size),
            )
            for stem in (series_code, theirs)
            for form, size in ((year, 4), (month, 7))
        )
    )
    yield from _rows(session, table, strange, "its number is of another period")


def _numbers_of_another_customer(
    session: Session, table: type[Any], series_code: str
) -> Iterator[str]:
    """What each customer counts for themselves was counted by their own code."""
    code, start = col(table.series_code), customers_start(series_code)
    own = literal(start) + col(Customer.number_code)
    theirs = exists().where(
        col(Customer.id) == col(table.customer_id),
        col(Customer.workspace_id) == col(table.workspace_id),
        or_(code == own, code.like(own + ":%")),
    )
    strange = and_(code.like(f"{start}%"), not_(theirs))
    yield from _rows(session, table, strange, "its number is another customer's")


def _promises_in_two_states(session: Session, _: datetime) -> Iterator[str]:
    message = OutboxMessage
    broken = and_(
        col(message.done_at).is_not(None), col(message.failed_at).is_not(None)
    )
    yield from _rows(session, message, broken, "it is done and failed at once")
    keys = [col(message.workspace_id), col(message.topic), col(message.key)]
    twice = select(*keys).group_by(*keys).having(func.count() > 1)
    for workspace_id, topic, key in session.execute(twice):
        yield f"{topic} {key} of workspace {workspace_id} is promised twice"


def _lines_beside_their_events(session: Session, _: datetime) -> Iterator[str]:
    """What happened multiplies to its amount; billed lines charge exactly that."""
    event = BillableEvent
    same = exists().where(
        col(Invoice.id) == col(event.invoice_id),
        col(Invoice.workspace_id) == col(event.workspace_id),
        col(Invoice.customer_id) == col(event.customer_id),
        col(Invoice.currency) == col(event.currency),
    )
    theirs = or_(col(event.invoice_id).is_(None), same)
    yield from _rows(session, event, not_(theirs), "its invoice is another's")
    billed = col(event.billed_at).is_not(None)
    placed = and_(
        col(event.invoice_id).is_not(None), col(event.line_position).is_not(None)
    )
    yield from _rows(session, event, billed != placed, "billed, and on no line")
    seen = exists().where(
        col(Invoice.id) == col(event.invoice_id),
        col(Invoice.published_at).is_not(None),
    )
    shown = col(event.shown_at).is_not(None)
    odd = "it is shown, and its invoice is not, or the other way round"
    yield from _rows(session, event, shown != and_(billed, seen), odd)

    sums: dict[tuple[int, int], Money] = {}
    statement = select(event).order_by(col(event.id))
    for row in session.scalars(statement.execution_options(yield_per=_BATCH)):
        factors = factors_from_json(row.factors)
        quantity = quantity_of(factors)
        if (row.quantity, row.amount) != (quantity, quantity * row.rate):
            yield f"event {row.id} ({row.reference}) is not what its factors say"
        if row.invoice_id is not None and row.line_position is not None:
            line = row.invoice_id, row.line_position
            amount = amount_of(factors, row.rate, row.currency)
            sums[line] = sums[line] + amount if line in sums else amount
    yield from _charged_otherwise(session, sums)


def _charged_otherwise(
    session: Session, sums: dict[tuple[int, int], Money]
) -> Iterator[str]:
    """Compare lines, before their own discount, with what their events come to."""
    missing = dict(sums)
    invoice_ids = sorted({invoice_id for invoice_id, _ in sums})
    for start in range(0, len(invoice_ids), _BATCH):
        some: list[int | None] = [*invoice_ids[start : start + _BATCH]]
        for line in itertools.chain(*_lines_by_invoice(session, some).values()):
            place = line.invoice_id, line.position + 1
            wanted = missing.pop(place, None)
            if wanted is None:
                continue
            charged = priced(line.quantity, line.unit_price, wanted.currency)
            if charged != wanted:
                yield (
                    f"invoice {place[0]}: line {place[1]} charges {charged.minor}, "
                    f"its events come to {wanted.minor}"
                )
    for invoice_id, position in missing:
        yield f"invoice {invoice_id}: events name line {position}, which is not there"


def _acts_without_an_entry(session: Session, _: datetime) -> Iterator[str]:
    """Whatever was done to an invoice or a payment is in the audit trail."""
    steps = {
        "invoice_issued": col(Invoice.state) != "draft",
        "invoice_published": col(Invoice.published_at).is_not(None),
        "invoice_voided": col(Invoice.state) == "void",
        "invoice_cancelled": col(Invoice.cancelled_at).is_not(None),
        "invoice_written_off": col(Invoice.written_off_minor) != 0,
    }
    for event, happened in steps.items():
        noted = exists().where(
            col(AuditEntry.invoice_id) == col(Invoice.id),
            col(AuditEntry.event) == event,
        )
        missing = and_(happened, not_(noted))
        yield from _rows(session, Invoice, missing, f"no entry says {event}")

    noted_payments = _events_in_trail(session, "payment_", "payment_id")
    statement = select(col(Payment.id), col(Payment.status)).order_by(col(Payment.id))
    for payment_id, status in session.execute(statement):
        events = noted_payments.get(payment_id, set())
        if not events & {"payment_recorded", "payment_settled", "payment_held"}:
            yield f"payment {payment_id}: no entry says where it came from"
        if status == "reversed" and "payment_reversed" not in events:
            yield f"payment {payment_id}: no entry says payment_reversed"
    credited = _events_in_trail(session, "credit_note_issued", "credit_note_id")
    for note_id in session.scalars(
        select(col(CreditNote.id)).order_by(col(CreditNote.id))
    ):
        if note_id not in credited:
            yield f"credit note {note_id}: no entry says credit_note_issued"
    orphan = and_(
        col(AuditEntry.invoice_id).is_not(None),
        not_(exists().where(col(Invoice.id) == col(AuditEntry.invoice_id))),
    )
    yield from _rows(session, AuditEntry, orphan, "its invoice does not exist")


def _fees_beside_their_invoices(session: Session, _: datetime) -> Iterator[str]:
    """A late fee is one line of its amount, on an issued invoice of that customer."""
    fee, late = aliased(Invoice), aliased(Invoice)
    other = aliased(LateFee)
    lines = select(func.count(col(LineItem.id))).where(
        col(LineItem.invoice_id) == col(LateFee.fee_id)
    )
    charged = select(func.coalesce(func.sum(LineItem.amount_minor), 0)).where(
        col(LineItem.invoice_id) == col(LateFee.fee_id)
    )
    noted = exists().where(
        col(AuditEntry.invoice_id) == col(LateFee.invoice_id),
        col(AuditEntry.event) == LateFeeCharged.name(),
    )
    wrong: dict[str, ColumnElement[bool]] = {
        "is of another customer or currency, or of a draft": not_(
            exists().where(_is_beside(fee, col(LateFee.fee_id)))
            & exists().where(_is_beside(late, col(LateFee.invoice_id)))
        ),
        "its line asks for another amount": or_(
            lines.scalar_subquery() != 1,
            charged.scalar_subquery() != col(LateFee.amount_minor),
        ),
        "is charged on a late fee": exists().where(
            col(other.fee_id) == col(LateFee.invoice_id)
        ),
        "no entry says late_fee_charged": not_(noted),
    }
    for says, broken in wrong.items():
        yield from _rows(session, LateFee, broken, says)


def _is_beside(invoice: Any, invoice_id: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(
        invoice.id == invoice_id,
        invoice.workspace_id == LateFee.workspace_id,
        invoice.customer_id == LateFee.customer_id,
        invoice.currency == LateFee.currency,
        invoice.state != "draft",
    )


INVARIANTS = (
    Invariant("INV-1", "every journal balances", _unbalanced_journals),
    Invariant("INV-2", "every amount is whole", _amounts_out_of_range),
    Invariant("INV-3", "totals follow from the lines", _totals_that_differ),
    Invariant("INV-5", "outstanding follows from the facts", _outstanding_that_differs),
    Invariant("INV-5", "the ledger says the same", _receivables_that_differ),
    Invariant("INV-6", "no payment is overspent", _payments_overspent),
    Invariant("INV-7", "states have their facts", _states_without_their_facts),
    Invariant("INV-7", "documents shown together", _documents_shown_otherwise),
    Invariant("INV-7", "disputes have their facts", _disputes_without_their_facts),
    Invariant("INV-15", "tries follow their money", _attempts_beside_their_money),
    Invariant("INV-9", "no money vanishes", _money_that_vanished),
    Invariant("INV-10", "documents never change", _documents_that_changed),
    Invariant("INV-13", "no more is credited than billed", _credited_too_much),
    Invariant("INV-14", "nothing is booked twice", _payments_twice),
    Invariant("INV-16", "every webhook is finished", _webhooks_left_lying),
    Invariant("INV-17", "only money asked for counts", _money_that_was_not_asked_for),
    Invariant("INV-20", "numbers have no gap", _numbers_with_gaps),
    Invariant("INV-22", "promises are made once", _promises_in_two_states),
    Invariant("INV-23", "every act is on record", _acts_without_an_entry),
    Invariant("INV-39", "lines charge for their events", _lines_beside_their_events),
    Invariant("INV-40", "the trail names each file", _printed_otherwise),
    Invariant("INV-42", "late fees fit their invoices", _fees_beside_their_invoices),
)


def _rows(
    session: Session, table: type[Any], broken: ColumnElement[bool], says: str
) -> Iterator[str]:
    statement = select(col(table.id)).where(broken).order_by(col(table.id))
    for row_id in session.scalars(statement):
        yield f"{table.__tablename__} {row_id}: {says}"


def _tables(owner: type[SQLModel]) -> Iterator[type[Any]]:
    for child in owner.__subclasses__():
        if hasattr(child, "__table__"):
            yield child
        yield from _tables(child)


def _sum_for_invoice(table: type[Any], *conditions: Any) -> ColumnElement[int]:
    return _sum(
        select(func.coalesce(func.sum(table.amount_minor), literal(0)))
        .where(col(table.invoice_id) == col(Invoice.id), *conditions)
        .correlate(Invoice)
    )


def _sum_for_payment(table: type[Any]) -> ColumnElement[int]:
    return _sum(
        select(func.coalesce(func.sum(table.amount_minor), literal(0)))
        .where(col(table.payment_id) == col(Payment.id))
        .correlate(Payment)
    )


def _sum(statement: Select[Any]) -> ColumnElement[int]:
    return statement.scalar_subquery()


def _lines_by_invoice(
    session: Session, invoice_ids: list[int | None]
) -> dict[int | None, list[LineItem]]:
    lines = session.scalars(
        select(LineItem)
        .where(col(LineItem.invoice_id).in_(invoice_ids))
        .order_by(col(LineItem.invoice_id), col(LineItem.position))
    ).all()
    grouped = itertools.groupby(lines, key=lambda line: line.invoice_id)
    return {invoice_id: list(group) for invoice_id, group in grouped}


def _recomputed(invoice: Invoice, lines: list[LineItem]) -> Iterator[str]:
    totals = compute_totals(terms_of(invoice, lines))
    expected = {
        "net_minor": totals.net_total.minor,
        "tax_minor": totals.tax_total.minor,
        "total_minor": totals.total.minor,
        "due_minor": totals.due.minor,
    }
    for name, minor in expected.items():
        stored = getattr(invoice, name)
        if stored != minor:
            yield f"invoice {invoice.id}: {name} is {stored}, its lines say {minor}"
    if sum(group.tax.minor for group in totals.tax_groups) != invoice.tax_minor:
        yield f"invoice {invoice.id}: its taxes do not add up"


def _balances(session: Session) -> dict[tuple[int, str], tuple[int, int]]:
    """Return cash and customer credit by workspace and currency."""
    entry = LedgerEntry

    def standing(account: LedgerAccount) -> ColumnElement[int]:
        is_there = case(
            (col(entry.account) == account, col(entry.amount_minor)), else_=0
        )
        return func.sum(is_there)

    keys = (col(entry.workspace_id), col(entry.currency))
    statement = select(
        *keys, standing(LedgerAccount.CASH), standing(LedgerAccount.CUSTOMER_CREDIT)
    ).group_by(*keys)
    return {
        (workspace_id, currency): (int(cash), int(credit))
        for workspace_id, currency, cash, credit in session.execute(statement)
    }


def _events_in_trail(
    session: Session, prefix: str, name: str
) -> dict[int | None, set[str]]:
    """Return the events of each row that the detail `name` is the id of."""
    statement = select(col(AuditEntry.event), col(AuditEntry.details)).where(
        col(AuditEntry.event).startswith(prefix, autoescape=True)
    )
    found: dict[int | None, set[str]] = {}
    for event, details in session.execute(statement):
        found.setdefault(details[name], set()).add(event)
    return found
