"""A PDF that lasts: the causes of PDF/A-3a, PDF/UA-1 and Factur-X, one by one.

No validator of PDF/A is in a package registry; these are what it complains about.
"""

import io
from dataclasses import replace

import pikepdf
import pytest

from billing_app.documents.e_invoice import write_cii
from billing_app.documents.pdf import PdfRenderer
from billing_app.documents.render import render_print
from billing_app.domain.document import content_digest, to_json
from billing_app.domain.e_invoice import BilledDocument
from tests.documents.test_e_credit_note import CREDITED
from tests.documents.test_e_invoice import USUAL
from tests.support.documents import MADE_AT, a_logo, a_swiss_invoice

PLAIN = USUAL["two taxes and a discount on both"]
SWISS = a_swiss_invoice(
    currency="EUR", lines=PLAIN.lines, taxes=PLAIN.taxes, tax_sets=PLAIN.tax_sets,
    adjustments=PLAIN.adjustments, net_minor=PLAIN.net_minor, language="en",
    tax_minor=PLAIN.tax_minor, total_minor=PLAIN.total_minor, due_minor=PLAIN.due_minor,
)  # fmt: skip


CHECK_AT = "https://billing.example/check/ABCD-EFGH-IJKL-MNOP"
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
