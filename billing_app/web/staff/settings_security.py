"""The settings' page for one's own password, codes, browsers and workspaces."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.sign_in import PASSWORD_LENGTH_MIN
from billing_app.web.components.controls import (
    button,
    copy_button,
    field,
    link_button,
    post_form,
    text_input,
)
from billing_app.web.components.dialogs import dialog
from billing_app.web.components.icons import icon
from billing_app.web.staff.settings_frame import form_panel, save_row, settings_page
from billing_app.web.staff.settings_security_state import SecurityState as State
from billing_app.web.staff.shell import ShellState


def page() -> rx.Component:
    return settings_page(
        rx.el.div(_password(), key=f"{State.password_turn}"),
        _codes(),
        _sessions(),
        rx.cond(State.workspaces.length() > 1, _workspaces()),
        rx.cond(ShellState.may["export"], _audit_trail()),
        state=State,
        here="Sign-in and security",
        lead="How you sign in, and where you are signed in.",
        is_loaded=State.version > 0,
        extra=(_password_dialog(),),
    )


def _password() -> rx.Component:
    return form_panel(
        "Password",
        _secret_field("Current password", "current", "current-password"),
        field(
            "New password",
            text_input("password", kind="password", auto_complete="new-password"),
            hint=f"At least {PASSWORD_LENGTH_MIN} characters; a sentence is fine.",
            error=State.errors["password"],
            class_name="span-6",
        ),
        field(
            "New password again",
            text_input("repeated", kind="password", auto_complete="new-password"),
            error=State.errors["repeated"],
            class_name="span-6",
        ),
        on_submit=State.change_password,
        label="Change password",
    )


def _secret_field(label: str, name: str, auto_complete: str) -> rx.Component:
    return field(
        label,
        text_input(name, kind="password", auto_complete=auto_complete),
        error=rx.cond(State.asks == "", State.errors["current"], ""),
    )


def _codes() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h3("Authentication codes"),
            rx.cond(
                State.security.has_totp,
                rx.el.span(icon("paid"), "On", class_name="badge badge-paid"),
                rx.el.span(icon("draft"), "Off", class_name="badge badge-draft"),
            ),
            class_name="panel-head",
        ),
        rx.el.div(
            rx.cond(State.recovery_codes.length() > 0, _recovery_codes()),
            rx.cond(
                State.security.has_totp,
                _codes_on(),
                rx.cond(State.secret, _offer(), _codes_off()),
            ),
            class_name="panel-body stack",
        ),
        class_name="panel",
        aria_label="Authentication codes",
    )


def _codes_off() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "With an authenticator app, a stolen password alone opens nothing.",
            class_name="quiet",
        ),
        rx.el.div(
            button("Set up codes", icon_name="shield", on_click=State.ask("codes-on"))
        ),
    )


def _offer() -> rx.Component:
    return rx.fragment(
        rx.el.p("Scan this with your authenticator app, then type the code it shows."),
        rx.el.div(
            rx.el.img(
                src=State.code_image,
                alt="QR code for the authenticator app",
                class_name="code-image",
            ),
            rx.el.p(
                "Or type this key: ",
                rx.el.code(State.secret_words, class_name="secret"),
                copy_button("Copy key", State.secret),
            ),
            class_name="code-offer",
        ),
        rx.el.form(
            field(
                "Authentication code",
                text_input("code", auto_complete="one-time-code", max_length=10),
                error=State.errors["code"],
            ),
            save_row(
                button("Cancel", kind="quiet", on_click=State.forget_offer),
                label="Turn codes on",
            ),
            on_submit=State.confirm_codes,
        ),
    )


def _codes_on() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "Signing in asks for a code of your app. Recovery codes left: ",
            rx.el.b(State.security.recovery_left),
            ".",
        ),
        rx.el.div(
            button("New recovery codes", on_click=State.ask("recovery")),
            button(
                "Turn codes off", kind="quiet-danger", on_click=State.ask("codes-off")
            ),
        ),
    )


def _recovery_codes() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            "Each of these codes opens your sign-in once, when the app is not at "
            "hand. They are not shown again: print them or keep them in a safe."
        ),
        rx.el.ul(
            rx.foreach(State.recovery_codes, lambda code: rx.el.li(rx.el.code(code))),
            class_name="recovery-codes",
        ),
        copy_button(
            "Copy recovery codes", State.recovery_codes.join("\n"), words="Copy all"
        ),
        class_name="message message-good message-tall",
        role="status",
    )


def _password_dialog() -> rx.Component:
    """Ask for proof before anything changes: the session alone may be stolen."""
    own_password = field(
        "Your password",
        text_input("own_password", kind="password", auto_complete="current-password"),
        error=State.errors["current"],
    )
    own_code = field(
        "Authentication code",
        text_input("own_code", auto_complete="one-time-code", max_length=40),
        hint="From your app, or one of your recovery codes.",
        error=State.errors["code"],
    )
    return dialog(
        rx.match(
            State.asks,
            ("codes-on", "Set up authentication codes"),
            ("codes-off", "Turn codes off?"),
            "Make new recovery codes?",
        ),
        rx.cond(State.asks != "", own_password),
        rx.cond((State.asks != "") & (State.asks != "codes-on"), own_code),
        dialog_id="own-password",
        lead="This shows that it is you, and not somebody at your screen.",
        actions=[
            button("Cancel", closes=True),
            button("Continue", kind="primary", submit=True),
        ],
        on_submit=State.answer,
        open=State.asks != "",
        on_close=State.stop_asking,
    )


def _sessions() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h3("Where you are signed in"),
            rx.el.span(class_name="spacer"),
            post_form(
                button("Sign out everywhere", kind="quiet", small=True, submit=True),
                action="/session/end-everywhere",
            ),
            class_name="panel-head",
        ),
        rx.el.ul(rx.foreach(State.sessions, _session), class_name="plain-list"),
        class_name="panel",
        aria_label="Where you are signed in",
    )


def _session(line: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.el.b(line.browser),
            rx.el.span("Last used ", line.seen, class_name="quiet"),
            class_name="two-lines",
        ),
        rx.cond(
            line.is_here,
            _here(),
            button(
                "Sign out",
                kind="quiet",
                small=True,
                on_click=State.end_session(line.session_id),
                aria_label=f"Sign out {line.browser}, last used {line.seen}",
            ),
        ),
    )


def _here() -> rx.Component:
    """Sign this browser out, too: a phone has no room for that in its frame."""
    leave = button(
        "Sign out",
        kind="quiet",
        small=True,
        submit=True,
        aria_label="Sign out this browser",
    )
    return rx.el.span(
        rx.el.span("This browser", class_name="quiet"),
        post_form(leave, action="/session/end"),
        class_name="row-acts session-here",
    )


def _workspaces() -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h3("Your workspaces"), class_name="panel-head"),
        rx.el.ul(rx.foreach(State.workspaces, _workspace), class_name="plain-list"),
        class_name="panel",
        aria_label="Your workspaces",
    )


def _workspace(line: Any) -> rx.Component:
    return rx.el.li(
        rx.el.b(line.name),
        rx.cond(
            line.is_here,
            rx.el.span("You are here", class_name="quiet"),
            post_form(
                rx.el.input(
                    type="hidden", name="workspace_id", value=line.workspace_id
                ),
                button("Go there", small=True, submit=True),
                action="/session/workspace",
            ),
        ),
    )


def _audit_trail() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h3("Audit trail"),
            rx.el.span(class_name="spacer"),
            link_button(
                "Export audit trail",
                "/api/export/audit-trail.jsonl",
                icon_name="download",
                small=True,
                leaves_app=True,
                download=True,
            ),
            class_name="panel-head",
        ),
        rx.el.div(
            rx.el.p(
                "Who did what and when is sealed every few minutes, each entry with "
                "the one before it, so that a later change shows. Write the last seal "
                "down now and then: it proves everything up to it.",
                class_name="quiet",
            ),
            rx.cond(
                State.trail.entry_count > 0,
                rx.el.p(
                    "Entries sealed: ",
                    rx.el.b(State.trail.entry_count),
                    ". Last seal: ",
                    rx.el.code(State.trail.last_seal, class_name="secret"),
                    " ",
                    copy_button("Copy last seal", State.trail.last_seal),
                ),
                rx.el.p("Nothing is sealed yet."),
            ),
            class_name="panel-body stack",
        ),
        class_name="panel",
        aria_label="Audit trail",
    )
