"""Every quarter of an hour: bring home what no webhook or browser brought.

Doing it again changes nothing, so it also runs when the app starts.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from billing_app.database import inbox
from billing_app.database.authentication import list_system_actors
from billing_app.domain.actors import SystemActor
from billing_app.domain.errors import BillingError
from billing_app.queries import attempts
from billing_app.runtime import Runtime
from billing_app.workflows import pay_online, stripe_events
from billing_app.workflows.stripe_accounts import Connection, NotConnected, connect
from billing_app.workflows.stripe_bursts import AT_ONCE

log = logging.getLogger(__name__)

INTERVAL = timedelta(minutes=15)
# Whoever took in a webhook is at work on it for so long.
_WEBHOOK_QUIET = timedelta(minutes=1)
_ATTEMPT_QUIET = timedelta(minutes=2)
# Stripe tries a webhook for three days; what is older must have been seen.
_EVENTS_BACK = timedelta(days=3)
_EVENTS_OVERLAP = timedelta(minutes=30)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Round:
    """What one round over all workspaces did.

    Attributes:
        failures: things that did not work out and wait for the next round.
    """

    events: int = 0
    attempts: int = 0
    failures: int = 0

    def __add__(self, other: Round) -> Round:
        return Round(
            self.events + other.events,
            self.attempts + other.attempts,
            self.failures + other.failures,
        )


def run(runtime: Runtime) -> Round:
    """Go over every workspace; one that fails does not stop the others."""
    done = Round()
    for actor in list_system_actors(runtime.engine, "reconcile"):
        try:
            done += run_for(runtime, actor)
        except Exception:
            # The edge of the loop: the next workspace goes on.
            log.exception("reconcile.failed workspace=%s", actor.workspace_id)
            done += Round(failures=1)
    return done


def take_up(runtime: Runtime) -> None:
    """Work on webhooks that a process took in and did not live to work on.

    What was tried and failed waits for the next round.
    """
    for actor in list_system_actors(runtime.engine, "reconcile"):
        try:
            with runtime.reading(actor) as uow:
                untried = inbox.list_untried(uow, _WEBHOOK_QUIET, _AT_ONCE)
            _handle(runtime, actor, untried)
        except Exception:
            log.exception("reconcile.not_taken_up workspace=%s", actor.workspace_id)


def run_for(runtime: Runtime, actor: SystemActor) -> Round:
    """Take up waiting webhooks, missed events and unsettled attempts."""
    try:
        connection = connect(runtime, actor)
    except NotConnected:
        return Round()
    return (
        _fetch_missed(runtime, actor, connection)
        + _handle_waiting(runtime, actor)
        + _ask_unsettled(runtime, actor, connection)
    )


def _fetch_missed(
    runtime: Runtime, actor: SystemActor, connection: Connection
) -> Round:
    with runtime.reading(actor) as uow:
        newest = inbox.find_newest(uow)
    oldest = runtime.now() - _EVENTS_BACK
    since = oldest if newest is None else max(oldest, newest - _EVENTS_OVERLAP)
    try:
        events = connection.gateway.list_events(since)
    except BillingError as refusal:
        log.warning("reconcile.events_unread reason=%s", refusal.code)
        return Round(failures=1)
    new = stripe_events.accept_missed(runtime, actor, events)
    _handle(runtime, actor, new)
    return Round(events=len(new))


def _handle_waiting(runtime: Runtime, actor: SystemActor) -> Round:
    with runtime.reading(actor) as uow:
        waiting = inbox.list_waiting(uow, _WEBHOOK_QUIET, _AT_ONCE)
    _handle(runtime, actor, waiting)
    return Round(events=len(waiting))


def _handle(runtime: Runtime, actor: SystemActor, event_ids: Sequence[int]) -> None:
    for start in range(0, len(event_ids), AT_ONCE):
        stripe_events.handle_all(runtime, actor, event_ids[start : start + AT_ONCE])


def _ask_unsettled(
    runtime: Runtime, actor: SystemActor, connection: Connection
) -> Round:
    unsettled = runtime.run(actor, attempts.list_unsettled, _ATTEMPT_QUIET, _AT_ONCE)
    failures = 0
    for attempt_id in unsettled:
        try:
            pay_online.catch_up(runtime, actor, connection, attempt_id)
        except BillingError as refusal:
            log.warning(
                "reconcile.attempt_unread attempt=%s reason=%s",
                attempt_id,
                refusal.code,
            )
            failures += 1
    return Round(attempts=len(unsettled), failures=failures)
