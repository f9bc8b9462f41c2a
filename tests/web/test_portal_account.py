"""The customer's account behind the socket: each event proves its link anew."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from sqlmodel import select

from billing_app import runtime
from billing_app.database.secrets import digest
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Proof
from billing_app.domain.cookies import portal_cookie
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.portal_account import AccountList
from billing_app.domain.portal_settings import (
    DisputeMode,
    DueWord,
    PaymentMode,
    PortalSettings,
    WriteAuth,
)
from billing_app.models import (
    Dispute,
    IssuedDocument,
    PaymentAttempt,
    PortalVisit,
    Reminder,
    StripeAccount,
    WorkspaceSettings,
)
from billing_app.services import drafts, invoices, portal_links
from billing_app.services.payments import reverse_payment
from billing_app.services.portal_answers import set_invoice_answer
from billing_app.web.portal.account_state import PortalAccountState
from billing_app.web.portal.disputes_state import PortalDisputeState
from billing_app.web.portal.invoice_state import PortalInvoiceState
from billing_app.workflows.document_zip import Packing
from tests.support.billing import (
    a_customer,
    all_rows,
    an_event,
    an_invoice,
    an_invoice_of_events,
    pay,
    visitor_of,
)
from tests.support.credit import credit
from tests.support.driver import Driver
from tests.support.quarrel import dispute
from tests.support.talk import choose, proven, say
from tests.support.world import World

STATE = PortalAccountState.get_full_name()


@pytest.fixture(autouse=True)
def current(world: World):
    runtime.set_current(world.runtime)


@pytest.fixture
def customer_id(world: World) -> int:
    return a_customer(world, world.northwind)


@pytest.fixture
def invoice_id(world: World, customer_id: int) -> int:
    return an_invoice(world, world.northwind, "100.00", customer_id=customer_id)


@pytest.fixture
def foreign_ids(world: World) -> list[int]:
    """Invoices of another customer and of another workspace."""
    other = a_customer(world, world.northwind, "Halden Freight")
    return [
        an_invoice(world, world.northwind, "777.77", customer_id=other),
        an_invoice(world, world.kestrel, "888.88"),
    ]


@pytest.fixture
def token(world: World, customer_id: int, invoice_id: int) -> str:
    actor = world.northwind.accounting
    return world.run(actor, portal_links.copy_customer_link, customer_id)


def browser(token: str, rest: str = "", **query: str) -> Driver:
    asked = f"?{urlencode(query)}" if query else ""
    return Driver("", f"/c/{token}{rest}{asked}")


def shown(driver: Driver, name: str) -> Any:
    return driver.shown(PortalAccountState, name)


def numbers(driver: Driver) -> list[str]:
    page = shown(driver, "list")
    return [row.number for row in page.rows] if page else []


def euros(amount: str) -> Decimal:
    return Decimal(amount.removeprefix("€").replace(",", ""))


class TestWatch:
    async def test_shows_the_list_and_the_sums(
        self, token: str, foreign_ids: list[int]
    ):
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: numbers(driver) == ["INV-00001"])

        assert shown(driver, "frame").stats[0].amounts == ("€100.00",)
        assert "777.77" not in repr(driver.deltas)
        assert "Halden" not in repr(driver.deltas)

    @pytest.mark.feature("N07")
    async def test_each_sum_is_that_of_its_parts_and_they_lead_to_the_invoices(
        self,
        world: World,
        customer_id: int,
        invoice_id: int,
        token: str,
        foreign_ids: list[int],
    ):
        """Twelve payments of one euro, 40.00 disputed, an old one of 20.00 filed."""
        place = world.northwind
        form = DraftForm(
            customer_id,
            issued_on="2026-01-02",
            due_on="2026-01-20",
            lines=(LineForm(name="Fuel", unit_price="20.00"),),
        )
        draft = world.run(place.accounting, drafts.create_draft, form)
        step = invoices.issue_and_publish
        world.run(place.accounting, step, draft.invoice_id, draft.version)
        world.run(place.accounting, invoices.archive, draft.invoice_id)
        dispute(world, place, invoice_id, "40.00")
        for _ in range(12):
            pay(world, place, invoice_id, "1.00")
        async with browser(token) as driver:
            await driver.send(f"{STATE}.refresh")

        outstanding, paid, disputed = shown(driver, "frame").stats
        for stat in (outstanding, paid, disputed):
            assert [euros(x) for x in stat.amounts] == [
                sum(euros(part.amount) for part in stat.parts)
            ]
        assert [part.amount for part in outstanding.parts] == [
            *("€48.00", "€20.00", "€40.00"),
        ]
        assert [part.label for part in paid.parts][-1] == "2 payments more"
        filed = next(x for x in outstanding.parts if x.amount == "€20.00")
        async with browser(
            token, **dict(parse_qsl(urlsplit(filed.href).query))
        ) as list_:
            await list_.send(f"{STATE}.refresh")
        assert [row.balance for row in shown(list_, "list").rows] == ["€20.00"]

    async def test_a_payment_shows_by_itself(
        self, world: World, invoice_id: int, token: str
    ):
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: numbers(driver) == ["INV-00001"])

            pay(world, world.northwind, invoice_id, "100.00")

            await driver.until(lambda: shown(driver, "list").rows[0].status == "Paid")
            assert shown(driver, "list").rows[0].pay_href == ""

    async def test_says_how_to_pay_where_nothing_is_paid_here(
        self, world: World, token: str
    ):
        switch(world, payment=PaymentMode.INSTRUCTIONS)
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: bool(numbers(driver)))

        assert shown(driver, "list").rows[0].pay_words == "How to pay"

    async def test_each_row_follows_its_own_invoice(
        self, world: World, customer_id: int, invoice_id: int, token: str
    ):
        """Paying is by transfer here; one invoice is on no account to be paid."""
        place = world.northwind
        other = an_invoice(world, place, customer_id=customer_id)
        switch(world, payment=PaymentMode.INSTRUCTIONS)
        world.run(place.accounting, set_invoice_answer, invoice_id, "payment", "off")

        async with browser(token) as driver:
            await driver.send(f"{STATE}.refresh")

        rows = {row.id: row for row in shown(driver, "list").rows}
        assert rows[invoice_id].pay_href == ""
        assert rows[other].pay_href == f"/c/{token}/{other}#payment"
        assert rows[other].pay_words == "How to pay"

    async def test_speaks_of_disputes_only_where_there_can_be_some(
        self, world: World, token: str
    ):
        switch(world, disputes=DisputeMode.OFF)
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: bool(numbers(driver)))

        frame, page = shown(driver, "frame"), shown(driver, "list")
        assert [it.label for it in frame.stats] == ["Outstanding", "Paid this year"]
        assert "disputed" not in [it.key for it in frame.ages[0].lines]
        assert "disputed" not in [it.key for it in page.tabs]

    async def test_the_status_has_the_word_of_the_business(
        self, world: World, token: str
    ):
        switch(world, due_word=DueWord.PENDING)
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: bool(numbers(driver)))

        [row] = shown(driver, "list").rows
        assert (row.status, row.status_words) == ("Due", "Awaiting payment")

    async def test_a_credited_invoice_has_a_tab_and_its_note_behind_the_row(
        self, world: World, invoice_id: int, token: str
    ):
        credit(world, world.northwind, invoice_id)
        async with browser(token, status="credited") as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: numbers(driver) == ["INV-00001"])
            await driver.send(f"{STATE}.toggle", invoice_id=invoice_id)
            await driver.until(lambda: bool(shown(driver, "folds")))

        assert shown(driver, "list").tabs[-1].words == "Credited"
        [fold] = shown(driver, "folds").values()
        [note] = fold.payments
        assert note.method.startswith("Credit note")
        assert note.receipt_words == "Credit note PDF"
        assert fold.history[-1].title.startswith("Credit note")

    async def test_a_revoked_link_closes_the_open_page(
        self, world: World, customer_id: int, token: str
    ):
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: bool(numbers(driver)))

            actor = world.northwind.accounting
            world.run(actor, portal_links.revoke_customer_links, customer_id)

            await driver.until(lambda: shown(driver, "is_gone") is True)
            assert numbers(driver) == []

    async def test_a_portal_switched_off_closes_it_and_on_opens_it(
        self, world: World, token: str
    ):
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: bool(numbers(driver)))

            switch(world, is_on=False)
            await driver.until(lambda: shown(driver, "is_off") is True)
            assert numbers(driver) == []

            switch(world, is_on=True)
            await driver.until(lambda: numbers(driver) == ["INV-00001"])

    @pytest.mark.feature("C07")
    async def test_an_invoice_link_opens_no_account(
        self, world: World, invoice_id: int
    ):
        actor = world.northwind.accounting
        by_invoice = world.run(actor, portal_links.copy_link, invoice_id)

        for path in (f"/c/{by_invoice}", f"/p/{by_invoice}/account"):
            async with Driver("", path) as driver:
                await driver.load(f"{STATE}.watch")
                assert "100.00" not in repr(driver.deltas)

        assert shown(driver, "sign_in_href") == "/account/northwind-charter/sign-in"

    @pytest.mark.feature("C07")
    async def test_an_invoice_link_may_open_the_account(
        self, world: World, invoice_id: int
    ):
        actor = world.northwind.accounting
        by_invoice = world.run(actor, portal_links.copy_link, invoice_id)
        switch(world, link_opens_account=True)

        async with Driver("", f"/p/{by_invoice}/account") as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: numbers(driver) == ["INV-00001"])

    async def test_without_a_session_it_leads_to_the_sign_in(self, world: World):
        async with Driver("", "/account/northwind-charter") as driver:
            await driver.load(f"{STATE}.watch")

        assert shown(driver, "sign_in_href") == "/account/northwind-charter/sign-in"


def switch(world: World, **portal: Any) -> None:
    place = world.northwind
    with world.unit(place.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.portal = PortalSettings(**portal).to_stored()
        uow.touch(f"portal:{place.workspace_id}")


class TestToggle:
    async def test_tax_within_the_prices_does_not_look_added(
        self, world: World, customer_id: int, token: str
    ):
        with world.unit(world.northwind.system) as uow:
            uow.one(select(WorkspaceSettings)).prices_inclusive = True
        form = DraftForm(
            customer_id=customer_id,
            lines=(LineForm(name="Locker", unit_price="12.10", tax_id="1"),),
        )
        staff = world.northwind.accounting
        draft = world.run(staff, drafts.create_draft, form)
        issued = world.run(
            staff, invoices.issue_and_publish, draft.invoice_id, draft.version
        )
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: bool(numbers(driver)))
            await driver.send(f"{STATE}.toggle", invoice_id=issued.invoice_id)
            await driver.until(lambda: bool(shown(driver, "folds")))

        [fold] = shown(driver, "folds").values()
        assert [words for words, _ in fold.sums] == ["Includes VAT 21 %"]
        assert fold.total == "€12.10"

    @pytest.mark.feature("F032")
    async def test_unfolds_several_rows_and_folds_them_up(
        self, world: World, customer_id: int, invoice_id: int, token: str
    ):
        second = an_invoice(world, world.northwind, "5.00", customer_id=customer_id)
        async with browser(token) as driver:
            await driver.send(f"{STATE}.toggle", invoice_id=invoice_id)
            await driver.send(f"{STATE}.toggle", invoice_id=second)
            assert shown(driver, "open_rows") == [str(invoice_id), str(second)]
            fold = shown(driver, "folds")[str(invoice_id)]
            assert [line.name for line in fold.lines] == ["Charter flight"]
            assert fold.lines[0].behind == ()

            await driver.send(f"{STATE}.toggle", invoice_id=invoice_id)
            assert shown(driver, "open_rows") == [str(second)]
            assert driver.redirects == []

    @pytest.mark.feature("F032", "F034")
    async def test_says_what_is_behind_each_line(
        self, world: World, customer_id: int, token: str
    ):
        """Thirty events are behind the line; 25 are shown, five are summed up."""
        events = [an_event(customer_id, f"ST-{n}", world.clock.now) for n in range(30)]
        invoice_id = an_invoice_of_events(world, world.northwind, *events)
        async with browser(token) as driver:
            await driver.send(f"{STATE}.toggle", invoice_id=invoice_id)

        (line,) = shown(driver, "folds")[str(invoice_id)].lines
        assert len(line.behind) == 25
        assert line.behind[0].words == (
            "storage day ST-0, Chilled storage, 2 Mar 2026 12:00"
        )
        assert line.behind[0].arithmetic == "3 pallets × 4 days × 0.85 = 10.20"
        assert line.more == "and 5 more = 51.00"

    async def test_nothing_of_anybody_else_unfolds(
        self, token: str, foreign_ids: list[int]
    ):
        async with browser(token) as driver:
            for invoice_id in (*foreign_ids, 0, -1, 10**15):
                await driver.send(f"{STATE}.toggle", invoice_id=invoice_id)

        assert shown(driver, "folds") in (None, {})
        assert "777.77" not in repr(driver.deltas)
        assert "888.88" not in repr(driver.deltas)
        assert "Invoice not found." in repr(driver.deltas)


class TestPayments:
    @pytest.mark.feature("F039", "F024")
    async def test_are_those_of_all_invoices_with_their_receipts(
        self, world: World, customer_id: int, invoice_id: int, token: str
    ):
        """Paid in part, in full, returned and on its way; and nobody else's."""
        place = world.northwind
        other = an_invoice(world, place, "50.00", customer_id=customer_id)
        part = pay(world, place, invoice_id, "40.00", reference="Half").payment_id
        whole = pay(world, place, other, "50.00", note="staff only").payment_id
        back = pay(world, place, invoice_id, "60.00").payment_id
        world.run(place.accounting, reverse_payment, back, "Bounced")
        stranger = a_customer(world, place, "Halden Freight")
        foreign = an_invoice(world, place, "77.77", customer_id=stranger)
        pay(world, place, foreign, "77.77")
        with world.unit(place.system) as uow:
            for customer, minor in ((customer_id, 2_500), (stranger, 7_777)):
                uow.add(a_debit(uow, customer, invoice_id, minor))

        async with browser(token) as driver:
            await driver.send(f"{STATE}.refresh")

        debit, returned, full, partial = shown(driver, "frame").payments
        assert (debit.amount, debit.word) == ("€25.00", "Processing")
        assert debit.is_processing
        assert (returned.amount, returned.word) == ("€60.00", "Returned")
        assert returned.invoices == ()
        [paid] = full.invoices
        assert paid.receipt_href == f"/c/{token}/{other}/receipts/{whole}.pdf"
        assert partial.note == "Reference Half"
        assert partial.invoices[0].number == "INV-00001"
        assert partial.invoices[0].receipt_href.endswith(f"/receipts/{part}.pdf")
        assert "77.77" not in repr(driver.deltas)
        assert "staff only" not in repr(driver.deltas)

    @pytest.mark.feature("F039")
    async def test_all_show_on_request(self, world: World, invoice_id: int, token: str):
        for _ in range(12):
            pay(world, world.northwind, invoice_id, "1.00")

        async with browser(token) as driver:
            await driver.send(f"{STATE}.refresh")
        few = shown(driver, "frame")
        async with browser(token, payments="all") as driver:
            await driver.send(f"{STATE}.refresh")
        every = shown(driver, "frame")

        assert len(few.payments) == 10
        assert few.payments_href == f"/c/{token}?payments=all#payments"
        assert len(every.payments) == 12
        assert every.payments_href == ""

    @pytest.mark.feature("F024")
    async def test_no_receipt_where_the_invoice_gives_no_files(
        self, world: World, invoice_id: int, token: str
    ):
        actor = world.northwind.accounting
        pay(world, world.northwind, invoice_id, "40.00")
        world.run(actor, set_invoice_answer, invoice_id, "shows_pdf", "off")

        async with browser(token) as driver:
            await driver.send(f"{STATE}.refresh")

        [payment] = shown(driver, "frame").payments
        assert [it.receipt_href for it in payment.invoices] == [""]


