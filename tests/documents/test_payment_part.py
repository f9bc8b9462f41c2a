"""Banks can read what is printed: the codes as drawn, and the Swiss payment part."""

import io
import json
from dataclasses import replace

import pypdf
import pytest
import zxingcpp
from PIL import Image

from billing_app.documents.payment_part import WORDS
from billing_app.documents.pdf import PdfRenderer
from billing_app.documents.qr import code_of, swiss_payload
from billing_app.documents.render import (
    render_print,
    render_sheet,
    render_standing,
)
from billing_app.documents.words import words_for
from billing_app.domain.document import (
    InvoiceDocument,
    Look,
    QrBill,
    Standing,
    content_digest,
    from_json,
    to_json,
)
from tests.support.documents import (
    MADE_AT,
    SWISS_BUYER,
    a_swiss_invoice,
    an_invoice,
    lines_of,
)

# Ten pixels a millimetre: A4 is 210 mm wide.
WIDTH = 2_100


def pdf_of(renderer: PdfRenderer, document: InvoiceDocument) -> bytes:
    html = render_print(document, None, MADE_AT)
    return renderer.render(html, content_digest(to_json(document)))


def texts_of(data: bytes) -> list[str]:
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    return [" ".join(page.extract_text().split()) for page in pages]


def codes_in(renderer: PdfRenderer, data: bytes):
    last = renderer.render_pages(data, WIDTH)[-1]
    return zxingcpp.read_barcodes(Image.open(io.BytesIO(last)))


def drawn_alone(renderer: PdfRenderer, svg: str) -> bytes:
    page = f"<html><body><div style='width:60mm'>{svg}</div></body></html>"
    return renderer.render(page.replace("<svg", "<svg width='200'", 1), "00" * 32)


@pytest.mark.feature("A03", "R43")
@pytest.mark.parametrize("look", Look)
def test_the_code_stands_where_banks_look_for_it(renderer: PdfRenderer, look: Look):
    document = a_swiss_invoice(look)

    (code,) = codes_in(renderer, pdf_of(renderer, document))

    assert code.text == swiss_payload(document, document.due_minor)
    assert code.ec_level == "M"
    # 46 mm wide, 67 mm from the left, 42 mm above the lower edge.
    corner, opposite = code.position.top_left, code.position.bottom_right
    assert corner.x == pytest.approx(670, abs=4)
    assert opposite.x == pytest.approx(1_130, abs=4)
    assert opposite.y == pytest.approx(2_970 - 420, abs=4)


@pytest.mark.parametrize("language", WORDS)
def test_the_headings_are_those_of_the_guidelines(renderer: PdfRenderer, language: str):
    document = a_swiss_invoice(language=f"{language}-CH")

    text = texts_of(pdf_of(renderer, document))[-1]

    words = WORDS[language]
    for each in (words.receipt, words.payment_part, words.separate):
        assert text.count(each) == 1
    for each in (words.account, words.payer, words.currency, words.acceptance_point):
        assert each in text
    assert text.count("CH44 3199 9123 0008 8901 2") >= 2
    assert text.count("10 719.82") == 2
    assert text.count("00 00000 04200 00000 02026 01428") >= 2


def test_a_plain_account_carries_a_creditor_reference(renderer: PdfRenderer):
    document = a_swiss_invoice(has_qr_iban=False)

    data = pdf_of(renderer, document)

    (code,) = codes_in(renderer, data)
    assert code.text.split("\n")[27:29] == ["SCOR", "RF0720260142"]
    assert "RF07 2026 0142" in texts_of(data)[-1]


def test_who_pays_is_left_to_be_filled_in(renderer: PdfRenderer):
    document = a_swiss_invoice()
    assert document.qr_bill
    nameless = a_swiss_invoice(qr_bill=QrBill(document.qr_bill.creditor))

    text = texts_of(pdf_of(renderer, nameless))[-1]

    assert text.count(WORDS["de"].payer_blank) == 2
    assert SWISS_BUYER.name not in text.split(WORDS["de"].separate)[-1]


def test_it_comes_last_and_each_page_says_which_it_is(renderer: PdfRenderer):
    pages = texts_of(pdf_of(renderer, a_swiss_invoice(lines=lines_of(60))))

    assert [WORDS["de"].payment_part in x for x in pages] == [
        *[False] * (len(pages) - 1),
        True,
    ]
    for number, text in enumerate(pages, 1):
        assert f"Seite {number} von {len(pages)}" in text


