"""A document has the same bytes wherever it is printed."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from billing_app.documents.e_invoice import write_cii, write_ubl
from billing_app.documents.pdf import PdfRenderer
from billing_app.documents.render import render_print
from billing_app.domain.document import Look, content_digest, to_json
from tests.documents.test_e_credit_note import CREDITED
from tests.documents.test_e_invoice import USUAL
from tests.documents.test_glyphs import CLAIMED
from tests.support.documents import MADE_AT, a_line, a_logo, a_receipt, an_invoice

ROOT = Path(__file__).parents[2]

PRINTED = (
    USUAL["two taxes and a discount on both"],
    CREDITED["a line of it"],
    *(
        an_invoice(look, lines=tuple(a_line(x, 100) for x in CLAIMED.values()))
        for look in Look
    ),
    *(
        an_invoice(look, language="ar", buyer=replace(an_invoice().buyer, country="AE"))
        for look in Look
    ),
    a_receipt(),
)


def digests() -> list[str]:
    """Print everything and return what each file comes to."""
    renderer = PdfRenderer()
    found = []
    for number, document in enumerate(PRINTED):
        xml = write_cii(document) if number < 2 else b""
        found += [write_ubl(document)] if number < 2 else []
        html = render_print(document, a_logo(), MADE_AT, "billing.example/check/ABCD")
        found.append(renderer.render(html, content_digest(to_json(document)), xml))
    renderer.close()
    return [hashlib.sha256(each).hexdigest() for each in found]


@pytest.mark.feature("N17")
def test_zone_language_home_and_chance_leave_no_trace(tmp_path: Path):
    here = printed_in(tmp_path, TZ="UTC", LC_ALL="C", PYTHONHASHSEED="1")
    there = printed_in(
        make_home(tmp_path / "elsewhere"),
        TZ="Pacific/Kiritimati",
        LANG="ar_EG.UTF-8",
        LC_ALL="tr_TR.UTF-8",
        LANGUAGE="ja",
        PYTHONHASHSEED="4242",
        SOURCE_DATE_EPOCH="1",
        FONTCONFIG_PATH="/nowhere",
    )

    assert len(set(here)) == len(here)
    assert there == here


def make_home(home: Path) -> Path:
    """Make a home whose owner prefers other fonts for everything."""
    settings = home / ".config" / "fontconfig" / "fonts.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        '<?xml version="1.0"?><fontconfig><dir>/usr/share/fonts</dir><match>'
        '<edit name="family" mode="assign" binding="strong">'
        "<string>DejaVu Serif</string></edit></match></fontconfig>"
    )
    return home


def printed_in(home: Path, **environment: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-m", "tests.documents.test_same_bytes"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.split()


if __name__ == "__main__":
    print(*digests(), sep="\n")  # noqa: T201
