"""The page about one invoice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

from billing_app.domain.dispute import ANSWER_LENGTH_MAX, NOTE_LENGTH_MAX, Outcome
from billing_app.web import theme
from billing_app.web.components.badges import status_badge
from billing_app.web.components.controls import (
    button,
    copy_button,
    date_input,
    field,
    link,
    link_button,
    money_input,
    more_menu,
    once_button,
    segmented,
    text_area,
    text_input,
)
from billing_app.web.components.dialogs import afterwards, confirm_dialog, dialog
from billing_app.web.components.icons import ICONS, icon
from billing_app.web.components.layout import message, panel, skeleton_block
from billing_app.web.components.tables import Column, data_table, empty_state
from billing_app.web.staff.behind import behind_drawer, line_sheet
from billing_app.web.staff.conversation import (
    conversation,
    dispute_thread,
    remove_dialog,
)
from billing_app.web.staff.conversation_state import ConversationState
from billing_app.web.staff.copy_link import CopyLink
from billing_app.web.staff.credit import credit_dialog, credit_panel, reissue_dialog
from billing_app.web.staff.diagnostics import diagnostics
from billing_app.web.staff.diagnostics_state import DiagnosticsState
from billing_app.web.staff.invoice_detail_state import InvoiceDetailState
from billing_app.web.staff.invoice_words import (
    DisputeLine,
    Fact,
    MailLine,
    PaymentLine,
)
from billing_app.web.staff.late_fees import fee_note, late_fees_panel
from billing_app.web.staff.payment_fields import payment_fields, receipt_choice
from billing_app.web.staff.portal_desk import portal_panel
from billing_app.web.staff.record import RecordState, is_shown
from billing_app.web.staff.shell import ShellState, record_page
from billing_app.web.staff.timeline import timeline_panel

State = InvoiceDetailState
OUTCOMES = [
    (Outcome.STANDS.value, "Invoice stands"),
    (Outcome.CREDITED.value, "Credit"),
    (Outcome.REISSUED.value, "Reissue"),
    (Outcome.VOID.value, "Void"),
]
OUTCOME_WORDS = {
    Outcome.STANDS: "The invoice stays as it is; the amount is asked for again.",
    Outcome.CREDITED: "A credit note is issued for what is disputed, or a part of it.",
    Outcome.REISSUED: "A credit note is issued for all of it, and a draft opens to "
    "be corrected.",
    Outcome.VOID: "The whole invoice becomes void.",
}

PAYMENT_COLUMNS = (
    Column("date", "Date", phone="under"),
    Column("method", "Method", phone="title"),
    Column("reference", "Reference", wide=True, phone="hidden"),
    Column("by", "Recorded by"),
    Column("status", "Status", phone="status"),
    Column("amount", "Amount", number=True, phone="amount"),
    Column("act", "Actions", label_hidden=True, phone="status-end"),
)


def page() -> rx.Component:
    return record_page(
        rx.cond(State.shape == "gone", _gone(), _invoice()),
        state=State,
        kind="Invoice",
        also=(ConversationState, DiagnosticsState),
        current="Invoices",
        title=rx.cond(State.shape == "gone", "Invoice not found", State.card.number),
        title_in_page=True,
        parent=("Invoices", "/invoices"),
        live=State.live,
        stylesheets=(theme.DOCUMENT,),
        loading=_loading(),
        extra=(
            _payment_dialog(),
            _void_dialog(),
            _write_off_dialog(),
            _undo_write_off_dialog(),
            _waive_dialog(),
            credit_dialog(State),
            reissue_dialog(State),
            _share_dialog(),
            _new_link_dialog(),
            _revoke_dialog(),
            _reverse_dialog(),
            _refund_dialog(),
            _use_credit_dialog(),
            _again_dialog(),
            remove_dialog(),
            _resolve_dialog(),
            _reminder_dialog(),
            _promise_dialog(),
            behind_drawer(),
        ),
        on_undo=State.undo,
    )


def _loading() -> rx.Component:
    """Keep the frame of the page, so that little moves when the invoice comes."""

    def grey(width: str) -> rx.Component:
        return rx.el.span(class_name="skeleton loading", style={"width": width})

    return rx.fragment(
        rx.el.div(
            rx.el.div(
                rx.el.p(grey("220px"), class_name="hero-loading"),
                rx.el.p(grey("320px"), class_name="hero-facts"),
            ),
            rx.el.p(rx.el.b(grey("120px")), class_name="hero-amount"),
            class_name="hero",
        ),
        rx.el.div(grey("420px"), class_name="actions actions-loading"),
        rx.el.div(
            rx.el.div(
                rx.el.div(
                    panel("Payments", skeleton_block(2)),
                    panel("Conversation", skeleton_block(6)),
                    panel("Document", skeleton_block(12)),
                ),
                rx.el.div(
                    panel("Details", skeleton_block(9)),
                    panel("Mail", skeleton_block(3)),
                    panel("Portal for this invoice", skeleton_block(4)),
                    panel("Activity", skeleton_block(6)),
                ),
                class_name="columns",
            ),
            class_name="page stack",
            custom_attrs={"aria-busy": "true"},
        ),
    )


def _invoice() -> rx.Component:
    return rx.fragment(
        _hero(),
        _actions(),
        rx.el.div(
            rx.foreach(State.failed_mails, _failed_mail),
            _ended_note(),
            _replaced_note(),
            fee_note(State),
            rx.el.div(
                rx.el.div(
                    _unless_cancelled(
                        _payments(),
                        credit_panel(State),
                        late_fees_panel(State),
                    ),
                    _disputes(),
                    _once_read(ConversationState, conversation),
                    _document(),
                ),
                rx.el.div(
                    _details(),
                    _unless_cancelled(
                        _mails(),
                        portal_panel(
                            State,
                            "Portal for this invoice",
                            may="manage_links",
                            below=[_once_read(DiagnosticsState, diagnostics, lines=1)],
                        ),
                    ),
                    timeline_panel(State),
                ),
                class_name="columns",
            ),
            class_name="page stack",
        ),
    )


def _once_read(
    state: type[RecordState], part: Callable[[], rx.Component], *, lines: int = 4
) -> rx.Component:
    """Draw a part of the page that is read by a state of its own."""
    return rx.cond(is_shown(state), part(), skeleton_block(lines))


def _gone() -> rx.Component:
    return rx.el.div(
        rx.el.h1("Invoice not found", class_name="visually-hidden"),
        empty_state(
            "There is no such invoice",
            "It does not exist, or belongs to another workspace.",
            link_button("All invoices", "/invoices"),
        ),
    )


def _hero() -> rx.Component:
    card = State.card
    late = status_badge("Overdue", card.late, large=True)
    return rx.el.div(
        rx.el.div(
            rx.el.h1(
                card.number,
                status_badge(card.status, large=True, live=True),
                rx.cond(card.late != "", late, rx.fragment()),
                _given(
                    card.disputed, status_badge("Disputed", card.disputed, large=True)
                ),
            ),
            rx.el.p(
                link(card.customer, href=card.customer_href),
                _given(card.reads, rx.el.span(card.reads)),
                _given(card.purchase_order, rx.el.span(card.purchase_order)),
                rx.el.span(card.due),
                _given(
                    card.broken,
                    rx.el.span(icon("alert", 14), card.broken, class_name="late"),
                ),
                _given(
                    card.viewed,
                    rx.el.span(icon("eye", 14), card.viewed, title=card.viewed_exactly),
                ),
                _given(
                    rx.cond(card.is_archived, "yes", ""),
                    rx.el.span(icon("archived", 14), "Archived"),
                ),
                class_name="hero-facts",
            ),
        ),
        rx.el.p(
            rx.el.b(card.amount, rx.el.span(card.cents, class_name="cents")),
            card.left,
            class_name="hero-amount",
        ),
        class_name="hero",
    )


def _actions() -> rx.Component:
    card = State.card
    return rx.el.div(
        _may(
            "issue_invoice",
            card.can_publish,
            button(
                "Publish to portal",
                kind="primary",
                icon_name="send",
                title=card.publish_hint,
                on_click=State.publish,
            ),
        ),
        _may("record_payment", card.can_pay, _record_button()),
        _may(
            "view",
            card.is_published,
            button(
                "Preview as customer",
                icon_name="external",
                on_click=State.preview_as_customer,
            ),
        ),
        _may("manage_links", card.is_issued, _link_group()),
        _rare_actions(),
        class_name="actions",
    )


def _rare_actions() -> rx.Component:
    card = State.card
    return rx.el.div(
        _may(
            "send_reminder",
            card.can_pay,
            button("Send reminder", kind="quiet", on_click=State.start_reminding),
        ),
        rx.cond(
            ShellState.may["issue_invoice"],
            rx.cond(
                card.is_archived,
                button("Unarchive", kind="quiet", on_click=State.unarchive),
                button("Archive", kind="quiet", on_click=State.archive),
            ),
            rx.fragment(),
        ),
        # Whoever may do any of them may duplicate.
        _may("edit_draft", True, _more_actions()),
        _may(
            "void_invoice",
            card.can_void,
            button("Void", kind="quiet-danger", on_click=State.start_voiding),
        ),
        class_name="actions-rare",
    )


def _more_actions() -> rx.Component:
    card = State.card
    return more_menu(
        _may(
            "issue_invoice",
            card.can_mark_sent,
            button("Mark as sent", kind="quiet", on_click=State.mark_sent),
        ),
        _may(
            "send_reminder",
            card.can_pay,
            button("Note a promise", kind="quiet", on_click=State.start_noting_promise),
        ),
        once_button("Duplicate", kind="quiet", on_press=State.duplicate),
        _may(
            "issue_credit_note",
            card.can_credit,
            rx.fragment(
                button("Credit", kind="quiet", on_click=State.start_crediting),
                button("Replace", kind="quiet", on_click=State.start_reissuing),
            ),
        ),
        _may(
            "write_off",
            card.can_write_off,
            button("Write off", kind="quiet", on_click=State.start_writing_off),
        ),
        _may(
            "write_off",
            card.can_undo_write_off,
            button(
                "Undo write-off", kind="quiet", on_click=State.start_undoing_write_off
            ),
        ),
    )


def _record_button() -> rx.Component:
    def drawn(kind: Any) -> rx.Component:
        return button(
            "Record payment",
            kind=kind,
            icon_name="payment",
            on_click=State.start_payment,
        )

    return rx.cond(State.card.can_publish, drawn("plain"), drawn("primary"))


def _link_group() -> rx.Component:
    return rx.el.div(
        CopyLink.create(
            url=State.link_url,
            words="Copy link",
            path=ICONS["link"],
            done_path=ICONS["check"],
            on_ask=State.copy_link,
            class_name="button",
        ),
        button("New link", opens="new-link"),
        button("Share", on_click=State.start_sharing),
        button("Revoke access", opens="revoke-access"),
        class_name="button-group",
    )


def _failed_mail(it: rx.vars.ObjectVar[MailLine]) -> rx.Component:
    retry = button(
        "Retry", small=True, icon_name="refresh", on_click=State.retry_mail(it.id)
    )
    return rx.el.div(
        icon("mail-failed"),
        rx.el.p(
            rx.el.b("Mail was not sent: ", it.words),
            rx.el.br(),
            rx.el.span(it.error, " (", it.at, ")"),
        ),
        rx.el.span(class_name="spacer"),
        rx.cond(ShellState.may["issue_invoice"], retry, rx.fragment()),
        class_name="message message-bad",
        role="alert",
    )


def _ended_note() -> rx.Component:
    return _given(State.card.ended, message(State.card.ended, icon_name="void"))


def _replaced_note() -> rx.Component:
    card = State.card
    words = rx.el.span(
        rx.cond(card.replaced_by != "", "Replaced by ", "Replaces "),
        link(
            rx.cond(card.replaced_by != "", card.replaced_by, card.replaces),
            href=card.replaced_href,
        ),
    )
    return _given(card.replaced_href, message(words, icon_name="copy"))


def _payments() -> rx.Component:
    table = data_table(
        PAYMENT_COLUMNS,
        State.payments,
        _payment_cells,
        row_key=lambda it: it.key,
        label="Payments",
    )
    none = rx.el.p("No payment yet.", class_name="panel-body quiet")
    drawn = panel(
        "Payments",
        rx.cond(State.payments.length() > 0, table, none),
        _may("record_payment", State.card.credit_words != "", _credit_line()),
        count=rx.cond(State.payments.length() > 0, State.payments.length(), ""),
        aside=[rx.el.span(State.card.received, class_name="secondary small")],
    )
    return rx.el.div(drawn, class_name="payments-panel")


def _payment_cells(it: rx.vars.ObjectVar[PaymentLine]) -> list[Any]:
    note = rx.el.p(
        icon("lock", 14),
        rx.el.span("Staff only: ", class_name="visually-hidden"),
        it.notes,
        class_name="staff-note",
    )
    refund = button(
        "Refund", kind="quiet", small=True, on_click=State.start_refunding(it.id)
    )
    reverse = button(
        "Reverse", kind="quiet", small=True, on_click=State.start_reversing(it.id)
    )
    receipt = link(
        icon("download", 14),
        href=it.receipt_href,
        leaves_app=True,
        class_name="button button-quiet button-small button-icon",
        aria_label=f"Receipt {it.receipt}",
        title=it.receipt,
    )
    return [
        rx.el.span(it.date, class_name="figures"),
        rx.fragment(
            it.method,
            rx.el.span(
                rx.el.span("Recorded by: ", class_name="visually-hidden"),
                it.by,
                class_name="recorded-by",
            ),
        ),
        rx.el.div(
            rx.el.p(it.reference, title=it.reference, class_name="truncate"),
            _given(it.notes, note),
        ),
        rx.el.span(it.by, class_name="secondary"),
        rx.el.span(status_badge(it.badge, it.words), title=it.detail),
        rx.fragment(
            rx.el.span(it.amount, class_name=rx.cond(it.counts, "medium", "quiet")),
            _given(it.whole, rx.el.span(it.whole, class_name="part-of")),
        ),
        rx.fragment(
            _given(it.receipt_href, receipt),
            rx.cond(
                ShellState.may["record_payment"],
                rx.fragment(
                    _given(it.credit, refund),
                    rx.cond(it.is_reversible, reverse, rx.fragment()),
                ),
            ),
        ),
    ]


def _disputes() -> rx.Component:
    drawn = panel(
        "Disputes",
        rx.el.ul(rx.foreach(State.disputes, _dispute), class_name="staff-disputes"),
        count=State.disputes.length(),
    )
    return rx.cond(
        State.disputes.length() > 0, rx.el.div(drawn, id="disputes"), rx.fragment()
    )


def _dispute(it: rx.vars.ObjectVar[DisputeLine]) -> rx.Component:
    answer = rx.cond(
        it.is_open & ShellState.may["resolve_dispute"].to(bool),
        button(
            "Answer",
            small=True,
            kind="primary",
            on_click=State.start_resolving(it.id),
        ),
    )
    note = rx.el.p(
        icon("lock", 14),
        rx.el.span("Staff only: ", class_name="visually-hidden"),
        it.note,
        class_name="staff-note",
    )
    return rx.el.li(
        rx.el.p(
            rx.el.b(it.about),
            rx.el.span(it.amount, class_name="figures medium"),
            rx.cond(
                it.is_open,
                status_badge("Disputed", "Open"),
                rx.el.span(it.how, class_name="secondary small"),
            ),
            class_name="staff-dispute-head",
        ),
        rx.el.p(it.opened, class_name="secondary small"),
        rx.el.p(it.reason, class_name="staff-dispute-words"),
        dispute_thread(it.id, answer),
        _given(
            it.answer,
            rx.el.p(
                rx.el.span("Answer: ", class_name="secondary"),
                it.answer,
                class_name="staff-dispute-words",
            ),
        ),
        _given(it.note, note),
        key=it.id.to_string(),
        id=f"dispute-{it.id}",
    )


def _e_invoice() -> rx.Component:
    return rx.fragment(
        link_button("CII", State.card.cii_href, small=True, leaves_app=True),
        link_button("UBL", State.card.ubl_href, small=True, leaves_app=True),
    )


def _document() -> rx.Component:
    error = message(State.card.pdf_error, tone="bad", icon_name="alert")
    return panel(
        "Document",
        _given(State.card.pdf_error, error),
        rx.el.div(line_sheet(State.sheet), class_name="sheet-frame"),
        _given(
            State.card.e_invoice,
            rx.el.p(State.card.e_invoice, class_name="e-invoice-gaps"),
        ),
        count=State.card.issued,
        aside=[
            rx.cond(State.card.is_e_invoice, _e_invoice(), rx.fragment()),
            _given(
                State.card.original_href,
                link_button(
                    "Original as issued",
                    State.card.original_href,
                    small=True,
                    leaves_app=True,
                ),
            ),
            link_button(
                "Download PDF",
                State.card.pdf_href,
                small=True,
                icon_name="download",
                leaves_app=True,
            ),
        ],
    )


def _details() -> rx.Component:
    shown_link = rx.fragment(
        rx.el.dt("Address"),
        rx.el.dd(
            rx.el.input(
                value=State.link_url,
                read_only=True,
                class_name="input small",
                aria_label="Portal link",
            )
        ),
    )
    return panel(
        "Details",
        rx.el.dl(
            rx.foreach(State.facts, _fact),
            _given(State.link_url, shown_link),
            class_name="facts",
        ),
    )


def _fact(it: rx.vars.ObjectVar[Fact]) -> rx.Component:
    return rx.fragment(rx.el.dt(it.name), rx.el.dd(it.words))


def _mails() -> rx.Component:
    def line(it: rx.vars.ObjectVar[MailLine]) -> rx.Component:
        drawn = rx.cond(it.is_failed, icon("mail-failed", 14), icon("mail", 14))
        return rx.el.li(
            drawn,
            rx.el.div(rx.el.b(it.words), rx.el.p(it.state)),
            rx.el.time(it.at),
        )

    none = rx.el.p("No mail yet.", class_name="panel-body quiet")
    some = rx.el.ol(rx.foreach(State.mails, line), class_name="timeline")
    again = button("Send again", small=True, kind="quiet", opens="mail-again")
    return panel(
        "Mail",
        rx.cond(State.mails.length() > 0, some, none),
        aside=[_may("issue_invoice", State.card.is_published, again)],
        is_printed=False,
    )


def _again_dialog() -> rx.Component:
    return confirm_dialog(
        "Send a second mail?",
        "The customer gets the mail about this invoice once more, with the same link.",
        dialog_id="mail-again",
        keep="Keep it at one",
        confirm=button(
            "Send again", kind="primary", closes=True, on_click=State.mail_again
        ),
    )


def _new_link_dialog() -> rx.Component:
    return confirm_dialog(
        "Make a new link?",
        "Every link to this invoice sent so far stops working, in mails too, and pages "
        "open through one close. Send the new one to whoever needs it.",
        dialog_id="new-link",
        keep="Keep the link",
        confirm=button(
            "Make new link", kind="danger", closes=True, on_click=State.new_link
        ),
    )


def _revoke_dialog() -> rx.Component:
    return confirm_dialog(
        "Revoke access?",
        "Every link to this invoice sent so far stops working for good, in mails too, "
        "and pages open through one close. A link made later is another one.",
        dialog_id="revoke-access",
        keep="Keep access",
        confirm=button(
            "Revoke access", kind="danger", closes=True, on_click=State.revoke_access
        ),
    )


def _is_asked(name: str) -> rx.Var[bool]:
    """Say whether a dialog is open, and about the invoice that the address names."""
    return (State.dialog == name) & is_shown(State)


def _payment_dialog() -> rx.Component:
    form = State.payment
    return dialog(
        "Record payment",
        *payment_fields(
            form,
            State.errors,
            State.card.currency,
            on_change=State.foresee.debounce(150),
        ),
        receipt_choice(State),
        _given(
            State.card.credit_words,
            rx.el.p(
                State.card.credit_words,
                " To pay with it, choose Use credit beside the payments instead.",
                class_name="secondary small",
            ),
        ),
        _given(
            State.becomes,
            afterwards(State.becomes, State.becomes_balance, is_odd=State.is_excess),
        ),
        dialog_id="record-payment",
        lead=f"{State.card.number}, {State.card.customer}",
        actions=[
            rx.el.kbd("Ctrl Enter", custom_attrs={"aria-hidden": "true"}),
            rx.el.span(class_name="spacer"),
            button("Cancel", closes=True),
            button(State.record_words, kind="primary", submit=True),
        ],
        on_submit=State.record_payment,
        open=_is_asked("payment"),
        on_close=State.close_dialog,
        key=form["request_key"],
    )


def _void_dialog() -> rx.Component:
    return _reason_dialog(
        "void",
        State.card.void_title,
        State.card.void_words,
        keep="Keep invoice",
        does="Void invoice",
        on_submit=State.void,
        hindrance=State.card.void_hindrance,
    )


def _write_off_dialog() -> rx.Component:
    return _reason_dialog(
        "write-off",
        State.card.write_off_title,
        State.card.write_off_words,
        keep="Keep asking",
        does="Write off",
        on_submit=State.write_off,
        hindrance=State.card.write_off_hindrance,
    )


def _undo_write_off_dialog() -> rx.Component:
    return _reason_dialog(
        "undo-write-off",
        "Undo the write-off?",
        "The invoice asks for its rest again, in the portal too. Record or allocate "
        "what came afterwards.",
        keep="Keep it written off",
        does="Undo write-off",
        on_submit=State.undo_write_off,
    )


def _waive_dialog() -> rx.Component:
    return _reason_dialog(
        "waive",
        f"Waive {State.waiving}?",
        "The late fee becomes void and is not asked for any more. The reminder that "
        "it came with charges no other.",
        keep="Keep late fee",
        does="Waive late fee",
        on_submit=State.waive,
    )


def _resolve_dialog() -> rx.Component:
    return _form_dialog(
        "resolve",
        "Answer the dispute",
        segmented("outcome", "Outcome", OUTCOMES, value=Outcome.STANDS, wide=True),
        *(
            rx.el.p(words, class_name=f"outcome outcome-{outcome} secondary small")
            for outcome, words in OUTCOME_WORDS.items()
        ),
        rx.el.div(
            field(
                "Amount to credit",
                money_input("amount", State.card.currency),
                aside="optional",
                hint="With tax. Credit less than is disputed and the rest stands; "
                "leave it empty to credit all of it.",
                error=State.errors["amount"],
                field_id="resolve-amount",
            ),
            class_name=f"outcome outcome-{Outcome.CREDITED}",
        ),
        field(
            "Answer",
            text_area("answer", rows=4, max_length=ANSWER_LENGTH_MAX),
            aside="customer sees this",
            error=State.errors["answer"],
            field_id="resolve-answer",
        ),
        field(
            "A note for your colleagues: why?",
            text_area(
                "note",
                max_length=NOTE_LENGTH_MAX,
                placeholder="Who checked, what was found",
            ),
            aside="required, staff only",
            aside_icon="lock",
            error=State.errors["note"],
            field_id="resolve-note",
        ),
        lead=State.resolving,
        does="Resolve dispute",
        on_submit=State.resolve_dispute,
        key=State.resolving,
    )


def _reverse_dialog() -> rx.Component:
    return _reason_dialog(
        "reverse",
        "Reverse this payment?",
        f"{State.reversing}. The invoice asks for the money again.",
        keep="Keep payment",
        does="Reverse payment",
        on_submit=State.reverse_payment,
    )


def _credit_line() -> rx.Component:
    return rx.el.div(
        rx.el.span(State.card.credit_words),
        button("Use credit", small=True, on_click=State.start_using_credit),
        class_name="panel-body credit-line",
    )


def _use_credit_dialog() -> rx.Component:
    return _amount_dialog(
        "use-credit",
        "Use the customer's credit",
        amount=State.credit_amount,
        hint=State.card.credit_words,
        lead=f"{State.card.number}, {State.card.customer}",
        does="Use credit",
        on_submit=State.use_credit,
    )


def _refund_dialog() -> rx.Component:
    return _amount_dialog(
        "refund",
        "Refund the customer's credit",
        amount=State.refund_amount,
        hint=State.refund_words,
        lead=State.reversing,
        does="Refund",
        on_submit=State.refund,
    )


def _amount_dialog(
    name: str,
    title: str,
    *,
    amount: Any,
    hint: Any,
    lead: Any,
    does: str,
    on_submit: Any,
) -> rx.Component:
    """Ask for an amount in the invoice's currency; `amount` is what it begins with."""
    return dialog(
        title,
        field(
            "Amount",
            money_input(
                "amount", State.card.currency, default_value=amount, key=amount
            ),
            hint=hint,
            error=State.errors["amount"],
            field_id=f"{name}-amount",
        ),
        dialog_id=name,
        lead=lead,
        actions=[
            button("Cancel", closes=True),
            button(does, kind="primary", submit=True),
        ],
        on_submit=on_submit,
        open=_is_asked(name),
        on_close=State.close_dialog,
    )


