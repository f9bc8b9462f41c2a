"""Files of another program, from their bytes to what is stored, and refused."""

import codecs
import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from billing_app.cli import main
from billing_app.database.verify import find_broken
from billing_app.domain.actors import Actor
from billing_app.domain.billable_event import Grouping, factors_from_json
from billing_app.domain.custom_fields import CustomField, fields_to_json
from billing_app.domain.document import InvoiceDocument, PartyId, from_json
from billing_app.domain.draft import DraftForm, LineForm, form_from_json
from billing_app.domain.errors import InvalidInput, NotPermitted
from billing_app.domain.import_columns import ImportKind, find_columns, find_kind
from billing_app.domain.import_plan import Fate, FateKind, write_fates
from billing_app.domain.import_table import DateOrder, Notation
from billing_app.models import (
    AuditEntry,
    BillableEvent,
    Customer,
    Invoice,
    IssuedDocument,
    LineItem,
    NumberSeries,
    OutboxMessage,
    Payment,
    Product,
    TaxRate,
    WorkspaceSettings,
)
from billing_app.queries.billable_events import list_waiting
from billing_app.queries.letterhead import buyer_party
from billing_app.queries.settings import read_documents
from billing_app.services import drafts, invoices
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.services.settings import DocumentsForm, change_documents
from billing_app.workflows.import_tables import (
    ImportRefused,
    ImportReport,
    check_table,
    find_choices,
    import_table,
    open_table,
)
from tests.support.billing import a_customer, all_rows
from tests.support.numbers import a_coded_customer, issue_for, number_by
from tests.support.world import World

REPOSITORY = Path(__file__).parents[2]
INVOICES = """\
Invoice number,Customer,Date,Due date,Description,Quantity,Unit price,Tax %,Total
OLD-7,Vermeer Optics,2026-01-31,2026-02-28,Charter,2.5,1450.00,21,4436.25
,,,,Fuel,1,50.00,0,
OLD-8,Käse & Co,2026-02-01,,Advice,1,10.00,21,12.10
"""
PAYMENTS = """\
Invoice,Date,Amount,Payment mode
OLD-7,2026-02-03,4000.00,Bank transfer
OLD-8,2026-02-03,20.00,Cash
"""
CUSTOMERS = """\
Name,E-mail,Street,ZIP,City,Country,VAT
Vermeer Optics,info@vermeer.example,Markt 1,2611 GP,Delft,NL,NL001234567B01
"""


