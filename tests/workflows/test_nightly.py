"""Reminders by the calendar: each once, late ones together, by the business's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlmodel import col, select

from billing_app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from billing_app.domain.mail_choices import MailKind
from billing_app.domain.online_payment import AttemptStatus
from billing_app.domain.portal_settings import PortalSettings, WriteAuth
from billing_app.domain.reminders import ReminderPolicy
from billing_app.models import Invoice, OutboxMessage, Reminder, WorkspaceSettings
from billing_app.services import invoices, portal_links, promises, reminders
from billing_app.services.mail_choices import choose_mails
from billing_app.workflows import nightly
from billing_app.workflows.outbox import deliver_due
from tests.support.billing import all_rows, an_invoice, pay, visitor_of
from tests.support.quarrel import dispute
from tests.support.story import an_attempt, report
from tests.support.world import Place, World

# Northwind's zone is Europe/Amsterdam; noon there is far from every edge.
DUE = date(2026, 4, 1)


def switch_on(world: World, place: Place, **policy) -> None:
    with world.unit(place.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.reminders = ReminderPolicy(True, **policy).to_stored()


def choose(world: World, place: Place, **portal) -> None:
    with world.unit(place.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.portal = PortalSettings(**portal).to_stored()


@pytest.fixture
def place(world: World) -> Place:
    switch_on(world, world.northwind)
    return world.northwind


@pytest.fixture
def invoice_id(world: World, place: Place) -> int:
    """Issued and published on 2 March, due on 1 April."""
    invoice_id = an_invoice(world, place)
    with world.reading(place.system) as uow:
        assert uow.get(Invoice, invoice_id).due_on == DUE
    return invoice_id


def noon(world: World, on: date, hour: int = 12) -> None:
    world.clock.now = datetime(on.year, on.month, on.day, hour, tzinfo=UTC)


def night(world: World) -> int:
    """Run as the background does, and deliver what it promised."""
    count = nightly.run(world.runtime)
    while deliver_due(world.runtime):
        pass
    return count


def sent(world: World, place: Place) -> list[tuple[int, str]]:
    rows = all_rows(world, place, Reminder)
    return [(row.step, f"{row.sent_at:%m-%d}") for row in rows if row.sent_at]


def subjects(world: World) -> list[str]:
    mailbox = world.runtime.settings.data_dir / "mailbox"
    mails = [
        message_from_bytes(path.read_bytes(), policy=default)
        for path in sorted(mailbox.glob("*.eml"))
    ]
    return [mail["subject"] for mail in mails if "Reminder" in mail["subject"]]


class TestEachOnce:
    @pytest.mark.feature("F066", "G11")
    def test_three_go_out_although_it_runs_day_and_night(
        self, world: World, place: Place, invoice_id: int
    ):
        day = DUE - timedelta(days=6)
        noon(world, day, hour=0)
        for _ in range(8 * 16):
            night(world)
            world.clock.advance(hours=3)

        assert sent(world, place) == [(-3, "03-29"), (0, "04-01"), (7, "04-08")]
        assert len(subjects(world)) == 3

    def test_off_sends_none(self, world: World, place: Place, invoice_id: int):
        with world.unit(place.system) as uow:
            uow.one(select(WorkspaceSettings)).reminders = {}
        noon(world, DUE)

        assert night(world) == 0

    def test_days_of_standstill_give_one_mail(
        self, world: World, place: Place, invoice_id: int
    ):
        """Down from before the first step until two days after the last."""
        noon(world, DUE + timedelta(days=9))

        assert night(world) == 1
        assert sent(world, place) == [(7, "04-10")]

    def test_a_long_standstill_gives_none(
        self, world: World, place: Place, invoice_id: int
    ):
        noon(world, DUE + timedelta(days=30))

        assert night(world) == 0

    def test_none_on_the_day_the_customer_is_first_told(
        self, world: World, place: Place
    ):
        invoice_id = an_invoice(world, place, is_published=False)
        noon(world, DUE)
        world.run(place.accounting, invoices.publish, invoice_id)

        assert night(world) == 0

    def test_one_failing_workspace_does_not_stop_the_next(
        self, world: World, place: Place
    ):
        with world.unit(world.northwind.system) as uow:
            uow.one(select(WorkspaceSettings)).reminders = {
                "is_on": True,
                "steps": ["?"],
            }
        switch_on(world, world.kestrel)
        an_invoice(world, world.kestrel)
        noon(world, DUE, hour=18)

        assert night(world) == 1
        assert sent(world, world.northwind) == []
        assert sent(world, world.kestrel) == [(0, "04-01")]


class TestByTheBusinesssClock:
    def test_not_before_the_morning_in_its_zone(
        self, world: World, place: Place, invoice_id: int
    ):
        """The clock went forward on 29 March: eight o'clock is six in UTC now."""
        world.clock.now = datetime(2026, 3, 29, 5, 59, tzinfo=UTC)
        assert night(world) == 0

        world.clock.now = datetime(2026, 3, 29, 6, 0, tzinfo=UTC)
        assert night(world) == 1

    def test_each_workspace_has_its_own_day(self, world: World, place: Place):
        switch_on(world, world.kestrel)
        an_invoice(world, world.northwind)
        an_invoice(world, world.kestrel)

        world.clock.now = datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
        night(world)
        assert sent(world, world.kestrel) == []

        world.clock.now = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
        night(world)
        assert [step for step, _ in sent(world, world.kestrel)] == [-3]
        assert [step for step, _ in sent(world, world.northwind)] == [-3]


