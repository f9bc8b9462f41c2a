"""The conversations of an invoice and its disputes: what was said, and an answer.

`documents/templates/portal_thread.html` paints the same before JavaScript; change
both.
"""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from billing_app.domain.comment import NAME_LENGTH_MAX
from billing_app.domain.portal_thread import CommentLine, PortalThread
from billing_app.web.components.controls import (
    button,
    field,
    link,
    text_area,
    text_input,
)
from billing_app.web.components.icons import icon
from billing_app.web.portal.browser import (
    CommentKeeper,
    HandOver,
    Missed,
    Newest,
)
from billing_app.web.portal.thread_state import PortalThreadState as State
from billing_app.web.portal.verify import verify_panel
from billing_app.web.words import worded

_HIDDEN = {"aria-hidden": "true"}
_TYPED = ("body", "name", "email", "line")


def thread(as_of: rx.Var[str]) -> rx.Component:
    """Draw the conversation, where the business lets its customers read it.

    `as_of` is the instant of what the page shows.
    """
    return rx.cond(
        State.is_shown,
        rx.el.section(
            rx.el.div(
                rx.el.h2(worded("Comments"), id="comments-title"),
                rx.cond(State.count > 0, rx.el.span(State.count)),
                class_name="section-head",
            ),
            _comments(),
            _missed("said", as_of, State.history + State.recent),
            _composer(State.composer),
            class_name="section",
            custom_attrs={"id": "comments", "aria-labelledby": "comments-title"},
        ),
    )


def dispute_thread(dispute: rx.Var[str], as_of: rx.Var[str]) -> rx.Component:
    """Draw what is said in a dispute, and while it is open a place to answer."""
    it = State.disputes[dispute].to(PortalThread)
    answer = rx.el.details(
        rx.el.summary(
            rx.cond(it.count > 0, worded("Reply"), worded("Add to this dispute")),
            class_name="button button-small",
        ),
        _composer(it.composer, dispute),
        class_name="dispute-reply",
    )
    older = button(
        worded("Show older comments"), small=True, on_click=State.show_all_of_disputes
    )
    said = rx.el.ol(
        rx.foreach(it.comments, _comment),
        class_name="thread",
        custom_attrs={"aria-live": "polite", "aria-label": worded("In this dispute")},
    )
    return rx.cond(
        State.disputes.contains(dispute),
        rx.el.div(
            rx.cond(it.older > 0, rx.el.p(older)),
            rx.cond(it.comments.length() > 0, said),
            _missed(f"said-{dispute}", as_of, it.comments),
            rx.cond(it.composer.is_open, answer),
            class_name="dispute-thread",
        ),
    )


def watched() -> rx.Component:
    """Tell of what was read, and of what came in out of sight."""
    return Newest.create(newest=State.newest, own=State.own, on_read=State.note_read)


def _missed(place: str, as_of: rx.Var[str], shown: Any) -> rx.Component:
    return Missed.create(
        place=place, is_cut_off=has_connection_errors, as_of=as_of, shown=shown
    )


def _comments() -> rx.Component:
    return rx.fragment(
        rx.cond(
            State.older > 0,
            rx.el.p(
                button(worded("Show older comments"), on_click=State.show_older),
                class_name="thread",
            ),
        ),
        rx.cond(
            State.history.length() + State.recent.length() > 0,
            rx.el.ol(
                rx.foreach(State.history, _comment),
                rx.foreach(State.recent, _comment),
                class_name="thread",
                custom_attrs={"aria-live": "polite"},
            ),
            rx.el.p(worded("No comments yet."), class_name="quiet"),
        ),
    )


def _comment(it: rx.vars.ObjectVar[CommentLine]) -> rx.Component:
    return rx.cond(it.happening, _happening(it), _said(it))


def _happening(it: rx.vars.ObjectVar[CommentLine]) -> rx.Component:
    return rx.el.li(
        icon("disputed", 15),
        link(it.happening, href=it.about_href, leaves_app=True),
        rx.el.time(it.day, date_time=it.at, title=it.exactly),
        key=it.key,
        class_name="happening",
    )


