"""The aging list, through the whole pipeline but the browser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_app.web.staff.aging_state import AgingState as State
from tests.support.rows import add_customer, add_invoice
from tests.support.world import World
from tests.web.conftest import Browse


@pytest.mark.feature("F068")
async def test_a_card_says_in_words_how_old_what_is_owed_is(
    world: World, browse: Browse
):
    for place in world.places:
        with world.unit(place.owner) as uow:
            customer = add_customer(uow, f"Halden of {place.workspace_id}")
            uow.flush()
            for minor, days in ((30_00, 0), (10_00, 91)):
                due_on = uow.today - timedelta(days=days)
                add_invoice(uow, customer, total_minor=minor, due_on=due_on)

    async with browse(world.northwind.viewer, "/accounting/aging") as driver:
        await driver.press(State.open)

    (line,) = driver.shown(State, "lines")
    assert [(part.words, part.tone, part.percent) for part in line.parts] == [
        ("Not due yet: €30.00", "0", 75.0),
        ("Over 90 days late: €10.00", "4", 25.0),
    ]
    assert driver.shown(State, "sums").parts == line.parts
