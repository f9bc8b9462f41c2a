"""What machines know a business by: numbers of registers, and where it is reached.

A number is read out of what people type, like “KvK 70112233”, and only where nothing
else could be meant. Codes are those of ISO 6523 and of the list for electronic
addresses (EAS); Peppol finds a business by the latter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from stdnum import ean
from stdnum.be import vat as be_number
from stdnum.de import leitweg
from stdnum.dk import cvr
from stdnum.exceptions import InvalidFormat, ValidationError
from stdnum.no import orgnr as no_number
from stdnum.se import orgnr as se_number

from billing_app.domain.contact import is_email
from billing_app.domain.document import Party, PartyId
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import clean_text
from billing_app.domain.vat_id import vat_warning

ELECTRONIC_ADDRESS_LENGTH_MAX = 100
REGISTRATION_LENGTH_MAX = 80
REFERENCE_LENGTH_MAX = 100
LEITWEG, MAIL, GLN = "0204", "EM", "0088"

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
# All that an address can be of, but mail.
ADDRESS_SCHEMES = frozenset([
    "0002", "0007", "0009", "0037", "0060", "0088", "0096", "0097", "0106", "0130",
    "0135", "0142", "0147", "0151", "0154", "0158", "0170", "0177", "0183", "0184",
    "0188", "0190", "0191", "0192", "0193", "0194", "0195", "0196", "0198", "0199",
    "0200", "0201", "0202", "0203", "0204", "0205", "0208", "0209", "0210", "0212",
    "0215", "0216", "0217", "0218", "0219", "0220", "0221", "0225", "0230", "0235",
    "0240", "0242", "0244", "0245", "0246", "0248", "9913", "9915", "9918", "9919",
    "9959", *VAT_ADDRESS_SCHEMES.values(),
])  # fmt: skip
# Their VAT numbers are no addresses; the numbers of their registers are.
_VAT_NUMBERS_ALONE = frozenset({"DK", "NO", "SE"})
# Greece writes its VAT numbers with EL.
_COUNTRY_OF_PREFIX = {"EL": "GR"}
_NUMBER = re.compile(r"\d(?:[\d .-]*\d)?", re.ASCII)
_WITH_SCHEME = re.compile(r"(\d{4}):(\S+)", re.ASCII)


def vat_number(party: Party) -> str:
    """Return the VAT number with its country, empty where it is none (BR-CO-09).

    A number without a country is of the party's own, where numbers have one.
    """
    number = "".join(x for x in party.vat_id.upper() if x.isalnum())
    if not number:
        return ""
    if _has_vat(country_of_vat(number)) and any(x.isdigit() for x in number):
        return number
    return party.country + number if _has_vat(party.country) else ""


def country_of_vat(number: str) -> str:
    return _COUNTRY_OF_PREFIX.get(number[:2], number[:2])


def vat_address(party: Party) -> PartyId | None:
    """Return the VAT number as Peppol finds a party by it."""
    number = vat_number(party)
    scheme = VAT_ADDRESS_SCHEMES.get(country_of_vat(number))
    return PartyId(scheme, number) if scheme else None


def with_ids(party: Party, electronic_address: str = "", reference: str = "") -> Party:
    """Return somebody with all that machines know them by.

    Where no address was typed it is derived: of a Leitweg-ID, the number of their
    register, or their VAT number.
    """
    legal_id = read_registration(party.registration, party.country)
    party = replace(party, legal_id=legal_id, reference=reference)
    typed = _WITH_SCHEME.fullmatch(electronic_address)
    if typed:
        endpoint: PartyId | None = PartyId(typed[1], typed[2])
    elif electronic_address:
        endpoint = PartyId(MAIL, electronic_address)
    else:
        endpoint = (
            _leitweg(reference) or legal_id or _of_vat(party) or vat_address(party)
        )
    return replace(party, endpoint=endpoint)


def read_registration(text: str, country: str) -> PartyId | None:
    """Return the one number of the country's register in a text, if there is one."""
    found = {known for known in map(_reader(country), _numbers(text)) if known}
    return found.pop() if len(found) == 1 else None


