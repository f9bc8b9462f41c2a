"""The Swiss QR-bill: what its code says, and whose invoices can have one.

After the Swiss Implementation Guidelines QR-bill 2.3 of SIX (chapter 4), which
leaves structured addresses only. Section numbers in comments are of that document.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields

from billing_app.domain.bank import QR_BILL_COUNTRIES, compact_iban, is_qr_iban
from billing_app.domain.document import Party, PostalAddress, QrBill
from billing_app.domain.money import Money

CURRENCIES = frozenset({"CHF", "EUR"})
# 4.2.2, Amt: two decimals, from one centime on.
AMOUNT_MINOR_MIN = 1
AMOUNT_MINOR_MAX = 99_999_999_999
MESSAGE_LENGTH_MAX = 140
# 4.2.2: the most characters of each part of an address, in its order.
_LENGTHS = {
    "name": 70,
    "street": 70,
    "house_number": 16,
    "postal_code": 16,
    "town": 35,
    "country": 2,
}
NEEDS_ADDRESS = (
    "For the payment part of the Swiss QR-bill your business needs its country, and "
    "an address with street, then postal code and town, like “8001 Zürich”."
)

_HOUSE_NUMBER = re.compile(r"(\D.*?),?\s+(\d+\s?[a-zA-Z]?(?:\s?[-/]\s?\d+[a-zA-Z]?)?)")
# 4.1.1: Latin letters of Europe, beyond Latin-1 and Latin Extended-A these.
_LETTERS_MORE = frozenset("ȘșȚț€")
_PLAIN = str.maketrans("‘’‚“”„–—−…\u00a0\u202f", "'''\"\"\"---. " + " ")


def make_qr_bill(
    seller: Party, buyer: Party, iban: str, currency: str, reference: str
) -> QrBill | None:
    """Return who pays whom, or None where no QR-bill can be made.

    A customer whose address can't be told apart is left to be filled in by hand.
    """
    takes_qr = is_qr_iban(iban)
    has_qr = bool(reference) and reference.isdigit()
    if not may_have_qr_bill(iban) or currency not in CURRENCIES or takes_qr != has_qr:
        return None
    creditor = postal_address(seller)
    return QrBill(creditor, postal_address(buyer)) if creditor else None


def find_qr_bill_gap(seller: Party, iban: str) -> str:
    """Say what a business with a Swiss account lacks for QR-bills, if anything."""
    is_wanting = may_have_qr_bill(iban) and postal_address(seller) is None
    return NEEDS_ADDRESS if is_wanting else ""


def may_have_qr_bill(iban: str) -> bool:
    return compact_iban(iban)[:2] in QR_BILL_COUNTRIES


def postal_address(party: Party) -> PostalAddress | None:
    """Return the parts of an address as the code takes them, or None without them."""
    street, house_number = _street(party.street[-1]) if party.street else ("", "")
    return _checked(
        PostalAddress(
            name=party.name,
            street=street,
            house_number=house_number,
            postal_code=party.postal_code,
            town=party.town,
            country=party.country,
        )
    )


def write_payload(
    bill: QrBill,
    iban: str,
    amount_minor: int,
    currency: str,
    reference: str,
    message: str,
) -> str:
    """Return the 31 lines of the code; empty where the amount fits into none."""
    if not AMOUNT_MINOR_MIN <= amount_minor <= AMOUNT_MINOR_MAX:
        return ""
    # The eight parts of the ultimate creditor are kept for later use (4.2.2).
    return "\n".join(
        (
            "SPC", "0200", "1",
            compact_iban(iban),
            *_address_lines(bill.creditor),
            *[""] * 7,
            f"{Money(amount_minor, currency).decimal:.2f}",
            currency,
            *_address_lines(bill.debtor),
            reference_type(reference),
            reference,
            latin(message)[:MESSAGE_LENGTH_MAX],
            "EPD",
        )
    )  # fmt: skip


def reference_type(reference: str) -> str:
    if not reference:
        return "NON"
    return "SCOR" if reference.startswith("RF") else "QRR"


def latin(text: str) -> str:
    """Write a text in the letters the code allows; empty where that is not possible."""
    plain = " ".join(unicodedata.normalize("NFC", text).translate(_PLAIN).split())
    written = "".join(map(_letter, plain))
    return "" if "\0" in written else written


def _letter(character: str) -> str:
    if _is_allowed(character):
        return character
    bare = unicodedata.normalize("NFKD", character)
    kept = "".join(x for x in bare if not unicodedata.combining(x))
    return kept if kept and all(map(_is_allowed, kept)) else "\0"


def _is_allowed(character: str) -> bool:
    code = ord(character)
    is_latin = 0x20 <= code <= 0x7E or 0xA1 <= code <= 0x17F
    return is_latin or character in _LETTERS_MORE


def _street(line: str) -> tuple[str, str]:
    """Split a street from its number, where the number comes last."""
    found = _HOUSE_NUMBER.fullmatch(line)
    return (found[1], found[2]) if found else (line, "")


def _checked(address: PostalAddress) -> PostalAddress | None:
    """Return the address in the code's letters; a long name is cut, nothing else."""
    parts = {x.name: latin(getattr(address, x.name)) for x in fields(address)}
    parts["name"] = parts["name"][: _LENGTHS["name"]].rstrip()
    musts = (parts["name"], parts["postal_code"], parts["town"])
    is_whole = all(musts) and len(parts["country"]) == 2
    fits = all(len(parts[name]) <= most for name, most in _LENGTHS.items())
    has_street = bool(parts["street"]) or not address.street
    return PostalAddress(**parts) if is_whole and fits and has_street else None


def _address_lines(address: PostalAddress | None) -> tuple[str, ...]:
    if address is None:
        return ("",) * 7
    return (
        "S",
        address.name,
        address.street,
        address.house_number,
        address.postal_code,
        address.town,
        address.country,
    )
