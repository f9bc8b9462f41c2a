"""Turn a document into HTML: the same sheet for screen, first paint and paper.

Every value is escaped by the templates; nothing a person typed is ever taken as
HTML or CSS. The style sheet of both screen and paper is `assets/document.css`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TypedDict
from unicodedata import east_asian_width

from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from billing_app.documents.bidi import (
    as_elements,
    bare,
    figures,
    format_amount,
    format_date,
    format_money,
    format_percent,
    format_price,
    format_quantity,
    format_short_date,
    is_turned,
    own,
)
from billing_app.documents.payment_part import PaymentPart, payment_part
from billing_app.documents.printable import printable, printable_prose
from billing_app.documents.qr import code_of, titled
from billing_app.documents.words import (
    Words,
    age_words,
    by_age_on,
    credited_lines,
    entry_words,
    share_words,
    words_for,
)
from billing_app.domain.behind import Behind
from billing_app.domain.branding import correct_brand, initials
from billing_app.domain.custom_fields import plain_value
from billing_app.domain.document import (
    AnyDocument,
    Branding,
    CreditNoteDocument,
    DocumentField,
    DocumentLine,
    DocumentTax,
    InvoiceDocument,
    Party,
    ReceiptDocument,
    Standing,
)
from billing_app.domain.formats import locale_of
from billing_app.domain.invoice_mode import InvoiceMode
from billing_app.domain.paper import paper_of
from billing_app.domain.payment import print_method
from billing_app.domain.payment_reference import printed_reference
from billing_app.domain.portal_invoice import SEPA_CODE
from billing_app.domain.speech import speech_for
from billing_app.domain.statement import EntryKind, StatementDocument
from billing_app.domain.taxes import VAT_COUNTRIES
from billing_app.domain.trace import (
    Figure,
    Part,
    PartKind,
    PrintedPart,
    Traces,
    explain,
    explain_credit,
)
from billing_app.domain.units import unit_words

TEMPLATES = Path(__file__).parent / "templates"

# A group this short is kept on one page; trying that with longer ones is slow and
# leaves holes.
LINES_TOGETHER_MAX = 12
# Foot texts up to this size are kept on one page.
FOOT_LENGTH_MAX = 900
# Longer ones would wrap in the boxed head of Compact.
NUMBER_LENGTH_MAX = 15
# Terms as short as "30 days net" stand with the dates.
TERMS_AS_FACT_MAX = 24
# A wider logo is a word mark: it says the name itself.
WORD_MARK_RATIO = 1.8

_WITHOUT_THIN = str.maketrans("", "", ".,'’ \u00a0\u202f()il")
# The room before a column of figures, and the letters of what is due (s-n, s-due).
_APART, _DUE = Decimal("1.1"), Decimal("1.28")

_MAGIC = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"RIFF": "image/webp",
}

_NO_CODE = Markup("")


@dataclass(frozen=True, slots=True)
class Row:
    """A label and its value; `kind` says how it is drawn.

    `parts` are what the value is made of, where a screen may be asked for that.
    """

    label: str
    value: str
    kind: str = ""
    parts: tuple[PrintedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class PrintedParty:
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrintedLine:
    place: int
    name: str
    description: str
    discount: str
    quantity: str
    unit_price: str
    tax: str
    amount: str
    behind: Behind = Behind.EMPTY


@dataclass(frozen=True, slots=True)
class PrintedGroup:
    heading: str
    reference: str
    lines: tuple[PrintedLine, ...]

    @property
    def is_short(self) -> bool:
        return bool(self.heading) and len(self.lines) <= LINES_TOGETHER_MAX


@dataclass(frozen=True, slots=True)
class PrintedTax:
    label: str
    reason: str
    taxable: str
    tax: str


@dataclass(frozen=True, slots=True)
class Printed:
    """A document as text, in the customer's language: what the templates read.

    Attributes:
        heading: the element of the title: h1 on paper, h2 inside a page.
        is_turned: words run from right to left, and columns with them.
        stamp: the word across every page, that it is a draft or void.
        widths: of the columns behind the description, in em.
        shows_behind: lines say what they charge for; never on paper.
        opens_behind: they do so by a button that the page around them answers.
        shows_quantity: not for one amount, which has no price of its own.
    """

    look: str
    heading: str
    colours: str
    words: Words
    words_language: str
    is_turned: bool
    sender: str
    initials: str
    logo: str
    logo_width: int
    logo_height: int
    shows_name: bool
    reach: tuple[str, ...]
    letterhead: tuple[str, ...]
    legal_line: str
    buyer: PrintedParty
    seller: PrintedParty
    kind: str
    number: str
    title: str
    poster: str
    poster_label: str
    by_words: str
    by_label: str
    by_date: str
    buyer_label: str
    dates: tuple[Row, ...]
    currency: str
    total_rows: tuple[Row, ...]
    references: tuple[Row, ...] = ()
    groups: tuple[PrintedGroup, ...] = ()
    shows_tax: bool = False
    tax_rows: tuple[PrintedTax, ...] = ()
    notes: str = ""
    terms: str = ""
    bank_rows: tuple[Row, ...] = ()
    payment_code: Markup = _NO_CODE
    stamp: str = ""
    shows_behind: bool = False
    opens_behind: bool = False
    check_at: str = ""
    by_guest: bool = False
    shows_quantity: bool = True
    is_void: bool = False

    @property
    def is_paper(self) -> bool:
        return self.heading == "h1"

    @property
    def part_heading(self) -> str:
        """Name the element of the headings below the title, which skip no level."""
        return "h2" if self.is_paper else "h3"

    @property
    def check_words(self) -> str:
        """Write the address as people type it."""
        return self.check_at.partition("://")[2]

    @property
    def poster_size(self) -> str:
        """Name the class that keeps a long amount on one line; it may have several."""
        longest = max(len(line) for line in bare(self.poster).split("\n"))
        if longest > 17:
            return " s-longest"
        return " s-long" if longest > 13 else ""

    @property
    def number_size(self) -> str:
        """Name the class that keeps a long number on one line where room is scarce."""
        return " s-long" if len(bare(self.number)) > NUMBER_LENGTH_MAX else ""

    @property
    def is_long_foot(self) -> bool:
        return len(self.notes) + len(self.terms) > FOOT_LENGTH_MAX

    @property
    def widths(self) -> tuple[Decimal, ...]:
        lines = [line for group in self.groups for line in group.lines]
        columns = [
            (self.words.quantity, [line.quantity for line in lines], 9),
            (self.words.unit_price, [line.unit_price for line in lines], 10),
            (self.words.tax, [line.tax for line in lines], 7),
            (
                f"{self.words.amount} ({self.currency})",
                [line.amount for line in lines],
                14,
            ),
        ]
        if not self.shows_tax:
            del columns[2]
        if not self.shows_quantity:
            del columns[:2]
        widths = [_width(*column) for column in columns]
        if self.is_turned:
            # Totals begin at the far edge too, and the last of them is larger.
            totals = max(
                (_ems(row.value) for row in self.total_rows), default=Decimal(0)
            )
            widths[-1] = max(widths[-1], totals * _DUE + _APART)
        return tuple(widths)

    @property
    def sum_width(self) -> Decimal:
        """Return the em of the column of amounts, without the room before it."""
        return self.widths[-1] - _APART


def render_sheet(
    document: AnyDocument,
    logo_url: str = "",
    standing: Standing | None = None,
    behind: Sequence[Behind] = (),
    *,
    opens_behind: bool = False,
    explains: bool = False,
    by_guest: bool = False,
) -> str:
    """Return the document as a fragment for a page that links document.css.

    With a `standing` an invoice asks for what is left of it, not for what it asked
    for when it was issued. With `behind`, one for each line, every line unfolds to
    what it charges for; or has a button for that, with its place, where the page
    opens it. Where it `explains`, each total is a button that says what it is made
    of; pages do without a script for that.
    """
    if isinstance(document, InvoiceDocument):
        traces = explain(document, standing) if explains else {}
        printed = _printed_invoice(document, "h2", logo_url, standing, traces)
    else:
        printed = _printed(document, "h2", logo_url)
    if behind:
        printed = _with_behind(printed, behind, opens_behind)
    return _render(replace(printed, by_guest=by_guest))


def _with_behind(
    printed: Printed, behind: Sequence[Behind], opens_behind: bool
) -> Printed:
    groups = tuple(
        replace(
            group,
            lines=tuple(replace(x, behind=behind[x.place - 1]) for x in group.lines),
        )
        for group in printed.groups
    )
    return replace(printed, groups=groups, shows_behind=True, opens_behind=opens_behind)


def render_print(
    document: AnyDocument,
    logo: bytes | None,
    made_at: datetime,
    check_at: str = "",
    *,
    by_guest: bool = False,
) -> str:
    """Return the document as a page for `PdfRenderer`; the logo goes inside.

    `check_at` is the address where its reader can ask whether it is genuine. Where
    it is `by_guest`, it says instead that only its sender stands behind it.

    `made_at` is written into the file; for the same bytes each time, take an
    instant that is stored, such as that of the issue.
    """
    printed = _printed(document, "h1", _data_url(logo) if logo else "")
    printed = replace(printed, check_at=check_at, by_guest=by_guest)
    part = None
    if isinstance(document, InvoiceDocument):
        part = payment_part(document, document.due_minor)
    return _render_page(printed, document.seller, made_at, part)


def render_standing(
    document: InvoiceDocument,
    standing: Standing,
    logo: bytes | None,
    made_at: datetime,
    check_at: str = "",
) -> str:
    """Return an invoice with what became of it since, as a page.

    It is no document of its own: the invoice's file stays as it was issued.
    """
    logo_url = _data_url(logo) if logo else ""
    printed = _printed_invoice(document, "h1", logo_url, standing)
    printed = replace(printed, check_at=check_at)
    part = payment_part(document, standing.asked_minor)
    return _render_page(printed, document.seller, made_at, part)


def render_statement(
    document: StatementDocument, logo: bytes | None, made_at: datetime
) -> str:
    """Return a statement of account as a page, in the look of the invoices."""
    printed = _printed_statement(document, _data_url(logo) if logo else "")
    return _render_page(printed, document.seller, made_at)


def _render_page(
    printed: Printed,
    seller: Party,
    made_at: datetime,
    part: PaymentPart | None = None,
) -> str:
    code = titled(printed.payment_code, printed.words_language, SEPA_CODE)
    if part is not None:
        # The payment part holds the code, in the size that banks want.
        code = Markup()
    printed = replace(printed, payment_code=code)
    sheet = Markup(_render(printed))  # noqa: S704 - escaped by its template
    page = _templates(printed.is_turned).get_template("print.html")
    return page.render(
        d=printed,
        sheet=sheet,
        p=part,
        paper=paper_of(seller.country),
        made_at=made_at.isoformat("T", "seconds"),
    )


def _render(printed: Printed) -> str:
    template = _templates(printed.is_turned).get_template(f"{printed.look}.html")
    return template.render(d=printed)


@cache
def _templates(is_turned: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=as_elements if is_turned else None,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _printed(document: AnyDocument, heading: str, logo: str) -> Printed:
    if isinstance(document, InvoiceDocument):
        return _printed_invoice(document, heading, logo)
    if isinstance(document, CreditNoteDocument):
        return _printed_credit_note(document, heading, logo)
    return _printed_receipt(document, heading, logo)


def _printed_invoice(
    document: InvoiceDocument,
    heading: str,
    logo: str,
    standing: Standing | None = None,
    traces: Traces | None = None,
) -> Printed:
    left_minor = standing.outstanding_minor if standing else document.due_minor
    language = document.language
    _, words = words_for(language)
    is_void = standing is not None and standing.voided_on is not None
    stamp = words.void if is_void else "" if document.number else words.draft
    due = format_money(left_minor, document.currency, language)
    total = format_money(document.total_minor, document.currency, language)
    due_on = format_date(document.due_on, language) if document.due_on else ""
    number = figures(printable(document.number), language)
    is_payable = left_minor > 0
    poster_label = words.amount_due if is_payable else words.total
    said_before = ""
    if standing and left_minor != document.due_minor:
        # Not the figure of the document as issued, so it says which one it is.
        poster_label = words.remaining if is_payable else words.total
        said_before = poster_label
    asked_minor = standing.asked_minor if standing else left_minor
    dates = [Row(words.issued, format_date(document.issued_on, language))]
    if document.delivery_on:
        dates.append(Row(words.delivered, _delivered(document)))
    if standing and standing.as_of:
        dates.append(Row(words.as_of, format_date(standing.as_of, language)))
    if standing and standing.voided_on:
        dates.append(Row(words.made_void, format_date(standing.voided_on, language)))
    references = [*_orders(document, words), *_own_facts(document.fields, language)]
    references += _rate_facts(document, language)
    terms = printable_prose(document.terms)
    has_short_terms = 0 < len(terms) <= TERMS_AS_FACT_MAX and "\n" not in terms
    if has_short_terms:
        dates.append(Row(words.terms, own(terms, language)))
    bank_rows = tuple(
        Row(own(printable(x.label), language), own(printable(x.value), language))
        for x in document.bank
    )
    reference = printed_reference(
        [x.label for x in document.bank],
        document.reference,
        printable(document.number),
        words.payment_reference,
    )
    if bank_rows and reference:
        bank_rows += (Row(words.payment_reference, figures(reference, language)),)
    return Printed(
        **_head(document, words, heading, logo),
        kind=words.invoice,
        number=number,
        title=own(f"{words.invoice} {number or words.draft}", language),
        stamp=stamp,
        is_void=is_void,
        poster=due if is_payable else total,
        poster_label=poster_label,
        by_words=_by_words(words, is_payable, bool(due_on), said_before),
        by_label=words.due_date,
        by_date=due_on if is_payable else "",
        buyer_label=words.billed_to,
        dates=tuple(dates),
        references=tuple(references),
        currency=document.currency,
        groups=tuple(_groups(document, words)),
        shows_tax=any(line.tax for line in document.lines),
        shows_quantity=document.mode == InvoiceMode.LINES,
        tax_rows=_tax_rows(document, words),
        total_rows=tuple(_total_rows(document, words, standing, traces or {})),
        notes=own(printable_prose(document.notes), language),
        terms="" if has_short_terms else own(terms, language),
        bank_rows=bank_rows if is_payable else (),
        payment_code=_payment_code(document, asked_minor)
        if asked_minor > 0
        else _NO_CODE,
    )


def _printed_receipt(document: ReceiptDocument, heading: str, logo: str) -> Printed:
    language = document.language
    _, words = words_for(language)
    received_on = format_date(document.received_on, language)
    number = figures(printable(document.number), language)
    invoice_number = figures(printable(document.invoice_number), language)
    dates = [Row(words.invoice, invoice_number)]
    references = [Row(words.method, own(printable(document.method), language))]
    if document.reference:
        reference = own(printable(document.reference), language)
        references.append(Row(words.reference, reference))

    def money(minor: int) -> str:
        return format_money(minor, document.currency, language)

    earlier = document.earlier_minor
    if document.invoice_count > 1:
        # Not which others: whoever holds one invoice's link may know of no more.
        references.append(Row(words.part_of, money(document.whole_minor)))
    given_up = document.written_off_minor
    kept = document.credit_minor
    settled = words.nothing_due if document.is_closed else words.paid_in_full
    total_rows = [
        Row(words.invoice_total, money(document.total_minor)),
        *([Row(words.adjusted, money(-given_up))] if given_up else []),
        *([Row(words.prepaid, money(earlier))] if earlier else []),
        Row(words.received, money(document.amount_minor)),
        *([Row(words.credit, money(kept))] if kept else []),
        Row(words.remaining, money(document.outstanding_minor), "s-due")
        if document.outstanding_minor > 0
        else Row(settled, "", "s-due"),
    ]
    return Printed(
        **_head(document, words, heading, logo),
        kind=words.receipt,
        number=number,
        title=own(f"{words.receipt} {number}", language),
        poster=money(document.amount_minor),
        poster_label=words.received,
        by_words=words.received_on,
        by_label=words.received_on,
        by_date=received_on,
        buyer_label=words.received_from,
        dates=tuple(dates),
        references=tuple(references),
        currency=document.currency,
        total_rows=tuple(total_rows),
    )


def _printed_credit_note(
    document: CreditNoteDocument, heading: str, logo: str
) -> Printed:
    language = document.language
    _, words = words_for(language)
    issued_on = format_date(document.issued_on, language)
    number = figures(printable(document.number), language)
    invoice_number = figures(printable(document.invoice_number), language)
    credited_day = _unbroken(document.invoice_issued_on, language)
    lines = credited_lines(document)
    references = [*_orders(document, words), *_own_facts(document.fields, language)]
    references += _rate_facts(document, language)
    return Printed(
        **_head(document, words, heading, logo),
        kind=words.credit_note,
        number=number,
        title=own(f"{words.credit_note} {number or words.draft}", language),
        stamp="" if document.number else words.draft,
        poster=format_money(
            document.total_minor + document.rounding_minor, document.currency, language
        ),
        poster_label=words.credited,
        by_words=words.credited_on,
        by_label=words.credited_on,
        by_date=issued_on,
        buyer_label=words.billed_to,
        dates=(
            # One fact: on a line of its own the day would look like that of the note.
            Row(words.invoice, f"{invoice_number}, {credited_day}"),
        ),
        references=tuple(references),
        currency=document.currency,
        groups=tuple(_groups(replace(document, lines=lines), words)),
        shows_tax=any(line.tax for line in lines),
        tax_rows=_tax_rows(document, words),
        total_rows=tuple(_credit_rows(document, words)),
        notes=_reason(document, words),
    )


def _printed_statement(document: StatementDocument, logo: str) -> Printed:
    """Write a statement: its movements take the place of an invoice's lines."""
    language, span = document.language, document.span
    _, words = words_for(language)
    made_on = format_date(document.made_on, language)
    words = replace(
        words,
        description=words.entry,
        quantity=words.day,
        unit_price=words.movement,
        amount=words.balance,
        tax_group=by_age_on(made_on, language),
        taxable="",
        tax=words.movement,
    )
    sections = document.sections
    last = format_date(span.last, language)
    closing = [
        format_money(each.closing_minor, each.currency, language) for each in sections
    ]
    return Printed(
        **_head(document, words, "h1", logo),
        kind=words.statement,
        number=format_short_date(span.last, language),
        title=words.statement,
        poster="\n".join(closing),
        poster_label=words.closing_balance,
        by_words=words.closing_balance,
        by_label=words.day,
        by_date=last,
        buyer_label=words.customer,
        dates=(Row(words.period, _days(span.first, span.last, language)),),
        currency=" / ".join(each.currency for each in sections),
        groups=tuple(_movements(document, words)),
        tax_rows=tuple(_ages(document, words)),
        total_rows=tuple(_closings(document, words)),
    )


