"""Every page of the app: its route, its title, what it shows, what it loads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.web.portal import invoice as portal_invoice
from billing_app.web.portal import not_found
from billing_app.web.portal.invoice_state import PortalInvoiceState
from billing_app.web.staff import (
    accounting,
    customer_detail,
    customers,
    dashboard,
    invoice_detail,
    invoice_editor,
    invoices,
    set_up,
    sign_in,
    sign_in_code,
    sign_in_password,
)
from billing_app.web.staff.accounting_state import AccountingState
from billing_app.web.staff.customer_detail_state import CustomerDetailState
from billing_app.web.staff.customers_state import CustomersState
from billing_app.web.staff.dashboard_state import DashboardState
from billing_app.web.staff.invoice_detail_state import InvoiceDetailState
from billing_app.web.staff.invoice_editor_state import InvoiceEditorState
from billing_app.web.staff.invoices_state import InvoicesState
from billing_app.web.staff.shell import ShellState
from billing_app.web.staff.sign_in_state import SignInState


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the app.

    Attributes:
        on_load: handlers that run in order on each visit and each reconnect.
    """

    route: str
    title: str | rx.Var[str]
    component: Callable[[], rx.Component]
    on_load: tuple[Any, ...] = ()


_ARRIVE = (SignInState.arrive,)

# By route.
PAGES = (
    Page(
        "/accounting",
        "Accounting",
        accounting.page,
        (ShellState.enter, AccountingState.open),
    ),
    Page(
        "/customers",
        "Customers",
        customers.page,
        (ShellState.enter, CustomersState.open),
    ),
    Page(
        "/customers/[customer_id]",
        "Customer",
        customer_detail.page,
        (ShellState.enter, CustomerDetailState.open),
    ),
    Page(
        "/dashboard",
        "Dashboard",
        dashboard.page,
        (ShellState.enter, DashboardState.open, DashboardState.watch),
    ),
    Page(
        "/invoices",
        "Invoices",
        invoices.page,
        (ShellState.enter, InvoicesState.open, InvoicesState.watch),
    ),
    Page(
        "/invoices/[invoice_id]",
        "Invoice",
        invoice_detail.page,
        (ShellState.enter, InvoiceDetailState.open, InvoiceDetailState.watch),
    ),
    Page(
        "/invoices/[invoice_id]/edit",
        "Invoice draft",
        invoice_editor.page,
        (ShellState.enter, InvoiceEditorState.open, InvoiceEditorState.autosave),
    ),
    Page(
        "/invoices/new",
        "New invoice",
        invoice_editor.start_page,
        (ShellState.enter, InvoiceEditorState.start),
    ),
    Page(
        "/p/[token]",
        portal_invoice.TITLE,
        portal_invoice.page,
        (PortalInvoiceState.watch,),
    ),
    Page("/set-up", "Set up", set_up.page, (SignInState.arrive_at_set_up,)),
    Page("/sign-in", "Sign in", sign_in.page, _ARRIVE),
    Page("/sign-in/code", "Enter your code", sign_in_code.page, _ARRIVE),
    Page("/sign-in/password", "Choose your password", sign_in_password.page, _ARRIVE),
    Page("404", "Page not found", not_found.page),
)
