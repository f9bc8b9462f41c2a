"""The customer's account: what it shows, kept up to date."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from billing_app import runtime
from billing_app.database.authentication import OpenedLink, PortalNotAvailable
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.errors import BillingError, NotFound, NotSignedIn
from billing_app.domain.portal_account import AccountFrame, AccountList, Fold
from billing_app.domain.portal_invoice import NOT_AVAILABLE, NOT_FOUND
from billing_app.domain.portal_proof import VerificationRequired
from billing_app.runtime import Runtime
from billing_app.web.doors import PortalState, portal_door, portal_watch
from billing_app.workflows import account_pages, document_zip
from billing_app.workflows.account_pages import PARAMETERS, OpenedAccount
from billing_app.workflows.document_zip import Packing

# A hint that got lost is made up for this soon.
LOOK_AGAIN_SECONDS = 30
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
        sign_in_href: where to go for the proof that the page lacks.
        open_rows: the invoices that are unfolded, as text; `folds` is what of them.
        packing: how far the documents are that go into one file, at `zip_href`.
        place: changes when the search field has to be drawn anew.
    """

    title: str = ""
    is_loaded: bool = False
    is_off: bool = False
    sign_in_href: str = ""
    frame: AccountFrame = AccountFrame.EMPTY
    list: AccountList = AccountList.EMPTY
    open_rows: list[str] = []  # noqa: RUF012  (Reflex copies the default)
    folds: dict[str, Fold] = {}  # noqa: RUF012
    place: int = 0
    as_of: str = ""
    clock: str = ""
    is_packing: bool = False
    packing: Packing = Packing.EMPTY
    zip_href: str = ""

    _shown: str = ""
    _searched: str = ""
    _turn: int = 0

    @portal_watch
    async def watch(self) -> None:
        """Show the page of the list that the address names, and keep it so."""
        async with self:
            self._turn += 1
            turn, self.sign_in_href = self._turn, ""
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

    @portal_door
    async def search(self, text: str) -> Any:
        """Narrow the list to what was typed; the address says so."""
        # What is typed letter by letter is one step back, not many.
        self._searched = text.strip()
        return rx.redirect(self._address(q=text.strip()), replace=True)

    @portal_door
    async def choose_period(self, period: str) -> Any:
        """Narrow the list to a period; the address says so."""
        if period == "range":
            return None
        return rx.redirect(self._address(period="" if period == "all" else period))

    async def _look(self, turn: int) -> bool:
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
        return True

    async def _read(self) -> None:
        opened = await self._open()
        self._show(opened)
        self._show_folds(await self._read_folds())

    async def _open(self) -> OpenedAccount:
        return await self._run_page(
            account_pages.open_account, self._place(), self._typed()
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
        running = runtime.current()
        try:
            path = await asyncio.to_thread(
                account_pages.sign_in_path, running, self._place()
            )
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

    def _address(self, **changes: str) -> str:
        typed = self._typed() | {"after": "", "before": ""} | changes
        wanted = {name: text for name, text in typed.items() if text}
        if self._query("preview") == "1":
            wanted["preview"] = "1"
        path = self._place().account_path
        return f"{path}?{urlencode(wanted, safe='.~')}" if wanted else path

    def _start(self) -> None:
        """Forget what another account has shown in this browser tab."""
        path = self._place().path
        if self._shown == path:
            return
        self._clear()
        self.is_loaded = self.is_gone = self.is_off = False
        self._shown = path

    def _show(self, opened: OpenedAccount) -> None:
        """Show what was read. Only what changed travels to the browser."""
        if self.frame != opened.frame:
            self.frame = opened.frame
        if self.list != opened.list:
            if opened.list.text != self._searched:
                # The address says something else than the field: draw it anew.
                self._searched = opened.list.text
                self.place += 1
            self.list = opened.list
        self.title = opened.frame.title
        self.as_of = opened.as_of.isoformat(timespec="seconds")
        self.clock = opened.clock
        self.is_gone = self.is_off = False
        self.is_loaded = True

    def _show_folds(self, folds: dict[str, Fold]) -> None:
        if self.folds != folds:
            self.folds = folds
            self.open_rows = [key for key in self.open_rows if key in folds]

    def _close(self, refusal: BillingError) -> None:
        """Show nothing of the account any more."""
        self._clear()
        self.is_off = isinstance(refusal, PortalNotAvailable)
        self.is_gone = not self.is_off
        self.title = (NOT_AVAILABLE if self.is_off else NOT_FOUND)[0]
        self.is_loaded = True

    def _clear(self) -> None:
        self.frame, self.list = AccountFrame.EMPTY, AccountList.EMPTY
        self.open_rows, self.folds, self.title = [], {}, ""


def _visitor_of(_: Runtime, link: OpenedLink) -> PortalVisitor:
    return link.visitor
