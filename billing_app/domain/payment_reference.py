"""References that banks carry unchanged, so that a transfer names its invoice.

Two kinds have check digits of their own: the creditor reference (ISO 11649, it
begins with RF), understood in all of Europe, and the 27 digits of the Swiss QR-bill.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from stdnum import iso11649
from stdnum.ch import esr
from stdnum.iso7064 import mod_97_10

from billing_app.domain.bank import is_qr_iban
from billing_app.domain.errors import InvalidInput

# ISO 11649: RF, two check digits, and at most 21 letters and digits.
RF_BODY_LENGTH_MAX = 21
QR_LENGTH = 27
# The first digits are the invoice itself, so that no two share a reference.
_QR_ID_LENGTH = 10
_SEPARATORS = str.maketrans("", "", " .-/,:\u00a0\u202f")


class ReferenceKind(StrEnum):
    """What an invoice asks for as the reference of a transfer."""

    NUMBER = "none"
    RF = "rf"
    QR = "qr"


def check_reference_kind(kind: ReferenceKind, iban: str) -> None:
    """Refuse a kind that the account can't take: a QR-IBAN wants its own, alone."""
    if kind == ReferenceKind.QR and not is_qr_iban(iban):
        raise InvalidInput(
            "QR references need a QR-IBAN; this is a plain account.",
            field="reference_kind",
        )
    if kind != ReferenceKind.QR and is_qr_iban(iban):
        raise InvalidInput(
            "This is a QR-IBAN: it takes payments with a QR reference only.",
            field="reference_kind",
        )


def make_reference(kind: ReferenceKind, number: str, invoice_id: int) -> str:
    """Return the reference of an issued invoice; empty where its number is used."""
    if kind == ReferenceKind.RF:
        return rf_reference(number)
    if kind == ReferenceKind.QR:
        return qr_reference(number, invoice_id)
    return ""


def rf_reference(number: str) -> str:
    """Return the creditor reference of a number, empty where it has no letter or digit.

    Of a number that is too long the end is kept, which is what counts up.
    """
    body = _letters_and_digits(number)[-RF_BODY_LENGTH_MAX:]
    return f"RF{mod_97_10.calc_check_digits(f'{body}RF')}{body}" if body else ""


def qr_reference(number: str, invoice_id: int) -> str:
    """Return 27 digits: the invoice's id, the end of its number, a check digit."""
    assert 0 < invoice_id < 10**_QR_ID_LENGTH
    room = QR_LENGTH - 1 - _QR_ID_LENGTH
    digits = "".join(x for x in number if x.isascii() and x.isdigit())[-room:]
    body = f"{invoice_id:0{_QR_ID_LENGTH}}{digits:0>{room}}"
    return body + esr.calc_check_digit(body)


def read_reference(text: str) -> str:
    """Return a reference without spaces, empty where it is none or has a slip."""
    compact = text.translate(_SEPARATORS).upper()
    if not compact.isascii():
        return ""
    if compact.startswith("RF"):
        return compact if compact.isalnum() and iso11649.is_valid(compact) else ""
    is_qr = len(compact) == QR_LENGTH and compact.isdigit()
    return (
        compact if is_qr and esr.calc_check_digit(compact[:-1]) == compact[-1] else ""
    )


def format_reference(reference: str) -> str:
    """Write a reference in the groups people read it by."""
    if reference.startswith("RF"):
        return _grouped(reference, 4)
    return f"{reference[:2]} {_grouped(reference[2:], 5)}" if reference else ""


def printed_reference(
    labels: Iterable[str], reference: str, number: str, own_label: str
) -> str:
    """Return what a transfer is to say, as people read it.

    Empty for a draft's missing number, and where the business's own bank details
    (`labels`) say what to quote, as `own_label` or in English. A reference with check
    digits is always told: the bank books by it.
    """
    if reference:
        return format_reference(reference)
    said = {label.strip().casefold() for label in labels}
    return "" if said & {"reference", own_label.casefold()} else number


def _grouped(text: str, size: int) -> str:
    return " ".join(text[at : at + size] for at in range(0, len(text), size))


def _letters_and_digits(text: str) -> str:
    return "".join(x for x in text.upper() if x.isascii() and x.isalnum())