def a_debit(
    uow: UnitOfWork, customer_id: int, invoice_id: int, minor: int
) -> PaymentAttempt:
    return PaymentAttempt(
        customer_id=customer_id,
        invoice_id=invoice_id,
        amount_minor=minor,
        currency="EUR",
        status="processing",
        idempotency_key=f"pay:{customer_id}",
        account_id="acct",
        created_at=uow.now,
        changed_at=uow.now,
        expires_at=uow.now,
    )


class TestInvoiceOfTheAccount:
    @pytest.mark.feature("F033")
    async def test_opens_through_the_customer_link(
        self, world: World, invoice_id: int, token: str, foreign_ids: list[int]
    ):
        state = PortalInvoiceState.get_full_name()
        async with browser(token, f"/{invoice_id}") as driver:
            await driver.send(f"{state}.refresh")
            invoice = driver.shown(PortalInvoiceState, "invoice")
            assert invoice.number == "INV-00001"
            assert invoice.account_href == f"/c/{token}"

        for other in foreign_ids:
            async with browser(token, f"/{other}") as driver:
                await driver.send(f"{state}.refresh")
                assert driver.shown(PortalInvoiceState, "is_gone")
                assert "77.77" not in repr(driver.deltas)

    @pytest.mark.feature("F054")
    async def test_archived_it_still_opens(
        self, world: World, invoice_id: int, token: str
    ):
        world.run(world.northwind.accounting, invoices.archive, invoice_id)

        async with browser(token, f"/{invoice_id}") as driver:
            await driver.send(f"{PortalInvoiceState.get_full_name()}.refresh")

        assert driver.shown(PortalInvoiceState, "invoice").number == "INV-00001"


