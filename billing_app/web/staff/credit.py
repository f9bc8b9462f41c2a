"""Credit notes on the page of an invoice: the list, and the forms that make them."""

from __future__ import annotations

import reflex as rx

from billing_app.domain.credit_note import CreditMode
from billing_app.domain.invoice import REASON_LENGTH_MAX
from billing_app.web.components.controls import (
    button,
    checkbox,
    field,
    link_button,
    money_input,
    segmented,
    text_input,
)
from billing_app.web.components.dialogs import confirm_dialog, dialog
from billing_app.web.components.icons import icon
from billing_app.web.components.layout import message, panel
from billing_app.web.components.why import why
from billing_app.web.staff.credit_state import (
    CreditableRow,
    CreditNoteLine,
    CreditState,
    Figure,
)

_MODES = [
    (CreditMode.WHOLE.value, "All not credited yet"),
    (CreditMode.LINES.value, "Lines"),
    (CreditMode.AMOUNT.value, "Amount"),
]


def credit_panel(state: type[CreditState]) -> rx.Component:
    """List what was credited of the invoice, where anything was."""
    drawn = panel(
        "Credit notes",
        rx.el.ul(rx.foreach(state.credit_notes, _note), class_name="staff-disputes"),
        count=state.credit_notes.length(),
    )
    has_some = state.credit_notes.length() > 0
    return rx.cond(has_some, drawn, rx.fragment())


def _note(it: rx.vars.ObjectVar[CreditNoteLine]) -> rx.Component:
    return rx.el.li(
        rx.el.p(
            rx.el.b(it.number),
            rx.el.span(it.amount, class_name="figures medium"),
            rx.el.span(it.what, class_name="secondary small"),
            rx.el.span(class_name="spacer"),
            rx.cond(it.cii_href, _for_machines(it), rx.fragment()),
            link_button(
                "PDF",
                it.href,
                small=True,
                icon_name="download",
                leaves_app=True,
                aria_label=f"Download {it.number}",
            ),
            class_name="staff-dispute-head",
        ),
        rx.el.p(
            it.date, rx.cond(it.by, f", {it.by}", ""), class_name="secondary small"
        ),
        rx.el.p(it.reason, class_name="staff-dispute-words"),
        why(it.parts, "Why this figure?"),
        key=it.id.to_string(),
    )


def _for_machines(it: rx.vars.ObjectVar[CreditNoteLine]) -> rx.Component:
    def file(name: str, href: rx.Var[str]) -> rx.Component:
        label = f"Download {it.number} as {name}"
        return link_button(name, href, small=True, leaves_app=True, aria_label=label)

    return rx.fragment(file("CII", it.cii_href), file("UBL", it.ubl_href))


def credit_dialog(state: type[CreditState]) -> rx.Component:
    errors = state.errors
    return dialog(
        "Issue a credit note",
        rx.cond(
            errors["form"],
            message(errors["form"], tone="warn", icon_name="warning"),
            rx.fragment(),
        ),
        segmented(
            "mode",
            "What to credit",
            _MODES,
            value=state.credit_mode,
            on_select=state.choose_credit_mode,
            wide=True,
        ),
        rx.match(
            state.credit_mode,
            (CreditMode.LINES.value, _lines(state)),
            (CreditMode.AMOUNT.value, _amount(state)),
            rx.fragment(),
        ),
        field(
            "Reason",
            text_input("reason", max_length=REASON_LENGTH_MAX),
            aside="customer sees this",
            error=errors["reason"],
            field_id="credit-reason",
        ),
        rx.el.dl(
            rx.foreach(state.credit_figures, _figure), class_name="credit-figures"
        ),
        rx.cond(
            state.credit_lacks,
            rx.el.p(state.credit_lacks, class_name="e-invoice-gaps"),
            rx.fragment(),
        ),
        dialog_id="credit",
        lead=state.credit_lead,
        actions=[
            button("Cancel", closes=True),
            button(state.credit_words, kind="primary", submit=True),
        ],
        on_submit=state.issue_credit_note,
        open=state.dialog == "credit",
        on_close=state.close_dialog,
        key=state.credit_key,
    )


def _lines(state: type[CreditState]) -> rx.Component:
    def line(row: rx.vars.ObjectVar[CreditableRow]) -> rx.Component:
        chosen = checkbox(
            "line",
            row.name,
            checked=row.is_chosen,
            disabled=row.is_credited,
            on_change=state.choose_credit_line(row.place),
        )
        word = rx.cond(row.is_credited, "Credited", row.amount)
        return rx.el.li(
            chosen,
            rx.el.span(word, class_name="figures secondary"),
            key=row.place.to_string(),
        )

    # Several controls are a group, which a field is not.
    return rx.el.fieldset(
        rx.el.legend("Lines", class_name="field-label"),
        rx.el.ul(rx.foreach(state.credit_rows, line), class_name="credit-lines"),
        rx.cond(
            state.errors["lines"],
            rx.el.p(
                icon("alert", 14),
                rx.el.span(state.errors["lines"]),
                class_name="field-error",
                custom_attrs={"role": "alert"},
            ),
            rx.fragment(),
        ),
        class_name="field",
    )


def _amount(state: type[CreditState]) -> rx.Component:
    return field(
        "Amount",
        money_input(
            "amount",
            state.credit_currency,
            default_value=state.credit_amount,
            on_change=state.type_credit_amount.debounce(150),
        ),
        aside="with tax",
        error=state.errors["amount"],
        field_id="credit-amount",
    )


def _figure(it: rx.vars.ObjectVar[Figure]) -> rx.Component:
    return rx.fragment(rx.el.dt(it.name), rx.el.dd(it.amount))


def reissue_dialog(state: type[CreditState]) -> rx.Component:
    return confirm_dialog(
        "Replace this invoice?",
        "What is left of it is credited, and a draft with the same lines opens. What "
        "was paid becomes the customer's credit. This can't be undone.",
        field(
            "Reason",
            text_input("reason", max_length=REASON_LENGTH_MAX),
            aside="customer sees this",
            error=state.errors["reason"],
            field_id="reissue-reason",
        ),
        dialog_id="reissue",
        keep="Keep invoice",
        confirm=button("Credit and replace", kind="primary", submit=True),
        on_submit=state.reissue,
        open=state.dialog == "reissue",
        on_close=state.close_dialog,
    )
