"""One change that open pages are told of, and what they read of it together."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

R = TypeVar("R")


class Change:
    """What all who were told of the same change have in common.

    Who comes first reads, and leaves for its equals what was read: it is as new as
    the change, since the reading began after it, and is forgotten with it.

    Attributes:
        number: later changes have greater ones.
    """

    __slots__ = ("_lock", "_readings", "number")

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self._lock = Lock()
        self._readings: dict[Hashable, _Reading] = {}

    def once(self, key: Hashable, read: Callable[[], R]) -> R:
        """Return what was read under this key, read it if nobody has; in a thread.

        The key names all that decides what is read: also who reads, and what for. A
        reading that fails is for whoever did it; the next one tries again.
        """
        with self._lock:
            reading = self._readings.setdefault(key, _Reading())
        with reading.lock:
            if not reading.is_done:
                reading.found, reading.is_done = read(), True
            return reading.found


class _Reading:
    __slots__ = ("found", "is_done", "lock")

    def __init__(self) -> None:
        self.lock = Lock()
        self.is_done = False
        self.found: Any = None
