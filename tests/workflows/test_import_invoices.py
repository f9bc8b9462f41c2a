"""Invoices of another system, through the command to what is stored and printed."""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from billing_app.cli import main
from billing_app.documents.render import render_print
from billing_app.domain.invoice import InvoiceStatus
from billing_app.models import Customer, Invoice, LedgerEntry, OutboxMessage
from billing_app.queries.invoice_detail import read_invoice
from billing_app.queries.invoices import InvoiceFilter, list_invoices
from billing_app.web.staff.invoice_words import card_of
from tests.support.world import World

REPOSITORY = Path(__file__).parents[2]
FILE = Path(
    os.environ.get("TALLYPORT_REAL_INVOICES")
    or REPOSITORY.parent / "shared" / "data" / "real-invoices.json"
)
FIGURES = ("line_sum", "net_total", "tax_total", "total", "due")


def a_case(case_id: str = "one", **changes: Any) -> dict[str, Any]:
    """Two hours at 100.00 with 21 % tax: 242.00."""
    return {
        "id": case_id,
        "currency": "EUR",
        "number": f"OLD-{case_id}",
        "issue_date": "2026-01-31",
        "seller": {"name": "Northwind"},
        "buyer": {"name": "Vermeer Optics", "country": "NL"},
        "lines": [
            {
                "description": "Hours",
                "qty": "2",
                "unit_price": "100",
                "taxes": [{"category": "S", "rate": "21"}],
            }
        ],
        **changes,
    }


class Importer:
    """Runs the real command on cases, into the world's data folder."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.data = world.runtime.settings.data_dir
        self.file = folder / "invoices.json"
        self.out = folder / "figures.json"

    def __call__(self, *cases: dict[str, Any]) -> int:
        self.file.write_text(json.dumps({"cases": cases}), "utf-8")
        return self.run()

    def run(self, *more: str) -> int:
        options = ["--data", str(self.data), "--json", str(self.out), *more]
        return main(["import", str(self.file), *options])

    @property
    def figures(self) -> list[dict[str, str]]:
        return json.loads(self.out.read_text("utf-8"))["invoices"]

    def rows(self, table: Any) -> list[Any]:
        with self.world.reading(self.world.northwind.system) as uow:
            return list(uow.all(select(table).order_by(table.id)))


@pytest.fixture
def into(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Importer:
    # The command changes it; this puts it back.
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return Importer(world, tmp_path)


@pytest.fixture
def into_nothing(
    empty_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Importer:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return Importer(empty_world, tmp_path)


def test_a_total_below_zero_is_the_customers_credit_and_never_paid(into: Importer):
    """On the staff's list and page, and on paper: 242.00 back."""
    back = a_case()["lines"][0] | {"qty": "-2"}
    into(a_case("back", lines=[back]), a_case("sold"))
    world, place = into.world, into.world.northwind
    below = next(it for it in into.rows(Invoice) if it.total_minor < 0)

    def listed(status: InvoiceStatus) -> list[int]:
        wanted = InvoiceFilter(status=status)
        found = world.run(place.viewer, list_invoices, wanted).page.rows
        return [row.id for row in found]

    assert listed(InvoiceStatus.IN_CREDIT) == [below.id]
    assert listed(InvoiceStatus.PAID) == []
    detail = world.run(place.viewer, read_invoice, below.id)
    card = card_of(detail, world.runtime.settings.fonts_dir, "")
    assert (card.status, card.left) == ("In credit", "in the customer's favour")
    assert card.received == "Nothing to pay"
    assert detail.document is not None
    paper = render_print(detail.document, None, world.clock.now)
    assert "Your credit" in paper
    assert "Paid" not in paper


