"""The invoice builder: lines at the left, the document itself at the right."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.currencies import currency_names
from billing_app.web import theme
from billing_app.web.components.badges import status_badge
from billing_app.web.components.controls import (
    button,
    date_input,
    field,
    icon_button,
    segmented,
    select,
    text_area,
    text_input,
)
from billing_app.web.components.icons import icon
from billing_app.web.staff.invoice_editor_state import (
    EditorLine,
    InvoiceEditorState,
    Sum,
)
from billing_app.web.staff.shell import staff_page

LOOKS = (("modern", "Modern"), ("classic", "Classic"), ("compact", "Compact"))
State = InvoiceEditorState


class DraftKeeper(rx.Component):
    """Keeps unsaved texts in the browser and gives them back."""

    library = rx.asset("draft_keeper.jsx", shared=True).importable_path
    tag = "DraftKeeper"

    draft: rx.Var[int]
    opened: rx.Var[str]
    saved: rx.Var[str]
    on_restore: rx.EventHandler[rx.event.passthrough_event_spec(str)]


def page() -> rx.Component:
    """The builder of one draft."""
    return staff_page(
        DraftKeeper.create(
            rx.el.div(
                _form(),
                _preview(),
                class_name=rx.cond(
                    State.shows == "preview", "editor editor-preview", "editor"
                ),
            ),
            draft=State.invoice_id,
            opened=State.opened,
            saved=State.saved,
            on_restore=State.restore,
        ),
        state=State,
        current="Invoices",
        title="Invoice draft",
        parent=("Invoices", "/invoices"),
        beside_title=status_badge("Draft"),
        actions=(_saved_words(), _delete_button()),
        rail=True,
        stylesheets=(theme.DOCUMENT,),
        on_undo=State.undo,
    )


def start_page() -> rx.Component:
    """The address of New invoice; it makes a draft and goes there."""
    return staff_page(
        rx.el.p("Opening a new draft…", class_name="page"),
        state=State,
        current="Invoices",
        title="New invoice",
        parent=("Invoices", "/invoices"),
        rail=True,
    )


def _saved_words() -> rx.Component:
    return rx.el.span(
        State.saved_words, class_name="saved", custom_attrs={"aria-live": "polite"}
    )


def _delete_button() -> rx.Component:
    return button(
        "Delete draft", kind="quiet", icon_name="trash", on_click=State.delete
    )


def _form() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            segmented(
                "shows",
                "Show",
                (("edit", "Edit"), ("preview", "Preview")),
                value=State.shows,
                on_select=State.show,
                wide=True,
            ),
            class_name="editor-switch",
        ),
        rx.el.div(
            rx.cond(State.is_stale, _stale_message(), rx.fragment()),
            _facts(),
            _lines(),
            _below_lines(),
            class_name="editor-body stack",
        ),
        _dock(),
        class_name="editor-form",
    )


def _stale_message() -> rx.Component:
    return rx.el.div(
        icon("warning"),
        rx.el.p(
            "Somebody else saved this draft meanwhile, so yours is not saved. "
            "What you typed is still here: copy what you need, then ",
            rx.el.button(
                "load theirs", type="button", class_name="link", on_click=State.open
            ),
            ".",
        ),
        class_name="message message-warn",
        role="alert",
    )


def _facts() -> rx.Component:
    return rx.el.div(
        rx.el.div(_customer_picker(), class_name="span-8"),
        rx.el.div(_currency(), class_name="span-4"),
        rx.cond(State.is_new_customer, _new_customer(), rx.fragment()),
        rx.el.div(_date("Issue date", "issued_on"), class_name="span-4"),
        rx.el.div(
            _date("Due date", "due_on", hint=State.due_hint), class_name="span-4"
        ),
        rx.el.div(
            field(
                "PO number",
                _input("purchase_order", max_length=80),
                aside="optional",
            ),
            class_name="span-4",
        ),
        class_name="form-grid",
    )


def _customer_picker() -> rx.Component:
    return rx.fragment(
        field(
            "Customer",
            text_input(
                "customer",
                default_value=State.customer_name,
                key=State.opened + State.invoice_id.to_string(),
                on_change=State.type_customer,
                placeholder="Start typing a name",
                auto_complete="off",
                list="customer-choices",
            ),
            hint=State.customer_hint,
            error=State.customer_problem,
        ),
        rx.el.datalist(
            rx.foreach(State.choices, lambda name: rx.el.option(value=name)),
            id="customer-choices",
        ),
    )


def _new_customer() -> rx.Component:
    return rx.el.form(
        rx.el.p(
            icon("customer"),
            "No customer of that name yet. Add ",
            rx.el.strong(State.customer_name),
            ":",
        ),
        rx.el.div(
            rx.el.div(
                field(
                    "Customer e-mail",
                    text_input("email", kind="email", auto_complete="off"),
                ),
                class_name="span-8",
            ),
            rx.el.div(
                button("Create customer", submit=True, icon_name="plus"),
                class_name="span-4 form-end",
            ),
            class_name="form-grid",
        ),
        on_submit=State.create_customer,
        class_name="new-customer",
    )


def _currency() -> rx.Component:
    options = [(code, f"{code}  {name}") for code, name in currency_names().items()]
    return field(
        "Currency",
        select(
            "currency",
            options,
            value=State.currency,
            on_change=lambda value: State.set_field("currency", value),
        ),
    )


def _date(label: str, name: str, hint: Any = "") -> rx.Component:
    return field(
        label,
        date_input(
            name,
            default_value=State.form[name],
            key=State.opened + name,
            on_change=lambda value: State.set_field(name, value),
        ),
        hint=hint,
        error=State.field_problems[name],
    )


def _input(name: str, **props: Any) -> rx.Component:
    return text_input(
        name,
        default_value=State.form[name],
        key=State.opened + name,
        on_change=lambda value: State.set_field(name, value),
        **props,
    )


def _lines() -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h2("Lines"), class_name="section-head"),
        rx.el.form(
            rx.el.div(
                *(
                    rx.el.span(words)
                    for words in (
                        "",
                        "Item and description",
                        "Qty",
                        "Unit",
                        "Unit price",
                        "Disc.",
                        "Tax",
                        "Amount",
                    )
                ),
                class_name="editor-lines-head",
                custom_attrs={"aria-hidden": "true"},
            ),
            rx.foreach(State.lines, _line),
            # Enter in any field submits the form, which adds a line.
            rx.el.button(type="submit", hidden=True, tab_index=-1),
            class_name="editor-lines",
            key=State.opened,
            on_submit=State.add_line_by_enter,
        ),
        rx.el.div(
            button("Add line", icon_name="plus", on_click=State.add_line),
            rx.el.span(rx.el.kbd("Enter"), " in a line adds one"),
            class_name="editor-lines-foot",
        ),
        rx.cond(
            State.field_problems["lines"],
            rx.el.p(
                icon("alert"), State.field_problems["lines"], class_name="field-error"
            ),
            rx.fragment(),
        ),
        aria_label="Lines",
    )


def _line(line: rx.Var[EditorLine], index: rx.Var[int]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            icon_button(
                "Move line up",
                "chevron-up",
                small=True,
                on_click=State.move_line(line.key, -1),
            ),
            icon_button(
                "Move line down",
                "chevron-down",
                small=True,
                on_click=State.move_line(line.key, 1),
            ),
            class_name="line-handle",
        ),
        rx.el.div(
            _cell(
                line,
                "name",
                "Description",
                line.name,
                placeholder="What is it for?",
                auto_focus=State.focus_key == line.key,
                max_length=500,
            ),
            rx.el.textarea(
                name="line:" + line.key + ":description",
                default_value=line.description,
                rows="1",
                aria_label="Details",
                placeholder="Details, optional",
                on_change=lambda value: State.set_line(line.key, "description", value),
            ),
            class_name="line-item",
        ),
        _number(line, "quantity", "Quantity", line.quantity),
        rx.el.div(
            _cell(line, "unit", "Unit", line.unit, max_length=20),
            class_name="line-cell",
        ),
        _number(line, "unit_price", "Unit price", line.unit_price),
        _number(line, "discount", "Discount", line.discount, placeholder="0%"),
        rx.el.div(
            rx.el.select(
                rx.foreach(State.taxes, lambda tax: rx.el.option(tax[1], value=tax[0])),
                name="line:" + line.key + ":tax_id",
                default_value=line.tax_id,
                aria_label="Tax",
                on_change=lambda value: State.set_line(line.key, "tax_id", value),
            ),
            class_name="line-cell",
        ),
        rx.el.div(
            rx.el.span(State.amounts[line.key], class_name="figures"),
            icon_button(
                "Remove line",
                "close",
                small=True,
                on_click=State.remove_line(line.key),
            ),
            class_name="line-amount",
        ),
        rx.cond(
            State.problems[line.key],
            rx.el.p(
                icon("alert"),
                State.problems[line.key],
                " The line is kept but not counted.",
                class_name="line-error field-error",
                id="problem-" + line.key,
            ),
            rx.fragment(),
        ),
        class_name="editor-line",
        key=line.key,
        role="group",
        aria_label=rx.Var.create("Line ") + (index + 1).to_string(),  # type: ignore[operator]
    )


def _cell(
    line: rx.Var[EditorLine], name: str, label: str, value: Any, **props: Any
) -> rx.Component:
    return rx.el.input(
        name="line:" + line.key + ":" + name,
        default_value=value,
        aria_label=label,
        auto_complete="off",
        on_change=lambda typed: State.set_line(line.key, name, typed),
        custom_attrs={
            "aria-invalid": State.wrong_field[line.key] == name,
            "aria-describedby": "problem-" + line.key,
        },
        **props,
    )


def _number(
    line: rx.Var[EditorLine], name: str, label: str, value: Any, **props: Any
) -> rx.Component:
    return rx.el.div(
        _cell(line, name, label, value, input_mode="decimal", **props),
        class_name="line-cell number",
    )


def _below_lines() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            field(
                "Note to customer",
                _area("notes"),
                aside="printed on the invoice",
                error=State.field_problems["notes"],
            ),
            field(
                "Payment terms",
                _area("terms"),
                aside="printed on the invoice",
                error=State.field_problems["terms"],
            ),
            class_name="stack",
        ),
        rx.el.div(
            field(
                "Discount",
                _input("discount", placeholder="10% or 25.00", numeric=True),
                aside="off the whole invoice",
                error=State.field_problems["discount"],
            ),
            rx.el.dl(
                _sum("Subtotal", State.subtotal),
                rx.foreach(State.sums, _sum_row),
                _sum("Tax", State.tax),
                _sum("Total", State.total, "sum-total"),
                class_name="sum-list",
            ),
        ),
        class_name="sums",
    )


def _area(name: str) -> rx.Component:
    return text_area(
        name,
        rows=3,
        default_value=State.form[name],
        key=State.opened + name,
        on_change=lambda value: State.set_field(name, value),
    )


def _sum_row(row: rx.Var[Sum]) -> rx.Component:
    return _sum(row.label, row.amount)


def _sum(label: Any, amount: Any, class_name: str = "") -> rx.Component:
    return rx.el.div(
        rx.el.dt(label),
        rx.el.dd(amount, class_name="figures"),
        class_name=class_name,
    )


def _dock() -> rx.Component:
    return rx.el.div(
        rx.el.span(State.total, class_name="dock-total"),
        rx.cond(
            State.to_fix,
            rx.el.span(icon("alert", 14), " ", State.to_fix, class_name="bad"),
            rx.fragment(),
        ),
        rx.el.span(class_name="spacer"),
        button("Save draft", on_click=State.save),
        button("Issue", on_click=State.issue),
        button("Publish to portal", kind="primary", on_click=State.publish),
        class_name="dock",
        role="group",
        aria_label="Save and issue",
    )


def _preview() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.h2("Preview"),
                rx.el.span(class_name="spacer"),
                field(
                    "Look",
                    select(
                        "look",
                        LOOKS,
                        default_value=State.form["look"],
                        key=State.opened + "look",
                        on_change=lambda value: State.set_field("look", value),
                    ),
                    label_hidden=True,
                ),
                class_name="preview-head",
            ),
            rx.el.div(rx.html(State.preview), class_name="to-scale"),
        ),
        class_name="preview",
        aria_label="Preview",
    )
