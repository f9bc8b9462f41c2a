"""The state of the page on which an invoice is written without an account."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError

from billing_app import runtime
from billing_app.database import authentication
from billing_app.documents.render import render_sheet
from billing_app.domain.actors import Actor, Nobody
from billing_app.domain.cookies import guest_cookie, read_cookie
from billing_app.domain.draft import LineForm, ReadDraft
from billing_app.domain.errors import (
    BillingError,
    DiskFull,
    InvalidInput,
    NotFound,
    NotSignedIn,
)
from billing_app.domain.guest_invoice import (
    CURRENCY,
    LINES_MAX,
    NET_DAYS,
    PATH,
    TEXTS,
    GuestForm,
    ReadGuest,
    example_of,
    fresh_form,
    guest_document,
    read_guest,
)
from billing_app.domain.speech import LANGUAGE_NAMES
from billing_app.web import formats
from billing_app.web.doors import (
    DeskState,
    public_door,
    public_watch,
    session_token,
)
from billing_app.web.staff.builder_state import BuilderState, Change, date_hints
from billing_app.web.staff.invoice_editor_lines import (
    TEXT_LENGTH_MAX,
    keyed,
    only_texts,
    with_texts,
)
from billing_app.workflows import guest_invoices

FILE = f"{PATH}/invoice.pdf"
AUTOSAVE_SECONDS = 1.0
DRAFT_FIELDS = (
    *("issued_on", "due_on", "purchase_order", "currency"),
    *("discount", "notes", "terms", "look"),
)
FIELDS = frozenset((*TEXTS, *DRAFT_FIELDS))
NO_PROBLEMS = dict.fromkeys((*FIELDS, "lines"), "")


class GuestInvoiceState(BuilderState, DeskState, rx.State):
    """The invoice of this browser. The cookie finds what is kept.

    Attributes:
        draft: tells this invoice from another one of the same browser.
        is_ready: the page has what it needs; `is_taken`: a workspace has the
            invoice; `lacks_cookie`: the browser refused the one that finds it.
        asked: how often the browser was told to fetch the PDF.
        is_example: the preview shows what one looks like, while nothing was typed.
        workspace: where this browser is signed in, if anywhere.
        may_take: the member may take it over there.
        is_set_up: there is a workspace at all.
    """

    draft: int = 0
    is_ready: bool = False
    is_taken: bool = False
    lacks_cookie: bool = False
    asked: int = 0
    is_example: bool = False
    workspace: str = ""
    may_take: bool = False
    is_set_up: bool = True

    _form: GuestForm = GuestForm()
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

    @public_watch
    async def draw(self) -> None:
        """Draw the preview a moment after typing."""
        await self._draw()

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
        return [*await self._typed(), *self._save_soon()]

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
    async def add_line(self) -> Any:
        return await self._add_line()

    @public_door
    async def remove_line(self, key: str) -> Any:
        return await self._remove_line(key)

    @public_door
    async def move_line(self, key: str, step: int) -> Any:
        return await self._move_line(key, step)

    @public_door
    async def paste(self, key: str, pasted: dict) -> Any:  # type: ignore[type-arg]
        return await self._paste(key, pasted)

    @public_door
    async def undo(self, key: str) -> Any:
        """Take back what a notice told of."""
        change: Change | GuestForm | None = self._offered(key)
        await self.dismiss_notice(key)
        if isinstance(change, GuestForm):
            await self._begin_with(change)
            return None
        if change is None:
            return None
        return await self._arrange(change.undo(self._form.draft.lines))

    # Keeping, printing, beginning anew

    @public_door
    async def keep(self) -> None:
        """Keep it now: what was arranged, or before it is handed over."""
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

    def _save_soon(self) -> list[Any]:
        """Return the event that keeps it in a moment, unless one is on its way."""
        if self._is_saving_soon:
            return []
        self._is_saving_soon = True
        return [GuestInvoiceState.save_later]

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

    # What is built, and drawn

    def _is_open(self) -> bool:
        return True

    def _lines(self) -> tuple[LineForm, ...]:
        return self._form.draft.lines

    def _set_lines(self, lines: tuple[LineForm, ...]) -> None:
        self._form = replace(self._form, draft=replace(self._form.draft, lines=lines))

    def _most_lines(self) -> tuple[int, str]:
        return LINES_MAX, f"Without an account an invoice holds {LINES_MAX} lines"

    def _habits(self) -> tuple[str, Mapping[str, Any]]:
        return self._form.language, {}

    def _texts(self) -> dict[str, str]:
        own, draft = self._form, self._form.draft
        return {
            **{name: getattr(own, name) for name in TEXTS},
            **{name: getattr(draft, name) for name in DRAFT_FIELDS},
            "currency": draft.currency or CURRENCY,
            "look": draft.look or "modern",
        }

    def _mark_changed(self) -> None:
        super()._mark_changed()
        self._say("Keeping…")

    def _reading(self) -> Callable[[], ReadGuest]:
        return partial(read_guest, self._form)

    def _show_read(self, read: ReadGuest) -> ReadDraft:
        count = read.problem_count
        things = formats.count_of(count, "thing")
        words = f"{things} to fix before it is printed" if count else ""
        problems = {**NO_PROBLEMS, **read.problems}
        hints = date_hints(read.draft, runtime.current().now().date(), NET_DAYS)
        self._show_sums(read.draft, problems, {"to_fix": words, **hints})
        return read.draft

    def _drawing(self) -> Callable[[], tuple[str, bool]]:
        return partial(_draw, self._form, runtime.current().now().date())

    def _show_drawn(self, drawn: tuple[str, bool]) -> None:
        html, self.is_example = drawn
        if html != self.preview:
            self.preview = html


def _draw(form: GuestForm, today: date) -> tuple[str, bool]:
    """Return the preview, and whether it is of an example. In a thread."""
    shown = example_of(form) if form.is_blank else form
    document = guest_document(shown, read_guest(shown), today)
    return render_sheet(document, by_guest=True), form.is_blank


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
