"""The portal's panels on a customer's and an invoice's page, behind the socket."""

from __future__ import annotations

import pytest
from sqlmodel import select

from billing_app.database.authentication import list_own_places
from billing_app.domain.portal_settings import ActivityDetail
from billing_app.models import (
    AuditEntry,
    ContactTotp,
    Customer,
    CustomerContact,
    Member,
)
from billing_app.queries.portal_rules import read_invoice_rules
from billing_app.services import visits
from billing_app.web.staff.customer_detail_state import CustomerDetailState
from billing_app.web.staff.invoice_detail_state import InvoiceDetailState
from billing_app.web.staff.settings_portal_state import PortalSettingsState
from billing_app.web.staff.shell import ShellState
from billing_app.web.staff.timeline import SHORT
from tests.support.billing import (
    a_customer,
    all_rows,
    an_invoice,
    read_invoice,
    visitor_of,
)
from tests.support.world import World
from tests.web.conftest import Browse


def portal_of(world: World, customer_id: int) -> dict[str, object]:
    with world.reading(world.northwind.system) as uow:
        return uow.get(Customer, customer_id).portal


async def test_the_latest_few_that_happened_are_shown_first(
    world: World, browse: Browse
):
    place = world.northwind
    customer_id = a_customer(world, place)
    for _ in range(5):
        an_invoice(world, place, customer_id=customer_id)
    state = CustomerDetailState
    async with browse(place.viewer, f"/customers/{customer_id}") as driver:
        await driver.press(state.open)
        assert driver.shown(state, "is_short") is True
        read = len(driver.shown(state, "happened"))

        await driver.press(state.show_older)

    assert driver.shown(state, "is_short") is False
    assert len(driver.shown(state, "happened")) == read > SHORT


async def test_a_look_is_told_once(world: World, browse: Browse):
    place = world.northwind
    invoice_id = an_invoice(world, place)
    visitor = visitor_of(world, place, invoice_id)
    world.run(visitor, visits.note_seen, ActivityDetail.FULL)
    state = CustomerDetailState
    async with browse(place.viewer, "/customers/1") as driver:
        await driver.press(state.open)

    told = [it.text for it in driver.shown(state, "happened")]
    assert "Customer viewed the invoice" in told
    assert "Page seen" not in told


async def test_a_rule_is_set_and_cleared_on_the_page(world: World, browse: Browse):
    customer_id = a_customer(world, world.northwind)
    state = CustomerDetailState
    async with browse(world.northwind.owner, f"/customers/{customer_id}") as driver:
        await driver.press(state.open)
        await driver.press(state.answer_rule, key="comments", typed="off")
        lines = {line.key: line for line in driver.shown(state, "rules")}
        assert (lines["comments"].words, lines["comments"].why) == (
            *("Off", "Set for this customer"),
        )

        await driver.press(state.answer_rule, key="comments", typed="")

    assert portal_of(world, customer_id) == {}


@pytest.mark.feature("C06")
async def test_a_rule_that_decides_nothing_is_asked_once_it_does(
    world: World, browse: Browse
):
    customer_id = a_customer(world, world.northwind)
    state = CustomerDetailState
    async with browse(world.northwind.owner, f"/customers/{customer_id}") as driver:

        def asked() -> set[str]:
            return {line.key for line in driver.shown(state, "rules")}

        await driver.press(state.open)
        assert {"comments", "link_expiry"} <= asked()
        assert "link_expiry_days" not in asked()

        await driver.press(state.answer_rule, key="link_expiry", typed="after_due")
        assert "link_expiry_days" in asked()

        await driver.press(state.answer_rule, key="link_expiry_days", typed="30")
        await driver.press(state.answer_rule, key="link_expiry", typed="")
        # It was answered here, so here it can be taken back.
        assert "link_expiry_days" in asked()
        await driver.press(state.answer_rule, key="link_expiry_days", typed="")
        assert "link_expiry_days" not in asked()


HOSTILE = (
    ("welcome", "Hi"),
    ("is_on; drop table", "on"),
    ("comments", "<script>"),
    ("comments", 1),
    (None, "on"),
    (["comments"], "off"),
    ({"a": 1}, {}),
    (True, False),
)


@pytest.mark.parametrize("is_invoice", [False, True])
async def test_what_no_page_sends_changes_nothing(
    world: World, browse: Browse, is_invoice: bool
):
    invoice_id = an_invoice(world, world.northwind)
    customer_id = read_invoice(world, world.northwind, invoice_id).customer_id or 0
    state = InvoiceDetailState if is_invoice else CustomerDetailState
    path = f"/invoices/{invoice_id}" if is_invoice else f"/customers/{customer_id}"
    async with browse(world.northwind.owner, path) as driver:
        await driver.press(state.open)
        for key, typed in HOSTILE:
            await driver.press(state.answer_rule, key=key, typed=typed)
            assert driver.shown(state, "notices")[-1].is_refusal

    assert portal_of(world, customer_id) == {}
    found = world.run(world.northwind.viewer, read_invoice_rules, invoice_id)
    assert found.settings.comments == "write"


