"""Keep a trace of who looks at the portal, and never be in the way of the page."""

from __future__ import annotations

import logging
from collections import OrderedDict
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from billing_app.database.authentication import OpenedLink
from billing_app.domain.errors import DiskFull
from billing_app.domain.visit import (
    Evidence,
    VisitKind,
    is_said_by_a_machine,
    keeps_fetched,
    once_key,
    seen_evidence,
)
from billing_app.runtime import Runtime
from billing_app.services import visits

log = logging.getLogger("tallyport.visits")

# One entry per link and hour; what falls out is asked of the database again.
_KNOWN_MAX = 10_000


class _Known:
    """The visits that this process has written lately, so that it asks once."""

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def add(self, key: str) -> bool:
        """Remember a key; tell whether it is new."""
        with self._lock:
            if key in self._keys:
                return False
            self._keys[key] = None
            if len(self._keys) > _KNOWN_MAX:
                self._keys.popitem(last=False)
            return True

    def has(self, key: str) -> bool:
        with self._lock:
            return key in self._keys

    def forget(self, key: str) -> None:
        with self._lock:
            self._keys.pop(key, None)


_known: WeakKeyDictionary[Engine, _Known] = WeakKeyDictionary()


def is_fetched_anew(runtime: Runtime, link: OpenedLink, kind: VisitKind) -> bool:
    """Say whether `note_fetched` has something to do; asks no database."""
    key = _fetched_key(runtime, link, kind)
    return bool(key) and not _known_in(runtime).has(key)


def note_fetched(runtime: Runtime, link: OpenedLink, kind: VisitKind) -> None:
    """Write down what was just sent to a visitor.

    The answer has left already: what goes wrong here is logged and nothing more.
    """
    visitor, detail = link.visitor, link.setup.settings.activity
    known, key = _known_in(runtime), _fetched_key(runtime, link, kind)
    if not key or not known.add(key):
        return
    try:
        runtime.run(visitor, visits.note_fetched, kind, detail)
    except DiskFull:
        known.forget(key)
    except Exception:
        # The edge of a request that was answered well.
        log.exception("visits.not_written")
        known.forget(key)


def _fetched_key(runtime: Runtime, link: OpenedLink, kind: VisitKind) -> str:
    """Name what was sent, for an hour; empty where nothing of it is kept."""
    visitor = link.visitor
    if not keeps_fetched(visitor, link.setup.settings.activity):
        return ""
    name = once_key(visitor, Evidence.FETCHED, kind, runtime.now())
    return f"{visitor.workspace_id}:{name}"


def note_seen(runtime: Runtime, link: OpenedLink, agent: str) -> None:
    """Write down that the visitor has had the page in view for two seconds.

    Hundreds may look at once: what this process has written is not written again.
    `agent` is what the browser calls itself: a crawler has seen nothing.
    """
    visitor, detail = link.visitor, link.setup.settings.activity
    if is_said_by_a_machine(agent):
        return
    if visitor.is_staff or visitor.is_preview:
        # They leave nothing, so nothing of theirs is known.
        runtime.run(visitor, visits.note_seen, detail)
        return
    name = once_key(visitor, seen_evidence(visitor), VisitKind.PAGE, runtime.now())
    known, key = _known_in(runtime), f"{visitor.workspace_id}:{name}:{detail}"
    if not known.add(key):
        return
    try:
        runtime.run(visitor, visits.note_seen, detail)
    except BaseException:
        known.forget(key)
        raise


def _known_in(runtime: Runtime) -> _Known:
    return _known.setdefault(runtime.engine, _Known())
