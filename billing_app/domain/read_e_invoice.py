"""An e-invoice as its file says it, and the draft that can be made of it.

Amounts and factors stay texts with a dot, as the file has them, until the draft's own
reading: what can't be used is kept there and named beside its field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from billing_app.domain.currencies import is_currency
from billing_app.domain.draft import (
    DESCRIPTION_LENGTH_MAX,
    NAME_LENGTH_MAX,
    DraftForm,
    DraftRules,
    LineForm,
    read_draft,
)
from billing_app.domain.errors import InvalidInput
from billing_app.domain.invoice import (
    JOB_LENGTH_MAX,
    LINES_MAX,
    NOTES_LENGTH_MAX,
    ORDER_LENGTH_MAX,
)
from billing_app.domain.parsing import FACTOR_DECIMALS_MAX, clean_text
from billing_app.domain.retyping import typed_price, typed_quantity
from billing_app.domain.totals import Prices
from billing_app.domain.units import UNIT_WORDS

INVOICE_KINDS = frozenset({"380", "326", "384", "388", "389", "393", "82", "80", "875"})
_STEP = Decimal(1).scaleb(-FACTOR_DECIMALS_MAX)
_LARGEST = Decimal(10**15)


@dataclass(frozen=True, slots=True)
class ReadParty:
    """Who is billed; `electronic_address` begins with its scheme, or is a mailbox."""

    name: str = ""
    street: tuple[str, ...] = ()
    postal_code: str = ""
    town: str = ""
    region: str = ""
    country: str = ""
    vat_id: str = ""
    registration: str = ""
    electronic_address: str = ""
    email: str = ""
    contact_name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class ReadAdjustment:
    """An allowance or a charge (BG-20, BG-21, BG-27, BG-28)."""

    amount: Decimal
    reason: str = ""
    category: str = ""
    percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line (BG-25). `price` is for `base` units, without tax."""

    name: str
    description: str
    quantity: Decimal
    unit: str
    price: Decimal
    base: Decimal
    net: Decimal
    category: str
    percent: Decimal
    is_adjusted: bool = False


@dataclass(frozen=True, slots=True)
class ReadEInvoice:
    """What a file by EN 16931 says; days as in the file, `2026-03-31` or nothing."""

    number: str
    kind: str
    currency: str
    issued_on: str
    due_on: str
    delivered_on: str
    delivered_until: str
    purchase_order: str
    job: str
    buyer_reference: str
    notes: str
    terms: str
    buyer: ReadParty
    lines: tuple[ReadLine, ...]
    allowances: tuple[ReadAdjustment, ...] = ()
    charges: tuple[ReadAdjustment, ...] = ()
    prepaid: Decimal = Decimal(0)
    rounding: Decimal = Decimal(0)
    tax_total: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeDraft:
    """A draft of a file, and a sentence for each thing it can't carry."""

    form: DraftForm
    left_out: tuple[str, ...]


def read_decimal(text: str, what: str) -> Decimal:
    """Read a number as XML writes it; nothing is zero.

    Raises:
        InvalidInput: it is none, or larger than any amount.
    """
    written = text.strip()
    try:
        value = Decimal(written or "0")
    except InvalidOperation as error:
        raise InvalidInput(f"The {what} {written[:40]!r} is not a number.") from error
    if not value.is_finite() or abs(value) >= _LARGEST or value.adjusted() < -30:
        raise InvalidInput(f"The {what} {written[:40]!r} is too large.")
    return value


def check_can_become_draft(read: ReadEInvoice) -> None:
    """Refuse what is no invoice that we could issue.

    Raises:
        InvalidInput: a credit note, an unknown currency, no lines or too many.
    """
    if read.kind not in INVOICE_KINDS:
        raise InvalidInput(
            "This is a credit note, which no draft can be. Credit the invoice it is "
            "for instead."
        )
    if not is_currency(read.currency):
        raise InvalidInput(f"{read.currency[:8]!r} is not a currency.")
    if not read.buyer.name:
        raise InvalidInput("The file names no buyer.")
    if not read.lines:
        raise InvalidInput("The file has no lines.")
    if len(read.lines) + len(read.charges) > LINES_MAX:
        raise InvalidInput(f"The file has more than {LINES_MAX} lines.")


def make_draft(read: ReadEInvoice, customer_id: int, rules: DraftRules) -> MadeDraft:
    """Return the draft that comes closest, and what it says otherwise than the file."""
    maker = _Maker(read, rules)
    form = maker.form(customer_id)
    drawn = read_draft(form, read.currency, rules)
    left_out = [*maker.left_out]
    total = drawn.totals.total.decimal
    if total != read.total:
        left_out.append(
            f"The file asks for {read.total:f} in all, and the draft comes to "
            f"{total:f}."
        )
    try:
        drawn.check()
    except InvalidInput as refusal:
        left_out.append(f"Before you issue it: {refusal.message}")
    return MadeDraft(form, tuple(left_out))


