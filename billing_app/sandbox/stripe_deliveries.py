"""Delivers the stand-in's webhooks: signed, at least once, in no promised order."""

from __future__ import annotations

import functools
import heapq
import itertools
import json
import logging
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import httpx
from stripe import WebhookSignature

from billing_app.sandbox.stripe_account import SandboxAccount
from billing_app.sandbox.stripe_faults import Fault, Faults
from billing_app.sandbox.stripe_objects import Json

log = logging.getLogger(__name__)

# Stripe tries for three days; a rehearsal has less time.
RETRY_SECONDS = (1, 2, 5, 15, 60, 300, 1800)
# Long enough for whatever else happens in the same breath to arrive first.
_REORDER_SECONDS = 0.5
_ANSWER_SECONDS = 10
_REMEMBERED = 200


@dataclass(slots=True)
class Delivery:
    """One event on its way to one address.

    Attributes:
        outcome: what the last try came to, for the control page.
    """

    account: SandboxAccount
    event: Json
    tries: int = 0
    outcome: str = "waiting"


class Deliveries:
    """A queue ordered by time, worked off by one thread."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        faults: Faults,
        tick: Callable[[], None],
        retry_seconds: Sequence[float],
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._tick = tick
        self._retry_seconds = retry_seconds
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._numbers = itertools.count()
        self._under_way = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_stopping = False
        self.recent: deque[Delivery] = deque(maxlen=_REMEMBERED)

    def start(self) -> None:
        assert self._thread is None
        self._is_stopping = False
        self._thread = threading.Thread(
            target=self._work, name="stand-in-stripe-webhooks", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        if self._thread is None:
            return
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        self._thread.join()
        self._thread = None

    def report(self, account: SandboxAccount, event: Json) -> None:
        """Queue an event, and do to it what an armed fault wants."""
        if account.webhook_url is None:
            return

        delivery = Delivery(account, event)
        self.recent.append(delivery)
        armed = self._faults.take_for_event(event["type"])
        with self._changed:
            match armed.fault if armed else None:
                case Fault.WEBHOOK_LOST:
                    delivery.outcome = "lost on the way"
                case Fault.WEBHOOK_LATE:
                    assert armed is not None
                    self._queue(delivery, armed.seconds)
                case Fault.WEBHOOK_REORDERED:
                    self._queue(delivery, _REORDER_SECONDS)
                case Fault.WEBHOOK_TWICE:
                    self._queue(delivery)
                    self._queue(delivery)
                case _:
                    self._queue(delivery)
            self._changed.notify_all()

    def send_again(self, event_id: str) -> None:
        """Deliver an event once more, as Stripe's dashboard can."""
        with self._changed:
            for delivery in list(self.recent):
                if delivery.event["id"] == event_id:
                    self._queue(Delivery(delivery.account, delivery.event))
                    break
            self._changed.notify_all()

    def wait_until_quiet(self, timeout_seconds: float) -> bool:
        """Wait until nothing is due or under way; tell whether that came true."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._under_way, timeout_seconds
            )

    def _queue(self, delivery: Delivery, seconds: float = 0) -> None:
        due = time.monotonic() + seconds
        heapq.heappush(self._waiting, (due, next(self._numbers), delivery))

    def _work(self) -> None:
        with httpx.Client(
            timeout=_ANSWER_SECONDS, trust_env=False, verify=_tls()
        ) as client:
            while not self._is_stopping:
                self._tick()
                delivery = self._take_due()
                if delivery is None:
                    continue
                is_accepted = self._deliver(client, delivery)
                self._settle(delivery, is_accepted=is_accepted)

    def _take_due(self) -> Delivery | None:
        """Wait up to half a second for something to deliver."""
        with self._changed:
            pause = 0.5
            if self._waiting:
                pause = min(pause, self._waiting[0][0] - time.monotonic())
            if pause > 0:
                self._changed.wait(pause)
            if not self._waiting or self._waiting[0][0] > time.monotonic():
                return None
            self._under_way += 1
            return heapq.heappop(self._waiting)[2]

    def _deliver(self, client: httpx.Client, delivery: Delivery) -> bool:
        assert delivery.account.webhook_url is not None
        payload = json.dumps(delivery.event)
        signature = WebhookSignature.generate_signature_header(
            payload,
            delivery.account.webhook_secret,
            int(self._clock().timestamp()),
        )
        delivery.tries += 1
        try:
            answer = client.post(
                delivery.account.webhook_url,
                content=payload,
                headers={
                    "Content-Type": "application/json; charset=utf-8",
                    "Stripe-Signature": signature,
                    "User-Agent": "Stripe/1.0 (stand-in)",
                },
            )
        except httpx.HTTPError as error:
            delivery.outcome = f"no answer ({type(error).__name__})"
            return False
        delivery.outcome = f"answered {answer.status_code}"
        return answer.is_success

    def _settle(self, delivery: Delivery, *, is_accepted: bool) -> None:
        with self._changed:
            self._under_way -= 1
            if not is_accepted and delivery.tries <= len(self._retry_seconds):
                self._queue(delivery, self._retry_seconds[delivery.tries - 1])
            elif not is_accepted:
                delivery.outcome += ", given up"
                log.warning("sandbox.webhook_given_up event=%s", delivery.event["id"])
            self._changed.notify_all()


@functools.cache
def _tls() -> ssl.SSLContext:
    """Read the system's certificates once."""
    return httpx.create_ssl_context(trust_env=False)
