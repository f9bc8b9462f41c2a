"""PDFs hold the figures, are the same everywhere, and cannot reach anything."""

import io
import os
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pikepdf
import pypdf
import pypdfium2
import pytest
from PIL import Image, ImageOps

from billing_app.documents import pdf, pdf_worker
from billing_app.documents.pdf import (
    PdfEngineMissing,
    PdfFailed,
    PdfRenderer,
    PdfTooSlow,
)
from billing_app.documents.render import render_print
from billing_app.domain.document import (
    InvoiceDocument,
    Look,
    ReceiptDocument,
    content_digest,
    to_json,
)
from billing_app.domain.invoice import LINES_MAX
from billing_app.domain.print_size import PRINT_SIZE_MAX, print_size
from tests.documents.test_render import a_credit_note
from tests.support.documents import MADE_AT, a_line, a_receipt, an_invoice, lines_of
from tests.support.hostile import listening


def pdf_of(
    renderer: PdfRenderer,
    document: InvoiceDocument | ReceiptDocument,
    logo: bytes | None = None,
) -> bytes:
    html = render_print(document, logo, MADE_AT)
    return renderer.render(html, content_digest(to_json(document)))


def read(data: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(data))


def text_of(data: bytes) -> str:
    text = " ".join(page.extract_text() for page in read(data).pages)
    return " ".join(text.split())


def page_of(body: str) -> str:
    return f"<html><body>{body}</body></html>"


@pytest.mark.parametrize("look", Look)
class TestEveryLook:
    @pytest.mark.feature("F023", "F061")
    def test_holds_the_figures_as_text(self, renderer: PdfRenderer, look: Look):
        text = text_of(pdf_of(renderer, an_invoice(look)))

        for figure in (
            "2026-0142", "€10,719.82", "12 December 2026", "Vermeer Optics",
            "8,280.00", "−302.08", "130.20", "Page 1 of 1",
        ):  # fmt: skip
            assert figure in text

    @pytest.mark.feature("R33")
    def test_two_hundred_lines_repeat_their_head(
        self, renderer: PdfRenderer, look: Look
    ):
        pages = read(pdf_of(renderer, an_invoice(look, lines=lines_of(200)))).pages

        count = len(pages)
        assert 4 <= count <= 14
        for number, page in enumerate(pages, 1):
            assert f"Page {number} of {count}" in page.extract_text()
        assert all("Description" in page.extract_text() for page in pages[:-1])

    @pytest.mark.feature("R33", "A20")
    def test_no_page_parts_figures_from_their_words(
        self, renderer: PdfRenderer, look: Look
    ):
        """Whatever the room left, the two lines of a row are on one page."""
        lines = tuple(
            a_line(f"Leg {place}.", 100 + place, description=f"Trip {place}.")
            for place in range(60)
        )
        for rows in range(1, 5):
            buyer = replace(an_invoice().buyer, address=("Quay 7",) * rows)
            document = an_invoice(look, lines=lines, buyer=buyer)
            for page in read(pdf_of(renderer, document)).pages:
                text = page.extract_text()
                legs = [int(place) for place in re.findall(r"Leg (\d+)\.", text)]
                trips = [int(place) for place in re.findall(r"Trip (\d+)\.", text)]
                prices = re.findall(r"\b1\.\d\d (?=0%|21%)", text)
                assert trips == legs
                assert prices == [f"1.{place:02} " for place in legs]

    @pytest.mark.feature("R33")
    def test_totals_never_stand_on_a_page_without_a_line(
        self, renderer: PdfRenderer, look: Look
    ):
        """Whatever the number of lines, the page of the sums has the lines' head."""
        spilled = 0
        for count in range(16, 40):
            lines = tuple(replace(it, group="") for it in lines_of(count))
            read_pages = read(pdf_of(renderer, an_invoice(look, lines=lines))).pages
            texts = [page.extract_text() for page in read_pages]
            (summed,) = [it for it in texts if "Subtotal" in it]
            assert "Description" in summed
            spilled += summed is not texts[0]

        assert spilled > 0

    def test_a_unit_stays_beside_its_figure(self, renderer: PdfRenderer, look: Look):
        hours = a_line("仕事", 828_000, "10%", quantity=Decimal("2.4"), unit="hours")
        document = an_invoice(look, language="ja", lines=(hours,))

        (page,) = read(pdf_of(renderer, document)).pages

        assert "2.4 時間" in page.extract_text().replace("\u00a0", " ")

    def test_fits_one_page_with_one_line(self, renderer: PdfRenderer, look: Look):
        document = an_invoice(look, lines=(a_line("Work", 1_071_982),))

        assert len(read(pdf_of(renderer, document)).pages) == 1

    def test_says_draft_on_every_page(self, renderer: PdfRenderer, look: Look):
        document = an_invoice(look, number="", lines=lines_of(60))

        pages = read(pdf_of(renderer, document)).pages

        assert all("DRAFT" in page.extract_text().upper() for page in pages)

    def test_prints_a_receipt(self, renderer: PdfRenderer, look: Look):
        data = pdf_of(renderer, a_receipt(look))

        assert len(read(data).pages) == 1
        assert "€671.98" in text_of(data)


