"""Files that lie, grow or never end are refused in a sentence, and leave nothing."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from pypdf import PdfWriter
from sqlmodel import select

from billing_app.domain.errors import InvalidInput
from billing_app.models import AuditEntry, Customer, Invoice
from billing_app.workflows import imports
from tests.documents.test_e_invoice_reader import CASES, LAUGHS, WRITERS
from tests.support.measured import run_command
from tests.support.world import World

LARGE = 50_000_000
# What the largest of these files may take beyond itself; usually it is far less.
MEGABYTES_MAX = 300
SECONDS_MAX = 30
XML = WRITERS["cii"](CASES["one rate"]())
UBL = b"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"


def a_pdf(*attached: tuple[str, bytes]) -> bytes:
    writer, written = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    for name, content in attached:
        writer.add_attachment(name, content)
    writer.write(written)
    return written.getvalue()


def a_pdf_that_grows() -> bytes:
    """An attachment of a megabyte that unpacks to a gigabyte."""
    squeeze, written = zlib.compressobj(9), io.BytesIO()
    packed = b"".join(squeeze.compress(bytes(10**6)) for _ in range(1_000))
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        inside = pdf.make_stream(b"")
        inside.write(packed + squeeze.flush(), filter=pikepdf.Name.FlateDecode)
        inside.Type = pikepdf.Name.EmbeddedFile
        spec = pikepdf.Dictionary(
            Type=pikepdf.Name.Filespec,
            UF="factur-x.xml",
            F="factur-x.xml",
            EF=pikepdf.Dictionary(F=inside),
        )
        names = pikepdf.Array([pikepdf.String("factur-x.xml"), spec])
        pdf.Root.Names = pikepdf.Dictionary(
            EmbeddedFiles=pikepdf.Dictionary(Names=names)
        )
        pdf.save(written)
    return written.getvalue()


def a_zip(**files: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name.replace("__", "/").replace("_json", ".json"), content)
    return written.getvalue()


def a_picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (9, 9)).save(written, "PNG")
    return written.getvalue()


def entities() -> bytes:
    """One long entity, often: no depth to notice, and a gigabyte."""
    named = b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 100_000 + b'">]>'
    return named + b'<Invoice xmlns="' + UBL + b'">' + b"&a;" * 10_000 + b"</Invoice>"


HEAD = b"Name,E-mail\n"
FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "page.pdf": (lambda: b"<!DOCTYPE html><html><body>Hi</body></html>", "a web page"),
    "page.xml": (lambda: b"\n<HTML><body>Hi</body></HTML>", "a web page"),
    "zip.csv": (lambda: a_zip(a=b"Name,E-mail"), "If it is a spreadsheet, save"),
    "gzip.csv": (lambda: gzip.compress(HEAD), "a compressed file. Unpack it"),
    "picture.xml": (a_picture, "a picture, not a table"),
    "people.pdf": (a_pdf, "carries no e-invoice"),
    "two.pdf": (
        lambda: a_pdf(
            ("factur-x.xml", XML),
            ("factur-x.xml", XML.replace(b"Line 1", b"Line 7")),
        ),
        "carries several e-invoices that differ",
    ),
    "broken.pdf": (
        lambda: a_pdf(("factur-x.xml", XML[:900])),
        "inside this PDF can't be used. This file is not XML",
    ),
    "cut.pdf": (lambda: a_pdf(("factur-x.xml", XML))[:700], "can't be read"),
    "grows.pdf": (a_pdf_that_grows, "can't be read"),
    "laughs.xml": (lambda: LAUGHS, "declares entities"),
    "entities.xml": (entities, "not XML that can be read"),
    "deep.xml": (lambda: b"<a>" * 600_000 + b"</a>" * 600_000, "not XML"),
    "attributes.xml": (
        lambda: b"<a" + b"".join(b' x%d="1"' % x for x in range(300_000)) + b"/>",
        "no invoice in UBL",
    ),
    **{f"empty.{kind}": (lambda: b"", "The file is empty") for kind in ("csv", "zip")},
    "empty.json": (lambda: b"", "is not JSON"),
    "blank.xml": (lambda: b" ", "has to name the columns"),
    "large.csv": (lambda: b"a" * LARGE, "has to name the columns"),
    "large-cell.csv": (lambda: HEAD + b'"' + b"x" * LARGE, "1,000,000 characters"),
    "large-quote.csv": (lambda: HEAD + b'"' + b"x\n" * (LARGE // 2), "131,072"),
    "large-row.csv": (lambda: HEAD + b"," * LARGE, "1,000,000 characters"),
    "large-zero.csv": (lambda: bytes(LARGE), "zero bytes"),
    "large.xml": (lambda: b"<a>" + b"x" * LARGE + b"</a>", "larger than 5 MB"),
    "large.pdf": (lambda: b"%PDF-1.7\n" + b"x" * LARGE, "can't be read"),
    "huge.pdf": (lambda: b"%PDF-1.7\n" + b"x" * LARGE * 2, "has over 100 MB"),
    "large.zip": (lambda: b"PK\x03\x04" + b"x" * LARGE, "not a zip file"),
    "large.json": (lambda: b"[" * LARGE, "is not JSON"),
    "grows.zip": (
        lambda: a_zip(manifest_json=b"{}", sheets__a=bytes(300_000_000)),
        "has files that no export",
    ),
    "grows-in-it.zip": (lambda: a_zip(manifest_json=bytes(300_000_000)), "would grow"),
}


def everything(world: World) -> list[int]:
    found: list[int] = []
    for place in world.places:
        with world.reading(place.system) as uow:
            for table in (Customer, Invoice, AuditEntry):
                found.append(len(uow.all(select(table.id))))
    return found


@pytest.mark.parametrize("name", FILES)
def test_is_refused_in_one_sentence(world: World, tmp_path: Path, name: str):
    make, says = FILES[name]
    path = tmp_path / name
    path.write_bytes(make())
    before = everything(world)

    data = str(world.runtime.settings.data_dir)
    ran = run_command("import", str(path), "--data", data)

    assert ran.code == 1
    *_, sentence = ran.said.strip().splitlines()
    assert re.search(says, sentence)
    assert "Traceback" not in ran.said
    assert len(ran.said) < 500
    assert ran.megabytes < MEGABYTES_MAX
    assert ran.seconds < SECONDS_MAX
    assert everything(world) == before
    assert not (tmp_path / "data" / "files").exists()


def test_one_that_lies_only_about_its_name_is_read_as_what_it_is(
    world: World, tmp_path: Path
):
    path = tmp_path / "invoice.csv"
    path.write_bytes(a_pdf(("factur-x.xml", XML)))

    data = str(world.runtime.settings.data_dir)
    ran = run_command("import", str(path), "--data", data)

    assert ran.code == 0
    assert "Made a draft for Vermeer Optics" in ran.said


def test_a_refused_file_opens_no_workspace(tmp_path: Path):
    path = tmp_path / "laughs.xml"
    path.write_bytes(LAUGHS)

    ran = run_command("import", str(path), "--data", str(tmp_path / "new"))

    assert ran.code == 1
    assert not (tmp_path / "new").exists()


def test_the_page_reads_no_more_lines_than_others_can_wait_for(world: World):
    """Twenty million line breaks are as much as the page takes."""
    actor = world.northwind.admin
    file = io.BytesIO(HEAD + b"\n" * (20_000_000 - len(HEAD)))
    key = imports.take_file(world.runtime, actor, file)

    with pytest.raises(InvalidInput, match=r"200,000 lines.*tallyport import FILE"):
        imports.look_at(world.runtime, actor, key)
