"""The dashboard: what is open, what came in, what needs a person."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.queries.dashboard import AttentionKind
from billing_app.web.components import charts
from billing_app.web.components.controls import button, link, link_button
from billing_app.web.components.icons import icon
from billing_app.web.components.layout import panel, skeleton_block
from billing_app.web.staff.dashboard_state import (
    OVERDUE,
    ActivityLine,
    AttentionLine,
    DashboardState,
    Figure,
    StepLine,
)
from billing_app.web.staff.event_icon import event_icon
from billing_app.web.staff.invoices import new_invoice_button
from billing_app.web.staff.shell import ShellState, staff_page

State = DashboardState

_ICONS = {
    AttentionKind.MAIL_FAILED: "mail-failed",
    AttentionKind.PAYMENT_HELD: "shield-alert",
    AttentionKind.ATTEMPT_FAILED: "card",
    AttentionKind.EVENT_WAITING: "webhook",
    AttentionKind.DISPUTE_OPEN: "disputed",
    AttentionKind.COMMENT_UNREAD: "comment",
    AttentionKind.PROMISE_BROKEN: "calendar",
}


def page() -> rx.Component:
    return staff_page(
        rx.cond(
            State.is_ready,
            _figures_and_panels(),
            _loading(),
        ),
        state=State,
        current="Dashboard",
        title="Dashboard",
        beside_title=State.stamp,
        live=State.live,
        actions=(new_invoice_button(),),
    )


def _loading() -> rx.Component:
    """Keep the frame of the page, so that nothing moves when its figures come."""
    labels = ("Outstanding", "Overdue", "Paid this month")
    chart = rx.el.div(skeleton_block(5), class_name="bars-loading")
    return rx.el.div(
        charts.figures_strip(*map(charts.figure_loading, labels), label="Figures"),
        rx.el.div(
            rx.el.div(
                panel("Needs attention", skeleton_block(3)),
                panel("Invoiced and paid", chart),
                panel("Aging", skeleton_block(7)),
            ),
            rx.el.div(panel("Recent activity", skeleton_block(9))),
            class_name="columns",
        ),
        class_name="page stack",
        custom_attrs={"aria-busy": "true"},
    )


def _figures_and_panels() -> rx.Component:
    return rx.el.div(
        rx.cond(State.steps.length() > 0, _steps(), rx.fragment()),
        rx.cond(
            State.keeps_mail & ShellState.may["edit_settings"].to(bool),
            _kept_mail(),
            rx.fragment(),
        ),
        charts.figures_strip(
            _figure("Outstanding", State.outstanding),
            rx.cond(
                State.overdue.is_some,
                _figure("Overdue", State.overdue, late=True),
                _figure("Overdue", State.overdue),
            ),
            _figure("Paid this month", State.paid),
            rx.cond(
                State.processing.note != "",
                _figure("Processing", State.processing),
                rx.fragment(),
            ),
            label="Figures",
        ),
        rx.el.div(
            rx.el.div(
                _attention(),
                charts.month_chart(
                    "Invoiced and paid",
                    State.months,
                    scale=State.scale,
                    before="Invoiced",
                    after="Paid",
                ),
                _aging(),
            ),
            rx.el.div(_activity()),
            class_name="columns",
        ),
        class_name="page stack",
    )


def _figure(label: str, it: Figure, *, late: bool = False) -> rx.Component:
    return charts.figure(label, it.amount, cents=it.cents, note=it.note, late=late)


def _steps() -> rx.Component:
    return panel(
        "Before your first invoice",
        rx.el.ul(rx.foreach(State.steps, _step_row)),
    )


def _step_row(it: rx.vars.ObjectVar[StepLine]) -> rx.Component:
    return rx.el.li(
        icon("info"),
        rx.el.div(
            rx.el.p(
                link(it.title, href=it.href, class_name=""), class_name="row-title"
            ),
            rx.el.p(it.detail),
        ),
        rx.el.span(),
        link_button("Fill in", it.href, small=True),
        class_name="row",
        key=it.href,
    )


def _kept_mail() -> rx.Component:
    return rx.el.div(
        icon("mail"),
        rx.el.p(
            "Mail is kept in the mailbox, not sent: no mail server is set up. ",
            link("Set one up", href="/settings/mail"),
        ),
        class_name="message",
        role="status",
    )


def _attention() -> rx.Component:
    nothing = rx.el.p(
        "Nothing waits: no overdue invoice, unread comment, open dispute, broken "
        "promise, failed mail or held payment.",
        class_name="panel-body quiet",
    )
    return panel(
        "Needs attention",
        rx.cond(
            State.attention.length() > 0,
            rx.el.ul(rx.foreach(State.attention, _attention_row)),
            nothing,
        ),
        count=State.attention_count,
    )


def _attention_row(it: rx.vars.ObjectVar[AttentionLine]) -> rx.Component:
    retry = button("Retry", small=True, on_click=State.retry_mail(it.message_id))
    try_again = button(
        "Try again", small=True, on_click=State.retry_webhook(it.event_id)
    )
    look = link_button(it.verb, it.href, small=True)
    return rx.el.li(
        rx.match(
            it.kind,
            *((kind.value, icon(name)) for kind, name in _ICONS.items()),
            (OVERDUE, icon("overdue")),
            icon("alert"),
        ),
        rx.el.div(
            rx.el.p(
                link(it.title, href=it.href, class_name=""), class_name="row-title"
            ),
            rx.el.p(it.detail, class_name="truncate", title=it.detail),
            class_name="truncate",
        ),
        rx.el.span(it.amount, class_name="number medium"),
        rx.cond(
            (it.message_id != 0) & ShellState.may["issue_invoice"].to(bool),
            retry,
            rx.cond(
                (it.event_id != 0) & ShellState.may["record_payment"].to(bool),
                try_again,
                look,
            ),
        ),
        class_name=rx.cond(
            it.kind == AttentionKind.MAIL_FAILED.value, "row row-bad", "row row-warn"
        ),
        key=it.key,
    )


def _aging() -> rx.Component:
    total = rx.el.p(
        rx.el.span(),
        rx.el.span("Outstanding"),
        rx.el.span(State.aging_count, class_name="number"),
        rx.el.span(State.aging_total, class_name="number"),
        class_name="aging-total",
    )
    note = rx.el.p(State.aging_note, class_name="panel-body quiet small")
    return panel(
        "Aging",
        charts.aging(State.buckets),
        total,
        rx.cond(State.aging_note != "", note, rx.fragment()),
        aside=[link("Open report", href="/accounting/aging")],
    )


def _activity() -> rx.Component:
    nothing = rx.el.p("Nothing has happened yet.", class_name="quiet")
    return panel(
        "Recent activity",
        rx.el.div(
            rx.cond(
                State.activity.length() > 0,
                rx.el.ul(rx.foreach(State.activity, _activity_row)),
                nothing,
            ),
            class_name="activity",
        ),
    )


def _activity_row(it: rx.vars.ObjectVar[ActivityLine]) -> rx.Component:
    words: tuple[Any, ...] = (
        rx.cond(it.who != "", rx.fragment(rx.el.b(it.who), ": "), rx.fragment()),
        it.text,
    )
    said = rx.cond(
        it.href != "",
        link(*words, href=it.href, class_name=""),
        rx.el.span(*words),
    )
    day = rx.el.h3(it.day)
    return rx.fragment(
        rx.cond(it.day != "", rx.el.li(day, class_name="activity-day"), rx.fragment()),
        rx.el.li(
            event_icon(it.icon, 16),
            rx.el.div(
                rx.el.p(said, class_name="truncate"),
                rx.el.p(it.detail, class_name="truncate", title=it.detail),
                class_name="truncate",
            ),
            rx.el.time(it.at, title=it.exactly),
        ),
        key=it.key,
    )
