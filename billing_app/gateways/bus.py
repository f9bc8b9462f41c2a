"""Tells open pages that something changed: within the process, or through Redis.

Only the names of topics travel. Whoever is told reads the database anew with
their own rights, so a lost message costs a moment and a forged one nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator

import redis
import redis.asyncio

from billing_app.domain.change import Change

log = logging.getLogger(__name__)

_CHANNEL = "tallyport:changes"
_REDIS_TIMEOUT_SECONDS = 1.0
_OUTAGE_PAUSE_SECONDS = 1.0
_LIVENESS_SECONDS = 10.0


class Hints:
    """What one reader has been told since it last asked.

    Attributes:
        last: the change that ended the last wait, to be read with all who were told
            of it; nobody else's where there was none.
    """

    def __init__(self, bus: Bus, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.last = Change()
        self._bus = bus
        self._newest = Change()
        self._topics: set[str] = set()
        self._told = asyncio.Event()

    def follow(self, *topics: str) -> None:
        """Be told of these topics, too; from any thread."""
        self._bus.add_reader(self, topics)

    async def wait(self, timeout: float) -> frozenset[str]:
        """Return the topics that changed; none when nothing did in `timeout` seconds.

        Any number of hints for a topic collapse into one.
        """
        # What was read together for the last one is not kept for this reader.
        self.last = Change()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._told.wait()

        topics = frozenset(self._topics)
        self.last, self._newest = self._newest, Change()
        self._topics.clear()
        self._told.clear()
        return topics

    def tell(self, topics: Iterable[str], change: Change) -> None:
        """Note topics; only from the reader's own event loop."""
        self._topics.update(topics)
        # Hints may overtake each other; what is read for the newest has them all.
        if change.number > self._newest.number:
            self._newest = change
        self._told.set()


class Bus:
    """Carries hints from whoever commits to whoever looks.

    Without a Redis URL the hints stay in this process. With one they also reach
    the other processes, as long as each of them runs `pump`.
    """

    def __init__(self, redis_url: str | None = None) -> None:
        self._redis_url = redis_url
        self._sender = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._readers: dict[str, set[Hints]] = defaultdict(set)
        self._followed: dict[Hints, set[str]] = {}
        self._numbers = itertools.count(1)
        self._silent_until = 0.0
        self._redis = (
            redis.Redis.from_url(
                redis_url,
                socket_timeout=_REDIS_TIMEOUT_SECONDS,
                socket_connect_timeout=_REDIS_TIMEOUT_SECONDS,
                decode_responses=True,
            )
            if redis_url
            else None
        )

    def publish(self, *topics: str) -> None:
        """Tell every reader of these topics; from any thread, and never fails."""
        assert not any("\n" in topic for topic in topics), topics
        if not topics:
            return

        self._tell(topics)
        self._send(topics)

    @contextlib.contextmanager
    def subscribe(self, *topics: str) -> Iterator[Hints]:
        """Collect hints while the block runs. Subscribe first, then read."""
        hints = Hints(self, asyncio.get_running_loop())
        with self._lock:
            self._followed[hints] = set()
        self.add_reader(hints, topics)
        try:
            yield hints
        finally:
            self._forget(hints)

    def add_reader(self, hints: Hints, topics: Iterable[str]) -> None:
        """Tell a reader of these topics from now on, until its block ends."""
        with self._lock:
            followed = self._followed.get(hints)
            if followed is None:
                # Its block has ended meanwhile.
                return
            followed.update(topics)
            for topic in topics:
                self._readers[topic].add(hints)

    def count_readers(self) -> int:
        """Count the open subscriptions of this process."""
        with self._lock:
            return len(self._followed)

    async def pump(self) -> None:
        """Relay the other processes' hints to this one's readers, until cancelled.

        Outlives outages: afterwards every reader is told of its topics, because
        hints may have been lost meanwhile.
        """
        while self._redis_url is not None:
            try:
                await self._relay()
            except (redis.RedisError, OSError) as error:
                log.warning("bus.redis_lost error=%s", type(error).__name__)
                await asyncio.sleep(_OUTAGE_PAUSE_SECONDS)

    def close(self) -> None:
        if self._redis is not None:
            self._redis.close()

    async def _relay(self) -> None:
        assert self._redis_url is not None
        client = redis.asyncio.Redis.from_url(
            self._redis_url,
            socket_connect_timeout=_REDIS_TIMEOUT_SECONDS,
            health_check_interval=int(_LIVENESS_SECONDS),
            decode_responses=True,
        )
        async with client, client.pubsub() as channel:
            await channel.subscribe(_CHANNEL)
            while True:
                message = await channel.get_message(timeout=_LIVENESS_SECONDS)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    self._tell_everybody()
                elif message["type"] == "message":
                    self._receive(message["data"])

    def _receive(self, message: str) -> None:
        sender, *topics = message.split("\n")
        if sender != self._sender:
            self._tell(topics)

    def _send(self, topics: Iterable[str]) -> None:
        if self._redis is None or time.monotonic() < self._silent_until:
            return
        try:
            self._redis.publish(_CHANNEL, "\n".join((self._sender, *topics)))
        except (redis.RedisError, OSError) as error:
            # A commit must not wait for each hint while Redis is away.
            self._silent_until = time.monotonic() + _OUTAGE_PAUSE_SECONDS
            log.warning("bus.hint_lost error=%s", type(error).__name__)

    def _tell_everybody(self) -> None:
        with self._lock:
            topics = tuple(self._readers)
        self._tell(topics)

    def _tell(self, topics: Iterable[str]) -> None:
        told: dict[Hints, set[str]] = defaultdict(set)
        with self._lock:
            change = Change(next(self._numbers))
            for topic in topics:
                for hints in self._readers.get(topic, ()):
                    told[hints].add(topic)
        for hints, changed in told.items():
            # A closed loop has nobody left to tell.
            with contextlib.suppress(RuntimeError):
                hints.loop.call_soon_threadsafe(hints.tell, changed, change)

    def _forget(self, hints: Hints) -> None:
        with self._lock:
            for topic in self._followed.pop(hints):
                readers = self._readers[topic]
                readers.discard(hints)
                if not readers:
                    del self._readers[topic]
