"""tallyport verify: ask the database whether all its rules hold."""

from __future__ import annotations

import argparse

from billing_app.settings import load_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser  # It needs none.


def run(_: argparse.Namespace) -> int:
    from billing_app.database.engine import open_engine
    from billing_app.database.verify import find_broken
    from billing_app.runtime import system_clock

    engine = open_engine(load_settings().database_url)
    broken = find_broken(engine, system_clock())
    engine.dispose()
    for found in broken:
        print(f"{found.code:7} {found.says}")
    if broken:
        return 1
    print("Everything holds.")
    return 0
