"""A member's own way in, as somebody with nothing but their cookie would try it."""

from __future__ import annotations

import pytest
from pyotp.totp import TOTP

from billing_app.queries.members import Security, read_security
from billing_app.web.staff.settings_security_state import SecurityState
from tests.support.driver import Driver
from tests.support.world import PASSWORD, World
from tests.web.conftest import Browse

PATH = "/settings/security"


def security(world: World) -> Security:
    return world.run(world.northwind.owner, read_security)


async def turn_on(world: World, driver: Driver) -> tuple[str, list[str]]:
    """Turn codes on as their owner does; return the secret and recovery codes."""
    await driver.press(SecurityState.ask, what="codes-on")
    await driver.press(SecurityState.answer, form={"own_password": PASSWORD})
    secret = driver.shown(SecurityState, "secret")
    code = TOTP(secret).at(world.clock())
    await driver.press(SecurityState.confirm_codes, form={"code": code})
    return secret, driver.shown(SecurityState, "recovery_codes")


async def test_codes_are_set_up_and_turned_off(world: World, browse: Browse):
    async with browse(world.northwind.owner, PATH) as driver:
        _, codes = await turn_on(world, driver)
        assert security(world).has_totp

        await driver.press(SecurityState.ask, what="codes-off")
        form = {"own_password": PASSWORD, "own_code": codes[0]}
        await driver.press(SecurityState.answer, form=form)

    assert not security(world).has_totp
    assert driver.shown(SecurityState, "asks") == ""


@pytest.mark.parametrize("password", ["", "wrong password"])
async def test_a_cookie_alone_sets_up_no_codes(
    world: World, browse: Browse, password: str
):
    async with browse(world.northwind.owner, PATH) as driver:
        await driver.press(SecurityState.ask, what="codes-on")
        await driver.press(SecurityState.answer, form={"own_password": password})
        await driver.press(SecurityState.confirm_codes, form={"code": "000000"})

    assert driver.shown(SecurityState, "errors")["current"]
    assert not driver.shown(SecurityState, "secret")
    assert not security(world).has_totp


@pytest.mark.parametrize("asked", ["codes-off", "recovery", "", "anything"])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"own_password": PASSWORD},
        {"own_password": PASSWORD, "own_code": "000000"},
        {"own_code": "the right one"},
    ],
)
async def test_codes_stay_as_they_are_without_password_and_code(
    world: World, browse: Browse, asked: str, form: dict[str, str]
):
    async with browse(world.northwind.owner, PATH) as driver:
        _, codes = await turn_on(world, driver)
        if "own_code" in form and "own_password" not in form:
            form = {"own_code": codes[0]}
        await driver.press(SecurityState.ask, what=asked)

        await driver.press(SecurityState.answer, form=form)

    assert security(world).has_totp
    assert security(world).recovery_left == len(codes)
    assert driver.shown(SecurityState, "recovery_codes") == codes


async def test_the_password_stays_without_the_present_one(world: World, browse: Browse):
    new = "another long sentence"
    async with browse(world.northwind.owner, PATH) as driver:
        form = {"current": "", "password": new, "repeated": new}
        await driver.press(SecurityState.change_password, form=form)

        assert driver.shown(SecurityState, "errors")["current"]
