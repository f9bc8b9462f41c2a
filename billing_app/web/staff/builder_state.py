"""What both builders do: that of the staff, and the one without an account."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from billing_app.domain.dates import due_on
from billing_app.domain.draft import LineForm, ReadDraft
from billing_app.domain.errors import LimitReached
from billing_app.domain.formats import number_style
from billing_app.domain.pasting import read_rows
from billing_app.domain.totals import Totals
from billing_app.web import formats
from billing_app.web.staff.invoice_editor_lines import (
    EditorLinesState,
    new_key,
    pasted_headings,
)
from billing_app.web.undo import UndoState

# Keys that come this close together are drawn together.
DRAWING_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Sum:
    """One row under the lines, such as the tax of a rate."""

    label: str
    amount: str


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


class BuilderState(UndoState, mixin=True):
    """A draft on a builder. The texts live in the browser's fields; the server holds
    its own copy, adds up and saves.

    Lines and sums are sent with each key; the preview, which is long, comes after them
    (docs/decisions/0064-lines-first-the-preview-after.md). The doors are those of the
    states: staff or everybody.

    Attributes:
        shows: edit or preview, where there is room for one only.
        opened: changes whenever the fields have to be drawn anew.
        version: of the draft that what is typed stands on.
        heard, saved: numbers of the last text that came, and of the last one kept.
        arranged: changes with the order of the lines.
        focus: the line to go to, a number so that it can be asked for twice, and
            its field.
        refused: changes when an issue was refused, to go to what is wrong.
    """

    opened: str = ""
    version: int = 0
    heard: int = 0
    saved: int = 0
    arranged: int = 0
    focus: str = ""
    refused: int = 0
    saved_words: str = ""
    is_saved: bool = False
    form: dict[str, str] = {}  # noqa: RUF012  (Reflex copies the defaults)
    field_problems: dict[str, str] = {}  # noqa: RUF012
    sums: list[Sum] = []  # noqa: RUF012
    subtotal: str = ""
    tax: str = ""
    total: str = ""
    to_fix: str = ""
    issued_hint: str = ""
    due_hint: str = ""
    preview: str = ""
    moved_words: str = ""
    shows: str = "edit"

    _is_dirty: bool = False
    _changes: int = 0
    _drawn: int = 0
    _is_drawing_soon: bool = False

    # What each builder knows of its draft

    def _is_open(self) -> bool:
        """Tell whether there is a draft to read."""
        raise NotImplementedError

    def _lines(self) -> tuple[LineForm, ...]:
        raise NotImplementedError

    def _set_lines(self, lines: tuple[LineForm, ...]) -> None:
        raise NotImplementedError

    def _texts(self) -> dict[str, str]:
        """Return what each field starts out with."""
        raise NotImplementedError

    def _most_lines(self) -> tuple[int, str]:
        """Return how many lines it holds, and that in words without a full stop."""
        raise NotImplementedError

    def _first_tax(self) -> str:
        """Return the tax of a line that has none before it."""
        return ""

    def _habits(self) -> tuple[str, Mapping[str, Any]]:
        """Return the language numbers are pasted in, and the taxes that have a name."""
        raise NotImplementedError

    def _events(self) -> Mapping[str, str]:
        """Return how many events each line bills, in words, by its key."""
        return {}

    def _reading(self) -> Callable[[], Any]:
        """Return what reads the draft as it is now, to be called in a thread."""
        raise NotImplementedError

    def _show_read(self, read: Any) -> ReadDraft:
        """Show what the reading brought; return its lines and sums."""
        raise NotImplementedError

    def _drawing(self) -> Callable[[], Any]:
        """Return what draws the preview as it is now, to be called in a thread."""
        raise NotImplementedError

    def _show_drawn(self, drawn: Any) -> None:
        raise NotImplementedError

    # Lines

    async def _add_line(self) -> list[Any]:
        """Add a line at the end, taxed like the one before, and go there."""
        lines = self._lines()
        most, words = self._most_lines()
        if len(lines) >= most:
            raise LimitReached(f"{words}.")
        tax_id = lines[-1].tax_id if lines else self._first_tax()
        line = LineForm(key=new_key(), tax_id=tax_id)
        self._go_to(line.key)
        return await self._arrange((*lines, line))

    async def _remove_line(self, key: str) -> list[Any]:
        lines, index = self._lines(), self._find_line(key)
        if index < 0:
            return []
        kept = lines[:index] + lines[index + 1 :]
        if not lines[index].is_blank:
            self._offer_undo("Line removed.", Change(removed=((index, lines[index]),)))
        if kept:
            self._go_to(kept[max(0, index - 1)].key)
        return await self._arrange(kept)

    async def _move_line(self, key: str, step: int) -> list[Any]:
        lines, index = list(self._lines()), self._find_line(key)
        target = index + (1 if step > 0 else -1)
        if index < 0 or not 0 <= target < len(lines):
            return []
        lines[index], lines[target] = lines[target], lines[index]
        self.moved_words = f"Line {target + 1} of {len(lines)}"
        return await self._arrange(lines)

    async def _paste(self, key: str, pasted: Mapping[str, Any]) -> list[Any]:
        """Put the rows of a spreadsheet behind a line, or in place of an empty one."""
        lines, at = self._lines(), self._find_line(key)
        text = pasted.get("text")
        if at < 0 or not self._is_open() or not isinstance(text, str):
            return []
        language, taxes = self._habits()
        rows = read_rows(
            text,
            decimal_mark=number_style(language).decimal_mark,
            taxes=taxes,
            headings=pasted_headings(),
            default_tax=lines[at].tax_id,
        )
        replaced = lines[at].is_blank and bool(rows)
        count = len(lines) - replaced + len(rows)
        most, words = self._most_lines()
        if count > most:
            raise LimitReached(
                f"{words}; with these rows it would have {count:,}, so nothing was "
                "pasted."
            )
        if not rows:
            return []
        added = tuple(replace(row, key=new_key()) for row in rows)
        change = Change(
            tuple(x.key for x in added), ((at, lines[at]),) if replaced else ()
        )
        self._offer_undo(f"{formats.count_of(len(rows), 'line')} pasted.", change)
        self._go_to(added[0].key)
        behind = at if replaced else at + 1
        return await self._arrange((*lines[:behind], *added, *lines[at + 1 :]))

    async def _arrange(self, lines: Iterable[LineForm]) -> list[Any]:
        """Set the lines anew; return the events that save and draw them.

        Unlike a text, no browser keeps their order, so they are saved at once.
        """
        self._set_lines(
            tuple(lines) or (LineForm(key=new_key(), tax_id=self._first_tax()),)
        )
        self.arranged += 1
        return [type(self).keep, *await self._typed()]  # type: ignore[attr-defined]

    def _find_line(self, key: str) -> int:
        """Return the place of a line, or -1."""
        return next((i for i, it in enumerate(self._lines()) if it.key == key), -1)

    def _go_to(self, key: str, part: str = "name") -> None:
        self.focus = f"{key} {self.arranged} {part}"

    # Drawing

    async def _typed(self) -> list[Any]:
        """Show what a change comes to; return the event that draws the preview."""
        self._mark_changed()
        await self._add_up()
        if self._is_drawing_soon or not self._is_open():
            return []
        self._is_drawing_soon = True
        return [type(self).draw]  # type: ignore[attr-defined]

    async def _changed(self) -> None:
        """Show what a change comes to, and all of it in the preview."""
        self._mark_changed()
        await self._add_up()
        await self._draw_now()

    def _mark_changed(self) -> None:
        self._is_dirty = True
        # What was refused is being mended; what is left to mend stands beside it.
        if any(it.is_refusal for it in self.notices):
            self.notices = [it for it in self.notices if not it.is_refusal]

    async def _redraw(self) -> None:
        """Make the browser build its fields anew from what the server holds."""
        self.opened = secrets.token_hex(4)
        self._is_drawing_soon = False
        self.form = self._texts()
        sheet = await self.get_state(EditorLinesState)
        sheet._begin(self._lines())
        await self._add_up()
        await self._draw_now()

    async def _add_up(self) -> None:
        self._changes += 1
        if not self._is_open():
            return
        read = self._show_read(await asyncio.to_thread(self._reading()))
        sheet = await self.get_state(EditorLinesState)
        sheet._draw(self._lines(), read, self._events())

    async def _draw_now(self) -> None:
        if self._is_open():
            self._drawn = self._changes
            self._show_drawn(await asyncio.to_thread(self._drawing()))

    async def _draw(self) -> None:
        """Draw the preview a moment after typing, in the background."""
        await asyncio.sleep(DRAWING_SECONDS)
        async with self:
            # What is typed from here on asks for a drawing of its own.
            self._is_drawing_soon = False
            if not self._is_open():
                return
            number, drawing = self._changes, self._drawing()
        drawn = await asyncio.to_thread(drawing)
        async with self:
            if number > self._drawn:
                self._drawn = number
                self._show_drawn(drawn)

    def _show_sums(
        self, read: ReadDraft, problems: Mapping[str, str], more: Mapping[str, Any]
    ) -> None:
        """Show the sums and `more`; what is as it was is not sent again."""
        totals = read.totals
        shown = {
            "field_problems": problems,
            "sums": _sums_of(totals),
            "subtotal": _money_of(totals.amount_sum.minor, totals),
            "tax": _money_of(totals.tax_total.minor, totals),
            "total": _money_of(totals.total.minor, totals),
            **more,
        }
        for name, value in shown.items():
            if getattr(self, name) != value:
                setattr(self, name, value)

    def _say(self, words: str) -> None:
        """Tell how far saving is; "Saved" or "Kept" begins what went well."""
        if self.saved_words != words:
            self.saved_words = words
            self.is_saved = words.startswith(("Saved", "Kept"))


def date_hints(read: ReadDraft, today: date, net_days: int) -> dict[str, str]:
    """Name the days that the preview prints where their fields are empty."""
    issued_on = read.issued_on or today
    due = formats.full_day(due_on(issued_on, net_days))
    days = formats.count_of(net_days, "day")
    return {
        "issued_hint": "" if read.issued_on else f"Today, {formats.full_day(today)}",
        "due_hint": "" if read.due_on else f"{due}, {days}",
    }


def _money_of(minor: int, totals: Totals) -> str:
    return formats.money(minor, totals.currency)


def _sums_of(totals: Totals) -> list[Sum]:
    """Return the rows between subtotal and tax: discounts and each tax group."""
    rows = [
        Sum("Discount", _money_of(-x.amount.minor, totals)) for x in totals.allowances
    ]
    several = len(totals.tax_groups) > 1
    groups = totals.tax_groups if several else ()
    return rows + [Sum(x.name, _money_of(x.tax.minor, totals)) for x in groups]
