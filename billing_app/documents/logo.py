"""Make an uploaded picture into the logo of documents: plain, small and harmless."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

from PIL import Image, ImageOps

from billing_app.domain.errors import InvalidInput

# What is kept: a logo is printed some 6 cm wide, so this is beyond 800 dpi.
SIDE_MAX = 2_000
# What is opened: decoded, 25 million pixels take 100 MB for a moment.
PIXELS_MAX = 25_000_000

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# What Pillow raises for files that are broken, cut off or lie about themselves.
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True, slots=True)
class Logo:
    """A PNG of ours; sizes in pixels."""

    png: bytes
    width: int
    height: int


def make_logo(content: bytes) -> Logo:
    """Read a picture and write it anew, so that nothing hidden in it stays.

    Raises:
        InvalidInput: it is no picture, an SVG, or has too many pixels.
    """
    _refuse_svg(content)
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            _check_size(picture)
            drawn = ImageOps.exif_transpose(picture).convert("RGBA")
    except _BROKEN as error:
        raise InvalidInput(
            "This file can't be read as a picture. Use a PNG or a JPEG.", field="logo"
        ) from error
    drawn.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.LANCZOS)
    # A new picture carries over pixels and nothing else.
    plain = Image.new("RGBA", drawn.size)
    plain.paste(drawn)
    written = io.BytesIO()
    plain.save(written, "PNG", optimize=True)
    return Logo(written.getvalue(), *plain.size)


def check_logo(content: bytes) -> None:
    """Refuse what was not written by `make_logo`, as far as a file can tell.

    Raises:
        InvalidInput: it is no PNG of such a size.
    """
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            is_ours = max(picture.size) <= SIDE_MAX
            picture.verify()
    except _BROKEN as error:
        raise InvalidInput("This file is no logo.", field="logo") from error
    if not is_ours:
        raise InvalidInput("This file is no logo.", field="logo")


def shrink_logo(png: bytes, height: int) -> bytes:
    """Return one of our logos no higher than so many pixels, as a PNG."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        picture.thumbnail((SIDE_MAX, height), Image.Resampling.LANCZOS)
        written = io.BytesIO()
        picture.save(written, "PNG", optimize=True)
    return written.getvalue()


def _refuse_svg(content: bytes) -> None:
    head = content[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"<") or b"<svg" in head or head.startswith(b"\x1f\x8b"):
        raise InvalidInput(
            "SVG files can carry scripts, so they are not taken. Export the logo as "
            "a PNG, 800 pixels wide or more.",
            field="logo",
        )


def _check_size(picture: Image.Image) -> None:
    """Look at the size in the head, before anything is decoded."""
    width, height = picture.size
    if width * height > PIXELS_MAX:
        raise InvalidInput(
            f"This picture has {width:,} × {height:,} pixels. "
            f"{SIDE_MAX:,} on a side are enough.",
            field="logo",
        )
