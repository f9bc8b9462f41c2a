"""State of the list of taxes."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.domain.taxes import TAX_CATEGORIES
from billing_app.queries.settings import TaxSetting, list_taxes
from billing_app.services.taxes import (
    TaxForm,
    add_tax,
    archive_tax,
    change_tax,
    restore_tax,
)
from billing_app.web.doors import staff_door
from billing_app.web.forms import read_form
from billing_app.web.staff.settings_frame import SettingsState

_NEW = TaxSetting(0, "", "S", "", "", is_default=False, is_archived=False)


class TaxesState(SettingsState, rx.State):
    """The taxes, and the one being edited.

    Attributes:
        editing: what the dialog shows; its id is 0 for a new tax.
        undoable: the tax that Undo puts back on the list, by its notice.
    """

    taxes: list[TaxSetting] = []  # noqa: RUF012  (Reflex copies the default)
    categories: dict[str, str] = TAX_CATEGORIES
    editing: TaxSetting = _NEW
    is_editing: bool = False
    undoable: dict[str, int] = {}  # noqa: RUF012

    @staff_door
    async def open(self) -> None:
        self.taxes = list(await self._run(list_taxes))
        self.version, self.errors, self.is_editing = 1, {}, False

    @staff_door
    async def add(self) -> None:
        self.editing, self.is_editing, self.errors = _NEW, True, {}

    @staff_door
    async def edit(self, tax_id: int) -> None:
        found = next((tax for tax in self.taxes if tax.tax_id == tax_id), None)
        if found is not None:
            self.editing, self.is_editing, self.errors = found, True, {}

    @staff_door
    async def stop(self) -> None:
        self.is_editing = False

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        typed, tax_id = read_form(TaxForm, form), self.editing.tax_id
        try:
            if tax_id:
                await self._run(change_tax, tax_id, typed)
            else:
                await self._run(add_tax, typed)
        except InvalidInput as refusal:
            self._point_at(refusal)
            return
        self.is_editing = False
        self.taxes = list(await self._run(list_taxes))
        self._notify(f"{typed.name.strip()} is saved.")

    @staff_door
    async def archive(self, tax_id: int) -> None:
        await self._run(archive_tax, tax_id)
        self.taxes = list(await self._run(list_taxes))
        key = self._notify("Archived. Drafts that have it keep it.", "Undo")
        self.undoable = {**self.undoable, key: tax_id}

    @staff_door
    async def restore(self, tax_id: int) -> None:
        await self._run(restore_tax, tax_id)
        self.taxes = list(await self._run(list_taxes))

    @staff_door
    async def undo(self, key: str) -> None:
        tax_id = self.undoable.pop(key, None)
        if tax_id is not None:
            await self._run(restore_tax, tax_id)
            self.taxes = list(await self._run(list_taxes))
        self.notices = [notice for notice in self.notices if notice.key != key]
