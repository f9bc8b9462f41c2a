"""Issue, publish, send, void and archive: the life of an invoice after the draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, bindparam, exists, or_
from sqlmodel import col, func, select

from billing_app.database.access import inner, job, staff, staff_or_job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.contact import job_key
from billing_app.domain.custom_fields import (
    FilledField,
    check_kept,
    fields_to_json,
    printed_fields,
)
from billing_app.domain.dates import due_on
from billing_app.domain.dispute import Outcome
from billing_app.domain.document import InvoiceDocument, content_digest, to_json
from billing_app.domain.draft import (
    DraftForm,
    ReadDraft,
    check_shown,
    form_from_json,
    read_draft,
)
from billing_app.domain.drafting import Header, LineTexts, build_document
from billing_app.domain.errors import Conflict, InvalidInput
from billing_app.domain.events import (
    DisputeResolved,
    InvoiceArchived,
    InvoiceIssued,
    InvoiceMailed,
    InvoiceMailedAgain,
    InvoicePublished,
    InvoiceSent,
    InvoiceUnarchived,
    InvoiceVoided,
    MailRequeued,
    Topic,
)
from billing_app.domain.exchange_rate import ExchangeRate
from billing_app.domain.invoice import (
    TOTAL_BELOW_ZERO,
    InvoiceState,
    WrongState,
    check_bulk,
    check_issuable,
    check_reason,
    check_step,
    void_hindrance,
)
from billing_app.domain.invoice_mode import InvoiceMode
from billing_app.domain.late_fee import NO_RULE, LateFeeRule, printed_terms
from billing_app.domain.ledger import Posting, postings_for_issue, postings_for_void
from billing_app.domain.parsing import clean_text
from billing_app.domain.payment import PaymentStatus
from billing_app.domain.payment_reference import make_reference
from billing_app.domain.portal_settings import (
    NotifyOn,
    VisibleOn,
    check_may_publish,
)
from billing_app.domain.print_size import check_print_size
from billing_app.domain.qr_bill import make_qr_bill
from billing_app.domain.terms_json import adjustments_to_json, taxes_to_json
from billing_app.domain.totals import DocumentTerms, LineTerms, LineTotals, Totals
from billing_app.models import (
    Allocation,
    CreditNote,
    Customer,
    Dispute,
    Invoice,
    IssuedDocument,
    LineItem,
    OutboxMessage,
    Payment,
    WorkspaceSettings,
    WriteOff,
)
from billing_app.queries.letterhead import (
    bank_of,
    branding,
    buyer_party,
    fields_of,
    language_of,
    late_fees_of,
    read_rules,
    read_settings,
    seller_party,
)
from billing_app.queries.portal_rules import read_workspace_settings
from billing_app.services import billable_events, ledger
from billing_app.services.drafts import lock_draft
from billing_app.services.outstanding import refresh, refresh_disputed
from billing_app.services.portal_links import find_live_link, make_link

SERIES = "invoice"


@dataclass(frozen=True, slots=True)
class IssuedInvoice:
    """What issuing gave."""

    invoice_id: int
    number: str


@staff(Permission.ISSUE_INVOICE)
def issue(
    uow: UnitOfWork, invoice_id: int, version: int, shown: Totals | None = None
) -> IssuedInvoice:
    """Freeze a draft and give it the next number.

    Customers see it only where the business shows invoices as soon as they exist.
    Whoever looked at its sums before passes them as `shown`.

    Raises:
        StaleDraft: somebody saved it since `version` was read.
        TotalChanged: by the taxes and settings of now it comes to something else.
        WrongState: it is issued already.
        InvalidInput: something is missing or can't be read; names the field.
    """
    invoice = lock_draft(uow, invoice_id, version)
    issued = _issue(uow, invoice, shown)
    if read_workspace_settings(uow).visible_on == VisibleOn.ISSUE:
        _publish(uow, invoice)
    return issued


@staff(Permission.ISSUE_INVOICE)
def publish(uow: UnitOfWork, invoice_id: int) -> None:
    """Show an issued invoice in the portal, with a link and one mail.

    Doing it again changes nothing and mails nobody. The mail waits where customers
    get it when the invoice is marked as sent.

    Raises:
        WrongState: a draft or void.
        Conflict: this business shows invoices when they are sent.
    """
    check_may_publish(read_workspace_settings(uow))
    _publish(uow, uow.get(Invoice, invoice_id, lock=True))


@staff(Permission.ISSUE_INVOICE)
def issue_and_publish(
    uow: UnitOfWork, invoice_id: int, version: int, shown: Totals | None = None
) -> IssuedInvoice:
    """Issue and publish in one transaction: both or neither.

    Raises:
        As `issue` and `publish`.
    """
    check_may_publish(read_workspace_settings(uow))
    invoice = lock_draft(uow, invoice_id, version)
    issued = _issue(uow, invoice, shown)
    _publish(uow, invoice)
    return issued


@staff(Permission.ISSUE_INVOICE)
def mark_sent(uow: UnitOfWork, invoice_id: int) -> None:
    """Note that the invoice was sent; the customer gets the one mail about it.

    Raises:
        WrongState: a draft or void.
    """
    _mark_sent(uow, uow.get(Invoice, invoice_id, lock=True))


@job
def note_mailed(uow: UnitOfWork, invoice_id: int) -> None:
    """Note that the first mail with the invoice's link has left: it is sent.

    Changes nothing where it was sent before, or is no longer to be.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    is_shown = invoice.state == InvoiceState.ISSUED and invoice.published_at is not None
    if invoice.sent_at is not None or not is_shown:
        return
    invoice.sent_at = uow.now
    uow.flush()
    uow.record(InvoiceMailed(invoice_id=invoice_id, customer_id=invoice.customer_id))


