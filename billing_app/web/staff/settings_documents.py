"""The settings' page for numbers, payment terms and standing texts."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.custom_fields import NAME_LENGTH_MAX, FieldKind, FieldPlace
from billing_app.domain.numbering import Reset
from billing_app.web.components.controls import (
    button,
    checkbox,
    field,
    icon_button,
    select,
    text_area,
    text_input,
)
from billing_app.web.staff.settings_documents_state import DocumentsState as State
from billing_app.web.staff.settings_frame import form_panel, rows_error, settings_page

# Long enough to type on, short enough to look live.
_TYPING_MS = 200
_KINDS = (
    (FieldKind.TEXT.value, "Text"),
    (FieldKind.DATE.value, "Date"),
    (FieldKind.NUMBER.value, "Number"),
)
_PLACES = (
    (FieldPlace.INVOICE.value, "Each invoice"),
    (FieldPlace.LINE.value, "Each line"),
    (FieldPlace.CUSTOMER.value, "Each customer"),
)
_RESETS = (
    (Reset.NEVER.value, "never"),
    (Reset.YEAR.value, "each year"),
    (Reset.MONTH.value, "each month"),
)


def page() -> rx.Component:
    return settings_page(
        form_panel(
            "New invoices",
            *_numbers(),
            *_terms(),
            on_submit=State.save,
        ),
        _fields(),
        state=State,
        here="Numbers and terms",
        lead="How invoices are numbered, when they are due and what they say.",
        is_loaded=State.version > 0,
    )


def _numbers() -> list[rx.Component]:
    counter = text_input(
        "next_value",
        numeric=True,
        default_value=State.next_value,
        read_only=State.page.is_counting | State.is_by_customer,
        on_change=State.type_next_value.debounce(_TYPING_MS),
    )
    return [
        field(
            "Invoice number",
            text_input(
                "pattern",
                default_value=State.pattern,
                on_change=State.type_pattern.debounce(_TYPING_MS),
            ),
            hint="{counter:5} counts with five digits; {series}, {year} and {month} "
            "fill in. "
            "With {customer} each customer counts apart, under their code.",
            error=State.errors["pattern"],
            class_name="span-6",
        ),
        _starts_again("reset", State.page.reset, State.choose_reset),
        field(
            "Next counter",
            counter,
            hint=rx.cond(
                State.is_by_customer,
                "Each customer has their own.",
                rx.cond(
                    State.page.is_counting,
                    "Numbers are in use; they go on without a gap.",
                    "To go on where another program stopped.",
                ),
            ),
            error=State.errors["next_value"],
            class_name="span-3",
        ),
        _preview(State.preview, "number-preview"),
        field(
            "Credit note number",
            text_input(
                "credit_note_pattern",
                default_value=State.page.credit_note_pattern,
                on_change=State.type_credit_note_pattern.debounce(_TYPING_MS),
            ),
            hint="Counts by itself, apart from the invoices.",
            error=State.errors["credit_note_pattern"],
            class_name="span-6",
        ),
        _starts_again(
            "credit_note_reset",
            State.page.credit_note_reset,
            State.choose_credit_note_reset,
        ),
        _preview(State.credit_note_preview, "credit-note-preview"),
        field(
            "Receipt number",
            text_input("receipt_pattern", default_value=State.page.receipt_pattern),
            error=State.errors["receipt_pattern"],
            class_name="span-6",
        ),
        _starts_again("receipt_reset", State.page.receipt_reset),
    ]


def _starts_again(name: str, value: rx.Var[str], on_change: Any = None) -> rx.Component:
    heard = {} if on_change is None else {"on_change": on_change}
    return field(
        "Starts again",
        select(name, _RESETS, default_value=value, **heard),
        error=State.errors[name],
        class_name="span-3",
    )


def _preview(text: rx.Var[str], element_id: str) -> rx.Component:
    return rx.el.p(
        text,
        class_name="quiet number-preview",
        custom_attrs={"aria-live": "polite", "id": element_id},
    )


def _fields() -> rx.Component:
    return form_panel(
        "Fields of your own",
        rx.el.p(
            "What your invoices, their lines or your customers have besides the usual. "
            "A customer's fields are printed on each of their invoices. What is issued "
            "keeps them as they were.",
            class_name="quiet",
        ),
        rx.foreach(State.rows, _field_row),
        rows_error(State.errors["fields"]),
        on_submit=State.save_fields,
        beside=button(
            "Add a field", kind="quiet", icon_name="plus", on_click=State.add_own
        ),
    )


def _field_row(row: Any, place: Any) -> rx.Component:
    def choice(
        name: str, label: str, choices: tuple[tuple[str, str], ...], value: Any
    ) -> rx.Component:
        return rx.el.select(
            *[rx.el.option(words, value=each) for each, words in choices],
            name=f"{name}-{row.key}",
            default_value=value,
            class_name="input",
            aria_label=f"{label} {place + 1}",
        )

    return rx.el.fieldset(
        rx.el.legend(f"Field {place + 1}", class_name="visually-hidden"),
        rx.el.input(
            name=f"name-{row.key}",
            default_value=row.name,
            placeholder="Name, such as Project",
            max_length=NAME_LENGTH_MAX,
            class_name="input",
            aria_label=f"Name {place + 1}",
        ),
        choice("place", "Of", _PLACES, row.place),
        choice("kind", "Kind", _KINDS, row.kind),
        checkbox(f"required-{row.key}", "Required", default_checked=row.is_required),
        checkbox(f"staff-{row.key}", "Staff only", default_checked=row.is_staff_only),
        icon_button(
            f"Remove field {place + 1}",
            "close",
            small=True,
            on_click=State.remove_own(row.key),
        ),
        key=row.key,
        class_name="own-field",
    )


def _terms() -> list[rx.Component]:
    return [
        field(
            "Payment term",
            text_input("net_days", numeric=True, default_value=State.page.net_days),
            aside="days",
            hint="A customer can have another.",
            error=State.errors["net_days"],
            class_name="span-4",
        ),
        field(
            "Tax is owed in",
            text_input(
                "tax_currency",
                default_value=State.page.tax_currency,
                placeholder="such as PLN",
                max_length=3,
                auto_complete="off",
            ),
            hint="Invoices in other currencies say the tax in this one, too.",
            error=State.errors["tax_currency"],
            class_name="span-8",
        ),
        field(
            "Round what is due",
            text_input(
                "cash_rounding",
                default_value=State.page.cash_rounding,
                placeholder="such as SEK 1.00, CHF 0.05",
                auto_complete="off",
            ),
            hint="For each currency, the step that a new invoice's amount due is "
            "rounded to, however it is paid. The document shows it as Rounding; no "
            "tax changes. Other currencies stay exact.",
            error=State.errors["cash_rounding"],
        ),
        rx.el.div(
            checkbox(
                "prices_inclusive",
                "Prices are entered with tax included",
                default_checked=State.page.prices_inclusive,
            ),
        ),
        field(
            "Notes",
            text_area("notes", rows=3, default_value=State.page.notes),
            aside="a new invoice starts with these",
            error=State.errors["notes"],
        ),
        field(
            "Terms",
            text_area("terms", rows=3, default_value=State.page.terms),
            aside="printed at the foot",
            error=State.errors["terms"],
        ),
    ]
