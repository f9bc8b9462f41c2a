import threading
from dataclasses import replace

import pytest
from sqlmodel import select

from billing_app.domain.actors import Role
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.errors import InvalidInput, NotPermitted, StaleDraft
from billing_app.models import (
    AuditEntry,
    Customer,
    NumberSeries,
    Payment,
    WorkspaceSettings,
)
from billing_app.queries import settings as queries
from billing_app.queries.letterhead import read_settings, seller_party
from billing_app.services import drafts
from billing_app.services.settings import (
    BankForm,
    BrandingForm,
    BusinessForm,
    DocumentsForm,
    change_bank,
    change_branding,
    change_business,
    change_documents,
    set_logo,
)
from tests.support.billing import an_invoice, read_invoice
from tests.support.rows import add_customer, add_invoice
from tests.support.world import World

BUSINESS = BusinessForm(
    name="Northwind",
    legal_name="Northwind Charter B.V.",
    address="Kade 1\n1011 AB Amsterdam",
    country="nl",
    email="billing@northwind.example",
    vat_id="NL001234567B01",
    zone="Europe/Amsterdam",
)
DOCUMENTS = DocumentsForm(
    pattern="NW-{year}-{counter:4}",
    next_value="1",
    receipt_pattern="RCT-{counter:5}",
    credit_note_pattern="NC-{counter:4}",
    net_days="14",
    notes="Thank you.",
    terms="Pay within the term.",
)


def last_change(world: World) -> AuditEntry:
    with world.reading(world.northwind.owner) as uow:
        entries = uow.all(
            select(AuditEntry)
            .where(AuditEntry.event == "settings_changed")
            .order_by(AuditEntry.id)
        )
    return entries[-1]


def use_number(world: World, number: str = "INV-00001") -> None:
    """Leave an issued invoice behind, as numbering sees one."""
    with world.unit(world.northwind.system) as uow:
        add_invoice(uow, number=number, series_value=1)
        series = uow.one(select(NumberSeries).where(NumberSeries.code == "invoice"))
        series.next_value = 2


class TestChangeBusiness:
    def test_saves_what_was_typed(self, world: World):
        version = world.run(world.northwind.admin, change_business, 1, BUSINESS)

        shown = world.run(world.northwind.admin, queries.read_business)
        assert shown.version == version == 2
        assert (shown.name, shown.legal_name) == ("Northwind", "Northwind Charter B.V.")
        assert (shown.country, shown.currency) == ("NL", "EUR")

    @pytest.mark.feature("A04")
    def test_an_address_of_old_is_shown_in_parts_and_one_typed_so_is_kept(
        self, world: World
    ):
        world.run(world.northwind.admin, change_business, 1, BUSINESS)
        shown = world.run(world.northwind.admin, queries.read_business)
        assert (shown.address, shown.postal_code, shown.town) == (
            "Kade 1",
            "1011 AB",
            "Amsterdam",
        )

        moved = replace(BUSINESS, address="Gracht 2", postal_code="3011", town="Delft")
        world.run(world.northwind.admin, change_business, 2, moved)

        with world.reading(world.northwind.viewer) as uow:
            party = seller_party(read_settings(uow))
        assert party.address == ("Gracht 2", "3011 Delft")
        assert (party.street, party.town) == (("Gracht 2",), "Delft")
        other = world.run(world.kestrel.owner, queries.read_business)
        assert (other.address, other.town) == ("", "")

    @pytest.mark.feature("A04")
    def test_an_electronic_address_is_kept_with_its_register(self, world: World):
        typed = replace(BUSINESS, electronic_address="7011 2233")
        world.run(world.northwind.admin, change_business, 1, typed)

        shown = world.run(world.northwind.admin, queries.read_business)
        assert shown.electronic_address == "0106:70112233"

    def test_the_business_year_begins_in_january_until_it_is_changed(
        self, world: World
    ):
        assert (
            world.run(world.northwind.admin, queries.read_business).fiscal_month == "1"
        )

        changed = replace(BUSINESS, fiscal_month="4")
        world.run(world.northwind.admin, change_business, 1, changed)

        assert (
            world.run(world.northwind.admin, queries.read_business).fiscal_month == "4"
        )

    def test_leaves_the_other_workspace_alone(self, world: World):
        world.run(world.northwind.admin, change_business, 1, BUSINESS)

        shown = world.run(world.kestrel.admin, queries.read_business)
        assert (shown.name, shown.version) == ("Kestrel Plumbing", 1)

    def test_writes_down_which_fields_changed_but_not_their_values(self, world: World):
        world.run(world.northwind.admin, change_business, 1, BUSINESS)
        version = world.run(world.northwind.admin, queries.read_version)
        changed = replace(BUSINESS, vat_id="NL999999999B99", name="Northwind Air")

        world.run(world.northwind.admin, change_business, version, changed)

        entry = last_change(world)
        assert entry.details == {"section": "business", "fields": ["name", "vat_id"]}
        assert "NL999999999B99" not in str(entry.details)

    def test_saving_the_same_again_is_no_change(self, world: World):
        version = world.run(world.northwind.admin, change_business, 1, BUSINESS)
        before = last_change(world).id

        assert world.run(world.northwind.admin, change_business, 2, BUSINESS) == version
        assert last_change(world).id == before

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", " "),
            ("legal_name", ""),
            ("zone", "Mars/Olympus"),
            ("country", "Hollandia"),
            ("email", "nobody"),
            ("vat_id", "x" * 41),
            ("address", "x" * 1_001),
            ("postal_code", "x" * 21),
            ("town", "x" * 101),
            ("electronic_address", "Handelsregister"),
        ],
    )
    def test_names_the_field_it_cannot_use_and_saves_nothing(
        self, world: World, field: str, value: str
    ):
        form = replace(BUSINESS, **{field: value})

        with pytest.raises(InvalidInput) as refusal:
            world.run(world.northwind.admin, change_business, 1, form)

        assert refusal.value.field == field
        shown = world.run(world.northwind.admin, queries.read_business)
        assert (shown.version, shown.name) == (1, "Northwind Charter")

    def test_keeps_markup_as_text_and_drops_control_characters(self, world: World):
        form = replace(BUSINESS, legal_name="<script>{{7*7}}</script>\x00\x1b")

        world.run(world.northwind.admin, change_business, 1, form)

        shown = world.run(world.northwind.admin, queries.read_business)
        assert shown.legal_name == "<script>{{7*7}}</script>"