def _movements(document: StatementDocument, words: Words) -> Iterator[PrintedGroup]:
    language, span = document.language, document.span
    for section in document.sections:
        currency = section.currency

        def line(
            on: date, name: str, detail: str, moved: str, balance: int, place: int,
            currency: str = currency,
        ) -> PrintedLine:  # fmt: skip
            return PrintedLine(
                place=place,
                name=name,
                description=own(printable(detail), language),
                discount="",
                quantity=format_short_date(on, language),
                unit_price=moved,
                tax="",
                amount=format_amount(balance, currency, language),
            )

        opening = words.opening_balance
        lines = [line(span.first, opening, "", "", section.opening_minor, 0)]
        moves = zip(section.entries, section.balances(), strict=True)
        for place, (entry, balance) in enumerate(moves, 1):
            reference = figures(printable(entry.reference), language)
            said = entry_words(entry.kind, language)
            name = own(f"{said} {reference}".strip(), language)
            moved = format_amount(entry.minor, currency, language)
            detail = entry.detail
            if entry.method:
                detail = print_method(entry.method, detail, language)
            elif entry.kind == EntryKind.CREDIT_NOTE and detail:
                detail = f"{words.invoice} {detail}"
            lines.append(line(entry.on, name, detail, moved, balance, place))
        several = len(document.sections) > 1
        yield PrintedGroup(currency if several else "", "", tuple(lines))


