"""After a server that died during an import, the page says so and goes on."""

from __future__ import annotations

import io
import os
import signal
from multiprocessing import get_context
from pathlib import Path

import pytest
from reflex_base.utils.format import format_event_handler

from billing_app.domain.actors import StaffActor
from billing_app.domain.errors import InvalidInput
from billing_app.models import Customer
from billing_app.web.staff.settings_import_state import ImportState
from billing_app.workflows import imports
from tests.support.billing import all_rows
from tests.support.world import World, open_world_at
from tests.web.conftest import Browse

COUNT = 520
FILE = "Name,E-mail\n" + "".join(f"Customer {n},\n" for n in range(COUNT))


def import_and_die(url: str, folder: Path, actor: StaffActor, key: str) -> None:
    world, heard = open_world_at(url, folder), 0

    def hear(_: object) -> None:
        nonlocal heard
        heard += 1
        # By now the first of them are written, and not committed.
        if heard == COUNT - 5:
            os.kill(os.getpid(), signal.SIGKILL)

    look = imports.look_at(world.runtime, actor, key)
    imports.import_file(world.runtime, actor, key, look, hear)


@pytest.fixture
def stopped(world: World) -> str:
    """Return the key of a file whose import was killed."""
    actor = world.northwind.admin
    key = imports.take_file(world.runtime, actor, io.BytesIO(FILE.encode()))
    url = world.runtime.engine.url.render_as_string(hide_password=False)
    folder = world.runtime.settings.data_dir
    process = get_context("forkserver").Process(
        target=import_and_die, args=(url, folder, actor, key), daemon=True
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return key


async def test_the_page_says_so_and_goes_on(
    world: World,
    stopped: str,
    browse: Browse,
):
    assert all_rows(world, world.northwind, Customer) == []

    async with browse(world.northwind.admin, "/settings/import") as driver:
        await driver.press(ImportState.open)
        assert driver.shown(ImportState, "stopped") == stopped
        taken = format_event_handler(ImportState.take_file)
        await driver.send_payload(taken, {"key": stopped, "name": "Last"})
        await driver.until(lambda: driver.shown(ImportState, "can_import"))
        assert driver.shown(ImportState, "summary") == f"{COUNT} customers to add."
        await driver.press(ImportState.start)
        await driver.until(lambda: bool(driver.shown(ImportState, "outcome")))
        await driver.press(ImportState.open)
        assert driver.shown(ImportState, "stopped") == ""

    assert len(all_rows(world, world.northwind, Customer)) == COUNT


def test_nobody_else_is_told(world: World, stopped: str):
    actors = (world.northwind.owner, world.kestrel.admin)

    assert [imports.find_stopped(world.runtime, it) for it in actors] == ["", ""]


def test_one_that_is_left_is_told_no_more(world: World, stopped: str):
    imports.forget_file(world.runtime, world.northwind.admin, stopped)

    assert imports.find_stopped(world.runtime, world.northwind.admin) == ""


def test_one_that_runs_or_was_refused_was_not_stopped(world: World):
    runtime, actor = world.runtime, world.northwind.admin
    key = imports.take_file(runtime, actor, io.BytesIO(b"Name,VAT\nA,1\nA,1\n,2\n"))
    look = imports.look_at(runtime, actor, key)
    seen: list[str] = []

    with pytest.raises(InvalidInput):
        imports.import_file(
            runtime,
            actor,
            key,
            look,
            lambda _: seen.append(imports.find_stopped(runtime, actor)),
        )

    assert imports.find_stopped(runtime, actor) == ""
    assert set(seen) <= {""}
