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
    ReceiptDocument,
)
from billing_app.domain.formats import format_date, format_money
from billing_app.domain.payment_reference import format_reference
from billing_app.domain.portal_invoice import is_word_mark
from billing_app.domain.speech import SOURCE_LANGUAGE, Speech, speech_for

# What the HTML calls the picture that comes with it (RFC 2392).
LOGO_ID = "logo@tallyport"
_LOGO_HEIGHT = 36
_LOGO_WIDTH_MAX = 220

_TEST_ACCENT = Branding().accent
# As much of a comment as a mail shows.
_QUOTED_MAX = 500
# What one text message holds.
_TEXT_MESSAGE_MAX = 160


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
class MailedFee:
    """A late fee that a reminder asks for, too; `link` opens it."""

    number: str
    asked_minor: int
    link: str


@dataclass(frozen=True, slots=True)
class _Sender:
    """Who writes, and how all of their mail looks.

    Attributes:
        language: of the words, figures and dates.
        closing: in small print below the button.
    """

    business: str
    accent: str
    language: str = SOURCE_LANGUAGE
    closing: tuple[str, ...] = ()

    @property
    def brand(self) -> Brand:
        return correct_brand(self.accent)

    @property
    def mark(self) -> str:
        return initials(self.business)

    @property
    def direction(self) -> str:
        """How the words run: ltr or rtl."""
        return "rtl" if speech_for(self.language).is_right_to_left else "ltr"


@dataclass(frozen=True, slots=True)
class _Letter:
    """What both parts of a mail show, in this order.

    Attributes:
        preview: what a list of mails shows beside the subject.
        amount: the one large figure, empty for none.
        facts: labels and values in rows.
        quote: what a person wrote, with its line breaks.
        also: further links below the button, each with its words.
        choices: where the reader chooses which mails to get.
    """

    sender: _Sender
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
    also: tuple[tuple[str, str], ...] = ()
    choices: str = ""

    @property
    def copy_words(self) -> str:
        return speech_for(self.sender.language).say("Or copy this address:")

    @property
    def choices_words(self) -> str:
        return speech_for(self.sender.language).say("Choose which mails you get")


def write_invoice_mail(
    document: InvoiceDocument,
    *,
    link: str,
    outstanding_minor: int,
    is_payable_online: bool,
) -> MailContent:
    """Tell the customer that an invoice is there, how much it is and by when."""
    business, say = _business(document), _speech(document).say
    amount = _money(outstanding_minor, document)
    due = _due_text(document)
    return _write(
        _Letter(
            sender=_sender(document),
            subject=say(
                "Invoice {number} from {business}",
                number=document.number,
                business=business,
            ),
            preview=say("{amount} due {date}.", amount=amount, date=due)
            if due
            else f"{amount}.",
            heading=_heading(document),
            paragraphs=(_greeting(document), say("Here is your new invoice.")),
            amount_label=say("Amount due"),
            amount=amount,
            facts=_invoice_facts(document),
            action=_action(document, is_payable_online=is_payable_online),
            link=link,
        )
    )


def write_link_mail(
    document: InvoiceDocument, *, link: str, outstanding_minor: int, message: str
) -> MailContent:
    """Send the link of an invoice again, with what a member wrote about it."""
    business, say = _business(document), _speech(document).say
    amount = _money(outstanding_minor, document)
    return _write(
        _Letter(
            sender=_sender(document),
            subject=say(
                "Your invoice {number} from {business}",
                number=document.number,
                business=business,
            ),
            preview=say("{amount} outstanding.", amount=amount),
            heading=_heading(document),
            paragraphs=(_greeting(document), say("Here is the link to your invoice.")),
            amount_label=say("Amount due"),
            amount=amount,
            facts=_invoice_facts(document),
            quote=message.strip(),
            action=say("View invoice"),
            link=link,
        )
    )


def write_text_message(
    document: InvoiceDocument, *, link: str, asked_minor: int
) -> str:
    """Say in one text message whose invoice the link opens, and what to pay now.

    The amount goes first where the names are too long for one; the link stays whole.
    """
    say = _speech(document).say
    business = _business(document)
    short = say(
        "Invoice {number} from {business}: {link}",
        number=document.number,
        business=business,
        link=link,
    )
    if asked_minor <= 0:
        return short
    full = say(
        "Invoice {number} from {business}, {amount}: {link}",
        number=document.number,
        business=business,
        amount=_money(asked_minor, document),
        link=link,
    )
    return full if len(full) <= _TEXT_MESSAGE_MAX else short


