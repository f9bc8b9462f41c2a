"""A person who leaves a page while it loads keeps nobody from the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import reflex as rx
from redis.asyncio import Redis
from reflex.istate.manager.token import BaseStateToken
from reflex.state import OnLoadInternalState
from reflex_base.registry import RegistrationContext

from billing_app.web.page_states import PageStates, use_page_states
from tests.support.redis import running_redis

# Far more than any of this takes, and far less than a lock that is left to nobody.
LONG = 5
TAB = BaseStateToken(ident="tab", cls=OnLoadInternalState)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with running_redis() as server:
        yield server.connection_url


@pytest.fixture
async def states(redis_url: str) -> AsyncIterator[PageStates]:
    states = PageStates(redis=Redis.from_url(redis_url))
    yield states
    await states.close()


async def load(states: PageStates) -> None:
    """Do what loading a page does to what it remembers."""
    async with states.modify_state(TAB) as page:
        page.is_hydrated = True


async def test_whenever_somebody_leaves_the_next_page_loads(states: PageStates):
    await load(states)
    is_left_early = True
    steps = 0
    while is_left_early:
        loading = asyncio.create_task(load(states))
        for _ in range(steps):
            await asyncio.sleep(0)
        loading.cancel()
        (outcome,) = await asyncio.gather(loading, return_exceptions=True)
        is_left_early = isinstance(outcome, asyncio.CancelledError)
        steps += 1

        async with asyncio.timeout(LONG):
            await load(states)


async def test_two_never_hold_a_page_at_once(states: PageStates):
    holders = 0

    async def hold() -> None:
        nonlocal holders
        async with states.modify_state(TAB):
            holders += 1
            assert holders == 1
            await asyncio.sleep(0)
            holders -= 1

    pages = [asyncio.create_task(hold()) for _ in range(10)]
    async with asyncio.timeout(LONG):
        await asyncio.gather(*pages)


async def test_what_goes_wrong_is_told_and_frees_the_page(states: PageStates):
    with pytest.raises(ZeroDivisionError):
        async with states.modify_state(TAB):
            raise ZeroDivisionError

    async with asyncio.timeout(LONG):
        await load(states)


def test_an_app_without_redis_keeps_its_states_as_they_are():
    # Another test may have made the app of this process.
    with RegistrationContext.get().fork():
        app = rx.App()
        before = app.state_manager
        use_page_states(app)
        assert app.state_manager is before
