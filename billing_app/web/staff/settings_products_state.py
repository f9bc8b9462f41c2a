"""State of the catalogue."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.product import ProductForm
from billing_app.queries.products import LIST_MAX, ListedProduct, list_products
from billing_app.queries.settings import list_taxes
from billing_app.services.products import (
    add_product,
    archive_product,
    change_product,
    restore_product,
)
from billing_app.web import formats
from billing_app.web.doors import staff_door
from billing_app.web.forms import read_form
from billing_app.web.staff.settings_frame import EntriesState

_NEW = ListedProduct(0, "", "", "", "", "", "", "", is_archived=False)


class ProductsState(EntriesState, rx.State):
    """The products and services, and the one being edited.

    Attributes:
        typed: what is searched for.
        archived: those put aside are shown as well.
        more_words: how many there are beyond those shown.
        taxes: to choose from, (id, name).
    """

    products: list[ListedProduct] = []  # noqa: RUF012  (Reflex copies the default)
    typed: str = ""
    archived: bool = False
    more_words: str = ""
    currency: str = ""
    taxes: list[tuple[str, str]] = []  # noqa: RUF012
    editing: ListedProduct = _NEW

    @staff_door
    async def open(self) -> None:
        taxes = await self._run(list_taxes)
        live = [(str(tax.tax_id), tax.name) for tax in taxes if not tax.is_archived]
        self.taxes = [("", "As the line has it"), *live]
        self.typed, self.archived = "", False
        await self._list()
        self.version, self.errors, self.is_editing = 1, {}, False

    @staff_door
    async def search(self, typed: str) -> None:
        self.typed = typed
        await self._list()

    @staff_door
    async def show_archived(self, shown: bool) -> None:
        self.archived = shown
        await self._list()

    def _blank(self) -> ListedProduct:
        return _NEW

    def _find(self, entry_id: int) -> ListedProduct | None:
        return next((x for x in self.products if x.product_id == entry_id), None)

    async def _store(self, form: dict[str, Any]) -> str:
        typed, product_id = read_form(ProductForm, form), self.editing.product_id
        if product_id:
            await self._run(change_product, product_id, typed)
        else:
            await self._run(add_product, typed)
        return typed.name.strip()

    async def _put_away(self, entry_id: int) -> str:
        await self._run(archive_product, entry_id)
        return "Archived. Invoices that have it keep it."

    async def _put_back(self, entry_id: int) -> None:
        await self._run(restore_product, entry_id)

    async def _list(self) -> None:
        found = await self._run(list_products, self.typed, archived=self.archived)
        self.products, self.currency = list(found.products), found.currency
        count = formats.count_of(found.count, "product")
        told = f"The first {LIST_MAX} of {count}. Search to find the others."
        self.more_words = told if found.count > LIST_MAX else ""
