"""Draw the payment code that European banking apps scan (EPC069-12)."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from io import BytesIO

import segno

# EPC069-12: the smallest and the largest transfer a code can ask for, in cents.
AMOUNT_MINOR_MIN = 1
AMOUNT_MINOR_MAX = 99_999_999_999
NAME_LENGTH_MAX = 70
TEXT_LENGTH_MAX = 140
# Version 13 of a QR code at level M, the largest that the standard allows.
PAYLOAD_SIZE_MAX = 331

_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)


def is_iban(text: str) -> bool:
    """Check the shape and the check digits (ISO 13616, mod 97)."""
    iban = _compact(text)
    if not _IBAN.fullmatch(iban):
        return False
    # Letters count as 10 to 35, and the first four characters come last.
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


@lru_cache(maxsize=256)
def payment_code(
    name: str, iban: str, bic: str, amount_minor: int, currency: str, text: str
) -> str:
    """Return the code as one inline SVG, or nothing when it cannot be made.

    A code exists for euros sent to a valid IBAN with a text to recognise them by,
    within the limits of the standard.
    """
    if currency != "EUR" or not is_iban(iban):
        return ""
    if not AMOUNT_MINOR_MIN <= amount_minor <= AMOUNT_MINOR_MAX:
        return ""
    beneficiary = _one_line(name)[:NAME_LENGTH_MAX]
    unstructured = _one_line(text)[:TEXT_LENGTH_MAX]
    if not beneficiary or not unstructured:
        return ""

    rows = (
        "BCD", "002", "1", "SCT", _bic(bic), beneficiary, _compact(iban),
        f"EUR{Decimal(amount_minor).scaleb(-2):.2f}", "", "", unstructured,
    )  # fmt: skip
    payload = "\n".join(rows).encode()[:PAYLOAD_SIZE_MAX].decode(errors="ignore")
    code = segno.make(payload.encode(), error="m", boost_error=False, micro=False)
    drawn = BytesIO()
    code.save(drawn, kind="svg", border=0, xmldecl=False, nl=False, omitsize=True)
    return drawn.getvalue().decode()


def _bic(text: str) -> str:
    """Return the bank's code, or none: inside Europe the IBAN is enough."""
    bic = _compact(text)
    return bic if _BIC.fullmatch(bic) else ""


def _compact(text: str) -> str:
    return "".join(text.split()).upper()


def _one_line(text: str) -> str:
    return " ".join(text.split())
