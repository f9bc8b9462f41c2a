"""Sharing a draft with its customer: the builder's dialog, and what it does."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app import runtime
from billing_app.queries.shared_drafts import find_share
from billing_app.services.shared_drafts import share_draft, unshare_draft
from billing_app.web.components.controls import button, copy_button
from billing_app.web.components.dialogs import dialog
from billing_app.web.doors import StaffState, staff_door


class SharedDraftState(StaffState, mixin=True):
    """A builder whose draft can be shown to its customer.

    Attributes:
        may_share: drafts are shared at all, as Settings, Portal says.
        is_shared: the link opens something; `draft_link` only after it was asked for.
    """

    may_share: bool = False
    is_sharing: bool = False
    is_shared: bool = False
    draft_link: str = ""

    @staff_door
    async def start_sharing(self) -> None:
        self.draft_link = ""
        self.is_shared = await self._run(find_share, self.invoice_id) is not None
        self.is_sharing = True

    @staff_door
    async def stop_sharing(self) -> None:
        self.is_sharing, self.draft_link = False, ""

    @staff_door
    async def share(self) -> None:
        """Save, and put what is there now behind the link."""
        await self._save()
        token = await self._refusing(share_draft, self.invoice_id, self.version)
        if token is None:
            self.is_sharing = False
            return
        self.draft_link = f"{runtime.current().public_url}/d/{token}"
        self.is_shared = True

    @staff_door
    async def unshare(self) -> None:
        await self._run(unshare_draft, self.invoice_id)
        self.is_sharing, self.is_shared, self.draft_link = False, False, ""
        self._notify("The draft's link opens nothing any more.")

    async def _save(self) -> None:
        raise NotImplementedError

    async def _refusing(self, work: Any, *args: Any) -> Any:
        raise NotImplementedError


def share_draft_dialog(state: Any) -> rx.Component:
    shown = rx.fragment(
        rx.el.p(state.draft_link, class_name="link-shown"),
        copy_button("Copy this link", state.draft_link, words="Copy this link"),
    )
    return dialog(
        "Share this draft",
        rx.el.p(
            "Whoever has the link sees the draft as it is now, marked as a draft, "
            "without a number and with nothing to pay. What you change later shows "
            "once you share it again."
        ),
        rx.cond(state.draft_link, shown, rx.fragment()),
        dialog_id="share-draft",
        actions=[
            rx.cond(
                state.is_shared,
                button("Stop sharing", on_click=state.unshare),
                rx.fragment(),
            ),
            rx.el.span(class_name="spacer"),
            button("Close", closes=True),
            button(
                rx.cond(state.is_shared, "Share as it is now", "Share draft"),
                kind="primary",
                on_click=state.share,
            ),
        ],
        open=state.is_sharing,
        on_close=state.stop_sharing,
    )
