from dataclasses import replace

import pytest
from sqlmodel import col, select

from billing_app.database.stored_terms import terms_of
from billing_app.domain.actors import Role
from billing_app.domain.document import (
    CreditNoteDocument,
    InvoiceDocument,
    from_json,
)
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.e_invoice import find_gaps
from billing_app.domain.errors import (
    Conflict,
    InvalidInput,
    LimitReached,
    NotFound,
    NotPermitted,
)
from billing_app.domain.totals import compute_totals
from billing_app.models import IssuedDocument, LineItem, WorkspaceSettings
from billing_app.queries.letterhead import read_rules, read_settings
from billing_app.queries.settings import TaxSetting, list_taxes
from billing_app.services import drafts, invoices
from billing_app.services.taxes import (
    TAXES_MAX,
    TaxForm,
    add_tax,
    archive_tax,
    change_tax,
    restore_tax,
)
from tests.support.billing import a_customer, all_rows, read_invoice
from tests.support.credit import an_amount, credit, notes
from tests.support.story import tell_of_taxes
from tests.support.world import World

FORM = TaxForm("VAT 6 %", "S", "6%")


def taxes(world: World) -> dict[str, TaxSetting]:
    return {tax.name: tax for tax in world.run(world.northwind.admin, list_taxes)}


def defaults(world: World) -> list[str]:
    return [name for name, tax in taxes(world).items() if tax.is_default]


def together(world: World) -> tuple[str, str]:
    """GST, and QST on top of it; their ids."""
    gst = world.run(world.northwind.admin, add_tax, TaxForm("GST 5%", "S", "5"))
    form = TaxForm("QST", "S", "9.5", with_tax_id=str(gst), is_compound=True)
    return str(gst), str(world.run(world.northwind.admin, add_tax, form))


class TestTogether:
    @pytest.mark.feature("A15")
    def test_a_line_with_a_tax_is_charged_those_it_comes_with(self, world: World):
        gst, qst = together(world)

        with world.unit(world.northwind.admin) as uow:
            rules = read_rules(uow, read_settings(uow))

        assert [x.name for x in rules.taxes_of(qst)] == ["GST 5%", "QST"]
        assert [x.is_compound for x in rules.taxes_of(qst)] == [False, True]
        assert [x.name for x in rules.taxes_of(gst)] == ["GST 5%"]
        assert qst not in rules.taxes_alone

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            (TaxForm("A", "S", "5", is_compound=True), "on top of"),
            (TaxForm("A", "S", "5", with_tax_id="999"), "from the list"),
            (TaxForm("A", "S", "5", with_tax_id="zero"), "charged alone"),
            (TaxForm("A", "Z", "0", with_tax_id="gst"), "charged alone"),
            (TaxForm("GST 5%", "S", "5", with_tax_id="gst"), "charged twice"),
            (TaxForm("A", "S", "1", with_tax_id="qst", is_compound=True), "At most"),
        ],
    )
    def test_refuses_what_no_line_can_have(
        self, world: World, form: TaxForm, words: str
    ):
        gst, qst = together(world)
        zero = world.run(world.northwind.admin, add_tax, TaxForm("Zero", "Z", "0"))
        ids = {"gst": gst, "qst": qst, "zero": str(zero)}
        form = replace(form, with_tax_id=ids.get(form.with_tax_id, form.with_tax_id))

        with pytest.raises(InvalidInput, match=words):
            world.run(world.northwind.admin, add_tax, form)

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            (TaxForm("GST", "S", "5", with_tax_id="qst"), "each come with the other"),
            (TaxForm("GST", "Z", "0"), "charged alone"),
            (TaxForm("Federal", "S", "9.5"), None),
        ],
    )
    def test_a_change_reaches_those_that_come_with_it(
        self, world: World, form: TaxForm, words: str | None
    ):
        gst, qst = together(world)
        form = replace(form, with_tax_id=qst if form.with_tax_id else "")

        if words is None:
            world.run(world.northwind.admin, change_tax, int(gst), form)
            return
        with pytest.raises(InvalidInput, match=words):
            world.run(world.northwind.admin, change_tax, int(gst), form)


