"""What the database itself says when there is no room for more, and what is read."""

from __future__ import annotations

import logging

import pytest
from sqlmodel import select

from billing_app.database.engine import asking, reading
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


def test_pages_of_the_file_are_read_from_a_map_that_others_write_through(world: World):
    with reading(world.runtime.engine).connect() as reader:
        assert reader.exec_driver_sql("PRAGMA mmap_size").scalar_one() > 0
        assert list(reader.execute(select(Customer.name))) == []

    with world.unit(world.northwind.owner) as uow:
        add_customer(uow, "Halden")
    with asking(world.runtime.engine).connect() as connection:
        # From the log into the file itself: nothing is left to read in the log.
        log_pages = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    assert tuple(log_pages) == (0, 0, 0)

    assert names(world) == ["Halden"]


def test_who_asks_once_sees_what_was_saved_meanwhile(world: World):
    statement = select(Customer.name)
    with asking(world.runtime.engine).connect() as asks:
        before = asks.execute(statement).all()
        with world.unit(world.northwind.owner) as uow:
            add_customer(uow, "Halden")
        after = asks.execute(statement).all()

    assert (before, [name for (name,) in after]) == ([], ["Halden"])
