"""State of the catalogue."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
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
from billing_app.web.staff.settings_frame import SettingsState

_NEW = ListedProduct(0, "", "", "", "", "", "", "", is_archived=False)


class ProductsState(SettingsState, rx.State):
    """The products and services, and the one being edited.

    Attributes:
        typed: what is searched for.
        archived: those put aside are shown as well.
        more_words: how many there are beyond those shown.
        taxes: to choose from, (id, name).
        editing: what the dialog shows; its id is 0 for a new product.
        undoable: the product that Undo puts back on the list, by its notice.
    """

    products: list[ListedProduct] = []  # noqa: RUF012  (Reflex copies the default)
    typed: str = ""
    archived: bool = False
    more_words: str = ""
    currency: str = ""
    taxes: list[tuple[str, str]] = []  # noqa: RUF012
    editing: ListedProduct = _NEW
    is_editing: bool = False
    undoable: dict[str, int] = {}  # noqa: RUF012

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

    @staff_door
    async def add(self) -> None:
        self.editing, self.is_editing, self.errors = _NEW, True, {}

    @staff_door
    async def edit(self, product_id: int) -> None:
        found = next((x for x in self.products if x.product_id == product_id), None)
        if found is not None:
            self.editing, self.is_editing, self.errors = found, True, {}

    @staff_door
    async def stop(self) -> None:
        self.is_editing = False

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        typed, product_id = read_form(ProductForm, form), self.editing.product_id
        try:
            if product_id:
                await self._run(change_product, product_id, typed)
            else:
                await self._run(add_product, typed)
        except InvalidInput as refusal:
            self._point_at(refusal)
            return
        self.is_editing = False
        await self._list()
        self._notify(f"{typed.name.strip()} is saved.")

    @staff_door
    async def archive(self, product_id: int) -> None:
        await self._run(archive_product, product_id)
        await self._list()
        key = self._notify("Archived. Invoices that have it keep it.", "Undo")
        self.undoable = {**self.undoable, key: product_id}

    @staff_door
    async def restore(self, product_id: int) -> None:
        await self._run(restore_product, product_id)
        await self._list()

    @staff_door
    async def undo(self, key: str) -> None:
        product_id = self.undoable.pop(key, None)
        if product_id is not None:
            await self._run(restore_product, product_id)
            await self._list()
        self.notices = [notice for notice in self.notices if notice.key != key]

    async def _list(self) -> None:
        found = await self._run(list_products, self.typed, archived=self.archived)
        self.products, self.currency = list(found.products), found.currency
        count = formats.count_of(found.count, "product")
        told = f"The first {LIST_MAX} of {count}. Search to find the others."
        self.more_words = told if found.count > LIST_MAX else ""
