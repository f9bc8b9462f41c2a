"""Odd addresses and forms get an answer, whatever page or file they ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from markupsafe import Markup
from sqlmodel import select
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from billing_app import runtime
from billing_app.endpoints.check import check_routes
from billing_app.endpoints.comments import comment_routes
from billing_app.endpoints.disputes import dispute_routes
from billing_app.endpoints.downloads import download_routes
from billing_app.endpoints.exports import export_routes
from billing_app.endpoints.first_paint import FirstPaint
from billing_app.endpoints.logo import logo_routes
from billing_app.endpoints.pay import pay_routes
from billing_app.endpoints.portal_pages import portal_nowhere_routes, portal_painters
from billing_app.endpoints.portal_sign_in import portal_sign_in_routes
from billing_app.endpoints.promises import promise_routes
from billing_app.endpoints.statements import statement_routes
from billing_app.endpoints.stripe_webhook import webhook_routes
from billing_app.models import WorkspaceSettings
from billing_app.services import portal_links
from tests.support.asgi import make_client_folder
from tests.support.billing import a_customer, an_invoice
from tests.support.world import World

HEAD = Markup("")
LONG = "9" * 5_000
SETTINGS = {
    "link_opens_account": True,
    "disputes": "open",
    "comments": "write",
    "write_auth": "link",
}
FILES = (
    *("/invoice.pdf", "/invoice.ubl.xml", "/pages/999999999999999.png"),
    *(
        "/receipts/1.pdf",
        "/credit-notes/1.pdf",
        "/credit-notes/1.ubl.xml",
        "/verify",
        "/paid?page=%00",
    ),
)
PERIODS = (
    *("", "?from=0001-01-01&to=0001-01-02", "?from=9999-12-30&to=9999-12-31"),
    *("?from=2999-12-30&to=2999-12-31", "?from=1900-01-01&to=1900-01-02"),
    *("?from=0001-01-01&to=9999-12-31", "?from=%00&to=x", "?from=2026-13-01"),
)
LISTS = (
    *("?period=0001-01-01~9999-12-31", "?period=9999-12-31..9999-12-31"),
    *("?q=%00&status=%00&currency=%00%00%00", "?q=%ED%A0%80", "?after=%00&before=y"),
    *("?sort=--&age=x", "?after=W10", "?before=99999999999999999999&paid=%00"),
)
FORM = {
    **{"amount": "1\x00", "invoice": LONG, "balance": "\x00\x00\x00"},
    **{"body": "x", "name": "Ines Vermeer", "email": "a\x00@b.example", "line": LONG},
    **{"dispute": "١", "request_key": "request-1", "reason": "\x00"},
    **{"promised_on": "9999-12-31", "step": "code", "code": "\x00"},
}


@pytest.fixture
async def client(world: World, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """What goes wrong behind a route fails the test, as a crash would the server."""
    runtime.set_current(world.runtime)
    with world.unit(world.northwind.system) as uow:
        uow.one(select(WorkspaceSettings)).portal = SETTINGS
    routes: list[BaseRoute] = [
        *(each for make in _OF_HEAD for each in make(HEAD)),
        *export_routes(),
        *logo_routes(),
        *webhook_routes(),
        *portal_nowhere_routes(HEAD),
        Mount("", shell),
    ]
    app = FirstPaint(
        Starlette(routes=routes),
        make_client_folder(tmp_path / "client"),
        painters=portal_painters(HEAD, HEAD),
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    address = "http://localhost:8000"
    async with httpx.AsyncClient(transport=transport, base_url=address) as client:
        yield client


async def shell(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as the frontend does for whatever looks like one of its pages."""
    await PlainTextResponse("an empty page")(scope, receive, send)


_OF_HEAD = (
    *(check_routes, comment_routes, dispute_routes, download_routes, pay_routes),
    *(portal_sign_in_routes, promise_routes, statement_routes),
)


@pytest.fixture
def places(world: World) -> tuple[list[str], list[str]]:
    """Return the addresses of invoices and of accounts, right ones and odd ones."""
    place = world.northwind
    customer_id = a_customer(world, place)
    invoice_id = an_invoice(world, place, customer_id=customer_id)
    link = world.run(place.accounting, portal_links.copy_link, invoice_id)
    own = world.run(place.accounting, portal_links.copy_customer_link, customer_id)
    invoices = [
        *(f"/p/{link}", f"/p/{link}/account/{invoice_id}", f"/c/{own}/{10**14}"),
        *(f"/p/{link}%3Fx", "/p/%00", "/p/%ED%A0%80", "/p/%5C%5Cevil.example"),
        *("/account/%00/1", "/account/x%23y/1"),
    ]
    accounts = [f"/c/{own}", f"/p/{link}/account", "/account/%00", f"/c/{own}%3F"]
    return invoices, accounts


def check(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.url
    assert "//" not in answer.headers.get("location", ""), answer.url


async def test_pages_and_files(
    client: httpx.AsyncClient, places: tuple[list[str], list[str]]
):
    invoices, accounts = places

    for page in invoices:
        for file in ("", *FILES, "?before=99999999999999999999&view=pdf&paid=%00"):
            check(await client.get(f"{page}{file}"))
    for page in accounts:
        for period in PERIODS:
            check(await client.get(f"{page}/statement.csv{period}"))
            check(await client.get(f"{page}/documents.zip{period}"))
        for asked in LISTS:
            check(await client.get(f"{page}{asked}"))


@pytest.mark.parametrize("odd", ["/106/..%2f89", "/abc", "/1/2", "/١", "/account/x"])
async def test_what_only_looks_like_a_page_is_not_found(
    client: httpx.AsyncClient, places: tuple[list[str], list[str]], odd: str
):
    _, accounts = places
    for page in (accounts[0], "/account/northwind-charter", "/p/x"):
        answer = await client.get(f"{page}{odd}")

        assert answer.status_code == 404, page
        assert "Invoice not found" in answer.text


async def test_forms(client: httpx.AsyncClient, places: tuple[list[str], list[str]]):
    invoices, accounts = places
    writing = ("/pay", "/comments", "/disputes", "/disputes/1/withdraw", "/promises")
    signing = ("/verify", "/sign-out", "/sign-in")

    for page in invoices:
        for form in (*writing, *signing):
            check(await client.post(f"{page}{form}", data=FORM))
    for page in accounts:
        for form in ("/pay", *signing):
            check(await client.post(f"{page}{form}", data=FORM))


@pytest.mark.parametrize(
    "path",
    [
        *("/check/%00", "/check/%ED%A0%80", f"/check?code={LONG}", "/check?file=%FF"),
        *(f"/api/customers/{LONG}/statement.csv", f"/api/invoices/{LONG}/invoice.pdf"),
        *("/api/logo/%00", "/logo/..%2F..%2Ftallyport.png", "/logo/%00.png"),
        "/api/export/audit-trail.jsonl",
    ],
)
async def test_what_no_link_is_needed_for(client: httpx.AsyncClient, path: str):
    answer = await client.get(path)

    assert answer.status_code < 500
    assert answer.headers.get("location", "/sign-in") == "/sign-in"


async def test_a_webhook_s_address(client: httpx.AsyncClient):
    for workspace in ("%00", "9" * 18, "%ED%A0%80"):
        assert (await client.post(f"/webhooks/stripe/{workspace}")).status_code == 404
