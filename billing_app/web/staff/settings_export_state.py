"""State of the page that exports the workspace."""

from __future__ import annotations

import asyncio

import reflex as rx

from billing_app.domain.errors import BillingError
from billing_app.queries.workspace_export import read_contents
from billing_app.web.doors import staff_door, staff_watch
from billing_app.web.staff.settings_frame import SettingsState
from billing_app.workflows.workspace_export import MadeExport, make_export

_TICK_SECONDS = 0.3


class ExportState(SettingsState, rx.State):
    """One export, and how far it is.

    Attributes:
        contents: what there is to export, in words.
        done, whole: rows and documents written; whole is 0 until they are counted.
        progress: the same in words.
        href: where the file is taken away; empty while there is none.
        made: what became of it, in words.
    """

    contents: str = ""
    is_working: bool = False
    done: int = 0
    whole: int = 0
    progress: str = ""
    href: str = ""
    made: str = ""
    problem: str = ""

    @staff_door
    async def open(self) -> None:
        # Who is no owner is turned away here.
        found = await self._run(read_contents)
        self.contents = (
            f"{_counted(found.customers, 'customer')}, "
            f"{_counted(found.invoices, 'invoice')}, "
            f"{_counted(found.payments, 'payment')} and "
            f"{_counted(found.documents, 'document')} that were printed."
        )
        self.version = 1
        if not self.is_working:
            self.href = self.made = self.problem = ""

    @staff_watch
    async def start(self) -> None:
        """Write the file, and show how far it is."""
        async with self:
            if self.is_working:
                return
            self.is_working = True
            self.done, self.whole, self.progress = 0, 1, "Counting …"
            self.href = self.made = self.problem = ""
        heard = (0, 1)

        def hear(done: int, whole: int) -> None:
            nonlocal heard
            heard = done, whole

        try:
            work = asyncio.ensure_future(self._run_workflow(make_export, hear))
            while not work.done():
                await asyncio.wait({work}, timeout=_TICK_SECONDS)
                async with self:
                    self.done, self.whole = heard
                    if heard[0]:
                        self.progress = f"{heard[0]:,} of {heard[1]:,}"
            made = work.result()
        except BillingError as refusal:
            async with self:
                self.problem = refusal.message
            return
        finally:
            async with self:
                self.is_working = False
        async with self:
            self._show(made)

    def _show(self, made: MadeExport) -> None:
        self.href = f"/api/export/workspace/{made.key}"
        size = max(made.bytes / 1_000_000, 0.1)
        self.made = f"{made.name}, {size:,.1f} MB. It is kept here for a day, for you."


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
