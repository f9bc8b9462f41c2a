"""The bare things our figures are compared with."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bench.figure import Reference, median_ms
from bench.ground import PORT, serving

BARE_PORT = PORT - 1


@dataclass(frozen=True, slots=True)
class BareServer:
    """What a server costs that does nothing, served as ours.

    Attributes:
        route: CPU milliseconds of a request.
        start: seconds to the first answer.
    """

    route: Reference
    start: Reference


async def _page(request: Request) -> HTMLResponse:
    return HTMLResponse(f"<h1>{request.path_params['token']}</h1>")


bare_app = Starlette(routes=[Route("/p/{token}", _page)])


def bare_server() -> BareServer:
    """Measure a Starlette route that does nothing."""
    command = ["-m", "uvicorn", "--port", str(BARE_PORT), "--no-access-log"]
    command += ["--log-level", "warning", "bench.references:bare_app"]
    url = f"http://127.0.0.1:{BARE_PORT}"
    with serving(*command, url=url, ready="/p/x") as served:
        milliseconds, _ = served.cpu_per_request_ms("/p/x", 2_000)
        seconds = served.start_seconds
    return BareServer(
        Reference("bare Starlette route", milliseconds),
        Reference("bare Starlette start", seconds),
    )


def bare_commit(folder: Path) -> Reference:
    """Milliseconds of one row and one durable commit in SQLite."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute("create table if not exists one (id integer primary key, x)")

    def commit() -> None:
        connection.execute("begin immediate")
        connection.execute("insert into one (x) values ('bare')")
        connection.execute("commit")

    milliseconds = median_ms(commit, 200)
    connection.close()
    return Reference("bare SQLite commit", milliseconds)


def bare_table(lines: int) -> Reference:
    """Milliseconds of a plain WeasyPrint table of that many lines, warm."""
    from weasyprint import HTML

    cells = "<td>{0}</td><td>Line {0}</td><td>1.00</td><td>10.00</td>"
    rows = "".join(f"<tr>{cells.format(x)}</tr>" for x in range(lines))
    html = f"<html lang=en><title>Bare</title><table>{rows}</table></html>"
    times = 5 if lines < 100 else 2
    milliseconds = median_ms(lambda: HTML(string=html).write_pdf(), times, warm_up=1)
    return Reference(f"bare WeasyPrint, {lines} rows", milliseconds)
