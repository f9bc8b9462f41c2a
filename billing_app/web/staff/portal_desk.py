"""The panels about the portal on a customer's and on an invoice's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx

from billing_app.web.components.controls import (
    button,
    checkbox,
    field,
    select,
    text_input,
)
from billing_app.web.components.dialogs import confirm_dialog, dialog
from billing_app.web.components.icons import icon
from billing_app.web.components.layout import message, panel
from billing_app.web.staff.portal_desk_state import (
    AppLine,
    ContactLine,
    PowerLine,
    RuleLine,
    RungLine,
    SessionLine,
)
from billing_app.web.staff.shell import ShellState

_KINDS = (
    ("to", "Gets the mail"),
    ("cc", "Gets a copy"),
    ("none", "No mail"),
)


def portal_panel(
    state: Any,
    title: str,
    *above: rx.Component,
    may: str,
    below: Sequence[rx.Component] = (),
) -> rx.Component:
    """Fold up what the portal does here: its settings, and what each way in can do.

    The settings are those that can differ: what holds, and who decided it.
    """
    return panel(
        title,
        *above,
        rx.cond(
            state.rules_warning,
            rx.el.div(
                message(state.rules_warning, tone="warn", icon_name="alert"),
                class_name="panel-body",
            ),
        ),
        rx.el.details(
            rx.el.summary(state.rules_words),
            rx.el.ul(
                rx.foreach(state.rules, lambda it: _rule(state, it, may)),
                class_name="desk-rows",
                key=state.rules_turn.to_string(),
            ),
            class_name="desk-fold",
        ),
        rx.el.details(
            rx.el.summary("What this link can do"),
            rx.el.div(
                rx.foreach(state.rungs, _rung), class_name="panel-body desk-rungs"
            ),
            class_name="desk-fold",
        ),
        *below,
        is_printed=False,
    )


def access_switch(state: Any) -> rx.Component:
    """Close the portal to one customer, or open it again."""
    closed_for_all = message(
        "The portal is switched off for everybody in Settings.", tone="warn"
    )
    words = rx.cond(
        state.is_portal_on,
        "This customer's links and sessions work.",
        "Closed: every link of this customer shows “Portal not available”.",
    )
    switch = rx.cond(
        state.is_portal_on,
        button("Turn access off", small=True, on_click=state.switch_portal(False)),
        button(
            "Turn access on",
            small=True,
            kind="primary",
            on_click=state.switch_portal(True),
        ),
    )
    return rx.el.div(
        rx.cond(
            state.is_portal_on_for_all,
            rx.el.div(
                rx.el.p(words),
                rx.cond(ShellState.may["edit_customer"], switch),
                class_name="desk-access",
            ),
            closed_for_all,
        ),
        class_name="panel-body",
    )


def contacts_panel(state: Any) -> rx.Component:
    """List the further people at a customer, with their rights."""
    none = rx.el.p(
        "Nobody besides the address above, which may do everything.",
        class_name="panel-body quiet",
    )
    some = rx.el.ul(
        rx.foreach(state.contacts, lambda it: _contact(state, it)),
        class_name="desk-rows",
    )
    add = button("Add contact", small=True, on_click=state.start_contact)
    return panel(
        "Contacts",
        rx.cond(state.contacts.length() > 0, some, none),
        rx.foreach(
            state.refusals, lambda words: rx.el.p(words, class_name="panel-body quiet")
        ),
        aside=[rx.cond(ShellState.may["edit_customer"], add)],
    )


def sessions_panel(state: Any) -> rx.Component:
    """List the customer's browsers that are signed in, and authenticator apps."""
    none = rx.el.p("Nobody is signed in.", class_name="panel-body quiet")
    some = rx.el.ul(
        rx.foreach(state.sessions, lambda it: _session(state, it)),
        class_name="desk-rows",
    )
    apps = rx.el.ul(
        rx.foreach(state.apps, lambda it: _app(state, it)), class_name="desk-rows"
    )
    return panel(
        "Sessions",
        rx.cond(state.sessions.length() > 0, some, none),
        rx.cond(state.apps.length() > 0, apps),
    )


