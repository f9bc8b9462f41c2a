"""The keyboard of the staff desk: Ctrl K opens a menu, letters press buttons.

    staff_shell(..., extra=[command_menu(actions=ACTIONS, results=Search.found,
                                         asked=Search.asked, on_query=Search.find,
                                         on_select=Search.act)])

A letter, `/` or Escape presses the control that announces it in
aria-keyshortcuts. J and K move through the rows of a table, X selects, Enter
opens. No letter fires inside a field, and all of them can be turned off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import reflex as rx

from billing_app.web.components.controls import Handler, button
from billing_app.web.components.dialogs import Dialog, dialog
from billing_app.web.components.icons import ICONS
from billing_app.web.scripts import script_beside

MENU_ID = "command-menu"
SHORTCUTS_ID = "shortcuts"
_LABEL = "Search or jump to"
# The glyphs that found things may name; each costs every staff page its path.
GLYPHS = (
    *("search", "invoice", "customers", "company", "jobs", "accounting", "settings"),
    *("dashboard", "plus", "payment", "report", "mail", "sign-out"),
    *("draft", "due", "partially-paid", "processing", "paid", "overdue"),
    *(
        "disputed",
        "credited",
        "in-credit",
        "written-off",
        "void",
        "cancelled",
        "archived",
    ),
)


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the menu: a thing found, or something to do.

    Attributes:
        key: what `on_select` gets when there is no href.
        icon: a name of the icon set.
        detail: state and amount, at the right.
        shortcut: the key that does the same, drawn at the right.
        is_rare: found by its words only; the open menu does not list it.
    """

    key: str
    group: str
    words: str
    icon: str = "invoice"
    detail: str = ""
    href: str = ""
    shortcut: str = ""
    is_rare: bool = False


PAGES = (
    Command("dashboard", "Go to", "Dashboard", "dashboard", href="/dashboard"),
    Command("invoices", "Go to", "Invoices", "invoice", href="/invoices"),
    Command("customers", "Go to", "Customers", "customers", href="/customers"),
    Command(
        "accounting", "Go to", "Accounting", "accounting", href="/accounting/aging"
    ),
    Command("settings", "Go to", "Settings", "settings", href="/settings"),
)


class CommandMenu(rx.Component):
    """The query and the list under it."""

    library = script_beside(__name__, "command_menu.jsx")
    tag = "CommandMenu"

    actions: rx.Var[list[dict[str, Any]]]
    results: rx.Var[list[Command]]
    asked: rx.Var[str]
    paths: rx.Var[dict[str, str]]
    label: rx.Var[str]
    on_query: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_select: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Keyboard(rx.Component):
    """Listens for the keys that the controls of a page announce."""

    library = script_beside(__name__, "keyboard.jsx")
    tag = "Keyboard"


def command_menu(
    *,
    actions: Sequence[Command] = PAGES,
    results: rx.Var[list[Command]],
    asked: rx.Var[str],
    on_query: Handler,
    on_select: Handler,
) -> rx.Component:
    """Draw the menu, closed; `on_query` gets what is typed, a moment later.

    `results` are what it found for `asked`.
    """
    menu = CommandMenu.create(
        actions=[asdict(action) for action in actions],
        results=results,
        asked=asked,
        paths={name: ICONS[name] for name in GLYPHS},
        label=_LABEL,
        on_query=on_query,
        on_select=on_select,
    )
    return Dialog.create(
        menu,
        dismissible=True,
        class_name="dialog command-menu",
        custom_attrs={"id": MENU_ID, "aria-label": _LABEL},
    )


# What the keys of every page do, and how they are written.
_SHORTCUTS = (
    (_LABEL, ("Ctrl", "K")),
    ("Search in the list", ("/",)),
    ("New invoice", ("N",)),
    ("Next and previous row", ("J", "K")),
    ("Select the row", ("X",)),
    ("Open the row", ("Enter",)),
    ("Send the dialog", ("Ctrl", "Enter")),
    ("Close what is on top, or clear the selection", ("Esc",)),
    ("These shortcuts", ("?",)),
)


def shortcuts_dialog() -> rx.Component:
    """List the keys; `?` opens it, and so does the button that announces it."""
    rows = (
        rx.el.div(rx.el.dt(*(rx.el.kbd(key) for key in keys)), rx.el.dd(words))
        for words, keys in _SHORTCUTS
    )
    return dialog(
        "Keyboard shortcuts",
        rx.el.dl(*rows, class_name="shortcuts"),
        dialog_id=SHORTCUTS_ID,
        lead="Single letters can be turned off in the menu that Ctrl K opens.",
        actions=[button("Close", closes=True)],
    )


def keyboard() -> rx.Component:
    return Keyboard.create()
