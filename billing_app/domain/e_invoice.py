"""What an e-invoice by EN 16931 needs and cannot carry, in plain words.

An invoice that it cannot carry stays a plain PDF and says so; nothing is made up to
fill a field. Names in brackets like BR-CO-26 are the rules of the standard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from babel.core import get_global

from billing_app.domain.currencies import exponent
from billing_app.domain.document import (
    CreditNoteDocument,
    DocumentTax,
    InvoiceDocument,
    Party,
    PartyId,
)
from billing_app.domain.party_ids import (
    LEITWEG,
    MAIL,
    is_leitweg,
    vat_address,
    vat_number,
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

# UNTDID 4461: what a Dutch seller may be paid by is among these (NL-R-008).
SEPA_TRANSFER, TRANSFER = "58", "30"
SET_OFF = "97"
# German rules want as much of a phone number (DE-R-027).
_PHONE_DIGITS_MIN = 3
# A discount for paying early, as German programs read it out of the terms: the days,
# the percentage and, where that is not all that is due, of how much (BR-DE-18).
_SKONTO = re.compile(
    r"#SKONTO#TAGE=[0-9]+#PROZENT=[0-9]+\.[0-9]{2}(#BASISBETRAG=-?[0-9]+\.[0-9]{2})?#",
    re.ASCII,
)


class Standard(StrEnum):
    """What a UBL file says that it keeps to, by the code of its specification."""

    EN_16931 = "urn:cen.eu:en16931:2017"
    PEPPOL = f"{EN_16931}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
    XRECHNUNG = f"{EN_16931}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"


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


def choose_standard(document: BilledDocument) -> Standard:
    """Return the narrowest standard that an e-invoice keeps to.

    A buyer with a Leitweg-ID is an authority in Germany, which wants XRechnung.
    """
    if leitweg_of(document.buyer) and not find_xrechnung_gaps(document):
        return Standard.XRECHNUNG
    return Standard.EN_16931 if find_peppol_gaps(document) else Standard.PEPPOL


def find_network_gaps(document: BilledDocument) -> tuple[str, ...]:
    """Name what the buyer's way of receiving e-invoices asks for beyond EN 16931.

    Empty also where nothing says that the buyer receives any.
    """
    if leitweg_of(document.buyer):
        return find_xrechnung_gaps(document)
    is_reached = _is_in_peppol(document.seller) and _is_in_peppol(document.buyer)
    return find_peppol_gaps(document) if is_reached else ()


def find_peppol_gaps(document: BilledDocument) -> tuple[str, ...]:
    """Name what Peppol BIS Billing 3 asks for (R003, R010, R020, NL-R, DE-R)."""
    seller, buyer = document.seller, document.buyer
    gaps: list[str] = []
    if not _is_in_peppol(seller):
        gaps.append("Peppol finds your business by its VAT or registration number, or "
                    "an electronic address: add one.")  # fmt: skip
    if not _is_in_peppol(buyer):
        gaps.append("Peppol finds the customer by a VAT or registration number, or an "
                    "electronic address: add one.")  # fmt: skip
    if not (document.purchase_order or buyer.reference):
        gaps.append("Peppol wants the customer's reference or order number: add it.")
    if seller.country == "NL":
        gaps += _dutch_gaps(document)
    if _are_german(document):
        gaps += _german_gaps(document)
    return tuple(gaps)


def find_xrechnung_gaps(document: BilledDocument) -> tuple[str, ...]:
    """Name what XRechnung 3 asks for beyond EN 16931."""
    return tuple(_german_gaps(document))


def keeps_german_rules(document: BilledDocument) -> bool:
    """Say whether it is written so that German rules hold, as far as they can."""
    return bool(leitweg_of(document.buyer)) or _are_german(document)


def _are_german(document: BilledDocument) -> bool:
    return document.seller.country == document.buyer.country == "DE"


def leitweg_of(buyer: Party) -> str:
    """Return the number that a German authority is written to by, if it has one."""
    if is_leitweg(buyer.reference):
        return buyer.reference
    has_one = buyer.endpoint is not None and buyer.endpoint.scheme == LEITWEG
    return buyer.endpoint.value if has_one and buyer.endpoint else ""


def buyer_reference(buyer: Party) -> str:
    """Return what the buyer wants said on each invoice (BT-10)."""
    return buyer.reference or leitweg_of(buyer)


def endpoint_of(party: Party) -> PartyId | None:
    """Return where e-invoices reach somebody; a mailbox where nothing else does."""
    found = party.endpoint or vat_address(party)
    return found or (PartyId(MAIL, party.email) if party.email else None)


def _is_in_peppol(party: Party) -> bool:
    found = endpoint_of(party)
    return found is not None and found.scheme != MAIL


def _dutch_gaps(document: BilledDocument) -> list[str]:
    """Name what Dutch sellers owe by NL-R-001 to NL-R-008."""
    seller, buyer = document.seller, document.buyer
    gaps = _missing_parts("Your address", seller, has_street=True)
    if seller.legal_id is None:
        gaps.append("Dutch businesses give their number of the Chamber of Commerce "
                    "(KvK) or their OIN: add yours as your registration.")  # fmt: skip
    if buyer.country == "NL":
        gaps += _missing_parts("The customer's address", buyer, has_street=True)
        if buyer.registration and buyer.legal_id is None:
            gaps.append("The customer's registration is neither a KvK number of 8 "
                        "digits nor an OIN of 20.")  # fmt: skip
        if document.total_minor < 0:
            gaps.append("A Dutch credit note names the invoice it is for: credit that "
                        "one instead.")  # fmt: skip
    if isinstance(document, InvoiceDocument) and document.due_minor > 0:
        gaps += _missing_of_payment(document, "Dutch")
    return gaps


def _german_gaps(document: BilledDocument) -> list[str]:
    """Name what is owed by BR-DE-1 to BR-DE-15, in Peppol DE-R-001 to DE-R-015."""
    seller, buyer = document.seller, document.buyer
    gaps = _missing_of_payment(document, "German")
    gaps += _missing_parts("Your address", seller)
    gaps += _missing_parts("The customer's address", buyer)
    if sum(x.isdigit() for x in seller.phone) < _PHONE_DIGITS_MIN:
        gaps.append("German rules want a phone number of your business: add it.")
    if not seller.email:
        gaps.append("German rules want an email address of your business: add it.")
    if not buyer_reference(buyer):
        gaps.append("German rules want the customer's reference, which is the "
                    "Leitweg-ID of an authority: add it.")  # fmt: skip
    return gaps + _unread_terms(document)


def written_terms(terms: str) -> str:
    """Return the terms with a line's end behind each line that programs read.

    The last of a text is stripped of it, and BR-DE-18 asks for it.
    """
    last = terms.rpartition("\n")[2]
    return f"{terms}\n" if last.startswith("#") else terms


def _unread_terms(document: BilledDocument) -> list[str]:
    """Name the lines of the terms that programs would read, and can't (BR-DE-18)."""
    if isinstance(document, CreditNoteDocument):
        return []
    lines = (line.strip() for line in document.terms.splitlines())
    wrong = [x for x in lines if x.startswith("#") and not _SKONTO.fullmatch(x)]
    return [
        f"German rules read “{line[:40]}” in the terms as a discount for paying "
        "early: write it like #SKONTO#TAGE=7#PROZENT=2.00#, on a line of its own."
        for line in wrong[:1]
    ]


def _missing_of_payment(document: BilledDocument, whose: str) -> list[str]:
    if isinstance(document, CreditNoteDocument) or document.iban:
        return []
    return [f"{whose} rules want to know how you are paid: add your IBAN."]


def _missing_parts(whose: str, party: Party, *, has_street: bool = False) -> list[str]:
    parts = {"postal code": party.postal_code, "town": party.town}
    if has_street:
        parts = {"street": "".join(party.street), **parts}
    missing = [name for name, value in parts.items() if not value]
    if not missing:
        return []
    named = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
    return [f"{whose} lacks its {named}, each in its own field."]


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