def _reminder_dialog() -> rx.Component:
    hindrance = State.reminder_hindrance
    is_hindered = hindrance != ""
    return _form_dialog(
        "reminder",
        "Send a reminder",
        rx.cond(
            is_hindered,
            message(hindrance, tone="warn", icon_name="warning"),
            _email_field("reminder-email"),
        ),
        lead=rx.cond(
            is_hindered,
            "No reminder can leave now. To ask all the same, write a comment.",
            "A friendly mail with what is open, and the link. It leaves at once.",
        ),
        does="Send reminder",
        is_hindered=is_hindered,
        on_submit=State.send_reminder,
        no_validate=True,
    )


def _promise_dialog() -> rx.Component:
    return _form_dialog(
        "promise",
        "Note a promise",
        field(
            "Will pay by",
            date_input("promised_on"),
            error=State.errors["promised_on"],
        ),
        field(
            "Told by",
            text_input("promised_by", max_length=200),
            aside="staff only",
            aside_icon="lock",
        ),
        lead="What the customer told you by phone. Reminders wait until then.",
        does="Note promise",
        on_submit=State.note_promise,
        no_validate=True,
    )


def _share_dialog() -> rx.Component:
    return _form_dialog(
        "share",
        "Share the invoice",
        _email_field("share-email"),
        rx.el.div(
            rx.el.p("Or hand it over yourself", class_name="field-label"),
            _link_to_copy(State.link_url, "Copy this link"),
            _link_to_copy(State.short_url, "Copy short link"),
            link_button(
                "Text message", State.sms_href, icon_name="send", leaves_app=True
            ),
            class_name="share-yourself",
        ),
        lead="Whoever has the link can read this invoice.",
        does="Send link",
        on_submit=State.share_by_mail,
    )