class Desk:
    """Checks and imports texts as files of one workspace."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.actor: Actor = world.northwind.accounting
        self._folder = folder
        self.fates: list[Fate] = []

    def check(self, content: str | bytes, **choices: Any) -> ImportReport:
        return self._work(check_table, content, choices)

    def bring_in(self, content: str | bytes, **choices: Any) -> ImportReport:
        return self._work(import_table, content, choices)

    def _work(
        self, work: Callable[..., ImportReport], content: str | bytes, choices: Any
    ) -> ImportReport:
        path = self._folder / "file.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        table = open_table(path)
        found = replace(find_choices(table), **choices)
        self.fates = []
        return work(self.world.runtime, self.actor, table, found, self.fates.append)

    def rows(self, table: Any) -> list[Any]:
        with self.world.reading(self.world.northwind.system) as uow:
            return list(uow.all(select(table).order_by(table.id)))

    def invoices(self) -> dict[str | None, Invoice]:
        return {invoice.number: invoice for invoice in self.rows(Invoice)}

    def sentences(self, kind: FateKind) -> list[str]:
        return [fate.sentence for fate in self.fates if fate.kind is kind]


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    with world.unit(world.northwind.system) as uow:
        uow.one(select(WorkspaceSettings)).address = "Quay 7"
    return Desk(world, tmp_path)


def issue_own(world: World, customer_name: str = "Own") -> str:
    actor = world.northwind.accounting
    with world.unit(actor) as uow:
        customer = Customer(
            name=customer_name, name_key=customer_name.casefold(), created_at=uow.now
        )
        uow.add(customer)
        assert customer.id is not None
        customer_id = customer.id
    form = DraftForm(
        customer_id=customer_id, lines=(LineForm(name="Advice", unit_price="10.00"),)
    )
    draft = world.run(actor, drafts.create_draft, form)
    return world.run(actor, invoices.issue, draft.invoice_id, draft.version).number


def keep_own_fields(world: World) -> None:
    """Let both workspaces keep the same of customers, and Kestrel's by other keys."""
    for place, mark in ((world.northwind, "n"), (world.kestrel, "k")):
        fields = [
            CustomField(f"{mark}1", "Cost centre", place="customer"),
            CustomField(f"{mark}2", "Reviewed on", "date", place="customer"),
            CustomField(f"{mark}3", "Rating", is_staff_only=True, place="customer"),
            CustomField(f"{mark}4", "Site"),
            CustomField(f"{mark}5", "Visited on", "date", is_required=True),
            CustomField(f"{mark}6", "Margin", "number", is_staff_only=True),
            CustomField(f"{mark}7", "Serial number", place="line"),
            CustomField(f"{mark}8", "Weight", "number", place="line"),
        ]
        with world.unit(place.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.custom_fields = fields_to_json(fields)


@pytest.mark.feature("A29")
class TestOwnFields:
    FILE = (
        "Name,cost-centre,Reviewed on,RATING,Site,Shoe size\n"
        "Halden,4711,2026-02-28,A,Harbour,44\n"
        "Bristow,,,,,\n"
    )

    def test_of_customers_are_read_by_their_names(self, desk: Desk, world: World):
        keep_own_fields(world)

        report = desk.bring_in(self.FILE)

        kept = {it.name: it.custom_fields for it in desk.rows(Customer)}
        assert kept == {
            "Halden": {"n1": "4711", "n2": "2026-02-28", "n3": "A"},
            "Bristow": {},
        }
        assert report == ImportReport(
            new=2,
            own=("cost-centre", "Reviewed on", "RATING"),
            unread=("Site", "Shoe size"),
        )

    def test_a_dry_run_names_the_columns_it_does_not_know(
        self, desk: Desk, world: World
    ):
        keep_own_fields(world)

        report = desk.check(self.FILE)

        assert report.column_words == (
            "Fields of your own: cost-centre, Reviewed on, RATING. "
            "Not read: Site, Shoe size."
        )
        assert desk.rows(Customer) == []

    def test_one_that_can_not_be_read_refuses_its_row(self, desk: Desk, world: World):
        keep_own_fields(world)

        report = desk.check("Name,Reviewed on\nHalden,soon\nBristow,2026-02-28\n")

        assert (report.new, report.refused) == (1, 1)
        (sentence,) = desk.sentences(FateKind.REFUSED)
        assert "date" in sentence

    def test_a_column_chosen_for_something_else_fills_no_field(
        self, desk: Desk, world: World
    ):
        keep_own_fields(world)

        desk.bring_in("Name,Rating\nHalden,A\n", columns={"name": 0, "reference": 1})

        (customer,) = desk.rows(Customer)
        assert (customer.reference, customer.custom_fields) == ("A", {})


@pytest.mark.feature("A29")
class TestOwnFieldsOfInvoices:
    HEAD = (
        "Invoice number;Customer;Status;Date;Description;Unit price;Serial number;"
        "Weight;Site;Visited on;Margin;Rating\n"
    )
    LINES = (
        "OLD-7;Halden;{status};31.01.2026;Pump;1.450,00;P-1;1,50;Harbour;30.01.2026;"
        "12,5;A\n"
        ";;;;Hose;50,00;;;;;;\n"
    )
    FILE = HEAD + LINES.format(status="")

    def test_and_of_lines_are_frozen_as_the_file_writes_them(
        self, desk: Desk, world: World
    ):
        keep_own_fields(world)

        report = desk.bring_in(self.FILE)

        (invoice,) = desk.rows(Invoice)
        assert [(x["name"], x["value"]) for x in invoice.custom_fields] == [
            ("Site", "Harbour"),
            ("Visited on", "2026-01-30"),
            ("Margin", "12.5"),
        ]
        pump, hose = desk.rows(LineItem)
        assert [(x["name"], x["value"]) for x in pump.custom_fields] == [
            ("Serial number", "P-1"),
            ("Weight", "1.5"),
        ]
        assert hose.custom_fields == []
        assert report.own == (
            *("Serial number", "Weight", "Site", "Visited on", "Margin"),
        )
        assert report.unread == ("Rating",)

    def test_are_printed_but_for_those_of_staff(self, desk: Desk, world: World):
        keep_own_fields(world)

        desk.bring_in(self.FILE)

        (issued,) = desk.rows(IssuedDocument)
        document = from_json(InvoiceDocument, issued.content)
        assert [field.name for field in document.fields] == ["Site", "Visited on"]
        assert [field.value for field in document.lines[0].fields] == ["P-1", "1.5"]

    def test_wait_in_a_draft_as_if_typed(self, desk: Desk, world: World):
        keep_own_fields(world)

        desk.bring_in(self.HEAD + self.LINES.format(status="draft"))

        (draft,) = desk.rows(Invoice)
        form = form_from_json(draft.draft)
        assert form.own == (("n4", "Harbour"), ("n5", "2026-01-30"), ("n6", "12.5"))
        assert [x.own for x in form.lines] == [(("n7", "P-1"), ("n8", "1.5")), ()]
        actor = world.northwind.accounting
        world.run(actor, invoices.issue, draft.id, draft.version)
        (issued,) = desk.rows(Invoice)
        assert [x["key"] for x in issued.custom_fields] == ["n4", "n5", "n6"]

    def test_required_ones_may_lack_as_it_was_printed_without(
        self, desk: Desk, world: World
    ):
        keep_own_fields(world)

        assert desk.bring_in(INVOICES).new == 2

    @pytest.mark.parametrize(
        ("column", "cell", "sentence"),
        [
            ("Weight", "heavy", "The Weight 'heavy' is not a number."),
            ("Visited on", "soon", "The Visited on 'soon' is not a day"),
            ("Site", "x" * 201, "Site: "),
        ],
    )
    def test_one_that_can_not_be_read_refuses_the_invoice(
        self, desk: Desk, world: World, column: str, cell: str, sentence: str
    ):
        keep_own_fields(world)
        head = f"Invoice number,Customer,Date,Total,{column}\n"

        report = desk.check(f"{head}OLD-9,Halden,2026-01-31,10.00,{cell}\n")

        assert (report.new, report.refused) == (0, 1)
        (said,) = desk.sentences(FateKind.REFUSED)
        assert said.startswith(sentence)


class TestInvoices:
    def test_become_issued_with_the_number_they_had(self, desk: Desk, world: World):
        report = desk.bring_in(INVOICES)

        assert report == ImportReport(new=2, new_customers=2)
        found = desk.invoices()
        assert {number: x.total_minor for number, x in found.items()} == {
            "OLD-7": 443_625,
            "OLD-8": 1_210,
        }
        assert found["OLD-7"].due_on == date(2026, 2, 28)
        assert found["OLD-7"].series_code == "imported"
        assert found["OLD-7"].published_at is None
        assert len(desk.rows(IssuedDocument)) == 2
        assert find_broken(world.runtime.engine, world.runtime.now()) == []

    def test_mail_nobody_and_print_nothing_yet(self, desk: Desk):
        desk.bring_in(INVOICES)
        desk.bring_in(PAYMENTS)

        assert desk.rows(OutboxMessage) == []

    def test_are_of_this_workspace_alone(self, desk: Desk, world: World):
        desk.bring_in(INVOICES)

        with world.reading(world.kestrel.owner) as uow:
            assert uow.all(select(Invoice)) == []
            assert uow.all(select(Customer)) == []

    def test_a_number_of_another_workspace_is_free_here(self, desk: Desk, world: World):
        desk.actor = world.kestrel.owner
        desk.bring_in(INVOICES)
        desk.actor = world.northwind.owner

        assert desk.bring_in(INVOICES).new == 2

    def test_a_second_time_nothing_changes(self, desk: Desk):
        desk.bring_in(INVOICES)
        before = len(desk.rows(AuditEntry))

        report = desk.bring_in(INVOICES)

        assert report == ImportReport(known=2)
        assert len(desk.rows(AuditEntry)) == before

    def test_a_look_changes_nothing_and_says_the_same(self, desk: Desk):
        report = desk.check(INVOICES)

        assert report == ImportReport(new=2, new_customers=2)
        assert desk.rows(Invoice) == desk.rows(Customer) == []
        assert [(fate.line, fate.name) for fate in desk.fates] == [
            (2, "OLD-7"),
            (4, "OLD-8"),
        ]
        assert desk.fates[0].sentence == (
            "Becomes an issued invoice of a new customer, Vermeer Optics."
        )

    def test_one_bad_row_stops_all(self, desk: Desk):
        bad = INVOICES + "OLD-9,Vermeer Optics,2026-02-01,,Advice,1,ten,21,\n"

        with pytest.raises(ImportRefused, match="Line 5, OLD-9: The price 'ten'"):
            desk.bring_in(bad)

        assert desk.rows(Invoice) == desk.rows(Customer) == []
        assert desk.rows(NumberSeries)[-1].code != "imported"

    def test_one_too_long_to_print_is_refused_and_a_draft_is_not(self, desk: Desk):
        """42 lines of 2,000 characters make 84,000."""
        head = "Invoice number,Customer,Date,Status,Description,Unit price"
        rows = [f"{n},Vermeer,2026-01-31,{{}},{'d' * 2_000},1.00" for n in ["L-1"] * 42]
        content = "\n".join([head, *rows])

        with pytest.raises(ImportRefused, match="L-1: Its texts are too long to print"):
            desk.bring_in(content.format(*["Sent"] * 42))
        desk.bring_in(content.format(*["Draft"] * 42))

        assert [x.state for x in desk.rows(Invoice)] == ["draft"]

    def test_a_look_finds_every_bad_row(self, desk: Desk):
        bad = (
            "Number,Customer,Date,Price,Total,Currency\n"
            "1,A,2026-01-01,10,11,\n"
            "2,,2026-01-01,10,10,\n"
            ",B,2026-01-01,10,10,\n"
            "3,B,2026-02-30,10,10,\n"
            "4,B,2026-01-01,10,10,XQX\n"
            "5,B,2026-01-01,9999999999999999,,\n"
            "6,B,2026-01-01,10,10,\n"
            "7,B,2026-01-01,10,10,\n"
            "6,B,2026-01-01,10,10,\n"
        )

        report = desk.check(bad)

        assert (report.new, report.refused) == (2, 7)
        said = desk.sentences(FateKind.REFUSED)
        assert said[0] == (
            "Its total is 11.00 in the file, and its lines come to 10.00."
        )
        assert said[1] == "It names no customer."
        assert said[2] == "It has no number."
        assert said[-1].startswith("6 stands in the file before.")

    def test_a_cent_that_others_round_otherwise_is_the_rounding(
        self, desk: Desk, world: World
    ):
        """3 x 0.335 is 1.01 here; the other program billed 1.00."""
        desk.bring_in(
            "Number,Customer,Date,Quantity,Price,Total\nO-1,A,2026-01-01,3,0.335,1.00\n"
        )

        invoice = desk.invoices()["O-1"]
        assert (invoice.total_minor, invoice.due_minor) == (101, 100)
        assert find_broken(world.runtime.engine, world.runtime.now()) == []

    def test_a_void_one_is_left_out(self, desk: Desk):
        report = desk.bring_in(
            "Number,Customer,Date,Amount,Status\n1,A,2026-01-01,10,Void\n"
        )

        assert report == ImportReport(left_out=1)

    def test_what_a_status_says_and_is_not_taken_over_is_noted_and_summed(
        self, desk: Desk
    ):
        head = "No,Customer,Date,Price,Status,Amount paid\n"
        rows = (("1", "Paid", ""), ("2", "paid", ""), ("3", "Sent", ""))
        rows += (("4", "Overdue", ""), ("5", "written off", ""), ("6", "paid", "10"))
        content = head + "".join(
            f"PD-{number},A,2026-01-01,10,{status},{paid}\n"
            for number, status, paid in rows
        )
        summed = (
            "2 say paid; they come in as open until their payments are imported too.",
            "1 says written off; it comes in as open.",
        )

        assert desk.check(content).notes == summed
        assert {fate.name: fate.note for fate in desk.fates if fate.note} == {
            "PD-1": "It says paid; it comes in as open until its payment is "
            "imported too.",
            "PD-2": "It says paid; it comes in as open until its payment is "
            "imported too.",
            "PD-5": "It says written off; it comes in as open.",
        }
        assert "It says paid" in "".join(write_fates(desk.fates))
        assert desk.bring_in(content).notes == summed
        assert desk.bring_in(content).notes == ()

    def test_a_due_date_before_the_issue_date_is_refused(self, desk: Desk):
        row = "No,Customer,Date,Due date,Price,Status\n1,A,2026-01-02,{},10,{}\n"

        desk.check(row.format("2026-01-01", ""))

        assert desk.sentences(FateKind.REFUSED) == [
            "The due date can't be before the issue date."
        ]
        assert desk.check(row.format("2026-01-02", "")).new == 1
        assert desk.check(row.format("2026-01-01", "Draft")).new == 1

    def test_a_total_below_zero_is_refused(self, desk: Desk):
        with pytest.raises(ImportRefused, match=r"can't be below zero\. If it is a cr"):
            desk.bring_in("No,Customer,Date,Price\nCN-1,A,2026-01-02,-60.00\n")

        assert desk.rows(Invoice) == []
        zero = "No,Customer,Date,Price\nZ-1,A,2026-01-02,0.00\n"
        assert desk.check(zero).new == 1

    def test_a_day_to_come_is_noted(self, desk: Desk, world: World):
        today = world.clock.now.date()
        row = "No,Customer,Date,Price\n1,A,{},10\n"

        ahead = desk.check(row.format(today + timedelta(days=2)))

        assert ahead.notes == ("1 is dated after today.",)
        assert desk.fates[0].note.endswith("is after today.")
        assert desk.check(row.format(today)).notes == ()

    def test_a_missing_address_is_said_before(self, desk: Desk, world: World):
        assert desk.check(INVOICES).lacking == ""
        desk.actor = world.kestrel.accounting

        lacking = desk.check(INVOICES).lacking

        assert lacking.startswith("Your own address is missing: Settings, Business")
        assert "can't be changed later" in lacking
        assert desk.check(CUSTOMERS).lacking == ""

    def test_a_draft_stays_one_and_takes_no_number(self, desk: Desk):
        draft = (
            "Number,Customer,Date,Item,Qty,Price,VAT,Status\n"
            "D-1,A,2026-01-01,Advice,2,10.50,21,Draft\n"
        )

        desk.bring_in(draft)

        [invoice] = desk.rows(Invoice)
        assert (invoice.state, invoice.number) == ("draft", None)
        assert invoice.total_minor == 2_541
        assert desk.bring_in(draft) == ImportReport(known=1)

    def test_a_draft_of_an_unknown_rate_is_refused(self, desk: Desk):
        desk.check("No,Customer,Date,Price,VAT,Status\n,A,2026-01-01,10,17,Draft\n")

        [said] = desk.sentences(FateKind.REFUSED)
        assert said.startswith("A draft can't be taxed with 17 %")

    def test_formulas_are_text(self, desk: Desk):
        desk.bring_in("No,Customer,Date,Price,Item\n1,=1+1,2026-01-01,10,@SUM(A1)\n")

        [customer] = desk.rows(Customer)
        assert customer.name == "=1+1"


def test_the_files_of_the_guide_come_in_one_after_another(desk):
    guide = (REPOSITORY / "docs" / "import.md").read_text("utf-8")
    files = [part.partition("```")[0] for part in guide.split("```csv\n")[1:]]

    for content in files:
        desk.bring_in(content)

    invoices = desk.invoices()
    assert len(files) == 3
    assert invoices["OLD-17"].outstanding_minor == 0
    assert invoices["OLD-18"].outstanding_minor == 190_000


class TestNumbers:
    def test_own_ones_go_on_behind_the_file(self, desk: Desk, world: World):
        report = desk.bring_in(INVOICES.replace("OLD-", "INV-0004"))

        assert report.number_next == 49
        assert issue_own(world) == "INV-00049"
        assert find_broken(world.runtime.engine, world.runtime.now()) == []

    def test_one_that_own_ones_would_come_to_is_refused(self, desk: Desk, world: World):
        issue_own(world)

        desk.check(INVOICES.replace("OLD-", "INV-0004"))

        said = desk.sentences(FateKind.REFUSED)
        assert len(said) == 2
        assert said[0].startswith("INV-00047 is a number that your own invoices will")

    def test_one_that_a_customers_own_would_come_to_is_refused(
        self, desk: Desk, world: World
    ):
        """Whose counter has not begun goes on behind the file's."""
        place = world.northwind
        number_by(world, place, pattern="{customer}-{counter:3}")
        acme = a_coded_customer(world, place, "Acme", "ACME")
        old = a_coded_customer(world, place, "Old", "OLD")
        issue_for(world, place, acme)

        desk.check(INVOICES.replace("OLD-7", "ACME-007"))
        assert desk.sentences(FateKind.REFUSED)[0].startswith("ACME-007 is a number")
        desk.bring_in(INVOICES.replace("OLD-7", "OLD-007").replace("OLD-8", "X8-001"))

        assert issue_for(world, place, old) == "OLD-008"
        assert issue_for(world, place, acme) == "ACME-002"
        assert find_broken(world.runtime.engine, world.runtime.now()) == []

    def test_a_pattern_that_would_come_to_them_is_refused(
        self, desk: Desk, world: World
    ):
        issue_own(world)
        desk.bring_in(INVOICES)
        page = world.run(world.northwind.owner, read_documents)
        form = DocumentsForm(
            net_days="14",
            notes="",
            terms="",
            pattern="OLD-{counter}",
            next_value=str(page.next_value),
            receipt_pattern=page.receipt_pattern,
            credit_note_pattern=page.credit_note_pattern,
        )

        with pytest.raises(InvalidInput, match="would come to OLD-"):
            world.run(world.northwind.owner, change_documents, page.version, form)


class TestPayments:
    def test_pay_what_they_name_and_leave_credit(self, desk: Desk, world: World):
        desk.bring_in(INVOICES)

        assert desk.bring_in(PAYMENTS).new == 2

        found = desk.invoices()
        assert found["OLD-7"].outstanding_minor == 43_625
        assert found["OLD-8"].outstanding_minor == 0
        methods = [payment.method for payment in desk.rows(Payment)]
        assert methods == ["bank_transfer", "cash"]
        assert find_broken(world.runtime.engine, world.runtime.now()) == []

    def test_say_what_becomes_credit(self, desk: Desk):
        desk.bring_in(INVOICES)
        whole = "OLD-8,2026-02-03,{amount},Cash\n"

        twice = "".join(whole.format(amount=amount) for amount in ("9000.00", "10.00"))
        desk.check(PAYMENTS.split("\n")[0] + "\n" + twice)

        first, second = desk.sentences(FateKind.NEW)
        assert first == "Pays €9,000.00 of OLD-8."
        assert second == (
            "€10.00 becomes the customer’s credit: OLD-8 asks for nothing more."
        )

    def test_are_booked_once_and_twins_twice(self, desk: Desk):
        desk.bring_in(INVOICES)
        twins = PAYMENTS + "OLD-7,2026-02-03,4000.00,Bank transfer\n"

        assert desk.bring_in(twins).new == 3
        assert desk.bring_in(twins) == ImportReport(known=3)

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ("OLD-1,2026-02-03,10,", "There is no invoice OLD-1 here"),
            ("OLD-7,2027-02-03,10,", "in the future"),
            ("OLD-7,2026-02-03,-10,", "below zero"),
            ("OLD-7,2026-02-03,10,USD", "is in EUR, and this payment in USD"),
            (",2026-02-03,10,", "names no invoice"),
        ],
    )
    def test_refuses_what_can_not_be_booked(self, desk: Desk, row: str, says: str):
        desk.bring_in(INVOICES)

        desk.check(f"Invoice,Date,Amount,Currency\n{row}\n")

        [said] = desk.sentences(FateKind.REFUSED)
        assert says in said

    def test_know_no_invoice_of_another_workspace(self, desk: Desk, world: World):
        desk.actor = world.kestrel.owner
        desk.bring_in(INVOICES)
        desk.actor = world.northwind.owner

        assert desk.check(PAYMENTS).refused == 2


