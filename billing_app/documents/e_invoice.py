"""Write an issued invoice for machines: CII (Factur-X) and UBL (Peppol BIS 3).

Both come from the frozen document alone, so a file made today and one made in ten
years are the same. The business terms of EN 16931 are the keys; `factur-x` knows
where each stands in the two syntaxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from billing_app.documents.bidi import bare
from billing_app.documents.printable import printable, printable_prose
from billing_app.documents.words import credited_lines, share_words, words_for
from billing_app.domain import e_invoice as rules
from billing_app.domain.document import (
    CreditNoteDocument,
    DocumentAdjustment,
    DocumentLine,
    DocumentTax,
    DocumentTaxSet,
    InvoiceDocument,
    LineTax,
    Party,
    PartyId,
)
from billing_app.domain.e_invoice import BilledDocument, Standard
from billing_app.domain.errors import Conflict
from billing_app.domain.money import Money
from billing_app.domain.party_ids import vat_number
from billing_app.domain.units import unit_code

LEVEL = "en16931"
PEPPOL_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

INVOICE, CREDIT_NOTE = "380", "381"
# Enough to get the line's net back from quantity times price.
_PRICE_STEP = Decimal(1).scaleb(-8)
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_UBL = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"

Terms = dict[str, Any]


class NotAnEInvoice(Conflict):
    """EN 16931 cannot carry this document, or something it wants is missing."""

    code = "not_an_e_invoice"


def write_cii(document: BilledDocument) -> bytes:
    """Return the XML that Factur-X and ZUGFeRD put inside the PDF.

    Raises:
        NotAnEInvoice: with the first reason, in plain words.
    """
    return _written(_generate(_terms(document), "factur-x"))


def write_ubl(document: BilledDocument) -> bytes:
    """Return UBL 2.1: XRechnung or Peppol BIS Billing 3 where their fields are there.

    Raises:
        NotAnEInvoice: with the first reason, in plain words.
    """
    terms = _terms(document)
    standard = rules.choose_standard(document)
    if standard != Standard.EN_16931:
        terms["BT-23"] = PEPPOL_PROCESS
    root = _generate(terms, "ubl-2.1")
    for specification in root.iter(f"{_UBL}CustomizationID"):
        specification.text = standard.value
    # factur-x 7.8 writes EUR here whatever the currency (PEPPOL-EN16931-R051).
    for amount in root.iter(f"{_UBL}PayableRoundingAmount"):
        amount.set("currencyID", document.currency)
    return _written(root)


def _generate(terms: Terms, flavor: str) -> etree._Element:
    # Imported by who writes one: it brings a PDF library of its own.
    from facturx import generate_xml

    # It changes what it is given, and its own checks are made in the tests.
    xml = generate_xml(
        deepcopy(terms),
        flavor=flavor,
        level=LEVEL,
        check_xsd=False,
        check_schematron=False,
    )
    root = etree.fromstring(xml)
    # factur-x 7.8 calls an element without content nil, which no schema allows.
    for element in root.iter():
        element.attrib.pop(_NIL, None)
    etree.cleanup_namespaces(root)
    return root


def _written(root: etree._Element) -> bytes:
    return etree.tostring(
        root, pretty_print=True, xml_declaration=True, encoding="UTF-8"
    )


def _terms(document: BilledDocument) -> Terms:
    """Return the business terms; a negative total is a credit note, signs turned."""
    gaps = rules.find_gaps(document)
    if gaps:
        raise NotAnEInvoice(gaps[0])
    if isinstance(document, CreditNoteDocument):
        credited = _Credited(document.invoice_number, document.invoice_issued_on)
        return _Writer(_as_billed(document), credited).terms()
    return _Writer(document).terms()


@dataclass(frozen=True, slots=True)
class _Credited:
    """The invoice that a credit note is about."""

    number: str
    issued_on: date


def _as_billed(note: CreditNoteDocument) -> InvoiceDocument:
    """Return a credit note in the shape of an invoice, with the same figures.

    What a tax is on beyond the lines is their share of the invoice's discounts and
    rounding: an allowance or a charge under that tax.
    """
    _, words = words_for(note.language)
    tax_sets = tuple(_beyond_lines(note))
    allowance = sum(each.allowance_minor for each in tax_sets)
    charge = sum(each.charge_minor for each in tax_sets)
    beyond = words.discounts_and_rounding
    return InvoiceDocument(
        number=note.number,
        currency=note.currency,
        language=note.language,
        branding=note.branding,
        seller=note.seller,
        buyer=note.buyer,
        issued_on=note.issued_on,
        due_on=None,
        delivery_on=note.delivery_on,
        delivery_until_on=note.delivery_until_on,
        purchase_order=note.purchase_order,
        job=note.job,
        prices_inclusive=note.prices_inclusive,
        lines=credited_lines(note),
        adjustments=(
            DocumentAdjustment(beyond, -allowance),
            DocumentAdjustment(beyond, charge),
        ),
        taxes=note.taxes,
        line_sum_minor=sum(line.net_minor for line in note.lines),
        net_minor=note.net_minor,
        tax_minor=note.tax_minor,
        total_minor=note.total_minor,
        prepaid_minor=note.prepaid_minor,
        rounding_minor=note.rounding_minor,
        due_minor=note.amount_minor,
        notes=f"{words.reason}: {note.reason}",
        # Nothing is to be paid: it is set off (BR-CO-25 wants it said).
        terms=f"{words.credited}: {words.invoice} {note.invoice_number}",
        tax_sets=tax_sets,
        tax_in_currency=note.tax_in_currency,
    )


def _beyond_lines(note: CreditNoteDocument) -> Iterator[DocumentTaxSet]:
    for tax in _merged(note.taxes):
        on_lines = sum(
            line.net_minor
            for line in note.lines
            if any(_kind(each) == _kind(tax) for each in line.taxes)
        )
        beyond = tax.taxable_minor - on_lines
        yield DocumentTaxSet(tax.category, tax.percent, max(0, -beyond), max(0, beyond))


def _merged(taxes: Iterable[DocumentTax]) -> tuple[DocumentTax, ...]:
    """Return one tax for each category and rate, whatever its name (BR-S-08)."""
    found: dict[tuple[str, Decimal], DocumentTax] = {}
    for tax in taxes:
        known = found.get(_kind(tax))
        found[_kind(tax)] = _sum_of(known, tax) if known else tax
    return tuple(found.values())


def _sum_of(one: DocumentTax, other: DocumentTax) -> DocumentTax:
    reasons = (one.exemption_reason, other.exemption_reason)
    return replace(
        one,
        taxable_minor=one.taxable_minor + other.taxable_minor,
        tax_minor=one.tax_minor + other.tax_minor,
        exemption_reason="; ".join(dict.fromkeys(filter(None, reasons))),
        exemption_code=one.exemption_code or other.exemption_code,
    )


def _kind(tax: DocumentTax | LineTax) -> tuple[str, Decimal]:
    return tax.category, tax.percent


class _Writer:
    """Turns one document into business terms."""

    def __init__(
        self, document: InvoiceDocument, credited: _Credited | None = None
    ) -> None:
        self._document = document
        self._credited = credited
        self._is_german = rules.keeps_german_rules(document)
        self._sign = -1 if document.total_minor < 0 else 1
        # Untaxed as a whole: the lines and the total say so (BG-23 is a must).
        self._outside = LineTax("O", Decimal(0))

    def terms(self) -> Terms:
        document = self._document
        line_sum = sum(line.net_minor for line in document.lines)
        allowances = self._adjustments("BG-20")
        charges = self._adjustments("BG-21")
        owed = document.tax_in_currency
        return _filled(
            {
                "BT-1": printable(document.number),
                "BT-2": document.issued_on,
                "BT-3": CREDIT_NOTE if self._sign < 0 or self._credited else INVOICE,
                "BT-5": document.currency,
                "BT-6": owed.currency if owed else None,
                "BT-9": document.due_on,
                "BT-10": printable(rules.buyer_reference(document.buyer)),
                "BT-11": printable(document.job),
                "BT-13": printable(document.purchase_order),
                "BT-20": rules.written_terms(printable_prose(document.terms)),
                "BG-1": [{"BT-22": printable_prose(document.notes)}]
                if document.notes.strip()
                else None,
                "BG-3": self._preceding(),
                "BG-4": self._seller(),
                "BG-7": self._party(document.buyer),
                **self._when(),
                "BG-13": self._delivery(),
                **self._payment(),
                "BG-20": allowances,
                "BG-21": charges,
                "BT-106": self._amount(line_sum),
                "BT-107": self._sum(x.allowance_minor for x in document.tax_sets),
                "BT-108": self._sum(x.charge_minor for x in document.tax_sets),
                "BT-109": self._amount(document.net_minor),
                "BT-110": self._amount(document.tax_minor),
                "BT-111": self._in(owed.currency, owed.tax_minor) if owed else None,
                "BT-112": self._amount(document.total_minor),
                "BT-113": self._sum([document.prepaid_minor]),
                "BT-114": self._sum([document.rounding_minor]),
                "BT-115": self._amount(document.due_minor),
                "BG-23": self._taxes(),
                "BG-25": [
                    self._line(place, line)
                    for place, line in enumerate(document.lines, 1)
                ],
            }
        )

    def _preceding(self) -> list[Terms] | None:
        """Name the invoice that is credited."""
        credited = self._credited
        if credited is None:
            return None
        return [{"BT-25": printable(credited.number), "BT-26": credited.issued_on}]

    def _amount(self, minor: int) -> str:
        return self._in(self._document.currency, minor)

    def _in(self, currency: str, minor: int) -> str:
        return format(Money(self._sign * minor, currency).decimal, "f")

    def _sum(self, amounts: Any) -> str | None:
        minor = sum(amounts)
        return self._amount(minor) if minor else None

    def _seller(self) -> Terms:
        seller = self._document.seller
        number = vat_number(seller)
        return _filled(
            {
                **self._party(seller),
                # Another tax number than that of VAT (BT-32) is the seller's alone.
                "tax_identifier": printable(seller.vat_id) if not number else None,
            }
        )

    def _party(self, party: Party) -> Terms:
        is_in_parts = party.postal_code or party.town
        block = party.street if is_in_parts else party.address
        lines = [line for line in map(printable, block) if line]
        registered = party.legal_id or PartyId("", party.registration)
        endpoint = rules.endpoint_of(party) or PartyId("", "")
        contact = _filled(
            {
                "name": printable(party.contact_name) or printable(party.name),
                "phone": printable(party.phone),
                "email": printable(party.email),
            }
        )
        return _filled(
            {
                "name": printable(party.name),
                "legal_identifier": printable(registered.value),
                "legal_identifier_schemeid": printable(registered.scheme),
                "vat_identifier": vat_number(party),
                "einvoicing_addr": printable(endpoint.value),
                "einvoicing_addr_schemeid": printable(endpoint.scheme),
                "addr_l1": lines[0] if lines else None,
                "addr_l2": lines[1] if len(lines) > 1 else None,
                "addr_l3": ", ".join(lines[2:]),
                "postcode": printable(party.postal_code),
                "city": printable(party.town),
                "country_subdivision": printable(party.region),
                "country_code": party.country,
                "contacts": [contact] if party.email or party.phone else None,
            }
        )

    def _when(self) -> Terms:
        """Say when it was delivered: a day, or a period (BG-14)."""
        document = self._document
        if document.delivery_until_on is None:
            return {"BT-72": document.delivery_on}
        return {"BT-73": document.delivery_on, "BT-74": document.delivery_until_on}

    def _delivery(self) -> Terms | None:
        """Say where a sale within the EU went (BR-IC-12)."""
        if not any(tax.category == "K" for tax in self._document.taxes):
            return None
        buyer = self._document.buyer
        place = {"name": printable(buyer.name), "country_code": buyer.country}
        if not self._is_german:
            return place
        town, postal_code = printable(buyer.town), printable(buyer.postal_code)
        return {**place, "city": town, "postcode": postal_code}

    def _payment(self) -> Terms:
        document = self._document
        if not document.iban:
            # What is credited is set off, and German rules want that said.
            is_said = self._credited and self._is_german
            return {"BT-81": rules.SET_OFF} if is_said else {}
        is_sepa = document.currency == "EUR"
        return {
            "BT-81": rules.SEPA_TRANSFER if is_sepa else rules.TRANSFER,
            "BT-83": document.reference or printable(document.number),
            "BT-84": document.iban.replace(" ", ""),
            "BT-85": printable(document.seller.name),
            "BT-86": printable(document.bic) or None,
        }

    def _taxes(self) -> list[Terms]:
        document = self._document
        if not document.taxes:
            nothing = DocumentTax("", "O", Decimal(0), document.net_minor, 0)
            return [self._tax(nothing)]
        return [self._tax(tax) for tax in _merged(document.taxes)]

    def _tax(self, tax: DocumentTax) -> Terms:
        reason = tax.exemption_reason or rules.EXEMPTION_WORDS.get(tax.category, "")
        is_exempt = tax.category in {"E", *rules.EXEMPTION_WORDS}
        return _filled(
            {
                "BT-116": self._amount(tax.taxable_minor),
                "BT-117": self._amount(tax.tax_minor),
                "BT-118": tax.category,
                # Of what is outside of VAT German rules want it, too (BR-DE-14).
                "BT-119": _percent(tax) or ("0" if self._is_german else None),
                "BT-120": printable(reason) if is_exempt else None,
                "BT-121": printable(tax.exemption_code) if is_exempt else None,
            }
        )

    def _adjustments(self, group: str) -> list[Terms] | None:
        """Return what the document takes off or adds, one entry for each tax."""
        is_allowance = group == "BG-20"
        reasons = [
            printable(x.reason)
            for x in self._document.adjustments
            if (x.amount_minor * self._sign < 0) == is_allowance
        ]
        entries = [
            _filled(
                {
                    "amount": self._amount(minor),
                    "reason": "; ".join(dict.fromkeys(reasons))
                    or ("Discount" if is_allowance else "Charge"),
                    "vat_category_code": tax_set.category,
                    "vat_rate": _percent(tax_set),
                }
            )
            for tax_set in self._document.tax_sets
            if (minor := _part(tax_set, is_allowance))
        ]
        return entries or None

    def _line(self, place: int, line: DocumentLine) -> Terms:
        tax = line.taxes[0] if line.taxes else self._outside
        quantity, price, base = self._price(line)
        adjustments = () if self._document.prices_inclusive else line.adjustments
        return _filled(
            {
                "BT-126": str(place),
                "BT-129": _number(quantity),
                "BT-130": unit_code(line.unit),
                "BT-131": self._amount(line.net_minor),
                "BT-146": _number(price),
                "BT-149": _number(base) if base != 1 else None,
                "BT-151": tax.category,
                "BT-152": _percent(tax),
                "BT-153": printable(line.name),
                "BT-154": self._description(line),
                "BG-27": self._on_line(adjustments, is_allowance=True),
                "BG-28": self._on_line(adjustments, is_allowance=False),
                "BG-32": [
                    {"BT-160": name, "BT-161": value}
                    for field in line.fields
                    if (name := printable(field.name))
                    and (value := printable(field.value))
                ]
                or None,
            }
        )

    def _description(self, line: DocumentLine) -> str:
        document, details = self._document, printable_prose(line.description)
        if line.share is None:
            return details
        share = bare(share_words(line.share, document.currency, document.language))
        return f"{share}\n{details}".strip()

    def _on_line(self, adjustments: Any, *, is_allowance: bool) -> list[Terms] | None:
        entries = [
            _filled(
                {
                    "amount": self._amount(
                        -x.amount_minor if is_allowance else x.amount_minor
                    ),
                    "reason": printable(x.reason),
                }
            )
            for x in adjustments
            if (x.amount_minor * self._sign < 0) == is_allowance
        ]
        return entries or None

    def _price(self, line: DocumentLine) -> tuple[Decimal, Decimal, Decimal]:
        """Return quantity, net price and for how many units the price is.

        A price is never negative (BR-27): the quantity carries the sign. Where the
        agreed prices have tax in them, the net price is what the line comes to.
        """
        quantity = line.quantity * self._sign
        if not self._document.prices_inclusive:
            if line.unit_price < 0:
                return -quantity, -line.unit_price, line.base_quantity
            return quantity, line.unit_price, line.base_quantity
        if not quantity:
            return quantity, Decimal(0), Decimal(1)
        net = Money(line.net_minor * self._sign, self._document.currency).decimal
        price = (net / quantity).quantize(_PRICE_STEP)
        return (
            (-quantity, -price, Decimal(1))
            if price < 0
            else (quantity, price, Decimal(1))
        )


def _part(tax_set: DocumentTaxSet, is_allowance: bool) -> int:
    return tax_set.allowance_minor if is_allowance else tax_set.charge_minor


def _percent(tax: DocumentTax | DocumentTaxSet | LineTax) -> str | None:
    """Return the rate; what is outside of VAT has none (BR-O-05)."""
    return None if tax.category == "O" else _number(tax.percent)


def _number(value: Decimal) -> str:
    return format(value.normalize() + 0, "f")


def _filled(terms: Terms) -> Terms:
    return {key: value for key, value in terms.items() if value not in (None, "")}
