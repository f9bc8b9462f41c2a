"""tallyport build: bring the frontend up to date."""

from __future__ import annotations

import argparse
import time

from billing_app.build import build_if_changed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser  # It needs none.


def run(_: argparse.Namespace) -> int:
    started = time.monotonic()
    has_built = build_if_changed(lambda: print("Building the frontend …", flush=True))
    seconds = time.monotonic() - started
    print(f"Built in {seconds:.0f} s." if has_built else "Nothing changed.")
    return 0
