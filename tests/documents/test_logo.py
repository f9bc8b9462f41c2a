import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from billing_app.documents.logo import SIDE_MAX, make_logo
from billing_app.domain.errors import InvalidInput


def picture(kind: str, size: tuple[int, int] = (40, 20), **options: object) -> bytes:
    written = io.BytesIO()
    mode = "RGB" if kind == "JPEG" else "RGBA"
    Image.new(mode, size, "teal").save(written, kind, **options)
    return written.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """Return a few bytes whose head promises a huge picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = zlib.compress(b"\0" * 1_000)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", body)
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_writes_any_usual_picture_as_png(kind: str):
    logo = make_logo(picture(kind))

    with Image.open(io.BytesIO(logo.png)) as shown:
        assert (shown.format, shown.size) == ("PNG", (40, 20))
    assert (logo.width, logo.height) == (40, 20)


def test_makes_a_large_one_smaller_in_proportion():
    logo = make_logo(picture("PNG", (SIDE_MAX * 2, 100)))

    assert (logo.width, logo.height) == (SIDE_MAX, 50)


def test_keeps_what_is_transparent():
    written = io.BytesIO()
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(written, "PNG")

    with Image.open(io.BytesIO(make_logo(written.getvalue()).png)) as shown:
        assert shown.getpixel((0, 0))[3] == 0  # type: ignore[index]


def test_drops_everything_but_the_pixels():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "<script>alert(1)</script>")
    content = picture("PNG", pnginfo=info) + b"<?php hidden(); ?>"

    logo = make_logo(content)

    assert b"script" not in logo.png
    assert b"hidden" not in logo.png


def test_turns_a_photograph_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # Turned by 90 degrees.

    logo = make_logo(picture("JPEG", (40, 20), exif=exif))

    assert (logo.width, logo.height) == (20, 40)


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'\xef\xbb\xbf<?xml version="1.0"?><!DOCTYPE svg><svg/>',
        b"\n <!-- hello --><SVG></SVG>",
    ],
)
def test_refuses_an_svg_and_says_what_to_do(content: bytes):
    with pytest.raises(InvalidInput) as refusal:
        make_logo(content)

    assert "PNG" in refusal.value.message
    assert refusal.value.field == "logo"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n",
        picture("PNG")[:60],
        picture("JPEG")[:100],
        b"GIF89a" + b"\xff" * 40,
        b"II*\0" + b"\xff" * 40,
    ],
)
def test_refuses_what_is_no_picture(content: bytes):
    with pytest.raises(InvalidInput) as refusal:
        make_logo(content)

    assert "can't be read" in refusal.value.message


@pytest.mark.parametrize("size", [(50_000, 50_000), (10_000, 5_000), (2**31 - 1, 1)])
def test_refuses_a_bomb_before_it_is_opened(size: tuple[int, int]):
    with pytest.raises(InvalidInput):
        make_logo(png_that_claims(*size))
