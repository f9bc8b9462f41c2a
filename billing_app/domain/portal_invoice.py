"""An invoice as its customer reads it: every word of the page, from plain facts.

The page in the browser and the page painted on the server show the same value.
All of it is for the customer: nothing goes in here that they may not see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from zoneinfo import ZoneInfo

from billing_app.domain.asked import asked_minor
from billing_app.domain.branding import brand_style, correct_brand, initials
from billing_app.domain.dispute import Disputable
from billing_app.domain.document import Branding, InvoiceDocument, Party
from billing_app.domain.e_invoice import find_gaps
from billing_app.domain.errors import InvalidInput
from billing_app.domain.formats import format_amount, format_date, format_money
from billing_app.domain.invoice import (
    InvoiceFacts,
    InvoiceState,
    InvoiceStatus,
    compute_status,
)
from billing_app.domain.link_powers import OwnPowers
from billing_app.domain.parsing import parse_amount
from billing_app.domain.payability import (
    AmountLimits,
    PayabilityFacts,
    compute_limits,
    find_shut_gate,
    read_amount,
)
from billing_app.domain.payment import PaymentStatus, method_name
from billing_app.domain.payment_reference import format_reference
from billing_app.domain.portal_asking import (
    AskingFacts,
    AskingLooker,
    AskingPart,
    describe_asking,
)
from billing_app.domain.portal_dispute import (
    DisputeFacts,
    DisputeLooker,
    DisputePart,
    describe_disputes,
)
from billing_app.domain.portal_place import parse_place
from billing_app.domain.portal_settings import PaymentMode, PortalSetup, WriteAuth

# A bank may take back a direct debit it has announced until then.
_DEBIT_DAYS = 5
# A payment is "just now" for whoever comes back from the payment page.
JUST_NOW_DAYS = 1
# A wider logo is a word mark, on the sheet too: documents/render.py.
WORD_MARK_RATIO = Decimal("1.8")
_FINE = "Card or bank debit, on Stripe’s secure page."
_FINE_HERE = "Card or bank debit. Your details go straight to Stripe, not to us."
_WEB = re.compile(r"(?:https?://)?[\w.-]+\.\w{2,}(?::[0-9]+)?(?:/[^\s\"'<>]*)?")
# What the pages that stand alone say, first their heading.
NOT_FOUND = (
    "Invoice not found",
    "This link doesn’t open an invoice. It may have been replaced, "
    "or part of it is missing.",
    "Check the link in your message, or ask whoever sent it for a new one.",
)
NOT_AVAILABLE = (
    "Portal not available",
    "This business has closed its online portal for now. Your invoices are kept, "
    "and the PDFs you have stay valid.",
    "To pay or to ask a question, use the contact details on your invoice.",
)
SEPA_CODE = "QR code for a SEPA bank transfer"
SWISS_CODE = "Swiss QR code of the payment part"
_NAME_LABELS = {"name", "account holder", "account name", "beneficiary", "payee"}


class PdfState(StrEnum):
    """How far the printed document is."""

    READY = "ready"
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ReceivedFacts:
    """A payment that came, in minor units of the invoice's currency.

    Attributes:
        amount_minor: all of it; `part_minor` is what this invoice has of it.
        credit_minor: what belongs to no invoice and was not returned.
    """

    payment_id: int
    received_on: date
    method: str
    method_detail: str
    reference: str
    status: str
    amount_minor: int
    part_minor: int
    refunded_minor: int
    credit_minor: int
    receipt_number: str = ""


@dataclass(frozen=True, slots=True)
class DebitFacts:
    """A bank debit on its way."""

    amount_minor: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class CreditNoteFacts:
    """A credit note of the invoice, in minor units of its currency."""

    credit_note_id: int
    number: str
    issued_on: date
    credited_minor: int
    reason: str
    is_e_invoice: bool = False


@dataclass(frozen=True, slots=True)
class Replacement:
    """The published invoice that takes the place of this one."""

    invoice_id: int
    number: str


@dataclass(frozen=True, slots=True)
class PortalFacts:
    """What is stored about an invoice and what its customer may know of it."""

    document: InvoiceDocument
    state: InvoiceState
    outstanding_minor: int
    processing_minor: int
    received: tuple[ReceivedFacts, ...]
    debits: tuple[DebitFacts, ...]
    pdf: PdfState
    disputed_minor: int = 0
    allocated_minor: int = 0
    credited_minor: int = 0
    credit_notes: tuple[CreditNoteFacts, ...] = ()
    disputes: tuple[DisputeFacts, ...] = ()
    asking: AskingFacts = AskingFacts.EMPTY


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks, when, and by which address.

    Attributes:
        base: path of the page, such as /p/abc.
        came_back: what the way back from the payment page says; proves nothing.
        missing: the proof that writing still asks for.
        replaced_by: what the business has issued instead.
    """

    now: datetime
    base: str
    is_preview: bool = False
    is_staff: bool = False
    came_back: str = ""
    missing: WriteAuth | None = None
    replaced_by: Replacement | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach the business; no href for plain words."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class BankLine:
    label: str
    value: str
    copy_label: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a payment on its way; `stage` is done, now or next."""

    title: str
    words: str
    stage: str


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One payment or credit in the list. A word stands where there is no file."""

    received_on: str
    method: str
    note: str
    amount: str
    receipt_href: str
    word: str
    receipt_words: str = "Receipt PDF"
    cii_href: str = ""
    ubl_href: str = ""