def write_code_mail(
    business: str, accent: str, code: str, language: str
) -> MailContent:
    """Send a one-time code. It says nothing of what the code opens."""
    say = speech_for(language).say
    closing = (
        say(
            "The code works once, for ten minutes. Nobody from {business} will "
            "ever ask you for it.",
            business=business,
        ),
        say("If you didn’t ask for a code, you can ignore this mail."),
    )
    return _write(
        _Letter(
            sender=_Sender(business, accent, language, closing),
            subject=say(
                "{code} is your code for {business}", code=code, business=business
            ),
            preview=say("It works for ten minutes."),
            heading=say("Your verification code"),
            paragraphs=(
                say(
                    "Type this code on the page of {business} that asked for it.",
                    business=business,
                ),
            ),
            amount_label=say("Verification code"),
            amount=code,
        )
    )


def write_reminder_mail(
    document: InvoiceDocument,
    *,
    link: str,
    asked_minor: int,
    today: date,
    is_payable_online: bool,
    fees: tuple[MailedFee, ...] = (),
) -> MailContent:
    """Remind of an invoice in a friendly way; say how far its due date is.

    `asked_minor` is without its late fees, which the amount at the top includes.
    """
    business, say = _business(document), _speech(document).say
    amount = _money(asked_minor + sum(fee.asked_minor for fee in fees), document)
    parts = [(_heading(document), _money(asked_minor, document))] if fees else []
    parts += [
        (say("Late fee {number}", number=fee.number), _money(fee.asked_minor, document))
        for fee in fees
    ]
    return _write(
        _Letter(
            sender=_sender(document),
            subject=say(
                "Reminder: invoice {number} from {business}",
                number=document.number,
                business=business,
            ),
            preview=say("{amount} is still to be paid.", amount=amount),
            heading=_due_heading(document, today),
            paragraphs=(
                _greeting(document),
                say(
                    "This is a friendly reminder of our invoice. {amount} is still to "
                    "be paid.",
                    amount=amount,
                ),
                *(
                    say(
                        "That includes a late fee of {amount}, which is an invoice of "
                        "its own: {number}.",
                        amount=_money(fee.asked_minor, document),
                        number=fee.number,
                    )
                    for fee in fees
                ),
                say(
                    "If your payment is already on its way, thank you: there is "
                    "nothing more to do."
                ),
            ),
            amount_label=say("Amount due"),
            amount=amount,
            facts=(*parts, *_invoice_facts(document)),
            action=_action(document, is_payable_online=is_payable_online),
            link=link,
            also=tuple(
                (say("View late fee {number}", number=fee.number), fee.link)
                for fee in fees
            ),
        )
    )


def write_receipt_mail(document: ReceiptDocument, *, link: str) -> MailContent:
    """Thank for a payment, and say what is left to pay."""
    business, say = _business(document), _speech(document).say
    amount = _money(document.amount_minor, document)
    is_settled = document.outstanding_minor <= 0
    rest = say("The invoice is paid in full.")
    if document.is_closed:
        rest = say("There is nothing left to pay on this invoice.")
    if not is_settled:
        left = _money(document.outstanding_minor, document)
        rest = say("{amount} is still to be paid.", amount=left)
    facts = [
        (say("Invoice"), document.invoice_number),
        (say("Receipt"), document.number),
        *_receipt_facts(document),
    ]
    if document.credit_minor:
        kept = _money(document.credit_minor, document)
        facts.append((say("Your credit"), kept))
    return _write(
        _Letter(
            sender=_sender(document),
            subject=say(
                "Receipt for invoice {number} from {business}",
                number=document.invoice_number,
                business=business,
            ),
            preview=" ".join((say("{amount} received.", amount=amount), rest)),
            heading=say("Thank you for your payment"),
            paragraphs=(rest,),
            amount_label=say("Received"),
            amount=amount,
            facts=_given(facts),
            action=say("View receipt") if is_settled else say("View invoice"),
            link=link,
        )
    )


def write_credit_note_mail(
    document: CreditNoteDocument, *, link: str, outstanding_minor: int
) -> MailContent:
    """Say that a credit note is there, why, and what it leaves to pay."""
    business, say = _business(document), _speech(document).say
    amount = _money(document.total_minor, document)
    paragraphs = _after_credit(document, outstanding_minor)
    facts = [
        (say("Credit note"), document.number),
        (say("Invoice"), document.invoice_number),
        (say("Issued"), _date(document.issued_on, document)),
        (say("Reason"), document.reason),
    ]
    return _write(
        _Letter(
            sender=_sender(document),
            subject=say(
                "Credit note {number} from {business}",
                number=document.number,
                business=business,
            ),
            preview=" ".join((say("{amount} credited.", amount=amount), paragraphs[0])),
            heading=say(
                "A credit note for invoice {number}", number=document.invoice_number
            ),
            paragraphs=paragraphs,
            amount_label=say("Credited"),
            amount=amount,
            facts=_given(facts),
            action=say("View invoice"),
            link=link,
        )
    )


