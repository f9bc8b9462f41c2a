from dataclasses import replace

import pytest
from sqlmodel import select

from billing_app.domain.actors import Role
from billing_app.domain.errors import InvalidInput, NotPermitted, StaleDraft
from billing_app.domain.portal_settings import LinkExpiry, PaymentMode
from billing_app.domain.profiles import PROFILES
from billing_app.models import AuditEntry, Customer, PortalSession
from billing_app.queries.customer_access import read_customer_desk, read_invoice_desk
from billing_app.queries.settings import read_portal
from billing_app.services.portal_answers import (
    set_customer_answer,
    set_invoice_answer,
)
from billing_app.services.portal_settings import (
    PortalForm,
    apply_profile,
    change_portal,
    restore_portal,
)
from tests.support.billing import a_customer, an_invoice, read_invoice
from tests.support.talk import open_a_session, open_sessions
from tests.support.world import World

FORM = PortalForm(
    is_on=True,
    shows_invoices=True,
    shows_pdf=False,
    payment="instructions",
    allows_partial=True,
    minimum_minor="25.50",
    allows_sign_in=True,
    visible_on="send",
    notify_on="send",
    due_word="Pending",
    grace_days="5",
    allows_payment=True,
    card_form="embedded",
    debit_counts="initiated",
    comments="read",
    write_auth="session",
    author_name="full",
    disputes="view",
    activity="first_only",
    storage_notice="We keep nothing.",
    link_expiry="after_due",
    link_expiry_days="30",
    shows_badge=True,
    welcome="Welcome.\nAsk us anything.",
)


@pytest.mark.feature("G13")
def test_saves_every_switch(world: World):
    world.run(world.northwind.admin, change_portal, 1, FORM)

    page = world.run(world.northwind.admin, read_portal)
    portal = page.settings
    assert (portal.is_on, portal.shows_pdf, portal.shows_badge) == (True, False, True)
    assert portal.payment is PaymentMode.INSTRUCTIONS
    assert (portal.link_expiry, portal.link_expiry_days) == (LinkExpiry.AFTER_DUE, 30)
    assert (portal.minimum_minor, page.minimum, page.currency) == (2550, "25.50", "EUR")
    assert portal.welcome == "Welcome.\nAsk us anything."
    for key in ("visible_on", "notify_on", "due_word", "card_form", "debit_counts"):
        assert getattr(portal, key) == getattr(FORM, key)
    for key in ("comments", "write_auth", "author_name", "disputes", "activity"):
        assert getattr(portal, key) == getattr(FORM, key)
    assert portal.grace_days == 5
    assert portal.storage_notice == "We keep nothing."


def test_names_each_switch_in_the_audit(world: World):
    world.run(world.northwind.admin, change_portal, 1, FORM)

    world.run(world.northwind.admin, change_portal, 2, replace(FORM, is_on=False))

    with world.reading(world.northwind.owner) as uow:
        entry = uow.all(select(AuditEntry).order_by(AuditEntry.id))[-1]
    assert entry.details == {"section": "portal", "fields": ["is_on"]}


def test_off_and_on_again_loses_nothing(world: World):
    world.run(world.northwind.admin, change_portal, 1, FORM)
    world.run(world.northwind.admin, change_portal, 2, replace(FORM, is_on=False))
    world.run(world.northwind.admin, change_portal, 3, FORM)

    page = world.run(world.northwind.admin, read_portal)
    assert page.settings.welcome == "Welcome.\nAsk us anything."


@pytest.mark.feature("G13")
def test_switching_off_ends_every_session_of_this_business(world: World):
    for place in world.places:
        customer_id = a_customer(world, place)
        open_a_session(world, place, customer_id)
    world.run(world.northwind.admin, change_portal, 1, FORM)
    assert open_sessions(world, world.northwind) == 1

    world.run(world.northwind.admin, change_portal, 2, replace(FORM, is_on=False))

    assert open_sessions(world, world.northwind) == 0
    assert open_sessions(world, world.kestrel) == 1
    # On again nobody is let in without a new proof.
    world.run(world.northwind.admin, change_portal, 3, FORM)
    assert open_sessions(world, world.northwind) == 0