def _said(it: rx.vars.ObjectVar[CommentLine]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            it.mark,
            class_name=rx.cond(it.is_staff, "face face-staff", "face"),
            custom_attrs=_HIDDEN,
        ),
        rx.el.div(
            rx.el.header(
                rx.el.b(rx.el.bdi(it.author)),
                rx.el.span(it.org, class_name="quiet"),
                rx.cond(
                    it.is_verified,
                    rx.el.span(
                        icon("paid", 14), worded("Verified"), class_name="verified"
                    ),
                ),
                rx.el.time(it.day, date_time=it.at, title=it.exactly),
            ),
            rx.cond(
                it.about,
                rx.el.a(
                    icon("comment", 14),
                    rx.el.span(
                        worded("On"), " ", rx.el.b(it.about), ", ", it.about_amount
                    ),
                    href=it.about_href,
                    class_name="about-line",
                ),
            ),
            rx.el.p(
                rx.foreach(
                    it.parts,
                    lambda part: rx.cond(
                        part.href,
                        rx.el.a(
                            part.text,
                            href=part.href,
                            rel="noopener nofollow",
                            class_name="link",
                        ),
                        rx.el.span(part.text),
                    ),
                )
            ),
        ),
        key=it.key,
        class_name="comment",
        custom_attrs={"id": f"comment-{it.id}"},
    )


def _composer(it: Any, dispute: Any = "") -> rx.Component:
    """Draw the form of one conversation; its fields are named after the dispute."""
    is_own = not isinstance(dispute, rx.Var)
    place = "comment" if is_own else f"dispute-{dispute}"

    def error(name: str) -> Any:
        return State.errors[f"{dispute}{name}"]

    return rx.cond(
        it.is_open,
        CommentKeeper.create(
            rx.el.form(
                *(HandOver.create(target=f"{place}-{name}") for name in _TYPED),
                rx.el.input(type="hidden", name="request_key"),
                rx.el.input(type="hidden", name="dispute", value=dispute),
                field(
                    worded("Message"),
                    text_area(
                        "body",
                        rows=3,
                        placeholder=worded("Ask about a line, a date or a payment")
                        if is_own
                        else worded("What should they know?"),
                        disabled=it.is_preview,
                    ),
                    field_id=f"{place}-body",
                    error=error("body"),
                ),
                *([rx.cond(it.lines.length() > 0, _line_picker())] if is_own else []),
                rx.el.div(
                    field(
                        worded("Your name"),
                        text_input(
                            "name",
                            auto_complete="name",
                            disabled=it.is_preview,
                            max_length=NAME_LENGTH_MAX,
                        ),
                        field_id=f"{place}-name",
                        error=error("name"),
                    ),
                    field(
                        worded("Your email"),
                        text_input(
                            "email",
                            kind="email",
                            auto_complete="email",
                            disabled=it.is_preview,
                            default_value=it.email,
                            read_only=it.email != "",
                            key=it.email,
                        ),
                        field_id=f"{place}-email",
                        hint=rx.cond(it.email != "", worded("Verified"), ""),
                        error=error("email"),
                    ),
                    class_name="pair",
                ),
                rx.cond(it.is_gated, verify_panel(it.gate_words, it.gate_href)),
                rx.cond(
                    error("form"),
                    rx.el.p(
                        icon("alert"),
                        rx.el.span(error("form")),
                        class_name="message message-bad",
                        role="alert",
                    ),
                ),
                rx.el.div(
                    rx.el.p(
                        icon("lock", 15),
                        rx.el.span(
                            worded("Name and email stay on this device until you post.")
                        ),
                        class_name="fine",
                    ),
                    button(
                        worded("Post comment") if is_own else worded("Send reply"),
                        kind="primary",
                        submit=True,
                        disabled=it.is_preview,
                    ),
                    class_name="composer-foot",
                ),
                on_submit=State.post,
                class_name="card composer",
                no_validate=True,
            ),
            draft=it.draft,
            posted=State.posted,
        ),
        rx.cond(
            it.closed_words,
            rx.el.p(it.closed_words, class_name="nothing"),
        ),
    )


def _line_picker() -> rx.Component:
    return field(
        worded("About"),
        rx.el.select(
            rx.el.option(worded("The whole invoice"), value=""),
            rx.foreach(
                State.composer.lines,
                lambda line: rx.el.option(line.words, value=line.place),
            ),
            name="line",
            class_name="input",
            disabled=State.composer.is_preview,
        ),
        field_id="comment-line",
        error=State.errors["line"],
    )
