"""A draft as the document it would become, while it is still being typed."""

from __future__ import annotations

from datetime import date

from billing_app.domain.custom_fields import FilledField, printed_fields
from billing_app.domain.dates import due_on
from billing_app.domain.document import BankRow, Branding, InvoiceDocument, Party
from billing_app.domain.draft import DraftForm, ReadDraft
from billing_app.domain.drafting import Header, LineTexts, build_document
from billing_app.domain.late_fee import NO_RULE, LateFeeRule, printed_terms


def preview_document(
    form: DraftForm,
    read: ReadDraft,
    *,
    today: date,
    net_days: int,
    language: str,
    seller: Party,
    buyer: Party,
    branding: Branding,
    bank: tuple[BankRow, ...] = (),
    iban: str = "",
    late_fees: LateFeeRule = NO_RULE,
    of_customer: tuple[FilledField, ...] = (),
) -> InvoiceDocument:
    """Build the document of what counts so far.

    Its number is empty, which makes it a draft, and so it has no payment code: there
    is nothing to refer to yet.
    """
    issued_on = read.issued_on or today
    header = Header(
        number="",
        language=language,
        branding=branding,
        seller=seller,
        buyer=buyer,
        issued_on=issued_on,
        due_on=read.due_on or due_on(issued_on, net_days),
        delivery_on=read.delivered[0],
        delivery_until_on=read.delivered[1],
        purchase_order=form.purchase_order.strip(),
        job=form.job.strip(),
        notes=form.notes.strip(),
        terms=printed_terms(
            late_fees, form.terms.strip(), read.terms.currency, language
        ),
        bank=bank,
        iban=iban,
        mode=read.mode,
        fields=printed_fields((*of_customer, *read.filled)),
        rate=read.rate,
    )
    texts = [
        LineTexts(
            name=line.form.name.strip(),
            description=line.form.description.strip(),
            unit=line.form.unit.strip(),
            group=line.form.group.strip(),
            share=line.share,
            filled=line.filled,
        )
        for line in read.lines
        if line.terms is not None
    ]
    return build_document(header, read.terms, texts, read.totals)
