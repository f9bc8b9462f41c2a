"""The page with what happened for one customer, billed or not."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.web.components.badges import status_badge
from billing_app.web.components.controls import (
    button,
    date_input,
    field,
    icon_button,
    link,
    link_button,
    search_field,
    text_area,
    text_input,
)
from billing_app.web.components.dialogs import afterwards, dialog
from billing_app.web.components.tables import (
    Column,
    add_filter,
    data_table,
    empty_state,
    filter_chip,
    link_tab,
    link_tabs,
    pager,
    skeleton_table,
)
from billing_app.web.staff.customer_events_state import CustomerEventsState, EventLine
from billing_app.web.staff.invoices_state import Chip, Tab
from billing_app.web.staff.record import is_shown
from billing_app.web.staff.shell import ShellState, record_page

State = CustomerEventsState

COLUMNS = (
    Column("happened", "Happened", phone="under"),
    Column("event", "Event", wide=True, phone="title"),
    Column("arithmetic", "Arithmetic", phone="amount-under"),
    Column("invoice", "Billed on", phone="status"),
    Column("amount", "Amount", number=True, phone="amount"),
    Column("act", "Actions", label_hidden=True, phone="status-end"),
)
EXAMPLE = (
    "Kind, Reference, Time, Quantity, Unit, Rate, Note\n"
    "Storage day, ST-48117, 2026-03-31, 5 pallets × 7 days, , 0.85, Bay A3\n"
    "Pick, ORD-90211, 2026-03-31 14:30, 120, picks, 0.62,"
)


def page() -> rx.Component:
    return record_page(
        rx.match(
            State.shape,
            ("gone", _gone()),
            rx.fragment(_views(), _toolbar(), _list()),
        ),
        state=State,
        kind="Events",
        current="Customers",
        title="Events",
        parent=(
            rx.cond(is_shown(State), State.customer, "Customers"),
            rx.cond(is_shown(State), State.customer_href, "/customers"),
        ),
        live=State.live,
        actions=(_actions(),),
        extra=(_event_dialog(), _paste_dialog(), _dates_dialog()),
        on_undo=State.undo,
    )


def _actions() -> rx.Component:
    return rx.cond(
        ShellState.may["edit_draft"],
        rx.fragment(
            button("Paste events", on_click=State.start_pasting),
            button(
                "Add event",
                kind="primary",
                icon_name="plus",
                shortcut="N",
                on_click=State.start_adding,
            ),
        ),
        rx.fragment(),
    )


def _gone() -> rx.Component:
    return empty_state(
        "There is no such customer",
        "It does not exist, or belongs to another workspace.",
        link_button("All customers", "/customers"),
        icon_name="customers",
    )


def _views() -> rx.Component:
    def tab(it: rx.vars.ObjectVar[Tab]) -> rx.Component:
        return link_tab(it.words, it.href, count=it.count, current=it.is_current)

    return link_tabs("Event views", rx.foreach(State.tabs, tab))


def _toolbar() -> rx.Component:
    def chip(it: rx.vars.ObjectVar[Chip]) -> rx.Component:
        return filter_chip(it.field, it.words, on_remove=State.remove_filter(it.name))

    return rx.el.div(
        search_field(
            "Search",
            placeholder="Kind, reference or note",
            shortcut="/",
            default_value=State.text,
            key=State.place.to_string(),
            on_change=State.search.debounce(250),
            max_length=120,
        ),
        rx.el.div(
            rx.foreach(State.chips, chip),
            add_filter("Dates", on_click=State.start_filtering),
            class_name="chips",
        ),
        rx.el.span(class_name="spacer"),
        rx.cond(
            State.unbilled != "",
            rx.el.p(
                State.unbilled_words,
                " ",
                rx.el.b(State.unbilled, class_name="number"),
                class_name="secondary",
            ),
            rx.fragment(),
        ),
        rx.cond(
            (State.unbilled != "") & ShellState.may["edit_draft"].to(bool),
            link_button("New invoice", State.invoice_href, icon_name="invoice"),
            rx.fragment(),
        ),
        class_name="toolbar",
    )


def _list() -> rx.Component:
    table = data_table(
        COLUMNS,
        State.lines,
        _cells,
        row_key=lambda it: it.id.to_string(),
        label="Events",
    )
    pages = pager(
        State.range_words,
        has_newer=State.newer != "",
        has_older=State.older != "",
        on_newer=State.go_newer,
        on_older=State.go_older,
    )
    none = empty_state(
        "No event found",
        "Nothing matches what you look for.",
        button("Clear filters", on_click=State.clear_filters),
        icon_name="search",
    )
    bare = empty_state(
        "Nothing waits to be billed",
        "Record what happens for this customer: a stop, a storage day, a landing fee. "
        "It becomes a line of an invoice, and the customer sees what is behind it.",
        icon_name="package",
    )
    return rx.fragment(
        rx.match(
            State.shape,
            ("loading", skeleton_table(COLUMNS, label="Events")),
            ("none", none),
            ("empty", bare),
            rx.fragment(table, pages),
        )
    )


def _cells(it: rx.vars.ObjectVar[EventLine]) -> list[Any]:
    acts = rx.el.div(
        icon_button(
            "Edit event", "pencil", small=True, on_click=State.start_changing(it.id)
        ),
        icon_button("Delete event", "trash", small=True, on_click=State.remove(it.id)),
        class_name="row-acts",
    )
    may_act = (it.href == "") & ShellState.may["edit_draft"].to(bool)
    return [
        rx.el.span(it.happened, class_name="secondary figures"),
        rx.el.div(
            rx.el.b(it.name, class_name="medium"),
            rx.cond(
                it.note != "",
                rx.el.span(it.note, class_name="secondary event-note"),
                rx.fragment(),
            ),
            class_name="truncate",
        ),
        rx.el.span(it.arithmetic, class_name="secondary figures"),
        rx.cond(
            it.href != "",
            link(it.invoice, href=it.href),
            status_badge("Draft", "Not billed"),
        ),
        rx.el.span(it.amount, class_name="medium"),
        rx.cond(may_act, acts, rx.fragment()),
    ]


def _event_dialog() -> rx.Component:
    is_change = State.dialog == "change"
    return dialog(
        rx.cond(is_change, "Edit event", "Add event"),
        rx.el.div(
            _field("kind", "Kind", placeholder="Storage day"),
            _field("reference", "Reference", placeholder="ST-48117"),
            class_name="field-pair",
        ),
        field(
            "Happened",
            rx.el.input(
                type="datetime-local",
                name="happened",
                class_name="input",
                default_value=State.form["happened"],
            ),
            error=State.errors["happened"],
        ),
        rx.el.div(
            _field("quantity", "Quantity", placeholder="12, or 3 pallets × 4 days"),
            _field("unit", "Unit", placeholder="picks", aside="optional"),
            _field("rate", "Rate", placeholder="0.85", aside=State.form_currency),
            class_name="field-three",
        ),
        rx.cond(
            State.comes_to != "",
            afterwards(State.comes_to, ""),
            rx.fragment(),
        ),
        _field("note", "Note", aside="the customer reads it, too"),
        dialog_id="event",
        lead="It becomes part of a line once you bill it.",
        actions=[
            button("Cancel", closes=True),
            button(
                rx.cond(is_change, "Save", "Add event"), kind="primary", submit=True
            ),
        ],
        on_submit=State.save,
        no_validate=True,
        open=is_change | (State.dialog == "add"),
        on_close=State.stop,
        width="600px",
        key="event" + State.drawn.to_string(),
    )


def _field(name: str, label: str, *, aside: Any = "", **props: Any) -> rx.Component:
    if name in ("quantity", "unit", "rate"):
        props["on_change"] = State.weigh(name)
    return field(
        label,
        text_input(name, default_value=State.form[name], auto_complete="off", **props),
        aside=aside,
        error=State.errors[name],
    )


def _paste_dialog() -> rx.Component:
    return dialog(
        "Paste events",
        field(
            "Rows",
            text_area("rows", rows=9, default_value=State.rows, placeholder=EXAMPLE),
            error=State.errors["rows"],
            hint="From a spreadsheet or a CSV file. What is known by its kind and "
            "reference is left as it is.",
        ),
        dialog_id="paste-events",
        lead="Kind, reference, time, quantity, unit, rate and note, in this order or "
        "under headings.",
        actions=[
            button("Cancel", closes=True),
            button("Record events", kind="primary", submit=True),
        ],
        on_submit=State.paste,
        open=State.dialog == "paste",
        on_close=State.stop,
        width="720px",
        key="paste" + State.drawn.to_string(),
    )


def _dates_dialog() -> rx.Component:
    def day(name: str, label: str) -> rx.Component:
        return field(
            label,
            date_input(name, default_value=State.dates[name]),
            error=State.errors[name],
        )

    return dialog(
        "Filter by dates",
        rx.el.div(
            day("first", "Happened from"),
            day("last", "Happened until"),
            class_name="field-pair",
        ),
        dialog_id="dates",
        lead="Leave a day empty for no limit.",
        actions=[
            button("Cancel", closes=True),
            button("Show events", kind="primary", submit=True),
        ],
        on_submit=State.filter_dates,
        open=State.dialog == "dates",
        on_close=State.stop,
        key="dates" + State.drawn.to_string(),
    )
