"""The settings' page for bank details and Stripe."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.payability import StripeConnection
from billing_app.domain.payment_reference import ReferenceKind
from billing_app.web.components.controls import (
    button,
    copy_button,
    field,
    select,
    text_input,
)
from billing_app.web.components.dialogs import confirm_dialog
from billing_app.web.components.icons import icon
from billing_app.web.components.layout import message
from billing_app.web.staff.choices import CURRENCIES, currency_choices
from billing_app.web.staff.settings_frame import rows_error, save_row, settings_page
from billing_app.web.staff.settings_payments_state import PaymentsState as State

_DISCONNECT = "disconnect-stripe"
_REFERENCES = (
    (ReferenceKind.NUMBER, "The invoice number"),
    (ReferenceKind.RF, "Creditor reference (RF), made from the number"),
    (ReferenceKind.QR, "Swiss QR reference, for a QR-IBAN"),
)


def page() -> rx.Component:
    return settings_page(
        _bank(),
        _stripe(),
        state=State,
        here="Payments",
        lead="How customers pay: by transfer, online, or both.",
        is_loaded=State.version > 0,
        extra=(_disconnect_dialog(),),
    )


def _bank() -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h3("Bank transfer"), class_name="panel-head"),
        _accounts(),
        rx.el.form(
            rx.cond(
                State.page.qr_bill_gap, message(State.page.qr_bill_gap, tone="warn")
            ),
            rx.el.p(
                rx.cond(
                    State.page.currency,
                    f"Shown in the portal and on invoices in {State.page.currency}. "
                    "Empty it to remove this account.",
                    "Shown in the portal and on each invoice.",
                ),
                class_name="quiet",
            ),
            rx.el.div(
                field(
                    "IBAN",
                    text_input(
                        "iban", default_value=State.page.iban, auto_complete="off"
                    ),
                    hint=rx.cond(
                        State.page.is_qr_iban,
                        "A QR-IBAN. It takes payments with a QR reference only.",
                        "Printed on invoices, and made into the code that banking "
                        "apps scan.",
                    ),
                    error=State.errors["iban"],
                    class_name="span-6",
                ),
                field(
                    "Reference of a transfer",
                    select(
                        "reference_kind",
                        _REFERENCES,
                        default_value=State.page.reference_kind,
                    ),
                    hint="With check digits, banks and the search find the invoice.",
                    error=State.errors["reference_kind"],
                    class_name="span-6",
                ),
                class_name="form-grid",
            ),
            rx.el.fieldset(
                rx.el.legend("Further details", class_name="field-label"),
                rx.foreach(State.rows, _bank_row),
                rows_error(State.errors["rows"]),
                class_name="bank-rows",
            ),
            save_row(
                button(
                    "Add row", kind="quiet", icon_name="plus", on_click=State.add_row
                )
            ),
            on_submit=State.save_bank,
            class_name="panel-body stack",
        ),
        _another_account(),
        class_name="panel",
        aria_label="Bank transfer",
    )


def _accounts() -> rx.Component:
    """Draw which account is shown, once there are several."""

    def tab(code: Any, words: Any) -> rx.Component:
        return rx.el.button(
            words,
            type="button",
            class_name="button button-small",
            aria_pressed=State.page.currency == code,
            on_click=State.choose_currency(code),
        )

    return rx.cond(
        State.page.currencies.length() > 0,
        rx.el.div(
            rx.el.div(
                tab("", "All other currencies"),
                rx.foreach(State.page.currencies, lambda code: tab(code, code)),
                class_name="button-group",
                role="group",
                aria_label="Account of which currency",
            ),
            class_name="panel-body",
        ),
    )


def _another_account() -> rx.Component:
    """Draw the way to an account for another currency."""
    return rx.el.form(
        field(
            "Another account for invoices in",
            rx.el.div(
                text_input(
                    "currency",
                    max_length=3,
                    placeholder="USD",
                    auto_complete="off",
                    custom_attrs=CURRENCIES,
                ),
                button("Add account", submit=True),
                class_name="bank-account-new",
            ),
            error=State.errors["currency"],
        ),
        currency_choices(),
        on_submit=State.add_currency,
        reset_on_submit=True,
        class_name="panel-body bank-accounts",
    )


def _bank_row(row: Any, place: Any) -> rx.Component:
    return rx.el.div(
        rx.el.input(
            name=f"label-{place}",
            default_value=row[0],
            placeholder="Name, such as BIC",
            class_name="input",
            aria_label=f"Name {place + 1}",
        ),
        rx.el.input(
            name=f"value-{place}",
            default_value=row[1],
            placeholder="What customers copy",
            class_name="input",
            aria_label=f"Value {place + 1}",
        ),
        class_name="bank-row",
    )


def _stripe() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h3("Stripe"),
            _connection(),
            rx.el.span(class_name="spacer"),
            rx.cond(
                State.stripe.secret_key_last4,
                rx.fragment(
                    button(
                        "Test", small=True, on_click=State.test, busy=State.is_asking
                    ),
                    button(
                        "Disconnect", kind="quiet-danger", small=True, opens=_DISCONNECT
                    ),
                ),
            ),
            class_name="panel-head",
        ),
        rx.el.form(
            rx.cond(State.stripe.problem, message(State.stripe.problem, tone="warn")),
            _facts(),
            rx.el.div(*_keys(), class_name="form-grid"),
            save_row(label="Save and test"),
            on_submit=State.connect,
            class_name="panel-body stack",
        ),
        class_name="panel",
        aria_label="Stripe",
    )


def _connection() -> rx.Component:
    badge = rx.match(
        State.stripe.state,
        (
            StripeConnection.ACTIVE,
            rx.el.span(icon("paid"), "Active", class_name="badge badge-paid"),
        ),
        (
            StripeConnection.INCOMPLETE,
            rx.el.span(icon("alert"), "Setup incomplete", class_name="badge warn"),
        ),
        rx.el.span(icon("draft"), "Not connected", class_name="badge badge-draft"),
    )
    return rx.fragment(badge)


def _facts() -> rx.Component:
    stripe = State.stripe
    return rx.el.dl(
        rx.el.dt("Webhook address"),
        rx.el.dd(
            rx.el.code(State.webhook_url),
            copy_button("Copy webhook address", State.webhook_url),
        ),
        rx.cond(
            stripe.account_id,
            rx.fragment(
                rx.el.dt("Account"),
                rx.el.dd(
                    stripe.account_id,
                    rx.cond(stripe.is_livemode, ", live", ", test mode"),
                ),
            ),
        ),
        class_name="facts facts-bare",
    )


def _keys() -> list[rx.Component]:
    return [
        field(
            "Secret key",
            text_input("secret_key", kind="password", auto_complete="off"),
            hint=_stored(
                State.stripe.secret_key_last4,
                "Starts with sk_ or rk_. Stored encrypted.",
            ),
            error=State.errors["secret_key"],
            class_name="span-6",
        ),
        field(
            "Signing secret",
            text_input("webhook_secret", kind="password", auto_complete="off"),
            hint=_stored(
                State.stripe.webhook_secret_last4,
                "Of the webhook endpoint; starts with whsec_.",
            ),
            error=State.errors["webhook_secret"],
            class_name="span-6",
        ),
        field(
            "Publishable key",
            text_input(
                "publishable_key",
                default_value=State.stripe.publishable_key,
                key=State.stripe.publishable_key,
                auto_complete="off",
            ),
            hint="Starts with pk_. Lets customers type in the card on the invoice "
            "itself; without it they pay on Stripe's page.",
            error=State.errors["publishable_key"],
            class_name="span-12",
        ),
    ]


def _stored(last4: rx.Var[str], otherwise: str) -> rx.Var[str]:
    return rx.cond(last4, f"Stored: •••• {last4}. Empty keeps it.", otherwise)


def _disconnect_dialog() -> rx.Component:
    return confirm_dialog(
        "Disconnect Stripe?",
        "Its keys are deleted. Customers can't pay online until they are entered "
        "again; payments already made stay.",
        dialog_id=_DISCONNECT,
        keep="Keep connection",
        confirm=button(
            "Disconnect",
            kind="danger",
            closes=True,
            on_click=State.disconnect,
        ),
    )