@pytest.mark.skipif(not FILE.is_file(), reason=f"there is no {FILE.name} to read")
class TestRealInvoices:
    def test_every_printed_total_is_stored(self, into_nothing: Importer):
        cases = json.loads(FILE.read_text("utf-8"))["cases"]
        exact = [case for case in cases if case["exact"]]

        assert into_nothing(*exact) == 0

        compared = 0
        by_id = {figures["id"]: figures for figures in into_nothing.figures}
        assert len(by_id) == len(exact)
        for case in exact:
            for name in FIGURES:
                if (printed := case["expected"].get(name)) is not None:
                    stored = by_id[case["id"]][name]
                    assert Decimal(stored) == Decimal(printed), (case["id"], name)
                    compared += 1
        assert compared >= 4 * len(exact)

    def test_the_ledger_balances_and_knows_what_is_due(self, into_nothing: Importer):
        cases = json.loads(FILE.read_text("utf-8"))["cases"]
        into_nothing(*cases)

        entries = into_nothing.rows(LedgerEntry)
        owed = sum(x.amount_minor for x in entries if x.account == "receivable")
        assert sum(x.amount_minor for x in entries) == 0
        assert owed == sum(x.outstanding_minor for x in into_nothing.rows(Invoice))

    def test_a_file_with_defects_is_imported_and_answers_with_one(
        self, into_nothing: Importer, capsys: pytest.CaptureFixture[str]
    ):
        cases = json.loads(FILE.read_text("utf-8"))["cases"]
        wrong = next(case for case in cases if not case["exact"])

        assert into_nothing(wrong) == 1

        assert wrong["id"] in capsys.readouterr().out
        assert len(into_nothing.figures) == 1


class TestImport:
    def test_what_could_not_be_printed_is_named_and_stops_all(
        self, into: Importer, capsys: pytest.CaptureFixture[str]
    ):
        """401 lines of 200 characters make 80,200 with the number it had."""
        (line,) = a_case()["lines"]
        long = a_case("long", lines=[{**line, "description": "d" * 200}] * 401)

        assert into(a_case("one"), long) != 0

        told = capsys.readouterr()
        assert "long: Its texts are too long to print: 80,2" in told.out + told.err
        assert into.rows(Invoice) == []

    def test_issues_with_the_next_number_and_mails_nobody(self, into: Importer):
        assert into(a_case("one"), a_case("two")) == 0

        assert [x.number for x in into.rows(Invoice)] == ["INV-00001", "INV-00002"]
        topics = {x.topic for x in into.rows(OutboxMessage)}
        assert topics == {"pdf.render_invoice"}

    def test_finds_the_customer_by_name(self, into: Importer):
        other = a_case("two", buyer={"name": "De Waal"})

        into(a_case("one"), other)
        into(a_case("three"))

        assert [x.name for x in into.rows(Customer)] == ["Vermeer Optics", "De Waal"]
        assert [x.customer_id for x in into.rows(Invoice)] == [1, 2, 1]

    def test_a_different_figure_is_shown_and_answers_with_one(
        self, into: Importer, capsys: pytest.CaptureFixture[str]
    ):
        assert into(a_case(expected={"total": "242.01"})) == 1

        shown = capsys.readouterr().out
        assert "one (INV-00001) differs in total: printed 242.01, computed" in shown

    def test_a_due_date_before_the_issue_date_is_history(self, into: Importer):
        assert into(a_case(due_date="2026-01-30")) == 0

        (invoice,) = into.rows(Invoice)
        assert invoice.due_on < invoice.issued_on

    def test_a_credit_note_lowers_what_the_customer_owes(self, into: Importer):
        credit = a_case("two", kind="credit_note", expected={"total": "242.00"})

        assert into(a_case("one"), credit) == 0

        assert sum(x.outstanding_minor for x in into.rows(Invoice)) == 0
        assert [x["total"] for x in into.figures] == ["242.00", "242.00"]

    def test_the_old_number_stays_readable(self, into: Importer):
        into(a_case(notes=["Thank you"]))

        (invoice,) = into.rows(Invoice)
        assert invoice.notes == "Invoice OLD-one\n\nThank you"

    def test_opens_a_workspace_where_there_is_none(
        self, into_nothing: Importer, capsys: pytest.CaptureFixture[str]
    ):
        assert into_nothing(a_case(currency="SEK")) == 0

        assert "sign in as owner@" in capsys.readouterr().out
        assert into_nothing.rows(Invoice)[0].currency == "SEK"

    def test_a_file_may_say_itself_that_its_figures_do_not_follow(
        self, into: Importer, capsys: pytest.CaptureFixture[str]
    ):
        printed = {"total": "242.01"}

        into(a_case("one", expected=printed), a_case("two", expected=printed))
        assert "the file itself says" not in capsys.readouterr().out
        into(a_case("three", expected=printed, exact=False))

        assert "the file itself says for 1 that" in capsys.readouterr().out

    def test_the_example_of_the_guide_comes_to_what_it_prints(self, into: Importer):
        guide = (REPOSITORY / "docs" / "import.md").read_text("utf-8")
        example = guide.partition("```json\n")[2].partition("```")[0]
        into.file.write_text(example, "utf-8")

        assert into.run() == 0

        assert into.figures[0]["total"] == "9517.86"

    def test_a_dry_run_says_the_same_and_issues_nothing(
        self, into: Importer, capsys: pytest.CaptureFixture[str]
    ):
        into.file.write_text(
            json.dumps({"cases": [a_case(expected={"total": "242.01"})]}), "utf-8"
        )

        assert into.run("--dry-run") == 1

        shown = capsys.readouterr().out
        assert "Would issue 1 invoice." in shown
        assert "one differs in total: printed 242.01, computed 242.00" in shown
        assert [(x["number"], x["total"]) for x in into.figures] == [("", "242.00")]
        assert into.rows(Invoice) == into.rows(Customer) == []

    def test_a_second_time_issues_only_what_is_new(
        self, into: Importer, capsys: pytest.CaptureFixture[str]
    ):
        into(a_case("1"))

        assert into(a_case("1"), a_case("12"), a_case("13")) == 0

        shown = capsys.readouterr().out
        assert "Issued 2 invoices." in shown
        assert "Here already and as before: 1 invoice (INV-00001)." in shown
        assert [x["number"] for x in into.figures] == [
            *("INV-00001", "INV-00002", "INV-00003"),
        ]
        assert len(into.rows(Invoice)) == 3

    def test_again_issues_once_more(self, into: Importer):
        into(a_case("one"))

        assert into.run("--again") == 0

        assert [x.number for x in into.rows(Invoice)] == ["INV-00001", "INV-00002"]

    def test_goes_into_the_workspace_that_is_named(
        self, into: Importer, capsys: pytest.CaptureFixture[str]
    ):
        into.file.write_text(json.dumps({"cases": [a_case()]}), "utf-8")

        assert into.run("--workspace", "kestrel-plumbing") == 0
        assert into.run("--workspace", "nobody") == 1

        assert into.rows(Invoice) == []
        assert "There is no workspace nobody" in capsys.readouterr().err
        kestrel = into.world.kestrel
        with into.world.reading(kestrel.system) as uow:
            assert uow.one(select(Invoice)).customer_name == "Vermeer Optics"