class TestOnlyArchived:
    @pytest.mark.feature("F054")
    async def test_says_so_and_leads_to_them(
        self, world: World, invoice_id: int, token: str, foreign_ids: list[int]
    ):
        world.run(world.northwind.accounting, invoices.archive, invoice_id)

        hidden = await listed(token)
        there = await listed(token, archived="1")
        other = await listed(token, status="paid")

        assert (hidden.shape, hidden.none_words) == (
            "none",
            "Archived ones are hidden.",
        )
        assert hidden.archived.href == f"/c/{token}?archived=1"
        assert hidden.plain_href == ""
        assert [row.id for row in there.rows] == [invoice_id]
        assert other.plain_href == f"/c/{token}"

    async def test_without_any_there_is_nothing_to_include(
        self, world: World, customer_id: int, foreign_ids: list[int]
    ):
        world.run(world.northwind.accounting, invoices.archive, foreign_ids[0])
        copy_link = portal_links.copy_customer_link
        token = world.run(world.northwind.accounting, copy_link, customer_id)

        assert (await listed(token)).shape == "empty"


async def listed(token: str, **typed: str) -> AccountList:
    async with browser(token, **typed) as driver:
        await driver.send(f"{STATE}.refresh")
    return shown(driver, "list")


class TestPack:
    async def test_waits_for_the_printing_and_hands_the_file_over(
        self, world: World, invoice_id: int, token: str, foreign_ids: list[int]
    ):
        with world.unit(world.northwind.system) as uow:
            for document in uow.all(select(IssuedDocument)):
                document.pdf_digest = world.runtime.files.put(b"%PDF", ".pdf")

        async with browser(token) as driver:
            await driver.send(f"{STATE}.pack", form={"from": "2026-01-01", "to": ""})

        assert shown(driver, "packing") == Packing(ready=1, whole=1)
        assert shown(driver, "zip_href") == f"/c/{token}/documents.zip?from=2026-01-01"
        assert shown(driver, "is_packing") is False

    async def test_says_why_there_is_nothing_to_pack(self, token: str):
        async with browser(token) as driver:
            form = {"from": "2020-01-01", "to": "2020-12-31"}
            await driver.send(f"{STATE}.pack", form=form)

        assert "no documents in this period" in repr(driver.deltas)
        assert shown(driver, "is_packing") is False
        assert shown(driver, "zip_href") in (None, "")


