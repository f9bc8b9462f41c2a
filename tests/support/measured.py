"""A command in a process of its own, and what it took."""

from __future__ import annotations

import io
import re
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from billing_app.cli import main


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command.

    Attributes:
        megabytes: of memory, at most, beyond what the process began with.
    """

    code: int
    said: str
    seconds: float
    megabytes: int


def run_command(*arguments: str) -> Ran:
    """Run `tallyport` in a fresh process; one that crashes raises EOFError here."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.support.measured"])
    hears, says = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(arguments, says), daemon=True)
    process.start()
    says.close()
    try:
        return hears.recv()
    finally:
        process.join()


def _run(arguments: tuple[str, ...], says: Connection) -> None:
    written, began, before = io.StringIO(), time.monotonic(), _peak_kilobytes()
    with redirect_stdout(written), redirect_stderr(written):
        code = main(list(arguments))
    seconds = time.monotonic() - began
    megabytes = (_peak_kilobytes() - before) // 1024
    says.send(Ran(code, written.getvalue(), seconds, megabytes))


def _peak_kilobytes() -> int:
    """Return the most memory this process had at a time, as Linux counts it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])