@staff(Permission.ISSUE_INVOICE)
def mail_again(uow: UnitOfWork, invoice_id: int) -> None:
    """Mail the customer once more that the invoice is there: staff have been asked.

    Raises:
        Conflict: it is not in the portal, so the link in the mail opens nothing.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    if invoice.published_at is None:
        raise Conflict(
            "The link opens nothing yet: the customer does not see the invoice."
        )
    if find_live_link(uow, invoice_id) is None:
        make_link(uow, invoice)
    key = f"invoice:{invoice_id}:again:{uow.now.isoformat(timespec='minutes')}"
    uow.promise(Topic.MAIL_INVOICE, key, invoice_id)
    uow.record(
        InvoiceMailedAgain(invoice_id=invoice_id, customer_id=invoice.customer_id)
    )


@staff(Permission.ISSUE_INVOICE)
def mark_many_sent(uow: UnitOfWork, invoice_ids: list[int]) -> int:
    """Mark the issued ones among these as sent, at most 200 at once.

    Returns:
        How many were not marked before.
    """
    check_bulk(invoice_ids)
    found = uow.all(
        select(Invoice)
        .where(
            col(Invoice.id).in_(invoice_ids),
            col(Invoice.state) == InvoiceState.ISSUED,
            col(Invoice.sent_at).is_(None),
        )
        .order_by(col(Invoice.id))
        .with_for_update()
    )
    for invoice in found:
        _mark_sent(uow, invoice)
    return len(found)


@staff(Permission.VOID_INVOICE)
def void(uow: UnitOfWork, invoice_id: int, reason: str) -> None:
    """Cancel an issued invoice for good. It keeps its number and its document.

    Raises:
        WrongState: a draft, or void already.
        Conflict: money has been allocated to it, which must be returned first, or it
            is on record as credited or written off.
        InvalidInput: no reason.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    check_step(InvoiceState(invoice.state), InvoiceState.VOID)
    reason = check_reason(clean_text(reason, length_max=2_000, field="reason"))
    hindrance = void_hindrance(invoice.allocated_minor, _is_by_card(uow, invoice_id))
    if hindrance:
        raise Conflict(hindrance)
    if uow.first(_CREDIT_NOTE, invoice_id=invoice_id) is not None:
        raise Conflict("It has a credit note. Credit the rest instead of voiding it.")
    if uow.first(_WRITE_OFF, invoice_id=invoice_id) is not None:
        raise Conflict("It was written off. Undo that, and credit it instead.")

    # The database voids nothing that is still disputed.
    end_disputes(uow, invoice, Outcome.VOID, reason)
    invoice.state = InvoiceState.VOID
    invoice.voided_at = uow.now
    invoice.void_reason = reason
    refresh(uow, invoice)
    ledger.post(
        uow,
        f"void:{invoice.id}",
        postings_for_void(_postings(invoice)),
        invoice.currency,
        invoice_id=invoice.id,
        customer_id=invoice.customer_id,
    )
    uow.record(
        InvoiceVoided(
            invoice_id=invoice.id, customer_id=invoice.customer_id, reason=reason
        )
    )


