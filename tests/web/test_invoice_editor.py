"""The builder's own rules, through the whole pipeline but the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import ClassVar

import pytest
from reflex_base.utils.format import format_event_handler
from sqlmodel import select

from billing_app.documents.e_invoice import write_ubl
from billing_app.domain.custom_fields import CustomField, fields_to_json
from billing_app.domain.document import PartyId
from billing_app.domain.draft import DraftForm, LineForm, form_from_json
from billing_app.domain.events import Topic
from billing_app.domain.portal_settings import VisibleOn
from billing_app.domain.product import ProductForm
from billing_app.models import (
    Customer,
    Invoice,
    OutboxMessage,
    Payment,
    WorkspaceSettings,
)
from billing_app.queries.issued_files import read_issued
from billing_app.queries.settings import list_taxes
from billing_app.services import drafts
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.services.invoices import issue
from billing_app.services.products import add_product
from billing_app.services.settings import BusinessForm, change_business
from billing_app.services.taxes import TaxForm, change_tax
from billing_app.web.staff.invoice_editor_catalogue import (
    EditorCatalogueState,
    Offer,
)
from billing_app.web.staff.invoice_editor_lines import (
    FIELDS,
    LINE_FIELDS,
    EditorLinesState,
)
from billing_app.web.staff.invoice_editor_state import InvoiceEditorState as State
from billing_app.web.staff.invoice_words import plain_pdf_words
from tests.documents.e_invoice_rules import (
    XRECHNUNG,
    broken_network_rules,
    claimed_standard,
)
from tests.support.billing import a_customer, all_rows, an_invoice, pay
from tests.support.driver import Driver
from tests.support.world import World
from tests.web.conftest import Browse

LINES = (
    LineForm(key="a", name="Fuel", unit_price="100"),
    LineForm(key="b", name="Handling", unit_price="20"),
)
TOTAL, PREVIEW = "total_rx_state_", "preview_rx_state_"


def make_draft(world: World, lines: tuple[LineForm, ...] = LINES) -> int:
    form = DraftForm(notes="Thank you", lines=lines)
    return world.run(world.northwind.accounting, drafts.create_draft, form).invoice_id


def stored(world: World, invoice_id: int) -> DraftForm:
    with world.reading(world.northwind.system) as uow:
        return form_from_json(uow.get(Invoice, invoice_id).draft or {})


def names(world: World, invoice_id: int) -> list[str]:
    return [line.name for line in stored(world, invoice_id).lines]


def keys(driver: Driver) -> list[str]:
    return list(driver.shown(EditorLinesState, "order"))


def told(driver: Driver) -> list[str]:
    return [notice.words for notice in driver.shown(State, "notices") or []]


@pytest.fixture
async def desk(world: World, browse: Browse) -> AsyncIterator[Driver]:
    """The builder with a draft of two lines open."""
    invoice_id = make_draft(world)
    path = f"/invoices/{invoice_id}/edit"
    async with browse(world.northwind.accounting, path) as driver:
        await driver.press(State.open)
        yield driver


async def test_names_what_should_be_there_before_it_is_issued(
    world: World, browse: Browse
):
    place = world.northwind
    buyer = CustomerForm(name="De Waal", address="Wijnhaven 60")
    customer_id = world.run(place.accounting, create_customer, buyer)
    form = DraftForm(customer_id=customer_id, lines=LINES)
    made = world.run(place.accounting, drafts.create_draft, form)
    path = f"/invoices/{made.invoice_id}/edit"

    async with browse(place.accounting, path) as fresh:
        await fresh.press(State.open)
        assert [x.partition(":")[0] for x in fresh.shown(State, "lacking")] == [
            "Your own address is missing",
            "It says nowhere how to pay",
        ]

        with world.unit(place.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.address = "Kade 1"
            iban = {"label": "IBAN", "value": "NL91 ABNA 0417 1643 00"}
            settings.bank_details = [iban]
        await fresh.press(State.open)
        assert fresh.shown(State, "lacking") == []


async def test_leads_to_the_address_that_is_missing(world: World, browse: Browse):
    place = world.northwind
    buyer = CustomerForm(name="De Waal")
    customer_id = world.run(place.accounting, create_customer, buyer)
    taxes = {x.name: x.tax_id for x in world.run(place.admin, list_taxes)}
    tax_id = str(taxes["VAT 21 %"])
    lines = (LineForm(key="a", name="Fuel", unit_price="100", tax_id=tax_id),)
    form = DraftForm(customer_id=customer_id, lines=lines)
    made = world.run(place.accounting, drafts.create_draft, form)
    async with browse(place.accounting, f"/invoices/{made.invoice_id}/edit") as fresh:
        await fresh.press(State.open)
        said = "The customer's address is missing, and tax is charged."
        assert said in fresh.shown(State, "lacking")
        assert fresh.shown(State, "customer_href") == f"/customers/{customer_id}"

        with world.unit(place.system) as uow:
            uow.get(Customer, customer_id).address = "Wijnhaven 60"
        await fresh.press(State.open)
        assert fresh.shown(State, "customer_href") == ""


async def test_says_what_credit_the_customer_has(world: World, browse: Browse):
    """In each currency; whose is another's is not mentioned, and nor is none."""
    place = world.northwind
    rich, _ = (a_customer(world, place, name) for name in ("Rich", "Poor"))
    for currency, total in (("EUR", "100.00"), ("USD", "10.00")):
        paid = an_invoice(world, place, total, customer_id=rich, currency=currency)
        pay(world, place, paid, "150.00")
    pay(world, world.kestrel, an_invoice(world, world.kestrel, "1.00"), "9.00")
    made = world.run(place.accounting, drafts.start_draft, rich)

    async with browse(place.accounting, f"/invoices/{made.invoice_id}/edit") as desk:
        await desk.press(State.open)
        hint = desk.shown(State, "customer_hint")
        assert hint.endswith(
            ". Has €50.00 and $140.00 credit, to use once this is issued"
        )
        await desk.press(State.type_customer, typed="Poor")
        hint = desk.shown(State, "customer_hint")
        assert hint == "Net 30, mail to ap@vermeer.example"