@pytest.mark.feature("F073")
async def test_a_lost_authenticator_app_is_reset_by_who_may(
    world: World, browse: Browse
):
    place, state = world.northwind, CustomerDetailState
    customer_id, email = a_customer(world, place), "ada@vermeer.example"
    for each, owner in ((place, customer_id), (world.kestrel, None)):
        with world.unit(each.system) as uow:
            uow.add(
                ContactTotp(
                    customer_id=owner or a_customer(world, world.kestrel),
                    email_key=email,
                    secret_encrypted="",
                    confirmed_at=uow.now,
                )
            )

    for actor in (place.viewer, world.kestrel.owner):
        async with browse(actor, f"/customers/{customer_id}") as driver:
            await driver.press(state.reset_app, email=email)
    assert len(all_rows(world, place, ContactTotp)) == 1

    async with browse(place.accounting, f"/customers/{customer_id}") as driver:
        await driver.press(state.open)
        assert [it.email for it in driver.shown(state, "apps")] == [email]
        await driver.press(state.start_resetting, email=email)
        assert driver.shown(state, "resetting") == email
        assert len(all_rows(world, place, ContactTotp)) == 1
        await driver.press(state.reset_app, email=email)
        assert driver.shown(state, "resetting") == ""
        assert driver.shown(state, "apps") == []
    assert all_rows(world, place, ContactTotp) == []
    events = [it.event for it in all_rows(world, place, AuditEntry)]
    assert "contact_totp_changed" in events


async def test_another_workspaces_page_arranges_nothing(world: World, browse: Browse):
    customer_id = a_customer(world, world.northwind)
    state = CustomerDetailState
    async with browse(world.kestrel.owner, f"/customers/{customer_id}") as driver:
        await driver.press(state.answer_rule, key="comments", typed="off")
        await driver.press(state.switch_portal, is_on=False)
        await driver.press(state.start_contact)
        await driver.press(
            state.save_contact, form={"email": "eve@kestrel.example", "kind": "to"}
        )
        await driver.press(state.edit_contact, contact_id=1)
        await driver.press(state.remove_contact)
        await driver.press(state.end_session, session_id=1)

    assert portal_of(world, customer_id) == {}
    assert all_rows(world, world.northwind, CustomerContact) == []
    assert all_rows(world, world.kestrel, CustomerContact) == []


@pytest.mark.feature("F016")
async def test_access_is_switched_and_contacts_are_kept(world: World, browse: Browse):
    customer_id = a_customer(world, world.northwind)
    state = CustomerDetailState
    async with browse(world.northwind.owner, f"/customers/{customer_id}") as driver:
        await driver.press(state.open)
        await driver.press(state.switch_portal, is_on=False)
        assert driver.shown(state, "is_portal_on") is False
        await driver.press(state.switch_portal, is_on=True)
        assert driver.shown(state, "is_portal_on") is True

        await driver.press(state.start_contact)
        await driver.press(state.save_contact, form={"email": "nobody", "kind": "to"})
        assert driver.shown(state, "contact_errors")["email"]
        form = {"email": "ann@vermeer.example", "kind": "to", "may_see_all": "on"}
        await driver.press(state.save_contact, form=form)

    (line,) = driver.shown(state, "contacts")
    assert line.rights == "can't pay, sees all invoices"


async def test_a_profile_shows_its_differences_first_and_can_be_undone(
    world: World, browse: Browse
):
    state = PortalSettingsState
    async with browse(world.northwind.owner, "/settings/portal") as driver:
        await driver.press(state.open)
        await driver.press(state.use_profile)
        assert driver.shown(state, "notices")[-1].is_refusal

        await driver.press(state.compare, key="closed_billing")
        labels = {line.label for line in driver.shown(state, "differences")}
        assert {"How customers pay", "Comments"} <= labels
        assert driver.shown(state, "page").settings.comments == "write"
        await driver.press(state.use_profile)
        assert driver.shown(state, "page").settings.comments == "off"
        origins = driver.shown(state, "origins")
        assert origins["comments"].delivered != ""
        assert origins["is_on"].delivered == ""
        used = [
            line.key
            for line in driver.shown(state, "profiles")
            if line.mark == "In use"
        ]
        assert used == ["closed_billing"]

        key = next(x.key for x in driver.shown(state, "notices") if x.undo)
        await driver.press(state.undo, key=key)

    assert driver.shown(state, "page").settings.comments == "write"
    assert driver.shown(state, "page").profile == ""


class TestSwitch:
    def join(self, world: World, role: str) -> None:
        """Let the owner of Northwind be a member of Kestrel as well."""
        with world.reading(world.northwind.system) as uow:
            owner = uow.get(Member, world.northwind.owner.member_id)
            person_id, email = owner.person_id, owner.email
        with world.unit(world.kestrel.system) as uow:
            uow.add(
                Member(
                    person_id=person_id,
                    name="Nora",
                    email=email,
                    role=role,
                    created_at=uow.now,
                )
            )

    @pytest.mark.feature("F013")
    async def test_an_owner_of_several_sees_them(self, world: World, browse: Browse):
        self.join(world, "viewer")

        async with browse(world.northwind.owner, "/dashboard") as driver:
            await driver.press(ShellState.enter)

        places = driver.shown(ShellState, "places")
        assert {(x.name, x.is_here) for x in places} == {
            ("Northwind Charter", True),
            ("Kestrel Plumbing", False),
        }

    @pytest.mark.feature("F013")
    async def test_others_never_see_the_switch(self, world: World, browse: Browse):
        self.join(world, "viewer")

        async with browse(world.northwind.admin, "/dashboard") as driver:
            await driver.press(ShellState.enter)

        assert not any("Kestrel" in str(delta) for delta in driver.deltas)
        engine = world.runtime.engine
        assert list_own_places(engine, world.northwind.admin) == ()
        assert list_own_places(engine, world.kestrel.owner) == ()

    def test_somebody_who_owns_none_has_no_switch(self, world: World):
        self.join(world, "admin")
        with world.unit(world.northwind.system) as uow:
            member = uow.one(
                select(Member).where(Member.id == world.northwind.owner.member_id)
            )
            member.role = "admin"

        assert list_own_places(world.runtime.engine, world.northwind.owner) == ()
