"""A product or service as typed, and the line that is filled from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal

from billing_app.domain.currencies import is_currency
from billing_app.domain.draft import (
    DESCRIPTION_LENGTH_MAX,
    UNIT_LENGTH_MAX,
    LineForm,
    read_unit_price,
)
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import clean_text
from billing_app.domain.retyping import typed_price

NAME_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class ProductForm:
    """A product as typed.

    Attributes:
        unit_price: empty where it is agreed each time.
        tax_id: of a tax rate, as text; empty leaves the tax to the line.
    """

    name: str = ""
    description: str = ""
    unit: str = ""
    unit_price: str = ""
    currency: str = ""
    tax_id: str = ""


@dataclass(frozen=True, slots=True)
class ProductTerms:
    """A product after reading."""

    name: str
    description: str
    unit: str
    unit_price: Decimal | None
    currency: str
    tax_id: int | None


def read_product(form: ProductForm, tax_ids: Collection[str]) -> ProductTerms:
    """Read what was typed; `tax_ids` are those to choose from.

    Raises:
        InvalidInput: names the field that can't be used.
    """
    name = clean_text(form.name, length_max=NAME_LENGTH_MAX, field="name")
    if not name:
        raise InvalidInput("Write what it is called on an invoice.", field="name")
    if not is_currency(form.currency):
        raise InvalidInput("Choose a currency from the list.", field="currency")
    if form.tax_id and form.tax_id not in tax_ids:
        raise InvalidInput("Choose a tax from the list.", field="tax_id")
    price = form.unit_price.strip()
    return ProductTerms(
        name=name,
        description=clean_text(
            form.description,
            length_max=DESCRIPTION_LENGTH_MAX,
            multiline=True,
            field="description",
        ),
        unit=clean_text(form.unit, length_max=UNIT_LENGTH_MAX, field="unit"),
        unit_price=read_unit_price(price, form.currency) if price else None,
        currency=form.currency,
        tax_id=int(form.tax_id) if form.tax_id else None,
    )


def filled(line: LineForm, product: ProductTerms, currency: str) -> LineForm:
    """Copy a product into a line; a price in another currency stays out of it."""
    price = product.unit_price if product.currency == currency else None
    return replace(
        line,
        name=product.name,
        description=product.description,
        unit=product.unit,
        unit_price=typed_price(price, currency) if price is not None else "",
        tax_id=str(product.tax_id) if product.tax_id is not None else line.tax_id,
    )