class TestBilled:
    @pytest.mark.feature("A15")
    def test_a_tax_upon_a_tax_is_frozen_credited_and_copied(self, world: World):
        place = world.northwind
        invoice_id = tell_of_taxes(world, place)
        known = {tax.name: tax for tax in taxes(world).values()}
        plain = TaxForm("QST", "S", "50")
        world.run(place.admin, change_tax, known["QST"].tax_id, plain)

        issued = read_invoice(world, place, invoice_id)
        credit(world, place, invoice_id, an_amount("57.49"))
        copy = world.run(place.accounting, drafts.duplicate, invoice_id)

        assert (issued.tax_minor, issued.total_minor) == (1_498, 11_498)
        stored = {x.kind: x.content for x in all_rows(world, place, IssuedDocument)}
        document = from_json(InvoiceDocument, stored["invoice"])
        note = from_json(CreditNoteDocument, notes(world, place)[0].content)
        assert [(x.taxable_minor, x.tax_minor) for x in document.taxes] == [
            (10_000, 500),
            (10_500, 998),
        ]
        assert "A tax on top of another one does not fit into an e-invoice." in (
            find_gaps(document)
        )
        assert [(x.taxable_minor, x.tax_minor) for x in note.taxes] == [
            (5_000, 250),
            (5_250, 499),
        ]
        assert read_invoice(world, place, copy.invoice_id).total_minor == 15_000


class TestAddTax:
    def test_adds_it_at_the_end(self, world: World):
        world.run(world.northwind.admin, add_tax, FORM)

        assert list(taxes(world))[-1] == "VAT 6 %"
        assert taxes(world)["VAT 6 %"].percent == "6"

    def test_keeps_four_decimals(self, world: World):
        world.run(world.northwind.admin, add_tax, replace(FORM, percent="8.8750"))

        assert taxes(world)["VAT 6 %"].percent == "8.875"

    def test_a_new_default_replaces_the_old(self, world: World):
        world.run(world.northwind.admin, add_tax, replace(FORM, is_default=True))

        assert defaults(world) == ["VAT 6 %"]

    def test_a_small_business_says_why_it_charges_none(self, world: World):
        form = TaxForm("No VAT", "small", "0")
        with world.unit(world.northwind.admin) as uow:
            uow.one(select(WorkspaceSettings)).country = "NL"

        world.run(world.northwind.admin, add_tax, form)

        added = taxes(world)["No VAT"]
        assert added.category == "E"
        assert "artikel 25 Wet OB" in added.exemption_reason

    def test_a_small_business_where_the_law_is_not_known_writes_it(self, world: World):
        form = TaxForm("No VAT", "small", "0")
        with world.unit(world.northwind.admin) as uow:
            uow.one(select(WorkspaceSettings)).country = "US"

        with pytest.raises(InvalidInput) as refusal:
            world.run(world.northwind.admin, add_tax, form)

        assert refusal.value.field == "exemption_reason"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": " "}, "name"),
            ({"percent": "NaN"}, "percent"),
            ({"percent": "1e5"}, "percent"),
            ({"percent": "-1"}, "percent"),
            ({"percent": "101"}, "percent"),
            ({"percent": "２１"}, "percent"),
            ({"percent": "0"}, "category"),
            ({"category": "AE"}, "percent"),
            ({"category": "E", "percent": "0"}, "exemption_reason"),
            ({"category": "X"}, "category"),
        ],
    )
    def test_names_the_field_it_cannot_use(
        self, world: World, changes: dict[str, str], field: str
    ):
        with pytest.raises(InvalidInput) as refusal:
            world.run(world.northwind.admin, add_tax, replace(FORM, **changes))  # type: ignore[arg-type]

        assert refusal.value.field == field

    def test_stops_before_the_list_becomes_useless(self, world: World):
        for number in range(TAXES_MAX - len(taxes(world))):
            world.run(world.northwind.admin, add_tax, replace(FORM, name=f"T{number}"))

        with pytest.raises(LimitReached):
            world.run(world.northwind.admin, add_tax, FORM)


