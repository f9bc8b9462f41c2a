"""Activity of an invoice and a customer, and the risk that follows from facts."""

import pytest
from sqlmodel import select

from billing_app.domain.draft import DraftForm
from billing_app.domain.errors import InvalidInput, NotFound
from billing_app.domain.online_payment import AttemptStatus
from billing_app.domain.portal_settings import ActivityDetail, WriteAuth
from billing_app.domain.risk import RiskLevel
from billing_app.domain.visit import VisitKind
from billing_app.models import Customer, WorkspaceSettings
from billing_app.queries.diagnostics import read_diagnostics
from billing_app.queries.risk import read_risks
from billing_app.queries.timeline import (
    PAGE_SIZE,
    read_customer_timeline,
    read_invoice_timeline,
)
from billing_app.services import drafts, invoices, promises, visits
from tests.support.billing import a_customer, an_invoice, pay, visitor_of
from tests.support.story import an_attempt, report
from tests.support.talk import proven
from tests.support.world import World

FULL = ActivityDetail.FULL


@pytest.fixture
def customer_id(world: World) -> int:
    return a_customer(world, world.northwind)


@pytest.fixture
def invoice_id(world: World, customer_id: int) -> int:
    return an_invoice(world, world.northwind, customer_id=customer_id)


def texts(world: World, invoice_id: int) -> list[str]:
    found = world.run(world.northwind.viewer, read_invoice_timeline, invoice_id)
    return [each.text for each in found.entries]


class TestTimeline:
    def test_a_draft_that_was_saved_often_was_saved_once_by_each(self, world: World):
        place = world.northwind
        draft = world.run(place.accounting, drafts.create_draft, DraftForm())
        for member, note in (
            *((place.accounting, "a"), (place.owner, "b"), (place.owner, "c")),
            *((place.accounting, "d"), (place.accounting, "e")),
        ):
            world.clock.advance(minutes=1)
            form = DraftForm(notes=note)
            args = (draft.invoice_id, draft.version, form)
            draft = world.run(member, drafts.save_draft, *args)
        found = world.run(place.viewer, read_invoice_timeline, draft.invoice_id)

        saved = [x.who for x in found.entries if x.text == "Draft saved"]
        assert len(saved) == len(set(saved)) == 2
        assert found.entries[-1].text == "Draft created"

    @pytest.mark.feature("F104")
    def test_says_what_happened_and_how_sure_it_is(self, world: World, invoice_id: int):
        visitor = visitor_of(world, world.northwind, invoice_id)
        world.run(visitor, visits.note_fetched, VisitKind.PAGE, FULL)
        world.clock.advance(minutes=1)
        world.run(visitor, visits.note_seen, FULL)
        world.clock.advance(minutes=1)
        world.run(visitor, visits.note_fetched, VisitKind.PDF, FULL)
        world.clock.advance(minutes=1)
        world.run(visitor, promises.make_promise, "2026-03-20", WriteAuth.LINK, "")
        world.clock.advance(minutes=1)
        pay(world, world.northwind, invoice_id, "40.00")

        shown = texts(world, invoice_id)

        assert shown[0] == "Payment recorded"
        assert {
            "Page fetched",
            "Page seen",
            "PDF downloaded",
            "Payment promised",
            "Portal link created",
        } <= set(shown)
        assert shown.index("Page seen") < shown.index("Page fetched")

    @pytest.mark.parametrize("is_known", [True, False])
    def test_guesses_who_fetched_the_page_only_of_strangers(
        self, world: World, invoice_id: int, is_known: bool
    ):
        visitor = visitor_of(world, world.northwind, invoice_id)
        if is_known:
            visitor = proven(world, world.northwind, visitor)
        world.run(visitor, visits.note_fetched, VisitKind.PAGE, FULL)

        found = world.run(world.northwind.viewer, read_invoice_timeline, invoice_id)

        fetched = next(it for it in found.entries if it.text == "Page fetched")
        assert (fetched.detail == "") == is_known
        assert (fetched.who != "") == is_known

    def test_pages_hold_each_line_once(self, world: World, invoice_id: int):
        visitor = visitor_of(world, world.northwind, invoice_id)
        for _ in range(2 * PAGE_SIZE):
            world.clock.advance(hours=1)
            world.run(visitor, visits.note_fetched, VisitKind.PAGE, FULL)

        keys: list[str] = []
        older = ""
        for _ in range(5):
            found = world.run(
                world.northwind.viewer, read_invoice_timeline, invoice_id, older
            )
            keys += [each.key for each in found.entries]
            older = found.older
            if not older:
                break

        assert older == ""
        assert len(keys) == len(set(keys))
        assert sum(key.startswith("visit") for key in keys) == 2 * PAGE_SIZE
        assert any(key.startswith("entry") for key in keys)

    def test_a_customer_has_those_of_all_invoices_and_of_no_other(
        self, world: World, invoice_id: int, customer_id: int
    ):
        other = an_invoice(world, world.northwind)
        for each in (invoice_id, other):
            visitor = visitor_of(world, world.northwind, each)
            world.run(visitor, visits.note_seen, FULL)

        found = world.run(world.northwind.viewer, read_customer_timeline, customer_id)

        seen = [each for each in found.entries if each.text == "Page seen"]
        assert [each.invoice_id for each in seen] == [invoice_id]
        assert seen[0].invoice_number == "INV-00001"

    def test_another_workspace_finds_nothing(
        self, world: World, invoice_id: int, customer_id: int
    ):
        with pytest.raises(NotFound):
            world.run(world.kestrel.owner, read_invoice_timeline, invoice_id)
        with pytest.raises(NotFound):
            world.run(world.kestrel.owner, read_customer_timeline, customer_id)

    @pytest.mark.parametrize("older", ["1", "~", "a~b", "1~-1", "9" * 40 + "~1"])
    def test_a_place_that_was_made_up(self, world: World, invoice_id: int, older: str):
        with pytest.raises(InvalidInput):
            world.run(world.northwind.viewer, read_invoice_timeline, invoice_id, older)


