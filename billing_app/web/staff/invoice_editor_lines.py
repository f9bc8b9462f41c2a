"""The lines of a draft on the builder: as drawn, as typed into, as pasted."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import reflex as rx

from billing_app.documents.words import words_for
from billing_app.domain.custom_fields import KEY_LENGTH, PREFIX
from billing_app.domain.document import Look
from billing_app.domain.draft import DraftForm, LineForm, ReadDraft, with_own
from billing_app.domain.pasting import HEADINGS
from billing_app.domain.speech import LANGUAGE_NAMES
from billing_app.domain.totals import Totals
from billing_app.web import formats

FIELDS = frozenset(
    [
        "issued_on",
        "due_on",
        "delivered_on",
        "delivered_until",
        "purchase_order",
        "currency",
        "discount",
        "notes",
        "terms",
        "look",
        "work",
        "work_details",
        "work_tax_id",
        "amount",
        "percent",
        "job_total",
        "tax_rate",
        "tax_rate_on",
        "tax_rate_source",
    ]
)
LINE_FIELDS = frozenset(x.name for x in fields(LineForm)) - {"key", "group"}
TEXTS_MAX = 8_000
TEXT_LENGTH_MAX = 100_000


@cache
def pasted_headings() -> dict[str, str]:
    """Return the part of a line that each heading of a spreadsheet means.

    They are those of its own language, not of the page.
    """
    spoken = [words_for(language)[1] for language in LANGUAGE_NAMES]
    return dict(HEADINGS) | {
        heading.casefold().rstrip("."): part
        for words in spoken
        for heading, part in (
            (words.description, "name"),
            (words.quantity, "quantity"),
            (words.unit_price, "unit_price"),
            (words.discount, "discount"),
            (words.tax, "tax_id"),
            (words.amount, ""),
        )
    }


@dataclass(frozen=True, slots=True)
class EditorLine:
    """A line as its inputs start out. What is typed afterwards stays in them.

    Attributes:
        problem: what is wrong with it, in a sentence; `wrong` names the field.
        events: how many it bills, in words; its figures are theirs. Else empty.
    """

    key: str
    name: str
    description: str
    quantity: str
    unit: str
    unit_price: str
    discount: str
    tax_id: str
    problem: str = ""
    wrong: str = ""
    events: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to the lines at once, to be taken back.

    Attributes:
        added: keys of the lines that came.
        removed: the lines that went, each with its place.
    """

    added: tuple[str, ...] = ()
    removed: tuple[tuple[int, LineForm], ...] = ()

    def undo(self, lines: Iterable[LineForm]) -> tuple[LineForm, ...]:
        kept = [line for line in lines if line.key not in self.added]
        for index, line in self.removed:
            kept.insert(index, line)
        return tuple(kept)


@dataclass(frozen=True, slots=True)
class Sum:
    """One row under the lines, such as the tax of a rate."""

    label: str
    amount: str


class EditorLinesState(rx.State):
    """The lines as drawn, apart from all that changes with every key.

    A page draws a state's parts anew whenever one of its variables changes, and
    two hundred lines take a while.
    """

    lines: list[EditorLine] = []  # noqa: RUF012  (Reflex copies the default)
    taxes: list[tuple[str, str]] = []  # noqa: RUF012

    def _draw(
        self, lines: Iterable[LineForm], read: ReadDraft, events: Mapping[str, str]
    ) -> None:
        """Show the lines, or do nothing where they look as they did.

        `events` says by line key how many of them a line bills.
        """
        wrong = {x.form.key: (x.problem, x.problem_field) for x in read.lines}
        drawn = [
            replace(
                _drawn(line, *wrong.get(line.key, ("", ""))),
                events=events.get(line.key, ""),
            )
            for line in lines
        ]
        if _shape(drawn) != _shape(self.lines):
            self.lines = drawn


def _drawn(line: LineForm, problem: str, wrong: str) -> EditorLine:
    return EditorLine(
        key=line.key,
        name=line.name,
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        discount=line.discount,
        tax_id=line.tax_id,
        problem=problem,
        wrong=wrong if problem else "",
    )


def _shape(lines: Iterable[EditorLine]) -> list[tuple[str, str, str, str]]:
    """What of the lines the server draws; the texts stay with the browser."""
    return [(line.key, line.problem, line.wrong, line.events) for line in lines]


def amounts_of(lines: Iterable[LineForm], read: ReadDraft) -> dict[str, str]:
    """Return what each line comes to, by its key; nothing for one left empty."""
    return dict.fromkeys((line.key for line in lines), "") | {
        line.form.key: formats.NOTHING
        if amount is None
        else formats.amount(amount.minor, amount.currency)
        for line, amount in zip(read.lines, read.amounts, strict=True)
    }


def money_of(minor: int, totals: Totals) -> str:
    return formats.money(minor, totals.currency)


def sums_of(totals: Totals) -> list[Sum]:
    """Return the rows between subtotal and tax: discounts and each tax group."""
    rows = [
        Sum("Discount", money_of(-x.amount.minor, totals)) for x in totals.allowances
    ]
    several = len(totals.tax_groups) > 1
    groups = totals.tax_groups if several else ()
    return rows + [Sum(x.name, money_of(x.tax.minor, totals)) for x in groups]


def new_key() -> str:
    """Name a line so that no other line of the draft was ever called that."""
    return f"line-{secrets.token_hex(4)}"


def keyed(lines: Iterable[LineForm]) -> tuple[LineForm, ...]:
    """Give a key of its own to every line that has none, or another line's."""
    taken: set[str] = set()
    kept: list[LineForm] = []
    for line in lines:
        is_taken = not line.key or ":" in line.key or line.key in taken
        kept.append(replace(line, key=new_key()) if is_taken else line)
        taken.add(kept[-1].key)
    return tuple(kept)


def with_texts(form: DraftForm, texts: Mapping[Any, Any]) -> DraftForm:
    """Put what a browser's fields hold into the form; anything else is left out."""
    lines = {line.key: line for line in form.lines}
    for name, value in _sound(texts):
        kind, _, rest = name.partition(":")
        key, _, part = rest.partition(":")
        if name in FIELDS and (name != "look" or value in list(Look)):
            form = replace(form, **{name: value})
        elif kind == "line" and part in LINE_FIELDS and key in lines:
            lines[key] = replace(lines[key], **{part: value})
        elif f"{kind}:" == PREFIX and len(rest) <= KEY_LENGTH:
            form = with_own(form, rest, value)
    return replace(form, lines=tuple(lines.values()))


def only_texts(form: DraftForm, texts: Mapping[Any, Any]) -> DraftForm:
    """Return the form with the lines that the browser held, in their order."""
    known = {line.key: line for line in form.lines}
    names = (name.split(":") for name, _ in _sound(texts))
    keys = dict.fromkeys(name[1] for name in names if len(name) == 3)
    lines = tuple(known.get(key, LineForm(key=key)) for key in keys)
    return with_texts(replace(form, lines=lines or form.lines), texts)


def _sound(texts: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """Leave out what no field sends: other types, endless texts, broken signs."""
    return [
        (name, value.replace("\0", "").encode("utf-8", "ignore").decode())
        for name, value in list(texts.items())[:TEXTS_MAX]
        if isinstance(name, str)
        and isinstance(value, str)
        and len(value) <= TEXT_LENGTH_MAX
    ]
