"""Lets webhooks that come while others are worked on be worked on together."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from billing_app.domain.actors import SystemActor
from billing_app.runtime import Runtime
from billing_app.workflows import stripe_events

log = logging.getLogger(__name__)

# So many share a commit; the first of them waits for the last.
AT_ONCE = 50
# While they come in numbers, more of them share the next commit: what a commit costs,
# and what a booking costs beside its own rows, is most of what one alone costs.
GATHERING_SECONDS = 0.02


# A database, by its runtime in this process, and a workspace in it.
_Inbox = tuple[int, SystemActor]


@dataclass(slots=True)
class Bursts:
    """The webhooks of this process that wait for the thread that works on them.

    Nothing here is the only record: what is lost waits in the inbox.
    """

    work: Callable[[Runtime, SystemActor, Sequence[int]], None]
    _lock: Lock = field(default_factory=Lock)
    _waiting: defaultdict[_Inbox, list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _busy: set[_Inbox] = field(default_factory=lambda: set[_Inbox]())

    def handle(self, runtime: Runtime, actor: SystemActor, event_id: int) -> None:
        """Work on a webhook and what comes meanwhile, or leave it to who does.

        What can't be worked on waits in the inbox for the next round; what came
        meanwhile is worked on all the same.
        """
        inbox = (id(runtime), actor)
        with self._lock:
            self._waiting[inbox].append(event_id)
            if inbox in self._busy:
                return
            self._busy.add(inbox)
        try:
            while event_ids := self._take(inbox):
                self._work(runtime, actor, event_ids)
                if len(event_ids) > 1 and not self._is_full(inbox):
                    time.sleep(GATHERING_SECONDS)
        except BaseException:
            self._drop(inbox)
            raise

    def _work(
        self, runtime: Runtime, actor: SystemActor, event_ids: Sequence[int]
    ) -> None:
        try:
            self.work(runtime, actor, event_ids)
        except Exception:
            # The edge: nobody waits for an answer, but others for their turn.
            log.exception("webhook.burst_failed count=%s", len(event_ids))

    def _take(self, inbox: _Inbox) -> list[int]:
        """Take what waits; whoever finds nothing is no longer busy."""
        with self._lock:
            taken = self._waiting[inbox][:AT_ONCE]
            del self._waiting[inbox][:AT_ONCE]
            if not taken:
                self._busy.discard(inbox)
            return taken

    def _is_full(self, inbox: _Inbox) -> bool:
        with self._lock:
            return len(self._waiting[inbox]) >= AT_ONCE

    def _drop(self, inbox: _Inbox) -> None:
        with self._lock:
            self._waiting.pop(inbox, None)
            self._busy.discard(inbox)


bursts = Bursts(stripe_events.handle_all)
