"""Lists as CSV files: whole, exact, safe, and only for those who may."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest
from sqlmodel import select
from starlette.applications import Starlette

from billing_app import runtime
from billing_app.domain.actors import StaffActor
from billing_app.domain.custom_fields import (
    CustomField,
    FilledField,
    fields_to_json,
)
from billing_app.domain.sign_in import Owes
from billing_app.endpoints import exports
from billing_app.endpoints.exports import INVOICE_HEAD, PAYMENT_HEAD, export_routes
from billing_app.models import Member, WorkspaceSettings
from billing_app.services.payments import reverse_payment
from billing_app.services.sign_in import Place as Whose
from billing_app.services.sign_in import open_session
from billing_app.workflows import nightly
from billing_app.workflows.workspace_export import make_export
from tests.support.asgi import http
from tests.support.billing import a_customer, an_invoice, pay
from tests.support.rows import add_customer, add_invoice
from tests.support.world import World

INVOICES = "/api/export/invoices.csv"
PAYMENTS = "/api/export/payments.csv"
TRAIL = "/api/export/audit-trail.jsonl"


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    runtime.set_current(world.runtime)
    async with http(Starlette(routes=export_routes())) as client:
        yield client


def sign_in(client: httpx.AsyncClient, world: World, actor: StaffActor) -> None:
    place = next(x for x in world.places if x.workspace_id == actor.workspace_id)
    with world.reading(place.system) as uow:
        statement = select(Member.person_id).where(Member.id == actor.member_id)
        whose = Whose(uow.one(statement), actor.member_id)
    token = world.run(place.system, open_session, whose, Owes.NOTHING)
    client.cookies.set("tallyport", token)


def rows_of(answer: httpx.Response) -> list[list[str]]:
    text = answer.content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("path", [INVOICES, PAYMENTS, TRAIL])
async def test_a_stranger_is_sent_to_sign_in(client: httpx.AsyncClient, path: str):
    answer = await client.get(path)

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("role", ["viewer", "operations"])
@pytest.mark.parametrize("path", [INVOICES, PAYMENTS, TRAIL])
async def test_it_takes_the_permission(
    client: httpx.AsyncClient, world: World, path: str, role: str
):
    sign_in(client, world, getattr(world.northwind, role))

    answer = await client.get(path)

    assert (answer.status_code, answer.text) == (403, "Your role doesn't allow this.")


async def test_an_invoice_says_what_was_paid(client: httpx.AsyncClient, world: World):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    pay(world, world.northwind, invoice_id, "40.00")
    sign_in(client, world, world.northwind.accounting)

    head, row = rows_of(await client.get(INVOICES))

    told = dict(zip(head, row, strict=True))
    assert (told["Total"], told["Paid"], told["Balance"]) == (
        "100.00",
        "40.00",
        "60.00",
    )


async def test_no_cell_is_a_formula(client: httpx.AsyncClient, world: World):
    with world.unit(world.northwind.owner) as uow:
        for name in (
            '=HYPERLINK("//evil","Pay")',
            "+1",
            "@x",
            "\t=1",
            "Fine, Ltd",
        ):
            customer = add_customer(uow, name)
            add_invoice(uow, customer, purchase_order="-2+3+cmd|' /C calc'!A0")
    sign_in(client, world, world.northwind.accounting)

    answer = await client.get(f"{INVOICES}?sort=number")

    head, *rows = rows_of(answer)
    assert head == list(INVOICE_HEAD)
    assert [row[2] for row in rows] == [
        '\'=HYPERLINK("//evil","Pay")',
        "'+1",
        "'@x",
        "'\t=1",
        "Fine, Ltd",
    ]
    assert {row[3] for row in rows} == {"'-2+3+cmd|' /C calc'!A0"}


@pytest.mark.feature("A29")
async def test_each_field_of_ones_own_has_a_column(
    client: httpx.AsyncClient, world: World
):
    """Under today's name; what was removed since stands in the last one."""
    fields = [CustomField("k1", "=Project"), CustomField("k2", "Margin")]
    with world.unit(world.northwind.owner) as uow:
        uow.one(select(WorkspaceSettings)).custom_fields = fields_to_json(fields)
        for value in ("=1+1", ""):
            filled = [FilledField("k1", "Old name", "text", value)] if value else []
            gone = [FilledField("k0", "Gone", "text", "@x")] if value else []
            add_invoice(uow, custom_fields=fields_to_json([*filled, *gone]))
    sign_in(client, world, world.northwind.owner)

    head, *rows = rows_of(await client.get(f"{INVOICES}?sort=number"))

    own = len(INVOICE_HEAD)
    assert head[own:] == ["'=Project", "Margin", "Other fields"]
    assert [row[own:] for row in rows] == [["'=1+1", "", "Gone: @x"], ["", "", ""]]
    sign_in(client, world, world.kestrel.owner)
    assert rows_of(await client.get(INVOICES)) == [list(INVOICE_HEAD)]


async def test_amounts_keep_their_decimals_and_their_minus(
    client: httpx.AsyncClient, world: World
):
    with world.unit(world.northwind.owner) as uow:
        for currency, minor in (("EUR", 1_234_567), ("JPY", 500), ("KWD", 1)):
            add_invoice(uow, currency=currency, total_minor=minor)
        add_invoice(uow, total_minor=-5, outstanding_minor=-5)
    sign_in(client, world, world.northwind.owner)

    _, *rows = rows_of(await client.get(f"{INVOICES}?sort=number"))

    assert [row[10] for row in rows] == ["12345.67", "500", "0.001", "-0.05"]


