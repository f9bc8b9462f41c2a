"""The page with the list of invoices."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.invoice import InvoiceStatus
from billing_app.queries.invoices import InvoiceSort
from billing_app.web.components.badges import sent_mark, status_badge, viewed_mark
from billing_app.web.components.controls import button, link_button
from billing_app.web.components.icons import icon
from billing_app.web.components.tables import (
    Column,
    bulk_bar,
    empty_state,
    row_check,
    row_link,
)
from billing_app.web.staff import listing
from billing_app.web.staff.export_link import export_link
from billing_app.web.staff.invoices_paid import mark_paid_dialog
from billing_app.web.staff.invoices_state import InvoiceLine, InvoicesState
from billing_app.web.staff.reminding import reminding_dialog
from billing_app.web.staff.shell import ShellState, staff_page

State = InvoicesState

COLUMNS = (
    Column(
        "check",
        "Select",
        label_hidden=True,
        phone="check",
        control=lambda: _check_all(),
    ),
    Column(InvoiceSort.NUMBER, "Number", sortable=True, phone="under", least=150),
    Column(InvoiceSort.CUSTOMER, "Customer", wide=True, sortable=True, phone="title"),
    Column("reference", "Job or PO", shown_from="desktop"),
    Column(InvoiceSort.ISSUED, "Issued", sortable=True, shown_from="laptop", least=96),
    Column(InvoiceSort.DUE, "Due", sortable=True, phone="amount-under", least=96),
    Column("status", "Status", phone="status", least=132),
    Column(
        "seen",
        "Sent and viewed",
        label_hidden=True,
        phone="status-end",
        shown_from="desktop",
        least=84,
    ),
    Column(
        InvoiceSort.TOTAL,
        "Total",
        number=True,
        sortable=True,
        shown_from="laptop",
        least=104,
    ),
    Column(
        InvoiceSort.OUTSTANDING,
        "Balance",
        number=True,
        sortable=True,
        phone="amount",
        least=112,
    ),
)


def page() -> rx.Component:
    return staff_page(
        list_of_invoices(),
        state=State,
        current="Invoices",
        title="Invoices",
        count=State.count,
        actions=(export_link(State.export_href), new_invoice_button()),
        live=State.live,
        extra=(dates_dialog(), mark_paid_dialog(State), reminding_dialog(State)),
        on_undo=State.undo,
    )


def list_of_invoices() -> rx.Component:
    """Draw tabs, tools and rows; the accounting page shows them too."""
    shown = rx.fragment(
        listing.views(
            "Invoice views", State, rare=State.rare_tabs, rare_words=State.rare_words
        ),
        _toolbar(),
        listing.rows(
            "Invoices",
            COLUMNS,
            _cells,
            State,
            none=_no_match(),
            before=rx.fragment(_partial(), _news()),
        ),
        rx.cond(State.selected_count != "", _selection(), rx.fragment()),
    )
    return rx.fragment(rx.match(State.shape, ("empty", _nothing_yet()), shown))


def new_invoice_button() -> rx.Component:
    drawn = button(
        "New invoice",
        kind="primary",
        icon_name="plus",
        shortcut="N",
        on_click=rx.redirect("/invoices/new"),
    )
    return rx.cond(ShellState.may["edit_draft"], drawn, rx.fragment())


def _toolbar() -> rx.Component:
    archived = button(
        rx.cond(State.shows_archived, "Hide archived", "Show archived"),
        kind="quiet",
        icon_name="archived",
        small=True,
        class_name="not-phone",
        on_click=State.toggle_archived,
    )
    return rx.el.div(
        listing.search("Number, customer, job, PO, amount", State),
        listing.filters(State),
        rx.el.span(class_name="spacer"),
        archived,
        class_name="toolbar",
    )


def _partial() -> rx.Component:
    drawn = rx.el.p(State.partial_words, class_name="partial-list", role="note")
    return rx.cond(State.partial_words != "", drawn, rx.fragment())


def _news() -> rx.Component:
    drawn = rx.el.button(
        icon("arrow-up", 14),
        State.news,
        type="button",
        class_name="new-rows",
        on_click=State.show_news,
    )
    return rx.cond(State.news != "", drawn, rx.fragment())


def _cells(it: rx.vars.ObjectVar[InvoiceLine]) -> list[Any]:
    archived = rx.cond(
        it.is_archived,
        rx.el.span(icon("archived", 14), class_name="quiet", title="Archived"),
        rx.fragment(),
    )
    return [
        row_check(
            it.select_words,
            checked=State.selected.contains(it.id),
            on_check=State.select(it.id),
        ),
        rx.fragment(
            row_link(_number(it), it.href),
            archived,
            rx.cond(it.mode != "", rx.el.span(it.mode, class_name="beside")),
        ),
        rx.el.span(it.customer, title=it.customer, class_name="truncate"),
        rx.el.span(it.reference, title=it.references, class_name="quiet"),
        rx.el.span(it.issued, class_name="secondary figures"),
        rx.el.span(
            rx.el.span("Due\u00a0", class_name="only-card"),
            it.due,
            class_name=rx.cond(it.is_late, "late figures", "secondary figures"),
        ),
        invoice_badges(it),
        rx.cond(it.viewed != "", viewed_mark(it.viewed), sent_mark(it.sent)),
        it.total,
        invoice_balance(it),
    ]


def _check_all() -> rx.Component:
    return row_check(
        "Select all on this page",
        checked=State.selects_all,
        on_check=State.select_all,
    )


def invoice_badges(it: rx.vars.ObjectVar[InvoiceLine]) -> rx.Component:
    """Draw the status, and what else the balance can't say by itself."""
    return rx.fragment(
        status_badge(it.status),
        rx.cond(it.is_disputed, status_badge("Disputed")),
        rx.cond(
            it.reduced != "",
            rx.el.span(it.reduced, title=it.reduced, class_name="beside"),
        ),
    )


