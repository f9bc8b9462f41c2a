"""The page on which anybody writes an invoice, without an account."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.currencies import currency_names
from billing_app.domain.guest_invoice import KEEP_PATH, LENGTHS, PATH
from billing_app.domain.speech import LANGUAGE_NAMES
from billing_app.web import theme
from billing_app.web.components.controls import (
    button,
    date_input,
    field,
    icon_button,
    link_button,
    select,
    text_area,
    text_input,
)
from billing_app.web.components.dialogs import dialog
from billing_app.web.components.icons import icon
from billing_app.web.components.layout import (
    connection_banner,
    notice_region,
    skip_link,
)
from billing_app.web.scripts import script_beside
from billing_app.web.staff.choices import COUNTRIES, country_choices
from billing_app.web.staff.guest_invoice_state import FIELDS, FILE, GuestInvoiceState
from billing_app.web.staff.invoice_editor_parts import (
    PERCENTS_LIST,
    draft_keeper,
    editor_lines,
    lines_foot,
    preview_pane,
    sum_list,
    switch_to_preview,
)

State: Any = GuestInvoiceState
KEEP_DIALOG = "keep-invoice"
TAX_NAMES_LIST = "tax-names"


class FileFetcher(rx.Component):
    """Fetches a file each time it is asked for once more, and shows why it can't."""

    library = script_beside(__name__, "file_fetcher.jsx")
    tag = "FileFetcher"

    address: rx.Var[str]
    asked: rx.Var[int]


def page() -> rx.Component:
    """The builder for everybody; what can't be drawn yet is said in words."""
    return rx.fragment(
        *theme.stylesheet_links((*theme.STAFF, theme.DOCUMENT)),
        connection_banner(),
        rx.el.div(
            skip_link("Skip to the invoice"),
            _head(),
            rx.el.main(
                rx.el.noscript(
                    rx.el.p(
                        "This page needs JavaScript, since it adds up while you type. "
                        "Please allow it and load the page again.",
                        class_name="page",
                    )
                ),
                rx.cond(
                    State.is_ready,
                    rx.cond(State.is_taken, _taken(), _builder()),
                    rx.cond(State.lacks_cookie, _lacks_cookie(), rx.fragment()),
                ),
                id="main",
                tab_index=-1,
            ),
            class_name="guest",
        ),
        _keep_dialog(),
    )


def _head() -> rx.Component:
    return rx.el.header(
        rx.el.span(
            "T", class_name="workspace-mark", custom_attrs={"aria-hidden": "true"}
        ),
        rx.el.h1("Make an invoice"),
        rx.el.span("No account needed", class_name="head-aside"),
        notice_region(State.notices, State.undo, State.dismiss_notice),
        rx.el.div(
            rx.el.span(
                rx.cond(State.is_saved, icon("check", 14), rx.fragment()),
                State.saved_words,
                class_name=rx.cond(State.is_saved, "saved saved-done", "saved"),
                custom_attrs={"aria-live": "polite"},
            ),
            rx.cond(
                State.is_ready & ~State.is_taken,
                icon_button("Start over", "refresh", on_click=State.start_over),
                rx.fragment(),
            ),
            theme.color_mode_button(),
            rx.cond(
                State.workspace,
                link_button(State.workspace, "/dashboard", leaves_app=True),
                link_button("Sign in", "/sign-in", leaves_app=True),
            ),
            class_name="head-actions",
        ),
        class_name="head",
    )


def _taken() -> rx.Component:
    return rx.el.div(
        rx.el.h2("This invoice is in your workspace"),
        rx.el.p(
            "It was taken over as a draft. Sign in to go on with it.",
            class_name="quiet",
        ),
        rx.el.div(
            link_button("Open invoices", "/invoices", kind="primary", leaves_app=True),
            link_button("Make another one", f"{PATH}?new=1", leaves_app=True),
            class_name="message-choices",
        ),
        class_name="page",
    )


def _lacks_cookie() -> rx.Component:
    return rx.el.div(
        rx.el.h2("This page needs a cookie"),
        rx.el.p(
            "It finds your invoice when you come back, and nothing else. Allow cookies "
            "for this page and open it again.",
            class_name="quiet",
        ),
        rx.el.div(
            link_button("Open it again", PATH, kind="primary", leaves_app=True),
            class_name="message-choices",
        ),
        class_name="page",
    )


def _builder() -> rx.Component:
    return draft_keeper(
        State,
        _form(),
        _preview(),
        key=State.draft.to_string(),
        draft=State.draft,
        fields=sorted(FIELDS),
    )


def _form() -> rx.Component:
    return rx.el.div(
        switch_to_preview(State),
        rx.el.div(
            rx.el.div(
                _party("seller", "From", "Your business", "Your email"),
                _party("buyer", "Billed to", "Customer", "Customer email"),
                class_name="guest-parties",
            ),
            _facts(),
            _lines(),
            _below_lines(),
            class_name="editor-body stack",
        ),
        _dock(),
        country_choices(),
        class_name="editor-form",
    )


def _party(who: str, heading: str, name: str, email: str) -> rx.Component:
    return rx.el.section(
        rx.el.h2(heading),
        _text(f"{who}_name", name, auto_complete="off"),
        field(
            "Address",
            text_area(
                f"{who}_address",
                rows=2,
                max_length=LENGTHS[f"{who}_address"],
                default_value=State.form[f"{who}_address"],
                key=State.opened + f"{who}_address",
            ),
            error=State.field_problems[f"{who}_address"],
        ),
        rx.el.div(
            _text(f"{who}_postal_code", "Postal code"),
            _text(f"{who}_town", "Town"),
            _text(f"{who}_region", "Region", hint="Only if addresses there name it"),
            _text(
                f"{who}_country",
                "Country",
                hint="Name or two letters",
                custom_attrs=COUNTRIES,
            ),
            class_name="field-pair",
        ),
        rx.el.div(
            _text(f"{who}_vat_id", "VAT or tax number", aside="optional"),
            _text(f"{who}_email", email, aside="optional"),
            class_name="field-pair",
        ),
        aria_label=heading,
        class_name="stack",
    )


