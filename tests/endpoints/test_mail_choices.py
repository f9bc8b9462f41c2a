"""The page on which people choose their mails, and what mail programs post there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from markupsafe import Markup
from starlette.applications import Starlette

from billing_app import runtime
from billing_app.domain.mail_choices import (
    CHANGES_OF_MIND_A_DAY_MAX,
    MailKind,
    MailReader,
)
from billing_app.endpoints.mail_choices import mail_choices_routes
from billing_app.logs import redact
from billing_app.models import AuditEntry, MailRefusal
from billing_app.workflows.mail_choices import choices_path
from tests.support.asgi import http
from tests.support.billing import a_customer, all_rows
from tests.support.world import World

EMAIL = "ap@vermeer.example"


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    runtime.set_current(world.runtime)
    async with http(Starlette(routes=mail_choices_routes(Markup("")))) as client:
        yield client


@pytest.fixture
def page(world: World) -> str:
    customer_id = a_customer(world, world.northwind)
    place = world.northwind.workspace_id
    reader = MailReader(place, customer_id, MailKind.REMINDERS, EMAIL)
    return choices_path(world.runtime, reader)


def refused(world: World) -> set[str]:
    rows = all_rows(world, world.northwind, MailRefusal)
    assert {row.email_key for row in rows} <= {EMAIL}
    return {row.kind for row in rows}


@pytest.mark.feature("G14")
async def test_following_the_link_changes_nothing(client, world, page):
    for method in ("GET", "HEAD"):
        answer = await client.request(method, page)
        assert answer.status_code == 200

    text = (await client.get(page)).text
    assert "a•••@vermeer.example" in text
    assert EMAIL not in text
    assert text.count(" checked") == 3
    assert refused(world) == set()


@pytest.mark.feature("G14")
async def test_what_is_chosen_is_kept_and_shown(client, world, page):
    form = {"step": "save", "wanted": ["comments", "receipts"]}
    answer = await client.post(page, data=form)
    assert answer.status_code == 303

    text = (await client.get(answer.headers["location"])).text
    assert "Saved." in text
    assert text.count(" checked") == 2
    assert refused(world) == {"reminders"}


async def test_nothing_may_be_wanted(client, world, page):
    await client.post(page, data={"step": "save"})

    assert refused(world) == {"comments", "reminders", "receipts"}


@pytest.mark.feature("G14")
async def test_a_mail_program_refuses_that_kind_with_one_post(client, world, page):
    for _ in range(2):
        answer = await client.post(page, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200

    assert refused(world) == {"reminders"}


@pytest.mark.parametrize(
    "form", [{}, {"step": "x"}, {"wanted": "comments"}, {"List-Unsubscribe": "no"}]
)
async def test_other_posts_change_nothing(client, world, page, form):
    answer = await client.post(page, data=form)

    assert answer.status_code == 303
    assert refused(world) == set()


async def test_kinds_that_are_none_are_left_out(client, world, page):
    wanted = ["comments", "invoices", "comments", "<script>"]
    await client.post(page, data={"step": "save", "wanted": wanted})

    assert refused(world) == {"reminders", "receipts"}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_changed_link_is_none(client, world, page, method):
    for link in (page[:-2], f"{page}AA", "/mails/x", page.replace("g", "h", 1)):
        answer = await client.request(method, link, data={"step": "save"})
        assert answer.status_code == 404
        assert "Vermeer" not in answer.text
    assert refused(world) == set()


def test_the_link_is_masked_in_logs(page):
    assert page.rpartition("/")[2] not in redact(f'"GET {page} HTTP/1.1" 200')


@pytest.mark.feature("G14")
async def test_minds_are_changed_so_often_a_day_and_refusing_always_works(
    client, world, page
):
    every = {"step": "save", "wanted": [*MailKind]}
    for _ in range(CHANGES_OF_MIND_A_DAY_MAX):
        await client.post(page, data={"step": "save", "wanted": ["comments"]})
        answer = await client.post(page, data=every)
        if answer.status_code != 303:
            break
    entries = len(all_rows(world, world.northwind, AuditEntry))

    refused_all = await client.post(page, data={"step": "save"})
    assert refused_all.status_code == 303
    again = await client.post(page, data=every)
    assert again.status_code == 429
    assert "many times today" in again.text
    assert refused(world) == {*MailKind}
    assert len(all_rows(world, world.northwind, AuditEntry)) <= entries + 3

    unsubscribed = await client.post(page, data={"List-Unsubscribe": "One-Click"})
    assert unsubscribed.status_code == 200
    world.clock.advance(days=2)
    assert (await client.post(page, data=every)).status_code == 303
    assert refused(world) == set()
