"""Figures of what comes in from another program: a large file, in one transaction."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from bench.figure import Measured, Reference, Row
from billing_app.settings import without_settings

HEAD = ("Number", "Customer", "Date", "Due date", "Item", "Quantity", "Price", "Tax %")
CUSTOMERS = 1_000
# Five minutes for 100,000.
SECONDS_EACH = 300 / 100_000
_FIRST_DAY = date(2020, 1, 1)


def import_invoices(folder: Path, count: int, commit: Reference) -> Iterator[Row]:
    """Import invoices of two lines each, as `tallyport import` does, and count memory.

    Half as many first, since only growth tells whether memory is flat.
    """
    half, _, _ = _import(folder / "half", count // 2)
    whole, seconds, cpu_seconds = _import(folder / "whole", count)
    bare = Reference(f"{count:,} bare SQLite commits", commit.value * count / 1000)
    yield Measured(
        f"import {count:,} invoices",
        seconds,
        "s",
        target=count * SECONDS_EACH,
        reference=bare,
    )
    yield Measured("its CPU", cpu_seconds, "s", reference=bare)
    yield Measured(
        "its memory at most",
        whole,
        "MB",
        target=half * 1.2,
        reference=Reference("half as many invoices", half),
    )


def _import(folder: Path, count: int) -> tuple[float, float, float]:
    """Return the most megabytes, the seconds and the CPU seconds of one import."""
    folder.mkdir(parents=True)
    file = folder / "invoices.csv"
    _write(file, count)
    command = [sys.executable, "-m", "billing_app.cli", "import", str(file)]
    command += ["--data", str(folder / "data"), "--numbers", "point"]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=without_settings(os.environ), stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"the import ended with {process.returncode}"
    return used.ru_maxrss / 1024, seconds, used.ru_utime + used.ru_stime


def _write(file: Path, count: int) -> None:
    with file.open("w", encoding="utf-8", newline="") as written:
        writer = csv.writer(written)
        writer.writerow(HEAD)
        for turn in range(count):
            day = _FIRST_DAY + timedelta(days=turn % 2_000)
            named = (f"OLD-{turn:07}", f"Customer {turn % CUSTOMERS}", day.isoformat())
            due = (day + timedelta(days=30)).isoformat()
            writer.writerow((*named, due, "Consulting", "3.25", "128.40", "0"))
            writer.writerow((*named, due, "Travel", "1", "45.00", "0"))
