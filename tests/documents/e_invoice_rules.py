"""The official rules for e-invoices, as the tests ask them: XSD and Schematron."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import facturx
import pytest
from lxml import etree

RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
SHEETS = {
    "cii": RULES / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
    "ubl": RULES / "ubl-2.1" / "EN16931-UBL-validation.xslt",
}
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def broken_rules(xml: bytes, syntax: str) -> list[str]:
    """Return what XSD and Schematron say against an e-invoice, a line each."""
    flavor = "factur-x" if syntax == "cii" else "ubl-2.1"
    facturx.xml_check_xsd(xml, flavor=flavor, level="en16931")
    saxonche = pytest.importorskip("saxonche", reason="saxonche is not installed")
    node = _processor(saxonche).parse_xml(xml_text=xml.decode())
    report = etree.fromstring(
        _sheet(saxonche, syntax).transform_to_string(xdm_node=node).encode()
    )
    found = []
    for kind in ("failed-assert", "successful-report"):
        for said in report.iter(f"{SVRL}{kind}"):
            if said.get("flag") == "warning":
                continue
            found.append(" ".join("".join(said.itertext()).split()))
    return found


@cache
def _processor(saxonche):
    return saxonche.PySaxonProcessor(license=False)


@cache
def _sheet(saxonche, syntax):
    compiler = _processor(saxonche).new_xslt30_processor()
    return compiler.compile_stylesheet(stylesheet_file=str(SHEETS[syntax]))
