"""Fill an empty database with the demo's businesses, as if years had passed.

Everything is done by the services that people use, under a clock that is moved; the
stand-in Stripe knows of every online payment, as it would if it had taken it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from billing_app.database.authentication import list_system_actors
from billing_app.database.passwords import hash_password
from billing_app.domain.actors import (
    PortalVisitor,
    Proof,
    Role,
    StaffActor,
    SystemActor,
)
from billing_app.domain.comment import CommentForm
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.money import Money
from billing_app.domain.online_payment import AttemptStatus, Origin, Report
from billing_app.domain.payment import PaymentMethod
from billing_app.domain.portal_settings import ActivityDetail, PortalSettings
from billing_app.gateways.stripe import CheckoutRequest, session_params
from billing_app.models import Invoice, PortalLink
from billing_app.queries.settings import read_portal
from billing_app.runtime import Runtime
from billing_app.sandbox.demo.aldgate import ALDGATE
from billing_app.sandbox.demo.business import (
    DemoBusiness,
    DemoComment,
    DemoInvoice,
    Fate,
)
from billing_app.sandbox.demo.ironwood import IRONWOOD
from billing_app.sandbox.demo.kestrel import KESTREL
from billing_app.sandbox.demo.logos import draw_logo
from billing_app.sandbox.demo.northwind import NORTHWIND
from billing_app.sandbox.demo.scheldt import SCHELDT
from billing_app.sandbox.demo.stand_ins import JOB, open_stripe
from billing_app.sandbox.stripe_account import SandboxAccount
from billing_app.sandbox.stripe_app import StripeSandbox
from billing_app.services import (
    conversations,
    drafts,
    invoices,
    online_payments,
    portal_links,
    visits,
)
from billing_app.services import demo as furnishing
from billing_app.services.conversations import PostingRules
from billing_app.services.customers import create_customer
from billing_app.services.demo import Furnishing, Happened, NewContact, StripeKeys
from billing_app.services.payments import RecordPaymentForm, record_payment
from billing_app.services.portal_settings import apply_profile
from billing_app.services.workspaces import (
    FOUNDER,
    NewTax,
    NewWorkspace,
    create_workspace,
)

BUSINESSES = (NORTHWIND, KESTREL, ALDGATE, SCHELDT, IRONWOOD)
# Where a customer has one link to all of their invoices.
ONE_LINK_PROFILES = ("client_account", "collections_portal")
# A demo runs on one's own machine and is thrown away: one password, easy to type.
PASSWORD = "tallyport demo"  # noqa: S105
HISTORY_MONTHS = 12
# Mails older than this were read long ago; newer ones fill the mailbox.
MAIL_AGE = timedelta(days=4)
# Longer than anybody watches a demo, so that something stays in processing.
DEBIT_DELAY = timedelta(days=4)


def fill(runtime: Runtime) -> None:
    """Make every business, unless there is a workspace already."""
    if list_system_actors(runtime.engine, JOB):
        return
    password_hash = hash_password(PASSWORD)
    clock = _Clock(runtime.now())
    moved = runtime.at(clock)
    stripe = open_stripe(moved)
    for business in BUSINESSES:
        clock.now = clock.real - timedelta(days=31 * (HISTORY_MONTHS + 1))
        _Story(moved, clock, stripe, business, password_hash).tell()


class _Clock:
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
    act: Callable[[], None]


class _Story:
    """One business from its founding until now."""

    def __init__(
        self,
        runtime: Runtime,
        clock: _Clock,
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

    def tell(self) -> None:
        customers = [
            self.runtime.run(self.owner, create_customer, form)
            for form in self.business.customers
        ]
        planned = [*_history(self.business), *self.business.invoices]
        for invoice in planned:
            _Plot(self, invoice, customers[invoice.customer]).plan()
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
        for step in sorted(self._steps, key=lambda x: (x.at, x.order)):
            self.clock.now = max(self.clock.now, step.at)
            step.act()
        self.clock.now = self.clock.real
        self._choose_profile()
        if self.business.profile in ONE_LINK_PROFILES:
            for customer_id in customers:
                self.runtime.run(
                    self.owner, portal_links.copy_customer_link, customer_id
                )
        before = self.clock.real - MAIL_AGE
        self.runtime.run(self.system, furnishing.put_away_past, before)

    def later(self, days_ago: int, hour: int, act: Callable[[], None]) -> None:
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

    def _choose_profile(self) -> None:
        """Answer as the profile does from today on; the past had the usual answers."""
        page = self.runtime.run(self.owner, read_portal)
        key = self.business.profile
        self.runtime.run(self.owner, apply_profile, page.version, key)

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


class _Plot:
    """One invoice: plans its steps, each knowing what the earlier ones made."""

    def __init__(self, story: _Story, invoice: DemoInvoice, customer_id: int) -> None:
        self.story = story
        self.invoice = invoice
        self.customer_id = customer_id
        self.invoice_id = 0

    def plan(self) -> None:
        fate, days_ago = self.invoice.fate, self.invoice.days_ago
        later = self.story.later
        if fate is Fate.DRAFT:
            later(days_ago, 9, self.draft)
            return
        if fate is Fate.ISSUED:
            later(days_ago, 9, self.issue)
            return
        later(days_ago, 9, self.publish)
        if self.invoice.is_seen:
            later(max(0, days_ago - 1), 11, self.see)
        for number, said in enumerate(self.invoice.talk):
            later(said.days_ago, 10 + number, partial(self.talk, number, said))
        if act := self._ending():
            wait = 2 if days_ago < 20 else 9 + days_ago % 11
            later(max(0, days_ago - wait), 14, act)
        if fate is Fate.ARCHIVED:
            later(max(0, days_ago - 40), 16, self.archive)

    def _ending(self) -> Callable[[], None] | None:
        return {
            Fate.PARTLY_PAID: self.pay_part,
            Fate.PROCESSING: self.pay_by_debit,
            Fate.PAID: self.pay_by_transfer,
            Fate.PAID_BY_CARD: self.pay_by_card,
            Fate.ARCHIVED: self.pay_by_transfer,
            Fate.VOID: self.void,
        }.get(self.invoice.fate)

    # What staff do.

    def draft(self) -> None:
        self._draft_and(None)

    def issue(self) -> None:
        self._draft_and(invoices.issue)

    def publish(self) -> None:
        self._draft_and(invoices.issue_and_publish)

    def void(self) -> None:
        reason = "Cancelled by the customer before the work was done"
        self.run(self.story.biller, invoices.void, self.invoice_id, reason)

    def archive(self) -> None:
        self.run(self.story.biller, invoices.archive, self.invoice_id)

    def pay_by_transfer(self) -> None:
        self._record(self._outstanding())

    def pay_part(self) -> None:
        self._record(Money(self._outstanding().minor * 2 // 5, self.currency))

    def talk(self, number: int, said: DemoComment) -> None:
        form = CommentForm(
            body=said.body, line=said.line, request_key=f"demo-talk-{number}"
        )
        if said.is_staff:
            self.run(self.story.biller, conversations.post_reply, self.invoice_id, form)
            return
        customer = self.story.business.customers[self.invoice.customer]
        proven = replace(self._visitor(), proof=Proof.CODE)
        given = PostingRules(
            PortalSettings(), (self.story.business.name,), customer.email
        )
        name = customer.contact_name or customer.name
        typed = replace(form, name=name, email=customer.email)
        self.run(proven, conversations.post_comment, self.invoice_id, typed, given)

    # What the customer does.

    def see(self) -> None:
        visitor = self._visitor()
        self.run(visitor, visits.note_seen, ActivityDetail.FULL)

    def pay_by_card(self) -> None:
        self._pay_online(by_debit=False)

    def pay_by_debit(self) -> None:
        self._pay_online(by_debit=True)

    @property
    def currency(self) -> str:
        return self.story.business.currency

    def run(self, actor, work, *args):
        return self.story.runtime.run(actor, work, *args)

    def _draft_and(self, issue: Callable[..., object] | None) -> None:
        """Draft and issue in one transaction: a demo should be there soon."""
        with self.story.runtime.unit(self.story.biller) as uow:
            saved = drafts.create_draft(uow, self._form())
            self.invoice_id = saved.invoice_id
            if issue is not None:
                issue(uow, saved.invoice_id, saved.version)
        if issue is not None and (happened := tuple(self._happened())):
            system = self.story.system
            self.run(system, furnishing.bill_events, self.invoice_id, happened)

    def _happened(self) -> Iterator[Happened]:
        for position, line in enumerate(self.invoice.lines, start=1):
            for event in line.events:
                yield Happened(
                    line=position,
                    kind=event.kind,
                    reference=event.reference,
                    description=event.description,
                    happened_at=self.story.clock.now
                    - timedelta(days=event.days_before),
                    rate=Decimal(event.rate),
                    factors=event.factors,
                )

    def _record(self, amount: Money) -> None:
        today = self.story.clock.now.astimezone(self.story.zone).date()
        form = RecordPaymentForm(
            amount=str(amount.decimal),
            received_on=today.isoformat(),
            method=PaymentMethod.BANK_TRANSFER,
            reference=f"Transfer of {today:%d %B}",
        )
        self.run(self.story.biller, record_payment, self.invoice_id, form)

    def _pay_online(self, *, by_debit: bool) -> None:
        system, amount = self.story.system, self._outstanding()
        attempt = self.run(
            system,
            online_payments.prepare,
            self.invoice_id,
            Origin(self._link_id(), None, "/p/{key}"),
            str(amount.decimal),
        ).attempt
        with self.story.stripe.working() as books:
            book = books[self.story.keys.secret_key]
            request = CheckoutRequest(
                amount_minor=amount.minor,
                currency=amount.currency,
                title=f"Invoice {attempt.invoice_number}",
                reference=attempt.key,
                metadata={"invoice": attempt.invoice_number},
                success_url=self.story.runtime.public_url,
                cancel_url=self.story.runtime.public_url,
                expires_at=attempt.expires_at,
                locale=attempt.language,
                customer_email=attempt.customer_email or None,
            )
            session = book.create_session(dict(session_params(request)))
            self.run(
                system,
                online_payments.attach,
                attempt.id,
                session["id"],
                session["url"] or "",
            )
            pay = book.pay_by_bank if by_debit else book.pay_by_card
            pay(session["id"])
            if by_debit:
                clears_at = self.story.clock.real + DEBIT_DELAY
                book.ledger.clears_at[session["payment_intent"]] = int(
                    clears_at.timestamp()
                )
        report = Report(
            checkout_id=session["id"],
            status=AttemptStatus.PROCESSING if by_debit else AttemptStatus.SUCCEEDED,
            amount_minor=amount.minor,
            currency=amount.currency,
            account_id=self.story.keys.account_id,
            is_live=False,
            read_at=self.story.clock.now,
            payment_id=session["payment_intent"],
            method=PaymentMethod.BANK_TRANSFER if by_debit else PaymentMethod.CARD,
            method_detail="•••• 6789" if by_debit else "•••• 4242",
        )
        self.run(system, online_payments.apply_report, attempt.id, report)

    def _form(self) -> DraftForm:
        invoice, story = self.invoice, self.story
        today = story.clock.now.astimezone(story.zone).date()
        due_on = ""
        if invoice.net_days is not None:
            due_on = (today + timedelta(days=invoice.net_days)).isoformat()
        return DraftForm(
            customer_id=self.customer_id,
            issued_on="" if invoice.fate is Fate.DRAFT else today.isoformat(),
            due_on=due_on,
            purchase_order=invoice.purchase_order,
            discount=invoice.discount,
            notes=invoice.notes,
            terms=str(story.business.letterhead.get("terms", "")),
            lines=tuple(
                LineForm(
                    key=f"line-{index}",
                    name=line.name,
                    description=line.description,
                    group=line.group,
                    quantity=line.quantity,
                    unit=line.unit,
                    unit_price=line.unit_price,
                    discount=line.discount,
                    tax_id=story.tax_ids[line.tax],
                )
                for index, line in enumerate(invoice.lines)
            ),
        )

    def _outstanding(self) -> Money:
        with self.story.runtime.reading(self.story.system) as uow:
            minor = uow.get(Invoice, self.invoice_id).outstanding_minor
        return Money(minor, self.currency)

    def _visitor(self) -> PortalVisitor:
        return PortalVisitor(
            self.story.system.workspace_id,
            self.customer_id,
            self._link_id(),
            self.invoice_id,
        )

    def _link_id(self) -> int:
        statement = select(PortalLink.id).where(
            col(PortalLink.invoice_id) == self.invoice_id
        )
        with self.story.runtime.reading(self.story.system) as uow:
            return uow.one(statement)


def _history(business: DemoBusiness) -> list[DemoInvoice]:
    """Return a year of small invoices, nearly all paid, the same at each start."""
    chance = Random(business.key)  # noqa: S311
    planned: list[DemoInvoice] = []
    for month in range(HISTORY_MONTHS, 0, -1):
        for turn in range(business.paid_per_month):
            days_ago = month * 30 + 18 - turn * 13 - chance.randint(0, 6)
            count = chance.choice((1, 2, 2, 3))
            planned.append(
                DemoInvoice(
                    customer=chance.randrange(len(business.customers)),
                    days_ago=days_ago,
                    fate=_old_fate(chance, month),
                    lines=tuple(chance.sample(business.usual, count)),
                )
            )
    return planned


def _old_fate(chance: Random, month: int) -> Fate:
    if month > 9 and chance.random() < 0.5:
        return Fate.ARCHIVED
    return Fate.PAID_BY_CARD if chance.random() < 0.35 else Fate.PAID


def _new_keys(business: DemoBusiness) -> StripeKeys:
    secret_key = f"sk_test_{business.key}_{secrets.token_hex(12)}"
    account = SandboxAccount(name=business.name, secret_key=secret_key)
    return StripeKeys(
        secret_key,
        f"whsec_{secrets.token_hex(16)}",
        f"pk_test_{business.key}_{secrets.token_hex(12)}",
        account.id,
    )