class TestCurrency:
    YEN = replace(BUSINESS, currency="JPY")

    def shown(self, world: World) -> queries.BusinessSettings:
        return world.run(world.northwind.admin, queries.read_business)

    def test_changes_while_no_figure_stands_on_it(self, world: World):
        world.run(world.northwind.admin, change_business, 1, self.YEN)

        shown = self.shown(world)
        assert (shown.currency, shown.currency_stays) == ("JPY", "")
        assert "currency" in last_change(world).details["fields"]
        assert world.run(world.kestrel.admin, queries.read_business).currency == "USD"

    def test_stays_where_the_form_names_none(self, world: World):
        world.run(world.northwind.admin, change_business, 1, BUSINESS)

        assert self.shown(world).currency == "EUR"

    def test_drafts_keep_theirs_and_new_ones_follow(self, world: World):
        place = world.northwind
        form = DraftForm(lines=(LineForm(name="Crane", unit_price="10.50"),))
        kept = world.run(place.accounting, drafts.create_draft, form)
        untouched = world.run(place.accounting, drafts.start_draft)
        world.run(place.admin, change_business, 1, self.YEN)
        after = world.run(place.accounting, drafts.start_draft)
        changed = replace(form, notes="Thank you")
        world.run(
            place.accounting,
            drafts.save_draft,
            kept.invoice_id,
            kept.version,
            changed,
        )

        still = read_invoice(world, place, kept.invoice_id)
        assert (still.currency, still.total_minor) == ("EUR", 1_050)
        assert after.invoice_id != untouched.invoice_id
        assert read_invoice(world, place, after.invoice_id).currency == "JPY"

    def test_a_least_payment_stays_the_same_figure(self, world: World):
        """10.50 euros become 11 yen; of a customer 200.00 become 200."""
        place = world.northwind
        with world.unit(place.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.portal = {"minimum_minor": 1_050, "allows_partial": True}
            add_customer(uow, portal={"minimum_minor": 20_000})
        world.run(place.admin, change_business, 1, self.YEN)

        with world.reading(place.admin) as uow:
            settings = uow.one(select(WorkspaceSettings))
            assert settings.portal == {"minimum_minor": 11, "allows_partial": True}
            customer = uow.one(select(Customer))
            assert customer.portal == {"minimum_minor": 200}

    @pytest.mark.parametrize(
        ("row", "reason"),
        [("invoice", "an invoice was issued"), ("payment", "a payment was recorded")],
    )
    def test_stays_once_figures_stand_on_it(self, world: World, row: str, reason: str):
        place = world.northwind
        if row == "invoice":
            an_invoice(world, place)
        else:
            with world.unit(place.system) as uow:
                customer = add_customer(uow)
                uow.add(
                    Payment(
                        customer_id=customer.id,
                        amount_minor=100,
                        currency="EUR",
                        received_on=uow.today,
                        method="cash",
                        created_at=uow.now,
                    )
                )

        with pytest.raises(InvalidInput, match=reason) as refused:
            world.run(place.admin, change_business, 1, self.YEN)

        assert refused.value.field == "currency"
        assert self.shown(world).currency == "EUR"
        assert reason in self.shown(world).currency_stays
        other = replace(BUSINESS, currency="GBP")
        world.run(world.kestrel.admin, change_business, 1, other)

    def test_is_one_that_there_is(self, world: World):
        with pytest.raises(InvalidInput) as refused:
            world.run(
                world.northwind.admin,
                change_business,
                1,
                replace(BUSINESS, currency="XYZ"),
            )

        assert refused.value.field == "currency"


class TestStaleSaves:
    def test_are_refused_and_change_nothing(self, world: World):
        world.run(world.northwind.owner, change_business, 1, BUSINESS)

        with pytest.raises(StaleDraft):
            world.run(
                world.northwind.admin,
                change_business,
                1,
                replace(BUSINESS, name="Other"),
            )

        shown = world.run(world.northwind.admin, queries.read_business)
        assert shown.name == "Northwind"

    def test_of_many_at_once_exactly_one_is_saved(self, world: World):
        outcomes: list[str] = []
        start = threading.Barrier(8)

        def save(number: int) -> None:
            form = replace(BUSINESS, name=f"Northwind {number}")
            start.wait()
            try:
                world.run(world.northwind.admin, change_business, 1, form)
                outcomes.append("saved")
            except StaleDraft:
                outcomes.append("refused")

        threads = [threading.Thread(target=save, args=[n]) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["refused"] * 7 + ["saved"]


class TestChangeDocuments:
    def test_saves_numbers_and_terms(self, world: World):
        world.run(world.northwind.admin, change_documents, 1, DOCUMENTS)

        shown = world.run(world.northwind.admin, queries.read_documents)
        assert (shown.pattern, shown.next_value) == ("NW-{year}-{counter:4}", 1)
        assert shown.credit_note_pattern == "NC-{counter:4}"
        assert shown.net_days == 14
        assert not shown.is_counting

    def test_counter_goes_on_where_another_program_stopped(self, world: World):
        form = replace(DOCUMENTS, next_value="418")

        world.run(world.northwind.admin, change_documents, 1, form)

        shown = world.run(world.northwind.admin, queries.read_documents)
        assert shown.next_value == 418
        assert last_change(world).details["fields"][:2] == ["pattern", "next_value"]

    def test_counter_stays_once_a_number_is_in_use(self, world: World):
        use_number(world)

        with pytest.raises(InvalidInput) as refusal:
            world.run(
                world.northwind.admin,
                change_documents,
                1,
                replace(DOCUMENTS, next_value="10"),
            )

        assert refusal.value.field == "next_value"
        same = replace(DOCUMENTS, next_value="2")
        assert world.run(world.northwind.admin, change_documents, 1, same) == 2

    def test_a_pattern_may_not_lead_to_a_number_in_use(self, world: World):
        use_number(world, "NW-2026-0002")

        with pytest.raises(InvalidInput) as refusal:
            world.run(
                world.northwind.admin,
                change_documents,
                1,
                replace(DOCUMENTS, next_value="2"),
            )

        assert refusal.value.field == "pattern"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("pattern", "INV-"),
            ("pattern", "INV-{counter}-{{7*7}}"),
            ("pattern", ""),
            ("receipt_pattern", "RCT"),
            ("credit_note_pattern", "NC"),
            ("credit_note_pattern", DOCUMENTS.pattern),
            ("next_value", "0"),
            ("next_value", "-1"),
            ("next_value", "１"),
            ("next_value", "1e5"),
            ("next_value", "9" * 40),
            ("net_days", "soon"),
            ("net_days", "366"),
            ("notes", "x" * 10_001),
        ],
    )
    def test_names_the_field_it_cannot_use(self, world: World, field: str, value: str):
        with pytest.raises(InvalidInput) as refusal:
            world.run(
                world.northwind.admin,
                change_documents,
                1,
                replace(DOCUMENTS, **{field: value}),
            )

        assert refusal.value.field == field

    def test_previews_the_next_numbers(self, world: World):
        shown = world.run(
            world.northwind.admin,
            queries.preview_numbers,
            "invoice",
            "{year}-{counter:3}",
            "never",
            "98",
        )

        assert shown.numbers == ("2026-098", "2026-099", "2026-100")


