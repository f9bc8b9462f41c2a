"""Let a customer pay, on Stripe's page or on ours, and bring home what happened."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from billing_app.database.authentication import OpenedLink
from billing_app.database.secrets import SecretUnreadable
from billing_app.domain.actors import Actor, PortalVisitor, SystemActor
from billing_app.domain.combined_payment import Asking, title_of
from billing_app.domain.errors import Conflict
from billing_app.domain.formats import format_money
from billing_app.domain.online_payment import (
    ANSWER_TIME,
    UNSETTLED,
    AttemptStatus,
    Origin,
)
from billing_app.domain.payability import NotPayable
from billing_app.domain.portal_settings import CardForm
from billing_app.domain.speech import later
from billing_app.gateways.errors import GatewayRefused, GatewayUnavailable
from billing_app.gateways.stripe import Checkout, CheckoutRequest, checkout_locale
from billing_app.queries import attempts
from billing_app.queries.attempts import Attempt
from billing_app.queries.payability import Payability, list_askings, read_payability
from billing_app.runtime import Runtime
from billing_app.services import online_payments
from billing_app.services.online_payments import Prepared
from billing_app.workflows.stripe_accounts import (
    Connection,
    NotConnected,
    connect,
    report_on,
)

log = logging.getLogger(__name__)

JOB = "pay_online"
# One try may find an earlier page in its way, and that one another's.
_TRIES = 3
# docs.stripe.com/api/metadata: what one value may hold.
METADATA_LENGTH_MAX = 500
_NOT_NOW = later(
    "This invoice can't be paid online at the moment. Please try again later."
)
_BUSY = later(
    "A payment for this invoice is just being started. Please try again shortly."
)
# Reasons that are about the business's account, not about the customer's payment.
_ACCOUNT_REASONS = {"authentication", "permission", "live_key_elsewhere"}


@dataclass(frozen=True, slots=True)
class CardPayment:
    """What one browser needs to take a card on our page; the amount is fixed by now.

    Attributes:
        checkout_id: names the payment in `finish` and `cancel`.
        client_secret: lets whoever has it pay this payment; it is not stored.
        script: the address of Stripe's script.
        return_url: where a bank sends the browser back to.
        amount: for reading; `amount_text` is what was typed.
    """

    checkout_id: str = ""
    client_secret: str = field(default="", repr=False)
    publishable_key: str = ""
    script: str = ""
    return_url: str = ""
    locale: str = ""
    amount: str = ""
    amount_text: str = ""

    EMPTY: ClassVar[CardPayment]


CardPayment.EMPTY = CardPayment()


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
    origin = Origin(actor.link_id, actor.session_id, path)
    return _open_one(runtime, actor, amount_text, invoice_id, origin).checkout.url or ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody wants to pay in one go.

    Attributes:
        invoice_ids: the chosen invoices; none is the whole balance in `currency`.
        amount_text: as typed, given to the oldest first; empty is all they ask for.
    """

    invoice_ids: tuple[int, ...] = ()
    currency: str = ""
    amount_text: str = ""


def start_together(
    runtime: Runtime, actor: Actor, chosen: Chosen, path: str = "/c/{key}"
) -> str:
    """Do `start` for several invoices, which one payment pays.

    Of the whole balance, what can't be paid online now is left out.

    Raises:
        as `start`.
    """
    assert isinstance(actor, PortalVisitor)
    system = SystemActor(actor.workspace_id, JOB)
    runtime.run(actor, attempts.check_may_pay)
    wanted = tuple(one.invoice_id for one in find_chosen(runtime, actor, chosen))
    origin = Origin(actor.link_id, actor.session_id, path)

    def prepare() -> Prepared:
        return runtime.run(
            system,
            online_payments.prepare_together,
            wanted,
            origin,
            chosen.amount_text,
        )

    return _open(runtime, system, prepare).checkout.url or ""


def find_chosen(
    runtime: Runtime, visitor: PortalVisitor, chosen: Chosen
) -> tuple[Asking, ...]:
    """Return the invoices that are to be paid, and what they ask for, oldest first.

    Raises:
        NotFound: one of them is not shown to this visitor.
        InvalidInput, LimitReached: none was chosen, or too many.
        NotPayable: nothing of the balance can be paid.
    """
    system = SystemActor(visitor.workspace_id, JOB)
    if chosen.invoice_ids:
        ids = runtime.run(visitor, attempts.find_shown_invoices, chosen.invoice_ids)
    else:
        ids = runtime.run(visitor, attempts.find_open_invoices, chosen.currency)
    askings = runtime.run(system, list_askings, visitor.customer_id, ids)
    if chosen.invoice_ids:
        return askings
    payable = tuple(asking for asking in askings if not asking.refusal)
    if askings and not payable:
        refusal = askings[0].refusal
        assert refusal is not None
        raise refusal
    if not payable:
        raise NotPayable(later("Nothing can be paid online at the moment."))
    return payable


def start_as_set(
    runtime: Runtime, link: OpenedLink, amount_text: str, path: str
) -> str | CardPayment:
    """Do `start`, or begin a payment on our own page where the business chose that.

    Raises:
        as `start`.
    """
    visitor = link.visitor
    if not link.setup.takes_card:
        return start(runtime, visitor, amount_text, path=path)
    origin = Origin(visitor.link_id, visitor.session_id, path, CardForm.EMBEDDED)
    opened = _open_one(runtime, visitor, amount_text, None, origin)
    attempt = opened.attempt
    return CardPayment(
        checkout_id=opened.checkout.id,
        client_secret=opened.checkout.client_secret,
        publishable_key=opened.connection.publishable_key,
        script=runtime.settings.stripe_script,
        return_url=f"{_page(runtime, attempt)}/paid",
        locale=checkout_locale(attempt.language),
        amount=format_money(attempt.amount_minor, attempt.currency, attempt.language),
        amount_text=amount_text,
    )


