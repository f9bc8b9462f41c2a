"""Deny by default: no handler runs unless it says who it is for, and they are it.

Reflex's page guards protect pages, not handlers. This middleware stands before
every event, whether it came over the socket, from `on_load` or from another
handler.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import Any

import reflex as rx
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import format_event_handler

from billing_app import runtime
from billing_app.database import authentication
from billing_app.domain.errors import NotSignedIn
from billing_app.web import routes
from billing_app.web.doors import (
    Audience,
    PortalState,
    StaffState,
    session_token,
    sign_in_path,
)

log = logging.getLogger("tallyport.gate")

OURS = "billing_app."


class Gate(rx.Middleware):
    """Refuses handlers without an audience, and staff handlers without staff."""

    async def preprocess(
        self, app: rx.App, state: BaseState, event: Event
    ) -> StateUpdate | None:
        registered = RegistrationContext.get().event_handlers.get(event.name)
        if registered is None or not isinstance(event.payload, dict):
            return StateUpdate()
        # Of a page that it no longer finds, Reflex sends all it has before any event.
        if event.name in _hydrates() or not state.is_hydrated:
            await _forget_unproven(state)
            await _forget_signed_out(state)
        if not registered.states[0].is_user_defined():
            # Reflex's own: hydrate, on_load, client storage.
            return None
        audience = getattr(registered.handler.fn, "audience", None)
        if audience is None:
            return StateUpdate()
        if audience == Audience.STAFF and not await _is_staff(state):
            return StateUpdate(
                events=Event.from_event_type(rx.redirect(sign_in_path(state)))
            )
        # Only what a browser sends says where it is; what a page loads follows.
        is_sent = bool(event.router_data)
        if is_sent and event.name in _watches():
            # It would go on when its page is closed.
            return StateUpdate()
        # A portal handler's actor is its link, which each `_run` looks up.
        page = await state.get_state(registered.states[0])
        is_meant = not isinstance(page, PortalState) or page._is_meant()
        return StateUpdate() if is_sent and not is_meant else None

    async def postprocess(
        self, app: rx.App, state: BaseState, event: Event, update: StateUpdate
    ) -> StateUpdate:
        return update


@functools.cache
def _hydrates() -> frozenset[str]:
    """Return the names of the events that send all that a page remembers."""
    handlers = rx.State.event_handlers
    return frozenset(
        format_event_handler(handlers[name]) for name in ("hydrate", "hydrate_and_load")
    )


@functools.cache
def _watches() -> frozenset[str]:
    """Return the names of the events that run for as long as their page is open."""
    return frozenset(
        format_event_handler(handler)
        for page in routes.PAGES
        for handler in page.on_load
        if handler.is_background
    )


async def _forget_unproven(root: BaseState) -> None:
    """Empty what was shown of the portal, unless its address still opens it.

    A page whose connection was lost is found as it was: its address, with the secret
    in it, opens it now as it did then. Whoever knows no more than the token of
    the page's socket, or holds a link that was taken back, is sent an empty page.
    """
    pages = [
        page
        for page in root.substates.values()
        if isinstance(page, PortalState) and page._shown_at
    ]
    if not pages:
        return
    path = await pages[0]._proven_path()
    for page in pages:
        if page._shown_at != path:
            page.reset()


async def _forget_signed_out(root: BaseState) -> None:
    """Empty what staff were shown, unless they are still signed in."""
    pages = [
        page
        for page in root.substates.values()
        if isinstance(page, StaffState) and page._was_touched
    ]
    if pages and not await _is_staff(root):
        for page in pages:
            page.reset()


async def _is_staff(state: BaseState) -> bool:
    running = runtime.current()
    token = session_token(state.router.headers.cookie)
    try:
        await asyncio.to_thread(
            authentication.staff_actor, running.engine, token, running.now()
        )
    except NotSignedIn:
        return False
    return True


def drop_unknown(app: rx.App) -> None:
    """Let no event into the queue whose handler does not exist.

    The queue would write a traceback of it, many times as long as what was sent.
    """
    namespace: Any = app.event_namespace
    known = RegistrationContext.get().event_handlers
    take = namespace.on_event

    async def take_known(sid: str, data: Any) -> None:
        event = data if isinstance(data, dict) else {}
        name = event.get("name")
        if not isinstance(name, str) or name not in known:
            # A page of an older release sends such, too.
            log.warning("event.unknown %s", name[:60] if isinstance(name, str) else "")
        elif isinstance(event.get("router_data", {}), dict):
            await take(sid, data)

    namespace.on_event = take_known


def handlers() -> dict[str, Any]:
    """Return every registered handler of ours: its full name and its function."""
    return {
        name: registered.handler.fn
        for name, registered in sorted(RegistrationContext.get().event_handlers.items())
        if registered.states and registered.states[0].__module__.startswith(OURS)
    }


def check_doors() -> None:
    """Refuse to start when a handler of ours carries no audience."""
    open_to_all = [
        name
        for name, handler in handlers().items()
        if not hasattr(handler, "audience") and not name.endswith(".setvar")
    ]
    assert not open_to_all, f"handlers without a door: {open_to_all}"
