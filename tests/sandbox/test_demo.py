"""The demo: filled by services alone, believable, and described for programs."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from billing_app.database import migrations
from billing_app.database.authentication import list_system_actors
from billing_app.database.engine import open_engine
from billing_app.database.verify import find_broken
from billing_app.domain.actors import Role, StaffActor, SystemActor
from billing_app.domain.events import Topic
from billing_app.domain.portal_settings import PortalSettings
from billing_app.domain.profiles import get_profile
from billing_app.domain.risk import RiskLevel
from billing_app.models import (
    BillableEvent,
    Comment,
    CreditNote,
    Customer,
    Dispute,
    Invoice,
    LateFee,
    LineItem,
    OutboxMessage,
    PaymentPromise,
    PortalVisit,
    Refund,
    Reminder,
    ThreadMark,
    WorkspaceSettings,
)
from billing_app.queries.risk import read_risks
from billing_app.runtime import Runtime, open_runtime
from billing_app.sandbox.demo import fill, report, story
from billing_app.sandbox.demo.logos import draw_logo
from billing_app.sandbox.demo.stand_ins import StandIns, list_accounts
from billing_app.settings import read_settings
from billing_app.workflows.sign_in import Browser, sign_in

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
STATUSES = {"Draft", "Due", "Overdue", "Partially paid", "Processing", "Paid", "Void"}
ENDED = {"Written off", "Cancelled"}
# Workspaces in the order in which they are founded.
CHARTER, PLUMBER, CONSULTING, WAREHOUSE, GYM = range(1, 6)
TALKING = (CONSULTING, WAREHOUSE, GYM)
HTTP_PORT = re.compile(r"http://localhost:\d+")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("demo")
    settings = read_settings(
        {
            "DATA_DIR": str(folder),
            "SECRET_KEY": "a secret for tests only " * 2,
            "TALLYPORT_DEMO": "1",
            "STRIPE_API_BASE": "http://localhost:8000/sandbox/stripe",
        }
    )
    engine = open_engine(settings.database_url, is_durable=False)
    runtime = replace(open_runtime(settings, clock=lambda: NOW), engine=engine)
    migrations.upgrade(engine)
    fill.fill(runtime)
    yield runtime
    engine.dispose()


@pytest.fixture(scope="module")
def told(demo: Runtime) -> dict[str, Any]:
    return report.to_json(demo.public_url, report.read_demo(demo))


def rows(demo: Runtime, workspace_id: int, table: Any) -> list[Any]:
    with demo.reading(SystemActor(workspace_id, "test")) as uow:
        return list(uow.all(select(table).order_by(col(table.id))))


class TestData:
    def test_all_invariants_hold(self, demo: Runtime):
        engine = open_engine(demo.settings.database_url)

        assert find_broken(engine, NOW) == []

    def test_filling_again_changes_nothing(self, demo: Runtime):
        before = len(rows(demo, 1, Invoice))

        fill.fill(demo)

        assert len(rows(demo, 1, Invoice)) == before

    def test_the_first_two_workspaces_show_every_status(self, told: dict[str, Any]):
        for workspace in told["workspaces"][:2]:
            assert {x["status"] for x in workspace["invoices"]} == STATUSES | ENDED

    def test_each_workspace_works_as_its_profile_says(self, demo: Runtime):
        for actor in list_system_actors(demo.engine, "test"):
            with demo.reading(actor) as uow:
                chosen = uow.one(select(WorkspaceSettings)).portal
                profile = get_profile(uow.workspace.profile)
            settings = PortalSettings.from_stored(chosen)
            assert settings == profile.applied_to(settings)

    @pytest.mark.feature("F034")
    def test_what_happened_comes_to_what_the_line_charges(self, demo: Runtime):
        """Each event multiplies to its amount, and all of a line to the line."""
        sums: dict[tuple[int, int], Decimal] = {}
        for workspace_id in (1, 4):
            for event in rows(demo, workspace_id, BillableEvent):
                if event.invoice_id is None:
                    continue
                assert event.line_position
                factors = [Decimal(value) for value, _ in event.factors]
                assert math.prod(factors, start=event.rate) == event.amount
                line = event.invoice_id, event.line_position
                sums[line] = sums.get(line, Decimal(0)) + event.amount
            lines = {
                (x.invoice_id, x.position + 1): Decimal(x.quantity)
                * Decimal(x.unit_price)
                for x in rows(demo, workspace_id, LineItem)
            }
            assert sums == {line: lines[line] for line in sums}
            assert len(sums) >= 6
            sums.clear()

    def test_something_waits_to_be_billed(self, demo: Runtime):
        waiting = [x for x in rows(demo, 4, BillableEvent) if x.invoice_id is None]

        assert {x.kind for x in waiting} == {"Storage day", "Pick", "Label"}

    def test_people_talk_about_an_invoice(self, demo: Runtime):
        said = rows(demo, 3, Comment)

        assert {x.side for x in said} == {"customer", "staff"}
        assert any(x.line_position for x in said)

    def test_something_waits_for_an_answer(self, demo: Runtime):
        """A comment that no member has read yet, wherever customers may write."""
        for workspace_id in TALKING:
            newest = max(x.id for x in rows(demo, workspace_id, Comment))
            read = rows(demo, workspace_id, ThreadMark)
            assert newest not in {x.read_id for x in read}

    def test_a_line_is_disputed_and_another_dispute_is_over(self, demo: Runtime):
        warehouse = rows(demo, WAREHOUSE, Dispute)

        assert {x.outcome for x in warehouse} == {"", "stands", "credited"}
        assert all(x.line_position for x in warehouse)
        assert sum(x.disputed_minor for x in rows(demo, WAREHOUSE, Invoice)) == 9438
        assert {x.outcome for x in rows(demo, GYM, Dispute)} == {"stands"}

    @pytest.mark.feature("G10")
    def test_something_was_credited_refunded_and_replaced(self, demo: Runtime):
        by_dispute, replaced, refunded = (
            rows(demo, x, CreditNote) for x in (WAREHOUSE, CONSULTING, GYM)
        )

        assert [x.total_minor for x in by_dispute] == [10_164]
        assert by_dispute[0].dispute_id is not None
        right = next(x for x in rows(demo, CONSULTING, Invoice) if x.replaces_id)
        assert [x.invoice_id for x in replaced] == [right.replaces_id]
        wrong = next(
            x for x in rows(demo, CONSULTING, Invoice) if x.id == right.replaces_id
        )
        assert (wrong.outstanding_minor, right.outstanding_minor) == (0, 388_800)
        assert [x.total_minor for x in refunded] == [8_800]
        assert [x.amount_minor for x in rows(demo, GYM, Refund)] == [8_800]
        assert right.published_at
        assert all(x.shown_at for x in (*by_dispute, *replaced, *refunded))

    def test_one_late_invoice_of_the_gym_was_charged_for(self, demo: Runtime):
        fees = rows(demo, GYM, LateFee)

        # 5.00 and 5 percent of 91.00.
        assert [(x.step, x.amount_minor, x.overdue_minor) for x in fees] == [
            (21, 955, 9_100)
        ]

    @pytest.mark.parametrize("workspace_id", [CHARTER, PLUMBER, CONSULTING, WAREHOUSE])
    def test_somebody_has_promised_to_pay_soon(self, demo: Runtime, workspace_id: int):
        days = [x.promised_on for x in rows(demo, workspace_id, PaymentPromise)]

        # Whichever day the demo is made on, the promise is not over at once.
        assert len(days) == 1
        assert days[0] - NOW.date() >= timedelta(days=3)

    @pytest.mark.feature("F105")
    def test_who_pays_late_is_told_apart_with_every_reason(self, demo: Runtime):
        names = [x.name for x in rows(demo, GYM, Customer)]
        owner = StaffActor(GYM, 1, Role.OWNER)
        ids = [x.id for x in rows(demo, GYM, Customer)]

        risks = [x.risk for x in demo.run(owner, read_risks, ids)]

        found = dict(zip(names, risks, strict=True))
        assert found["Liam Doyle"].level == RiskLevel.HIGH
        said = " ".join(found["Liam Doyle"].reasons)
        for reason in (
            "overdue",
            "promised date",
            "online payments failed",
            "reminder",
        ):
            assert reason in said
        assert RiskLevel.LOW in {x.level for x in risks}

    def test_reminders_left_where_they_leave_by_themselves(self, demo: Runtime):
        """The charter's one was sent by hand."""
        for workspace_id in range(1, len(fill.BUSINESSES) + 1):
            sent = [x for x in rows(demo, workspace_id, Reminder) if x.sent_at]
            assert sent
            assert all(x.queued_at <= x.sent_at <= NOW for x in sent)
            by_hand = {x.occasion.startswith("hand:") for x in sent}
            assert by_hand == {workspace_id == CHARTER}

    def test_each_workspace_has_something_to_pay(self, demo: Runtime):
        for workspace in report.read_demo(demo):
            assert report.find_open_invoice(workspace) is not None

    def test_numbers_follow_the_dates(self, demo: Runtime):
        for workspace_id in range(1, len(fill.BUSINESSES) + 1):
            issued = [x for x in rows(demo, workspace_id, Invoice) if x.number]
            by_number = sorted(issued, key=lambda x: x.series_value)
            dates = [x.issued_on for x in by_number]
            assert dates == sorted(dates)
            assert dates[0] < NOW.date() - timedelta(days=330)

    def test_nothing_happens_in_the_future(self, demo: Runtime):
        for invoice in rows(demo, 1, Invoice):
            assert invoice.created_at <= invoice.changed_at <= NOW
        assert all(visit.at <= NOW for visit in rows(demo, 1, PortalVisit))

    def test_only_mails_of_the_last_days_are_sent(self, demo: Runtime):
        waiting = [
            x
            for x in rows(demo, 1, OutboxMessage)
            if x.topic.startswith("mail.") and x.done_at is None
        ]

        assert waiting
        assert all(x.created_at > NOW - story.MAIL_AGE for x in waiting)

    def test_what_was_mailed_is_sent(self, demo: Runtime):
        with demo.reading(SystemActor(1, "test")) as uow:
            mailed = uow.all(
                select(Invoice.sent_at)
                .join(OutboxMessage, col(OutboxMessage.invoice_id) == col(Invoice.id))
                .where(
                    OutboxMessage.topic == Topic.MAIL_INVOICE,
                    col(OutboxMessage.done_at).is_not(None),
                    Invoice.state == "issued",
                )
            )
        assert len(mailed) > 10
        assert None not in mailed

    def test_no_work_looks_forgotten(self, demo: Runtime):
        left = [x for x in rows(demo, 1, OutboxMessage) if x.done_at is None]

        assert left
        assert min(x.available_at for x in left) >= NOW

    def test_everybody_can_sign_in(self, demo: Runtime, told: dict[str, Any]):
        for person in told["staff"][:3]:
            opened = sign_in(
                demo, person["email"], person["password"], Browser("test", "test")
            )
            assert opened.token


