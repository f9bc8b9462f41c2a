"""Fields of the workspace's own and the tax in another currency, up to issue."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select, update

from billing_app.domain.custom_fields import CustomField, FilledField
from billing_app.domain.document import (
    CreditNoteDocument,
    DocumentField,
    InvoiceDocument,
    TaxInCurrency,
    from_json,
    to_json,
)
from billing_app.domain.draft import DraftForm, DraftRules, LineForm, read_draft
from billing_app.domain.errors import InvalidInput
from billing_app.domain.exchange_rate import read_rate
from billing_app.domain.money import Money, priced
from billing_app.domain.terms import TaxTerms
from billing_app.models import (
    Invoice,
    IssuedDocument,
    LineItem,
    TaxRate,
    WorkspaceSettings,
)
from billing_app.queries.customers import read_customer
from billing_app.queries.invoice_detail import read_invoice
from billing_app.queries.settings import read_documents
from billing_app.services import drafts, invoices
from billing_app.services.customers import (
    CustomerForm,
    change_customer,
    create_customer,
)
from billing_app.services.settings import change_fields
from tests.support.billing import a_customer, all_rows
from tests.support.credit import an_amount, credit, notes, whole
from tests.support.world import Place, World

PROJECT = CustomField("", "Project")
DAY = CustomField("", "Visited on", "date")
PALLETS = CustomField("", "Pallets", "number")
MARGIN = CustomField("", "Margin", is_staff_only=True)
COST_CENTRE = CustomField("", "Cost centre", place="customer")
RATING = CustomField("", "Rating", is_staff_only=True, place="customer")
SERIAL = CustomField("", "Serial number", place="line")
WARRANTY = CustomField("", "Warranty until", "date", place="line")
BOUGHT_FOR = CustomField("", "Bought for", "number", is_staff_only=True, place="line")
HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}\u202e=1+1"


@pytest.fixture
def place(world: World) -> Place:
    return world.northwind


def define(world: World, place: Place, *fields: CustomField) -> list[CustomField]:
    """Save these fields; return them with their keys."""
    page = world.run(place.owner, read_documents)
    world.run(place.owner, change_fields, page.version, fields)
    return list(world.run(place.owner, read_documents).fields)


def save(world: World, place: Place, **typed: Any) -> drafts.SavedDraft:
    line = LineForm(name="Charter flight", unit_price="100")
    customer_id = typed.pop("customer_id", 0) or a_customer(world, place)
    form = DraftForm(customer_id, lines=(line,))
    return world.run(place.accounting, drafts.create_draft, replace(form, **typed))


def issue(world: World, place: Place, **typed: Any) -> int:
    draft = save(world, place, **typed)
    step = invoices.issue_and_publish
    return world.run(place.accounting, step, draft.invoice_id, draft.version).invoice_id


def texts(*pairs: tuple[CustomField, str]) -> tuple[tuple[str, str], ...]:
    return tuple((field.key, text) for field, text in pairs)


def document_of(world: World, place: Place, invoice_id: int) -> InvoiceDocument:
    with world.reading(place.system) as uow:
        content = uow.one(
            select(IssuedDocument.content).where(
                col(IssuedDocument.invoice_id) == invoice_id,
                col(IssuedDocument.kind) == "invoice",
            )
        )
    return from_json(InvoiceDocument, content)


@pytest.mark.feature("A29")
class TestFields:
    def test_are_frozen_as_they_were_filled_in(self, world: World, place: Place):
        project, day, pallets, margin = define(
            world, place, PROJECT, DAY, PALLETS, MARGIN
        )
        filled = texts(
            (project, " Harbour "),
            (day, "2026-03-01"),
            (pallets, "1.50"),
            (margin, "Secret 40 %"),
        )
        invoice_id = issue(world, place, own=filled)

        define(world, place, replace(project, name="Renamed"))

        assert document_of(world, place, invoice_id).fields == (
            DocumentField("Project", "Harbour"),
            DocumentField("Visited on", "2026-03-01", "date"),
            DocumentField("Pallets", "1.50", "number"),
        )
        (invoice,) = all_rows(world, place, Invoice)
        names = [field["name"] for field in invoice.custom_fields]
        assert names == ["Project", "Visited on", "Pallets", "Margin"]

    def test_a_credit_note_says_what_its_invoice_said(self, world: World, place: Place):
        project, margin = define(world, place, PROJECT, MARGIN)
        filled = texts((project, "Harbour"), (margin, "Secret 40 %"))
        invoice_id = issue(world, place, own=filled)

        credit(world, place, invoice_id)

        (note,) = notes(world, place)
        printed = from_json(CreditNoteDocument, note.content)
        assert printed.fields == (DocumentField("Project", "Harbour"),)

    def test_those_for_staff_are_in_no_document(self, world: World, place: Place):
        (margin,) = define(world, place, MARGIN)

        issue(world, place, own=texts((margin, "Secret 40 %")))

        (document,) = all_rows(world, place, IssuedDocument)
        assert "Secret" not in document.content
        assert "Margin" not in document.content

    def test_the_database_refuses_to_change_them_afterwards(
        self, world: World, place: Place
    ):
        (project,) = define(world, place, PROJECT)
        issue(world, place, own=texts((project, "Harbour")))

        with (
            pytest.raises(IntegrityError, match="never changes"),
            world.unit(place.system) as uow,
        ):
            uow.execute(update(Invoice).values(custom_fields=[]))

    def test_hostile_names_and_values_stay_text(self, world: World, place: Place):
        (field,) = define(world, place, CustomField("", HOSTILE[:40]))

        invoice_id = issue(world, place, own=texts((field, HOSTILE)))

        (printed,) = document_of(world, place, invoice_id).fields
        assert printed.value == HOSTILE.replace("\u202e", "")

    @pytest.mark.parametrize(
        ("field", "text", "sentence"),
        [
            (DAY, "31.12.2026", "Write the date like 2026-03-31."),
            (PALLETS, "many", "This cannot be read as a number."),
            (PROJECT, "x" * 201, "This text has 201 characters; 200 fit here."),
        ],
    )
    def test_what_can_not_be_read_is_named_beside_its_field(
        self, world: World, place: Place, field: CustomField, text: str, sentence: str
    ):
        (field,) = define(world, place, field)
        draft = save(world, place, own=texts((field, text)))

        with pytest.raises(InvalidInput) as no:
            world.run(place.accounting, invoices.issue, draft.invoice_id, draft.version)

        assert no.value.message.startswith(sentence)
        assert no.value.field == field.input_name

    def test_a_required_one_is_asked_for_at_issue_only(
        self, world: World, place: Place
    ):
        (field,) = define(world, place, replace(PROJECT, is_required=True))
        draft = save(world, place)

        with pytest.raises(InvalidInput, match=r"Fill in Project\.") as no:
            world.run(place.accounting, invoices.issue, draft.invoice_id, draft.version)

        assert no.value.field == field.input_name
        assert issue(world, place, own=texts((field, "Harbour")))
        assert issue(world, world.kestrel)

    def test_a_removed_one_is_left_out_and_its_text_kept(
        self, world: World, place: Place
    ):
        (field,) = define(world, place, PROJECT)
        draft = save(world, place, own=texts((field, "Harbour")))
        define(world, place)

        issued = world.run(
            place.accounting, invoices.issue, draft.invoice_id, draft.version
        )

        assert document_of(world, place, issued.invoice_id).fields == ()

    def test_a_copy_starts_with_them(self, world: World, place: Place):
        (field,) = define(world, place, PROJECT)
        invoice_id = issue(world, place, own=texts((field, "Harbour")))

        copy = world.run(place.accounting, drafts.duplicate, invoice_id)

        with world.reading(place.system) as uow:
            stored = uow.get(Invoice, copy.invoice_id).draft
        assert stored is not None
        assert stored["own"] == [[field.key, "Harbour"]]

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ((PROJECT, CustomField("", "pROJECT")), "Two fields are called"),
            ((CustomField("", "x" * 41),), "This text has 41 characters"),
            ((CustomField("", "A", "formula"),), "Choose text, date or number"),
            (
                tuple(CustomField("", str(n)) for n in range(9)),
                "At most 8 fields fit on each invoice.",
            ),
        ],
    )
    def test_fields_that_can_not_be_told_apart_are_refused(
        self, world: World, place: Place, fields: Any, sentence: str
    ):
        with pytest.raises(InvalidInput, match=sentence) as no:
            define(world, place, *fields)

        assert no.value.field == "fields"

    def test_a_key_of_another_workspace_is_a_new_field_here(
        self, world: World, place: Place
    ):
        (ours,) = define(world, place, PROJECT)

        (theirs,) = define(world, world.kestrel, ours)

        assert theirs.key != ours.key

    def test_what_was_typed_in_confidence_is_not_shown_later(
        self, world: World, place: Place
    ):
        (secret,) = define(world, place, CustomField("", "Note", is_staff_only=True))
        typed = texts((secret, "pays late"))

        (shown,) = define(world, place, replace(secret, is_staff_only=False))
        invoice_id = issue(world, place, own=typed)

        assert shown.key != secret.key
        assert "pays late" not in to_json(document_of(world, place, invoice_id))
        (hidden,) = define(world, place, replace(shown, is_staff_only=True))
        assert hidden.key == shown.key


def own_of(world: World, place: Place, customer_id: int, *pairs: Any) -> None:
    form = CustomerForm(name="Vermeer Marine", own=texts(*pairs))
    world.run(place.accounting, change_customer, customer_id, form)


@pytest.mark.feature("A29")
class TestFieldsOfCustomers:
    def test_are_frozen_on_each_of_their_invoices(self, world: World, place: Place):
        centre, rating, project = define(world, place, COST_CENTRE, RATING, PROJECT)
        customer_id = a_customer(world, place)
        own_of(world, place, customer_id, (centre, " 4711 "), (rating, "pays late"))

        own = texts((project, "Harbour"))
        first = issue(world, place, customer_id=customer_id, own=own)
        own_of(world, place, customer_id, (centre, "9999"))

        document = document_of(world, place, first)
        assert [(x.name, x.value) for x in document.fields] == [
            ("Cost centre", "4711"),
            ("Project", "Harbour"),
        ]
        assert "pays late" not in to_json(document)
        detail = world.run(place.viewer, read_invoice, first)
        assert [x.value for x in detail.own_fields] == ["4711", "pays late", "Harbour"]

    def test_a_copy_asks_the_customer_again(self, world: World, place: Place):
        centre, project = define(world, place, COST_CENTRE, PROJECT)
        customer_id = a_customer(world, place)
        own_of(world, place, customer_id, (centre, "4711"))
        own = texts((project, "Harbour"))
        first = issue(world, place, customer_id=customer_id, own=own)

        copy = world.run(place.accounting, drafts.duplicate, first)

        with world.reading(place.system) as uow:
            stored = uow.get(Invoice, copy.invoice_id).draft
        assert stored is not None
        assert stored["own"] == [[project.key, "Harbour"]]

    def test_a_required_one_is_asked_for_when_they_are_billed(
        self, world: World, place: Place
    ):
        (centre,) = define(world, place, replace(COST_CENTRE, is_required=True))
        customer_id = a_customer(world, place)
        draft = save(world, place, customer_id=customer_id)

        with pytest.raises(InvalidInput, match="Fill in Cost centre of the") as no:
            world.run(place.accounting, invoices.issue, draft.invoice_id, draft.version)

        assert no.value.field == "customer"
        own_of(world, place, customer_id, (centre, "4711"))
        assert issue(world, place, customer_id=customer_id)

    def test_what_can_not_be_read_any_more_is_named(self, world: World, place: Place):
        (centre,) = define(world, place, COST_CENTRE)
        customer_id = a_customer(world, place)
        own_of(world, place, customer_id, (centre, "Harbour"))
        define(world, place, replace(centre, kind="number"))
        draft = save(world, place, customer_id=customer_id)

        with pytest.raises(InvalidInput, match="Cost centre of the customer: ") as no:
            world.run(place.accounting, invoices.issue, draft.invoice_id, draft.version)

        assert no.value.field == "customer"

    def test_what_was_not_asked_for_is_kept(self, world: World, place: Place):
        centre, rating = define(world, place, COST_CENTRE, RATING)
        customer_id = a_customer(world, place)
        own_of(world, place, customer_id, (centre, "4711"), (rating, "A"))

        own_of(world, place, customer_id, (rating, ""))

        detail = world.run(place.viewer, read_customer, customer_id)
        assert detail.own == ((centre, "4711"), (rating, ""))

    def test_a_bad_value_is_refused_with_all_else_that_is_wrong(
        self, world: World, place: Place
    ):
        (since,) = define(
            world, place, CustomField("", "Since", "date", place="customer")
        )
        form = CustomerForm(email="no address", own=texts((since, "soon")))

        with pytest.raises(InvalidInput) as no:
            world.run(place.accounting, create_customer, form)

        wrong = {each.field for each in no.value.together}
        assert wrong == {"name", "email", since.input_name}


@pytest.mark.feature("A29")
class TestFieldsOfLines:
    def lines(self, *pairs: Any) -> tuple[LineForm, ...]:
        return (
            LineForm(name="Radar", unit_price="100", own=texts(*pairs)),
            LineForm(name="Mounting", unit_price="20"),
        )

    def test_are_frozen_as_they_were_filled_in(self, world: World, place: Place):
        serial, until, paid = define(world, place, SERIAL, WARRANTY, BOUGHT_FOR)
        typed = ((serial, "R-77"), (until, "2028-03-01"), (paid, "61.50"))

        invoice_id = issue(world, place, lines=self.lines(*typed))
        define(world, place, replace(serial, name="Renamed"))

        radar, mounting = document_of(world, place, invoice_id).lines
        assert radar.fields == (
            DocumentField("Serial number", "R-77"),
            DocumentField("Warranty until", "2028-03-01", "date"),
        )
        assert mounting.fields == ()
        detail = world.run(place.viewer, read_invoice, invoice_id)
        ((line, bought_for),) = detail.line_fields
        assert (line, bought_for.name, bought_for.value) == (1, "Bought for", "61.50")

    def test_the_database_refuses_to_change_them_afterwards(
        self, world: World, place: Place
    ):
        (serial,) = define(world, place, SERIAL)
        issue(world, place, lines=self.lines((serial, "R-77")))

        with (
            pytest.raises(IntegrityError, match="keeps its lines"),
            world.unit(place.system) as uow,
        ):
            uow.execute(update(LineItem).values(custom_fields=[]))

    def test_a_credit_note_says_what_its_lines_said(self, world: World, place: Place):
        (serial,) = define(world, place, SERIAL)
        invoice_id = issue(world, place, lines=self.lines((serial, "R-77")))

        credit(world, place, invoice_id)

        (note,) = notes(world, place)
        printed = from_json(CreditNoteDocument, note.content)
        assert [x.value for line in printed.lines for x in line.fields] == ["R-77"]

    def test_a_bad_one_is_named_beside_its_line(self, world: World, place: Place):
        (until,) = define(world, place, WARRANTY)
        form = DraftForm(lines=self.lines((until, "soon")))

        read = read_draft(form, "EUR", DraftRules({}, line_fields=(until,)))

        assert read.lines[0].problem.startswith("Write the date like")
        assert read.lines[0].problem_field == until.input_name

    def test_a_required_one_is_asked_for_on_each_line(self, world: World, place: Place):
        (serial,) = define(world, place, replace(SERIAL, is_required=True))
        draft = save(world, place, lines=self.lines((serial, "R-77")))

        with pytest.raises(InvalidInput, match="Line 2: Fill in Serial number") as no:
            world.run(place.accounting, invoices.issue, draft.invoice_id, draft.version)

        assert no.value.field == "lines"

    def test_a_copy_starts_with_them(self, world: World, place: Place):
        (serial,) = define(world, place, SERIAL)
        invoice_id = issue(world, place, lines=self.lines((serial, "R-77")))

        copy = world.run(place.accounting, drafts.duplicate, invoice_id)

        with world.reading(place.system) as uow:
            stored = uow.get(Invoice, copy.invoice_id).draft
        assert stored is not None
        assert [line["own"] for line in stored["lines"]] == [[[serial.key, "R-77"]], []]

    def test_a_line_of_them_alone_is_not_blank(self):
        assert not LineForm(own=(("k1", "R-77"),)).is_blank

    def test_a_field_that_changes_its_place_is_a_new_one(
        self, world: World, place: Place
    ):
        (serial,) = define(world, place, SERIAL)

        (moved,) = define(world, place, replace(serial, place="invoice"))

        assert moved.key != serial.key


@pytest.fixture
def owes_zloty(world: World, place: Place) -> str:
    """Let tax be owed in PLN; return the tax of 23 %."""
    with world.unit(place.system) as uow:
        uow.one(select(WorkspaceSettings)).tax_currency = "PLN"
        rate = uow.add(TaxRate(name="VAT", percent=Decimal(23)))
        return str(rate.id)


RATE = {"tax_rate": "4.3215", "tax_rate_on": "2026-03-01", "tax_rate_source": "NBP"}


class TestTaxInCurrency:
    def line(self, tax_id: str) -> tuple[LineForm, ...]:
        return (LineForm(name="Charter flight", unit_price="100.05", tax_id=tax_id),)

    def test_is_kept_with_its_rate_day_and_source(
        self, world: World, place: Place, owes_zloty: str
    ):
        """23.01 EUR at 4.3215 are 99.437715 PLN."""
        invoice_id = issue(world, place, lines=self.line(owes_zloty), **RATE)

        document = document_of(world, place, invoice_id)
        assert (document.currency, document.tax_minor) == ("EUR", 2_301)
        assert document.tax_in_currency == TaxInCurrency(
            "PLN", 9_944, Decimal("4.3215"), document.issued_on.replace(day=1), "NBP"
        )
        assert document.total_minor == 12_306

    def test_the_rate_is_asked_for_where_tax_is_owed(
        self, world: World, place: Place, owes_zloty: str
    ):
        draft = save(world, place, lines=self.line(owes_zloty))

        with pytest.raises(InvalidInput, match="tax is owed in PLN") as no:
            world.run(place.accounting, invoices.issue, draft.invoice_id, draft.version)

        assert no.value.field == "tax_rate"

    def test_nothing_is_asked_without_tax_or_in_that_currency(
        self, world: World, place: Place, owes_zloty: str
    ):
        untaxed = issue(world, place)
        at_home = issue(
            world, place, currency="PLN", lines=self.line(owes_zloty), **RATE
        )

        for invoice_id in (untaxed, at_home):
            assert document_of(world, place, invoice_id).tax_in_currency is None

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"tax_rate": "0"}, "tax_rate"),
            ({"tax_rate": "-1"}, "tax_rate"),
            ({"tax_rate": "1e9"}, "tax_rate"),
            ({"tax_rate": ""}, "tax_rate"),
            ({"tax_rate_on": ""}, "tax_rate_on"),
            ({"tax_rate_on": "2026-03-03"}, "tax_rate_on"),
            ({"tax_rate_source": " "}, "tax_rate_source"),
            ({"tax_rate_source": "x" * 61}, "tax_rate_source"),
        ],
    )
    def test_half_a_rate_is_refused_beside_its_field(
        self,
        world: World,
        place: Place,
        owes_zloty: str,
        changes: dict[str, str],
        field: str,
    ):
        lines = self.line(owes_zloty)
        draft = save(
            world, place, issued_on="2026-03-02", lines=lines, **{**RATE, **changes}
        )

        with pytest.raises(InvalidInput) as no:
            world.run(place.accounting, invoices.issue, draft.invoice_id, draft.version)

        assert no.value.field == field

    def test_a_tax_too_large_to_keep_is_named_and_not_counted(self):
        tax = TaxTerms("VAT", "S", Decimal(21))
        line = LineForm(name="A palace", unit_price="900000000", tax_id="1")
        form = DraftForm(lines=(line,), **{**RATE, "tax_rate": "9999999"})

        read = read_draft(form, "EUR", DraftRules({"1": tax}, tax_currency="PLN"))

        assert "more money than can be recorded" in read.problems["tax_rate"]
        assert read.totals.tax_accounting_total is None

    def test_a_credit_of_the_whole_takes_back_exactly_that(
        self, world: World, place: Place, owes_zloty: str
    ):
        invoice_id = issue(world, place, lines=self.line(owes_zloty), **RATE)

        credit(world, place, invoice_id, whole())

        (note,) = notes(world, place)
        credited = from_json(CreditNoteDocument, note.content).tax_in_currency
        assert credited == document_of(world, place, invoice_id).tax_in_currency

    @pytest.mark.parametrize("parts", [("0.50", "0.50"), ("61.53",), ("33.33",) * 3])
    def test_credits_take_back_together_what_the_invoice_said(
        self, world: World, place: Place, owes_zloty: str, parts: tuple[str, ...]
    ):
        invoice_id = issue(world, place, lines=self.line(owes_zloty), **RATE)

        for part in parts:
            credit(world, place, invoice_id, an_amount(part))
        credit(world, place, invoice_id, whole())

        taken = [
            from_json(CreditNoteDocument, note.content).tax_in_currency
            for note in notes(world, place)
        ]
        assert sum(tax.tax_minor for tax in taken if tax) == 9_944

    @given(
        st.integers(-(10**9), 10**9),
        st.decimals("0.00000001", "99999", places=8),
        st.sampled_from(["EUR", "JPY", "KWD", "PLN"]),
    )
    def test_is_the_tax_times_the_rate_to_half_a_minor_unit(
        self, minor: int, rate: Decimal, currency: str
    ):
        tax = Money(minor, "EUR").decimal

        owed = priced(tax, rate, currency)

        unit = Decimal(1).scaleb(-{"JPY": 0, "KWD": 3}.get(currency, 2))
        assert abs(owed.decimal - tax * rate) <= unit / 2
        assert (owed.minor < 0) <= (minor < 0)


def test_a_rate_is_read_or_nothing_is():
    assert read_rate("PLN", "", " ", "", None) is None


def test_a_filled_field_tells_who_may_see_it():
    assert FilledField("k", "n", "text", "v").is_staff_only is False
