"""Pack the documents of a period into one file, as soon as each is printed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, ClassVar, cast

from billing_app.database.authentication import OpenedLink
from billing_app.domain.actors import SystemActor
from billing_app.domain.dates import Moment, fiscal_year_start
from billing_app.domain.document import DocumentKind
from billing_app.domain.errors import NotFound
from billing_app.domain.portal_invoice import PdfState
from billing_app.domain.statement import Span, parse_span
from billing_app.queries import portal_account
from billing_app.queries.portal_account import DocumentFacts
from billing_app.runtime import Runtime
from billing_app.services import issued_documents
from billing_app.workflows.account_pages import read_head, read_own_settings

# So many of one period go before what nobody waits for; the page looks again for the
# next ones. Whoever wants one file gets it between them, and who leaves hurries none.
AWAITED_AT_ONCE = 20
_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)
_NOUNS = {
    DocumentKind.INVOICE: "Invoice",
    DocumentKind.RECEIPT: "Receipt",
    DocumentKind.CREDIT_NOTE: "Credit-note",
}


@dataclass(frozen=True, slots=True)
class Packing:
    """How far the documents of a period are.

    Attributes:
        ready: printed; `whole` counts those that can't be printed now, too.
        is_waiting: some are being printed, so that asking again is worth it.
    """

    ready: int = 0
    whole: int = 0
    is_waiting: bool = False

    EMPTY: ClassVar[Packing]


Packing.EMPTY = Packing()


def prepare(runtime: Runtime, link: OpenedLink, first: str, last: str) -> Packing:
    """See to it that every document of a period is printed; say how far it is.

    Those of an invoice that offers no PDF itself are none of it.

    Raises:
        NotFound: the link opens no account, the portal offers no files, or the
            period has no documents.
        InvalidInput: the days cannot be read.
        LimitReached: too many documents for one file.
    """
    documents = _list(runtime, link, first, last)
    job = SystemActor(link.visitor.workspace_id, "print")
    pending = [it for it in documents if it.pdf == PdfState.PENDING]
    promise = issued_documents.promise_print
    for place, it in enumerate(pending):
        is_awaited = place < AWAITED_AT_ONCE
        runtime.run(job, promise, it.id, it.kind, is_awaited=is_awaited)
    ready = sum(it.pdf == PdfState.READY for it in documents)
    return Packing(ready, len(documents), is_waiting=bool(pending))


def pack(runtime: Runtime, link: OpenedLink, first: str, last: str) -> Iterator[bytes]:
    """Write the file piece by piece, one document in memory at a time.

    What has no printed form is left out. Raises as `prepare`, before the first piece.
    """
    documents = _list(runtime, link, first, last)
    return _packed(runtime, documents)


def _packed(runtime: Runtime, documents: tuple[DocumentFacts, ...]) -> Iterator[bytes]:
    sink = _Sink()
    taken: set[str] = set()
    # PDFs are packed already; squeezing them again costs time and wins nothing.
    with zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_STORED) as packed:
        for it in documents:
            if it.pdf_digest:
                # The time of the issue, so that the same period is the same file.
                name = _name(it, taken)
                entry = zipfile.ZipInfo(name, it.issued_at.timetuple()[:6])
                packed.writestr(entry, runtime.files.read(it.pdf_digest))
                yield sink.take()
    yield sink.take()


class _Sink:
    """A file that is only ever written to, and taken away as it grows."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits here."""

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def _list(
    runtime: Runtime, link: OpenedLink, first: str, last: str
) -> tuple[DocumentFacts, ...]:
    if not link.setup.settings.shows_pdf:
        raise NotFound("This portal offers no files.")
    head = read_head(runtime, link)
    today = Moment(runtime.now(), link.setup.zone).today
    year = fiscal_year_start(today, head.fiscal_month)
    span = parse_span(first, last, Span(year, today))
    found = runtime.run(link.visitor, portal_account.list_documents, span)
    own = read_own_settings(runtime, link, {it.invoice_id for it in found})
    offered = tuple(it for it in found if own[it.invoice_id].shows_pdf)
    if not offered:
        raise NotFound("There are no documents in this period.")
    return offered


def _name(it: DocumentFacts, taken: set[str]) -> str:
    """Return a name that no document before has, and take it."""
    safe = _UNSAFE.sub("-", it.number).strip("-")
    name = f"{_NOUNS[it.kind]}-{safe or it.id}"
    # The id keeps apart what differs only in signs, or in the size of letters, that
    # a file name can't have.
    while name.casefold() in taken:
        name = f"{name}-{it.id}"
    taken.add(name.casefold())
    return f"{name}.pdf"