class TestCustomers:
    def test_bring_what_is_known_of_them(self, desk: Desk):
        desk.bring_in(CUSTOMERS)

        [customer] = desk.rows(Customer)
        assert (customer.address, customer.postal_code) == ("Markt 1", "2611 GP")
        assert buyer_party(customer).address == ("Markt 1", "2611 GP Delft")
        assert (customer.country, customer.vat_id) == ("NL", "NL001234567B01")
        assert desk.bring_in(CUSTOMERS) == ImportReport(known=1)

    def test_bring_the_code_that_stands_for_them_in_numbers(self, desk: Desk):
        table = "Name,Number code\nVermeer,ver\nKäse,\nHalden,HAL\n"

        desk.bring_in(table)

        codes = {x.name: x.number_code for x in desk.rows(Customer)}
        assert codes == {"Vermeer": "VER", "Käse": None, "Halden": "HAL"}

    def test_what_machines_know_them_by_comes_along(self, desk: Desk):
        desk.bring_in(
            "Name,Street,ZIP,City,State,Country,KvK,Peppol ID,Buyer reference\n"
            "Vermeer,Markt 1,2611 GP,Delft,,NL,70112233,,Dock 4\n"
            "Halden,1 Main St,10003,New York,NY,US,,0088:4006381333931,\n"
        )

        vermeer, halden = desk.rows(Customer)
        assert (vermeer.address, vermeer.postal_code, vermeer.town) == (
            "Markt 1",
            "2611 GP",
            "Delft",
        )
        assert (vermeer.registration, vermeer.reference) == ("70112233", "Dock 4")
        assert buyer_party(vermeer).endpoint == PartyId("0106", "70112233")
        assert buyer_party(halden).address == ("1 Main St", "New York, NY 10003")
        assert buyer_party(halden).endpoint == PartyId("0088", "4006381333931")

    def test_a_code_that_somebody_has_or_none_can_have_is_refused(self, desk: Desk):
        desk.bring_in("Name,Number code\nVermeer,VER\n")

        desk.check("Name,Number code\nA,ver\nB,B1\nC,b1\nD,no code\nVermeer,X\n")

        said = desk.sentences(FateKind.REFUSED)
        assert said[:2] == [
            "Vermeer has the number code VER already.",
            "B has the number code B1 already.",
        ]
        assert said[2].startswith("Use up to 8 letters")
        assert [x.kind for x in desk.fates][-1] is FateKind.KNOWN

    def test_a_bad_address_is_named(self, desk: Desk):
        desk.check("Name,E-mail\nA,no mail\n")

        assert "“no mail” is not" in desk.sentences(FateKind.REFUSED)[0]