def cancel(runtime: Runtime, actor: Actor, checkout_id: str) -> AttemptStatus:
    """Close the visitor's own card form, because they changed their mind.

    Returns:
        Where it stands: money that was faster is booked.

    Raises:
        NotFound: it is no payment of this visitor.
        GatewayUnavailable: Stripe does not answer; it closes by itself later.
    """
    assert isinstance(actor, PortalVisitor)
    attempt_id, _ = runtime.run(actor, attempts.find_own_attempt, checkout_id)
    system = SystemActor(actor.workspace_id, JOB)
    expire_checkout(runtime, system, attempt_id)
    return runtime.run(system, attempts.read_attempt, attempt_id).status


def finish(runtime: Runtime, actor: Actor, checkout_id: str) -> AttemptStatus:
    """Bring home what happened on a payment page or card form of the visitor's.

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
    if not attempt.may_still_be_paid:
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
    read_at = runtime.now()
    checkout = connection.gateway.read_checkout(attempt.checkout_id)
    status = _apply(runtime, actor, connection, attempt, checkout, read_at)
    # Stripe closes its own pages in time, but not the payments of a card form.
    is_forgotten = checkout.is_card_form and attempt.expires_at <= read_at
    if status == AttemptStatus.OPEN and is_forgotten:
        close(runtime, actor, connection, attempt)
        return runtime.run(actor, attempts.read_attempt, attempt_id).status
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


@dataclass(frozen=True, slots=True)
class _Opened:
    attempt: Attempt
    connection: Connection
    checkout: Checkout


def _open_one(
    runtime: Runtime,
    actor: PortalVisitor,
    amount_text: str,
    invoice_id: int | None,
    origin: Origin,
) -> _Opened:
    system = SystemActor(actor.workspace_id, JOB)
    wanted = runtime.run(actor, attempts.find_invoice_to_pay, invoice_id)

    def prepare() -> Prepared:
        return runtime.run(system, online_payments.prepare, wanted, origin, amount_text)

    return _open(runtime, system, prepare)


def _open(
    runtime: Runtime, system: SystemActor, prepare: Callable[[], Prepared]
) -> _Opened:
    for _ in range(_TRIES):
        prepared = prepare()
        connection = _connect(runtime, system)
        for earlier in prepared.in_the_way:
            close(runtime, system, connection, earlier)
        attempt = prepared.attempt
        if attempt is None:
            continue
        if checkout := _go_on(runtime, system, connection, attempt):
            return _Opened(attempt, connection, checkout)
    raise Conflict(_BUSY)


def _go_on(
    runtime: Runtime, actor: SystemActor, connection: Connection, attempt: Attempt
) -> Checkout | None:
    """Return where to pay, or None when this attempt turned out to be over."""
    if attempt.checkout_id:
        read_at = runtime.now()
        checkout = connection.gateway.read_checkout(attempt.checkout_id)
        status = _apply(runtime, actor, connection, attempt, checkout, read_at)
        return checkout if status == AttemptStatus.OPEN else None
    checkout = _ask_for_page(runtime, actor, connection, attempt)
    is_wanted = runtime.run(
        actor, online_payments.attach, attempt.id, checkout.id, checkout.url or ""
    )
    return checkout if is_wanted else None


def _apply(
    runtime: Runtime,
    actor: SystemActor,
    connection: Connection,
    attempt: Attempt,
    checkout: Checkout,
    read_at: datetime,
) -> AttemptStatus:
    report = report_on(connection, checkout, read_at)
    status = runtime.run(actor, online_payments.apply_report, attempt.id, report)
    if report.refunded_minor or report.is_disputed:
        runtime.run(actor, online_payments.follow_up, attempt.id, report)
    return status


def _ask_for_page(
    runtime: Runtime, actor: SystemActor, connection: Connection, attempt: Attempt
) -> Checkout:
    """Open the page; the same attempt always gets the same one."""
    try:
        return _create(runtime, connection, attempt)
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
        checkout = _create(runtime, connection, attempt)
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


def _create(runtime: Runtime, connection: Connection, attempt: Attempt) -> Checkout:
    create = connection.gateway.create_checkout
    if attempt.card_form == CardForm.EMBEDDED:
        create = connection.gateway.create_card_form
    return create(_request(runtime, attempt), idempotency_key=attempt.key)


def _page(runtime: Runtime, attempt: Attempt) -> str:
    """Return the address of the page that the attempt was begun on."""
    key = attempt.slug
    if attempt.token_encrypted:
        key = runtime.cipher.decrypt(attempt.token_encrypted)
    return f"{runtime.public_url}{attempt.back_path.format(key=key)}"


def _request(runtime: Runtime, attempt: Attempt) -> CheckoutRequest:
    """Say what to open. It must stay the same for the same attempt."""
    page = _page(runtime, attempt)
    numbers = " ".join(attempt.invoice_numbers)[:METADATA_LENGTH_MAX]
    return CheckoutRequest(
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        title=title_of(attempt.invoice_numbers),
        reference=attempt.key,
        metadata={"invoice": numbers, "tallyport_attempt": attempt.key},
        # Stripe fills in the braces.
        success_url=f"{page}/paid?page={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{page}?paid=canceled",
        expires_at=attempt.expires_at,
        locale=attempt.language,
        customer_email=attempt.customer_email or None,
    )