def test_the_largest_document_that_may_be_issued_is_printed(renderer: PdfRenderer):
    """The dearest text we know: Arabic, each line in a group of its own."""
    each = "صيانة المعدات في القاعة الرابعة حسب الخطة " * 4
    name, group = each[:80], each[: PRINT_SIZE_MAX // LINES_MAX - 80]
    lines = tuple(
        replace(a_line(name, 100), group=f"{place}{group}"[: len(group)])
        for place in range(LINES_MAX)
    )
    texts = [text for line in lines for text in (line.name, line.group)]
    assert sum(map(print_size, texts)) == PRINT_SIZE_MAX

    document = an_invoice(Look.COMPACT, lines=lines, language="ar")

    assert len(read(pdf_of(renderer, document)).pages) > 20


def test_says_what_it_is_to_programs(renderer: PdfRenderer):
    reader = read(pdf_of(renderer, an_invoice()))

    assert reader.metadata
    assert reader.metadata.title == "Invoice 2026-0142 · Northwind Charter"
    assert reader.metadata.author == "Northwind Charter B.V."
    assert reader.metadata.creation_date == MADE_AT
    assert reader.root_object["/Lang"] == "en"


def test_two_processes_make_the_same_bytes(renderer: PdfRenderer):
    other = PdfRenderer()
    try:
        again = pdf_of(other, an_invoice())
    finally:
        other.close()

    assert again == pdf_of(renderer, an_invoice())
    assert pdf_of(renderer, an_invoice()) == again


def test_another_document_has_another_identifier(renderer: PdfRenderer):
    first, second = (
        read(pdf_of(renderer, document)).trailer["/ID"]
        for document in (an_invoice(), an_invoice(number="2026-0143"))
    )

    assert first != second


def test_even_markup_of_ours_reaches_nothing(renderer: PdfRenderer):
    """The second wall: should a template ever fail to escape."""
    with listening() as (there, callers):
        html = page_of(
            f'<link rel="stylesheet" href="{there}"/><img src="{there}"/>'
            f'<link rel="attachment" href="{there}"/><object data="{there}"></object>'
            f'<link rel="attachment" href="file:///etc/passwd"/>'
            f"<style>@import url({there}); p {{ background: url({there}) }}</style>"
            f'<p>Text<img src="file:///etc/passwd"/></p>'
            f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
            f'<image href="{there}" width="9" height="9"/></svg>'
        )

        data = renderer.render(html, "00" * 32)

        assert callers == []
    assert not read(data).attachments
    assert "root:" not in text_of(data)


def test_entities_of_a_page_are_not_followed(renderer: PdfRenderer):
    html = '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + page_of("&x;")

    with pytest.raises(PdfFailed):
        renderer.render(html, "00" * 32)


def test_any_script_of_the_world_has_its_letters(renderer: PdfRenderer):
    names = "株式会社北風 شركة الرياح 주식회사 ООО Ветер Łódź ไทย भारत 简体"
    document = an_invoice(buyer=replace(an_invoice().buyer, name=names))

    data = pdf_of(renderer, document)

    with pikepdf.open(io.BytesIO(data)) as opened:
        fonts = " ".join(str(x.get("/BaseFont", "")) for x in opened.objects)
    assert all(
        script in fonts
        for script in ("JP", "Arabic", "KR", "Thai", "Devanagari", "SC", "Inter")
    )


@pytest.mark.feature("R32")
@pytest.mark.parametrize("look", Look)
def test_hindi_and_thai_are_copied_as_they_were_written(
    renderer: PdfRenderer, look: Look
):
    """Their signs are drawn in another order; figures and others stay as they are."""
    written = ["हिन्दी में बिल की किताब", "र्क प्रकाशन कर्म", "ค่าที่อยู่ น้ำ", "Fuel uplift"]
    lines = tuple(a_line(words, 167_560) for words in written)

    data = pdf_of(renderer, an_invoice(look, lines=lines))

    page = pypdfium2.PdfDocument(data)[0].get_textpage()
    rows = [" ".join(row.split()) for row in page.get_text_range().splitlines()]
    for words in written:
        assert f"{words} 1 1,675.60 21% 1,675.60" in rows


@pytest.mark.parametrize(
    ("country", "width", "height"), [("US", 612, 792), ("NL", 595, 842)]
)
def test_paper_is_of_the_size_that_its_sender_prints_on(
    renderer: PdfRenderer, country: str, width: int, height: int
):
    document = an_invoice(lines=lines_of(60))
    document = replace(document, seller=replace(document.seller, country=country))

    pages = read(pdf_of(renderer, document)).pages

    sizes = {(round(x.mediabox.width), round(x.mediabox.height)) for x in pages}
    assert sizes == {(width, height)}


@pytest.mark.feature("A20")
@pytest.mark.parametrize("look", Look)
def test_a_japanese_day_stays_on_one_line(renderer: PdfRenderer, look: Look):
    note = replace(a_credit_note(look), language="ja")
    html = render_print(note, None, MADE_AT)

    data = renderer.render(html, content_digest(to_json(note)))

    assert "2026年11月12日" in read(data).pages[0].extract_text()


@pytest.mark.feature("R33")
def test_long_words_and_notes_stay_on_the_page(renderer: PdfRenderer):
    document = an_invoice(notes="long " * 2_000, lines=(a_line("x" * 2_000, 100),))

    assert len(read(pdf_of(renderer, document)).pages) >= 2


@pytest.mark.feature("R31")
def test_a_job_that_takes_too_long_is_killed_and_the_next_one_runs():
    renderer = PdfRenderer(job_seconds_max=1)
    endless = page_of("<table>" + "<tr><td>cell</td></tr>" * 60_000 + "</table>")

    try:
        with pytest.raises(PdfTooSlow):
            renderer.render(endless, "00" * 32)

        assert renderer.render(page_of("short"), "00" * 32).startswith(b"%PDF")
    finally:
        renderer.close()


def run_out_of_memory(markup: bytes, identifier: bytes, xml: bytes) -> bytes:
    raise MemoryError


def run_out_of_time(markup: bytes, identifier: bytes, xml: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGXCPU)
    return b""


@pytest.mark.parametrize("engine", [run_out_of_memory, run_out_of_time])
def test_a_job_at_its_limits_says_so(engine: pdf_worker.Engine):
    assert pdf_worker.answer_in_fork(engine, [b"pdf", b"", b"", b""]) == [b"limit"]


def test_what_is_no_pdf_has_no_pages(renderer: PdfRenderer):
    with pytest.raises(PdfFailed):
        renderer.render_pages(b"not a pdf", 600)

    assert renderer.render(page_of("after"), "00" * 32).startswith(b"%PDF")


def test_a_worker_that_died_is_replaced(renderer: PdfRenderer):
    renderer.close()

    assert renderer.render(page_of("again"), "00" * 32).startswith(b"%PDF")


# Says which process it is, once so many have been started.
STAND_IN = """
import os, sys, time
from pathlib import Path
from billing_app.documents.frames import read_message, write_message
place, wanted = Path(sys.argv[1]), int(sys.argv[2])
(place / str(os.getpid())).touch()
write_message(sys.stdout.buffer, [b"ready"])
while True:
    read_message(sys.stdin.buffer)
    while len(list(place.iterdir())) < wanted:
        time.sleep(0.01)
    write_message(sys.stdout.buffer, [b"done", str(os.getpid()).encode()])
"""


@pytest.fixture
def two_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Two print processes that answer once the given number has been started."""
    renderer = PdfRenderer(process_count=2)

    def answering_at(started: int) -> PdfRenderer:
        command = [sys.executable, "-c", STAND_IN, str(tmp_path), str(started)]
        monkeypatch.setattr(pdf, "_worker_command", lambda: command)
        return renderer

    yield answering_at
    renderer.close()


def test_as_many_print_at_once_as_there_are_processes(two_processes):
    renderer = two_processes(2)

    with ThreadPoolExecutor(2) as threads:
        printed = set(threads.map(renderer.render, ("a", "b"), ("00" * 32,) * 2))

    assert len(printed) == 2


def test_one_job_after_the_other_starts_one_process(two_processes):
    renderer = two_processes(1)

    printed = {renderer.render(text, "00" * 32) for text in "abc"}

    assert len(printed) == 1


@pytest.mark.feature("R31")
def test_without_the_libraries_the_one_line_to_run_is_said(
    monkeypatch: pytest.MonkeyPatch,
):
    """A worker that finds no pango says `missing`; here, one that only says that."""
    monkeypatch.setattr(
        pdf, "_worker_command", lambda: ["printf", r"\0\0\0\1\0\0\0\7missing"]
    )

    with pytest.raises(PdfEngineMissing, match="apt-get install libpango"):
        PdfRenderer().render(page_of("x"), "00" * 32)


def test_a_machine_that_prints_is_tried_out_and_left_without_a_process():
    renderer = PdfRenderer()

    assert renderer.try_out() == ""

    assert not any(process.is_running for process in renderer._processes)


def test_what_is_found_at_the_try_out_is_known_until_a_job_is_done(
    two_processes, monkeypatch: pytest.MonkeyPatch
):
    renderer = two_processes(1)
    works = pdf._worker_command()
    missing = ["printf", r"\0\0\0\1\0\0\0\7missing"]
    monkeypatch.setattr(pdf, "_worker_command", lambda: missing)

    assert "apt-get install libpango" in renderer.try_out()
    assert renderer.problem == renderer.try_out()

    monkeypatch.setattr(pdf, "_worker_command", lambda: works)
    renderer.render("x", "00" * 32)
    assert renderer.problem == ""


def test_pages_become_pictures_of_the_asked_width(renderer: PdfRenderer):
    data = pdf_of(renderer, an_invoice(lines=lines_of(60)))

    pictures = renderer.render_pages(data, 900)

    assert len(pictures) == len(read(data).pages)
    first = Image.open(io.BytesIO(pictures[0]))
    assert first.width == 900
    assert 1270 <= first.height <= 1276


def test_the_sheets_own_colours_are_plain_on_paper():
    plain = pdf_worker.plain_values(pdf_worker.STYLE_SHEET.read_text())

    assert "var(--s-ink)" not in plain
    assert "var(--s-accent)" in plain


def places(data: bytes, *words: str) -> list[tuple[float, float]]:
    """Return where each word begins and ends on the first page, from its left."""
    page = pypdfium2.PdfDocument(data)[0].get_textpage()
    found = []
    for word in words:
        place_of = page.search(word).get_next()
        assert place_of, word
        index, count = place_of
        boxes = [page.get_charbox(place) for place in range(index, index + count)]
        found.append((min(box[0] for box in boxes), max(box[2] for box in boxes)))
    return found


@pytest.mark.feature("A20")
@pytest.mark.parametrize("look", Look)
def test_arabic_paper_is_the_mirror_of_other_paper(renderer: PdfRenderer, look: Look):
    words = ("Fuel uplift", "1,675.60", "ABNANL2A", "Northwind Charter")
    usual = places(pdf_of(renderer, an_invoice(look)), *words)
    turned = places(pdf_of(renderer, an_invoice(look, language="ar")), *words)

    middle = 595 / 2
    name, amount, account, sender = usual
    assert name[0] < middle < amount[0]
    assert sender[0] < middle < account[0]
    name, amount, account, sender = turned
    assert amount[0] < middle < name[0]
    assert account[0] < middle < sender[0]
    # Both margins are as wide as on the usual sheet.
    assert sender[1] == pytest.approx(595.3 - usual[3][0], abs=40)


@pytest.mark.feature("A20")
@pytest.mark.parametrize("look", Look)
def test_figures_of_arabic_paper_end_one_under_the_other(
    renderer: PdfRenderer, look: Look
):
    """Those of the lines, and the totals below them."""
    document = an_invoice(look, language="ar")

    ends = [end for _, end in places(
        pdf_of(renderer, document), "8,280.00", "10,865.60", "302.08", "156.30"
    )]  # fmt: skip

    assert max(ends) - min(ends) < 1.5


@pytest.mark.feature("A20", "R32")
def test_arabic_letters_join(renderer: PdfRenderer):
    """Joined, each of three is narrower than one that stands alone."""

    def width_of(word: str) -> int:
        data = renderer.render(page_of(f"<p>{word}</p>"), "00" * 32)
        (drawn,) = renderer.render_pages(data, 2_400)
        with Image.open(io.BytesIO(drawn)) as picture:
            drawn_at = ImageOps.invert(picture.convert("L")).getbbox()
        assert drawn_at
        return drawn_at[2] - drawn_at[0]

    assert width_of("ببب") < 2.4 * width_of("ب")
