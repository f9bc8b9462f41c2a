"""Lists of things: sortable tables that become cards on a phone, and their tools.

    COLUMNS = (
        Column("number", "Number", phone="under"),
        Column("customer", "Customer", wide=True, phone="title"),
        Column("total", "Total", number=True, phone="amount"),
    )
    data_table(
        COLUMNS,
        State.rows,
        lambda it: [row_link(it.number, it.href), it.customer, it.total],
        label="Invoices", sorted_by=State.sorted_by,
        is_descending=State.is_descending, on_sort=State.sort,
    )

The server sorts, filters and pages; `on_sort` gets the column's key. Sorting is
offered only for columns with `sortable`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import reflex as rx

from billing_app.web.components.controls import (
    Flag,
    Handler,
    Text,
    button,
    icon_button,
    link,
    strip,
)
from billing_app.web.components.icons import icon
from billing_app.web.scripts import script_beside

CardPlace = Literal[
    "check",
    "title",
    "under",
    "amount",
    "amount-under",
    "status",
    "status-end",
    "hidden",
]
Cell = rx.Component | Text


@dataclass(frozen=True, slots=True)
class Column:
    """A column and the place of its cells on the card that a row becomes.

    Attributes:
        key: what `on_sort` gets.
        wide: takes the room that is left; the text ends in an ellipsis.
        number: right-aligned figures of equal width.
        phone: a card has a title and an amount, under each a second line, and
            a status at the left and the right of the third; a checkbox before all.
            Rows are cards on phones and where the desk has as little room.
        shown_from: a table leaves it out in a narrower window than that; only cards
            show "card", over their whole width.
        least: px that it keeps where its cells are short, so that columns stay where
            they are from view to view; for windows with room.
        control: makes what stands in the head in place of the label, such as a
            checkbox for all rows.
    """

    key: str
    label: str
    number: bool = False
    wide: bool = False
    sortable: bool = False
    label_hidden: bool = False
    phone: CardPlace = "hidden"
    shown_from: Literal["card", "tablet", "laptop", "desktop"] = "tablet"
    least: int = 0
    control: Callable[[], rx.Component] | None = None

    @property
    def class_name(self) -> str:
        width = "wide" if self.wide else "fit"
        number = " number" if self.number else ""
        places = {"tablet": "", "card": " only-cards"}
        room = places.get(self.shown_from, f" from-{self.shown_from}")
        return width + number + room


def data_table(
    columns: Sequence[Column],
    rows: rx.Var[list[Any]],
    cells: Callable[[Any], Sequence[Cell]],
    *,
    label: str,
    row_key: Callable[[Any], Text] | None = None,
    sorted_by: Text = "",
    is_descending: Flag = False,
    on_sort: Handler = None,
    foot: Sequence[rx.Component] = (),
    cards: bool = True,
) -> rx.Component:
    """Draw rows of a state var; `cells` gives one cell per column.

    `row_key` tells rows apart, so that focus and ticks stay with theirs when the
    list is sorted or a new one comes in; without it they stay with the place.

    Roles are written out, since cards laid out by grid lose a table's meaning.
    """

    def draw(row: Any) -> rx.Component:
        return _row(columns, cells(row), row_key(row) if row_key else None)

    body = rx.foreach(rows, draw)
    return table_frame(
        columns,
        body,
        label=label,
        head=_head(columns, sorted_by, is_descending, on_sort),
        foot=foot,
        cards=cards,
    )


def table_frame(
    columns: Sequence[Column],
    *rows: rx.Component,
    label: str,
    head: rx.Component | None = None,
    foot: Sequence[rx.Component] = (),
    cards: bool = True,
    busy: bool = False,
) -> rx.Component:
    """Draw a table around ready rows, for lists of fixed or nested rows."""
    feet = [rx.el.tfoot(*foot, role="rowgroup")] if foot else []
    return rx.el.div(
        rx.el.table(
            rx.el.caption(label, class_name="visually-hidden"),
            head or _head(columns, "", False, None),
            rx.el.tbody(*rows, role="rowgroup"),
            *feet,
            role="table",
            class_name="table table-cards" if cards else "table",
            aria_label=label,
            custom_attrs={"aria-busy": "true"} if busy else {},
        ),
        class_name="table-frame" if cards else "table-frame table-scroll",
    )


def table_row(columns: Sequence[Column], *cells: Cell) -> rx.Component:
    return _row(columns, cells)


def row_link(words: Cell, href: Text, **props: Any) -> rx.Component:
    """Name and open the row; on a phone the whole card opens it."""
    return link(words, href=href, class_name="row-link", **props)


class RowCheck(rx.Component):
    """A checkbox that does not wait for the server to show its tick."""

    library = script_beside(__name__, "row_check.jsx")
    tag = "RowCheck"

    checked: rx.Var[bool]
    on_check: rx.EventHandler[rx.event.no_args_event_spec]


def row_check(label: Text, *, checked: Flag, on_check: Handler) -> rx.Component:
    """Draw the checkbox that selects a row; it tints the row by itself."""
    return RowCheck.create(
        checked=checked,
        on_check=on_check,
        class_name="checkbox row-check",
        custom_attrs={"aria-label": label},
    )


def skeleton_table(
    columns: Sequence[Column], *, label: str, rows: int = 12
) -> rx.Component:
    """Draw the table's frame with shimmering cells while it loads."""
    widths = (72, 56, 64, 48)
    blank = [
        _row(
            columns,
            [
                rx.el.span(
                    class_name="skeleton",
                    style={"width": f"{widths[(line + place) % 4]}px"},
                )
                for place in range(len(columns))
            ],
        )
        for line in range(rows)
    ]
    return rx.el.div(
        table_frame(columns, *blank, label=label, busy=True), class_name="loading"
    )


