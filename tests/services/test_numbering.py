"""Numbers whose counter starts again: taken at issue, each period for itself."""

from datetime import UTC, date, datetime, time

import pytest
from sqlmodel import col, select

from billing_app.database.unit_of_work import UnitOfWork
from billing_app.database.verify import find_broken
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.errors import InvalidInput
from billing_app.domain.numbering import Reset
from billing_app.models import IssuedDocument, NumberSeries
from billing_app.queries.settings import (
    NumberPreview,
    preview_numbers,
    read_documents,
)
from billing_app.services import drafts, invoices
from tests.support.billing import a_customer, all_rows, an_invoice, pay
from tests.support.credit import credit, notes, whole
from tests.support.numbers import number_by
from tests.support.world import Place, World

YEARLY = "INV-{year}-{counter:4}"


@pytest.fixture
def place(world: World) -> Place:
    return world.northwind


@pytest.fixture(autouse=True)
def nothing_is_broken(world: World):
    yield
    assert find_broken(world.runtime.engine, world.clock.now) == []


def issue(world: World, place: Place, issued_on: str = "") -> str:
    form = DraftForm(
        a_customer(world, place),
        issued_on=issued_on,
        lines=(LineForm(name="Charter flight", unit_price="10"),),
    )
    draft = world.run(place.accounting, drafts.create_draft, form)
    return world.run(
        place.accounting, invoices.issue, draft.invoice_id, draft.version
    ).number


@pytest.mark.feature("A02")
class TestPeriods:
    def test_each_year_counts_for_itself(self, world: World, place: Place):
        number_by(world, place, pattern=YEARLY, reset=Reset.YEAR)
        issued = [issue(world, place) for _ in range(2)]
        world.clock.now = datetime(2027, 1, 4, 9, tzinfo=UTC)

        issued += [issue(world, place), issue(world, place, "2026-12-30")]

        assert issued == [
            "INV-2026-0001",
            "INV-2026-0002",
            "INV-2027-0001",
            "INV-2026-0003",
        ]
        assert issue(world, world.kestrel) == "INV-00001"

    def test_each_month_counts_for_itself(self, world: World, place: Place):
        number_by(world, place, pattern="{year}{month}-{counter:3}", reset=Reset.MONTH)

        issued = [
            issue(world, place, day)
            for day in ("2026-10-31", "2026-11-01", "2026-10-01", "2026-11-02")
        ]

        assert issued == ["202610-001", "202611-001", "202610-002", "202611-002"]

    def test_the_year_is_that_of_the_workspaces_own_day(
        self, world: World, place: Place
    ):
        """Half past eleven at night in London is next year in Amsterdam."""
        number_by(world, place, pattern=YEARLY, reset=Reset.YEAR)
        with world.unit(place.system) as uow:
            uow.workspace.zone = "Europe/Amsterdam"
        world.clock.now = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

        assert issue(world, place) == "INV-2027-0001"

    def test_a_refused_issue_begins_no_year(self, world: World, place: Place):
        number_by(world, place, pattern=YEARLY, reset=Reset.YEAR)
        customer_id = a_customer(world, place)

        def begin_and_fail(uow: UnitOfWork) -> None:
            taken = uow.take_number("invoice", uow.today, customer_id)
            assert taken.number == "INV-2026-0001"
            raise RuntimeError

        with pytest.raises(RuntimeError), world.unit(place.system) as uow:
            begin_and_fail(uow)

        codes = {row.code for row in all_rows(world, place, NumberSeries)}
        assert "invoice:2026" not in codes
        assert issue(world, place) == "INV-2026-0001"

    def test_credit_notes_and_receipts_have_their_own(self, world: World, place: Place):
        number_by(
            world,
            place,
            credit_note_pattern="CN{year}/{counter}",
            credit_note_reset=Reset.YEAR,
            receipt_pattern="R{year:2}{month}-{counter}",
            receipt_reset=Reset.MONTH,
        )
        for day in (date(2026, 12, 31), date(2027, 1, 4)):
            world.clock.now = datetime.combine(day, time(9), UTC)
            for _ in range(2):
                invoice_id = an_invoice(world, place)
                pay(world, place, invoice_id, "10")
                credit(world, place, invoice_id, whole())

        documents = all_rows(world, place, IssuedDocument)
        receipts = [x.number for x in documents if x.kind == "receipt"]
        assert receipts == ["R2612-1", "R2612-2", "R2701-1", "R2701-2"]
        credited = [note.number for note in notes(world, place)]
        assert credited == ["CN2026/1", "CN2026/2", "CN2027/1", "CN2027/2"]

    def test_one_form_names_each_series(self, world: World, place: Place):
        form = "{series}-{year}-{counter:4}"
        names = ("pattern", "credit_note_pattern", "receipt_pattern")
        number_by(world, place, **dict.fromkeys(names, form))
        for _ in range(2):
            invoice_id = an_invoice(world, place)
            pay(world, place, invoice_id, "10")
            credit(world, place, invoice_id, whole())

        documents = all_rows(world, place, IssuedDocument)
        for kind, name in (("invoice", "INV"), ("receipt", "RCT")):
            numbers = [x.number for x in documents if x.kind == kind]
            assert numbers == [f"{name}-2026-0001", f"{name}-2026-0002"]
        credited = [note.number for note in notes(world, place)]
        assert credited == ["CN-2026-0001", "CN-2026-0002"]
        assert issue(world, world.kestrel) == "INV-00001"

    def test_the_series_alone_counts_nothing(self, world: World, place: Place):
        with pytest.raises(InvalidInput) as refusal:
            number_by(world, place, pattern="{series}-{year}")

        assert refusal.value.field == "pattern"

    def test_a_name_that_another_series_has_is_refused(
        self, world: World, place: Place
    ):
        """Written out, both would be CN-1."""
        with pytest.raises(InvalidInput) as refusal:
            number_by(
                world,
                place,
                pattern="CN-{counter}",
                credit_note_pattern="{series}-{counter}",
            )

        assert refusal.value.field == "credit_note_pattern"

    def test_void_keeps_its_number(self, world: World, place: Place):
        number_by(world, place, pattern=YEARLY, reset=Reset.YEAR)
        invoice_id = an_invoice(world, place)
        world.run(place.accounting, invoices.void, invoice_id, "Typed twice")

        assert issue(world, place) == "INV-2026-0002"