def write_refund_mail(
    document: InvoiceDocument,
    *,
    link: str,
    amount_minor: int,
    refunded_on: date,
    method: str,
    is_online: bool,
    outstanding_minor: int,
) -> MailContent:
    """Say what was returned of a payment, and what the invoice asks for now.

    `is_online`: it went back by itself, the way it came.
    """
    business, say = _business(document), _speech(document).say
    amount = _money(amount_minor, document)
    rest = say("There is nothing left to pay on this invoice.")
    if outstanding_minor > 0:
        left = _money(outstanding_minor, document)
        rest = say("{amount} of the invoice is still to be paid.", amount=left)
    way = say(
        "It goes back the way you paid. Your bank may take up to ten days to show it."
    )
    facts = [
        (say("Invoice"), document.number),
        (say("Refunded"), _date(refunded_on, document)),
        (say("Paid with"), method),
    ]
    return _write(
        _Letter(
            sender=_sender(document),
            subject=say(
                "Refund for invoice {number} from {business}",
                number=document.number,
                business=business,
            ),
            preview=" ".join((say("{amount} refunded.", amount=amount), rest)),
            heading=say("A refund for invoice {number}", number=document.number),
            paragraphs=(way, rest) if is_online else (rest,),
            amount_label=say("Refunded"),
            amount=amount,
            facts=_given(facts),
            action=say("View invoice"),
            link=link,
        )
    )


def _after_credit(
    document: CreditNoteDocument, outstanding_minor: int
) -> tuple[str, ...]:
    """Say what a credit note leaves to pay, and what was paid of it before."""
    say = _speech(document).say
    rest = say("There is nothing left to pay on this invoice.")
    if outstanding_minor > 0:
        left = _money(outstanding_minor, document)
        rest = say("{amount} of the invoice is still to be paid.", amount=left)
    if not document.credit_minor:
        return (rest,)
    kept = _money(document.credit_minor, document)
    return rest, say(
        "You had paid {amount} of this already. It is kept as your credit.",
        amount=kept,
    )


def write_receipts_mail(
    documents: Sequence[ReceiptDocument], *, link: str
) -> MailContent:
    """Thank for one payment of several invoices, and say what each of them got."""
    first = documents[0]
    business, speech = _business(first), _speech(first)
    say, count = speech.say, len(documents)
    amount = _money(first.whole_minor, first)
    left = sum(max(0, document.outstanding_minor) for document in documents)
    is_closed = any(document.is_closed for document in documents)
    rest = "" if is_closed else say("They are paid in full.")
    if left:
        rest = say("{amount} of them is still to be paid.", amount=_money(left, first))
    facts = [
        (
            say("Invoice {number}", number=document.invoice_number),
            _paid_of(document),
        )
        for document in documents
    ]
    paid = speech.count(
        "Your payment was for {count} invoice.",
        "Your payment was for {count} invoices.",
        count,
    )
    return _write(
        _Letter(
            sender=_sender(first),
            subject=speech.count(
                "Receipt for {count} invoice from {business}",
                "Receipt for {count} invoices from {business}",
                count,
                business=business,
            ),
            preview=" ".join(
                filter(None, (say("{amount} received.", amount=amount), paid, rest))
            ),
            heading=say("Thank you for your payment"),
            paragraphs=(f"{paid} {rest}".strip(),),
            amount_label=say("Received"),
            amount=amount,
            facts=_given(facts + _receipt_facts(first)),
            action=say("View receipt"),
            link=link,
        )
    )


def _receipt_facts(document: ReceiptDocument) -> list[tuple[str, str]]:
    say = _speech(document).say
    return [
        (say("Received"), _date(document.received_on, document)),
        (say("Paid with"), document.method),
        (say("Reference"), document.reference),
    ]


def _paid_of(document: ReceiptDocument) -> str:
    """Write the part that an invoice got, what stayed credit, and its receipt."""
    say = _speech(document).say
    parts = [_money(document.amount_minor, document)]
    if document.credit_minor > 0:
        kept = _money(document.credit_minor, document)
        parts.append(say("{amount} kept as your credit", amount=kept))
    parts.append(say("receipt {number}", number=document.number))
    return ", ".join(parts)