async def test_names_terms_that_contradict_the_customers_own_days(
    world: World, browse: Browse
):
    place = world.northwind
    buyer = CustomerForm(name="De Waal", address="Wijnhaven 60", net_days="14")
    customer_id = world.run(place.accounting, create_customer, buyer)
    with world.unit(place.system) as uow:
        uow.one(select(WorkspaceSettings)).terms = "Payment within 21 days"
    made = world.run(place.accounting, drafts.start_draft, customer_id)
    said = "The text says 21 days; the invoice is due 14 days after its issue."

    path = f"/invoices/{made.invoice_id}/edit"
    async with browse(place.accounting, path) as fresh:
        await fresh.press(State.open)
        typed = {"issued_on": "", "due_on": ""}
        await fresh.press(
            State.take_typed, draft=made.invoice_id, texts=typed, number=7
        )

        assert fresh.shown(State, "terms_warning") == said
        assert said in fresh.shown(State, "lacking")


async def test_asks_before_it_issues_what_lacks_something(world: World, browse: Browse):
    place = world.northwind
    customer_id = world.run(
        place.accounting, create_customer, CustomerForm(name="De Waal")
    )
    form = DraftForm(customer_id=customer_id, lines=LINES)
    made = world.run(place.accounting, drafts.create_draft, form)

    async with browse(place.accounting, f"/invoices/{made.invoice_id}/edit") as driver:
        await driver.press(State.open)

        def total() -> str:
            return driver.shown(State, "total")

        await driver.press(State.issue_anyway, shown=total())
        await driver.press(State.issue, shown=total())
        assert driver.shown(State, "is_asking") is True
        await driver.press(State.go_back)
        assert driver.redirects == []

        await driver.press(State.issue, shown=total())
        await driver.press(State.issue_anyway, shown=total())
        assert driver.shown(State, "is_asking") is False
        assert driver.redirects == [f"/invoices/{made.invoice_id}"]

    with world.reading(place.system) as uow:
        assert uow.get(Invoice, made.invoice_id).number


async def test_a_draft_in_another_currency_than_usual_says_so(
    world: World, desk: Driver
):
    assert desk.shown(State, "currency_hint") == ""

    form = BusinessForm("Northwind", "Northwind", zone="Europe/Amsterdam")
    usd = replace(form, currency="USD")
    world.run(world.northwind.admin, change_business, 1, usd)
    await desk.press(State.open)
    assert desk.shown(State, "currency_hint") == "This draft is in EUR; usual is USD."

    await desk.press(State.choose_currency, code="USD")
    assert desk.shown(State, "currency_hint") == ""


async def test_no_tax_is_offered_once(desk: Driver):
    words = [words for _, words in desk.shown(EditorLinesState, "taxes")]

    assert words[0] == "No tax"
    assert words.count("No tax") == 1


def test_only_fields_of_the_form_can_be_set():
    assert "customer_id" not in FIELDS
    assert "lines" not in FIELDS
    assert "key" not in LINE_FIELDS
    assert "group" not in LINE_FIELDS


@pytest.mark.parametrize("path", ["/invoices/1/edit", "/invoices/999/edit"])
async def test_what_is_not_the_workspaces_is_the_page_that_says_so(
    world: World, browse: Browse, path: str
):
    make_draft(world)
    async with browse(world.kestrel.owner, path) as driver:
        await driver.press(State.open)

    assert driver.redirects == [path.removesuffix("/edit")]
    assert "Fuel" not in str(driver.deltas)


@pytest.mark.feature("A04", "R42")
async def test_what_an_authority_wants_is_named_and_never_in_the_way(
    world: World, browse: Browse
):
    place = world.northwind
    with world.unit(place.system) as uow:
        business = uow.one(select(WorkspaceSettings))
        business.legal_name, business.registration = "Hafenwerk", "HRB 12345"
        business.address, business.country = "Am Kai 7\n20457 Hamburg", "DE"
        business.email = "rechnung@hafenwerk.example"
        business.bank_iban = "DE02120300000000202051"
    buyer = CustomerForm(
        name="Stadt Musterhausen",
        address="Rathausplatz 1",
        postal_code="99084",
        town="Erfurt",
        country="DE",
        reference="991-33333TEST-33",
    )
    customer_id = world.run(place.accounting, create_customer, buyer)
    form = DraftForm(customer_id=customer_id, lines=LINES)
    draft = world.run(place.accounting, drafts.create_draft, form)
    path = f"/invoices/{draft.invoice_id}/edit"
    async with browse(place.accounting, path) as driver:
        await driver.press(State.open)
        assert driver.shown(State, "lacks") == (
            "An e-invoice, but not an XRechnung yet: German rules want a phone number "
            "of your business: add it."
        )
        # A draft has no number to pay it by.
        assert "<svg" not in driver.shown(State, "preview")

    issued = world.run(place.accounting, issue, draft.invoice_id, draft.version)
    document = world.run(place.viewer, read_issued, issued.invoice_id)
    assert document.seller.town == "Hamburg"
    assert document.buyer.endpoint == PartyId("0204", "991-33333TEST-33")
    assert claimed_standard(write_ubl(document)) == ""
    # Nothing can be added to it any more, so nobody is asked to.
    assert plain_pdf_words(document, is_issued=True) == (
        "An e-invoice, but not an XRechnung."
    )

    phone = replace(document.seller, phone="+49 40 5550142")
    called = write_ubl(replace(document, seller=phone))
    assert claimed_standard(called) == XRECHNUNG
    assert broken_network_rules(called) == []


