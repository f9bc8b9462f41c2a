"""The settings' page for what customers see and may do."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.payability import StripeConnection
from billing_app.domain.portal_words import SECTIONS, Kind, Question
from billing_app.web.components.controls import (
    button,
    field,
    link,
    select,
    switch,
    text_area,
    text_input,
)
from billing_app.web.components.dialogs import dialog
from billing_app.web.components.layout import message
from billing_app.web.components.tables import Column, data_table
from billing_app.web.staff.settings_frame import save_row, setting, settings_page
from billing_app.web.staff.settings_portal_state import (
    DECISIVE,
    DifferenceLine,
    ProfileLine,
)
from billing_app.web.staff.settings_portal_state import PortalSettingsState as State

_DIFFERENCES = (
    Column("label", "Setting", wide=True, phone="title"),
    Column("now", "Now", phone="under"),
    Column("then", "Then", phone="amount"),
)
# A phone draws no heads of columns.
_NOW = rx.el.span("Now:\u00a0", class_name="only-card")
_THEN = rx.el.span("then\u00a0", class_name="only-card quiet")


def page() -> rx.Component:
    return settings_page(
        _profiles(),
        rx.el.form(
            *(_section(title, questions) for title, questions in SECTIONS),
            save_row(),
            on_submit=State.save,
            class_name="stack settings-long",
        ),
        state=State,
        here="Portal",
        lead="What customers can see and do.",
        is_loaded=State.version > 0,
        on_undo=State.undo,
        extra=(_profile_dialog(),),
    )


def _profiles() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Profiles", class_name="settings-title"), class_name="section-head"
        ),
        rx.el.p(
            "Answers every question below for one way of working. You see what would "
            "change first, and can take it back.",
            class_name="settings-lead",
        ),
        rx.el.ul(rx.foreach(State.profiles, _profile), class_name="profile-list"),
        aria_label="Profiles",
    )


def _profile(it: rx.vars.ObjectVar[ProfileLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.h3(
                it.name,
                rx.cond(it.mark != "", rx.el.span(it.mark, class_name="profile-mark")),
            ),
            rx.el.p(it.for_whom, class_name="setting-hint"),
        ),
        button(
            "See what changes",
            small=True,
            on_click=State.compare(it.key),
            aria_label=f"See what {it.name} changes",
        ),
        class_name="setting",
    )


def _profile_dialog() -> rx.Component:
    table = data_table(
        _DIFFERENCES,
        State.differences,
        _difference,
        row_key=lambda it: it.label,
        label="What changes",
    )
    same = rx.el.p("All settings are like that already.", class_name="quiet")
    return dialog(
        "Use “" + State.wanted_name + "”?",
        rx.cond(State.differences.length() > 0, table, same),
        dialog_id="use-profile",
        lead="Words of your own, the least part payment and the portal's main "
        "switches stay. Open pages of customers change at once.",
        actions=[
            button("Cancel", closes=True),
            button("Use this profile", kind="primary", on_click=State.use_profile),
        ],
        open=State.wanted != "",
        on_close=State.forget_profile,
        width="640px",
    )


def _difference(it: rx.vars.ObjectVar[DifferenceLine]) -> list[Any]:
    return [
        it.label,
        rx.el.span(_NOW, it.now, class_name="secondary"),
        rx.el.span(_THEN, it.then, class_name="medium"),
    ]


def _section(title: str, questions: tuple[Question, ...]) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2(title, class_name="settings-title"), class_name="section-head"
        ),
        *(_question(it) for it in questions),
        *([_stripe_message()] if title == "Paying" else []),
        *([_warning()] if any(it.key == "write_auth" for it in questions) else []),
        aria_label=title,
    )


def _question(it: Question) -> rx.Component:
    row = setting(it.label, it.help, _control(it), origin=_origin(it.key))
    if it.needs is None:
        return row
    key, answers = it.needs
    now = State.chosen[key]
    matters = now == answers[0]
    for answer in answers[1:]:
        matters = matters | (now == answer)
    return rx.el.div(row, hidden=~matters)


def _origin(key: str) -> rx.Component:
    """Say what was changed here, from what, and who answers differently."""
    origin = State.origins[key]
    return rx.el.p(
        rx.cond(
            origin.delivered != "",
            rx.fragment(
                rx.el.span("Changed", class_name="origin-changed"),
                rx.el.span(f"Default: {origin.delivered}"),
            ),
        ),
        rx.cond(origin.differing != "", rx.el.span(origin.differing)),
        class_name="origin",
    )


def _control(it: Question) -> rx.Component:
    stored = getattr(State.page.settings, it.key)
    if it.kind == Kind.SWITCH:
        decides = (
            {"on_change": lambda on: State.turn_switch(it.key, on)}
            if it.key in DECISIVE
            else {}
        )
        return switch(it.key, it.label, default_checked=stored, **decides)
    if it.kind == Kind.CHOICE:
        decides = (
            {"on_change": lambda answer: State.choose(it.key, answer)}
            if it.key in DECISIVE
            else {}
        )
        control = select(it.key, it.choices, default_value=stored, **decides)
    elif it.kind == Kind.TEXT:
        control = text_area(it.key, rows=3, default_value=stored)
    elif it.kind == Kind.MONEY:
        control = text_input(it.key, numeric=True, default_value=State.page.minimum)
    else:
        control = text_input(it.key, numeric=True, default_value=stored)
    # The row beside it shows the words; this names it for screen readers.
    return field(it.label, control, error=State.errors[it.key], label_hidden=True)


def _warning() -> rx.Component:
    words = State.page.warning
    return rx.el.div(
        rx.cond(words, message(words, tone="warn", icon_name="alert")), role="status"
    )


def _stripe_message() -> rx.Component:
    return rx.cond(
        State.page.stripe != StripeConnection.ACTIVE,
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
    )