@pytest.mark.parametrize(
    "document",
    [a_swiss_invoice(due_minor=0), a_swiss_invoice(number=""), an_invoice()],
    ids=["nothing due", "draft", "no QR-bill"],
)
def test_nothing_to_pay_that_way_is_no_payment_part(document: InvoiceDocument):
    html = render_print(document, None, MADE_AT)

    assert "slip" not in html


@pytest.mark.feature("R43", "C14")
def test_a_copy_with_payments_asks_for_what_is_left(renderer: PdfRenderer):
    """Of 10,719.82, 6,719.82 are left."""
    document = a_swiss_invoice(lines=lines_of(30))
    standing = Standing(400_000, 0, 671_982, as_of=document.issued_on)

    data = renderer.render(
        render_standing(document, standing, None, MADE_AT), "00" * 32
    )

    (code,) = codes_in(renderer, data)
    assert code.text == swiss_payload(document, 671_982)
    corner, opposite = code.position.top_left, code.position.bottom_right
    assert corner.x == pytest.approx(670, abs=4)
    assert opposite.x == pytest.approx(1_130, abs=4)
    pages = texts_of(data)
    assert len(pages) == len(texts_of(pdf_of(renderer, document)))
    assert [WORDS["de"].payment_part in x for x in pages] == [
        *[False] * (len(pages) - 1),
        True,
    ]
    assert pages[-1].count("6 719.82") == 2


def test_a_copy_asks_for_no_more_than_the_page_does(renderer: PdfRenderer):
    """Of 6,719.82 that are left, 1,719.82 are disputed or on their way."""
    document = a_swiss_invoice()
    standing = Standing(400_000, 0, 671_982, payable_minor=500_000)

    data = renderer.render(
        render_standing(document, standing, None, MADE_AT), "00" * 32
    )

    (code,) = codes_in(renderer, data)
    assert code.text == swiss_payload(document, 500_000)
    *_, totals, part = texts_of(data)
    assert words_for(document.language)[1].to_pay_now in totals
    assert part.count("5 000.00") == 2
    held = replace(standing, payable_minor=0)
    assert "slip" not in render_standing(document, held, None, MADE_AT)


@pytest.mark.parametrize("left", [0, -500])
def test_a_copy_of_a_paid_one_has_no_payment_part(left: int):
    standing = Standing(1_071_982 - left, 0, left)

    assert "slip" not in render_standing(a_swiss_invoice(), standing, None, MADE_AT)


def test_two_processes_make_the_same_bytes(renderer: PdfRenderer):
    other = PdfRenderer()
    try:
        again = pdf_of(other, a_swiss_invoice())
    finally:
        other.close()

    assert again == pdf_of(renderer, a_swiss_invoice())


def test_it_survives_storage():
    document = a_swiss_invoice()

    assert from_json(InvoiceDocument, to_json(document)) == document


def test_an_invoice_of_before_prints_as_it_did():
    """Fields that came later are left out of the stored text."""
    older = json.loads(to_json(an_invoice()))
    for later in ("qr_bill", "reference", "delivery_until_on"):
        del older[later]
    parts = ("street", "postal_code", "town", "region")
    for party in (older["seller"], older["buyer"]):
        for later in (*parts, "legal_id", "endpoint", "reference"):
            del party[later]

    read = from_json(InvoiceDocument, json.dumps(older))

    assert render_print(read, None, MADE_AT) == render_print(
        an_invoice(), None, MADE_AT
    )


@pytest.mark.feature("R43")
def test_the_page_asks_for_what_is_left(renderer: PdfRenderer):
    document = a_swiss_invoice()

    (code,) = codes_in(renderer, drawn_alone(renderer, code_of(document, 671_982)))

    assert code.text.split("\n")[18] == "6719.82"
    assert code_of(document, 0) == ""
    assert code_of(document, 1_071_982) in render_sheet(document)


@pytest.mark.parametrize(
    ("reference", "carried"), [("", ["2026-0142"]), ("RF0720260142", ["RF0720260142"])]
)
def test_banks_in_europe_read_name_account_amount_and_reference(
    renderer: PdfRenderer, reference: str, carried: list[str]
):
    document = an_invoice(reference=reference)

    (code,) = codes_in(renderer, pdf_of(renderer, document))

    lines = code.text.split("\n")
    assert lines[:8] == [
        "BCD", "002", "1", "SCT", "ABNANL2A", "Northwind Charter B.V.",
        "NL91ABNA0417164300", "EUR10719.82",
    ]  # fmt: skip
    assert lines[9 if reference else 10 :] == carried