def pager(
    words: Text,
    *,
    has_newer: Flag,
    has_older: Flag,
    on_newer: Handler,
    on_older: Handler,
) -> rx.Component:
    """Go through a list by keyset; `words` say the range and the count."""
    return rx.el.nav(
        rx.el.p(words, role="status"),
        button("Newer", small=True, on_click=on_newer, disabled=_not(has_newer)),
        button("Older", small=True, on_click=on_older, disabled=_not(has_older)),
        class_name="pager",
        aria_label="Pages",
    )


def filter_chip(name: str, value: Text, *, on_remove: Handler) -> rx.Component:
    """Show one filter in force, with a way out of it."""
    return rx.el.span(
        rx.el.span(name, class_name="chip-field"),
        rx.el.span(value, class_name="chip-value"),
        rx.el.button(
            icon("close", 14),
            type="button",
            on_click=on_remove,
            aria_label=f"Remove filter {name}",
        ),
        class_name="chip",
    )


def add_filter(label: str = "Filter", **props: Any) -> rx.Component:
    return rx.el.button(
        icon("filter", 14), label, type="button", class_name="chip chip-add", **props
    )


def link_tabs(
    label: str, *tabs: rx.Component, more: rx.Component | None = None
) -> rx.Component:
    """Group views of one list; they are links, since the view is in the URL.

    `more` is a menu of rare views; it stays in sight where the others scroll.
    """
    if more is None:
        return strip(*tabs, label=label, class_name="tabs")
    return rx.el.nav(
        strip(*tabs, class_name="tabs"), more, class_name="views", aria_label=label
    )


def link_tab(
    words: str,
    href: Text,
    *,
    count: Text = "",
    current: Flag = False,
    empty: Flag = False,
) -> rx.Component:
    """Draw one view; its count is drawn but not part of the link's name."""
    number = rx.el.span(count, class_name="count", custom_attrs=_HIDDEN)
    return link(
        words,
        number,
        href=href,
        class_name=_either(empty, "tab tab-empty", "tab"),
        custom_attrs={"aria-current": _current(current)},
    )


def bulk_bar(
    count: Text, detail: Text, *verbs: rx.Component, on_clear: Handler
) -> rx.Component:
    """Offer what can be done with the selected rows; Escape clears them."""
    return rx.el.div(
        rx.el.p(count, rx.el.span(detail)),
        *verbs,
        icon_button("Clear selection", "close", shortcut="Escape", on_click=on_clear),
        class_name="bulk-bar",
        role="region",
        aria_label="Selection",
    )


def empty_state(
    title: Text,
    advice: Text,
    *actions: rx.Component,
    icon_name: str = "invoice",
    more: rx.Component | None = None,
) -> rx.Component:
    """Say what to do next where a list has nothing to show."""
    return rx.el.div(
        icon(icon_name, 20),
        rx.el.h2(title),
        rx.el.p(advice),
        rx.el.div(*actions, class_name="empty-state-actions"),
        *([more] if more is not None else []),
        class_name="empty-state",
    )


_HIDDEN = {"aria-hidden": "true"}


def _head(
    columns: Sequence[Column], sorted_by: Text, is_descending: Flag, on_sort: Handler
) -> rx.Component:
    cells = [
        _head_cell(column, sorted_by, is_descending, on_sort) for column in columns
    ]
    return rx.el.thead(rx.el.tr(*cells, role="row"), role="rowgroup")


def _head_cell(
    column: Column, sorted_by: Text, is_descending: Flag, on_sort: Handler
) -> rx.Component:
    words: Any = column.label
    attributes: dict[str, Any] = {}
    if column.control is not None and on_sort is not None:
        words = column.control()
    elif column.label_hidden:
        words = rx.el.span(column.label, class_name="visually-hidden")
    elif column.sortable and on_sort is not None:
        words = rx.el.button(
            column.label,
            icon("arrow-up", 14, "sort-arrow"),
            type="button",
            on_click=on_sort(column.key),
        )
        direction = _either(is_descending, "descending", "ascending")
        attributes["aria-sort"] = _either(sorted_by == column.key, direction, "none")
    return rx.el.th(
        words,
        role="columnheader",
        scope="col",
        class_name=column.class_name,
        custom_attrs=attributes,
        style={"--least": f"{column.least}px"} if column.least else {},
    )


def _row(
    columns: Sequence[Column], cells: Sequence[Cell], key: Text | None = None
) -> rx.Component:
    assert len(cells) == len(columns), "one cell per column"
    drawn = [
        rx.el.td(
            cell, role="cell", class_name=f"{column.class_name} phone-{column.phone}"
        )
        for column, cell in zip(columns, cells, strict=True)
    ]
    return rx.el.tr(*drawn, role="row", **({} if key is None else {"key": key}))


def _either(choice: Flag, yes: Any, no: Any) -> Any:
    if isinstance(choice, rx.Var):
        return rx.cond(choice, yes, no)
    return yes if choice else no


def _not(choice: Flag) -> Flag:
    return ~choice if isinstance(choice, rx.Var) else not choice


def _current(choice: Flag) -> Any:
    return _either(choice, "page", "false")
