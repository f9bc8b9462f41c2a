"""The page about one customer."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.invoice import InvoiceStatus
from billing_app.web.components.controls import button, link, link_button, more_menu
from billing_app.web.components.dialogs import dialog
from billing_app.web.components.icons import icon
from billing_app.web.components.layout import panel
from billing_app.web.components.tables import (
    Column,
    data_table,
    empty_state,
    row_link,
)
from billing_app.web.components.why import why
from billing_app.web.staff.customer_detail_state import CustomerDetailState, TwinLine
from billing_app.web.staff.customer_form import customer_fields
from billing_app.web.staff.customer_link import (
    customer_link_panel,
    new_link_dialog,
    revoke_link_dialog,
    statement_panel,
)
from billing_app.web.staff.customer_removal import delete_dialog, merge_dialog
from billing_app.web.staff.invoice_words import Fact
from billing_app.web.staff.invoices import invoice_badges, invoice_balance
from billing_app.web.staff.invoices_state import InvoiceLine
from billing_app.web.staff.portal_desk import (
    access_switch,
    contact_dialog,
    contacts_panel,
    portal_panel,
    reset_app_dialog,
    sessions_panel,
)
from billing_app.web.staff.risk import risk_signal
from billing_app.web.staff.shell import ShellState, record_page
from billing_app.web.staff.timeline import timeline_panel

State = CustomerDetailState

COLUMNS = (
    Column("number", "Number", wide=True, phone="title"),
    Column("issued", "Issued", phone="under", shown_from="desktop"),
    Column("due", "Due", phone="amount-under"),
    Column("status", "Status", phone="status"),
    Column("total", "Total", number=True),
    Column("outstanding", "Balance", number=True, phone="amount"),
)


def page() -> rx.Component:
    return record_page(
        rx.cond(State.shape == "gone", _gone(), _customer()),
        state=State,
        kind="Customer",
        current="Customers",
        title=rx.cond(State.shape == "gone", "Customer not found", State.card.name),
        title_in_page=True,
        parent=("Customers", "/customers"),
        live=State.live,
        extra=(
            _edit_dialog(),
            contact_dialog(State),
            reset_app_dialog(State),
            new_link_dialog(),
            revoke_link_dialog(),
            delete_dialog(State),
            merge_dialog(State, State.card.name),
        ),
    )


def _customer() -> rx.Component:
    return rx.fragment(
        _hero(),
        _actions(),
        rx.el.div(
            rx.el.div(
                rx.el.div(_invoices()),
                rx.el.div(
                    customer_link_panel(),
                    _details(),
                    contacts_panel(State),
                    statement_panel(State.card.id),
                    sessions_panel(State),
                ),
                rx.el.div(
                    portal_panel(
                        State, "Portal", access_switch(State), may="edit_customer"
                    ),
                    timeline_panel(State, shows_numbers=True),
                ),
                class_name="columns columns-beside",
            ),
            class_name="page",
        ),
    )


def _gone() -> rx.Component:
    return rx.el.div(
        rx.el.h1("Customer not found", class_name="visually-hidden"),
        empty_state(
            "There is no such customer",
            "It does not exist, or belongs to another workspace.",
            link_button("All customers", "/customers"),
            icon_name="customers",
        ),
    )


def _hero() -> rx.Component:
    card = State.card
    credit = rx.el.span(icon("payment", 14), card.credit)
    return rx.el.div(
        rx.el.div(
            rx.el.h1(card.name),
            rx.el.p(
                rx.el.span(card.email),
                rx.cond(card.credit != "", credit, rx.fragment()),
                rx.cond(
                    card.merged_into != "",
                    rx.el.span(
                        icon("archived", 14),
                        "Merged into ",
                        link(card.merged_into, href=card.merged_into_href),
                    ),
                    rx.cond(
                        card.is_archived,
                        rx.el.span(icon("archived", 14), "Archived"),
                        rx.fragment(),
                    ),
                ),
                class_name="hero-facts",
            ),
            risk_signal(State.risk),
        ),
        rx.el.div(
            rx.el.p(rx.el.b(card.owed), card.owed_words, class_name="hero-amount"),
            why(card.owed_parts, "Why this figure?", leaves_app=False),
        ),
        class_name="hero",
    )


def _actions() -> rx.Component:
    return rx.el.div(
        rx.cond(
            ShellState.may["edit_draft"] & (State.card.merged_into == ""),
            link_button(
                "New invoice",
                State.card.new_invoice_href,
                kind="primary",
                icon_name="plus",
                shortcut="N",
            ),
            rx.fragment(),
        ),
        link_button("Events", State.card.events_href, icon_name="package"),
        rx.cond(
            ShellState.may["edit_customer"],
            rx.fragment(
                button(
                    "Edit",
                    icon_name="pencil",
                    shortcut="E",
                    on_click=State.start_editing,
                ),
                rx.cond(State.card.merged_into == "", _rare_actions(), rx.fragment()),
            ),
            rx.fragment(),
        ),
        class_name="actions",
    )


def _rare_actions() -> rx.Component:
    """Draw what hardly anybody does twice; who may remove a customer may archive."""
    archive = rx.cond(
        State.card.is_archived,
        button("Restore", kind="quiet", on_click=State.restore),
        button("Archive", kind="quiet", on_click=State.archive),
    )
    removal = rx.cond(
        ShellState.may["remove_customer"],
        rx.fragment(
            button("Merge", kind="quiet", on_click=State.start_merging),
            button("Delete", kind="quiet-danger", opens="delete-customer"),
        ),
        rx.fragment(),
    )
    return rx.el.div(more_menu(archive, removal), class_name="actions-rare")


def _invoices() -> rx.Component:
    table = data_table(
        COLUMNS,
        State.invoices,
        _cells,
        row_key=lambda it: it.id.to_string(),
        label="Invoices",
    )
    none = rx.el.p("No invoice yet.", class_name="panel-body quiet")
    return panel(
        "Invoices",
        rx.cond(State.invoices.length() > 0, table, none),
        rx.foreach(State.merged, _twin),
        count=State.card.invoice_count,
        aside=[link("View all invoices", href=State.card.invoices_href)],
    )


def _twin(it: rx.vars.ObjectVar[TwinLine]) -> rx.Component:
    return rx.el.p(
        "Recorded as ",
        link(it.name, href=it.href),
        ", too: ",
        it.owed,
        class_name="panel-body quiet",
    )


def _cells(it: rx.vars.ObjectVar[InvoiceLine]) -> list[Any]:
    words = rx.cond(
        it.number != "",
        it.number,
        rx.el.span(
            rx.cond(
                it.status == InvoiceStatus.CANCELLED,
                "No number",
                "Draft, no number yet",
            ),
            class_name="quiet",
        ),
    )
    return [
        row_link(words, it.href),
        rx.el.span(it.issued, class_name="secondary figures"),
        rx.el.span(
            rx.el.span("Due\u00a0", class_name="only-card"),
            it.due,
            class_name=rx.cond(it.is_late, "late figures", "secondary figures"),
        ),
        invoice_badges(it),
        it.total,
        invoice_balance(it),
    ]


def _details() -> rx.Component:
    return panel(
        "Details",
        rx.el.dl(rx.foreach(State.facts, _fact), class_name="facts facts-lines"),
    )


def _fact(it: rx.vars.ObjectVar[Fact]) -> rx.Component:
    warning = rx.el.p(icon("warning", 14), it.warning, class_name="field-warning")
    return rx.fragment(
        rx.el.dt(it.name),
        rx.el.dd(it.words, rx.cond(it.warning != "", warning, rx.fragment())),
    )


def _edit_dialog() -> rx.Component:
    return dialog(
        "Edit customer",
        customer_fields(State.form, State.errors, State.own_fields),
        dialog_id="edit-customer",
        lead="What is already issued keeps what was printed.",
        actions=[
            button("Cancel", closes=True),
            button("Save", kind="primary", submit=True),
        ],
        on_submit=State.save,
        no_validate=True,
        open=State.is_editing,
        on_close=State.stop_editing,
        width="560px",
        key=State.drawn.to_string(),
    )