@pytest.mark.feature("C08")
@pytest.mark.parametrize("by", ["form", "profile", "restored"])
def test_switching_signing_in_off_ends_what_opens_an_account(world: World, by: str):
    place = world.northwind
    own, _ = (open_a_session(world, it, a_customer(world, it)) for it in world.places)
    of_invoice = open_a_session(world, place, a_customer(world, place, "Halden"))
    invoice_id = an_invoice(world, place)
    with world.unit(place.system) as uow:
        uow.get(PortalSession, of_invoice).invoice_id = invoice_id

    with world.unit(place.admin) as uow:
        if by == "form":
            change_portal(uow, 1, replace(FORM, allows_sign_in=False))
        elif by == "profile":
            apply_profile(uow, 1, "simple_link")
        else:
            restore_portal(uow, 1, {"allows_sign_in": False}, "")

    # Each open page looks again when its session is touched.
    assert f"session:{own}" in uow.touched
    assert open_sessions(world, place) == 1
    assert open_sessions(world, world.kestrel) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payment": "cash"}, "payment"),
        ({"link_expiry": "soon"}, "link_expiry"),
        ({"link_expiry_days": "0"}, "link_expiry_days"),
        ({"link_expiry_days": "９"}, "link_expiry_days"),
        ({"link_expiry_days": ""}, "link_expiry_days"),
        ({"minimum_minor": "25.505"}, "minimum_minor"),
        ({"minimum_minor": "-1"}, "minimum_minor"),
        ({"minimum_minor": "NaN"}, "minimum_minor"),
        ({"visible_on": "never"}, "visible_on"),
        ({"comments": ""}, "comments"),
        ({"write_auth": "nothing"}, "write_auth"),
        ({"grace_days": "-1"}, "grace_days"),
        ({"grace_days": "٣"}, "grace_days"),
        ({"due_word": "<b>Due</b>"}, "due_word"),
        ({"storage_notice": "x" * 1_001}, "storage_notice"),
        ({"welcome": "x" * 1_001}, "welcome"),
    ],
)
def test_names_the_field_it_cannot_use(
    world: World, changes: dict[str, str], field: str
):
    with pytest.raises(InvalidInput) as refusal:
        world.run(world.northwind.admin, change_portal, 1, replace(FORM, **changes))  # type: ignore[arg-type]

    assert refusal.value.field == field


def test_a_stale_save_is_refused(world: World):
    world.run(world.northwind.owner, change_portal, 1, FORM)

    with pytest.raises(StaleDraft):
        world.run(world.northwind.admin, change_portal, 1, FORM)


@pytest.mark.parametrize("role", [Role.ACCOUNTING, Role.OPERATIONS, Role.VIEWER])
def test_other_roles_switch_nothing(world: World, role: Role):
    with pytest.raises(NotPermitted):
        world.run(world.northwind.member(role), change_portal, 1, FORM)


