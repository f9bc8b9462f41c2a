"""The customer's account: what it shows, kept up to date."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from billing_app import runtime
from billing_app.database.authentication import (
    OpenedLink,
    PortalNotAvailable,
    SignInNotOffered,
)
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.combined_payment import INVOICES_MAX
from billing_app.domain.errors import BillingError, NotFound, NotPermitted, NotSignedIn
from billing_app.domain.portal_account import AccountFrame, AccountList, Fold, PayQuote
from billing_app.domain.portal_invoice import NO_SIGN_IN, NOT_AVAILABLE, NOT_FOUND
from billing_app.domain.portal_proof import VerificationRequired
from billing_app.domain.speech import speech_for
from billing_app.runtime import Runtime
from billing_app.web.doors import PortalState, portal_door, portal_watch
from billing_app.web.portal.signing_in import find_sign_in
from billing_app.workflows import account_pages, account_payments, document_zip, visits
from billing_app.workflows.account_pages import PARAMETERS, OpenedAccount
from billing_app.workflows.document_zip import Packing
from billing_app.workflows.pay_online import Chosen

# A hint that got lost is made up for this soon.
LOOK_AGAIN_SECONDS = 30
# What the way back from the payment page says where money is on its way.
_PAID_FOR = ("yes", "open", "processing", "review")
# More than anybody reads side by side.
OPEN_ROWS_MAX = 25
# Printing is looked after this often, and not for ever.
PACKING_LOOK_SECONDS = 0.5
PACKING_LOOKS_MAX = 600


class PortalAccountState(PortalState, rx.State):
    """All invoices of one customer. Holds what is shown, decides nothing.

    Attributes:
        is_loaded: there is something to show; until then the painted page stays.
        is_off: the business has switched its portal off.
        is_link_only: the account opens by a link, and this address has none.
        sign_in_href: where to go for the proof that the page lacks.
        open_rows: the invoices that are unfolded, as text; `folds` is what of them.
        packing: how far the documents are that go into one file, at `zip_href`.
        chosen: the invoices that are to be paid in one go, as text.
        quote: what they come to; while the balance is to be paid, all of it.
        is_confirming: the choice is shown once more before Stripe's page opens.
        quote_turn: changes when the amount's field has to be drawn anew.
        is_paying: paying is being begun; `payment_page` is the address to go to.
    """

    title: str = ""
    is_loaded: bool = False
    is_off: bool = False
    is_link_only: bool = False
    sign_in_href: str = ""
    frame: AccountFrame = AccountFrame.EMPTY
    list: AccountList = AccountList.EMPTY
    open_rows: list[str] = []  # noqa: RUF012  (Reflex copies the default)
    folds: dict[str, Fold] = {}  # noqa: RUF012
    as_of: str = ""
    clock: str = ""
    exactly: str = ""
    is_packing: bool = False
    packing: Packing = Packing.EMPTY
    zip_href: str = ""
    chosen: list[str] = []  # noqa: RUF012
    quote: PayQuote = PayQuote.EMPTY
    quote_turn: int = 0
    is_confirming: bool = False
    is_paying: bool = False
    payment_page: str = ""

    _balance: str = ""
    _shown: str = ""
    _turn: str = ""

    @portal_watch
    async def watch(self) -> None:
        """Show the page of the list that the address names, and keep it so."""
        async with self:
            turn = self._turn = secrets.token_hex(4)
            self._start()
        try:
            visitor = await self._run_page(_visitor_of)
        except (NotSignedIn, VerificationRequired):
            await self._lead_to_sign_in()
            return
        except (NotFound, PortalNotAvailable) as refusal:
            async with self:
                self._close(refusal)
            return
        topics = (
            f"customer:{visitor.customer_id}",
            f"link:{visitor.link_id}",
            f"session:{visitor.session_id}",
            f"portal:{visitor.workspace_id}",
        )
        with runtime.current().bus.subscribe(*topics) as hints:
            while await self._look(turn):
                await hints.wait(LOOK_AGAIN_SECONDS)

    @portal_door
    async def refresh(self) -> None:
        """Read the page again, because somebody asked."""
        try:
            await self._read()
        except (NotFound, PortalNotAvailable) as refusal:
            self._close(refusal)

    @portal_door
    async def note_seen(self) -> None:
        """Write down that a person has looked. Staff and previews leave nothing."""
        try:
            await self._run_page(visits.note_seen, self.router.headers.user_agent)
        except (NotFound, NotPermitted, PortalNotAvailable):
            return

    @portal_door
    async def toggle(self, invoice_id: int) -> None:
        """Unfold a row, or fold it up again."""
        key = str(invoice_id)
        if key in self.open_rows:
            self.open_rows = [one for one in self.open_rows if one != key]
            return
        fold = await self._run_page(account_pages.unfold, self._place(), invoice_id)
        kept = [*self.open_rows, key][-OPEN_ROWS_MAX:]
        self.folds = {one: self.folds[one] for one in kept if one in self.folds} | {
            key: fold
        }
        self.open_rows = kept

    @portal_door
    async def choose(self, invoice_id: int) -> None:
        """Take an invoice among those to be paid in one go, or out of them."""
        key = str(invoice_id)
        self._balance = ""
        if key in self.chosen:
            self.chosen = [one for one in self.chosen if one != key]
        elif len(self.chosen) < INVOICES_MAX:
            self.chosen = [*self.chosen, key]
        else:
            say = speech_for(self.frame.language).say
            self._notify(
                say("Up to {most} invoices can be paid at once.", most=INVOICES_MAX)
            )
        await self._weigh("")

    @portal_door
    async def choose_none(self) -> None:
        """Choose nothing any more."""
        self._choose_nothing()

    @portal_door
    async def confirm_choice(self) -> None:
        """Show what was chosen once more, as it is asked for now."""
        self._balance = ""
        await self._weigh("")
        self._start_confirming()

    @portal_door
    async def confirm_balance(self, currency: str) -> None:
        """Show all that is asked for in a currency, to be paid in one go."""
        self._balance = currency[:3]
        await self._weigh("")
        self._start_confirming()

    @portal_door
    async def weigh(self, amount: str) -> None:
        """Say which invoices get how much of an amount."""
        await self._weigh(amount)

    @portal_door
    async def stop_paying(self) -> None:
        """Go back to the choice."""
        self.is_confirming, self._balance = False, ""
        await self._weigh("")

    @portal_watch
    async def pay(self, form: dict[str, Any]) -> None:
        """Open the payment page for the amount and go there."""
        async with self:
            if self.is_paying:
                return
            self.is_paying, self.payment_page = True, ""
            chosen = self._chosen(str(form.get("amount", "")))
        try:
            url = await self._run_page(
                account_payments.start, chosen, self._place().pattern
            )
        except BillingError as refusal:
            async with self:
                self.is_paying = False
                self.quote = replace(self.quote, error=refusal.message)
            return
        async with self:
            self.payment_page = url

    @portal_watch
    async def pack(self, form: dict[str, Any]) -> None:
        """Have the documents of a period printed, then hand them over in one file."""
        days = {name: str(form.get(name, ""))[:20] for name in ("from", "to")}
        async with self:
            if self.is_packing:
                return
            self.is_packing, self.zip_href = True, ""
            self.packing = Packing.EMPTY
        try:
            await self._pack(days)
        finally:
            async with self:
                self.is_packing = False

    async def _pack(self, days: dict[str, str]) -> None:
        for _ in range(PACKING_LOOKS_MAX):
            packing = await self._run_page(
                document_zip.prepare, days["from"], days["to"]
            )
            async with self:
                self.packing = packing
            if not packing.is_waiting:
                break
            await asyncio.sleep(PACKING_LOOK_SECONDS)
        asked = urlencode({name: day for name, day in days.items() if day})
        async with self:
            self.zip_href = f"{self._place().account_path}/documents.zip?{asked}"

    async def _weigh(self, amount: str) -> None:
        """Ask anew what the choice comes to; what is gone falls out of it."""
        if not (self.chosen or self._balance):
            self.quote, self.is_confirming = PayQuote.EMPTY, False
            return
        try:
            self.quote = await self._run_page(
                account_payments.quote, self._chosen(amount)
            )
        except NotFound:
            self._choose_nothing()
        except BillingError as refusal:
            self.quote = PayQuote(error=refusal.message)

    def _chosen(self, amount: str) -> Chosen:
        """Return what is to be paid: the balance, or the chosen invoices."""
        if self._balance:
            return Chosen(currency=self._balance, amount_text=amount)
        ids = tuple(int(key) for key in self.chosen)
        return Chosen(invoice_ids=ids, amount_text=amount)

    def _start_confirming(self) -> None:
        self.quote_turn += 1
        self.is_paying, self.payment_page = False, ""
        self.is_confirming = True

    def _choose_nothing(self) -> None:
        self.chosen, self._balance = [], ""
        self.quote, self.is_confirming = PayQuote.EMPTY, False

    async def _look(self, turn: str) -> bool:
        """Read the page as it is now; say whether there is more to wait for."""
        if turn != self._turn or self._place().account_path != self._place().path:
            # Somebody went on to another page, which looks for itself.
            return False
        try:
            opened = await self._open()
            folds = await self._read_folds()
        except (NotSignedIn, VerificationRequired):
            await self._lead_to_sign_in()
            return False
        except NotFound as refusal:
            async with self:
                self._close(refusal)
            return False
        except PortalNotAvailable as refusal:
            async with self:
                self._close(refusal)
            return True
        async with self:
            if turn == self._turn:
                self._show(opened)
                self._show_folds(folds)
                await self._keep_choice()
        return True

    async def _keep_choice(self) -> None:
        """Let go of what can't be paid any more, and count the rest anew.

        While somebody is confirming, what they see stays; paying checks it again.
        """
        gone = {row.key for row in self.list.rows if not row.can_choose}
        kept = [key for key in self.chosen if key not in gone]
        if self.is_confirming or not self.chosen:
            return
        self.chosen = kept
        await self._weigh("")

    async def _read(self) -> None:
        opened = await self._open()
        self._show(opened)
        self._show_folds(await self._read_folds())

    async def _open(self) -> OpenedAccount:
        return await self._run_page(
            account_pages.open_account,
            self._place(),
            self._typed(),
            self._query("paid"),
        )

    async def _read_folds(self) -> dict[str, Fold]:
        folds: dict[str, Fold] = {}
        for key in list(self.open_rows):
            try:
                folds[key] = await self._run_page(
                    account_pages.unfold, self._place(), int(key)
                )
            except NotFound:
                continue
        return folds

    async def _lead_to_sign_in(self) -> None:
        """Show nothing more and go to where the missing proof is given."""
        try:
            path = await find_sign_in(self._place())
        except (NotFound, PortalNotAvailable) as refusal:
            async with self:
                self._close(refusal)
            return
        async with self:
            self._clear()
            self.is_loaded = False
            self.sign_in_href = path

    def _typed(self) -> dict[str, str]:
        return {name: self._query(name) for name in PARAMETERS}

    def _start(self) -> None:
        """Forget what another account has shown in this browser tab."""
        self._leave_notices()
        path = self._place().path
        if self._shown:
            # A page that is new has shown nothing; to clear it would be sent.
            self._restart(path)
        self._shown = self._shown_at = path

    def _restart(self, path: str) -> None:
        self.sign_in_href = ""
        self.is_paying, self.payment_page, self.is_confirming = False, "", False
        if self._query("paid") in _PAID_FOR:
            # What was chosen has been paid for, if only in part.
            self._choose_nothing()
        if self._shown != path:
            self._clear()
            self.is_loaded = self.is_gone = self.is_off = self.is_link_only = False

    def _show(self, opened: OpenedAccount) -> None:
        """Show what was read. Only what changed travels to the browser."""
        if self.frame != opened.frame:
            self.frame = opened.frame
        if self.list != opened.list:
            self.list = opened.list
        self.title = opened.frame.title
        self.as_of = opened.as_of.isoformat(timespec="seconds")
        self.clock, self.exactly = opened.clock, opened.exactly
        self.is_gone = self.is_off = self.is_link_only = False
        self.is_loaded = True

    def _show_folds(self, folds: dict[str, Fold]) -> None:
        if self.folds != folds:
            self.folds = folds
            self.open_rows = [key for key in self.open_rows if key in folds]

    def _close(self, refusal: BillingError) -> None:
        """Show nothing of the account any more."""
        self._clear()
        self.is_link_only = isinstance(refusal, SignInNotOffered)
        self.is_off = isinstance(refusal, PortalNotAvailable) and not self.is_link_only
        self.is_gone = not (self.is_off or self.is_link_only)
        words = NO_SIGN_IN if self.is_link_only else NOT_AVAILABLE
        self.title = (NOT_FOUND if self.is_gone else words)[0]
        self.is_loaded = True

    def _clear(self) -> None:
        self.frame, self.list = AccountFrame.EMPTY, AccountList.EMPTY
        self.open_rows, self.folds, self.title = [], {}, ""
        self._choose_nothing()


def _visitor_of(_: Runtime, link: OpenedLink) -> PortalVisitor:
    return link.visitor
