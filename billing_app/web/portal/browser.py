"""What the portal's pages do in the browser by themselves."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from billing_app.domain.portal_thread import CommentLine
from billing_app.web.scripts import script_beside
from billing_app.web.words import worded

_PAINTED = script_beside(__name__, "painted.jsx")
_CARD = script_beside(__name__, "card.jsx")
_NARROWING = script_beside(__name__, "narrowing.jsx")
_PRESENCE = script_beside(__name__, "presence.jsx")
_UNREACHED = script_beside(__name__, "unreached.jsx")
_VERIFYING = script_beside(__name__, "verifying.jsx")
_THREAD = script_beside(__name__, "thread_keeper.jsx")


class Painted(rx.Component):
    """Keeps the page as the server painted it until its data is there.

    Its children stand in where nothing was painted, such as after a click.
    """

    library = _PAINTED
    tag = "Painted"


class HandOver(rx.Component):
    """Puts back into a field what was typed before the page took over.

    Attributes:
        tells: the event by which the field says so, where something follows from it.
    """

    library = _PAINTED
    tag = "HandOver"

    target: rx.Var[str]
    tells: rx.Var[str]


class Narrowing(rx.Component):
    """Goes to the list that is asked for by a link or a field, from where it is now.

    Attributes:
        read: what the list that is shown was read for, as an address has it.
        names: what an address may ask of the list, but for a place within it.
        field: where a search is typed.
    """

    library = _NARROWING
    tag = "Narrowing"

    read: rx.Var[str]
    names: rx.Var[list[str]]
    field: rx.Var[str]


class Presence(rx.Component):
    """Tells once that the page was visible to a person for two seconds."""

    library = _PRESENCE
    tag = "Presence"

    on_seen: rx.EventHandler[rx.event.no_args_event_spec]


class CardForm(rx.Component):
    """Stripe's card form on our page; its script is loaded when this is shown.

    Attributes:
        on_blocked: the form can't be shown here; pay somewhere else.
    """

    library = _CARD
    tag = "CardForm"

    script: rx.Var[str]
    publishable_key: rx.Var[str]
    client_secret: rx.Var[str]
    return_url: rx.Var[str]
    locale: rx.Var[str]
    amount: rx.Var[str]

    on_done: rx.EventHandler[rx.event.no_args_event_spec]
    on_drop: rx.EventHandler[rx.event.no_args_event_spec]
    on_blocked: rx.EventHandler[rx.event.no_args_event_spec]


class Leave(rx.Component):
    """Goes to an address that is none of our pages, once `to` is set.

    `after` is the browser's event that says somebody asked for it here: submit, unless
    a plain button does.
    """

    library = _PRESENCE
    tag = "Leave"

    to: rx.Var[str]
    after: rx.Var[str]


class CommentKeeper(rx.Component):
    """Keeps in this browser what is being written, until `posted` names its key."""

    library = _THREAD
    tag = "CommentKeeper"

    draft: rx.Var[str]
    posted: rx.Var[str]


class Newest(rx.Component):
    """Tells that the newest comment was seen; shows the way to one out of sight."""

    library = _THREAD
    tag = "Newest"

    newest: rx.Var[int]
    own: rx.Var[int]
    on_read: rx.EventHandler[rx.event.no_args_event_spec]


class Missed(rx.Component):
    """Draws what was said in a conversation while the socket was lost.

    Attributes:
        place: the conversation, as the templates mark it by `data-fresh`.
        as_of: the instant of what the page shows; as long as it moves on by itself,
            nothing is asked for.
        shown: what the page shows of the conversation; the rest was missed.
    """

    library = _UNREACHED
    tag = "Missed"

    place: rx.Var[str]
    is_cut_off: rx.Var[bool]
    as_of: rx.Var[str]
    shown: rx.Var[list[CommentLine]]


class Reload(rx.Component):
    """A button that loads the page anew, where no event reaches the server."""

    library = _UNREACHED
    tag = "Reload"


class Verifying(rx.Component):
    """Asks in a dialog for the proof that a link on the page leads to.

    Attributes:
        sheet: stylesheet of its forms, loaded when they are first shown.
    """

    library = _VERIFYING
    tag = "Verifying"

    sheet: rx.Var[str]


def refresh_button(*reads: rx.event.EventHandler) -> rx.Component:
    """Draw the button that reads the page again, by whatever way there is."""
    words = worded("Refresh")
    return rx.cond(
        has_connection_errors,
        Reload.create(words),
        rx.el.button(words, type="button", on_click=list(reads)),
    )