class TestChanges:
    def test_starting_again_goes_on_behind_what_has_its_form(
        self, world: World, place: Place
    ):
        number_by(world, place, pattern=YEARLY)
        for _ in range(3):
            issue(world, place)

        number_by(world, place, reset=Reset.YEAR)

        assert issue(world, place) == "INV-2026-0004"
        assert issue(world, place, "2025-12-31") == "INV-2025-0001"

    def test_another_form_starts_at_one_and_renumbers_nothing(
        self, world: World, place: Place
    ):
        first = issue(world, place)

        number_by(world, place, pattern="{year:2}-{counter:4}", reset=Reset.YEAR)

        assert (first, issue(world, place)) == ("INV-00001", "26-0001")
        number_by(world, place, pattern=YEARLY)
        assert issue(world, place) == "INV-2026-0002"

    def test_the_counter_of_a_year_is_set_before_it_is_used(
        self, world: World, place: Place
    ):
        number_by(world, place, pattern=YEARLY, reset=Reset.YEAR, next_value="118")

        page = world.run(place.owner, read_documents)
        assert (page.next_value, page.is_counting) == (118, False)
        assert issue(world, place) == "INV-2026-0118"
        with pytest.raises(InvalidInput, match="a jump would leave a gap"):
            number_by(world, place, next_value="200")

    def test_going_back_to_numbers_in_use_is_refused(self, world: World, place: Place):
        number_by(world, place, pattern=YEARLY, reset=Reset.YEAR)
        for _ in range(3):
            issue(world, place)

        with pytest.raises(InvalidInput) as refusal:
            number_by(world, place, reset=Reset.NEVER)

        assert refusal.value.field == "pattern"
        assert "INV-2026-0001, which is in use already" in refusal.value.message

    def test_an_old_form_far_away_is_no_obstacle(self, world: World, place: Place):
        """Read as a counter, INV-20260001 is twenty million invoices away."""
        number_by(world, place, pattern="INV-{year}{counter:4}")
        issue(world, place)

        number_by(world, place, pattern="INV-{counter:5}")

        assert issue(world, place) == "INV-00002"

    @pytest.mark.parametrize("series", ["", "credit_note_", "receipt_"])
    def test_a_pattern_that_would_repeat_numbers_is_refused(
        self, world: World, place: Place, series: str
    ):
        with pytest.raises(InvalidInput, match="would give the same numbers") as no:
            number_by(world, place, **{f"{series}reset": Reset.MONTH})

        assert no.value.field == f"{series}pattern"
        page = world.run(place.owner, read_documents)
        assert {page.reset, page.credit_note_reset, page.receipt_reset} == {"never"}

    def test_a_reset_that_there_is_not_is_refused(self, world: World, place: Place):
        with pytest.raises(InvalidInput) as refusal:
            number_by(world, place, reset="weekly")

        assert refusal.value.field == "reset"


