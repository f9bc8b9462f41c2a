"""State of the list of taxes."""

from __future__ import annotations

from typing import Any

import reflex as rx

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
from billing_app.web.staff.settings_frame import EntriesState

_NEW = TaxSetting(0, "", "S", "", "", is_default=False, is_archived=False)


class TaxesState(EntriesState, rx.State):
    """The taxes, and the one being edited."""

    taxes: list[TaxSetting] = []  # noqa: RUF012  (Reflex copies the default)
    categories: dict[str, str] = TAX_CATEGORIES
    editing: TaxSetting = _NEW
    others: list[tuple[str, str]] = []  # noqa: RUF012
    names: dict[str, str] = {}  # noqa: RUF012

    @staff_door
    async def open(self) -> None:
        await self._list()
        self.version, self.errors, self.is_editing = 1, {}, False

    def _blank(self) -> TaxSetting:
        return _NEW

    def _find(self, entry_id: int) -> TaxSetting | None:
        return next((tax for tax in self.taxes if tax.tax_id == entry_id), None)

    async def _list(self) -> None:
        self.taxes = list(await self._run(list_taxes))
        live = [
            (str(tax.tax_id), tax.name) for tax in self.taxes if tax.category == "S"
        ]
        self.others = [("", "No other tax"), *live]
        self.names = {str(tax.tax_id): tax.name for tax in self.taxes}

    async def _store(self, form: dict[str, Any]) -> str:
        typed, tax_id = read_form(TaxForm, form), self.editing.tax_id
        if tax_id:
            await self._run(change_tax, tax_id, typed)
        else:
            await self._run(add_tax, typed)
        return typed.name.strip()

    async def _put_away(self, entry_id: int) -> str:
        await self._run(archive_tax, entry_id)
        return "Archived. Drafts that have it keep it."

    async def _put_back(self, entry_id: int) -> None:
        await self._run(restore_tax, entry_id)
