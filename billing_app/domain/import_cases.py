"""Invoices from other systems as figures: read, checked, and compared afterwards.

A file is {"cases": [...]}. Numbers are decimals written as text with a dot, dates
like 2026-03-31. `expected` holds the totals as they were printed and is optional.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_app.domain.currencies import exponent, is_currency
from billing_app.domain.errors import InvalidInput
from billing_app.domain.invoice import LINES_MAX
from billing_app.domain.money import AmountTooLarge, Money, priced
from billing_app.domain.records import Record
from billing_app.domain.terms import (
    Adjustment,
    DocumentTerms,
    LineTerms,
    Prices,
    TaxAccounting,
    TaxTerms,
)
from billing_app.domain.totals import Totals

_KINDS = ("invoice", "credit_note")


@dataclass(frozen=True, slots=True)
class ImportParty:
    name: str
    trading_name: str
    country: str
    vat_id: str
    tax_id: str


@dataclass(frozen=True, slots=True)
class ImportLine:
    """What a line says beside its terms."""

    reference: str
    description: str
    unit: str
    gross_price: Decimal | None
    price_discount: Decimal | None


@dataclass(frozen=True, slots=True)
class ExpectedGroup:
    name: str
    category: str
    percent: Decimal
    taxable: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class ExpectedTotals:
    """The totals as printed; a figure that is not given is not compared."""

    line_nets: tuple[Money | None, ...] | None
    tax_groups: tuple[ExpectedGroup, ...] | None
    line_sum: Money | None
    allowance_total: Money | None
    charge_total: Money | None
    net_total: Money | None
    tax_total: Money | None
    total: Money | None
    prepaid: Money | None
    rounding: Money | None
    due: Money | None
    tax_accounting_total: Money | None


@dataclass(frozen=True, slots=True)
class ImportCase:
    """One document to import.

    Attributes:
        type_code: UNTDID 1001: 380 invoice, 381 credit note, 384 corrected, ...
        lines: in the order of terms.lines.
        text_lines: position in the document and text of lines without a price.
        is_exact: whether the printed figures follow the calculation model.
        admits_differences: the file itself says that they do not.
    """

    id: str
    description: str
    kind: str
    type_code: str
    number: str
    issued_on: date
    due_on: date | None
    delivered_on: date | None
    order_reference: str
    buyer_reference: str
    payment_terms: str
    notes: tuple[str, ...]
    text_lines: tuple[tuple[int, str], ...]
    seller: ImportParty
    buyer: ImportParty
    lines: tuple[ImportLine, ...]
    terms: DocumentTerms
    expected: ExpectedTotals | None
    is_exact: bool
    admits_differences: bool


def import_file(content: object) -> tuple[ImportCase, ...]:
    """Read all cases of a parsed JSON file.

    Raises:
        InvalidInput: the first thing that is wrong, with its case and field.
    """
    file = Record.of(content, "The file", "")
    file.need("cases")
    cases = tuple(
        import_case(case, position)
        for position, case in enumerate(file.values("cases"), 1)
    )
    ids: set[str] = set()
    for case in cases:
        if case.id in ids:
            raise InvalidInput(f"Case {case.id} is in the file twice.", field="id")
        ids.add(case.id)
    return cases


def import_case(raw: object, position: int = 1) -> ImportCase:
    """Read one case; position names it in a refusal until its id is known.

    Raises:
        InvalidInput: something is missing or cannot be used.
    """
    case = Record.of(raw, f"Case {position}", "")
    case = Record.of(raw, f"Case {case.short_text('id')}", "")
    currency = case.short_text("currency")
    if not is_currency(currency):
        raise case.refusal("currency", "must be a currency code like EUR")

    expected = case.optional("expected")
    taxes = _Taxes(expected)
    records = case.records("lines")
    if not 1 <= len(records) <= LINES_MAX:
        raise case.refusal("lines", f"must hold 1 to {LINES_MAX} lines")
    return ImportCase(
        id=case.short_text("id"),
        description=case.short_text("description", ""),
        kind=case.choice("kind", _KINDS, "invoice"),
        type_code=case.short_text("type_code", ""),
        number=case.short_text("number"),
        issued_on=case.day("issue_date"),
        due_on=case.optional_day("due_date"),
        delivered_on=case.optional_day("delivery_date"),
        order_reference=case.short_text("order_reference", ""),
        buyer_reference=case.short_text("buyer_reference", ""),
        payment_terms=case.long_text("payment_terms", ""),
        notes=case.long_texts("notes"),
        text_lines=tuple(
            (record.whole("position"), record.long_text("text"))
            for record in case.records("text_lines")
        ),
        seller=_party(case.record("seller")),
        buyer=_party(case.record("buyer")),
        lines=tuple(_line(record) for record in records),
        terms=_terms(case, records, currency, taxes),
        expected=expected and _expected(expected, currency),
        is_exact=case.flag("exact"),
        admits_differences=case.has("exact") and not case.flag("exact"),
    )


def differences(totals: Totals, expected: ExpectedTotals) -> tuple[str, ...]:
    """Name each printed figure that differs from the computed one.

    A printed tax group of nothing need not exist, and a group that is not
    printed must come to nothing.
    """
    found: list[str] = []

    def compare(name: str, computed: Money | None, printed: Money | None) -> None:
        if printed is not None and computed != printed:
            shown = computed.decimal if computed else "nothing"
            found.append(f"{name}: printed {printed.decimal}, computed {shown}")

    if expected.line_nets is not None:
        if len(expected.line_nets) != len(totals.lines):
            found.append(
                f"lines: printed {len(expected.line_nets)}, "
                f"computed {len(totals.lines)}"
            )
        pairs = zip(totals.lines, expected.line_nets, strict=False)
        for position, (line, net) in enumerate(pairs, 1):
            compare(f"line {position} net", line.net, net)

    compare("line sum", totals.line_sum, expected.line_sum)
    compare("allowances", totals.allowance_total, expected.allowance_total)
    compare("charges", totals.charge_total, expected.charge_total)
    if expected.tax_groups is not None:
        zero = Money.zero(totals.currency)
        computed = {
            (x.category, x.name, x.percent): (x.taxable, x.tax)
            for x in totals.tax_groups
        }
        printed = {
            (x.category, x.name, x.percent): (x.taxable, x.tax)
            for x in expected.tax_groups
        }
        for key in {**printed, **computed}:
            category, name, percent = key
            label = f"{name} {category} {percent} %"
            taxable, tax = computed.get(key, (zero, zero))
            printed_taxable, printed_tax = printed.get(key, (zero, zero))
            compare(f"{label} taxable", taxable, printed_taxable)
            compare(f"{label} tax", tax, printed_tax)

    compare("net total", totals.net_total, expected.net_total)
    compare("tax total", totals.tax_total, expected.tax_total)
    compare("total", totals.total, expected.total)
    compare("prepaid", totals.prepaid, expected.prepaid)
    compare("rounding", totals.rounding, expected.rounding)
    compare("due", totals.due, expected.due)
    compare(
        "tax total in accounting currency",
        totals.tax_accounting_total,
        expected.tax_accounting_total,
    )
    return tuple(found)


def _party(record: Record) -> ImportParty:
    return ImportParty(
        name=record.short_text("name"),
        trading_name=record.short_text("trading_name", ""),
        country=record.short_text("country", ""),
        vat_id=record.short_text("vat_id", ""),
        tax_id=record.short_text("tax_id", ""),
    )


def _line(record: Record) -> ImportLine:
    return ImportLine(
        reference=record.short_text("id", ""),
        description=record.short_text("description", ""),
        unit=record.short_text("unit", ""),
        gross_price=record.optional_factor("gross_price"),
        price_discount=record.optional_factor("price_discount"),
    )


def _terms(
    case: Record, lines: Sequence[Record], currency: str, taxes: _Taxes
) -> DocumentTerms:
    decimals = exponent(currency)
    if case.has("exponent"):
        decimals = case.whole("exponent")
        if not 0 <= decimals <= exponent(currency):
            raise case.refusal(
                "exponent", f"must be 0 to {exponent(currency)} for {currency}"
            )

    cash_rounding = case.optional_amount("cash_rounding", currency)
    if cash_rounding is not None and cash_rounding.minor <= 0:
        raise case.refusal("cash_rounding", "must be above zero")
    given = case.optional_amount("rounding", currency)
    return DocumentTerms(
        currency=currency,
        lines=tuple(_line_terms(line, currency, taxes) for line in lines),
        prices=Prices(case.choice("tax_mode", tuple(Prices), Prices.EXCLUSIVE)),
        allowances=_document_adjustments(case, "allowances", currency, taxes),
        charges=_document_adjustments(case, "charges", currency, taxes),
        prepaid=case.optional_amount("paid", currency),
        cash_rounding=cash_rounding,
        rounding=given if cash_rounding is None else None,
        decimals=decimals,
        tax_accounting=_tax_accounting(case),
    )


def _line_terms(record: Record, currency: str, taxes: _Taxes) -> LineTerms:
    quantity = record.factor("qty")
    unit_price = record.factor("unit_price")
    base_quantity = record.optional_factor("base_qty")
    if base_quantity is not None and base_quantity <= 0:
        raise record.refusal("base_qty", "must be above zero")
    base_quantity = base_quantity or Decimal(1)

    try:
        base = priced(quantity, unit_price, currency, base_quantity)
    except AmountTooLarge as error:
        raise record.refusal("qty", "times unit_price is too large") from error
    allowances, charges = _line_adjustments(record, base)
    return LineTerms(
        quantity=quantity,
        unit_price=unit_price,
        base_quantity=base_quantity,
        taxes=taxes.read(record) or (),
        allowances=allowances,
        charges=charges,
    )


def _line_adjustments(
    record: Record, base: Money
) -> tuple[tuple[Adjustment, ...], tuple[Adjustment, ...]]:
    """Read a line's own entries, or its net discount where they are not listed.

    discount_amount sums the entries up: allowances less charges. Where the two
    disagree, the discount is what the line was computed with.
    """
    allowances = tuple(
        _adjustment(x, base.currency, None) for x in record.records("allowances")
    )
    charges = tuple(
        _adjustment(x, base.currency, None) for x in record.records("charges")
    )
    percent = record.optional_factor("discount_percent")
    discount = record.optional_rounded("discount_amount", base.currency)
    if percent is not None and discount is None:
        return (Adjustment(percent=percent),), ()
    if discount is None or discount == _sum(allowances, base) - _sum(charges, base):
        return allowances, charges
    if discount.is_zero:
        return (), ()
    if (discount.minor > 0) == (base.minor >= 0):
        return (Adjustment(amount=discount, percent=percent),), ()
    return (), (Adjustment(amount=-discount),)


def _sum(adjustments: tuple[Adjustment, ...], base: Money) -> Money:
    amounts = (x.amount or Money.zero(base.currency) for x in adjustments)
    return Money.sum(amounts, base.currency)


def _document_adjustments(
    case: Record, key: str, currency: str, taxes: _Taxes
) -> tuple[Adjustment, ...]:
    return tuple(
        _adjustment(record, currency, taxes.read(record) or None)
        for record in case.records(key)
    )


def _adjustment(
    record: Record, currency: str, taxes: tuple[TaxTerms, ...] | None
) -> Adjustment:
    amount = record.optional_rounded("amount", currency)
    percent = record.optional_factor("percent")
    base_amount = None
    if amount is None and percent is None:
        raise record.refusal("amount", "is missing, and so is percent")
    if amount is not None:
        percent = record.optional_factor("percent_printed") or percent
        base_amount = record.optional_rounded("base_printed", currency)
    return Adjustment(
        amount=amount,
        percent=percent,
        base_amount=base_amount,
        reason=record.short_text("reason", ""),
        reason_code=record.short_text("reason_code", ""),
        taxes=taxes,
    )


class _Taxes:
    """Reads tax sets; exemptions may stand on the line or on the printed group."""

    def __init__(self, expected: Record | None) -> None:
        self._exemptions: dict[tuple[str, str, Decimal], tuple[str, str]] = {}
        for record in expected.records("tax_groups") if expected else ():
            self._exemptions[_tax_id(record)] = (
                record.short_text("exempt_reason", ""),
                record.short_text("exempt_code", ""),
            )

    def read(self, holder: Record) -> tuple[TaxTerms, ...]:
        """Return the tax set of a line or adjustment, empty when it has none."""
        taxes = tuple(self._tax(holder, x) for x in holder.records("taxes"))
        if len({(x.name, x.category, x.percent) for x in taxes}) < len(taxes):
            raise holder.refusal("taxes", "must name each tax once")
        return taxes

    def _tax(self, holder: Record, record: Record) -> TaxTerms:
        name, category, percent = _tax_id(record)
        reason, code = self._exemptions.get((name, category, percent), ("", ""))
        return TaxTerms(
            name=name,
            category=category,
            percent=percent,
            exemption_reason=holder.short_text("exempt_reason", "")
            or record.short_text("exempt_reason", "")
            or reason,
            exemption_code=holder.short_text("exempt_code", "")
            or record.short_text("exempt_code", "")
            or code,
        )


def _tax_id(record: Record) -> tuple[str, str, Decimal]:
    percent = record.factor("rate")
    if abs(percent) > 1000:
        raise record.refusal("rate", "must be a percentage like 19")
    return record.short_text("name", "VAT"), record.short_text("category"), percent


def _tax_accounting(case: Record) -> TaxAccounting | None:
    """Read the tax total in another currency: given as printed, or by its rate."""
    if not case.has("tax_currency"):
        return None
    currency = case.short_text("tax_currency")
    if not is_currency(currency):
        raise case.refusal("tax_currency", "must be a currency code like EUR")

    rate = case.optional_factor("tax_currency_rate")
    expected = case.optional("expected")
    printed = expected and expected.optional("tax_total_tax_currency")
    if rate is not None:
        return TaxAccounting(currency, rate=rate)
    if printed is not None:
        return TaxAccounting(currency, amount=_in_its_currency(printed))
    return None


def _in_its_currency(record: Record) -> Money:
    currency = record.short_text("currency")
    if not is_currency(currency):
        raise record.refusal("currency", "must be a currency code like EUR")
    return record.amount("amount", currency)


def _expected(record: Record, currency: str) -> ExpectedTotals:
    accounting = record.optional("tax_total_tax_currency")
    return ExpectedTotals(
        line_nets=tuple(
            x.optional_amount("net", currency) for x in record.records("lines")
        )
        if record.has("lines")
        else None,
        tax_groups=tuple(
            _expected_group(x, currency) for x in record.records("tax_groups")
        )
        if record.has("tax_groups")
        else None,
        line_sum=record.optional_amount("line_sum", currency),
        allowance_total=record.optional_amount("allowance_total", currency),
        charge_total=record.optional_amount("charge_total", currency),
        net_total=record.optional_amount("net_total", currency),
        tax_total=record.optional_amount("tax_total", currency),
        total=record.optional_amount("total", currency),
        prepaid=record.optional_amount("paid", currency),
        rounding=record.optional_amount("rounding", currency),
        due=record.optional_amount("due", currency),
        tax_accounting_total=_in_its_currency(accounting) if accounting else None,
    )


def _expected_group(record: Record, currency: str) -> ExpectedGroup:
    name, category, percent = _tax_id(record)
    return ExpectedGroup(
        name=name,
        category=category,
        percent=percent,
        taxable=record.amount("taxable", currency),
        tax=record.amount("tax", currency),
    )