@pytest.mark.feature("A02")
class TestPreview:
    @pytest.mark.feature("R07")
    def test_shows_three_and_the_first_of_january(self, world: World, place: Place):
        number_by(world, place, pattern=YEARLY, reset=Reset.YEAR)
        issue(world, place)

        shown = world.run(place.owner, preview_numbers, "invoice", YEARLY, "year", "2")

        assert shown == NumberPreview(
            ("INV-2026-0002", "INV-2026-0003", "INV-2026-0004"),
            ((date(2027, 1, 1), "INV-2027-0001"),),
        )

    def test_shows_the_name_of_the_series(self, world: World, place: Place):
        form = "{series}-{counter}"

        shown = world.run(place.owner, preview_numbers, "credit_note", form, "never")

        assert shown.numbers == ("CN-1", "CN-2", "CN-3")

    def test_shows_the_first_of_the_next_month_too(self, world: World, place: Place):
        shown = world.run(
            place.owner,
            preview_numbers,
            "credit_note",
            "{year}{month}.{counter}",
            "month",
        )

        assert shown.numbers == ("202603.1", "202603.2", "202603.3")
        assert shown.later == (
            (date(2026, 4, 1), "202604.1"),
            (date(2027, 1, 1), "202701.1"),
        )

    def test_a_counter_that_goes_on_is_carried_over_the_year(
        self, world: World, place: Place
    ):
        shown = world.run(place.owner, preview_numbers, "invoice", YEARLY, "never", "8")

        assert shown.later == ((date(2027, 1, 1), "INV-2027-0011"),)

    def test_is_what_comes(self, world: World, place: Place):
        for reset in (Reset.YEAR, Reset.NEVER):
            number_by(world, place, pattern=f"{reset}-{YEARLY}", reset=reset)
            page = world.run(place.owner, read_documents)
            shown = world.run(
                place.owner,
                preview_numbers,
                "invoice",
                page.pattern,
                page.reset,
                str(page.next_value),
            )

            assert tuple(issue(world, place) for _ in range(3)) == shown.numbers


def test_other_workspaces_begin_no_year_of_ours(world: World, place: Place):
    for one in (place, world.kestrel):
        number_by(world, one, pattern=YEARLY, reset=Reset.YEAR)
    issue(world, place)

    assert issue(world, world.kestrel) == "INV-2026-0001"
    with world.reading(world.kestrel.system) as uow:
        counters = select(NumberSeries.next_value).where(
            col(NumberSeries.code) == "invoice:2026"
        )
        assert uow.all(counters) == [2]
