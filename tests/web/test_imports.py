"""What the page says of a file before it comes in."""

from __future__ import annotations

import io

import pytest
from reflex_base.utils.format import format_event_handler
from sqlmodel import select

from billing_app.models import WorkspaceSettings
from billing_app.web.staff.settings_import_state import ImportState
from billing_app.workflows import imports
from tests.support.world import World
from tests.web.conftest import Browse

FILE = (
    b"Number,Customer,Date,Description,Quantity,Price\nA-1,Vermeer,2026-01-31,B,1,2\n"
)


@pytest.mark.parametrize("address", ["", "Kade 1\nRotterdam"])
async def test_a_missing_address_is_a_warning_of_its_own(
    world: World, browse: Browse, address: str
):
    """It is for good, so it stands apart from what is counted."""
    place = world.northwind
    with world.unit(place.system) as uow:
        uow.one(select(WorkspaceSettings)).address = address
    key = imports.take_file(world.runtime, place.admin, io.BytesIO(FILE))

    async with browse(place.admin, "/settings/import") as driver:
        await driver.press(ImportState.open)
        taken = format_event_handler(ImportState.take_file)
        await driver.send_payload(taken, {"key": key, "name": "a.csv"})
        await driver.until(lambda: driver.shown(ImportState, "can_import"))

        summary = driver.shown(ImportState, "summary")
        assert summary == "1 invoice to add, with 1 customer more."
        lacking = driver.shown(ImportState, "lacking") or ""
        assert lacking.startswith("Your own address is missing") == (not address)