@staff(Permission.ISSUE_INVOICE)
def archive(uow: UnitOfWork, invoice_id: int) -> None:
    """Hide an invoice from active lists. Search finds it and its link opens."""
    invoice = uow.get(Invoice, invoice_id, lock=True)
    if invoice.archived_at is None:
        invoice.archived_at = uow.now
        uow.flush()
        uow.record(
            InvoiceArchived(invoice_id=invoice.id, customer_id=invoice.customer_id)
        )


@staff(Permission.ISSUE_INVOICE)
def archive_many(uow: UnitOfWork, invoice_ids: list[int]) -> list[int]:
    """Archive those among these that are no drafts, at most 200 at once.

    Returns:
        Those that were not archived before.
    """
    check_bulk(invoice_ids)
    found = uow.all(
        select(col(Invoice.id))
        .where(
            col(Invoice.id).in_(invoice_ids),
            or_(
                col(Invoice.state) != InvoiceState.DRAFT,
                col(Invoice.cancelled_at).is_not(None),
            ),
            col(Invoice.archived_at).is_(None),
        )
        .order_by(col(Invoice.id))
    )
    for invoice_id in found:
        archive(uow, invoice_id)
    return list(found)


@staff(Permission.ISSUE_INVOICE)
def unarchive_many(uow: UnitOfWork, invoice_ids: list[int]) -> None:
    """Bring archived invoices back into active lists, at most 200 at once."""
    check_bulk(invoice_ids)
    for invoice_id in sorted(invoice_ids):
        unarchive(uow, invoice_id)


@staff(Permission.ISSUE_INVOICE)
def unarchive(uow: UnitOfWork, invoice_id: int) -> None:
    """Bring an archived invoice back into active lists."""
    invoice = uow.get(Invoice, invoice_id, lock=True)
    if invoice.archived_at is not None:
        invoice.archived_at = None
        uow.flush()
        uow.record(
            InvoiceUnarchived(invoice_id=invoice.id, customer_id=invoice.customer_id)
        )


@staff(Permission.ISSUE_INVOICE)
def retry_mail(uow: UnitOfWork, message_id: int) -> None:
    """Send a failed message again; its Message-ID stays, so nothing arrives twice.

    Raises:
        Conflict: it has not failed.
    """
    message = uow.get(OutboxMessage, message_id, lock=True)
    if message.failed_at is None:
        raise Conflict("This mail has not failed.")
    message.failed_at = None
    message.attempts = 0
    message.available_at = uow.now
    uow.flush()
    uow.record(MailRequeued(invoice_id=message.invoice_id, message_id=message_id))
    uow.touch("outbox")


@dataclass(frozen=True, slots=True)
class ReadyInvoice:
    """Everything an issued invoice is made of, readable and checked.

    Attributes:
        filled: the customer's fields, then those of the invoice.
        late_fees: what it may say that paying late costs.
    """

    terms: DocumentTerms
    totals: Totals
    texts: tuple[LineTexts, ...]
    tax_ids: tuple[str, ...]
    issued_on: date
    due_on: date | None
    delivery_on: date | None = None
    delivery_until_on: date | None = None
    purchase_order: str = ""
    job: str = ""
    notes: str = ""
    payment_terms: str = ""
    mode: InvoiceMode = InvoiceMode.LINES
    filled: tuple[FilledField, ...] = ()
    rate: ExchangeRate | None = None
    late_fees: LateFeeRule = NO_RULE


@staff_or_job(Permission.ISSUE_INVOICE)
def issue_ready(
    uow: UnitOfWork, customer_id: int, ready: ReadyInvoice
) -> IssuedInvoice:
    """Issue what was never a draft, through the same steps: a late fee, or an import.

    Nobody is there to mend anything, so only what can't be printed is refused.
    """
    settings = read_settings(uow)
    customer = uow.get(Customer, customer_id)
    invoice = Invoice(
        customer_id=customer_id,
        customer_name=customer.name,
        customer_name_key=customer.name_key,
        currency=ready.terms.currency,
        look=settings.look,
        created_at=uow.now,
        changed_at=uow.now,
    )
    uow.add(invoice)
    return freeze(uow, invoice, customer, settings, ready)


def check_printable(ready: ReadyInvoice) -> None:
    """Refuse what would take a number and then be too large to print.

    Raises:
        InvalidInput: its texts are too long.
    """
    words = ((x.name, x.description, x.unit, x.group) for x in ready.texts)
    check_print_size(
        {
            "lines": [text for line in words for text in line],
            "notes": [ready.notes],
            "terms": [ready.payment_terms],
            "purchase_order": [ready.purchase_order],
            "job": [ready.job],
            "fields": [each.value for each in ready.filled],
        }
    )


