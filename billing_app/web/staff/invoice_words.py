"""One invoice in the words of its page: amounts, days and states written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from billing_app.documents.glyphs import font_words
from billing_app.domain.combined_payment import some_numbers
from billing_app.domain.dispute import outcome_words
from billing_app.domain.e_invoice import (
    BilledDocument,
    find_gaps,
    find_network_gaps,
    leitweg_of,
)
from billing_app.domain.events import Topic
from billing_app.domain.invoice import (
    InvoiceState,
    InvoiceStatus,
    void_hindrance,
    write_off_hindrance,
)
from billing_app.domain.payment import PaymentStatus, method_name
from billing_app.domain.payment_reference import format_reference
from billing_app.domain.portal_dispute import line_words
from billing_app.domain.promise import PromiseState
from billing_app.domain.speech import SOURCE_LANGUAGE
from billing_app.domain.taxes import VAT_COUNTRIES
from billing_app.queries.credit_notes import InvoiceLink
from billing_app.queries.disputes import StaffDispute
from billing_app.queries.invoice_detail import (
    InvoiceDetail,
    MailFacts,
    StaffAttempt,
    StaffPayment,
)
from billing_app.web import formats
from billing_app.web.staff.mail_words import publish_hint


@dataclass(frozen=True, slots=True)
class InvoiceCard:
    """The head of the page.

    Attributes:
        late: a second badge for money that is late under another status.
        reads: the customer's own word for the status, where they see another one.
        left: the words under the large amount.
        can_: what may be offered now, whoever looks.
        ended: why nothing is asked for, where somebody decided that.
    """

    id: int = 0
    number: str = ""
    status: str = ""
    late: str = ""
    reads: str = ""
    customer: str = ""
    customer_href: str = ""
    purchase_order: str = ""
    due: str = ""
    broken: str = ""
    viewed: str = ""
    viewed_exactly: str = ""
    amount: str = ""
    cents: str = ""
    left: str = ""
    received: str = ""
    currency: str = ""
    void_title: str = ""
    void_words: str = ""
    ended: str = ""
    write_off_title: str = ""
    write_off_words: str = ""
    write_off_hindrance: str = ""
    issued: str = ""
    pdf_href: str = ""
    original_href: str = ""
    cii_href: str = ""
    ubl_href: str = ""
    is_e_invoice: bool = False
    e_invoice: str = ""
    pdf_error: str = ""
    can_pay: bool = False
    credit_words: str = ""
    can_publish: bool = False
    publish_hint: str = ""
    can_mark_sent: bool = False
    can_void: bool = False
    can_write_off: bool = False
    can_undo_write_off: bool = False
    void_hindrance: str = ""
    can_credit: bool = False
    replaces: str = ""
    replaced_by: str = ""
    replaced_href: str = ""
    is_issued: bool = False
    is_cancelled: bool = False
    is_published: bool = False
    is_archived: bool = False
    has_link: bool = False
    disputed: str = ""


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """Money that came, or an attempt that did not become money.

    Attributes:
        amount: what pays this invoice; all that came where nothing does, or not yet.
        whole: what the amount is a part of; empty where it is all.
        credit: what can be refunded, as typed; empty where nothing can.
        returns: how it goes back.
        receipt: its number; empty where there is none.
    """

    key: str
    id: int
    date: str
    method: str
    reference: str
    notes: str
    by: str
    badge: str
    words: str
    detail: str
    amount: str
    counts: bool
    is_reversible: bool
    whole: str = ""
    credit: str = ""
    returns: str = ""
    receipt: str = ""
    receipt_href: str = ""


@dataclass(frozen=True, slots=True)
class DisputeLine:
    """A dispute as the page shows it.

    Attributes:
        how: how it ended and by whom; empty while it is open.
        note: staff only.
    """

    id: int
    about: str
    amount: str
    is_open: bool
    opened: str
    reason: str
    how: str
    answer: str
    note: str


@dataclass(frozen=True, slots=True)
class MailLine:
    """A mail about the invoice."""

    id: int
    words: str
    state: str
    at: str
    error: str
    is_failed: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the details, and what may be wrong with it."""

    name: str
    words: str
    warning: str = ""


