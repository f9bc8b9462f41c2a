"""The list of invoices, through the whole pipeline but the browser."""

from __future__ import annotations

import pytest
from sqlmodel import select

from billing_app.domain.draft import DraftForm, LineForm
from billing_app.models import Invoice, Reminder
from billing_app.queries import invoices as queries
from billing_app.queries.reminders import HeldBack
from billing_app.services import drafts, invoices, promises
from billing_app.web.staff.invoices_state import InvoicesState as State
from billing_app.web.staff.reminding import held_words
from tests.support.billing import (
    a_customer,
    all_rows,
    an_invoice,
    outstanding,
    pay,
    read_invoice,
)
from tests.support.credit import an_amount, credit
from tests.support.rows import add_customer, add_invoice
from tests.support.world import World
from tests.web.conftest import Browse


def numbers(driver) -> list[str]:
    return [line.number for line in driver.shown(State, "lines")]


@pytest.fixture
def shelf(world: World) -> World:
    with world.unit(world.northwind.owner) as uow:
        customer = add_customer(uow, "Halden Logistics")
        for _ in range(60):
            add_invoice(uow, customer)
        add_invoice(uow, customer, state="draft")
    with world.unit(world.kestrel.owner) as uow:
        add_invoice(uow, number="INV-KESTREL")
    return world


async def test_shows_a_page_of_the_own_workspace(shelf: World, browse: Browse):
    async with browse(shelf.northwind.viewer, "/invoices") as driver:
        await driver.press(State.open)

    assert len(numbers(driver)) == 50
    assert "INV-KESTREL" not in numbers(driver)
    assert driver.shown(State, "count") == "61"
    assert driver.shown(State, "range_words") == "1 to 50 of 61"
    tabs = {tab.words: tab.count for tab in driver.shown(State, "tabs")}
    assert (tabs["All"], tabs["Draft"], tabs["Due"], tabs["Paid"]) == (
        *("61", "1", "60", "0"),
    )
    rare = [tab.words for tab in driver.shown(State, "rare_tabs")]
    assert rare == ["Sent", "Credited", "Void"]
    assert driver.shown(State, "rare_words") == "More"


async def test_the_address_says_what_is_shown(shelf: World, browse: Browse):
    path = "/invoices?status=due&q=INV-0005&sort=number"
    async with browse(shelf.northwind.viewer, path) as driver:
        await driver.press(State.open)
        await driver.press(State.sort, key="number")
        await driver.press(State.toggle_archived)

    assert numbers(driver) == [f"INV-{n:05}" for n in range(50, 60)]
    assert driver.redirects == [
        "/invoices?status=due&q=INV-0005&sort=-number",
        "/invoices?status=due&q=INV-0005&sort=number&archived=1",
    ]


@pytest.mark.parametrize(
    "query",
    [
        "status=lost",
        *("sent=2", "from=2026-01-01", "currency=EUR"),
        "sort=1;drop table invoice",
        "after=nonsense",
        "after=2026-01-01~x~1",
        "customer=-1",
        "issued=soon",
        f"q={'x' * 300}",
    ],
)
async def test_an_address_of_nobodys_making_leads_back_to_the_list(
    shelf: World, browse: Browse, query: str
):
    async with browse(shelf.northwind.viewer, f"/invoices?{query}") as driver:
        await driver.press(State.open)

    assert driver.redirects == ["/invoices"]
    assert driver.shown(State, "notices")[0].words


async def test_another_workspaces_customer_filters_nothing_out(
    shelf: World, browse: Browse
):
    async with browse(shelf.kestrel.viewer, "/invoices?customer=1") as driver:
        await driver.press(State.open)

    assert driver.shown(State, "lines") in (None, [])
    assert "does not exist" in driver.shown(State, "notices")[0].words


async def test_nothing_yet_and_nothing_found_are_told_apart(
    shelf: World, browse: Browse
):
    async with browse(shelf.northwind.viewer, "/invoices?q=nobody") as driver:
        await driver.press(State.open)
    assert driver.shown(State, "shape") == "none"
    assert driver.shown(State, "none_words") == (
        "“nobody” matches no invoice. Archived invoices are hidden."
    )

    with shelf.unit(shelf.kestrel.owner) as uow:
        uow.get(Invoice, 62).archived_at = uow.now
    async with browse(shelf.kestrel.viewer, "/invoices") as driver:
        await driver.press(State.open)
    assert driver.shown(State, "shape") == "empty"


