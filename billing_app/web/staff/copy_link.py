"""A button that copies a secret link without the page holding it before."""

from __future__ import annotations

import reflex as rx

from billing_app.web.scripts import script_beside


class CopyLink(rx.Component):
    """Asks the server for the secret link and copies what comes back."""

    library = script_beside(__name__, "copy_link.jsx")
    tag = "CopyLink"

    url: rx.Var[str]
    words: rx.Var[str]
    path: rx.Var[str]
    done_path: rx.Var[str]
    on_ask: rx.EventHandler[rx.event.no_args_event_spec]
