"""What begins with a text is found, and nothing beside it."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, select

from billing_app.database.prefix import begins_as_typed, begins_with
from billing_app.models import Customer
from tests.support.rows import add_customer
from tests.support.world import World

NAMES = ("INV-1", "INV-12", "INV-1\U0001f600", "INV_1", "inv-1", "INV-2", "AINV-1")


def names(world: World, *ways: Any) -> set[str]:
    found: set[str] = set()
    with world.reading(world.northwind.owner) as uow:
        for way in ways:
            found.update(uow.all(select(Customer.name).where(way)))
    return found


def fill(world: World) -> None:
    with world.unit(world.northwind.owner) as uow:
        for name in NAMES:
            add_customer(uow, name)
    with world.unit(world.kestrel.owner) as uow:
        add_customer(uow, "INV-19")


def test_a_prefix_finds_what_begins_exactly_like_it(world: World):
    fill(world)

    found = names(world, begins_with(col(Customer.name), "INV-1"))

    assert found == {"INV-1", "INV-12", "INV-1\U0001f600"}


def test_what_stands_for_anything_elsewhere_stands_for_itself(world: World):
    fill(world)

    assert names(world, begins_with(col(Customer.name), "INV_")) == {"INV_1"}
    assert names(world, begins_with(col(Customer.name), "%")) == set()


def test_a_text_is_looked_for_as_typed_and_in_capitals(world: World):
    fill(world)

    ways = begins_as_typed(col(Customer.name), "inv-1")

    assert names(world, *ways) == {"inv-1", "INV-1", "INV-12", "INV-1\U0001f600"}
    assert len(begins_as_typed(col(Customer.name), "INV-1")) == 1
