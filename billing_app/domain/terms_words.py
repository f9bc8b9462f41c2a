"""What terms of payment say in words, beside what the due date says."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"(?<=[.!?;。])\s+|\n+")
# How many days, in the languages that documents are printed in. Not of working days,
# which no date can be held against.
_DAYS = re.compile(
    r"(?<![\d.,])(\d{1,3})[\s-]*(?:calendar\s+)?"
    r"(?:days?|tagen?|tage|jours?|d[ií]as?|giorni|dagen|dias|dni|日|يوم(?:ا|ًا)?)(?!\w)"
    r"|\bnet(?:to)?\s+(\d{1,3})\b",
    re.IGNORECASE,
)
# What makes a sentence one about paying, and not about a warranty.
_PAYING = re.compile(
    r"pay|due|settle|net\b|zahl|fällig|netto|pai|règle|échéan|pag|venc|scad|betal"
    r"|verval|płat|termin|支払|دفع|سداد",
    re.IGNORECASE,
)
_BARE = re.compile(r"\s*\d")


def find_other_days(texts: tuple[str, ...], days: int) -> int | None:
    """Return after how many days the texts ask for the money, where none says `days`.

    A discount for those who pay sooner names more than one number: then one that
    agrees with the due date is enough.
    """
    said = [
        int(first or second)
        for text in texts
        for sentence in _SENTENCE.split(text)
        if _PAYING.search(sentence) or _BARE.match(sentence)
        for first, second in _DAYS.findall(sentence)
    ]
    return None if not said or days in said else said[0]
