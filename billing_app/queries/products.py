"""What the business sells: for its list in the settings, and to fill lines from."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.contact import name_key
from billing_app.domain.product import ProductTerms
from billing_app.domain.retyping import typed_price
from billing_app.models import Product, TaxRate
from billing_app.queries.names import holds_name

LIST_MAX = 100
OFFERS_MAX = 20


@dataclass(frozen=True, slots=True)
class ListedProduct:
    """One product on the list, its price written as it would be typed."""

    product_id: int
    name: str
    description: str
    unit: str
    unit_price: str
    currency: str
    tax_id: str
    tax: str
    is_archived: bool


@dataclass(frozen=True, slots=True)
class ProductList:
    """The first products found.

    Attributes:
        count: of all that were found.
        currency: what a new product starts with.
    """

    products: tuple[ListedProduct, ...]
    count: int
    currency: str


@dataclass(frozen=True, slots=True)
class ProductOffer:
    """A product as a line's description offers it."""

    name: str
    unit: str
    unit_price: str
    currency: str


@staff(Permission.EDIT_SETTINGS)
def list_products(uow: UnitOfWork, typed: str, *, archived: bool) -> ProductList:
    """Return up to 100 products whose name holds what was typed, by name."""
    found = select(Product, TaxRate.name).where(_named(typed))
    found = found.join(TaxRate, col(TaxRate.id) == col(Product.tax_id), isouter=True)
    if not archived:
        found = found.where(col(Product.archived_at).is_(None))
    rows = uow.all(
        found.order_by(col(Product.name_key), col(Product.id)).limit(LIST_MAX)
    )
    return ProductList(
        products=tuple(_listed(product, tax or "") for product, tax in rows),
        count=uow.count(found.with_only_columns(col(Product.id))),
        currency=uow.workspace.currency,
    )


@staff(Permission.EDIT_DRAFT)
def list_offers(uow: UnitOfWork, typed: str) -> tuple[ProductOffer, ...]:
    """Return up to 20 products to choose from whose name holds what was typed."""
    found = uow.all(
        select(Product)
        .where(_named(typed), col(Product.archived_at).is_(None))
        .order_by(col(Product.name_key), col(Product.id))
        .limit(OFFERS_MAX)
    )
    return tuple(ProductOffer(x.name, x.unit, _price(x), x.currency) for x in found)


@staff(Permission.EDIT_DRAFT)
def find_product(uow: UnitOfWork, name: str) -> ProductTerms | None:
    """Return the product of this name; a tax that was archived is left out."""
    found = uow.first(
        select(Product, TaxRate.archived_at)
        .join(TaxRate, col(TaxRate.id) == col(Product.tax_id), isouter=True)
        .where(
            col(Product.name_key) == _key(name),
            col(Product.archived_at).is_(None),
        )
        .order_by(col(Product.id))
    )
    if found is None:
        return None
    product, tax_archived_at = found
    return ProductTerms(
        name=product.name,
        description=product.description,
        unit=product.unit,
        unit_price=product.unit_price,
        currency=product.currency,
        tax_id=product.tax_id if tax_archived_at is None else None,
    )


def _named(typed: str) -> ColumnElement[bool]:
    return holds_name(Product.name_key, _key(typed))


def _key(typed: str) -> str:
    """Fold what was typed; signs that no database takes name nothing."""
    sound = typed.replace("\0", "").encode("utf-8", "ignore").decode()
    return name_key(sound.strip())


def _listed(product: Product, tax: str) -> ListedProduct:
    assert product.id is not None
    return ListedProduct(
        product_id=product.id,
        name=product.name,
        description=product.description,
        unit=product.unit,
        unit_price=_price(product),
        currency=product.currency,
        tax_id=str(product.tax_id or ""),
        tax=tax,
        is_archived=product.archived_at is not None,
    )


def _price(product: Product) -> str:
    if product.unit_price is None:
        return ""
    return typed_price(product.unit_price, product.currency)
