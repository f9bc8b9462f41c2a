"""make bench: print each figure beside its target and a reference of the same run.

Absolute figures move with the machine, so the ratio to the reference says more;
the targets are for a quiet machine with two cores, where all takes five to ten
minutes. One section: make bench BENCH="--only webhook".
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from bench import (
    account,
    builder,
    importing,
    printing,
    reading,
    references,
    secrecy,
    serving,
    writing,
)
from bench.figure import Row, head, rows
from bench.ground import Ground, make_ground
from billing_app.build import build_if_changed

INVOICES, CUSTOMERS = 10_000, 500
LARGE_ACCOUNT = 50_000
MILLION, MANY = 1_000_000, 20_000
IMPORTED = 100_000


def main() -> None:
    parser = argparse.ArgumentParser("make bench", description=__doc__)
    parser.add_argument(
        "--full",
        action="store_true",
        help="also a batch of a thousand PDFs, an import, and a million invoices",
    )
    parser.add_argument("--data", type=Path, help="keep the seeded data here")
    parser.add_argument(
        "--only",
        default="",
        metavar="TEXT",
        help=f"only sections whose name holds this: {', '.join((*_SECTIONS, *_FULL))}",
    )
    given = parser.parse_args()

    folder = given.data or Path(tempfile.mkdtemp(prefix="tallyport-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"Seeding {INVOICES:,} invoices in {folder} …", flush=True)
    ground = make_ground(folder, INVOICES, CUSTOMERS)
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} before the first figure.\n")
    print(head(), flush=True)

    def show(name: str, take: Callable[[], Iterable[Row]]) -> None:
        if given.only in name:
            for line in rows(take()):
                print(line, flush=True)

    commit = references.bare_commit(folder)
    show("list", lambda: reading.staff_list(ground, "10 thousand", commit))
    show("issue", lambda: writing.issue_with_five_lines(ground, commit))
    show("webhook", lambda: writing.webhook_to_ledger(ground, commit))
    if given.only in "account":
        large = make_ground(folder / "account", LARGE_ACCOUNT, 1)
        show("account", lambda: account.large_account(large, LARGE_ACCOUNT, commit))
        _build()
        with serving.the_server(large):
            show("account", lambda: account.account_visible(large, LARGE_ACCOUNT))
    show("secrecy", lambda: secrecy.same_time(ground))
    show("pdf", lambda: printing.first_pdf(ground))
    if any(given.only in name for name in _SERVED):
        _show_served(ground, show)
    if given.full:
        show("batch", lambda: printing.batch(ground))
        # Ten thousand take longer than all else but the start of servers.
        imported = folder / "imported"
        show("import", lambda: importing.import_invoices(imported, IMPORTED, commit))
        _show_million(folder, show, commit)
    print(f"\nLoad {os.getloadavg()[0]:.1f} after the last figure.")


_DIRECT = ("list", "issue", "webhook", "account", "secrecy", "pdf")
_SERVED = (
    "start",
    "page",
    "download",
    "weight",
    "visible",
    "memory",
    "crowd",
    "browser",
    "typing",
)


_SECTIONS = _DIRECT + _SERVED
_FULL = ("batch", "import")


def _show_served(ground: Ground, show: Callable[..., None]) -> None:
    _build()
    bare = references.bare_server()
    with serving.the_server(ground) as served:
        show("start", lambda: serving.warm_start(served, bare.start))
        show("page", lambda: serving.portal_page(ground, served, bare.route))
        show("download", lambda: serving.stored_pdf(ground, served, bare.route))
        show("weight", lambda: serving.portal_weight(ground))
        show("visible", lambda: serving.amount_visible(ground))
        show("memory", lambda: serving.memory_per_visitor(ground, served))
        show("crowd", lambda: serving.many_visitors(ground, served, bare.route))
        show("browser", lambda: serving.browser_to_browser(ground))
        show("typing", lambda: builder.typing(ground))


def _build() -> None:
    build_if_changed(lambda: print("Building the frontend …", flush=True))


def _show_million(
    folder: Path, show: Callable[..., None], commit: references.Reference
) -> None:
    print(f"Seeding {MILLION:,} invoices; this takes a while …", flush=True)
    ground = make_ground(folder / "million", MILLION, MANY)
    show("list", lambda: reading.staff_list(ground, "1 million", commit))


if __name__ == "__main__":
    main()
