"""An address that leads nowhere: members keep their frame, others learn nothing."""

from __future__ import annotations

from billing_app import runtime
from billing_app.web.staff.not_found import NotFoundState
from billing_app.web.staff.shell import ShellState
from tests.support.driver import Driver
from tests.support.world import World
from tests.web.conftest import Browse


async def test_a_member_stands_in_the_frame_of_their_own_workspace(
    world: World, browse: Browse
):
    async with browse(world.northwind.viewer, "/no/such/page") as driver:
        await driver.press(NotFoundState.look)

        assert driver.shown(NotFoundState, "is_staff")
        assert driver.shown(ShellState, "workspace") == "Northwind Charter"
        assert "Kestrel" not in repr(driver.deltas)


async def test_whoever_is_not_signed_in_learns_of_no_workspace(world: World):
    runtime.set_current(world.runtime)
    async with Driver("tallyport=made-up", "/no/such/page") as driver:
        await driver.press(NotFoundState.look)

        assert not driver.shown(NotFoundState, "is_staff")
        assert not driver.shown(ShellState, "workspace")
        assert driver.redirects == []
