"""Say things in a customer's language.

What is said stands in the code in English and in `billing_app/locale` in every other
language, in the files of gettext: `customer.po` is read as it is, so that there is
nothing to compile. A test compares them with what the code says.

    say = speech_for("de-AT").say
    say("Invoice {number}", number="INV-7")
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from billing_app.domain.errors import BillingError, Phrase
from billing_app.domain.formats import AmountInWords, format_money, format_quantity

if TYPE_CHECKING:
    from babel.messages import Catalog

LOCALE = Path(__file__).parents[1] / "locale"
SOURCE_LANGUAGE = "en"
# As their speakers write them.
LANGUAGE_NAMES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "nl": "Nederlands",
    "pt": "Português",
    "pl": "Polski",
    "ar": "العربية",
    "ja": "日本語",
}
_RIGHT_TO_LEFT = {"ar"}
_WEIGHT = re.compile(r"[01](\.[0-9]{0,3})?", re.ASCII)
_TAG = re.compile("[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
# What the catalogs say of a message that a page draws in the browser.
PAGE_MARK = "page"
_LEFT_TO_RIGHT_ISOLATE, _POP_ISOLATE = "\u2066", "\u2069"
# The header of Accept-Language is as long as somebody likes.
_ACCEPTED_MAX = 20


@dataclass(frozen=True, slots=True)
class Speech:
    """One language.

    Attributes:
        tag: how figures and dates are written, with its country (BCP 47).
        language: the one that words are in.
    """

    tag: str
    language: str
    _catalog: NullTranslations = field(repr=False, compare=False)

    @property
    def is_right_to_left(self) -> bool:
        return self.language in _RIGHT_TO_LEFT

    def say(self, words: str, /, **values: object) -> str:
        """Return these words of the code, with the values put in by their names."""
        return _put_in(self._catalog.gettext(words), values)

    @property
    def direction(self) -> str:
        """Return how its words run, as HTML says it: ltr or rtl."""
        return "rtl" if self.is_right_to_left else "ltr"

    def words(self, words: str, /) -> str:
        """Return these words of the code with the places of their values open."""
        return self._catalog.gettext(words)

    def count(self, one: str, many: str, number: int, /, **values: object) -> str:
        """Return the words for so many, which are put in as `count`."""
        words = self._catalog.ngettext(one, many, number)
        return _put_in(words, {"count": number, **values})

    def say_as(self, context: str, words: str, /) -> str:
        """Return words that mean different things in different places."""
        return self._catalog.pgettext(context, words)

    def refuse(self, refusal: BillingError) -> str:
        """Say why something can't be done; in English what customers never meet."""
        if self.language == SOURCE_LANGUAGE or not refusal.words:
            return refusal.message
        return self._put(refusal.words, refusal.values)

    def money(self, minor: int, currency: str) -> str:
        """Write an amount; it runs from left to right among words that don't."""
        return self.isolated(format_money(minor, currency, self.tag))

    def number(self, count: int) -> str:
        return format_quantity(Decimal(count), self.tag)

    def isolated(self, text: str) -> str:
        """Keep an amount or a code as it is written where words run the other way."""
        if not self.is_right_to_left:
            return text
        return f"{_LEFT_TO_RIGHT_ISOLATE}{text}{_POP_ISOLATE}"

    def _put(self, words: str, values: Mapping[str, object]) -> str:
        said = self._catalog.gettext(words)
        written = {name: self._written(value) for name, value in values.items()}
        return _put_in(said, written) if written else said

    def _written(self, value: object) -> object:
        if isinstance(value, AmountInWords):
            return self.money(value.minor, value.currency)
        if isinstance(value, Phrase):
            return self._put(value.words, value.values)
        return value


def ended_once(words: str, values: Mapping[str, object]) -> str:
    """Return a sentence that a value which ends with a full stop, as B.V., ends."""
    for name, value in values.items():
        if isinstance(value, str) and value.endswith("."):
            words = re.sub(rf"(\{{{name}\}})\.(?!\S)", r"\1", words)
    return words


def _put_in(words: str, values: Mapping[str, object]) -> str:
    return ended_once(words, values).format_map(values)


def later(words: str) -> str:
    """Mark words that are said elsewhere, by `say`."""
    return words


def later_as(context: str, words: str) -> str:
    """Mark words that are said elsewhere, by `say_as` in the same context."""
    assert context
    return words


def put_into_words(refusal: BillingError, tag: str) -> None:
    """Let a refusal speak the language of whoever reads it."""
    refusal.message = speech_for(tag).refuse(refusal)


@contextmanager
def spoken(tag: str) -> Generator[None]:
    """Let what is refused in here speak the language of whoever reads it."""
    try:
        yield
    except BillingError as refusal:
        put_into_words(refusal, tag)
        raise


def is_tag(text: str) -> bool:
    """Say whether this has the form of a language's tag, such as de or fr-CA."""
    return _TAG.fullmatch(text) is not None


def speaks(tag: str) -> bool:
    """Say whether documents are written in this language; none asks for our own."""
    return not tag or tag.partition("-")[0].lower() in LANGUAGE_NAMES


def choose_language(accepted: str, otherwise: str) -> str:
    """Return the language that a browser asks for, as far as we speak it.

    `accepted` is its Accept-Language: `de-CH,fr;q=0.8`. For a reader of whom nothing
    else is known.
    """
    asked: list[tuple[Decimal, str]] = []
    for part in accepted[:1_000].split(",")[:_ACCEPTED_MAX]:
        tag, _, weight = part.strip().partition(";")
        weight = weight.strip().removeprefix("q=") or "1"
        is_asked = is_tag(tag) and _WEIGHT.fullmatch(weight)
        if is_asked and tag.split("-")[0].lower() in LANGUAGE_NAMES:
            asked.append((Decimal(weight), tag))
    best = max((wish for wish, _ in asked), default=0)
    return next((tag for wish, tag in asked if wish == best > 0), otherwise)


def later_count(one: str, many: str) -> tuple[str, str]:
    """Mark words that are counted when the language is known."""
    return one, many


@lru_cache(maxsize=64)
def speech_for(tag: str) -> Speech:
    """Return the language of a BCP 47 tag, English for one that we do not speak.

    Figures and dates go with the words: those who get English words because theirs
    are missing read English dates beside them.
    """
    language = tag.split("-")[0].lower()
    # The tag is written into pages, so what only begins like one is none.
    if language not in LANGUAGE_NAMES or not is_tag(tag):
        tag = language = SOURCE_LANGUAGE
    return Speech(tag, language, _catalog_of(language))


def catalog_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "customer.po"


@cache
def page_words(language: str) -> dict[str, str]:
    """Return what pages say by themselves, in the browser: English, then theirs."""
    if language == SOURCE_LANGUAGE:
        return {}
    return {
        str(it.id): str(it.string)
        for it in _read(language)
        if it.id and PAGE_MARK in it.auto_comments
    }


def _read(language: str) -> Catalog:
    # Slow to load, and English needs none of it.
    from babel.messages.pofile import read_po

    with catalog_path(language).open("rb") as file:
        return read_po(file, locale=language)


@cache
def _catalog_of(language: str) -> NullTranslations:
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    from babel.messages.mofile import write_mo

    compiled = BytesIO()
    write_mo(compiled, _read(language))
    compiled.seek(0)
    return GNUTranslations(compiled)
