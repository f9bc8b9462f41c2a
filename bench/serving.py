"""Figures of a real server: its pages, files, start and memory."""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import brotli
import httpx
from sqlmodel import select

from bench.browser import amount_visible_ms, loaded_files, ms_between_screens
from bench.figure import Measured, NotMeasured, Reference, Row
from bench.ground import PORT, Ground, Served, serving
from bench.visitors import crowd, grown_kb, record
from billing_app.database.outbox import oldest_waiting
from billing_app.domain.cookies import session_cookie
from billing_app.domain.portal_settings import CommentMode, PortalSettings, WriteAuth
from billing_app.models import WorkspaceSettings
from billing_app.services import issued_documents
from billing_app.workflows.deliveries import print_document

URL = f"http://localhost:{PORT}"
VISITORS = 50
CROWD = 500
SCREENS = 5
_IDLE_SECONDS_MAX = 600
NO_PAGE = "the portal page is not painted yet"


@contextmanager
def the_server(ground: Ground) -> Iterator[Served]:
    """Start twice, so that the second start is a warm one; leave it running."""
    command = ("-m", "billing_app.cli", "serve", "--port", str(PORT))
    there = {"DATA_DIR": str(ground.folder), "TRUSTED_PROXY_HOPS": "1"}
    with serving(*command, url=URL, ready="/readyz", environment=there):
        pass
    with serving(*command, url=URL, ready="/readyz", environment=there) as served:
        _wait_until_idle(ground)
        yield served


def _wait_until_idle(ground: Ground) -> None:
    """Let the server first print and mail what the sections before have promised."""
    runtime = ground.runtime
    deadline = time.monotonic() + _IDLE_SECONDS_MAX
    while time.monotonic() < deadline:
        if oldest_waiting(runtime.engine, runtime.now()) is None:
            return
        time.sleep(1)
    raise TimeoutError("the outbox is not empty")


def warm_start(served: Served, bare: Reference) -> Iterator[Row]:
    yield Measured(
        "warm start to ready", served.start_seconds, "s", target=3, reference=bare
    )


def portal_page(ground: Ground, served: Served, bare: Reference) -> Iterator[Row]:
    """CPU of one request for the page of an invoice."""
    name = "portal page, CPU a request"
    _, token = ground.an_open_invoice()
    if not _is_painted(token):
        yield NotMeasured(name, NO_PAGE)
        return
    milliseconds, status = served.cpu_per_request_ms(f"/p/{token}")
    assert status == 200
    yield Measured(name, milliseconds, "ms", target=3, reference=bare)


def stored_pdf(ground: Ground, served: Served, bare: Reference) -> Iterator[Row]:
    """CPU of one download of a file that is there."""
    name = "stored PDF download, CPU"
    invoice_id, token = ground.an_open_invoice()
    _store_pdf(ground, invoice_id)
    path = f"/p/{token}/invoice.pdf"
    answer = httpx.get(f"{served.url}{path}")
    if answer.headers.get("content-type") != "application/pdf":
        yield NotMeasured(name, f"{answer.status_code} instead of a PDF")
        return
    milliseconds, _ = served.cpu_per_request_ms(path)
    yield Measured(name, milliseconds, "ms", target=2, reference=bare)


def portal_weight(ground: Ground) -> Iterator[Row]:
    """All that the browser loads for the page, compressed as a proxy would."""
    _, token = ground.an_open_invoice()
    if not _is_painted(token):
        yield NotMeasured("portal page, script and CSS", NO_PAGE)
        return
    files = loaded_files(f"{URL}/p/{token}")
    if files is None:
        yield NotMeasured("portal page, script and CSS", "there is no Chromium")
        return
    for kind, suffix, target in (("script", ".js", 160), ("CSS", ".css", 15)):
        wanted = [url for url in files if urlsplit(url).path.endswith(suffix)]
        bodies = [httpx.get(url).content for url in wanted]
        plain = sum(map(len, bodies)) / 1000
        packed = sum(len(brotli.compress(body)) for body in bodies) / 1000
        yield Measured(
            f"portal page, {kind}, brotli",
            packed,
            "KB",
            target=target,
            reference=Reference(f"{len(bodies)} files, plain", plain),
        )


