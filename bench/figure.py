"""What a figure is, how it is taken, and how it is printed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """The bare thing a figure is compared with, taken in the same run.

    Attributes:
        value: in the unit of the figure.
    """

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure beside its target.

    Attributes:
        is_floor: the target is the least, not the most.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    is_floor: bool = False
    reference: Reference | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        is_met = (
            self.value >= self.target if self.is_floor else self.value <= self.target
        )
        return "ok" if is_met else "MISSED"


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """A figure that can't be taken here, and why."""

    name: str
    why: str


Row = Measured | NotMeasured
HEAD = ("figure", "measured", "target", "", "reference", "ratio")
_WIDTHS = (44, 14, 12, 7, 40, 7)


def median_ms(work: Callable[[], object], times: int, warm_up: int = 2) -> float:
    """Return the median milliseconds by the clock of one call."""
    for _ in range(warm_up):
        work()
    taken: list[float] = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def best_ms(work: Callable[[], object], times: int) -> float:
    """Return the shortest of several calls, warm: what the work itself costs."""
    work()
    taken: list[float] = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return min(taken)


def head() -> str:
    return _line(HEAD)


def rows(found: Iterable[Row]) -> Iterable[str]:
    for row in found:
        if isinstance(row, NotMeasured):
            yield f"{row.name[: _WIDTHS[0]]:{_WIDTHS[0]}}  not measured: {row.why}"
            continue
        reference, ratio = "", ""
        if row.reference is not None:
            reference = f"{row.reference.name}: {_number(row.reference.value)}"
            if row.reference.value:
                ratio = f"{row.value / row.reference.value:.1f}x"
        target = ""
        if row.target is not None:
            sign = "≥" if row.is_floor else "≤"
            target = f"{sign} {_number(row.target)}"
        measured = f"{_number(row.value)} {row.unit}"
        yield _line((row.name, measured, target, row.verdict, reference, ratio))
        if row.note:
            yield f"    {row.note}"


def _line(cells: tuple[str, ...]) -> str:
    padded = (f"{cell:{width}}" for cell, width in zip(cells, _WIDTHS, strict=True))
    return "  ".join(padded).rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