class TestProfiles:
    @pytest.mark.parametrize("key", [profile.key for profile in PROFILES])
    def test_one_click_answers_everything_and_keeps_words(self, world: World, key: str):
        world.run(world.northwind.admin, change_portal, 1, FORM)

        world.run(world.northwind.admin, apply_profile, 2, key)

        page = world.run(world.northwind.admin, read_portal)
        profile = next(x for x in PROFILES if x.key == key)
        assert page.profile == key
        assert page.settings.welcome == FORM.welcome
        for name, answer in profile.answers.items():
            assert getattr(page.settings, name) == answer

    def test_a_profile_can_be_taken_back(self, world: World):
        world.run(world.northwind.admin, change_portal, 1, FORM)
        before = world.run(world.northwind.admin, read_portal)
        version = world.run(world.northwind.admin, apply_profile, 2, "closed_billing")

        stored = before.settings.to_stored()
        world.run(
            world.northwind.admin, restore_portal, version, stored, before.profile
        )

        after = world.run(world.northwind.admin, read_portal)
        assert (after.settings, after.profile) == (before.settings, before.profile)

    def test_tells_who_answers_and_how_many_differ(self, world: World):
        place = world.northwind
        for own in ({"payment": "off"}, {"payment": "off", "shows_pdf": False}, {}):
            customer_id = a_customer(world, place)
            with world.unit(place.admin) as uow:
                uow.get(Customer, customer_id).portal = own
        elsewhere = a_customer(world, world.kestrel)
        with world.unit(world.kestrel.admin) as uow:
            uow.get(Customer, elsewhere).portal = {"payment": "off"}
        world.run(place.admin, change_portal, 1, FORM)

        page = world.run(place.admin, read_portal)

        assert page.differing == {"payment": 2, "shows_pdf": 1}

    def test_the_other_workspace_stays(self, world: World):
        before = world.run(world.kestrel.admin, read_portal)

        world.run(world.northwind.admin, apply_profile, 1, "closed_billing")

        assert world.run(world.kestrel.admin, read_portal) == before
        with world.reading(world.kestrel.owner) as uow:
            assert uow.workspace.profile == ""

    def test_an_unknown_profile_is_refused(self, world: World):
        with pytest.raises(InvalidInput):
            world.run(world.northwind.admin, apply_profile, 1, "../closed_billing")

    def test_a_stale_page_changes_nothing(self, world: World):
        world.run(world.northwind.owner, change_portal, 1, FORM)

        with pytest.raises(StaleDraft):
            world.run(world.northwind.admin, apply_profile, 1, "closed_billing")

    def test_accounting_applies_none(self, world: World):
        with pytest.raises(NotPermitted):
            world.run(world.northwind.accounting, apply_profile, 1, "closed_billing")

    def test_open_pages_of_customers_hear_of_it(self, world: World):
        with world.unit(world.northwind.admin) as uow:
            apply_profile(uow, 1, "closed_billing")

        assert f"portal:{world.northwind.workspace_id}" in uow.touched


@pytest.mark.feature("F078")
def test_says_where_nobody_could_write_at_all(world: World):
    """Writing asks for a signed-in customer, and none can sign in."""
    form = replace(FORM, comments="write")

    for changes, is_warned in (
        ({"allows_sign_in": False}, True),
        ({"allows_sign_in": True}, False),
        ({"allows_sign_in": False, "write_auth": "code"}, False),
        ({"allows_sign_in": False, "comments": "read"}, False),
        ({"allows_sign_in": False, "comments": "off", "disputes": "open"}, True),
    ):
        version = world.run(world.northwind.admin, read_portal).version
        world.run(
            world.northwind.admin, change_portal, version, replace(form, **changes)
        )
        warning = world.run(world.northwind.admin, read_portal).warning
        assert warning.startswith("Nobody can write now") is is_warned

    assert world.run(world.kestrel.admin, read_portal).warning == ""


@pytest.mark.feature("F078")
def test_says_it_of_one_customer_and_one_invoice(world: World):
    place, invoice_id = world.northwind, an_invoice(world, world.northwind)
    customer_id = read_invoice(world, place, invoice_id).customer_id
    world.run(place.admin, set_customer_answer, customer_id, "allows_sign_in", "off")
    before = world.run(place.viewer, read_customer_desk, customer_id).warning
    world.run(place.admin, set_invoice_answer, invoice_id, "write_auth", "session")

    assert before == ""
    assert world.run(place.viewer, read_customer_desk, customer_id).warning == ""
    assert (
        "signing in is"
        in world.run(place.viewer, read_invoice_desk, invoice_id).warning
    )
