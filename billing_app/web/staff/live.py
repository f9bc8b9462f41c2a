"""Keeps an open staff page up to date: told of changes, it reads again."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

from billing_app import runtime
from billing_app.queries.shell import read_place
from billing_app.web.doors import StaffState

# A hint can get lost on the way; looking again now and then mends that.
LOOK_AGAIN_SECONDS = 30


async def changes(state: StaffState, *topics: str) -> AsyncIterator[None]:
    """Yield whenever something in the workspace, or of these topics, may have changed.

    Yields once at the beginning, since a change may have come before it listened.
    """
    page: Any = state
    async with page:
        turn = page._watching = secrets.token_hex(4)
    workspace_id = await page._run(read_place)
    bus = runtime.current().bus
    with bus.subscribe(f"workspace:{workspace_id}", *topics) as hints:
        # Who asks to watch once more is told by that watch alone.
        while page._watching == turn:
            yield
            await hints.wait(LOOK_AGAIN_SECONDS)
