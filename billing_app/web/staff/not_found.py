"""The page for an address that leads nowhere: in the staff's frame, for staff."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from billing_app import runtime
from billing_app.database import authentication
from billing_app.domain.actors import Actor, Nobody
from billing_app.domain.errors import NotSignedIn
from billing_app.web.components.controls import link_button
from billing_app.web.components.tables import empty_state
from billing_app.web.doors import DeskState, public_door, session_token
from billing_app.web.portal import not_found
from billing_app.web.staff.shell import ShellState, staff_page


class NotFoundState(DeskState, rx.State):
    """Whom to tell that there is no such page."""

    is_staff: bool = False

    @public_door
    async def look(self) -> Any:
        """Show a signed-in member their own frame; to all others say nothing more."""
        self.is_staff = await asyncio.to_thread(self._is_signed_in)
        return ShellState.enter if self.is_staff else None

    def _actor(self) -> Actor:
        return Nobody()

    def _is_signed_in(self) -> bool:
        running = runtime.current()
        token = session_token(self.router.headers.cookie)
        try:
            authentication.staff_actor(running.engine, token, running.now())
        except NotSignedIn:
            return False
        return True


def page() -> rx.Component:
    """Draw the page; until it is known who asks, it is everybody's."""
    return rx.cond(NotFoundState.is_staff, _for_staff(), not_found.page())


def _for_staff() -> rx.Component:
    return staff_page(
        empty_state(
            "There is no page at this address",
            "It may be mistyped, or its invoice or customer has another address now.",
            link_button("Dashboard", "/dashboard", kind="primary"),
            link_button("All invoices", "/invoices"),
            icon_name="search",
        ),
        state=ShellState,
        current="",
        title="Page not found",
    )
