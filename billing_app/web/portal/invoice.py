"""The customer's page of one invoice: who, what, how much, by when, pay.

`documents/templates/portal.html` paints the same before JavaScript; change both.
"""

from __future__ import annotations

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from billing_app.domain.portal_invoice import NOT_AVAILABLE, NOT_FOUND
from billing_app.web.components.badges import status_badge
from billing_app.web.components.controls import (
    button,
    copy_button,
    field,
    link,
    link_button,
    money_input,
    tab_list,
    tab_panel,
)
from billing_app.web.components.icons import icon
from billing_app.web.components.layout import (
    NoticeSource,
    alone_page,
    message,
    portal_shell,
    skeleton_block,
)
from billing_app.web.components.why import why
from billing_app.web.portal import disputes, signing_in
from billing_app.web.portal.asking import promise_part, reminders_part
from billing_app.web.portal.browser import (
    CardForm,
    HandOver,
    Leave,
    Painted,
    Presence,
    refresh_button,
)
from billing_app.web.portal.disputes_state import PortalDisputeState
from billing_app.web.portal.invoice_state import PortalInvoiceState as State
from billing_app.web.portal.powers import powers
from billing_app.web.portal.signing_in import sign_in_page
from billing_app.web.portal.thread import thread, watched
from billing_app.web.portal.thread_state import PortalThreadState
from billing_app.web.portal.verify import verifying
from billing_app.web.words import worded

# Until the page knows better it keeps the title that the server has painted.
_PAINTED_TITLE = rx.Var[str](
    "(typeof document === 'undefined' ? 'Invoice' : document.title)"
)
TITLE = rx.cond(
    State.sign_in_href != "",
    signing_in.TITLE,
    rx.cond(State.title, worded(State.title), _PAINTED_TITLE),
)

_HIDDEN = {"aria-hidden": "true"}
_TICK = "m14 22.5 5.5 5.5L30 17"


def page() -> rx.Component:
    return rx.cond(State.sign_in_href, sign_in_page(State.sign_in_href), _page())


def _page() -> rx.Component:
    return rx.cond(
        State.is_loaded & PortalThreadState.is_loaded,
        rx.cond(
            State.is_gone,
            stands_alone(*NOT_FOUND),
            rx.cond(State.is_off, stands_alone(*NOT_AVAILABLE, art="lock"), _invoice()),
        ),
        Painted.create(
            rx.el.main(
                rx.el.h1(worded("Invoice"), class_name="visually-hidden"),
                skeleton_block(8),
                class_name="account",
            )
        ),
    )


def stands_alone(title: str, *paragraphs: str, art: str = "invoice") -> rx.Component:
    """Draw a page without brand, name or number."""
    said = (rx.el.p(worded(words)) for words in paragraphs)
    return alone_page(worded(title), *said, icon_name=art)


def _invoice() -> rx.Component:
    it = State.invoice
    return portal_shell(
        rx.el.div(
            _note(),
            _head(),
            _facts(),
            rx.cond(it.has_card, _payment_card()),
            promise_part(it.asking),
            _fresh(),
            class_name="summary",
        ),
        rx.el.div(
            rx.cond(it.welcome, rx.el.p(it.welcome, class_name="welcome")),
            _document_bar(),
            _document(),
            rx.cond(State.invoice.with_payments_href != "", _with_payments()),
            rx.cond(State.invoice.has_e_invoice, _e_invoice()),
            rx.cond(
                it.e_invoice_words != "",
                rx.el.p(it.e_invoice_words, class_name="e-invoice"),
            ),
            rx.cond(it.shows_payments, _payments()),
            disputes.section(),
            reminders_part(it.asking),
            thread(State.as_of),
            watched(),
            powers(it.powers),
            class_name="document-column",
        ),
        lockup=lockup(State.invoice),
        links=[
            rx.cond(
                it.account_href,
                link(worded("All invoices"), href=it.account_href, class_name=""),
                rx.cond(
                    it.sign_in_href,
                    link(
                        worded("Sign in"),
                        " ",
                        rx.el.span(worded("for all invoices"), class_name="wide-only"),
                        href=it.sign_in_href,
                        leaves_app=True,
                        class_name="",
                    ),
                ),
            )
        ],
        seller=it.seller,
        contact=[
            rx.el.span(it.legal_name),
            rx.foreach(
                it.contacts,
                lambda way: rx.cond(
                    way.href,
                    link(way.words, href=way.href, leaves_app=True, class_name=""),
                    rx.el.span(way.words),
                ),
            ),
        ],
        shows_badge=it.shows_badge,
        storage_notice=it.storage_notice,
        brand=it.brand,
        above=[staff_banner(State.invoice)],
        notices=State.notices,
        on_dismiss=State.dismiss_notice,
        more_notices=[
            NoticeSource(part.notices, part.dismiss_notice)
            for part in (PortalThreadState, PortalDisputeState)
        ],
        extra=[
            verifying(),
            rx.cond(it.form.is_open | (it.bank.length() > 0), _payment_bar()),
            rx.cond(
                it.staff_words, rx.fragment(), Presence.create(on_seen=State.note_seen)
            ),
        ],
    )


