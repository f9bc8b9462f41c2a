"""A PDF that lasts: the causes of PDF/A-3a, PDF/UA-1 and Factur-X, one by one.

No validator of PDF/A is in a package registry; these are what it complains about.
"""

import io
import re
from dataclasses import replace
from decimal import Decimal

import pikepdf
import pytest
from fontTools.ttLib import TTFont

from billing_app.documents.e_invoice import write_cii
from billing_app.documents.pdf import PdfRenderer
from billing_app.documents.render import render_print
from billing_app.domain.document import InvoiceDocument, content_digest, to_json
from billing_app.domain.e_invoice import BilledDocument
from tests.documents.test_e_credit_note import CREDITED
from tests.documents.test_e_invoice import USUAL
from tests.support.documents import (
    MADE_AT,
    a_logo,
    a_swiss_invoice,
    an_invoice,
    lines_of,
)

PLAIN = USUAL["two taxes and a discount on both"]
SWISS = a_swiss_invoice(
    currency="EUR", lines=PLAIN.lines, taxes=PLAIN.taxes, tax_sets=PLAIN.tax_sets,
    adjustments=PLAIN.adjustments, net_minor=PLAIN.net_minor, language="en",
    tax_minor=PLAIN.tax_minor, total_minor=PLAIN.total_minor, due_minor=PLAIN.due_minor,
)  # fmt: skip


CHECK_AT = "https://billing.example/check/ABCD-EFGH-IJKL-MNOP"
# What puts something on a page.
DRAWS = {
    "S",
    "s",
    "f",
    "F",
    "f*",
    "B",
    "B*",
    "b",
    "b*",
    "sh",
    "Do",
    "Tj",
    "TJ",
    "INLINE IMAGE",
}
CREDIT = CREDITED["a line of it"]
ARABIC = replace(
    PLAIN, language="ar", buyer=replace(PLAIN.buyer, name="شركة النور للبصريات")
)


@pytest.fixture(
    scope="module",
    params=[PLAIN, SWISS, CREDIT, ARABIC],
    ids=["plain", "Swiss", "credit", "Arabic"],
)
def document(request: pytest.FixtureRequest) -> BilledDocument:
    return request.param


@pytest.fixture(scope="module")
def data(renderer: PdfRenderer, document: BilledDocument) -> bytes:
    html = render_print(document, a_logo(), MADE_AT, CHECK_AT)
    digest = content_digest(to_json(document))
    return renderer.render(html, digest, write_cii(document))


@pytest.fixture
def pdf(data: bytes):
    with pikepdf.open(io.BytesIO(data)) as opened:
        yield opened


@pytest.mark.feature("A04")
def test_the_xml_is_inside_once_under_its_prescribed_name(
    pdf: pikepdf.Pdf, document: BilledDocument
):
    (attached,) = pdf.Root.AF
    assert pdf.attachments["factur-x.xml"].get_file().read_bytes() == write_cii(
        document
    )
    assert attached.F == attached.UF == "factur-x.xml"
    assert attached.AFRelationship == "/Alternative"
    assert attached.EF.F.Subtype == "/text/xml"


def test_one_description_says_which_standards_it_follows(pdf: pikepdf.Pdf):
    said = pdf.Root.Metadata.read_bytes().decode()

    assert said.count("<rdf:RDF") == 1
    for words in (
        "pdfaid:part", "<pdfuaid:part>1<", "<fx:ConformanceLevel>EN 16931<",
        "<fx:DocumentFileName>factur-x.xml<", "<fx:Version>1.0<",
    ):  # fmt: skip
        assert words in said
    with pdf.open_metadata() as metadata:
        assert metadata.pdfa_status == "3A"


def test_people_and_programs_can_read_it_aloud(
    pdf: pikepdf.Pdf, document: BilledDocument
):
    assert pdf.Root.MarkInfo.Marked
    assert pdf.Root.Lang == document.language
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    assert "/StructTreeRoot" in pdf.Root


