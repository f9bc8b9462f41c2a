"""Contacts with their rights, and what a change does to their sessions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import select

from billing_app.domain.errors import InvalidInput, NotFound, NotPermitted
from billing_app.models import CustomerContact, PortalSession
from billing_app.queries.customer_access import read_customer_desk
from billing_app.queries.mailing import read_mail_facts
from billing_app.services.customer_access import (
    CONTACTS_MAX,
    ContactForm,
    add_contact,
    change_contact,
    remove_contact,
)
from billing_app.services.customers import CustomerForm, change_customer
from billing_app.services.portal_sessions import end_session
from tests.support.billing import a_customer, an_invoice
from tests.support.world import World

FORM = ContactForm("Ann Ruiz", "ann@vermeer.example", "to", may_pay=True)


@pytest.fixture
def customer_id(world: World) -> int:
    return a_customer(world, world.northwind)


@pytest.fixture
def contact_id(world: World, customer_id: int) -> int:
    return world.run(world.northwind.operations, add_contact, customer_id, FORM)


def a_session(world: World, customer_id: int, contact_id: int | None) -> int:
    with world.unit(world.northwind.system) as uow:
        session = uow.add(
            PortalSession(
                token_digest=f"digest of {contact_id}",
                email="ann@vermeer.example",
                email_key="ann@vermeer.example",
                customer_id=customer_id,
                contact_id=contact_id,
                created_at=uow.now,
                seen_at=uow.now,
            )
        )
        return session.id or 0


def is_live(world: World, session_id: int) -> bool:
    with world.reading(world.northwind.system) as uow:
        return uow.get(PortalSession, session_id).ended_at is None


def test_keeps_a_contact_with_its_rights(
    world: World, customer_id: int, contact_id: int
):
    changed = replace(FORM, kind="none", may_pay=False, may_see_all=True)
    world.run(
        world.northwind.operations, change_contact, customer_id, contact_id, changed
    )

    (found,) = world.run(
        world.northwind.viewer, read_customer_desk, customer_id
    ).contacts
    assert (found.name, found.kind) == ("Ann Ruiz", "none")
    assert (found.may_pay, found.may_see_all) == (False, True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "AP@vermeer.example"}, "email"),
        ({"kind": "bcc"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_names_the_field_it_cannot_use(
    world: World, customer_id: int, changes: dict[str, str], field: str
):
    form = replace(FORM, **changes)  # type: ignore[arg-type]

    with pytest.raises(InvalidInput) as refusal:
        world.run(world.northwind.operations, add_contact, customer_id, form)

    assert refusal.value.field == field


@pytest.mark.usefixtures("contact_id")
def test_an_address_stands_there_once(world: World, customer_id: int):
    form = replace(FORM, email="Ann@Vermeer.example")

    with pytest.raises(InvalidInput):
        world.run(world.northwind.operations, add_contact, customer_id, form)


def test_there_is_an_end_to_contacts(world: World, customer_id: int):
    for number in range(CONTACTS_MAX):
        form = replace(FORM, email=f"a{number}@vermeer.example")
        world.run(world.northwind.operations, add_contact, customer_id, form)

    with pytest.raises(InvalidInput):
        world.run(world.northwind.operations, add_contact, customer_id, FORM)


def test_fewer_rights_end_the_sessions_of_that_contact_alone(
    world: World, customer_id: int, contact_id: int
):
    hers = a_session(world, customer_id, contact_id)
    theirs = a_session(world, customer_id, None)

    with world.unit(world.northwind.operations) as uow:
        change_contact(uow, customer_id, contact_id, replace(FORM, may_pay=False))

    assert f"session:{hers}" in uow.touched
    assert not is_live(world, hers)
    assert is_live(world, theirs)


def test_removing_somebody_ends_their_sessions(
    world: World, customer_id: int, contact_id: int
):
    hers = a_session(world, customer_id, contact_id)

    world.run(world.northwind.operations, remove_contact, customer_id, contact_id)

    assert not is_live(world, hers)
    desk = world.run(world.northwind.viewer, read_customer_desk, customer_id)
    assert desk.contacts == ()


def test_staff_see_and_end_sessions(world: World, customer_id: int):
    session_id = a_session(world, customer_id, None)
    desk = world.run(world.northwind.viewer, read_customer_desk, customer_id)
    assert [session.id for session in desk.sessions] == [session_id]

    with pytest.raises(NotFound):
        world.run(world.kestrel.owner, end_session, session_id)
    with pytest.raises(NotPermitted):
        world.run(world.northwind.viewer, end_session, session_id)
    world.run(world.northwind.accounting, end_session, session_id)

    desk = world.run(world.northwind.viewer, read_customer_desk, customer_id)
    assert desk.sessions == ()


def test_another_workspace_and_another_customer_have_no_such_contact(
    world: World, customer_id: int, contact_id: int
):
    other_id = a_customer(world, world.northwind, "Halden")
    for actor, whose in (
        (world.kestrel.owner, customer_id),
        (world.northwind.owner, other_id),
    ):
        with pytest.raises(NotFound):
            world.run(actor, change_contact, whose, contact_id, FORM)
        with pytest.raises(NotFound):
            world.run(actor, remove_contact, whose, contact_id)
    with pytest.raises(NotFound):
        world.run(world.kestrel.owner, add_contact, customer_id, FORM)
    with pytest.raises(NotPermitted):
        world.run(world.northwind.viewer, add_contact, customer_id, FORM)


def test_mail_goes_to_whom_it_was_meant_for(world: World, customer_id: int):
    for name, kind in (("ann", "to"), ("bo", "cc"), ("cy", "none")):
        form = ContactForm(name, f"{name}@vermeer.example", kind)
        world.run(world.northwind.operations, add_contact, customer_id, form)
    invoice_id = an_invoice(world, world.northwind, customer_id=customer_id)

    facts = world.run(world.northwind.system, read_mail_facts, invoice_id)

    assert facts.to == (
        "ap@vermeer.example",
        "ann@vermeer.example",
        "bo@vermeer.example",
    )


def test_changing_the_copies_keeps_everybody_else(
    world: World, customer_id: int, contact_id: int
):
    form = CustomerForm(name="Vermeer Optics", cc="copy@vermeer.example")

    world.run(world.northwind.operations, change_customer, customer_id, form)

    with world.reading(world.northwind.system) as uow:
        emails = uow.all(select(CustomerContact.email).order_by(CustomerContact.id))
    assert list(emails) == ["ann@vermeer.example", "copy@vermeer.example"]
