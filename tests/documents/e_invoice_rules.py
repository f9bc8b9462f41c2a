"""The official rules for e-invoices, as the tests ask them: XSD and Schematron.

Those of Peppol and XRechnung come without a sheet in the wheel, so the ones that our
files could break are said here in our own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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


# As KoSIT's sheet for XRechnung 3 writes it.
SKONTO = re.compile(
    r"#(SKONTO)#TAGE=([0-9]+#PROZENT=[0-9]+\.[0-9]{2})"
    r"(#BASISBETRAG=-?[0-9]+\.[0-9]{2})?#"
)
PEPPOL, XRECHNUNG = "poacc:billing:3.0", "xrechnung_3.0"
DUTCH_REGISTERS, DUTCH_MEANS = {"0106", "0190"}, {"30", "48", "49", "57", "58", "59"}


def claimed_standard(xml: bytes) -> str:
    """Return what a UBL file says that it keeps to beyond EN 16931, if anything."""
    said = _said(etree.fromstring(xml), "{*}CustomizationID")
    return next((x for x in (PEPPOL, XRECHNUNG) if said.endswith(x)), "")


def broken_network_rules(xml: bytes) -> list[str]:
    """Return the rules of Peppol or XRechnung that a UBL file breaks, of its own."""
    root, standard = etree.fromstring(xml), claimed_standard(xml)
    if not standard:
        return []
    supplier = root.find("{*}AccountingSupplierParty/{*}Party")
    customer = root.find("{*}AccountingCustomerParty/{*}Party")
    assert supplier is not None
    assert customer is not None
    countries = [
        _said(x, "{*}PostalAddress/{*}Country/*") for x in (supplier, customer)
    ]
    found = list(_of_all(root, supplier, customer, may_be_mail=standard == XRECHNUNG))
    if standard == PEPPOL and countries[0] == "NL":
        found += _of_the_dutch(root, supplier, customer, is_home=countries[1] == "NL")
    if standard == XRECHNUNG or countries == ["DE", "DE"]:
        found += _of_the_germans(root, supplier, customer)
    return found


def _of_all(
    root: etree._Element,
    supplier: etree._Element,
    customer: etree._Element,
    *,
    may_be_mail: bool,
) -> Iterator[str]:
    if not _said(root, "{*}ProfileID").endswith("poacc:billing:01:1.0"):
        yield "R001"
    if not (_said(root, "{*}BuyerReference") or _said(root, "{*}OrderReference/{*}ID")):
        yield "R003"
    for rule, party in (("R020", supplier), ("R010", customer)):
        endpoint = party.find("{*}EndpointID")
        if endpoint is None or not endpoint.text:
            yield rule
        elif endpoint.get("schemeID") == "EM" and not may_be_mail:
            yield "CL008"


def _of_the_dutch(
    root: etree._Element,
    supplier: etree._Element,
    customer: etree._Element,
    *,
    is_home: bool,
) -> Iterator[str]:
    credits = etree.QName(root).localname == "CreditNote"
    if is_home and credits and not _said(root, "{*}BillingReference//{*}ID"):
        yield "NL-R-001"
    parties = [("NL-R-002", "NL-R-003", supplier)]
    if is_home:
        parties.append(("NL-R-004", "NL-R-005", customer))
    for address_rule, number_rule, party in parties:
        parts = ("StreetName", "CityName", "PostalZone")
        if not all(_said(party, f"{{*}}PostalAddress/{{*}}{part}") for part in parts):
            yield address_rule
        number = party.find("{*}PartyLegalEntity/{*}CompanyID")
        if number is not None and number.get("schemeID") not in DUTCH_REGISTERS:
            yield number_rule
    means = _said(root, "{*}PaymentMeans/{*}PaymentMeansCode")
    if not (means or credits or _said(root, ".//{*}PayableAmount").startswith("0")):
        yield "NL-R-007"
    if is_home and means and means not in DUTCH_MEANS:
        yield "NL-R-008"


def _of_the_germans(
    root: etree._Element, supplier: etree._Element, customer: etree._Element
) -> Iterator[str]:
    means = _said(root, "{*}PaymentMeans/{*}PaymentMeansCode")
    account = _said(root, "{*}PaymentMeans/{*}PayeeFinancialAccount/{*}ID")
    contact, place = "{*}Contact/{*}", "{*}PostalAddress/{*}"
    shipped = root.find("{*}Delivery/{*}DeliveryLocation/{*}Address")
    percents = root.findall("{*}TaxTotal/{*}TaxSubtotal/{*}TaxCategory/{*}Percent")
    kinds = root.findall("{*}TaxTotal/{*}TaxSubtotal/{*}TaxCategory")
    holds = {
        "BR-DE-1": means,
        "BR-DE-2": supplier.find("{*}Contact") is not None,
        "BR-DE-3": _said(supplier, f"{place}CityName"),
        "BR-DE-4": _said(supplier, f"{place}PostalZone"),
        "BR-DE-5": _said(supplier, f"{contact}Name"),
        "BR-DE-6": _said(supplier, f"{contact}Telephone"),
        "BR-DE-7": _said(supplier, f"{contact}ElectronicMail"),
        "BR-DE-8": _said(customer, f"{place}CityName"),
        "BR-DE-9": _said(customer, f"{place}PostalZone"),
        "BR-DE-10": shipped is None or _said(shipped, "{*}CityName"),
        "BR-DE-11": shipped is None or _said(shipped, "{*}PostalZone"),
        "BR-DE-14": len(percents) == len(kinds),
        "BR-DE-15": _said(root, "{*}BuyerReference"),
        "BR-DE-18": _reads_discounts(root.findtext("{*}PaymentTerms/{*}Note") or ""),
        "BR-DE-23": account or means not in {"30", "58"},
        "BR-DE-27": sum(map(str.isdigit, _said(supplier, f"{contact}Telephone"))) > 2,
    }
    yield from (rule for rule, is_kept in holds.items() if not is_kept)


def _reads_discounts(terms: str) -> bool:
    """Each line with a # is one, and the last of them ends as a line does."""
    marked = [x.strip() for x in terms.splitlines() if x.strip().startswith("#")]
    ends = re.match(r"\s*\n", re.split("#.+#", terms)[-1]) is not None
    return not marked or (ends and all(map(SKONTO.fullmatch, marked)))


def _said(node: etree._Element, path: str) -> str:
    return (node.findtext(path) or "").strip()
