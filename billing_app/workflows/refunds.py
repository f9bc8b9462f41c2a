"""Return a customer's credit: through Stripe where the money came from there."""

from __future__ import annotations

from billing_app.domain.actors import StaffActor, SystemActor
from billing_app.domain.errors import BillingError
from billing_app.gateways.errors import GatewayUnavailable
from billing_app.runtime import Runtime
from billing_app.services import online_payments, settlements
from billing_app.services.settlements import Refunding
from billing_app.workflows.stripe_accounts import connect, read_report


def refund(
    runtime: Runtime,
    actor: StaffActor,
    payment_id: int,
    amount: str,
    seen_refunded_minor: int | None = None,
) -> None:
    """Send the unused rest of a payment, or a part of it, back to the customer.

    What came otherwise was returned by hand and is only written down. Stripe is asked
    outside of any transaction, under a key that stays until it answers: pressed
    twice, or after a crash, it is the same refund, and until then there is no other.
    What Stripe then says is booked as its webhook would be, whichever comes first.
    `seen_refunded_minor` is as of `settlements.start_refund`.

    Raises:
        NotFound: no such payment in this workspace.
        InvalidInput: not an amount, or more than the customer's credit in it.
        DoneMeanwhile: more is refunded than was seen.
        Conflict: it does not count, the customer's bank has claimed it, or another
            refund of it is not answered.
        NotConnected, GatewayUnavailable, GatewayRefused: nothing was changed here.
    """
    refunding = runtime.run(
        actor, settlements.start_refund, payment_id, amount, seen_refunded_minor
    )
    if refunding is not None:
        _through_stripe(runtime, refunding, SystemActor(actor.workspace_id, "refund"))


def _through_stripe(runtime: Runtime, it: Refunding, job: SystemActor) -> None:
    try:
        connection = connect(runtime, job)
        connection.gateway.refund(
            it.provider_payment_id,
            it.amount_minor,
            it.currency,
            idempotency_key=it.idempotency_key,
        )
    except GatewayUnavailable:
        # It may have been made: only the same may be asked for.
        raise
    except BillingError:
        _end(runtime, it, job)
        raise
    report = read_report(runtime, connection, it.checkout_id)
    runtime.run(job, online_payments.follow_up, it.attempt_id, report)
    _end(runtime, it, job)


def _end(runtime: Runtime, it: Refunding, job: SystemActor) -> None:
    runtime.run(job, settlements.end_refund, it.payment_id, it.idempotency_key)
