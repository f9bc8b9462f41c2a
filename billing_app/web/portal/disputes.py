"""The part of an invoice's page where a customer says that something is wrong.

`documents/templates/portal_disputes.html` paints the same; change both.
"""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.dispute import REASON_LENGTH_MAX
from billing_app.web.components.badges import status_badge
from billing_app.web.components.controls import (
    button,
    field,
    link,
    money_input,
    text_area,
)
from billing_app.web.components.dialogs import dialog
from billing_app.web.components.layout import message
from billing_app.web.portal.disputes_state import PortalDisputeState as State
from billing_app.web.portal.invoice_state import PortalInvoiceState
from billing_app.web.portal.thread import dispute_thread
from billing_app.web.words import worded

DIALOG_ID = "dispute"


def section() -> rx.Component:
    part = PortalInvoiceState.invoice.disputes
    return rx.cond(
        part.is_shown,
        rx.el.section(
            rx.el.div(
                rx.el.h2(worded("Disputes"), id="disputes-title"),
                rx.cond(
                    part.can_open,
                    button(
                        worded("Dispute"), icon_name="disputed", on_click=State.start
                    ),
                ),
                class_name="section-head disputes-head",
            ),
            rx.el.div(_said(part), role="status"),
            rx.cond(part.choices.length() > 0, _lead(part)),
            rx.cond(
                part.rows.length() > 0,
                rx.el.ul(rx.foreach(part.rows, _row), class_name="disputes"),
            ),
            rx.cond(part.can_open, _form(part)),
            id="disputes",
            class_name="section",
            custom_attrs={"aria-labelledby": "disputes-title"},
        ),
    )


def _lead(part: Any) -> rx.Component:
    return rx.el.p(
        worded(
            "Is something on this invoice wrong? Say what and how much. "
            "The rest can still be paid."
        ),
        " ",
        rx.cond(
            part.locked,
            rx.fragment(
                part.locked,
                " ",
                link(
                    worded("Confirm who you are"),
                    href=part.verify_href,
                    leaves_app=True,
                ),
            ),
        ),
        class_name="disputes-lead",
    )


def _said(part: Any) -> rx.Component:
    """Say what was just done, until the business has answered it."""
    holds = (State.said_of == 0) | part.open_ids.contains(State.said_of)
    return rx.cond(
        (State.said != "") & holds,
        rx.cond(
            State.is_refused,
            message(State.said, tone="bad", icon_name="alert"),
            message(State.said, tone="good", icon_name="check"),
        ),
    )


def _row(row: rx.Var) -> rx.Component:
    return rx.el.li(
        rx.el.p(
            rx.el.b(row.about),
            rx.el.span(row.amount, class_name="number medium"),
            rx.cond(
                row.is_open,
                status_badge("Disputed", worded("Disputed")),
                rx.el.span(row.state, class_name="quiet"),
            ),
            class_name="dispute-head",
        ),
        rx.el.p(row.opened, class_name="dispute-when"),
        rx.el.p(row.reason, class_name="dispute-words"),
        dispute_thread(row.id.to_string(), PortalInvoiceState.as_of),
        rx.cond(
            row.answer,
            rx.el.div(
                rx.el.p(row.answered, class_name="dispute-when"),
                rx.el.p(row.answer, class_name="dispute-words"),
                class_name="dispute-answer",
            ),
        ),
        rx.cond(
            row.can_withdraw,
            button(
                worded("Withdraw dispute"),
                kind="quiet",
                small=True,
                on_click=State.withdraw(row.id),
            ),
        ),
        key=row.id.to_string(),
        id=f"dispute-{row.id}",
    )


def _form(part: Any) -> rx.Component:
    about = rx.el.select(
        rx.foreach(
            part.choices, lambda each: rx.el.option(each.words, value=each.value)
        ),
        name="line",
        class_name="input",
    )
    return dialog(
        worded("Dispute"),
        rx.cond(
            State.errors["form"],
            message(State.errors["form"], tone="bad", icon_name="alert"),
        ),
        field(
            worded("What is it about?"),
            about,
            error=State.errors["line"],
            field_id="dispute-line",
        ),
        field(
            worded("Amount you dispute"),
            money_input("amount", part.currency, placeholder=worded("All of it")),
            hint=part.hint,
            error=State.errors["amount"],
            field_id="dispute-amount",
        ),
        field(
            worded("What is wrong?"),
            text_area("reason", rows=4, max_length=REASON_LENGTH_MAX),
            error=State.errors["reason"],
            field_id="dispute-reason",
        ),
        dialog_id=DIALOG_ID,
        lead=worded("You need not pay the disputed part until it is answered."),
        actions=[
            button(worded("Cancel"), closes=True),
            button(worded("Send dispute"), kind="primary", submit=True),
        ],
        on_submit=State.send,
        open=State.is_writing,
        on_close=State.stop,
        key=State.turn,
    )