def _link_to_copy(url: rx.Var[str], words: str) -> rx.Component:
    return rx.el.p(
        rx.el.span(url, class_name="link-shown"),
        copy_button(words, url, words=words),
        class_name="share-link",
    )


def _form_dialog(
    name: str,
    title: str,
    *body: rx.Component,
    lead: Any,
    does: str,
    on_submit: Any,
    is_hindered: Any = False,
    **form_props: Any,
) -> rx.Component:
    """Draw the dialog that stands open while the state says its name."""
    return dialog(
        title,
        *body,
        dialog_id=name,
        lead=lead,
        actions=[
            button("Cancel", closes=True),
            button(does, kind="primary", submit=True, disabled=is_hindered),
        ],
        on_submit=on_submit,
        open=_is_asked(name),
        on_close=State.close_dialog,
        **form_props,
    )


def _reason_dialog(
    name: str,
    title: Any,
    words: Any,
    *,
    keep: str,
    does: str,
    on_submit: Any,
    hindrance: Any = "",
) -> rx.Component:
    """Ask why, before something that cannot be undone; or say what is in the way."""
    reason = field(
        "Reason",
        text_input("reason", max_length=500),
        aside="kept in the audit trail",
        error=State.errors["reason"],
        field_id=f"{name}-reason",
    )
    is_hindered = hindrance != ""
    in_the_way = message(hindrance, tone="warn", icon_name="warning")
    return confirm_dialog(
        title,
        words,
        rx.cond(is_hindered, in_the_way, reason),
        dialog_id=name,
        keep=keep,
        confirm=button(does, kind="danger", submit=True, disabled=is_hindered),
        on_submit=on_submit,
        open=_is_asked(name),
        on_close=State.close_dialog,
    )


def _email_field(field_id: str) -> rx.Component:
    return field(
        "Email",
        text_input(
            "email",
            kind="email",
            default_value=State.share_email,
            key=State.share_email,
        ),
        error=State.errors["email"],
        field_id=field_id,
    )


def _may(permission: str, when: Any, drawn: rx.Component) -> rx.Component:
    allowed = ShellState.may[permission]
    shown = allowed if when is True else allowed & when
    return rx.cond(shown, drawn, rx.fragment())


def _unless_cancelled(*panels: rx.Component) -> rx.Component:
    """Leave out what a draft that ended never comes to."""
    return rx.cond(State.card.is_cancelled, rx.fragment(), rx.fragment(*panels))


def _given(words: Any, drawn: rx.Component) -> rx.Component:
    return rx.cond(words != "", drawn, rx.fragment())