ICON_BY_EVENT = {
    "invoice_viewed": "eye",
    "invoice_published": "send",
    "invoice_sent": "send",
    "invoice_mailed": "mail",
    "invoice_issued": "invoice",
    "invoice_voided": "void",
    "invoice_cancelled": "cancelled",
    "invoice_written_off": "written-off",
    "write_off_undone": "undo",
    "credit_note_issued": "credited",
    "invoice_reissued": "copy",
    "invoice_archived": "archived",
    "invoice_unarchived": "archived",
    "invoice_duplicated": "copy",
    "link_created": "link",
    "link_revoked": "unlink",
    "link_shared": "mail",
    "portal_previewed": "eye",
    "mail_requeued": "mail",
    "webhook_retried": "webhook",
    "payment_recorded": "payment",
    "payment_settled": "paid",
    "payment_reversed": "undo",
    "refund_requested": "refund",
    "payment_refunded": "refund",
    "refund_failed": "undo",
    "payment_held": "shield-alert",
    "payment_released": "shield",
    "payment_disputed": "disputed",
    "credit_allocated": "payment",
    "attempt_started": "card",
    "attempt_processing": "processing",
    "attempt_failed": "declined",
    "attempt_declined": "declined",
    "attempt_expired": "clock",
    "comment_posted": "comment",
    "comment_removed": "comment",
    "staff_note_written": "lock",
    "dispute_opened": "disputed",
    "dispute_resolved": "check",
    "dispute_withdrawn": "undo",
    "visit:fetched": "globe",
    "visit:seen": "eye",
    "visit:verified": "shield",
    "promise_made": "calendar",
    "reminder_queued": "clock",
    "reminder_sent": "mail",
    "code_sent": "mail",
    "customer_signed_in": "shield",
    "customer_created": "customers",
    "customer_changed": "pencil",
    "customer_archived": "archived",
    "customer_restored": "archived",
    "settings_changed": "settings",
}
DEFAULT_ICON = "history"
_MAIL_WORDS = {
    Topic.MAIL_INVOICE: "Invoice available",
    Topic.MAIL_LINK: "Shared link",
    Topic.MAIL_RECEIPT: "Receipt",
    Topic.MAIL_REFUND: "Refund",
    Topic.MAIL_CREDIT_NOTE: "Credit note",
    Topic.MAIL_REMINDER: "Reminder",
    Topic.MAIL_DISPUTE_OPENED: "Dispute, to staff",
    Topic.MAIL_DISPUTE_RESOLVED: "Answer to a dispute",
    Topic.MAIL_COMMENT: "New comment",
}
_MAIL_STATES = {
    "sent": "Sent",
    "kept": "Kept in the mailbox, not sent: no mail server is set up",
    "failed": "Failed",
    "retrying": "Trying again",
    "waiting": "Waiting",
}
PAYMENT_BADGES = {
    PaymentStatus.SETTLED: ("Paid", "Settled"),
    PaymentStatus.HELD: ("Disputed", "Held for review"),
    PaymentStatus.REVERSED: ("Void", "Reversed"),
}
_ATTEMPT_BADGES = {
    "processing": ("Processing", "Processing"),
    "failed": ("Void", "Declined"),
    "open": ("Draft", "Not finished"),
    "unknown": ("Draft", "Being checked"),
}


def payment_badge(
    status: PaymentStatus, amount_minor: int, refunded_minor: int, currency: str
) -> tuple[str, str]:
    """Return how a payment's badge looks and what it says."""
    if status != PaymentStatus.SETTLED or not refunded_minor:
        return PAYMENT_BADGES[status]
    if refunded_minor == amount_minor:
        return "Void", "Refunded"
    refunded = formats.money(refunded_minor, currency)
    whole = formats.money(amount_minor, currency)
    return "Partially paid", f"{refunded} of {whole} refunded"


def _pdf_words(it: InvoiceDetail, print_problem: str) -> str:
    """Say why there is no PDF, also before anybody has tried to make it."""
    if it.has_pdf or not it.number:
        return it.pdf_error
    here = f"PDF can't be made here: {print_problem}" if print_problem else ""
    return here or it.pdf_error


