from collections.abc import AsyncIterator
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from markupsafe import Markup
from pyotp.totp import TOTP
from sqlmodel import select
from starlette.applications import Starlette
from starlette.types import ASGIApp

from billing_app import runtime
from billing_app.database import authentication
from billing_app.domain.actors import Role, StaffActor
from billing_app.domain.cookies import device_cookie, flash_cookie, session_cookie
from billing_app.domain.errors import NotSignedIn
from billing_app.endpoints.app import add_layers
from billing_app.endpoints.sign_in import set_up_painter, sign_in_routes
from billing_app.models import Member, Person
from billing_app.workflows.flash import Flash, unseal
from billing_app.workflows.sign_in import REFUSAL
from tests.support.asgi import http, make_client_folder
from tests.support.world import PASSWORD, World

EMAIL = "accounting@northwind.example"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SET_UP = {
    "name": "Heron Yachts",
    "currency": "gbp",
    "zone": "Europe/London",
    "owner_name": "Harriet",
    "email": "harriet@heron.example",
    "password": "a sentence of her own",
    "repeated": "a sentence of her own",
}


@pytest.fixture
def current(world: World) -> World:
    runtime.set_current(world.runtime)
    return world


@pytest.fixture
def fresh(empty_world: World) -> World:
    runtime.set_current(empty_world.runtime)
    return empty_world


def make_app(world: World, folder: Path) -> ASGIApp:
    settings = world.runtime.settings
    client = make_client_folder(folder)
    return add_layers(
        Starlette(routes=sign_in_routes()),
        settings,
        client,
        painters=[set_up_painter(Markup(""))],
    )


