"""Answers of one customer and one invoice: set, cleared, refused."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from billing_app.database.authentication import (
    NO_COOKIES,
    PortalNotAvailable,
    open_portal,
)
from billing_app.domain.errors import InvalidInput, NotFound, NotPermitted
from billing_app.domain.portal_place import Door, PortalPlace
from billing_app.domain.portal_settings import Level, PaymentMode, WriteAuth
from billing_app.models import AuditEntry
from billing_app.queries.customer_access import read_customer_desk, read_invoice_desk
from billing_app.queries.portal_rules import read_customer_rules, read_invoice_rules
from billing_app.services import portal_links
from billing_app.services.portal_answers import (
    clear_customer_answer,
    clear_invoice_answer,
    set_customer_answer,
    set_invoice_answer,
)
from tests.support.billing import a_customer, an_invoice, read_invoice
from tests.support.talk import open_a_session, open_sessions
from tests.support.world import World


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind)


@pytest.fixture
def customer_id(world: World, invoice_id: int) -> int:
    return read_invoice(world, world.northwind, invoice_id).customer_id or 0


def test_a_customer_answers_for_itself_and_follows_again(
    world: World, customer_id: int
):
    place = world.northwind
    world.run(
        place.operations, set_customer_answer, customer_id, "write_auth", "session"
    )
    own = world.run(place.viewer, read_customer_rules, customer_id)
    world.run(place.operations, clear_customer_answer, customer_id, "write_auth")
    followed = world.run(place.viewer, read_customer_rules, customer_id)

    assert own.settings.write_auth == WriteAuth.SESSION
    assert own.levels["write_auth"] == Level.CUSTOMER
    assert followed.settings.write_auth == WriteAuth.CODE
    with world.reading(place.system) as uow:
        entries = uow.all(
            select(AuditEntry)
            .where(col(AuditEntry.event).like("portal_answer%"))
            .order_by(col(AuditEntry.id))
        )
    assert [entry.details for entry in entries] == [
        {"key": "write_auth", "answer": "session"},
        {"key": "write_auth"},
    ]


@pytest.mark.feature("C03")
def test_an_invoice_answers_before_its_customer(
    world: World, customer_id: int, invoice_id: int
):
    place = world.northwind
    world.run(place.operations, set_customer_answer, customer_id, "payment", "off")
    world.run(
        place.accounting, set_invoice_answer, invoice_id, "payment", "instructions"
    )
    own = world.run(place.viewer, read_invoice_rules, invoice_id)
    world.run(place.accounting, clear_invoice_answer, invoice_id, "payment")
    followed = world.run(place.viewer, read_invoice_rules, invoice_id)

    assert own.settings.payment == PaymentMode.INSTRUCTIONS
    assert own.levels["payment"] == Level.INVOICE
    assert followed.settings.payment == PaymentMode.OFF
    assert followed.levels["payment"] == Level.CUSTOMER


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("welcome", "Hello"),
        ("grace_days", "3"),
        ("allows_payment", "off"),
        ("no_such_key", "on"),
        ("__class__", "on"),
        ("", ""),
        ("comments", "shout"),
        ("shows_pdf", "yes"),
        ("shows_pdf", "True"),
        ("link_expiry_days", "0"),
        ("link_expiry_days", "９"),
        ("minimum_minor", "-5"),
        ("minimum_minor", "1.005"),
    ],
)
def test_refuses_what_no_customer_can_have(
    world: World, customer_id: int, invoice_id: int, key: str, typed: str
):
    with pytest.raises(InvalidInput):
        world.run(world.northwind.owner, set_customer_answer, customer_id, key, typed)
    with pytest.raises(InvalidInput):
        world.run(world.northwind.owner, set_invoice_answer, invoice_id, key, typed)

    found = world.run(world.northwind.owner, read_invoice_rules, invoice_id)
    assert Level.CUSTOMER not in found.levels.values()
    assert Level.INVOICE not in found.levels.values()


def test_an_invoice_does_not_switch_the_portal(world: World, invoice_id: int):
    with pytest.raises(InvalidInput):
        world.run(world.northwind.owner, set_invoice_answer, invoice_id, "is_on", "off")


def test_another_workspace_changes_nothing(
    world: World, customer_id: int, invoice_id: int
):
    for service, row_id in (
        (set_customer_answer, customer_id),
        (set_invoice_answer, invoice_id),
    ):
        with pytest.raises(NotFound):
            world.run(world.kestrel.owner, service, row_id, "payment", "off")
    for service, row_id in (
        (clear_customer_answer, customer_id),
        (clear_invoice_answer, invoice_id),
    ):
        with pytest.raises(NotFound):
            world.run(world.kestrel.owner, service, row_id, "payment")
    with pytest.raises(NotFound):
        world.run(world.kestrel.owner, read_customer_desk, customer_id)
    with pytest.raises(NotFound):
        world.run(world.kestrel.owner, read_invoice_desk, invoice_id)


def test_a_viewer_changes_nothing(world: World, customer_id: int, invoice_id: int):
    with pytest.raises(NotPermitted):
        world.run(
            world.northwind.viewer, set_customer_answer, customer_id, "payment", "off"
        )
    with pytest.raises(NotPermitted):
        world.run(
            world.northwind.operations, set_invoice_answer, invoice_id, "payment", "off"
        )


@pytest.mark.feature("F016", "G13")
def test_closing_a_customers_portal_ends_the_sessions_of_its_people(
    world: World, customer_id: int
):
    place = world.northwind
    other = a_customer(world, place, "Halden Freight")
    for each in (customer_id, other):
        open_a_session(world, place, each)

    world.run(place.operations, set_customer_answer, customer_id, "is_on", "off")

    assert open_sessions(world, place) == 1
    assert open_sessions(world, place, other) == 1


@pytest.mark.feature("C08")
def test_switching_a_customers_signing_in_off_ends_their_sessions_and_nobody_elses(
    world: World, customer_id: int
):
    place = world.northwind
    other = a_customer(world, place, "Halden Freight")
    own, _ = (open_a_session(world, place, each) for each in (customer_id, other))

    with world.unit(place.operations) as uow:
        set_customer_answer(uow, customer_id, "allows_sign_in", "off")

    assert f"session:{own}" in uow.touched
    assert open_sessions(world, place) == 1
    assert open_sessions(world, place, other) == 1


@pytest.mark.feature("F016")
def test_closing_a_customers_portal_closes_its_links_and_nobody_elses(
    world: World, customer_id: int, invoice_id: int
):
    place = world.northwind
    other_id = an_invoice(world, place)
    token, others = (
        world.run(place.accounting, portal_links.copy_link, each)
        for each in (invoice_id, other_id)
    )

    with world.unit(place.operations) as uow:
        set_customer_answer(uow, customer_id, "is_on", "off")

    assert f"portal:{place.workspace_id}" in uow.touched
    with pytest.raises(PortalNotAvailable):
        opened(world, token)
    assert opened(world, others).visitor.invoice_id == other_id

    world.run(place.operations, clear_customer_answer, customer_id, "is_on")
    assert opened(world, token).visitor.invoice_id == invoice_id


def test_the_desk_says_who_decided_and_what_it_would_follow(
    world: World, customer_id: int
):
    place = world.northwind
    world.run(place.operations, set_customer_answer, customer_id, "comments", "off")

    desk = world.run(place.viewer, read_customer_desk, customer_id)

    rules = {rule.key: rule for rule in desk.rules}
    assert rules["comments"].words == "Off"
    assert rules["comments"].why == "Set for this customer"
    assert rules["comments"].followed == "Read and write"
    assert rules["payment"].why == "Online is not possible: Stripe is not connected"
    assert rules["disputes"].why == "From the workspace"
    assert "is_on" not in rules


def opened(world: World, token: str):
    place = PortalPlace(Door.INVOICE_LINK, token, is_account=False)
    return open_portal(world.runtime.engine, place, NO_COOKIES, world.clock.now)