class TestFiles:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    def test_of_any_usual_encoding(self, desk: Desk, encoding: str):
        desk.bring_in(INVOICES.encode(encoding))

        assert "Käse & Co" in {customer.name for customer in desk.rows(Customer)}

    def test_with_commas_before_decimals(self, desk: Desk):
        desk.bring_in(
            "Rechnungsnummer;Kunde;Rechnungsdatum;Menge;Einzelpreis;MwSt\n"
            "R-1;Käse;03.02.2026;1,5;1.200,00;21\n"
        )

        assert desk.invoices()["R-1"].total_minor == 217_800
        assert desk.invoices()["R-1"].issued_on == date(2026, 2, 3)

    def test_with_two_readings_are_refused_until_somebody_chooses(self, desk: Desk):
        table = "Number,Customer,Date,Amount\n1,A,03/04/2026,1.234\n"

        with pytest.raises(InvalidInput, match="can be read in two ways"):
            desk.check(table)

        desk.bring_in(table, notation=Notation(",", DateOrder.DAY_FIRST))
        [invoice] = desk.rows(Invoice)
        assert (invoice.total_minor, invoice.issued_on) == (
            123_400,
            date(2026, 4, 3),
        )

    def test_without_a_needed_column_are_refused(self, desk: Desk):
        with pytest.raises(InvalidInput, match="Choose the column for Customer"):
            desk.check("Number,Date,Price,VAT\n1,2026-01-01,10,21\n")

    @pytest.mark.parametrize("columns", [{"name": 0, "email": 9}, {"name": 0, "x": 1}])
    def test_columns_that_are_none_are_refused(
        self, desk: Desk, columns: dict[str, int]
    ):
        with pytest.raises(InvalidInput):
            desk.check(CUSTOMERS, columns=columns)

    @pytest.mark.parametrize(
        "content",
        [b"PK\x03\x04" + b"x" * 9, b"one column\n1\n", codecs.BOM_UTF8, b"a,b\n\0,1\n"],
    )
    def test_that_lie_about_their_type_are_refused(self, desk: Desk, content: bytes):
        with pytest.raises(InvalidInput):
            desk.check(content)

    def test_are_refused_to_who_may_not_import(self, desk: Desk, world: World):
        for actor in (world.northwind.viewer, world.northwind.operations):
            desk.actor = actor
            with pytest.raises(NotPermitted):
                desk.check(INVOICES)
            with pytest.raises(NotPermitted):
                desk.bring_in(INVOICES)


