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

BROWSER_TESTS = "browser tests"
STEPS = {
    "check": ("make", "--no-print-directory", "check"),
    "tests": (*PYTEST, "-n", "2", "-rs"),
    # Two at a time, by their files: the tests of one share what they start.
    BROWSER_TESTS: (*PYTEST, "-n", "2", "--dist", "loadfile", "-rs", "tests/e2e"),
}


def main() -> int:
    results = {name: run(name, command) for name, command in STEPS.items()}
    passed, _ = results[BROWSER_TESTS]
    if not passed:
        # A busy machine can make a browser miss its time: what fails twice is broken.
        # What failed once is named in the output, and wants mending all the same.
        again = (*STEPS[BROWSER_TESTS], "--last-failed")
        results[BROWSER_TESTS] = run("browser tests that failed, once more", again)

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
