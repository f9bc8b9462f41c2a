"""The invoice builder: lines at the left, the document itself at the right."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.currencies import currency_names
from billing_app.domain.invoice import JOB_LENGTH_MAX, ORDER_LENGTH_MAX
from billing_app.domain.invoice_mode import InvoiceMode
from billing_app.domain.portal_settings import VisibleOn
from billing_app.web import theme
from billing_app.web.components.badges import status_badge
from billing_app.web.components.controls import (
    button,
    date_input,
    field,
    link,
    more_menu,
    once_button,
    segmented,
    select,
    text_area,
    text_input,
)
from billing_app.web.components.icons import icon
from billing_app.web.staff.behind import behind_drawer
from billing_app.web.staff.behind_state import BehindState
from billing_app.web.staff.invoice_editor_cancel import cancel_draft_dialog
from billing_app.web.staff.invoice_editor_catalogue import (
    OFFERS_LIST,
    EditorCatalogueState,
)
from billing_app.web.staff.invoice_editor_events import (
    add_events_button,
    add_events_dialog,
)
from billing_app.web.staff.invoice_editor_lacking import lacking_dialog
from billing_app.web.staff.invoice_editor_lines import (
    FIELDS,
    EditorLinesState,
)
from billing_app.web.staff.invoice_editor_parts import (
    draft_keeper,
    editor_lines,
    lines_foot,
    preview_pane,
    sum_list,
    switch_to_preview,
)
from billing_app.web.staff.invoice_editor_payment import paid_draft_dialog
from billing_app.web.staff.invoice_editor_share import share_draft_dialog
from billing_app.web.staff.invoice_editor_state import InvoiceEditorState
from billing_app.web.staff.own_fields import OwnField, own_input
from billing_app.web.staff.shell import ShellState, record_page, staff_page

MODES = (
    (InvoiceMode.LINES.value, "Lines"),
    (InvoiceMode.FIXED.value, "Fixed amount"),
    (InvoiceMode.PERCENT.value, "Percent of a job"),
)
State = InvoiceEditorState
Lines = EditorLinesState


def page() -> rx.Component:
    """The builder of one draft."""
    return record_page(
        draft_keeper(
            State,
            _form(),
            _preview(),
            # Another draft is another keeper: nothing typed goes from one to the next.
            key=State.invoice_id.to_string(),
            draft=State.invoice_id,
            fields=sorted(FIELDS),
            on_choose=State.choose_product,
            on_behind=BehindState.open_draft_line,
        ),
        state=State,
        kind="Invoice draft",
        current="Invoices",
        title="Invoice draft",
        parent=("Invoices", "/invoices"),
        beside_title=status_badge("Draft"),
        actions=(_saved_words(), _more()),
        rail=True,
        stylesheets=(theme.DOCUMENT,),
        extra=(
            add_events_dialog(),
            behind_drawer(),
            paid_draft_dialog(State),
            share_draft_dialog(State),
            cancel_draft_dialog(State),
            lacking_dialog(State),
        ),
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
        rx.el.span(
            rx.cond(State.is_saved, icon("check", 14), rx.fragment()),
            State.saved_words,
            class_name="saved-words",
        ),
        rx.el.span("Not saved", class_name="saved-away"),
        class_name=rx.cond(State.is_saved, "saved saved-done", "saved"),
        custom_attrs={"aria-live": "polite"},
    )


def _more() -> rx.Component:
    return more_menu(
        rx.cond(
            ShellState.may["record_payment"],
            _verb("Issue and record payment", "paid", State.start_payment, issues=True),
            rx.fragment(),
        ),
        rx.cond(
            State.may_share & ShellState.may["manage_links"],
            _verb("Share draft", "link", State.start_sharing),
            rx.fragment(),
        ),
        once_button(
            "Duplicate", kind="quiet", icon_name="copy", on_press=State.duplicate
        ),
        _verb("Cancel draft", "cancelled", State.start_cancelling),
        _verb("Delete draft", "trash", State.delete, kind="quiet-danger"),
    )


def _verb(
    label: str, icon_name: str, handler: Any, *, kind: Any = "quiet", **props: Any
) -> rx.Component:
    return button(label, kind=kind, icon_name=icon_name, on_click=handler, **props)


def _form() -> rx.Component:
    return rx.el.div(
        switch_to_preview(State),
        rx.el.div(
            rx.cond(State.is_stale, _stale_message(), rx.fragment()),
            rx.cond(State.has_mine, _theirs_message(), rx.fragment()),
            rx.cond(State.told, _told_message(), rx.fragment()),
            _facts(),
            _charges(),
            _below_lines(),
            rx.cond(State.lacking, _lacking_message(), rx.fragment()),
            _what_the_buttons_do(),
            class_name="editor-body stack",
        ),
        _dock(),
        class_name="editor-form",
    )


def _what_the_buttons_do() -> rx.Component:
    return rx.el.p(
        "A draft stays with your team. Issuing takes the next number; what is issued "
        "can't be changed, only credited or replaced.",
        rx.cond(
            State.visible_on == VisibleOn.PUBLISH,
            f" {State.publish_hint}",
            "",
        ),
        class_name="secondary small",
    )


def _stale_message() -> rx.Component:
    return _choice(
        f"{State.rival} saved this draft meanwhile, so this is not saved. What you "
        "typed is still here.",
        button("Show theirs", small=True, on_click=State.show_theirs),
        button("Save mine instead", small=True, on_click=State.take_over),
    )


def _theirs_message() -> rx.Component:
    return _choice(
        "This is what was saved meanwhile. What you typed is kept aside.",
        button("Back to mine", small=True, on_click=State.show_mine),
        button("Keep theirs", small=True, on_click=State.forget_mine),
    )


def _lacking_message() -> rx.Component:
    return rx.el.div(
        icon("info"),
        rx.el.div(
            rx.el.p("Before you issue:"),
            rx.el.ul(rx.foreach(State.lacking, rx.el.li)),
            rx.cond(
                State.customer_href,
                link("Fill in the customer's address", href=State.customer_href),
                rx.fragment(),
            ),
        ),
        class_name="message message-warn",
        role="status",
    )


def _told_message() -> rx.Component:
    """Say what of a guest's invoice has to be looked at."""
    return rx.el.div(
        icon("info"),
        rx.el.div(
            rx.foreach(State.told, rx.el.p),
            rx.el.div(
                button("Got it", small=True, on_click=State.forget_told),
                class_name="message-choices",
            ),
        ),
        class_name="message",
        role="status",
    )


