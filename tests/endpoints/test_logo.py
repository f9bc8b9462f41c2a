import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from sqlmodel import select
from starlette.applications import Starlette

from billing_app import runtime
from billing_app.domain.actors import Role, StaffActor
from billing_app.domain.sign_in import Owes
from billing_app.endpoints.app import add_layers
from billing_app.endpoints.logo import BYTES_MAX, logo_routes
from billing_app.models import AuditEntry, Member, WorkspaceSettings
from billing_app.services.sign_in import Place as Whose
from billing_app.services.sign_in import open_session
from tests.support.asgi import http, make_client_folder
from tests.support.world import Place, World


@pytest.fixture
async def client(world: World, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    runtime.set_current(world.runtime)
    folder = make_client_folder(tmp_path / "client")
    app = Starlette(routes=logo_routes())
    async with http(add_layers(app, world.runtime.settings, folder)) as client:
        yield client


def sign_in(client: httpx.AsyncClient, world: World, actor: StaffActor) -> None:
    place: Place = next(
        place for place in world.places if place.workspace_id == actor.workspace_id
    )
    with world.reading(place.system) as uow:
        statement = select(Member.person_id).where(Member.id == actor.member_id)
        person_id = uow.one(statement)
    whose = Whose(person_id, actor.member_id)
    token = world.run(place.system, open_session, whose, Owes.NOTHING)
    client.cookies.set("tallyport", token)


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGBA", (200, 60), "teal").save(written, "PNG")
    return written.getvalue()


async def upload(client: httpx.AsyncClient, content: bytes) -> httpx.Response:
    return await client.post("/api/logo", files={"logo": ("logo.png", content)})


async def test_a_logo_is_stored_and_shown_again(
    client: httpx.AsyncClient, world: World
):
    sign_in(client, world, world.northwind.admin)

    answer = await upload(client, picture())

    digest = answer.json()["digest"]
    shown = await client.get(f"/api/logo/{digest}")
    assert shown.headers["content-type"] == "image/png"
    assert hashlib.sha256(shown.content).hexdigest() == digest
    with world.reading(world.northwind.owner) as uow:
        settings = uow.one(select(WorkspaceSettings))
        assert (settings.logo_width, settings.logo_height) == (200, 60)
        events = uow.all(select(AuditEntry.event).order_by(AuditEntry.id))
        assert events[-1] == "settings_changed"


async def test_another_workspace_does_not_see_it(
    client: httpx.AsyncClient, world: World
):
    sign_in(client, world, world.northwind.owner)
    digest = (await upload(client, picture())).json()["digest"]
    sign_in(client, world, world.kestrel.owner)

    assert (await client.get(f"/api/logo/{digest}")).status_code == 404
    with world.reading(world.kestrel.owner) as uow:
        assert uow.one(select(WorkspaceSettings)).logo_digest == ""


async def test_no_other_stored_file_is_handed_out(
    client: httpx.AsyncClient, world: World
):
    """The store holds every invoice, too."""
    sign_in(client, world, world.northwind.owner)
    digest = world.runtime.files.put(b"%PDF an invoice", ".pdf")

    for asked in (digest, "x", "0" * 64):
        assert (await client.get(f"/api/logo/{asked}")).status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATIONS, Role.ACCOUNTING])
async def test_is_for_those_who_may_change_settings(
    client: httpx.AsyncClient, world: World, role: Role
):
    sign_in(client, world, world.northwind.member(role))

    assert (await upload(client, picture())).status_code == 403


async def test_needs_a_sign_in(client: httpx.AsyncClient):
    assert (await upload(client, picture())).status_code == 401


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<svg><script>alert(1)</script></svg>", "SVG"),
        (b"plain text", "can't be read"),
        (b"", "can't be read"),
    ],
)
async def test_says_what_it_cannot_use_and_keeps_the_old(
    client: httpx.AsyncClient, world: World, content: bytes, says: str
):
    sign_in(client, world, world.northwind.owner)
    kept = (await upload(client, picture())).json()["digest"]

    answer = await upload(client, content)

    assert answer.status_code == 422
    assert says in answer.json()["problem"]
    with world.reading(world.northwind.owner) as uow:
        assert uow.one(select(WorkspaceSettings)).logo_digest == kept


async def test_a_form_without_a_file_is_no_picture(
    client: httpx.AsyncClient, world: World
):
    sign_in(client, world, world.northwind.owner)

    answer = await client.post("/api/logo", data={"logo": "text"})

    assert answer.status_code == 422


async def test_fifty_megabytes_are_refused_by_their_length(
    client: httpx.AsyncClient, world: World
):
    sign_in(client, world, world.northwind.owner)
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(50):
            read += 1
            yield b"x" * 1_000_000

    headers = {
        "content-type": "multipart/form-data; boundary=b",
        "content-length": "50000000",
    }
    answer = await client.post("/api/logo", content=body(), headers=headers)

    assert answer.status_code == 413
    assert "At most 5 MB" in answer.text
    assert read == 0


async def test_a_body_that_says_no_length_is_cut_off(
    client: httpx.AsyncClient, world: World
):
    sign_in(client, world, world.northwind.owner)
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b"--b\r\n"
        yield b'Content-Disposition: form-data; name="logo"; filename="a"\r\n\r\n'
        for _ in range(50):
            sent += 1_000_000
            yield b"x" * 1_000_000

    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = await client.post("/api/logo", content=body(), headers=headers)

    assert answer.status_code == 413
    assert sent <= BYTES_MAX + 1_000_000