def _ages(document: StatementDocument, words: Words) -> Iterator[PrintedTax]:
    language = document.language

    for section in document.sections:
        amounts = [(age_words(age, language), minor) for age, minor in section.ages]
        if section.credit_minor:
            amounts.append((words.credit, -section.credit_minor))
        for label, minor in amounts:
            money = format_money(minor, section.currency, language)
            yield PrintedTax(label, "", "", money)


def _closings(document: StatementDocument, words: Words) -> Iterator[Row]:
    """Say what each closing balance is made of."""
    language = document.language
    for section in document.sections:

        def money(minor: int, currency: str = section.currency) -> str:
            return format_money(minor, currency, language)

        yield Row(words.opening_balance, money(section.opening_minor))
        for kind, minor in section.by_kind():
            yield Row(entry_words(kind, language, several=True), money(minor))
        yield Row(words.closing_balance, money(section.closing_minor), "s-due")


def _groups(
    document: InvoiceDocument | CreditNoteDocument, words: Words
) -> Iterator[PrintedGroup]:
    """Put neighbours of the same group under one heading, in the given order."""
    numbered = enumerate(document.lines, 1)
    for heading, group in groupby(numbered, key=lambda entry: entry[1].group):
        lines = tuple(group)
        references = (line.group_reference for _, line in lines)
        yield PrintedGroup(
            own(printable(heading), document.language),
            own(printable(next(filter(None, references), "")), document.language),
            tuple(_line(document, place, line, words) for place, line in lines),
        )


