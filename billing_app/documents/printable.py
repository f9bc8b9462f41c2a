"""Text as people typed it, without what cannot or must not be printed."""

from __future__ import annotations

import re

# C0 and C1 controls but tab and newline, signs that turn the reading direction
# around (an amount must never be shown backwards), and what XML cannot hold.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_BLANK_LINES = re.compile(r"\n\s*\n\s*")


def printable(text: str) -> str:
    """Return one line without anything that cannot or must not be printed."""
    return _UNPRINTABLE.sub("", " ".join(text.split()))


def printable_prose(text: str) -> str:
    """Return text with its line breaks, at most one empty line between two."""
    lines = "\n".join(line.strip() for line in text.strip().splitlines())
    return _UNPRINTABLE.sub("", _BLANK_LINES.sub("\n\n", lines))