@dataclass(frozen=True, slots=True)
class PayForm:
    """What the payment form offers; `amount` is what its field starts with.

    Attributes:
        takes_card: the card is typed in on the page itself.
    """

    is_open: bool = False
    takes_card: bool = False
    is_fixed: bool = False
    amount: str = ""
    currency: str = ""
    hint: str = ""
    fine: str = _FINE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What stands in the place of the form once there is nothing to fill in.

    Attributes:
        kind: paid, processing, closed or elsewhere; empty for none.
    """

    kind: str = ""
    heading: str = ""
    words: str = ""
    pairs: tuple[Pair, ...] = ()
    steps: tuple[Step, ...] = ()
    receipt_href: str = ""


@dataclass(frozen=True, slots=True)
class PortalInvoice:
    """Everything the customer's page says about one invoice.

    Attributes:
        status_words: what the business calls the status.
        amount_length: characters of the amount, so that a long one gets smaller.
        due_note: how far the due date is, like "in 18 days".
        paid_words, paid_percent: how much of it came, empty while nothing did.
        on_its_way: a debit that covers a part only.
        note: what to say to somebody who comes back from the payment page.
        is_silent: a browser of the business's own staff: it leaves no trace.
        has_card: there is something to say about paying.
        code_label: what the payment code is, for those who don't see it.
        transfer_minor: what a bank transfer would have to bring.
        shows_payments: some came, or can still come.
        pdf_words: why there is no file to show; empty while there is one.
        replaced_by: number of the invoice issued instead; `replaced_href` leads there
            where the visitor may see it.
        account_href: the account that the page belongs to, or that its link opens.
    """

    number: str = ""
    title: str = ""
    status: str = ""
    status_words: str = ""
    amount: str = ""
    amount_length: int = 0
    is_settled: bool = False
    paid_words: str = ""
    paid_percent: int = 0
    on_its_way: str = ""
    due_on: str = ""
    due_note: str = ""
    is_late: bool = False
    issued_on: str = ""
    buyer: str = ""
    seller: str = ""
    seller_mark: str = ""
    legal_name: str = ""
    logo_href: str = ""
    logo_says_name: bool = False
    contacts: tuple[Contact, ...] = ()
    brand: dict[str, str] = field(default_factory=dict[str, str])
    welcome: str = ""
    shows_badge: bool = False
    storage_notice: str = ""
    is_preview: bool = False
    is_silent: bool = False
    note: str = ""
    note_tone: str = ""
    form: PayForm = PayForm()
    outcome: Outcome = Outcome()
    bank: tuple[BankLine, ...] = ()
    has_card: bool = False
    code_label: str = ""
    transfer_minor: int = 0
    payments: tuple[PaymentRow, ...] = ()
    shows_payments: bool = True
    disputes: DisputePart = DisputePart.EMPTY
    asking: AskingPart = AskingPart.EMPTY
    powers: OwnPowers = OwnPowers.EMPTY
    shows_pdf: bool = False
    has_e_invoice: bool = False
    pdf_words: str = ""
    has_pdf: bool = False
    pdf_href: str = ""
    with_payments_href: str = ""
    cii_href: str = ""
    ubl_href: str = ""
    pay_href: str = ""
    base: str = ""
    account_href: str = ""
    sign_in_href: str = ""
    replaced_by: str = ""
    replaced_href: str = ""

    EMPTY: ClassVar[PortalInvoice]


PortalInvoice.EMPTY = PortalInvoice()


@dataclass(frozen=True, slots=True)
class Weighed:
    """What an amount somebody typed would mean.

    Attributes:
        minor: the amount, or nothing while it cannot be paid.
        is_part: something stays open.
    """

    minor: int | None
    hint: str
    error: str = ""
    is_part: bool = False


def describe_invoice(
    facts: PortalFacts, setup: PortalSetup, looking: Looking
) -> PortalInvoice:
    """Write the page of an invoice as it is now."""
    return _Writer(facts, setup, looking).write()


def payability_of(facts: PortalFacts, setup: PortalSetup) -> PayabilityFacts:
    """Return what the gates before Pay now look at. A visitor sees published only."""
    document = facts.document
    is_home = document.currency == setup.home_currency
    return PayabilityFacts(
        mode=setup.settings.payment,
        can_charge=setup.can_charge,
        is_issued=facts.state != InvoiceState.DRAFT,
        is_published=True,
        is_void=facts.state == InvoiceState.VOID,
        currency=document.currency,
        outstanding_minor=facts.outstanding_minor,
        processing_minor=facts.processing_minor,
        allows_partial=setup.settings.allows_partial,
        minimum_minor=setup.settings.minimum_minor if is_home else 0,
        is_allowed=setup.settings.allows_payment,
        disputed_minor=facts.disputed_minor,
    )


def weigh_amount(text: str, facts: PayabilityFacts, language: str) -> Weighed:
    """Say what paying this much would leave, or why it cannot be paid.

    Raises:
        NotPayable: nothing can be paid any more.
    """
    limits = compute_limits(facts)
    try:
        amount = read_amount(text, facts)
    except InvalidInput as refusal:
        hint = _hint(limits, facts, language)
        return Weighed(None, hint, refusal.message)
    rest = facts.payable_minor - amount.minor
    if amount.minor < limits.maximum_minor:
        stays = f"{format_money(rest, facts.currency, language)} stays open."
        return Weighed(amount.minor, stays, is_part=True)
    return Weighed(amount.minor, _hint(limits, facts, language))


def field_text(minor: int, currency: str, language: str) -> str:
    """Write an amount as the customer would, if it reads back as the same amount."""
    text = format_amount(minor, currency, language)
    try:
        if parse_amount(text, currency).minor == minor:
            return text
    except InvalidInput:
        pass
    return format_amount(minor, currency)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one page; every method is a part of it."""

    facts: PortalFacts
    setup: PortalSetup
    looking: Looking

    def write(self) -> PortalInvoice:
        document, settings = self.facts.document, self.setup.settings
        status, payability = self.status, payability_of(self.facts, self.setup)
        is_settled = status in _SETTLED
        amount = self.money(max(0, self.facts.outstanding_minor))
        seller = document.branding.name or document.seller.name
        digest = document.branding.logo_digest
        note, tone = self.note
        paid_words, paid_percent = self.progress
        form, outcome = self.form(payability), self.outcome(payability)
        bank = self.bank(payability)
        payments = (*self.debit_rows(), *self.credit_rows(), *self.payment_rows())
        return PortalInvoice(
            number=document.number,
            title=f"Invoice {document.number} from {seller}",
            status=status.value,
            status_words=settings.word_of(status),
            amount=amount,
            amount_length=len(amount),
            is_settled=is_settled,
            paid_words=paid_words,
            paid_percent=paid_percent,
            on_its_way=self.on_its_way,
            due_on=self.due_on,
            due_note="" if is_settled else _how_far(document.due_on, self.today),
            is_late=status == InvoiceStatus.OVERDUE,
            issued_on=self.day(document.issued_on),
            buyer=document.buyer.name,
            seller=seller,
            seller_mark=initials(seller),
            logo_says_name=is_word_mark(document.branding),
            legal_name=document.seller.name,
            logo_href=f"/logo/{digest}.png" if digest else "",
            contacts=tuple(contacts(document.seller)),
            brand=brand_style(correct_brand(document.branding.accent)),
            welcome=settings.welcome.strip(),
            shows_badge=settings.shows_badge,
            storage_notice=settings.storage_notice,
            is_preview=self.looking.is_preview,
            is_silent=self.looking.is_staff,
            note=note,
            note_tone=tone,
            form=form,
            outcome=outcome,
            bank=bank,
            code_label=SWISS_CODE if document.qr_bill else SEPA_CODE,
            has_card=form.is_open or bool(outcome.kind) or bool(bank),
            transfer_minor=payability.payable_minor,
            payments=payments,
            shows_payments=bool(payments) or status != InvoiceStatus.VOID,
            replaced_by=self.replaced_by,
            replaced_href=self.replaced_href,
            disputes=self.disputes,
            asking=self.asking,
            shows_pdf=settings.shows_pdf,
            has_e_invoice=settings.shows_pdf and not find_gaps(document),
            pdf_words=_PDF_WORDS[self.facts.pdf],
            has_pdf=self.facts.pdf == PdfState.READY,
            pdf_href=f"{self.looking.base}/invoice.pdf",
            with_payments_href=self._with_payments_href,
            cii_href=f"{self.looking.base}/invoice.cii.xml",
            ubl_href=f"{self.looking.base}/invoice.ubl.xml",
            pay_href=f"{self.looking.base}/pay",
            base=self.looking.base,
            account_href=self.account_href,
            sign_in_href=self.sign_in_href,
        )

    @property
    def sign_in_href(self) -> str:
        """Return where a customer who came by a link may see all their invoices."""
        setup = self.setup
        if self.account_href or not setup.slug or not setup.settings.allows_sign_in:
            return ""
        return f"/account/{setup.slug}/sign-in"

    @property
    def _with_payments_href(self) -> str:
        """Where the invoice is printed as it stands; empty where that is as issued."""
        facts, is_void = self.facts, self.facts.state == InvoiceState.VOID
        has_moved = bool(facts.allocated_minor or facts.credited_minor)
        offers = self.setup.settings.shows_pdf and has_moved and not is_void
        return f"{self.looking.base}/invoice-with-payments.pdf" if offers else ""

    @property
    def account_href(self) -> str:
        """Return the account behind the same door, where this door leads there."""
        place = parse_place(self.looking.base)
        leads_there = self.setup.settings.link_opens_account
        if place is None or not (place.is_account or leads_there):
            return ""
        asked = "?preview=1" if self.looking.is_preview else ""
        return place.account_path + asked

    @property
    def replaced_by(self) -> str:
        follower = self.looking.replaced_by
        return follower.number if follower else ""

    @property
    def replaced_href(self) -> str:
        """Lead on inside the account; a link to one invoice opens no other."""
        place, follower = parse_place(self.looking.base), self.looking.replaced_by
        if follower is None or place is None or not place.is_account:
            return ""
        asked = "?preview=1" if self.looking.is_preview else ""
        return place.invoice_path(follower.invoice_id) + asked

    @property
    def today(self) -> date:
        return self.looking.now.astimezone(ZoneInfo(self.setup.zone)).date()

    @property
    def status(self) -> InvoiceStatus:
        facts = self.facts
        return compute_status(
            InvoiceFacts(
                state=facts.state,
                total_minor=facts.document.total_minor,
                outstanding_minor=facts.outstanding_minor,
                processing_minor=facts.processing_minor,
                due_on=facts.document.due_on,
                rules=self.setup.settings.late_rules,
                credited_minor=facts.credited_minor,
                allocated_minor=facts.allocated_minor,
            ),
            self.today,
        )

    @property
    def due_on(self) -> str:
        due_on = self.facts.document.due_on
        if due_on is None:
            return "On receipt"
        is_late = self.status == InvoiceStatus.OVERDUE
        return self.day(due_on) + ("," if is_late else "")

    @property
    def progress(self) -> tuple[str, int]:
        """Say how much came, and its share in percent, while more is to come."""
        due, left = self.facts.document.due_minor, self.facts.outstanding_minor
        if not 0 < left < due:
            return "", 0
        credited = self.facts.credited_minor
        paid, whole = due - left - credited, due - credited
        if paid <= 0:
            return f"{self.money(credited)} of {self.money(due)} credited", 0
        words = f"{self.money(paid)} of {self.money(whole)} paid"
        if credited:
            words += f", after {self.money(credited)} was credited"
        return words, paid * 100 // whole

    @property
    def on_its_way(self) -> str:
        coming = self.facts.processing_minor
        if not 0 < coming < self.facts.outstanding_minor:
            return ""
        return f"{self.money(coming)} more is on its way from your bank."

    @property
    def disputes(self) -> DisputePart:
        facts, looking, settings = self.facts, self.looking, self.setup.settings
        about = Disputable(
            document=facts.document,
            is_void=facts.state == InvoiceState.VOID,
            outstanding_minor=facts.outstanding_minor,
            processing_minor=facts.processing_minor,
            disputed_minor=facts.disputed_minor,
            open_lines=frozenset(x.line_position for x in facts.disputes if x.is_open),
        )
        looker = DisputeLooker(
            mode=settings.disputes,
            zone=self.setup.zone,
            base=looking.base,
            missing=looking.missing,
            may_act=not (looking.is_preview or looking.is_staff),
        )
        return describe_disputes(facts.disputes, about, looker)

    @property
    def asking(self) -> AskingPart:
        facts, looking = self.facts, self.looking
        looker = AskingLooker(
            today=self.today,
            zone=self.setup.zone,
            language=facts.document.language,
            base=looking.base,
            shows_reminders=self.setup.settings.shows_reminders,
            missing=looking.missing,
            may_act=not (looking.is_preview or looking.is_staff),
            state=facts.state,
            asked_minor=asked_minor(
                facts.outstanding_minor, facts.processing_minor, facts.disputed_minor
            ),
        )
        return describe_asking(facts.asking, looker)

    @property
    def note(self) -> tuple[str, str]:
        """Say what happened on the payment page, as far as it is known here."""
        if self.status in _SETTLED:
            return "", ""
        return came_back_note(self.looking.came_back, has_arrived=self.has_just_paid)

    @property
    def has_just_paid(self) -> bool:
        return any(
            it.status == PaymentStatus.SETTLED
            and (self.today - it.received_on).days <= JUST_NOW_DAYS
            for it in self.facts.received
        )

    def form(self, payability: PayabilityFacts) -> PayForm:
        if find_shut_gate(payability) is not None:
            return PayForm()
        limits = compute_limits(payability)
        document = self.facts.document
        return PayForm(
            is_open=True,
            takes_card=self.setup.takes_card,
            fine=_FINE_HERE if self.setup.takes_card else _FINE,
            is_fixed=limits.is_fixed,
            amount=field_text(
                limits.maximum_minor, document.currency, document.language
            ),
            currency=document.currency,
            hint=_hint(limits, payability, document.language),
        )

    def outcome(self, payability: PayabilityFacts) -> Outcome:
        if self.status == InvoiceStatus.PAID:
            return self.paid()
        if self.status == InvoiceStatus.PROCESSING:
            return self.processing()
        if self.status == InvoiceStatus.CREDITED:
            return _CREDITED
        if payability.is_void:
            return _VOIDED
        shut = find_shut_gate(payability)
        if shut is None or payability.mode != PaymentMode.ONLINE:
            return Outcome()
        if shut.code == "disputed":
            return Outcome("closed", "Nothing to pay for now", shut.customer_reason)
        if self.setup.is_connected:
            return Outcome("closed", "Payment unavailable", shut.customer_reason)
        if self.facts.document.bank:
            return Outcome()
        return Outcome("elsewhere", "How to pay", shut.customer_reason)

    def paid(self) -> Outcome:
        """Thank, and say what came last and where its receipt is."""
        settled = [x for x in self.facts.received if x.status == PaymentStatus.SETTLED]
        total = sum(x.part_minor for x in settled)
        if total <= 0:
            return Outcome(
                "paid", "Nothing to pay", "This invoice asks for no payment."
            )
        last = next(x for x in settled if x.part_minor > 0)
        words = "This invoice is settled."
        if last.receipt_number:
            words += " Your receipt is ready."
        return Outcome(
            kind="paid",
            heading="Paid in full. Thank you.",
            words=words,
            pairs=(
                Pair("Total paid", self.money(total)),
                Pair("Last payment", self.day(last.received_on)),
                Pair("Method", method_name(last.method, last.method_detail)),
            ),
            receipt_href=self.receipt_href(last),
        )

    def processing(self) -> Outcome:
        """Say what was started, what is waited for, and what comes then."""
        zone = ZoneInfo(self.setup.zone)
        started = [
            Step(
                f"{self.money(debit.amount_minor)} by bank debit",
                f"Started on {self.day(debit.started_at.astimezone(zone).date())}",
                "done",
            )
            for debit in self.facts.debits
        ]
        latest = max((debit.started_at for debit in self.facts.debits), default=None)
        by = ""
        if latest is not None:
            expected = _working_days_after(latest.astimezone(zone).date(), _DEBIT_DAYS)
            by = f", by {self.day(expected)}"
        return Outcome(
            kind="processing",
            heading="Your payment is on its way",
            words=(
                "You don’t need to do anything else. "
                "This page changes by itself when the bank confirms."
            ),
            steps=(
                *started,
                Step(
                    "Waiting for your bank",
                    f"Usually 3 to {_DEBIT_DAYS} working days{by}",
                    "now",
                ),
                Step("Receipt", "Here, as soon as the money has arrived", "next"),
            ),
        )

    def bank(self, payability: PayabilityFacts) -> tuple[BankLine, ...]:
        """List what a transfer needs, while there is something to transfer."""
        document = self.facts.document
        is_offered = self.setup.settings.payment != PaymentMode.OFF
        if not is_offered or not document.bank or payability.payable_minor <= 0:
            return ()
        rows = [(row.label, row.value) for row in document.bank]
        labels = {label.strip().lower() for label, _ in rows}
        if not labels & _NAME_LABELS:
            rows.insert(0, ("Name", document.seller.name))
        if "reference" not in labels:
            reference = format_reference(document.reference) or document.number
            rows.append(("Reference", reference))
        return tuple(
            BankLine(label, value, f"Copy {_inside(label)}") for label, value in rows
        )

    def debit_rows(self) -> Iterator[PaymentRow]:
        zone = ZoneInfo(self.setup.zone)
        for debit in self.facts.debits:
            yield PaymentRow(
                received_on=self.day(debit.started_at.astimezone(zone).date()),
                method="Bank debit",
                note="",
                amount=self.money(debit.amount_minor),
                receipt_href="",
                word="Processing",
            )

    def credit_rows(self) -> Iterator[PaymentRow]:
        for it in self.facts.credit_notes:
            file = f"{self.looking.base}/credit-notes/{it.credit_note_id}"
            has_files = self.setup.settings.shows_pdf
            is_for_machines = has_files and it.is_e_invoice
            yield PaymentRow(
                received_on=self.day(it.issued_on),
                method=f"Credit note {it.number}",
                note=it.reason,
                amount=self.money(it.credited_minor),
                receipt_href=f"{file}.pdf" if has_files else "",
                word="Credited",
                receipt_words="Credit note PDF",
                cii_href=f"{file}.cii.xml" if is_for_machines else "",
                ubl_href=f"{file}.ubl.xml" if is_for_machines else "",
            )

    def payment_rows(self) -> Iterator[PaymentRow]:
        for it in self.facts.received:
            is_settled = it.status == PaymentStatus.SETTLED
            yield PaymentRow(
                received_on=self.day(it.received_on),
                method=method_name(it.method, it.method_detail),
                note=" · ".join(self.remarks(it)),
                amount=self.money(
                    it.part_minor if it.part_minor > 0 else it.amount_minor
                ),
                receipt_href=self.receipt_href(it) if is_settled else "",
                word="" if is_settled else "Returned",
            )

    def remarks(self, it: ReceivedFacts) -> Iterator[str]:
        if it.reference:
            yield f"Reference {it.reference}"
        if it.receipt_number:
            yield f"Receipt {it.receipt_number}"
        if it.refunded_minor > 0:
            yield f"{self.money(it.refunded_minor)} refunded"
        if it.credit_minor > 0 and it.status == PaymentStatus.SETTLED:
            yield f"{self.money(it.credit_minor)} kept as your credit"
        elsewhere = (
            it.amount_minor - it.part_minor - it.refunded_minor - it.credit_minor
        )
        if it.part_minor > 0 and elsewhere > 0:
            yield f"Part of a payment of {self.money(it.amount_minor)}"

    def receipt_href(self, it: ReceivedFacts) -> str:
        if not it.receipt_number or not self.setup.settings.shows_pdf:
            return ""
        return f"{self.looking.base}/receipts/{it.payment_id}.pdf"

    def money(self, minor: int) -> str:
        document = self.facts.document
        return format_money(minor, document.currency, document.language)

    def day(self, on: date) -> str:
        return format_date(on, self.facts.document.language)