class TestChangeBank:
    def test_saves_rows_and_iban_without_spaces(self, world: World):
        form = BankForm(
            "nl91 abna 0417 1643 00", (("BIC", "ABNANL2A"), ("", ""), ("Bank", "ABN"))
        )

        world.run(world.northwind.admin, change_bank, 1, form)

        shown = world.run(world.northwind.admin, queries.read_bank)
        assert shown.iban == "NL91 ABNA 0417 1643 00"
        with world.reading(world.northwind.admin) as uow:
            stored = uow.one(select(WorkspaceSettings))
        assert stored.bank_iban == "NL91ABNA0417164300"
        assert shown.rows == (("BIC", "ABNANL2A"), ("Bank", "ABN"))

    def test_the_iban_is_asked_once(self, world: World):
        rows = (("Name", "Northwind"), ("iban", "NL91ABNA0417164300"))
        form = BankForm("NL91ABNA0417164300", rows)

        world.run(world.northwind.admin, change_bank, 1, form)

        shown = world.run(world.northwind.admin, queries.read_bank)
        assert shown.iban == "NL91 ABNA 0417 1643 00"
        assert shown.rows == (("Name", "Northwind"),)

    def test_a_currency_may_have_an_account_of_its_own(self, world: World):
        admin = world.northwind.admin
        usual = BankForm("NL91ABNA0417164300", (("Bank", "ABN"),))
        version = world.run(admin, change_bank, 1, usual)
        dollars = BankForm("", (("Account", "12-34"),), currency=" usd ")
        version = world.run(admin, change_bank, version, dollars)

        shown = world.run(admin, queries.read_bank, "USD")
        assert (shown.currency, shown.currencies) == ("USD", ("USD",))
        assert (shown.iban, shown.rows) == ("", (("Account", "12-34"),))
        assert world.run(admin, queries.read_bank).rows == (("Bank", "ABN"),)
        assert world.run(admin, queries.read_bank, "CHF").rows == ()
        assert world.run(world.kestrel.owner, queries.read_bank).currencies == ()

        world.run(admin, change_bank, version, BankForm(currency="USD"))

        assert world.run(admin, queries.read_bank).currencies == ()
        assert world.run(admin, queries.read_bank).rows == (("Bank", "ABN"),)

    @pytest.mark.parametrize("currency", ["XAU", "US$", "x" * 10_000, "\ud800"])
    def test_refuses_what_is_no_currency(self, world: World, currency: str):
        for work in (
            lambda uow: change_bank(uow, 1, BankForm(currency=currency)),
            lambda uow: queries.read_bank(uow, currency),
        ):
            with (
                world.unit(world.northwind.admin) as uow,
                pytest.raises(InvalidInput) as refusal,
            ):
                work(uow)
            assert refusal.value.field == "currency"

    @pytest.mark.parametrize(
        "iban",
        ["NL91ABNA0417164301", "NL91", "１２３", "NL91ABNA04171643001234567890123"],
    )
    def test_refuses_an_iban_with_a_slip(self, world: World, iban: str):
        with pytest.raises(InvalidInput) as refusal:
            world.run(world.northwind.admin, change_bank, 1, BankForm(iban))

        assert refusal.value.field == "iban"

    def test_saves_what_a_transfer_is_to_carry(self, world: World):
        admin = world.northwind.admin
        form = BankForm("CH44 3199 9123 0008 8901 2", reference_kind="qr")

        world.run(admin, change_bank, 1, form)

        shown = world.run(admin, queries.read_bank)
        assert (shown.reference_kind, shown.is_qr_iban) == ("qr", True)

    @pytest.mark.parametrize(
        ("iban", "kind"),
        [
            ("CH44 3199 9123 0008 8901 2", "rf"),
            ("CH44 3199 9123 0008 8901 2", "none"),
            ("CH93 0076 2011 6238 5295 7", "qr"),
            ("", "something"),
        ],
    )
    def test_refuses_a_reference_the_account_does_not_take(
        self, world: World, iban: str, kind: str
    ):
        form = BankForm(iban, reference_kind=kind)

        with pytest.raises(InvalidInput) as refusal:
            world.run(world.northwind.admin, change_bank, 1, form)

        assert refusal.value.field == "reference_kind"

    def test_a_row_called_iban_is_checked_and_grouped(self, world: World):
        admin = world.northwind.admin
        rows = (("IBAN", "nl91abna0417164300"),)

        world.run(admin, change_bank, 1, BankForm("", rows))

        shown = world.run(admin, queries.read_bank)
        assert shown.rows == (("IBAN", "NL91 ABNA 0417 1643 00"),)

    def test_says_what_a_swiss_qr_bill_lacks(self, world: World):
        admin = world.northwind.admin
        world.run(admin, change_bank, 1, BankForm("CH93 0076 2011 6238 5295 7"))

        before = world.run(admin, queries.read_bank)
        with world.unit(admin) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.address, settings.country = "Rue du Lac 1\n2501 Biel", "CH"
        after = world.run(admin, queries.read_bank)

        assert "8001 Zürich" in before.qr_bill_gap
        assert after.qr_bill_gap == ""

    @pytest.mark.parametrize(
        "rows",
        [(("BIC", ""),), (("IBAN", "NL91"),), (("", "ABN"),), (("A", "B"),) * 21],
    )
    def test_refuses_rows_nobody_could_read(
        self, world: World, rows: tuple[tuple[str, str], ...]
    ):
        with pytest.raises(InvalidInput) as refusal:
            world.run(world.northwind.admin, change_bank, 1, BankForm("", rows))

        assert refusal.value.field == "rows"


