"""The lines of a draft on the builder: as drawn, as typed into, as pasted."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import reflex as rx

from billing_app.documents.words import words_for
from billing_app.domain.custom_fields import PREFIX, own_key
from billing_app.domain.document import Look
from billing_app.domain.draft import DraftForm, LineForm, ReadDraft, with_own
from billing_app.domain.pasting import HEADINGS
from billing_app.domain.speech import LANGUAGE_NAMES
from billing_app.web import formats
from billing_app.web.staff.own_fields import OwnField

FIELDS = frozenset(
    [
        "issued_on",
        "due_on",
        "delivered_on",
        "delivered_until",
        "purchase_order",
        "job",
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
LINE_FIELDS = frozenset(x.name for x in fields(LineForm)) - {"key", "group", "own"}
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
class LineStart:
    """What a line's inputs start out with. What is typed afterwards stays in them.

    `own` is by the names of the workspace's own fields.
    """

    name: str
    description: str
    quantity: str
    unit: str
    unit_price: str
    discount: str
    tax_id: str
    own: dict[str, str]


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What is wrong with a line, in a sentence; `wrong` names the field."""

    sentence: str
    wrong: str


class EditorLinesState(rx.State):
    """The lines as drawn, apart from all that changes with every key.

    A page draws what shows a state's variable anew whenever one of its variables
    changes, and a variable is sent whole. So what changes by itself is by itself, and
    a new line sends neither the texts nor the problems of two hundred others.

    Attributes:
        order: the keys of the lines.
        starts, later: the texts of the lines that were there when the fields were
            drawn anew, and of those that came since.
        problems, events, amounts: by line key, where there is something to say:
            `events` how many it bills, in words, and its figures are theirs then.
        taxes: what can be chosen; none where a percentage is typed.
        own: the workspace's own fields of lines.
    """

    order: list[str] = []  # noqa: RUF012  (Reflex copies the defaults)
    starts: dict[str, LineStart] = {}  # noqa: RUF012
    later: dict[str, LineStart] = {}  # noqa: RUF012
    problems: dict[str, LineProblem] = {}  # noqa: RUF012
    events: dict[str, str] = {}  # noqa: RUF012
    amounts: dict[str, str] = {}  # noqa: RUF012
    taxes: list[tuple[str, str]] = []  # noqa: RUF012
    own: list[OwnField] = []  # noqa: RUF012

    def _begin(self, lines: Iterable[LineForm]) -> None:
        """Start with the lines as they are, in fields that are drawn anew."""
        self.starts = {line.key: _start_of(line) for line in lines}
        self.order, self.later = list(self.starts), {}

    def _draw(
        self, lines: Iterable[LineForm], read: ReadDraft, events: Mapping[str, str]
    ) -> None:
        """Show the lines; what is as it was is not sent again."""
        known, there = set(self.order), {line.key: line for line in lines}
        new = {x.key: _start_of(x) for x in there.values() if x.key not in known}
        kept = {key: start for key, start in self.later.items() if key in there}
        shown = {
            "order": list(there),
            "later": kept | new,
            "problems": {
                line.form.key: LineProblem(line.problem, line.problem_field)
                for line in read.lines
                if line.problem
            },
            "events": dict(events),
            "amounts": _amounts_of(read),
        }
        for name, value in shown.items():
            if getattr(self, name) != value:
                setattr(self, name, value)


def _start_of(line: LineForm) -> LineStart:
    texts = {x.name: getattr(line, x.name) for x in fields(LineStart)}
    own = {f"{PREFIX}{key}": text for key, text in line.own}
    return LineStart(**{**texts, "own": own})


def _amounts_of(read: ReadDraft) -> dict[str, str]:
    """Return what each line comes to, by its key; nothing for one left empty."""
    return {
        line.form.key: formats.NOTHING
        if amount is None
        else formats.amount(amount.minor, amount.currency)
        for line, amount in zip(read.lines, read.amounts, strict=True)
    }


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
        elif kind == "line" and key in lines and (own := own_key(part)):
            lines[key] = with_own(lines[key], own, value)
        elif own := own_key(name):
            form = with_own(form, own, value)
    return replace(form, lines=tuple(lines.values()))


def only_texts(form: DraftForm, texts: Mapping[Any, Any]) -> DraftForm:
    """Return the form with the lines that the browser held, in their order."""
    known = {line.key: line for line in form.lines}
    names = (name.split(":") for name, _ in _sound(texts))
    keys = dict.fromkeys(name[1] for name in names if len(name) > 2)
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
