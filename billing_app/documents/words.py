"""The printed words of a document, by language."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from billing_app.documents.bidi import figures, format_amount, format_percent, own
from billing_app.domain.aging import AgeBucket
from billing_app.domain.document import CreditNoteDocument, DocumentLine, JobShare
from billing_app.domain.speech import later, speech_for
from billing_app.domain.statement import EntryKind


@dataclass(frozen=True, slots=True)
class Words:
    """Every word a document prints by itself."""

    invoice: str
    receipt: str
    draft: str
    void: str
    billed_to: str
    customer: str
    received_from: str
    sender: str
    issued: str
    delivered: str
    due_date: str
    your_reference: str
    job: str
    amount_due: str
    to_pay_now: str
    amount_due_by: str
    nothing_due: str
    your_credit: str
    description: str
    quantity: str
    unit_price: str
    per: str
    discount: str
    tax: str
    amount: str
    tax_group: str
    taxable: str
    compound: str
    subtotal: str
    tax_included: str
    total: str
    prepaid: str
    rounding: str
    notes: str
    terms: str
    bank_transfer: str
    reference: str
    payment_reference: str
    vat_id: str
    tax_id: str
    page: str
    of: str
    as_of: str
    received: str
    received_on: str
    method: str
    invoice_total: str
    remaining: str
    paid_in_full: str
    statement: str
    period: str
    day: str
    entry: str
    movement: str
    balance: str
    opening_balance: str
    closing_balance: str
    made_void: str
    credit: str
    credit_note: str
    credited: str
    credited_on: str
    adjusted: str
    reason: str
    discounts_and_rounding: str
    behind: str
    by_hand: str
    more: str
    part_of: str
    genuine: str
    by_guest: str
    why: str
    close: str


# What moved a balance: one of them with its number, and all of them as a sum.
_ENTRIES = {
    EntryKind.INVOICE: (later("Invoice"), later("Invoices")),
    EntryKind.VOID: (later("Voided invoice"), later("Voided invoices")),
    EntryKind.CREDIT_NOTE: (later("Credit note"), later("Credit notes")),
    EntryKind.ADJUSTMENT: (later("Adjustment"), later("Adjustments")),
    EntryKind.PAYMENT: (later("Payment"), later("Payments")),
    EntryKind.REFUND: (later("Refund"), later("Refunds")),
}
_AGES = {
    AgeBucket.CURRENT: (later("Not due yet"), ""),
    AgeBucket.TO_30: (later("{days} days late"), "1–30"),
    AgeBucket.TO_60: (later("{days} days late"), "31–60"),
    AgeBucket.TO_90: (later("{days} days late"), "61–90"),
    AgeBucket.OVER_90: (later("More than {days} days late"), "90"),
    AgeBucket.DISPUTED: (later("Disputed"), ""),
}


def entry_words(kind: EntryKind, language: str, *, several: bool = False) -> str:
    """Name what moved a balance; `several` are added up."""
    return speech_for(language).say(_ENTRIES[kind][several])


def age_words(bucket: AgeBucket, language: str) -> str:
    """Say how late the amounts of a statement are."""
    words, days = _AGES[bucket]
    return own(speech_for(language).say(words, days=figures(days, language)), language)


def by_age_on(day: str, language: str) -> str:
    return speech_for(language).say("Outstanding by age on {date}", date=day)


def share_words(share: JobShare, currency: str, language: str) -> str:
    """Say what part of which job a line charges: 30% of 12,000.00."""
    return speech_for(language).say(
        "{percent} of {total}",
        percent=format_percent(share.percent, language),
        total=format_amount(share.job_total_minor, currency, language),
    )


@lru_cache(maxsize=64)
def words_for(tag: str) -> tuple[str, Words]:
    """Return the language whose words are printed, English for one we lack."""
    speech = speech_for(tag)
    say = speech.say
    return speech.language, Words(
        invoice=say("Invoice"),
        receipt=say("Receipt"),
        draft=say("Draft"),
        void=say("Void"),
        billed_to=say("Billed to"),
        customer=say("Customer"),
        received_from=say("Received from"),
        sender=say("From"),
        issued=say("Issued"),
        delivered=say("Delivered"),
        due_date=say("Due date"),
        your_reference=say("Your reference"),
        job=say("Job"),
        amount_due=say("Amount due"),
        to_pay_now=say("To pay now"),
        amount_due_by=say("Amount due by"),
        nothing_due=say("Nothing to pay"),
        your_credit=say("Your credit"),
        description=say("Description"),
        quantity=say("Quantity"),
        unit_price=say("Unit price"),
        per=say("per"),
        discount=say("Discount"),
        tax=say("Tax"),
        amount=say("Amount"),
        tax_group=say("Tax group"),
        taxable=say("Taxable"),
        compound=say("On the price and the other taxes"),
        subtotal=say("Subtotal"),
        tax_included=say("Tax included"),
        total=say("Total"),
        prepaid=say("Already paid"),
        rounding=say("Rounding"),
        notes=say("Notes"),
        terms=say("Terms"),
        bank_transfer=say("Bank transfer"),
        reference=speech.say_as("what a transfer says", "Reference"),
        payment_reference=say("Reference"),
        vat_id=say("VAT"),
        tax_id=say("Tax ID"),
        page=say("Page"),
        of=say("of"),
        as_of=say("As of"),
        received=say("Amount received"),
        received_on=say("Received on"),
        method=say("Method"),
        invoice_total=say("Invoice total"),
        remaining=say("Remaining balance"),
        paid_in_full=say("Paid in full"),
        statement=say("Statement of account"),
        period=say("Period"),
        day=say("Date"),
        entry=say("Entry"),
        movement=say("Amount"),
        balance=say("Balance"),
        opening_balance=say("Opening balance"),
        closing_balance=say("Closing balance"),
        made_void=say("Made void"),
        credit=say("Your credit"),
        credit_note=say("Credit note"),
        credited=say("Amount credited"),
        credited_on=say("Credited on"),
        adjusted=say("Adjustment"),
        reason=say("Reason"),
        discounts_and_rounding=say("Discounts and rounding"),
        behind=say("What is behind this line"),
        by_hand=say("Entered by hand"),
        more=say("more"),
        part_of=say("Part of a payment of"),
        genuine=say("Genuine? Ask at"),
        by_guest=say("Made with Tallyport. Only its sender vouches for it."),
        why=say("Why this figure?"),
        close=say("Close"),
    )


def credited_lines(document: CreditNoteDocument) -> tuple[DocumentLine, ...]:
    """Name by its invoice what is no line of it, in the customer's language."""
    _, words = words_for(document.language)
    named = f"{words.invoice} {document.invoice_number}"
    return tuple(
        replace(line, name=named) if line.name == document.invoice_number else line
        for line in document.lines
    )