@inner
def freeze(
    uow: UnitOfWork,
    invoice: Invoice,
    customer: Customer,
    settings: WorkspaceSettings,
    ready: ReadyInvoice,
) -> IssuedInvoice:
    """Number, document, lines, ledger and audit of one issue, in this transaction.

    Raises:
        InvalidInput: its texts are too long to print.
    """
    check_printable(ready)
    totals = ready.totals
    assert invoice.id is not None
    assert customer.id is not None
    taken = uow.take_number(SERIES, ready.issued_on, customer.id)
    kind = bank_of(settings, ready.terms.currency).reference_kind
    reference = make_reference(kind, taken.number, invoice.id)
    document = make_document(
        taken.number, reference, settings, customer, invoice.look, ready
    )
    # The database takes no line once the invoice is issued, so lines come first.
    lines = line_values(ready)
    uow.add_all([LineItem(invoice_id=invoice.id, **line) for line in lines])

    invoice.number = taken.number
    invoice.payment_reference = reference or None
    invoice.series_code, invoice.series_value = taken.series_code, taken.series_value
    invoice.state = InvoiceState.ISSUED
    invoice.issued_at = invoice.changed_at = uow.now
    invoice.draft = None
    for name, value in issued_values(customer, ready).items():
        setattr(invoice, name, value)
    uow.flush()
    content = to_json(document)
    uow.add(
        IssuedDocument(
            customer_id=customer.id,
            invoice_id=invoice.id,
            number=taken.number,
            content=content,
            content_digest=content_digest(content),
            issued_at=uow.now,
        )
    )
    ledger.post(
        uow,
        f"issue:{invoice.id}",
        postings_of(totals),
        invoice.currency,
        invoice_id=invoice.id,
        customer_id=customer.id,
    )
    uow.record(
        InvoiceIssued(
            invoice_id=invoice.id,
            customer_id=customer.id,
            number=taken.number,
            total_minor=totals.total.minor,
            currency=invoice.currency,
        )
    )
    return IssuedInvoice(invoice.id, taken.number)


def make_document(
    number: str,
    reference: str,
    settings: WorkspaceSettings,
    customer: Customer,
    look: str,
    ready: ReadyInvoice,
) -> InvoiceDocument:
    """Put together what is printed, with today's letterhead."""
    seller, buyer = seller_party(settings), buyer_party(customer)
    bank = bank_of(settings, ready.terms.currency)
    language = language_of(settings, customer.language)
    header = Header(
        number=number,
        language=language,
        branding=branding(settings, look),
        seller=seller,
        buyer=buyer,
        issued_on=ready.issued_on,
        due_on=ready.due_on,
        delivery_on=ready.delivery_on,
        delivery_until_on=ready.delivery_until_on,
        purchase_order=ready.purchase_order,
        job=ready.job,
        notes=ready.notes,
        terms=printed_terms(
            ready.late_fees, ready.payment_terms, ready.terms.currency, language
        ),
        bank=bank.rows,
        iban=bank.iban,
        reference=reference,
        mode=ready.mode,
        fields=printed_fields(ready.filled),
        rate=ready.rate,
        qr_bill=make_qr_bill(seller, buyer, bank.iban, ready.terms.currency, reference),
    )
    return build_document(header, ready.terms, ready.texts, ready.totals)


def issued_values(customer: Customer, ready: ReadyInvoice) -> dict[str, Any]:
    """Return the columns of an invoice that issuing fills from its terms."""
    terms, totals = ready.terms, ready.totals
    step, given = terms.cash_rounding, terms.rounding
    return {
        "customer_id": customer.id,
        "customer_name": customer.name,
        "customer_name_key": customer.name_key,
        "mode": ready.mode.value,
        "prices_inclusive": terms.prices == "inclusive",
        "decimals": terms.decimals,
        "cash_rounding_minor": step.minor if step is not None else 0,
        "rounding_minor": given.minor if given is not None else None,
        "adjustments": adjustments_to_json(terms.allowances, terms.charges),
        "issued_on": ready.issued_on,
        "due_on": ready.due_on,
        "delivery_on": ready.delivery_on,
        "delivery_until_on": ready.delivery_until_on,
        "purchase_order": ready.purchase_order,
        "job": ready.job,
        "job_key": job_key(ready.job),
        "notes": ready.notes,
        "terms": ready.payment_terms,
        "custom_fields": fields_to_json(ready.filled),
        "net_minor": totals.net_total.minor,
        "tax_minor": totals.tax_total.minor,
        "total_minor": totals.total.minor,
        "prepaid_minor": totals.prepaid.minor,
        "due_minor": totals.due.minor,
        "outstanding_minor": totals.due.minor,
    }


