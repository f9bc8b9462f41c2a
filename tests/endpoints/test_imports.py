import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from billing_app import runtime
from billing_app.domain.errors import InvalidInput, NotFound, NotPermitted
from billing_app.domain.import_plan import Fate, FateKind
from billing_app.endpoints.app import add_layers
from billing_app.endpoints.imports import BYTES_MAX, import_routes
from billing_app.workflows import imports
from tests.endpoints.test_logo import sign_in
from tests.support.asgi import http, make_client_folder
from tests.support.world import World

CUSTOMERS = b"Name,E-mail\nVermeer Optics,info@vermeer.example\n"


@pytest.fixture
async def client(world: World, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    runtime.set_current(world.runtime)
    folder = make_client_folder(tmp_path / "client")
    app = Starlette(routes=import_routes())
    async with http(add_layers(app, world.runtime.settings, folder)) as client:
        yield client


async def upload(client: httpx.AsyncClient, content: bytes) -> httpx.Response:
    # The name is not used for any path.
    return await client.post(
        "/api/import", files={"file": ("../../etc/passwd", content)}
    )


async def test_a_file_is_found_by_who_sent_it_alone(
    client: httpx.AsyncClient, world: World
):
    sign_in(client, world, world.northwind.admin)

    key = (await upload(client, CUSTOMERS)).json()["digest"]

    look = imports.look_at(world.runtime, world.northwind.admin, key)
    assert (look.kind, look.head) == ("customers", ("Name", "E-mail"))
    for actor in (world.northwind.owner, world.kestrel.owner):
        with pytest.raises(NotFound):
            imports.look_at(world.runtime, actor, key)


@pytest.mark.parametrize("key", ["", "../../x", "0" * 32, "1-1/" + "0" * 28])
def test_a_key_that_was_not_given_finds_nothing(world: World, key: str):
    with pytest.raises(NotFound):
        imports.look_at(world.runtime, world.northwind.admin, key)


async def test_nobody_sends_without_signing_in(client: httpx.AsyncClient, world: World):
    answer = await upload(client, CUSTOMERS)

    assert answer.status_code == 401
    assert not (world.runtime.settings.data_dir / "incoming").exists()


async def test_who_may_not_import_may_not_send(client: httpx.AsyncClient, world: World):
    sign_in(client, world, world.northwind.viewer)

    assert (await upload(client, CUSTOMERS)).status_code == 403
    with pytest.raises(NotPermitted):
        imports.take_file(world.runtime, world.northwind.viewer, io.BytesIO(CUSTOMERS))


async def test_fifty_megabytes_are_refused_before_they_are_read(
    client: httpx.AsyncClient, world: World
):
    sign_in(client, world, world.northwind.admin)

    answer = await upload(client, b"x" * (BYTES_MAX + 1))

    assert answer.status_code == 413
    assert "At most 20 MB" in answer.text


async def test_a_form_without_a_file_is_refused(
    client: httpx.AsyncClient, world: World
):
    sign_in(client, world, world.northwind.admin)

    answer = await client.post("/api/import", data={"file": "text"})

    assert answer.json()["problem"] == "Choose a file first."


def test_a_file_is_forgotten_when_it_is_imported(world: World):
    actor = world.northwind.admin
    key = imports.take_file(world.runtime, actor, io.BytesIO(CUSTOMERS))
    look = imports.look_at(world.runtime, actor, key)
    fates: list[Fate] = []

    report = imports.import_file(world.runtime, actor, key, look, fates.append)

    assert (report.new, len(fates)) == (1, 1)
    with pytest.raises(NotFound):
        imports.look_at(world.runtime, actor, key)


def test_a_file_is_forgotten_after_a_day(world: World):
    actor = world.northwind.admin
    key = imports.take_file(world.runtime, actor, io.BytesIO(CUSTOMERS))

    later = world.runtime.at(lambda: world.runtime.now() + timedelta(days=20_000))
    imports.take_file(later, actor, io.BytesIO(CUSTOMERS))

    with pytest.raises(NotFound):
        imports.look_at(world.runtime, actor, key)


def test_the_page_takes_no_more_than_others_can_wait_for(world: World):
    actor = world.northwind.admin
    rows = b"".join(b"Customer %d,\n" % i for i in range(imports.RECORDS_MAX + 1))
    key = imports.take_file(world.runtime, actor, io.BytesIO(b"Name,E-mail\n" + rows))
    look = imports.look_at(world.runtime, actor, key)

    with pytest.raises(InvalidInput, match="more than 5,000 entries"):
        imports.check_file(world.runtime, actor, key, look, lambda fate: None)


def test_a_column_that_is_chosen_by_hand_says_how_numbers_are_written(world: World):
    actor = world.northwind.admin
    table = b"Key;Customer;Date;Price\n1;A;31.01.2026;1.000,50\n"
    key = imports.take_file(world.runtime, actor, io.BytesIO(table))
    look = imports.look_at(world.runtime, actor, key, "invoices")
    assert (look.decimal_mark, look.date_order) == ("", "")
    with pytest.raises(InvalidInput, match="Choose the column for Invoice number"):
        imports.look_again(world.runtime, actor, key, look)

    chosen = replace(look, columns={**look.columns, "number": 0})
    again = imports.look_again(world.runtime, actor, key, chosen)

    assert (again.decimal_mark, again.date_order) == (",", "dmy")
    fates: list[Fate] = []
    report = imports.check_file(world.runtime, actor, key, again, fates.append)
    assert (report.new, report.refused) == (1, 0)


async def test_fates_are_taken_away_by_who_sent_the_file_alone(
    client: httpx.AsyncClient, world: World
):
    admin = world.northwind.admin
    sign_in(client, world, admin)
    key = (await upload(client, CUSTOMERS)).json()["digest"]
    path = f"/api/import/{key}/fates.csv"
    assert (await client.get(path)).status_code == 404

    fates = [Fate(2, "=evil()", FateKind.REFUSED, "It is no use.")]
    imports.keep_fates(world.runtime, admin, key, fates)

    answer = await client.get(path)
    assert "2,'=evil(),Refused,It is no use." in answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    for actor, status in (
        (world.northwind.owner, 404),
        (world.kestrel.admin, 404),
        (world.northwind.viewer, 403),
    ):
        sign_in(client, world, actor)
        assert (await client.get(path)).status_code == status
    client.cookies.clear()
    assert (await client.get(path)).headers["location"] == "/sign-in"