def card_of(it: InvoiceDetail, fonts: Path, print_problem: str) -> InvoiceCard:
    """Put an invoice's head into words; `fonts` as for `paper_words`.

    `print_problem` is why no PDF can be made here, or empty.
    """
    is_issued = it.state == InvoiceState.ISSUED
    is_whole = it.state == InvoiceState.VOID or it.cancelled_at is not None
    shown = it.total_minor if is_whole else it.outstanding_minor
    amount, cents = formats.split_money(shown, it.currency)
    late = formats.days_late(it.due_on, it.moment) if it.is_late else 0
    late_words = f"Overdue {formats.count_of(late, 'day')}"
    is_overdue = it.status == InvoiceStatus.OVERDUE
    # Part of the money came and the rest is late: two badges say both.
    is_both = is_overdue and it.allocated_minor > 0
    viewed, other = it.first_viewed_at, it.replaced_by or it.replaces
    viewed_on = formats.local(viewed, it.moment).date() if viewed else None
    return InvoiceCard(
        id=it.id,
        number=it.number or "Draft",
        status=InvoiceStatus.PARTIALLY_PAID if is_both else it.status,
        late=late_words if is_both or (late and not is_overdue) else "",
        reads=f"Customer reads “{it.customer_word}”"
        if it.customer_word and it.published_at
        else "",
        customer=it.customer_name,
        customer_href=f"/customers/{it.customer_id}" if it.customer_id else "",
        purchase_order=_order_words(it.purchase_order),
        due=_due(it, late),
        broken=_broken(it),
        viewed=f"Customer viewed on {formats.full_day(viewed_on)}" if viewed else "",
        viewed_exactly=formats.exact_instant(viewed, it.moment) if viewed else "",
        amount=amount,
        cents=cents,
        left=_left(it),
        received=_received(it),
        currency=it.currency,
        void_title=f"Void {it.number}?",
        void_words=(
            f"{it.customer_name}, {formats.money(it.total_minor, it.currency)}. "
            "It stays on record, its link shows “Void”, and open payment pages are "
            "closed. This can't be undone."
        ),
        ended=_ended(it),
        write_off_title=f"Write off {it.number}?",
        write_off_words=(
            f"{it.customer_name}, {formats.money(it.outstanding_minor, it.currency)}. "
            "Nobody is asked for it any more: the portal says “Closed”, reminders "
            "stop, open payment pages are closed. Tax stays as it was issued; a "
            "credit note is what takes it back. You can undo this."
        ),
        write_off_hindrance=write_off_hindrance(
            it.processing_minor,
            it.disputed_minor,
            is_held=any(each.status == "held" for each in it.payments),
        ),
        issued=_issued(it),
        pdf_href=f"/api/invoices/{it.id}/invoice.pdf",
        original_href=f"/api/invoices/{it.id}/invoice.pdf?original=1"
        if it.voided_on
        else "",
        cii_href=f"/api/invoices/{it.id}/invoice.cii.xml",
        ubl_href=f"/api/invoices/{it.id}/invoice.ubl.xml",
        is_e_invoice=it.document is not None and not find_gaps(it.document),
        e_invoice=_e_invoice_words(it, fonts),
        pdf_error=_pdf_words(it, print_problem),
        can_pay=is_issued and it.outstanding_minor > 0,
        credit_words=_credit_words(it) if is_issued else "",
        can_publish=is_issued and it.published_at is None and it.may_publish,
        publish_hint=publish_hint(it.mails_when_published),
        can_mark_sent=is_issued and it.sent_at is None and it.outstanding_minor > 0,
        can_void=is_issued and not it.credited_minor and not it.was_written_off,
        can_write_off=is_issued and it.outstanding_minor > 0,
        can_undo_write_off=it.written_off_minor > 0,
        void_hindrance=_void_hindrance(it),
        can_credit=is_issued
        and not it.written_off_minor
        and it.credited_minor < it.due_minor,
        replaces=_number_of(it.replaces),
        replaced_by=_number_of(it.replaced_by),
        replaced_href=f"/invoices/{other.id}" if other else "",
        is_issued=it.state != InvoiceState.DRAFT,
        is_cancelled=it.cancelled_at is not None,
        is_published=it.published_at is not None,
        is_archived=it.archived_at is not None,
        has_link=it.link is not None,
        disputed=f"Disputed {formats.money(it.disputed_minor, it.currency)}"
        if it.disputed_minor
        else "",
    )


