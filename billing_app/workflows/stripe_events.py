"""What Stripe tells us: stored once and answered at once, then worked on.

A webhook is only a hint that something happened. What happened is read from
Stripe, so webhooks may come twice, late, in any order, or not at all.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from billing_app.database import inbox
from billing_app.database.authentication import find_webhook_receiver
from billing_app.database.inbox import Arrival, InboundStatus, Waiting
from billing_app.domain.actors import Actor, SystemActor
from billing_app.domain.errors import BillingError, DiskFull, NotFound
from billing_app.domain.online_payment import Report, decline_words
from billing_app.gateways.errors import GatewayRefused
from billing_app.gateways.stripe_webhooks import (
    WebhookEvent,
    read_decline,
    verify_webhook,
)
from billing_app.queries import attempts
from billing_app.runtime import Runtime
from billing_app.services import online_payments
from billing_app.workflows import stripe_intake
from billing_app.workflows.stripe_accounts import (
    Connection,
    connect_to,
    find_account,
    read_report,
    report_on,
)

log = logging.getLogger(__name__)

# Each is about one payment; everything else is stored and left alone.
PAGE_EVENTS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)
PAYMENT_EVENTS = frozenset(
    {
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.processing",
        "payment_intent.canceled",
    }
)
MONEY_BACK_EVENTS = frozenset(
    {
        "charge.refunded",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    }
)
KNOWN_EVENTS = PAGE_EVENTS | PAYMENT_EVENTS | MONEY_BACK_EVENTS

# Stripe lets an account in test mode ask 25 times a second.
_ASKED_AT_ONCE = 8
_askers = ThreadPoolExecutor(_ASKED_AT_ONCE, "stripe")
# After so many rounds a person has to look.
_TRIES_MAX = 20
_ATTEMPT_KEY = "tallyport_attempt"


class NobodyListens(NotFound):
    """There is no such webhook address."""

    code = "nobody_listens"


class TooEarly(BillingError):
    """Another webhook, or the next round, has to come first."""

    code = "too_early"


@dataclass(frozen=True, slots=True)
class Received:
    """A webhook that is stored.

    Attributes:
        event_id: to hand to `handle`; None when it came before.
    """

    actor: SystemActor
    event_id: int | None


@dataclass(frozen=True, slots=True)
class _Found:
    """The attempt a webhook is about, and how far it got."""

    attempt_id: int
    report: Report


@dataclass(frozen=True, slots=True)
class _Answered:
    """A webhook, and what Stripe says of the attempt it is about."""

    event: Waiting
    attempt_id: int
    report: Report

    @property
    def is_money_back(self) -> bool:
        if self.report.declined:
            # Written down with its mark, once; money back has webhooks of its own.
            return False
        return self.event.kind in MONEY_BACK_EVENTS or self.report.refunded_minor > 0


class _Quarantined(Exception):
    """It is about money, and does not fit anything we did."""


def receive(
    runtime: Runtime, workspace: str, payload: bytes, signature: str
) -> Received:
    """Store a webhook if Stripe sent it; the caller answers before it is handled.

    Raises:
        NobodyListens: no such workspace, or it has no secret to check with.
        WebhookRefused: the sender did not prove to be Stripe.
    """
    receiver = find_webhook_receiver(runtime.engine, workspace)
    if receiver is None:
        raise NobodyListens("Nobody listens here.")
    secret = runtime.cipher.decrypt(receiver.secret_encrypted)
    tolerance = runtime.settings.stripe_webhook_tolerance_seconds
    event = verify_webhook(payload, signature, secret, runtime.now(), tolerance)
    event_id = stripe_intake.store(runtime, receiver.actor, _arrival(event))
    return Received(receiver.actor, event_id)


def handle(runtime: Runtime, actor: SystemActor, event_id: int) -> None:
    """Bring home what a stored webhook is about, once, as `handle_all`."""
    handle_all(runtime, actor, [event_id])


def handle_all(runtime: Runtime, actor: SystemActor, event_ids: Sequence[int]) -> None:
    """Bring home what stored webhooks are about, each once.

    What fails is left for the next round; nothing is raised, since nobody waits.
    Stripe is asked about several at a time, and their money is one commit.
    """
    with runtime.reading(actor) as uow:
        events = inbox.read_waiting(uow, event_ids)
        account = find_account(uow)
        paged = attempts.find_by_pages(uow, [event.object_id for event in events])

    # The first that needs it opens it; a key that is missing fails each of them.
    connect = cache(lambda: connect_to(runtime, account))

    def ask(event: Waiting) -> _Answered | None:
        with _left_for_later(runtime, actor, event):
            return _ask(runtime, actor, connect, event, paged.get(event.object_id))
        return None

    answered = [found for found in _map(ask, events) if found is not None]
    _book_together(runtime, actor, [x for x in answered if not x.is_money_back])
    for each in answered:
        if each.is_money_back:
            with _left_for_later(runtime, actor, each.event):
                _bring_back(runtime, actor, each)


def _map(
    ask: Callable[[Waiting], _Answered | None], events: Sequence[Waiting]
) -> Sequence[_Answered | None]:
    if len(events) < 2:
        return [ask(event) for event in events]
    return list(_askers.map(ask, events))


@contextmanager
def _left_for_later(
    runtime: Runtime, actor: SystemActor, event: Waiting
) -> Generator[None]:
    """Leave a webhook that fails for the next round, or for a person."""
    try:
        yield
    except _Quarantined as reason:
        log.warning("webhook.quarantined kind=%s reason=%s", event.kind, reason)
        with suppress(DiskFull):
            _finish(runtime, actor, event.id, InboundStatus.QUARANTINED, str(reason))
    except DiskFull:
        # No fault of the webhook: this try is not counted.
        log.warning("webhook.waits_for_room kind=%s", event.kind)
    except BillingError as refusal:
        log.warning("webhook.put_back kind=%s reason=%s", event.kind, refusal.code)
        _put_back(runtime, actor, event, refusal.message)
    except Exception as failure:
        # The edge: one webhook that we can't read must not stop the others.
        log.exception("webhook.crashed kind=%s", event.kind)
        _put_back(runtime, actor, event, type(failure).__name__)


def try_again(runtime: Runtime, actor: Actor, event_id: int) -> str:
    """Work once more on a webhook that was set aside, because a person asks.

    Returns:
        Why it still can't be handled; empty when it was.

    Raises:
        NotFound: no such webhook in this workspace.
        Conflict: it is handled.
    """
    runtime.run(actor, online_payments.reopen_event, event_id)
    system = SystemActor(actor.workspace_id, "stripe_webhook")
    handle(runtime, system, event_id)
    with runtime.reading(system) as uow:
        return inbox.find_reason(uow, event_id)


def accept_missed(
    runtime: Runtime, actor: SystemActor, events: tuple[WebhookEvent, ...]
) -> list[int]:
    """Store events that no webhook told us of; return the new ones."""
    new: list[int] = []
    for event in events:
        if event.type in KNOWN_EVENTS:
            with runtime.unit(actor) as uow:
                event_id = inbox.accept(uow, _arrival(event))
            new += [event_id] if event_id is not None else []
    return new


def _ask(
    runtime: Runtime,
    actor: SystemActor,
    connect: Callable[[], Connection],
    event: Waiting,
    paged_id: int | None,
) -> _Answered | None:
    """Ask Stripe about a webhook; None where there is nothing to do.

    `paged_id` is the attempt whose page or card form it names.
    """
    if event.kind not in KNOWN_EVENTS:
        _finish(runtime, actor, event.id, InboundStatus.IGNORED)
        return None
    connection = connect()
    _check_sender(connection, event)
    try:
        found = _find(runtime, actor, connection, event, paged_id)
    except GatewayRefused as refusal:
        if refusal.reason != "resource_missing":
            raise
        raise _Quarantined("Stripe does not know it under this account's key.") from (
            refusal
        )
    if found is None:
        _finish(runtime, actor, event.id, InboundStatus.IGNORED, "Not started here.")
        return None
    report = found.report
    if event.kind == "payment_intent.payment_failed":
        # Stripe's payment tells the last decline only, and none once it is paid.
        code = read_decline(event.payload)
        declined = decline_words(code) if code is not None else ""
        report = replace(report, declined=declined)
    return _Answered(event, found.attempt_id, report)


def _book_together(
    runtime: Runtime, actor: SystemActor, answered: Sequence[_Answered]
) -> None:
    """Book in one commit, or each in its own where one can't be booked."""
    if len(answered) > 1:
        try:
            _book(runtime, actor, answered)
        except Exception:
            # Each tells for itself, below, what is wrong with it.
            log.warning("webhook.booked_apart count=%s", len(answered), exc_info=True)
        else:
            return
    for each in answered:
        with _left_for_later(runtime, actor, each.event):
            _book(runtime, actor, [each])