def _choice(words: str, *buttons: rx.Component) -> rx.Component:
    return rx.el.div(
        icon("warning"),
        rx.el.div(
            rx.el.p(words),
            rx.el.div(*buttons, class_name="message-choices"),
        ),
        class_name="message message-warn draft-choice",
        role="alert",
    )


def _facts() -> rx.Component:
    return rx.el.div(
        rx.el.div(_customer_picker(), class_name="span-8"),
        rx.el.div(_currency(), class_name="span-4"),
        rx.cond(State.is_new_customer, _new_customer(), rx.fragment()),
        rx.el.div(
            _date("Issue date", "issued_on", State.issued_hint),
            class_name="span-4 half",
        ),
        rx.el.div(
            _date("Due date", "due_on", State.due_hint), class_name="span-4 half"
        ),
        rx.el.details(
            rx.el.summary("More details"),
            class_name="more-facts",
            open=State.form["purchase_order"]
            + State.form["job"]
            + State.form["delivered_on"]
            + State.form["delivered_until"]
            != "",
        ),
        rx.el.div(
            field(
                "PO number",
                _input("purchase_order", max_length=ORDER_LENGTH_MAX),
                aside="optional",
                error=State.field_problems["purchase_order"],
            ),
            class_name="span-4 more-fact",
        ),
        rx.el.div(
            field(
                "Job or project",
                _input("job", max_length=JOB_LENGTH_MAX),
                aside="optional",
                error=State.field_problems["job"],
            ),
            class_name="span-4 more-fact",
        ),
        rx.el.div(
            _date("Delivered on", "delivered_on", hint="Where it isn't the issue date"),
            class_name="span-4 more-fact",
        ),
        rx.el.div(
            _date("Until", "delivered_until", hint="For a period, its last day"),
            class_name="span-4 more-fact",
        ),
        rx.foreach(State.own_fields, _own_field),
        rx.cond(State.tax_currency, _tax_rate(), rx.fragment()),
        class_name="form-grid",
    )


def _own_field(own: rx.Var[OwnField]) -> rx.Component:
    control = own_input(
        own,
        class_name="input",
        default_value=State.form[own.name],
        key=State.opened + own.name,
    )
    return rx.el.div(
        field(
            own.label,
            control,
            field_id=f"field-{own.name}",
            aside=own.aside,
            error=own.problem,
        ),
        class_name="span-4",
    )


def _tax_rate() -> rx.Component:
    """Ask what tax is converted by, where it is owed in another currency."""
    return rx.fragment(
        rx.el.div(
            field(
                f"1 {State.currency} in {State.tax_currency}",
                _input("tax_rate", numeric=True),
                hint="The rate that your tax is converted by",
                error=State.field_problems["tax_rate"],
            ),
            class_name="span-4",
        ),
        rx.el.div(
            _date("Rate of", "tax_rate_on", hint="The day it was published for"),
            class_name="span-4",
        ),
        rx.el.div(
            field(
                "Source of the rate",
                _input("tax_rate_source", max_length=60),
                hint="Printed beside it, like NBP or ECB",
                error=State.field_problems["tax_rate_source"],
            ),
            class_name="span-4",
        ),
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
                    "Customer email",
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
            on_change=State.choose_currency,
        ),
        hint=State.currency_hint,
    )


