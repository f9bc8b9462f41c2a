"""A promise from the plain form on the page of an invoice."""

from __future__ import annotations

import httpx
import pytest
from markupsafe import Markup
from sqlmodel import select

from billing_app import runtime
from billing_app.domain.portal_settings import PortalSettings
from billing_app.endpoints.app import make_http_app
from billing_app.endpoints.promises import promise_routes
from billing_app.models import PaymentPromise, WorkspaceSettings
from billing_app.services import portal_links
from tests.support.asgi import http
from tests.support.billing import all_rows, an_invoice
from tests.support.world import World


@pytest.fixture
def token(world: World) -> str:
    runtime.set_current(world.runtime)
    invoice_id = an_invoice(world, world.northwind)
    return world.run(world.northwind.accounting, portal_links.copy_link, invoice_id)


def choose(world: World, **portal: object) -> None:
    with world.unit(world.northwind.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.portal = PortalSettings(**portal).to_stored()  # type: ignore[arg-type]


async def send(token: str, promised_on: str) -> httpx.Response:
    async with http(make_http_app(promise_routes(Markup("")))) as browser:
        return await browser.post(
            f"/p/{token}/promises", data={"promised_on": promised_on}
        )


def promised(world: World) -> list[str]:
    rows = all_rows(world, world.northwind, PaymentPromise)
    return [str(row.promised_on) for row in rows]


async def test_is_noted_and_leads_back(world: World, token: str):
    choose(world, write_auth="link")

    answer = await send(token, "2026-03-20")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/p/{token}"
    assert promised(world) == ["2026-03-20"]


async def test_a_missing_proof_is_asked_for(world: World, token: str):
    answer = await send(token, "2026-03-20")

    assert answer.headers["location"] == f"/p/{token}/verify"
    assert promised(world) == []


@pytest.mark.parametrize("typed", ["", "soon", "2026-03-01", "2027-01-01", "9" * 9000])
async def test_a_bad_date_is_refused_in_words(world: World, token: str, typed: str):
    choose(world, write_auth="link")

    answer = await send(token, typed)

    assert answer.status_code == 422
    assert "date" in answer.text.lower()
    assert promised(world) == []


async def test_a_wrong_link_promises_nothing(world: World, token: str):
    answer = await send("nothing", "2026-03-20")

    assert answer.status_code == 303
    assert promised(world) == []
