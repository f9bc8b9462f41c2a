"""tallyport worker: deliver and reconcile beside web processes that only serve."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal

from billing_app.commands.migrate import migrate
from billing_app.logs import redact_logs
from billing_app.runtime import Runtime, open_runtime
from billing_app.settings import load_settings
from billing_app.workflows.background import run_everything


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser  # It needs none.


def run(_: argparse.Namespace) -> int:
    redact_logs()
    settings = load_settings()
    migrate(settings)
    runtime = open_runtime(settings, is_worker=True)
    print("The worker is at work (stop with Ctrl+C).", flush=True)
    asyncio.run(work_until_told(runtime))
    runtime.engine.dispose()
    return 0


async def work_until_told(runtime: Runtime) -> None:
    """Work until a signal ends it; what was claimed is taken up again by others."""
    work = asyncio.create_task(run_everything(runtime))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work
