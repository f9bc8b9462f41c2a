"""What is printed, as one frozen value: the same for screen, paper and export.

Built once when an invoice is issued and stored as canonical JSON, so that nothing
that changes later (a name, a logo, a tax rate) can change what was sent. A draft's
preview builds the same value from the form; its number is empty.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

# Raised when a stored document would be read differently.
FORMAT = 1

Document = TypeVar(
    "Document",
    "InvoiceDocument",
    "InvoiceHead",
    "ReceiptDocument",
    "CreditNoteDocument",
)


class DocumentKind(StrEnum):
    """What is issued, printed and kept."""

    INVOICE = "invoice"
    RECEIPT = "receipt"
    CREDIT_NOTE = "credit_note"


_FILE_NOUNS = {
    DocumentKind.INVOICE: "Invoice",
    DocumentKind.RECEIPT: "Receipt",
    DocumentKind.CREDIT_NOTE: "Credit-note",
}
_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)


def file_name(kind: DocumentKind, number: str) -> str:
    """Return what the files of a document are called, in ASCII and without ending."""
    return _UNSAFE.sub("-", f"{_FILE_NOUNS[kind]}-{number}").strip("-")


class Look(StrEnum):
    """The three ways a document can look."""

    MODERN = "modern"
    CLASSIC = "classic"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class PartyId:
    """A number and the register it is of, by its code in ISO 6523 or Peppol's list."""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody named on a document, and what machines know them by.

    Attributes:
        address: the lines as they are printed, without the country.
        street, postal_code, town, region: the parts of it, as far as they are known.
        legal_id: what `registration` says, where its register has a code.
        endpoint: where e-invoices reach them.
        reference: what a buyer wants on each invoice, such as a Leitweg-ID.
    """

    name: str
    address: tuple[str, ...] = ()
    country: str = ""
    vat_id: str = ""
    registration: str = ""
    contact_name: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    street: tuple[str, ...] = ()
    postal_code: str = ""
    town: str = ""
    region: str = ""
    legal_id: PartyId | None = None
    endpoint: PartyId | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Branding:
    """How the sender looks.

    Attributes:
        accent: the colour as chosen, `#rrggbb`; corrected for contrast when shown.
        logo_digest: name of the logo in the file store, empty without one.
        name: what the business calls itself; without one, the seller's legal name.
        logo_width, logo_height: in pixels. A wide logo says the name itself; where
            the size is not known the name stands beside it.
    """

    look: Look = Look.MODERN
    accent: str = "#3d4fd6"
    logo_digest: str = ""
    name: str = ""
    logo_width: int = 0
    logo_height: int = 0


@dataclass(frozen=True, slots=True)
class LineTax:
    """A tax of a line, for machines to read. `category` as `TaxTerms.category`."""

    category: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class LineAdjustment:
    """An allowance (negative) or a charge (positive) on one line."""

    reason: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class JobShare:
    """What a line charges a percentage of: a job's total, in minor units."""

    percent: Decimal
    job_total_minor: int


@dataclass(frozen=True, slots=True)
class DocumentField:
    """A field of the business's own. `kind` as `domain.custom_fields.FieldKind`."""

    name: str
    value: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One printed line. Amounts are minor units of the document's currency.

    Attributes:
        group: heading of the lines it stands among, empty for none.
        group_reference: printed small beside that heading, like a trip number.
        discount: as printed, like `10%`, empty for none.
        amount_minor: after line discounts, in the prices as agreed.
        tax: as printed, like `21%`.
        taxes, adjustments: what `tax` and `discount` stand for. Documents issued
            before these were kept have none.
        share: there where the line is a percentage of a job.
        fields: of the business's own, those that customers see.
    """

    name: str
    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    base_quantity: Decimal
    discount: str
    discount_minor: int
    tax: str
    amount_minor: int
    net_minor: int
    group: str = ""
    group_reference: str = ""
    taxes: tuple[LineTax, ...] = ()
    adjustments: tuple[LineAdjustment, ...] = ()
    share: JobShare | None = None
    fields: tuple[DocumentField, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentAdjustment:
    """An allowance (negative) or a charge (positive) on the whole document."""

    reason: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class DocumentTax:
    """One tax: what it is on and how much it is.

    Attributes:
        taxable_minor: without tax, but of a compound one with the taxes it is on.
    """

    name: str
    category: str
    percent: Decimal
    taxable_minor: int
    tax_minor: int
    exemption_reason: str = ""
    exemption_code: str = ""
    is_compound: bool = False


@dataclass(frozen=True, slots=True)
class DocumentTaxSet:
    """What the document's allowances and charges come to under one tax, without it.

    Attributes:
        allowance_minor, charge_minor: for an e-invoice, which has them by tax.
    """

    category: str
    percent: Decimal
    allowance_minor: int
    charge_minor: int


@dataclass(frozen=True, slots=True)
class BankRow:
    """One row of the transfer instructions, such as IBAN and its value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class TaxInCurrency:
    """The whole tax in the currency it is owed in, which is another one.

    Attributes:
        rate: units of that currency for one unit of the document's.
        rate_on, source: of which day and whose rate it is.
    """

    currency: str
    tax_minor: int
    rate: Decimal
    rate_on: date
    source: str


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """An address in parts, as payments carry it; `street` may end in its number."""

    name: str
    street: str
    house_number: str
    postal_code: str
    town: str
    country: str