def is_leitweg(text: str) -> bool:
    """Say whether this is a number that German authorities are written to by."""
    return _leitweg(text) is not None


def parse_electronic_address(text: str, country: str, field: str) -> str:
    """Return a typed address with its scheme, like 0106:70112233, or nothing.

    Raises:
        InvalidInput: it is not plain whose register it is of.
    """
    typed = clean_text(text, length_max=ELECTRONIC_ADDRESS_LENGTH_MAX, field=field)
    compact = "".join(typed.split())
    if not typed or is_email(typed):
        return typed
    found = _WITH_SCHEME.fullmatch(compact)
    known = _with_scheme(found[1], found[2]) if found else _derive(typed, country)
    if known is None:
        raise InvalidInput(
            "This is no number of a register that is known. Write the register's four "
            "digits before it, like 0106:70112233.",
            field=field,
        )
    return f"{known.scheme}:{known.value}"


def _with_scheme(scheme: str, value: str) -> PartyId | None:
    """Return a number that says whose it is; what has check digits is checked."""
    read = _READERS_BY_SCHEME.get(scheme)
    if read is None:
        return PartyId(scheme, value) if scheme in ADDRESS_SCHEMES else None
    return read(value)


def _derive(text: str, country: str) -> PartyId | None:
    known = _gln(text) or _leitweg(text) or read_registration(text, country)
    # Without a country of its own only a number that begins with one is read.
    party = Party("", vat_id=text)
    if known or vat_warning(text, ""):
        return known
    return _of_vat(party) or vat_address(party)


def _of_vat(party: Party) -> PartyId | None:
    """Return the number of a register that a VAT number is made of."""
    number = vat_number(party)
    country = country_of_vat(number)
    digits = "".join(filter(str.isdigit, number))
    return _reader(country)(digits[:10] if country == "SE" else digits)


def _has_vat(country: str) -> bool:
    return country in VAT_ADDRESS_SCHEMES or country in _VAT_NUMBERS_ALONE


def _numbers(text: str) -> Iterator[str]:
    for found in _NUMBER.findall(text):
        yield "".join(filter(str.isdigit, found))


def _leitweg(text: str) -> PartyId | None:
    compact = "".join(text.split()).upper()
    return PartyId(LEITWEG, compact) if leitweg.is_valid(compact) else None


def _gln(text: str) -> PartyId | None:
    compact = "".join(text.split())
    is_one = compact.isascii() and len(compact) == 13 and ean.is_valid(compact)
    return PartyId(GLN, compact) if is_one else None


def _reader(country: str) -> Callable[[str], PartyId | None]:
    return _READERS.get(country, lambda _: None)


def _dutch(digits: str) -> PartyId | None:
    """Read a number of the Chamber of Commerce, or an authority's OIN."""
    scheme = {8: "0106", 20: "0190"}.get(len(digits))
    return PartyId(scheme, digits) if scheme and digits.strip("0") else None


def _checked(
    scheme: str, length: int, validate: Callable[[str], str], prefix: str = ""
) -> Callable[[str], PartyId | None]:
    def read(digits: str) -> PartyId | None:
        digits = digits.removeprefix(prefix)
        if len(digits) != length:
            return None
        try:
            validate(digits)
        except ValidationError:
            return None
        return PartyId(scheme, prefix + digits)

    return read


def _belgian(digits: str) -> str:
    if digits[0] not in "01":
        raise InvalidFormat
    return be_number.validate(digits)


_READERS: dict[str, Callable[[str], PartyId | None]] = {
    "BE": _checked("0208", 10, _belgian),
    "DK": _checked("0184", 8, cvr.validate, "DK"),
    "NL": _dutch,
    "NO": _checked("0192", 9, no_number.validate),
    "SE": _checked("0007", 10, se_number.validate),
}
_READERS_BY_SCHEME: dict[str, Callable[[str], PartyId | None]] = {
    "0007": _READERS["SE"],
    "0184": _READERS["DK"],
    "0192": _READERS["NO"],
    "0208": _READERS["BE"],
    GLN: _gln,
    LEITWEG: _leitweg,
}