@pytest.fixture
def shop(world: World) -> World:
    """A world that can charge; Stripe itself is not asked here."""
    account = StripeAccount(
        secret_key_encrypted="x", webhook_secret_encrypted="y", charges_enabled=True
    )
    with world.unit(world.northwind.system) as uow:
        uow.add(account)
    return world


class TestChoose:
    @pytest.fixture
    def second(self, world: World, customer_id: int) -> int:
        return an_invoice(world, world.northwind, "50.00", customer_id=customer_id)

    async def test_counts_what_is_chosen(
        self, shop: World, invoice_id: int, second: int, token: str
    ):
        async with browser(token) as driver:
            await driver.send(f"{STATE}.choose", invoice_id=invoice_id)
            await driver.send(f"{STATE}.choose", invoice_id=second)
            assert shown(driver, "quote").total == "€150.00"
            assert shown(driver, "quote").words == "2 invoices"

            await driver.send(f"{STATE}.choose", invoice_id=invoice_id)
            assert shown(driver, "quote").total == "€50.00"

    async def test_shows_what_each_gets_of_an_amount(
        self, shop: World, invoice_id: int, second: int, token: str
    ):
        async with browser(token) as driver:
            await driver.send(f"{STATE}.confirm_balance", currency="EUR")
            assert shown(driver, "is_confirming") is True
            rows = shown(driver, "quote").rows
            assert [(x.number, x.amount) for x in rows] == [
                ("INV-00001", "€100.00"),
                ("INV-00002", "€50.00"),
            ]

            await driver.send(f"{STATE}.weigh", amount="120")
            rows = shown(driver, "quote").rows
            assert [x.amount for x in rows] == ["€100.00", "€20.00"]

            await driver.send(f"{STATE}.weigh", amount="151")
            assert "at most" in shown(driver, "quote").error

    async def test_an_invoice_of_another_can_not_be_chosen(
        self, shop: World, invoice_id: int, foreign_ids: list[int], token: str
    ):
        async with browser(token) as driver:
            for foreign in foreign_ids:
                await driver.send(f"{STATE}.choose", invoice_id=foreign)
                assert not shown(driver, "chosen")
        assert "777" not in repr(driver.deltas)
        assert "888" not in repr(driver.deltas)

    async def test_what_is_paid_meanwhile_falls_out_of_the_choice(
        self, shop: World, invoice_id: int, second: int, token: str
    ):
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: len(numbers(driver)) == 2)
            await driver.send(f"{STATE}.choose", invoice_id=invoice_id)
            await driver.send(f"{STATE}.choose", invoice_id=second)

            pay(shop, shop.northwind, invoice_id, "100.00")

            await driver.until(lambda: shown(driver, "chosen") == [str(second)])
            assert shown(driver, "quote").total == "€50.00"

    async def test_what_was_paid_for_is_chosen_no_more(
        self, shop: World, invoice_id: int, token: str
    ):
        """A part of it may still be open."""
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: len(numbers(driver)) == 1)
            await driver.send(f"{STATE}.choose", invoice_id=invoice_id)
            assert shown(driver, "chosen") == [str(invoice_id)]
            driver.path += "?paid=yes"

            await driver.start(f"{STATE}.watch")

            await driver.until(lambda: shown(driver, "chosen") == [])

    async def test_more_than_is_asked_for_opens_no_page(
        self, shop: World, invoice_id: int, token: str
    ):
        async with browser(token) as driver:
            await driver.send(f"{STATE}.choose", invoice_id=invoice_id)
            await driver.send(f"{STATE}.pay", form={"amount": "1,000.00"})

        assert "at most" in shown(driver, "quote").error
        assert not shown(driver, "payment_page")


