"""What runs beside the pages: outbox, reconciliation, calendar, the bus's pump.

And once, when the first pages are out, a PDF is made to see whether it can be.

Embedded, the web process does it all. Scaled, web processes only listen to the
bus and `tallyport worker` does the work.
"""

from __future__ import annotations

import asyncio
import logging

from billing_app.runtime import Runtime
from billing_app.workflows import nightly, reconcile
from billing_app.workflows.outbox import run_outbox

log = logging.getLogger("tallyport.background")

# Stripe's webhooks arrive within seconds; this is for those that never do.
RECONCILE_SECONDS = 15 * 60
# Somebody has paid and waits to see it: a restart in a burst leaves webhooks behind.
INBOX_SECONDS = 60
# A reminder is late by that much at most, and asking costs next to nothing.
CALENDAR_SECONDS = 5 * 60
# Whoever waits for the start waits for a page.
TRY_OUT_AFTER_SECONDS = 5


async def run_beside_pages(runtime: Runtime) -> None:
    """Run until cancelled: what this web process has to do beside its pages."""
    if runtime.settings.is_embedded:
        await run_everything(runtime)
    else:
        await asyncio.gather(runtime.bus.pump(), try_printing_soon(runtime))


async def run_everything(runtime: Runtime) -> None:
    """Run until cancelled: all background work, in this process."""
    await asyncio.gather(
        runtime.bus.pump(),
        run_outbox(runtime),
        run_reconcile(runtime),
        run_inbox(runtime),
        run_calendar(runtime),
        try_printing_soon(runtime),
    )


async def try_printing_soon(runtime: Runtime) -> None:
    await asyncio.sleep(TRY_OUT_AFTER_SECONDS)
    await asyncio.to_thread(try_printing, runtime)


def try_printing(runtime: Runtime) -> None:
    """Make a tiny PDF; where that can't be done, the log says why, once.

    Pages of staff say it too, where they wait for a PDF. All else works.
    """
    problem = runtime.pdf.try_out()
    if problem:
        log.error("PDF can't be made here: %s", problem)


async def run_reconcile(runtime: Runtime) -> None:
    """Compare with Stripe at the start and every 15 minutes."""
    while True:
        try:
            await asyncio.to_thread(reconcile.run, runtime)
        except Exception:
            # The edge of the loop: the next round may be luckier.
            log.exception("reconcile.failed")
        await asyncio.sleep(RECONCILE_SECONDS)


async def run_inbox(runtime: Runtime) -> None:
    """Work each minute on webhooks whose process ended before it could."""
    while True:
        await asyncio.sleep(INBOX_SECONDS)
        try:
            await asyncio.to_thread(reconcile.take_up, runtime)
        except Exception:
            log.exception("inbox.failed")


async def run_calendar(runtime: Runtime) -> None:
    """Do what the calendar asks for, at the start and every five minutes."""
    while True:
        try:
            await asyncio.to_thread(nightly.run, runtime)
        except Exception:
            log.exception("calendar.failed")
        await asyncio.sleep(CALENDAR_SECONDS)
