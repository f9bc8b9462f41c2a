"""Read e-invoices by EN 16931, in both syntaxes: CII (Factur-X) and UBL 2.1.

The file is a stranger's: no entity is replaced, no document type is taken, nothing is
fetched, and depth, size and lines have their limits.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from lxml import etree

from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import clean_text
from billing_app.domain.party_ids import MAIL, parse_electronic_address
from billing_app.domain.read_e_invoice import (
    ReadAdjustment,
    ReadEInvoice,
    ReadLine,
    ReadParty,
    read_decimal,
)

BYTES_MAX = 5_000_000
ELEMENTS_MAX = 200_000
_TEXT_MAX = 20_000
_WEB_PAGE = re.compile(rb"\s*(<\?xml[^>]*>\s*)?<(!doctype )?html\b", re.IGNORECASE)

_CII = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": (
        "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformation"
        "Entity:100"
    ),
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
_UBL = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
_CII_ROOT = f"{{{_CII['rsm']}}}CrossIndustryInvoice"
_UBL_ROOT = "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice"
_UBL_CREDIT = "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote"
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")


def read_e_invoice(content: bytes) -> ReadEInvoice:
    """Return what the XML of an e-invoice says.

    Raises:
        InvalidInput: it is no XML, no e-invoice, or has what no invoice needs.
    """
    root = _parse(content)
    if root.tag == _CII_ROOT:
        return _read_cii(_Node(root, _CII))
    if root.tag == _UBL_ROOT:
        return _read_ubl(_Node(root, _UBL))
    if root.tag == _UBL_CREDIT:
        raise InvalidInput(
            "This is a credit note, which no draft can be. Credit the invoice it is "
            "for instead."
        )
    raise InvalidInput("This XML is no invoice in UBL 2.1 or CII.")


def _parse(content: bytes) -> etree._Element:
    if len(content) > BYTES_MAX:
        raise InvalidInput(f"This XML is larger than {BYTES_MAX // 10**6} MB.")
    if _WEB_PAGE.match(content.removeprefix(codecs.BOM_UTF8)):
        raise InvalidInput("This is a web page, not an e-invoice.")
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InvalidInput("This file is not XML that can be read.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidInput("This XML declares entities, which no e-invoice does.")
    if sum(1 for _ in root.iter()) > ELEMENTS_MAX:
        raise InvalidInput("This XML has more parts than any invoice.")
    return root


@dataclass(frozen=True, slots=True)
class _Node:
    """An element and the names its paths are written with."""

    element: etree._Element
    names: Mapping[str, str]

    def all(self, path: str) -> list[_Node]:
        found = self.element.findall(path, dict(self.names))
        return [_Node(element, self.names) for element in found]

    def first(self, path: str) -> _Node | None:
        found = self.element.find(path, dict(self.names))
        return None if found is None else _Node(found, self.names)

    def words(self, path: str) -> str:
        """Return the text there on one line, or nothing."""
        return " ".join(self.prose(path).split())

    def prose(self, path: str) -> str:
        found = self.element.find(path, dict(self.names))
        written = "" if found is None else found.text or ""
        if len(written) > _TEXT_MAX:
            raise InvalidInput(
                f"The file has a text of more than {_TEXT_MAX:,} characters."
            )
        return clean_text(written, length_max=_TEXT_MAX, multiline=True)

    def number(self, path: str, what: str) -> Decimal:
        return read_decimal(self.words(path), what)

    def day(self, path: str) -> str:
        match = _DAY.match(self.words(path))
        return "-".join(match.groups()) if match else ""

    def is_true(self, path: str) -> bool:
        return self.words(path).lower() in ("true", "1")


def _read_cii(root: _Node) -> ReadEInvoice:
    paper = _needed(root.first("rsm:ExchangedDocument"))
    trade = _needed(root.first("rsm:SupplyChainTradeTransaction"))
    agreed = _needed(trade.first("ram:ApplicableHeaderTradeAgreement"))
    settled = _needed(trade.first("ram:ApplicableHeaderTradeSettlement"))
    sums = "ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:"
    period = "ram:BillingSpecifiedPeriod/ram:"
    delivered = trade.words(
        "ram:ApplicableHeaderTradeDelivery/ram:ActualDeliverySupplyChainEvent"
        "/ram:OccurrenceDateTime/udt:DateTimeString"
    )
    match = _DAY.match(delivered)
    start = settled.day(f"{period}StartDateTime/udt:DateTimeString")
    adjustments = settled.all("ram:SpecifiedTradeAllowanceCharge")
    return ReadEInvoice(
        number=paper.words("ram:ID"),
        kind=paper.words("ram:TypeCode"),
        currency=settled.words("ram:InvoiceCurrencyCode"),
        issued_on=paper.day("ram:IssueDateTime/udt:DateTimeString"),
        due_on=settled.day(
            "ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString"
        ),
        delivered_on=start or ("-".join(match.groups()) if match else ""),
        delivered_until=settled.day(f"{period}EndDateTime/udt:DateTimeString"),
        purchase_order=agreed.words(
            "ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID"
        ),
        job=agreed.words("ram:SpecifiedProcuringProject/ram:ID"),
        buyer_reference=agreed.words("ram:BuyerReference"),
        notes="\n\n".join(
            x.prose("ram:Content") for x in paper.all("ram:IncludedNote")
        ),
        terms=settled.prose("ram:SpecifiedTradePaymentTerms/ram:Description"),
        buyer=_cii_party(_needed(agreed.first("ram:BuyerTradeParty"))),
        lines=tuple(
            _cii_line(x) for x in trade.all("ram:IncludedSupplyChainTradeLineItem")
        ),
        allowances=tuple(
            _cii_adjustment(x) for x in adjustments if not _cii_is_charge(x)
        ),
        charges=tuple(_cii_adjustment(x) for x in adjustments if _cii_is_charge(x)),
        prepaid=settled.number(f"{sums}TotalPrepaidAmount", "amount paid"),
        rounding=settled.number(f"{sums}RoundingAmount", "rounding"),
        tax_total=settled.number(f"{sums}TaxTotalAmount", "tax"),
        total=settled.number(f"{sums}GrandTotalAmount", "total"),
        others=_others(
            attachments=len(agreed.all("ram:AdditionalReferencedDocument")),
            accounts=len(settled.all("ram:SpecifiedTradeSettlementPaymentMeans")),
        ),
    )


def _cii_party(party: _Node) -> ReadParty:
    address = "ram:PostalTradeAddress/ram:"
    lines = (party.words(f"{address}Line{n}") for n in ("One", "Two", "Three"))
    contact = "ram:DefinedTradeContact/ram:"
    taxes = party.all("ram:SpecifiedTaxRegistration/ram:ID")
    return ReadParty(
        name=party.words("ram:Name"),
        street=tuple(filter(None, lines)),
        postal_code=party.words(f"{address}PostcodeCode"),
        town=party.words(f"{address}CityName"),
        region=party.words(f"{address}CountrySubDivisionName"),
        country=party.words(f"{address}CountryID"),
        vat_id=" ".join(taxes[0].prose(".").split()) if taxes else "",
        registration=party.words("ram:SpecifiedLegalOrganization/ram:ID"),
        electronic_address=_electronic_address(
            party.first("ram:URIUniversalCommunication/ram:URIID")
        ),
        email=party.words(f"{contact}EmailURIUniversalCommunication/ram:URIID"),
        contact_name=party.words(f"{contact}PersonName"),
        phone=party.words(
            f"{contact}TelephoneUniversalCommunication/ram:CompleteNumber"
        ),
    )


def _electronic_address(node: _Node | None) -> str:
    """Return an address with its scheme; nothing where it has none that is known."""
    if node is None:
        return ""
    scheme, value = str(node.element.get("schemeID", "")), node.words(".")
    written = value if scheme == MAIL else f"{scheme}:{value}"
    try:
        return parse_electronic_address(written, "", "electronic_address")
    except InvalidInput:
        return ""


def _cii_line(line: _Node) -> ReadLine:
    settled = _needed(line.first("ram:SpecifiedLineTradeSettlement"))
    price = "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:"
    quantity = _needed(line.first("ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"))
    base = line.number(f"{price}BasisQuantity", "base quantity")
    return ReadLine(
        name=line.words("ram:SpecifiedTradeProduct/ram:Name"),
        description=line.prose("ram:SpecifiedTradeProduct/ram:Description"),
        quantity=quantity.number(".", "quantity"),
        unit=str(quantity.element.get("unitCode", "")),
        price=line.number(f"{price}ChargeAmount", "price"),
        base=base or Decimal(1),
        net=settled.number(
            "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount",
            "amount of a line",
        ),
        category=settled.words("ram:ApplicableTradeTax/ram:CategoryCode"),
        percent=settled.number(
            "ram:ApplicableTradeTax/ram:RateApplicablePercent", "tax rate"
        ),
        is_adjusted=bool(settled.all("ram:SpecifiedTradeAllowanceCharge")),
    )


def _cii_is_charge(node: _Node) -> bool:
    return node.is_true("ram:ChargeIndicator/udt:Indicator")


def _cii_adjustment(node: _Node) -> ReadAdjustment:
    return ReadAdjustment(
        amount=node.number("ram:ActualAmount", "discount"),
        reason=node.words("ram:Reason"),
        category=node.words("ram:CategoryTradeTax/ram:CategoryCode"),
        percent=node.number(
            "ram:CategoryTradeTax/ram:RateApplicablePercent", "tax rate"
        ),
    )


def _read_ubl(root: _Node) -> ReadEInvoice:
    sums = "cac:LegalMonetaryTotal/cbc:"
    adjustments = root.all("cac:AllowanceCharge")
    start = root.day("cac:InvoicePeriod/cbc:StartDate")
    return ReadEInvoice(
        number=root.words("cbc:ID"),
        kind=root.words("cbc:InvoiceTypeCode") or "380",
        currency=root.words("cbc:DocumentCurrencyCode"),
        issued_on=root.day("cbc:IssueDate"),
        due_on=root.day("cbc:DueDate"),
        delivered_on=start or root.day("cac:Delivery/cbc:ActualDeliveryDate"),
        delivered_until=root.day("cac:InvoicePeriod/cbc:EndDate"),
        purchase_order=root.words("cac:OrderReference/cbc:ID"),
        job=root.words("cac:ProjectReference/cbc:ID"),
        buyer_reference=root.words("cbc:BuyerReference"),
        notes="\n\n".join(x.prose(".") for x in root.all("cbc:Note")),
        terms=root.prose("cac:PaymentTerms/cbc:Note"),
        buyer=_ubl_party(_needed(root.first("cac:AccountingCustomerParty/cac:Party"))),
        lines=tuple(_ubl_line(x) for x in root.all("cac:InvoiceLine")),
        allowances=tuple(
            _ubl_adjustment(x) for x in adjustments if not _ubl_is_charge(x)
        ),
        charges=tuple(_ubl_adjustment(x) for x in adjustments if _ubl_is_charge(x)),
        prepaid=root.number(f"{sums}PrepaidAmount", "amount paid"),
        rounding=root.number(f"{sums}PayableRoundingAmount", "rounding"),
        tax_total=root.number("cac:TaxTotal/cbc:TaxAmount", "tax"),
        total=root.number(f"{sums}TaxInclusiveAmount", "total"),
        others=_others(
            attachments=len(root.all("cac:AdditionalDocumentReference")),
            accounts=len(root.all("cac:PaymentMeans")),
        ),
    )


def _ubl_party(party: _Node) -> ReadParty:
    address = "cac:PostalAddress/cbc:"
    lines = (
        party.words(f"{address}StreetName"),
        party.words(f"{address}AdditionalStreetName"),
        party.words("cac:PostalAddress/cac:AddressLine/cbc:Line"),
    )
    return ReadParty(
        name=party.words("cac:PartyLegalEntity/cbc:RegistrationName")
        or party.words("cac:PartyName/cbc:Name"),
        street=tuple(filter(None, lines)),
        postal_code=party.words(f"{address}PostalZone"),
        town=party.words(f"{address}CityName"),
        region=party.words(f"{address}CountrySubentity"),
        country=party.words("cac:PostalAddress/cac:Country/cbc:IdentificationCode"),
        vat_id=party.words("cac:PartyTaxScheme/cbc:CompanyID"),
        registration=party.words("cac:PartyLegalEntity/cbc:CompanyID"),
        electronic_address=_electronic_address(party.first("cbc:EndpointID")),
        email=party.words("cac:Contact/cbc:ElectronicMail"),
        contact_name=party.words("cac:Contact/cbc:Name"),
        phone=party.words("cac:Contact/cbc:Telephone"),
    )


def _ubl_line(line: _Node) -> ReadLine:
    quantity = _needed(line.first("cbc:InvoicedQuantity"))
    base = line.number("cac:Price/cbc:BaseQuantity", "base quantity")
    tax = "cac:Item/cac:ClassifiedTaxCategory/cbc:"
    return ReadLine(
        name=line.words("cac:Item/cbc:Name"),
        description=line.prose("cac:Item/cbc:Description"),
        quantity=quantity.number(".", "quantity"),
        unit=str(quantity.element.get("unitCode", "")),
        price=line.number("cac:Price/cbc:PriceAmount", "price"),
        base=base or Decimal(1),
        net=line.number("cbc:LineExtensionAmount", "amount of a line"),
        category=line.words(f"{tax}ID"),
        percent=line.number(f"{tax}Percent", "tax rate"),
        is_adjusted=bool(line.all("cac:AllowanceCharge")),
    )


def _ubl_is_charge(node: _Node) -> bool:
    return node.is_true("cbc:ChargeIndicator")


def _ubl_adjustment(node: _Node) -> ReadAdjustment:
    return ReadAdjustment(
        amount=node.number("cbc:Amount", "discount"),
        reason=node.words("cbc:AllowanceChargeReason"),
        category=node.words("cac:TaxCategory/cbc:ID"),
        percent=node.number("cac:TaxCategory/cbc:Percent", "tax rate"),
    )


def _others(*, attachments: int, accounts: int) -> tuple[str, ...]:
    said: list[str] = []
    if attachments:
        said.append(f"{attachments} attached or referenced documents.")
    if accounts:
        said.append("How it is to be paid: your own bank details are printed.")
    return tuple(said)


def _needed(node: _Node | None) -> _Node:
    if node is None:
        raise InvalidInput("The file lacks a part that every e-invoice has.")
    return node
