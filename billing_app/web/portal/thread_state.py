"""The conversation on the customer's page of an invoice, kept up to date."""

from __future__ import annotations

from typing import Any, TypedDict

import reflex as rx

from billing_app.domain.comment import CommentForm
from billing_app.domain.errors import BillingError, Conflict
from billing_app.domain.portal_proof import VerificationRequired
from billing_app.domain.portal_thread import (
    CommentLine,
    Composer,
    PortalThread,
    PortalThreads,
)
from billing_app.web.doors import PortalState, portal_door
from billing_app.workflows import conversations

_ID_LENGTH_MAX = 15
FIELDS = ("body", "name", "email", "line", "dispute")


class InView(TypedDict):
    """What `open_threads` is asked for."""

    since: int
    has_all_of_disputes: bool


class PortalThreadState(PortalState, rx.State):
    """What is said on one invoice and in its disputes, as its customer sees it.

    The invoice's own state watches over both, so that a page proves and reads once.

    Attributes:
        is_loaded: it was read, or there is nothing to read.
        history: what was asked for besides the newest stretch; travels apart from
            `recent`, so that a new comment does not send all the old ones again.
        older: there is more before it; 0 where there is not.
        disputes: the conversations of the disputes, by their id as text.
        newest: id of the last comment; `own` of the last one posted here.
        posted: the request that was stored; the browser forgets its draft then.
        errors: what is wrong, by dispute and field ("body", "12body"); under "form"
            what belongs to no field.
    """

    is_loaded: bool = False
    is_shown: bool = False
    history: list[CommentLine] = []  # noqa: RUF012
    recent: list[CommentLine] = []  # noqa: RUF012
    disputes: dict[str, PortalThread] = {}  # noqa: RUF012
    count: int = 0
    older: int = 0
    newest: int = 0
    own: int = 0
    composer: Composer = Composer.EMPTY
    posted: str = ""
    errors: dict[str, str] = {}  # noqa: RUF012

    _base: str = ""
    _from: int = 0
    _recent_from: int = 0
    _has_all_of_disputes: bool = False
    _replies: dict[int, int] = {}  # noqa: RUF012
    _noted: dict[int, int] = {}  # noqa: RUF012

    @portal_door
    async def refresh(self) -> None:
        """Read the conversation again, because somebody asked."""
        self._show(await self._open())

    @portal_door
    async def show_older(self) -> None:
        """Show the stretch before what is in view, too."""
        if not self.older:
            return
        opened = await self._run_page(
            conversations.open_threads, self._place().path, before=self.older
        )
        self._from = opened.invoice.first or self._from
        self._show(await self._open())

    @portal_door
    async def show_all_of_disputes(self) -> None:
        """Show what was said in the disputes from their beginning on."""
        self._has_all_of_disputes = True
        self._show(await self._open())

    @portal_door
    async def post(self, form: dict[str, Any]) -> None:
        """Post what was typed, or say beside the field what keeps it from being."""
        key = _text(form, "request_key")
        typed = {name: _text(form, name) for name in FIELDS}
        place = typed["dispute"][:_ID_LENGTH_MAX]
        self.errors = {}
        try:
            self.own = await self._run_page(
                conversations.post_comment, CommentForm(**typed, request_key=key)
            )
        except VerificationRequired as refusal:
            self._show(await self._open())
            self.errors = {f"{place}form": refusal.message}
            return
        except Conflict as refusal:
            # Over meanwhile: the form goes, so the reason stands elsewhere.
            self._show(await self._open())
            self._notify(refusal.message, is_refusal=True)
            return
        except BillingError as refusal:
            self.errors = {f"{place}{refusal.field or 'form'}": refusal.message}
            return
        self.posted = key
        self._show(await self._open())

    @portal_door
    async def note_read(self) -> None:
        """Note that the business's last comments were before somebody's eyes."""
        read = {
            place: reply
            for place, reply in self._replies.items()
            if reply > self._noted.get(place, 0)
        }
        if read:
            self._noted = {**self._noted, **read}
            await self._run_page(conversations.note_read, read)

    async def _open(self) -> PortalThreads:
        """Read from the first comment in view on, so that none is missed."""
        return await self._run_page(
            conversations.open_threads,
            self._place().path,
            **self._in_view(),
        )

    def _in_view(self) -> InView:
        """Return how much of the conversation is to be read anew."""
        return {"since": self._from, "has_all_of_disputes": self._has_all_of_disputes}

    def _start(self, base: str) -> None:
        """Forget what another link has shown in this browser tab."""
        self._leave_notices()
        # A page that is new has shown nothing; to clear it would be sent.
        if self._base and self._base != base:
            self._clear()
        self._base = self._shown_at = base

    def _show(self, opened: PortalThreads) -> None:
        """Show what was read. Only what changed travels to the browser."""
        own, comments = opened.invoice, opened.invoice.comments
        if own.first and not self._from:
            self._from = self._recent_from = own.first
        history = [it for it in comments if it.id < self._recent_from]
        recent = [it for it in comments if it.id >= self._recent_from]
        disputes = {str(it.dispute_id): it for it in opened.disputes}
        if self.history != history:
            self.history = history
        if self.recent != recent:
            self.recent = recent
        if self.disputes != disputes:
            self.disputes = disputes
        if self.composer != own.composer:
            self.composer = own.composer
        self.is_shown, self.count, self.older = own.is_shown, own.count, own.older
        threads = (own, *opened.disputes)
        self.newest = max(it.newest for it in threads)
        self._replies = {it.dispute_id: it.last_reply for it in threads}
        self.is_loaded = True

    def _close(self) -> None:
        """Show nothing of the conversation any more."""
        self._clear()
        self.is_loaded = True

    def _clear(self) -> None:
        self.is_loaded = self.is_shown = False
        self.history, self.recent, self.disputes, self.errors = [], [], {}, {}
        self.count = self.older = self.newest = self.own = 0
        self.composer = Composer.EMPTY
        self.posted = ""
        self._from = self._recent_from = 0
        self._replies, self._noted = {}, {}
        self._has_all_of_disputes = False


def _text(form: dict[str, Any], name: str) -> str:
    """Return what was typed into a field; whatever else a program sends is nothing."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
