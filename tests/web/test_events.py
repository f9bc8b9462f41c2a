"""Events on the staff's pages: recording them, billing them, looking behind a line."""

from __future__ import annotations

from typing import Any

import pytest

from billing_app.domain.billable_event import Grouping
from billing_app.domain.draft import DraftForm, LineForm, form_from_json
from billing_app.models import BillableEvent, Invoice
from billing_app.services import billable_events, drafts
from billing_app.web.staff.behind_state import BehindState
from billing_app.web.staff.customer_events_state import CustomerEventsState
from billing_app.web.staff.invoice_detail_state import InvoiceDetailState
from billing_app.web.staff.invoice_editor_events_state import EventChoiceState
from billing_app.web.staff.invoice_editor_lines import EditorLinesState
from billing_app.web.staff.invoice_editor_state import InvoiceEditorState
from tests.support.billing import (
    a_customer,
    all_rows,
    an_event,
    an_invoice_of_events,
)
from tests.support.driver import Driver
from tests.support.world import World
from tests.web.conftest import Browse

TYPED = {
    "kind": "Storage day",
    "reference": "ST-9",
    "happened": "2026-03-01T09:30",
    "quantity": "3 pallets × 4 days",
    "unit": "",
    "rate": "0.85",
    "note": "Bay A",
}


@pytest.fixture
def customer_id(world: World) -> int:
    return a_customer(world, world.northwind)


def record(world: World, customer_id: int, *references: str, **changes: Any) -> None:
    events = [an_event(customer_id, x, world.clock.now, **changes) for x in references]
    world.run(world.northwind.operations, billable_events.record_events, events)


def events(world: World) -> list[Any]:
    return all_rows(world, world.northwind, BillableEvent)


def told(driver: Driver, state: Any) -> list[str]:
    return [notice.words for notice in driver.shown(state, "notices") or []]


