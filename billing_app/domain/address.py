"""Postal addresses: their parts, and the lines that each country writes them in.

A text of old has no parts. It is printed as it stands, and its parts are told apart
where that is no guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from babel import Locale
from babel.languages import get_official_languages

from billing_app.domain.contact import country_names
from billing_app.domain.document import Party

POSTAL_CODE_LENGTH_MAX = 20
# Of a town and of a region.
PLACE_LENGTH_MAX = 100

_USUAL = "{street}\n{code} {town}\n{region}"
# Where the town doesn't follow its postal code, or the region has a place of its own.
_WRITTEN = {
    "AU": "{street}\n{town} {region} {code}",
    "BR": "{street}\n{town} - {region}\n{code}",
    "CA": "{street}\n{town} {region} {code}",
    "CN": "{code}\n{region}{town}\n{street}",
    "GB": "{street}\n{town}\n{region}\n{code}",
    "HU": "{region}\n{town}\n{street}\n{code}",
    "IE": "{street}\n{town}\n{region}\n{code}",
    "IN": "{street}\n{town} {code}\n{region}",
    "IT": "{street}\n{code} {town} {region}",
    "JP": "〒{code}\n{region}{town}\n{street}",
    "KR": "{region} {town}\n{street}\n{code}",
    "LV": "{street}\n{region}\n{town}, {code}",
    "MX": "{street}\n{code} {town}, {region}",
    "NZ": "{street}\n{region}\n{town} {code}",
    "SA": "{street}\n{town} {code}\n{region}",
    "SG": "{street}\n{region}\n{town} {code}",
    "TH": "{street}\n{town} {code}\n{region}",
    "TW": "{code}\n{region}{town}\n{street}",
    "US": "{street}\n{town}, {region} {code}",
    "ZA": "{street}\n{town}\n{region}\n{code}",
}
# Whose texts are told apart: in Europe, where the postal code begins the line.
_CODE_BEGINS = frozenset([
    "AD", "AL", "AT", "BA", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES",
    "FI", "FR", "GR", "HR", "IS", "IT", "LI", "LT", "LU", "MC", "ME", "MK", "NL",
    "NO", "PL", "PT", "RO", "RS", "SE", "SI", "SK", "SM", "VA",
])  # fmt: skip
# The shapes of their postal codes, then the town: 8001, 3045 AG, 113 56, 00-950.
_TOWN_LINE = re.compile(
    r"(?:[A-Z]{1,2}-)?"
    r"(\d{4}-\d{3}|\d{4} [A-Z]{2}|\d{3} \d{2}|\d{2}-\d{3}|\d{4,6})\s+(\D.*)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class AddressParts:
    """An address in parts; `street` keeps its lines, each part may be empty."""

    street: tuple[str, ...] = ()
    postal_code: str = ""
    town: str = ""
    region: str = ""


def address_lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def parts_of(
    text: str, postal_code: str, town: str, region: str, country: str
) -> AddressParts | None:
    """Return the parts of an address as it is stored; None where they aren't known.

    `text` is the street where any of the others is there, and else all of it.
    """
    if postal_code or town or region:
        return AddressParts(address_lines(text), postal_code, town, region)
    return tell_apart(address_lines(text), country)


def written_lines(
    text: str, postal_code: str, town: str, region: str, country: str
) -> tuple[str, ...]:
    """Return the lines an address is printed in; takes the same as `parts_of`."""
    if postal_code or town or region:
        return write_address(
            AddressParts(address_lines(text), postal_code, town, region), country
        )
    return address_lines(text)


def shown_parts(
    text: str, postal_code: str, town: str, region: str, country: str
) -> AddressParts:
    """Return the parts a form shows, of a text those that print the same as it."""
    stored = (text, postal_code, town, region, country)
    parts = parts_of(*stored)
    if parts and write_address(parts, country) == written_lines(*stored):
        return parts
    return AddressParts(tuple(text.splitlines()), postal_code, town, region)


def at_address(
    party: Party, text: str, postal_code: str = "", town: str = "", region: str = ""
) -> Party:
    """Return somebody at an address as it is stored; takes the same as `parts_of`."""
    stored = (text, postal_code, town, region, party.country)
    parts = parts_of(*stored) or AddressParts()
    return replace(
        party,
        address=written_lines(*stored),
        street=parts.street,
        postal_code=parts.postal_code,
        town=parts.town,
        region=parts.region,
    )


def write_address(parts: AddressParts, country: str) -> tuple[str, ...]:
    """Put the parts into lines as it is done in that country."""
    pattern = _WRITTEN.get(country, _USUAL)
    values = {"code": parts.postal_code, "town": parts.town, "region": parts.region}
    lines: list[str] = []
    for line in pattern.split("\n"):
        if line == "{street}":
            lines += parts.street
        elif any(value and f"{{{name}}}" in line for name, value in values.items()):
            written = line.format(**values)
            lines.append(" ".join(written.split()).strip(" ,-"))
    return tuple(lines)


def tell_apart(lines: tuple[str, ...], country: str) -> AddressParts | None:
    """Return the parts of a text, or None where that would be a guess.

    What stands below the town is its region, unless it names a country.
    """
    if country not in _CODE_BEGINS:
        return None
    plain = [" ".join(line.split()) for line in lines]
    for place in reversed(range(len(plain))):
        found = _TOWN_LINE.fullmatch(plain[place])
        if found:
            below = [x for x in plain[place + 1 :] if not _is_country(x, country)]
            return AddressParts(
                tuple(plain[:place]), found[1], found[2], ", ".join(below)
            )
    return None


def _is_country(line: str, country: str) -> bool:
    return line.casefold() in _country_words(country)


@cache
def _country_words(country: str) -> frozenset[str]:
    """Return the English names of all countries, and the own names of one."""
    own = (Locale.parse(x).territories[country] for x in _languages(country))
    return frozenset(x.casefold() for x in (country, *country_names().values(), *own))


def _languages(country: str) -> list[str]:
    return [str(x) for x in get_official_languages(country, de_facto=True)]
