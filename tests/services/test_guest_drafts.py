"""A guest's invoice is kept, and one workspace takes it over, once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlmodel import select

from billing_app.database.secrets import digest
from billing_app.database.verify import find_broken
from billing_app.domain.actors import Nobody, SystemActor
from billing_app.domain.draft import DraftForm, LineForm, form_from_json
from billing_app.domain.errors import Conflict, LimitReached, NotPermitted, StaleDraft
from billing_app.domain.guest_invoice import BEGINNINGS_OF_NEWCOMER, GuestForm
from billing_app.models import Customer, GuestDraft, Invoice, TaxRate, WorkspaceSettings
from billing_app.queries.guest_drafts import read_guest_draft, read_told
from billing_app.queries.letterhead import buyer_party
from billing_app.services import guest_drafts
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.services.drafts import create_draft
from billing_app.services.guest_drafts import TakenOver, save_guest_draft, take_over
from tests.support.billing import all_rows
from tests.support.guest import FORM, IN_PARTS, LINES
from tests.support.postgres import running_postgres
from tests.support.world import World, make_template, open_world_at

KEY = digest("a browser")
JOB = SystemActor(0, "guest-invoices")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def both(request, tmp_path_factory) -> Iterator[World]:
    if request.param == "sqlite":
        yield request.getfixturevalue("world")
        return
    folder = tmp_path_factory.mktemp("postgres")
    with running_postgres(tmp_path_factory.mktemp("server")) as url:
        make_template(folder, url)
        world = open_world_at(url, folder)
        yield world
        world.runtime.engine.dispose()


def keep(world: World, form: GuestForm = FORM, version: int = 0, key: str = KEY) -> int:
    return world.run(Nobody(), save_guest_draft, key, version, form)


def take(world: World, form: GuestForm = FORM, actor=None) -> TakenOver:
    keep(world, form)
    return world.run(actor or world.northwind.accounting, take_over, KEY)


def draft_of(world: World, taken: TakenOver) -> Invoice:
    with world.reading(world.northwind.system) as uow:
        return uow.get(Invoice, taken.invoice_id)


def busy(world: World) -> None:
    """Give the workspace an invoice: it is not a new one any more."""
    world.run(world.northwind.accounting, create_draft, DraftForm())


class TestSave:
    def test_keeps_what_was_typed_readable_or_not(self, world: World):
        odd = replace(FORM, buyer_email="?", draft=replace(FORM.draft, due_on="soon"))

        keep(world, odd)

        kept = world.run(Nobody(), read_guest_draft, KEY)
        assert kept.form is not None
        assert kept.form["buyer_email"] == "?"
        assert kept.form["draft"]["due_on"] == "soon"

    def test_the_second_page_of_a_browser_is_told_of_the_first(self, world: World):
        version = keep(world)
        keep(world, replace(FORM, number="1"), version)

        with pytest.raises(StaleDraft):
            keep(world, replace(FORM, number="2"), version)

    def test_the_same_again_is_no_change(self, world: World):
        assert keep(world, version=keep(world)) == keep(world, version=7)

    def test_holds_so_many_and_no_more(self, world: World, monkeypatch):
        monkeypatch.setattr(guest_drafts, "DRAFTS_MAX", 1)
        keep(world)

        with pytest.raises(LimitReached):
            keep(world, key=digest("another"))

    def test_keeps_room_for_networks_that_began_few(self, world: World, monkeypatch):
        monkeypatch.setattr(guest_drafts, "DRAFTS_MAX", 3)
        monkeypatch.setattr(guest_drafts, "DRAFTS_OF_NEWCOMERS", 2)
        key, other = digest("another"), digest("a third")
        save = guest_drafts.save_guest_draft
        many = BEGINNINGS_OF_NEWCOMER
        assert world.run(Nobody(), save, KEY, 0, FORM, many)

        with pytest.raises(LimitReached):
            world.run(Nobody(), save, key, 0, FORM, many)
        assert world.run(Nobody(), save, key, 0, FORM, many - 1)
        assert world.run(Nobody(), save, other, 0, FORM)
        # Who has begun goes on.
        assert world.run(Nobody(), save, KEY, 1, replace(FORM, number="2"), many) == 2

    def test_is_forgotten_a_week_after_its_last_change(self, world: World):
        keep(world)
        world.clock.advance(days=6)
        keep(world, replace(FORM, number="1"), 1)
        world.clock.advance(days=6)
        assert world.run(JOB, guest_drafts.forget_guest_drafts) == 0

        world.clock.advance(days=2)
        assert world.run(JOB, guest_drafts.forget_guest_drafts) == 1


@pytest.mark.feature("F063")
class TestTakeOver:
    def test_is_a_draft_with_its_customer_lines_and_taxes(self, world: World):
        invoice = draft_of(world, take(world))

        form = form_from_json(invoice.draft or {})
        (customer,) = all_rows(world, world.northwind, Customer)
        assert (invoice.state, invoice.number) == ("draft", None)
        assert (customer.name, customer.email) == (FORM.buyer_name, FORM.buyer_email)
        assert customer.address == FORM.buyer_address
        assert form.customer_id == customer.id
        assert [line.name for line in form.lines] == ["Photography", "Travel"]
        assert form.notes == "Thank you"
        assert (invoice.net_minor, invoice.total_minor) == (12_000, 14_100)

    def test_happens_once(self, world: World):
        take(world)

        with pytest.raises(Conflict):
            world.run(world.kestrel.owner, take_over, KEY)

        assert all_rows(world, world.kestrel, Invoice) == []

    def test_a_second_click_leads_to_the_same_draft(self, world: World):
        first = take(world, replace(FORM, number="2026-7"))

        second = world.run(world.northwind.accounting, take_over, KEY)

        assert second == first
        assert len(all_rows(world, world.northwind, Invoice)) == 1

    def test_the_page_that_is_still_open_does_not_bring_it_back(self, world: World):
        take(world)

        with pytest.raises(Conflict):
            keep(world, replace(FORM, number="9"), 1)

    def test_nothing_of_it_stays_outside_of_the_workspace(self, world: World):
        take(world)

        with world.reading(Nobody()) as uow:
            row = uow.one(select(GuestDraft))
        assert "Vermeer" not in str(row.form)

    def test_a_role_that_writes_no_drafts_does_not_use_it_up(self, world: World):
        with pytest.raises(NotPermitted):
            take(world, actor=world.northwind.viewer)

        assert take(world).invoice_id

    @pytest.mark.parametrize("by", ["email", "name"])
    def test_a_customer_who_is_known_stays_as_they_are(self, world: World, by: str):
        known = (
            CustomerForm(name="Vermeer", email="PAY@vermeer.example")
            if by == "email"
            else CustomerForm(name="Vermeer Optics", address="Elsewhere 1")
        )
        world.run(world.northwind.accounting, create_customer, known)

        taken = take(world)

        (customer,) = all_rows(world, world.northwind, Customer)
        assert (customer.name, customer.address) == (known.name, known.address)
        assert draft_of(world, taken).customer_id == customer.id
        assert any("Keizersgracht 214" in sentence for sentence in taken.told)

    def test_addresses_keep_their_parts_so_that_machines_read_them(self, world: World):
        """What is issued of it is as complete for an e-invoice as any other."""
        taken = take(world, IN_PARTS, world.northwind.owner)

        (customer,) = all_rows(world, world.northwind, Customer)
        (settings,) = all_rows(world, world.northwind, WorkspaceSettings)
        read = [
            (it.address, it.postal_code, it.town, it.region, it.country)
            for it in (settings, customer)
        ]
        assert read == [
            ("12 Harbour Lane\nFloor 2", "E14 4AB", "London", "", "GB"),
            ("Keizersgracht 214", "1016 DX", "Amsterdam", "Noord-Holland", "NL"),
        ]
        party = buyer_party(customer)
        assert (party.street, party.town) == (("Keizersgracht 214",), "Amsterdam")
        assert draft_of(world, taken).customer_id == customer.id

    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            ("buyer_postal_code", "9" * 21),
            ("buyer_town", "x" * 101),
            ("buyer_region", "y" * 101),
            ("buyer_country", "Atlantis"),
        ],
    )
    def test_a_part_that_can_not_be_used_is_told(
        self, world: World, name: str, typed: str
    ):
        taken = take(world, replace(IN_PARTS, **{name: typed}))

        assert any(typed in sentence for sentence in taken.told)

    def test_a_country_that_is_known_otherwise_is_told(self, world: World):
        known = CustomerForm(name="Vermeer Optics", address="Markt 1", country="BE")
        world.run(world.northwind.accounting, create_customer, known)

        taken = take(world, replace(IN_PARTS, buyer_address=""))

        assert any("Netherlands" in sentence for sentence in taken.told)

    def test_a_number_of_its_own_is_told_and_not_taken(self, world: World):
        taken = take(world, replace(FORM, number="2026-7"))

        assert any("2026-7" in sentence for sentence in taken.told)

    def test_another_sender_is_told(self, world: World):
        busy(world)

        taken = take(world)

        said = " ".join(taken.told)
        assert "Northwind Charter" in said
        assert "Fern & Field, 12 Harbour Lane, London, GB123456789" in said

    def test_a_tax_it_does_not_have_waits_for_a_choice(self, world: World):
        """Not as the rate whose id happens to be that number."""
        busy(world)
        odd = replace(LINES[0], tax_id="1")
        taken = take(world, replace(FORM, draft=replace(FORM.draft, lines=(odd,))))

        invoice = draft_of(world, taken)
        (line,) = form_from_json(invoice.draft or {}).lines
        assert line.tax_id == "1%"
        assert invoice.total_minor == 0
        assert any("no tax of 1% here" in sentence for sentence in taken.told)

    def test_nobody_named_leaves_the_customer_open(self, world: World):
        nameless = replace(FORM, buyer_name="", buyer_address="", buyer_email="")

        assert draft_of(world, take(world, nameless)).customer_id is None

    def test_a_customer_that_can_not_be_read_is_told(self, world: World):
        taken = take(world, replace(FORM, buyer_name="x" * 300))

        assert draft_of(world, taken).customer_id is None
        assert any("x" * 300 in sentence for sentence in taken.told)

    def test_what_can_not_be_read_of_a_customer_is_told(self, world: World):
        odd = {"buyer_email": "ann@", "buyer_vat_id": "9" * 41}
        taken = take(world, replace(FORM, **odd))

        (customer,) = all_rows(world, world.northwind, Customer)
        assert (customer.email, customer.vat_id) == ("", "")
        said = " ".join(taken.told)
        assert "email can't be used and was left out: ann@." in said
        assert f"tax number can't be used and was left out: {'9' * 41}." in said

    def test_of_a_customer_without_a_name_the_vat_number_is_told(self, world: World):
        nameless = replace(
            FORM,
            buyer_name="",
            buyer_address="",
            buyer_email="",
            buyer_vat_id="NL123",
        )

        assert any("NL123" in sentence for sentence in take(world, nameless).told)

    def test_another_day_to_pay_is_told(self, world: World):
        """Of 2 March 2026: 30 days here, 14 in the workspace."""
        with world.unit(world.northwind.system) as uow:
            uow.one(select(WorkspaceSettings)).net_days = 14

        taken = take(world)

        due = "due on 1 April 2026 and is due on 16 March 2026"
        assert any(due in sentence for sentence in taken.told)

    def test_a_day_that_was_typed_stays(self, world: World):
        dated = replace(FORM, draft=replace(FORM.draft, due_on="2026-03-20"))

        assert not any("due on" in sentence for sentence in take(world, dated).told)

    def test_another_language_is_told(self, world: World):
        known = CustomerForm(name=FORM.buyer_name, language="de")
        world.run(world.northwind.accounting, create_customer, known)

        taken = take(world)

        assert any("English and is Deutsch" in sentence for sentence in taken.told)

    @pytest.mark.parametrize(("typed", "given"), [("en", ""), ("de", "de")])
    def test_only_a_language_that_was_chosen_is_the_customers(
        self, world: World, typed: str, given: str
    ):
        take(world, replace(FORM, language=typed))

        (customer,) = all_rows(world, world.northwind, Customer)
        assert customer.language == given

    def test_a_total_by_other_rules_is_told(self, world: World):
        with world.unit(world.northwind.system) as uow:
            uow.one(select(WorkspaceSettings)).prices_inclusive = True

        taken = take(world)

        assert any("€141.00 and is €120.00" in sentence for sentence in taken.told)

    def test_is_told_to_the_workspace_that_has_it(self, world: World):
        taken = take(world, replace(FORM, number="2026-7"))
        wanted = (read_told, KEY, taken.invoice_id)

        assert world.run(world.northwind.viewer, *wanted) == taken.told
        assert world.run(world.kestrel.owner, *wanted) == ()
        assert world.run(world.northwind.viewer, read_told, KEY, 999) == ()


@pytest.mark.feature("F063")
class TestNewWorkspace:
    def test_starts_with_sender_and_taxes(self, world: World):
        lines = (LineForm(key="a", name="Oil", unit_price="10", tax_id="17.5%"),)
        form = replace(FORM, draft=replace(FORM.draft, lines=lines))

        taken = take(world, form, world.northwind.owner)

        (settings,) = all_rows(world, world.northwind, WorkspaceSettings)
        names = [rate.name for rate in all_rows(world, world.northwind, TaxRate)]
        assert settings.address == FORM.seller_address
        assert settings.vat_id == FORM.seller_vat_id
        assert "VAT 17.5%" in names
        assert draft_of(world, taken).total_minor == 1_175

    def test_its_taxes_have_a_decimal_point(self, world: World):
        """A dispute reads the rate out of the name."""
        line = LineForm(key="a", name="Oil", unit_price="10", tax_id="5,5%")
        form = replace(
            FORM,
            language="de",
            tax_name="",
            draft=replace(FORM.draft, lines=(line,)),
        )

        take(world, form, world.northwind.owner)

        names = [rate.name for rate in all_rows(world, world.northwind, TaxRate)]
        assert "Tax 5.5%" in names

    def test_one_that_works_keeps_its_own(self, world: World):
        busy(world)

        take(world, actor=world.northwind.owner)

        (settings,) = all_rows(world, world.northwind, WorkspaceSettings)
        assert settings.address == ""


@pytest.mark.feature("F063")
def test_two_at_once_get_one_draft(both: World):
    keep(both)
    actors = (both.northwind.owner, both.northwind.accounting, both.kestrel.owner)
    start = threading.Barrier(len(actors))

    def act(actor) -> int:
        start.wait()
        try:
            return both.run(actor, take_over, KEY).invoice_id
        except Conflict:
            return 0

    with ThreadPoolExecutor(len(actors)) as pool:
        made = list(pool.map(act, actors))

    drafts = [x for place in both.places for x in all_rows(both, place, Invoice)]
    assert len({x for x in made if x}) == len(drafts) == 1
    assert not find_broken(both.runtime.engine, both.clock.now)


def test_two_first_pages_of_a_browser_make_one_row(both: World):
    start = threading.Barrier(2)

    def act(number: str) -> None:
        start.wait()
        try:
            keep(both, replace(FORM, number=number))
        except StaleDraft:
            return

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(act, ("1", "2")))

    with both.reading(Nobody()) as uow:
        assert uow.count(select(GuestDraft.id)) == 1
