"""State of the business settings."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.actors import Permission, StaffActor
from billing_app.queries.settings import BusinessSettings, read_business
from billing_app.services.settings import BusinessForm, change_business
from billing_app.web.doors import staff_door
from billing_app.web.forms import read_form
from billing_app.web.staff.addresses import OWN_SETTINGS
from billing_app.web.staff.settings_frame import SettingsState


class BusinessState(SettingsState, rx.State):
    """Who sends the invoices."""

    page: BusinessSettings = BusinessSettings()

    @staff_door
    async def open(self) -> Any:
        """Show the business; those who may not change it go to their own sign-in."""
        actor = self._actor()
        assert isinstance(actor, StaffActor)
        if not actor.may(Permission.EDIT_SETTINGS):
            return rx.redirect(OWN_SETTINGS[1])
        self._start_with(await self._run(read_business))
        return None

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        if await self._save(change_business, read_form(BusinessForm, form)):
            self.page = await self._run(read_business)
