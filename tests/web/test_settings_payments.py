"""Settings, payments: each currency may have an account of its own."""

from __future__ import annotations

from billing_app.queries.settings import read_bank
from billing_app.web.staff.settings_payments_state import PaymentsState as State
from tests.support.world import World
from tests.web.conftest import Browse

PATH = "/settings/payments"
EURO = {"iban": "NL91 ABNA 0417 1643 00", "reference_kind": "none"}


async def test_an_account_is_added_for_a_currency(world: World, browse: Browse):
    async with browse(world.northwind.owner, PATH) as driver:
        await driver.press(State.open)
        await driver.press(State.save_bank, form=EURO)

        await driver.press(State.add_currency, form={"currency": "pounds"})
        assert driver.shown(State, "errors") == {
            "currency": "pounds is not a currency."
        }

        await driver.press(State.add_currency, form={"currency": "gbp"})
        assert driver.shown(State, "page").iban == ""
        typed = {"reference_kind": "none", "label-0": "Sort code", "value-0": "60-83"}
        await driver.press(State.save_bank, form=typed)
        assert driver.shown(State, "page").rows == (("Sort code", "60-83"),)

        await driver.press(State.choose_currency, currency="")
        assert driver.shown(State, "page").iban == EURO["iban"]
        assert driver.shown(State, "page").currencies == ("GBP",)

    assert world.run(world.kestrel.owner, read_bank).currencies == ()
    assert world.run(world.kestrel.owner, read_bank).iban == ""
