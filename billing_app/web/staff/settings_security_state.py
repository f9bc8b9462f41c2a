"""State of a member's own way in."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx
import segno

from billing_app import runtime
from billing_app.database import authentication
from billing_app.database.authentication import SignedIn
from billing_app.domain.actors import Permission
from billing_app.domain.dates import Moment
from billing_app.domain.errors import InvalidInput
from billing_app.queries.audit_trail import TrailSummary, read_audit_trail
from billing_app.queries.members import Security, SessionRow, read_security
from billing_app.services.security import TotpOffer, end_one_session
from billing_app.web import formats
from billing_app.web.doors import session_token, staff_door
from billing_app.web.forms import sent_text
from billing_app.web.staff.settings_frame import SettingsState
from billing_app.workflows import security as workflow


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One signed-in browser, in words."""

    session_id: int
    browser: str
    seen: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class WorkspaceLine:
    """A workspace the reader belongs to."""

    workspace_id: int
    name: str
    is_here: bool


class SecurityState(SettingsState, rx.State):
    """The reader's password, codes, sessions and workspaces.

    Attributes:
        asks: what the open question for the password is about: codes-on,
            codes-off, recovery, or empty while there is none.
        secret, code_image: for the authenticator app, until it is confirmed.
        secret_words: the secret as people type it, in groups of four.
        recovery_codes: shown once, right after they were made.
    """

    security: Security = Security()
    sessions: list[SessionLine] = []  # noqa: RUF012  (Reflex copies the default)
    workspaces: list[WorkspaceLine] = []  # noqa: RUF012
    asks: str = ""
    secret: str = ""
    secret_words: str = ""
    code_image: str = ""
    recovery_codes: list[str] = []  # noqa: RUF012
    password_turn: int = 0
    trail: TrailSummary = TrailSummary()

    @staff_door
    async def open(self) -> None:
        self.errors, self.recovery_codes, self.asks = {}, [], ""
        self.secret = self.code_image = ""
        await self._read()

    @staff_door
    async def change_password(self, form: dict[str, Any]) -> None:
        typed = (sent_text(form, name) for name in ("current", "password", "repeated"))
        is_done, _ = await self._try(workflow.change_password, self._token(), *typed)
        if not is_done:
            return
        self.password_turn += 1
        await self._read()
        self._notify("The password is changed. Your other sessions have ended.")

    @staff_door
    async def forget_offer(self) -> None:
        self.secret = self.code_image = ""

    @staff_door
    async def confirm_codes(self, form: dict[str, Any]) -> None:
        typed = sent_text(form, "code")
        is_done, codes = await self._try(workflow.confirm_totp, self._token(), typed)
        if not is_done:
            return
        self.recovery_codes, self.secret, self.code_image = list(codes), "", ""
        await self._read()
        self._notify("Codes are on. Keep the recovery codes somewhere safe.")

    @staff_door
    async def ask(self, what: str) -> None:
        self.asks, self.errors = what, {}

    @staff_door
    async def stop_asking(self) -> None:
        self.asks = ""

    @staff_door
    async def answer(self, form: dict[str, Any]) -> None:
        """Do what was asked for, if what was typed shows who is asking."""
        given = [self._token(), sent_text(form, "own_password")]
        if self.asks == "codes-on":
            is_done, offer = await self._try(workflow.offer_totp, *given)
            if is_done:
                self._show_offer(offer)
            return

        is_off = self.asks == "codes-off"
        wanted = workflow.end_totp if is_off else workflow.renew_recovery_codes
        is_done, codes = await self._try(wanted, *given, sent_text(form, "own_code"))
        if not is_done:
            return
        self.recovery_codes, self.asks = list(codes or ()), ""
        await self._read()
        self._notify("Codes are off." if is_off else "The old codes open nothing now.")

    @staff_door
    async def end_session(self, session_id: int) -> None:
        await self._run(end_one_session, session_id)
        await self._read()
        self._notify("That browser is signed out.")

    def _show_offer(self, offer: TotpOffer) -> None:
        image = segno.make(offer.uri, error="m", micro=False)
        self.code_image = image.svg_data_uri(scale=4, border=4, light="#fff")
        self.secret, self.asks = offer.secret, ""
        self.secret_words = " ".join(textwrap.wrap(offer.secret, 4))

    async def _try(self, work: Callable[..., Any], *args: str) -> tuple[bool, Any]:
        """Run a workflow; tell whether it was done, and what it gave."""
        try:
            given = await self._run_workflow(work, *args)
        except InvalidInput as refusal:
            self._point_at(refusal)
            return False, None
        self.errors = {}
        return True, given

    async def _read(self) -> None:
        self.security = await self._run(read_security)
        here = await asyncio.to_thread(self._signed_in)
        self.sessions = [
            _session_line(row, here.session_id, self.security.moment)
            for row in self.security.sessions
        ]
        running = runtime.current()
        places = await asyncio.to_thread(
            authentication.list_memberships, running.engine, here.person_id
        )
        self.workspaces = [
            WorkspaceLine(
                place.workspace_id,
                place.workspace_name,
                place.workspace_id == here.actor.workspace_id,
            )
            for place in sorted(places, key=lambda place: place.workspace_name)
        ]
        if here.actor.may(Permission.EXPORT):
            self.trail = await self._run(read_audit_trail)
        self.version = 1

    def _token(self) -> str:
        return session_token(self.router.headers.cookie)

    def _signed_in(self) -> SignedIn:
        running = runtime.current()
        return authentication.staff_from_session(
            running.engine, self._token(), running.now()
        )


def _session_line(row: SessionRow, here: int, moment: Moment) -> SessionLine:
    seen = formats.instant(row.seen_at, moment)
    return SessionLine(
        row.session_id, browser_words(row.agent), seen, row.session_id == here
    )


def browser_words(agent: str) -> str:
    """Name a browser and a system, as far as its own words can be believed."""
    browsers = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
    systems = ("iPhone", "iPad", "Android", "Windows", "Mac OS", "Linux")
    browser = next((name for name in browsers if name in agent), "")
    system = next((name for name in systems if name in agent), "")
    words = {"Edg": "Edge", "OPR": "Opera", "Mac OS": "macOS"}
    named = [words.get(name, name) for name in (browser, system) if name]
    return " on ".join(named) or "Unknown browser"
