"""The cookie, the PDF and the way into a workspace, over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.types import ASGIApp

from billing_app import runtime
from billing_app.domain.guest_invoice import (
    FREE_BEGINNINGS,
    KEEP_PATH,
    NOT_NOW_PATH,
    PATH,
    GuestForm,
)
from billing_app.endpoints.app import add_layers
from billing_app.endpoints.guest_invoice import (
    guest_invoice_painter,
    guest_invoice_routes,
)
from billing_app.endpoints.sign_in import sign_in_routes
from billing_app.models import Invoice, Member
from tests.support.asgi import http, make_client_folder
from tests.support.billing import all_rows
from tests.support.guest import FORM, a_guest, welcoming
from tests.support.world import PASSWORD, World

COOKIE = "tallyport-guest"
FILE = f"{PATH}/invoice.pdf"
HEAD = Markup("")
EMAIL = "accounting@northwind.example"
SET_UP = {
    "name": "Fern & Field",
    "currency": "EUR",
    "zone": "Europe/London",
    "owner_name": "Fern",
    "email": "fern@fernfield.example",
    "password": "a sentence of her own",
    "repeated": "a sentence of her own",
}


def make_app(world: World, folder: Path) -> ASGIApp:
    client = make_client_folder(folder)
    page = client / "make-invoice"
    page.mkdir()
    (page / "index.html").write_text("<html><head></head><body>builder</body></html>")
    return add_layers(
        Starlette(routes=[*sign_in_routes(), *guest_invoice_routes(HEAD)]),
        world.runtime.settings,
        client,
        painters=[guest_invoice_painter(HEAD)],
    )


@pytest.fixture
def opened(world: World) -> World:
    return welcoming(world)


@pytest.fixture
async def client(opened: World, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with http(make_app(opened, tmp_path / "client")) as client:
        yield client


def cookie_of(answer: httpx.Response) -> str:
    cookie = SimpleCookie(answer.headers.get("set-cookie", ""))
    return cookie[COOKIE].value if COOKIE in cookie else ""


async def sign_in(
    client: httpx.AsyncClient, email: str = EMAIL, path: str = "/sign-in"
) -> httpx.Response:
    return await client.post(path, data={"email": email, "password": PASSWORD})


def drafts(world: World) -> list[Invoice]:
    return list(all_rows(world, world.northwind, Invoice))


class TestCookie:
    async def test_comes_with_the_page_and_stays(self, client: httpx.AsyncClient):
        first = await client.get(PATH)
        again = await client.get(
            PATH, headers={"cookie": f"{COOKIE}={cookie_of(first)}"}
        )

        header = first.headers["set-cookie"].lower()
        assert cookie_of(first)
        assert "httponly" in header
        assert "samesite=lax" in header
        assert "noindex" in first.headers["x-robots-tag"]
        assert first.headers["cache-control"] == "no-store"
        assert "set-cookie" not in again.headers

    async def test_a_made_up_one_is_replaced(self, client: httpx.AsyncClient):
        answer = await client.get(PATH, headers={"cookie": f"{COOKIE}=made.up"})

        assert cookie_of(answer)

    async def test_nobody_is_sent_away_from_what_they_write(
        self, opened: World, client: httpx.AsyncClient
    ):
        token = a_guest(opened)

        answer = await client.get(
            f"{PATH}?new=1", headers={"cookie": f"{COOKIE}={token}"}
        )

        assert cookie_of(answer) == ""

    async def test_reading_the_page_is_never_refused(self, client: httpx.AsyncClient):
        for _ in range(FREE_BEGINNINGS + 1):
            answer = await client.get(PATH)
            client.cookies.clear()

            assert cookie_of(answer)

    async def test_where_it_is_off_there_is_no_page(self, world: World, tmp_path: Path):
        welcoming(world)
        runtime.set_current(world.runtime)
        async with http(make_app(world, tmp_path / "client")) as client:
            answers = [await client.get(path) for path in (PATH, f"{PATH}/", FILE)]

        assert [answer.status_code for answer in answers] == [404] * 3
        assert "set-cookie" not in answers[0].headers


class TestPdf:
    @pytest.mark.feature("F063")
    async def test_is_what_was_kept(self, opened: World, client: httpx.AsyncClient):
        token = a_guest(opened, replace(FORM, number="7"))

        answer = await client.get(FILE, headers={"cookie": f"{COOKIE}={token}"})

        assert answer.headers["content-type"] == "application/pdf"
        assert "Invoice-7.pdf" in answer.headers["content-disposition"]
        assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize(
        ("form", "status"), [(replace(FORM, seller_name=""), 422), (GuestForm(), 422)]
    )
    async def test_of_nothing_says_why(
        self, opened: World, client: httpx.AsyncClient, form: GuestForm, status: int
    ):
        token = a_guest(opened, form)

        answer = await client.get(FILE, headers={"cookie": f"{COOKIE}={token}"})

        assert answer.status_code == status
        assert PATH in answer.text

    async def test_of_somebody_else_is_not_found(self, client: httpx.AsyncClient):
        assert (await client.get(FILE)).status_code == 404


@pytest.mark.feature("F063")
class TestSigningIn:
    async def test_takes_it_over_at_once_when_that_was_meant(
        self, opened: World, client: httpx.AsyncClient
    ):
        client.cookies.set(COOKIE, a_guest(opened))

        answer = await sign_in(client, path=f"/sign-in?next={KEEP_PATH}")

        (draft,) = drafts(opened)
        assert answer.headers["location"] == f"/invoices/{draft.id}/edit?kept=1"
        assert draft.total_minor == 14_100

    async def test_asks_first_when_it_was_not_said(
        self, opened: World, client: httpx.AsyncClient
    ):
        client.cookies.set(COOKIE, a_guest(opened))

        answer = await sign_in(client)
        page = await client.get(KEEP_PATH)

        assert answer.headers["location"] == KEEP_PATH
        assert drafts(opened) == []
        assert "Fern &amp; Field" in page.text
        assert "Northwind Charter" in page.text

    async def test_does_not_ask_again_about_one_that_nobody_wants_to_keep(
        self, opened: World, client: httpx.AsyncClient
    ):
        client.cookies.set(COOKIE, a_guest(opened))
        await sign_in(client)
        page = await client.get(KEEP_PATH)
        assert NOT_NOW_PATH in page.text

        left = await client.get(NOT_NOW_PATH)
        again = await sign_in(client)
        client.cookies.set(COOKIE, a_guest(opened))
        another = await sign_in(client)

        assert left.headers["location"] == "/dashboard"
        assert again.headers["location"].startswith("/dashboard")
        assert another.headers["location"] == KEEP_PATH

    async def test_asks_after_signing_in_and_no_more(
        self, opened: World, client: httpx.AsyncClient
    ):
        client.cookies.set(COOKIE, a_guest(opened))
        await sign_in(client)

        answer = await client.post("/session/workspace", data={"workspace_id": "1"})

        assert answer.headers["location"] == "/dashboard"

    async def test_asks_nobody_who_may_not_take_it(
        self, opened: World, client: httpx.AsyncClient
    ):
        client.cookies.set(COOKIE, a_guest(opened))

        answer = await sign_in(client, "viewer@northwind.example")

        assert answer.headers["location"] == "/dashboard"

    async def test_asks_nothing_about_a_sender_alone(
        self, opened: World, client: httpx.AsyncClient
    ):
        client.cookies.set(COOKIE, a_guest(opened, GuestForm(seller_name="Fern")))

        answer = await sign_in(client)

        assert answer.headers["location"] == "/dashboard"

    async def test_takes_it_over_when_told_to(
        self, opened: World, client: httpx.AsyncClient
    ):
        client.cookies.set(COOKIE, a_guest(opened))
        await sign_in(client)

        first = await client.post(KEEP_PATH, data={"workspace_id": "1"})
        second = await client.post(KEEP_PATH, data={"workspace_id": "1"})

        (draft,) = drafts(opened)
        assert first.headers["location"] == f"/invoices/{draft.id}/edit?kept=1"
        assert second.headers["location"] == first.headers["location"]

    async def test_into_the_workspace_that_was_chosen(
        self, opened: World, client: httpx.AsyncClient
    ):
        with opened.unit(opened.kestrel.system) as uow:
            person_id = 3
            uow.add(
                Member(
                    person_id=person_id,
                    name="Both",
                    email=EMAIL,
                    role="owner",
                    created_at=uow.now,
                )
            )
        client.cookies.set(COOKIE, a_guest(opened))
        signed_in = await sign_in(client, path=f"/sign-in?next={KEEP_PATH}")
        page = await client.get(KEEP_PATH)

        answer = await client.post(KEEP_PATH, data={"workspace_id": "2"})

        assert signed_in.headers["location"] == KEEP_PATH
        assert "Which workspace" in page.text
        (draft,) = all_rows(opened, opened.kestrel, Invoice)
        assert answer.headers["location"] == f"/invoices/{draft.id}/edit?kept=1"
        assert "tallyport=" in answer.headers["set-cookie"]
        assert drafts(opened) == []

    async def test_not_into_the_workspace_of_others(
        self, opened: World, client: httpx.AsyncClient
    ):
        client.cookies.set(COOKIE, a_guest(opened))
        await sign_in(client)

        answer = await client.post(KEEP_PATH, data={"workspace_id": "2"})

        assert answer.status_code == 404
        assert all_rows(opened, opened.kestrel, Invoice) == []

    async def test_a_viewer_is_told_why_not(
        self, opened: World, client: httpx.AsyncClient
    ):
        client.cookies.set(COOKIE, a_guest(opened))
        await sign_in(client, "viewer@northwind.example")

        page = await client.get(KEEP_PATH)
        answer = await client.post(KEEP_PATH, data={"workspace_id": "1"})

        assert "role" in page.text
        assert answer.status_code == 403
        assert drafts(opened) == []

    async def test_nobody_takes_anything_without_signing_in(
        self, opened: World, client: httpx.AsyncClient
    ):
        client.cookies.set(COOKIE, a_guest(opened))

        asked = await client.get(KEEP_PATH)
        answer = await client.post(KEEP_PATH)

        assert asked.headers["location"].startswith("/sign-in")
        assert answer.headers["location"].startswith("/sign-in")
        assert drafts(opened) == []

    async def test_other_sites_take_nothing_over(
        self, opened: World, client: httpx.AsyncClient
    ):
        client.cookies.set(COOKIE, a_guest(opened))
        await sign_in(client)

        answer = await client.post(KEEP_PATH, headers={"sec-fetch-site": "cross-site"})

        assert answer.status_code == 403
        assert drafts(opened) == []

    async def test_without_an_invoice_it_is_the_dashboard(
        self, opened: World, client: httpx.AsyncClient
    ):
        client.cookies.set(COOKIE, a_guest(opened, GuestForm()))

        answer = await sign_in(client)

        assert answer.headers["location"] == "/dashboard"


@pytest.mark.feature("F063")
async def test_setting_up_takes_it_over(empty_world: World, tmp_path: Path):
    opened = welcoming(empty_world)
    async with http(make_app(opened, tmp_path / "client")) as client:
        client.cookies.set(COOKIE, a_guest(opened))

        answer = await client.post(f"/set-up?next={KEEP_PATH}", data=SET_UP)

    (draft,) = drafts(opened)
    assert answer.headers["location"] == f"/invoices/{draft.id}/edit?kept=1"
    assert draft.total_minor == 14_100