@pytest.mark.parametrize(
    ("query", "is_told", "shape"),
    [
        # A page of them is among the first that are looked at; or is not.
        ("q=INV-&sort=-number", False, "rows"),
        ("q=INV-0000&sort=-number", True, "rows"),
        ("q=halden&sort=total&due=2020-01-01..2020-01-02", False, "none"),
    ],
)
async def test_what_is_too_much_to_sort_is_told(
    shelf: World,
    browse: Browse,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    is_told: bool,
    shape: str,
):
    monkeypatch.setattr(queries, "GATHERED_MAX", 5)
    monkeypatch.setattr(queries, "LOOKED_MAX", 55)

    async with browse(shelf.northwind.viewer, f"/invoices?{query}") as driver:
        await driver.press(State.open)

    assert bool(driver.shown(State, "partial_words")) == is_told
    assert driver.shown(State, "shape") == shape


@pytest.mark.feature("F051", "G08")
async def test_marks_the_selected_as_sent_and_nothing_else(
    world: World, browse: Browse
):
    place = world.northwind
    mine = [an_invoice(world, place, is_published=False) for _ in range(2)]
    theirs = an_invoice(world, world.kestrel, is_published=False)
    async with browse(place.accounting, "/invoices") as driver:
        await driver.press(State.open)
        for invoice_id in (*mine, theirs):
            await driver.press(State.select, invoice_id=invoice_id)
        assert driver.shown(State, "selected_count") == "2 selected"
        assert driver.shown(State, "selected_sum") == "€200.00"
        await driver.press(State.mark_sent)

    with world.reading(place.system) as uow:
        assert all(uow.get(Invoice, one).sent_at for one in mine)
    with world.reading(world.kestrel.system) as uow:
        assert uow.get(Invoice, theirs).sent_at is None
    assert driver.shown(State, "notices")[0].words == "2 invoices marked as sent."
    assert driver.shown(State, "selected") == []


@pytest.mark.feature("F051", "G08")
async def test_what_was_marked_as_sent_is_a_view_of_its_own(
    world: World, browse: Browse
):
    place = world.northwind
    sent, _ = (an_invoice(world, place) for _ in range(2))
    theirs = an_invoice(world, world.kestrel)
    world.run(place.accounting, invoices.mark_sent, sent)
    world.run(world.kestrel.accounting, invoices.mark_sent, theirs)

    async with browse(place.viewer, "/invoices?sent=1") as driver:
        await driver.press(State.open)

    (line,) = driver.shown(State, "lines")
    assert (line.id, bool(line.sent)) == (sent, True)
    tabs = {tab.words: tab for tab in driver.shown(State, "tabs")}
    rare = {tab.words: tab for tab in driver.shown(State, "rare_tabs")}
    assert (rare["Sent"].count, rare["Sent"].is_current) == ("1", True)
    assert driver.shown(State, "rare_words") == "Sent"
    assert not tabs["All"].is_current
    assert rare["Sent"].href == "/invoices?sent=1"
    assert tabs["Disputed"].href == "/invoices?disputed=1"
    assert tabs["Due"].href == "/invoices?status=due"


@pytest.mark.feature("G03", "G08")
async def test_a_row_says_how_the_invoice_charges(world: World, browse: Browse):
    place = world.northwind
    an_invoice(world, place)
    customer_id = a_customer(world, place)
    for work in (
        {"mode": "fixed", "amount": "125.00"},
        {"mode": "percent", "percent": "30", "job_total": "1000"},
    ):
        form = DraftForm(customer_id=customer_id, work="Refit", **work)
        draft = world.run(place.accounting, drafts.create_draft, form)
        world.run(place.accounting, invoices.issue, draft.invoice_id, draft.version)

    async with browse(place.viewer, "/invoices?sort=number") as driver:
        await driver.press(State.open)

    modes = [line.mode for line in driver.shown(State, "lines")]
    assert modes == ["", "Fixed amount", "Part of a job"]


