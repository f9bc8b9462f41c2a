"""The catalogue: what is offered, and that nothing issued depends on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.errors import InvalidInput, NotFound, NotPermitted
from billing_app.domain.product import ProductForm, filled
from billing_app.models import LineItem
from billing_app.queries.products import (
    ListedProduct,
    find_product,
    list_offers,
    list_products,
)
from billing_app.services import drafts, invoices
from billing_app.services.products import (
    add_product,
    archive_product,
    change_product,
    restore_product,
)
from billing_app.services.taxes import archive_tax
from tests.support.billing import a_customer, all_rows
from tests.support.world import World

HANDLING = ProductForm(
    name="Handling",
    description="Ramp and crew",
    unit="hour",
    unit_price="120.00",
    currency="EUR",
    tax_id="1",
)
EVIL = "<script>alert(1)</script>{{7*7}}\u202e"


def add(world: World, **changes: str) -> int:
    return world.run(world.northwind.admin, add_product, replace(HANDLING, **changes))


def shown(world: World, typed: str = "", *, archived: bool = False):
    admin = world.northwind.admin
    return world.run(admin, list_products, typed, archived=archived).products


def offered(world: World, typed: str = "") -> list[str]:
    found = world.run(world.northwind.accounting, list_offers, typed)
    return [offer.name for offer in found]


class TestAddProduct:
    def test_is_listed_as_typed(self, world: World):
        product_id = add(world)

        assert shown(world) == (
            ListedProduct(
                product_id,
                "Handling",
                "Ramp and crew",
                "hour",
                "120.00",
                "EUR",
                "1",
                shown(world)[0].tax,
                is_archived=False,
            ),
        )

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("name", " "),
            ("name", "x" * 201),
            ("unit", "x" * 21),
            ("description", "x" * 2_001),
            ("unit_price", "-1"),
            ("unit_price", "NaN"),
            ("unit_price", "1,200"),
            ("currency", "XXX "),
            ("currency", ""),
            ("tax_id", "99"),
            ("tax_id", "x"),
        ],
    )
    def test_refuses_what_no_line_could_say(self, world: World, field: str, typed: str):
        with pytest.raises(InvalidInput) as refusal:
            add(world, **{field: typed})

        assert refusal.value.field == field
        assert shown(world) == ()

    def test_two_of_a_name_would_not_be_told_apart(self, world: World):
        add(world)

        with pytest.raises(InvalidInput, match="already"):
            add(world, name="HANDLING")

    def test_hostile_words_stay_words(self, world: World):
        add(world, name=EVIL, description=EVIL)

        (product,) = shown(world, "<SCRIPT")
        assert product.name == "<script>alert(1)</script>{{7*7}}"

    def test_only_by_those_who_keep_the_settings(self, world: World):
        with pytest.raises(NotPermitted):
            world.run(world.northwind.accounting, add_product, HANDLING)

    def test_another_workspace_has_its_own(self, world: World):
        product_id = add(world)

        with pytest.raises(NotFound):
            world.run(world.kestrel.owner, change_product, product_id, HANDLING)
        assert world.run(world.kestrel.owner, list_offers, "") == ()
        with pytest.raises(InvalidInput):
            world.run(world.kestrel.owner, add_product, HANDLING)


class TestFind:
    def test_by_a_part_of_the_name(self, world: World):
        for name in ("Handling", "Night handling", "Fuel 100%", "Fuel 50 %"):
            add(world, name=name)

        assert offered(world, "HAND") == ["Handling", "Night handling"]
        assert offered(world, "100%") == ["Fuel 100%"]
        assert [x.name for x in shown(world, "50")] == ["Fuel 50 %"]

    def test_not_what_is_archived(self, world: World):
        product_id = add(world)
        world.run(world.northwind.admin, archive_product, product_id)

        assert offered(world) == []
        assert shown(world) == ()
        assert [x.is_archived for x in shown(world, archived=True)] == [True]
        found = world.run(world.northwind.accounting, find_product, "Handling")
        assert found is None

    def test_what_comes_back_must_not_share_a_name(self, world: World):
        product_id = add(world)
        world.run(world.northwind.admin, archive_product, product_id)
        add(world)

        with pytest.raises(InvalidInput):
            world.run(world.northwind.admin, restore_product, product_id)

    def test_an_archived_tax_is_left_to_the_line(self, world: World):
        add(world, tax_id="2")
        world.run(world.northwind.admin, archive_tax, 2)

        found = world.run(world.northwind.accounting, find_product, "handling ")

        assert found is not None
        assert found.tax_id is None


def test_a_change_reaches_no_invoice(world: World):
    accounting = world.northwind.accounting
    product_id = add(world)
    product = world.run(accounting, find_product, "Handling")
    assert product is not None
    customer_id = a_customer(world, world.northwind)

    line = filled(LineForm(quantity="2"), product, "EUR")
    form = DraftForm(customer_id=customer_id, lines=(line,))
    draft = world.run(accounting, drafts.create_draft, form)
    world.run(accounting, invoices.issue, draft.invoice_id, draft.version)

    changed = replace(HANDLING, name="Handling 2027", unit_price="200.00")
    world.run(world.northwind.admin, change_product, product_id, changed)

    (item,) = all_rows(world, world.northwind, LineItem)
    assert (item.name, item.unit, item.amount_minor) == ("Handling", "hour", 24_000)
