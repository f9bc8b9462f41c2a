"""What all pages of the settings share: their navigation, saving by version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import reflex as rx

from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.errors import InvalidInput, StaleDraft
from billing_app.queries.settings import read_version
from billing_app.web.components.controls import (
    ButtonKind,
    Handler,
    button,
    link,
    strip,
)
from billing_app.web.components.dialogs import dialog
from billing_app.web.components.icons import icon
from billing_app.web.components.layout import skeleton_block
from billing_app.web.doors import StaffState, staff_door
from billing_app.web.staff.addresses import (
    EXPORT_SETTINGS,
    IMPORT_SETTINGS,
    OWN_SETTINGS,
    PEOPLE_SETTINGS,
    WORKSPACE_SETTINGS,
)
from billing_app.web.staff.shell import ShellState, staff_page
from billing_app.web.undo import UndoState

P = ParamSpec("P")


class SettingsState(StaffState, mixin=True):
    """Base of the settings' states.

    Attributes:
        version: of the settings as this page last read them; 0 before it did.
        errors: a sentence for each field that can't be used, by its name.
        turn: counts what the fields started with: they are drawn anew when that
            has changed, and keep what was typed when only the line was lost.
    """

    version: int = 0
    turn: int = 0
    errors: dict[str, str] = {}  # noqa: RUF012  (Reflex copies the default)

    def _start_with(self, page: Any) -> None:
        """Fill the fields with a page as it was just read."""
        mine: Any = self
        if page != mine.page:
            mine.page, self.turn = page, self.turn + 1
        self.version, self.errors = page.version, {}

    async def _save(
        self,
        change: Callable[Concatenate[UnitOfWork, int, P], int],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> bool:
        """Save by version and say so; tell whether it was saved.

        A refusal leaves the fields as they were typed. After a stale one the next
        save replaces the other person's.
        """
        try:
            self.version = await self._run(change, self.version, *args, **kwargs)
        except StaleDraft:
            self.version = await self._run(read_version)
            raise
        except InvalidInput as refusal:
            self._point_at(refusal)
            return False
        self.errors = {}
        self._notify("Saved.")
        return True

    def _point_at(self, refusal: InvalidInput) -> None:
        """Show a refusal beside its field, or as a notice when it has none."""
        if refusal.field is None:
            raise refusal
        self._forget_done()
        self.errors = {
            each.field: each.message
            for each in reversed(refusal.together)
            if each.field
        }


class EntriesState(UndoState, SettingsState, mixin=True):
    """Base of a list of the settings: add, change, archive, put back, and undo that.

    A state of it has `editing`, what the dialog shows; its id is 0 for a new entry.
    """

    is_editing: bool = False

    @staff_door
    async def add(self) -> None:
        self._edit(self._blank())

    @staff_door
    async def edit(self, entry_id: int) -> None:
        found = self._find(entry_id)
        if found is not None:
            self._edit(found)

    @staff_door
    async def stop(self) -> None:
        self.is_editing = False

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        try:
            name = await self._store(form)
        except InvalidInput as refusal:
            self._point_at(refusal)
            return
        self.is_editing = False
        await self._list()
        self._notify(f"{name} is saved.")

    @staff_door
    async def archive(self, entry_id: int) -> None:
        words = await self._put_away(entry_id)
        await self._list()
        self._offer_undo(words, entry_id)

    @staff_door
    async def restore(self, entry_id: int) -> None:
        await self._put_back(entry_id)
        await self._list()

    @staff_door
    async def undo(self, key: str) -> None:
        entry_id: int | None = self._offered(key)
        if entry_id is not None:
            await self._put_back(entry_id)
            await self._list()
        await self.dismiss_notice(key)

    def _edit(self, entry: Any) -> None:
        mine: Any = self
        mine.editing, self.is_editing, self.errors = entry, True, {}

    def _blank(self) -> Any:
        raise NotImplementedError

    def _find(self, entry_id: int) -> Any:
        raise NotImplementedError

    async def _list(self) -> None:
        raise NotImplementedError

    async def _store(self, form: dict[str, Any]) -> str:
        """Keep what the dialog holds, and return its name."""
        raise NotImplementedError

    async def _put_away(self, entry_id: int) -> str:
        """Archive it, and say what that means."""
        raise NotImplementedError

    async def _put_back(self, entry_id: int) -> None:
        raise NotImplementedError


def settings_page(
    *content: rx.Component,
    state: type[StaffState],
    here: str,
    lead: str,
    is_loaded: rx.Var[bool] | bool = True,
    **options: Any,
) -> rx.Component:
    """Draw a page of the settings; `here` is its name in the navigation.

    Until it is loaded a skeleton stands in place of the content, so that fields
    start with what is stored.
    """
    page_state: Any = state
    shown = rx.el.div(*content, class_name="stack", key=f"{page_state.turn}")
    if not isinstance(is_loaded, bool):
        shown = rx.cond(is_loaded, shown, skeleton_block(6))
    return staff_page(
        rx.el.div(
            _navigation(here),
            rx.el.div(
                rx.el.h2(here, class_name="settings-title"),
                rx.el.p(lead, class_name="settings-lead"),
                shown,
                class_name="page settings-page",
            ),
            class_name="settings",
        ),
        state=state,
        current="Settings",
        title="Settings",
        **options,
    )


def save_row(
    *beside: rx.Component, label: str = "Save changes", kind: ButtonKind = "primary"
) -> rx.Component:
    """Draw the button at the end of a form."""
    return rx.el.div(
        button(label, kind=kind, submit=True), *beside, class_name="settings-save"
    )


def rows_error(words: rx.Var[str]) -> rx.Component:
    """Draw what is wrong with a list of fields, below them."""
    return rx.cond(
        words,
        rx.el.p(
            icon("alert", 14),
            rx.el.span(words),
            class_name="field-error",
            role="alert",
        ),
    )


def setting(
    name: str,
    hint: str | rx.Component,
    control: rx.Component,
    *below: rx.Component,
    origin: rx.Component | None = None,
) -> rx.Component:
    """Draw one setting as a row: what it is, what it does, and the control.

    `origin` says where the answer comes from.
    """
    return rx.el.div(
        rx.el.div(
            rx.el.h3(name),
            rx.el.p(hint, class_name="setting-hint"),
        ),
        rx.el.div(control, *below),
        *([origin] if origin is not None else []),
        class_name="setting" if origin is None else "setting setting-of-level",
    )


def form_panel(
    title: str,
    *content: rx.Component,
    on_submit: Handler,
    label: str = "Save changes",
    kind: ButtonKind = "primary",
    beside: rx.Component | None = None,
) -> rx.Component:
    """Draw a panel whose body is a form with a save button, and what is beside it."""
    return rx.el.section(
        rx.el.div(rx.el.h3(title), class_name="panel-head"),
        rx.el.form(
            rx.el.div(*content, class_name="form-grid"),
            save_row(*([beside] if beside else []), label=label, kind=kind),
            on_submit=on_submit,
            no_validate=True,
            class_name="panel-body",
        ),
        class_name="panel",
        aria_label=title,
    )


def entry_dialog(
    noun: str, fields: rx.Component, *, state: type[EntriesState], is_new: rx.Var[bool]
) -> rx.Component:
    """Draw the dialog that adds an entry to a list, or changes one."""
    return dialog(
        rx.cond(is_new, f"Add {noun}", f"Change {noun}"),
        rx.cond(state.is_editing, fields),
        dialog_id=noun,
        actions=[
            button("Cancel", closes=True),
            button(f"Save {noun}", kind="primary", submit=True),
        ],
        on_submit=state.save,
        open=state.is_editing,
        on_close=state.stop,
    )


def entry_actions(
    entry: Any,
    entry_id: rx.Var[int],
    *,
    state: type[EntriesState],
    may_archive: Any = True,
) -> rx.Component:
    """Draw what can be done with an entry, at the end of its row."""

    def act(words: str, handler: Any) -> rx.Component:
        label = f"{words} {entry.name}"
        return button(
            words, kind="quiet", small=True, on_click=handler, aria_label=label
        )

    change, archive = (
        act("Change", state.edit(entry_id)),
        act("Archive", state.archive(entry_id)),
    )
    live = rx.fragment(change, rx.cond(may_archive, archive))
    return rx.el.span(
        rx.cond(entry.is_archived, act("Put back", state.restore(entry_id)), live),
        class_name="row-acts",
    )


def _navigation(here: str) -> rx.Component:
    return strip(
        rx.cond(
            ShellState.may["edit_settings"],
            rx.fragment(
                rx.el.h2("Workspace"),
                *(_destination(page, here) for page in WORKSPACE_SETTINGS),
            ),
        ),
        rx.cond(ShellState.may["import_data"], _destination(IMPORT_SETTINGS, here)),
        rx.cond(ShellState.may["move_workspace"], _destination(EXPORT_SETTINGS, here)),
        rx.el.h2("Access"),
        rx.cond(ShellState.may["manage_members"], _destination(PEOPLE_SETTINGS, here)),
        _destination(OWN_SETTINGS, here),
        label="Settings",
        class_name="settings-navigation",
    )


def _destination(page: tuple[str, str], here: str) -> rx.Component:
    name, href = page
    marked = {"aria-current": "page"} if name == here else {}
    return link(name, href=href, class_name="", custom_attrs=marked)