@pytest.mark.feature("N01")
def test_where_to_ask_about_it_is_a_link_that_readers_are_told_of(pdf: pikepdf.Pdf):
    """ISO 14289-1, 7.18.5: in the structure as Link, with words of its own."""
    numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    elements = dict(zip(numbers[::2], numbers[1::2], strict=True))
    for page in pdf.pages:
        (note,) = page.Annots
        assert note.Subtype == "/Link"
        assert note.A.URI == note.Contents == CHECK_AT
        assert note.F == 4  # printed with the page, as PDF/A wants
        assert page.Tabs == "/S"
        element = elements[note.StructParent]
        assert element.S == "/Link"
        assert any(kid.get("/Type") == "/OBJR" for kid in element.K if _is_one(kid))


def test_its_colours_and_fonts_are_its_own(pdf: pikepdf.Pdf):
    assert len(pdf.Root.OutputIntents) == 1
    assert len(pdf.trailer.ID) == 2
    fonts = [x for x in pdf.objects if _is(x, "/FontDescriptor")]
    assert fonts
    assert all("/FontFile2" in x or "/FontFile3" in x for x in fonts)
    pictures = [
        x for x in pdf.objects
        if isinstance(x, pikepdf.Stream) and x.get("/Subtype") == "/Image"
    ]  # fmt: skip
    assert pictures
    assert not any(x.get("/Interpolate", False) for x in pictures)


def test_every_picture_says_what_it_shows(pdf: pikepdf.Pdf, document: BilledDocument):
    """ISO 14289-1, 7.3."""
    said = [str(it.get("/Alt", "")) for it in elements(pdf, "Figure")]

    assert all(said)
    assert (document.branding.name or document.seller.name) in said[0]


@pytest.mark.parametrize(
    ("billed", "words"),
    [
        (an_invoice(), "QR code for a SEPA bank transfer"),
        (a_swiss_invoice(language="de"), "Swiss QR Code des Zahlteils"),
    ],
)
def test_a_payment_code_says_what_it_is(
    renderer: PdfRenderer, billed: InvoiceDocument, words: str
):
    data = renderer.render(render_print(billed, None, MADE_AT), "00" * 32)

    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert [str(it.Alt) for it in elements(pdf, "Figure")] == [words]


def test_headings_skip_no_level(pdf: pikepdf.Pdf, document: BilledDocument):
    """ISO 14289-1, 7.4.2."""
    levels = [int(str(it.S)[2:]) for it in elements(pdf, "H1", "H2", "H3")]

    assert levels[:2] == [1, 2]
    assert set(levels[1:]) == {2}


def test_each_figure_of_a_table_has_a_header(pdf: pikepdf.Pdf):
    """ISO 14289-1, 7.5; what is a table for its looks alone is none."""
    names = list(pdf.Root.StructTreeRoot.IDTree.Names)
    found = dict(zip(map(str, names[::2]), names[1::2], strict=True))
    assert list(found) == sorted(found)
    assert {str(x.ID) for x in elements(pdf, "TH")} == set(found)
    cells = elements(pdf, "TD")
    assert cells
    for cell in cells:
        headers = [found[str(name)] for name in cell.A.Headers]
        assert headers
        assert all(header.S == "/TH" for header in headers)


def test_a_line_is_not_read_out_with_the_headings_of_other_groups(
    renderer: PdfRenderer,
):
    html = render_print(an_invoice(lines=lines_of(20)), None, MADE_AT)

    with pikepdf.open(io.BytesIO(renderer.render(html, "00" * 32))) as pdf:
        headers = [len(cell.A.Headers) for cell in elements(pdf, "TD")]

    assert len(headers) > 100
    assert set(headers) == {1}


def test_all_that_is_drawn_is_content_or_decoration(pdf: pikepdf.Pdf):
    """ISO 14289-1, 7.1: each drawing stands in marked content."""
    drawn = 0
    for page in pdf.pages:
        depth = 0
        for step in pikepdf.parse_content_stream(page):
            said = str(step.operator)
            depth += {"BMC": 1, "BDC": 1, "EMC": -1}.get(said, 0)
            if said in DRAWS:
                drawn += 1
                assert depth > 0, said
        assert depth == 0
    assert drawn > 20


