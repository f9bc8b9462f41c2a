"""The conversations with the customer, and beside them the notes of staff."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.controls import (
    button,
    field,
    link,
    link_button,
    select,
    text_area,
    text_input,
)
from billing_app.web.components.dialogs import confirm_dialog
from billing_app.web.components.icons import icon
from billing_app.web.components.layout import panel
from billing_app.web.scripts import script_beside
from billing_app.web.staff.conversation_state import (
    ConversationState,
    DisputeTalk,
    NoteLine,
    ThreadLine,
)
from billing_app.web.staff.shell import ShellState

State = ConversationState
_REPLY = "reply-body"
_HIDDEN = {"aria-hidden": "true"}


class Reading(rx.Component):
    """Tells that the newest comment was before somebody's eyes; sends on Ctrl Enter."""

    library = script_beside(__name__, "reading.jsx")
    tag = "Reading"

    newest: rx.Var[int]
    on_read: rx.EventHandler[rx.event.no_args_event_spec]


def conversation() -> rx.Component:
    """Draw two threads that never mix: what the customer reads, and what not."""
    return panel(
        "Conversation",
        rx.el.div(
            Reading.create(
                rx.el.div(_with_customer(), custom_attrs={"id": "conversation"}),
                newest=State.newest,
                on_read=State.note_read,
            ),
            Reading.create(_among_staff(), newest=0),
            class_name="talk",
        ),
        count=rx.cond(State.count > 0, State.count, ""),
        is_printed=False,
        aside=[
            rx.cond(
                State.unread > 0,
                rx.el.span(State.unread, " unread", class_name="unread-mark"),
            )
        ],
    )


def dispute_thread(dispute_id: rx.Var[int], *acts: rx.Component) -> rx.Component:
    """Draw what is said in a dispute, and what can be done; `acts` come first."""
    place = dispute_id.to_string()
    talk = State.disputes[place].to(DisputeTalk)
    older = button(
        "Show older comments", small=True, on_click=State.show_all_of_disputes
    )
    said = rx.el.ol(
        rx.foreach(talk.comments, _comment),
        class_name="comments",
        custom_attrs={"aria-live": "polite", "aria-label": "In this dispute"},
    )
    # An address within the page: the browser goes there and puts the cursor in.
    reply = link_button(
        "Reply below",
        f"#{_REPLY}",
        small=True,
        icon_name="comment",
        leaves_app=True,
        on_click=State.choose_about("dispute-" + place),
    )
    drawn = rx.el.div(
        rx.cond(talk.has_older, older),
        rx.cond(talk.comments.length() > 0, said),
        rx.el.div(
            *acts,
            rx.cond(ShellState.may["comment"] & talk.can_reply, reply),
            class_name="staff-dispute-acts",
        ),
        class_name="thread dispute-thread",
    )
    return rx.cond(
        State.disputes.contains(place),
        Reading.create(
            drawn, newest=talk.newest, on_read=State.note_dispute_read(dispute_id)
        ),
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
    return rx.el.section(
        rx.el.h3(icon("customers", 14), "With the customer"),
        rx.cond(State.older > 0, older),
        _rows(
            State.comments,
            _comment,
            "No comments yet. What the customer writes on the invoice's page "
            "will stand here.",
        ),
        rx.cond(ShellState.may["comment"], _reply_box()),
        class_name="thread",
        aria_label="With the customer",
    )


def _among_staff() -> rx.Component:
    """Draw what no customer ever reads, as a section of its own."""
    return rx.el.section(
        rx.el.h3(icon("lock", 14), "Staff only, never shown to the customer"),
        _rows(State.notes, _note, "No notes yet."),
        rx.cond(ShellState.may["comment"], _note_box()),
        class_name="thread thread-staff",
        aria_label="Staff notes",
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
    return rx.cond(it.happening, _happening(it), _said(it))


def _happening(it: rx.vars.ObjectVar[ThreadLine]) -> rx.Component:
    return rx.el.li(
        icon("disputed", 15),
        link(it.happening, href=it.about_href, leaves_app=True),
        rx.el.time(it.at, title=it.exactly),
        key=it.key,
        class_name="happening",
    )


def _said(it: rx.vars.ObjectVar[ThreadLine]) -> rx.Component:
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
        key=it.key,
        class_name=rx.cond(it.is_removed, "comment comment-removed", "comment"),
        custom_attrs={"id": f"comment-{it.id}"},
    )


def _reply_box() -> rx.Component:
    """Draw the one form of answers; where there is a choice, it says what about."""
    return rx.el.form(
        rx.cond(State.subjects.length() > 1, _subject_picker()),
        field(
            "Reply",
            text_area(
                "body",
                rows=2,
                placeholder="Reply to the customer",
                disabled=~State.can_reply,
                key=State.turn,
            ),
            field_id=_REPLY,
            error=State.reply_error,
            label_hidden=True,
        ),
        rx.el.div(
            rx.el.span(State.mode_words, class_name="field-hint"),
            button("Post comment", submit=True, small=True, disabled=~State.can_reply),
            class_name="composer-foot",
        ),
        on_submit=State.reply,
        class_name="composer",
    )


def _subject_picker() -> rx.Component:
    return field(
        "About",
        select(
            "about", State.subjects, value=State.about, on_change=State.choose_about
        ),
        field_id="reply-about",
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