class TestTyping:
    @pytest.mark.feature("F045")
    async def test_what_is_typed_is_counted_and_heard(self, desk: Driver):
        typed = {"line:a:unit_price": "150", "notes": "Hello"}
        await desk.press(State.take_typed, draft=1, texts=typed, number=7)

        assert desk.shown(State, "heard") == 7
        assert desk.shown(State, "total") == "€170.00"
        assert "Hello" in desk.shown(State, "preview")

    async def test_the_preview_comes_after_the_total(self, desk: Driver):
        before = len(desk.deltas)
        typed = {"line:a:unit_price": "150"}
        await desk.press(State.take_typed, draft=1, texts=typed, number=7)

        sent = [delta.get(State.get_full_name(), {}) for delta in desk.deltas[before:]]
        first, *later = [set(it) & {TOTAL, PREVIEW} for it in sent if it]
        assert first == {TOTAL}
        assert {PREVIEW} in later

    async def test_keys_that_come_together_are_drawn_together(self, desk: Driver):
        before = len(desk.deltas)
        for number, price in enumerate(("1", "15", "150")):
            typed = {"line:a:unit_price": price}
            name = format_event_handler(State.take_typed)
            await desk.start(name, draft=1, texts=typed, number=number)
        await desk.until(lambda: "€170.00" in desk.shown(State, "preview"))

        sent = [delta.get(State.get_full_name(), {}) for delta in desk.deltas[before:]]
        assert sum(TOTAL in it for it in sent) == 3
        assert sum(PREVIEW in it for it in sent) == 1

    async def test_what_was_typed_last_is_saved_before_another_draft_is_opened(
        self, world: World, desk: Driver
    ):
        desk.path = f"/invoices/{make_draft(world)}/edit"
        typed = {"line:a:name": "Fuel and oil"}
        await desk.press(State.take_typed, draft=1, texts=typed, number=7)
        await desk.press(State.open)

        assert names(world, 1) == ["Fuel and oil", "Handling"]
        assert names(world, 2) == ["Fuel", "Handling"]

    async def test_a_new_invoice_is_not_the_one_that_was_just_typed_into(
        self, world: World, browse: Browse
    ):
        biller = world.northwind.accounting
        first = world.run(biller, drafts.start_draft).invoice_id
        async with browse(biller, f"/invoices/{first}/edit") as driver:
            await driver.press(State.open)
            typed = {"line:line-1:name": "Fuel"}
            await driver.press(State.take_typed, draft=first, texts=typed, number=7)
            driver.path = "/invoices/new"
            await driver.press(State.start)

            assert names(world, first) == ["Fuel"]
            (there,) = driver.redirects
        assert there.endswith("/edit")
        assert there != f"/invoices/{first}/edit"

    async def test_terms_that_name_other_days_than_the_due_date_are_told(
        self, desk: Driver
    ):
        typed = {"terms": "Payment within 14 days.", "issued_on": "2026-03-01"}
        later = {**typed, "due_on": "2026-03-31"}
        await desk.press(State.take_typed, draft=1, texts=later, number=7)
        assert desk.shown(State, "terms_warning") == (
            "The text says 14 days; the invoice is due 30 days after its issue."
        )

        early = {**typed, "due_on": "2026-02-01"}
        await desk.press(State.take_typed, draft=1, texts=early, number=8)
        assert desk.shown(State, "terms_warning") == (
            "The text says 14 days; the invoice is due before its issue date."
        )

        agreed = {**typed, "due_on": "2026-03-15"}
        await desk.press(State.take_typed, draft=1, texts=agreed, number=9)

        assert desk.shown(State, "terms_warning") == ""

    async def test_an_empty_date_says_what_the_preview_prints(self, desk: Driver):
        await desk.press(
            State.take_typed, draft=1, texts={"issued_on": "", "due_on": ""}, number=7
        )
        assert desk.shown(State, "issued_hint") == "Today, 2 Mar 2026"
        assert desk.shown(State, "due_hint") == "1 Apr 2026, 30 days"

        typed = {"issued_on": "2026-03-05"}
        await desk.press(State.take_typed, draft=1, texts=typed, number=8)
        assert desk.shown(State, "issued_hint") == ""
        assert desk.shown(State, "due_hint") == "4 Apr 2026, 30 days"

        typed = {"due_on": "2026-03-31"}
        await desk.press(State.take_typed, draft=1, texts=typed, number=9)
        assert desk.shown(State, "due_hint") == ""

    async def test_what_was_typed_into_another_draft_stays_there(
        self, world: World, desk: Driver
    ):
        typed = {"line:a:name": "Other"}
        await desk.press(State.take_typed, draft=2, texts=typed, number=7)
        await desk.press(State.save)

        assert names(world, 1) == ["Fuel", "Handling"]
        assert desk.shown(State, "heard") == 0

    async def test_names_and_values_of_no_field_are_left_out(
        self, world: World, desk: Driver
    ):
        typed = {"customer_id": "9", "line:a:key": "z", "line:no:name": "x"}
        await desk.press(
            State.take_typed, draft=1, texts=typed | {"notes": 5}, number=1
        )
        await desk.press(State.save)

        assert stored(world, 1) == DraftForm(notes="Thank you", lines=LINES)

    async def test_fields_of_ones_own_and_the_rate_are_kept_and_named(
        self, world: World, desk: Driver
    ):
        fields = [CustomField("k1", "Day", "date"), CustomField("k2", "Margin")]
        with world.unit(world.northwind.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.custom_fields = fields_to_json(fields)
            settings.tax_currency = "PLN"
        await desk.press(State.open)
        typed = {"own:k1": "soon", "own:k2": "40", "own:" + "x" * 9: "no key"}
        rate = {"tax_rate": "4.3", "tax_rate_on": "2026-03-01", "tax_rate_source": "E"}

        await desk.press(State.take_typed, draft=1, texts=typed | rate, number=1)
        await desk.press(State.save)

        assert stored(world, 1).own == (("k1", "soon"), ("k2", "40"))
        assert "EUR/PLN" in desk.shown(State, "preview")
        day, margin = desk.shown(State, "own_fields")
        assert day.problem.startswith("Write the date like")
        assert (margin.label, margin.problem) == ("Margin", "")

    async def test_fields_of_ones_own_on_lines_are_kept_and_named(
        self, world: World, desk: Driver
    ):
        fields = [CustomField("k1", "Warranty", "date", place="line")]
        with world.unit(world.northwind.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.custom_fields = fields_to_json(fields)
        await desk.press(State.open)
        typed = {"line:a:own:k1": "soon", "line:b:own:k1": "2028-03-01"}

        await desk.press(State.take_typed, draft=1, texts=typed, number=1)
        await desk.press(State.save)

        kept = [line.own for line in stored(world, 1).lines]
        assert kept == [(("k1", "soon"),), (("k1", "2028-03-01"),)]
        problems = desk.shown(EditorLinesState, "problems")
        assert problems.keys() == {"a"}
        assert problems["a"].wrong == "own:k1"
        assert "Warranty: 1 March 2028" in desk.shown(State, "preview")
        assert desk.shown(State, "own_fields") == []

    async def test_a_sign_no_database_keeps_is_dropped(
        self, world: World, desk: Driver
    ):
        await desk.press(State.take_typed, draft=1, texts={"notes": "a\0bc"}, number=1)
        await desk.press(State.save)

        assert stored(world, 1).notes == "abc"

    @pytest.mark.parametrize(
        ("part", "value", "sentence"),
        [
            ("unit_price", "NaN", "cannot be read as a number"),
            ("unit_price", "1e5", "cannot be read as a number"),
            ("unit_price", "１２", "cannot be read as a number"),
            ("unit_price", "10.005", "read in two ways"),
            ("quantity", "-1", "must not be below zero"),
            ("name", " ", "Say what this line is for"),
        ],
    )
    async def test_a_bad_cell_is_named_and_kept(
        self, world: World, desk: Driver, part: str, value: str, sentence: str
    ):
        await desk.press(
            State.take_typed, draft=1, texts={f"line:a:{part}": value}, number=1
        )
        await desk.press(State.save)

        problem = desk.shown(EditorLinesState, "problems")["a"]
        assert sentence in problem.sentence
        assert problem.wrong == part
        assert getattr(stored(world, 1).lines[0], part) == value
        assert desk.shown(State, "to_fix") == "1 thing to fix before you issue"


class TestLines:
    async def test_moves_keep_their_order_when_saved(self, world: World, desk: Driver):
        await desk.press(State.move_line, key="b", step=-1)
        assert names(world, 1) == ["Handling", "Fuel"]

        await desk.press(State.move_line, key="b", step=-1)
        assert names(world, 1) == ["Handling", "Fuel"]

    async def test_a_removed_line_can_be_had_back(self, world: World, desk: Driver):
        typed = {"line:a:unit_price": "150"}
        await desk.press(State.take_typed, draft=1, texts=typed, number=7)
        await desk.press(State.remove_line, key="a")
        assert names(world, 1) == ["Handling"]

        notice = desk.shown(State, "notices")[-1]
        await desk.press(State.undo, key=notice.key)
        assert names(world, 1) == ["Fuel", "Handling"]
        assert desk.shown(EditorLinesState, "later")["a"].unit_price == "150"

    async def test_a_new_line_sends_nothing_of_the_others(self, desk: Driver):
        before = len(desk.deltas)
        await desk.press(State.add_line)

        assert "Fuel" not in str(desk.deltas[before:])
        assert keys(desk) == ["a", "b", *desk.shown(EditorLinesState, "later")]

    async def test_a_removed_line_stays_away_once_the_page_was_left(
        self, world: World, desk: Driver
    ):
        await desk.press(State.remove_line, key="a")
        notice = desk.shown(State, "notices")[-1]
        await desk.press(State.leave_notices)
        await desk.press(State.open)

        await desk.press(State.undo, key=notice.key)

        assert names(world, 1) == ["Handling"]

    async def test_a_new_line_never_has_the_key_of_an_old_one(self, desk: Driver):
        await desk.press(State.add_line)
        first = keys(desk)[-1]
        await desk.press(State.remove_line, key=first)
        await desk.press(State.add_line)

        assert keys(desk)[-1] != first

    async def test_rows_are_pasted_behind_the_line_and_can_be_taken_back(
        self, world: World, desk: Driver
    ):
        pasted = {"text": "Item\tQty\tPrice\nCrew\t2\t385.00\nCatering\t1\t1,200"}
        await desk.press(State.paste, key="a", pasted=pasted)
        assert names(world, 1) == ["Fuel", "Crew", "Catering", "Handling"]
        assert desk.shown(State, "total") == "€2,090.00"

        notice = desk.shown(State, "notices")[-1]
        assert (notice.words, notice.undo) == ("2 lines pasted.", "Undo")
        await desk.press(State.undo, key=notice.key)
        assert names(world, 1) == ["Fuel", "Handling"]

    async def test_an_empty_line_makes_room_for_what_is_pasted(
        self, world: World, desk: Driver
    ):
        await desk.press(State.add_line)
        await desk.press(
            State.paste, key=keys(desk)[-1], pasted={"text": "Crew\t1\nWater\t2"}
        )

        assert names(world, 1) == ["Fuel", "Handling", "Crew", "Water"]

    async def test_more_rows_than_fit_are_refused_and_change_nothing(
        self, world: World, desk: Driver
    ):
        text = "\n".join(f"Row {number}\t1" for number in range(499))
        await desk.press(State.paste, key="a", pasted={"text": text})

        assert told(desk) == [
            "An invoice holds at most 500 lines; with these rows it would have 501, "
            "so nothing was pasted."
        ]
        assert names(world, 1) == ["Fuel", "Handling"]


class TestTwoPeople:
    """Somebody else saves the draft while it is open here."""

    @pytest.fixture
    def theirs(self, world: World, desk: Driver) -> DraftForm:
        form = DraftForm(notes="Theirs", lines=LINES[1:])
        world.run(world.northwind.owner, drafts.save_draft, 1, 1, form)
        return form

    @pytest.fixture
    async def stale(self, theirs: DraftForm, desk: Driver) -> Driver:
        await desk.press(State.take_typed, draft=1, texts={"notes": "Mine"}, number=5)
        await desk.press(State.save)
        return desk

    async def test_a_stale_save_is_refused_and_loses_nothing(
        self, world: World, stale: Driver, theirs: DraftForm
    ):
        assert stale.shown(State, "is_stale") is True
        assert stored(world, 1) == theirs
        assert "Mine" in stale.shown(State, "preview")

        await stale.press(State.publish, shown=stale.shown(State, "total"))
        assert stored(world, 1) == theirs

    async def test_says_who_it_was(self, stale: Driver):
        assert stale.shown(State, "rival") == "Somebody else"

    async def test_says_when_it_was_another_window_of_ones_own(
        self, world: World, desk: Driver
    ):
        theirs = DraftForm(notes="Theirs", lines=LINES)
        world.run(world.northwind.accounting, drafts.save_draft, 1, 1, theirs)

        await desk.press(State.take_typed, draft=1, texts={"notes": "Mine"}, number=5)
        await desk.press(State.save)

        assert desk.shown(State, "rival") == "You, in another window,"

    async def test_saving_leads_to_the_choice(self, stale: Driver):
        before = stale.shown(State, "refused")

        await stale.press(State.save)

        assert stale.shown(State, "refused") == before + 1

    async def test_one_can_take_over(self, world: World, stale: Driver):
        await stale.press(State.take_over)

        assert stored(world, 1) == DraftForm(notes="Mine", lines=LINES)
        assert stale.shown(State, "is_stale") is False
        assert stale.shown(State, "saved") == 5

    async def test_one_can_look_at_theirs_and_come_back(
        self, world: World, stale: Driver, theirs: DraftForm
    ):
        await stale.press(State.show_theirs)
        assert stale.shown(State, "form")["notes"] == "Theirs"
        assert keys(stale) == ["b"]

        await stale.press(State.show_mine)
        assert stale.shown(State, "form")["notes"] == "Mine"
        assert keys(stale) == ["a", "b"]
        assert stale.shown(State, "is_stale") is True
        assert stored(world, 1) == theirs

    async def test_what_a_browser_kept_of_an_older_draft_is_not_saved_over_theirs(
        self, world: World, theirs: DraftForm, browse: Browse
    ):
        texts = {"notes": "Mine", "line:a:name": "Fuel!", "line:b:name": "Handling"}
        kept = {"draft": 1, "version": 1, "number": 9, "texts": texts}
        async with browse(world.northwind.owner, "/invoices/1/edit") as driver:
            await driver.press(State.open)
            await driver.press(State.restore, kept=kept)
            await driver.press(State.save)

            assert driver.shown(State, "is_stale") is True
            assert keys(driver) == ["a", "b"]
            assert stored(world, 1) == theirs

            await driver.press(State.take_over)
        assert names(world, 1) == ["Fuel!", "Handling"]
        assert stored(world, 1).notes == "Mine"


class TestKept:
    async def test_what_a_browser_kept_comes_back(self, world: World, desk: Driver):
        texts = {"notes": "Kept", "line:a:name": "Fuel!", "line:gone:name": "No"}
        kept = {"draft": 1, "version": 1, "number": 9, "texts": texts}
        await desk.press(State.restore, kept=kept)
        await desk.press(State.save)

        assert names(world, 1) == ["Fuel!", "Handling"]
        assert stored(world, 1).notes == "Kept"
        assert desk.shown(State, "saved") == 9
        assert told(desk) == ["What you had typed before is back."]

    async def test_what_is_saved_already_is_not_told_of(self, desk: Driver):
        kept = {"draft": 1, "version": 1, "number": 9, "texts": {"notes": "Thank you"}}
        await desk.press(State.restore, kept=kept)

        assert desk.shown(State, "saved") == 9
        assert told(desk) == []

    async def test_saves_of_ones_own_are_no_reason_to_ask(
        self, world: World, desk: Driver
    ):
        """The answer to the save was lost with the connection."""
        await desk.press(State.take_typed, draft=1, texts={"notes": "One"}, number=3)
        await desk.press(State.save)
        await desk.press(State.open)
        kept = {"draft": 1, "version": 1, "number": 4, "texts": {"notes": "Two"}}
        await desk.press(State.restore, kept=kept)
        await desk.press(State.save)

        assert desk.shown(State, "is_stale") is False
        assert stored(world, 1).notes == "Two"

    @pytest.mark.parametrize(
        "kept",
        [
            {},
            {"draft": 2, "version": 1, "number": 1, "texts": {"notes": "Other"}},
            {"draft": 1, "version": "1", "number": 1, "texts": {}},
            {"draft": 1, "version": 1, "number": 1, "texts": []},
            {
                "draft": 1,
                "version": 1,
                "number": 1,
                "texts": {"line:a:name": 5, "look": "neon"},
            },
            {"draft": 1, "version": 1, "number": 1, "texts": {"customer": 5}},
        ],
    )
    async def test_nonsense_changes_nothing(
        self, world: World, desk: Driver, kept: dict[str, object]
    ):
        await desk.press(State.restore, kept=kept)
        await desk.press(State.save)

        assert stored(world, 1) == DraftForm(notes="Thank you", lines=LINES)


class TestButtons:
    @pytest.mark.feature("G01")
    async def test_a_deleted_draft_can_be_restored_where_it_was_built(
        self, world: World, desk: Driver
    ):
        await desk.press(State.delete)
        await desk.press(State.open)
        assert desk.shown(State, "is_editable") is False

        notice = desk.shown(State, "notices")[-1]
        await desk.press(State.undo, key=notice.key)
        with world.reading(world.northwind.system) as uow:
            assert uow.get(Invoice, 1).deleted_at is None

    async def test_a_deleted_draft_is_restored_by_its_own_notice_only(
        self, world: World, desk: Driver
    ):
        await desk.press(State.remove_line, key="a")
        older = desk.shown(State, "notices")[-1]
        await desk.press(State.delete)

        await desk.press(State.undo, key=older.key)

        with world.reading(world.northwind.system) as uow:
            assert uow.get(Invoice, 1).deleted_at is not None

    @pytest.mark.feature("C12", "G09")
    async def test_cancel_keeps_what_is_typed_and_asks_why(
        self, world: World, desk: Driver
    ):
        await desk.press(State.take_typed, draft=1, texts={"notes": "New"}, number=1)
        await desk.press(State.start_cancelling)
        await desk.press(State.cancel, form={"reason": ""})
        assert desk.shown(State, "cancel_problem")
        assert desk.shown(State, "is_cancelling")

        await desk.press(State.cancel, form={"reason": "They went elsewhere"})

        assert desk.redirects == ["/invoices/1"]
        assert stored(world, 1).notes == "New"
        await desk.press(State.open)
        assert desk.redirects == ["/invoices/1"] * 2

    @pytest.mark.feature("G01")
    async def test_duplicate_copies_what_is_typed(self, world: World, desk: Driver):
        await desk.press(State.take_typed, draft=1, texts={"notes": "New"}, number=1)
        await desk.press(State.duplicate, form={})

        assert desk.redirects == ["/invoices/2/edit?copied=1"]
        assert stored(world, 2).notes == "New"

    @pytest.mark.parametrize("step", ["issue", "publish"])
    async def test_a_press_before_the_last_typing_was_answered_issues_nothing(
        self, world: World, desk: Driver, step: str
    ):
        customer_id = a_customer(world, world.northwind)
        (customer,) = [
            x.name
            for x in all_rows(world, world.northwind, Customer)
            if x.id == customer_id
        ]
        await desk.press(State.type_customer, typed=customer)
        seen = desk.shown(State, "total")
        more = {"line:a:quantity": "3"}
        await desk.press(State.take_typed, draft=1, texts=more, number=1)
        await desk.press(getattr(State, step), shown=seen)

        now = desk.shown(State, "total")
        assert now != seen
        assert told(desk) == [f"The total is now {now}. Look again and issue."]
        assert desk.redirects == []
        await desk.press(getattr(State, step), shown=now)
        assert desk.redirects == []
        await desk.press(State.issue_anyway, shown=seen)
        assert desk.redirects == []
        await desk.press(getattr(State, step), shown=now)
        await desk.press(State.issue_anyway, shown=now)
        assert desk.redirects == ["/invoices/1"]

    async def test_an_issue_that_is_refused_names_the_field(self, desk: Driver):
        await desk.press(State.issue, shown=desk.shown(State, "total"))

        assert "customer" in desk.shown(State, "customer_problem").lower()
        assert desk.shown(State, "refused") == 1
        assert desk.redirects == []


class TestTaxChangedMeanwhile:
    """Three hours of 100.00 at 21 %; Settings make it 9 % while the page is open."""

    SEEN, NOW = "€363.00", "€327.00"

    @pytest.fixture
    async def open_page(self, world: World, browse: Browse) -> AsyncIterator[Driver]:
        place = world.northwind
        taxes = {x.name: x.tax_id for x in world.run(place.admin, list_taxes)}
        self.tax_id = taxes["VAT 21 %"]
        line = LineForm(
            "a", "Crane", quantity="3", unit_price="100", tax_id=str(self.tax_id)
        )
        form = DraftForm(customer_id=a_customer(world, place), lines=(line,))
        made = world.run(place.accounting, drafts.create_draft, form)
        with world.unit(place.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.address = "Kade 1"
            settings.bank_details = [{"label": "IBAN", "value": "NL91"}]
        path = f"/invoices/{made.invoice_id}/edit"
        async with browse(place.accounting, path) as driver:
            await driver.press(State.open)
            assert driver.shown(State, "total") == self.SEEN
            yield driver

    def lower(self, world: World) -> None:
        lower = TaxForm("VAT 21 %", "S", "9", is_default=True)
        world.run(world.northwind.admin, change_tax, self.tax_id, lower)

    @pytest.mark.parametrize("step", ["issue", "publish"])
    async def test_what_was_shown_is_issued_or_nothing(
        self, world: World, open_page: Driver, step: str
    ):
        self.lower(world)
        await open_page.press(getattr(State, step), shown=self.SEEN)
        await open_page.press(State.issue_anyway, shown=self.SEEN)

        assert open_page.redirects == []
        assert told(open_page) == [
            f"The total changed from {self.SEEN} to {self.NOW} meanwhile. Nothing was "
            "issued: look again, and issue."
        ]
        assert open_page.shown(State, "total") == self.NOW
        assert stored(world, 1).lines[0].quantity == "3"

        await open_page.press(getattr(State, step), shown=self.NOW)
        await open_page.press(State.issue_anyway, shown=self.NOW)
        assert open_page.redirects == ["/invoices/1"]
        with world.reading(world.northwind.system) as uow:
            assert uow.get(Invoice, 1).total_minor == 327_00

    async def test_nor_is_a_payment_recorded(self, world: World, open_page: Driver):
        await open_page.press(State.start_payment)
        self.lower(world)
        today = open_page.shown(State, "payment")["received_on"]
        paid = TestIssueAsPaid.PAID | {"received_on": today, "amount": "327.00"}
        await open_page.press(State.issue_as_paid, form=paid)

        assert open_page.redirects == []
        assert open_page.shown(State, "total") == self.NOW
        assert not open_page.shown(State, "is_paying")
        assert all_rows(world, world.northwind, Payment) == []


@pytest.mark.feature("F046")
class TestModes:
    async def test_an_amount_takes_the_place_of_lines_and_gives_it_back(
        self, world: World, desk: Driver
    ):
        typed = {"work": "Season cover", "amount": "1,000.00"}
        await desk.press(State.choose_mode, mode="fixed")
        await desk.press(State.take_typed, draft=1, texts=typed, number=7)
        fixed = desk.shown(State, "subtotal")
        await desk.press(State.choose_mode, mode="lines")

        assert fixed == "€1,000.00"
        assert desk.shown(State, "subtotal") == "€120.00"
        assert stored(world, 1).work == "Season cover"
        assert names(world, 1) == ["Fuel", "Handling"]

    async def test_it_starts_with_the_tax_of_new_lines(
        self, world: World, desk: Driver
    ):
        await desk.press(State.choose_mode, mode="percent")

        assert stored(world, 1).work_tax_id == "1"
        assert desk.shown(State, "form")["work_tax_id"] == "1"

    async def test_a_job_without_total_is_told_beside_it(self, desk: Driver):
        typed = {"work": "Refit", "percent": "30"}
        await desk.press(State.choose_mode, mode="percent")
        await desk.press(State.take_typed, draft=1, texts=typed, number=7)

        assert "no total yet" in desk.shown(State, "field_problems")["job_total"]

        await desk.press(
            State.take_typed, draft=1, texts={"job_total": "12,000.00"}, number=8
        )

        assert desk.shown(State, "charged") == "€3,600.00"
        assert "30% of 12,000.00" in desk.shown(State, "preview")

    async def test_no_other_mode_can_be_chosen(self, world: World, desk: Driver):
        await desk.press(State.choose_mode, mode="barter")

        assert stored(world, 1).mode == "lines"


class TestCustomer:
    @pytest.mark.parametrize(
        "typed", ["Margaret O'Hara", "margaret o’hara", "Cafe Luz"]
    )
    async def test_is_chosen_by_a_name_without_its_marks(
        self, world: World, desk: Driver, typed: str
    ):
        for name in ("Margaret O’Hara", "Café Luz"):
            a_customer(world, world.northwind, name)

        await desk.press(State.type_customer, typed=typed)

        assert not desk.shown(State, "is_new_customer")
        assert desk.shown(State, "customer_name") in {"Margaret O’Hara", "Café Luz"}

    async def test_who_is_written_just_so_goes_before_another(
        self, world: World, desk: Driver
    ):
        for name in ("Zoë Moss", "Zoe Moss"):
            a_customer(world, world.northwind, name)

        await desk.press(State.type_customer, typed="Zoe Moss")
        exact = desk.shown(State, "customer_name")
        await desk.press(State.type_customer, typed="Zoê Moss")

        assert exact == "Zoe Moss"
        assert desk.shown(State, "is_new_customer")


class TestIssueAsPaid:
    """The draft comes to €120.00."""

    PAID: ClassVar[dict[str, str]] = {
        "amount": "120.00",
        "received_on": "",
        "method": "cash",
        "reference": "",
        "note": "",
    }

    async def bill_somebody(self, world: World, desk: Driver) -> None:
        a_customer(world, world.northwind, "Harbour Cranes Ltd")
        await desk.press(State.type_customer, typed="Harbour Cranes Ltd")
        await desk.press(State.start_payment)

    @pytest.mark.feature("C24")
    async def test_begins_with_the_whole_and_goes_to_the_paid_invoice(
        self, world: World, desk: Driver
    ):
        await self.bill_somebody(world, desk)
        begun = desk.shown(State, "payment")
        assert begun["amount"] == "120.00"

        typed = self.PAID | {"received_on": begun["received_on"]}
        await desk.press(State.issue_as_paid, form=typed)

        assert desk.redirects == ["/invoices/1"]
        with world.reading(world.northwind.system) as uow:
            assert uow.get(Invoice, 1).phase == "paid"

    async def test_a_wrong_amount_stays_in_the_dialog(self, world: World, desk: Driver):
        await self.bill_somebody(world, desk)

        today = desk.shown(State, "payment")["received_on"]
        typed = self.PAID | {"received_on": today, "amount": "ten"}
        await desk.press(State.issue_as_paid, form=typed)

        assert desk.shown(State, "payment_errors")["amount"]
        assert desk.shown(State, "is_paying")
        assert desk.redirects == []
        assert stored(world, 1).notes == "Thank you"

    async def test_a_date_before_the_invoices_own_is_asked_about_once(
        self, world: World, desk: Driver
    ):
        await self.bill_somebody(world, desk)
        early = self.PAID | {"received_on": "2026-02-01"}
        await desk.press(State.issue_as_paid, form=early)

        question = desk.shown(State, "payment_errors")["received_on"]
        assert question.startswith("That is before the invoice's own date")
        assert desk.redirects == []
        await desk.press(State.issue_as_paid, form=early)
        assert desk.redirects == ["/invoices/1"]

    @pytest.mark.parametrize("visible_on", list(VisibleOn))
    async def test_the_receipt_is_mailed_where_the_customer_sees_the_invoice(
        self, world: World, desk: Driver, visible_on: VisibleOn
    ):
        is_shown = visible_on == VisibleOn.ISSUE
        with world.unit(world.northwind.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.portal = {"visible_on": visible_on}
            settings.mail = {"host": "mail.northwind.example", "port": 25}
        await desk.press(State.open)
        await self.bill_somebody(world, desk)
        assert desk.shown(State, "receipt_mail") == is_shown

        today = desk.shown(State, "payment")["received_on"]
        sent = self.PAID | {"received_on": today, "mails_receipt": "on"}
        await desk.press(State.issue_as_paid, form=sent)

        assert desk.redirects == ["/invoices/1"]
        topics = [x.topic for x in all_rows(world, world.northwind, OutboxMessage)]
        assert (Topic.MAIL_RECEIPT in topics) == is_shown

    async def test_what_the_draft_lacks_is_named_on_the_page(self, desk: Driver):
        await desk.press(State.start_payment)
        typed = self.PAID | {"received_on": desk.shown(State, "payment")["received_on"]}
        await desk.press(State.issue_as_paid, form=typed)

        assert "customer" in desk.shown(State, "customer_problem").lower()
        assert not desk.shown(State, "is_paying")


class TestCatalogue:
    HANDLING = ProductForm("Handling fee", "Ramp", "hour", "120.00", "EUR", "2")

    @pytest.fixture
    async def stocked(self, world: World, browse: Browse) -> AsyncIterator[Driver]:
        world.run(world.northwind.admin, add_product, self.HANDLING)
        in_dollars = replace(self.HANDLING, name="Permit", currency="USD")
        world.run(world.northwind.admin, add_product, in_dollars)
        lines = (LineForm(key="a", name="x"), *LINES[1:])
        path = f"/invoices/{make_draft(world, lines)}/edit"
        async with browse(world.northwind.accounting, path) as driver:
            await driver.press(State.open)
            yield driver

    async def test_offers_what_the_typed_name_holds(self, stocked: Driver):
        typed = {"line:a:name": "hand"}
        await stocked.press(State.take_typed, draft=1, texts=typed, number=1)

        assert stocked.shown(EditorCatalogueState, "offers") == [
            Offer("Handling fee", "120.00 EUR per hour")
        ]

    async def test_fills_the_line_chosen_for(self, world: World, stocked: Driver):
        await stocked.press(State.choose_product, key="a", product_name="Handling fee")

        filled, other = stored(world, 1).lines
        assert filled == LineForm(
            key=filled.key, name="Handling fee", description="Ramp", quantity="1",
            unit="hour", unit_price="120.00", tax_id="2",
        )  # fmt: skip
        assert other == LINES[1]
        assert stocked.shown(State, "focus").startswith(filled.key)
        assert told(stocked) == []

    async def test_what_was_typed_can_be_had_back(self, world: World, stocked: Driver):
        await stocked.press(State.choose_product, key="b", product_name="Handling fee")
        (notice,) = stocked.shown(State, "notices")
        await stocked.press(State.undo, key=notice.key)

        assert stored(world, 1).lines[1] == LINES[1]

    async def test_a_price_in_another_currency_is_asked_for(
        self, world: World, stocked: Driver
    ):
        await stocked.press(State.choose_product, key="a", product_name="Permit")

        assert stored(world, 1).lines[0].unit_price == ""
        assert "is in USD; this invoice is in EUR" in told(stocked)[0]

    @pytest.mark.parametrize("name", ["Handling", "", "\0", "x" * 9_000])
    async def test_what_is_not_there_fills_nothing(
        self, world: World, stocked: Driver, name: str
    ):
        await stocked.press(State.choose_product, key="a", product_name=name)

        assert names(world, 1) == ["x", "Handling"]


async def test_words_that_cannot_be_printed_are_named(world: World, browse: Browse):
    lines = (LineForm(key="a", name="Հյուսիսային", unit_price="1"),)
    path = f"/invoices/{make_draft(world, lines)}/edit"

    async with browse(world.northwind.accounting, path) as driver:
        await driver.press(State.open)

        said = driver.shown(State, "lacks")

    assert "No font here has the letters of “Հյուսիսային”" in said
    assert str(world.runtime.settings.fonts_dir) in said
