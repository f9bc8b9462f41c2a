"""The accounting page: all invoices, to look up, mark and export."""

from __future__ import annotations

import reflex as rx

from billing_app.web.staff.accounting_tabs import accounting_tabs
from billing_app.web.staff.export_link import export_link
from billing_app.web.staff.invoices import dates_dialog, list_of_invoices
from billing_app.web.staff.invoices_paid import mark_paid_dialog
from billing_app.web.staff.invoices_state import InvoicesState
from billing_app.web.staff.reminding import reminding_dialog
from billing_app.web.staff.shell import staff_page

State = InvoicesState


def page() -> rx.Component:
    return staff_page(
        accounting_tabs("Invoices"),
        list_of_invoices(),
        state=State,
        current="Accounting",
        title="Accounting",
        count=State.count,
        live=State.live,
        actions=(export_link(State.export_href),),
        extra=(dates_dialog(), mark_paid_dialog(State), reminding_dialog(State)),
        on_undo=State.undo,
    )
