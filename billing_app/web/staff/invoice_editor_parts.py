"""The parts of a builder that know nothing of its state: keeper, preview, fields."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.web.scripts import script_beside
from billing_app.web.staff.invoice_editor_lines import EditorLine, Sum

LOOKS = (("modern", "Modern"), ("classic", "Classic"), ("compact", "Compact"))
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
    on_type: rx.EventHandler[_typed]
    on_restore: rx.EventHandler[rx.event.passthrough_event_spec(dict)]
    on_add: rx.EventHandler[rx.event.no_args_event_spec]
    on_remove: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_move: rx.EventHandler[_moved]
    on_paste: rx.EventHandler[_pasted]
    on_choose: rx.EventHandler[_chosen]


class DocumentPreview(rx.Component):
    """Shows a rendered document and redraws only what differs."""

    library = script_beside(__name__, "document_preview.jsx")
    tag = "DocumentPreview"

    html: rx.Var[str]


def cell(
    line: rx.Var[EditorLine], name: str, label: str, value: Any, **props: Any
) -> rx.Component:
    return rx.el.input(
        name="line:" + line.key + ":" + name,
        default_value=value,
        aria_label=label,
        auto_complete="off",
        custom_attrs=wrong_attributes(line, name),
        **props,
    )


def wrong_attributes(line: rx.Var[EditorLine], name: str) -> dict[str, Any]:
    return {
        "aria-invalid": line.wrong == name,
        "aria-describedby": rx.cond(line.problem, "problem-" + line.key, ""),
    }


def number_cell(
    line: rx.Var[EditorLine], name: str, label: str, value: Any, **props: Any
) -> rx.Component:
    return rx.el.div(
        cell(line, name, label, value, input_mode="decimal", **props),
        class_name="line-cell number",
        custom_attrs={"data-label": label},
    )


def sum_row(row: rx.Var[Sum]) -> rx.Component:
    return sum_of(row.label, row.amount)


def sum_of(label: Any, amount: Any, class_name: str = "") -> rx.Component:
    return rx.el.div(
        rx.el.dt(label),
        rx.el.dd(amount, class_name="figures"),
        class_name=class_name,
    )