class _Maker:
    def __init__(self, read: ReadEInvoice, rules: DraftRules) -> None:
        self._read = read
        self._rules = rules
        self._tax_ids = _tax_ids(rules)
        self.left_out: list[str] = []

    def form(self, customer_id: int) -> DraftForm:
        read = self._read
        lines = [
            *self._lines(),
            *(self._charge(place, x) for place, x in enumerate(read.charges)),
        ]
        self._name_the_rest()
        discount = sum((x.amount for x in read.allowances), Decimal(0))
        return DraftForm(
            customer_id=customer_id,
            currency=read.currency,
            issued_on=read.issued_on,
            due_on=read.due_on,
            delivered_on=read.delivered_on,
            delivered_until=read.delivered_until,
            purchase_order=self._fit(
                read.purchase_order, ORDER_LENGTH_MAX, "order number"
            ),
            job=self._fit(read.job, JOB_LENGTH_MAX, "project"),
            discount=typed_price(discount, read.currency) if discount > 0 else "",
            notes=self._fit(read.notes, NOTES_LENGTH_MAX, "notes"),
            terms=self._fit(read.terms, NOTES_LENGTH_MAX, "terms of payment"),
            lines=tuple(lines),
        )

    def _lines(self) -> Iterator[LineForm]:
        for place, line in enumerate(self._read.lines, 1):
            if line.net < 0:
                self.left_out.append(
                    f"Line {place} is below zero ({line.net:f}), which no line can be."
                )
                continue
            yield self._line(place, line)

    def _line(self, place: int, line: ReadLine) -> LineForm:
        tax_id = self._tax_id(line.category, line.percent, f"Line {place}")
        quantity, price = line.quantity, self._unit_price(line)
        description = line.description
        if price is None:
            quantity, price = Decimal(1), line.net
            said = f"{line.quantity:f} at {line.price:f}"
            description = f"{description}\n{said}".strip()
            self.left_out.append(
                f"Line {place} is one piece at its amount: {said} with its own "
                "discount or charge can't be written in a draft."
            )
        if self._rules.prices is Prices.INCLUSIVE and tax_id:
            price = (price * (100 + line.percent) / 100).quantize(_STEP)
        words = UNIT_WORDS.get(line.unit, (line.unit,))
        return LineForm(
            key=f"line-{place}",
            name=line.name[:NAME_LENGTH_MAX] or f"Line {place}",
            description=description[:DESCRIPTION_LENGTH_MAX],
            quantity=typed_quantity(quantity),
            unit=next(iter(words), line.unit)[:20],
            unit_price=typed_price(price, self._read.currency),
            tax_id=tax_id,
        )

    def _unit_price(self, line: ReadLine) -> Decimal | None:
        """Return the price of one unit, or None where a draft can't multiply it."""
        if line.is_adjusted or line.quantity < 0 or line.price < 0 or line.base <= 0:
            return None
        price = line.price / line.base
        rounded = price.quantize(_STEP)
        return rounded.normalize() if rounded == price else None

    def _charge(self, place: int, charge: ReadAdjustment) -> LineForm:
        return LineForm(
            key=f"charge-{place}",
            name=charge.reason[:NAME_LENGTH_MAX] or "Charge",
            quantity="1",
            unit_price=typed_price(charge.amount, self._read.currency),
            tax_id=self._tax_id(charge.category, charge.percent, "A charge"),
        )

    def _tax_id(self, category: str, percent: Decimal, whose: str) -> str:
        if category == "O":
            return ""
        known = self._tax_ids.get((category, percent.normalize()))
        if known is None:
            self.left_out.append(
                f"{whose} is taxed with {percent.normalize():f} % ({category}): add "
                "that rate in Settings, Taxes, and choose it."
            )
        return known or ""

    def _name_the_rest(self) -> None:
        read = self._read
        if read.number:
            self.left_out.append(
                f"Its number {read.number[:60]}: a draft gets its own at its issue."
            )
        if read.prepaid:
            self.left_out.append(f"{read.prepaid:f} that was paid before.")
        if read.rounding:
            self.left_out.append(f"The rounding of {read.rounding:f}.")
        if len(read.allowances) > 1:
            self.left_out.append(
                f"{len(read.allowances)} discounts on the whole are one in the draft."
            )
        self.left_out.extend(read.others)

    def _fit(self, text: str, length_max: int, what: str) -> str:
        text = clean_text(text, length_max=len(text) + 1, multiline=True)
        if len(text) > length_max:
            self.left_out.append(f"The end of its {what}, which is too long.")
        return text[:length_max]


def _tax_ids(rules: DraftRules) -> Mapping[tuple[str, Decimal], str]:
    found: dict[tuple[str, Decimal], str] = {}
    for tax_id, tax in rules.taxes_alone.items():
        found.setdefault((tax.category, tax.percent.normalize()), tax_id)
    return found
