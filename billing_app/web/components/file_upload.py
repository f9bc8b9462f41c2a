"""A field for a file, which is sent as soon as it is chosen."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.web.scripts import script_beside


class FileUpload(rx.Component):
    """Sends a chosen file to a route and tells how it went."""

    library = script_beside(__name__, "file_upload.jsx")
    tag = "FileUpload"

    action: rx.Var[str]
    accept: rx.Var[str]
    max_bytes: rx.Var[int]
    too_large: rx.Var[str]
    name: rx.Var[str]
    on_done: rx.EventHandler[rx.event.passthrough_event_spec(str, str)]  # pyright: ignore[reportCallIssue]
    on_problem: rx.EventHandler[rx.event.passthrough_event_spec(str)]


def file_upload(
    name: str,
    *,
    action: str,
    accept: str,
    max_bytes: int,
    too_large: str,
    on_done: Any,
    on_problem: Any,
) -> rx.Component:
    """Draw the field; `on_done` hears what the route named the file, and its name."""
    return FileUpload.create(
        name=name,
        action=action,
        accept=accept,
        max_bytes=max_bytes,
        too_large=too_large,
        on_done=on_done,
        on_problem=on_problem,
        class_name="input input-file",
    )
