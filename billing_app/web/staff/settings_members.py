"""The settings' page for people and their roles."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.actors import Role
from billing_app.web.components.controls import (
    button,
    copy_button,
    field,
    select,
    text_input,
)
from billing_app.web.components.dialogs import confirm_dialog, dialog
from billing_app.web.components.tables import Column, data_table
from billing_app.web.staff.settings_frame import settings_page
from billing_app.web.staff.settings_members_state import MembersState as State

_ROLES = (
    (Role.OWNER, "Owner"),
    (Role.ADMIN, "Admin"),
    (Role.ACCOUNTING, "Accounting"),
    (Role.OPERATIONS, "Operations"),
    (Role.VIEWER, "Viewer"),
)
_MEANING = (
    "Viewers look. Operations drafts invoices and customers. Accounting also issues, "
    "shares and records payments. Admins also change settings and people. Owners do "
    "all of it and can't be changed by admins."
)
_COLUMNS = (
    Column("name", "Name", wide=True, phone="title"),
    Column("sign_in", "Sign-in", phone="status"),
    Column("role", "Role", phone="amount"),
    Column("actions", "Actions", label_hidden=True, phone="status-end"),
)


def page() -> rx.Component:
    return settings_page(
        rx.cond(State.welcome, _welcome()),
        rx.el.section(
            rx.el.div(
                rx.el.h3("People"),
                rx.el.span(class_name="spacer"),
                button(
                    "Add member",
                    icon_name="plus",
                    small=True,
                    on_click=State.start_adding,
                ),
                class_name="panel-head",
            ),
            data_table(
                _COLUMNS,
                State.members,
                _cells,
                label="Members",
                row_key=lambda it: it.member_id,
            ),
            class_name="panel",
            aria_label="People",
        ),
        rx.el.p(_MEANING, class_name="quiet"),
        state=State,
        here="People and roles",
        lead="Who works here, and what each may do.",
        is_loaded=State.version > 0,
        extra=(_add_dialog(), _remove_dialog()),
    )


def _welcome() -> rx.Component:
    return rx.el.div(
        rx.el.p(State.welcome),
        rx.cond(
            State.password,
            rx.el.p(
                rx.el.code(State.password, class_name="secret"),
                copy_button("Copy password", State.password),
            ),
        ),
        class_name="message message-good",
        role="status",
    )


def _cells(member: Any) -> list[rx.Component]:
    return [
        rx.el.span(
            rx.el.span(member.name, class_name="truncate"),
            rx.el.span(member.email, class_name="quiet truncate"),
            class_name="two-lines",
        ),
        rx.cond(
            member.waits,
            rx.el.span("Not signed in yet", class_name="quiet"),
            rx.cond(
                member.has_totp,
                rx.el.span("Password and code"),
                rx.el.span("Password", class_name="quiet"),
            ),
        ),
        rx.el.select(
            *(rx.el.option(words, value=role) for role, words in _ROLES),
            default_value=member.role,
            on_change=lambda role: State.change(member.member_id, role),
            key=f"{State.reading}",
            class_name="input",
            aria_label=f"Role of {member.name}",
        ),
        button(
            "Remove",
            kind="quiet",
            small=True,
            on_click=State.ask_to_remove(member.member_id),
            aria_label=f"Remove {member.name}",
        ),
    ]


def _add_dialog() -> rx.Component:
    fields = rx.el.div(
        field(
            "Name",
            text_input("name", auto_complete="off"),
            error=State.errors["name"],
        ),
        field(
            "Email",
            text_input("email", kind="email", auto_complete="off"),
            error=State.errors["email"],
        ),
        field(
            "Role",
            select("role", _ROLES, default_value=Role.ACCOUNTING),
            error=State.errors["role"],
        ),
        class_name="stack",
    )
    return dialog(
        "Add member",
        rx.cond(State.is_adding, fields),
        dialog_id="add-member",
        lead="They get a password for the first sign-in and choose their own there.",
        actions=[
            button("Cancel", closes=True),
            button("Add member", kind="primary", submit=True),
        ],
        on_submit=State.add,
        no_validate=True,
        open=State.is_adding,
        on_close=State.stop_adding,
    )


def _remove_dialog() -> rx.Component:
    return confirm_dialog(
        f"Remove {State.leaving}?",
        "They are signed out at once. What they did stays under their name.",
        dialog_id="remove-member",
        keep="Keep member",
        confirm=button("Remove", kind="danger", on_click=State.remove),
        open=State.leaving_id > 0,
        on_close=State.keep,
    )
