"""The customer link on the staff's page of a customer."""

from __future__ import annotations

import pytest

from billing_app import runtime
from billing_app.database import authentication
from billing_app.database.authentication import NO_COOKIES
from billing_app.domain.portal_place import parse_place
from billing_app.models import PortalLink
from billing_app.web.staff.customer_link_state import CustomerLinkState
from tests.support.billing import a_customer, all_rows
from tests.support.driver import Driver
from tests.support.world import World
from tests.web.test_portal_state import staff_cookie

STATE = CustomerLinkState.get_full_name()


@pytest.fixture
def customer_id(world: World) -> int:
    runtime.set_current(world.runtime)
    return a_customer(world, world.northwind)


def opens(world: World, url: str) -> int:
    place = parse_place("/" + url.split("/", 3)[3])
    assert place is not None
    now = world.clock.now
    opened = authentication.open_portal(world.runtime.engine, place, NO_COOKIES, now)
    return opened.visitor.customer_id


@pytest.mark.feature("F016")
async def test_is_copied_made_anew_and_revoked(world: World, customer_id: int):
    async with Driver(staff_cookie(world), f"/customers/{customer_id}") as driver:
        await driver.send(f"{STATE}.copy_link")
        first = driver.shown(CustomerLinkState, "link_url")
        assert opens(world, first) == customer_id

        await driver.send(f"{STATE}.new_link")
        assert driver.shown(CustomerLinkState, "link_url") != first

        await driver.send(f"{STATE}.revoke")
        assert driver.shown(CustomerLinkState, "link_url") == ""


@pytest.mark.feature("F017", "C26")
async def test_whoever_may_only_look_previews_the_account(
    world: World, customer_id: int
):
    """Support needs no right to hand out links, and gets none in its hands."""
    viewer = staff_cookie(world, world.northwind.viewer)
    async with Driver(viewer, f"/customers/{customer_id}") as driver:
        await driver.send(f"{STATE}.preview")
        await driver.send(f"{STATE}.copy_link")

    assert driver.redirects == [f"/account/northwind-charter~{customer_id}"]
    assert all_rows(world, world.northwind, PortalLink) == []


async def test_of_another_workspace_does_not_exist(world: World, customer_id: int):
    abroad = a_customer(world, world.kestrel)
    assert abroad != customer_id

    async with Driver(staff_cookie(world), f"/customers/{abroad}") as driver:
        for name in ("copy_link", "new_link", "revoke", "preview"):
            await driver.send(f"{STATE}.{name}")

    assert driver.shown(CustomerLinkState, "link_url") in (None, "")
    assert driver.redirects == []
    assert "does not exist" in repr(driver.deltas)
