"""A short address leads to the page of its link for as long as the link lives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from markupsafe import Markup
from sqlmodel import select
from starlette.applications import Starlette

from billing_app import runtime
from billing_app.domain.short_link import short_code, short_path
from billing_app.endpoints.short_links import short_link_routes
from billing_app.logs import redact
from billing_app.models import PortalLink
from billing_app.services import portal_links
from tests.support.asgi import http
from tests.support.billing import a_customer, all_rows, an_invoice
from tests.support.world import World


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    runtime.set_current(world.runtime)
    async with http(Starlette(routes=short_link_routes(Markup("")))) as client:
        yield client


@pytest.mark.feature("F003")
async def test_leads_to_the_page_of_its_link(client, world: World):
    for place in (world.northwind, world.kestrel):
        invoice_id, customer_id = an_invoice(world, place), a_customer(world, place)
        of_invoice = world.run(place.accounting, portal_links.copy_link, invoice_id)
        of_customer = world.run(
            place.accounting, portal_links.new_customer_link, customer_id
        )

        for door, token in (("p", of_invoice), ("c", of_customer)):
            answer = await client.get(short_path(token))
            assert answer.status_code == 303
            assert answer.headers["location"] == f"/{door}/{token}"
            # As phones write the first letter of what somebody types.
            typed = await client.get(short_path(token).upper().replace("/S/", "/s/"))
            assert typed.headers["location"] == answer.headers["location"]


async def test_of_a_dead_link_is_as_one_that_never_was(client, world: World):
    place, invoice_id = world.northwind, an_invoice(world, world.northwind)
    old = world.run(place.accounting, portal_links.new_link, invoice_id)
    new = world.run(place.accounting, portal_links.new_link, invoice_id)
    never = await client.get("/s/aaaaaaaaaaaaaaaa")

    assert never.status_code == 404
    assert "Invoice not found" in never.text
    for code in (
        short_code(old),
        old,
        new,
        f"{short_code(new)[:-1]}",
        "%ff",
        "a" * 5000,
    ):
        answer = await client.get(f"/s/{code}")
        assert (answer.status_code, answer.content) == (404, never.content)

    with world.unit(place.system) as uow:
        link = uow.all(select(PortalLink))[-1]
        link.expires_at = world.clock() + timedelta(days=1)
    assert (await client.get(short_path(new))).status_code == 303
    world.clock.advance(days=2)
    answer = await client.get(short_path(new))
    assert (answer.status_code, answer.content) == (404, never.content)


async def test_a_link_of_older_days_has_one_once_it_is_copied(client, world: World):
    place, invoice_id = world.northwind, an_invoice(world, world.northwind)
    token = world.run(place.accounting, portal_links.new_link, invoice_id)
    with world.unit(place.system) as uow:
        for link in uow.all(select(PortalLink)):
            link.short_digest = None
    assert (await client.get(short_path(token))).status_code == 404

    world.run(place.accounting, portal_links.copy_link, invoice_id)

    assert (await client.get(short_path(token))).headers["location"] == f"/p/{token}"


def test_is_in_no_row_and_no_log(world: World):
    place, invoice_id = world.northwind, an_invoice(world, world.northwind)
    token = world.run(place.accounting, portal_links.new_link, invoice_id)

    stored = str([x.model_dump() for x in all_rows(world, place, PortalLink)])

    assert short_code(token) not in stored
    assert short_code(token) not in redact(f'"GET {short_path(token)} HTTP/1.1" 303')
