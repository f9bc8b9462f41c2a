"""Draw the payment codes that banking apps scan: EPC069-12 and the Swiss QR-bill."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from io import BytesIO
from itertools import groupby

import segno
from markupsafe import Markup, escape

from billing_app.domain import qr_bill
from billing_app.domain.bank import is_qr_iban
from billing_app.domain.document import InvoiceDocument
from billing_app.domain.speech import speech_for

# EPC069-12: the smallest and the largest transfer a code can ask for, in cents.
AMOUNT_MINOR_MIN = 1
AMOUNT_MINOR_MAX = 99_999_999_999
NAME_LENGTH_MAX = 70
TEXT_LENGTH_MAX = 140
# Version 13 of a QR code at level M, the largest that the standard allows.
PAYLOAD_SIZE_MAX = 331

# QR-bill, 6.4 and 6.4.2: a code of 46 mm with a Swiss cross of 7 mm in the middle.
SWISS_SIDE = 46
_CROSS = (
    '<path fill="#fff" d="M19.5 19.5h7v7h-7z"/>'
    '<path fill="#000" d="M20 20h6v6h-6z"/>'
    '<path fill="#fff" d="M22.4 21h1.2v1.4h1.4v1.2h-1.4v1.4h-1.2v-1.4h-1.4v-1.2h1.4z"/>'
)

_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)


def is_iban(text: str) -> bool:
    """Check the shape and the check digits (ISO 13616, mod 97)."""
    iban = _compact(text)
    if not _IBAN.fullmatch(iban):
        return False
    # Letters count as 10 to 35, and the first four characters come last.
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


def code_of(document: InvoiceDocument, amount_minor: int) -> str:
    """Return the code that pays so much of an invoice, as `payment_code` does.

    A draft has none: there is nothing to refer to yet.
    """
    if not document.number:
        return ""
    if document.qr_bill is not None:
        return swiss_code(swiss_payload(document, amount_minor))
    return payment_code(
        document.seller.name,
        document.iban,
        document.bic,
        amount_minor,
        document.currency,
        document.number,
        document.reference,
    )


def swiss_payload(document: InvoiceDocument, amount_minor: int) -> str:
    assert document.qr_bill is not None
    return qr_bill.write_payload(
        document.qr_bill,
        document.iban,
        amount_minor,
        document.currency,
        document.reference,
        document.number,
    )


@lru_cache(maxsize=1024)
def swiss_code(payload: str) -> str:
    """Return the code with its cross as one inline SVG; nothing for no payload."""
    if not payload:
        return ""
    code = segno.make(
        payload.encode(), error="m", boost_error=False, micro=False, mode="byte"
    )
    rows = [[bool(module) for module in row] for row in code.matrix]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SWISS_SIDE} '
        f'{SWISS_SIDE}"><path transform="scale({SWISS_SIDE / len(rows):.6f})" '
        f'stroke="#000" d="{_dark(rows)}"/>{_CROSS}</svg>'
    )


def _dark(rows: list[list[bool]]) -> str:
    """Return a path along the dark modules of each row, one unit a module."""
    parts: list[str] = []
    for y, row in enumerate(rows):
        x = 0
        for is_dark, run in groupby(row):
            length = len(list(run))
            if is_dark:
                parts.append(f"M{x} {y}.5h{length}")
            x += length
    return "".join(parts)


def titled(code: str, language: str, words: str) -> Markup:
    """Let a code say in words what it is, for whoever has a document read out."""
    title = escape(speech_for(language).say(words))
    said = str(code).replace(">", f"><title>{title}</title>", 1)
    return Markup(said)  # noqa: S704 - holds squares, and words that are escaped


# A code takes longer to draw than all the rest of the page it stands on.
@lru_cache(maxsize=1024)
def payment_code(
    name: str,
    iban: str,
    bic: str,
    amount_minor: int,
    currency: str,
    text: str,
    reference: str = "",
) -> str:
    """Return the code as one inline SVG, or nothing when it cannot be made.

    A code exists for euros sent to a valid IBAN with a text to recognise them by,
    within the limits of the standard. A creditor reference takes the text's place;
    an account that takes Swiss QR references only can't be paid this way.
    """
    if currency != "EUR" or not is_iban(iban) or is_qr_iban(iban):
        return ""
    if not AMOUNT_MINOR_MIN <= amount_minor <= AMOUNT_MINOR_MAX:
        return ""
    beneficiary = _one_line(name)[:NAME_LENGTH_MAX]
    unstructured = _one_line(text)[:TEXT_LENGTH_MAX]
    if not beneficiary or not unstructured:
        return ""

    if reference.startswith("RF"):
        structured, unstructured = reference, ""
    else:
        structured = ""
    rows = (
        "BCD", "002", "1", "SCT", _bic(bic), beneficiary, _compact(iban),
        f"EUR{Decimal(amount_minor).scaleb(-2):.2f}", "", structured, unstructured,
    )  # fmt: skip
    payload = (
        "\n".join(rows).rstrip("\n").encode()[:PAYLOAD_SIZE_MAX].decode(errors="ignore")
    )
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
