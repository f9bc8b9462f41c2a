"""Every page of the app: its route, its title, what it shows, what it loads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.web.doors import ActingState, PortalState
from billing_app.web.portal import account as portal_account
from billing_app.web.portal import invoice as portal_invoice
from billing_app.web.portal.account_state import PortalAccountState
from billing_app.web.portal.invoice_state import PortalInvoiceState
from billing_app.web.staff import (
    accounting,
    aging,
    credit_notes,
    customer_detail,
    customer_events,
    customers,
    dashboard,
    guest_invoice,
    invoice_detail,
    invoice_editor,
    invoices,
    not_found,
    payments,
    set_up,
    settings_branding,
    settings_business,
    settings_documents,
    settings_export,
    settings_import,
    settings_mail,
    settings_members,
    settings_payments,
    settings_portal,
    settings_products,
    settings_reminders,
    settings_security,
    settings_taxes,
    sign_in,
    sign_in_code,
    sign_in_password,
)
from billing_app.web.staff.aging_state import AgingState
from billing_app.web.staff.conversation_state import ConversationState
from billing_app.web.staff.credit_notes_state import CreditNoteListState
from billing_app.web.staff.customer_detail_state import CustomerDetailState
from billing_app.web.staff.customer_events_state import CustomerEventsState
from billing_app.web.staff.customer_link_state import CustomerLinkState
from billing_app.web.staff.customers_state import CustomersState
from billing_app.web.staff.dashboard_state import DashboardState
from billing_app.web.staff.diagnostics_state import DiagnosticsState
from billing_app.web.staff.guest_invoice_state import GuestInvoiceState
from billing_app.web.staff.invoice_detail_state import InvoiceDetailState
from billing_app.web.staff.invoice_editor_state import InvoiceEditorState
from billing_app.web.staff.invoices_state import InvoicesState
from billing_app.web.staff.not_found import NotFoundState
from billing_app.web.staff.payments_state import PaymentListState
from billing_app.web.staff.settings_branding_state import BrandingState
from billing_app.web.staff.settings_business_state import BusinessState
from billing_app.web.staff.settings_documents_state import DocumentsState
from billing_app.web.staff.settings_export_state import ExportState
from billing_app.web.staff.settings_import_state import ImportState
from billing_app.web.staff.settings_mail_state import MailState
from billing_app.web.staff.settings_members_state import MembersState
from billing_app.web.staff.settings_payments_state import PaymentsState
from billing_app.web.staff.settings_portal_state import PortalSettingsState
from billing_app.web.staff.settings_products_state import ProductsState
from billing_app.web.staff.settings_reminders_state import RemindersState
from billing_app.web.staff.settings_security_state import SecurityState
from billing_app.web.staff.settings_taxes_state import TaxesState
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

    @property
    def on_visit(self) -> list[Any]:
        """The handlers of a visit: a notice belongs to the page where it arose.

        A customer's page leaves them in the step that begins to watch.
        """
        states = dict.fromkeys(handler.state for handler in self.on_load)
        acting = [x for x in states if issubclass(x, ActingState)]
        leaving = [x.leave_notices for x in acting if not issubclass(x, PortalState)]
        return [*leaving, *self.on_load]


_ARRIVE = (SignInState.arrive,)


def _account(route: str) -> Page:
    on_load = (PortalAccountState.watch,)
    return Page(route, portal_account.TITLE, portal_account.page, on_load)


def _invoice(route: str) -> Page:
    on_load = (PortalInvoiceState.watch,)
    return Page(route, portal_invoice.TITLE, portal_invoice.page, on_load)


# By route.
PAGES = (
    _account("/account/[slug]"),
    _invoice("/account/[slug]/[invoice_id]"),
    Page(
        "/accounting",
        "Accounting",
        accounting.page,
        (ShellState.enter, InvoicesState.open, InvoicesState.watch),
    ),
    Page(
        "/accounting/aging",
        "Aging",
        aging.page,
        (ShellState.enter, AgingState.open, AgingState.watch),
    ),
    Page(
        "/accounting/credit-notes",
        "Credit notes",
        credit_notes.page,
        (ShellState.enter, CreditNoteListState.open, CreditNoteListState.watch),
    ),
    Page(
        "/accounting/payments",
        "Payments",
        payments.page,
        (ShellState.enter, PaymentListState.open, PaymentListState.watch),
    ),
    _account("/c/[token]"),
    _invoice("/c/[token]/[invoice_id]"),
    Page(
        "/customers",
        "Customers",
        customers.page,
        (ShellState.enter, CustomersState.open, CustomersState.watch),
    ),
    Page(
        "/customers/[customer_id]",
        "Customer",
        customer_detail.page,
        (
            ShellState.enter,
            CustomerLinkState.forget,
            CustomerDetailState.open,
            CustomerDetailState.watch,
        ),
    ),
    Page(
        "/customers/[customer_id]/events",
        "Events",
        customer_events.page,
        (ShellState.enter, CustomerEventsState.open, CustomerEventsState.watch),
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
        (
            ShellState.enter,
            InvoiceDetailState.open,
            InvoiceDetailState.watch,
            ConversationState.watch,
            DiagnosticsState.watch,
        ),
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
        "/make-invoice",
        "Make an invoice",
        guest_invoice.page,
        (GuestInvoiceState.open,),
    ),
    _invoice("/p/[token]"),
    _account("/p/[token]/account"),
    _invoice("/p/[token]/account/[invoice_id]"),
    Page("/set-up", "Set up", set_up.page, (SignInState.arrive_at_set_up,)),
    Page(
        "/settings",
        "Settings",
        settings_business.page,
        (ShellState.enter, BusinessState.open),
    ),
    Page(
        "/settings/branding",
        "Settings",
        settings_branding.page,
        (ShellState.enter, BrandingState.open),
    ),
    Page(
        "/settings/documents",
        "Settings",
        settings_documents.page,
        (ShellState.enter, DocumentsState.open),
    ),
    Page(
        "/settings/export",
        "Settings",
        settings_export.page,
        (ShellState.enter, ExportState.open),
    ),
    Page(
        "/settings/import",
        "Settings",
        settings_import.page,
        (ShellState.enter, ImportState.open),
    ),
    Page(
        "/settings/mail",
        "Settings",
        settings_mail.page,
        (ShellState.enter, MailState.open),
    ),
    Page(
        "/settings/members",
        "Settings",
        settings_members.page,
        (ShellState.enter, MembersState.open),
    ),
    Page(
        "/settings/payments",
        "Settings",
        settings_payments.page,
        (ShellState.enter, PaymentsState.open),
    ),
    Page(
        "/settings/portal",
        "Settings",
        settings_portal.page,
        (ShellState.enter, PortalSettingsState.open),
    ),
    Page(
        "/settings/products",
        "Settings",
        settings_products.page,
        (ShellState.enter, ProductsState.open),
    ),
    Page(
        "/settings/reminders",
        "Settings",
        settings_reminders.page,
        (ShellState.enter, RemindersState.open),
    ),
    Page(
        "/settings/security",
        "Settings",
        settings_security.page,
        (ShellState.enter, SecurityState.open),
    ),
    Page(
        "/settings/taxes",
        "Settings",
        settings_taxes.page,
        (ShellState.enter, TaxesState.open),
    ),
    Page("/sign-in", "Sign in", sign_in.page, _ARRIVE),
    Page("/sign-in/code", "Enter your code", sign_in_code.page, _ARRIVE),
    Page("/sign-in/password", "Choose your password", sign_in_password.page, _ARRIVE),
    Page("404", "Page not found", not_found.page, (NotFoundState.look,)),
)
