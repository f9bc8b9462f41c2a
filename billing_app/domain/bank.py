"""Bank accounts as people type them: the IBAN, its check, and how it is written."""

from __future__ import annotations

from stdnum import iban as rules
from stdnum.exceptions import (
    InvalidChecksum,
    InvalidComponent,
    InvalidFormat,
    InvalidLength,
)

from billing_app.domain.errors import InvalidInput

# Where the Swiss QR-bill is paid: its guidelines, 4.2.2.
QR_BILL_COUNTRIES = frozenset({"CH", "LI"})
# The institution's number (IID) of an account that takes QR references only.
_QR_IID = range(30_000, 32_000)


def read_iban(text: str) -> str:
    """Return an IBAN without spaces, or an empty text for none.

    Raises:
        InvalidInput: ISO 13616 knows no such account; says what does not fit.
    """
    iban = compact_iban(text)
    if not iban:
        return ""
    if not (iban.isascii() and iban.isalnum()):
        raise InvalidInput("An IBAN has letters and digits only.", field="iban")
    try:
        # Lists of banks change, so which bank it is stays unasked.
        return rules.validate(iban, check_country=False)
    except InvalidChecksum:
        sentence = "This IBAN has a typing mistake: its check digits don't fit."
    except InvalidComponent:
        sentence = f"No country's IBAN begins with {iban[:2]}."
    except (InvalidFormat, InvalidLength):
        sentence = f"An IBAN that begins with {iban[:2]} has another length or form."
    raise InvalidInput(sentence, field="iban")


def compact_iban(text: str) -> str:
    return "".join(text.split()).upper()


def format_iban(iban: str) -> str:
    """Write an IBAN in groups of four, as it is printed."""
    compact = compact_iban(iban)
    return " ".join(compact[at : at + 4] for at in range(0, len(compact), 4))


def is_qr_iban(iban: str) -> bool:
    """Say whether an account takes QR references only (QR-IID, 30000 to 31999)."""
    compact = compact_iban(iban)
    iid = compact[4:9]
    is_swiss = compact[:2] in QR_BILL_COUNTRIES and iid.isascii() and iid.isdigit()
    return is_swiss and int(iid) in _QR_IID
