"""Kill the process at any moment: nothing said is lost, nothing happens by half."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import pytest

from billing_app.database.verify import find_broken
from billing_app.domain.online_payment import AttemptStatus
from billing_app.models import Invoice, Payment, PaymentAttempt
from billing_app.services import online_payments
from tests.support.billing import all_rows
from tests.support.story import a_report
from tests.support.toil import toil
from tests.support.world import World, open_world, open_world_at

CYCLES = 50
# How many commits are waited for, and then how long: every moment gets its chance.
COMMITS_MAX = 5
SECONDS_MAX = 0.03

Said = tuple[str, int | str]


@pytest.mark.feature("R06")
def test_fifty_kills_lose_and_double_nothing(world_template: Path, tmp_path: Path):
    folder = tmp_path / "data"
    open_world(world_template, folder).runtime.engine.dispose()
    chance = random.Random(20261122)

    for cycle in range(CYCLES):
        said = set(kill_in_the_middle(folder, cycle, chance))
        world = open_world_at("", folder)
        world.clock.advance(minutes=cycle, seconds=30, days=31 * (cycle // 5))
        assert said <= kept(world)
        tell_again(world)
        if cycle % 10 == 9:
            assert find_broken(world.runtime.engine, world.clock.now) == []
        world.runtime.engine.dispose()

    world = open_world_at("", folder)
    payments = all_rows(world, world.northwind, Payment)
    assert len(payments) >= CYCLES


def kill_in_the_middle(
    folder: Path, cycle: int, chance: random.Random
) -> Iterator[Said]:
    """Let a process work, kill it with signal 9, return what it had said."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.support.toil"])
    hears, says = context.Pipe(duplex=False)
    process = context.Process(target=toil, args=(folder, cycle, says), daemon=True)
    process.start()
    says.close()
    for _ in range(chance.randint(1, COMMITS_MAX)):
        yield hears.recv()
    time.sleep(chance.uniform(0, SECONDS_MAX))
    process.kill()
    process.join()
    with suppress(EOFError):
        while True:
            yield hears.recv()


def kept(world: World) -> set[Said]:
    place = world.northwind
    rows = all_rows(world, place, Payment)
    return {
        *(("invoice", x.id) for x in all_rows(world, place, Invoice) if x.number),
        *(("payment", x.request_key) for x in rows if x.request_key),
        *(("attempt", x.attempt_id) for x in rows if x.attempt_id),
    }


def tell_again(world: World) -> None:
    """Report on every attempt once more, as Stripe does after a crash."""
    place = world.northwind
    for attempt in all_rows(world, place, PaymentAttempt)[-3:]:
        told = a_report(world, attempt.id, AttemptStatus.SUCCEEDED, 6_000)
        world.run(place.system, online_payments.apply_report, attempt.id, told)