class TestProducts:
    CONTENT = (
        "Product;Details;Unit;Price;VAT\n"
        "Charter;A day out;day;1.450,50;21\n"
        "Fuel;;l;1,8995;9\n"
        "Advice;;;;\n"
        "charter;again;;1,00;\n"
    )

    def test_become_what_the_business_sells_once(self, desk: Desk, world: World):
        desk.actor = world.northwind.admin

        report = desk.bring_in(self.CONTENT)

        assert (report.new, report.known) == (3, 1)
        charter, fuel, advice = desk.rows(Product)
        assert (charter.name, charter.unit_price) == ("Charter", Decimal("1450.5"))
        assert (charter.unit, charter.description) == ("day", "A day out")
        assert fuel.unit_price == Decimal("1.8995")
        assert (advice.unit_price, advice.tax_id, advice.currency) == (
            None,
            None,
            "EUR",
        )
        with world.reading(world.northwind.system) as uow:
            assert uow.get(TaxRate, charter.tax_id).percent == 21
        assert desk.bring_in(self.CONTENT).known == 4
        assert len(desk.rows(Product)) == 3

    def test_are_none_of_another_workspace(self, desk: Desk, world: World):
        desk.actor = world.northwind.admin
        desk.bring_in(self.CONTENT)

        with world.reading(world.kestrel.system) as uow:
            assert uow.all(select(Product)) == []

    def test_name_a_tax_that_is_there(self, desk: Desk, world: World):
        desk.actor = world.northwind.admin

        report = desk.check("Product,Price,VAT\nTea,1.20,7\nCake,x,21\n,1.00,21\n")

        assert report.refused == 3
        taxed, priced, unnamed = desk.sentences(FateKind.REFUSED)
        assert "add that rate in Settings, Taxes first" in taxed
        assert "price" in priced
        assert unnamed == "The product has no name."
        with pytest.raises(ImportRefused):
            desk.bring_in("Product,Price,VAT\nTea,1.20,7\n")
        assert desk.rows(Product) == []

    def test_are_for_who_may_change_settings(self, desk: Desk):
        with pytest.raises(NotPermitted):
            desk.check(self.CONTENT)
        with pytest.raises(NotPermitted):
            desk.bring_in(self.CONTENT)


