"""Letters that cannot be printed are named, and those we claim can be.

`uv run python -m tests.documents.test_glyphs` writes what the bundled fonts cover.
"""

import shutil
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from billing_app.documents.glyphs import (
    COVERED,
    FONTS,
    bundled,
    covered_by,
    font_words,
    write_ranges,
)
from billing_app.documents.pdf import PdfRenderer
from billing_app.documents.render import render_print
from tests.support.documents import MADE_AT, a_line, an_invoice

CLAIMED = {
    "Latin": "Łódź Çeşme Ðorđe ẞ Điện Biên",
    "Greek": "Αιολική Ναυτιλία, Ἀθῆναι",
    "Cyrillic": "Северный ветер, Київ, Љубљана",
    "Arabic": "شركة الخليج للطيران ٣٤٥ پچگ",
    "Hebrew": "חברת התעופה הים",
    "Hindi": "उत्तर पवन चार्टर क्षेत्र",
    "Thai": "บริษัท การบินเหนือ",
    "Japanese": "株式会社北風チャーター　横浜市",
    "Chinese": "北风包机有限公司，上海市浦东新区",
    "Korean": "북풍전세항공 주식회사",
    "Money": "€ £ ¥ ₹ ₺ ₽ ₩ ₫ ₴ ฿ ₪ $",
}


def cover() -> frozenset[int]:
    """Return what the fonts have, as they are; a weight more has nothing more."""
    fonts = [x for x in sorted(FONTS.glob("*.ttf")) if "Figures" not in x.name]
    return frozenset().union(*map(covered_by, fonts))


def test_what_is_written_down_is_what_the_fonts_have():
    assert COVERED.read_text() == write_ranges(cover())
    assert bundled() == cover()


@pytest.mark.feature("R32")
@pytest.mark.parametrize("script", CLAIMED)
def test_every_script_that_is_claimed_has_its_letters(script: str, tmp_path: Path):
    document = an_invoice(lines=(a_line(CLAIMED[script], 100),))

    assert font_words(document, tmp_path) == ""


@pytest.mark.feature("R32")
def test_words_that_would_be_boxes_are_named_once(tmp_path: Path):
    document = an_invoice(
        lines=(
            a_line("Հյուսիսային flight", 100, description="ქართული Հյուսիսային 🚀"),
        ),
        notes="বাংলা",
    )

    said = font_words(document, tmp_path)

    assert said.startswith(
        "No font here has the letters of “Հյուսիսային”, “ქართული”, “🚀” and more"
    )
    assert str(tmp_path) in said


def test_a_document_without_such_words_needs_no_fonts(tmp_path: Path):
    assert font_words(an_invoice(), tmp_path) == ""


class TestAddedFonts:
    """A font in the operator's folder is seen by the check and by the engine."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "fonts"
        folder.mkdir()
        make_font(folder / "Armenian.ttf", "Հ")
        return folder

    def test_are_known_to_the_check(self, folder: Path):
        document = an_invoice(lines=(a_line("ՀՀՀ", 100),))

        assert font_words(document, folder) == ""
        assert "ՀՀՀ" in font_words(document, folder.parent)

    def test_are_printed_with(self, folder: Path):
        document = an_invoice(lines=(a_line("ՀՀՀ", 100),))
        html = render_print(document, None, MADE_AT)
        renderer, other = PdfRenderer(fonts=folder), PdfRenderer()

        with_it, without = (x.render(html, "00" * 32) for x in (renderer, other))
        renderer.close()
        other.close()

        assert any("Armenian" in name for name in font_names(with_it))
        # Not with what else is on this machine either.
        assert all("Inter" in name for name in font_names(without))


def font_names(data: bytes) -> list[str]:
    with pikepdf.open(BytesIO(data)) as pdf:
        return [
            str(x.FontName)
            for x in pdf.objects
            if isinstance(x, pikepdf.Dictionary) and "/FontName" in x
        ]


def make_font(path: Path, sign: str) -> None:
    """Make a font of one sign out of a bundled one."""
    from fontTools.ttLib import TTFont

    shutil.copy(FONTS / "LiberationSans-Regular.ttf", path)
    font = TTFont(path)
    for table in font["cmap"].tables:
        table.cmap = {ord(sign): table.cmap.get(ord("H"), ".notdef")}
    for record in font["name"].names:
        if record.nameID in {1, 3, 4, 6, 16}:
            record.string = "Armenian"
    font.save(path)


if __name__ == "__main__":
    COVERED.write_text(write_ranges(cover()))