def amount_visible(ground: Ground) -> Iterator[Row]:
    """From the address to the amount on the screen, nothing cached."""
    name = "amount visible in Chromium, cold"
    _, token = ground.an_open_invoice()
    if not _is_painted(token):
        yield NotMeasured(name, NO_PAGE)
        return
    milliseconds = amount_visible_ms(f"{URL}/p/{token}")
    bare = amount_visible_ms(f"{URL}/healthz")
    if milliseconds is None or bare is None:
        yield NotMeasured(name, "there is no Chromium")
        return
    yield Measured(
        name, milliseconds, "ms", target=350, reference=Reference("bare text", bare)
    )


def memory_per_visitor(ground: Ground, served: Served) -> Iterator[Row]:
    """Memory that grows with each page that stays connected."""
    name = "memory a connected visitor"
    _, token = ground.an_open_invoice()
    if not _is_painted(token):
        yield NotMeasured(name, NO_PAGE)
        return
    recorded = record(f"{URL}/p/{token}")
    if recorded is None:
        yield NotMeasured(name, "no page spoke over a socket")
        return
    grown = grown_kb(served, recorded, VISITORS)
    shared = Reference("the server without them", served.memory_kb() - grown)
    yield Measured(name, grown / VISITORS, "KB", target=250, reference=shared)


def many_visitors(ground: Ground, served: Served, bare: Reference) -> Iterator[Row]:
    """Many visitors of one invoice: what joining costs, and when all hear a comment."""
    name = f"{CROWD} visitors of one thread"
    _let_links_write(ground)
    _, token = ground.an_open_invoice()
    recorded = record(f"{URL}/p/{token}")
    if recorded is None:
        yield NotMeasured(name, "no page spoke over a socket")
        return

    def say(words: str) -> None:
        typed = {"name": "Ines Vermeer", "email": "bench@bench.example"}
        typed |= {"body": words, "request_key": "bench-0000000001"}
        answer = httpx.post(f"{URL}/p/{token}/comments", data=typed, timeout=60)
        assert answer.is_redirect, answer.status_code

    taken = crowd(served, recorded, CROWD, say)
    yield Measured(
        f"{name}, joining, CPU each",
        taken.joining_ms,
        "ms",
        target=15,
        reference=bare,
    )
    note = f"The first after {taken.first_seconds:.2f} s, half by "
    note += f"{taken.half_seconds:.2f} s; {taken.telling_ms:,.0f} ms CPU for all."
    yield Measured(
        f"{name}, a comment reaches all",
        taken.last_seconds,
        "s",
        target=1,
        reference=Reference("the first of them", taken.first_seconds),
        note=note,
    )


def _let_links_write(ground: Ground) -> None:
    with ground.runtime.unit(ground.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        portal = PortalSettings.from_stored(settings.portal)
        changed = replace(portal, comments=CommentMode.WRITE, write_auth=WriteAuth.LINK)
        settings.portal = changed.to_stored()


def browser_to_browser(ground: Ground) -> Iterator[Row]:
    """From a press on the staff's screen to the words on the customer's."""
    name = "browser to browser"
    screens = [
        (f"{URL}/invoices/{invoice_id}", f"{URL}/p/{token}")
        for invoice_id, token in ground.open_invoices(SCREENS)
    ]
    cookie = {
        "name": session_cookie(is_https=False),
        "value": ground.new_session(),
        "url": URL,
    }
    taken = ms_between_screens(cookie, screens)
    bare = amount_visible_ms(f"{URL}/healthz")
    if taken is None or bare is None:
        yield NotMeasured(name, "there is no Chromium")
        return
    yield Measured(
        name,
        statistics.median(taken),
        "ms",
        target=150,
        reference=Reference("bare text", bare),
    )


def _is_painted(token: str) -> bool:
    """Tell whether the server writes the invoice into the page itself."""
    answer = httpx.get(f"{URL}/p/{token}")
    return answer.status_code == 200 and "INV-" in answer.text


def _store_pdf(ground: Ground, invoice_id: int) -> None:
    runtime = ground.runtime
    document = runtime.run(ground.system, issued_documents.find_to_print, invoice_id, 0)
    assert document is not None
    if document.pdf_digest:
        return
    pdf = print_document(runtime, document)
    digest = runtime.files.put(pdf, ".pdf")
    assert digest == hashlib.sha256(pdf).hexdigest()
    runtime.run(ground.system, issued_documents.attach_pdf, document.id, digest)
    runtime.pdf.close()
