"""Who owes how much: each workspace its own, all ages adding up."""

from __future__ import annotations

from datetime import timedelta

from billing_app.queries.aging import AgingRow, list_aging
from billing_app.queries.customers import CustomerFilter
from billing_app.queries.dashboard import Bucket
from billing_app.queries.paging import Paging
from tests.support.rows import add_customer, add_invoice
from tests.support.world import World


def owe(world: World, name: str, *owed: tuple[int, int], currency: str = "EUR") -> None:
    """Let a customer of each workspace owe amounts, each so many days late."""
    for place in world.places:
        with world.unit(place.owner) as uow:
            customer = add_customer(uow, name)
            uow.flush()
            for minor, days in owed:
                add_invoice(
                    uow,
                    customer,
                    total_minor=minor,
                    due_on=uow.today - timedelta(days=days),
                    currency=currency,
                )


def walk(world: World, limit: int = 3) -> list[AgingRow]:
    rows: list[AgingRow] = []
    after = ""
    while True:
        wanted = CustomerFilter(paging=Paging(after=after, limit=limit))
        page = world.run(world.northwind.viewer, list_aging, wanted).page
        rows += page.rows
        after = page.older
        if not after:
            return rows


def test_each_customer_who_owes_stands_there_once_with_the_ages_of_it(world: World):
    owe(world, "Halden", (100, 0), (20, 1), (3, 30), (40, 31))
    owe(world, "Bristow", (500, 61), (7, 91))
    owe(world, "Paid up", (0, 10))
    owe(world, "Elsewhere", (900, 10), currency="USD")

    rows = {row.name: dict(row.minor) for row in walk(world, limit=1)}

    assert rows == {
        "Bristow": {Bucket.TO_90: 500, Bucket.OVER_90: 7},
        "Halden": {Bucket.NOT_DUE: 100, Bucket.TO_30: 23, Bucket.TO_60: 40},
    }


def test_pages_follow_each_other_without_gaps_or_doubles(world: World):
    names = [f"Customer {number:02}" for number in range(11)]
    for name in names:
        owe(world, name, (100, 5))

    assert [row.name for row in walk(world, limit=4)] == names


def test_a_search_narrows_the_rows_and_not_the_sums(world: World):
    owe(world, "Halden", (100, 5))
    owe(world, "Bristow", (200, 5))
    viewer = world.northwind.viewer

    found = world.run(viewer, list_aging, CustomerFilter(text="hald"))

    assert [row.name for row in found.page.rows] == ["Halden"]
    sums = {each.bucket: each.minor for each in found.sums if each.minor}
    assert sums == {Bucket.TO_30: 300}