@dataclass(frozen=True, slots=True)
class QrBill:
    """Who is paid by a Swiss QR-bill, and by whom where that is known in parts."""

    creditor: PostalAddress
    debtor: PostalAddress | None = None


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """An invoice as printed. Amounts are minor units of `currency`.

    Attributes:
        number: empty for a draft, which is watermarked.
        language: BCP 47 tag of the customer's language.
        line_sum_minor: sum of the lines in the prices as agreed.
        net_minor, tax_minor, total_minor, prepaid_minor, rounding_minor, due_minor:
            due = total - prepaid + rounding.
        iban: for the payment code, empty when there is none to draw.
        reference: what a transfer is to carry, without spaces; empty where it is the
            number.
        delivery_on, delivery_until_on: the day of delivery, or the first and the last
            day of what was done.
        qr_bill: there where a payment part is printed at the foot.
        mode: as `domain.invoice_mode.InvoiceMode`; but for lines, there is one line
            of quantity 1, printed without quantity and price.
        fields: of the business's own, those that customers see: of the customer,
            then of the invoice.
        job: what all of it was for, such as a site or a project.
        tax_in_currency: there where tax is owed in another currency.
    """

    number: str
    currency: str
    language: str
    branding: Branding
    seller: Party
    buyer: Party
    issued_on: date
    due_on: date | None
    delivery_on: date | None
    purchase_order: str
    prices_inclusive: bool
    lines: tuple[DocumentLine, ...]
    adjustments: tuple[DocumentAdjustment, ...]
    taxes: tuple[DocumentTax, ...]
    line_sum_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    prepaid_minor: int
    rounding_minor: int
    due_minor: int
    notes: str
    terms: str
    bank: tuple[BankRow, ...] = ()
    iban: str = ""
    bic: str = ""
    tax_sets: tuple[DocumentTaxSet, ...] = ()
    reference: str = ""
    delivery_until_on: date | None = None
    qr_bill: QrBill | None = None
    mode: str = "lines"
    fields: tuple[DocumentField, ...] = ()
    job: str = ""
    tax_in_currency: TaxInCurrency | None = None
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class PaidPart:
    """What one payment paid of an invoice, and how it came."""

    received_on: date
    method: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of an issued invoice, for its live page and never for its file.

    Attributes:
        parts: of what was received, where each is to be told.
        payable_minor: what a payment code asks for, where that is less than what is
            outstanding; the rest is disputed or on its way.
        as_of: the day on which it stood so, where that is printed.
        voided_on: the day it was made void; nothing is asked for since.
    """

    received_minor: int
    credited_minor: int
    outstanding_minor: int
    written_off_minor: int = 0
    parts: tuple[PaidPart, ...] = ()
    as_of: date | None = None
    voided_on: date | None = None
    payable_minor: int | None = None

    @property
    def asked_minor(self) -> int:
        """What a payment code asks for."""
        if self.payable_minor is None:
            return self.outstanding_minor
        return self.payable_minor

    @classmethod
    def void(cls, voided_on: date) -> Standing:
        """Return what is left of a void invoice; no money was allocated to it."""
        return cls(0, 0, 0, voided_on=voided_on)


@dataclass(frozen=True, slots=True)
class InvoiceHead:
    """What a receipt repeats of an invoice's document; quick to read from its JSON."""

    number: str
    language: str
    branding: Branding
    seller: Party
    buyer: Party


