"""What pages remember in Redis, locked so that a person who leaves locks nobody out.

Loading a page ends when its visitor goes on to the next one. Where Reflex was just
asking Redis for the lock of what the page remembers, or giving it back, that lock is
left to nobody, and the next page of the same tab waits until it expires: ten seconds
of an empty page.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

import reflex as rx
from reflex.istate.manager.redis import StateManagerRedis

R = TypeVar("R")

# The loop itself keeps no task alive.
_going_on: set[asyncio.Future[Any]] = set()


class PageStates(StateManagerRedis):
    """Takes and gives back each lock as a whole, also for whoever is cancelled."""

    @contextlib.asynccontextmanager
    async def _lock(self, *args: Any, **kwargs: Any) -> AsyncIterator[bytes]:
        lock = super()._lock(*args, **kwargs)
        taking = _go_on(lock.__aenter__())
        try:
            lock_id = await asyncio.shield(taking)
        except asyncio.CancelledError:
            _go_on(_take_and_give_back(lock, taking))
            raise
        try:
            yield lock_id
        except BaseException as error:
            about = type(error), error, error.__traceback__
            await asyncio.shield(_go_on(lock.__aexit__(*about)))
            raise
        await asyncio.shield(_go_on(lock.__aexit__(None, None, None)))


async def _take_and_give_back(
    lock: contextlib.AbstractAsyncContextManager[bytes], taking: asyncio.Future[bytes]
) -> None:
    await taking
    await lock.__aexit__(None, None, None)


def _go_on(work: Awaitable[R]) -> asyncio.Future[R]:
    """Let work go on to its end, whoever waits for it."""
    task = asyncio.ensure_future(work)
    _going_on.add(task)
    task.add_done_callback(_going_on.discard)
    return task


def use_page_states(app: rx.App) -> None:
    """Let an app that keeps its states in Redis keep them so."""
    states = app.state_manager
    if isinstance(states, StateManagerRedis):
        app._state_manager = PageStates(
            redis=states.redis,
            token_expiration=states.token_expiration,
            lock_expiration=states.lock_expiration,
            lock_warning_threshold=states.lock_warning_threshold,
        )
