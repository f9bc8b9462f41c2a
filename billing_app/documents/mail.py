"""What mail to customers says and how it looks; sending it is the gateway's affair.

Each kind of mail only fills in a letter. One layout makes the text part and the
HTML part from it, so that both always say the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from billing_app.domain.branding import Brand, correct_brand, initials
from billing_app.domain.comment import shorten
from billing_app.domain.document import (
    AnyDocument,
    Branding,
    CreditNoteDocument,
    InvoiceDocument,
    Party,
    ReceiptDocument,
)
from billing_app.domain.formats import format_date, format_money
from billing_app.domain.payment_reference import format_reference
from billing_app.domain.portal_invoice import is_word_mark

# What the HTML calls the picture that comes with it (RFC 2392).
LOGO_ID = "logo@tallyport"
CHOICES_WORDS = "Choose which mails you get"
_LOGO_HEIGHT = 36
_LOGO_WIDTH_MAX = 220

_TEST_ACCENT = Branding().accent
# As much of a comment as a mail shows.
_QUOTED_MAX = 500


@dataclass(frozen=True, slots=True)
class MailLogo:
    """The sender's logo, which travels inside the mail; sizes as shown, in pixels.

    Attributes:
        says_name: it is a word mark, so that the name needs no place beside it.
    """

    width: int
    height: int
    says_name: bool


@dataclass(frozen=True, slots=True)
class MailContent:
    """A mail without its envelope."""

    subject: str
    text: str
    html: str
    _letter: _Letter = field(repr=False)

    def with_choices(self, url: str) -> MailContent:
        """Say at the end where the reader chooses which mails to get."""
        return _write(replace(self._letter, choices=url))

    def with_logo(self, branding: Branding) -> MailContent:
        """Show the logo at the top; it is to be sent along as `LOGO_ID`."""
        logo = _logo_as_shown(branding)
        html = _render(self._letter, logo)
        return replace(self, html=html)


@dataclass(frozen=True, slots=True)
class _Letter:
    """What both parts of a mail show, in this order.

    Attributes:
        preview: what a list of mails shows beside the subject.
        amount: the one large figure, empty for none.
        facts: labels and values in rows.
        quote: what a person wrote, with its line breaks.
        closing: in small print below the button.
        choices: where the reader chooses which mails to get.
    """

    business: str
    accent: str
    language: str
    subject: str
    preview: str
    heading: str
    paragraphs: tuple[str, ...]
    amount_label: str = ""
    amount: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    quote: str = ""
    action: str = ""
    link: str = ""
    closing: tuple[str, ...] = ()
    choices: str = ""

    @property
    def brand(self) -> Brand:
        return correct_brand(self.accent)

    @property
    def mark(self) -> str:
        return initials(self.business)


def write_invoice_mail(
    document: InvoiceDocument,
    *,
    link: str,
    outstanding_minor: int,
    is_payable_online: bool,
) -> MailContent:
    """Tell the customer that an invoice is there, how much it is and by when."""
    business = _business(document)
    amount = _money(outstanding_minor, document)
    due = _due_text(document)
    action = "View and pay invoice" if is_payable_online else "View invoice"
    return _write(
        _Letter(
            business=business,
            accent=document.branding.accent,
            language=_language(document),
            subject=f"Invoice {document.number} from {business}",
            preview=f"{amount}{f' due {due}' if due else ''}.",
            heading=f"Invoice {document.number}",
            paragraphs=(f"{_greeting(document.buyer)} here is your new invoice.",),
            amount_label="Amount due",
            amount=amount,
            facts=_invoice_facts(document),
            action=action,
            link=link,
            closing=_closing(document.seller),
        )
    )


def write_link_mail(
    document: InvoiceDocument, *, link: str, outstanding_minor: int, message: str
) -> MailContent:
    """Send the link of an invoice again, with what a member wrote about it."""
    business = _business(document)
    amount = _money(outstanding_minor, document)
    return _write(
        _Letter(
            business=business,
            accent=document.branding.accent,
            language=_language(document),
            subject=f"Your invoice {document.number} from {business}",
            preview=f"{amount} outstanding.",
            heading=f"Invoice {document.number}",
            paragraphs=(
                f"{_greeting(document.buyer)} here is the link to your invoice.",
            ),
            amount_label="Amount due",
            amount=amount,
            facts=_invoice_facts(document),
            quote=message.strip(),
            action="View invoice",
            link=link,
            closing=_closing(document.seller),
        )
    )


def write_code_mail(business: str, accent: str, code: str) -> MailContent:
    """Send a one-time code. It says nothing of what the code opens."""
    return _write(
        _Letter(
            business=business,
            accent=accent,
            language="en",
            subject=f"{code} is your code for {business}",
            preview="It works for ten minutes.",
            heading="Your verification code",
            paragraphs=(
                f"Type this code on the page of {business} that asked for it.",
            ),
            amount_label="Verification code",
            amount=code,
            closing=(
                "The code works once, for ten minutes. Nobody from "
                f"{business} will ever ask you for it.",
                "If you didn’t ask for a code, you can ignore this mail.",
            ),
        )
    )


def write_reminder_mail(
    document: InvoiceDocument,
    *,
    link: str,
    asked_minor: int,
    today: date,
    is_payable_online: bool,
) -> MailContent:
    """Remind of an invoice in a friendly way; say how far its due date is."""
    business = _business(document)
    amount = _money(asked_minor, document)
    when = _due_words(document, today)
    return _write(
        _Letter(
            business=business,
            accent=document.branding.accent,
            language=_language(document),
            subject=f"Reminder: invoice {document.number} from {business}",
            preview=f"{amount} is still to be paid.",
            heading=f"Invoice {document.number}{when}",
            paragraphs=(
                f"{_greeting(document.buyer)} this is a friendly reminder of our "
                f"invoice. {amount} is still to be paid.",
                "If your payment is already on its way, thank you: there is nothing "
                "more to do.",
            ),
            amount_label="Amount due",
            amount=amount,
            facts=_invoice_facts(document),
            action="View and pay invoice" if is_payable_online else "View invoice",
            link=link,
            closing=_closing(document.seller),
        )
    )


def write_receipt_mail(document: ReceiptDocument, *, link: str) -> MailContent:
    """Thank for a payment, and say what is left to pay."""
    business = _business(document)
    amount = _money(document.amount_minor, document)
    is_settled = document.outstanding_minor <= 0
    rest = (
        "The invoice is paid in full."
        if is_settled
        else f"{_money(document.outstanding_minor, document)} is still to be paid."
    )
    facts = [
        ("Invoice", document.invoice_number),
        ("Receipt", document.number),
        ("Received", format_date(document.received_on, _language(document))),
        ("Paid with", document.method),
        ("Reference", document.reference),
    ]
    return _write(
        _Letter(
            business=business,
            accent=document.branding.accent,
            language=_language(document),
            subject=f"Receipt for invoice {document.invoice_number} from {business}",
            preview=f"{amount} received. {rest}",
            heading="Thank you for your payment",
            paragraphs=(rest,),
            amount_label="Received",
            amount=amount,
            facts=_given(facts),
            action="View receipt" if is_settled else "View invoice",
            link=link,
            closing=_closing(document.seller),
        )
    )


def write_credit_note_mail(
    document: CreditNoteDocument, *, link: str, outstanding_minor: int
) -> MailContent:
    """Say that a credit note is there, why, and what it leaves to pay."""
    business = _business(document)
    amount = _money(document.total_minor, document)
    rest = "There is nothing left to pay on this invoice."
    if outstanding_minor > 0:
        rest = f"{_money(outstanding_minor, document)} of it is still to be paid."
    paragraphs = [rest]
    if document.credit_minor:
        kept = _money(document.credit_minor, document)
        paragraphs.append(
            f"You had paid {kept} of this already. It is kept as your credit."
        )
    facts = [
        ("Credit note", document.number),
        ("Invoice", document.invoice_number),
        ("Issued", format_date(document.issued_on, _language(document))),
        ("Reason", document.reason),
    ]
    return _write(
        _Letter(
            business=business,
            accent=document.branding.accent,
            language=_language(document),
            subject=f"Credit note {document.number} from {business}",
            preview=f"{amount} credited on invoice {document.invoice_number}. {rest}",
            heading=f"A credit note for invoice {document.invoice_number}",
            paragraphs=tuple(paragraphs),
            amount_label="Credited",
            amount=amount,
            facts=_given(facts),
            action="View invoice",
            link=link,
            closing=_closing(document.seller),
        )
    )


def write_receipts_mail(
    documents: Sequence[ReceiptDocument], *, link: str
) -> MailContent:
    """Thank for one payment of several invoices, and say what each of them got."""
    first = documents[0]
    business, language = _business(first), _language(first)
    amount = _money(first.whole_minor, first)
    left = sum(max(0, document.outstanding_minor) for document in documents)
    rest = (
        "They are paid in full."
        if left == 0
        else f"{_money(left, first)} of them is still to be paid."
    )
    count = len(documents)
    facts = [
        (f"Invoice {document.invoice_number}", _paid_of(document))
        for document in documents
    ]
    facts += [
        ("Received", format_date(first.received_on, language)),
        ("Paid with", first.method),
        ("Reference", first.reference),
    ]
    return _write(
        _Letter(
            business=business,
            accent=first.branding.accent,
            language=language,
            subject=f"Receipt for {count} invoices from {business}",
            preview=f"{amount} received for {count} invoices. {rest}",
            heading="Thank you for your payment",
            paragraphs=(f"Your payment was for {count} invoices. {rest}",),
            amount_label="Received",
            amount=amount,
            facts=_given(facts),
            action="View receipt",
            link=link,
            closing=_closing(first.seller),
        )
    )


def _paid_of(document: ReceiptDocument) -> str:
    """Write the part that an invoice got, what stayed credit, and its receipt."""
    parts = [_money(document.amount_minor, document)]
    if document.credit_minor > 0:
        parts.append(f"{_money(document.credit_minor, document)} kept as your credit")
    parts.append(f"receipt {document.number}")
    return ", ".join(parts)


def write_processing_mail(
    document: InvoiceDocument, *, link: str, amount_minor: int
) -> MailContent:
    """Say that a bank debit is under way and that nothing more is to be done."""
    business = _business(document)
    amount = _money(amount_minor, document)
    return _write(
        _Letter(
            business=business,
            accent=document.branding.accent,
            language=_language(document),
            subject=f"Your payment for invoice {document.number} is under way",
            preview=f"{amount} by bank debit. It clears within a few working days.",
            heading="Your payment is under way",
            paragraphs=(
                "Your bank debit was started. Banks need up to four working days to "
                "clear it; you will get a receipt as soon as they have.",
                "You do not need to do anything.",
            ),
            amount_label="Amount",
            amount=amount,
            facts=(("Invoice", document.number),),
            action="View invoice",
            link=link,
            closing=_closing(document.seller),
        )
    )


def write_failure_mail(
    document: InvoiceDocument, *, link: str, amount_minor: int, reason: str
) -> MailContent:
    """Say that a payment did not go through, why, and where to try again."""
    business = _business(document)
    amount = _money(amount_minor, document)
    return _write(
        _Letter(
            business=business,
            accent=document.branding.accent,
            language=_language(document),
            subject=f"Your payment for invoice {document.number} did not go through",
            preview=f"{amount} was not received. You can try again.",
            heading="Your payment did not go through",
            paragraphs=(
                f"We did not receive your payment for invoice {document.number}. "
                "No money is lost: you can try again, or pay in another way.",
            ),
            amount_label="Amount",
            amount=amount,
            facts=_given([("Invoice", document.number), ("Reason", reason)]),
            action="Try again",
            link=link,
            closing=_closing(document.seller),
        )
    )


def write_comment_mail(
    document: InvoiceDocument,
    *,
    link: str,
    comments: tuple[tuple[str, str], ...],
    count: int,
    is_to_staff: bool,
    dispute: str = "",
) -> MailContent:
    """Tell one side what the other has written; `comments` are names and texts.

    `dispute` names what is disputed, where they were written in a dispute.
    """
    business = _business(document)
    buyer = _one_line(document.buyer.name)
    who = buyer if is_to_staff else business
    many = "a comment" if count == 1 else f"{count} comments"
    more = f" The last {len(comments)} are below." if count > len(comments) else ""
    where = f"invoice {document.number}"
    if dispute:
        where = f"the dispute about {where}"
    said = f"{who} wrote {many} on {where}.{more}"
    return _write(
        _Letter(
            business=business,
            accent=document.branding.accent,
            language=_language(document),
            subject=f"New on {where}: {many} from {who}",
            preview=_shortened(comments[-1][1]),
            heading=f"{'Dispute on invoice' if dispute else 'Invoice'} "
            f"{document.number}",
            paragraphs=(
                said if is_to_staff else f"{_greeting(document.buyer)} {said}",
            ),
            facts=_given([("Disputed", _one_line(dispute))]),
            quote="\n\n".join(
                f"{_one_line(name)}: {_shortened(body)}" for name, body in comments
            ),
            action="Read and answer",
            link=link,
            closing=() if is_to_staff else _closing(document.seller),
        )
    )


def write_dispute_mail(
    document: InvoiceDocument,
    *,
    link: str,
    amount_minor: int,
    about: str,
    reason: str,
    opened_by: str,
) -> MailContent:
    """Tell staff what a customer says is wrong."""
    buyer = _one_line(document.buyer.name)
    amount = _money(amount_minor, document)
    return _write(
        _Letter(
            business=_business(document),
            accent=document.branding.accent,
            language=_language(document),
            subject=f"{buyer} disputes {amount} of invoice {document.number}",
            preview=_shortened(reason),
            heading=f"Dispute on invoice {document.number}",
            paragraphs=(
                f"{buyer} disputes a part of this invoice. It is not asked for until "
                "you have answered; the rest can still be paid.",
            ),
            amount_label="Disputed",
            amount=amount,
            facts=_given([("About", _one_line(about)), ("Opened by", opened_by)]),
            quote=_shortened(reason),
            action="Read and answer",
            link=link,
        )
    )


def write_resolution_mail(
    document: InvoiceDocument,
    *,
    link: str,
    amount_minor: int,
    about: str,
    outcome: str,
    answer: str,
) -> MailContent:
    """Tell the customer how their dispute ended and why."""
    business = _business(document)
    return _write(
        _Letter(
            business=business,
            accent=document.branding.accent,
            language=_language(document),
            subject=f"Your dispute about invoice {document.number}: {outcome}",
            preview=_shortened(answer),
            heading=f"Invoice {document.number}",
            paragraphs=(
                f"{_greeting(document.buyer)} {business} has answered your dispute.",
            ),
            amount_label="Disputed",
            amount=_money(amount_minor, document),
            facts=(("About", _one_line(about)), ("Outcome", outcome)),
            quote=answer,
            action="View invoice",
            link=link,
            closing=_closing(document.seller),
        )
    )


def _shortened(text: str) -> str:
    """Cut a long comment; the page has the rest."""
    return shorten(text, _QUOTED_MAX)


def write_test_mail(business: str, accent: str = _TEST_ACCENT) -> MailContent:
    """Show a member that mail leaves, and what it looks like."""
    return _write(
        _Letter(
            business=business,
            accent=accent,
            language="en",
            subject=f"Test mail from {business}",
            preview="Mail works.",
            heading="Mail works",
            paragraphs=(
                "This is what your customers' mail looks like. If it arrived in the "
                "spam folder, ask whoever runs your domain to check SPF, DKIM and "
                "DMARC for the address it was sent from.",
            ),
        )
    )


def _write(letter: _Letter) -> MailContent:
    return MailContent(
        subject=_one_line(letter.subject),
        text=_text_of(letter),
        html=_render(letter),
        _letter=letter,
    )


def _render(letter: _Letter, logo: MailLogo | None = None) -> str:
    return _template().render(
        letter=letter, logo=logo, logo_id=LOGO_ID, choices_words=CHOICES_WORDS
    )


def _logo_as_shown(branding: Branding) -> MailLogo:
    """Return the logo in the height of the head, a very wide one lower."""
    width, height = branding.logo_width or 1, branding.logo_height or 1
    scale = min(_LOGO_HEIGHT / height, _LOGO_WIDTH_MAX / width)
    return MailLogo(
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
        says_name=is_word_mark(branding),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("billing_app.documents"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("mail.html")


def _text_of(letter: _Letter) -> str:
    amount = f"{letter.amount_label}: {letter.amount}" if letter.amount else ""
    facts = "\n".join(f"{label}: {_one_line(value)}" for label, value in letter.facts)
    quote = "\n".join(f"> {line}" for line in letter.quote.splitlines())
    action = f"{letter.action}:\n{letter.link}" if letter.link else ""
    closing = "\n".join(("--", *map(_one_line, (letter.business, *letter.closing))))
    if letter.choices:
        closing += f"\n{CHOICES_WORDS}: {letter.choices}"
    blocks = (
        _one_line(letter.heading),
        "\n\n".join(map(_one_line, letter.paragraphs)),
        quote,
        "\n".join(filter(None, (amount, facts))),
        action,
        closing,
    )
    return "\n\n".join(filter(None, blocks)) + "\n"


def _invoice_facts(document: InvoiceDocument) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Due", _due_text(document)),
        ("Issued", format_date(document.issued_on, _language(document))),
        ("Your reference", document.purchase_order),
        ("Reference for a transfer", format_reference(document.reference)),
    ]
    return _given(facts)


def _given(facts: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Leave out the rows that have nothing to say."""
    return tuple((label, value) for label, value in facts if value)