def test_fates_become_a_file_without_formulas():
    fates = [
        Fate(2, "=1+1", FateKind.NEW, "Becomes a customer."),
        Fate(3, "A, B", FateKind.REFUSED, '+It is "no" use.'),
    ]

    written = "".join(write_fates(fates))

    assert list(csv.reader(io.StringIO(written.lstrip("\ufeff"), newline=""))) == [
        ["Line", "Name", "Fate", "Why"],
        ["2", "'=1+1", "New", "Becomes a customer."],
        ["3", "A, B", "Refused", '\'+It is "no" use.'],
    ]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (["Invoice number", "Customer", "Date", "Item", "Price"], ImportKind.INVOICES),
        (["Display Name", "Email", "Billing Address"], ImportKind.CUSTOMERS),
        (["Date", "Invoice #", "Amount", "Payment method"], ImportKind.PAYMENTS),
        (["Name", "Description", "Price", "VAT"], ImportKind.PRODUCTS),
        (["Item", "Unit", "Rate"], ImportKind.PRODUCTS),
        (
            ["Client", "Type", "Ref", "Time", "Qty", "Unit", "Rate"],
            ImportKind.EVENTS,
        ),
        (["Rechnungsnr", "Kunde", "Datum", "Netto", "MwSt"], ImportKind.INVOICES),
        (
            ["Invoice", "Client", "Type", "Ref", "Date", "Qty", "Unit", "Rate", "Days"],
            ImportKind.INVOICES,
        ),
    ],
)
def test_the_columns_say_what_a_file_is_about(head: list[str], kind: ImportKind):
    assert find_kind(head) is kind