class TestReport:
    def test_has_what_programs_look_for(self, told: dict[str, Any]):
        assert set(told) == {"base_url", "staff", "workspaces", "sandbox"}
        assert set(told["staff"][0]) == {"workspace", "email", "password", "role"}
        assert set(told["workspaces"][0]) == {
            "name",
            "profile",
            "currency",
            "customers",
            "invoices",
        }
        assert set(told["workspaces"][0]["customers"][0]) == {"name", "url"}
        assert set(told["sandbox"]) == {"stripe_url", "mailbox_url"}

    def test_says_the_link_of_each_customer_who_has_one(self, told: dict[str, Any]):
        for workspace in told["workspaces"]:
            has_one = workspace["profile"] in story.ONE_LINK_PROFILES
            for customer in workspace["customers"]:
                assert ("/c/" in (customer["url"] or "")) is has_one

    def test_says_each_invoice_with_its_links_and_amounts(self, told: dict[str, Any]):
        for invoice in told["workspaces"][0]["invoices"]:
            assert Decimal(invoice["total"]) >= Decimal(invoice["outstanding"])
            if invoice["status"] == "Draft":
                assert (invoice["url"], invoice["pdf_url"]) == (None, None)
            elif invoice["url"]:
                assert HTTP_PORT.match(invoice["url"])
                assert invoice["pdf_url"] == f"{invoice['url']}/invoice.pdf"

    def test_says_to_a_person_how_to_sign_in(self, demo: Runtime):
        shown = "\n".join(report.to_lines(demo.public_url, report.read_demo(demo)))

        assert fill.PASSWORD in shown
        assert "owner@northwind.example" in shown
        assert f"{demo.public_url}/sandbox/mailbox/" in shown
        assert shown.count(f"{demo.public_url}/c/") == len(story.ONE_LINK_PROFILES)


class TestStandIns:
    def test_each_workspace_reports_to_its_own_endpoint(self, demo: Runtime):
        urls = [account.webhook_url for account in list_accounts(demo)]

        assert urls[0] == f"{demo.public_url}/webhooks/stripe/northwind-charter"
        assert len(set(urls)) == len(fill.BUSINESSES)

    async def test_they_start_and_stop_with_the_app(self, demo: Runtime):
        stand_ins = StandIns(demo)

        async with stand_ins.working():
            assert [route.path for route in stand_ins.routes] == [
                "/sandbox/stripe",
                "/sandbox/mailbox",
            ]

    def test_the_stand_in_stripe_knows_the_payments(self, demo: Runtime):
        folder = demo.settings.data_dir / "sandbox-stripe"

        kept = [file.read_text() for file in folder.glob("*.json")]

        assert any('"processing"' in text for text in kept)


@pytest.mark.parametrize("business", fill.BUSINESSES, ids=lambda x: x.key)
def test_each_business_has_a_logo(business: Any, tmp_path: Path):
    logo = draw_logo(business.emblem, business.accent)

    assert logo.startswith(b"\x89PNG")
    assert len(logo) < 20_000