def _e_invoice_words(it: InvoiceDetail, fonts: Path) -> str:
    words = paper_words(it.document, fonts, is_issued=it.state != InvoiceState.DRAFT)
    if not it.voided_on or it.document is None or find_gaps(it.document):
        return words
    return f"{_VOID_XML} {words}".rstrip()


def paper_words(
    document: BilledDocument | None, fonts: Path, *, is_issued: bool = False
) -> str:
    """Say what is wrong with a document on paper, and why it is only a plain PDF.

    `fonts` is the folder of the operator's own fonts.
    """
    if document is None:
        return ""
    said = (plain_pdf_words(document, is_issued=is_issued), font_words(document, fonts))
    return " ".join(filter(None, said))


def plain_pdf_words(document: BilledDocument, *, is_issued: bool) -> str:
    """Say why a document is a plain PDF, or lacks what its buyer's network wants.

    Where nobody sends e-invoices nobody is told. What a network wants is named while
    it can still be added.
    """
    if document.seller.country not in VAT_COUNTRIES:
        return ""
    gaps = find_gaps(document)
    if gaps:
        return f"Not an e-invoice, a plain PDF: {' '.join(gaps)}"
    lacking = find_network_gaps(document)
    name = "an XRechnung" if leitweg_of(document.buyer) else "for Peppol"
    if lacking and is_issued:
        return f"An e-invoice, but not {name}."
    return f"An e-invoice, but not {name} yet: {' '.join(lacking)}" if lacking else ""


def _number_of(it: InvoiceLink | None) -> str:
    return (it.number or "a draft") if it else ""


def _order_words(order: str) -> str:
    """Say what the number is, unless it does so itself as in PO 4500-2291."""
    return order if not order or order.upper().startswith("PO") else f"PO {order}"


def _credit_words(it: InvoiceDetail) -> str:
    """Name the credit that could pay what is outstanding."""
    if it.outstanding_minor <= 0 or it.credit_minor <= 0:
        return ""
    return (
        f"{it.customer_name} has {formats.money(it.credit_minor, it.currency)} credit."
    )


def becomes(it: InvoiceDetail, left_minor: int) -> str:
    """Say what the invoice will be with so much left of it."""
    if left_minor <= 0:
        return f"Becomes {InvoiceStatus.PAID}"
    if it.is_late:
        return f"Stays {InvoiceStatus.OVERDUE}"
    return f"Becomes {InvoiceStatus.PARTIALLY_PAID}"


def payment_lines(it: InvoiceDetail) -> list[PaymentLine]:
    lines = [
        *((each.received_on, _payment_line(each, it)) for each in it.payments),
        *(
            (formats.local(each.changed_at, it.moment).date(), _attempt_line(each, it))
            for each in it.attempts
        ),
    ]
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def dispute_lines(it: InvoiceDetail) -> list[DisputeLine]:
    return [_dispute_line(each, it) for each in it.disputes]


def mail_lines(it: InvoiceDetail) -> list[MailLine]:
    return [_mail_line(mail, it) for mail in it.mails]


def facts_of(it: InvoiceDetail) -> list[Fact]:
    return [Fact(name, words) for name, words in _facts(it) if words]


def _facts(it: InvoiceDetail) -> Iterator[tuple[str, str]]:
    is_draft = it.state == InvoiceState.DRAFT
    yield "Dated" if is_draft else "Issued", formats.full_day(it.issued_on)
    yield "Due", formats.full_day(it.due_on) if it.due_on else "No due date"
    yield "Delivered", _delivery_words(it)
    yield "PO number", it.purchase_order
    yield "Job", it.job
    for own in it.own_fields:
        yield f"{own.name} (staff only)" if own.is_staff_only else own.name, own.value
    for place, own in it.line_fields:
        yield f"{own.name} of line {place} (staff only)", own.value
    yield "Reference", format_reference(it.document.reference) if it.document else ""
    yield "Mail to", it.customer_email or "No address yet"
    published = formats.instant(it.published_at, it.moment) if it.published_at else ""
    if it.cancelled_at is None:
        yield "Published", published or "Not yet; the link opens nothing"
    yield "Sent", formats.instant(it.sent_at, it.moment) if it.sent_at else ""
    yield "Link", _link_words(it) if it.cancelled_at is None else ""
    yield "Promised", _promise_words(it)
    yield "Net", formats.money(it.net_minor, it.currency)
    yield "Tax", formats.money(it.tax_minor, it.currency)
    yield "Total", formats.money(it.total_minor, it.currency)
    credited = it.credited_minor
    yield "Credited", formats.money(credited, it.currency) if credited else ""
    processing = it.processing_minor
    written_off = it.written_off_minor
    yield "Written off", formats.money(written_off, it.currency) if written_off else ""
    yield (
        "On its way from the bank",
        formats.money(processing, it.currency) if processing else "",
    )