def overdue_reasons(world: World, customer_id: int) -> list[str]:
    [found] = world.run(world.northwind.viewer, read_risks, [customer_id])
    return [reason for reason in found.risk.reasons if "overdue" in reason]


class TestRisk:
    @pytest.mark.feature("F105")
    def test_follows_from_what_is_known(
        self, world: World, invoice_id: int, customer_id: int
    ):
        calm = a_customer(world, world.northwind, "Calm")
        visitor = visitor_of(world, world.northwind, invoice_id)
        world.run(visitor, promises.make_promise, "2026-04-10", WriteAuth.LINK, "")
        world.clock.advance(days=70)

        found = world.run(world.northwind.viewer, read_risks, [customer_id, calm])

        assert [each.risk.level for each in found] == [RiskLevel.HIGH, RiskLevel.LOW]
        reasons = found[0].risk.reasons
        assert any("€100.00 overdue" in reason for reason in reasons)
        assert any("promised date" in reason for reason in reasons)
        assert any("never seen" in reason for reason in reasons)

    @pytest.mark.feature("C15", "F105")
    @pytest.mark.parametrize("is_of_all", [True, False])
    def test_says_nothing_of_looks_that_are_not_recorded(
        self, world: World, invoice_id: int, customer_id: int, is_of_all: bool
    ):
        other = a_customer(world, world.northwind, "Halden Freight")
        an_invoice(world, world.northwind, customer_id=other)
        with world.unit(world.northwind.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            asked = settings if is_of_all else uow.get(Customer, customer_id)
            asked.portal = {"activity": "off"}
        world.clock.advance(days=70)
        viewer = world.northwind.viewer

        found = world.run(viewer, read_risks, [customer_id, other])
        asked = world.run(viewer, read_diagnostics, invoice_id)

        said = ["never seen" in " ".join(each.risk.reasons) for each in found]
        assert said == [False, not is_of_all]
        asides = [check.aside for check in asked[0].checks]
        assert "never seen" not in asides

    @pytest.mark.feature("F105")
    def test_counts_what_was_archived_while_it_is_owed(
        self, world: World, invoice_id: int, customer_id: int
    ):
        place = world.northwind
        paid = an_invoice(world, place, "70.00", customer_id=customer_id)
        pay(world, place, paid, "70.00")
        for each in (invoice_id, paid):
            world.run(place.accounting, invoices.archive, each)
        world.clock.advance(days=70)

        assert overdue_reasons(world, customer_id) == [
            "€100.00 overdue, the oldest for 40 days"
        ]

    @pytest.mark.feature("F105", "G06")
    @pytest.mark.parametrize(
        ("coming", "reasons"),
        [
            (0, ["€100.00 overdue, the oldest for 40 days"]),
            (40_00, ["€60.00 overdue, the oldest for 40 days"]),
            (100_00, []),
        ],
    )
    def test_leaves_out_what_is_on_its_way(
        self,
        world: World,
        invoice_id: int,
        customer_id: int,
        coming: int,
        reasons: list[str],
    ):
        if coming:
            place = world.northwind
            attempt_id = an_attempt(world, place, invoice_id, coming)
            report(world, place, attempt_id, AttemptStatus.PROCESSING, coming)
        world.clock.advance(days=70)

        assert overdue_reasons(world, customer_id) == reasons

    def test_another_workspace_knows_nothing(
        self, world: World, invoice_id: int, customer_id: int
    ):
        world.clock.advance(days=70)

        [found] = world.run(world.kestrel.viewer, read_risks, [customer_id])

        assert found.risk.level == RiskLevel.LOW