@pytest.mark.feature("F051", "G08")
async def test_marks_the_selected_as_paid_and_takes_it_back(
    world: World, browse: Browse
):
    place = world.northwind
    mine = [an_invoice(world, place) for _ in range(2)]
    draft = world.run(place.accounting, drafts.duplicate, mine[0]).invoice_id
    async with browse(place.accounting, "/invoices") as driver:
        await driver.press(State.open)
        for invoice_id in (*mine, draft):
            await driver.press(State.select, invoice_id=invoice_id)
        await driver.press(State.start_marking_paid)
        assert driver.shown(State, "paid_on") == f"{world.clock.now:%Y-%m-%d}"
        form = {"received_on": "2999-01-01", "method": "check", "reference": ""}
        await driver.press(State.mark_paid, form=form)
        assert driver.shown(State, "paid_errors")["received_on"]
        assert driver.shown(State, "is_marking_paid")

        form["received_on"] = driver.shown(State, "paid_on")
        await driver.press(State.mark_paid, form=form)

        assert not driver.shown(State, "is_marking_paid")
        notice = driver.shown(State, "notices")[-1]
        assert notice.words == (
            "2 invoices marked as paid. Left as they were: a draft is still a draft."
        )
        assert [outstanding(world, place, one) for one in mine] == [0, 0]
        await driver.press(State.mark_paid, form=form)
        assert driver.shown(State, "notices")[-1] == notice

        await driver.press(State.undo, key=notice.key)

    assert [outstanding(world, place, one) for one in mine] == [10_000] * 2
    said = [notice.words for notice in driver.shown(State, "notices")]
    assert said == ["2 payments taken back."]


async def test_what_is_chosen_for_one_page_is_not_chosen_on_the_other(
    world: World, browse: Browse
):
    invoice_id = an_invoice(world, world.northwind)
    async with browse(world.northwind.accounting, "/invoices") as driver:
        await driver.press(State.open)
        await driver.press(State.select, invoice_id=invoice_id)
        await driver.press(State.start_marking_paid)

        driver.path = "/accounting"
        await driver.press(State.open)

    assert driver.shown(State, "selected") == []
    assert not driver.shown(State, "is_marking_paid")


async def test_all_of_the_page_are_selected_archived_and_brought_back(
    world: World, browse: Browse
):
    place = world.northwind
    mine = [an_invoice(world, place) for _ in range(3)]
    theirs = an_invoice(world, world.kestrel)
    async with browse(place.accounting, "/invoices") as driver:
        await driver.press(State.open)
        await driver.press(State.select_all)
        assert driver.shown(State, "selects_all")
        await driver.press(State.archive)
        assert driver.shown(State, "lines") == []
        assert driver.shown(State, "selected") == []
        notice = driver.shown(State, "notices")[0]
        assert (notice.words, notice.undo) == ("3 invoices archived.", "Undo")

        await driver.press(State.undo, key=notice.key)
        assert {line.id for line in driver.shown(State, "lines")} == set(mine)

    with world.reading(world.kestrel.system) as uow:
        assert uow.get(Invoice, theirs).archived_at is None


async def test_drafts_among_the_selected_are_deleted_and_brought_back(
    world: World, browse: Browse
):
    place = world.northwind
    issued = an_invoice(world, place)
    form = DraftForm(lines=(LineForm(name="Landing fee", unit_price="10"),))
    mine = [
        world.run(place.accounting, drafts.create_draft, form).invoice_id
        for _ in range(2)
    ]
    theirs = world.run(world.kestrel.owner, drafts.create_draft, form).invoice_id
    async with browse(place.accounting, "/invoices") as driver:
        await driver.press(State.open)
        await driver.press(State.select, invoice_id=issued)
        assert not driver.shown(State, "selects_drafts")
        await driver.press(State.select, invoice_id=mine[0])
        await driver.press(State.select, invoice_id=mine[1])
        assert driver.shown(State, "selects_drafts")

        await driver.press(State.delete_drafts)
        assert [line.id for line in driver.shown(State, "lines")] == [issued]
        notice = driver.shown(State, "notices")[0]
        assert notice.words.startswith("2 drafts deleted. 1 left as they were")

        await driver.press(State.undo, key=notice.key)
        shown = {line.id for line in driver.shown(State, "lines")}
        assert shown == {issued, *mine}

    # Any number may be sent: what is another's stays.
    world.run(place.accounting, drafts.delete_many, [theirs])
    with world.reading(world.kestrel.system) as uow:
        assert uow.get(Invoice, theirs).deleted_at is None


