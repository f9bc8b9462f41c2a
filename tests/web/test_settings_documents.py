"""Settings, numbers and terms: what is typed is previewed as it will come."""

from __future__ import annotations

from typing import Any

import pytest

from billing_app.queries.settings import read_documents
from billing_app.web.staff.settings_documents_state import DocumentsState as State
from tests.support.billing import a_customer, an_invoice
from tests.support.driver import Driver
from tests.support.world import World
from tests.web.conftest import Browse

PATH = "/settings/documents"


def form(**changes: Any) -> dict[str, Any]:
    return {
        "pattern": "INV-{counter:5}",
        "reset": "never",
        "next_value": "1",
        "credit_note_pattern": "CN-{counter:5}",
        "credit_note_reset": "never",
        "receipt_pattern": "RCT-{counter:5}",
        "receipt_reset": "never",
        "net_days": "14",
        **changes,
    }


async def test_the_next_three_and_next_january_follow_what_is_typed(
    world: World, browse: Browse
):
    async with browse(world.northwind.owner, PATH) as driver:
        await driver.press(State.open)
        assert (
            driver.shown(State, "preview") == "Next: INV-00001, INV-00002, INV-00003."
        )

        await driver.press(State.choose_reset, reset="year")
        assert "the pattern needs {year}" in driver.shown(State, "preview")

        await driver.press(State.type_pattern, text="{year}-{counter:3}")
        assert driver.shown(State, "preview") == (
            "Next: 2026-001, 2026-002, 2026-003.\nThe first of January 2027: 2027-001."
        )

        await driver.press(State.choose_credit_note_reset, reset="month")
        await driver.press(
            State.type_credit_note_pattern, text="CN{year}{month}-{counter}"
        )
        shown = driver.shown(State, "credit_note_preview")
        assert shown.endswith(
            "The first of April 2026: CN202604-1.\n"
            "The first of January 2027: CN202701-1."
        )


async def test_of_customers_who_count_apart_two_are_shown(world: World, browse: Browse):
    for name in ("Acme", "Vermeer Optics"):
        a_customer(world, world.northwind, name)

    async with browse(world.northwind.owner, PATH) as driver:
        await driver.press(State.open)
        assert driver.shown(State, "is_by_customer") is False
        await driver.press(State.type_pattern, text="{customer}-{counter:3}")
        assert driver.shown(State, "is_by_customer") is True
        assert driver.shown(State, "preview") == (
            "Next for Vermeer Optics: VERMEERO-001, VERMEERO-002, VERMEERO-003.\n"
            "Next for Acme: ACME-001, ACME-002, ACME-003."
        )

        # The counter of before stands there still, and is only read.
        await driver.press(State.save, form=form(pattern="{customer}-{counter:3}"))
        assert driver.shown(State, "errors") == {}

    page = world.run(world.northwind.owner, read_documents)
    assert page.pattern == "{customer}-{counter:3}"


async def test_a_new_year_starts_with_the_counter_of_the_year(
    world: World, browse: Browse
):
    """The field shows 2 as the page opens, and 1 once each year counts anew."""
    an_invoice(world, world.northwind)

    async with browse(world.northwind.owner, PATH) as driver:
        await driver.press(State.open)
        assert driver.shown(State, "next_value") == "2"
        changes = {"pattern": "{year}-{counter}", "reset": "year", "next_value": "2"}
        await driver.press(State.save, form=form(**changes))
        assert driver.shown(State, "next_value") == "1"
        await driver.press(State.save, form=form(**{**changes, "next_value": "1"}))

    page = world.run(world.northwind.owner, read_documents)
    assert (page.reset, page.next_value, page.is_counting) == ("year", 1, False)


@pytest.mark.feature("A16", "R05")
async def test_each_currency_has_its_own_step_and_a_wrong_one_is_named(
    world: World, browse: Browse
):
    async with browse(world.northwind.owner, PATH) as driver:
        await driver.press(State.open)
        await driver.press(State.save, form=form(cash_rounding="CHF 0.05, sek 1"))
        assert driver.shown(State, "page").cash_rounding == "CHF 0.05, SEK 1.00"

        await driver.press(State.save, form=form(cash_rounding="CHF 0.005"))
        assert "two decimals" in driver.shown(State, "errors")["cash_rounding"]

    for owner, steps in (
        (world.northwind.owner, "CHF 0.05, SEK 1.00"),
        (world.kestrel.owner, ""),
    ):
        assert world.run(owner, read_documents).cash_rounding == steps


async def added(driver: Driver) -> str:
    """Add an empty field to those drawn; return its key."""
    await driver.press(State.add_own)
    return driver.shown(State, "rows")[-1].key


def field_form(
    key: str, name: str, kind: str = "text", place: str = "invoice"
) -> dict[str, str]:
    return {f"name-{key}": name, f"kind-{key}": kind, f"place-{key}": place}


async def test_fields_of_ones_own_are_saved_renamed_and_removed(
    world: World, browse: Browse
):
    async with browse(world.northwind.owner, PATH) as driver:
        await driver.press(State.open)
        assert driver.shown(State, "rows") == []
        one, other = await added(driver), await added(driver)
        typed = field_form(one, "Project") | {f"required-{one}": "on"}
        more = field_form(other, "Margin", "number", "line") | {f"staff-{other}": "on"}
        await driver.press(State.save_fields, form={**typed, **more})
        first, second = world.run(world.northwind.owner, read_documents).fields
        assert (first.name, first.is_required, first.is_staff_only) == (
            "Project",
            True,
            False,
        )
        assert (second.name, second.kind, second.is_staff_only, second.place) == (
            "Margin",
            "number",
            True,
            "line",
        )

        await driver.press(State.remove_own, key=first.key)
        renamed = field_form(second.key, "Profit", "number", "line")
        renamed[f"staff-{second.key}"] = "on"
        await driver.press(State.save_fields, form=renamed)

    (kept,) = world.run(world.northwind.owner, read_documents).fields
    assert (kept.key, kept.name, kept.is_staff_only) == (second.key, "Profit", True)


async def test_two_fields_of_one_name_are_refused_and_stay_as_typed(
    world: World, browse: Browse
):
    async with browse(world.northwind.owner, PATH) as driver:
        await driver.press(State.open)
        twice = [
            field_form(await added(driver), name) for name in ("Project", "project")
        ]
        await driver.press(State.save_fields, form=twice[0] | twice[1])

        errors = driver.shown(State, "errors")
        assert errors["fields"].startswith("Two fields are called")
    assert world.run(world.northwind.owner, read_documents).fields == ()