def _line(
    document: InvoiceDocument | CreditNoteDocument,
    place: int,
    line: DocumentLine,
    words: Words,
) -> PrintedLine:
    language, currency = document.language, document.currency
    quantity = format_quantity(line.quantity, language)
    unit = printable(unit_words(line.unit, line.quantity, speech_for(language)))
    price = format_price(line.unit_price, currency, language)
    if line.base_quantity != 1:
        price += f" {words.per} {format_quantity(line.base_quantity, language)}"
    discount = ""
    if line.discount_minor:
        lowered = format_amount(-line.discount_minor, currency, language)
        told = (words.discount, own(printable(line.discount), language), lowered)
        discount = " ".join(filter(None, told))
    return PrintedLine(
        place=place,
        name=own(printable(line.name), language),
        description=_details(line, currency, language),
        discount=discount,
        quantity=own(f"{bare(quantity)} {unit}".rstrip(), language),
        unit_price=price,
        tax=own(printable(line.tax), language),
        amount=format_amount(line.amount_minor, currency, language),
    )


def _details(line: DocumentLine, currency: str, language: str) -> str:
    share = share_words(line.share, currency, language) if line.share else ""
    details = own(printable_prose(line.description), language)
    facts = (
        own(f"{fact.label}: {fact.value}", language)
        for fact in _own_facts(line.fields, language)
    )
    return "\n".join(filter(None, (share, details, *facts)))


