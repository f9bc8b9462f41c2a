"""The settings' page for what customers see and may do."""

from __future__ import annotations

import reflex as rx

from billing_app.domain.payability import StripeConnection
from billing_app.domain.portal_settings import LinkExpiry, PaymentMode
from billing_app.web.components.controls import (
    field,
    link,
    select,
    switch,
    text_area,
    text_input,
)
from billing_app.web.components.layout import message
from billing_app.web.staff.settings_frame import save_row, setting, settings_page
from billing_app.web.staff.settings_portal_state import PortalSettingsState as State

_PAYMENT = (
    (PaymentMode.ONLINE, "Online and instructions"),
    (PaymentMode.INSTRUCTIONS, "Instructions only"),
    (PaymentMode.OFF, "Off"),
)
_EXPIRY = (
    (LinkExpiry.NEVER, "Never"),
    (LinkExpiry.AFTER_DAYS, "Days after they are made"),
    (LinkExpiry.AFTER_DUE, "Days after the due date"),
)
_ROW = "setting-field"


def page() -> rx.Component:
    return settings_page(
        rx.el.form(
            _section("Access and visibility", *_access()),
            _section("Payment", *_payment()),
            _section("Words", *_words()),
            save_row(),
            on_submit=State.save,
            class_name="stack",
        ),
        state=State,
        here="Portal",
        lead="What customers can see and do.",
        is_loaded=State.version > 0,
    )


def _access() -> list[rx.Component]:
    portal = State.page.settings
    return [
        setting(
            "Portal",
            "Off shows “Portal not available” on every link. Nothing is deleted.",
            switch("is_on", "Portal", default_checked=portal.is_on),
        ),
        setting(
            "Invoices",
            "Off hides every invoice while the portal itself stays on.",
            switch("shows_invoices", "Invoices", default_checked=portal.shows_invoices),
        ),
        setting(
            "PDF",
            "Offers the PDF view and the download.",
            switch("shows_pdf", "PDF", default_checked=portal.shows_pdf),
        ),
        setting(
            "Links expire",
            "For new links. Expired and unknown links look the same.",
            _named(
                "Links expire",
                select(
                    "link_expiry",
                    _EXPIRY,
                    default_value=portal.link_expiry,
                    on_change=State.choose_expiry,
                ),
                "link_expiry",
            ),
            rx.el.div(
                _named(
                    "Days",
                    text_input(
                        "link_expiry_days",
                        numeric=True,
                        default_value=portal.link_expiry_days,
                    ),
                    "link_expiry_days",
                ),
                hidden=State.expiry == LinkExpiry.NEVER,
                class_name=_ROW,
            ),
        ),
    ]


def _payment() -> list[rx.Component]:
    portal = State.page.settings
    return [
        setting(
            "Paying in the portal",
            "Online falls back to the instructions while Stripe is not connected.",
            _named(
                "Paying in the portal",
                select("payment", _PAYMENT, default_value=portal.payment),
                "payment",
            ),
        ),
        rx.cond(
            State.page.stripe != StripeConnection.ACTIVE,
            rx.el.div(
                message(
                    rx.el.span(
                        "Stripe: ",
                        State.page.stripe,
                        ". ",
                        link("Connect it under Payments", href="/settings/payments"),
                        ".",
                    ),
                    tone="warn",
                    icon_name="alert",
                ),
            ),
        ),
        setting(
            "Part payment",
            "Customers may pay less than what is outstanding.",
            switch(
                "allows_partial", "Part payment", default_checked=portal.allows_partial
            ),
        ),
        setting(
            "Least part payment",
            rx.el.span(
                "In ", State.page.currency, ", for such invoices. Empty for none."
            ),
            _named(
                "Least part payment",
                text_input("minimum", numeric=True, default_value=State.page.minimum),
                "minimum",
            ),
        ),
    ]


def _words() -> list[rx.Component]:
    portal = State.page.settings
    return [
        setting(
            "Welcome",
            "Stands above each invoice; plain text.",
            _named(
                "Welcome",
                text_area("welcome", rows=3, default_value=portal.welcome),
                "welcome",
            ),
        ),
        setting(
            "Badge",
            "“Powered by Tallyport” at the foot of the portal.",
            switch("shows_badge", "Badge", default_checked=portal.shows_badge),
        ),
    ]


def _section(title: str, *rows: rx.Component) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2(title, class_name="settings-title"), class_name="section-head"
        ),
        *rows,
        aria_label=title,
    )


def _named(label: str, control: rx.Component, name: str) -> rx.Component:
    """Name a control for screen readers: the row beside it shows the words."""
    return field(label, control, error=State.errors[name], label_hidden=True)
