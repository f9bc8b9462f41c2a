"""What an e-invoice by EN 16931 needs and cannot carry, in plain words.

An invoice that it cannot carry stays a plain PDF and says so; nothing is made up to
fill a field. Names in brackets like BR-CO-26 are the rules of the standard.
"""

from __future__ import annotations

from collections.abc import Sequence

from babel.core import get_global

from billing_app.domain.currencies import exponent
from billing_app.domain.document import (
    CreditNoteDocument,
    DocumentTax,
    InvoiceDocument,
    Party,
)
from billing_app.domain.taxes import TAX_CATEGORIES

# What may go to a machine: a receipt asks for nothing.
BilledDocument = InvoiceDocument | CreditNoteDocument

# BR-DEC-*: amounts have at most two decimals.
DECIMALS_MAX = 2

# UNCL 5305 as far as EN 16931 takes it.
CATEGORIES = frozenset({"S", "Z", "E", "AE", "K", "G", "O", "L", "M"})

# What the law asks to be said where nobody wrote more (BR-AE-10, BR-IC-10, ...).
EXEMPTION_WORDS = {
    "AE": "Reverse charge",
    "K": "Intra-community supply",
    "G": "Export outside the EU",
    "O": "Not subject to VAT",
}

# CEF list of electronic address schemes: those whose address is the VAT number.
VAT_ADDRESS_SCHEMES = {
    "AD": "9922", "AL": "9923", "AT": "9914", "BA": "9924", "BE": "9925",
    "BG": "9926", "CH": "9927", "CY": "9928", "CZ": "9929", "DE": "9930",
    "EE": "9931", "ES": "9920", "FI": "0213", "FR": "9957", "GB": "9932",
    "GR": "9933", "HR": "9934", "HU": "9910", "IE": "9935", "IT": "0211",
    "LI": "9936", "LT": "9937", "LU": "9938", "LV": "9939", "MC": "9940",
    "ME": "9941", "MK": "9942", "MT": "9943", "NL": "9944", "PL": "9945",
    "PT": "9946", "RO": "9947", "RS": "9948", "SI": "9949",
    "SK": "9950", "SM": "9951", "TR": "9952", "VA": "9953",
}  # fmt: skip

# Greece writes its VAT numbers with EL.
_COUNTRY_OF_PREFIX = {"EL": "GR"}


def vat_number(party: Party) -> str:
    """Return the VAT number with its country, empty where it is none (BR-CO-09).

    A number without a country is of the party's own, where numbers have one.
    """
    number = "".join(x for x in party.vat_id.upper() if x.isalnum())
    if not number:
        return ""
    prefix = _COUNTRY_OF_PREFIX.get(number[:2], number[:2])
    if prefix in VAT_ADDRESS_SCHEMES and any(x.isdigit() for x in number):
        return number
    return party.country + number if party.country in VAT_ADDRESS_SCHEMES else ""


def vat_address(party: Party) -> tuple[str, str] | None:
    """Return scheme and address of the VAT number, as Peppol finds a party by it."""
    number = vat_number(party)
    scheme = VAT_ADDRESS_SCHEMES.get(_COUNTRY_OF_PREFIX.get(number[:2], number[:2]))
    return (scheme, number) if number and scheme else None


def find_gaps(document: BilledDocument) -> tuple[str, ...]:
    """Name what keeps this document from being an e-invoice, one sentence each.

    A draft is judged as if it had its number. Empty: it can be one.
    """
    return (
        *_unsuited(document),
        *_missing_of_parties(document),
        *_missing_of_lines(document),
        *_missing_of_taxes(document),
        *_missing_of_dates(document),
    )


def find_peppol_gaps(document: BilledDocument) -> tuple[str, ...]:
    """Name what Peppol BIS Billing 3 asks for beyond EN 16931 (R003, R010, R020)."""
    gaps: list[str] = []
    if vat_address(document.seller) is None:
        gaps.append("Peppol finds your business by its VAT number: add it.")
    if vat_address(document.buyer) is None:
        gaps.append("Peppol finds the customer by a VAT number: add it.")
    if not document.purchase_order:
        gaps.append("Peppol wants the customer's reference or order number: add it.")
    return tuple(gaps)


