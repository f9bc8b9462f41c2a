"""The worker keeps the outbox's promises and ends when it is told to."""

import asyncio
import os
import signal

from billing_app.commands.worker import work_until_told
from billing_app.models import OutboxMessage
from tests.support.billing import all_rows, an_invoice
from tests.support.world import World


async def test_delivers_what_is_promised_and_ends_at_a_signal(world: World):
    an_invoice(world, world.northwind)

    def waits() -> bool:
        messages = all_rows(world, world.northwind, OutboxMessage)
        return any(x.done_at is None for x in messages)

    topic = f"workspace:{world.northwind.workspace_id}"
    with world.runtime.bus.subscribe(topic) as hints:
        work = asyncio.create_task(work_until_told(world.runtime))
        while waits():
            assert await hints.wait(60)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(work, 10)

    mailbox = world.runtime.settings.data_dir / "mailbox"
    assert len(list(mailbox.glob("*.eml"))) == 1
