"""A draft is shown to its customer as a draft, for as long as it is shared."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from markupsafe import Markup
from sqlmodel import col, select
from starlette.applications import Starlette

from billing_app import runtime
from billing_app.domain.actors import Role
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.errors import (
    BillingError,
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
)
from billing_app.endpoints.shared_drafts import shared_draft_routes
from billing_app.logs import redact
from billing_app.models import Customer, OutboxMessage, SharedDraft, WorkspaceSettings
from billing_app.services import drafts, invoices
from billing_app.services.drafts import SavedDraft
from billing_app.services.shared_drafts import share_draft, unshare_draft
from tests.support.asgi import http
from tests.support.billing import a_customer, all_rows, read_invoice
from tests.support.world import World

IBAN = "NL91ABNA0417164300"


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    runtime.set_current(world.runtime)
    async with http(Starlette(routes=shared_draft_routes(Markup("")))) as client:
        yield client


@pytest.fixture
def draft(world: World) -> SavedDraft:
    choose(world, shares_drafts=True)
    with world.unit(world.northwind.system) as uow:
        uow.one(select(WorkspaceSettings)).bank_iban = IBAN
    form = DraftForm(
        customer_id=a_customer(world, world.northwind),
        lines=(LineForm(name="Charter flight", unit_price="100"),),
    )
    return world.run(world.northwind.accounting, drafts.create_draft, form)


def choose(world: World, **answers: object) -> None:
    with world.unit(world.northwind.system) as uow:
        uow.one(select(WorkspaceSettings)).portal = answers


def share(world: World, draft: SavedDraft) -> str:
    biller = world.northwind.accounting
    return world.run(biller, share_draft, draft.invoice_id, draft.version)


def change(world: World, draft: SavedDraft, **changes: object) -> SavedDraft:
    kept = {
        "customer_id": read_invoice(
            world, world.northwind, draft.invoice_id
        ).customer_id
    }
    form = DraftForm(**{**kept, **changes})  # type: ignore[arg-type]
    biller = world.northwind.accounting
    return world.run(biller, drafts.save_draft, draft.invoice_id, draft.version, form)


@pytest.mark.feature("C04", "G01")
async def test_says_that_it_is_a_draft_and_takes_no_money(client, world, draft):
    page = (await client.get(f"/d/{share(world, draft)}")).text

    assert "This is still a draft." in page
    assert "there is nothing to pay yet" in page
    assert "s-stamp" in page
    assert "Charter flight" in page
    assert "INV-" not in page
    assert IBAN not in page.replace(" ", "")
    assert "/pay" not in page
    mails = all_rows(world, world.northwind, OutboxMessage)
    assert mails == []


async def test_is_written_in_the_customers_language(client, world, draft):
    customer_id = read_invoice(world, world.northwind, draft.invoice_id).customer_id
    with world.unit(world.northwind.system) as uow:
        uow.get(Customer, customer_id).language = "de"

    page = (await client.get(f"/d/{share(world, draft)}")).text

    assert "Rechnung" in page
    assert "Subtotal" not in page


@pytest.mark.feature("C04")
async def test_shows_what_was_shared_until_it_is_shared_again(client, world, draft):
    token = share(world, draft)
    draft = change(world, draft, lines=(LineForm(name="Secret plan", unit_price="5"),))

    assert "Secret plan" not in (await client.get(f"/d/{token}")).text
    assert share(world, draft) == token
    assert "Secret plan" in (await client.get(f"/d/{token}")).text


async def gone(client: httpx.AsyncClient, token: str) -> bool:
    unknown = await client.get("/d/unknown")
    answer = await client.get(f"/d/{token}")
    assert unknown.status_code == 404
    return (answer.status_code, answer.text) == (404, unknown.text)


@pytest.mark.feature("C04", "F052")
async def test_what_is_shared_no_more_is_like_any_wrong_link(client, world, draft):
    token = share(world, draft)
    biller = world.northwind.accounting
    world.run(biller, unshare_draft, draft.invoice_id)
    world.run(biller, unshare_draft, draft.invoice_id)

    assert await gone(client, token)
    again = share(world, draft)
    assert again != token
    assert await gone(client, token)
    assert not await gone(client, again)


async def test_an_issued_or_deleted_draft_is_not_shown_as_one(client, world, draft):
    token = share(world, draft)
    biller = world.northwind.accounting
    world.run(biller, drafts.delete_draft, draft.invoice_id)
    assert await gone(client, token)

    world.run(biller, drafts.restore_draft, draft.invoice_id)
    assert not await gone(client, token)
    world.run(biller, invoices.issue, draft.invoice_id, draft.version)
    assert await gone(client, token)


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"shares_drafts": True, "is_on": False},
        {"shares_drafts": True, "shows_invoices": False},
    ],
)
async def test_the_business_may_close_it(client, world, draft, answers):
    token = share(world, draft)

    choose(world, **answers)

    assert await gone(client, token)


async def test_another_customer_does_not_get_in_by_the_old_link(client, world, draft):
    token = share(world, draft)
    other = a_customer(world, world.northwind, "De Vries")
    line = LineForm(name="For De Vries")
    draft = change(world, draft, customer_id=other, lines=(line,))
    assert await gone(client, token)

    assert share(world, draft) != token
    assert await gone(client, token)


def refused(world: World, draft: SavedDraft, actor=None) -> type[BillingError]:
    with pytest.raises(BillingError) as refusal:
        world.run(
            actor or world.northwind.accounting,
            share_draft,
            draft.invoice_id,
            draft.version,
        )
    return type(refusal.value)


def test_sharing_is_refused(world, draft):
    place = world.northwind
    assert refused(world, draft, place.member(Role.VIEWER)) is NotPermitted
    assert refused(world, draft, world.kestrel.owner) is NotFound
    nobody = world.run(place.accounting, drafts.create_draft, DraftForm())
    assert refused(world, nobody) is InvalidInput
    choose(world)
    assert refused(world, draft) is Conflict
    assert all_rows(world, place, SharedDraft) == []


def test_the_link_is_kept_as_a_digest_and_masked_in_logs(world, draft):
    token = share(world, draft)

    with world.reading(world.northwind.system) as uow:
        stored = uow.one(
            select(SharedDraft).where(col(SharedDraft.invoice_id) == draft.invoice_id)
        )
    assert token not in (stored.token_digest, stored.token_encrypted)
    assert token not in redact(f"GET /d/{token}")
