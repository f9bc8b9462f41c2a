"""Accidents on order: what can go wrong between us and Stripe, a number of times."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What goes wrong, with requests to the API or with webhooks from it.

    ERROR_500 is Stripe's own failure and is replayed for its idempotency key, as
    at Stripe; UNAVAILABLE_503, CONFLICT_409 and RATE_LIMIT_429 run nothing, so the
    same key may succeed later. TIMEOUT does the work and then says nothing.
    """

    ERROR_500 = "error_500"
    UNAVAILABLE_503 = "unavailable_503"
    CONFLICT_409 = "conflict_409"
    RATE_LIMIT_429 = "rate_limit_429"
    TIMEOUT = "timeout"
    WEBHOOK_TWICE = "webhook_twice"
    WEBHOOK_LATE = "webhook_late"
    WEBHOOK_REORDERED = "webhook_reordered"
    WEBHOOK_LOST = "webhook_lost"

    @property
    def is_about_webhooks(self) -> bool:
        return self.value.startswith("webhook_")


@dataclass(slots=True)
class ArmedFault:
    """A fault waiting to happen.

    Attributes:
        times: how often it will still happen.
        match: the part of a request's path, or of an event's type, it waits for.
        seconds: how long a timeout or a delay takes.
    """

    fault: Fault
    times: int = 1
    match: str = ""
    seconds: int = 30


class Faults:
    """The faults that are armed, in the order they were armed."""

    def __init__(self) -> None:
        self._armed: list[ArmedFault] = []

    def arm(self, fault: ArmedFault) -> None:
        self._armed.append(fault)

    def clear(self) -> None:
        self._armed.clear()

    def list_armed(self) -> tuple[ArmedFault, ...]:
        return tuple(self._armed)

    def take_for_request(self, path: str) -> ArmedFault | None:
        return self._take(path, about_webhooks=False)

    def take_for_event(self, kind: str) -> ArmedFault | None:
        return self._take(kind, about_webhooks=True)

    def _take(self, subject: str, *, about_webhooks: bool) -> ArmedFault | None:
        for armed in self._armed:
            fits = armed.fault.is_about_webhooks is about_webhooks
            if fits and armed.match in subject:
                armed.times -= 1
                if armed.times <= 0:
                    self._armed.remove(armed)
                return armed
        return None
