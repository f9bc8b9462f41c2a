"""What the pages of signing in show: why not, what was typed, where to go after."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import reflex as rx

from billing_app import runtime
from billing_app.database import authentication
from billing_app.domain.actors import Actor, Nobody
from billing_app.domain.cookies import flash_cookie, read_cookie
from billing_app.domain.errors import NotSignedIn
from billing_app.domain.sign_in import Owes, safe_next
from billing_app.web.doors import ActingState, public_door, session_token
from billing_app.workflows.flash import Flash, unseal

START = "/dashboard"
PAGES = {
    Owes.CODE: "/sign-in/code",
    Owes.PASSWORD: "/sign-in/password",
}


class SignInState(ActingState, rx.State):
    """The forms post to HTTP routes; this only fills them after a refusal.

    Attributes:
        problem: why the last try was refused; empty before one.
        beside: a sentence for each field that can't be used, by its name.
        typed: what the refused form held, without secrets.
        next: a path of ours to go to afterwards, or empty.
        welcomes_guests: an invoice can be written without an account.
        is_open: the set-up page has something to set up.
        is_set_up: it has not, and says that there is no such page.
    """

    problem: str = ""
    beside: dict[str, str] = {}  # noqa: RUF012  (Reflex copies the default)
    typed: dict[str, str] = {}  # noqa: RUF012  (Reflex copies the default)
    next: str = ""
    welcomes_guests: bool = False
    is_open: bool = False
    is_set_up: bool = False

    @public_door
    async def arrive(self) -> Any:
        """Show the sign-in, unless another page is the right one."""
        self._show_refusal()
        self.welcomes_guests = runtime.current().settings.guest_invoices
        path = self.router.url.path.rstrip("/")
        wanted = await asyncio.to_thread(self._page_wanted)
        if path != wanted:
            tail = f"?next={quote(self.next)}" if self.next else ""
            leads_in = wanted == START
            return rx.redirect((self.next or START) if leads_in else wanted + tail)
        return None

    @public_door
    async def arrive_at_set_up(self) -> None:
        """Show the set-up form while nobody can sign in yet."""
        self._show_refusal()
        engine = runtime.current().engine
        self.is_set_up = await asyncio.to_thread(authentication.is_set_up, engine)
        self.is_open = not self.is_set_up

    def _actor(self) -> Actor:
        return Nobody()

    def _show_refusal(self) -> None:
        running = runtime.current()
        name = flash_cookie(running.settings.is_https)
        cookies = self.router.headers.cookie
        flash: Flash = unseal(running.cipher, read_cookie(cookies, name))
        self.problem, self.beside = flash.problem, flash.beside
        self.typed = flash.typed
        asked = safe_next(self._query("next"))
        self.next = "" if asked == "/" else asked

    def _page_wanted(self) -> str:
        """Return the page that this browser's session is at. In a thread."""
        running = runtime.current()
        token = session_token(self.router.headers.cookie)
        try:
            signed_in = authentication.staff_from_session(
                running.engine, token, running.now()
            )
        except NotSignedIn:
            is_set_up = authentication.is_set_up(running.engine)
            return "/sign-in" if is_set_up else "/set-up"
        return PAGES.get(signed_in.owes, START)
