"""The settings' page for the mail server and a test of it."""

from __future__ import annotations

import reflex as rx

from billing_app.domain.mail_settings import MailSecurity
from billing_app.domain.portal_settings import MailFiles
from billing_app.domain.portal_words import MAIL_FILES
from billing_app.web.components.controls import (
    checkbox,
    field,
    link,
    select,
    text_input,
)
from billing_app.web.components.layout import message
from billing_app.web.staff.settings_frame import form_panel, settings_page
from billing_app.web.staff.settings_mail_state import MailState as State

_SECURITY = (
    (MailSecurity.STARTTLS, "STARTTLS, usually port 587"),
    (MailSecurity.TLS, "TLS, usually port 465"),
    (MailSecurity.NONE, "None, only inside your own network"),
)


def page() -> rx.Component:
    return settings_page(
        rx.cond(State.keeps_mail, _kept(), rx.fragment()),
        form_panel("What mails bring along", *_files(), on_submit=State.save_files),
        form_panel("Mail server", *_server(), on_submit=State.save),
        form_panel(
            "Test",
            field(
                "Send a test mail to",
                text_input("to", kind="email", default_value=State.to),
                error=State.errors["to"],
                class_name="span-8",
            ),
            rx.el.div(_outcome(), custom_attrs={"aria-live": "polite"}),
            on_submit=State.send_test,
            label="Send test mail",
            kind="plain",
        ),
        state=State,
        here="Mail",
        lead="Without a server of its own, the workspace uses the installation's.",
        is_loaded=State.version > 0,
    )


def _kept() -> rx.Component:
    return message(
        "No mail server is set up: mail is kept as files in the mailbox folder of the "
        "data folder and reaches nobody. Name one below, or set SMTP_URL for the whole "
        "installation.",
        tone="warn",
        icon_name="warning",
    )


def _files() -> list[rx.Component]:
    return [
        field(
            MAIL_FILES.label,
            select(
                MAIL_FILES.key,
                MAIL_FILES.choices,
                default_value=State.page.files,
            ),
            hint="With the mail about an invoice, a credit note or a receipt.",
            error=State.errors[MAIL_FILES.key],
            class_name="span-6",
        ),
        rx.el.div(
            rx.el.p(
                "A link shows you whether it was seen, and always leads to what is "
                "still to pay; a file does neither. Customers get the files that they "
                "could download: the XML only where the invoice can be an e-invoice, "
                "and above 7 MB the link alone.",
                class_name="field-hint",
            ),
            rx.cond(
                State.differing != "",
                rx.el.p(State.differing, class_name="field-hint"),
            ),
            class_name="span-12",
        ),
        rx.cond(
            ~State.page.shows_pdf & (State.page.files != MailFiles.LINK),
            rx.el.div(
                message(
                    rx.el.span(
                        "The portal shows customers no PDF, so mails leave with the "
                        "link alone. ",
                        link("Change that under Portal", href="/settings/portal"),
                        ".",
                    ),
                    tone="warn",
                    icon_name="warning",
                ),
                class_name="span-12",
            ),
        ),
    ]


def _server() -> list[rx.Component]:
    mail = State.page.settings
    return [
        field(
            "Server",
            text_input("host", default_value=mail.host, auto_complete="off"),
            hint="Like mail.example.com. Empty for the installation's.",
            error=State.errors["host"],
            class_name="span-8",
        ),
        field(
            "Port",
            text_input("port", numeric=True, default_value=mail.port),
            error=State.errors["port"],
            class_name="span-4",
        ),
        field(
            "Encryption",
            select("security", _SECURITY, default_value=mail.security),
            error=State.errors["security"],
            class_name="span-6",
        ),
        field(
            "User",
            text_input("user", default_value=mail.user, auto_complete="off"),
            error=State.errors["user"],
            class_name="span-6",
        ),
        field(
            "Password",
            text_input("password", kind="password", auto_complete="new-password"),
            hint=rx.cond(
                State.page.has_password,
                "One is stored, encrypted. Empty keeps it.",
                "Stored encrypted.",
            ),
            error=State.errors["password"],
            class_name="span-6",
        ),
        field(
            "From",
            text_input("sender", kind="email", default_value=mail.sender),
            hint="The address this server may send for.",
            error=State.errors["sender"],
            class_name="span-6",
        ),
        field(
            "Reply to",
            text_input("reply_to", kind="email", default_value=mail.reply_to),
            hint="Empty for the business's address.",
            error=State.errors["reply_to"],
            class_name="span-6",
        ),
        rx.el.div(
            checkbox(
                "sends_copies",
                "Further contacts of a customer get a copy",
                default_checked=mail.sends_copies,
            ),
            class_name="span-6 form-end",
        ),
    ]


def _outcome() -> rx.Component:
    said = rx.match(
        State.test,
        ("waiting", message("On its way…", icon_name="processing")),
        ("sent", message("Sent. Look into the mailbox.", tone="good")),
        (
            "kept",
            message(
                "Kept in the mailbox, not sent: no mail server is set up.",
                tone="warn",
                icon_name="warning",
            ),
        ),
        (
            "failed",
            message(
                rx.cond(State.test_problem, State.test_problem, "It failed."),
                tone="bad",
            ),
        ),
        rx.fragment(),
    )
    return rx.fragment(said)
