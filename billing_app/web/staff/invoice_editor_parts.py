"""The parts of both builders: keeper, lines, sums, preview."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from billing_app.web.components.controls import (
    button,
    field,
    icon_button,
    segmented,
    select,
)
from billing_app.web.components.icons import icon
from billing_app.web.components.layout import CONNECTION_WORDS
from billing_app.web.scripts import script_beside
from billing_app.web.staff.invoice_editor_catalogue import OFFERS_LIST
from billing_app.web.staff.invoice_editor_lines import (
    EditorLinesState,
    LineProblem,
    LineStart,
)
from billing_app.web.staff.own_fields import OwnField, own_input
from billing_app.web.staff.units import UNITS_LIST, units_list

LOOKS = (("modern", "Modern"), ("classic", "Classic"), ("compact", "Compact"))
PERCENTS_LIST = "tax-percents"
Lines = EditorLinesState
Texts = rx.Var[dict[str, str]]


def _typed(
    draft: rx.Var[int], texts: Texts, number: rx.Var[int]
) -> tuple[rx.Var[int], Texts, rx.Var[int]]:
    return draft, texts, number


def _moved(key: rx.Var[str], step: rx.Var[int]) -> tuple[rx.Var[str], rx.Var[int]]:
    return key, step


def _chosen(key: rx.Var[str], name: rx.Var[str]) -> tuple[rx.Var[str], rx.Var[str]]:
    return key, name


def _pasted(key: rx.Var[str], pasted: Texts) -> tuple[rx.Var[str], Texts]:
    return key, pasted


class DraftKeeper(rx.Component):
    """Sends what is typed inside, and keeps it in the browser until it is saved."""

    library = script_beside(__name__, "draft_keeper.jsx")
    tag = "DraftKeeper"

    draft: rx.Var[int]
    version: rx.Var[int]
    opened: rx.Var[str]
    heard: rx.Var[int]
    saved: rx.Var[int]
    arranged: rx.Var[int]
    focus: rx.Var[str]
    refused: rx.Var[int]
    fields: rx.Var[list[str]]
    silence: rx.Var[str]
    lost: rx.Var[bool]
    on_type: rx.EventHandler[_typed]
    on_restore: rx.EventHandler[rx.event.passthrough_event_spec(dict)]
    on_add: rx.EventHandler[rx.event.no_args_event_spec]
    on_remove: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_move: rx.EventHandler[_moved]
    on_paste: rx.EventHandler[_pasted]
    on_choose: rx.EventHandler[_chosen]
    on_behind: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class DocumentPreview(rx.Component):
    """Shows a rendered document and redraws only what differs."""

    library = script_beside(__name__, "document_preview.jsx")
    tag = "DocumentPreview"

    html: rx.Var[str]


def draft_keeper(state: Any, *content: rx.Component, **own: Any) -> rx.Component:
    """Draw what keeps the fields of a `BuilderState`; `own` is what differs."""
    return DraftKeeper.create(
        rx.el.div(
            *content,
            class_name=rx.cond(
                state.shows == "preview", "editor editor-preview", "editor"
            ),
        ),
        version=state.version,
        opened=state.opened,
        heard=state.heard,
        saved=state.saved,
        arranged=state.arranged,
        focus=state.focus,
        refused=state.refused,
        silence=CONNECTION_WORDS,
        lost=has_connection_errors,
        on_type=state.take_typed,
        on_restore=state.restore,
        on_add=state.add_line,
        on_remove=state.remove_line,
        on_move=state.move_line,
        on_paste=state.paste,
        **own,
    )


def switch_to_preview(state: Any) -> rx.Component:
    """Draw what turns between fields and preview, where there is room for one."""
    return rx.el.div(
        segmented(
            "shows",
            "Show",
            (("edit", "Edit"), ("preview", "Preview")),
            value=state.shows,
            on_select=state.show,
            wide=True,
        ),
        class_name="editor-switch",
    )


def editor_lines(state: Any) -> rx.Component:
    """Draw the table of lines."""
    heads = ("", "Item and description", "Qty", "Unit", "Unit price", "Disc.", "Tax")
    return rx.el.div(
        rx.el.div(
            *(rx.el.span(words) for words in (*heads, "Amount")),
            class_name="editor-lines-head",
            custom_attrs={"aria-hidden": "true"},
        ),
        rx.foreach(Lines.order, _line),
        class_name="editor-lines",
        key=state.opened,
    )


def lines_foot(state: Any, *beside: rx.Component) -> rx.Component:
    """Draw what adds a line, which keys do, and what is wrong with the lines."""
    return rx.fragment(
        units_list(),
        rx.el.div(
            button("Add line", icon_name="plus", on_click=state.add_line),
            *beside,
            rx.el.span(
                rx.el.kbd("Enter"),
                " in the last line adds one, ",
                rx.el.kbd("Alt"),
                " ",
                rx.el.kbd("↑"),
                " ",
                rx.el.kbd("↓"),
                " moves a line",
                class_name="keys",
            ),
            class_name="editor-lines-foot",
        ),
        rx.cond(
            state.field_problems["lines"],
            rx.el.p(
                icon("alert"), state.field_problems["lines"], class_name="field-error"
            ),
            rx.fragment(),
        ),
        rx.el.p(state.moved_words, class_name="visually-hidden", role="status"),
    )


def _line(key: rx.Var[str], index: rx.Var[int]) -> rx.Component:
    # All that is drawn for each line whenever one of them changes is this element.
    return rx.el.div(
        line_cells(
            line_key=key,
            start=rx.cond(
                Lines.later.contains(key), Lines.later[key], Lines.starts[key]
            ),
            problem=Lines.problems[key],
            events=Lines.events[key],
            amount=Lines.amounts[key],
            taxes=Lines.taxes,
            own=Lines.own,
        ),
        class_name="editor-line",
        key=key,
        role="group",
        aria_label=rx.Var.create("Line ") + (index + 1).to_string(),  # type: ignore[operator]
        custom_attrs={"data-line": key},
    )


@rx.memo
def line_cells(
    line_key: rx.Var[str],
    start: rx.Var[LineStart],
    problem: rx.Var[LineProblem],
    events: rx.Var[str],
    amount: rx.Var[str],
    taxes: rx.Var[list[tuple[str, str]]],
    own: rx.Var[list[OwnField]],
) -> rx.Component:
    """Draw one line, and not again until something of its own changes.

    So it must read no state, and its buttons say what they do to `DraftKeeper`.
    """
    # A text that begins with another one, which the type of a var does not know.
    key: Any = line_key
    place, problem_id = "line:" + key + ":", "problem-" + key
    is_fixed = rx.cond(events, True, False)

    def cell(name: str, label: str, value: Any, **props: Any) -> rx.Component:
        props.setdefault("auto_complete", "off")
        return rx.el.input(
            name=place + name,
            default_value=value,
            aria_label=label,
            custom_attrs=wrong_attributes(name),
            **props,
        )

    def own_cell(field: Any) -> rx.Component:
        return rx.el.label(
            rx.el.span(field.label, class_name="line-own-label"),
            own_input(
                field,
                name=place + field.name,
                default_value=start.own[field.name],
                custom_attrs=wrong_attributes(field.name),
            ),
        )

    def narrow(name: str, label: str, value: Any, **props: Any) -> rx.Component:
        return rx.el.div(
            cell(name, label, value, **props),
            class_name="line-cell" if name == "unit" else "line-cell number",
            custom_attrs={"data-label": label},
        )

    def wrong_attributes(name: Any) -> dict[str, Any]:
        return {
            "aria-invalid": problem.wrong == name,
            "aria-describedby": rx.cond(problem, problem_id, ""),
        }

    has_list = taxes.length() > 0
    return rx.fragment(
        rx.el.div(
            _acting("up", icon_button("Move line up", "chevron-up", small=True)),
            _acting("down", icon_button("Move line down", "chevron-down", small=True)),
            class_name="line-handle",
        ),
        rx.el.div(
            cell(
                "name",
                "Description",
                start.name,
                placeholder="What is it for?",
                list=rx.cond(is_fixed | ~has_list, "", OFFERS_LIST),
            ),
            rx.el.textarea(
                name=place + "description",
                default_value=start.description,
                rows="1",
                aria_label="Details",
                placeholder="Details, optional",
                custom_attrs=wrong_attributes("description"),
            ),
            class_name="line-item",
        ),
        narrow(
            "quantity",
            "Quantity",
            start.quantity,
            input_mode="decimal",
            read_only=is_fixed,
        ),
        narrow("unit", "Unit", start.unit, read_only=is_fixed, list=UNITS_LIST),
        narrow(
            "unit_price",
            "Unit price",
            start.unit_price,
            input_mode="decimal",
            read_only=is_fixed,
        ),
        narrow(
            "discount",
            "Discount",
            start.discount,
            input_mode="decimal",
            placeholder="0%",
        ),
        rx.cond(
            has_list,
            rx.el.div(
                rx.el.select(
                    rx.foreach(taxes, lambda tax: rx.el.option(tax[1], value=tax[0])),
                    name=place + "tax_id",
                    default_value=start.tax_id,
                    aria_label="Tax",
                    custom_attrs=wrong_attributes("tax_id"),
                ),
                class_name="line-cell",
                custom_attrs={"data-label": "Tax"},
            ),
            narrow(
                "tax_id", "Tax", start.tax_id, placeholder="None", list=PERCENTS_LIST
            ),
        ),
        rx.el.div(
            rx.el.span(amount, class_name="figures"),
            _acting("remove", icon_button("Remove line", "close", small=True)),
            class_name="line-amount",
        ),
        rx.cond(
            own.length() > 0,
            rx.el.div(rx.foreach(own, own_cell), class_name="line-own"),
            rx.fragment(),
        ),
        rx.cond(
            events,
            rx.el.p(
                _acting(
                    "behind",
                    button(events, kind="quiet", small=True, icon_name="package"),
                ),
                rx.el.span("Quantity and price are theirs.", class_name="quiet"),
                class_name="line-events",
            ),
            rx.fragment(),
        ),
        rx.cond(
            problem,
            rx.el.p(
                icon("alert"),
                problem.sentence,
                " The line is kept but not counted.",
                class_name="line-error field-error",
                id=problem_id,
            ),
            rx.fragment(),
        ),
    )


def _acting(act: str, drawn: rx.Component) -> rx.Component:
    """Let a button of a line say what it does, as `draft_keeper.jsx` reads it."""
    drawn.custom_attrs.update({"data-act": act})
    return drawn


def sum_list(state: Any) -> rx.Component:
    """Draw what the lines come to."""
    return rx.el.dl(
        _sum("Subtotal", state.subtotal),
        rx.foreach(state.sums, lambda row: _sum(row.label, row.amount)),
        _sum("Tax", state.tax),
        _sum("Total", state.total, "sum-total"),
        class_name="sum-list",
    )


def _sum(label: Any, amount: Any, class_name: str = "") -> rx.Component:
    return rx.el.div(
        rx.el.dt(label),
        rx.el.dd(amount, class_name="figures"),
        class_name=class_name,
    )


def preview_pane(state: Any, heading: Any, *below: rx.Component) -> rx.Component:
    """Draw the document itself, and what chooses its look."""
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.h2(heading),
                rx.el.span(class_name="spacer"),
                field(
                    "Look",
                    select(
                        "look",
                        LOOKS,
                        default_value=state.form["look"],
                        key=state.opened + "look",
                    ),
                    label_hidden=True,
                ),
                class_name="preview-head",
            ),
            DocumentPreview.create(html=state.preview),
            *below,
        ),
        class_name="preview",
        aria_label="Preview",
    )