async def test_has_every_row_the_page_would_and_no_other(
    client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exports, "PAGE_SIZE_MAX", 7)
    with world.unit(world.northwind.owner) as uow:
        for _ in range(30):
            add_invoice(uow)
        add_invoice(uow, state="draft")
        add_invoice(uow, archived_at=uow.now)
    with world.unit(world.kestrel.owner) as uow:
        add_invoice(uow, number="INV-KESTREL")
    sign_in(client, world, world.northwind.owner)

    whole = rows_of(await client.get(f"{INVOICES}?sort=number&after=1~2~3"))
    drafts = rows_of(await client.get(f"{INVOICES}?status=draft"))
    last = rows_of(await client.get(f"{INVOICES}?q=INV-00030&archived=1"))

    assert [row[0] for row in whole[1:]] == [
        *(f"INV-{n:05}" for n in range(1, 31)),
        "",
    ]
    assert [row[1] for row in drafts[1:]] == ["Draft"]
    assert [row[0] for row in last[1:]] == ["INV-00030"]


async def test_payments_name_their_invoices(client: httpx.AsyncClient, world: World):
    place = world.northwind
    customer_id = a_customer(world, place)
    invoice_id = an_invoice(world, place, "100.00", customer_id=customer_id)
    pay(world, place, invoice_id, "130.00", reference="=1+1")
    sign_in(client, world, place.accounting)

    head, row = rows_of(await client.get(PAYMENTS))

    assert head == list(PAYMENT_HEAD)
    assert row == [
        date(2026, 3, 2).isoformat(),
        "Vermeer Optics",
        "INV-00001",
        "Bank transfer",
        "'=1+1",
        "settled",
        "EUR",
        *("130.00", "0.00", "130.00"),
        "30.00",
        "Accounting",
    ]


async def test_a_payment_taken_back_adds_nothing(
    client: httpx.AsyncClient, world: World
):
    """The column sums to the money that came and stayed, as the page says it."""
    place = world.northwind
    invoice_id = an_invoice(world, place, "100.00")
    payment = pay(world, place, invoice_id, "40.00")
    world.run(place.accounting, reverse_payment, payment.payment_id, "Bounced")
    pay(world, place, invoice_id, "25.00")
    sign_in(client, world, place.accounting)

    head, *rows = rows_of(await client.get(PAYMENTS))

    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert {(x["Status"], x["Amount"], x["Net"]) for x in told} == {
        ("reversed", "40.00", "0.00"),
        ("settled", "25.00", "25.00"),
    }


@pytest.mark.parametrize("query", ["sort=id", "status=lost", "issued=x", "customer=a"])
async def test_a_bad_filter_is_answered_in_words(
    client: httpx.AsyncClient, world: World, query: str
):
    sign_in(client, world, world.northwind.owner)

    answer = await client.get(f"{INVOICES}?{query}")

    assert answer.status_code == 422
    assert answer.text.endswith(".")


async def test_an_empty_list_is_a_head_alone(client: httpx.AsyncClient, world: World):
    sign_in(client, world, world.northwind.owner)

    assert rows_of(await client.get(INVOICES)) == [list(INVOICE_HEAD)]


async def test_an_audit_trail_is_the_workspaces_own(
    client: httpx.AsyncClient, world: World
):
    an_invoice(world, world.northwind)
    an_invoice(world, world.kestrel)
    nightly.run(world.runtime)
    sign_in(client, world, world.kestrel.accounting)

    answer = await client.get(TRAIL)

    records = [json.loads(line)["record"] for line in answer.text.splitlines()]
    assert {it["workspace_id"] for it in records} == {world.kestrel.workspace_id}
    assert records[-1]["event"] == "invoice_published"
    assert answer.headers["content-type"] == "application/jsonl; charset=utf-8"


class TestWholeWorkspace:
    async def test_its_maker_takes_it_away(
        self, client: httpx.AsyncClient, world: World
    ):
        owner = world.northwind.owner
        made = make_export(world.runtime, owner, lambda done, whole: None)
        sign_in(client, world, owner)

        answer = await client.get(f"/api/export/workspace/{made.key}")

        assert answer.status_code == 200
        assert answer.content.startswith(b"PK")
        assert len(answer.content) == made.bytes
        assert made.name in answer.headers["content-disposition"]
        assert answer.headers["cache-control"] == "no-store"

    async def test_nobody_else_does(self, client: httpx.AsyncClient, world: World):
        made = make_export(
            world.runtime, world.northwind.owner, lambda done, whole: None
        )
        path = f"/api/export/workspace/{made.key}"

        assert (await client.get(path)).headers["location"] == "/sign-in"
        for actor, status in (
            (world.northwind.admin, 403),
            (world.kestrel.owner, 404),
        ):
            sign_in(client, world, actor)
            assert (await client.get(path)).status_code == status

    @pytest.mark.parametrize("key", ["", "x", "..%2f..%2fsecret.key", "a" * 32])
    async def test_other_keys_lead_to_no_file(
        self, client: httpx.AsyncClient, world: World, key: str
    ):
        sign_in(client, world, world.northwind.owner)

        answer = await client.get(f"/api/export/workspace/{key}")

        assert answer.status_code == 404
