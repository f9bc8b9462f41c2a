"""Take a customer to Stripe's payment page, and bring home what happened there."""

from __future__ import annotations

import logging

from billing_app.database.secrets import SecretUnreadable
from billing_app.domain.actors import Actor, PortalVisitor, SystemActor
from billing_app.domain.errors import Conflict
from billing_app.domain.online_payment import (
    ANSWER_TIME,
    LIVE,
    UNSETTLED,
    AttemptStatus,
    Origin,
)
from billing_app.domain.payability import NotPayable
from billing_app.gateways.errors import GatewayRefused, GatewayUnavailable
from billing_app.gateways.stripe import Checkout, CheckoutRequest
from billing_app.queries import attempts
from billing_app.queries.attempts import Attempt
from billing_app.queries.payability import Payability, read_payability
from billing_app.runtime import Runtime
from billing_app.services import online_payments
from billing_app.workflows.stripe_accounts import (
    Connection,
    NotConnected,
    connect,
    read_report,
    report_on,
)

log = logging.getLogger(__name__)

JOB = "pay_online"
# One try may find an earlier page in its way, and that one another's.
_TRIES = 3
_NOT_NOW = "This invoice can't be paid online at the moment. Please try again later."
_BUSY = "A payment for this invoice is just being started. Please try again shortly."
# Reasons that are about the business's account, not about the customer's payment.
_ACCOUNT_REASONS = {"authentication", "permission", "live_key_elsewhere"}


def read_offer(
    runtime: Runtime, actor: Actor, invoice_id: int | None = None
) -> Payability:
    """Return what the portal shows beside an invoice: Pay now, or why not.

    Raises:
        NotFound: it is not an invoice of this visitor.
    """
    assert isinstance(actor, PortalVisitor)
    system = SystemActor(actor.workspace_id, JOB)
    wanted = runtime.run(actor, attempts.find_shown_invoice, invoice_id)
    return runtime.run(system, read_payability, wanted)


def start(
    runtime: Runtime,
    actor: Actor,
    amount_text: str,
    invoice_id: int | None = None,
    path: str = "/p/{key}",
) -> str:
    """Open a payment page for an amount; return where the customer pays.

    Asking again for the same amount returns the same page. A page for another
    amount is closed first, so that no two can be paid. `path` is the page that the
    customer comes back to, as `Origin.path`.

    Raises:
        NotFound: it is not an invoice of this visitor, or the link was revoked.
        NotPayable, InvalidInput, LimitReached: with a sentence for the customer.
        Conflict: another payment is just being started.
        GatewayUnavailable: Stripe does not answer; nothing was charged.
    """
    assert isinstance(actor, PortalVisitor)
    system = SystemActor(actor.workspace_id, JOB)
    wanted = runtime.run(actor, attempts.find_invoice_to_pay, invoice_id)
    origin = Origin(actor.link_id, actor.session_id, path)
    for _ in range(_TRIES):
        prepared = runtime.run(
            system, online_payments.prepare, wanted, origin, amount_text
        )
        connection = _connect(runtime, system)
        attempt = prepared.attempt
        if prepared.is_in_the_way:
            close(runtime, system, connection, attempt)
        elif url := _go_on(runtime, system, connection, attempt):
            return url
    raise Conflict(_BUSY)


def finish(runtime: Runtime, actor: Actor, checkout_id: str) -> AttemptStatus:
    """Bring home what happened on a payment page the visitor comes back from.

    The browser proves nothing: Stripe is asked. Where Stripe does not answer,
    what we know stays, and the webhook or the next round brings the rest.

    Raises:
        NotFound: it is no payment of this visitor.
    """
    assert isinstance(actor, PortalVisitor)
    attempt_id, status = runtime.run(actor, attempts.find_own_attempt, checkout_id)
    if status not in UNSETTLED:
        return status
    system = SystemActor(actor.workspace_id, JOB)
    try:
        return catch_up(runtime, system, connect(runtime, system), attempt_id)
    except (GatewayUnavailable, GatewayRefused, NotConnected):
        log.warning("payment.return_unread attempt=%s", attempt_id)
        return status


def expire_checkout(runtime: Runtime, actor: SystemActor, attempt_id: int) -> None:
    """Close the payment page of an attempt, for the outbox.

    If it was paid in the meantime, the money is booked.

    Raises:
        GatewayUnavailable: try again later.
    """
    attempt = runtime.run(actor, attempts.read_attempt, attempt_id)
    if attempt.status not in LIVE:
        return
    try:
        connection = connect(runtime, actor)
    except NotConnected as refusal:
        # The keys are gone, and with them every way to reach the page.
        _give_up(runtime, actor, attempt, refusal.message)
        return
    close(runtime, actor, connection, attempt)


