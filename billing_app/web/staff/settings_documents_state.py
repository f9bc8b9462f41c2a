"""State of the settings for numbers and terms."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.queries.settings import (
    DocumentSettings,
    preview_numbers,
    read_documents,
)
from billing_app.services.settings import DocumentsForm, change_documents
from billing_app.web.doors import staff_door
from billing_app.web.forms import read_form
from billing_app.web.staff.settings_frame import SettingsState


class DocumentsState(SettingsState, rx.State):
    """Numbers, terms and what an empty draft starts with.

    Attributes:
        pattern, next_value: as typed, for the preview.
        preview: the next numbers, or what is wrong with the pattern.
    """

    page: DocumentSettings = DocumentSettings()
    pattern: str = ""
    next_value: str = ""
    preview: str = ""

    @staff_door
    async def open(self) -> None:
        self._start_with(await self._run(read_documents))
        self.pattern, self.next_value = self.page.pattern, str(self.page.next_value)
        await self._preview()

    @staff_door
    async def type_pattern(self, text: str) -> None:
        self.pattern = text
        await self._preview()

    @staff_door
    async def type_next_value(self, text: str) -> None:
        self.next_value = text
        await self._preview()

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        if await self._save(change_documents, read_form(DocumentsForm, form)):
            self.page = await self._run(read_documents)

    async def _preview(self) -> None:
        try:
            numbers = await self._run(preview_numbers, self.pattern, self.next_value)
        except InvalidInput as refusal:
            self.preview = refusal.message
        else:
            self.preview = f"Next: {', '.join(numbers)}"
