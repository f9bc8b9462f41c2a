"""Which step shows an invoice and which one mails it, as the business has chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import col, select

from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.errors import Conflict, NotFound
from billing_app.domain.events import Topic
from billing_app.domain.portal_settings import PortalSettings
from billing_app.models import OutboxMessage, PortalLink, WorkspaceSettings
from billing_app.services import drafts, invoices, payments
from tests.support.billing import a_customer, an_invoice, pay, read_invoice
from tests.support.world import Place, World


def choose(world: World, place: Place, **answers: Any) -> None:
    with world.unit(place.system) as uow:
        uow.one(select(WorkspaceSettings)).portal = answers


def drafted(world: World, place: Place) -> drafts.SavedDraft:
    form = DraftForm(
        customer_id=a_customer(world, place),
        lines=(LineForm(name="Charter flight", unit_price="100"),),
    )
    return world.run(place.accounting, drafts.create_draft, form)


def mails(world: World, place: Place) -> int:
    with world.reading(place.system) as uow:
        return uow.count(
            select(OutboxMessage.id).where(
                col(OutboxMessage.topic) == Topic.MAIL_INVOICE
            )
        )


def step(world: World, draft: Any, work: Callable[..., Any]) -> int:
    place = world.northwind
    return world.run(place.accounting, work, draft.invoice_id, draft.version).invoice_id


def is_shown(world: World, invoice_id: int) -> bool:
    return read_invoice(world, world.northwind, invoice_id).published_at is not None


@pytest.mark.feature("C04")
def test_issuing_shows_and_mails_where_that_was_chosen(world: World):
    choose(world, world.northwind, visible_on="issue")

    invoice_id = step(world, drafted(world, world.northwind), invoices.issue)

    assert is_shown(world, invoice_id)
    assert mails(world, world.northwind) == 1


@pytest.mark.feature("C04")
def test_issuing_elsewhere_shows_nothing(world: World):
    choose(world, world.kestrel, visible_on="issue")

    invoice_id = step(world, drafted(world, world.northwind), invoices.issue)

    assert not is_shown(world, invoice_id)
    assert mails(world, world.northwind) == 0


@pytest.mark.feature("C05")
@pytest.mark.parametrize("notify_on", ["publish", "send"])
def test_one_mail_whatever_is_pressed(world: World, notify_on: str):
    choose(world, world.northwind, notify_on=notify_on)
    draft = drafted(world, world.northwind)
    invoice_id = step(world, draft, invoices.issue_and_publish)
    early = mails(world, world.northwind)

    world.run(world.northwind.accounting, invoices.publish, invoice_id)
    world.run(world.northwind.accounting, invoices.mark_sent, invoice_id)
    world.run(world.northwind.accounting, invoices.mark_sent, invoice_id)

    assert early == (1 if notify_on == "publish" else 0)
    assert mails(world, world.northwind) == 1


@pytest.mark.feature("C04")
def test_where_sending_shows_it_publishing_is_refused(world: World):
    choose(world, world.northwind, visible_on="send", notify_on="send")
    draft = drafted(world, world.northwind)

    with pytest.raises(Conflict):
        step(world, draft, invoices.issue_and_publish)
    invoice_id = step(world, draft, invoices.issue)
    with pytest.raises(Conflict):
        world.run(world.northwind.accounting, invoices.publish, invoice_id)
    assert not is_shown(world, invoice_id)

    world.run(world.northwind.accounting, invoices.mark_sent, invoice_id)

    assert is_shown(world, invoice_id)
    assert mails(world, world.northwind) == 1


@pytest.mark.feature("C05")
def test_a_second_mail_is_sent_on_request_only(world: World):
    invoice_id = an_invoice(world, world.northwind)

    world.run(world.northwind.accounting, invoices.mail_again, invoice_id)

    assert mails(world, world.northwind) == 2


def test_nothing_is_mailed_again_that_nobody_can_see(world: World):
    invoice_id = an_invoice(world, world.northwind, is_published=False)

    with pytest.raises(Conflict):
        world.run(world.northwind.accounting, invoices.mail_again, invoice_id)
    with pytest.raises(NotFound):
        world.run(world.kestrel.accounting, invoices.mail_again, invoice_id)


class TestAfterPaid:
    @pytest.mark.feature("C06")
    def test_links_end_some_days_after_full_payment(self, world: World):
        place = world.northwind
        choose(world, place, link_expiry="after_paid", link_expiry_days=7)
        invoice_id = an_invoice(world, place, "100.00")
        assert self.ends_in(world, invoice_id) is None

        pay(world, place, invoice_id, "40.00")
        assert self.ends_in(world, invoice_id) is None
        paid = pay(world, place, invoice_id, "60.00")

        assert self.ends_in(world, invoice_id) == 7
        world.run(
            place.accounting, payments.reverse_payment, paid.payment_id, "Bounced"
        )
        assert self.ends_in(world, invoice_id) is None

    def test_others_links_stay(self, world: World):
        choose(world, world.kestrel, link_expiry="after_paid", link_expiry_days=7)
        invoice_id = an_invoice(world, world.northwind, "100.00")

        pay(world, world.northwind, invoice_id, "100.00")

        assert PortalSettings().link_expiry == "never"
        assert self.ends_in(world, invoice_id) is None

    def ends_in(self, world: World, invoice_id: int) -> int | None:
        with world.reading(world.northwind.system) as uow:
            link = uow.one(
                select(PortalLink).where(col(PortalLink.invoice_id) == invoice_id)
            )
        return link.expires_at and (link.expires_at - world.clock.now).days
