"""A statement of account: opening balance, movements, closing balance, age."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from billing_app.database.authentication import OpenedLink
from billing_app.documents.render import render_statement
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.dates import Moment
from billing_app.domain.document import Look
from billing_app.domain.errors import InvalidInput, NotFound, NotPermitted
from billing_app.domain.portal_settings import PortalSettings, PortalSetup
from billing_app.domain.statement import EntryKind, Section, Span, parse_span
from billing_app.queries.statements import read_own_statement, read_statement
from billing_app.services import invoices
from billing_app.workflows import statements
from tests.support.billing import a_customer, an_invoice, outstanding, pay
from tests.support.credit import a_mixed_invoice, an_amount, credit
from tests.support.world import World

YEAR = Span(date(2026, 1, 1), date(2026, 12, 31))
TODAY = date(2026, 3, 2)
MOMENT = Moment(datetime(2026, 3, 2, 11, tzinfo=UTC), "Europe/Amsterdam")


@pytest.fixture
def customer_id(world: World) -> int:
    return a_customer(world, world.northwind)


def visitor(customer_id: int, workspace_id: int = 1) -> PortalVisitor:
    return PortalVisitor(workspace_id, customer_id, 1, None)


def opened(customer_id: int) -> OpenedLink:
    setup = PortalSetup(PortalSettings(), "UTC", "EUR", False, False, "northwind")
    return OpenedLink(visitor(customer_id), setup)


def read(world: World, customer_id: int, span: Span = YEAR) -> tuple[Section, ...]:
    who = visitor(customer_id)
    return world.run(who, read_own_statement, span, MOMENT, 0)


class TestStatement:
    def test_closes_with_what_is_outstanding_less_credit(
        self, world: World, customer_id: int
    ):
        first = an_invoice(world, world.northwind, "100.00", customer_id=customer_id)
        second = an_invoice(world, world.northwind, "40.00", customer_id=customer_id)
        void = an_invoice(world, world.northwind, "7.00", customer_id=customer_id)
        pay(world, world.northwind, first, "30.00")
        pay(world, world.northwind, second, "45.00")
        world.run(world.northwind.accounting, invoices.void, void, "Wrong")

        (section,) = read(world, customer_id)

        left = outstanding(world, world.northwind, first)
        assert section.closing_minor == left - section.credit_minor == 6_500
        assert section.credit_minor == 500
        assert [entry.kind for entry in section.entries] == [
            *(EntryKind.INVOICE, EntryKind.INVOICE, EntryKind.INVOICE),
            *(EntryKind.VOID, EntryKind.PAYMENT, EntryKind.PAYMENT),
        ]
        assert section.balances()[-1] == section.closing_minor
        assert sum(minor for _, minor in section.ages) == left

    @pytest.mark.feature("G10", "A10")
    def test_takes_credit_notes_from_what_was_billed(
        self, world: World, customer_id: int
    ):
        invoice_id = a_mixed_invoice(world, world.northwind, customer_id=customer_id)
        credit(world, world.northwind, invoice_id, an_amount("45.50"))
        pay(world, world.northwind, invoice_id, "100")
        hidden = an_invoice(
            world, world.northwind, customer_id=customer_id, is_published=False
        )
        credit(world, world.northwind, hidden)

        (section,) = read(world, customer_id)

        moves = [(x.kind, x.reference, x.detail, x.minor) for x in section.entries]
        assert (EntryKind.CREDIT_NOTE, "CN-00001", "INV-00001", -4_550) in moves
        assert section.closing_minor == outstanding(world, world.northwind, invoice_id)
        later = Span(date(2026, 4, 1), date(2026, 4, 30))
        assert read(world, customer_id, later)[0].opening_minor == 5_000

    def test_one_period_opens_where_the_one_before_closed(
        self, world: World, customer_id: int
    ):
        invoice_id = an_invoice(
            world, world.northwind, "100.00", customer_id=customer_id
        )
        world.clock.advance(days=40)
        pay(world, world.northwind, invoice_id, "30.00")
        cut = date(2026, 3, 20)

        (before,) = read(world, customer_id, replace(YEAR, last=cut))
        (after,) = read(world, customer_id, replace(YEAR, first=date(2026, 3, 21)))
        (whole,) = read(world, customer_id)

        assert before.closing_minor == after.opening_minor == 10_000
        assert after.closing_minor == whole.closing_minor == 7_000

    def test_holds_nothing_of_anybody_else(self, world: World, customer_id: int):
        other = a_customer(world, world.northwind, "Halden Freight")
        an_invoice(world, world.northwind, "5.00", customer_id=other)
        abroad = a_customer(world, world.kestrel)
        an_invoice(world, world.kestrel, "6.00", customer_id=abroad)
        an_invoice(
            world, world.northwind, "7.00", customer_id=customer_id, is_published=False
        )

        assert read(world, customer_id) == ()
        staff = world.northwind.accounting
        assert world.run(staff, read_statement, customer_id, YEAR) == ()
        assert world.run(staff, read_statement, abroad, YEAR) == ()
        with pytest.raises(NotPermitted):
            world.run(world.northwind.viewer, read_statement, other, YEAR)

    def test_staff_read_the_same_as_the_customer(self, world: World, customer_id: int):
        an_invoice(world, world.northwind, "5.00", customer_id=customer_id)
        staff = world.northwind.accounting

        assert world.run(staff, read_statement, customer_id, YEAR) == read(
            world, customer_id
        )

    def test_an_invoice_link_has_none(self, world: World, customer_id: int):
        narrow = replace(visitor(customer_id), invoice_id=1)

        with pytest.raises(NotFound):
            world.run(narrow, read_own_statement, YEAR, MOMENT, 0)


class TestFiles:
    def test_the_table_is_free_of_formulas(self, world: World, customer_id: int):
        invoice_id = an_invoice(
            world, world.northwind, "100.00", customer_id=customer_id
        )
        pay(world, world.northwind, invoice_id, "30.00", reference="=1+1")

        document = statements.make_for_customer(
            world.runtime, opened(customer_id), "2026-01-01", "2026-03-31"
        )
        lines = "".join(statements.write_csv(document)).splitlines()

        assert lines[1] == "2026-01-01,Opening balance,,,EUR,,0.00"
        assert lines[2] == "2026-03-02,Invoice,INV-00001,,EUR,100.00,100.00"
        assert lines[3] == "2026-03-02,Payment,'=1+1,Bank transfer,EUR,-30.00,70.00"
        assert lines[4] == "2026-03-31,Closing balance,,,EUR,,70.00"

    @pytest.mark.parametrize("look", list(Look))
    def test_the_paper_is_one_of_the_looks(
        self, world: World, customer_id: int, look: Look
    ):
        an_invoice(world, world.northwind, "100.00", customer_id=customer_id)
        made = statements.make_for_customer(world.runtime, opened(customer_id), "", "")
        document = replace(made, branding=replace(made.branding, look=look))

        html = render_statement(document, None, world.clock.now)

        assert f"sheet-{look}" in html
        assert "Statement of account" in html
        assert "INV-00001" in html
        assert "€100.00" in html

    @pytest.mark.feature("N07")
    def test_the_paper_says_what_the_closing_balance_is_made_of(
        self, world: World, customer_id: int
    ):
        invoice_id = an_invoice(
            world, world.northwind, "100.00", customer_id=customer_id
        )
        credit(world, world.northwind, invoice_id, an_amount("30.00"))
        pay(world, world.northwind, invoice_id, "45.00")
        made = statements.make_for_customer(world.runtime, opened(customer_id), "", "")

        html = render_statement(made, None, world.clock.now)

        closing = html[html.index("s-totals") :]
        said = re.findall(r">([^<>]+)</th><td class=\"s-n\">([^<]+)<", closing)
        assert said == [
            ("Opening balance", "€0.00"),
            ("Invoices", "€100.00"),
            ("Credit notes", "−€30.00"),
            ("Payments", "−€45.00"),
            ("Closing balance", "€25.00"),
        ]

    def test_an_account_without_movements_has_a_statement(
        self, world: World, customer_id: int
    ):
        made = statements.make_for_customer(world.runtime, opened(customer_id), "", "")

        assert [section.closing_minor for section in made.sections] == [0]

    def test_is_printed(self, world: World, customer_id: int):
        an_invoice(world, world.northwind, "100.00", customer_id=customer_id)
        made = statements.make_for_customer(world.runtime, opened(customer_id), "", "")

        text = PdfReader(BytesIO(statements.write_pdf(world.runtime, made))).pages[0]

        assert "Opening balance" in text.extract_text()


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-03-02", "2026-03-01"),
        ("x", "2026-03-01"),
        ("2026-02-30", ""),
        ("1900-01-01", "2026-01-01"),
    ],
)
def test_days_that_make_no_period_are_refused(first: str, last: str):
    with pytest.raises(InvalidInput):
        parse_span(first, last, YEAR)
