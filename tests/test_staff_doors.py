"""Whatever a member sends to a page that shows nothing, no handler crashes."""

from __future__ import annotations

import inspect
from typing import Any, get_origin, get_type_hints

import pytest

from billing_app import runtime
from billing_app.database.secrets import digest
from billing_app.models import Member, StaffSession
from billing_app.web import gate
from tests.support.billing import an_invoice
from tests.support.driver import Driver, handler_names
from tests.support.world import World

TEXTS = ("", "x", "1", "١")
FORMS = ({}, {"x": "y"}, {"amount": ["1"]})
VALUES: dict[type, tuple[Any, ...]] = {
    str: TEXTS,
    int: (0, -1, 1),
    bool: (True, False),
    dict: FORMS,
    list: ([], ["x"]),
    float: (0.5,),
}


@pytest.fixture
def viewer(world: World) -> str:
    """The Cookie header of somebody who may only look."""
    runtime.set_current(world.runtime)
    for place in world.places:
        an_invoice(world, place)
    with world.unit(world.northwind.system) as uow:
        member = uow.get(Member, world.northwind.viewer.member_id)
        uow.add(
            StaffSession(
                person_id=member.person_id,
                member_id=member.id,
                token_digest=digest("secret"),
                created_at=uow.now,
                seen_at=uow.now,
            )
        )
    return "tallyport=secret"


@pytest.mark.parametrize(
    "handler",
    [
        *("event_choice_state.search", "event_choice_state.choose"),
        *("event_choice_state.begin_at", "event_choice_state.choose_all"),
        "event_choice_state.add",
        *("invoice_editor_state.start_payment", "invoice_editor_state.issue_as_paid"),
        *("import_state.choose_column", "import_state.choose_numbers"),
        *("import_state.choose_dates", "invoices_state.toggle_archived"),
        "customer_events_state.weigh",
    ],
)
async def test_nothing_crashes_on_a_page_that_shows_nothing(
    viewer: str, handler: str, caplog: pytest.LogCaptureFixture
):
    (name,) = (x for x in handler_names("staff") if x.endswith(f"__{handler}"))

    async with Driver(viewer) as driver:
        for payload in payloads(gate.handlers()[name]):
            await driver.send_payload(name, payload)

    assert "crashed" not in caplog.text


def payloads(handler: Any) -> list[dict[str, Any]]:
    """Give the arguments values of their types, one after the other."""
    hints = get_type_hints(handler)
    names = list(inspect.signature(handler).parameters)[1:]
    values = [VALUES[get_origin(hints[each]) or hints[each]] for each in names]
    longest = max(map(len, values), default=1)
    return [
        {
            each: value[turn % len(value)]
            for each, value in zip(names, values, strict=True)
        }
        for turn in range(longest)
    ]