class TestRecord:
    @pytest.fixture
    def path(self, customer_id: int) -> str:
        return f"/customers/{customer_id}/events"

    @pytest.mark.feature("F034")
    async def test_by_hand(self, world: World, browse: Browse, path: str):
        async with browse(world.northwind.operations, path) as driver:
            await driver.press(CustomerEventsState.open)
            await driver.press(CustomerEventsState.start_adding)
            for name in ("quantity", "rate"):
                await driver.press(
                    CustomerEventsState.weigh, part=name, text=TYPED[name]
                )
            said = driver.shown(CustomerEventsState, "comes_to")
            await driver.press(CustomerEventsState.save, form=TYPED)

            (line,) = driver.shown(CustomerEventsState, "lines")
        assert said == "3 pallets × 4 days × 0.85 = 10.20"
        assert (line.name, line.amount) == ("Storage day ST-9", "€10.20")
        assert line.happened == "1 Mar 2026 09:30"

    async def test_what_cannot_be_read_stays_and_says_so(
        self, world: World, browse: Browse, path: str
    ):
        async with browse(world.northwind.operations, path) as driver:
            await driver.press(CustomerEventsState.open)
            await driver.press(CustomerEventsState.start_adding)
            form = {**TYPED, "rate": "cheap"}
            await driver.press(CustomerEventsState.save, form=form)

            assert driver.shown(CustomerEventsState, "dialog") == "add"
            assert "rate" in driver.shown(CustomerEventsState, "errors")["rate"]
        assert events(world) == []

    async def test_rows_are_recorded_all_or_none(
        self, world: World, browse: Browse, path: str
    ):
        good = "Pick,ORD-1,2026-03-01,120,picks,0.62,"
        bad = "Pick,ORD-2,yesterday,9,picks,0.62,"
        async with browse(world.northwind.operations, path) as driver:
            await driver.press(CustomerEventsState.open)
            await driver.press(CustomerEventsState.start_pasting)
            rows = f"{good}\n{bad}"
            await driver.press(CustomerEventsState.paste, form={"rows": rows})
            refusal = driver.shown(CustomerEventsState, "errors")["rows"]
            assert refusal.startswith("Row 2: Write the time like")
            assert driver.shown(CustomerEventsState, "rows") == rows
            assert events(world) == []

            await driver.press(CustomerEventsState.paste, form={"rows": good})
            await driver.press(CustomerEventsState.paste, form={"rows": good})
        assert told(driver, CustomerEventsState) == [
            "1 event recorded.",
            "0 events recorded. 1 were known already.",
        ]

    async def test_corrected_removed_and_brought_back(
        self, world: World, browse: Browse, customer_id: int, path: str
    ):
        record(world, customer_id, "a")
        (before,) = events(world)
        async with browse(world.northwind.operations, path) as driver:
            await driver.press(CustomerEventsState.open)
            await driver.press(CustomerEventsState.start_changing, event_id=before.id)
            form = driver.shown(CustomerEventsState, "form")
            assert form["quantity"] == "3 pallets × 4 days"
            await driver.press(CustomerEventsState.save, form={**form, "rate": "1"})
            (corrected,) = events(world)
            assert corrected.amount == 12

            await driver.press(CustomerEventsState.remove, event_id=before.id)
            assert events(world) == []
            notice = driver.shown(CustomerEventsState, "notices")[-1]
            await driver.press(CustomerEventsState.undo, key=notice.key)
        assert [(x.reference, x.amount) for x in events(world)] == [("a", 12)]

    async def test_stays_removed_once_the_page_was_left(
        self, world: World, browse: Browse, customer_id: int, path: str
    ):
        record(world, customer_id, "a")
        async with browse(world.northwind.operations, path) as driver:
            await driver.press(CustomerEventsState.open)
            event_id = events(world)[0].id
            await driver.press(CustomerEventsState.remove, event_id=event_id)
            notice = driver.shown(CustomerEventsState, "notices")[-1]
            await driver.press(CustomerEventsState.leave_notices)
            await driver.press(CustomerEventsState.undo, key=notice.key)
        assert events(world) == []

    async def test_another_workspace_finds_nothing(
        self, world: World, browse: Browse, customer_id: int, path: str
    ):
        record(world, customer_id, "a")
        (event,) = events(world)
        async with browse(world.kestrel.owner, path) as driver:
            await driver.press(CustomerEventsState.open)
            await driver.press(CustomerEventsState.start_changing, event_id=event.id)
            await driver.press(CustomerEventsState.remove, event_id=event.id)
            await driver.press(CustomerEventsState.save, form=TYPED)

        assert driver.shown(CustomerEventsState, "shape") == "gone"
        assert "Chilled" not in repr(driver.deltas)
        assert len(events(world)) == 1