def _unsuited(document: BilledDocument) -> list[str]:
    found: list[str] = []
    if any(tax.category not in CATEGORIES for tax in document.taxes):
        found.append("One of its taxes is of a kind that e-invoices do not know.")
    owed = document.tax_in_currency
    for currency in (document.currency, owed.currency if owed else ""):
        if currency and exponent(currency) > DECIMALS_MAX:
            found.append(f"{currency} has three decimals, and e-invoices carry two.")
    double = [n for n, x in enumerate(document.lines, 1) if len(x.taxes) > 1]
    if double:
        found.append(f"{_lines(double)} more than one tax, and e-invoices carry one.")
    if any(tax.is_compound for tax in document.taxes):
        found.append("A tax on top of another one does not fit into an e-invoice.")
    if any(tax.percent < 0 for tax in document.taxes):
        found.append("A tax that is withheld does not fit into an e-invoice.")
    return found


def _missing_of_parties(document: BilledDocument) -> list[str]:
    seller, buyer = document.seller, document.buyer
    found: list[str] = []
    if not seller.name:
        found.append("Your business has no legal name.")
    if not _is_country(seller.country):
        found.append("Your business has no country.")
    if not (seller.vat_id or seller.registration):
        found.append("Your business has no VAT or registration number.")
    if not buyer.name:
        found.append("The customer has no name.")
    if not _is_country(buyer.country):
        found.append("The customer has no country.")
    return found


def _missing_of_lines(document: BilledDocument) -> list[str]:
    found: list[str] = []
    nameless = [n for n, x in enumerate(document.lines, 1) if not x.name.strip()]
    if nameless:
        found.append(f"{_lines(nameless)} no name.")
    taxless = [n for n, x in enumerate(document.lines, 1) if not x.taxes]
    # An invoice without any tax is outside of VAT as a whole: only with a number
    # for VAT would that be wrong (BR-O-02).
    if taxless and (len(taxless) < len(document.lines) or vat_number(document.seller)):
        found.append(
            f"{_lines(taxless)} no tax. Choose one; “{TAX_CATEGORIES['E']}” and "
            f"“{TAX_CATEGORIES['O']}” are kinds of it, under Settings, Taxes."
        )
    return found


def _missing_of_taxes(document: BilledDocument) -> list[str]:
    categories = {tax.category for tax in document.taxes}
    seller, buyer = vat_number(document.seller), vat_number(document.buyer)
    found: list[str] = []
    outside = _outside(document.taxes)
    if categories - {"O"} and not (seller or document.seller.vat_id):
        found.append("Charging tax needs your VAT number.")
    if "O" in categories and len(categories) > 1:
        found.append(f"{outside} cannot stand beside other taxes in an e-invoice.")
    if "O" in categories and (seller or buyer):
        found.append(f"{outside} does not go with a VAT number.")
    if categories & {"AE", "K"} and not buyer:
        found.append("Reverse charge and sales within the EU need the customer's "
                     "VAT number.")  # fmt: skip
    if "K" in categories and not document.delivery_on:
        found.append("A sale within the EU needs its date of delivery.")
    exempt = [x for x in document.taxes if x.category == "E"]
    if not all(x.exemption_reason or x.exemption_code for x in exempt):
        found.append("Exempt lines need the reason why.")
    return found


def _outside(taxes: Sequence[DocumentTax]) -> str:
    """Name what is not subject to tax as whoever set it up did, and its kind."""
    kind = TAX_CATEGORIES["O"]
    names = [tax.name for tax in taxes if tax.category == "O" and tax.name]
    return f"“{names[0]}” ({kind})" if names and names[0] != kind else f"“{kind}”"


def _missing_of_dates(document: BilledDocument) -> list[str]:
    if isinstance(document, CreditNoteDocument):
        return []
    if document.due_minor > 0 and not (document.due_on or document.terms.strip()):
        return ["There is neither a due date nor terms of payment."]
    return []


def _is_country(code: str) -> bool:
    return code in get_global("territory_currencies")


def _lines(places: list[int]) -> str:
    """Begin a sentence about some lines, as few as are needed to find them."""
    if len(places) == 1:
        return f"Line {places[0]} has"
    shown = ", ".join(str(place) for place in places[:3])
    more = " and more" if len(places) > 3 else ""
    return f"Lines {shown}{more} have"
