"""tallyport verify: ask the database whether all its rules hold."""

from __future__ import annotations

import argparse

from billing_app.commands._installed import load_installed
from billing_app.database.audit_chain import ChainReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--audit",
        action="store_true",
        help="check the seals of the audit trail too, from the first entry on",
    )


def run(arguments: argparse.Namespace) -> int:
    from billing_app.database import migrations
    from billing_app.database.audit_chain import check_chains
    from billing_app.database.engine import open_engine, require_answer
    from billing_app.database.verify import find_broken, find_lost_files
    from billing_app.gateways.files import FileStore
    from billing_app.runtime import system_clock

    settings = load_installed()
    engine = open_engine(settings.database_url)
    require_answer(engine)
    broken = find_broken(engine, system_clock())
    # Tables of another version have no files and seals to ask for, or others.
    is_known = migrations.is_at_head(engine)
    if is_known:
        broken += find_lost_files(engine, FileStore(settings.data_dir / "files"))
    trails = check_chains(engine) if is_known and arguments.audit else []
    engine.dispose()
    for found in broken:
        print(f"{found.code:7} {found.says}")
    for trail in trails:
        _print(trail)
    if broken or any(trail.break_ for trail in trails):
        return 1
    print("Everything holds.")
    return 0


def _print(trail: ChainReport) -> None:
    if trail.break_:
        print(f"INV-11  {trail.workspace}: {trail.break_}")
        return
    waiting = f", {trail.unsealed} not sealed yet" if trail.unsealed else ""
    print(f"{trail.workspace}: {trail.entry_count} audit entries sealed{waiting}.")
    print(f"  Last seal: {trail.last_seal}")