def _due_text(document: InvoiceDocument) -> str:
    if document.due_on is None:
        return ""
    return format_date(document.due_on, _language(document))


def _due_words(document: InvoiceDocument, today: date) -> str:
    """Say how far the due date is, to go on after the number; empty for none."""
    if document.due_on is None:
        return ""
    days = (document.due_on - today).days
    if days == 0:
        return " is due today"
    count = "1 day" if abs(days) == 1 else f"{abs(days)} days"
    return f" is due in {count}" if days > 0 else f" is {count} overdue"


def _greeting(buyer: Party) -> str:
    name = _one_line(buyer.contact_name or buyer.name)
    return f"Hello {name}," if name else "Hello,"


def _closing(seller: Party) -> tuple[str, ...]:
    """Who wrote, and how to reach them."""
    reach = " · ".join(filter(None, (seller.email, seller.phone, seller.website)))
    return tuple(filter(None, (", ".join(seller.address), reach)))


def _business(document: AnyDocument) -> str:
    return _one_line(document.branding.name or document.seller.name)


def _money(minor: int, document: AnyDocument) -> str:
    return format_money(minor, document.currency, _language(document))


def _language(document: AnyDocument) -> str:
    """Write figures and dates in the language of the words around them."""
    return document.language if document.language.startswith("en") else "en"


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
