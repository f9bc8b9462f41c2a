"""The settings' page that brings in files of other programs."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.import_columns import ImportKind
from billing_app.domain.import_table import DateOrder
from billing_app.web.components.controls import (
    button,
    checkbox,
    field,
    link,
    link_button,
    segmented,
    select,
    spinner,
)
from billing_app.web.components.file_upload import file_upload
from billing_app.web.components.layout import message
from billing_app.web.components.tables import Column, data_table
from billing_app.web.staff.settings_frame import settings_page
from billing_app.web.staff.settings_import_state import ImportState as State
from billing_app.web.staff.settings_import_state import is_refused

_BYTES_MAX = 20_000_000 - 10_000
_KINDS = (
    (ImportKind.CUSTOMERS, "Customers"),
    (ImportKind.INVOICES, "Invoices"),
    (ImportKind.PAYMENTS, "Payments"),
    (ImportKind.PRODUCTS, "Products"),
    (ImportKind.EVENTS, "Events"),
)
_MARKS = (("", "Choose …"), (".", "1,234.50"), (",", "1.234,50"))
_ORDERS = (
    ("", "Choose …"),
    (DateOrder.YEAR_FIRST, "2026-12-31"),
    (DateOrder.DAY_FIRST, "31.12.2026 or 31/12/2026"),
    (DateOrder.MONTH_FIRST, "12/31/2026"),
)
_COLUMNS = (
    Column("line", "Line", number=True, phone="hidden"),
    Column("name", "Name", phone="title"),
    Column("fate", "", label_hidden=True, phone="status-end"),
    Column("sentence", "What becomes of it", wide=True, phone="under"),
)


def page() -> rx.Component:
    return settings_page(
        rx.cond(State.outcome, _outcome()),
        rx.cond(State.stopped, _stopped()),
        _file(),
        rx.cond(State.file_name, _fates()),
        rx.cond(State.kind, _reading()),
        state=State,
        here="Import",
        lead="Bring over what another program has: customers, invoices and the like.",
        is_loaded=State.version > 0,
    )


def _outcome() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.p(
                State.outcome,
                " ",
                rx.cond(
                    State.waiting,
                    "They wait to be billed to:",
                    link("See them", href=State.next_page),
                ),
            ),
            rx.cond(
                State.waiting,
                rx.el.ul(
                    rx.foreach(
                        State.waiting, lambda it: rx.el.li(link(it[0], href=it[1]))
                    )
                ),
            ),
            rx.cond(
                State.left_out,
                rx.fragment(
                    rx.el.p("What the draft does not have of the file:"),
                    rx.el.ul(rx.foreach(State.left_out, rx.el.li)),
                ),
            ),
        ),
        class_name="message message-good",
        role="status",
    )


def _stopped() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.p(
                "Your last import was cut off when the server stopped. A file comes in "
                "as a whole or not at all: look what is still to add, and go on."
            ),
            rx.el.div(
                button(
                    "Look at the file",
                    on_click=State.take_file(
                        State.stopped, "The file of the last import"
                    ),
                ),
                class_name="message-choices",
            ),
        ),
        class_name="message message-warn",
        role="status",
    )


def _file() -> rx.Component:
    upload = file_upload(
        "file",
        action="/api/import",
        accept=".csv,.txt,.tsv,.xml,.pdf,.zip,text/csv",
        max_bytes=_BYTES_MAX,
        too_large="This file is larger than 20 MB. Import it on the server instead.",
        on_done=State.take_file,
        on_problem=State.refuse_file,
    )
    return _panel(
        "File",
        field(
            "CSV file, e-invoice or export",
            upload,
            field_id="field-file",
            hint="As other programs export it. Begin with customers, then invoices, "
            "then payments. Nothing is changed before you have seen what becomes "
            "of each row, and nobody is mailed. An e-invoice (UBL, CII, Factur-X) "
            "becomes a draft. An export of a workspace (zip) is read into an empty "
            "one.",
            error=State.errors["file"],
        ),
    )


def _reading() -> rx.Component:
    return _panel(
        "How it is read",
        segmented(
            "kind",
            "What the file is about",
            _KINDS,
            value=State.kind,
            on_select=State.choose_kind,
        ),
        rx.el.div(
            field(
                "Numbers are written like",
                select(
                    "numbers",
                    _MARKS,
                    value=State.decimal_mark,
                    on_change=State.choose_numbers,
                ),
            ),
            field(
                "Days are written like",
                select(
                    "dates",
                    _ORDERS,
                    value=State.date_order,
                    on_change=State.choose_dates,
                ),
            ),
            rx.foreach(State.columns, _column),
            class_name="import-columns",
        ),
    )


def _column(column: Any) -> rx.Component:
    control = rx.el.select(
        rx.foreach(State.head, lambda it: rx.el.option(it[1], value=it[0])),
        value=column.place,
        on_change=lambda place: State.choose_column(column.key, place),
        name=f"column-{column.key}",
        class_name="input",
    )
    return field(
        column.label,
        control,
        field_id=f"field-column-{column.key}",
        aside=rx.cond(column.is_needed, "needed", ""),
    )


def _fates() -> rx.Component:
    return _panel(
        State.file_name,
        rx.cond(State.is_checking, spinner("Reading the file")),
        rx.cond(
            State.problem,
            rx.el.p(State.problem, class_name="message message-bad", role="status"),
        ),
        rx.cond(State.summary, _summary()),
        rx.cond(
            State.fates,
            data_table(
                _COLUMNS,
                State.fates,
                _cells,
                label="Rows of the file",
                row_key=lambda it: it.line,
            ),
        ),
        rx.cond(
            State.hidden_count > 0,
            button(f"Show more ({State.hidden_count})", on_click=State.show_more),
        ),
    )


def _summary() -> rx.Component:
    return rx.el.div(
        rx.el.p(State.summary, role="status"),
        rx.cond(State.lacking, message(State.lacking, tone="warn")),
        rx.cond(
            State.kind,
            checkbox(
                "only-refused",
                "Only what can't be imported",
                checked=State.only_refused,
                on_change=State.show_refused,
            ),
        ),
        rx.cond(State.whole > 0, _progress(), _actions()),
        class_name="stack",
    )


def _progress() -> rx.Component:
    return rx.el.div(
        rx.el.progress(
            value=State.done,
            max=State.whole,
            aria_label="Imported so far",
        ),
        rx.el.p(f"{State.done} of {State.whole}", class_name="quiet figures"),
        class_name="import-progress",
    )


def _actions() -> rx.Component:
    return rx.el.div(
        rx.cond(
            State.can_import,
            button(State.button, kind="primary", on_click=State.start),
        ),
        rx.cond(
            State.fates_href,
            link_button(
                "Download this as CSV",
                State.fates_href,
                icon_name="download",
                leaves_app=True,
                download=True,
            ),
        ),
        button("Leave it", kind="quiet", on_click=State.leave),
        class_name="import-actions",
    )


def _cells(fate: Any) -> list[rx.Component]:
    return [
        rx.el.span(f"{fate.line}", class_name="figures"),
        rx.el.span(fate.name, class_name="truncate"),
        rx.el.span(
            fate.fate, class_name=rx.cond(is_refused(fate), "import-refused", "quiet")
        ),
        rx.el.span(fate.sentence, class_name="import-said"),
    ]


def _panel(title: str | rx.Var[str], *content: rx.Component) -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h3(title), class_name="panel-head"),
        rx.el.div(*content, class_name="panel-body stack"),
        class_name="panel",
        aria_label=title,
    )