@pytest.mark.feature("F085")
class TestOffer:
    async def pay_part(self, token: str) -> Any:
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: bool(numbers(driver)))
            return shown(driver, "frame").pay, shown(driver, "list").rows[0]

    async def test_all_gates_open(self, shop: World, token: str):
        offered, row = await self.pay_part(token)

        assert offered.is_offered
        assert offered.balances == (("EUR", "Pay balance"),)
        assert row.can_choose

    async def test_stripe_is_not_connected(self, world: World, token: str):
        offered, row = await self.pay_part(token)

        assert not offered.is_offered
        assert offered.reason == (
            "These invoices can't be paid online. Please pay as agreed."
        )
        assert not row.can_choose

    async def test_switched_off(self, shop: World, token: str):
        switch(shop, payment=PaymentMode.OFF)

        offered, row = await self.pay_part(token)

        assert (offered.is_offered, offered.reason) == (False, "")
        assert not row.can_choose

    async def test_nothing_is_left_to_pay(
        self, shop: World, invoice_id: int, token: str
    ):
        pay(shop, shop.northwind, invoice_id, "100.00")

        offered, row = await self.pay_part(token)

        assert not offered.is_offered
        assert not row.can_choose


@pytest.mark.feature("F104")
async def test_a_person_who_looks_is_written_down(
    world: World, invoice_id: int, token: str
):
    async with browser(token) as driver:
        await driver.send(f"{STATE}.note_seen")
    async with browser(token, preview="1") as driver:
        await driver.send(f"{STATE}.note_seen")

    rows = all_rows(world, world.northwind, PortalVisit)
    assert [(x.evidence, x.invoice_id) for x in rows] == [("seen", None)]


