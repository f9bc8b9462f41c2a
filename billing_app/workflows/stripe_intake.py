"""Stores webhooks that come together in one commit; each is answered after it."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from billing_app.database import inbox
from billing_app.database.inbox import Arrival
from billing_app.domain.actors import SystemActor
from billing_app.runtime import Runtime

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Place:
    """A webhook in the queue, whose thread waits for it to be stored."""

    arrival: Arrival
    is_stored: bool = False
    event_id: int | None = None


@dataclass(slots=True)
class _Queue:
    """The webhooks of one inbox; whoever has the turn stores all that wait."""

    turn: Lock = field(default_factory=Lock)
    waiting: list[_Place] = field(default_factory=lambda: list[_Place]())

    def take(self, first: _Place) -> list[_Place]:
        """Take what waits. `first` is among it, unless it was taken in vain before."""
        taken = self.waiting[:]
        del self.waiting[: len(taken)]
        return taken if first in taken else [first, *taken]


# A database, by its runtime in this process, and a workspace in it.
_queues: defaultdict[tuple[int, SystemActor], _Queue] = defaultdict(_Queue)


def store(runtime: Runtime, actor: SystemActor, arrival: Arrival) -> int | None:
    """Store a webhook, with those that wait for the same; return after the commit.

    Returns:
        Its id, or None when it came before.
    """
    queue = _queues[id(runtime), actor]
    place = _Place(arrival)
    queue.waiting.append(place)
    with queue.turn:
        if not place.is_stored:
            _store_with_others(runtime, actor, place, queue.take(place))
    return place.event_id


def _store_with_others(
    runtime: Runtime, actor: SystemActor, own: _Place, places: Sequence[_Place]
) -> None:
    """Store all, or only one's own where one can't be: the others take their turn."""
    if len(places) > 1:
        try:
            _store(runtime, actor, places)
        except Exception:
            log.warning("webhook.stored_apart count=%s", len(places), exc_info=True)
        else:
            return
    _store(runtime, actor, [own])


def _store(runtime: Runtime, actor: SystemActor, places: Sequence[_Place]) -> None:
    with runtime.unit(actor) as uow:
        event_ids = inbox.accept_all(uow, [place.arrival for place in places])
    for place, event_id in zip(places, event_ids, strict=True):
        place.is_stored, place.event_id = True, event_id
