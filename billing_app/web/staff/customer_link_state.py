"""The customer link on a customer's page: copied, made anew, revoked, previewed."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app import runtime
from billing_app.domain.short_link import short_path
from billing_app.services import portal_links
from billing_app.web.doors import StaffState, staff_door


class CustomerLinkState(StaffState, rx.State):
    """The link to the account of the customer that the address names.

    Attributes:
        link_url: empty until somebody asks for it, since it is a secret.
        short_url: the same in a form that fits a text message.
    """

    link_url: str = ""
    short_url: str = ""

    @staff_door
    async def forget(self) -> None:
        """Hold no link of a customer who was shown before."""
        self.link_url = self.short_url = ""

    @staff_door
    async def copy_link(self) -> None:
        """Hand the live link to the browser, which copies it."""
        await self._show(portal_links.copy_customer_link)

    @staff_door
    async def new_link(self) -> None:
        await self._show(portal_links.new_customer_link)
        self._notify("New link made. Every older customer link has stopped working.")

    @staff_door
    async def revoke(self) -> None:
        count = await self._run(portal_links.revoke_customer_links, self._segment_id(1))
        self.link_url = self.short_url = ""
        self._notify(
            "Access revoked. The customer link opens nothing any more."
            if count
            else "No customer link was working, so there was nothing to revoke."
        )

    @staff_door
    async def preview(self) -> Any:
        """Open the customer's account in a new tab; no view is recorded."""
        path = await self._run(portal_links.preview_account, self._segment_id(1))
        return rx.redirect(path, is_external=True)

    async def _show(self, service: Any) -> None:
        token = await self._run(service, self._segment_id(1))
        public_url = runtime.current().public_url
        self.link_url = f"{public_url}/c/{token}"
        self.short_url = f"{public_url}{short_path(token)}"
