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
from functools import cached_property
from typing import ClassVar
from zoneinfo import ZoneInfo

from billing_app.domain.actors import PortalVisitor
from billing_app.domain.asked import asked_minor
from billing_app.domain.branding import brand_style, correct_brand, initials
from billing_app.domain.dispute import Disputable
from billing_app.domain.document import Branding, InvoiceDocument, Party
from billing_app.domain.e_invoice import find_gaps
from billing_app.domain.errors import InvalidInput
from billing_app.domain.formats import format_amount, format_date
from billing_app.domain.invoice import (
    InvoiceFacts,
    InvoiceState,
    InvoiceStatus,
    compute_status,
)
from billing_app.domain.link_powers import OwnPowers
from billing_app.domain.parsing import parse_amount
from billing_app.domain.payability import (
    ONLY_LOOKS,
    AmountLimits,
    PayabilityFacts,
    compute_limits,
    find_shut_gate,
    read_amount,
)
from billing_app.domain.payment import PaymentStatus, say_method
from billing_app.domain.payment_reference import printed_reference
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
from billing_app.domain.portal_place import Door, parse_place
from billing_app.domain.portal_settings import (
    PaymentMode,
    PortalSetup,
    WriteAuth,
    status_words,
)
from billing_app.domain.speech import SOURCE_LANGUAGE, Speech, later, speech_for
from billing_app.domain.status_words import customer_word
from billing_app.domain.trace import PrintedPart