_SETTLED = {
    InvoiceStatus.PAID,
    InvoiceStatus.CREDITED,
    InvoiceStatus.PROCESSING,
    InvoiceStatus.VOID,
}
_CHECKING = (
    "We are checking your payment. This page changes by itself as soon as we know.",
    "",
)
_CAME_BACK = {
    "yes": _CHECKING,
    "open": _CHECKING,
    "processing": _CHECKING,
    "review": (
        "Your payment has reached us and is being checked by a person. "
        "Please don’t pay again.",
        "",
    ),
    "unproven": (
        "Your bank asked for proof and didn’t get it. Nothing was charged; "
        "you can try again or use another card.",
        "bad",
    ),
    "failed": ("The payment was declined. You can try again or pay otherwise.", "bad"),
    "expired": (
        "The payment page was closed before anything was paid. You can try again.",
        "warn",
    ),
    "dropped": ("You changed your mind. Nothing was charged.", ""),
    "changed": (
        "The amount due has just changed, so the payment was not started. "
        "Nothing was charged.",
        "warn",
    ),
    "canceled": ("You came back without paying. Nothing was charged.", "warn"),
}
_VOIDED = Outcome(
    "closed",
    "This invoice is void",
    "There is nothing to pay on it.",
)
_CREDITED = Outcome(
    "closed",
    "Credited in full",
    "A credit note takes this invoice back. There is nothing to pay on it.",
)
_PDF_WORDS = {
    PdfState.READY: "",
    PdfState.PENDING: "The PDF is being prepared. It will be here in a moment.",
    PdfState.FAILED: (
        "The PDF can’t be made at the moment. The live view shows the same invoice."
    ),
}


