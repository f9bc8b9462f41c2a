"""Which characters documents can be printed in, so that none becomes a box unnoticed.

What the bundled fonts have is in `fonts/covered.txt`, written by their test: reading
the fonts themselves takes a second. Fonts that an operator adds are read once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from billing_app.documents.printable import printable_prose

FONTS = Path(__file__).parent / "fonts"
COVERED = FONTS / "covered.txt"

# Controls, formats, spaces and what chooses between forms have no sign of their own.
_SIGNLESS = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_SELECTORS = range(0xFE00, 0xFE10)
# Every bundled font for text has these.
_LATIN_END = 0x250
_FONT_SUFFIXES = frozenset({".ttf", ".otf", ".ttc"})
_SHOWN_MAX = 3


def font_words(document: Any, folder: Path) -> str:
    """Say which words of a document no font has the letters of; empty for none.

    `folder` holds the operator's own fonts.
    """
    words = [
        word
        for text in dict.fromkeys(_texts(document))
        for word in _unprintable_words(text, folder)
    ]
    if not words:
        return ""
    shown = list(dict.fromkeys(words))
    named = ", ".join(f"“{word}”" for word in shown[:_SHOWN_MAX])
    more = " and more" if len(shown) > _SHOWN_MAX else ""
    return (
        f"No font here has the letters of {named}{more}: they would be printed as "
        f"empty boxes. Put a font that has them into {folder} and start Tallyport "
        "again."
    )


def covered_by(font: Path) -> frozenset[int]:
    """Return the code points that a font file has signs for."""
    # Imported by who needs it: it takes a while.
    from fontTools.ttLib import TTCollection, TTFont

    if font.suffix.lower() == ".ttc":
        members = TTCollection(font, lazy=True).fonts
    else:
        members = [TTFont(font, lazy=True)]
    return frozenset().union(*(member.getBestCmap() or () for member in members))


def write_ranges(points: frozenset[int]) -> str:
    """Write code points as ranges in hex, a line each; the inverse of reading them."""
    ordered = sorted(points)
    starts = [x for x in ordered if x - 1 not in points]
    ends = [x for x in ordered if x + 1 not in points]
    pairs = zip(starts, ends, strict=True)
    return "".join(f"{start:x} {end:x}\n" for start, end in pairs)


@cache
def bundled() -> frozenset[int]:
    """Return the code points that the fonts of the product have signs for."""
    pairs = (line.split() for line in COVERED.read_text().splitlines())
    return frozenset(
        point
        for start, end in pairs
        for point in range(int(start, 16), int(end, 16) + 1)
    )


@lru_cache(maxsize=8)
def _added(folder: Path) -> frozenset[int]:
    found: set[int] = set()
    if folder.is_dir():
        for font in sorted(folder.iterdir()):
            if font.suffix.lower() in _FONT_SUFFIXES:
                found |= covered_by(font)
    return frozenset(found)


def _unprintable_words(text: str, folder: Path) -> list[str]:
    if all(ord(sign) < _LATIN_END for sign in text):
        return []
    composed = unicodedata.normalize("NFC", printable_prose(text))
    return [
        word
        for word in composed.split()
        if not all(_is_printable(sign, folder) for sign in word)
    ]


def _is_printable(sign: str, folder: Path) -> bool:
    point = ord(sign)
    return (
        point in bundled()
        or unicodedata.category(sign) in _SIGNLESS
        or point in _SELECTORS
        or point in _added(folder)
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(item)