def line_values(ready: ReadyInvoice) -> list[dict[str, Any]]:
    """Return the columns of the line items, in order."""
    together: Sequence[tuple[LineTerms, LineTotals, LineTexts, str]] = list(
        zip(
            ready.terms.lines,
            ready.totals.lines,
            ready.texts,
            ready.tax_ids,
            strict=True,
        )
    )
    return [
        {
            "position": index,
            "name": texts.name,
            "description": texts.description,
            "group_heading": texts.group,
            "quantity": terms.quantity,
            "unit": texts.unit,
            "unit_price": terms.unit_price,
            "base_quantity": terms.base_quantity,
            "discount_percent": _percent(terms),
            "taxes": taxes_to_json(terms.taxes, tax_id),
            "adjustments": adjustments_to_json(terms.allowances, terms.charges),
            "custom_fields": fields_to_json(texts.filled),
            "amount_minor": totals.amount.minor,
            "net_minor": totals.net.minor,
        }
        for index, (terms, totals, texts, tax_id) in enumerate(together)
    ]


def postings_of(totals: Totals) -> tuple[Posting, ...]:
    """Return what issuing an invoice of these totals posts."""
    return postings_for_issue(
        net_minor=totals.net_total.minor,
        tax_minor=totals.tax_total.minor,
        prepaid_minor=totals.prepaid.minor,
        rounding_minor=totals.due.minor - totals.total.minor + totals.prepaid.minor,
    )


def _issue(uow: UnitOfWork, invoice: Invoice, shown: Totals | None) -> IssuedInvoice:
    assert invoice.draft is not None
    form = form_from_json(invoice.draft)
    if not form.customer_id:
        raise InvalidInput("Choose a customer first.", field="customer")
    settings = read_settings(uow)
    customer = uow.get(Customer, form.customer_id)
    rules = read_rules(uow, settings)
    read = read_draft(form, invoice.currency, rules)
    read.check()
    if shown is not None:
        check_shown(shown, read.totals)
    check_kept(rules.customer_fields, customer.custom_fields)
    if read.totals.total.minor < 0:
        raise InvalidInput(TOTAL_BELOW_ZERO, field="lines")
    filled = (*fields_of(settings, customer), *read.filled)
    late_fees = late_fees_of(settings, customer)
    ready = _ready(uow, form, read, invoice, late_fees, filled)
    check_issuable(len(ready.texts), ready.issued_on, ready.due_on)
    billable_events.freeze(uow, invoice, read)
    return freeze(uow, invoice, customer, settings, ready)


def _ready(
    uow: UnitOfWork,
    form: DraftForm,
    read: ReadDraft,
    invoice: Invoice,
    late_fees: LateFeeRule,
    filled: tuple[FilledField, ...],
) -> ReadyInvoice:
    issued_on = read.issued_on or uow.today
    last_day = read.due_on
    if last_day is None and invoice.due_on is not None:
        drafted_on = read.issued_on or invoice.changed_at.date()
        last_day = due_on(issued_on, max(0, (invoice.due_on - drafted_on).days))
    return ReadyInvoice(
        terms=read.terms,
        totals=read.totals,
        texts=tuple(
            LineTexts(
                name=clean_text(line.form.name, length_max=500),
                description=clean_text(
                    line.form.description, length_max=2_000, multiline=True
                ),
                unit=clean_text(line.form.unit, length_max=20),
                group=clean_text(line.form.group, length_max=200),
                share=line.share,
                filled=line.filled,
            )
            for line in read.lines
        ),
        tax_ids=tuple(line.form.tax_id for line in read.lines),
        issued_on=issued_on,
        due_on=last_day,
        delivery_on=read.delivered[0],
        delivery_until_on=read.delivered[1],
        purchase_order=read.purchase_order,
        job=read.job,
        notes=clean_text(form.notes, length_max=10_000, multiline=True, field="notes"),
        payment_terms=clean_text(
            form.terms, length_max=10_000, multiline=True, field="terms"
        ),
        mode=read.mode,
        filled=filled,
        rate=read.rate,
        late_fees=late_fees,
    )


