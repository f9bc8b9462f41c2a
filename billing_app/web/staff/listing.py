"""The parts that the pages with lists are put together from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import reflex as rx

from billing_app.web.components.controls import (
    button,
    date_input,
    field,
    more_menu,
    search_field,
)
from billing_app.web.components.dialogs import dialog
from billing_app.web.components.tables import (
    Column,
    add_filter,
    data_table,
    filter_chip,
    link_tab,
    link_tabs,
    pager,
    skeleton_table,
)
from billing_app.web.staff.listing_state import Chip, FilteredListState, ListState, Tab

Shown = type[ListState]
Filtered = type[FilteredListState]


def views(
    label: str, state: Filtered, *, rare: Any = None, rare_words: Any = "More"
) -> rx.Component:
    """Draw the views of a list; `rare` ones stand behind a button with these words."""

    def tab(it: rx.vars.ObjectVar[Tab]) -> rx.Component:
        return link_tab(
            it.words,
            it.href,
            count=it.count,
            current=it.is_current,
            empty=it.count == "0",
        )

    more = None if rare is None else more_menu(rx.foreach(rare, tab), words=rare_words)
    return link_tabs(label, rx.foreach(state.tabs, tab), more=more)


def search(placeholder: str, state: Shown) -> rx.Component:
    page: Any = state
    return search_field(
        "Search",
        placeholder=placeholder,
        shortcut="/",
        default_value=page.text,
        key=page.place.to_string(),
        on_change=page.search.debounce(250),
        max_length=200,
    )


def filters(state: Filtered) -> rx.Component:
    """Draw what is filtered by, and the button that asks for days."""

    def chip(it: rx.vars.ObjectVar[Chip]) -> rx.Component:
        return filter_chip(it.field, it.words, on_remove=state.remove_filter(it.name))

    return rx.el.div(
        rx.foreach(state.chips, chip),
        add_filter("Dates", on_click=state.start_filtering),
        class_name="chips",
    )


def rows(
    label: str,
    columns: Sequence[Column],
    cells: Callable[[Any], list[Any]],
    state: Shown,
    *,
    none: rx.Component,
    before: rx.Component | None = None,
    foot: Sequence[rx.Component] = (),
    cards: bool = True,
) -> rx.Component:
    """Draw the rows and the way to more of them, or what stands in for none."""
    page: Any = state
    table = data_table(
        columns,
        page.lines,
        cells,
        row_key=lambda it: it.id.to_string(),
        label=label,
        sorted_by=page.sorted_by,
        is_descending=page.is_descending,
        on_sort=page.sort,
        foot=foot,
        cards=cards,
    )
    pages = pager(
        page.range_words,
        has_newer=page.newer != "",
        has_older=page.older != "",
        on_newer=page.go_newer,
        on_older=page.go_older,
    )
    return rx.fragment(
        rx.match(
            page.shape,
            ("loading", skeleton_table(columns, label=label)),
            ("none", none),
            rx.fragment(*([before] if before else []), table, pages),
        )
    )


def dates_dialog(
    state: Filtered, ranges: Sequence[tuple[str, str]], *, show: str
) -> rx.Component:
    """Ask for the first and last day of each range: its name and its words."""

    def day(name: str, label: str, error: Any = "") -> rx.Component:
        return field(
            label, date_input(name, default_value=state.dates[name]), error=error
        )

    def span(name: str, words: str) -> rx.Component:
        return rx.el.div(
            day(f"{name}_first", f"{words} from", state.date_errors[name]),
            day(f"{name}_last", f"{words} until"),
            class_name="field-pair",
        )

    return dialog(
        "Filter by dates",
        *(span(name, words) for name, words in ranges),
        dialog_id="dates",
        lead="Leave a day empty for no limit.",
        actions=[
            button("Cancel", closes=True),
            button(show, kind="primary", submit=True),
        ],
        on_submit=state.filter_dates,
        open=state.is_filtering,
        on_close=state.stop_filtering,
    )
