"""The state of the page on which an invoice is written without an account."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError

from billing_app import runtime
from billing_app.database import authentication
from billing_app.documents.render import render_sheet
from billing_app.domain.actors import Actor, Nobody
from billing_app.domain.cookies import guest_cookie, read_cookie
from billing_app.domain.draft import LineForm
from billing_app.domain.errors import (
    BillingError,
    DiskFull,
    InvalidInput,
    LimitReached,
    NotFound,
    NotSignedIn,
)
from billing_app.domain.formats import number_style
from billing_app.domain.guest_invoice import (
    CURRENCY,
    LINES_MAX,
    PATH,
    TEXTS,
    GuestForm,
    ReadGuest,
    example_of,
    fresh_form,
    guest_document,
    read_guest,
)
from billing_app.domain.pasting import read_rows
from billing_app.domain.speech import LANGUAGE_NAMES
from billing_app.web import formats
from billing_app.web.doors import (
    DeskState,
    public_door,
    public_watch,
    session_token,
)
from billing_app.web.staff.invoice_editor_lines import (
    TEXT_LENGTH_MAX,
    Change,
    EditorLinesState,
    Sum,
    amounts_of,
    keyed,
    money_of,
    new_key,
    only_texts,
    pasted_headings,
    sums_of,
    with_texts,
)
from billing_app.web.undo import UndoState
from billing_app.workflows import guest_invoices

FILE = f"{PATH}/invoice.pdf"
AUTOSAVE_SECONDS = 1.0
DRAFT_FIELDS = (
    *("issued_on", "due_on", "purchase_order", "currency"),
    *("discount", "notes", "terms", "look"),
)
FIELDS = frozenset((*TEXTS, *DRAFT_FIELDS))
NO_PROBLEMS = dict.fromkeys((*FIELDS, "lines"), "")


class GuestInvoiceState(UndoState, DeskState, rx.State):
    """The invoice of this browser. The texts live in its fields, as in the builder of
    the staff; the cookie finds what is kept.

    Attributes:
        draft: tells this invoice from another one of the same browser.
        is_ready: the page has what it needs; `is_taken`: a workspace has the
            invoice; `lacks_cookie`: the browser refused the one that finds it.
        asked: how often the browser was told to fetch the PDF.
        opened, version, heard, saved, arranged, focus, refused, amounts, shows: as
            `InvoiceEditorState`.
        is_example: the preview shows what one looks like, while nothing was typed.
        workspace: where this browser is signed in, if anywhere.
        may_take: the member may take it over there.
        is_set_up: there is a workspace at all.
    """

    draft: int = 0
    is_ready: bool = False
    is_taken: bool = False
    lacks_cookie: bool = False
    opened: str = ""
    version: int = 0
    heard: int = 0
    saved: int = 0
    arranged: int = 0
    focus: str = ""
    refused: int = 0
    asked: int = 0
    saved_words: str = ""
    is_saved: bool = False
    form: dict[str, str] = {}  # noqa: RUF012  (Reflex copies the default)
    amounts: dict[str, str] = {}  # noqa: RUF012
    field_problems: dict[str, str] = {}  # noqa: RUF012
    sums: list[Sum] = []  # noqa: RUF012
    subtotal: str = ""
    tax: str = ""
    total: str = ""
    to_fix: str = ""
    preview: str = ""
    is_example: bool = False
    moved_words: str = ""
    shows: str = "edit"
    workspace: str = ""
    may_take: bool = False
    is_set_up: bool = True

    _form: GuestForm = GuestForm()
    _is_dirty: bool = False
    _is_saving_soon: bool = False

    def _actor(self) -> Actor:
        return Nobody()

    def _token(self) -> str:
        name = guest_cookie(runtime.current().settings.is_https)
        return read_cookie(self.router.headers.cookie, name)

    # Opening

    @public_door
    async def open(self) -> Any:
        """Show what is kept for this browser."""
        running = runtime.current()
        try:
            kept = await asyncio.to_thread(
                guest_invoices.open_guest, running, self._token()
            )
        except NotFound:
            # Came from another page of the app: only an HTTP answer sets the cookie.
            self.is_ready, self.lacks_cookie = False, True
            return None
        self.is_set_up = await asyncio.to_thread(
            authentication.is_set_up, running.engine
        )
        self.workspace, self.may_take = await asyncio.to_thread(self._find_workspace)
        self.draft = int(kept.digest[:12], 16)
        self.version, self.is_taken = kept.version, kept.is_taken
        lines = keyed(kept.form.draft.lines or (LineForm(),))
        self._form = replace(kept.form, draft=replace(kept.form.draft, lines=lines))
        self.heard = self.saved = 0
        self._is_dirty = self._is_saving_soon = False
        self._say("Kept for this browser" if kept.version else "")
        self.is_ready, self.lacks_cookie = True, False
        await self._redraw()
        return None

    def _find_workspace(self) -> tuple[str, bool]:
        """Return where this browser is signed in, and whether that is a place to take
        it to. In a thread."""
        token = session_token(self.router.headers.cookie)
        try:
            here = guest_invoices.find_here(runtime.current(), token)
        except NotSignedIn:
            return "", False
        return here.workspace_name, guest_invoices.may_take(here)

    @public_door
    async def show(self, which: str) -> None:
        """On a phone, turn between the fields and the preview."""
        self.shows = "preview" if which == "preview" else "edit"

    # Typing

    @public_door
    async def take_typed(self, draft: int, texts: dict, number: int) -> Any:  # type: ignore[type-arg]
        """Take what was typed into fields, by their names."""
        if draft != self.draft:
            return None
        typed = _with_texts(self._form, texts)
        self.heard = max(self.heard, number)
        if typed == self._form:
            self.saved = self.saved if self._is_dirty else self.heard
            return None
        self._form = typed
        await self._changed()
        return self._save_soon()

    @public_door
    async def restore(self, kept: dict) -> Any:  # type: ignore[type-arg]
        """Take what a browser kept through a lost connection or a reload."""
        version, texts, number = (kept.get(x) for x in ("version", "texts", "number"))
        if kept.get("draft") != self.draft or not isinstance(texts, dict):
            return None
        if type(version) is not int or type(number) is not int or self.is_taken:
            return None
        typed = _only_texts(self._form, texts)
        self.heard = max(self.heard, number)
        if typed == self._form:
            self.saved = self.saved if self._is_dirty else self.heard
            return None
        if version < self.version:
            return await self._show_newer(typed)
        self._form = typed
        await self._redraw()
        await self._changed()
        self._notify("What you had typed before is back.")
        return self._save_soon()

    async def _show_newer(self, typed: GuestForm) -> None:
        """Show what another page kept, and let a button bring back what is here."""
        # Or the browser would write its own texts over what is shown.
        self.saved = self.heard
        if any(self._offered(notice.key) == typed for notice in self.notices):
            # A page that is loaded anew brings it twice.
            return
        await self._redraw()
        words = "Another page of this browser changed this invoice, so you see that."
        self._offer_undo(words, typed, "Use what I typed here")

    # Lines

    @public_door
    async def add_line(self) -> None:
        """Add a line at the end, taxed like the one before, and go there."""
        lines = self._form.draft.lines
        if len(lines) >= LINES_MAX:
            raise LimitReached(
                f"Without an account an invoice holds {LINES_MAX} lines."
            )
        line = LineForm(key=new_key(), tax_id=lines[-1].tax_id if lines else "")
        self._go_to(line.key)
        await self._arrange((*lines, line))

    @public_door
    async def remove_line(self, key: str) -> None:
        lines = self._form.draft.lines
        index = next((i for i, line in enumerate(lines) if line.key == key), -1)
        if index < 0:
            return
        kept = lines[:index] + lines[index + 1 :]
        if not lines[index].is_blank:
            self._offer_undo("Line removed.", Change(removed=((index, lines[index]),)))
        if kept:
            self._go_to(kept[max(0, index - 1)].key)
        await self._arrange(kept)

    @public_door
    async def move_line(self, key: str, step: int) -> None:
        lines = list(self._form.draft.lines)
        index = next((i for i, line in enumerate(lines) if line.key == key), -1)
        target = index + (1 if step > 0 else -1)
        if index < 0 or not 0 <= target < len(lines):
            return
        lines[index], lines[target] = lines[target], lines[index]
        self.moved_words = f"Line {target + 1} of {len(lines)}"
        await self._arrange(lines)

    @public_door
    async def paste(self, key: str, pasted: dict) -> None:  # type: ignore[type-arg]
        """Put the rows of a spreadsheet behind a line, or in place of an empty one."""
        lines, text = self._form.draft.lines, pasted.get("text")
        at = next((i for i, line in enumerate(lines) if line.key == key), -1)
        if at < 0 or not isinstance(text, str):
            return
        rows = read_rows(
            text,
            decimal_mark=number_style(self._form.language).decimal_mark,
            taxes={},
            headings=pasted_headings(),
            default_tax=lines[at].tax_id,
        )
        replaced = lines[at].is_blank and bool(rows)
        if len(lines) - replaced + len(rows) > LINES_MAX:
            raise LimitReached(
                f"Without an account an invoice holds {LINES_MAX} lines, so nothing "
                "was pasted."
            )
        if not rows:
            return
        added = tuple(replace(row, key=new_key()) for row in rows)
        change = Change(
            tuple(x.key for x in added), ((at, lines[at]),) if replaced else ()
        )
        self._offer_undo(f"{formats.count_of(len(rows), 'line')} pasted.", change)
        self._go_to(added[0].key)
        behind = at if replaced else at + 1
        await self._arrange((*lines[:behind], *added, *lines[at + 1 :]))

    @public_door
    async def undo(self, key: str) -> None:
        """Take back what a notice told of."""
        change: Change | GuestForm | None = self._offered(key)
        await self.dismiss_notice(key)
        if isinstance(change, GuestForm):
            await self._begin_with(change)
        elif change is not None:
            await self._arrange(change.undo(self._form.draft.lines))

    # Keeping, printing, beginning anew

    @public_door
    async def save(self) -> None:
        """Keep it now, as before it is handed over."""
        await self._save_quietly()

    @public_watch
    async def save_later(self) -> None:
        """Keep what was typed, a moment after."""
        await asyncio.sleep(AUTOSAVE_SECONDS)
        async with self:
            self._is_saving_soon = False
            await self._save_quietly()

    @public_door
    async def download(self) -> Any:
        """Keep it and print it; what is wrong is said beside its field."""
        await self._save()
        try:
            read_guest(self._form).check()
        except InvalidInput as refusal:
            if refusal.field:
                self.field_problems = {
                    **self.field_problems,
                    refusal.field: refusal.message,
                }
            self._notify(refusal.message, is_refusal=True)
            self.shows = "edit"
            self.refused += 1
            return None
        self.asked += 1
        return None

    @public_door
    async def start_over(self) -> None:
        """Begin a new invoice from the same sender; Undo brings the other back."""
        before = self._form
        kept = ("language", "tax_name", *(x for x in TEXTS if x.startswith("seller_")))
        fresh = replace(fresh_form(), **{x: getattr(before, x) for x in kept})
        draft = replace(
            fresh.draft,
            # A key of its own: the browser may still hold texts of the other one.
            lines=(LineForm(),),
            currency=before.draft.currency,
            look=before.draft.look,
            terms=before.draft.terms,
        )
        await self._begin_with(replace(fresh, draft=draft))
        self._offer_undo("A new invoice from the same sender.", before)

    async def _begin_with(self, form: GuestForm) -> None:
        lines = keyed(form.draft.lines)
        self._form = replace(form, draft=replace(form.draft, lines=lines))
        await self._redraw()
        await self._changed()
        await self._save_quietly()

    async def _arrange(self, lines: Iterable[LineForm]) -> None:
        """Set the lines anew; unlike a text, no browser keeps that, so save it."""
        kept = tuple(lines) or (LineForm(key=new_key()),)
        self._form = replace(self._form, draft=replace(self._form.draft, lines=kept))
        self.arranged += 1
        await self._changed()
        await self._save_quietly()

    def _go_to(self, key: str) -> None:
        self.focus = f"{key} {self.arranged} name"

    def _save_soon(self) -> Any:
        """Return the event that keeps it in a moment, unless one is on its way."""
        if self._is_saving_soon:
            return None
        self._is_saving_soon = True
        return GuestInvoiceState.save_later

    async def _save(self) -> None:
        if not self._is_dirty:
            return
        heard = self.heard
        self.version = await asyncio.to_thread(
            guest_invoices.save,
            runtime.current(),
            self._token(),
            self.version,
            self._form,
        )
        self._is_dirty, self.saved = False, heard
        self._say("Kept for this browser")

    async def _save_quietly(self) -> None:
        try:
            await self._save()
        except (DiskFull, SQLAlchemyError):
            # The browser keeps the texts, and the next text tries again.
            self._say("Not kept yet")
        except BillingError as refusal:
            self._say("Not kept")
            self._notify(refusal.message, is_refusal=True)

    # Drawing

    async def _changed(self) -> None:
        self._is_dirty = True
        self._say("Keeping…")
        self.notices = [it for it in self.notices if not it.is_refusal]
        await self._compute()

    async def _redraw(self) -> None:
        """Make the browser build its fields anew from what the server holds."""
        self.opened = secrets.token_hex(4)
        own, draft = self._form, self._form.draft
        self.form = {name: getattr(own, name) for name in TEXTS} | {
            name: getattr(draft, name) for name in DRAFT_FIELDS
        }
        self.form["currency"] = draft.currency or CURRENCY
        self.form["look"] = draft.look or "modern"
        sheet = await self.get_state(EditorLinesState)
        sheet.lines = []
        await self._compute()

    async def _compute(self) -> None:
        read = read_guest(self._form)
        today = runtime.current().now().date()
        self.is_example = self._form.is_blank
        shown = example_of(self._form) if self.is_example else self._form
        document = guest_document(shown, read_guest(shown), today)
        html = render_sheet(document, by_guest=True)
        if html != self.preview:
            self.preview = html
        sheet = await self.get_state(EditorLinesState)
        sheet._draw(self._form.draft.lines, read.draft, {})
        self._show_totals(read)

    def _show_totals(self, read: ReadGuest) -> None:
        """Show the sums; what is as it was is not sent again."""
        totals, count = read.draft.totals, read.problem_count
        things = formats.count_of(count, "thing")
        shown = {
            "amounts": amounts_of(self._form.draft.lines, read.draft),
            "field_problems": {**NO_PROBLEMS, **read.problems},
            "sums": sums_of(totals),
            "subtotal": money_of(totals.amount_sum.minor, totals),
            "tax": money_of(totals.tax_total.minor, totals),
            "total": money_of(totals.total.minor, totals),
            "to_fix": f"{things} to fix before it is printed" if count else "",
        }
        for name, value in shown.items():
            if getattr(self, name) != value:
                setattr(self, name, value)

    def _say(self, words: str) -> None:
        if self.saved_words != words:
            self.saved_words, self.is_saved = words, words.startswith("Kept")


def _with_texts(form: GuestForm, texts: dict[Any, Any]) -> GuestForm:
    """Put what a browser's fields hold into the form; anything else is left out.

    A text that is endless is cut, and still is too much to be kept.
    """
    cut = {
        name: value[:TEXT_LENGTH_MAX] if isinstance(value, str) else value
        for name, value in texts.items()
    }
    draft = with_texts(form.draft, cut)
    own = {
        name: value.replace("\0", "").encode("utf-8", "ignore").decode()
        for name, value in cut.items()
        if name in TEXTS and isinstance(value, str)
    }
    if own.get("language", form.language) not in LANGUAGE_NAMES:
        del own["language"]
    return replace(form, **own, draft=replace(draft, own=()))


def _only_texts(form: GuestForm, texts: dict[Any, Any]) -> GuestForm:
    """As `_with_texts`, with the lines of the browser: some may never have come."""
    lines = keyed(only_texts(form.draft, texts).lines[:LINES_MAX])
    return _with_texts(replace(form, draft=replace(form.draft, lines=lines)), texts)