def _publish(uow: UnitOfWork, invoice: Invoice) -> None:
    if invoice.state != InvoiceState.ISSUED:
        raise WrongState("Only an issued invoice can be published.")
    if invoice.published_at is not None:
        return
    assert invoice.id is not None
    show(uow, invoice)
    if read_workspace_settings(uow).notify_on == NotifyOn.PUBLISH:
        promise_mail(uow, invoice.id)


@inner
def show(uow: UnitOfWork, invoice: Invoice) -> None:
    """Show an issued invoice in the portal, with a link; no mail follows from it."""
    assert invoice.id is not None
    invoice.published_at = uow.now
    # The receipt of what was taken back meanwhile stays hidden.
    documents = uow.all(
        select(IssuedDocument).where(
            col(IssuedDocument.invoice_id) == invoice.id,
            ~exists().where(
                col(Payment.id) == col(IssuedDocument.payment_id),
                col(Payment.status) == PaymentStatus.REVERSED,
            ),
        )
    )
    notes = uow.all(select(CreditNote).where(col(CreditNote.invoice_id) == invoice.id))
    for document in (*documents, *notes):
        document.shown_at = uow.now
    uow.flush()
    billable_events.show(uow, invoice.id)
    if find_live_link(uow, invoice.id) is None:
        make_link(uow, invoice)
    uow.record(InvoicePublished(invoice_id=invoice.id, customer_id=invoice.customer_id))


def _mark_sent(uow: UnitOfWork, invoice: Invoice) -> None:
    _publish(uow, invoice)
    if invoice.sent_at is not None:
        return
    invoice.sent_at = uow.now
    uow.flush()
    uow.record(InvoiceSent(invoice_id=invoice.id, customer_id=invoice.customer_id))
    assert invoice.id is not None
    promise_mail(uow, invoice.id)


_CREDIT_NOTE = select(CreditNote.id).where(
    col(CreditNote.invoice_id) == bindparam("invoice_id", type_=BigInteger)
)
_WRITE_OFF = select(WriteOff.id).where(
    col(WriteOff.invoice_id) == bindparam("invoice_id", type_=BigInteger)
)


@inner
def promise_mail(uow: UnitOfWork, invoice_id: int) -> None:
    """Promise the one mail that an invoice is there, whatever else was pressed."""
    uow.promise(Topic.MAIL_INVOICE, f"invoice:{invoice_id}", invoice_id)


_ONLINE_MINOR = (
    select(func.sum(Allocation.amount_minor))
    .join(Payment, col(Payment.id) == col(Allocation.payment_id))
    .where(
        col(Allocation.invoice_id) == bindparam("invoice_id", type_=BigInteger),
        col(Payment.provider).is_not(None),
    )
)


def _is_by_card(uow: UnitOfWork, invoice_id: int) -> bool:
    """Say whether money that pays the invoice came through Stripe."""
    return bool(uow.first(_ONLINE_MINOR, invoice_id=invoice_id))


@inner
def end_disputes(
    uow: UnitOfWork, invoice: Invoice, outcome: Outcome, reason: str
) -> None:
    """End what is disputed of an invoice that asks for nothing any more."""
    statement = select(Dispute).where(
        col(Dispute.invoice_id) == invoice.id, col(Dispute.resolved_at).is_(None)
    )
    assert isinstance(uow.actor, StaffActor)
    for dispute in uow.all(statement):
        dispute.outcome, dispute.answer = outcome, reason
        dispute.resolved_by, dispute.resolved_at = uow.actor.member_id, uow.now
        assert dispute.id is not None
        uow.record(
            DisputeResolved(
                invoice_id=invoice.id,
                customer_id=invoice.customer_id,
                dispute_id=dispute.id,
                outcome=outcome,
                amount_minor=dispute.amount_minor,
                currency=dispute.currency,
            )
        )
    refresh_disputed(uow, invoice)


def _postings(invoice: Invoice) -> tuple[Posting, ...]:
    unrounded = invoice.total_minor - invoice.prepaid_minor
    return postings_for_issue(
        net_minor=invoice.net_minor,
        tax_minor=invoice.tax_minor,
        prepaid_minor=invoice.prepaid_minor,
        rounding_minor=invoice.due_minor - unrounded,
    )


def _percent(terms: LineTerms) -> Decimal:
    if len(terms.allowances) == 1 and terms.allowances[0].amount is None:
        return terms.allowances[0].percent or Decimal(0)
    return Decimal(0)
