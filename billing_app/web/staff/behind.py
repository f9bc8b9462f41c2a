"""The drawer of one line, and the document whose lines open it."""

from __future__ import annotations

import reflex as rx

from billing_app.domain.behind import BehindEvent
from billing_app.web.components.controls import button
from billing_app.web.components.dialogs import dialog
from billing_app.web.components.icons import icon
from billing_app.web.scripts import script_beside
from billing_app.web.staff.behind_state import BehindState
from billing_app.web.staff.record import is_shown

State = BehindState


def _picked(line: rx.Var[int]) -> tuple[rx.Var[int]]:
    return (line,)


class LineSheet(rx.Component):
    """Shows a rendered document; a press on a line's button picks that line."""

    library = script_beside(__name__, "line_sheet.jsx")
    tag = "LineSheet"

    html: rx.Var[str]
    on_pick: rx.EventHandler[_picked]


def line_sheet(html: rx.Var[str]) -> rx.Component:
    """Draw a document whose lines open the drawer; see `behind_drawer`."""
    return LineSheet.create(html=html, on_pick=State.open_line)


def behind_drawer() -> rx.Component:
    return dialog(
        "What is behind this line",
        rx.cond(State.events.length() > 0, _events(), _by_hand()),
        dialog_id="behind",
        lead=State.name,
        actions=[button("Close", closes=True)],
        open=State.is_open & is_shown(State),
        on_close=State.close,
        is_drawer=True,
    )


def _events() -> rx.Component:
    return rx.fragment(
        rx.el.ol(
            rx.foreach(State.events, _event),
            rx.cond(
                State.more != "",
                rx.el.li(
                    rx.el.b("And ", State.more),
                    rx.el.span(State.more_amount, class_name="figures"),
                ),
                rx.fragment(),
            ),
            class_name="behind",
        ),
        rx.el.dl(
            _sum("Sum of ", State.count_words, State.sum),
            rx.cond(
                State.discount != "",
                rx.fragment(
                    _sum("Discount", "", State.discount),
                    _sum("Line", "", State.amount, "sum-total"),
                ),
                rx.fragment(),
            ),
            class_name="sum-list",
        ),
    )


def _event(it: rx.vars.ObjectVar[BehindEvent]) -> rx.Component:
    return rx.el.li(
        rx.el.b(it.kind, " ", it.reference),
        rx.el.span(it.amount, class_name="figures"),
        rx.el.span(
            rx.cond(
                it.description != "", rx.fragment(it.description, ", "), rx.fragment()
            ),
            it.happened,
            class_name="secondary",
        ),
        rx.el.span(it.arithmetic, class_name="arithmetic"),
    )


def _sum(
    words: str, more: str | rx.Var[str], amount: rx.Var[str], class_name: str = ""
) -> rx.Component:
    return rx.el.div(
        rx.el.dt(words, more),
        rx.el.dd(amount, class_name="figures"),
        class_name=class_name,
    )


def _by_hand() -> rx.Component:
    return rx.el.div(
        icon("pencil", 20),
        rx.el.p(rx.el.b("Entered by hand")),
        rx.el.p("No recorded event is behind this line.", class_name="secondary"),
        class_name="behind-none",
    )