def _facts() -> rx.Component:
    currencies = [(code, f"{code}  {name}") for code, name in currency_names().items()]
    return rx.el.div(
        rx.el.div(
            _text("number", "Invoice number", hint="Yours; without one it is a draft"),
            class_name="span-4",
        ),
        rx.el.div(
            _date("Issue date", "issued_on", State.issued_hint), class_name="span-4"
        ),
        rx.el.div(_date("Due date", "due_on", State.due_hint), class_name="span-4"),
        rx.el.div(_select("Currency", "currency", currencies), class_name="span-4"),
        rx.el.div(
            _select(
                "Language of the invoice", "language", list(LANGUAGE_NAMES.items())
            ),
            class_name="span-4",
        ),
        rx.el.div(
            _text("purchase_order", "PO number", aside="optional", max_length=80),
            class_name="span-4",
        ),
        class_name="form-grid",
    )


def _select(label: str, name: str, options: list[tuple[str, str]]) -> rx.Component:
    return field(
        label,
        select(
            name,
            options,
            default_value=State.form[name],
            key=State.opened + name,
        ),
    )


def _date(label: str, name: str, hint: Any) -> rx.Component:
    return field(
        label,
        date_input(name, default_value=State.form[name], key=State.opened + name),
        hint=hint,
        error=State.field_problems[name],
    )


def _text(name: str, label: str, **options: Any) -> rx.Component:
    words = {key: options.pop(key) for key in ("aside", "hint") if key in options}
    options.setdefault("max_length", LENGTHS.get(name, 200))
    options.setdefault("auto_complete", "off")
    return field(
        label,
        text_input(
            name,
            default_value=State.form[name],
            key=State.opened + name,
            **options,
        ),
        error=State.field_problems[name],
        **words,
    )


def _lines() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Lines"),
            rx.el.div(
                rx.el.label("Tax is called", html_for="field-tax_name"),
                text_input(
                    "tax_name",
                    default_value=State.form["tax_name"],
                    key=State.opened + "tax_name",
                    placeholder="Tax",
                    max_length=LENGTHS["tax_name"],
                    auto_complete="off",
                    custom_attrs={"id": "field-tax_name", "list": TAX_NAMES_LIST},
                ),
                class_name="guest-tax",
            ),
            class_name="section-head",
        ),
        editor_lines(State),
        _list(TAX_NAMES_LIST, ("VAT", "GST", "Sales tax", "MwSt.", "TVA", "IVA")),
        _list(PERCENTS_LIST, ("0%", "5%", "7%", "9%", "19%", "20%", "21%")),
        lines_foot(State),
        aria_label="Lines",
    )


def _list(list_id: str, values: tuple[str, ...]) -> rx.Component:
    return rx.el.datalist(*(rx.el.option(value=x) for x in values), id=list_id)


def _below_lines() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            _area("notes", "Note to customer"),
            _area(
                "terms",
                "Payment terms",
                placeholder="30 days, to IBAN …",
            ),
            class_name="stack",
        ),
        rx.el.div(
            field(
                "Discount",
                text_input(
                    "discount",
                    default_value=State.form["discount"],
                    key=State.opened + "discount",
                    placeholder="10% or 25.00",
                    numeric=True,
                ),
                aside="off the whole invoice",
                error=State.field_problems["discount"],
            ),
            sum_list(State),
        ),
        class_name="sums",
    )


def _area(name: str, label: str, **props: Any) -> rx.Component:
    return field(
        label,
        text_area(
            name,
            rows=3,
            default_value=State.form[name],
            key=State.opened + name,
            **props,
        ),
        aside="printed on the invoice",
        error=State.field_problems[name],
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
        button("Keep in a workspace", opens=KEEP_DIALOG, on_click=State.keep),
        button(
            "Download PDF",
            kind="primary",
            icon_name="download",
            on_click=State.download,
        ),
        FileFetcher.create(address=FILE, asked=State.asked),
        class_name="dock",
        role="group",
        aria_label="Print and keep",
    )


def _keep_dialog() -> rx.Component:
    return dialog(
        "Keep it in a workspace",
        rx.el.p(
            "A workspace numbers invoices without gaps, shows them to customers on a "
            "page of their own and takes payments. This invoice becomes a draft "
            "there, with its customer and everything you typed."
        ),
        rx.cond(
            State.is_saved,
            rx.fragment(),
            rx.el.p("It can be taken over once it is kept here.", role="status"),
        ),
        dialog_id=KEEP_DIALOG,
        actions=[
            button("Not now", closes=True),
            # What is handed over is what is kept, not what is typed.
            rx.cond(State.is_saved, _hand_over(), rx.fragment()),
        ],
    )


def _hand_over() -> rx.Component:
    return rx.cond(
        State.workspace,
        rx.cond(
            State.may_take,
            _leading(rx.Var.create("Take it to ") + State.workspace, KEEP_PATH),
            _leading("Choose a workspace", KEEP_PATH),
        ),
        rx.cond(
            State.is_set_up,
            _leading("Sign in and keep it", f"/sign-in?next={KEEP_PATH}"),
            _leading("Set up a workspace", f"/set-up?next={KEEP_PATH}"),
        ),
    )


def _leading(label: Any, address: str) -> rx.Component:
    return link_button(label, address, kind="primary", leaves_app=True)


def _preview() -> rx.Component:
    return preview_pane(State, rx.cond(State.is_example, "An example", "Preview"))
