"""Keep the promises: claim due messages, deliver each, write down how it went."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from billing_app.database import outbox
from billing_app.database.outbox import Claimed
from billing_app.domain.actors import SystemActor
from billing_app.domain.errors import BillingError, DiskFull
from billing_app.domain.events import Topic
from billing_app.runtime import Runtime
from billing_app.workflows import deliveries, pay_online
from billing_app.workflows.mail_files import StillPrinting

log = logging.getLogger("tallyport.outbox")

# As few as a mail may have to wait for.
BATCH = 5
POLL_SECONDS = 5.0
# A delivery that takes so long keeps those of other workspaces waiting.
SLOW_SECONDS = 5.0
SLOW_WAITS = 4
# After this, what was claimed could be claimed by another before it is delivered.
_CLAIM_SECONDS = (outbox.LEASE - timedelta(seconds=80)).total_seconds()

# Somebody sits before a page that asks for it; it never waits behind documents.
URGENT = (Topic.MAIL_CODE,)
PRINTED = (Topic.RENDER_INVOICE, Topic.RENDER_RECEIPT, Topic.RENDER_CREDIT_NOTE)

Delivery = Callable[[Runtime, SystemActor, Claimed], None]


def _expire_checkout(runtime: Runtime, actor: SystemActor, message: Claimed) -> None:
    attempt_id = int(message.details["attempt_id"])
    pay_online.expire_checkout(runtime, actor, attempt_id)


DELIVERIES: dict[str, Delivery] = {
    Topic.RENDER_INVOICE: deliveries.render_document,
    Topic.RENDER_RECEIPT: deliveries.render_document,
    Topic.RENDER_CREDIT_NOTE: deliveries.render_document,
    Topic.MAIL_INVOICE: deliveries.mail_invoice,
    Topic.MAIL_LINK: deliveries.mail_link,
    Topic.MAIL_RECEIPT: deliveries.mail_receipt,
    Topic.MAIL_REFUND: deliveries.mail_refund,
    Topic.MAIL_CREDIT_NOTE: deliveries.mail_credit_note,
    Topic.MAIL_REMINDER: deliveries.mail_reminder,
    Topic.MAIL_COMMENT: deliveries.mail_comment,
    Topic.MAIL_DISPUTE_OPENED: deliveries.mail_dispute_opened,
    Topic.MAIL_DISPUTE_RESOLVED: deliveries.mail_dispute_resolved,
    Topic.MAIL_TEST: deliveries.mail_test,
    Topic.MAIL_CODE: deliveries.mail_code,
    Topic.EXPIRE_CHECKOUT: _expire_checkout,
}


@dataclass(slots=True)
class Turns:
    """Whose turn it is in one lane, so that nobody's slow mail server stops the others.

    A workspace whose delivery took long waits four times as long for its next.
    """

    _back_at: dict[int, float] = field(default_factory=lambda: dict[int, float]())

    def waiting(self) -> frozenset[int]:
        """Return the workspaces whose turn it is not."""
        now = time.monotonic()
        self._back_at = {who: at for who, at in self._back_at.items() if at > now}
        return frozenset(self._back_at)

    def take(self, workspace_id: int, began_at: float) -> None:
        """Note a delivery that is over, by when it began."""
        now = time.monotonic()
        took = now - began_at
        if took >= SLOW_SECONDS:
            self._back_at[workspace_id] = now + took * SLOW_WAITS


def deliver_due(
    runtime: Runtime,
    turns: Turns | None = None,
    *,
    only: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> int:
    """Deliver one batch of what is due; topics as `outbox.claim_due` takes them.

    What was claimed and would come too late, or out of turn, is given back.

    Returns:
        How many messages were taken; zero means that nothing is due.
    """
    turns = turns or Turns()
    claimed_at = time.monotonic()
    claimed = outbox.claim_due(
        runtime.engine,
        runtime.now(),
        BATCH,
        only=only,
        without=without,
        not_of=turns.waiting(),
    )
    for message in claimed:
        began_at = time.monotonic()
        is_late = began_at - claimed_at > _CLAIM_SECONDS
        if is_late or message.workspace_id in turns.waiting():
            outbox.give_back(runtime.engine, message)
            continue
        deliver(runtime, message)
        turns.take(message.workspace_id, began_at)
    return len(claimed)


def deliver(runtime: Runtime, message: Claimed) -> None:
    """Deliver one claimed message. A failure is put off, never raised."""
    actor = SystemActor(message.workspace_id, f"outbox:{message.topic}")
    try:
        DELIVERIES[message.topic](runtime, actor, message)
    except StillPrinting:
        outbox.put_back(runtime.engine, message, runtime.now())
    except BillingError as refusal:
        is_final = getattr(refusal, "is_permanent", False)
        _put_off(runtime, message, refusal.message, is_final=is_final)
    except Exception as error:
        # The edge of the loop: one message must not stop the others.
        log.exception("outbox.crashed topic=%s id=%s", message.topic, message.id)
        _put_off(runtime, message, f"{type(error).__name__}", is_final=False)
    else:
        outbox.mark_done(runtime.engine, message.id, runtime.now())
        _tell(runtime, message)


async def run_outbox(runtime: Runtime) -> None:
    """Deliver for ever: at once when something is promised, else every few seconds.

    Each print process has a lane, so that a batch of documents uses every core.
    """
    rest = partial(deliver_due, turns=Turns(), without=(*URGENT, *PRINTED))
    prints = partial(deliver_due, only=PRINTED)
    count = runtime.pdf.process_count
    # Threads of their own: pages never wait for one that prints.
    threads = ThreadPoolExecutor(count, "printing")
    try:
        await asyncio.gather(
            _run_lane(runtime, partial(deliver_due, turns=Turns(), only=URGENT)),
            _run_lane(runtime, rest),
            *(_run_lane(runtime, prints, threads) for _ in range(count)),
        )
    finally:
        threads.shutdown(wait=False)


async def _run_lane(
    runtime: Runtime,
    deliver_some: Callable[[Runtime], int],
    threads: ThreadPoolExecutor | None = None,
) -> None:
    loop = asyncio.get_running_loop()
    with runtime.bus.subscribe("outbox") as hints:
        while True:
            try:
                while await loop.run_in_executor(threads, deliver_some, runtime):
                    pass
            except DiskFull:
                log.warning("outbox.waits_for_room")
            except Exception:
                log.exception("outbox.loop_failed")
            await hints.wait(POLL_SECONDS)


def _put_off(runtime: Runtime, message: Claimed, error: str, *, is_final: bool) -> None:
    given_up = outbox.mark_failed(
        runtime.engine, message, runtime.now(), error, is_final=is_final
    )
    log.warning(
        "outbox.put_off topic=%s id=%s given_up=%s", message.topic, message.id, given_up
    )
    _tell(runtime, message)


def _tell(runtime: Runtime, message: Claimed) -> None:
    # Who prints a document tells its invoice's pages; that a mail has left is for
    # staff, and need not wake hundreds of customers.
    runtime.bus.publish(f"workspace:{message.workspace_id}")