def invoice_balance(it: rx.vars.ObjectVar[InvoiceLine]) -> rx.Component:
    """Draw what is left; a card, with no total beside it, what that is a part of."""
    return rx.fragment(
        rx.el.span(
            it.outstanding,
            class_name=rx.cond(it.is_settled, "zero not-card", "medium not-card"),
        ),
        rx.el.span(
            it.figure,
            class_name=rx.cond(it.is_settled, "quiet only-card", "only-card"),
        ),
        rx.cond(
            it.of_total != "", rx.el.span(it.of_total, class_name="beside only-card")
        ),
    )


def _number(it: rx.vars.ObjectVar[InvoiceLine]) -> rx.Component:
    words = rx.cond(
        it.status == InvoiceStatus.CANCELLED, "No number", "Draft, no number yet"
    )
    none = rx.el.span(words, class_name="quiet")
    return rx.cond(it.number != "", it.number, none)


def _selection() -> rx.Component:
    return bulk_bar(
        State.selected_count,
        State.selected_sum,
        rx.cond(
            ShellState.may["send_reminder"],
            button("Send reminders", icon_name="mail", on_click=State.start_reminding),
            rx.fragment(),
        ),
        rx.cond(
            ShellState.may["issue_invoice"],
            rx.fragment(
                button("Mark as sent", icon_name="send", on_click=State.mark_sent),
                button("Archive", icon_name="archived", on_click=State.archive),
            ),
            rx.fragment(),
        ),
        rx.cond(
            ShellState.may["record_payment"],
            button("Mark as paid", icon_name="paid", on_click=State.start_marking_paid),
            rx.fragment(),
        ),
        rx.cond(
            State.selects_drafts & ShellState.may["edit_draft"],
            button("Delete drafts", icon_name="trash", on_click=State.delete_drafts),
            rx.fragment(),
        ),
        on_clear=State.clear_selection,
    )


def _nothing_yet() -> rx.Component:
    return empty_state(
        "No invoices yet",
        "Write the first one. A draft stays inside until you publish it.",
        link_button("New invoice", "/invoices/new", kind="primary", icon_name="plus"),
        link_button("Add a customer", "/customers", icon_name="customers"),
    )


def _no_match() -> rx.Component:
    return empty_state(
        "No invoice found",
        State.none_words,
        button("Clear filters", on_click=State.clear_filters),
        button(
            rx.cond(State.shows_archived, "Hide archived", "Include archived"),
            kind="quiet",
            on_click=State.toggle_archived,
        ),
        icon_name="search",
    )


def dates_dialog() -> rx.Component:
    ranges = [("issued", "Issued"), ("due", "Due")]
    return listing.dates_dialog(State, ranges, show="Show invoices")
