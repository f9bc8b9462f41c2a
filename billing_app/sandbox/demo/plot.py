"""One invoice of the demo: what staff and its customer did with it, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sqlmodel import col, func, select

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.combined_payment import title_of
from billing_app.domain.comment import CommentForm, Reserved
from billing_app.domain.credit_note import CreditForm, CreditMode
from billing_app.domain.dispute import DisputeForm, ResolveForm
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.money import Money
from billing_app.domain.online_payment import AttemptStatus, Origin, Report
from billing_app.domain.payment import PaymentMethod
from billing_app.domain.portal_settings import (
    ActivityDetail,
    PortalSettings,
    WriteAuth,
)
from billing_app.gateways.stripe import CheckoutRequest, session_params
from billing_app.models import Comment, Dispute, Invoice, PortalLink, PortalSession
from billing_app.sandbox.demo.business import (
    DemoComment,
    DemoCredit,
    DemoDispute,
    DemoInvoice,
    DemoLine,
    DemoPromise,
    DemoReplacement,
    Fate,
)
from billing_app.sandbox.demo.story import Story
from billing_app.sandbox.stripe_account import DECLINED, RETURNED, AccountBook
from billing_app.services import (
    conversations,
    credit_notes,
    disputes,
    drafts,
    invoices,
    online_payments,
    portal_sessions,
    promises,
    reminders,
    visits,
    write_offs,
)
from billing_app.services import demo as furnishing
from billing_app.services.conversations import PostingRules
from billing_app.services.customers import CustomerForm
from billing_app.services.demo import Happened
from billing_app.services.payments import RecordPaymentForm, record_payment
from billing_app.services.portal_sessions import CodePlace

# Longer than anybody watches a demo, so that something stays in processing.
DEBIT_DELAY = timedelta(days=4)
# After so many days a bank says that it won't pay a debit.
DEBIT_DAYS = 3
AGENT = "Firefox on Windows"


@dataclass(frozen=True, slots=True)
class Paying:
    """A try to pay online: how we call it, and how Stripe does."""

    attempt_id: int
    session_id: str
    amount: Money
    payment_id: str = ""


class Plot:
    """One invoice: plans its steps, each knowing what the earlier ones made."""

    def __init__(self, story: Story, invoice: DemoInvoice, customer_id: int) -> None:
        self.story = story
        self.invoice = invoice
        self.customer_id = customer_id
        self.invoice_id = 0
        self.session_id: int | None = None
        self.paying: Paying | None = None

    def plan(self) -> None:
        fate, days_ago = self.invoice.fate, self.invoice.days_ago
        later = self.story.later
        if fate is Fate.DRAFT:
            later(days_ago, 9, self.draft)
            return
        if fate is Fate.CANCELLED:
            later(days_ago, 9, self.draft)
            later(max(0, days_ago - 3), 11, self.cancel)
            return
        if fate is Fate.ISSUED:
            later(days_ago, 9, self.issue)
            return
        later(days_ago, 9, self.publish)
        if self.invoice.is_seen:
            later(max(0, days_ago - 1), 11, self.see)
        self._plan_words()
        self._plan_money()
        if fate in (Fate.OPEN, Fate.PARTLY_PAID):
            self.story.plan_reminders(days_ago, self.invoice.net_days)
        if act := self._ending():
            wait = 2 if days_ago < 20 else 9 + days_ago % 11
            later(max(0, days_ago - wait), 14, act)
        if fate is Fate.ARCHIVED:
            later(max(0, days_ago - 40), 16, self.archive)
        if fate is Fate.WRITTEN_OFF:
            later(max(0, days_ago - 50), 16, self.write_off)

    def _plan_words(self) -> None:
        """Plan what is said: on the page, by phone, and among staff."""
        invoice, later = self.invoice, self.story.later
        for number, said in enumerate(invoice.talk):
            later(said.days_ago, 10 + number, partial(self.talk, number, said))
        for number, dispute in enumerate(invoice.disputes):
            later(dispute.days_ago, 13, partial(self.dispute, number, dispute))
            if dispute.answered_days_ago is not None:
                later(dispute.answered_days_ago, 15, partial(self.answer, dispute))
        for note in invoice.notes_of_staff:
            later(note.days_ago, 16, partial(self.note, note.body))

    def _plan_money(self) -> None:
        """Plan what was promised and asked for, and payments that came to nothing."""
        invoice, later = self.invoice, self.story.later
        for promise in invoice.promises:
            later(promise.days_ago, 12, partial(self.promise, promise))
        for days_ago in invoice.reminded_days_ago:
            later(days_ago, 9, self.remind)
        for days_ago in invoice.declined_days_ago:
            later(days_ago, 17, self.try_card)
        for days_ago in invoice.returned_days_ago:
            later(days_ago + DEBIT_DAYS, 17, self.start_debit)
            later(days_ago, 7, self.return_debit)
        for credit in invoice.credits:
            later(credit.days_ago, 10, partial(self.credit, credit))
            if credit.refunded_days_ago is not None:
                later(credit.refunded_days_ago, 15, partial(self.refund, credit))
        if (right := invoice.replacement) is not None:
            later(right.days_ago, 11, partial(self.replace, right))

    def _ending(self) -> Callable[[], None] | None:
        return {
            Fate.PARTLY_PAID: self.pay_part,
            Fate.PROCESSING: self.pay_by_debit,
            Fate.PAID: self.pay_by_transfer,
            Fate.PAID_BY_CARD: self.pay_by_card,
            Fate.ARCHIVED: self.pay_by_transfer,
            Fate.VOID: self.void,
            Fate.WRITTEN_OFF: self.pay_but_a_rest,
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

    def pay_but_a_rest(self) -> None:
        assert self.invoice.end is not None
        if self.invoice.end.rest:
            rest = Money.from_decimal(Decimal(self.invoice.end.rest), self.currency)
            self._record(self._outstanding() - rest)

    def write_off(self) -> None:
        assert self.invoice.end is not None
        reason, minor = self.invoice.end.reason, self._outstanding().minor
        give_up = write_offs.write_off
        self.run(self.story.biller, give_up, self.invoice_id, reason, minor)

    def cancel(self) -> None:
        assert self.invoice.end is not None
        with self.story.runtime.unit(self.story.biller) as uow:
            version = uow.get(Invoice, self.invoice_id).version
            reason = self.invoice.end.reason
            drafts.cancel_draft(uow, self.invoice_id, version, reason)

    def remind(self) -> None:
        send = reminders.send_reminder
        self.run(self.story.biller, send, self.invoice_id, self.customer.email)
        self.story.let_reminders_leave()

    def note(self, body: str) -> None:
        self.run(self.story.biller, conversations.write_note, self.invoice_id, body)

    def credit(self, credit: DemoCredit) -> None:
        form = CreditForm(CreditMode.AMOUNT, amount=credit.amount, reason=credit.reason)
        issue = credit_notes.issue_credit_note
        self.run(self.story.biller, issue, self.invoice_id, form)

    def replace(self, right: DemoReplacement) -> None:
        """Credit all of it, and publish another invoice with the right lines."""
        with self.story.runtime.unit(self.story.biller) as uow:
            draft = credit_notes.reissue(uow, self.invoice_id, right.reason).draft
            form = self._form(right.lines)
            saved = drafts.save_draft(uow, draft.invoice_id, draft.version, form)
            invoices.issue_and_publish(uow, saved.invoice_id, saved.version)

    def refund(self, credit: DemoCredit) -> None:
        """Return what was credited to the card that had paid it."""
        assert self.paying is not None
        with self._stripe() as book:
            amount = Money.from_decimal(Decimal(credit.amount), self.currency)
            asked = {"payment_intent": self.paying.payment_id, "amount": amount.minor}
            book.create_refund(asked)
        told = self._told(self.paying, AttemptStatus.SUCCEEDED)
        told = replace(told, refunded_minor=amount.minor)
        follow_up = online_payments.follow_up
        self.run(self.story.system, follow_up, self.paying.attempt_id, told)

    def answer(self, dispute: DemoDispute) -> None:
        form = ResolveForm(dispute.outcome, dispute.answer, dispute.note)
        newest = select(Dispute.id).where(
            col(Dispute.invoice_id) == self.invoice_id,
            col(Dispute.resolved_at).is_(None),
        )
        with self.story.runtime.reading(self.story.system) as uow:
            dispute_id = uow.one(newest)
        self.run(self.story.biller, disputes.resolve_dispute, dispute_id, form)

    # What both do.

    def talk(self, number: int, said: DemoComment) -> None:
        """Say it, after having read what was said before."""
        form = CommentForm(
            body=said.body, line=said.line, request_key=f"demo-talk-{number}"
        )
        biller = self.story.biller
        if said.is_staff:
            newest = select(func.max(Comment.id)).where(
                col(Comment.invoice_id) == self.invoice_id
            )
            with self.story.runtime.reading(self.story.system) as uow:
                read_id = uow.one(newest)
            if read_id:
                self.run(biller, conversations.mark_read, self.invoice_id, read_id)
            self.run(biller, conversations.post_reply, self.invoice_id, form)
            return
        reserved = Reserved((self.story.business.name,), customer=self.customer.name)
        given = PostingRules(PortalSettings(), reserved, self.customer.email)
        typed = replace(form, name=self.customer_name, email=self.customer.email)
        post = conversations.post_comment
        self.run(self._proven(), post, self.invoice_id, typed, given)

    def promise(self, promise: DemoPromise) -> None:
        """Promise on the page, or by phone where the member is told by whom."""
        day = (self.story.today() + timedelta(days=promise.days)).isoformat()
        if promise.by_phone:
            biller, who = self.story.biller, self.customer_name
            self.run(biller, promises.note_promise, self.invoice_id, day, who)
        else:
            make, proof = promises.make_promise, WriteAuth.CODE
            self.run(self._proven(), make, day, proof, self.customer.email)

    # What the customer does.

    def see(self) -> None:
        visitor = self._visitor()
        self.run(visitor, visits.note_seen, ActivityDetail.FULL)

    def dispute(self, number: int, dispute: DemoDispute) -> None:
        form = DisputeForm(
            amount=dispute.amount,
            reason=dispute.reason,
            line=dispute.line,
            request_key=f"demo-dispute-{number}",
        )
        self.run(
            self._proven(),
            disputes.open_dispute,
            self.invoice_id,
            form,
            PortalSettings(),
            self.customer.email,
        )

    def pay_by_card(self) -> None:
        paying = self._open_checkout()
        with self._stripe() as book:
            session = book.pay_by_card(paying.session_id)
        self.paying = _named(paying, session)
        self._report(self.paying, AttemptStatus.SUCCEEDED)

    def pay_by_debit(self) -> None:
        """Pay in a way that stays in processing for as long as anybody watches."""
        paying = self.start_debit()
        clears_at = self.story.clock.real + DEBIT_DELAY
        with self._stripe() as book:
            book.ledger.clears_at[paying.payment_id] = int(clears_at.timestamp())

    def start_debit(self) -> Paying:
        paying = self._open_checkout()
        with self._stripe() as book:
            session = book.pay_by_bank(paying.session_id)
            # It clears, or comes back, when the story says so.
            book.ledger.clears_at.pop(session["payment_intent"])
        self.paying = _named(paying, session)
        self._report(self.paying, AttemptStatus.PROCESSING)
        return self.paying

    def return_debit(self) -> None:
        assert self.paying is not None
        with self._stripe() as book:
            book.return_debit(self.paying.payment_id)
        self._report(self.paying, AttemptStatus.FAILED, RETURNED)

    def try_card(self) -> None:
        """Try a card that the bank declines, and leave it at that."""
        paying = self._open_checkout()
        with self._stripe() as book:
            session = book.decline_card(paying.session_id)
            book.expire_session(paying.session_id)
        self._report(_named(paying, session), AttemptStatus.EXPIRED, DECLINED)

    @property
    def currency(self) -> str:
        return self.story.business.currency

    @property
    def customer(self) -> CustomerForm:
        return self.story.business.customers[self.invoice.customer]

    @property
    def customer_name(self) -> str:
        return self.customer.contact_name or self.customer.name

    def run(self, actor, work, *args):
        return self.story.runtime.run(actor, work, *args)

    def _draft_and(self, issue: Callable[..., object] | None) -> None:
        """Draft and issue in one transaction: a demo should be there soon."""
        with self.story.runtime.unit(self.story.biller) as uow:
            saved = drafts.create_draft(uow, self._form(self.invoice.lines))
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
            reference=f"SCT-{today:%y%m%d}",
        )
        self.run(self.story.biller, record_payment, self.invoice_id, form)

    def _open_checkout(self) -> Paying:
        system, amount = self.story.system, self._outstanding()
        attempt = self.run(
            system,
            online_payments.prepare,
            self.invoice_id,
            Origin(self._link_id(), None, "/p/{key}"),
            str(amount.decimal),
        ).attempt
        assert attempt is not None, "nothing is in the way of the first try"
        request = CheckoutRequest(
            amount_minor=amount.minor,
            currency=amount.currency,
            title=title_of(attempt.invoice_numbers),
            reference=attempt.key,
            metadata={"invoice": attempt.invoice_numbers[0]},
            success_url=self.story.runtime.public_url,
            cancel_url=self.story.runtime.public_url,
            expires_at=attempt.expires_at,
            locale=attempt.language,
            customer_email=attempt.customer_email or None,
        )
        with self._stripe() as book:
            session = book.create_session(dict(session_params(request)))
        url = session["url"] or ""
        self.run(system, online_payments.attach, attempt.id, session["id"], url)
        return Paying(attempt.id, session["id"], amount)

    def _report(self, paying: Paying, status: AttemptStatus, failure: str = "") -> None:
        """Apply what Stripe would tell of a try."""
        apply, report = online_payments.apply_report, self._told(paying, status)
        report = replace(report, failure=failure)
        self.run(self.story.system, apply, paying.attempt_id, report)

    def _told(self, paying: Paying, status: AttemptStatus) -> Report:
        by_card = status in (AttemptStatus.SUCCEEDED, AttemptStatus.EXPIRED)
        return Report(
            checkout_id=paying.session_id,
            status=status,
            amount_minor=paying.amount.minor,
            currency=paying.amount.currency,
            account_id=self.story.keys.account_id,
            is_live=False,
            read_at=self.story.clock.now,
            payment_id=paying.payment_id,
            method=PaymentMethod.CARD if by_card else PaymentMethod.BANK_TRANSFER,
            method_detail="•••• 4242" if by_card else "•••• 6789",
        )

    @contextmanager
    def _stripe(self) -> Iterator[AccountBook]:
        with self.story.stripe.working() as books:
            yield books[self.story.keys.secret_key]

    def _form(self, lines: tuple[DemoLine, ...]) -> DraftForm:
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
            job=invoice.job,
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
                for index, line in enumerate(lines)
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

    def _proven(self) -> PortalVisitor:
        """Return the customer after a code by mail; they stay signed in here."""
        if self.session_id is None:
            place = CodePlace(self.customer_id, self.invoice_id)
            email, system = self.customer.email, self.story.system
            self.run(system, portal_sessions.open_session, place, email, AGENT)
            newest = select(func.max(PortalSession.id))
            with self.story.runtime.reading(system) as uow:
                self.session_id = uow.one(newest)
        return replace(self._visitor(), proof=Proof.CODE, session_id=self.session_id)

    def _link_id(self) -> int:
        statement = select(PortalLink.id).where(
            col(PortalLink.invoice_id) == self.invoice_id
        )
        with self.story.runtime.reading(self.story.system) as uow:
            return uow.one(statement)


def _named(paying: Paying, session: dict[str, Any]) -> Paying:
    """Name the payment of a try, which Stripe makes when somebody pays."""
    return replace(paying, payment_id=session["payment_intent"])
