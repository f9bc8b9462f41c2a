"""State of look, colour and logo."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.branding import check_colour, correct_brand
from billing_app.domain.errors import InvalidInput
from billing_app.queries.settings import BrandingSettings, read_branding
from billing_app.services.settings import BrandingForm, change_branding, set_logo
from billing_app.web.doors import staff_door
from billing_app.web.forms import read_form
from billing_app.web.staff.settings_frame import SettingsState


class BrandingState(SettingsState, rx.State):
    """How documents and the portal look.

    Attributes:
        shown, shown_dark: the colour as the portal corrects it for reading, and
            shown_ink, shown_dark_ink what is written on it.
        logo_url: empty without a logo.
    """

    page: BrandingSettings = BrandingSettings()
    look: str = ""
    shown: str = ""
    shown_ink: str = ""
    shown_dark: str = ""
    shown_dark_ink: str = ""
    logo_url: str = ""

    @staff_door
    async def open(self) -> None:
        self._start_with(await self._run(read_branding))
        self._show()

    @staff_door
    async def choose_look(self, look: str) -> None:
        self.look = look

    @staff_door
    async def type_accent(self, text: str) -> None:
        self._show_colour(text)

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        if await self._save(change_branding, read_form(BrandingForm, form)):
            self.page = await self._run(read_branding)

    @staff_door
    async def take_logo(self, digest: str, name: str) -> None:
        """Show the logo that the upload has stored, whatever the browser says."""
        del digest, name
        await self._read_logo()
        self._notify("The logo is saved.")

    @staff_door
    async def refuse_logo(self, problem: str) -> None:
        self.errors = {"logo": problem[:500]}

    @staff_door
    async def remove_logo(self) -> None:
        await self._run(set_logo, "", 0, 0)
        await self._read_logo()
        self._notify("The logo is removed. Issued invoices keep it.")

    async def _read_logo(self) -> None:
        """Show the logo as it is now; the other fields stay as they were typed."""
        self.page = await self._run(read_branding)
        self.version, self.errors = self.page.version, {}
        self._show_logo()

    def _show(self) -> None:
        self.look = self.page.look
        self._show_logo()
        self._show_colour(self.page.accent)

    def _show_logo(self) -> None:
        digest = self.page.logo_digest
        self.logo_url = f"/api/logo/{digest}" if digest else ""

    def _show_colour(self, text: str) -> None:
        try:
            brand = correct_brand(check_colour(text))
        except InvalidInput as refusal:
            self.errors = {"accent": refusal.message}
        else:
            self.errors = {}
            self.shown, self.shown_ink = brand.light.accent, brand.light.ink
            self.shown_dark, self.shown_dark_ink = brand.dark.accent, brand.dark.ink
