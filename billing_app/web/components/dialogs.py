"""Modal dialogs on the native element: a form to fill, a question to answer.

    button("Record payment", opens="record-payment")
    dialog("Record payment", ..., dialog_id="record-payment",
           actions=[button("Cancel", closes=True),
                    button("Record $85.00", kind="primary", submit=True)],
           on_submit=State.record, open=State.is_recording,
           on_close=State.stop_recording)

Without `open` the browser alone opens and closes it, with no wait for the
server; give `open` when the server has to fill the form first or close it after
it has accepted what was typed. A click outside closes neither: typing is not lost.
"""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.web.components.controls import Flag, Handler, Text, icon_button
from billing_app.web.components.icons import icon
from billing_app.web.scripts import script_beside
from billing_app.web.words import worded


class Dialog(rx.Component):
    """The element and the few lines of script that open and close it."""

    library = script_beside(__name__, "dialog.jsx")
    tag = "Dialog"

    open: rx.Var[bool]
    dismissible: rx.Var[bool]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


def dialog(
    title: Text,
    *body: rx.Component,
    dialog_id: str,
    actions: list[rx.Component],
    lead: Text = "",
    on_submit: Handler = None,
    open: Flag | None = None,
    on_close: Handler = None,
    width: str = "",
    is_drawer: bool = False,
    **form_props: Any,
) -> rx.Component:
    """Draw a dialog; with `on_submit` its body is a form and Ctrl Enter sends it.

    A drawer stands at the side of the page it is about.

    Its first field gets the focus when it opens.
    """
    content = [
        rx.el.div(*body, class_name="dialog-body"),
        rx.el.div(*actions, class_name="dialog-foot"),
    ]
    if on_submit is not None:
        content = [rx.el.form(*content, on_submit=on_submit, **form_props)]
    return _dialog(
        _head(title, lead, f"{dialog_id}-title", closes=True),
        *content,
        dialog_id=dialog_id,
        role="dialog",
        open=open,
        on_close=on_close,
        width=width,
        class_name="dialog drawer" if is_drawer else "dialog",
    )


def confirm_dialog(
    title: Text,
    consequence: Text,
    *body: rx.Component,
    dialog_id: str,
    keep: str,
    confirm: rx.Component,
    on_submit: Handler = None,
    open: Flag | None = None,
    on_close: Handler = None,
) -> rx.Component:
    """Ask before something that cannot be undone.

    The title names the thing. `keep` is the way out, "Keep invoice", and gets the
    focus when there is nothing to fill; `confirm` does it, "Void invoice".
    """
    way_out = rx.el.button(
        keep,
        type="button",
        class_name="button",
        custom_attrs={"data-closes": "true", "data-first": "true"},
    )
    content = [
        rx.el.div(*body, class_name="dialog-body"),
        rx.el.div(way_out, confirm, class_name="dialog-foot"),
    ]
    if on_submit is not None:
        content = [rx.el.form(*content, on_submit=on_submit)]
    return _dialog(
        _head(title, consequence, f"{dialog_id}-title", closes=False),
        *content,
        dialog_id=dialog_id,
        role="alertdialog",
        open=open,
        on_close=on_close,
        width="",
    )


def afterwards(words: Text, figure: Text, *, is_odd: Flag = False) -> rx.Component:
    """Say above the buttons what will be true afterwards; `is_odd` asks to look."""
    return rx.el.p(
        icon("paid"),
        rx.el.span(words),
        rx.el.b(figure),
        class_name=rx.cond(is_odd, "afterwards afterwards-odd", "afterwards"),
    )


def _dialog(
    *content: rx.Component,
    dialog_id: str,
    role: str,
    open: Flag | None,
    on_close: Handler,
    width: str,
    class_name: str = "dialog",
) -> rx.Component:
    props: dict[str, Any] = {"open": open, "on_close": on_close}
    attributes = {
        "id": dialog_id,
        "role": role,
        "aria-labelledby": f"{dialog_id}-title",
        "aria-describedby": f"{dialog_id}-lead",
    }
    return Dialog.create(
        *content,
        class_name=class_name,
        custom_attrs=attributes,
        style={"--dialog-width": width} if width else {},
        **{key: value for key, value in props.items() if value is not None},
    )


def _head(title: Text, lead: Text, title_id: str, *, closes: bool) -> rx.Component:
    close = icon_button(worded("Close"), "close", small=True, closes=True)
    return rx.el.div(
        rx.el.div(
            rx.el.h2(title, class_name="dialog-title", custom_attrs={"id": title_id}),
            rx.el.p(
                lead,
                class_name="dialog-lead",
                custom_attrs={"id": title_id.removesuffix("title") + "lead"},
            ),
        ),
        *([close] if closes else []),
        class_name="dialog-head",
    )