async def test_reminds_of_the_selected_that_are_unpaid(world: World, browse: Browse):
    place = world.northwind
    unpaid, paid = (an_invoice(world, place) for _ in range(2))
    pay(world, place, paid, "100.00")
    async with browse(place.accounting, "/invoices") as driver:
        await driver.press(State.open)
        await driver.press(State.select_all)
        await driver.press(State.start_reminding)
        asked = driver.shown(State, "reminding_words")
        left_out = driver.shown(State, "held_back")
        assert all_rows(world, place, Reminder) == []
        for _ in range(2):
            await driver.press(State.send_reminders)

    number = read_invoice(world, place, paid).number
    assert asked.startswith("1 reminder, each to the customer of its invoice")
    assert left_out == [f"{number}: Nothing is outstanding."]
    with world.reading(place.system) as uow:
        assert [it.invoice_id for it in uow.all(select(Reminder))] == [unpaid]
    words = driver.shown(State, "notices")[0].words
    assert "1 not reminded: nothing to ask for, or a promise to wait." in words


async def test_says_before_reminding_who_promised_to_pay(world: World, browse: Browse):
    place = world.northwind
    promised = an_invoice(world, place)
    note = promises.note_promise
    world.run(place.accounting, note, promised, "2026-03-20")

    async with browse(place.accounting, "/invoices") as driver:
        await driver.press(State.open)
        await driver.press(State.select_all)
        await driver.press(State.start_reminding)

    number = read_invoice(world, place, promised).number
    assert driver.shown(State, "held_back") == [
        f"{number}: The customer has promised to pay by 20 March 2026; "
        "reminders wait until then."
    ]
    assert driver.shown(State, "reminds_any") is False


def test_of_many_that_are_left_out_says_the_rarest_reason_first():
    held = [HeldBack(f"INV-{number}", "It is void.") for number in range(10)]
    held += [HeldBack("INV-21", "They promised."), HeldBack("INV-20", "They promised.")]

    assert held_words(held) == [
        "INV-21, INV-20: They promised.",
        "10 invoices: It is void.",
    ]


def test_of_many_reasons_says_some():
    held = [HeldBack("", f"By {day} March.") for day in range(11)]

    words = held_words(held)

    assert words[0] == "A draft: By 0 March."
    assert (len(words), words[-1]) == (9, "3 more")


@pytest.mark.feature("F014")
async def test_a_viewer_may_not_mark_anything(world: World, browse: Browse):
    invoice_id = an_invoice(world, world.northwind, is_published=False)
    async with browse(world.northwind.viewer, "/invoices") as driver:
        await driver.press(State.open)
        await driver.press(State.select, invoice_id=invoice_id)
        await driver.press(State.mark_sent)

    assert driver.shown(State, "notices")[0].words == "Your role doesn't allow this."


async def test_rows_change_where_they_stand_and_new_ones_wait(
    world: World, browse: Browse
):
    place = world.northwind
    first = an_invoice(world, place, "100.00")
    an_invoice(world, place, "50.00")
    async with browse(place.viewer, "/invoices?sort=-outstanding") as driver:
        await driver.press(State.open)
        order = numbers(driver)
        await driver.watch(State.watch)

        pay(world, place, first, "100.00")
        await driver.until(lambda: driver.shown(State, "lines")[0].status == "Paid")
        assert numbers(driver) == order

        an_invoice(world, place, "10.00")
        await driver.until(lambda: driver.shown(State, "news") == "1 new")
        assert numbers(driver) == order

        await driver.press(State.show_news)
        assert len(numbers(driver)) == 3
        assert driver.shown(State, "news") == ""