def lockup(it: rx.Var) -> rx.Component:
    """Draw the seller's logo and name; a wide logo says the name itself."""
    return rx.el.span(
        rx.cond(
            it.logo_href,
            rx.el.img(src=it.logo_href, alt=rx.cond(it.logo_says_name, it.seller, "")),
            rx.el.span(it.seller_mark, class_name="mark", custom_attrs=_HIDDEN),
        ),
        rx.cond(
            it.logo_says_name,
            rx.fragment(),
            rx.el.span(rx.el.bdi(it.seller), class_name="truncate"),
        ),
        class_name="lockup",
    )


def staff_banner(it: rx.Var) -> rx.Component:
    """Tell the business's own people how they look at their customer's page."""
    return rx.cond(
        it.staff_words,
        rx.el.p(
            icon("eye"),
            rx.el.span(it.staff_words),
            class_name="preview-banner",
            role="status",
        ),
    )


def _note() -> rx.Component:
    it = State.invoice
    return rx.cond(
        it.note,
        rx.match(
            it.note_tone,
            ("good", message(it.note, tone="good", icon_name="paid")),
            ("warn", message(it.note, tone="warn")),
            ("bad", message(it.note, tone="bad", icon_name="alert")),
            message(it.note),
        ),
    )


def _late_fee(fee: rx.Var) -> rx.Component:
    return rx.el.p(
        worded("Charged besides for paying late, on its own invoice:"),
        " ",
        rx.cond(fee.href, link(fee.number, href=fee.href), fee.number),
        ", ",
        rx.el.span(fee.amount, class_name="number"),
        class_name="replaced",
        key=fee.number,
    )


def _head() -> rx.Component:
    it = State.invoice
    return rx.fragment(
        rx.el.div(
            rx.el.h1(worded("Invoice {number}", number=it.number)),
            status_badge(it.status, it.status_words, live=True),
            rx.cond(it.disputes.summary, status_badge("Disputed", worded("Disputed"))),
            class_name="summary-head",
        ),
        rx.cond(
            it.replaced_by,
            rx.el.p(
                worded("Replaced by"),
                " ",
                rx.cond(
                    it.replaced_href,
                    link(it.replaced_by, href=it.replaced_href),
                    it.replaced_by,
                ),
                class_name="replaced",
            ),
        ),
        rx.foreach(it.late_fees, _late_fee),
        rx.el.p(it.amount_label, class_name="amount-label"),
        rx.el.p(
            it.amount,
            class_name=rx.cond(it.is_settled, "amount amount-settled", "amount"),
            custom_attrs={"style": rx.Var.create({"--n": it.amount_length})},
        ),
        rx.cond(
            (it.paid_words != "") | (it.on_its_way != "") | (it.disputes.summary != ""),
            rx.el.div(
                rx.cond(
                    it.paid_words,
                    rx.fragment(
                        rx.cond(
                            it.paid_percent > 0,
                            rx.el.progress(
                                value=it.paid_percent,
                                max=100,
                                aria_label=worded("Paid"),
                            ),
                        ),
                        rx.el.p(it.paid_words),
                    ),
                ),
                rx.cond(it.on_its_way, rx.el.p(it.on_its_way)),
                rx.cond(it.asked_of, rx.el.p(it.asked_of)),
                rx.cond(it.disputes.summary, rx.el.p(it.disputes.summary)),
                class_name="progress",
            ),
        ),
    )


def _facts() -> rx.Component:
    it = State.invoice
    return rx.el.dl(
        rx.cond(it.due_on, rx.fragment(rx.el.dt(worded("Due")), _due())),
        rx.foreach(
            it.settled,
            lambda pair: rx.fragment(rx.el.dt(pair.label), rx.el.dd(pair.value)),
        ),
        rx.el.dt(worded("Issued")),
        rx.el.dd(it.issued_on),
        rx.el.dt(worded("For")),
        rx.el.dd(rx.el.bdi(it.buyer)),
        class_name="facts",
    )


