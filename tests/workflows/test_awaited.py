"""A document that somebody waits for goes before those that nobody waits for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import col, delete, select

from billing_app.database import authentication, outbox
from billing_app.database.authentication import NO_COOKIES
from billing_app.domain.events import Topic
from billing_app.domain.portal_place import parse_place
from billing_app.models import IssuedDocument, OutboxMessage
from billing_app.queries import portal
from billing_app.services import portal_links
from billing_app.services.payments import allocate_credit
from billing_app.workflows import document_zip
from billing_app.workflows.document_files import NotPrinted, list_pages, read_pdf
from billing_app.workflows.outbox import PRINTED
from tests.support.billing import a_customer, all_rows, an_invoice, pay, visitor_of
from tests.support.postgres import running_postgres
from tests.support.world import World, make_template, open_world_at


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def opened(request, tmp_path_factory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("awaited")
    if request.param == "sqlite":
        yield from _opened(f"sqlite:///{folder / 'tallyport.db'}", folder)
        return
    with running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield from _opened(url, folder)


def _opened(url, folder):
    make_template(folder, url)
    world = open_world_at(url, folder)
    yield world
    world.runtime.engine.dispose()


@pytest.fixture
def world(opened: World) -> World:
    """Nothing is promised yet."""
    for place in opened.places:
        with opened.unit(place.system) as uow:
            uow.execute(delete(OutboxMessage))
    return opened


def claim(world: World, limit: int = 1) -> list[int | None]:
    """Take what is printed next; return whose documents these are."""
    now = world.clock.now
    claimed = outbox.claim_due(world.runtime.engine, now, limit, only=PRINTED)
    return [message.invoice_id for message in claimed]


def ask(world: World, invoice_id: int) -> None:
    """Turn to the pages of an invoice as its customer, and find none yet."""
    visitor = visitor_of(world, world.northwind, invoice_id)
    assert list_pages(world.runtime, visitor, "/p/token") == ()


def test_what_a_customer_turns_to_is_printed_next_and_once(world: World):
    abroad = an_invoice(world, world.kestrel)
    first, second, third = (an_invoice(world, world.northwind) for _ in range(3))

    for _ in range(2):
        ask(world, third)

    assert claim(world) == [third]
    ask(world, third)
    assert claim(world, 9) == [abroad, first, second]
    assert claim(world) == []


def test_what_came_back_from_a_worker_that_died_still_goes_first(world: World):
    first, second = (an_invoice(world, world.northwind) for _ in range(2))
    assert claim(world, 9) == [first, second]

    ask(world, second)
    assert claim(world) == []
    world.clock.advance(minutes=3)

    assert claim(world, 9) == [second, first]


def test_a_document_nobody_has_promised_goes_first_as_well(world: World):
    brought, other = (an_invoice(world, world.northwind) for _ in range(2))
    with world.unit(world.northwind.system) as uow:
        theirs = col(OutboxMessage.invoice_id) == brought
        uow.execute(delete(OutboxMessage).where(theirs))
    world.clock.advance(minutes=1)

    ask(world, brought)

    assert claim(world, 9) == [brought, other]


def test_a_file_of_many_leaves_room_for_who_wants_one(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """The page looks again; so it never hurries all it asks for at once."""
    monkeypatch.setattr(document_zip, "AWAITED_AT_ONCE", 2)
    place = world.northwind
    behind = an_invoice(world, place)
    customer_id = a_customer(world, place)
    many = [an_invoice(world, place, customer_id=customer_id) for _ in range(4)]
    single = an_invoice(world, place)
    token = world.run(place.accounting, portal_links.copy_customer_link, customer_id)
    account = parse_place(f"/c/{token}")
    assert account is not None
    link = authentication.open_portal(
        world.runtime.engine, account, NO_COOKIES, world.clock.now
    )

    def look() -> None:
        packing = document_zip.prepare(world.runtime, link, "", "")
        assert packing.is_waiting

    look()
    ask(world, single)
    hurried = claim(world, 3)
    assert hurried[-1] == single
    assert set(hurried[:2]) < set(many)
    print_all(world, hurried)
    look()

    rest = [one for one in many if one not in hurried]
    assert sorted(claim(world, 2)) == rest
    assert claim(world, 9) == [behind]


def print_all(world: World, invoice_ids: list[int | None]) -> None:
    """Write down that these are printed, as a print process does in the end."""
    with world.unit(world.northwind.system) as uow:
        for document in uow.all(
            select(IssuedDocument).where(
                col(IssuedDocument.invoice_id).in_(invoice_ids)
            )
        ):
            document.pdf_digest = "0" * 64


def test_says_of_no_other_work_that_somebody_waits(world: World):
    invoice_id = an_invoice(world, world.northwind)
    ask(world, invoice_id)

    awaited = {
        message.topic
        for message in all_rows(world, world.northwind, OutboxMessage)
        if message.is_awaited
    }

    assert awaited == {Topic.RENDER_INVOICE}


def test_each_receipt_of_a_payment_for_several_is_printed_when_asked_for(world: World):
    """As of a workspace that was moved here, whose promises stayed behind."""
    place = world.northwind
    customer_id = a_customer(world, place)
    first, second = (
        an_invoice(world, place, customer_id=customer_id) for _ in range(2)
    )
    payment_id = pay(world, place, first, "130.00").payment_id
    world.run(place.accounting, allocate_credit, second, "30", 10_000)
    with world.unit(place.system) as uow:
        uow.execute(delete(OutboxMessage))

    for invoice_id in (first, second):
        visitor = visitor_of(world, place, invoice_id)
        receipt = world.run(visitor, portal.find_document, payment_id)
        with pytest.raises(NotPrinted) as refusal:
            read_pdf(world.runtime, receipt)
        assert refusal.value.is_coming

    assert sorted(claim(world, 9)) == [first, second]
