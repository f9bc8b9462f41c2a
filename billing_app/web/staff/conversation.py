"""The conversation with the customer, and beside it the notes of staff."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.controls import button, field, text_area, text_input
from billing_app.web.components.dialogs import confirm_dialog
from billing_app.web.components.icons import icon
from billing_app.web.components.layout import panel
from billing_app.web.staff.conversation_state import (
    ConversationState,
    NoteLine,
    ThreadLine,
)
from billing_app.web.staff.shell import ShellState

State = ConversationState
_HIDDEN = {"aria-hidden": "true"}


class Reading(rx.Component):
    """Tells that the newest comment was before somebody's eyes; sends on Ctrl Enter."""

    library = rx.asset("reading.jsx", shared=True).importable_path
    tag = "Reading"

    newest: rx.Var[int]
    on_read: rx.EventHandler[rx.event.no_args_event_spec]


def conversation() -> rx.Component:
    """Draw two threads that never mix: what the customer reads, and what not."""
    return panel(
        "Conversation",
        Reading.create(
            rx.el.div(_with_customer(), custom_attrs={"id": "conversation"}),
            newest=State.newest,
            on_read=State.note_read,
        ),
        count=rx.cond(State.count > 0, State.count, ""),
        aside=[
            rx.cond(
                State.unread > 0,
                rx.el.span(State.unread, " unread", class_name="unread-mark"),
            )
        ],
    )


def staff_notes() -> rx.Component:
    """Draw what no customer ever reads, as a section of its own."""
    return panel(
        "Staff notes",
        Reading.create(
            rx.el.div(
                _rows(State.notes, _note, "No notes yet."),
                rx.cond(ShellState.may["comment"], _note_box()),
                class_name="thread thread-staff",
            ),
            newest=0,
        ),
        aside=[rx.el.span("Never shown to the customer", class_name="secondary small")],
    )


def remove_dialog() -> rx.Component:
    return confirm_dialog(
        "Remove this comment?",
        State.removing_words,
        field(
            "Reason",
            text_input("reason", max_length=500),
            aside="kept in the audit trail",
            error=State.reason_error,
            field_id="remove-reason",
        ),
        dialog_id="remove-comment",
        keep="Keep comment",
        confirm=button("Remove comment", kind="danger", submit=True),
        on_submit=State.remove,
        open=State.removing > 0,
        on_close=State.stop_removing,
    )


def _with_customer() -> rx.Component:
    older = button("Show older comments", small=True, on_click=State.show_older)
    return rx.el.div(
        rx.cond(State.older > 0, older),
        _rows(
            State.comments,
            _comment,
            "No comments yet. What the customer writes on the invoice's page "
            "will stand here.",
        ),
        rx.cond(ShellState.may["comment"], _reply_box()),
        class_name="thread",
    )


def _rows(rows: rx.Var, drawn: object, none: str) -> rx.Component:
    return rx.cond(
        rows.length() > 0,  # type: ignore[attr-defined]
        rx.el.ol(
            rx.foreach(rows, drawn),  # type: ignore[arg-type]
            class_name="comments",
            custom_attrs={"aria-live": "polite"},
        ),
        rx.el.p(none, class_name="quiet"),
    )


def _comment(it: rx.vars.ObjectVar[ThreadLine]) -> rx.Component:
    remove = button(
        "Remove", kind="quiet", small=True, on_click=State.start_removing(it.id)
    )
    return rx.el.li(
        rx.el.span(it.mark, class_name="face", custom_attrs=_HIDDEN),
        rx.el.header(
            rx.el.b(it.author),
            rx.cond(
                it.is_verified,
                rx.el.span(icon("paid", 14), "Verified", class_name="good"),
            ),
            rx.cond(it.is_unread, rx.el.span("New", class_name="unread-mark")),
            rx.el.time(it.at, title=it.exactly),
        ),
        rx.el.div(
            rx.cond(it.email, rx.el.p(it.email, class_name="small quiet")),
            rx.cond(
                it.about,
                rx.el.a("On ", it.about, href=it.about_href, class_name="link small"),
            ),
            rx.el.p(
                rx.foreach(
                    it.parts,
                    lambda part: rx.cond(
                        part.href,
                        rx.el.a(
                            part.text,
                            href=part.href,
                            rel="noopener nofollow noreferrer",
                            target="_blank",
                            class_name="link",
                        ),
                        rx.el.span(part.text),
                    ),
                )
            ),
            rx.cond(it.seen, rx.el.p(it.seen, class_name="small quiet")),
            rx.cond(
                it.is_removed,
                rx.el.p("Removed from the customer's page", class_name="small quiet"),
                rx.cond(ShellState.may["comment"], remove),
            ),
        ),
        key=it.id,
        class_name=rx.cond(it.is_removed, "comment comment-removed", "comment"),
        custom_attrs={"id": f"comment-{it.id}"},
    )


def _reply_box() -> rx.Component:
    return rx.el.form(
        field(
            "Reply",
            text_area(
                "body",
                rows=2,
                placeholder="Reply to the customer",
                disabled=~State.can_reply,
                key=State.turn,
            ),
            field_id="reply-body",
            error=State.reply_error,
            label_hidden=True,
        ),
        rx.cond(State.lines.length() > 1, _line_picker()),
        rx.el.div(
            rx.el.span(State.mode_words, class_name="field-hint"),
            button("Post comment", submit=True, small=True, disabled=~State.can_reply),
            class_name="composer-foot",
        ),
        on_submit=State.reply,
        class_name="composer",
    )


def _line_picker() -> rx.Component:
    return field(
        "About",
        rx.el.select(
            rx.el.option("The whole invoice", value=""),
            rx.foreach(State.lines, lambda it: rx.el.option(it[1], value=it[0])),
            name="line",
            class_name="input",
            key=State.turn,
        ),
        field_id="reply-line",
        label_hidden=True,
    )


def _note(it: rx.vars.ObjectVar[NoteLine]) -> rx.Component:
    return rx.el.li(
        rx.el.span(it.mark, class_name="face", custom_attrs=_HIDDEN),
        rx.el.header(rx.el.b(it.author), rx.el.time(it.at, title=it.exactly)),
        rx.el.p(it.body),
        key=it.id,
        class_name="comment",
    )


def _note_box() -> rx.Component:
    return rx.el.form(
        field(
            "Staff note",
            text_area(
                "note",
                rows=2,
                placeholder="Note for the team",
                key=State.note_turn,
            ),
            field_id="staff-note",
            error=State.note_error,
            label_hidden=True,
        ),
        rx.el.div(
            rx.el.span("Kept apart from comments", class_name="field-hint"),
            button("Save note", submit=True, small=True),
            class_name="composer-foot",
        ),
        on_submit=State.write_note,
        class_name="composer",
    )
