"""State of the portal's switches."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.queries.settings import PortalPage, read_portal
from billing_app.services.portal_settings import PortalForm, change_portal
from billing_app.web.doors import staff_door
from billing_app.web.forms import read_form
from billing_app.web.staff.settings_frame import SettingsState


class PortalSettingsState(SettingsState, rx.State):
    """What customers see and may do.

    Attributes:
        expiry: the choice as it stands in the form, since days belong to some only.
    """

    page: PortalPage = PortalPage()
    expiry: str = ""

    @staff_door
    async def open(self) -> None:
        self._start_with(await self._run(read_portal))
        self.expiry = self.page.settings.link_expiry

    @staff_door
    async def choose_expiry(self, expiry: str) -> None:
        self.expiry = expiry

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        if await self._save(change_portal, read_form(PortalForm, form)):
            self.page = await self._run(read_portal)
