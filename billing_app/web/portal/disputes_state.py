"""What a customer does about a dispute; the invoice's own state shows the result."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import reflex as rx

from billing_app.database.authentication import OpenedLink
from billing_app.domain.dispute import DisputeForm
from billing_app.domain.errors import BillingError
from billing_app.domain.speech import later, speech_for
from billing_app.runtime import Runtime
from billing_app.web.doors import PortalState, portal_door
from billing_app.workflows import disputes

_OPENED = later(
    "Your dispute has been sent. You need not pay the disputed part until it is "
    "answered; the rest can still be paid."
)
_WITHDRAWN = later("The dispute is withdrawn. The amount can be paid again.")


class PortalDisputeState(PortalState, rx.State):
    """The form of a dispute. Holds what is shown, decides nothing.

    Attributes:
        is_writing: the form is open; `turn` draws it anew, empty.
        said: what just happened, for the live region; `is_refused` colours it.
        said_of: the dispute that it holds for while that is open; 0 for none.
        errors: by the name of the field; an empty name is for the whole form.
    """

    is_writing: bool = False
    turn: str = ""
    said: str = ""
    said_of: int = 0
    is_refused: bool = False
    errors: dict[str, str] = {}  # noqa: RUF012  (Reflex copies the default)

    @portal_door
    async def start(self) -> None:
        """Open the form. Each one sends at most one dispute."""
        self.errors, self.said = {}, ""
        self.turn = secrets.token_hex(16)
        self.is_writing = True

    @portal_door
    async def stop(self) -> None:
        self.is_writing = False

    @portal_door
    async def send(self, form: dict[str, Any]) -> None:
        """Send the dispute; what was typed stays where something is wrong."""
        self.errors = {}
        typed = {name: _text(form, name) for name in ("amount", "reason", "line")}
        sent = DisputeForm(**typed, request_key=self.turn)
        try:
            language, opened = await self._run_page(
                _sent_in, disputes.open_dispute, sent
            )
        except BillingError as refusal:
            self.errors = {refusal.field or "form": refusal.message}
            return
        self.is_writing = False
        self._say(speech_for(language).say(_OPENED), said_of=opened)

    @portal_door
    async def withdraw(self, dispute_id: int) -> None:
        try:
            language, _ = await self._run_page(
                _sent_in, disputes.withdraw_dispute, dispute_id
            )
        except BillingError as refusal:
            self._say(refusal.message, is_refused=True)
            return
        self.said = ""
        self._notify(speech_for(language).say(_WITHDRAWN))

    def _start(self, base: str) -> None:
        """Put away the form of the invoice that this browser tab has shown before."""
        self._leave_notices()
        # A page that is new has shown nothing; to clear it would be sent.
        if self._shown_at and self._shown_at != base:
            self.reset()
        self._shown_at = base

    def _say(self, words: str, *, said_of: int = 0, is_refused: bool = False) -> None:
        self.said, self.said_of, self.is_refused = words, said_of, is_refused


def _sent_in(
    running: Runtime, link: OpenedLink, work: Callable[..., Any], what: object
) -> tuple[str, Any]:
    """Do it as the page's visitor; return the language to tell them in, and it."""
    done = work(running, link, what)
    return link.setup.language, done


def _text(form: dict[str, Any], name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
