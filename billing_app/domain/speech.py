"""Say things in a customer's language.

What is said stands in the code in English and in `billing_app/locale` in every other
language, in the files of gettext: `customer.po` is read as it is, so that there is
nothing to compile. A test compares them with what the code says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

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
        return self._catalog.gettext(words).format_map(values)

    def count(self, one: str, many: str, number: int, /, **values: object) -> str:
        """Return the words for so many, which are put in as `count`."""
        words = self._catalog.ngettext(one, many, number)
        return words.format_map({"count": number, **values})

    def say_as(self, context: str, words: str, /) -> str:
        """Return words that mean different things in different places."""
        return self._catalog.pgettext(context, words)


def later(words: str) -> str:
    """Mark words that are said elsewhere, by `say`."""
    return words


@lru_cache(maxsize=64)
def speech_for(tag: str) -> Speech:
    """Return the language of a BCP 47 tag, English for one that we do not speak.

    Figures and dates go with the words: those who get English words because theirs
    are missing read English dates beside them.
    """
    language = tag.split("-")[0].lower()
    if language not in LANGUAGE_NAMES:
        tag = language = SOURCE_LANGUAGE
    return Speech(tag, language, _catalog_of(language))


def catalog_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "customer.po"


@cache
def _catalog_of(language: str) -> NullTranslations:
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    with catalog_path(language).open("rb") as file:
        catalog = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)
