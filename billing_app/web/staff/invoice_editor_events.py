"""The builder's dialog in which events are chosen to become lines."""

from __future__ import annotations

import reflex as rx

from billing_app.domain.billable_event import Grouping
from billing_app.web.components.controls import (
    button,
    date_input,
    field,
    link_button,
    search_field,
    segmented,
)
from billing_app.web.components.dialogs import dialog
from billing_app.web.components.icons import icon
from billing_app.web.components.tables import row_check
from billing_app.web.staff.invoice_editor_events_state import (
    ChoiceLine,
    EventChoiceState,
)

State = EventChoiceState
GROUPINGS = (
    (Grouping.KIND.value, "One line per kind"),
    (Grouping.EACH.value, "Each its own line"),
)


def add_events_button(unbilled: rx.Var[str]) -> rx.Component:
    """Draw the way to the dialog, and how many events wait there."""
    return rx.fragment(
        button("Add events", icon_name="package", on_click=State.start),
        rx.cond(unbilled != "", rx.el.span(unbilled, " not billed yet"), rx.fragment()),
    )


def add_events_dialog() -> rx.Component:
    return dialog(
        "Add events",
        rx.cond(State.is_bare, _nothing(), _choice()),
        dialog_id="add-events",
        lead="What happened for this customer and is not billed yet.",
        actions=[
            rx.el.span(
                State.chosen_words,
                class_name="secondary figures",
                custom_attrs={"aria-live": "polite"},
            ),
            rx.el.span(class_name="spacer"),
            button("Cancel", closes=True),
            button(
                State.add_words,
                kind="primary",
                on_click=State.add,
                disabled=State.chosen.length() == 0,
            ),
        ],
        open=State.is_open,
        on_close=State.stop,
        width="760px",
    )


def _choice() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            search_field(
                "Search events",
                placeholder="Kind, reference or note",
                on_change=State.search.debounce(250),
                max_length=120,
            ),
            field("From", date_input("event-first", on_change=State.begin_at)),
            field("Until", date_input("event-last", on_change=State.end_at)),
            class_name="choice-tools",
            key=State.drawn.to_string(),
        ),
        rx.cond(
            State.problem != "",
            rx.el.p(
                icon("alert"), State.problem, class_name="field-error", role="alert"
            ),
            rx.fragment(),
        ),
        rx.cond(
            State.lines.length() > 0,
            _list(),
            rx.el.p("No event matches.", class_name="choice-none secondary"),
        ),
        rx.el.div(
            rx.el.span("They become", class_name="secondary"),
            segmented(
                "grouping",
                "Lines",
                GROUPINGS,
                value=State.grouping,
                on_select=State.group,
            ),
            class_name="choice-grouping",
        ),
    )


def _list() -> rx.Component:
    return rx.el.div(
        rx.el.label(
            row_check(
                State.all_words, checked=State.has_all, on_check=State.choose_all
            ),
            rx.el.span(State.all_words, class_name="medium"),
            class_name="choice choice-all",
        ),
        rx.el.ul(rx.foreach(State.lines, _line)),
        rx.cond(
            State.hidden_words != "",
            rx.el.p(State.hidden_words, class_name="choice secondary"),
            rx.fragment(),
        ),
        class_name="choices",
    )


def _line(it: rx.vars.ObjectVar[ChoiceLine]) -> rx.Component:
    return rx.el.li(
        rx.el.label(
            row_check(
                it.name,
                checked=State.chosen.contains(it.id),
                on_check=State.choose(it.id),
            ),
            rx.el.span(
                rx.el.b(it.name),
                rx.el.span(it.aside, class_name="secondary"),
                class_name="choice-words",
            ),
            rx.el.span(it.arithmetic, class_name="arithmetic secondary"),
            rx.el.span(it.amount, class_name="figures medium"),
            class_name="choice",
        ),
        key=it.id.to_string(),
    )


def _nothing() -> rx.Component:
    return rx.el.div(
        icon("package", 20),
        rx.el.p(rx.el.b("Nothing waits to be billed")),
        rx.el.p(
            "Record what happens for this customer, by hand or from a spreadsheet.",
            class_name="secondary",
        ),
        link_button("Record events", State.record_href),
        class_name="behind-none",
    )
