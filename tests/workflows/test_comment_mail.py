"""The other side gets one mail for a burst, and none for what it has read."""

from __future__ import annotations

import pytest

from billing_app.services import conversations
from tests.support.billing import an_invoice
from tests.support.outgoing import deliver, empty_mailbox, sent
from tests.support.quarrel import dispute
from tests.support.talk import answer, say
from tests.support.world import World


@pytest.fixture
def invoice_id(world: World) -> int:
    invoice_id = an_invoice(world, world.northwind)
    deliver(world)
    empty_mailbox(world)
    return invoice_id


def test_one_mail_tells_of_a_whole_burst(world: World, invoice_id: int):
    say(world, world.northwind, invoice_id, "When was this?")
    say(world, world.northwind, invoice_id, "And who flew?")
    deliver(world)

    ((to, text),) = sent(world)
    assert to == "owner@northwind.example"
    assert "When was this?" in text
    assert "And who flew?" in text
    assert f"/invoices/{invoice_id}" in text


def test_an_answer_goes_to_the_customer_with_the_link(world: World, invoice_id: int):
    answer(world, world.northwind, invoice_id, "On Monday.")
    deliver(world)

    ((to, text),) = sent(world)
    assert to == "ap@vermeer.example"
    assert "On Monday." in text
    assert "/p/" in text


def test_nobody_is_mailed_what_stood_before_their_eyes(world: World, invoice_id: int):
    asked = say(world, world.northwind, invoice_id)
    said = answer(world, world.northwind, invoice_id)
    biller, system = world.northwind.accounting, world.northwind.system
    world.run(biller, conversations.mark_read, invoice_id, asked)
    world.run(system, conversations.mark_read_by_customer, invoice_id, said)
    deliver(world)

    assert sent(world) == []


def test_a_removed_comment_is_not_mailed(world: World, invoice_id: int):
    spam = say(world, world.northwind, invoice_id)
    world.run(world.northwind.accounting, conversations.remove_comment, spam, "Spam")
    deliver(world)

    assert sent(world) == []


def test_the_next_burst_waits_for_its_quarter_of_an_hour(world: World, invoice_id: int):
    say(world, world.northwind, invoice_id, "First")
    # Into the next quarter by the clock, but soon after the mail.
    world.clock.advance(minutes=13)
    deliver(world)
    say(world, world.northwind, invoice_id, "Second")
    world.clock.advance(minutes=5)
    deliver(world)
    assert len(sent(world)) == 1

    world.clock.advance(minutes=15)
    deliver(world)

    (_, (_, text)) = sorted(sent(world), key=lambda mail: "Second" in mail[1])
    assert "Second" in text
    assert "First" not in text


def test_a_dispute_has_a_mail_of_its_own_that_names_it(world: World, invoice_id: int):
    about = dispute(world, world.northwind, invoice_id, "10.00", line="1")
    deliver(world)
    empty_mailbox(world)
    say(world, world.northwind, invoice_id, "Besides, thank you")
    say(world, world.northwind, invoice_id, "Two pallets", dispute=str(about))
    say(world, world.northwind, invoice_id, "And no fuel", dispute=str(about))
    deliver(world)

    texts = [text for _, text in sent(world)]
    assert len(texts) == 2
    (in_dispute,) = (text for text in texts if "Two pallets" in text)
    assert "And no fuel" in in_dispute
    assert "thank you" not in in_dispute
    assert "Line 1: Charter flight" in in_dispute
    assert f"/invoices/{invoice_id}#dispute-{about}" in in_dispute


def test_an_answer_in_a_dispute_leads_to_it(world: World, invoice_id: int):
    about = dispute(world, world.northwind, invoice_id)
    deliver(world)
    empty_mailbox(world)
    said = answer(world, world.northwind, invoice_id, "Look", dispute=str(about))
    deliver(world)
    answer(world, world.northwind, invoice_id, "Seen", dispute=str(about))
    world.run(
        world.northwind.system,
        conversations.mark_read_by_customer,
        invoice_id,
        said + 1,
        about,
    )
    deliver(world)

    ((to, text),) = sent(world)
    assert to == "ap@vermeer.example"
    assert f"#dispute-{about}" in text
