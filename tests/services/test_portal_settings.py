from dataclasses import replace

import pytest
from sqlmodel import select

from billing_app.domain.actors import Role
from billing_app.domain.errors import InvalidInput, NotPermitted, StaleDraft
from billing_app.domain.portal_settings import LinkExpiry, PaymentMode
from billing_app.models import AuditEntry
from billing_app.queries.settings import read_portal
from billing_app.services.portal_settings import PortalForm, change_portal
from tests.support.world import World

FORM = PortalForm(
    is_on=True,
    shows_invoices=True,
    shows_pdf=False,
    payment="instructions",
    allows_partial=True,
    minimum="25.50",
    link_expiry="after_due",
    link_expiry_days="30",
    shows_badge=True,
    welcome="Welcome.\nAsk us anything.",
)


def test_saves_every_switch(world: World):
    world.run(world.northwind.admin, change_portal, 1, FORM)

    page = world.run(world.northwind.admin, read_portal)
    portal = page.settings
    assert (portal.is_on, portal.shows_pdf, portal.shows_badge) == (True, False, True)
    assert portal.payment is PaymentMode.INSTRUCTIONS
    assert (portal.link_expiry, portal.link_expiry_days) == (LinkExpiry.AFTER_DUE, 30)
    assert (portal.minimum_minor, page.minimum, page.currency) == (2550, "25.50", "EUR")
    assert portal.welcome == "Welcome.\nAsk us anything."


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


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payment": "cash"}, "payment"),
        ({"link_expiry": "soon"}, "link_expiry"),
        ({"link_expiry_days": "0"}, "link_expiry_days"),
        ({"link_expiry_days": "９"}, "link_expiry_days"),
        ({"link_expiry_days": ""}, "link_expiry_days"),
        ({"minimum": "25.505"}, "minimum"),
        ({"minimum": "-1"}, "minimum"),
        ({"minimum": "NaN"}, "minimum"),
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
