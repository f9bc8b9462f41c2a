"""People get the mails they want, and choose by the link in one."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from billing_app.domain.errors import LimitReached, NotFound
from billing_app.domain.mail_choices import (
    CHANGES_OF_MIND_A_DAY_MAX,
    MailKind,
    MailReader,
)
from billing_app.models import AuditEntry, CustomerContact, MailRefusal
from billing_app.services import reminders
from billing_app.services.mail_choices import choose_mails, refuse_mails
from billing_app.workflows import mail_choices
from billing_app.workflows.outbox import deliver_due
from tests.support.billing import a_customer, all_rows, an_invoice, read_invoice
from tests.support.talk import answer
from tests.support.world import World

OWN = "ap@vermeer.example"
ALL = frozenset(MailKind)


@pytest.fixture
def invoice_id(world: World) -> int:
    invoice_id = an_invoice(world, world.northwind, "100.00")
    deliver(world)
    return invoice_id


def deliver(world: World) -> list[EmailMessage]:
    """Send what is waiting; return those that have just left, by address."""
    place = world.runtime.settings.data_dir / "mailbox"
    before = set(place.glob("*.eml"))
    world.clock.advance(minutes=1)
    while deliver_due(world.runtime):
        pass
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in set(place.glob("*.eml")) - before
    ]
    return sorted(mails, key=lambda mail: str(mail["to"]))  # type: ignore[return-value]


def customer_of(world: World, invoice_id: int) -> int:
    customer_id = read_invoice(world, world.northwind, invoice_id).customer_id
    assert customer_id is not None
    return customer_id


def want(
    world: World, customer_id: int, wanted: frozenset[MailKind], email: str = OWN
) -> None:
    world.run(world.northwind.system, choose_mails, customer_id, email, wanted)


def link_in(mail: EmailMessage) -> str:
    found = re.fullmatch(r"<http://[^/]+/mails/(\S+)>", str(mail["List-Unsubscribe"]))
    assert found
    return found[1]


@pytest.mark.feature("G14")
def test_an_invoice_is_sent_whatever_was_chosen(world: World):
    customer_id = a_customer(world, world.northwind)
    want(world, customer_id, frozenset())

    an_invoice(world, world.northwind, "100.00", customer_id=customer_id)

    (mail,) = deliver(world)
    assert str(mail["to"]) == OWN
    assert mail["List-Unsubscribe"] is None


@pytest.mark.feature("G14")
def test_comments_are_mailed_until_they_are_refused(world: World, invoice_id: int):
    answer(world, world.northwind, invoice_id, "On Monday.")
    (mail,) = deliver(world)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    for part in (text, html):
        assert f"/mails/{link_in(mail)}" in part.get_content()


def test_one_press_refuses_that_kind_and_no_other(world: World, invoice_id: int):
    answer(world, world.northwind, invoice_id, "On Monday.")
    (mail,) = deliver(world)

    mail_choices.unsubscribe(world.runtime, link_in(mail))

    chosen = mail_choices.read_choices(world.runtime, link_in(mail))
    assert chosen.wanted == ALL - {MailKind.COMMENTS}
    assert chosen.email == "a•••@vermeer.example"
    world.clock.advance(minutes=30)
    answer(world, world.northwind, invoice_id, "Or on Tuesday.")
    assert deliver(world) == []


def test_a_chosen_mail_comes_again(world: World, invoice_id: int):
    customer_id = customer_of(world, invoice_id)
    want(world, customer_id, frozenset())
    want(world, customer_id, ALL)
    want(world, customer_id, ALL)

    answer(world, world.northwind, invoice_id, "On Monday.")

    assert [str(mail["to"]) for mail in deliver(world)] == [OWN]
    chosen = [
        entry
        for entry in all_rows(world, world.northwind, AuditEntry)
        if entry.event == "mail_chosen"
    ]
    assert len(chosen) == 2 * len(MailKind)


def test_a_refusal_counts_beside_a_wish_that_comes_too_often(
    world: World, invoice_id: int
):
    customer_id = customer_of(world, invoice_id)
    other = next(iter(ALL - {MailKind.COMMENTS}))
    for _ in range(CHANGES_OF_MIND_A_DAY_MAX):
        want(world, customer_id, ALL - {MailKind.COMMENTS})
        want(world, customer_id, ALL)
    want(world, customer_id, ALL - {MailKind.COMMENTS})

    want(world, customer_id, ALL - {other})

    refused = {row.kind for row in all_rows(world, world.northwind, MailRefusal)}
    assert refused == {MailKind.COMMENTS, other}
    with pytest.raises(LimitReached):
        want(world, customer_id, ALL - {other})


def test_one_press_adds_to_what_is_refused_and_takes_nothing_back(
    world: World, invoice_id: int
):
    customer_id = customer_of(world, invoice_id)
    want(world, customer_id, ALL - {MailKind.COMMENTS})
    other = next(iter(ALL - {MailKind.COMMENTS}))

    for _ in range(2):
        world.run(world.northwind.system, refuse_mails, customer_id, OWN, other)

    refused = [row.kind for row in all_rows(world, world.northwind, MailRefusal)]
    assert sorted(refused) == sorted([MailKind.COMMENTS, other])


def test_each_address_chooses_for_itself_and_gets_its_own_link(
    world: World, invoice_id: int
):
    customer_id = customer_of(world, invoice_id)
    with world.unit(world.northwind.system) as uow:
        for name in ("bo", "cy"):
            uow.add(
                CustomerContact(
                    customer_id=customer_id, email=f"{name}@vermeer.example", kind="to"
                )
            )
    want(world, customer_id, frozenset(), "BO@Vermeer.example")

    answer(world, world.northwind, invoice_id, "On Monday.")
    mails = deliver(world)

    assert [str(mail["to"]) for mail in mails] == [OWN, "cy@vermeer.example"]
    assert mails[0]["Message-ID"] != mails[1]["Message-ID"]
    mail_choices.unsubscribe(world.runtime, link_in(mails[1]))
    refusing = {
        row.email_key
        for row in all_rows(world, world.northwind, MailRefusal)
        if row.kind == MailKind.COMMENTS
    }
    assert refusing == {"bo@vermeer.example", "cy@vermeer.example"}


def test_of_two_customers_behind_one_address_each_has_its_own_choice(world: World):
    first = a_customer(world, world.northwind, "Vermeer")
    second = a_customer(world, world.northwind, "De Vries")
    want(world, first, frozenset())

    invoice_id = an_invoice(world, world.northwind, customer_id=second)
    deliver(world)
    answer(world, world.northwind, invoice_id, "On Monday.")

    assert [str(mail["to"]) for mail in deliver(world)] == [OWN]


def test_a_reminder_sent_by_hand_leaves_all_the_same(world: World, invoice_id: int):
    want(world, customer_of(world, invoice_id), frozenset())

    world.run(world.northwind.accounting, reminders.send_reminder, invoice_id, OWN)

    assert [str(mail["to"]) for mail in deliver(world)] == [OWN]


@pytest.mark.parametrize("token", ["", "x", "gAAAA", "é" * 20, "../../etc/passwd"])
def test_a_made_up_link_is_none(world: World, token: str):
    for use in (mail_choices.read_choices, mail_choices.unsubscribe):
        with pytest.raises(NotFound):
            use(world.runtime, token)


def test_no_other_secret_of_ours_is_a_link(world: World, invoice_id: int):
    others = ["JBSWY3DPEHPK3PXP", "sk_test_x", "1\n2\ncomments\na@b.example"]
    for secret in others:
        with pytest.raises(NotFound):
            mail_choices.read_choices(
                world.runtime, world.runtime.cipher.encrypt(secret)
            )


def test_a_link_of_one_business_changes_nothing_at_another(world: World):
    reader = MailReader(world.kestrel.workspace_id, 999, MailKind.COMMENTS, OWN)
    path = mail_choices.choices_path(world.runtime, reader)

    with pytest.raises(NotFound):
        mail_choices.unsubscribe(world.runtime, path.rpartition("/")[2])

    assert all_rows(world, world.northwind, MailRefusal) == []
