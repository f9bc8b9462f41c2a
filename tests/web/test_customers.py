"""Customers, through the whole pipeline but the browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from billing_app.domain.actors import StaffActor
from billing_app.domain.custom_fields import CustomField, fields_to_json
from billing_app.models import Customer, WorkspaceSettings
from billing_app.queries.drafts import list_choices
from billing_app.web.staff.customer_detail_state import CustomerDetailState
from billing_app.web.staff.customers_state import CustomersState
from billing_app.web.staff.invoices_state import InvoicesState
from tests.support.billing import a_customer, an_invoice, pay
from tests.support.numbers import issue_for, number_by
from tests.support.rows import add_customer, add_invoice
from tests.support.world import World
from tests.web.conftest import Browse


async def test_lists_the_own_with_what_they_owe(world: World, browse: Browse):
    an_invoice(world, world.northwind, "100.00")
    a_customer(world, world.kestrel, "Elsewhere")
    async with browse(world.northwind.viewer, "/customers") as driver:
        await driver.press(CustomersState.open)

    (line,) = driver.shown(CustomersState, "lines")
    assert (line.name, line.outstanding, line.open_count) == (
        *("Vermeer Optics", "€100.00", "1"),
    )


async def test_adds_one_and_opens_it(world: World, browse: Browse):
    form = {"name": "Halden", "email": "ap@halden.example", "net_days": "14"}
    async with browse(world.northwind.operations, "/customers") as driver:
        await driver.press(CustomersState.open)
        await driver.press(CustomersState.start_adding)
        wrong = {"email": "nobody", "net_days": "soon", "cc": "x", "name": ""}
        await driver.press(CustomersState.add, form={**form, **wrong})
        assert set(driver.shown(CustomersState, "errors")) == set(wrong)
        assert driver.shown(CustomersState, "is_adding") is True

        await driver.press(CustomersState.add, form=form)

    assert driver.redirects == ["/customers/1"]
    with world.reading(world.northwind.system) as uow:
        assert uow.get(Customer, 1).net_days == 14


@pytest.mark.feature("F014")
async def test_a_viewer_adds_nobody(world: World, browse: Browse):
    async with browse(world.northwind.viewer, "/customers") as driver:
        await driver.press(CustomersState.add, form={"name": "Halden"})

    assert driver.redirects == []
    words = driver.shown(CustomersState, "notices")[0].words
    assert words == "Your role doesn't allow this."


@pytest.mark.feature("A29")
async def test_asks_for_the_fields_of_ones_own(world: World, browse: Browse):
    reviewed = CustomField("k1", "Reviewed on", "date", place="customer")
    rating = CustomField("k2", "Rating", is_staff_only=True, place="customer")
    with world.unit(world.northwind.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.custom_fields = fields_to_json(
            [reviewed, rating, CustomField("k3", "Project")]
        )
    form = {"name": "Halden", "own:k1": "soon", "own:k2": "A"}
    async with browse(world.northwind.operations, "/customers") as driver:
        await driver.press(CustomersState.open)
        await driver.press(CustomersState.start_adding)
        asked = [x.label for x in driver.shown(CustomersState, "own_fields")]
        await driver.press(CustomersState.add, form=form)
        assert asked == ["Reviewed on", "Rating"]
        assert set(driver.shown(CustomersState, "errors")) == {"own:k1"}

        await driver.press(CustomersState.add, form={**form, "own:k1": "2019-03-01"})

    state = CustomerDetailState
    async with browse(world.northwind.accounting, "/customers/1") as driver:
        await driver.press(state.open)
        facts = {fact.name: fact.words for fact in driver.shown(state, "facts")}
        assert facts["Reviewed on"] == "2019-03-01"
        assert facts["Rating (staff only)"] == "A"

        await driver.press(state.start_editing)
        assert driver.shown(state, "form")["own:k2"] == "A"
        await driver.press(state.save, form={**form, "own:k1": "", "own:k2": "B"})

    with world.reading(world.northwind.system) as uow:
        assert uow.get(Customer, 1).custom_fields == {"k2": "B"}


async def test_changes_one_and_keeps_what_was_not_understood(
    world: World, browse: Browse
):
    customer_id = a_customer(world, world.northwind)
    state = CustomerDetailState
    async with browse(world.northwind.owner, f"/customers/{customer_id}") as driver:
        await driver.press(state.open)
        await driver.press(state.start_editing)
        assert driver.shown(state, "form")["name"] == "Vermeer Optics"
        await driver.press(state.save, form={"name": "V", "country": "Neverland"})
        assert driver.shown(state, "errors")["country"]
        assert driver.shown(state, "card").name == "Vermeer Optics"

        await driver.press(state.save, form={"name": "V & Sons", "country": "nl"})

    assert driver.shown(state, "card").name == "V & Sons"
    assert driver.shown(state, "is_editing") is False


async def test_a_code_is_proposed_until_numbers_have_one(world: World, browse: Browse):
    place, state = world.northwind, CustomerDetailState
    number_by(world, place, pattern="{customer}-{counter}")
    customer_id = a_customer(world, place)
    async with browse(place.owner, f"/customers/{customer_id}") as driver:
        await driver.press(state.open)
        await driver.press(state.start_editing)
        form = driver.shown(state, "form")
        assert (form["number_code"], form["proposed_code"]) == ("", "VERMEERO")
        assert form["code_stays"] == ""

        await driver.press(state.save, form={"name": "Vermeer", "number_code": "ver"})
        issue_for(world, place, customer_id)
        await driver.press(state.open)
        await driver.press(state.start_editing)
        assert driver.shown(state, "form")["number_code"] == "VER"
        assert driver.shown(state, "form")["code_stays"] == "yes"

        await driver.press(state.save, form={"name": "Vermeer", "number_code": "V"})
        assert "so it stays" in driver.shown(state, "errors")["number_code"]


@pytest.mark.parametrize("path", ["/customers/1", "/customers/99", "/customers/new"])
async def test_what_is_not_the_workspaces_does_not_exist(
    world: World, browse: Browse, path: str
):
    with world.unit(world.northwind.owner) as uow:
        add_customer(uow, "Secret Holdings")
    state = CustomerDetailState
    async with browse(world.kestrel.owner, path) as driver:
        await driver.press(state.open)
        await driver.press(state.start_editing)
        await driver.press(state.save, form={"name": "Taken over"})

    assert driver.shown(state, "shape") == "gone"
    assert "Secret" not in str(driver.deltas)
    with world.reading(world.northwind.system) as uow:
        assert uow.get(Customer, 1).name == "Secret Holdings"


async def test_a_payment_shows_on_the_open_page(world: World, browse: Browse):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    state = CustomerDetailState
    async with browse(world.northwind.viewer, "/customers/1") as driver:
        await driver.press(state.open)
        await driver.watch(state.watch)
        pay(world, world.northwind, invoice_id, "130.00")
        await driver.until(lambda: driver.shown(state, "card").owed == "Nothing open")

    assert driver.shown(state, "card").credit == "Credit €30.00"


async def test_an_archived_customer_is_out_of_the_way_until_restored(
    world: World, browse: Browse
):
    place = world.northwind
    kept, twin = a_customer(world, place, "Kept"), a_customer(world, place, "Twin")
    an_invoice(world, place, customer_id=twin)

    async def listed(actor: StaffActor, path: str = "/customers") -> list[str]:
        async with browse(actor, path) as driver:
            await driver.press(CustomersState.open)
            return [line.name for line in driver.shown(CustomersState, "lines")]

    def offered() -> list[int]:
        return [x.id for x in world.run(place.owner, list_choices, "")]

    detail = CustomerDetailState
    async with browse(place.operations, f"/customers/{twin}") as driver:
        await driver.press(detail.open)
        await driver.press(detail.archive)
        assert driver.shown(detail, "card").is_archived

        assert await listed(place.viewer) == ["Kept"]
        assert await listed(place.owner, "/customers?archived=1") == ["Kept", "Twin"]
        assert offered() == [kept]

        await driver.press(detail.restore)

    assert not driver.shown(detail, "card").is_archived
    assert await listed(place.accounting) == ["Kept", "Twin"]
    assert sorted(offered()) == sorted([kept, twin])


async def test_nobody_archives_without_the_right_or_elsewhere(
    world: World, browse: Browse
):
    customer_id = a_customer(world, world.northwind)
    for actor in (world.northwind.viewer, world.kestrel.owner):
        async with browse(actor, f"/customers/{customer_id}") as driver:
            await driver.press(CustomerDetailState.archive)

    with world.reading(world.northwind.system) as uow:
        assert uow.get(Customer, customer_id).archived_at is None


@pytest.mark.feature("N07")
async def test_says_how_old_what_they_owe_is(world: World, browse: Browse):
    """The parts are its ages, in each currency, and each leads to its invoices."""
    halden = None
    for place in world.places:
        with world.unit(place.owner) as uow:
            customer = add_customer(uow, "Halden")
            uow.flush()
            halden, today = customer.id, uow.today
            late, gone = today - timedelta(days=31), {"archived_at": uow.now}
            add_invoice(uow, customer, total_minor=10_000, due_on=today)
            add_invoice(uow, customer, total_minor=2_550, due_on=late)
            add_invoice(uow, customer, total_minor=50, due_on=late, **gone)
            add_invoice(uow, customer, total_minor=700, due_on=late, currency="USD")
    async with browse(world.kestrel.viewer, f"/customers/{halden}") as driver:
        await driver.press(CustomerDetailState.open)
        card = driver.shown(CustomerDetailState, "card")
        driver.path = card.owed_parts[1].href
        await driver.press(InvoicesState.open)

    assert card.owed == "€126.00 and $7.00"
    assert [(it.label, it.arithmetic, it.amount) for it in card.owed_parts] == [
        ("Not due yet", "1 invoice", "€100.00"),
        ("31 to 60 days late", "2 invoices", "€26.00"),
        ("31 to 60 days late", "1 invoice", "$7.00"),
    ]
    shown = [line.outstanding for line in driver.shown(InvoicesState, "lines")]
    assert shown == ["€25.50", "$7.00", "€0.50"]


async def test_one_recorded_twice_is_merged_and_points_to_the_other(
    world: World, browse: Browse
):
    place = world.northwind
    twice, kept = (a_customer(world, place, x) for x in ("Halden BV", "Halden"))
    a_customer(world, world.kestrel, "Halden Elsewhere")
    an_invoice(world, place, "100.00", customer_id=twice)

    async with browse(place.admin, f"/customers/{twice}") as driver:
        await driver.press(CustomerDetailState.open)
        await driver.press(CustomerDetailState.start_merging)
        await driver.press(CustomerDetailState.find_kept, text="halden")
        choices = driver.shown(CustomerDetailState, "kept_choices")
        assert [x.name for x in choices] == ["Halden"]

        await driver.press(CustomerDetailState.merge)
        assert driver.redirects == []
        await driver.press(CustomerDetailState.choose_kept, customer_id=kept)
        assert driver.shown(CustomerDetailState, "stays")[0].startswith("1 invoice on")
        await driver.press(CustomerDetailState.merge)
        assert driver.redirects == [f"/customers/{kept}"]

        await driver.press(CustomerDetailState.open)
        card = driver.shown(CustomerDetailState, "card")
        assert (card.merged_into, card.merged_into_href) == (
            *("Halden", f"/customers/{kept}"),
        )

    async with browse(place.viewer, f"/customers/{kept}") as driver:
        await driver.press(CustomerDetailState.open)
        (line,) = driver.shown(CustomerDetailState, "merged")
        assert (line.name, line.owed) == ("Halden BV", "€100.00 of what is outstanding")
        assert driver.shown(CustomerDetailState, "card").owed == "€100.00"
        assert len(driver.shown(CustomerDetailState, "invoices")) == 1


async def test_one_who_was_billed_is_not_deleted(world: World, browse: Browse):
    place = world.northwind
    customer_id = a_customer(world, place)
    an_invoice(world, place, customer_id=customer_id)

    async with browse(place.owner, f"/customers/{customer_id}") as driver:
        await driver.press(CustomerDetailState.open)
        await driver.press(CustomerDetailState.delete)

    assert driver.redirects == []
    (notice,) = driver.shown(CustomerDetailState, "notices")
    assert notice.words == (
        "There is an invoice or a draft on record. Archive this customer instead."
    )


async def test_one_without_a_trace_is_deleted(world: World, browse: Browse):
    customer_id = a_customer(world, world.northwind)

    async with browse(world.northwind.owner, f"/customers/{customer_id}") as driver:
        await driver.press(CustomerDetailState.open)
        await driver.press(CustomerDetailState.delete)

    assert driver.redirects == ["/customers"]
    with world.reading(world.northwind.viewer) as uow:
        assert uow.find(Customer, customer_id) is None