def _tax_rows(
    document: InvoiceDocument | CreditNoteDocument, words: Words
) -> tuple[PrintedTax, ...]:
    """Return the taxes one by one, or none where the totals say it all."""
    taxes = document.taxes
    if len(taxes) < 2 and not any(tax.exemption_reason for tax in taxes):
        return ()
    return tuple(
        PrintedTax(
            _tax_label(tax, document.language),
            words.compound
            if tax.is_compound
            else own(printable(tax.exemption_reason), document.language),
            format_amount(tax.taxable_minor, document.currency, document.language),
            format_amount(tax.tax_minor, document.currency, document.language),
        )
        for tax in taxes
    )


def _reason(note: CreditNoteDocument, words: Words) -> str:
    reason = own(printable_prose(note.reason), note.language)
    return f"{words.reason}: {reason}"


def _tax_label(tax: DocumentTax, language: str) -> str:
    name = printable(tax.name)
    if "%" not in name:
        percent = bare(format_percent(tax.percent, language))
        name = f"{name} {percent}".lstrip()
    return own(name, language)


def _orders(
    document: InvoiceDocument | CreditNoteDocument, words: Words
) -> Iterator[Row]:
    """Say the customer's own number for what they ordered, and what it was for."""
    theirs = (document.purchase_order, document.buyer.reference)
    said = (own(printable(text), document.language) for text in theirs)
    for reference in dict.fromkeys(filter(None, said)):
        yield Row(words.your_reference, reference)
    job = own(printable(document.job), document.language)
    if job:
        yield Row(words.job, job)