def write_processing_mail(
    document: InvoiceDocument, *, link: str, amount_minor: int
) -> MailContent:
    """Say that a bank debit is under way and that nothing more is to be done."""
    say = _speech(document).say
    amount = _money(amount_minor, document)
    return _write(
        _Letter(
            sender=_sender(document),
            subject=say(
                "Your payment for invoice {number} is under way", number=document.number
            ),
            preview=say(
                "{amount} by bank debit. It clears within a few working days.",
                amount=amount,
            ),
            heading=say("Your payment is under way"),
            paragraphs=(
                say(
                    "Your bank debit was started. Banks need up to four working days "
                    "to clear it; you will get a receipt as soon as they have."
                ),
                say("You do not need to do anything."),
            ),
            amount_label=say("Amount"),
            amount=amount,
            facts=((say("Invoice"), document.number),),
            action=say("View invoice"),
            link=link,
        )
    )


def write_failure_mail(
    document: InvoiceDocument, *, link: str, amount_minor: int, reason: str
) -> MailContent:
    """Say that a payment did not go through, why, and where to try again."""
    say = _speech(document).say
    amount = _money(amount_minor, document)
    return _write(
        _Letter(
            sender=_sender(document),
            subject=say(
                "Your payment for invoice {number} did not go through",
                number=document.number,
            ),
            preview=say("{amount} was not received. You can try again.", amount=amount),
            heading=say("Your payment did not go through"),
            paragraphs=(
                say(
                    "We did not receive your payment for invoice {number}. No money is "
                    "lost: you can try again, or pay in another way.",
                    number=document.number,
                ),
            ),
            amount_label=say("Amount"),
            amount=amount,
            facts=_given([(say("Invoice"), document.number), (say("Reason"), reason)]),
            action=say("Try again"),
            link=link,
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
    speech = speech_for(SOURCE_LANGUAGE) if is_to_staff else _speech(document)
    say, number = speech.say, document.number
    who = _one_line(document.buyer.name) if is_to_staff else business
    said = [_comment_count(speech, count, who, number, is_in_dispute=bool(dispute))]
    shown = len(comments)
    if count > shown:
        said.append(
            speech.count("The last one is below.", "The last {count} are below.", shown)
        )
    heading = say("Invoice {number}", number=number)
    subject = say(
        "New from {business} on invoice {number}", business=who, number=number
    )
    if dispute:
        heading = say("Dispute on invoice {number}", number=number)
        subject = say(
            "New from {business} in the dispute about invoice {number}",
            business=who,
            number=number,
        )
    return _write(
        _Letter(
            sender=_to_staff(document) if is_to_staff else _sender(document),
            subject=subject,
            preview=_shortened(comments[-1][1]),
            heading=heading,
            paragraphs=(
                *(() if is_to_staff else (_greeting(document),)),
                " ".join(said),
            ),
            facts=_given([(say("Disputed"), _one_line(dispute))]),
            quote="\n\n".join(
                f"{_one_line(name)}: {_shortened(body)}" for name, body in comments
            ),
            action=say("Read and answer"),
            link=link,
        )
    )


def _comment_count(
    speech: Speech, count: int, who: str, number: str, *, is_in_dispute: bool
) -> str:
    if is_in_dispute:
        return speech.count(
            "{who} wrote a comment in the dispute about invoice {number}.",
            "{who} wrote {count} comments in the dispute about invoice {number}.",
            count,
            who=who,
            number=number,
        )
    return speech.count(
        "{who} wrote a comment on invoice {number}.",
        "{who} wrote {count} comments on invoice {number}.",
        count,
        who=who,
        number=number,
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
    """Tell staff, who read English, what a customer says is wrong."""
    buyer = _one_line(document.buyer.name)
    amount = format_money(amount_minor, document.currency, SOURCE_LANGUAGE)
    return _write(
        _Letter(
            sender=_to_staff(document),
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
    part: str = "",
    credit_note: CreditNoteDocument | None = None,
    outstanding_minor: int = 0,
) -> MailContent:
    """Tell the customer how their dispute ended (`outcome_words`) and why.

    Where something was credited, this is the mail of the credit note too; `part`
    says that it is less than was disputed.
    """
    business, say = _business(document), _speech(document).say
    paragraphs = [
        _greeting(document),
        say("{business} has answered your dispute.", business=business),
    ]
    facts = [(say("About"), _one_line(about)), (say("Outcome"), say(outcome))]
    if credit_note:
        credited = _money(credit_note.total_minor, document)
        left = _after_credit(credit_note, outstanding_minor)
        paragraphs += [*filter(None, (part,)), *left]
        facts += [
            (say("Credit note"), credit_note.number),
            (say("Credited"), credited),
        ]
    return _write(
        _Letter(
            sender=_sender(document),
            subject=say(
                "Your dispute about invoice {number}: {outcome}",
                number=document.number,
                outcome=say(outcome),
            ),
            preview=_shortened(answer),
            heading=_heading(document),
            paragraphs=tuple(paragraphs),
            amount_label=say("Disputed"),
            amount=_money(amount_minor, document),
            facts=tuple(facts),
            quote=answer,
            action=say("View invoice"),
            link=link,
        )
    )


def _shortened(text: str) -> str:
    """Cut a long comment; the page has the rest."""
    return shorten(text, _QUOTED_MAX)


def write_test_mail(business: str, accent: str = _TEST_ACCENT) -> MailContent:
    """Show a member that mail leaves, and what it looks like."""
    return _write(
        _Letter(
            sender=_Sender(business, accent),
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
    return _template().render(letter=letter, logo=logo, logo_id=LOGO_ID)


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
    sender = letter.sender
    amount = f"{letter.amount_label}: {letter.amount}" if letter.amount else ""
    facts = "\n".join(f"{label}: {_one_line(value)}" for label, value in letter.facts)
    quote = "\n".join(f"> {line}" for line in letter.quote.splitlines())
    links = ((letter.action, letter.link), *letter.also)
    action = "\n\n".join(f"{words}:\n{link}" for words, link in links if link)
    closing = "\n".join(("--", *map(_one_line, (sender.business, *sender.closing))))
    if letter.choices:
        closing += f"\n{letter.choices_words}: {letter.choices}"
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
    say = _speech(document).say
    facts = [
        (say("Due"), _due_text(document)),
        (say("Issued"), _date(document.issued_on, document)),
        (say("Your reference"), document.purchase_order),
        (say("Reference for a transfer"), format_reference(document.reference)),
    ]
    return _given(facts)


def _given(facts: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Leave out the rows that have nothing to say."""
    return tuple((label, value) for label, value in facts if value)


def _heading(document: InvoiceDocument) -> str:
    return _speech(document).say("Invoice {number}", number=document.number)


def _due_text(document: InvoiceDocument) -> str:
    return "" if document.due_on is None else _date(document.due_on, document)


def _due_heading(document: InvoiceDocument, today: date) -> str:
    """Name the invoice, and how far its due date is when it has one."""
    if document.due_on is None:
        return _heading(document)
    speech, number = _speech(document), document.number
    days = (document.due_on - today).days
    if days == 0:
        return speech.say("Invoice {number} is due today", number=number)
    if days > 0:
        return speech.count(
            "Invoice {number} is due in {count} day",
            "Invoice {number} is due in {count} days",
            days,
            number=number,
        )
    return speech.count(
        "Invoice {number} is {count} day overdue",
        "Invoice {number} is {count} days overdue",
        -days,
        number=number,
    )


def _action(document: InvoiceDocument, *, is_payable_online: bool) -> str:
    say = _speech(document).say
    return say("View and pay invoice") if is_payable_online else say("View invoice")


def _greeting(document: InvoiceDocument) -> str:
    buyer, say = document.buyer, _speech(document).say
    name = _one_line(buyer.contact_name or buyer.name)
    return say("Hello {name},", name=name) if name else say("Hello,")


def _sender(document: AnyDocument) -> _Sender:
    """The business to its customer: where it is, and how to reach it."""
    seller = document.seller
    reach = " · ".join(filter(None, (seller.email, seller.phone, seller.website)))
    return _Sender(
        _business(document),
        document.branding.accent,
        _language(document),
        tuple(filter(None, (", ".join(seller.address), reach))),
    )


def _to_staff(document: AnyDocument) -> _Sender:
    return _Sender(_business(document), document.branding.accent)


def _business(document: AnyDocument) -> str:
    return _one_line(document.branding.name or document.seller.name)


def _money(minor: int, document: AnyDocument) -> str:
    return format_money(minor, document.currency, _language(document))


def _date(day: date, document: AnyDocument) -> str:
    return format_date(day, _language(document))


def _speech(document: AnyDocument) -> Speech:
    return speech_for(document.language)


def _language(document: AnyDocument) -> str:
    """Write figures and dates in the language of the words around them."""
    return _speech(document).tag


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