def _delivery_words(it: InvoiceDetail) -> str:
    if it.document is None:
        return ""
    days = (it.document.delivery_on, it.document.delivery_until_on)
    return " – ".join(formats.full_day(day) for day in days if day)


def _link_words(it: InvoiceDetail) -> str:
    if it.link is None:
        return "No working link"
    if it.link.expires_at is None:
        return "Works, never expires"
    return f"Works until {formats.instant(it.link.expires_at, it.moment)}"


_PROMISE_WORDS = {
    PromiseState.OPEN: "Will pay by {}",
    PromiseState.KEPT: "Kept, paid by {}",
    PromiseState.BROKEN: "Broken: not paid by {}",
}


def _promise_words(it: InvoiceDetail) -> str:
    """Say what became of the latest promise."""
    if not it.promises:
        return ""
    latest = it.promises[0]
    words = _PROMISE_WORDS[latest.state].format(formats.full_day(latest.promised_on))
    return f"{words}, told by phone" if latest.is_noted else words


def _broken(it: InvoiceDetail) -> str:
    if not it.promises or it.promises[0].state != PromiseState.BROKEN:
        return ""
    return f"Promise of {formats.full_day(it.promises[0].promised_on)} broken"


def _due(it: InvoiceDetail, days_late: int) -> str:
    if it.due_on is None:
        return "No due date"
    ago = f", {formats.count_of(days_late, 'day')} ago" if days_late else ""
    return f"Due {formats.full_day(it.due_on)}{ago}"


def _issued(it: InvoiceDetail) -> str:
    if it.state == InvoiceState.DRAFT:
        return "never issued" if it.cancelled_at else "not issued yet"
    if it.voided_on:
        return f"void since {formats.full_day(it.voided_on)}"
    return f"as issued {formats.full_day(it.issued_on)}" if it.issued_on else ""


def _ended(it: InvoiceDetail) -> str:
    """Say why nothing is asked for, in the words of whoever decided it."""
    if it.void_reason:
        return f"Void: {it.void_reason}"
    if it.cancel_reason:
        return f"Cancelled: {it.cancel_reason}"
    return f"Written off: {it.write_off_reason}" if it.write_off_reason else ""


def _left(it: InvoiceDetail) -> str:
    total = formats.money(it.total_minor, it.currency)
    if it.cancelled_at is not None:
        return "cancelled, never issued"
    if it.state == InvoiceState.VOID:
        return "void, nothing to pay"
    if it.status == InvoiceStatus.CREDITED:
        return f"of {total} left, credited"
    if it.status == InvoiceStatus.WRITTEN_OFF:
        return f"of {total} left, written off"
    if it.status == InvoiceStatus.IN_CREDIT:
        return "in the customer's favour"
    if it.outstanding_minor <= 0 and it.credited_minor:
        paid = formats.money(it.due_minor - it.credited_minor, it.currency)
        credited = formats.money(it.credited_minor, it.currency)
        return f"left, {paid} of {paid} paid, after {credited} was credited"
    if it.outstanding_minor <= 0:
        return f"left, all of {total} is paid"
    return f"left of {total}" if it.outstanding_minor != it.total_minor else "to pay"


def _received(it: InvoiceDetail) -> str:
    """Say what pays the invoice, and what became of other money that came for it."""
    received = formats.money(it.allocated_minor, it.currency)
    asked_minor = it.due_minor - it.credited_minor
    words = [f"{received} of {formats.money(asked_minor, it.currency)} received"]
    if asked_minor <= 0:
        words = ["All of it was credited"] if it.credited_minor else ["Nothing to pay"]
    credit_minor = sum(each.credit_minor for each in it.payments)
    if credit_minor:
        credit = formats.money(credit_minor, it.currency)
        words.append(f"{credit} is the customer's credit")
    refunded_minor = sum(each.refunded_minor for each in it.payments)
    if refunded_minor:
        words.append(f"{formats.money(refunded_minor, it.currency)} refunded")
    return ", ".join(words)


