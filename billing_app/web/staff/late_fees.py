"""Draw the late fees on the page of an invoice."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.controls import button, link
from billing_app.web.components.layout import message, panel
from billing_app.web.staff.late_fees_state import LateFeeLine, LateFeesState
from billing_app.web.staff.shell import ShellState


def late_fees_panel(state: type[LateFeesState]) -> rx.Component:
    """List what was charged for paying late, and say what comes next."""
    has_some = state.late_fees.length() > 0
    drawn = panel(
        "Late fees",
        rx.el.ul(
            rx.foreach(state.late_fees, lambda it: _fee(it, state)),
            class_name="staff-disputes",
        ),
        rx.cond(
            state.next_fee != "",
            rx.el.p(state.next_fee, class_name="panel-body secondary small"),
            rx.fragment(),
        ),
        count=rx.cond(has_some, state.late_fees.length(), ""),
    )
    return rx.cond(has_some | (state.next_fee != ""), drawn, rx.fragment())


def fee_note(state: type[LateFeesState]) -> rx.Component:
    """Say which invoice this one is a late fee for."""
    words = rx.el.span("Late fee for ", link(state.fee_for, href=state.fee_for_href))
    note = message(words, icon_name="copy")
    return rx.cond(state.fee_for_href != "", note, rx.fragment())


def _fee(
    it: rx.vars.ObjectVar[LateFeeLine], state: type[LateFeesState]
) -> rx.Component:
    waive = button(
        "Waive",
        kind="quiet",
        small=True,
        on_click=state.start_waiving(it.fee_id),
        aria_label=f"Waive {it.number}",
    )
    return rx.el.li(
        rx.el.p(
            link(it.number, href=it.href),
            rx.el.span(it.amount, class_name="figures medium"),
            rx.el.span(it.state, class_name="secondary small"),
            rx.el.span(class_name="spacer"),
            rx.cond(
                it.can_waive & ShellState.may["void_invoice"].to(bool),
                waive,
                rx.fragment(),
            ),
            class_name="staff-dispute-head",
        ),
        rx.el.p(it.charged, class_name="secondary small"),
        key=it.fee_id.to_string(),
    )
