"""Add, change and archive what the business sells."""

from __future__ import annotations

from dataclasses import asdict

from sqlmodel import col, select

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.contact import name_key
from billing_app.domain.errors import InvalidInput, LimitReached
from billing_app.domain.events import SettingsChanged
from billing_app.domain.product import ProductForm, read_product
from billing_app.models import Product, TaxRate

PRODUCTS_MAX = 10_000


@staff(Permission.EDIT_SETTINGS)
def add_product(uow: UnitOfWork, form: ProductForm) -> int:
    """Add a product or service.

    Returns:
        Its id.

    Raises:
        InvalidInput: a field can't be used; its name is the error's `field`.
        LimitReached: there are too many.
    """
    product = create_product(uow, form)
    _record(uow, product)
    assert product.id is not None
    return product.id


@inner
def create_product(uow: UnitOfWork, form: ProductForm) -> Product:
    """Add a product that the caller puts on record. Raises as `add_product`."""
    if uow.count(select(Product.id)) >= PRODUCTS_MAX:
        raise LimitReached(f"The catalogue holds at most {PRODUCTS_MAX:,} products.")
    product = Product(name="", name_key="", currency="")
    _fill(uow, product, form)
    return uow.add(product)


@staff(Permission.EDIT_SETTINGS)
def change_product(uow: UnitOfWork, product_id: int, form: ProductForm) -> None:
    """Change a product. Lines filled from it before keep what they say.

    Raises:
        NotFound: no such product in this workspace.
        InvalidInput: as `add_product`.
    """
    product = uow.get(Product, product_id, lock=True)
    _fill(uow, product, form)
    _record(uow, product)


@staff(Permission.EDIT_SETTINGS)
def archive_product(uow: UnitOfWork, product_id: int) -> None:
    """Offer it no more."""
    product = uow.get(Product, product_id, lock=True)
    product.archived_at = product.archived_at or uow.now
    _record(uow, product)


@staff(Permission.EDIT_SETTINGS)
def restore_product(uow: UnitOfWork, product_id: int) -> None:
    """Offer an archived product again.

    Raises:
        InvalidInput: another has its name by now.
    """
    product = uow.get(Product, product_id, lock=True)
    _check_name(uow, product)
    product.archived_at = None
    _record(uow, product)


def _fill(uow: UnitOfWork, product: Product, form: ProductForm) -> None:
    taxes = uow.all(select(TaxRate.id).where(col(TaxRate.archived_at).is_(None)))
    # A tax that was archived since stays with the products that have it.
    known = {str(tax_id) for tax_id in (*taxes, product.tax_id) if tax_id}
    for name, value in asdict(read_product(form, known)).items():
        setattr(product, name, value)
    product.name_key = name_key(product.name)
    if product.archived_at is None:
        _check_name(uow, product)


def _check_name(uow: UnitOfWork, product: Product) -> None:
    """Refuse a second product of a name: people choose them by it."""
    same = uow.first(
        select(Product.id).where(
            col(Product.name_key) == product.name_key,
            col(Product.archived_at).is_(None),
            col(Product.id).is_distinct_from(product.id),
        )
    )
    if same is not None:
        raise InvalidInput(
            f"There is a product called {product.name} already.", field="name"
        )


def _record(uow: UnitOfWork, product: Product) -> None:
    uow.flush()
    uow.record(SettingsChanged(section="products", fields=(product.name,)))