def _void_hindrance(it: InvoiceDetail) -> str:
    by_card = any(each.is_online and each.allocated_minor for each in it.payments)
    return void_hindrance(it.allocated_minor, by_card)


def _payment_line(each: StaffPayment, it: InvoiceDetail) -> PaymentLine:
    status = PaymentStatus(each.status)
    badge, words = payment_badge(
        status, each.amount_minor, each.refunded_minor, each.currency
    )
    whole = formats.money(each.amount_minor, each.currency)
    is_part = 0 < each.allocated_minor < each.amount_minor
    others = f"One payment with {some_numbers(each.others)}" if each.others else ""
    return PaymentLine(
        key=f"payment-{each.id}",
        id=each.id,
        date=formats.full_day(each.received_on),
        method=method_name(each.method, each.method_detail),
        reference=each.reference or formats.NOTHING,
        notes="\n".join(each.notes),
        by=each.recorded_by or "Customer",
        badge=badge,
        words=words,
        detail=each.hold_reason or others,
        amount=formats.money(each.allocated_minor, each.currency) if is_part else whole,
        whole=f"part of {whole}" if is_part else "",
        counts=status == PaymentStatus.SETTLED
        and each.refunded_minor < each.amount_minor,
        is_reversible=status != PaymentStatus.REVERSED and bool(each.recorded_by),
        credit=formats.typed_amount(each.returnable_minor, each.currency)
        if each.returnable_minor > 0
        else "",
        returns=_RETURNS[each.is_online],
        receipt=each.receipt,
        receipt_href=f"/api/invoices/{it.id}/receipts/{each.id}.pdf"
        if each.receipt
        else "",
    )


_VOID_XML = (
    "CII and UBL are the invoice as issued. They can't say that it is void, so "
    "customers don't get them any more."
)
_RETURNS = {
    True: "It goes back through Stripe, to where it came from. The customer gets a "
    "mail about it.",
    False: "Note here that you have returned it: no money moves. The customer gets a "
    "mail about it.",
}


def _attempt_line(each: StaffAttempt, it: InvoiceDetail) -> PaymentLine:
    badge, words = _ATTEMPT_BADGES.get(each.status, ("Draft", each.status.capitalize()))
    return PaymentLine(
        key=f"attempt-{each.id}",
        id=0,
        date=formats.full_day(formats.local(each.changed_at, it.moment).date()),
        method="Online",
        reference=formats.NOTHING,
        notes="",
        by="Customer",
        badge=badge,
        words=words,
        detail=each.failure,
        amount=formats.money(each.amount_minor, each.currency),
        counts=False,
        is_reversible=False,
    )


def _dispute_line(each: StaffDispute, it: InvoiceDetail) -> DisputeLine:
    opened = formats.instant(each.opened_at, it.moment)
    how = ""
    if each.outcome is not None and each.resolved_at is not None:
        by = f" by {each.resolved_by}" if each.resolved_by else ""
        at = formats.instant(each.resolved_at, it.moment)
        words = outcome_words(each.outcome, each.part_minor)
        if each.part_minor:
            words += f", {formats.money(each.part_minor, each.currency)}"
        how = f"{words}{by}, {at}"
    return DisputeLine(
        id=each.id,
        about=line_words(it.document, each.line_position, SOURCE_LANGUAGE)
        if it.document
        else "The whole invoice",
        amount=formats.money(each.amount_minor, each.currency),
        is_open=each.is_open,
        opened=f"{each.opened_by or 'By the link'}, {opened}",
        reason=each.reason,
        how=how,
        answer=each.answer,
        note=each.note,
    )


def _mail_line(mail: MailFacts, it: InvoiceDetail) -> MailLine:
    state = _MAIL_STATES[mail.state]
    tries = f", {formats.count_of(mail.attempts, 'try', 'tries')}"
    if mail.state == "sent" and mail.files and mail.files.words:
        state += f" {mail.files.words}"
    return MailLine(
        id=mail.id,
        words=_MAIL_WORDS.get(Topic(mail.topic), "Mail"),
        state=state + (tries if mail.state in ("failed", "retrying") else ""),
        at=formats.instant(mail.at, it.moment),
        error=mail.error,
        is_failed=mail.state == "failed",
    )
