"""The process that makes PDFs: loads the engine once, then forks for each job.

Run by `PdfRenderer`, which speaks to it in frames over standard input and output.
It answers `ready`, or `missing` when the system libraries are; then to each job
`done` with the result, `limit` or `failed` with the reason.
"""

from __future__ import annotations

import gc
import os
import re
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

from billing_app.documents import archive
from billing_app.documents.actual_text import say_text
from billing_app.documents.confined import leave_network
from billing_app.documents.frames import read_message, write_message
from billing_app.documents.render import render_print
from billing_app.domain.document import Branding, Look, Party, ReceiptDocument

DEFAULTS = Path(__file__).parent / "templates" / "defaults.css"
STYLE_SHEET = Path(__file__).parents[2] / "assets" / "document.css"

CPU_SECONDS_MAX = 20
MEMORY_BYTES_MAX = 1024**3
NICENESS = 5

_PLAIN_VALUE = re.compile(r"(--s-[\w-]+): ([^;]+);")
_USE = re.compile(r"var\((--s-[\w-]+)\)")

Engine = Callable[[bytes, bytes, bytes], bytes]


def main() -> None:
    requests, answers = sys.stdin.buffer, _take_stdout()
    leave_network()
    # Pages go first where a batch of documents takes every core.
    os.nice(NICENESS)
    try:
        engine = load_engine()
    except OSError:
        # What weasyprint raises when libpango cannot be loaded.
        write_message(answers, [b"missing"])
        return

    warm_up(engine)
    write_message(answers, [b"ready"])
    while True:
        try:
            request = read_message(requests)
        except EOFError:
            return
        write_message(answers, answer_in_fork(engine, request))


def load_engine() -> Engine:
    """Import the engine, read the style sheets, and return what makes a PDF."""
    import weasyprint
    from cssselect2 import ElementWrapper
    from weasyprint import draw
    from weasyprint.text.fonts import FontConfiguration

    say_text(draw)
    fonts = FontConfiguration()
    # Everything a document needs is inside it or read here.
    fetcher = weasyprint.URLFetcher(allowed_protocols={"data"}, allow_redirects=False)

    def style_sheet(css: str) -> weasyprint.CSS:
        return weasyprint.CSS(
            string=css, media_type="print", font_config=fonts, url_fetcher=fetcher
        )

    defaults = style_sheet(DEFAULTS.read_text())
    own = style_sheet(plain_values(STYLE_SHEET.read_text()))

    class Page(weasyprint.HTML):
        """A page of our templates: well-formed, so a strict and fast parser reads it.

        Takes the place of the engine's constructor and of its default styles; held
        to the pinned version by the tests.
        """

        def __init__(self, markup: bytes) -> None:
            root = ElementTree.fromstring(markup)  # noqa: S314 - our templates
            # Nothing on paper links to a line, and a row with a name of its own
            # would have styles of its own: a third of the time of a long table.
            for element in root.iter():
                element.attrib.pop("id", None)
            self.base_url = None
            self.url_fetcher = fetcher
            self.media_type = "print"
            self.wrapper_element = ElementWrapper.from_html_root(
                root, content_language=None
            )
            self.etree_element = self.wrapper_element.etree_element

        def _ua_stylesheets(self, forms: bool = False) -> list[weasyprint.CSS]:
            return [defaults]

    def make_pdf(markup: bytes, identifier: bytes, xml: bytes) -> bytes:
        drawn, page = BytesIO(), Page(markup)
        page.write_pdf(
            drawn,
            stylesheets=[own],
            font_config=fonts,
            pdf_identifier=identifier,
            pdf_variant=archive.VARIANT,
            attachments=[attachment(xml, made_at(page))] if xml else None,
            finisher=archive.make_finisher(has_xml=bool(xml)),
        )
        return drawn.getvalue()

    def made_at(page: Page) -> datetime:
        created = page.etree_element.find(".//meta[@name='dcterms.created']")
        return datetime.fromisoformat(created.get("content"))

    def attachment(xml: bytes, created: datetime) -> weasyprint.Attachment:
        return weasyprint.Attachment(
            string=xml,
            name=archive.XML_NAME,
            description="The same document for machines (EN 16931)",
            relationship=archive.XML_RELATIONSHIP,
            created=created,
            modified=created,
        )

    return make_pdf


def plain_values(css: str) -> str:
    """Write the sheet's own colours where they are used; only the accent varies.

    The engine would look each variable up for each cell of a long table.
    """
    first_rule = css[: css.index("}")]
    value_by_name = {
        name: value
        for name, value in _PLAIN_VALUE.findall(first_rule)
        if not value.startswith("var(")
    }
    return _USE.sub(lambda use: value_by_name.get(use[1], use[0]), css)


def warm_up(engine: Engine) -> None:
    """Draw each look once: fonts and tables that are loaded here every job has."""
    for look in Look:
        sample = ReceiptDocument(
            "1", "1", "EUR", "en", Branding(look), Party("A"), Party("B"),
            date(2026, 1, 1), "", "", 1, 1, 0,
        )  # fmt: skip
        engine(
            render_print(sample, None, datetime(2026, 1, 1, tzinfo=UTC)).encode(),
            b"",
            b"",
        )
    gc.collect()
    # Frozen objects are not walked again, so the jobs share their memory.
    gc.freeze()


def answer_in_fork(engine: Engine, request: list[bytes]) -> list[bytes]:
    reader, writer = os.pipe()
    job = os.fork()
    if job == 0:
        os.close(reader)
        with os.fdopen(writer, "wb") as result:
            work(engine, request, result)
        os._exit(0)

    os.close(writer)
    with os.fdopen(reader, "rb") as result:
        try:
            answer = read_message(result)
        except EOFError:
            answer = []
    _, status = os.waitpid(job, 0)
    if answer:
        return answer
    is_out_of_time = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (
        signal.SIGXCPU,
        signal.SIGKILL,
    )
    return [b"limit"] if is_out_of_time else [b"failed", b"job ended: %d" % status]


def work(engine: Engine, request: list[bytes], result: BinaryIO) -> None:
    """Do one job within its limits. The last thing this process does."""
    limit_job()
    try:
        answer = [b"done", *do(engine, request)]
    except MemoryError:
        answer = [b"limit"]
    except Exception:  # noqa: BLE001 - the edge of the job; the app logs the reason
        answer = [b"failed", traceback.format_exc().encode()]
    write_message(result, answer)


def do(engine: Engine, request: list[bytes]) -> list[bytes]:
    kind, body, *details = request
    if kind == b"pages":
        from billing_app.documents.pages import draw_pages

        return draw_pages(body, int(details[0]))
    assert kind == b"pdf"
    identifier, xml = details
    return [engine(body, identifier, xml)]


def limit_job() -> None:
    # The process is gone before collecting would pay.
    gc.disable()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    # No file can be written, whatever a document asks for.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _take_stdout() -> BinaryIO:
    """Keep standard output for frames; what libraries print goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    main()