def contact_dialog(state: Any) -> rx.Component:
    it, errors = state.contact_form, state.contact_errors
    remove = rx.cond(
        state.is_contact_new,
        rx.fragment(),
        button("Remove", kind="danger", on_click=state.remove_contact),
    )
    return dialog(
        rx.cond(state.is_contact_new, "Add contact", "Edit contact"),
        field(
            "Name",
            text_input("name", default_value=it.name),
            field_id="contact-name",
            error=errors["name"],
        ),
        field(
            "Email",
            text_input("email", kind="email", default_value=it.email),
            field_id="contact-email",
            error=errors["email"],
        ),
        field(
            "Mail", select("kind", _KINDS, default_value=it.kind), error=errors["kind"]
        ),
        checkbox("may_pay", "Can pay", default_checked=it.may_pay),
        rx.el.p(
            "Without it they only look, on every page, once they have confirmed this "
            "address. The bare link of an invoice still pays, for whoever has it.",
            class_name="field-hint check-hint",
        ),
        checkbox(
            "may_see_all",
            "Can see all invoices after signing in",
            default_checked=it.may_see_all,
        ),
        rx.el.p(
            "Without it a code by mail opens no list, only the invoice it was asked "
            "on. It is also what writing needs where customers have to sign in for it.",
            class_name="field-hint check-hint",
        ),
        dialog_id="contact",
        actions=[
            remove,
            button("Cancel", closes=True),
            button("Save", kind="primary", submit=True),
        ],
        on_submit=state.save_contact,
        open=state.is_contact_open,
        on_close=state.stop_contact,
        no_validate=True,
        key=state.contact_turn.to_string(),
    )


def reset_app_dialog(state: Any) -> rx.Component:
    return confirm_dialog(
        "Reset the authenticator app?",
        f"{state.resetting} sets up a new one with the next code by mail. The old app "
        "stops working, and pages it opened close.",
        dialog_id="reset-app",
        keep="Keep the app",
        confirm=button(
            "Reset app", kind="danger", on_click=state.reset_app(state.resetting)
        ),
        open=state.resetting != "",
        on_close=state.stop_resetting,
    )


def _rule(state: Any, it: rx.vars.ObjectVar[RuleLine], may: str) -> rx.Component:
    typed = text_input(
        it.key,
        numeric=True,
        default_value=it.own,
        placeholder=it.followed,
        on_blur=lambda typed: state.answer_rule(it.key, typed),
        aria_label=it.label,
    )
    chosen = select(
        it.key,
        it.options,
        default_value=it.own,
        on_change=lambda answer: state.answer_rule(it.key, answer),
        aria_label=it.label,
    )
    return rx.el.li(
        rx.el.div(
            rx.el.b(it.label),
            rx.el.span(it.words),
            rx.el.small(it.why, class_name=rx.cond(it.is_own, "medium", "quiet")),
        ),
        rx.cond(ShellState.may[may], rx.cond(it.is_typed, typed, chosen)),
        # Drawn anew when somebody else has answered meanwhile.
        key=it.key.to(str) + ":" + it.own.to(str),
        class_name="desk-rule",
    )


def _rung(it: rx.vars.ObjectVar[RungLine]) -> rx.Component:
    return rx.el.details(
        rx.el.summary(it.name),
        rx.el.p(it.holder, class_name="quiet"),
        rx.el.ul(rx.foreach(it.powers, _power)),
    )


def _power(it: rx.vars.ObjectVar[PowerLine]) -> rx.Component:
    return rx.cond(
        it.is_given,
        rx.el.li(icon("check", 14), rx.el.span(it.words)),
        rx.el.li(
            icon("close", 14),
            rx.el.span(rx.el.span("Not: ", class_name="visually-hidden"), it.words),
            class_name="quiet",
        ),
    )


def _contact(state: Any, it: rx.vars.ObjectVar[ContactLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.b(it.name),
            rx.el.span(it.email),
            rx.el.small(it.mail, ", ", it.rights, class_name="quiet"),
        ),
        rx.cond(
            ShellState.may["edit_customer"],
            button(
                "Edit",
                small=True,
                kind="quiet",
                on_click=state.edit_contact(it.id),
                aria_label=rx.Var.create("Edit contact ") + it.name.to(str),
            ),
        ),
    )


def _session(state: Any, it: rx.vars.ObjectVar[SessionLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.b(it.email),
            rx.el.span(it.scope, ", ", it.agent),
            rx.el.small(it.seen, class_name="quiet"),
        ),
        rx.cond(
            ShellState.may["manage_links"],
            button(
                "End",
                small=True,
                on_click=state.end_session(it.id),
                aria_label=rx.Var.create("End the session of ") + it.email.to(str),
            ),
        ),
    )


def _app(state: Any, it: rx.vars.ObjectVar[AppLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.b(it.email),
            rx.el.span("Authenticator app"),
            rx.el.small(it.since, class_name="quiet"),
        ),
        rx.cond(
            ShellState.may["manage_links"],
            button(
                "Reset app",
                small=True,
                on_click=state.start_resetting(it.email),
                aria_label=rx.Var.create("Reset the authenticator app of ")
                + it.email.to(str),
            ),
        ),
    )
