"""Build the printed document from agreed terms and their totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_app.domain.custom_fields import FilledField, printed_fields
from billing_app.domain.document import (
    BankRow,
    Branding,
    DocumentAdjustment,
    DocumentField,
    DocumentLine,
    DocumentTax,
    DocumentTaxSet,
    InvoiceDocument,
    JobShare,
    LineAdjustment,
    LineTax,
    Party,
    QrBill,
    TaxInCurrency,
)
from billing_app.domain.exchange_rate import ExchangeRate
from billing_app.domain.invoice_mode import InvoiceMode
from billing_app.domain.money import Money
from billing_app.domain.taxes import EXEMPTION_CODES, tax_note
from billing_app.domain.totals import (
    Adjustment,
    AdjustmentTotals,
    DocumentTerms,
    LineTerms,
    LineTotals,
    Prices,
    TaxTerms,
    Totals,
)


@dataclass(frozen=True, slots=True)
class LineTexts:
    """The words of a line, beside its terms.

    Attributes:
        filled: all its own fields; the document has those that customers see.
    """

    name: str
    description: str = ""
    unit: str = ""
    group: str = ""
    share: JobShare | None = None
    filled: tuple[FilledField, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """Everything on a document that is not a line or a figure."""

    number: str
    language: str
    branding: Branding
    seller: Party
    buyer: Party
    issued_on: date
    due_on: date | None
    delivery_on: date | None = None
    delivery_until_on: date | None = None
    purchase_order: str = ""
    job: str = ""
    notes: str = ""
    terms: str = ""
    bank: tuple[BankRow, ...] = ()
    iban: str = ""
    bic: str = ""
    reference: str = ""
    qr_bill: QrBill | None = None
    mode: InvoiceMode = InvoiceMode.LINES
    fields: tuple[DocumentField, ...] = ()
    rate: ExchangeRate | None = None


def build_document(
    header: Header,
    terms: DocumentTerms,
    texts: Sequence[LineTexts],
    totals: Totals,
) -> InvoiceDocument:
    """Put words and figures together. `texts` are those of `terms.lines`, in order."""
    lines = zip(terms.lines, totals.lines, texts, strict=True)
    return InvoiceDocument(
        number=header.number,
        currency=totals.currency,
        language=header.language,
        branding=header.branding,
        seller=header.seller,
        buyer=header.buyer,
        issued_on=header.issued_on,
        due_on=header.due_on,
        delivery_on=header.delivery_on,
        delivery_until_on=header.delivery_until_on,
        purchase_order=header.purchase_order,
        job=header.job,
        prices_inclusive=terms.prices is Prices.INCLUSIVE,
        lines=tuple(_line(*line) for line in lines),
        adjustments=(
            *_adjustments(terms.allowances, totals.allowances, -1),
            *_adjustments(terms.charges, totals.charges, 1),
        ),
        taxes=tuple(
            DocumentTax(
                name=group.name,
                category=group.category,
                percent=group.percent,
                taxable_minor=group.taxable.minor,
                tax_minor=group.tax.minor,
                exemption_reason=group.exemption_reason
                or tax_note(group.category, header.language),
                exemption_code=group.exemption_code
                or EXEMPTION_CODES.get(group.category, ""),
                is_compound=group.is_compound,
            )
            for group in totals.tax_groups
        ),
        line_sum_minor=totals.amount_sum.minor,
        net_minor=totals.net_total.minor,
        tax_minor=totals.tax_total.minor,
        total_minor=totals.total.minor,
        prepaid_minor=totals.prepaid.minor,
        rounding_minor=totals.rounding.minor,
        due_minor=totals.due.minor,
        notes=header.notes,
        terms=header.terms,
        bank=header.bank,
        iban=header.iban,
        bic=header.bic,
        reference=header.reference,
        qr_bill=header.qr_bill,
        mode=header.mode,
        fields=header.fields,
        tax_in_currency=_tax_in_currency(header.rate, totals),
        tax_sets=tuple(
            DocumentTaxSet(
                category=tax.category,
                percent=tax.percent,
                allowance_minor=tax_set.allowance_total.minor,
                charge_minor=tax_set.charge_total.minor,
            )
            for tax_set in totals.tax_sets
            for tax in tax_set.taxes
        ),
    )


def _tax_in_currency(rate: ExchangeRate | None, totals: Totals) -> TaxInCurrency | None:
    tax = totals.tax_accounting_total
    if rate is None or tax is None:
        return None
    return TaxInCurrency(tax.currency, tax.minor, rate.rate, rate.on, rate.source)


def tax_label(taxes: tuple[TaxTerms, ...]) -> str:
    """Return what the tax column of a line says, like `21%`, empty for no tax."""
    return " + ".join(f"{_short(tax.percent)}%" for tax in taxes)


def _line(terms: LineTerms, totals: LineTotals, texts: LineTexts) -> DocumentLine:
    return DocumentLine(
        name=texts.name,
        description=texts.description,
        quantity=terms.quantity,
        unit=texts.unit,
        unit_price=terms.unit_price,
        base_quantity=terms.base_quantity,
        discount=_discount_label(terms.allowances),
        discount_minor=totals.discount.minor,
        tax=tax_label(terms.taxes),
        amount_minor=totals.amount.minor,
        net_minor=totals.net.minor,
        group=texts.group,
        taxes=tuple(LineTax(tax.category, tax.percent) for tax in terms.taxes),
        adjustments=(
            *_line_adjustments(terms.allowances, totals.allowances, -1),
            *_line_adjustments(terms.charges, totals.charges, 1),
        ),
        share=texts.share,
        fields=printed_fields(texts.filled),
    )


def _line_adjustments(
    terms: tuple[Adjustment, ...], amounts: tuple[Money, ...], sign: int
) -> list[LineAdjustment]:
    word = "Discount" if sign < 0 else "Charge"
    return [
        LineAdjustment(term.reason or word, sign * amount.minor)
        for term, amount in zip(terms, amounts, strict=True)
        if amount.minor
    ]


def _discount_label(allowances: tuple[Adjustment, ...]) -> str:
    percents = [x.percent for x in allowances if x.amount is None and x.percent]
    if len(percents) != len(allowances):
        return ""
    return " + ".join(f"{_short(percent)}%" for percent in percents)


def _adjustments(
    terms: tuple[Adjustment, ...], totals: tuple[AdjustmentTotals, ...], sign: int
) -> list[DocumentAdjustment]:
    word = "Discount" if sign < 0 else "Charge"
    return [
        DocumentAdjustment(_reason(term, word), sign * total.amount.minor)
        for term, total in zip(terms, totals, strict=True)
        if total.amount.minor
    ]


def _reason(term: Adjustment, word: str) -> str:
    reason = term.reason or word
    if term.amount is None and term.percent is not None:
        return f"{reason}, {_short(term.percent)}%"
    return reason


def _short(value: Decimal) -> str:
    """Write a decimal without trailing zeros and without an exponent."""
    return format(value.normalize() + 0, "f")
