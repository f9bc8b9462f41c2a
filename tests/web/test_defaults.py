"""What states begin with: shared where nobody can change it, apart where one can."""

from __future__ import annotations

from typing import Any

import pytest
import reflex as rx

from billing_app import runtime
from billing_app.domain.portal_invoice import PortalInvoice
from billing_app.web import routes
from billing_app.web.defaults import share_defaults
from billing_app.web.doors import StaffState
from billing_app.web.portal.invoice_state import PortalInvoiceState
from tests.support.driver import Driver
from tests.support.world import World

HYDRATE = "reflex___state____state.hydrate"


@pytest.fixture(autouse=True)
def current(world: World):
    runtime.set_current(world.runtime)
    assert routes.PAGES
    share_defaults()


def begin(state: Any) -> Any:
    return state(_reflex_internal_init=True)


def test_all_visitors_begin_with_the_same_view():
    one, other = begin(PortalInvoiceState), begin(PortalInvoiceState)

    assert one.get_value("invoice") is other.get_value("invoice")
    assert one.get_value("invoice") == PortalInvoice.EMPTY


def test_each_visitor_has_lists_of_its_own():
    one, other = begin(PortalInvoiceState), begin(PortalInvoiceState)

    one.get_value("notices").append("mine")

    assert other.get_value("notices") == []
    assert begin(PortalInvoiceState).get_value("notices") == []


async def connect(path: str) -> set[str]:
    """Return the states that a page is told of when it connects."""
    async with Driver(path=path) as driver:
        await driver.send(HYDRATE)
        return {name for delta in driver.deltas for name in delta}


def staff_states() -> set[str]:
    found = {
        state.get_full_name()
        for state in rx.State.get_substates()
        if issubclass(state, StaffState)
    }
    assert found
    return found


@pytest.mark.parametrize("path", ["/p/token", "/c/token", "/account/northwind"])
async def test_a_customers_page_is_told_nothing_of_the_staffs_states(path: str):
    told = await connect(path)

    assert PortalInvoiceState.get_full_name() in told
    assert not told & staff_states()


async def test_a_staff_page_is_told_of_all():
    told = await connect("/invoices")

    assert staff_states() < told
    assert PortalInvoiceState.get_full_name() in told
