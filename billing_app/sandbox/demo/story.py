"""One business of the demo: founded, and lived through under a clock that is moved."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing_app.domain.actors import Role, StaffActor, SystemActor
from billing_app.domain.billable_event import Factor, NewEvent
from billing_app.domain.portal_settings import PortalSettings
from billing_app.queries.reminders import (
    list_due_reminders,
    read_reminder_settings,
    together,
)
from billing_app.queries.settings import read_portal
from billing_app.runtime import Runtime
from billing_app.sandbox.demo.business import DemoBusiness, DemoEvent
from billing_app.sandbox.demo.logos import draw_logo
from billing_app.sandbox.demo.stand_ins import JOB
from billing_app.sandbox.stripe_account import SandboxAccount
from billing_app.sandbox.stripe_app import StripeSandbox
from billing_app.services import demo as furnishing
from billing_app.services import portal_links
from billing_app.services.billable_events import record_events
from billing_app.services.customers import create_customer
from billing_app.services.demo import Furnishing, NewContact, StripeKeys
from billing_app.services.late_fees import change_late_fees
from billing_app.services.mail_settings import change_mail_files
from billing_app.services.portal_settings import apply_profile
from billing_app.services.reminders import RemindersForm, change_reminders, queue_due
from billing_app.services.workspaces import (
    FOUNDER,
    NewTax,
    NewWorkspace,
    create_workspace,
)

# Where a customer has one link to all of their invoices.
ONE_LINK_PROFILES = ("client_account", "collections_portal")
HISTORY_MONTHS = 12
# Mails older than this were read long ago; newer ones fill the mailbox.
MAIL_AGE = timedelta(days=4)


class Clock:
    """A clock that is set; never later than the real time it began with."""

    def __init__(self, real: datetime) -> None:
        self.real = real
        self.now = real

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class _Step:
    """Something that somebody did at a time."""

    at: datetime
    order: int
    act: Callable[[], object]


class Story:
    """One business from its founding until now."""

    def __init__(
        self,
        runtime: Runtime,
        clock: Clock,
        stripe: StripeSandbox,
        business: DemoBusiness,
        password_hash: str,
    ) -> None:
        self.runtime = runtime
        self.clock = clock
        self.stripe = stripe
        self.business = business
        self.zone = ZoneInfo(business.zone)
        self.keys = _new_keys(business)
        self._found(password_hash)
        self._steps: list[_Step] = []
        self._reminded_on: set[int] = set()

    def begin(self) -> list[int]:
        """Add the customers with their people; return the customers' ids."""
        customers = [
            self.runtime.run(self.owner, create_customer, form)
            for form in self.business.customers
        ]
        for contact in self.business.contacts:
            who = NewContact(
                customers[contact.customer],
                contact.name,
                contact.email,
                contact.kind,
                contact.may_pay,
                contact.may_see_all,
            )
            self.runtime.run(self.system, furnishing.add_contact, who)
        return customers

    def live(self) -> None:
        """Do what was planned, in its order and each at its time."""
        for step in sorted(self._steps, key=lambda x: (x.at, x.order)):
            self.clock.now = max(self.clock.now, step.at)
            step.act()
        self.clock.now = self.clock.real

    def end(self, customers: list[int]) -> None:
        """Answer as the profile does from today on; the past had the usual answers."""
        page = self.runtime.run(self.owner, read_portal)
        key, files = self.business.profile, self.business.mail_files
        version = self.runtime.run(self.owner, apply_profile, page.version, key)
        self.runtime.run(self.owner, change_mail_files, version, files)
        if key in ONE_LINK_PROFILES:
            for customer_id in customers:
                self.runtime.run(
                    self.owner, portal_links.copy_customer_link, customer_id
                )
        for customer, happened in self.business.waiting:
            events = [self._new_event(customers[customer], it) for it in happened]
            self.runtime.run(self.system, record_events, events)
        before = self.clock.real - MAIL_AGE
        self.runtime.run(self.system, furnishing.put_away_past, before)

    def _new_event(self, customer_id: int, it: DemoEvent) -> NewEvent:
        return NewEvent(
            customer_id=customer_id,
            kind=it.kind,
            reference=it.reference,
            happened_at=self.clock.real - timedelta(days=it.days_before),
            factors=tuple(Factor(Decimal(value), word) for value, word in it.factors),
            rate=Decimal(it.rate),
            currency=self.business.currency,
            description=it.description,
        )

    def today(self) -> date:
        """Return the day that the clock stands at, where the business is."""
        return self.clock.now.astimezone(self.zone).date()

    def plan_reminders(self, issued_days_ago: int, net_days: int | None) -> None:
        """Plan the mornings on which an invoice may have to be reminded of."""
        if net_days is None:
            net_days = int(str(self.business.letterhead["net_days"]))
        for step in self.business.reminder_steps:
            days_ago = issued_days_ago - net_days - step
            if 0 < days_ago < issued_days_ago and days_ago not in self._reminded_on:
                self._reminded_on.add(days_ago)
                self.later(days_ago, 8, self.remind)

    def remind(self) -> None:
        """Do what the night does; what is long past has left by mail, too."""
        for some in together(self.runtime.run(self.system, list_due_reminders)):
            self.runtime.run(self.system, queue_due, some)
        self.let_reminders_leave()

    def let_reminders_leave(self) -> None:
        if self.clock.now < self.clock.real - MAIL_AGE:
            self.runtime.run(self.system, furnishing.let_reminders_leave)

    def later(self, days_ago: int, hour: int, act: Callable[[], object]) -> None:
        """Plan something at an hour of a day in the business's zone."""
        today = self.clock.real.astimezone(self.zone).date()
        on = datetime.combine(
            today - timedelta(days=days_ago), time(hour, 12), self.zone
        )
        at = min(on.astimezone(UTC), self.clock.real)
        self._steps.append(_Step(at, len(self._steps), act))

    def _found(self, password_hash: str) -> None:
        business = self.business
        founded = self.runtime.run(
            FOUNDER,
            create_workspace,
            NewWorkspace(
                name=business.name,
                currency=business.currency,
                zone=business.zone,
                email=f"owner@{business.key}.example",
                owner_name=business.people["owner"],
                password_hash=password_hash,
                profile=business.profile,
                taxes=tuple(
                    NewTax(x.name, Decimal(x.percent), x.category)
                    for x in business.taxes
                ),
            ),
        )
        self.system = SystemActor(founded.workspace_id, JOB)
        self.owner = StaffActor(founded.workspace_id, founded.member_id, Role.OWNER)
        self.biller = self.owner
        self.runtime.run(self.system, furnishing.furnish, self._furnishing())
        for role, name in business.people.items():
            if role != Role.OWNER:
                self._add(Role(role), name, password_hash)
        self._choose_reminders()
        self.tax_ids = self.runtime.run(self.system, furnishing.tax_ids)
        self.stripe.add_account(
            SandboxAccount(
                name=business.name,
                secret_key=self.keys.secret_key,
                country=business.country,
                currency=business.currency,
            )
        )

    def _add(self, role: Role, name: str, password_hash: str) -> None:
        email = f"{role}@{self.business.key}.example"
        member_id = self.runtime.run(
            self.system, furnishing.add_person, name, email, role, password_hash
        )
        if role == Role.ACCOUNTING:
            self.biller = StaffActor(self.system.workspace_id, member_id, role)

    def _choose_reminders(self) -> None:
        steps = self.business.reminder_steps
        if steps:
            page = self.runtime.run(self.owner, read_reminder_settings)
            form = RemindersForm(is_on=True, steps=", ".join(map(str, steps)))
            version = self.runtime.run(self.owner, change_reminders, page.version, form)
            if self.business.late_fees is not None:
                fees = self.business.late_fees
                self.runtime.run(self.owner, change_late_fees, version, fees)

    def _furnishing(self) -> Furnishing:
        business = self.business
        logo = self.runtime.files.put(
            draw_logo(business.emblem, business.accent), ".png"
        )
        rows = [{"label": label, "value": value} for label, value in business.bank]
        letterhead = {
            **business.letterhead,
            "country": business.country,
            "look": business.look,
            "accent": business.accent,
            "logo_digest": logo,
            "bank_details": rows,
        }
        portal = replace(PortalSettings(), welcome=business.welcome)
        return Furnishing(letterhead, portal, business.pattern, self.keys)


def _new_keys(business: DemoBusiness) -> StripeKeys:
    secret_key = f"sk_test_{business.key}_{secrets.token_hex(12)}"
    account = SandboxAccount(name=business.name, secret_key=secret_key)
    return StripeKeys(
        secret_key,
        f"whsec_{secrets.token_hex(16)}",
        f"pk_test_{business.key}_{secrets.token_hex(12)}",
        account.id,
    )