# A bank may take back a direct debit it has announced until then.
_DEBIT_DAYS = 5
# A payment is "just now" for whoever comes back from the payment page.
JUST_NOW_DAYS = 1
# A wider logo is a word mark, on the sheet too: documents/render.py.
WORD_MARK_RATIO = Decimal("1.8")
_FINE = later("Card or bank debit, on Stripe’s secure page.")
_FINE_HERE = later("Card or bank debit. Your details go straight to Stripe, not to us.")
_WEB = re.compile(r"(?:https?://)?[\w.-]+\.\w{2,}(?::[0-9]+)?(?:/[^\s\"'<>]*)?")
# What the pages that stand alone say, first their heading.
# EN 16931 has no word for void: software would book it as money that is owed.
VOID_HAS_NO_XML = later(
    "This invoice is void, so there is no file of it for accounting software."
)
NOT_FOUND = (
    later("Invoice not found"),
    later(
        "This link doesn’t open an invoice. It may have been replaced, "
        "or part of it is missing."
    ),
    later("Check the link in your message, or ask whoever sent it for a new one."),
)
NOT_AVAILABLE = (
    later("Portal not available"),
    later(
        "This business has closed its online portal for now. Your invoices are kept, "
        "and the PDFs you have stay valid."
    ),
    later("To pay or to ask a question, use the contact details on your invoice."),
)
NO_SIGN_IN = (
    later("Signing in is not offered here"),
    later("To see an invoice, open the link that came with it."),
)
SEPA_CODE = later("QR code for a SEPA bank transfer")
SWISS_CODE = later("Swiss QR code of the payment part")
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
    parts: tuple[PrintedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Replacement:
    """The published invoice that takes the place of this one."""

    invoice_id: int
    number: str


@dataclass(frozen=True, slots=True)
class ShownFee:
    """A published late fee of this invoice, which is an invoice of its own."""

    invoice_id: int
    number: str
    total_minor: int


@dataclass(frozen=True, slots=True)
class FeeLine:
    """A late fee in words; no address where the link opens no other invoice."""

    number: str
    amount: str
    href: str


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
    written_off_minor: int = 0
    credit_notes: tuple[CreditNoteFacts, ...] = ()
    disputes: tuple[DisputeFacts, ...] = ()
    asking: AskingFacts = AskingFacts.EMPTY
    voided_on: date | None = None


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks, when, and by which address.

    Attributes:
        base: path of the page, such as /p/abc.
        came_back: what the way back from the payment page says; proves nothing.
        missing: the proof that writing still asks for.
        replaced_by: what the business has issued instead.
        late_fees: that were charged for paying it late, oldest first.
    """

    now: datetime
    base: str
    is_preview: bool = False
    is_staff: bool = False
    came_back: str = ""
    missing: WriteAuth | None = None
    replaced_by: Replacement | None = None
    late_fees: tuple[ShownFee, ...] = ()


def staff_words(looking: Looking | PortalVisitor) -> str:
    """Return what stands above a page that the business's own people look at.

    They read English; for everybody else it is nothing.
    """
    if looking.is_preview:
        return (
            "Preview: this is what your customer sees. "
            "Nothing is recorded and nothing can be paid."
        )
    return "You are looking as staff: nothing is recorded." if looking.is_staff else ""


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
    """One payment or credit in the list. A word stands where there is no file.

    Attributes:
        parts: what the amount is made of, where that is told.
    """

    received_on: str
    method: str
    note: str
    amount: str
    receipt_href: str
    word: str
    receipt_words: str = ""
    is_processing: bool = False
    cii_href: str = ""
    ubl_href: str = ""
    parts: tuple[PrintedPart, ...] = ()


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
    fine: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What stands in the place of the form once there is nothing to fill in.

    Attributes:
        kind: paid, processing, closed or elsewhere; empty for none.
    """

    kind: str = ""
    heading: str = ""
    words: str = ""
    steps: tuple[Step, ...] = ()
    receipt_href: str = ""


@dataclass(frozen=True, slots=True)
class PortalInvoice:
    """Everything the customer's page says about one invoice.

    Attributes:
        language: BCP 47 tag of all its words, dates and amounts.
        status: names the badge; `status_words` is what the business calls it.
        amount, amount_label: the figure that matters most: what is due, what of it is
            to be paid now, or what was paid or credited.
        amount_length: characters of the amount, so that a long one gets smaller.
        asked_of: all that is due, where less than that is to be paid now.
        due_on: empty once nothing is due; `settled` says how that came.
        due_note: how far the due date is, like "in 18 days".
        paid_words, paid_percent: how much of it came, empty while nothing did.
        on_its_way: a debit that covers a part only.
        note: what to say to somebody who comes back from the payment page.
        staff_words: what the business's own staff read about looking; nobody else.
        has_card: there is something to say about paying.
        code_label: what the payment code is, for those who don't see it.
        transfer_minor: what a bank transfer would have to bring.
        shows_payments: some came, or can still come.
        pdf_words: why there is no file to show; empty while there is one.
        replaced_by: number of the invoice issued instead; `replaced_href` leads there
            where the visitor may see it.
        account_href: the account that the page belongs to, or that its link opens.
    """

    language: str = ""
    number: str = ""
    title: str = ""
    status: str = ""
    status_words: str = ""
    amount: str = ""
    amount_label: str = ""
    amount_length: int = 0
    asked_of: str = ""
    is_settled: bool = False
    paid_words: str = ""
    paid_percent: int = 0
    on_its_way: str = ""
    due_on: str = ""
    due_note: str = ""
    settled: tuple[Pair, ...] = ()
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
    staff_words: str = ""
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
    e_invoice_words: str = ""
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
    late_fees: tuple[FeeLine, ...] = ()

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
        is_written_off=facts.written_off_minor > 0,
    )


def weigh_amount(text: str, facts: PayabilityFacts, language: str) -> Weighed:
    """Say what paying this much would leave, or why it cannot be paid.

    Raises:
        NotPayable: nothing can be paid any more.
    """
    limits, speech = compute_limits(facts), speech_for(language)
    try:
        amount = read_amount(text, facts)
    except InvalidInput as refusal:
        hint = _hint(limits, facts, speech)
        return Weighed(None, hint, speech.refuse(refusal))
    rest = speech.money(facts.payable_minor - amount.minor, facts.currency)
    if amount.minor < limits.maximum_minor:
        stays = speech.say("{amount} stays open.", amount=rest)
        return Weighed(amount.minor, stays, is_part=True)
    return Weighed(amount.minor, _hint(limits, facts, speech))


def field_text(minor: int, currency: str, language: str) -> str:
    """Write an amount as the customer would, if it reads back as the same amount."""
    text = format_amount(minor, currency, language)
    try:
        if parse_amount(text, currency).minor == minor:
            return text
    except InvalidInput:
        pass
    return format_amount(minor, currency)