def _own_facts(fields: Sequence[DocumentField], language: str) -> Iterator[Row]:
    """Say the business's own fields, as the customer's language writes them."""
    for field in fields:
        value = plain_value(field.kind, field.value)
        if isinstance(value, date):
            words = format_date(value, language)
        elif isinstance(value, Decimal):
            words = format_quantity(value, language)
        else:
            words = own(printable(value), language)
        yield Row(own(printable(field.name), language), words)


def _rate_facts(
    document: InvoiceDocument | CreditNoteDocument, language: str
) -> Iterator[Row]:
    owed = document.tax_in_currency
    if owed is not None:
        rate = format_quantity(owed.rate, language)
        day = format_date(owed.rate_on, language)
        yield Row(
            figures(f"{document.currency}/{owed.currency}", language),
            f"{rate} ({own(printable(owed.source), language)}, {day})",
        )


def _owed_row(
    document: InvoiceDocument | CreditNoteDocument, words: Words
) -> Iterator[Row]:
    """Say the whole tax in the currency it is owed in."""
    owed = document.tax_in_currency
    if owed is not None:
        tax = format_money(owed.tax_minor, owed.currency, document.language)
        yield Row(f"{words.tax} ({owed.currency})", tax, "s-within")


def _total_rows(
    document: InvoiceDocument,
    words: Words,
    standing: Standing | None,
    traces: Traces,
) -> Iterator[Row]:
    def why(figure: Figure) -> tuple[PrintedPart, ...]:
        return tuple(_part(document, words, it) for it in traces.get(figure, ()))

    def amount(minor: int) -> str:
        return format_amount(minor, document.currency, document.language)

    def money(minor: int) -> str:
        return format_money(minor, document.currency, document.language)

    taxes = document.taxes
    tax_label = words.tax_included if document.prices_inclusive else words.tax
    if len(taxes) == 1:
        named = _tax_label(taxes[0], document.language)
        tax_label = f"{tax_label}, {named}" if document.prices_inclusive else named

    lines_minor = sum(line.amount_minor for line in document.lines)
    if document.prices_inclusive:
        if document.adjustments:
            yield Row(words.subtotal, amount(lines_minor), "", why(Figure.LINE_SUM))
        for adjustment in document.adjustments:
            reason = own(printable(adjustment.reason), document.language)
            yield Row(reason, amount(adjustment.amount_minor))
        total = money(document.total_minor)
        yield Row(words.total, total, "s-grand", why(Figure.TOTAL))
        if taxes:
            tax = amount(document.tax_minor)
            yield Row(tax_label, tax, "s-within", why(Figure.TAX))
            yield from _owed_row(document, words)
    else:
        if taxes or document.adjustments:
            line_sum = amount(document.line_sum_minor)
            yield Row(words.subtotal, line_sum, "", why(Figure.LINE_SUM))
        for adjustment in document.adjustments:
            reason = own(printable(adjustment.reason), document.language)
            yield Row(reason, amount(adjustment.amount_minor))
        if taxes:
            yield Row(tax_label, amount(document.tax_minor), "", why(Figure.TAX))
            yield from _owed_row(document, words)
        total = money(document.total_minor)
        yield Row(words.total, total, "s-grand", why(Figure.TOTAL))
    if document.prepaid_minor:
        yield Row(words.prepaid, amount(-document.prepaid_minor))
    if document.rounding_minor:
        yield Row(words.rounding, amount(document.rounding_minor))
    left_minor = document.due_minor
    if standing:
        left_minor = standing.outstanding_minor
        yield from _received_rows(standing, words, document.language, amount)
        if standing.credited_minor:
            yield Row(words.credited, amount(-standing.credited_minor))
        if standing.written_off_minor:
            yield Row(words.adjusted, amount(-standing.written_off_minor))
        if standing.voided_on:
            yield Row(words.made_void, amount(-document.due_minor))
    if left_minor < 0:
        yield Row(words.your_credit, money(-left_minor), "s-due")
    else:
        yield Row(words.amount_due, money(left_minor), "s-due", why(Figure.DUE))
    if standing and standing.asked_minor < left_minor:
        yield Row(words.to_pay_now, money(standing.asked_minor))


def printed_parts(note: CreditNoteDocument) -> tuple[PrintedPart, ...]:
    """Say what a credit note's amount is made of, as the note itself would."""
    _, words = words_for(note.language)
    named = replace(note, lines=credited_lines(note))
    return tuple(_part(named, words, part) for part in explain_credit(note))