def test_no_column_is_taken_twice():
    head = ["Number", "Name", "Date", "Amount", "Total", "Paid", "Amount"]

    for kind in ImportKind:
        places = list(find_columns(kind, head).values())
        assert len(set(places)) == len(places)


class TestCommand:
    @pytest.fixture
    def run(self, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        # The command changes it; this puts it back.
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        path = tmp_path / "file.csv"

        def run(content: str, *more: str) -> int:
            path.write_text(content, "utf-8")
            data = str(world.runtime.settings.data_dir)
            return main(["import", str(path), "--data", data, *more])

        return run

    def test_imports_a_csv_file(
        self, run: Any, desk: Desk, capsys: pytest.CaptureFixture[str]
    ):
        assert run(INVOICES, "--dry-run") == 0
        assert desk.rows(Invoice) == []
        tried = capsys.readouterr().out
        assert "Read as invoices, UTF-8.\n  Invoice number -> " in tried

        assert run(INVOICES) == 0

        told = capsys.readouterr().out
        assert "Added 2 invoices." in told
        assert "->" not in told
        assert set(desk.invoices()) == {"OLD-7", "OLD-8"}

    def test_notes_and_a_missing_address_are_told_before(
        self, run: Any, world: World, capsys: pytest.CaptureFixture[str]
    ):
        with world.unit(world.northwind.system) as uow:
            uow.one(select(WorkspaceSettings)).address = ""
        content = "No,Customer,Date,Price,Status\nPD-1,A,2026-01-01,10,paid\n"

        run(content, "--dry-run")
        tried = capsys.readouterr().out
        run(content)
        told = capsys.readouterr().out

        assert "Line 2, PD-1: It says paid; it comes in as open" in tried
        assert "1 says paid; it comes in as open" in told
        for out, end in ((tried, "Would add"), (told, "Added")):
            assert out.index("Your own address is missing") < out.index(end)

    def test_ends_with_1_when_a_row_is_refused(
        self, run: Any, desk: Desk, capsys: pytest.CaptureFixture[str]
    ):
        bad = INVOICES + "OLD-9,,2026-02-01,,Advice,1,1,21,\n"

        assert run(bad, "--dry-run") == 1
        assert run(bad) == 1

        told = capsys.readouterr()
        assert "Line 5, OLD-9: It names no customer." in told.out
        assert "Nothing was imported." in told.err
        assert desk.rows(Invoice) == []


EVENTS = """\
Customer,Kind,Reference,Date,Quantity,Unit,Times,Unit of times,Rate,Currency,Note
Vermeer Optics,storage day,W1,2026-02-03 14:30,3,pallets,4,days,0.85,EUR,Chilled
vermeer optics,pick,P7,2026-02-04,12,lines,,,1.5,,
"""
EVENTS_HEAD = EVENTS.splitlines(keepends=True)[0]


@pytest.mark.feature("C20")
class TestEvents:
    @pytest.fixture
    def customer_id(self, world: World) -> int:
        return a_customer(world, world.northwind)

    def test_wait_to_be_billed_and_are_put_on_an_invoice(
        self, desk: Desk, world: World, customer_id: int
    ):
        """3 pallets x 4 days at 0.85 are 10.20, 12 lines at 1.50 are 18.00."""
        assert desk.check(EVENTS).new == 2
        assert desk.rows(BillableEvent) == []

        desk.bring_in(EVENTS)
        waiting = world.run(world.northwind.viewer, list_waiting)

        assert [(x.id, x.count) for x in waiting] == [(customer_id, 2)]
        stored, pick = desk.rows(BillableEvent)
        factors = factors_from_json(stored.factors)
        assert [x.word for x in factors] == ["pallets", "days"]
        assert (stored.quantity, stored.amount) == (12, Decimal("10.2"))
        assert stored.happened_at == datetime(2026, 2, 3, 13, 30, tzinfo=UTC)
        assert (pick.currency, pick.amount) == ("EUR", 18)
        place = world.northwind
        form = DraftForm(customer_id=customer_id, currency="EUR")
        draft = world.run(place.accounting, drafts.create_draft, form)
        draft = world.run(
            place.accounting,
            drafts.bill_events,
            draft.invoice_id,
            draft.version,
            [stored.id, pick.id],
            Grouping.KIND,
        )
        issued = invoices.issue
        world.run(place.accounting, issued, draft.invoice_id, draft.version)
        assert desk.rows(Invoice)[0].net_minor == 2_820
        assert not find_broken(world.runtime.engine, world.clock.now)

    def test_come_in_once(self, desk: Desk, customer_id: int):
        desk.bring_in(EVENTS)

        assert desk.bring_in(EVENTS).known == 2
        assert len(desk.rows(BillableEvent)) == 2

    @pytest.mark.parametrize(
        ("written", "at"),
        [
            ("2026-03-01", "2026-02-28T23:00"),
            ("2026-03-01 14:30", "2026-03-01T13:30"),
            ("2026-03-01T14:30:59.250", "2026-03-01T13:30"),
            ("2026-03-01T23:30:00+02:00", "2026-03-01T21:30"),
            ("2026-03-01T23:30:00-0530", "2026-03-02T05:00"),
            ("2026-03-01T23:30:00Z", "2026-03-01T23:30"),
            ("2026-03-01 23:30:00.123 UTC", "2026-03-01T23:30"),
            ("2026-03-01 11:30 PM", "2026-03-01T22:30"),
            ("2026-03-01 12:05 am", "2026-02-28T23:05"),
        ],
    )
    def test_happen_when_the_file_says(
        self, desk: Desk, customer_id: int, written: str, at: str
    ):
        """Where none is named it is the business's clock, an hour ahead of UTC."""
        desk.bring_in(f"{EVENTS_HEAD}Vermeer Optics,pick,P8,{written},1,,,,1,EUR,\n")

        (event,) = desk.rows(BillableEvent)
        assert f"{event.happened_at:%Y-%m-%dT%H:%M}" == at

    @pytest.mark.parametrize(
        "clock",
        ["soon", "14:30 CET", "14", "14:30:99", "13:00 PM", "9:00+20:00", "1:2"],
    )
    def test_at_a_time_that_nobody_can_read_are_refused(
        self, desk: Desk, customer_id: int, clock: str
    ):
        row = f"Vermeer Optics,pick,P8,2026-03-01 {clock},1,,,,1,EUR,\n"

        assert desk.check(f"{EVENTS_HEAD}{row}").refused == 1
        assert "Write the time like" in desk.fates[0].sentence

    def test_are_in_their_customers_currency_where_they_name_none(
        self, desk: Desk, world: World
    ):
        form = CustomerForm(name="Zwick", currency="CHF")
        world.run(world.northwind.accounting, create_customer, form)
        rows = (
            "Zwick,pick,P1,2026-03-01,2,,,,1.5,,\n"
            "Zwick,pick,P2,2026-03-01,2,,,,1.5,EUR,\n"
        )

        desk.check(f"{EVENTS_HEAD}{rows}")
        assert "CHF" in desk.fates[0].sentence
        desk.bring_in(f"{EVENTS_HEAD}{rows}")

        assert [x.currency for x in desk.rows(BillableEvent)] == ["CHF", "EUR"]

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ("Nobody,pick,P8,2026-02-04,1,,,,1,,", "There is no customer Nobody here"),
            (",pick,P8,2026-02-04,1,,,,1,,", "names no customer"),
            ("Vermeer Optics,,P8,2026-02-04,1,,,,1,,", "kind"),
            ("Vermeer Optics,pick,,2026-02-04,1,,,,1,,", "reference"),
            ("Vermeer Optics,pick,P7,2026-02-04,1,,,,1,,", "stands in the file before"),
            ("Vermeer Optics,pick,P8,yesterday,1,,,,1,,", "not a day"),
            ("Vermeer Optics,pick,P8,2026-02-04 25:70,1,,,,1,,", "time"),
            ("Vermeer Optics,pick,P8,2026-02-04,many,,,,1,,", "not a number"),
            ("Vermeer Optics,pick,P8,2026-02-04,,,,,1,,", "a quantity and a rate"),
            ("Vermeer Optics,pick,P8,2026-02-04,1,,,,,,", "a quantity and a rate"),
            ("Vermeer Optics,pick,P8,2026-02-04,-1,,,,1,,", "P8"),
            ("Vermeer Optics,pick,P8,2026-02-04,1,,,,1,XXY,", "not a currency"),
            ("Vermeer Optics,pick,P8,2026-02-04,1e9,,9e9,,9e9,,", ""),
        ],
    )
    def test_are_refused_with_all_of_the_file(
        self, desk: Desk, customer_id: int, row: str, says: str
    ):
        report = desk.check(f"{EVENTS}{row}\n")

        assert (report.new, report.refused) == (2, 1)
        assert says in desk.fates[-1].sentence
        with pytest.raises(ImportRefused):
            desk.bring_in(f"{EVENTS}{row}\n")
        assert desk.rows(BillableEvent) == []

    def test_of_another_workspace_stay_there(
        self, desk: Desk, world: World, customer_id: int
    ):
        desk.bring_in(EVENTS)
        a_customer(world, world.kestrel)
        desk.actor = world.kestrel.accounting

        desk.bring_in(EVENTS)

        assert len(desk.rows(BillableEvent)) == 2
        theirs = all_rows(world, world.kestrel, BillableEvent)
        assert {x.workspace_id for x in theirs} == {2}
        assert len(theirs) == 2

    def test_fates_are_no_formulas(self, desk: Desk, customer_id: int):
        desk.check(f"{EVENTS}=1+1,=HYPERLINK(1),@x,2026-02-04,1,,,,1,,\n")

        written = list(csv.reader(io.StringIO("".join(write_fates(desk.fates)))))
        assert not any(cell[:1] in ("=", "@") for row in written for cell in row)

    def test_want_the_permission(self, desk: Desk, world: World, customer_id: int):
        desk.actor = world.northwind.operations

        with pytest.raises(NotPermitted):
            desk.bring_in(EVENTS)
