"""The part of a customer's page about promises and reminders."""

from __future__ import annotations

import reflex as rx

from billing_app.domain.portal_asking import AskingPart
from billing_app.web.components.controls import button, date_input, link, post_form
from billing_app.web.words import worded


def promise_part(it: rx.vars.ObjectVar[AskingPart]) -> rx.Component:
    """Draw the promise that stands, and a small form for a date."""
    form = rx.el.details(
        rx.el.summary(it.label),
        post_form(
            rx.el.label(worded("I will pay by"), html_for="promised-on"),
            date_input(
                "promised_on",
                id="promised-on",
                default_value=it.day,
                min=it.first_day,
                max=it.last_day,
                required=True,
            ),
            button(worded("Send"), submit=True, small=True),
            action=it.action,
        ),
    )
    leads = rx.el.p(link(it.label, href=it.verify_href, leaves_app=True))
    return rx.cond(
        (it.words != "") | (it.label != ""),
        rx.el.div(
            rx.cond(it.words != "", rx.el.p(it.words), rx.fragment()),
            rx.cond(
                it.action != "",
                form,
                rx.cond(it.verify_href != "", leads, rx.fragment()),
            ),
            class_name="promise",
        ),
        rx.fragment(),
    )


def reminders_part(it: rx.vars.ObjectVar[AskingPart]) -> rx.Component:
    """Draw which reminders went out; nothing while there were none."""
    return rx.cond(
        it.reminders.length() > 0,
        rx.el.section(
            rx.el.div(
                rx.el.h2(worded("Reminders"), id="reminders"), class_name="section-head"
            ),
            rx.el.ol(
                rx.foreach(
                    it.reminders,
                    lambda row: rx.el.li(
                        rx.el.span(row.sent_on, class_name="secondary"),
                        rx.el.span(row.words),
                    ),
                ),
                class_name="rows reminders",
            ),
            class_name="section",
            custom_attrs={"aria-labelledby": "reminders"},
        ),
        rx.fragment(),
    )