def _part(
    document: InvoiceDocument | CreditNoteDocument, words: Words, part: Part
) -> PrintedPart:
    """Say a part of a total in the words that the document itself has for it."""
    language, currency = document.language, document.currency
    label, arithmetic = "", ""
    match part.kind:
        case PartKind.LINE:
            line = document.lines[part.place]
            label = own(printable(line.name), language)
            arithmetic = _line_arithmetic(document, line, words)
        case PartKind.MORE_LINES:
            label = f"+ {part.place} {words.more}"
        case PartKind.ADJUSTMENT:
            assert isinstance(document, InvoiceDocument)
            label = own(printable(document.adjustments[part.place].reason), language)
        case PartKind.TAX:
            label = _tax_label(document.taxes[part.place], language)
            arithmetic = _tax_arithmetic(document, part)
        case PartKind.LINE_SUM:
            label = words.subtotal
        case _:
            label = str(getattr(words, part.kind))
    amount = format_amount(part.amount_minor, currency, language)
    return PrintedPart(label, arithmetic, amount)


def _line_arithmetic(
    document: InvoiceDocument | CreditNoteDocument, line: DocumentLine, words: Words
) -> str:
    if line.share is not None:
        return share_words(line.share, document.currency, document.language)
    if isinstance(document, InvoiceDocument) and document.mode != InvoiceMode.LINES:
        return ""
    printed = _line(document, 0, line, words)
    times = figures(f"{printed.quantity} × {printed.unit_price}", document.language)
    return f"{times}, {printed.discount}" if printed.discount else times


def _tax_arithmetic(document: InvoiceDocument | CreditNoteDocument, part: Part) -> str:
    if part.percent is None or part.base_minor is None:
        return ""
    language = document.language
    base = format_amount(part.base_minor, document.currency, language)
    if not document.prices_inclusive:
        percent = format_percent(part.percent, language)
        return figures(f"{base} × {percent}", language)
    percent = format_quantity(part.percent, language)
    whole = format_quantity(100 + part.percent, language)
    return figures(f"{base} × {percent} ÷ {whole}", language)


def _received_rows(
    standing: Standing, words: Words, language: str, amount: Callable[[int], str]
) -> Iterator[Row]:
    """Yield each payment, where they are known and come to what was received."""
    parts = standing.parts
    if parts and sum(x.amount_minor for x in parts) == standing.received_minor:
        for part in parts:
            day = format_date(part.received_on, language)
            method = own(printable(part.method), language)
            label = ", ".join(filter(None, (words.received, day, method)))
            yield Row(label, amount(-part.amount_minor))
    elif standing.received_minor:
        yield Row(words.received, amount(-standing.received_minor))


def _credit_rows(document: CreditNoteDocument, words: Words) -> Iterator[Row]:
    """Yield the sums of a credit note: what it is of, and what it comes to."""
    language, currency = document.language, document.currency

    def amount(minor: int) -> str:
        return format_amount(minor, currency, language)

    def money(minor: int) -> str:
        return format_money(minor, currency, language)

    taxes, is_inclusive = document.taxes, document.prices_inclusive
    label = words.tax_included if is_inclusive else words.tax
    if len(taxes) == 1:
        named = _tax_label(taxes[0], language)
        label = f"{label}, {named}" if is_inclusive else named
    lines_minor = sum(line.amount_minor for line in document.lines)
    if (taxes and not is_inclusive) or document.adjustment_minor:
        yield Row(words.subtotal, amount(lines_minor))
    if document.adjustment_minor:
        yield Row(words.discounts_and_rounding, amount(document.adjustment_minor))
    if taxes and not is_inclusive:
        yield Row(label, amount(document.tax_minor))
        yield from _owed_row(document, words)
    if document.rounding_minor:
        yield Row(words.total, money(document.total_minor), "s-grand")
        yield Row(words.rounding, amount(document.rounding_minor))
    credited = document.total_minor + document.rounding_minor
    yield Row(words.credited, money(credited), "s-due")
    if taxes and is_inclusive:
        yield Row(label, amount(document.tax_minor), "s-within")
        yield from _owed_row(document, words)
    if document.credit_minor:
        yield Row(words.credit, money(document.credit_minor))


def _delivered(document: InvoiceDocument) -> str:
    """Write the day of delivery, or its first and last day."""
    first, last = document.delivery_on, document.delivery_until_on
    assert first is not None
    if last is None:
        return format_date(first, document.language)
    return _days(first, last, document.language)


def _days(first: date, last: date, language: str) -> str:
    """Write two days, each of them on one line."""
    return " – ".join(_unbroken(day, language) for day in (first, last))


def _unbroken(day: date, language: str) -> str:
    """Write a day on one line; Japanese ones could be broken at every sign."""
    written = format_date(day, language)
    if " " in written:
        return written.replace(" ", "\u00a0")
    return "\u2060".join(written)


