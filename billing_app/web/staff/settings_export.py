"""The settings' page where an owner takes all of the workspace along."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.controls import button, link_button
from billing_app.web.staff.settings_export_state import ExportState as State
from billing_app.web.staff.settings_frame import settings_page


def page() -> rx.Component:
    return settings_page(
        _everything(),
        _what_is_left_out(),
        state=State,
        here="Export",
        lead="Take everything along: to keep it, or to leave.",
        is_loaded=State.version > 0,
    )


def _everything() -> rx.Component:
    return _panel(
        "All of this workspace",
        rx.el.p(State.contents),
        rx.el.p(
            "One zip file: sheets for people, all data for machines, and each document "
            "as it was issued. Another Tallyport reads it in, to the same totals.",
            class_name="quiet",
        ),
        rx.cond(
            State.problem,
            rx.el.p(State.problem, class_name="message message-bad", role="status"),
        ),
        rx.cond(
            State.is_working,
            _progress(),
            rx.cond(State.href, _made(), rx.el.div(_start("Make the file", "primary"))),
        ),
    )


def _start(label: str, kind: str) -> rx.Component:
    return button(label, kind=kind, on_click=State.start)


def _progress() -> rx.Component:
    return rx.el.div(
        rx.el.progress(value=State.done, max=State.whole, aria_label="Written so far"),
        rx.el.p(State.progress, class_name="quiet figures"),
        class_name="import-progress",
    )


def _made() -> rx.Component:
    return rx.el.div(
        rx.el.p(State.made, role="status"),
        rx.el.div(
            link_button(
                "Download",
                State.href,
                kind="primary",
                icon_name="download",
                leaves_app=True,
                download=True,
            ),
            _start("Make it anew", "quiet"),
            class_name="import-actions",
        ),
        class_name="stack",
    )


def _what_is_left_out() -> rx.Component:
    return _panel(
        "What is not in it",
        rx.el.p(
            "Passwords, sessions, portal links, keys of Stripe and the password of the "
            "mail server. Whoever gets the file reads all your business, and gets in "
            "nowhere. The audit trail says that you made it."
        ),
    )


def _panel(title: str, *content: rx.Component) -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h3(title), class_name="panel-head"),
        rx.el.div(*content, class_name="panel-body stack"),
        class_name="panel",
        aria_label=title,
    )
