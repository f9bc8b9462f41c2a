"""Numbers that each customer counts for themselves."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from billing_app.database.unit_of_work import UnitOfWork
from billing_app.database.verify import find_broken
from billing_app.domain.errors import InvalidInput
from billing_app.domain.numbering import Reset
from billing_app.models import Customer, Invoice, IssuedDocument, NumberSeries
from billing_app.queries.customers import read_customer
from billing_app.queries.invoices import InvoiceFilter, list_invoices
from billing_app.queries.settings import preview_numbers, read_documents
from billing_app.services.customers import CustomerForm, change_customer
from tests.support.billing import all_rows, an_invoice, pay
from tests.support.credit import credit, notes, whole
from tests.support.numbers import a_coded_customer, code_of, issue_for, number_by
from tests.support.world import Place, World

BY_CUSTOMER = "{customer}-{counter:3}"
YEARLY = "{customer}/{year}-{counter}"


@pytest.fixture
def place(world: World) -> Place:
    return world.northwind


@pytest.fixture(autouse=True)
def nothing_is_broken(world: World):
    yield
    assert find_broken(world.runtime.engine, world.clock.now) == []


def a_row(uow: UnitOfWork, **values: str) -> Customer:
    return Customer(name="Other", name_key="other", created_at=uow.now, **values)


def rename(
    world: World, place: Place, customer_id: int, name: str, number_code: str = ""
) -> None:
    form = CustomerForm(name=name, number_code=number_code)
    world.run(place.accounting, change_customer, customer_id, form)


@pytest.mark.feature("A02")
@pytest.mark.feature("R07")
class TestCounters:
    def test_each_customer_counts_for_themselves(self, world: World, place: Place):
        number_by(world, place, pattern=BY_CUSTOMER)
        acme = a_coded_customer(world, place, "Acme", "ACME")
        globex = a_coded_customer(world, place, "Globex", "GLX")

        issued = [issue_for(world, place, x) for x in (acme, globex, acme, acme)]

        assert issued == ["ACME-001", "GLX-001", "ACME-002", "ACME-003"]

    def test_the_same_codes_elsewhere_count_apart(self, world: World, place: Place):
        for one in (place, world.kestrel):
            number_by(world, one, pattern=BY_CUSTOMER)
            acme = a_coded_customer(world, one, "Acme", "ACME")
            assert issue_for(world, one, acme) == "ACME-001"

        assert len(all_rows(world, place, Invoice)) == 1

    def test_each_year_of_a_customer_counts_anew(self, world: World, place: Place):
        number_by(world, place, pattern=YEARLY, reset=Reset.YEAR)
        acme = a_coded_customer(world, place, "Acme", "ACME")
        globex = a_coded_customer(world, place, "Globex", "GLX")
        days = ("2025-12-31", "2026-01-01", "2025-12-30", "2026-02-01")

        issued = [issue_for(world, place, acme, day) for day in days]
        issued.append(issue_for(world, place, globex, days[0]))

        assert issued == [
            *("ACME/2025-1", "ACME/2026-1", "ACME/2025-2", "ACME/2026-2"),
            "GLX/2025-1",
        ]
        codes = {x.series_code for x in all_rows(world, place, Invoice)}
        assert codes == {"i@ACME:2025", "i@ACME:2026", "i@GLX:2025"}

    def test_the_longest_counter_there_can_be_is_stored(
        self, world: World, place: Place
    ):
        number_by(
            world,
            place,
            credit_note_pattern="CN {customer}/{year}-{month}-{counter}",
            credit_note_reset=Reset.MONTH,
        )
        acme = a_coded_customer(world, place, "Acme", "ACMEACME")
        credit(world, place, an_invoice(world, place, customer_id=acme), whole())

        (note,) = notes(world, place)

        assert note.number == "CN ACMEACME/2026-03-1"
        assert note.series_code == "c@ACMEACME:2026-03"

    def test_credit_notes_and_receipts_count_by_customer_too(
        self, world: World, place: Place
    ):
        number_by(
            world,
            place,
            credit_note_pattern="CN-{customer}-{counter}",
            receipt_pattern="R-{customer}-{year}-{counter}",
            receipt_reset=Reset.YEAR,
        )
        customers = [a_coded_customer(world, place, x, x) for x in ("ACME", "GLX")]
        for customer_id in (*customers, customers[0]):
            invoice_id = an_invoice(world, place, customer_id=customer_id)
            pay(world, place, invoice_id, "10")
            credit(world, place, invoice_id, whole())

        assert [x.number for x in notes(world, place)] == [
            *("CN-ACME-1", "CN-GLX-1", "CN-ACME-2"),
        ]
        documents = all_rows(world, place, IssuedDocument)
        assert [x.number for x in documents if x.kind == "receipt"] == [
            *("R-ACME-2026-1", "R-GLX-2026-1", "R-ACME-2026-2"),
        ]
        assert issue_for(world, place, customers[0]) == "INV-00004"

    def test_numbers_for_several_customers_come_in_their_order(
        self, world: World, place: Place
    ):
        number_by(world, place, receipt_pattern=BY_CUSTOMER)
        acme, globex = (a_coded_customer(world, place, x, x) for x in ("ACME", "GLX"))

        with world.unit(place.system) as uow:
            taken = uow.take_numbers("receipt", uow.today, [globex, acme, globex])

        assert [x.number for x in taken] == ["GLX-001", "ACME-001", "GLX-002"]

    def test_a_counter_is_found_by_its_number(self, world: World, place: Place):
        number_by(world, place, pattern=BY_CUSTOMER)
        acme = a_coded_customer(world, place, "Acme", "ACME")
        for _ in range(2):
            issue_for(world, place, acme)

        found = world.run(place.viewer, list_invoices, InvoiceFilter(text="2"))

        assert [row.number for row in found.page.rows] == ["ACME-002"]

    @given(
        order=st.lists(
            st.tuples(
                st.integers(0, 2),
                st.dates(date(2025, 11, 1), date(2026, 2, 28)),
            ),
            max_size=14,
        ),
        reset=st.sampled_from(list(Reset)),
    )
    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def test_a_gapless_run_per_customer_and_period_whatever_the_order(
        self,
        world: World,
        place: Place,
        order: list[tuple[int, date]],
        reset: Reset,
    ):
        class Undone(Exception):
            pass

        def take_all(uow: UnitOfWork) -> None:
            series = uow.one(select(NumberSeries).where(NumberSeries.code == "invoice"))
            series.pattern = "{year}.{month}.{customer}.{counter}"
            series.reset = reset
            customers = [
                uow.add(Customer(name=x, name_key=x, created_at=uow.now))
                for x in ("same", "same", "other")
            ]
            taken = [
                uow.take_number("invoice", on, customers[place].id)
                for place, on in order
            ]

            seen: Counter[str] = Counter()
            for each, (_, on) in zip(taken, order, strict=True):
                seen[each.series_code] += 1
                assert each.series_value == seen[each.series_code]
                assert each.number.startswith(f"{on:%Y.%m}.")
            assert len({x.number for x in taken}) == len(taken)
            raise Undone

        with pytest.raises(Undone), world.unit(place.system) as uow:
            take_all(uow)


class TestCodes:
    def test_one_without_a_code_gets_it_with_the_first_number(
        self, world: World, place: Place
    ):
        number_by(world, place, pattern=BY_CUSTOMER)
        names = (
            "Vermeer Optics",
            "Vermeer Optics",
            "\u682a\u5f0f\u4f1a\u793e",
            "\xc6r\xf8 & S\xf8n",
        )
        ids = [a_coded_customer(world, place, name) for name in names]
        assert code_of(world, place, ids[0]) is None

        issued = [issue_for(world, place, customer_id) for customer_id in ids]

        assert issued == ["VERMEERO-001", "C2-001", "C3-001", "RSN-001"]
        assert code_of(world, place, ids[1]) == "C2"

    def test_nobody_gets_a_code_where_numbers_have_none(
        self, world: World, place: Place
    ):
        acme = a_coded_customer(world, place, "Acme")

        issue_for(world, place, acme)

        assert code_of(world, place, acme) is None

    def test_a_proposal_that_is_taken_is_not_given_twice(
        self, world: World, place: Place
    ):
        number_by(world, place, pattern=BY_CUSTOMER)
        a_coded_customer(world, place, "Other", "ACME")
        a_coded_customer(world, place, "Another", "C3")
        acme = a_coded_customer(world, place, "Acme")

        assert issue_for(world, place, acme) == "ACME2-001"

    def test_a_refused_issue_gives_no_code(self, world: World, place: Place):
        number_by(world, place, pattern=BY_CUSTOMER)
        acme = a_coded_customer(world, place, "Acme")

        def take_and_fail(uow: UnitOfWork) -> None:
            uow.take_number("invoice", uow.today, acme)
            raise RuntimeError

        with pytest.raises(RuntimeError), world.unit(place.system) as uow:
            take_and_fail(uow)

        assert code_of(world, place, acme) is None
        rename(world, place, acme, "Acme", "A1")
        assert issue_for(world, place, acme) == "A1-001"

    def test_a_customer_who_is_renamed_keeps_code_and_counter(
        self, world: World, place: Place
    ):
        number_by(world, place, pattern=BY_CUSTOMER)
        acme = a_coded_customer(world, place, "Acme")
        issue_for(world, place, acme)

        rename(world, place, acme, "Globex")

        assert issue_for(world, place, acme) == "ACME-002"

    def test_a_code_that_a_number_has_stays(self, world: World, place: Place):
        number_by(world, place, pattern=YEARLY, reset=Reset.YEAR)
        acme = a_coded_customer(world, place, "Acme", "acme")
        issue_for(world, place, acme)

        with pytest.raises(InvalidInput, match="Numbers were given with ACME") as no:
            rename(world, place, acme, "Acme", "ACM")

        assert no.value.field == "number_code"
        assert world.run(place.viewer, read_customer, acme).is_in_numbers
        with (
            pytest.raises(IntegrityError, match="stays"),
            world.unit(place.system) as uow,
        ):
            uow.execute(update(Customer).values(number_code=None))

    def test_one_that_no_number_has_is_changed_and_free_again(
        self, world: World, place: Place
    ):
        number_by(world, place, pattern=BY_CUSTOMER)
        acme = a_coded_customer(world, place, "Acme", "ACME")
        acmex = a_coded_customer(world, place, "Acmex", "ACMEX")
        issue_for(world, place, acmex)

        rename(world, place, acme, "Acme", "OLD")
        other = a_coded_customer(world, place, "Other", "ACME")

        assert issue_for(world, place, other) == "ACME-001"
        assert issue_for(world, place, acme) == "OLD-001"

    @pytest.mark.parametrize(
        "typed", ["AC ME", "ACME-1", "ACMEACME1", "\xc4CME", "A\uff11"]
    )
    def test_what_is_no_code_is_refused(self, world: World, place: Place, typed: str):
        with pytest.raises(InvalidInput, match="Use up to 8 letters") as refusal:
            a_coded_customer(world, place, "Acme", typed)

        assert refusal.value.field == "number_code"

    def test_two_customers_never_have_the_same(self, world: World, place: Place):
        a_coded_customer(world, place, "Acme", "ACME")

        with pytest.raises(InvalidInput, match="Acme has ACME already"):
            a_coded_customer(world, place, "Other", "acme ")
        assert a_coded_customer(world, world.kestrel, "Other", "ACME")
        with (
            pytest.raises(IntegrityError),
            world.unit(place.system) as uow,
        ):
            uow.add(a_row(uow, number_code="ACME"))


class TestChanges:
    def test_the_series_itself_waits_meanwhile(self, world: World, place: Place):
        acme = a_coded_customer(world, place, "Acme", "ACME")
        first = issue_for(world, place, acme)
        number_by(world, place, pattern=BY_CUSTOMER)
        theirs = [issue_for(world, place, acme) for _ in range(2)]

        number_by(world, place, pattern="INV-{counter:5}")

        assert (first, theirs) == ("INV-00001", ["ACME-001", "ACME-002"])
        assert issue_for(world, place, acme) == "INV-00002"
        number_by(world, place, pattern="{customer}.{counter:3}")
        assert issue_for(world, place, acme) == "ACME.003"

    def test_a_counter_begins_behind_what_has_its_form(
        self, world: World, place: Place
    ):
        number_by(world, place, pattern="ACME-{counter:3}")
        acme = a_coded_customer(world, place, "Acme", "ACME")
        globex = a_coded_customer(world, place, "Globex", "GLX")
        for _ in range(2):
            issue_for(world, place, acme)

        number_by(world, place, pattern=BY_CUSTOMER)

        assert issue_for(world, place, globex) == "GLX-001"
        assert issue_for(world, place, acme) == "ACME-003"

    def test_a_number_that_ends_with_its_customer_is_read_too(
        self, world: World, place: Place
    ):
        number_by(world, place, pattern="{counter}/ACME")
        acme = a_coded_customer(world, place, "Acme", "ACME")
        issue_for(world, place, acme)

        number_by(world, place, pattern="{counter}/{customer}")

        assert issue_for(world, place, acme) == "2/ACME"

    def test_going_back_to_numbers_in_use_is_refused(self, world: World, place: Place):
        number_by(world, place, pattern=YEARLY)
        acme = a_coded_customer(world, place, "Acme", "ACME")
        issue_for(world, place, acme)
        number_by(world, place, reset=Reset.YEAR)
        assert issue_for(world, place, acme) == "ACME/2026-2"

        with pytest.raises(InvalidInput, match="come to ACME/2026-2, which") as refusal:
            number_by(world, place, reset=Reset.NEVER)

        assert refusal.value.field == "pattern"

    def test_one_form_of_all_that_comes_to_a_customers_is_refused(
        self, world: World, place: Place
    ):
        number_by(world, place, pattern=BY_CUSTOMER)
        acme = a_coded_customer(world, place, "Acme", "ACME")
        issue_for(world, place, acme)

        with pytest.raises(InvalidInput, match="ACME-001, which is in use already"):
            number_by(world, place, pattern="ACME-{counter:3}")

    def test_there_is_no_next_counter_to_set(self, world: World, place: Place):
        with pytest.raises(InvalidInput, match="counter of their own") as refusal:
            number_by(world, place, pattern=BY_CUSTOMER, next_value="7")

        assert refusal.value.field == "next_value"
        number_by(world, place, pattern=BY_CUSTOMER, next_value="")
        assert not world.run(place.owner, read_documents).is_counting


@pytest.mark.feature("A02")
class TestPreview:
    def test_shows_the_next_three_of_two_customers(self, world: World, place: Place):
        number_by(world, place, pattern=BY_CUSTOMER)
        acme = a_coded_customer(world, place, "Acme", "ACME")
        a_coded_customer(world, place, "Vermeer Optics")
        a_coded_customer(world, world.kestrel, "Strange", "X")
        issue_for(world, place, acme)

        shown = world.run(
            place.owner, preview_numbers, "invoice", BY_CUSTOMER, "never", "1"
        )

        assert dict(shown.by_customer) == {
            "Vermeer Optics": ("VERMEERO-001", "VERMEERO-002", "VERMEERO-003"),
            "Acme": ("ACME-002", "ACME-003", "ACME-004"),
        }

    def test_is_what_comes_and_begins_with_the_year(self, world: World, place: Place):
        number_by(world, place, pattern=YEARLY, reset=Reset.YEAR)
        ids = [a_coded_customer(world, place, "Acme") for _ in range(2)]

        shown = world.run(place.owner, preview_numbers, "invoice", YEARLY, "year")

        (name, numbers), (_, others) = shown.by_customer
        assert (name, others[0]) == ("Acme", "C1/2026-1")
        assert issue_for(world, place, ids[1]) == numbers[0] == "ACME/2026-1"
        assert shown.later == ((date(2027, 1, 1), "ACME/2027-1"),)

    def test_without_a_customer_it_makes_one_up(self, world: World, place: Place):
        shown = world.run(
            place.owner,
            preview_numbers,
            "credit_note",
            "C-{customer}.{counter}",
            "never",
        )

        assert shown.numbers == ("C-ACME.1", "C-ACME.2", "C-ACME.3")
