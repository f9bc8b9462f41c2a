"""Make a draft of an e-invoice: UBL, CII, or a PDF that carries one."""

from __future__ import annotations

import codecs

from billing_app.documents.e_invoice_reader import read_e_invoice
from billing_app.documents.pdf_attachment import find_invoice_xml
from billing_app.domain.actors import Actor
from billing_app.domain.errors import InvalidInput
from billing_app.domain.read_e_invoice import ReadEInvoice, check_can_become_draft
from billing_app.runtime import Runtime
from billing_app.services.imports import DraftFromFile, draft_from_e_invoice

_PDF = b"%PDF"


def looks_like_e_invoice(begin: bytes) -> bool:
    """Say whether a file begins as XML or PDF does, and not as a table."""
    begin = begin.removeprefix(codecs.BOM_UTF8).lstrip()
    return begin.startswith((_PDF, b"<"))


def read_file(content: bytes) -> ReadEInvoice:
    """Return what a file says that can become a draft.

    Raises:
        InvalidInput: it can't be read, or is nothing that could be issued here.
    """
    if not content.lstrip().startswith(_PDF):
        return _read(content)
    xml = find_invoice_xml(content)
    try:
        return _read(xml)
    except InvalidInput as refusal:
        raise InvalidInput(
            f"The e-invoice inside this PDF can't be used. {refusal.message}"
        ) from refusal


def _read(xml: bytes) -> ReadEInvoice:
    read = read_e_invoice(xml)
    check_can_become_draft(read)
    return read


def draft_of(runtime: Runtime, actor: Actor, content: bytes) -> DraftFromFile:
    """Make a draft of a file, and its buyer a customer unless they are one.

    Raises:
        InvalidInput: it can't be read, or is nothing that could be issued here.
    """
    return runtime.run(actor, draft_from_e_invoice, read_file(content))
