"""The panel that answers "why can't they post, or pay?"."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.controls import button
from billing_app.web.components.icons import icon
from billing_app.web.staff.diagnostics_state import (
    CheckLine,
    DiagnosticsState,
    QuestionBlock,
)


def diagnostics() -> rx.Component:
    """Draw each gate with its answer; nothing here can be changed.

    It is folded until something is shut that nobody expects to be.
    """
    words = "What they can do, and why not"
    again = button(
        "Check again",
        kind="quiet",
        small=True,
        icon_name="refresh",
        on_click=DiagnosticsState.check_again,
    )
    return rx.el.section(
        rx.el.details(
            rx.el.summary(
                rx.el.h2(words),
                rx.el.span(
                    DiagnosticsState.summary,
                    class_name=rx.cond(
                        DiagnosticsState.is_open, "truncate bad", "truncate quiet"
                    ),
                    title=DiagnosticsState.summary,
                ),
                class_name="panel-head",
            ),
            rx.foreach(DiagnosticsState.questions, _question),
            rx.el.div(again, class_name="gates-foot"),
            open=DiagnosticsState.is_open,
        ),
        class_name="panel-fold",
        aria_label=words,
    )


def _question(it: rx.vars.ObjectVar[QuestionBlock]) -> rx.Component:
    return rx.el.div(
        rx.el.h3(
            it.words,
            rx.el.span(it.answer, class_name=it.tone),
        ),
        rx.el.ul(rx.foreach(it.checks, _check)),
        key=it.words,
        class_name=f"gates gates-{it.tone}",
    )


def _check(it: rx.vars.ObjectVar[CheckLine]) -> rx.Component:
    return rx.el.li(
        rx.cond(
            it.is_passed,
            icon("check", 14, class_name="good"),
            icon("close", 14, class_name="bad"),
        ),
        rx.el.span(
            it.words,
            rx.el.span(
                rx.cond(it.is_passed, ": passes", ": fails"),
                class_name="visually-hidden",
            ),
        ),
        rx.cond(it.is_passed, rx.el.p(it.aside), rx.el.p(it.reason)),
        class_name=rx.cond(it.is_passed, "", "gate-failed"),
    )