async def test_what_is_switched_off_for_one_invoice_does_not_unfold(
    world: World, customer_id: int, invoice_id: int, token: str
):
    """The account's own settings are wider than those of one of its invoices."""
    place = world.northwind
    choose(world, place, write_auth=WriteAuth.LINK, disputes=DisputeMode.OPEN)
    say(world, place, invoice_id, "Was it two flights?")
    dispute(world, place, invoice_id, "10", reason="We had one flight.")
    async with browser(token) as driver:
        await driver.press(PortalAccountState.toggle, invoice_id=invoice_id)
    assert "two flights" in repr(driver.deltas)
    assert "had one flight" in repr(driver.deltas)

    for key in ("comments", "disputes"):
        world.run(place.accounting, set_invoice_answer, invoice_id, key, "off")
    async with browser(token) as driver:
        await driver.press(PortalAccountState.toggle, invoice_id=invoice_id)

    assert shown(driver, "folds")[str(invoice_id)].lines
    assert "two flights" not in repr(driver.deltas)
    assert "had one flight" not in repr(driver.deltas)


async def test_a_row_leads_to_its_conversation_where_there_is_one(
    world: World, invoice_id: int, token: str
):
    def talk_href(driver: Driver) -> str:
        return shown(driver, "folds")[str(invoice_id)].talk_href

    async with browser(token) as driver:
        await driver.press(PortalAccountState.toggle, invoice_id=invoice_id)
    assert talk_href(driver) == f"/c/{token}/{invoice_id}#comments"

    biller = world.northwind.accounting
    world.run(biller, set_invoice_answer, invoice_id, "comments", "off")
    async with browser(token) as driver:
        await driver.press(PortalAccountState.toggle, invoice_id=invoice_id)
    assert talk_href(driver) == ""