def test_its_fonts_say_how_wide_and_which_letter_each_sign_is(pdf: pikepdf.Pdf):
    """ISO 19005-3, 6.2.11.5 and 6.2.11.7."""
    seen = 0
    for page in pdf.pages:
        for name, signs in signs_of(page).items():
            font = page.Resources.Font[name]
            (described,) = font.DescendantFonts
            program = TTFont(
                io.BytesIO(described.FontDescriptor.FontFile2.read_bytes())
            )
            per_em, order = program["head"].unitsPerEm, program.getGlyphOrder()
            widths = widths_of(described.W)
            letters = font.ToUnicode.read_bytes().decode("ascii")
            assert not re.search("<(0000|feff|fffe)>$", letters, re.M | re.I)
            for sign in signs:
                drawn, _ = program["hmtx"].metrics[order[sign]]
                assert abs(widths[sign] - Decimal(drawn * 1000) / per_em) <= 1
                assert f"<{sign:04x}> <" in letters
                seen += 1
    assert seen > 100


def elements(pdf: pikepdf.Pdf, *kinds: str) -> list[pikepdf.Object]:
    """Return what the document's structure has of these kinds, in its order."""
    found: list[pikepdf.Object] = []

    def walk(thing: pikepdf.Object) -> None:
        if isinstance(thing, pikepdf.Array):
            for each in thing:
                walk(each)
        elif _is_one(thing) and "/S" in thing:
            if str(thing.S)[1:] in kinds:
                found.append(thing)
            walk(thing.get("/K", pikepdf.Array()))

    walk(pdf.Root.StructTreeRoot.K)
    return found


def signs_of(page: pikepdf.Page) -> dict[str, set[int]]:
    """Return the signs that a page draws, by the name of their font."""
    drawn: dict[str, set[int]] = {}
    font = ""
    for step in pikepdf.parse_content_stream(page):
        if str(step.operator) == "Tf":
            font = str(step.operands[0])
        elif str(step.operator) in ("Tj", "TJ"):
            (shown,) = step.operands
            texts = shown if isinstance(shown, pikepdf.Array) else [shown]
            for text in texts:
                if isinstance(text, pikepdf.String):
                    codes = bytes(text)
                    places = range(0, len(codes), 2)
                    signs = (int.from_bytes(codes[i : i + 2], "big") for i in places)
                    drawn.setdefault(font, set()).update(signs)
    return drawn


def widths_of(stored: pikepdf.Object) -> dict[int, Decimal]:
    """Read an array of widths: a first sign, then those of it and its followers."""
    rows = iter(list(stored))
    return {
        int(first) + place: Decimal(width)
        for first in rows
        for place, width in enumerate(next(rows))
    }


@pytest.mark.feature("N17")
def test_the_same_document_gives_the_same_file(
    renderer: PdfRenderer, data: bytes, document: BilledDocument
):
    html = render_print(document, a_logo(), MADE_AT, CHECK_AT)

    again = renderer.render(
        html, content_digest(to_json(document)), write_cii(document)
    )

    assert again == data


def test_without_xml_it_is_an_archive_that_claims_no_more(renderer: PdfRenderer):
    html = render_print(PLAIN, None, MADE_AT)
    data = renderer.render(html, "00" * 32)

    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert "/AF" not in pdf.Root
        assert b"fx:" not in pdf.Root.Metadata.read_bytes()
        with pdf.open_metadata() as metadata:
            assert metadata.pdfa_status == "3A"


def _is_one(found: object) -> bool:
    return isinstance(found, pikepdf.Dictionary)


def _is(found: object, kind: str) -> bool:
    return isinstance(found, pikepdf.Dictionary) and found.get("/Type") == kind
