"""Names and addresses of people: what can be used, and what lists sort by."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import cast

from babel import Locale

from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import clean_text
from billing_app.domain.speech import LANGUAGE_NAMES, is_tag, later

NET_DAYS_MAX = 365
# Groups of countries, places without an address, and codes for tests.
NOT_COUNTRIES = frozenset(["EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"])
# Loose on purpose: the mail server decides; this only catches slips of the hand.
_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,180}\.[^@\s<>,;\".]{2,}")


def name_key(name: str) -> str:
    """Return what lists sort and search a name by: folded, at most 200 characters."""
    return name.casefold()[:200]


def _letters() -> Iterator[tuple[str, str]]:
    """Yield each Latin letter with marks, and the bare one."""
    yield from zip("\u2018\u2019\u02bc\u00b4`øłđħıŧ", "'''''oldhit", strict=True)
    for code in range(0xC0, 0x250):
        letter = chr(code)
        bare = unicodedata.normalize("NFKD", letter)[0]
        if letter == letter.casefold() and bare != letter and bare.isascii():
            yield letter, bare


# What many keyboards lack, and what people type in its place, letter by letter.
MARKED, PLAIN = map("".join, zip(*_letters(), strict=True))
_PLAIN_LETTERS = str.maketrans(MARKED, PLAIN)


def plain_key(name: str) -> str:
    """Return what a name is found by, typed with or without marks: zoe for Zoë."""
    return without_marks(name_key(unicodedata.normalize("NFC", name)))


def without_marks(text: str) -> str:
    return text.translate(_PLAIN_LETTERS)


def job_key(job: str) -> str | None:
    """Return what a job is searched by, or None for no job."""
    return name_key(job) or None


def check_email(text: str, field: str) -> str:
    """Return the trimmed address.

    Raises:
        InvalidInput: it does not look like one.
    """
    email = clean_text(text, length_max=254, field=field)
    if not _EMAIL.fullmatch(email):
        raise InvalidInput(
            later("“{email}” is not an email address like name@example.com."),
            field=field,
            email=email[:60],
        )
    return email


def is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text.strip()) is not None


def mask_email(email: str) -> str:
    """Return an address that its owner knows again and nobody can write to."""
    name, at, host = email.partition("@")
    return f"{name[:1]}•••@{host}" if at else ""


def parse_emails(text: str, field: str) -> tuple[str, ...]:
    """Return the addresses in a comma, semicolon or line separated text.

    Raises:
        InvalidInput: one of them is no address; the sentence names it.
    """
    parts = [part.strip() for part in re.split(r"[,;\n]", text)]
    return tuple(check_email(part, field) for part in parts if part)


# What people write, and no list of countries names or codes.
ALSO_CALLED = {
    "uk": "GB",
    "u.k.": "GB",
    "britain": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "usa": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "united states of america": "US",
    "america": "US",
    "holland": "NL",
    "the netherlands": "NL",
}


def parse_country(text: str, field: str = "country") -> str:
    """Return the ISO 3166 code of a typed code or name, or an empty text.

    Raises:
        InvalidInput: it is neither two letters nor a country's name.
    """
    country = _code_by_name().get(text.strip().casefold(), text.strip().upper())
    if country and not re.fullmatch("[A-Z]{2}", country):
        raise InvalidInput(
            "Write the country by its name or two letters, like NL.", field=field
        )
    return country


@cache
def country_names() -> Mapping[str, str]:
    """Return the English name of each country by its two letters, sorted by name."""
    territories = cast("Mapping[str, str]", Locale("en").territories)
    names = {
        code: name
        for code, name in territories.items()
        if re.fullmatch("[A-Z]{2}", code) and code not in NOT_COUNTRIES
    }
    return MappingProxyType(dict(sorted(names.items(), key=lambda it: it[1])))


@cache
def _code_by_name() -> Mapping[str, str]:
    known = {name.casefold(): code for code, name in country_names().items()}
    return _codes_elsewhere() | known | ALSO_CALLED


def _codes_elsewhere() -> dict[str, str]:
    """Return codes by the names that countries have in documents' languages."""
    found: dict[str, str] = {}
    for tag in LANGUAGE_NAMES:
        territories = cast("Mapping[str, str]", Locale(tag).territories)
        for code in country_names():
            found.setdefault(territories.get(code, "").casefold(), code)
    found.pop("", None)
    return found


def parse_language(text: str, field: str = "language") -> str:
    """Return the BCP 47 tag of a typed tag or language's name, or an empty text.

    By name only those that documents are written in.

    Raises:
        InvalidInput: there is no such language.
    """
    typed = clean_text(text, length_max=10, field=field)
    tag = _tag_by_language().get(typed.casefold(), typed)
    known = cast("Mapping[str, str]", Locale("en").languages)
    if tag and not (is_tag(tag) and tag.partition("-")[0].lower() in known):
        raise InvalidInput("Write a language like German, de or fr-CA.", field=field)
    return tag


@cache
def _tag_by_language() -> Mapping[str, str]:
    english = cast("Mapping[str, str]", Locale("en").languages)
    return {
        name.casefold(): tag
        for tag, own in LANGUAGE_NAMES.items()
        for name in (own, english[tag])
    }


def parse_net_days(text: str, field: str = "net_days") -> int | None:
    """Return the days, or None when left empty.

    Raises:
        InvalidInput: not a whole number from 0 to 365.
    """
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text[:6]) > NET_DAYS_MAX:
        raise InvalidInput(
            f"Write the days as a whole number from 0 to {NET_DAYS_MAX}.", field=field
        )
    return int(text)
