"""A full disk behind plain HTTP: one sentence, nothing lost, reading goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from markupsafe import Markup
from sqlmodel import delete

from billing_app import runtime
from billing_app.domain.portal_settings import WriteAuth
from billing_app.endpoints.app import make_http_app
from billing_app.endpoints.comments import comment_routes
from billing_app.endpoints.disputes import dispute_routes
from billing_app.endpoints.downloads import download_routes
from billing_app.endpoints.exports import export_routes
from billing_app.endpoints.portal_sign_in import portal_sign_in_routes
from billing_app.endpoints.promises import promise_routes
from billing_app.endpoints.sign_in import sign_in_routes
from billing_app.models import OutboxMessage
from billing_app.services import portal_links
from tests.endpoints.test_exports import INVOICES, rows_of, sign_in
from tests.support.asgi import http
from tests.support.billing import an_invoice
from tests.support.full_disk import full_disk
from tests.support.talk import bodies, choose
from tests.support.world import PASSWORD, World

HEAD = Markup("")
SENTENCE = "The server&#39;s disk is full, so this was not saved."
COMMENT = {
    "body": "When was this?",
    "name": "Ines Vermeer",
    "email": "ines@vermeer.example",
    "request_key": "request-000001",
}


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    runtime.set_current(world.runtime)
    choose(world, world.northwind, write_auth=WriteAuth.LINK)
    routes = [
        *sign_in_routes(),
        *comment_routes(HEAD),
        *dispute_routes(HEAD),
        *promise_routes(HEAD),
        *portal_sign_in_routes(HEAD),
        *download_routes(HEAD),
        *export_routes(),
    ]
    async with http(make_http_app(routes)) as client:
        yield client


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind)


@pytest.fixture
def page(world: World, invoice_id: int) -> str:
    token = world.run(world.northwind.accounting, portal_links.copy_link, invoice_id)
    return f"/p/{token}"


async def test_a_comment_stays_in_its_form(
    world: World, client: httpx.AsyncClient, page: str, invoice_id: int
):
    with full_disk():
        refused = await client.post(f"{page}/comments", data=COMMENT)

    assert refused.status_code == 507
    assert SENTENCE in refused.text
    assert COMMENT["body"] in refused.text
    assert bodies(world, world.northwind, invoice_id) == []

    await client.post(f"{page}/comments", data=COMMENT)

    assert bodies(world, world.northwind, invoice_id) == [COMMENT["body"]]


@pytest.mark.parametrize(
    ("form", "typed"),
    [
        ("disputes", {"amount": "10.00", "reason": "Never received"}),
        ("promises", {"promised_on": "2026-03-05"}),
        ("verify", {"step": "email", "email": "ines@vermeer.example"}),
    ],
)
async def test_every_form_of_the_portal_says_so(
    client: httpx.AsyncClient, page: str, form: str, typed: dict[str, str]
):
    with full_disk():
        answer = await client.post(f"{page}/{form}", data=typed)

    assert answer.status_code == 507
    assert SENTENCE in answer.text


async def test_the_sign_in_says_so(client: httpx.AsyncClient):
    typed = {"email": "owner@northwind.example", "password": PASSWORD}
    with full_disk():
        answer = await client.post("/sign-in", data=typed)

    assert answer.headers["location"] == "/sign-in#refused"
    assert "tallyport" not in answer.cookies


async def test_staff_downloads_go_on_where_nothing_has_to_be_written(
    world: World, client: httpx.AsyncClient, invoice_id: int
):
    sign_in(client, world, world.northwind.accounting)
    # Long enough for the session to note that it was seen.
    world.clock.advance(minutes=10)

    with full_disk():
        answer = await client.get(INVOICES)

    assert answer.status_code == 200
    assert len(rows_of(answer)) == 2


async def test_what_has_to_be_written_first_waits_for_room(
    world: World, client: httpx.AsyncClient, invoice_id: int
):
    """Whoever asks for a file that nobody has promised yet is told, and asks again."""
    sign_in(client, world, world.northwind.accounting)
    with world.unit(world.northwind.system) as uow:
        uow.execute(delete(OutboxMessage))
    address = f"/api/invoices/{invoice_id}/invoice.pdf"

    with full_disk():
        refused = await client.get(address)

    assert refused.status_code == 507
    assert SENTENCE in refused.text
    assert (await client.get(address)).status_code == 202
