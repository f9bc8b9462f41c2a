"""What makes a PDF last: PDF/A-3a with PDF/UA-1, and Factur-X when there is XML.

The engine writes the archive's structure; what is said about the file in XMP is
merged here, since the engine's own option appends a second RDF that readers do not
see, and it lists each attachment twice (WeasyPrint 70.0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

# ISO 19005-3 level A: an archive with tags that may carry other files.
VARIANT = "pdf/a-3a"
# The name and relationship that Factur-X 1.0 prescribes for an invoice.
XML_NAME = "factur-x.xml"
XML_RELATIONSHIP = "Alternative"

_FACTUR_X = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PDF_UA = "http://www.aiim.org/pdfua/ns/id/"

_TABLE_PARTS = {"/THead", "/TBody", "/TFoot", "/TR", "/TH", "/TD"}

Finisher = Callable[[Any, Any], None]


def make_finisher(*, has_xml: bool) -> Finisher:
    """Return what completes a file just before it is written."""
    said = _xmp(has_xml=has_xml).encode()

    def finish(document: Any, pdf: Any) -> None:
        import pydyf

        number = int(pdf.catalog["Metadata"].split()[0])
        metadata = pdf.objects[number]
        written = b"".join(
            part if isinstance(part, bytes) else part.encode()
            for part in metadata.stream
        )
        metadata.stream = [written.replace(b"</rdf:RDF>", said + b"</rdf:RDF>", 1)]
        if "AF" in pdf.catalog:
            pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
        shown = pdf.catalog.setdefault("ViewerPreferences", pydyf.Dictionary())
        shown["DisplayDocTitle"] = "true"
        _mend_structure(pdf)

    return finish


def _mend_structure(pdf: Any) -> None:
    """Let tables be tables only where they have headers, and headers be found.

    What the engine makes a table of by its element alone may be there for its columns
    (ISO 14289-1, 7.5); and cells name their headers by an ID that a tree leads to
    (ISO 32000-1, 14.7.2), which it does not write.
    """
    import pydyf

    elements = {
        thing.reference: thing
        for thing in pdf.objects
        if isinstance(thing, dict) and thing.get("Type") == "/StructElem"
    }
    for element in elements.values():
        if element["S"] == "/Table":
            parts = [element, *_parts_of(element, elements)]
            if not any(part["S"] == "/TH" for part in parts):
                for part in parts:
                    part["S"] = "/Div"
                    part.pop("A", None)
    named = sorted((x["ID"].data, x) for x in elements.values() if "ID" in x)
    if named:
        names = [it for _, x in named for it in (x["ID"], x.reference)]
        tree = pydyf.Dictionary({"Names": pydyf.Array(names)})
        pdf.add_object(tree)
        root = next(x for x in pdf.objects if _is_tree_root(x))
        root["IDTree"] = tree.reference


def _is_tree_root(thing: Any) -> bool:
    return isinstance(thing, dict) and thing.get("Type") == "/StructTreeRoot"


def _parts_of(table: Any, elements: dict[bytes, Any]) -> Iterator[Any]:
    """Yield rows and cells of a table, not of those that stand in its cells."""
    for kid in table["K"]:
        element = elements.get(kid)
        if element is not None and element["S"] in _TABLE_PARTS:
            yield element
            yield from _parts_of(element, elements)


def _xmp(*, has_xml: bool) -> str:
    """Say which standards the file follows, and declare the words for it (6.6.2.3)."""
    said = [_description("pdfuaid", _PDF_UA, "<pdfuaid:part>1</pdfuaid:part>")]
    schemas = [
        _schema(
            "PDF/UA identification", _PDF_UA, "pdfuaid", "Integer", "internal", ["part"]
        )
    ]
    if has_xml:
        values = {
            "DocumentType": "INVOICE",
            "DocumentFileName": XML_NAME,
            "Version": "1.0",
            "ConformanceLevel": "EN 16931",
        }
        said.append(
            _description(
                "fx",
                _FACTUR_X,
                "".join(
                    f"<fx:{key}>{value}</fx:{key}>" for key, value in values.items()
                ),
            )
        )
        schemas.append(
            _schema("Factur-X", _FACTUR_X, "fx", "Text", "external", list(values))
        )
    return "".join(said) + (
        '<rdf:Description rdf:about=""'
        ' xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
        ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
        f"<pdfaExtension:schemas><rdf:Bag>{''.join(schemas)}</rdf:Bag>"
        "</pdfaExtension:schemas></rdf:Description>"
    )


def _description(prefix: str, uri: str, body: str) -> str:
    return (
        f'<rdf:Description rdf:about="" xmlns:{prefix}="{uri}">{body}</rdf:Description>'
    )


def _schema(
    title: str, uri: str, prefix: str, kind: str, category: str, names: list[str]
) -> str:
    properties = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        f"<pdfaProperty:valueType>{kind}</pdfaProperty:valueType>"
        f"<pdfaProperty:category>{category}</pdfaProperty:category>"
        f"<pdfaProperty:description>{name}</pdfaProperty:description></rdf:li>"
        for name in names
    )
    return (
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaSchema:schema>{title}</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{uri}</pdfaSchema:namespaceURI>"
        f"<pdfaSchema:prefix>{prefix}</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>"
        "</rdf:li>"
    )