def _due() -> rx.Component:
    it = State.invoice
    note = rx.el.span(it.due_note, class_name=rx.cond(it.is_late, "late", "quiet"))
    return rx.el.dd(
        it.due_on,
        rx.cond(it.due_note, rx.fragment(" ", note)),
        class_name=rx.cond(it.is_late, "late", ""),
    )


def _payment_card() -> rx.Component:
    it = State.invoice
    return rx.el.section(
        rx.cond(it.form.is_open, _pay_form()),
        rx.cond(State.card.client_secret, _card_form()),
        rx.cond(it.outcome.kind, _outcome()),
        rx.cond(it.bank.length() > 0, _bank()),
        class_name="card payment",
        aria_label=worded("Payment"),
        custom_attrs={"id": "payment", "tabIndex": -1},
    )


def _card_form() -> rx.Component:
    card = State.card
    return CardForm.create(
        script=card.script,
        publishable_key=card.publishable_key,
        client_secret=card.client_secret,
        return_url=card.return_url,
        locale=card.locale,
        amount=card.amount,
        on_done=State.finish_card,
        on_drop=State.drop_card,
        on_blocked=State.leave_for_page,
        key=card.client_secret,
    )


def _pay_form() -> rx.Component:
    it = State.invoice
    is_locked = State.card.client_secret != ""
    hint = rx.fragment(
        State.amount_hint,
        rx.cond(
            State.is_part,
            rx.fragment(
                " ",
                rx.el.button(
                    worded("Pay in full"), type="button", on_click=State.pay_in_full
                ),
            ),
        ),
    )
    return rx.el.form(
        field(
            worded("Amount to pay"),
            money_input(
                "amount",
                it.form.currency,
                default_value=State.amount,
                key=State.amount_turn.to_string(),
                read_only=it.form.is_fixed | is_locked,
                disabled=it.is_preview,
                on_blur=State.weigh,
            ),
            hint=rx.cond(
                is_locked, worded("To change the amount, cancel below."), hint
            ),
            error=State.amount_error,
        ),
        rx.cond(
            is_locked,
            rx.fragment(),
            button(
                worded("Pay now"),
                kind="primary",
                submit=True,
                busy=State.is_paying,
                disabled=it.is_preview,
                class_name="button-pay",
            ),
        ),
        rx.el.p(icon("lock", 15), rx.el.span(it.form.fine), class_name="fine"),
        HandOver.create(target="field-amount"),
        Leave.create(to=State.payment_page),
        class_name="payment-form",
        on_submit=State.pay,
    )


def _outcome() -> rx.Component:
    it = State.invoice.outcome
    return rx.el.div(
        rx.cond(it.kind == "paid", _tick()),
        rx.el.h2(it.heading),
        rx.el.p(it.words),
        rx.cond(
            it.steps.length() > 0,
            rx.el.ol(
                rx.foreach(
                    it.steps,
                    lambda step: rx.el.li(
                        rx.el.b(step.title),
                        rx.el.span(step.words),
                        class_name=f"step-{step.stage}",
                        custom_attrs={
                            "aria-current": rx.cond(
                                step.stage == "now", "step", "false"
                            )
                        },
                    ),
                ),
                class_name="steps",
            ),
        ),
        rx.cond(
            it.receipt_href,
            link_button(
                worded("Download receipt"),
                it.receipt_href,
                icon_name="download",
                kind="primary",
                leaves_app=True,
            ),
        ),
        class_name="outcome",
    )


def _tick() -> rx.Component:
    return rx.el.svg(
        rx.el.circle(cx="22", cy="22", r="22"),
        rx.el.path(d=_TICK),
        class_name="tick",
        view_box="0 0 44 44",
        custom_attrs=_HIDDEN,
    )


def _bank() -> rx.Component:
    return rx.el.details(
        rx.el.summary(worded("Pay by bank transfer"), icon("chevron-down")),
        rx.el.dl(
            rx.foreach(
                State.invoice.bank,
                lambda line: rx.el.div(
                    rx.el.dt(line.label),
                    rx.el.dd(
                        rx.el.span(line.value), copy_button(line.copy_label, line.value)
                    ),
                ),
            )
        ),
        rx.cond(
            State.payment_code,
            rx.el.div(
                rx.html(
                    State.payment_code,
                    custom_attrs={
                        "role": "img",
                        "aria-label": State.invoice.code_label,
                    },
                ),
                rx.el.p(
                    worded(
                        "Scan with your banking app. "
                        "Name, IBAN, amount and reference are filled in for you."
                    )
                ),
                class_name="scan",
            ),
        ),
        open=True,
        class_name="bank",
    )


