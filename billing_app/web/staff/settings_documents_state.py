"""State of the settings for numbers and terms."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.custom_fields import FIELDS_MAX, CustomField, FieldPlace
from billing_app.domain.errors import InvalidInput
from billing_app.domain.numbering import counts_by_customer
from billing_app.queries.settings import (
    DocumentSettings,
    NumberPreview,
    preview_numbers,
    read_documents,
)
from billing_app.services.settings import (
    DocumentsForm,
    change_documents,
    change_fields,
)
from billing_app.web.doors import staff_door
from billing_app.web.formats import month_name
from billing_app.web.forms import read_form, sent_text
from billing_app.web.staff.settings_frame import SettingsState


class DocumentsState(SettingsState, rx.State):
    """Numbers, terms and what an empty draft starts with.

    Attributes:
        pattern, starts_again, next_value, credit_note_pattern, credit_note_reset: as
            typed, for the previews.
        is_by_customer: as typed, each customer has a counter of their own.
        preview, credit_note_preview: the next numbers, or what is wrong with them.
        rows: the fields of one's own, and those that are being added.
    """

    page: DocumentSettings = DocumentSettings()
    pattern: str = ""
    starts_again: str = ""
    next_value: str = ""
    is_by_customer: bool = False
    preview: str = ""
    credit_note_pattern: str = ""
    credit_note_reset: str = ""
    credit_note_preview: str = ""
    rows: list[CustomField] = []  # noqa: RUF012  (Reflex copies the default)

    _added: int = 0

    @staff_door
    async def open(self) -> None:
        self._start_with(await self._run(read_documents))
        await self._show_numbers()

    @staff_door
    async def type_pattern(self, text: str) -> None:
        self.pattern = text
        await self._preview()

    @staff_door
    async def choose_reset(self, reset: str) -> None:
        self.starts_again = reset
        await self._preview()

    @staff_door
    async def type_next_value(self, text: str) -> None:
        self.next_value = text
        await self._preview()

    @staff_door
    async def type_credit_note_pattern(self, text: str) -> None:
        self.credit_note_pattern = text
        await self._preview_credit_notes()

    @staff_door
    async def choose_credit_note_reset(self, reset: str) -> None:
        self.credit_note_reset = reset
        await self._preview_credit_notes()

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        if await self._save(change_documents, read_form(DocumentsForm, form)):
            self._start_with(await self._run(read_documents))
            await self._show_numbers()

    @staff_door
    async def add_own(self) -> None:
        """Draw an empty field; it is there once it is saved."""
        if len(self.rows) < FIELDS_MAX * len(FieldPlace):
            self._added += 1
            self.rows = [*self.rows, CustomField(f"new-{self._added}", "")]

    @staff_door
    async def remove_own(self, key: str) -> None:
        """Leave a field out; it is gone once that is saved."""
        self.rows = [row for row in self.rows if row.key != key]

    @staff_door
    async def save_fields(self, form: dict[str, Any]) -> None:
        fields = tuple(
            CustomField(
                key=row.key,
                name=sent_text(form, f"name-{row.key}"),
                kind=sent_text(form, f"kind-{row.key}"),
                is_required=bool(form.get(f"required-{row.key}")),
                is_staff_only=bool(form.get(f"staff-{row.key}")),
                place=sent_text(form, f"place-{row.key}"),
            )
            for row in self.rows
        )
        if await self._save(change_fields, fields):
            self._start_with(await self._run(read_documents))
            self.rows = list(self.page.fields)

    async def _show_numbers(self) -> None:
        page = self.page
        self.rows = list(page.fields)
        self.pattern, self.starts_again = page.pattern, page.reset
        self.next_value = str(page.next_value)
        self.credit_note_pattern = page.credit_note_pattern
        self.credit_note_reset = page.credit_note_reset
        await self._preview()
        await self._preview_credit_notes()

    async def _preview(self) -> None:
        self.is_by_customer = counts_by_customer(self.pattern)
        self.preview = await self._words_of(
            "invoice", self.pattern, self.starts_again, self.next_value
        )

    async def _preview_credit_notes(self) -> None:
        self.credit_note_preview = await self._words_of(
            "credit_note", self.credit_note_pattern, self.credit_note_reset
        )

    async def _words_of(self, *typed: str) -> str:
        try:
            return preview_words(await self._run(preview_numbers, *typed))
        except InvalidInput as refusal:
            return refusal.message


def preview_words(preview: NumberPreview) -> str:
    """Say the next numbers, and each that begins with a period ahead, by lines."""
    later = [
        f"The first of {month_name(on)}: {number}." for on, number in preview.later
    ]
    coming = [
        f"Next for {name}: {', '.join(numbers)}."
        for name, numbers in preview.by_customer
    ] or [f"Next: {', '.join(preview.numbers)}."]
    return "\n".join((*coming, *later))
