"""Customers as staff list, pick and read them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from billing_app.domain.errors import InvalidInput, NotFound
from billing_app.models import Customer
from billing_app.queries import customers as queries
from billing_app.queries.customers import (
    CustomerFilter,
    CustomerRow,
    CustomerSort,
    Owed,
    Turnover,
    list_choices,
    list_customers,
    parse_customer_filter,
    read_customer,
)
from billing_app.queries.drafts import list_choices as list_billable
from billing_app.queries.paging import Paging
from tests.support.billing import a_customer, an_invoice, pay
from tests.support.rows import add_customer, add_invoice
from tests.support.world import World


def walk(world: World, wanted: CustomerFilter) -> list[CustomerRow]:
    rows: list[CustomerRow] = []
    after = ""
    while True:
        step = replace(wanted, paging=Paging(after=after, limit=7))
        page = world.run(world.northwind.viewer, list_customers, step).page
        rows += page.rows
        after = page.older
        if not after:
            return rows


class TestListCustomers:
    @pytest.fixture
    def crowd(self, world: World) -> World:
        dice = random.Random(5)
        for place in world.places:
            for _ in range(40):
                world.clock.now += timedelta(seconds=dice.choice((0, 1)))
                with world.unit(place.owner) as uow:
                    name = dice.choice(("Żabka", "żabka", "Halden", "北海道", "O'N %"))
                    mail = dice.choice(("", "ap@halden.example", "X@Y.EXAMPLE"))
                    archived = dice.choice((None, None, uow.now))
                    add_customer(uow, name, email=mail, archived_at=archived)
        return world

    @pytest.mark.parametrize("is_descending", [False, True])
    @pytest.mark.parametrize("sort", list(CustomerSort))
    def test_pages_follow_each_other_without_gaps_or_doubles(
        self, crowd: World, sort: CustomerSort, is_descending: bool
    ):
        for more in ({}, {"includes_archived": True}, {"text": "x@y"}, {"text": "ŻA"}):
            wanted = CustomerFilter(sort=sort, is_descending=is_descending, **more)

            rows = walk(crowd, wanted)

            keys = [(row.sort_key, row.id) for row in rows]
            assert keys == sorted(set(keys), reverse=is_descending)
            whole = replace(wanted, paging=Paging(limit=500))
            at_once = crowd.run(crowd.northwind.viewer, list_customers, whole)
            assert list(at_once.page.rows) == rows
            assert at_once.count.seen == len(rows) > 0

    def test_shows_what_each_owes_by_currency(self, world: World):
        with world.unit(world.northwind.owner) as uow:
            customer = add_customer(uow)
            quiet = add_customer(uow, "Quiet")
            add_invoice(uow, customer, outstanding_minor=300)
            add_invoice(uow, customer, outstanding_minor=50, archived_at=uow.now)
            add_invoice(uow, customer, total_minor=900, currency="USD")
            add_invoice(uow, customer, outstanding_minor=0)
            add_invoice(uow, customer, state="draft")
            add_invoice(uow, quiet, state="void")
        world.clock.advance(days=60)

        page = world.run(world.northwind.viewer, list_customers, CustomerFilter()).page

        assert [row.owed for row in page.rows] == [
            (Owed("EUR", 350, 350, 2), Owed("USD", 900, 900, 1)),
            (),
        ]

    def test_who_was_recorded_twice_owes_it_all(self, world: World):
        """In the list and on the page; the record that went still has its own."""
        with world.unit(world.kestrel.owner) as uow:
            add_invoice(uow, add_customer(uow, "Elsewhere"), outstanding_minor=9_000)
        with world.unit(world.northwind.owner) as uow:
            kept, twice = add_customer(uow, "Kept"), add_customer(uow, "Twice")
            uow.flush()
            twice.merged_into_id, twice.archived_at = kept.id, uow.now
            add_invoice(uow, kept, total_minor=300)
            add_invoice(uow, twice, total_minor=200)
            add_invoice(uow, twice, total_minor=70, currency="USD")
            kept_id, twice_id = kept.id, twice.id
        viewer = world.northwind.viewer

        every = CustomerFilter(includes_archived=True)
        owed = {
            x.id: x.owed for x in world.run(viewer, list_customers, every).page.rows
        }
        whole, own = (world.run(viewer, read_customer, x) for x in (kept_id, twice_id))

        both = (Owed("EUR", 500, 0, 2), Owed("USD", 70, 0, 1))
        alone = (Owed("EUR", 200, 0, 1), Owed("USD", 70, 0, 1))
        assert (
            (owed[kept_id], owed[twice_id]) == (whole.owed, own.owed) == (both, alone)
        )
        assert whole.merged[0].owed == alone
        assert {(x.currency, x.minor) for x in whole.ages} == {
            ("EUR", 500),
            ("USD", 70),
        }
        assert [x.invoiced_minor for x in whole.turnover] == [500, 70]

    def test_refuses_a_sort_it_does_not_have(self):
        with pytest.raises(InvalidInput):
            parse_customer_filter({"sort": "email"})


class TestListChoices:
    def test_names_that_begin_with_the_text_come_first(self, world: World):
        with world.unit(world.northwind.owner) as uow:
            for name in ("Air Halden", "Halden", "haldane", "Bay"):
                add_customer(uow, name)
            gone = add_customer(uow, "Halden gone")
            gone.archived_at = uow.now
        with world.unit(world.kestrel.owner) as uow:
            add_customer(uow, "Halden elsewhere")

        found = world.run(world.northwind.viewer, list_choices, " hal")

        assert [choice.name for choice in found] == ["haldane", "Halden", "Air Halden"]

    def test_gives_no_more_than_twenty(self, world: World):
        with world.unit(world.northwind.owner) as uow:
            uow.add_all(
                [
                    Customer(name=f"{n}", name_key=f"{n}", created_at=uow.now)
                    for n in range(25)
                ]
            )

        assert len(world.run(world.northwind.viewer, list_choices, "")) == 20


class TestReadCustomer:
    def test_adds_up_invoices_and_credit(self, world: World):
        place = world.northwind
        customer_id = a_customer(world, place)
        invoice_id = an_invoice(world, place, "100.00", customer_id=customer_id)
        pay(world, place, invoice_id, "130.00")

        it = world.run(place.viewer, read_customer, customer_id)

        assert it.turnover == (Turnover("EUR", 10_000, 1),)
        assert it.credit == (("EUR", 3_000),)
        assert it.owed == ()

    def test_another_workspaces_does_not_exist(self, world: World):
        customer_id = a_customer(world, world.northwind)

        for query in (read_customer, queries.read_choice):
            with pytest.raises(NotFound):
                world.run(world.kestrel.owner, query, customer_id)


def test_a_builder_looks_only_for_as_much_as_a_name_can_hold(world):
    """SQLite refuses to look for very long texts; two hundred letters name anybody."""
    a_customer(world, world.northwind)

    assert world.run(world.northwind.accounting, list_billable, "x" * 60_000) == ()