@pytest.fixture
async def client(current: World, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with http(make_app(current, tmp_path / "client")) as client:
        yield client


@pytest.fixture
async def first_client(
    fresh: World, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    async with http(make_app(fresh, tmp_path / "client")) as client:
        yield client


async def sign_in(
    client: httpx.AsyncClient, password: str = PASSWORD, path: str = "/session"
) -> httpx.Response:
    return await client.post(path, data={"email": EMAIL, "password": password})


def actor(client: httpx.AsyncClient) -> StaffActor:
    token = client.cookies.get(session_cookie(False), "")
    running = runtime.current()
    return authentication.staff_actor(running.engine, token, running.now())


def flash(client: httpx.AsyncClient) -> Flash:
    sealed = client.cookies.get(flash_cookie(False), "")
    return unseal(runtime.current().cipher, sealed)


def set_up_totp(world: World) -> None:
    with world.unit(world.northwind.system) as uow:
        person = uow.one(select(Person).where(Person.email == EMAIL))
        person.totp_secret_encrypted = uow.cipher.encrypt(SECRET)
        person.totp_enabled_at = uow.now


class TestSignIn:
    async def test_opens_a_session_and_goes_in(self, client: httpx.AsyncClient):
        answer = await sign_in(client)

        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")
        assert actor(client).role == Role.ACCOUNTING

    async def test_takes_no_session_that_somebody_else_chose(
        self, client: httpx.AsyncClient
    ):
        chosen = "a-token-of-an-attacker"
        client.cookies.set(session_cookie(False), chosen)

        answer = await sign_in(client)

        client.cookies = httpx.Cookies()
        given = SimpleCookie(answer.headers.get_list("set-cookie")[0])["tallyport"]
        assert given.value != chosen
        client.cookies.set(session_cookie(False), chosen)
        with pytest.raises(NotSignedIn):
            actor(client)

    async def test_ends_the_session_that_the_browser_had(
        self, client: httpx.AsyncClient
    ):
        first = SimpleCookie((await sign_in(client)).headers.get_list("set-cookie")[0])
        await sign_in(client)
        client.cookies = httpx.Cookies()
        client.cookies.set(session_cookie(False), first["tallyport"].value)

        with pytest.raises(NotSignedIn):
            actor(client)

    async def test_cookie_is_out_of_reach_of_scripts(self, client: httpx.AsyncClient):
        answer = await sign_in(client)

        set_cookie = answer.headers.get_list("set-cookie")[0]
        cookie = SimpleCookie(set_cookie)["tallyport"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        assert not cookie["max-age"]

    async def test_cookie_is_bound_to_the_host_over_https(
        self, world: World, tmp_path: Path
    ):
        url = "https://billing.example.com"
        settings = replace(world.runtime.settings, public_url=url)
        secure = replace(world, runtime=replace(world.runtime, settings=settings))
        runtime.set_current(secure.runtime)

        async with http(make_app(secure, tmp_path / "client"), url) as client:
            answer = await sign_in(client)

        set_cookie = answer.headers.get_list("set-cookie")[0]
        assert set_cookie.startswith("__Host-tallyport=")
        assert "; Secure" in set_cookie

    async def test_leaves_the_browser_what_it_is_known_by(
        self, client: httpx.AsyncClient
    ):
        """Out of reach of scripts; it outlives the session and opens nothing."""
        answer = await sign_in(client)
        cookies = answer.headers.get_list("set-cookie")
        (given,) = [it for it in cookies if it.startswith(device_cookie(False))]
        assert "HttpOnly" in given
        assert "SameSite=lax" in given
        await client.post("/session/end")
        kept = client.cookies[device_cookie(False)]

        await sign_in(client)

        assert client.cookies[device_cookie(False)] == kept
        client.cookies.delete(session_cookie(False))
        with pytest.raises(NotSignedIn):
            actor(client)

    async def test_goes_on_to_where_the_person_was_going(
        self, client: httpx.AsyncClient
    ):
        answer = await sign_in(client, path="/session?next=/invoices/7%3Ftab%3Dlog")

        assert answer.headers["location"] == "/invoices/7?tab=log"

    @pytest.mark.parametrize(
        "hostile",
        [
            "//evil.example",
            "https://evil.example",
            "/%5Cevil.example",
            "%2F%2Fevil.example",
            "/%09/evil.example",
            "/%0d%0aset-cookie:%20a=b",
            "javascript:alert(1)",
        ],
    )
    async def test_goes_nowhere_else(self, client: httpx.AsyncClient, hostile: str):
        answer = await sign_in(client, path=f"/session?next={hostile}")

        assert answer.headers["location"] == "/dashboard"

    async def test_says_why_not_and_keeps_the_address(self, client: httpx.AsyncClient):
        answer = await sign_in(client, "wrong horse battery", "/session?next=/invoices")

        assert answer.headers["location"] == "/sign-in?next=%2Finvoices#refused"
        assert flash(client) == Flash(REFUSAL, {}, {"email": EMAIL})
        with pytest.raises(NotSignedIn):
            actor(client)

    async def test_never_sends_a_password_back(self, client: httpx.AsyncClient):
        answer = await sign_in(client, "wrong horse battery")

        assert "wrong horse" not in str(answer.headers) + str(flash(client))

    async def test_refuses_a_form_of_another_site(self, client: httpx.AsyncClient):
        answer = await client.post(
            "/session",
            data={"email": EMAIL, "password": PASSWORD},
            headers={"origin": "https://evil.example"},
        )

        assert answer.status_code == 403

    @pytest.mark.parametrize(
        "content",
        [b"", b"\xff\xfe", b"email=a&email=b&password=" + b"x" * 900_000],
    )
    async def test_survives_a_form_that_is_none(
        self, client: httpx.AsyncClient, content: bytes
    ):
        form = {"content-type": "application/x-www-form-urlencoded"}

        answer = await client.post("/session", content=content, headers=form)

        assert answer.headers["location"] == "/sign-in#refused"

    async def test_takes_no_files(self, client: httpx.AsyncClient):
        answer = await client.post("/session", files={"email": b"x"})

        assert answer.status_code == 400

    async def test_is_no_link(self, client: httpx.AsyncClient):
        assert (await client.get("/session/end")).status_code == 405


class TestSteps:
    async def test_a_code_is_asked_for_first(
        self, current: World, client: httpx.AsyncClient
    ):
        set_up_totp(current)

        asked = await sign_in(client, path="/session?next=/invoices")
        assert asked.headers["location"] == "/sign-in/code?next=%2Finvoices"
        answer = await client.post(
            "/session/code?next=/invoices",
            data={"code": TOTP(SECRET).at(current.clock())},
        )

        assert answer.headers["location"] == "/invoices"
        assert actor(client).role == Role.ACCOUNTING

    async def test_a_wrong_code_asks_again(
        self, current: World, client: httpx.AsyncClient
    ):
        set_up_totp(current)
        await sign_in(client)

        answer = await client.post("/session/code", data={"code": "１２３４５６"})

        assert answer.headers["location"] == "/sign-in/code#refused"
        assert list(flash(client).beside) == ["code"]

    async def test_a_code_without_a_sign_in_starts_over(
        self, client: httpx.AsyncClient
    ):
        answer = await client.post("/session/code", data={"code": "123456"})

        assert answer.headers["location"] == "/sign-in#refused"

    async def test_an_initial_password_has_to_be_replaced(
        self, current: World, client: httpx.AsyncClient
    ):
        with current.unit(current.northwind.system) as uow:
            person = uow.one(select(Person).where(Person.email == EMAIL))
            person.initial_until = uow.now
        asked = await sign_in(client)
        assert asked.headers["location"] == "/sign-in/password"

        short = await client.post(
            "/session/password", data={"password": "short", "repeated": "short"}
        )
        assert short.headers["location"] == "/sign-in/password#refused"
        new = "a sentence of my own"
        answer = await client.post(
            "/session/password", data={"password": new, "repeated": new}
        )

        assert answer.headers["location"] == "/dashboard#main"
        assert actor(client).role == Role.ACCOUNTING


class TestSignOut:
    @pytest.mark.parametrize("path", ["/session/end", "/session/end-everywhere"])
    async def test_ends_the_session_on_the_server(
        self, client: httpx.AsyncClient, path: str
    ):
        await sign_in(client)
        token = client.cookies["tallyport"]

        answer = await client.post(path)

        assert answer.headers["location"] == "/sign-in"
        assert "tallyport" not in client.cookies
        client.cookies.set("tallyport", token)
        with pytest.raises(NotSignedIn):
            actor(client)


class TestSwitchWorkspace:
    @pytest.mark.feature("F013")
    async def test_goes_where_one_is_a_member(
        self, current: World, client: httpx.AsyncClient
    ):
        with current.unit(current.kestrel.system) as uow:
            person_id = uow.one(select(Person.id).where(Person.email == EMAIL))
            uow.add(
                Member(
                    person_id=person_id,
                    name="Ann",
                    email=EMAIL,
                    role=Role.VIEWER,
                    created_at=uow.now,
                )
            )
        await sign_in(client)

        await client.post("/session/workspace", data={"workspace_id": "2"})

        assert actor(client).workspace_id == 2

    @pytest.mark.feature("F013")
    @pytest.mark.parametrize("workspace_id", ["2", "0", "-1", "²", "9" * 40, ""])
    async def test_goes_nowhere_else(
        self, client: httpx.AsyncClient, workspace_id: str
    ):
        await sign_in(client)

        answer = await client.post(
            "/session/workspace", data={"workspace_id": workspace_id}
        )

        assert answer.headers["location"] == "/dashboard"
        assert actor(client).workspace_id == 1


class TestStart:
    async def test_leads_to_the_sign_in(self, client: httpx.AsyncClient):
        assert (await client.get("/")).headers["location"] == "/sign-in"

    async def test_leads_in_once_signed_in(self, client: httpx.AsyncClient):
        await sign_in(client)

        assert (await client.get("/")).headers["location"] == "/dashboard"


class TestSetUp:
    async def test_opens_the_first_workspace_and_signs_in(
        self, first_client: httpx.AsyncClient
    ):
        answer = await first_client.post("/set-up", data=SET_UP)

        assert answer.headers["location"] == "/dashboard"
        assert actor(first_client).role == Role.OWNER

    async def test_starts_with_the_profile_that_was_chosen(
        self, fresh: World, first_client: httpx.AsyncClient
    ):
        await first_client.post("/set-up", data={**SET_UP, "profile": "simple_link"})

        with fresh.reading(actor(first_client)) as uow:
            assert uow.workspace.profile == "simple_link"

    async def test_page_is_there_before_and_gone_afterwards(
        self, first_client: httpx.AsyncClient
    ):
        before = await first_client.get("/set-up")
        assert "Already set up" not in before.text
        await first_client.post("/set-up", data=SET_UP)

        gone = await first_client.get("/set-up")

        assert gone.status_code == 404
        assert "Already set up" in gone.text
        assert 'href="/sign-in"' in gone.text

    async def test_works_once(self, first_client: httpx.AsyncClient):
        await first_client.post("/set-up", data=SET_UP)

        again = await first_client.post(
            "/set-up", data={**SET_UP, "email": "other@heron.example"}
        )

        assert again.headers["location"] == "/sign-in#refused"

    async def test_keeps_what_was_typed_but_no_password(
        self, first_client: httpx.AsyncClient
    ):
        typed = {**SET_UP, "zone": "Mars", "profile": "simple_link"}
        answer = await first_client.post("/set-up", data=typed)

        assert answer.headers["location"] == "/set-up#refused"
        kept = flash(first_client)
        assert list(kept.beside) == ["zone"]
        assert kept.typed["name"] == "Heron Yachts"
        assert kept.typed["profile"] == "simple_link"
        assert SET_UP["password"] not in str(kept)

    async def test_names_all_that_cannot_be_used(self, first_client: httpx.AsyncClient):
        typed = {**SET_UP, "zone": "Mars", "email": "harriet", "repeated": "other"}

        await first_client.post("/set-up", data=typed)

        kept = flash(first_client)
        assert set(kept.beside) == {"zone", "email", "repeated"}
        assert kept.problem == "3 fields can't be used yet."
