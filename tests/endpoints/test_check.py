"""Whoever holds a document learns whether it is genuine, and nobody else does."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest
from markupsafe import Markup
from sqlmodel import select
from starlette.applications import Starlette

from billing_app import runtime
from billing_app.domain.check_code import check_code
from billing_app.domain.portal_settings import PortalSettings
from billing_app.endpoints.check import check_routes
from billing_app.models import CreditNote, IssuedDocument, WorkspaceSettings
from billing_app.services import invoices, payments
from billing_app.workflows.outbox import deliver_due
from tests.support.asgi import http
from tests.support.billing import all_rows, an_invoice, pay
from tests.support.credit import an_amount, credit
from tests.support.world import World


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    runtime.set_current(world.runtime)
    async with http(Starlette(routes=check_routes(Markup("")))) as client:
        yield client


def document_of(world: World, invoice_id: int, kind: str = "invoice") -> IssuedDocument:
    rows = all_rows(world, world.northwind, IssuedDocument)
    return next(it for it in rows if it.invoice_id == invoice_id and it.kind == kind)


async def ask(client: httpx.AsyncClient, **asked: str) -> str:
    answer = await client.get("/check", params=asked)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return answer.text


@pytest.mark.feature("N01")
async def test_the_code_shows_what_was_issued_and_its_status_today(
    client: httpx.AsyncClient, world: World
):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    with world.unit(world.northwind.system) as uow:
        uow.one(select(WorkspaceSettings)).bank_iban = "NL91ABNA0417164300"
    document = document_of(world, invoice_id)
    code = check_code(document.content_digest)

    first = (await client.get(f"/check/{code.lower()}")).text
    world.run(world.northwind.accounting, invoices.void, invoice_id, "Typed twice")
    later = await ask(client, code=code)

    assert "<b>Genuine.</b>" in first
    assert document.number in first
    assert "NL91 ABNA 0417 1643 00" in first
    assert "<dd>Due</dd>" in first
    assert "<dt>Amount due</dt><dd>€100.00</dd>" in first
    assert "<dd>Void</dd>" in later
    assert "Amount due" not in later


@pytest.mark.feature("C12")
async def test_its_status_is_called_as_the_business_calls_it(
    client: httpx.AsyncClient, world: World
):
    invoice_id = an_invoice(world, world.northwind)
    with world.unit(world.northwind.system) as uow:
        uow.one(select(WorkspaceSettings)).portal = {"due_word": "Open"}
    code = check_code(document_of(world, invoice_id).content_digest)

    assert "<dd>Open</dd>" in await ask(client, code=code)


async def test_what_is_left_to_pay_is_that_of_today(
    client: httpx.AsyncClient, world: World
):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    pay(world, world.northwind, invoice_id, "40")
    code = check_code(document_of(world, invoice_id).content_digest)

    assert "<dt>Amount due</dt><dd>€60.00</dd>" in await ask(client, code=code)


@pytest.mark.feature("N01")
async def test_the_file_is_told_from_one_that_was_changed(
    client: httpx.AsyncClient, world: World
):
    invoice_id = an_invoice(world, world.northwind)
    await asyncio.to_thread(deliver_due, world.runtime)
    document = document_of(world, invoice_id)
    code = check_code(document.content_digest)
    stored = world.runtime.files.read(document.pdf_digest)
    ours = hashlib.sha256(stored).hexdigest()
    altered = hashlib.sha256(stored + b"%").hexdigest()

    assert "exactly the invoice" in await ask(client, code=code, file=ours)
    assert "exactly the invoice" in await ask(client, file=ours)
    # Without a script, where the code goes.
    assert "exactly the invoice" in await ask(client, code=ours.upper())
    assert "<b>Changed.</b>" in await ask(client, code=code, file=altered)
    assert "<b>Unknown.</b>" in await ask(client, file=altered)


async def test_receipts_and_credit_notes_have_codes_too(
    client: httpx.AsyncClient, world: World
):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    paid = pay(world, world.northwind, invoice_id, "40")
    credit(world, world.northwind, invoice_id, an_amount("10.00"))
    (note,) = all_rows(world, world.northwind, CreditNote)
    receipt = document_of(world, invoice_id, "receipt")

    shown = await ask(client, code=check_code(note.content_digest))
    assert f"<dd>{note.number}</dd>" in shown
    code = check_code(receipt.content_digest)
    assert "Payment taken back" not in await ask(client, code=code)
    world.run(
        world.northwind.accounting, payments.reverse_payment, paid.payment_id, "Bounced"
    )
    assert "Payment taken back" in await ask(client, code=code)


@pytest.mark.feature("N01")
@pytest.mark.parametrize(
    "asked",
    [
        {"code": "ABCD-EFGH-IJKL-MNOP"},
        {"code": "%"},
        {"code": "<script>alert(1)</script>"},
        {"file": "0" * 64},
        {"file": "not a digest", "code": " "},
        {"code": "é" * 4000},
    ],
    ids=["no such code", "a wildcard", "markup", "no such file", "odd file", "long"],
)
async def test_what_was_never_issued_is_unknown(
    client: httpx.AsyncClient, world: World, asked: dict[str, str]
):
    an_invoice(world, world.northwind)

    shown = await ask(client, **asked)

    assert "<b>Unknown.</b>" in shown
    assert "<script>alert" not in shown
    assert "Northwind" not in shown


async def test_nothing_asked_is_only_the_form(client: httpx.AsyncClient):
    shown = await ask(client)

    assert 'name="code"' in shown
    assert "message" not in shown


async def test_the_form_is_sent_off_by_a_word_for_that(client: httpx.AsyncClient):
    """In English it is written like a way to pay."""
    german = await client.get("/check", headers={"accept-language": "de"})

    assert "Dokument prüfen</button>" in german.text
    assert "Scheck" not in german.text


async def test_a_business_whose_portal_is_off_does_not_answer(
    client: httpx.AsyncClient, world: World
):
    invoice_id = an_invoice(world, world.northwind)
    with world.unit(world.northwind.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.portal = PortalSettings(is_on=False).to_stored()
    document = document_of(world, invoice_id)

    shown = await ask(client, code=check_code(document.content_digest))

    assert "does not answer" in shown
    assert document.number not in shown