class TestBranding:
    @pytest.mark.feature("G13")
    def test_saves_look_and_colour(self, world: World):
        form = BrandingForm("classic", " #0F5C73 ")

        world.run(world.northwind.admin, change_branding, 1, form)

        shown = world.run(world.northwind.admin, queries.read_branding)
        assert (shown.look, shown.accent) == ("classic", "#0f5c73")

    @pytest.mark.parametrize(
        ("form", "field"),
        [
            (BrandingForm("baroque", "#0f5c73"), "look"),
            (BrandingForm("classic", "red"), "accent"),
            (BrandingForm("classic", "#0f5c73;background:url(x)"), "accent"),
        ],
    )
    def test_names_the_field_it_cannot_use(
        self, world: World, form: BrandingForm, field: str
    ):
        with pytest.raises(InvalidInput) as refusal:
            world.run(world.northwind.admin, change_branding, 1, form)

        assert refusal.value.field == field

    def test_a_logo_can_be_taken_away(self, world: World):
        world.run(world.northwind.admin, set_logo, "a" * 64, 200, 60)
        world.run(world.northwind.admin, set_logo, "", 0, 0)

        assert world.run(world.northwind.viewer, queries.read_logo) == ""


@pytest.mark.parametrize("role", [Role.ACCOUNTING, Role.OPERATIONS, Role.VIEWER])
def test_other_roles_neither_see_nor_change_settings(world: World, role: Role):
    actor = world.northwind.member(role)

    for work, args in (
        (change_business, (1, BUSINESS)),
        (change_documents, (1, DOCUMENTS)),
        (change_bank, (1, BankForm())),
        (change_branding, (1, BrandingForm("classic", "#000000"))),
        (set_logo, ("", 0, 0)),
        (queries.read_business, ()),
        (queries.read_documents, ()),
        (queries.read_bank, ()),
        (queries.read_stripe, ()),
        (queries.read_mail, ()),
        (queries.read_portal, ()),
    ):
        with pytest.raises(NotPermitted):
            world.run(actor, work, *args)
    with world.reading(world.northwind.owner) as uow:
        assert uow.one(select(WorkspaceSettings)).version == 1