def _date(label: str, name: str, hint: Any) -> rx.Component:
    return field(
        label,
        date_input(
            name,
            default_value=State.form[name],
            key=State.opened + name,
        ),
        hint=hint,
        error=State.field_problems[name],
    )


def _input(name: str, **props: Any) -> rx.Component:
    return text_input(
        name,
        default_value=State.form[name],
        key=State.opened + name,
        **props,
    )


def _charges() -> rx.Component:
    """What is charged: line items, one amount, or a percentage of a job."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2(rx.cond(State.mode == InvoiceMode.LINES, "Lines", "Amount")),
            segmented(
                "invoice-mode",
                "What is charged",
                MODES,
                value=State.mode,
                on_select=State.choose_mode,
                small=True,
            ),
            class_name="section-head",
        ),
        rx.cond(State.mode == InvoiceMode.LINES, _lines(), _work()),
        aria_label=rx.cond(State.mode == InvoiceMode.LINES, "Lines", "Amount"),
    )


def _work() -> rx.Component:
    """The fields of an invoice that has no line items."""
    return rx.el.div(
        rx.el.div(
            field(
                "What is it for?",
                _input("work", max_length=500),
                error=State.field_problems["work"],
            ),
            class_name="span-8",
        ),
        rx.el.div(_work_tax(), class_name="span-4"),
        rx.el.div(
            field(
                "Details",
                _area("work_details"),
                aside="optional",
                error=State.field_problems["work_details"],
            ),
            class_name="span-12",
        ),
        rx.cond(
            State.mode == InvoiceMode.FIXED,
            rx.el.div(
                field(
                    "Amount",
                    _input("amount", numeric=True),
                    field_id="fixed-amount",
                    error=State.field_problems["amount"],
                ),
                class_name="span-4",
            ),
            rx.fragment(
                rx.el.div(
                    field(
                        "Percent",
                        _input("percent", numeric=True, placeholder="30%"),
                        error=State.field_problems["percent"],
                    ),
                    class_name="span-4",
                ),
                rx.el.div(
                    field(
                        "Job total",
                        _input("job_total", numeric=True),
                        hint="What the whole job comes to",
                        error=State.field_problems["job_total"],
                    ),
                    class_name="span-4",
                ),
                rx.el.dl(
                    rx.el.dt("Charged", class_name="field-label"),
                    rx.el.dd(State.charged, class_name="figures"),
                    class_name="span-4 work-charged",
                ),
            ),
        ),
        class_name="form-grid",
    )


def _work_tax() -> rx.Component:
    return field(
        "Tax",
        select(
            "work_tax_id",
            Lines.taxes,
            default_value=State.form["work_tax_id"],
            key=State.opened + "work_tax_id",
        ),
        hint="On the whole amount",
        error=State.field_problems["work_tax_id"],
    )


def _lines() -> rx.Component:
    return rx.fragment(
        editor_lines(State),
        _offers(),
        lines_foot(State, add_events_button(State.unbilled)),
    )


def _offers() -> rx.Component:
    """What the catalogue has for the description being typed."""
    return rx.el.datalist(
        rx.foreach(
            EditorCatalogueState.offers,
            lambda offer: rx.el.option(offer.words, value=offer.name),
        ),
        id=OFFERS_LIST,
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
                warning=State.terms_warning,
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
            sum_list(State),
        ),
        class_name="sums",
    )


def _area(name: str) -> rx.Component:
    return text_area(
        name,
        rows=3,
        default_value=State.form[name],
        key=State.opened + name,
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
        rx.match(
            State.visible_on,
            (
                VisibleOn.PUBLISH,
                rx.fragment(
                    button("Issue", on_click=State.issue(State.total), issues=True),
                    button(
                        "Publish to portal",
                        kind="primary",
                        title=State.publish_hint,
                        on_click=State.publish(State.total),
                        issues=True,
                    ),
                ),
            ),
            # Issuing shows it, or only "Mark as sent" does, on the invoice's page.
            button(
                "Issue", kind="primary", on_click=State.issue(State.total), issues=True
            ),
        ),
        class_name="dock",
        role="group",
        aria_label="Save and issue",
    )


def _preview() -> rx.Component:
    return preview_pane(
        State,
        "Preview",
        rx.cond(
            State.lacks != "",
            rx.el.p(State.lacks, class_name="e-invoice-gaps"),
            rx.fragment(),
        ),
    )