def catch_up(
    runtime: Runtime, actor: SystemActor, connection: Connection, attempt_id: int
) -> AttemptStatus:
    """Ask Stripe about one attempt and apply the answer.

    Raises:
        GatewayUnavailable, GatewayRefused: as the gateway.
    """
    attempt = runtime.run(actor, attempts.read_attempt, attempt_id)
    if not attempt.checkout_id:
        return _catch_up_unknown(runtime, actor, connection, attempt)
    report = read_report(runtime, connection, attempt.checkout_id)
    status = runtime.run(actor, online_payments.apply_report, attempt_id, report)
    if report.refunded_minor or report.is_disputed:
        runtime.run(actor, online_payments.follow_up, attempt_id, report)
    return status


def close(
    runtime: Runtime, actor: SystemActor, connection: Connection, attempt: Attempt
) -> None:
    """See to it that nobody can pay an attempt any more, or book that somebody has.

    Raises:
        GatewayUnavailable: Stripe does not answer; the page may still be open.
    """
    checkout_id = attempt.checkout_id or _learn_page(
        runtime, actor, connection, attempt
    )
    if not checkout_id:
        return
    read_at = runtime.now()
    try:
        checkout = connection.gateway.expire_checkout(checkout_id)
    except GatewayRefused as refusal:
        # The key was changed to another account: the page is out of our reach,
        # and closes by itself within the hour.
        if refusal.reason != "resource_missing":
            raise
        _give_up(runtime, actor, attempt, refusal.message)
        return
    report = report_on(connection, checkout, read_at)
    runtime.run(actor, online_payments.apply_report, attempt.id, report)


def _go_on(
    runtime: Runtime, actor: SystemActor, connection: Connection, attempt: Attempt
) -> str:
    """Return where to pay, or nothing when this attempt turned out to be over."""
    if attempt.checkout_id:
        status = catch_up(runtime, actor, connection, attempt.id)
        return attempt.url if status == AttemptStatus.OPEN else ""
    checkout = _ask_for_page(runtime, actor, connection, attempt)
    url = checkout.url or ""
    is_wanted = runtime.run(actor, online_payments.attach, attempt.id, checkout.id, url)
    return url if is_wanted else ""


def _ask_for_page(
    runtime: Runtime, actor: SystemActor, connection: Connection, attempt: Attempt
) -> Checkout:
    """Open the page; the same attempt always gets the same one."""
    try:
        return connection.gateway.create_checkout(
            _request(runtime, attempt), idempotency_key=attempt.key
        )
    except GatewayUnavailable as failure:
        if failure.is_outcome_unknown:
            runtime.run(
                actor, online_payments.mark_unknown, attempt.id, failure.message
            )
        raise
    except GatewayRefused as refusal:
        log.warning("payment.page_refused reason=%s", refusal.reason)
        _give_up(runtime, actor, attempt, refusal.message)
        if refusal.reason in _ACCOUNT_REASONS:
            raise NotPayable(_NOT_NOW) from refusal
        raise


def _learn_page(
    runtime: Runtime, actor: SystemActor, connection: Connection, attempt: Attempt
) -> str:
    """Find out which page an attempt opened; nothing if it has none.

    Asking again under its key gives the page it opened the first time. Nobody was
    shown that page: an address is stored before it is given to a browser.
    """
    if attempt.expires_at <= runtime.now():
        _give_up(runtime, actor, attempt, "No page was opened in time.")
        return ""
    try:
        checkout = connection.gateway.create_checkout(
            _request(runtime, attempt), idempotency_key=attempt.key
        )
    except GatewayRefused as refusal:
        _give_up(runtime, actor, attempt, refusal.message)
        return ""
    runtime.run(
        actor, online_payments.attach, attempt.id, checkout.id, checkout.url or ""
    )
    return checkout.id


def _catch_up_unknown(
    runtime: Runtime, actor: SystemActor, connection: Connection, attempt: Attempt
) -> AttemptStatus:
    """Close what was never shown to anybody, once no browser waits for it."""
    if runtime.now() - attempt.changed_at > ANSWER_TIME:
        close(runtime, actor, connection, attempt)
    return runtime.run(actor, attempts.read_attempt, attempt.id).status


def _give_up(runtime: Runtime, actor: SystemActor, attempt: Attempt, why: str) -> None:
    runtime.run(actor, online_payments.give_up, attempt.id, why)


def _connect(runtime: Runtime, actor: SystemActor) -> Connection:
    try:
        return connect(runtime, actor)
    except (NotConnected, SecretUnreadable) as refusal:
        raise NotPayable(_NOT_NOW) from refusal


def _request(runtime: Runtime, attempt: Attempt) -> CheckoutRequest:
    """Say what to open. It must stay the same for the same attempt."""
    key = attempt.slug
    if attempt.token_encrypted:
        key = runtime.cipher.decrypt(attempt.token_encrypted)
    page = f"{runtime.public_url}{attempt.back_path.format(key=key)}"
    return CheckoutRequest(
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        title=f"Invoice {attempt.invoice_number}",
        reference=attempt.key,
        metadata={"invoice": attempt.invoice_number, "tallyport_attempt": attempt.key},
        # Stripe fills in the braces.
        success_url=f"{page}/paid?page={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{page}?paid=canceled",
        expires_at=attempt.expires_at,
        locale=attempt.language,
        customer_email=attempt.customer_email or None,
    )