class TestChangeTax:
    def test_changes_the_rate(self, world: World):
        tax = taxes(world)["VAT 9 %"]

        world.run(world.northwind.admin, change_tax, tax.tax_id, FORM)

        assert "VAT 9 %" not in taxes(world)
        assert taxes(world)["VAT 6 %"].tax_id == tax.tax_id

    def test_somebody_always_is_the_default(self, world: World):
        tax = taxes(world)["VAT 21 %"]

        with pytest.raises(InvalidInput):
            world.run(world.northwind.admin, change_tax, tax.tax_id, FORM)

        assert defaults(world) == ["VAT 21 %"]

    def test_does_not_reach_another_workspace(self, world: World):
        (tax, *_) = world.run(world.kestrel.admin, list_taxes)

        for work, args in (
            (change_tax, (tax.tax_id, FORM)),
            (archive_tax, (tax.tax_id,)),
            (restore_tax, (tax.tax_id,)),
        ):
            with pytest.raises(NotFound):
                world.run(world.northwind.admin, work, *args)


class TestArchiveTax:
    def test_takes_it_off_and_puts_it_back(self, world: World):
        tax = taxes(world)["VAT 9 %"]

        world.run(world.northwind.admin, archive_tax, tax.tax_id)
        assert taxes(world)["VAT 9 %"].is_archived
        world.run(world.northwind.admin, restore_tax, tax.tax_id)

        assert not taxes(world)["VAT 9 %"].is_archived

    def test_keeps_the_default(self, world: World):
        with pytest.raises(Conflict):
            world.run(
                world.northwind.admin, archive_tax, taxes(world)["VAT 21 %"].tax_id
            )


@pytest.mark.parametrize("role", [Role.ACCOUNTING, Role.OPERATIONS, Role.VIEWER])
def test_other_roles_change_no_tax(world: World, role: Role):
    actor = world.northwind.member(role)
    tax_id = taxes(world)["VAT 9 %"].tax_id

    for work, args in (
        (add_tax, (FORM,)),
        (change_tax, (tax_id, FORM)),
        (archive_tax, (tax_id,)),
        (restore_tax, (tax_id,)),
    ):
        with pytest.raises(NotPermitted):
            world.run(actor, work, *args)


@pytest.mark.feature("R02")
def test_tax_is_rounded_once_for_each_rate_wherever_it_is_shown(world: World):
    """Three lines of 0.33 at 19 % carry 0.19, and not three times 0.06.

    So in the draft, the issued row, its document, and what is read back from it.
    """
    for place in world.places:
        tax_id = str(world.run(place.admin, add_tax, TaxForm("VAT 19%", "S", "19")))
        line = LineForm(name="Stamp", unit_price="0.33", tax_id=tax_id)
        form = DraftForm(a_customer(world, place), lines=(line,) * 3)
        draft = world.run(place.accounting, drafts.create_draft, form)
        drafted = read_invoice(world, place, draft.invoice_id)
        world.run(place.accounting, invoices.issue, draft.invoice_id, draft.version)

        issued = read_invoice(world, place, draft.invoice_id)
        with world.reading(place.system) as uow:
            content = uow.one(select(IssuedDocument.content))
            lines = uow.all(select(LineItem).order_by(col(LineItem.id)))
            again = compute_totals(terms_of(issued, lines))
        document = from_json(InvoiceDocument, content)

        assert drafted.tax_minor == issued.tax_minor == again.tax_total.minor == 19
        assert document.tax_minor == sum(x.tax_minor for x in document.taxes) == 19
        assert (issued.net_minor, issued.total_minor) == (99, 118)
        assert len(lines) == 3
