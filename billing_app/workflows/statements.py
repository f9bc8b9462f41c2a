"""Make a statement of account, as paper or as a table, for customer and staff."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, time

from billing_app.database.authentication import OpenedLink
from billing_app.documents.render import render_statement
from billing_app.domain.actors import StaffActor, SystemActor
from billing_app.domain.dates import Moment, fiscal_year_start
from billing_app.domain.money import Money
from billing_app.domain.payment import method_name
from billing_app.domain.spreadsheet import csv_line, safe_cell
from billing_app.domain.statement import (
    Entry,
    EntryKind,
    Section,
    Span,
    StatementDocument,
    parse_span,
)
from billing_app.queries import portal_account, statements
from billing_app.queries.portal_account import AccountHead
from billing_app.runtime import Runtime
from billing_app.workflows.account_pages import read_head

CSV_HEAD = ("Date", "Entry", "Reference", "Detail", "Currency", "Amount", "Balance")
_WORDS = {
    EntryKind.INVOICE: "Invoice",
    EntryKind.VOID: "Invoice made void",
    EntryKind.CREDIT_NOTE: "Credit note",
    EntryKind.ADJUSTMENT: "Adjustment",
    EntryKind.PAYMENT: "Payment",
    EntryKind.REFUND: "Refund",
}


def make_for_customer(
    runtime: Runtime, link: OpenedLink, first: str, last: str
) -> StatementDocument:
    """Return the statement of the account that a page opens.

    Raises:
        NotFound: the link opens one invoice and no account.
        InvalidInput: the days cannot be read.
        LimitReached: too many movements.
    """
    head = read_head(runtime, link)
    moment = Moment(runtime.now(), link.setup.zone)
    span = _span(head, moment, first, last)
    sections = runtime.run(
        link.visitor,
        statements.read_own_statement,
        span,
        moment,
        link.setup.settings.grace_days,
    )
    return _document(head, moment, span, sections)


def make_for_staff(
    runtime: Runtime, actor: StaffActor, customer_id: int, first: str, last: str
) -> StatementDocument:
    """Return the same for a member who may export; raises as the customer's."""
    job = SystemActor(actor.workspace_id, "statement")
    head = runtime.run(job, portal_account.read_head, customer_id)
    moment = Moment(runtime.now(), head.zone)
    span = _span(head, moment, first, last)
    sections = runtime.run(actor, statements.read_statement, customer_id, span)
    return _document(head, moment, span, sections)


def write_pdf(runtime: Runtime, document: StatementDocument) -> bytes:
    """Print a statement.

    Raises:
        PdfEngineMissing, PdfFailed: as the printer.
    """
    digest = document.branding.logo_digest
    logo = runtime.files.read(digest) if digest else None
    html = render_statement(document, logo, _midnight(document))
    return runtime.pdf.render(html, hashlib.sha256(html.encode()).hexdigest())


def write_csv(document: StatementDocument) -> Iterator[str]:
    """Write a statement row by row; the balance stands after each movement."""
    # Spreadsheets take a file without this mark for an older encoding.
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + csv_line(CSV_HEAD)
    for section in document.sections:
        yield _csv_row(
            document.span.first.isoformat(),
            "Opening balance",
            section,
            None,
            section.opening_minor,
        )
        for entry, balance in zip(section.entries, section.balances(), strict=True):
            yield _csv_row(
                entry.on.isoformat(),
                _WORDS[entry.kind],
                section,
                entry.minor,
                balance,
                safe_cell(entry.reference),
                safe_cell(_detail(entry)),
            )
        yield _csv_row(
            document.span.last.isoformat(),
            "Closing balance",
            section,
            None,
            section.closing_minor,
        )


def _csv_row(
    day: str,
    words: str,
    section: Section,
    minor: int | None,
    balance: int,
    reference: str = "",
    detail: str = "",
) -> str:
    def amount(value: int) -> str:
        return format(Money(value, section.currency).decimal, "f")

    moved = "" if minor is None else amount(minor)
    cells = (day, words, reference, detail, section.currency, moved, amount(balance))
    return csv_line(cells)


def _span(head: AccountHead, moment: Moment, first: str, last: str) -> Span:
    year = fiscal_year_start(moment.today, head.fiscal_month)
    return parse_span(first, last, Span(year, moment.today))


def _document(
    head: AccountHead, moment: Moment, span: Span, sections: tuple[Section, ...]
) -> StatementDocument:
    return StatementDocument(
        language=head.language,
        branding=head.branding,
        seller=head.seller,
        buyer=head.buyer,
        span=span,
        made_on=moment.today,
        sections=sections or (Section(head.currency, 0, ()),),
    )


def _midnight(document: StatementDocument) -> datetime:
    """The same statement made twice on a day is the same file."""
    return datetime.combine(document.made_on, time.min, UTC)


def _detail(entry: Entry) -> str:
    return method_name(entry.method, entry.detail) if entry.method else entry.detail