class TestKeptBack:
    @pytest.mark.feature("F066")
    def test_by_payment(self, world: World, place: Place, invoice_id: int):
        pay(world, place, invoice_id, "100.00")
        noon(world, DUE)

        assert night(world) == 0

    @pytest.mark.feature("F066")
    def test_by_void(self, world: World, place: Place, invoice_id: int):
        world.run(place.accounting, invoices.void, invoice_id, "Wrong customer")
        noon(world, DUE)

        assert night(world) == 0

    @pytest.mark.feature("F066")
    def test_by_a_dispute_of_all_of_it(
        self, world: World, place: Place, invoice_id: int
    ):
        dispute(world, place, invoice_id, "100.00")
        noon(world, DUE)

        assert night(world) == 0

    @pytest.mark.parametrize(("counts", "expected"), [("cleared", 1), ("initiated", 0)])
    def test_by_a_debit_that_counts_as_paid(
        self, world: World, place: Place, invoice_id: int, counts: str, expected: int
    ):
        choose(world, place, debit_counts=counts)
        attempt_id = an_attempt(world, place, invoice_id, 100_00)
        report(world, place, attempt_id, AttemptStatus.PROCESSING, 100_00)
        noon(world, DUE)

        assert night(world) == expected

    def test_by_a_portal_that_is_off(self, world: World, place: Place, invoice_id: int):
        choose(world, place, is_on=False)
        noon(world, DUE)

        assert night(world) == 0

    @pytest.mark.feature("G14")
    def test_by_the_choice_of_everybody_who_would_get_it(
        self, world: World, place: Place, invoice_id: int
    ):
        with world.reading(place.system) as uow:
            customer_id = uow.get(Invoice, invoice_id).customer_id
        refused = frozenset(MailKind) - {MailKind.REMINDERS}
        world.run(
            place.system, choose_mails, customer_id, "AP@vermeer.example", refused
        )
        noon(world, DUE)

        assert night(world) == 0
        assert all_rows(world, place, Reminder) == []

    def test_by_a_choice_after_it_was_queued(
        self, world: World, place: Place, invoice_id: int
    ):
        noon(world, DUE)
        assert nightly.run(world.runtime) == 1
        with world.reading(place.system) as uow:
            customer_id = uow.get(Invoice, invoice_id).customer_id
        before = subjects(world)
        world.run(
            place.system, choose_mails, customer_id, "ap@vermeer.example", frozenset()
        )
        while deliver_due(world.runtime):
            pass

        assert subjects(world) == before
        (reminder,) = all_rows(world, place, Reminder)
        assert reminder.sent_at is None

    def test_by_a_promise_until_it_is_broken(
        self, world: World, place: Place, invoice_id: int
    ):
        visitor = visitor_of(world, place, invoice_id)
        promised_on = DUE + timedelta(days=8)
        noon(world, DUE - timedelta(days=5))
        world.run(
            visitor,
            promises.make_promise,
            promised_on.isoformat(),
            WriteAuth.LINK,
            "",
        )
        for _ in range(13):
            night(world)
            world.clock.advance(days=1)
        assert world.clock.now.date() == promised_on
        assert night(world) == 0

        world.clock.advance(days=1)

        assert night(world) == 1
        assert sent(world, place) == [(7, "04-10")]

    def test_at_the_last_moment(self, world: World, place: Place, invoice_id: int):
        """Paid after the reminder was queued, before the mail has left."""
        noon(world, DUE)
        assert nightly.run(world.runtime) == 1

        pay(world, place, invoice_id, "100.00")
        night(world)

        assert sent(world, place) == []
        assert subjects(world) == []

    def test_a_revoked_link_is_told_to_staff(
        self, world: World, place: Place, invoice_id: int
    ):
        world.run(place.accounting, portal_links.revoke_links, invoice_id)
        noon(world, DUE)

        night(world)

        statement = select(OutboxMessage).where(
            col(OutboxMessage.topic) == "mail.reminder"
        )
        with world.reading(place.system) as uow:
            message = uow.one(statement)
        assert message.failed_at is not None
        assert "no live link" in message.last_error


class TestByHand:
    def test_goes_to_the_chosen_address_once(
        self, world: World, place: Place, invoice_id: int
    ):
        for _ in range(2):
            world.run(
                place.accounting, reminders.send_reminder, invoice_id, "cfo@x.example"
            )
        night(world)

        [reminder] = all_rows(world, place, Reminder)
        assert reminder.email == "cfo@x.example"
        assert reminder.sent_at == world.clock.now
        assert len(subjects(world)) == 1

    def test_does_not_take_the_place_of_a_step(
        self, world: World, place: Place, invoice_id: int
    ):
        noon(world, DUE)
        world.run(
            place.accounting, reminders.send_reminder, invoice_id, "cfo@x.example"
        )

        assert night(world) == 1

    def test_says_why_not(self, world: World, place: Place, invoice_id: int):
        pay(world, place, invoice_id, "100.00")

        with pytest.raises(Conflict, match="Nothing is outstanding"):
            world.run(
                place.accounting, reminders.send_reminder, invoice_id, "a@x.example"
            )

    def test_asks_for_an_address(self, world: World, place: Place, invoice_id: int):
        with pytest.raises(InvalidInput):
            world.run(place.accounting, reminders.send_reminder, invoice_id, "nobody")

    def test_is_for_those_who_may(self, world: World, place: Place, invoice_id: int):
        with pytest.raises(NotPermitted):
            world.run(place.viewer, reminders.send_reminder, invoice_id, "a@x.example")
        with pytest.raises(NotFound):
            world.run(
                world.kestrel.accounting,
                reminders.send_reminder,
                invoice_id,
                "a@x.example",
            )
