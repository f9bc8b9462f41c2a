"""What the database itself says when there is no room for more."""

from __future__ import annotations

import logging

import pytest
from sqlmodel import select

from billing_app.domain.errors import DiskFull
from billing_app.models import Customer
from tests.support.full_disk import full_disk
from tests.support.rows import add_customer
from tests.support.world import World


def names(world: World) -> list[str]:
    with world.reading(world.northwind.owner) as uow:
        return list(uow.all(select(Customer.name)))


def test_a_used_up_quota_is_a_refusal_that_leaves_nothing_half(
    world: World, caplog: pytest.LogCaptureFixture
):
    assert names(world) == []

    with (
        full_disk(),
        pytest.raises(DiskFull, match="disk is full"),
        world.unit(world.northwind.owner) as uow,
    ):
        add_customer(uow, "Halden")

    assert names(world) == []
    told = [x for x in caplog.records if x.levelno == logging.CRITICAL]
    assert [x.message for x in told] == ["disk.full where=database"]


def test_a_database_at_its_largest_size_says_the_same(world: World):
    with world.runtime.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def add_many() -> None:
        with world.unit(world.northwind.owner) as uow:
            for number in range(1_000):
                add_customer(uow, f"Customer {number} {'x' * 150}")

    with pytest.raises(DiskFull):
        add_many()

    assert names(world) == []


def test_it_goes_on_once_there_is_room(world: World):
    assert names(world) == []
    with (
        full_disk(),
        pytest.raises(DiskFull),
        world.unit(world.northwind.owner) as uow,
    ):
        add_customer(uow, "Halden")

    with world.unit(world.northwind.owner) as uow:
        add_customer(uow, "Halden")

    assert names(world) == ["Halden"]
