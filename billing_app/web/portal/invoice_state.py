"""The customer's page of one invoice: what it shows, kept up to date."""

from __future__ import annotations

import secrets
from typing import Any, Literal

import reflex as rx

from billing_app import runtime
from billing_app.database.authentication import PortalNotAvailable
from billing_app.domain.errors import BillingError, NotFound, NotPermitted, NotSignedIn
from billing_app.domain.online_payment import SAID, AttemptStatus
from billing_app.domain.portal_invoice import NOT_AVAILABLE, NOT_FOUND, PortalInvoice
from billing_app.domain.portal_proof import VerificationRequired
from billing_app.runtime import Hints
from billing_app.web.doors import PortalState, portal_door, portal_watch
from billing_app.web.portal.disputes_state import PortalDisputeState
from billing_app.web.portal.signing_in import find_sign_in
from billing_app.web.portal.thread_state import PortalThreadState
from billing_app.workflows import (
    conversations,
    document_files,
    pay_online,
    portal_pages,
    visits,
)
from billing_app.workflows.pay_online import CardPayment
from billing_app.workflows.portal_pages import OpenedInvoice

# A hint that got lost is made up for this soon.
LOOK_AGAIN_SECONDS = 30

Mode = Literal["live", "pdf"]

# What closes an open page: taken back, switched off, or not proven any more.
_SHUT = (NotFound, PortalNotAvailable, NotSignedIn, VerificationRequired)


