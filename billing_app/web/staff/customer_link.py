"""What staff do with a customer's link and account, on the customer's page."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.controls import button, copy_button, get_form
from billing_app.web.components.dialogs import confirm_dialog
from billing_app.web.components.icons import ICONS, icon
from billing_app.web.components.layout import panel
from billing_app.web.staff.copy_link import CopyLink
from billing_app.web.staff.customer_link_state import CustomerLinkState as State
from billing_app.web.staff.shell import ShellState


def customer_link_panel() -> rx.Component:
    """Draw the customer's account as it can be looked at and shared."""
    return panel(
        "Customer link",
        rx.el.div(
            rx.el.p(
                "Whoever has the customer link sees all invoices of this customer.",
                class_name="quiet",
            ),
            _link_actions(),
            rx.cond(
                State.link_url,
                rx.fragment(
                    rx.el.p(State.link_url, class_name="link-shown"),
                    rx.el.p(State.short_url, class_name="link-shown"),
                ),
            ),
            class_name="panel-body",
        ),
    )


def new_link_dialog() -> rx.Component:
    return confirm_dialog(
        "Make a new customer link?",
        "The customer link sent so far stops working, and pages open through it close. "
        "Send the new one to the customer. Links to single invoices go on working.",
        dialog_id="new-customer-link",
        keep="Keep the link",
        confirm=button(
            "Make new link", kind="danger", closes=True, on_click=State.new_link
        ),
    )


def revoke_link_dialog() -> rx.Component:
    return confirm_dialog(
        "Revoke the customer link?",
        "The customer link sent so far stops working for good, and pages open through "
        "it close. Links to single invoices go on working.",
        dialog_id="revoke-customer-link",
        keep="Keep the link",
        confirm=button(
            "Revoke link", kind="danger", closes=True, on_click=State.revoke
        ),
    )


def statement_panel(customer_id: rx.Var[int]) -> rx.Component:
    """Offer the account's statement to whoever may export."""
    return rx.cond(ShellState.may["export"], _statement(customer_id))


def _link_actions() -> rx.Component:
    may_manage = ShellState.may["manage_links"]
    copies = CopyLink.create(
        url=State.link_url,
        words="Copy customer link",
        path=ICONS["link"],
        done_path=ICONS["check"],
        on_ask=State.copy_link,
        class_name="button",
    )
    copies_short = copy_button(
        "Copy short link", State.short_url, words="Copy short link"
    )
    renews = button("New customer link", opens="new-customer-link")
    revokes = button(
        "Revoke customer link", kind="quiet-danger", opens="revoke-customer-link"
    )
    return rx.el.div(
        rx.cond(may_manage, rx.fragment(copies, renews)),
        button(
            "Preview as this customer", icon_name="external", on_click=State.preview
        ),
        rx.cond(State.short_url, copies_short),
        rx.cond(may_manage, revokes),
        class_name="panel-actions",
    )


def _statement(customer_id: rx.Var[int]) -> rx.Component:
    base = f"/api/customers/{customer_id}/statement"
    return panel(
        "Statement of account",
        get_form(
            _day("From", "from"),
            _day("To", "to"),
            _file("PDF", f"{base}.pdf"),
            _file("CSV", f"{base}.csv"),
            rx.el.p("This business year, unless days are chosen.", class_name="quiet"),
            action=f"{base}.pdf",
            class_name="panel-body panel-actions",
        ),
    )


def _day(label: str, name: str) -> rx.Component:
    return rx.el.label(
        rx.el.span(label, class_name="field-label"),
        rx.el.input(type="date", name=name, class_name="input"),
    )


def _file(words: str, address: str) -> rx.Component:
    return rx.el.button(
        icon("download"),
        words,
        type="submit",
        class_name="button",
        custom_attrs={"formAction": address},
    )