async def test_a_draft_that_was_just_deleted_can_come_back(
    world: World, browse: Browse
):
    place = world.northwind
    draft = world.run(place.accounting, drafts.create_draft, DraftForm())
    world.run(place.accounting, drafts.delete_draft, draft.invoice_id)
    path = f"/invoices?deleted={draft.invoice_id}"
    async with browse(place.accounting, path) as driver:
        await driver.press(State.open)
        (notice,) = driver.shown(State, "notices")
        assert (notice.words, notice.undo) == ("Draft deleted.", "Undo")
        assert driver.redirects == ["/invoices"]
        await driver.press(State.leave_notices)
        assert driver.shown(State, "notices") == [notice]
        await driver.press(State.undo, key=notice.key)

    with world.reading(place.system) as uow:
        assert uow.get(Invoice, draft.invoice_id).deleted_at is None


async def test_what_no_notice_offers_any_more_is_not_taken_back(
    world: World, browse: Browse
):
    place = world.northwind
    invoice_id = an_invoice(world, place)
    async with browse(place.accounting, "/invoices") as driver:
        await driver.press(State.open)
        await driver.press(State.select, invoice_id=invoice_id)
        await driver.press(State.archive)
        (notice,) = driver.shown(State, "notices")
        await driver.press(State.leave_notices)
        await driver.press(State.undo, key=notice.key)

    with world.reading(place.system) as uow:
        assert uow.get(Invoice, invoice_id).archived_at is not None


async def test_that_a_draft_was_deleted_is_said_on_one_visit(
    world: World, browse: Browse
):
    async with browse(world.northwind.accounting, "/invoices?deleted=1") as driver:
        await driver.press(State.open)
        await driver.press(State.leave_notices)
        await driver.press(State.leave_notices)

    assert driver.shown(State, "notices") == []


async def test_dates_in_the_wrong_order_are_refused_beside_the_field(
    shelf: World, browse: Browse
):
    form = {"issued_first": "2026-03-02", "issued_last": "2026-03-01"}
    async with browse(shelf.northwind.viewer, "/invoices") as driver:
        await driver.press(State.open)
        await driver.press(State.filter_dates, form=form)

    assert driver.shown(State, "date_errors") == {
        "issued": "The second day comes before the first."
    }
    assert driver.redirects == []


async def test_the_dates_that_were_asked_for_stay_on_their_page(
    shelf: World, browse: Browse
):
    """Another list, or this one on another day, opens without a dialog on it."""
    async with browse(shelf.northwind.viewer, "/invoices") as driver:
        await driver.press(State.open)
        await driver.press(State.start_filtering)
        assert driver.shown(State, "is_filtering") is True

        await driver.press(State.open)
        assert driver.shown(State, "is_filtering") is False


@pytest.mark.feature("G03", "G08")
async def test_a_card_tells_rows_apart_by_one_figure(world: World, browse: Browse):
    place = world.northwind
    paid = an_invoice(world, place, "100.00")
    pay(world, place, paid, "100.00")
    partly = an_invoice(world, place, "200.00")
    pay(world, place, partly, "75.00")
    credited = an_invoice(world, place, "300.00")
    credit(world, place, credited, an_amount("40.00"))
    an_invoice(world, place, "400.00")

    async with browse(place.viewer, "/invoices?sort=total") as driver:
        await driver.press(State.open)

    cards = [
        (line.figure, line.of_total, line.reduced)
        for line in driver.shown(State, "lines")
    ]
    assert cards == [
        ("€100.00", "", ""),
        ("€125.00", "of €200.00", ""),
        ("€260.00", "of €300.00", "€40.00 credited"),
        ("€400.00", "", ""),
    ]


@pytest.mark.parametrize(
    "handler", ["archive", "delete_drafts", "mark_sent", "show_news"]
)
async def test_a_button_of_a_list_that_was_never_opened_shows_the_list(
    shelf: World, browse: Browse, handler: str
):
    async with browse(shelf.northwind.owner, "/invoices") as driver:
        await driver.press(State.select, invoice_id=1)
        await driver.press(getattr(State, handler))

    assert "Something went wrong" not in repr(driver.deltas)
    assert len(numbers(driver)) == 50
    assert "INV-KESTREL" not in numbers(driver)