class PortalInvoiceState(PortalState, rx.State):
    """One invoice as its customer sees it. Holds what is shown, decides nothing.

    Attributes:
        is_loaded: there is something to show; until then the painted page stays.
        is_off: the business has switched its portal off.
        sign_in_href: where to prove anew what the page needs; nothing else shows.
        sheet, payment_code: drawings of ours, as HTML.
        mode: live or pdf; `pages` are the pictures of the PDF.
        as_of: the instant of what is shown; `clock` says it by the business's clock,
            `exactly` in full.
        amount, amount_turn: what the field starts with, and which start that is.
        is_part: the amount typed leaves something open.
        is_paying: paying is being begun; `payment_page` is the address to go to.
        card: what the card form needs while it is open.
    """

    title: str = ""
    is_loaded: bool = False
    is_off: bool = False
    sign_in_href: str = ""
    invoice: PortalInvoice = PortalInvoice.EMPTY
    sheet: str = ""
    payment_code: str = ""
    mode: str = "live"
    pages: list[str] = []  # noqa: RUF012  (Reflex copies the default)
    is_drawing: bool = False
    as_of: str = ""
    clock: str = ""
    exactly: str = ""
    amount: str = ""
    amount_turn: int = 0
    amount_hint: str = ""
    amount_error: str = ""
    is_part: bool = False
    is_paying: bool = False
    payment_page: str = ""
    card: CardPayment = CardPayment.EMPTY

    _shown: str = ""
    _turn: str = ""
    _came_back: str = ""

    @portal_watch
    async def watch(self) -> None:
        """Show the invoice and what is said on it, and whatever becomes of them."""
        base = self._base()
        async with self:
            turn = self._turn = secrets.token_hex(4)
            self._start(base)
            (await self._thread())._start(base)
            (await self.get_state(PortalDisputeState))._start(base)
        with runtime.current().bus.subscribe() as hints:
            while await self._look(hints, turn):
                changed = await hints.wait(LOOK_AGAIN_SECONDS)
                while _is_talk(changed) and await self._listen(hints, base, turn):
                    changed = await hints.wait(LOOK_AGAIN_SECONDS)

    @portal_door
    async def refresh(self) -> None:
        """Read the invoice again, because somebody asked."""
        try:
            self._show(await self._open())
        except _SHUT as refusal:
            self._close(*await self._find_way_in(refusal))

    @portal_watch
    async def show(self, mode: str) -> None:
        """Turn to the live view or to the pages of the PDF."""
        async with self:
            self.mode = "pdf" if mode == "pdf" else "live"
        if mode == "pdf":
            await self._turn_to_pages()

    @portal_door
    async def weigh(self, amount: str) -> None:
        """Say beside the field what paying this much would mean."""
        try:
            found = await self._run_page(portal_pages.weigh, amount)
        except BillingError:
            # Nothing to weigh any more; what became of it shows by itself.
            return
        self.amount_hint = found.weighed.hint
        self.amount_error = found.weighed.error
        self.is_part = found.weighed.is_part
        self.payment_code = found.payment_code

    @portal_door
    async def pay_in_full(self) -> None:
        """Put the full balance back into the field."""
        opened = await self._open()
        self._offer(opened)
        self.payment_code = opened.payment_code

    @portal_watch
    async def pay(self, form: dict[str, Any]) -> None:
        """Open the card form for the amount, or the payment page and go there."""
        async with self:
            if self.is_paying or self.card.checkout_id:
                return
            self.is_paying, self.amount_error, self.payment_page = True, "", ""
            self._came_back = ""
        try:
            begun = await self._run_page(
                pay_online.start_as_set,
                str(form.get("amount", "")),
                self._place().pattern,
            )
        except BillingError as refusal:
            async with self:
                self.is_paying = False
                self.amount_error = refusal.message
            return
        async with self:
            if isinstance(begun, CardPayment):
                self.card, self.is_paying = begun, False
            else:
                self.payment_page = begun

    @portal_watch
    async def finish_card(self) -> None:
        """Ask Stripe what became of the card form, since the browser proves nothing."""
        if card_id := self.card.checkout_id:
            status = await self._run_workflow(pay_online.finish, card_id)
            await self._end_card(card_id, SAID.get(status, "open"))

    @portal_watch
    async def drop_card(self) -> None:
        """Close the card form: another amount, or not now."""
        if card_id := self.card.checkout_id:
            await self._end_card(card_id, await self._close_card(card_id, "dropped"))

    @portal_watch
    async def leave_for_page(self) -> None:
        """Go to Stripe's page for the amount: the card form can't be shown here."""
        amount_text = self.card.amount_text
        if not amount_text:
            return
        async with self:
            self.card, self.is_paying = CardPayment.EMPTY, True
        try:
            url = await self._run_workflow(
                pay_online.start, amount_text, path=self._place().pattern
            )
        except BillingError as refusal:
            async with self:
                self.is_paying = False
                self.amount_error = refusal.message
            return
        async with self:
            self.payment_page = url

    @portal_door
    async def note_seen(self) -> None:
        """Write down that a person has looked. Staff and previews leave nothing."""
        try:
            await self._run_page(visits.note_seen, self.router.headers.user_agent)
        except (NotFound, NotPermitted, PortalNotAvailable):
            return

    async def _thread(self) -> PortalThreadState:
        """Return what is said on this invoice; only while the state is locked."""
        return await self.get_state(PortalThreadState)

    async def _look(self, hints: Hints, turn: str) -> bool:
        """Read the page as it is now; say whether there is more to wait for."""
        base = self._base()
        if self._shown != base or self._turn != turn:
            # Somebody went on to another page, or came back: it looks for itself.
            return False
        async with self:
            came_back, card_id = self._came_back, self.card.checkout_id
            form = self.invoice.form
            in_view = (await self._thread())._in_view()
        try:
            opened, talk = await self._look_up(
                hints,
                ("invoice", "thread"),
                portal_pages.open_page,
                base,
                came_back or self._query("paid"),
                **in_view,
            )
        except _SHUT as refusal:
            shut, sign_in_href = await self._find_way_in(refusal)
            async with self:
                (await self._thread())._close()
                self._close(shut, sign_in_href)
            return isinstance(shut, PortalNotAvailable)
        if card_id and form != opened.view.form:
            # It asks for an amount that is no longer right, or it was just paid.
            await self._end_card(card_id, await self._close_card(card_id, "changed"))
            return True
        async with self:
            is_old = self._came_back != came_back
            if not is_old:
                self._show(opened)
                (await self._thread())._show(talk)
            wants_pages = self.mode == "pdf" and not self.pages
        if is_old:
            return await self._look(hints, turn)
        if wants_pages:
            await self._turn_to_pages()
        return True

    async def _find_way_in(self, refusal: BillingError) -> tuple[BillingError, str]:
        """Return why the page is shut, and where to sign in if that would open it."""
        if not isinstance(refusal, NotSignedIn | VerificationRequired):
            return refusal, ""
        try:
            return refusal, await find_sign_in(self._place())
        except (NotFound, PortalNotAvailable) as gone:
            return gone, ""

    async def _listen(self, hints: Hints, base: str, turn: str) -> bool:
        """Read only what is said, as long as it is this page and it may be read."""
        if self._shown != base or self._turn != turn:
            return False
        async with self:
            in_view = (await self._thread())._in_view()
        try:
            talk = await self._look_up(
                hints, ("thread",), conversations.open_threads, base, **in_view
            )
        except BillingError:
            return False
        async with self:
            (await self._thread())._show(talk)
        return True

    async def _open(self) -> OpenedInvoice:
        return await self._run_page(
            portal_pages.open_invoice,
            self._base(),
            self._came_back or self._query("paid"),
        )

    async def _close_card(self, card_id: str, if_open: str) -> str:
        """Close the card form at Stripe; return what to say, `if_open` if nobody paid.

        Where Stripe does not answer, only this browser could still have paid it.
        """
        try:
            status = await self._run_workflow(pay_online.cancel, card_id)
        except BillingError:
            return if_open
        return if_open if status == AttemptStatus.EXPIRED else SAID.get(status, "open")

    async def _end_card(self, card_id: str, came_back: str) -> None:
        """Put the card form away and say why, unless that was done already."""
        async with self:
            if self.card.checkout_id == card_id:
                self.card, self._came_back = CardPayment.EMPTY, came_back
        with runtime.current().bus.subscribe() as hints:
            await self._look(hints, self._turn)

    async def _turn_to_pages(self) -> None:
        async with self:
            self.is_drawing = not self.pages
        try:
            pages = await self._run_workflow(document_files.list_pages, self._base())
        except BillingError as refusal:
            async with self:
                self.is_drawing = False
                self._notify(refusal.message)
            return
        async with self:
            self.pages, self.is_drawing = list(pages), False

    def _start(self, base: str) -> None:
        """Forget what another link has shown in this browser tab."""
        self._leave_notices()
        if self._shown:
            # A page that is new has shown nothing; to clear it would be sent.
            self._restart(base)
        self._shown_at = base
        if self._shown != base:
            self._shown = base
            mode = "pdf" if self._query("view") == "pdf" else "live"
            if self.mode != mode:
                self.mode = mode

    def _restart(self, base: str) -> None:
        self.is_paying, self.payment_page = False, ""
        self.card = CardPayment.EMPTY
        self._came_back = ""
        if self._shown != base:
            self._clear()
            self.is_loaded = self.is_gone = self.is_off = False

    def _show(self, opened: OpenedInvoice) -> None:
        """Show what was read. Only what changed travels to the browser."""
        if self.invoice != opened.view:
            if self.invoice.form != opened.view.form:
                self._offer(opened)
                self.payment_code = opened.payment_code
                self.card = CardPayment.EMPTY
            self.invoice = opened.view
        if not opened.view.shows_pdf and (self.mode == "pdf" or self.pages):
            self.mode, self.pages = "live", []
        if self.sheet != opened.sheet:
            self.sheet = opened.sheet
        if opened.view.bank and not self.payment_code:
            self.payment_code = opened.payment_code
        self.title = opened.view.title
        self.as_of = opened.as_of.isoformat(timespec="seconds")
        self.clock, self.exactly = opened.clock, opened.exactly
        self.is_gone = self.is_off = False
        self.sign_in_href = ""
        self.is_loaded = True

    def _offer(self, opened: OpenedInvoice) -> None:
        """Start the payment form anew: what was typed no longer fits."""
        form = opened.view.form
        self.amount, self.amount_hint = form.amount, form.hint
        self.amount_error, self.is_part = "", False
        self.amount_turn += 1

    def _close(self, refusal: BillingError, sign_in_href: str) -> None:
        """Show nothing of the invoice any more."""
        self._clear()
        self.sign_in_href = sign_in_href
        self.is_off = isinstance(refusal, PortalNotAvailable)
        self.is_gone = not (self.is_off or sign_in_href)
        self.title = (NOT_AVAILABLE if self.is_off else NOT_FOUND)[0]
        self.is_loaded = True

    def _clear(self) -> None:
        self.invoice = PortalInvoice.EMPTY
        self.title = self.sign_in_href = ""
        self.sheet = self.payment_code = ""
        self.pages = []
        self.card = CardPayment.EMPTY
        self.amount = self.amount_hint = self.amount_error = ""

    def _base(self) -> str:
        return self._place().path


def _is_talk(changed: frozenset[str]) -> bool:
    """Say whether something was said, and nothing else has changed."""
    return bool(changed) and all(topic.startswith("thread:") for topic in changed)
