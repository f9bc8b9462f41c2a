"""Run the checks and all tests, each group in a process of its own, then sum up."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTEST = (sys.executable, "-m", "pytest")
# What pytest answers when it finds no test at all.
_NOTHING_COLLECTED = 5

STEPS = {
    "check": ("make", "--no-print-directory", "check"),
    "tests": (*PYTEST, "-n", "2", "-rs"),
    "browser tests": (*PYTEST, "-rs", "tests/e2e"),
}


def main() -> int:
    results = {name: run(name, command) for name, command in STEPS.items()}

    print("\n== Summary")
    for name, (passed, seconds) in results.items():
        print(f"{'passed' if passed else 'FAILED'}  {seconds:5.0f} s  {name}")
    return 0 if all(passed for passed, _ in results.values()) else 1


def run(name: str, command: tuple[str, ...]) -> tuple[bool, float]:
    print(f"\n== {name}: {' '.join(command)}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    return code in (0, _NOTHING_COLLECTED), time.monotonic() - started


if __name__ == "__main__":
    sys.exit(main())
