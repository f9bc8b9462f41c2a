"""Webhooks that come together are stored together; each thread hears of its own."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from billing_app.database.inbox import Arrival
from billing_app.models import InboundEvent
from billing_app.workflows import stripe_intake


def arrival(external_id, payload="{}"):
    return Arrival(external_id, "payout.paid", "po_1", False, payload)


def stored(till):
    with till.world.reading(till.system) as uow:
        return uow.all(select(InboundEvent.external_id, InboundEvent.id))


@pytest.fixture
def queue(till):
    """The queue of the till's inbox; holding its turn lets webhooks gather."""
    queue = stripe_intake._queues[id(till.runtime), till.system]
    assert not queue.turn.locked()
    return queue


def gather(till, queue, arrivals):
    """Return a future for each, once all of them wait for one turn."""
    threads = ThreadPoolExecutor(len(arrivals))
    with queue.turn:
        futures = [
            threads.submit(stripe_intake.store, till.runtime, till.system, each)
            for each in arrivals
        ]
        while len(queue.waiting) < len(arrivals):
            pass
    threads.shutdown()
    return futures


class TestStore:
    def test_each_gets_its_own_id(self, till, queue):
        futures = gather(till, queue, [arrival(f"evt_{x}") for x in (3, 1, 2)])

        ids = [future.result() for future in futures]
        assert dict(zip(("evt_3", "evt_1", "evt_2"), ids, strict=True)) == dict(
            stored(till)
        )

    def test_those_that_gather_share_one_commit(self, till, queue):
        with till.world.unit(till.system) as uow:
            now = uow.now

        gather(till, queue, [arrival(f"evt_{x}") for x in range(5)])

        with till.world.reading(till.system) as uow:
            times = uow.all(select(InboundEvent.received_at))
        assert len(times) == 5
        assert len(set(times)) == 1
        assert times[0] >= now

    def test_of_two_alike_one_is_new(self, till, queue):
        futures = gather(till, queue, [arrival("evt_1"), arrival("evt_1")])

        assert [future.result() is None for future in futures].count(True) == 1
        assert len(stored(till)) == 1

    def test_what_came_before_is_not_new(self, till, queue):
        stripe_intake.store(till.runtime, till.system, arrival("evt_1"))

        futures = gather(till, queue, [arrival("evt_1"), arrival("evt_2")])

        assert futures[0].result() is None
        assert futures[1].result() is not None

    def test_one_that_can_not_be_stored_does_not_stop_the_others(self, till, queue):
        broken = arrival("evt_2", payload=None)

        futures = gather(till, queue, [arrival("evt_1"), broken, arrival("evt_3")])

        assert isinstance(futures[1].exception(), IntegrityError)
        assert sorted(name for name, _ in stored(till)) == ["evt_1", "evt_3"]
        assert [futures[x].result() is None for x in (0, 2)] == [False, False]
        assert queue.waiting == []