def _book(runtime: Runtime, actor: SystemActor, answered: Sequence[_Answered]) -> None:
    # Money and the mark that it is booked are one commit; who marks it, books it.
    with runtime.unit(actor) as uow:
        event_ids = [each.event.id for each in answered]
        marked = inbox.finish_all(uow, event_ids, InboundStatus.HANDLED)
        reports = [(x.attempt_id, x.report) for x in answered if x.event.id in marked]
        online_payments.apply_all(uow, reports)


def _bring_back(runtime: Runtime, actor: SystemActor, answered: _Answered) -> None:
    """Book what was returned of a payment, after the payment itself."""
    attempt_id, report = answered.attempt_id, answered.report
    runtime.run(actor, online_payments.apply_report, attempt_id, report)
    runtime.run(actor, online_payments.follow_up, attempt_id, report)
    _finish(runtime, actor, answered.event.id, InboundStatus.HANDLED)


def _check_sender(connection: Connection, event: Waiting) -> None:
    if event.is_live != connection.is_live:
        raise _Quarantined("It is in test mode and the key is not, or the reverse.")
    account = json.loads(event.payload).get("account")
    if account and connection.account_id and account != connection.account_id:
        raise _Quarantined("It belongs to another Stripe account.")


def _find(
    runtime: Runtime,
    actor: SystemActor,
    connection: Connection,
    event: Waiting,
    paged_id: int | None,
) -> _Found | None:
    if event.kind in PAGE_EVENTS | PAYMENT_EVENTS and paged_id is not None:
        return _Found(paged_id, read_report(runtime, connection, event.object_id))
    if event.kind in PAGE_EVENTS:
        return _find_pageless(runtime, actor, connection, event.object_id)
    if event.kind in PAYMENT_EVENTS:
        return _find_by_payment(runtime, actor, connection, event.object_id)
    payment_id = _payment_id_of(event)
    if payment_id is None:
        return None
    return _find_by_payment(runtime, actor, connection, payment_id)