@pytest.mark.feature("C22")
async def test_an_invoice_without_a_pdf_unfolds_no_receipt(
    world: World, invoice_id: int, token: str
):
    place = world.northwind
    pay(world, place, invoice_id, "10.00")
    async with browser(token) as driver:
        await driver.press(PortalAccountState.toggle, invoice_id=invoice_id)
    assert "/receipts/" in repr(driver.deltas)

    world.run(place.accounting, set_invoice_answer, invoice_id, "shows_pdf", "off")
    async with browser(token) as driver:
        await driver.press(PortalAccountState.toggle, invoice_id=invoice_id)

    assert shown(driver, "folds")[str(invoice_id)].payments
    assert "/receipts/" not in repr(driver.deltas)


@pytest.mark.feature("C25", "G11")
async def test_whoever_was_forwarded_the_link_reads_no_address(
    world: World, customer_id: int, invoice_id: int, token: str
):
    """The one a reminder went to is known again by who has it, and by nobody else."""
    with world.unit(world.northwind.system) as uow:
        uow.add(
            Reminder(
                customer_id=customer_id,
                invoice_id=invoice_id,
                occasion="due",
                email="ines.vermeer@optics.example",
                queued_at=uow.now,
                sent_at=uow.now,
            )
        )

    place = world.northwind
    visitor = visitor_of(world, place, invoice_id)
    proven(world, place, visitor, Proof.SESSION, token_digest=digest("proof"))
    proof = f"{portal_cookie(False, place.workspace_id)}=proof"
    for cookie, email in (
        ("", "i•••@optics.example"),
        (proof, "ines.vermeer@optics.example"),
    ):
        async with Driver(cookie, f"/c/{token}") as driver:
            await driver.press(PortalAccountState.toggle, invoice_id=invoice_id)

        fold = shown(driver, "folds")[str(invoice_id)]
        assert f"2 Mar 2026, to {email}" in [it.words for it in fold.history]
        assert ("ines.vermeer" in repr(driver.deltas)) is bool(cookie)


async def test_a_dispute_is_not_withdrawn_by_the_laxer_rules_of_the_account(
    world: World, customer_id: int, invoice_id: int, token: str
):
    place = world.northwind
    choose(world, place, write_auth=WriteAuth.LINK, disputes=DisputeMode.OPEN)
    dispute_id = dispute(world, place, invoice_id, "10")
    stricter = WriteAuth.CODE_TOTP
    world.run(place.accounting, set_invoice_answer, invoice_id, "write_auth", stricter)

    for page in ("", f"/{invoice_id}"):
        async with browser(token, page) as driver:
            await driver.press(PortalDisputeState.withdraw, dispute_id=dispute_id)

    [disputed] = all_rows(world, place, Dispute)
    assert disputed.resolved_at is None