@dataclass(frozen=True)
class _Writer:
    """Writes one page; every method is a part of it, what several need is kept."""

    facts: PortalFacts
    setup: PortalSetup
    looking: Looking

    def write(self) -> PortalInvoice:
        document, settings = self.facts.document, self.setup.settings
        say = self.say
        status, payability = self.status, payability_of(self.facts, self.setup)
        is_settled = status in _SETTLED
        amount_label, amount = self.headline(payability)
        seller = document.branding.name or document.seller.name
        digest = document.branding.logo_digest
        note, tone = self.note
        paid_words, paid_percent = self.progress
        form, outcome = self.form(payability), self.outcome(payability)
        bank = self.bank(payability)
        payments = (*self.debit_rows(), *self.credit_rows(), *self.payment_rows())
        is_void = self.facts.state == InvoiceState.VOID
        is_for_machines = settings.shows_pdf and not find_gaps(document)
        return PortalInvoice(
            language=document.language,
            number=document.number,
            title=say(
                "Invoice {number} from {business}",
                number=document.number,
                business=seller,
            ),
            status=customer_word(status),
            status_words=status_words(settings, status, self.speech),
            amount=amount,
            amount_label=amount_label,
            amount_length=len(amount),
            asked_of=self.asked_of,
            is_settled=is_settled,
            paid_words=paid_words,
            paid_percent=paid_percent,
            on_its_way=self.on_its_way,
            due_on="" if status in _OVER else self.due_on,
            settled=tuple(self.settled()),
            due_note="" if is_settled else self.how_far,
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
            staff_words=staff_words(self.looking),
            note=note,
            note_tone=tone,
            form=form,
            outcome=outcome,
            bank=bank,
            code_label=say(SWISS_CODE if document.qr_bill else SEPA_CODE),
            has_card=form.is_open or bool(outcome.kind) or bool(bank),
            transfer_minor=payability.payable_minor,
            payments=payments,
            shows_payments=bool(payments) or status not in _ENDED,
            replaced_by=self.replaced_by,
            replaced_href=self.replaced_href,
            late_fees=tuple(
                FeeLine(
                    fee.number,
                    self.money(fee.total_minor),
                    self.href_of(fee.invoice_id),
                )
                for fee in self.looking.late_fees
            ),
            disputes=self.disputes,
            asking=self.asking,
            shows_pdf=settings.shows_pdf,
            has_e_invoice=is_for_machines and not is_void,
            e_invoice_words=say(VOID_HAS_NO_XML) if is_for_machines and is_void else "",
            pdf_words=say(words) if (words := _PDF_WORDS[self.facts.pdf]) else "",
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
        offers = self.setup.settings.shows_pdf and facts.allocated_minor > 0
        offers = offers and not is_void
        return f"{self.looking.base}/invoice-with-payments.pdf" if offers else ""

    @property
    def account_href(self) -> str:
        """Return the account behind the same door, where this door leads there."""
        place = parse_place(self.looking.base)
        leads_there = self.setup.settings.link_opens_account
        if place is None or not (place.is_account or leads_there):
            return ""
        if self.looking.is_preview and place.door == Door.SIGNED_IN:
            # Staff preview one invoice; nobody has signed in to the account.
            return ""
        asked = "?preview=1" if self.looking.is_preview else ""
        return place.account_path + asked

    @property
    def replaced_by(self) -> str:
        follower = self.looking.replaced_by
        return follower.number if follower else ""

    @property
    def replaced_href(self) -> str:
        follower = self.looking.replaced_by
        return self.href_of(follower.invoice_id) if follower else ""

    def href_of(self, invoice_id: int) -> str:
        """Lead on inside the account; a link that opens no account opens no other."""
        place = parse_place(self.looking.base)
        leads_there = self.setup.settings.link_opens_account
        if place is None or not (place.is_account or leads_there):
            return ""
        asked = "?preview=1" if self.looking.is_preview else ""
        return place.invoice_path(invoice_id) + asked

    @cached_property
    def today(self) -> date:
        return self.looking.now.astimezone(ZoneInfo(self.setup.zone)).date()

    @cached_property
    def status(self) -> InvoiceStatus:
        facts = self.facts
        return compute_status(
            InvoiceFacts(
                state=facts.state,
                prepaid_minor=facts.document.prepaid_minor,
                outstanding_minor=facts.outstanding_minor,
                processing_minor=facts.processing_minor,
                due_on=facts.document.due_on,
                rules=self.setup.settings.late_rules,
                credited_minor=facts.credited_minor,
                allocated_minor=facts.allocated_minor,
                written_off_minor=facts.written_off_minor,
            ),
            self.today,
        )

    @property
    def due_on(self) -> str:
        due_on = self.facts.document.due_on
        if due_on is None:
            return self.say("On receipt")
        is_late = self.status == InvoiceStatus.OVERDUE
        return self.day(due_on) + ("," if is_late else "")

    @cached_property
    def paid_minor(self) -> int:
        return sum(x.part_minor for x in self.settled_payments)

    @cached_property
    def settled_payments(self) -> list[ReceivedFacts]:
        """Return the payments that stand, the last one first."""
        return [x for x in self.facts.received if x.status == PaymentStatus.SETTLED]

    @cached_property
    def has_visible_dispute(self) -> bool:
        return self.status not in _SETTLED and bool(self.disputes.summary)

    @property
    def asked_of(self) -> str:
        if not self.has_visible_dispute:
            return ""
        label, whole = self.say("Amount due"), self.money(self.facts.outstanding_minor)
        return f"{label} {whole}"

    def headline(self, payability: PayabilityFacts) -> tuple[str, str]:
        """Return the figure that matters most, and what it is."""
        say, money = self.say, self.money
        if self.status == InvoiceStatus.PAID and self.paid_minor > 0:
            return say("Amount"), money(self.paid_minor)
        if self.status == InvoiceStatus.CREDITED:
            return say("Credited in full"), money(self.facts.credited_minor)
        if self.status == InvoiceStatus.IN_CREDIT:
            return say("Your credit"), money(-self.facts.outstanding_minor)
        if self.has_visible_dispute:
            return say("To pay now"), money(payability.payable_minor)
        return say("Amount due"), money(max(0, self.facts.outstanding_minor))

    def settled(self) -> Iterator[Pair]:
        """Say when and how an invoice was paid, or when it was credited."""
        last = next((x for x in self.settled_payments if x.part_minor > 0), None)
        if self.status == InvoiceStatus.PAID and last is not None:
            yield Pair(self.say("Last payment"), self.day(last.received_on))
            yield Pair(self.say("Method"), self.method(last))
        if self.status == InvoiceStatus.CREDITED and self.facts.credit_notes:
            on = max(it.issued_on for it in self.facts.credit_notes)
            yield Pair(self.say("Credited on"), self.day(on))

    @property
    def progress(self) -> tuple[str, int]:
        """Say how much came, and its share in percent, while more is to come."""
        due, left = self.facts.document.due_minor, self.facts.outstanding_minor
        # What was given up was neither paid nor credited.
        due -= self.facts.written_off_minor
        if not 0 < left < due:
            return "", 0
        credited = self.facts.credited_minor
        paid, whole = due - left - credited, due - credited
        if paid <= 0:
            words = self.say(
                "{part} of {whole} credited",
                part=self.money(credited),
                whole=self.money(due),
            )
            return words, 0
        part, all_of_it = self.money(paid), self.money(whole)
        words = (
            self.say(
                "{part} of {whole} paid, after {credited} was credited",
                part=part,
                whole=all_of_it,
                credited=self.money(credited),
            )
            if credited
            else self.say("{part} of {whole} paid", part=part, whole=all_of_it)
        )
        return words, paid * 100 // whole

    @property
    def on_its_way(self) -> str:
        coming = self.facts.processing_minor
        if not 0 < coming < self.facts.outstanding_minor:
            return ""
        return self.say(
            "{amount} more is on its way from your bank.", amount=self.money(coming)
        )

    @cached_property
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
            shows_reminders=self.setup.settings.shows_reminders
            and facts.outstanding_minor > 0,
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
        return came_back_note(
            self.looking.came_back,
            self.speech,
            has_arrived=self.has_just_paid,
            is_coming=self.facts.processing_minor > 0,
        )

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
            fine=self.say(_FINE_HERE if self.setup.takes_card else _FINE),
            is_fixed=limits.is_fixed,
            amount=field_text(
                limits.maximum_minor, document.currency, document.language
            ),
            currency=document.currency,
            hint=_hint(limits, payability, self.speech),
        )

    def outcome(self, payability: PayabilityFacts) -> Outcome:
        if self.status == InvoiceStatus.PAID:
            return self.paid()
        if self.status == InvoiceStatus.PROCESSING:
            return self.processing()
        if self.status == InvoiceStatus.CREDITED:
            return self.closed(
                self.say("Credited in full"),
                self.say(
                    "A credit note takes this invoice back. "
                    "There is nothing to pay on it."
                ),
            )
        if self.status == InvoiceStatus.IN_CREDIT:
            return self.closed(
                self.say("Nothing to pay"),
                self.say("This invoice asks for no payment."),
            )
        if self.status == InvoiceStatus.WRITTEN_OFF:
            return self.closed(
                self.say("This invoice is closed"),
                self.say("There is nothing to pay on it."),
            )
        if payability.is_void:
            return self.closed(
                self.say("This invoice is void"),
                self.say("There is nothing to pay on it."),
            )
        if self.setup.is_pay_refused and payability.payable_minor > 0:
            return self.closed(self.say("Payment unavailable"), self.say(ONLY_LOOKS))
        shut = find_shut_gate(payability)
        if shut is None:
            return Outcome()
        if payability.mode != PaymentMode.ONLINE:
            return self.as_agreed(payability)
        reason = self.speech.refuse(shut.refusal)
        if shut.code == "disputed":
            return self.closed(self.say("Nothing to pay for now"), reason)
        if self.setup.is_connected:
            return self.closed(self.say("Payment unavailable"), reason)
        if self.facts.document.bank:
            return Outcome()
        return Outcome("elsewhere", self.say("How to pay"), reason)

    def as_agreed(self, payability: PayabilityFacts) -> Outcome:
        """Say how an invoice is paid that is not paid here, unless the bank does.

        Its sheet has the bank details even where the portal does not offer them.
        """
        has_bank = payability.mode == PaymentMode.INSTRUCTIONS and (
            self.facts.document.bank
        )
        if has_bank or payability.payable_minor <= 0:
            return Outcome()
        seller = self.facts.document.branding.name or self.facts.document.seller.name
        agreed = self.say("Pay as agreed with {business}.", business=seller)
        if self.facts.document.bank:
            agreed += " " + self.say("The bank details are on the invoice.")
        return Outcome("elsewhere", self.say("How to pay"), agreed)

    def closed(self, heading: str, words: str) -> Outcome:
        return Outcome("closed", heading, words)

    def paid(self) -> Outcome:
        """Thank, and say where the last receipt is."""
        if self.paid_minor <= 0:
            return Outcome(
                "paid",
                self.say("Nothing to pay"),
                self.say("This invoice asks for no payment."),
            )
        last = next(x for x in self.settled_payments if x.part_minor > 0)
        words = (
            self.say("This invoice is settled. Your receipt is ready.")
            if last.receipt_number
            else self.say("This invoice is settled.")
        )
        return Outcome(
            kind="paid",
            heading=self.say("Paid in full. Thank you."),
            words=words,
            receipt_href=self.receipt_href(last),
        )

    def processing(self) -> Outcome:
        """Say what was started, what is waited for, and what comes then."""
        zone = ZoneInfo(self.setup.zone)
        started = [
            Step(
                self.say(
                    "{amount} by bank debit", amount=self.money(debit.amount_minor)
                ),
                self.say(
                    "Started on {date}",
                    date=self.day(debit.started_at.astimezone(zone).date()),
                ),
                "done",
            )
            for debit in self.facts.debits
        ]
        latest = max((debit.started_at for debit in self.facts.debits), default=None)
        usually = self.say("Usually 3 to {days} working days", days=_DEBIT_DAYS)
        if latest is not None:
            expected = _working_days_after(latest.astimezone(zone).date(), _DEBIT_DAYS)
            usually = self.say(
                "Usually 3 to {days} working days, by {date}",
                days=_DEBIT_DAYS,
                date=self.day(expected),
            )
        return Outcome(
            kind="processing",
            heading=self.say("Your payment is on its way"),
            words=self.say(
                "You don’t need to do anything else. "
                "This page changes by itself when the bank confirms."
            ),
            steps=(
                *started,
                Step(self.say("Waiting for your bank"), usually, "now"),
                Step(
                    self.say("Receipt"),
                    self.say("Here, as soon as the money has arrived"),
                    "next",
                ),
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
            rows.insert(0, (self.say("Name"), document.seller.name))
        words = self.speech.say_as("what a transfer says", "Reference")
        reference = printed_reference(
            labels, document.reference, document.number, words
        )
        if reference:
            rows.append((words, reference))
        return tuple(
            BankLine(label, value, self.say("Copy {what}", what=self.inside(label)))
            for label, value in rows
        )

    def debit_rows(self) -> Iterator[PaymentRow]:
        zone = ZoneInfo(self.setup.zone)
        for debit in self.facts.debits:
            yield PaymentRow(
                received_on=self.day(debit.started_at.astimezone(zone).date()),
                method=self.say("Bank debit"),
                note="",
                amount=self.money(debit.amount_minor),
                receipt_href="",
                word=self.speech.say_as("status", "Processing"),
                is_processing=True,
            )

    def credit_rows(self) -> Iterator[PaymentRow]:
        for it in self.facts.credit_notes:
            file = f"{self.looking.base}/credit-notes/{it.credit_note_id}"
            has_files = self.setup.settings.shows_pdf
            is_for_machines = has_files and it.is_e_invoice
            yield PaymentRow(
                received_on=self.day(it.issued_on),
                method=self.say("Credit note {number}", number=it.number),
                note=it.reason,
                amount=self.money(it.credited_minor),
                receipt_href=f"{file}.pdf" if has_files else "",
                word=self.say("Credited"),
                receipt_words=self.say("Credit note PDF"),
                cii_href=f"{file}.cii.xml" if is_for_machines else "",
                ubl_href=f"{file}.ubl.xml" if is_for_machines else "",
                parts=it.parts,
            )

    def payment_rows(self) -> Iterator[PaymentRow]:
        for it in self.facts.received:
            is_settled = it.status == PaymentStatus.SETTLED
            yield PaymentRow(
                received_on=self.day(it.received_on),
                method=self.method(it),
                note=" · ".join(self.remarks(it)),
                amount=self.money(
                    it.part_minor if it.part_minor > 0 else it.amount_minor
                ),
                receipt_href=self.receipt_href(it) if is_settled else "",
                word="" if is_settled else self.say("Returned"),
                receipt_words=self.say("Receipt PDF"),
            )

    def remarks(self, it: ReceivedFacts) -> Iterator[str]:
        if it.reference:
            yield self.say("Reference {reference}", reference=it.reference)
        if it.receipt_number:
            yield self.say("Receipt {number}", number=it.receipt_number)
        if it.refunded_minor > 0:
            yield self.say("{amount} refunded", amount=self.money(it.refunded_minor))
        if it.credit_minor > 0 and it.status == PaymentStatus.SETTLED:
            yield self.say(
                "{amount} kept as your credit", amount=self.money(it.credit_minor)
            )
        elsewhere = (
            it.amount_minor - it.part_minor - it.refunded_minor - it.credit_minor
        )
        if it.part_minor > 0 and elsewhere > 0:
            yield self.say(
                "Part of a payment of {amount}", amount=self.money(it.amount_minor)
            )

    def receipt_href(self, it: ReceivedFacts) -> str:
        if not it.receipt_number or not self.setup.settings.shows_pdf:
            return ""
        return f"{self.looking.base}/receipts/{it.payment_id}.pdf"

    @property
    def how_far(self) -> str:
        due_on = self.facts.document.due_on
        return (
            "" if due_on is None else days_away((due_on - self.today).days, self.speech)
        )

    @cached_property
    def speech(self) -> Speech:
        return speech_for(self.facts.document.language)

    def say(self, words: str, /, **values: object) -> str:
        return self.speech.say(words, **values)

    def method(self, it: ReceivedFacts) -> str:
        return say_method(it.method, it.method_detail, self.speech)

    def inside(self, label: str) -> str:
        """Write a label inside a sentence: IBAN stays, Name becomes name in English."""
        is_english = self.speech.language == SOURCE_LANGUAGE
        return label.lower() if is_english and not label.isupper() else label

    def money(self, minor: int) -> str:
        return self.speech.money(minor, self.facts.document.currency)

    def day(self, on: date) -> str:
        return format_date(on, self.facts.document.language)


# Nothing was paid of it, and nothing can be.
_ENDED = {
    InvoiceStatus.VOID,
    InvoiceStatus.CREDITED,
    InvoiceStatus.IN_CREDIT,
    InvoiceStatus.WRITTEN_OFF,
}
_OVER = {InvoiceStatus.PAID, *_ENDED}
_SETTLED = {InvoiceStatus.PROCESSING, *_OVER}
# What an address may say where the money is on its way.
_MAY_BE_COMING = {"yes", "open", "processing"}
_CHECKING = (
    later(
        "We are checking your payment. This page changes by itself as soon as we know."
    ),
    "",
)
_CAME_BACK = {
    "yes": _CHECKING,
    "open": _CHECKING,
    "processing": _CHECKING,
    "review": (
        later(
            "Your payment has reached us and is being checked by a person. "
            "Please don’t pay again."
        ),
        "",
    ),
    "unproven": (
        later(
            "Your bank asked for proof and didn’t get it. Nothing was charged; "
            "you can try again or use another card."
        ),
        "bad",
    ),
    "failed": (
        later("The payment was declined. You can try again or pay otherwise."),
        "bad",
    ),
    "expired": (
        later(
            "The payment page was closed before anything was paid. You can try again."
        ),
        "warn",
    ),
    "dropped": (later("You changed your mind. Nothing was charged."), ""),
    "changed": (
        later(
            "What can be paid here has just changed, so the payment was not started. "
            "Nothing was charged."
        ),
        "warn",
    ),
    "canceled": (
        later("You came back without paying. Nothing was charged."),
        "warn",
    ),
}
_PDF_WORDS = {
    PdfState.READY: "",
    PdfState.PENDING: later("The PDF is being prepared. It will be here in a moment."),
    PdfState.FAILED: later(
        "The PDF can’t be made at the moment. The live view shows the same invoice."
    ),
}


def came_back_note(
    said: str, speech: Speech, *, has_arrived: bool, is_coming: bool
) -> tuple[str, str]:
    """Return what to say to whoever comes back from paying, and in which tone.

    `is_coming` is a debit that their bank has not cleared yet.
    """
    if said == "yes" and has_arrived:
        return speech.say("Your payment has arrived. Thank you."), "good"
    if said in _MAY_BE_COMING and is_coming:
        coming = speech.say(
            "Your bank debit has started. "
            "This page changes by itself once the money has arrived."
        )
        return coming, "good"
    words, tone = _CAME_BACK.get(said, ("", ""))
    return speech.say(words) if words else "", tone


def _hint(limits: AmountLimits, facts: PayabilityFacts, speech: Speech) -> str:
    """Say beside the field what may be paid."""
    say = speech.say
    if limits.is_fixed:
        if facts.processing_minor:
            return say("All that is left to pay now, in one payment.")
        if facts.disputed_minor:
            return say("All that is not disputed, in one payment.")
        return say("The full balance, in one payment.")
    if facts.processing_minor:
        whole = say("All that is left to pay now.")
    elif facts.disputed_minor:
        whole = say("All that is not disputed.")
    else:
        whole = say("Full balance.")
    if not 0 < facts.minimum_minor <= limits.minimum_minor:
        part = say("Enter less to pay a part.")
        return f"{whole} {part}"
    smallest = speech.money(limits.minimum_minor, facts.currency)
    part = say("Enter less to pay a part, {amount} or more.", amount=smallest)
    return f"{whole} {part}"


def days_away(days: int, speech: Speech) -> str:
    """Say how far a day is from today; it is past where the count is below zero."""
    if days == 0:
        return speech.say("today")
    if days == 1:
        return speech.say("tomorrow")
    if days == -1:
        return speech.say("yesterday")
    if days > 0:
        return speech.count("in {count} day", "in {count} days", days)
    return speech.count("{count} day ago", "{count} days ago", -days)


def _working_days_after(day: date, count: int) -> date:
    """Count working days only; no bank holidays, hence "usually" beside it."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def is_word_mark(branding: Branding) -> bool:
    """Say whether a logo is so wide that it spells the name itself."""
    return branding.logo_width > WORD_MARK_RATIO * branding.logo_height > 0


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
