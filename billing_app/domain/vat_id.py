"""VAT numbers, checked without asking anybody: a likely slip is named, never refused.

Only a tax office knows whether a number is in force. What is checked here is its
form and its check digits, for the countries whose rules are known.
"""

from __future__ import annotations

from types import ModuleType

from babel import Locale
from stdnum.ch import uid
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.util import get_cc_module

# The European Union and the neighbours whose numbers have rules that are known.
_COUNTRIES = frozenset([
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB",
    "GR", "HR", "HU", "IE", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "PL", "PT",
    "RO", "SE", "SI", "SK",
])  # fmt: skip
# Prefixes that are not the country's code; XI is Northern Ireland.
_COUNTRY_OF_PREFIX = {"EL": "GR", "XI": "GB"}
# Switzerland and Liechtenstein share one register.
_SWISS = frozenset({"CH", "LI"})
_SWISS_ENDINGS = ("MWST", "TVA", "IVA", "TPV", "VAT")


def vat_warning(number: str, country: str) -> str:
    """Say what looks wrong about a VAT number; empty where nothing does.

    `country` is that of the address, empty where it is not known.
    """
    compact = "".join(x for x in number.upper() if x.isalnum())
    if not compact or (country in _COUNTRIES and not _slip(compact, country)):
        return ""
    prefix = _COUNTRY_OF_PREFIX.get(compact[:2], compact[:2])
    if prefix not in _COUNTRIES:
        return _slip(compact, country) if country in _COUNTRIES else ""
    slip = _slip(compact, prefix)
    if slip or not country or _register(country) == _register(prefix):
        return slip
    return f"This is a VAT number of {_name(prefix)}, the address is elsewhere."


def _slip(compact: str, country: str) -> str:
    try:
        _validate(compact, country)
    except InvalidChecksum:
        return "This VAT number has a typing mistake: its check digits don't fit."
    except ValidationError:
        return f"VAT numbers of {_name(country)} have another length or form."
    return ""


def _validate(compact: str, country: str) -> None:
    if country in _SWISS:
        uid.validate(_without_ending(compact))
        return
    rules = get_cc_module(country, "vat")
    assert isinstance(rules, ModuleType), country
    rules.validate(compact)


def _without_ending(compact: str) -> str:
    for ending in _SWISS_ENDINGS:
        compact = compact.removesuffix(ending)
    return compact


def _register(country: str) -> str:
    return "CH" if country in _SWISS else country


def _name(country: str) -> str:
    return str(Locale("en").territories[country])