class TestChoose:
    def draft(self, world: World, customer_id: int) -> str:
        form = DraftForm(customer_id, lines=(LineForm(key="a", name="Handling"),))
        saved = world.run(world.northwind.accounting, drafts.create_draft, form)
        return f"/invoices/{saved.invoice_id}/edit"

    def lines(self, world: World) -> tuple[LineForm, ...]:
        (invoice,) = all_rows(world, world.northwind, Invoice)
        return form_from_json(invoice.draft).lines

    async def test_all_of_a_search_become_a_line(
        self, world: World, browse: Browse, customer_id: int
    ):
        record(world, customer_id, "ST-1", "ST-2")
        record(world, customer_id, "ORD-1", kind="Pick")
        path = self.draft(world, customer_id)
        async with browse(world.northwind.accounting, path) as driver:
            await driver.press(InvoiceEditorState.open)
            typed = {"line:a:unit_price": "5"}
            await driver.press(
                InvoiceEditorState.take_typed, draft=1, texts=typed, number=1
            )
            await driver.press(EventChoiceState.start)
            await driver.press(EventChoiceState.search, text="st-")
            await driver.press(EventChoiceState.choose_all)
            assert driver.shown(EventChoiceState, "chosen_words") == "2 chosen, €20.40"
            await driver.press(EventChoiceState.add)

            assert driver.shown(EventChoiceState, "is_open") is False
            assert len(driver.shown(EditorLinesState, "order")) == 2
            billed = driver.shown(EditorLinesState, "events")
            assert list(billed.values()) == ["2 events"]
            assert driver.shown(InvoiceEditorState, "unbilled") == "1"
        by_hand, billed = self.lines(world)
        assert (by_hand.unit_price, billed.quantity) == ("5", "24")

    async def test_or_each_its_own_and_can_be_taken_back(
        self, world: World, browse: Browse, customer_id: int
    ):
        record(world, customer_id, "ST-1", "ST-2")
        path = self.draft(world, customer_id)
        async with browse(world.northwind.accounting, path) as driver:
            await driver.press(InvoiceEditorState.open)
            await driver.press(EventChoiceState.start)
            for event in events(world):
                await driver.press(EventChoiceState.choose, event_id=event.id)
            await driver.press(EventChoiceState.group, grouping=Grouping.EACH.value)
            await driver.press(EventChoiceState.add)
            assert len(self.lines(world)) == 3

            notice = driver.shown(InvoiceEditorState, "notices")[-1]
            assert notice.words == "2 events added."
            await driver.press(InvoiceEditorState.undo, key=notice.key)
        assert [line.name for line in self.lines(world)] == ["Handling"]
        assert {event.invoice_id for event in events(world)} == {None}

    async def test_what_was_billed_meanwhile_is_refused_in_the_dialog(
        self, world: World, browse: Browse, customer_id: int
    ):
        record(world, customer_id, "ST-1")
        (event,) = events(world)
        path = self.draft(world, customer_id)
        async with browse(world.northwind.accounting, path) as driver:
            await driver.press(InvoiceEditorState.open)
            await driver.press(EventChoiceState.start)
            await driver.press(EventChoiceState.choose_all)
            world.run(
                world.northwind.operations, billable_events.remove_event, event.id
            )
            await driver.press(EventChoiceState.add)

            assert "billed meanwhile" in driver.shown(EventChoiceState, "problem")
            assert driver.shown(EventChoiceState, "is_open") is True

    async def test_nothing_can_be_chosen_without_a_customer(
        self, world: World, browse: Browse
    ):
        world.run(world.northwind.accounting, drafts.create_draft, DraftForm())
        async with browse(world.northwind.accounting, "/invoices/1/edit") as driver:
            await driver.press(InvoiceEditorState.open)
            await driver.press(EventChoiceState.start)

        assert not driver.shown(EventChoiceState, "is_open")
        problem = driver.shown(InvoiceEditorState, "customer_problem")
        assert problem == "Choose a customer first."

    async def test_ids_of_others_are_not_chosen(
        self, world: World, browse: Browse, customer_id: int
    ):
        record(world, a_customer(world, world.northwind, "Halden"), "ST-1")
        (event,) = events(world)
        path = self.draft(world, customer_id)
        async with browse(world.northwind.accounting, path) as driver:
            await driver.press(InvoiceEditorState.open)
            await driver.press(EventChoiceState.start)
            await driver.press(EventChoiceState.choose, event_id=event.id)

        assert driver.shown(EventChoiceState, "is_bare") is True
        assert driver.shown(EventChoiceState, "chosen") in (None, [])


class TestBehind:
    @pytest.mark.feature("F034")
    async def test_a_line_opens_to_its_events(
        self, world: World, browse: Browse, customer_id: int
    ):
        event = an_event(customer_id, "ST-1", world.clock.now)
        invoice_id = an_invoice_of_events(world, world.northwind, event)
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.viewer, path) as driver:
            await driver.press(InvoiceDetailState.open)
            assert 'data-line="1"' in driver.shown(InvoiceDetailState, "sheet")
            assert "3 pallets" not in driver.shown(InvoiceDetailState, "sheet")
            await driver.press(BehindState.open_line, position=1)

            (shown,) = driver.shown(BehindState, "events")
            assert shown.arithmetic == "3 pallets × 4 days × 0.85"
            assert driver.shown(BehindState, "sum") == "€10.20"
            await driver.press(BehindState.open_line, position=2)
        assert "There is no such line." in told(driver, BehindState)

    async def test_another_workspace_sees_nothing_behind_it(
        self, world: World, browse: Browse, customer_id: int
    ):
        event = an_event(customer_id, "ST-1", world.clock.now)
        invoice_id = an_invoice_of_events(world, world.northwind, event)
        async with browse(world.kestrel.owner, f"/invoices/{invoice_id}") as driver:
            await driver.press(BehindState.open_line, position=1)

        assert not driver.shown(BehindState, "is_open")
        assert "ST-1" not in repr(driver.deltas)