def _payment_code(document: InvoiceDocument, minor: int) -> Markup:
    return Markup(code_of(document, minor))  # noqa: S704 - holds squares only


def _by_words(words: Words, is_payable: bool, has_date: bool, said_before: str) -> str:
    if not is_payable:
        due = words.nothing_due
    else:
        due = words.amount_due_by if has_date else words.amount_due
    return f"{said_before} · {due}" if said_before else due


class _Head(TypedDict):
    """Who writes to whom, and how it looks: what each document begins with."""

    look: str
    heading: str
    colours: str
    words: Words
    words_language: str
    is_turned: bool
    sender: str
    initials: str
    logo: str
    logo_width: int
    logo_height: int
    shows_name: bool
    reach: tuple[str, ...]
    letterhead: tuple[str, ...]
    legal_line: str
    buyer: PrintedParty
    seller: PrintedParty


def _head(
    document: AnyDocument | StatementDocument, words: Words, heading: str, logo: str
) -> _Head:
    language, brand = document.language, document.branding
    buyer, seller = document.buyer, document.seller
    sender = printable(brand.name or seller.name)
    is_abroad = seller.country != buyer.country
    is_known = brand.logo_width > 0 and brand.logo_height > 0
    ratio = Decimal(brand.logo_width) / brand.logo_height if is_known else Decimal(1)
    return _Head(
        look=brand.look,
        heading=heading,
        colours=_colours(brand),
        words=words,
        words_language=words_for(language)[0],
        is_turned=is_turned(language),
        sender=own(sender, language),
        initials=initials(sender),
        logo=logo,
        logo_width=brand.logo_width if is_known else 0,
        logo_height=brand.logo_height if is_known else 0,
        shows_name=not (logo and ratio > WORD_MARK_RATIO),
        reach=_reach(seller, language),
        letterhead=_letterhead(seller, words, language),
        legal_line=_legal_line(seller, language),
        buyer=_party(buyer, words, language, is_abroad),
        seller=_party(seller, words, language, is_abroad),
    )


def _party(
    party: Party, words: Words, language: str, shows_country: bool
) -> PrintedParty:
    lines = [party.contact_name, *party.address]
    if shows_country and party.country:
        lines.append(_country_name(party.country, language))
    vat_line = _vat_line(party, words, language)
    return PrintedParty(
        own(printable(party.name), language),
        (
            *(own(printable(line), language) for line in lines if line),
            *([vat_line] if vat_line else ()),
        ),
    )


def _vat_line(party: Party, words: Words, language: str) -> str:
    if not party.vat_id:
        return ""
    country = party.country or party.vat_id[:2]
    label = words.vat_id if country in VAT_COUNTRIES else words.tax_id
    return own(f"{label} {printable(party.vat_id)}", language)


def _country_name(code: str, language: str) -> str:
    locale: Locale = locale_of(language)
    return locale.territories.get(code, code)


def _reach(seller: Party, language: str) -> tuple[str, ...]:
    ways = (seller.website, seller.phone, seller.email)
    return tuple(figures(printable(way), language) for way in ways if way)


def _letterhead(seller: Party, words: Words, language: str) -> tuple[str, ...]:
    ways = " · ".join(way for way in (seller.phone, seller.email) if way)
    lines = (
        own(printable(", ".join(seller.address)), language),
        figures(printable(ways), language),
        _vat_line(seller, words, language),
    )
    return tuple(line for line in lines if line)


def _legal_line(seller: Party, language: str) -> str:
    parts = (seller.name, seller.registration)
    return " · ".join(own(printable(part), language) for part in parts if part)


def _colours(brand: Branding) -> str:
    shown = correct_brand(brand.accent)
    return (
        f"--sheet-accent:{shown.light.accent};--sheet-ink:{shown.light.ink};"
        f"--sheet-accent-dark:{shown.dark.accent};--sheet-ink-dark:{shown.dark.ink}"
    )


def _width(heading: str, texts: list[str], widest: int) -> Decimal:
    """Return the em a column needs: figures are wide, separators are not."""
    needed = max((_ems(text) for text in texts), default=Decimal(0))
    return min(max(needed, _ems(heading)), Decimal(widest)) + Decimal("1.3")


def _ems(text: str) -> Decimal:
    text = bare(text)
    thin = len(text) - len(text.translate(_WITHOUT_THIN))
    # So are letters of Chinese, Japanese and Korean.
    wide = sum(x in "%MW" or east_asian_width(x) in "WF" for x in text)
    normal = len(text) - thin - wide
    return (thin * Decimal("0.3") + normal * Decimal("0.63") + wide).quantize(
        Decimal("0.01")
    )


def _data_url(logo: bytes) -> str:
    kind = next((kind for magic, kind in _MAGIC.items() if logo.startswith(magic)), "")
    assert kind, "logos are stored as PNG, JPEG or WebP"
    return f"data:{kind};base64,{b64encode(logo).decode()}"