def came_back_note(said: str, *, has_arrived: bool) -> tuple[str, str]:
    """Return what to say to whoever comes back from paying, and in which tone."""
    if said == "yes" and has_arrived:
        return "Your payment has arrived. Thank you.", "good"
    return _CAME_BACK.get(said, ("", ""))


def _hint(limits: AmountLimits, facts: PayabilityFacts, language: str) -> str:
    """Say beside the field what may be paid."""
    if facts.disputed_minor and limits.is_fixed:
        return "All that is not disputed, in one payment."
    if limits.is_fixed:
        return "The full balance, in one payment."
    least = ""
    if 0 < facts.minimum_minor <= limits.minimum_minor:
        smallest = format_money(limits.minimum_minor, facts.currency, language)
        least = f", {smallest} or more"
    whole = "All that is not disputed" if facts.disputed_minor else "Full balance"
    return f"{whole}. Enter less to pay a part{least}."


def _how_far(due_on: date | None, today: date) -> str:
    if due_on is None:
        return ""
    days = (due_on - today).days
    if days in _NEAR:
        return _NEAR[days]
    return f"in {days} days" if days > 0 else f"{-days} days ago"


_NEAR = {0: "today", 1: "tomorrow", -1: "yesterday"}


def _working_days_after(day: date, count: int) -> date:
    """Count working days only; no bank holidays, hence "usually" beside it."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def is_word_mark(branding: Branding) -> bool:
    """Say whether a logo is so wide that it spells the name itself."""
    return branding.logo_width > WORD_MARK_RATIO * branding.logo_height > 0


def _inside(label: str) -> str:
    """Write a label inside a sentence: IBAN stays, Name becomes name."""
    return label if label.isupper() else label.lower()


def contacts(seller: Party) -> Iterator[Contact]:
    """Yield the ways to reach a business, as far as it has named them."""
    if seller.phone:
        digits = re.sub(r"[^0-9+]", "", seller.phone)
        yield Contact(seller.phone, f"tel:{digits}" if digits else "")
    if seller.email:
        yield Contact(seller.email, f"mailto:{seller.email}")
    if seller.website:
        yield Contact(seller.website, _web_address(seller.website))


def _web_address(text: str) -> str:
    """Return the address of a website as typed, or nothing if it is none."""
    if not _WEB.fullmatch(text):
        return ""
    return text if text.startswith("http") else f"https://{text}"