def _find_pageless(
    runtime: Runtime, actor: SystemActor, connection: Connection, checkout_id: str
) -> _Found | None:
    """Find a page whose address never reached us by the key we asked with."""
    read_at = runtime.now()
    checkout = connection.gateway.read_checkout(checkout_id)
    key = checkout.reference or ""
    attempt_id = runtime.run(actor, attempts.find_pageless, key)
    if attempt_id is not None:
        return _Found(attempt_id, report_on(connection, checkout, read_at))
    return _stranger(checkout.metadata)


def _find_by_payment(
    runtime: Runtime, actor: SystemActor, connection: Connection, payment_id: str
) -> _Found | None:
    """Go from a payment to the page or card form it was made on: only those are ours.

    The payment's own notes may say whose it is, but that is believed only once
    the page that we opened names this payment.
    """
    attempt_id = runtime.run(actor, attempts.find_by_payment, payment_id)
    metadata: dict[str, str] = {}
    if attempt_id is None:
        metadata = dict(connection.gateway.read_payment(payment_id).metadata)
        key = metadata.get(_ATTEMPT_KEY, "")
        attempt_id = runtime.run(actor, attempts.find_by_key, key)
    if attempt_id is None:
        return _stranger(metadata)

    attempt = runtime.run(actor, attempts.read_attempt, attempt_id)
    if not attempt.checkout_id:
        raise TooEarly("Its payment page is not known yet.")
    report = read_report(runtime, connection, attempt.checkout_id)
    if report.payment_id != payment_id:
        raise _Quarantined("Our payment page knows nothing of this payment.")
    return _Found(attempt_id, report)


def _stranger(metadata: Any) -> None:
    """Leave alone what others do with the same account; stop what claims us."""
    if _ATTEMPT_KEY in metadata:
        raise _Quarantined("It says it is ours, and we did not start it.")


def _payment_id_of(event: Waiting) -> str | None:
    about = json.loads(event.payload)["data"]["object"]
    payment_id = about.get("payment_intent")
    return payment_id if isinstance(payment_id, str) else None


def _arrival(event: WebhookEvent) -> Arrival:
    return Arrival(
        external_id=event.id,
        kind=event.type,
        object_id=event.object_id,
        is_live=event.is_live,
        payload=event.payload,
    )


def _finish(
    runtime: Runtime,
    actor: SystemActor,
    event_id: int,
    status: InboundStatus,
    why: str = "",
) -> None:
    with runtime.unit(actor) as uow:
        inbox.finish(uow, event_id, status, why)


def _put_back(runtime: Runtime, actor: SystemActor, event: Waiting, why: str) -> None:
    if event.attempts + 1 >= _TRIES_MAX:
        _finish(runtime, actor, event.id, InboundStatus.QUARANTINED, why)
        return
    with suppress(DiskFull), runtime.unit(actor) as uow:
        inbox.note_failure(uow, event.id, why)
