"""Turn the pages of a PDF into pictures, for screens that cannot show the file."""

from __future__ import annotations

from io import BytesIO

import pypdfium2

PAGES_MAX = 100


def draw_pages(pdf: bytes, width: int) -> list[bytes]:
    """Return a PNG of each page, `width` pixels wide, up to PAGES_MAX of them."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        count = min(len(document), PAGES_MAX)
        return [_draw(document[index], width) for index in range(count)]
    finally:
        document.close()


def _draw(page: pypdfium2.PdfPage, width: int) -> bytes:
    picture = page.render(scale=width / page.get_width()).to_pil().convert("RGB")
    # A document has few colours: a palette halves the file and nobody sees it.
    drawn = BytesIO()
    picture.quantize(96).save(drawn, "png", compress_level=6)
    return drawn.getvalue()