@dataclass(frozen=True, slots=True)
class ReceiptDocument:
    """A receipt as printed. Amounts are minor units of `currency`.

    Attributes:
        number: of the receipt itself.
        outstanding_minor: what was left of the invoice after this payment.
        credit_minor: how much of the amount was more than the invoice asked for,
            and is kept as the customer's credit.
        earlier_minor: what had been paid or credited of the invoice before.
        invoice_count, whole_minor: of the payment, where it was for several.
        written_off_minor: what had been given up of the invoice.
    """

    number: str
    invoice_number: str
    currency: str
    language: str
    branding: Branding
    seller: Party
    buyer: Party
    received_on: date
    method: str
    reference: str
    amount_minor: int
    total_minor: int
    outstanding_minor: int
    credit_minor: int = 0
    earlier_minor: int = 0
    invoice_count: int = 1
    whole_minor: int = 0
    written_off_minor: int = 0
    format: int = FORMAT

    @property
    def is_closed(self) -> bool:
        """Nothing is left to pay, and not all of it was paid."""
        return self.outstanding_minor <= 0 and self.written_off_minor > 0


@dataclass(frozen=True, slots=True)
class CreditNoteDocument:
    """A credit note as printed. Amounts are positive minor units of `currency`.

    Attributes:
        number: of the credit note itself; empty for a preview.
        invoice_issued_on: of the invoice that is credited.
        reason: why, in the words of the business.
        adjustment_minor: what net or total has beyond the lines: their share of
            the invoice's discounts, and its rounding.
        amount_minor: what the invoice asks for less; total - prepaid + rounding.
        credit_minor: what was paid already, and is the customer's credit now.
        delivery_on, delivery_until_on, fields, job: as on the invoice.
    """

    number: str
    invoice_number: str
    invoice_issued_on: date
    currency: str
    language: str
    branding: Branding
    seller: Party
    buyer: Party
    issued_on: date
    reason: str
    purchase_order: str
    prices_inclusive: bool
    lines: tuple[DocumentLine, ...]
    adjustment_minor: int
    taxes: tuple[DocumentTax, ...]
    net_minor: int
    tax_minor: int
    total_minor: int
    prepaid_minor: int
    rounding_minor: int
    amount_minor: int
    credit_minor: int = 0
    delivery_on: date | None = None
    delivery_until_on: date | None = None
    tax_in_currency: TaxInCurrency | None = None
    fields: tuple[DocumentField, ...] = ()
    job: str = ""
    format: int = FORMAT


# Whatever is issued, printed and kept.
AnyDocument = InvoiceDocument | ReceiptDocument | CreditNoteDocument


def to_json(document: AnyDocument) -> str:
    """Write canonical JSON: sorted names, decimals as text, no spaces, no floats."""
    return json.dumps(
        document,
        default=_plain,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )


def from_json(kind: type[Document], text: str) -> Document:
    """Read a stored document back, or a part of it; the inverse of `to_json`."""
    return _reader(kind)(json.loads(text))


def content_digest(text: str) -> str:
    """Return the SHA-256 of a document's JSON, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> str | dict[str, Any]:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, date):
        return value.isoformat()
    assert isinstance(value, Decimal)
    return format(value, "f")


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    """Return what reads a stored value of a type.

    A document has many values of few types, and looking at a type takes longer than
    reading a value.
    """
    if get_origin(hint) in (Union, UnionType):
        read_some = _reader(get_args(hint)[0])
        return lambda value: None if value is None else read_some(value)
    if get_origin(hint) is tuple:
        read_item = _reader(get_args(hint)[0])
        return lambda value: tuple(read_item(item) for item in value)
    if is_dataclass(hint):
        assert isinstance(hint, type)
        return _class_reader(hint)
    return date.fromisoformat if hint is date else hint


def _class_reader(kind: type) -> Callable[[dict[str, Any]], Any]:
    hints = get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}

    def read(value: dict[str, Any]) -> Any:
        # What an older form did not have is left to the class.
        return kind(
            **{name: it(value[name]) for name, it in readers.items() if name in value}
        )

    return read