class TestRefusal:
    @pytest.mark.parametrize(
        ("second", "sentence"),
        [
            ({"currency": "EURO"}, "Case two: currency must be a currency code"),
            ({"lines": []}, "Case two: lines must hold 1 to"),
            ({"buyer": {"name": "X" * 201}}, "Case two: The name of the buyer must"),
            ({"buyer": {"name": "X", "country": "1"}}, "Case two: Write the country"),
            ({"issue_date": "31.01.2026"}, "Case two: issue_date must be a date"),
            ({"id": "one"}, "Case one is in the file twice"),
        ],
    )
    def test_one_bad_case_stops_all_with_one_sentence(
        self,
        into: Importer,
        capsys: pytest.CaptureFixture[str],
        second: dict[str, Any],
        sentence: str,
    ):
        assert into(a_case("one"), {**a_case("two"), **second}) == 1

        shown = capsys.readouterr()
        assert shown.err.startswith(sentence)
        assert shown.err.count("\n") == 1
        assert into.rows(Invoice) == into.rows(Customer) == []

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"{", "is not JSON: "),
            (b"\xff\xfe", "is not JSON in UTF-8"),
            (b"[" * 100_000, "is not JSON"),
            (b"[]", "The file: it must be an object"),
            (b"{}", "The file: cases is missing"),
            (b'{"cases": {}}', "The file: cases must be a list"),
        ],
    )
    def test_what_is_no_file_of_cases(
        self,
        into: Importer,
        capsys: pytest.CaptureFixture[str],
        content: bytes,
        sentence: str,
    ):
        into.file.write_bytes(content)

        assert into.run() == 1

        assert sentence in capsys.readouterr().err

    def test_a_file_that_is_not_there(
        self, into: Importer, capsys: pytest.CaptureFixture[str]
    ):
        assert into.run() == 1

        assert "No such file" in capsys.readouterr().err

    def test_a_report_that_can_not_be_written_stops_before_the_import(
        self, into: Importer, tmp_path: Path
    ):
        into.out = tmp_path / "missing" / "figures.json"

        assert into(a_case()) == 1

        assert into.rows(Invoice) == []