def _fresh() -> rx.Component:
    return rx.el.p(
        rx.el.span(
            class_name=rx.cond(has_connection_errors, "dot dot-off", "dot"),
            custom_attrs=_HIDDEN,
        ),
        rx.cond(
            has_connection_errors,
            worded("Not connected since"),
            worded("Up to date at"),
        ),
        " ",
        rx.el.time(State.clock, date_time=State.as_of, title=State.exactly),
        refresh_button(State.refresh, PortalThreadState.refresh),
        class_name="fresh",
    )


def _document_bar() -> rx.Component:
    it = State.invoice
    return rx.el.div(
        rx.cond(
            it.shows_pdf,
            rx.fragment(
                tab_list(
                    worded("Invoice view"),
                    [("live", worded("Live")), ("pdf", "PDF")],
                    value=State.mode,
                    on_select=State.show,
                ),
                link_button(
                    worded("Download PDF"),
                    it.pdf_href,
                    icon_name="download",
                    leaves_app=True,
                ),
            ),
        ),
        class_name="document-bar",
    )


def _with_payments() -> rx.Component:
    return rx.el.p(
        worded("With what was paid since:"),
        " ",
        link(
            worded("PDF with payments"),
            href=State.invoice.with_payments_href,
            leaves_app=True,
        ),
        class_name="e-invoice",
    )


def _e_invoice() -> rx.Component:
    it = State.invoice
    return rx.el.p(
        worded("For your accounting software:"),
        " ",
        link("CII", href=it.cii_href, leaves_app=True),
        " ",
        worded("or"),
        " ",
        link("UBL", href=it.ubl_href, leaves_app=True),
        class_name="e-invoice",
    )


def _document() -> rx.Component:
    it = State.invoice
    return rx.fragment(
        tab_panel(
            "live",
            rx.html(
                State.sheet,
                class_name="document-sheet",
            ),
            value=State.mode,
        ),
        tab_panel(
            "pdf",
            rx.cond(State.is_drawing, skeleton_block(12)),
            rx.cond(it.pdf_words, rx.el.p(it.pdf_words, class_name="nothing")),
            rx.foreach(
                State.pages,
                lambda href, place: rx.el.img(
                    src=href,
                    alt=worded("Page {number} of the invoice PDF", number=place + 1),
                    class_name="page-image",
                ),
            ),
            value=State.mode,
        ),
    )


def _payments() -> rx.Component:
    rows = State.invoice.payments
    return rx.el.section(
        rx.el.div(
            rx.el.h2(worded("Payments and receipts"), id="payments"),
            class_name="section-head",
        ),
        rx.cond(
            rows.length() > 0,
            rx.el.ul(rx.foreach(rows, _payment_row), class_name="rows"),
            rx.el.p(
                worded(
                    "No payments yet. Your receipt appears here as soon as one arrives."
                ),
                class_name="nothing",
            ),
        ),
        class_name="section",
        custom_attrs={"aria-labelledby": "payments"},
    )


def _payment_row(row: rx.Var) -> rx.Component:
    receipt = rx.fragment(
        link(row.receipt_words, href=row.receipt_href, leaves_app=True),
        rx.cond(row.cii_href, e_credit_note(row)),
    )
    return rx.el.li(
        rx.el.span(row.received_on, class_name="secondary"),
        rx.el.span(
            row.method,
            rx.cond(row.note, rx.el.small(row.note)),
            why(row.parts, worded("Why this figure?")),
        ),
        rx.el.span(row.amount, class_name="number medium"),
        rx.el.span(
            rx.cond(
                row.receipt_href,
                receipt,
                rx.cond(
                    row.is_processing,
                    status_badge("Processing", row.word),
                    rx.el.span(row.word, class_name="quiet"),
                ),
            )
        ),
    )


def e_credit_note(row: rx.Var) -> rx.Component:
    """Draw the links to a credit note's files for machines."""
    return rx.el.small(
        link("CII", href=row.cii_href, leaves_app=True),
        " · ",
        link("UBL", href=row.ubl_href, leaves_app=True),
    )


def _payment_bar() -> rx.Component:
    return rx.el.div(
        rx.el.div(State.invoice.amount_label, rx.el.b(State.invoice.amount)),
        link_button(
            rx.cond(
                State.invoice.form.is_open,
                worded("Go to payment"),
                worded("Bank details"),
            ),
            "#payment",
            kind="primary",
            leaves_app=True,
        ),
        class_name="payment-bar",
    )
