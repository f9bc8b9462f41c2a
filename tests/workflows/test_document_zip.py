"""One file of documents: each keeps its own entry, whatever its number."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest

from billing_app.domain.document import DocumentKind
from billing_app.domain.portal_invoice import PdfState
from billing_app.queries.portal_account import DocumentFacts
from billing_app.workflows.document_zip import _packed
from tests.support.world import World


def document(world: World, id: int, number: str) -> DocumentFacts:
    return DocumentFacts(
        id=id,
        invoice_id=id,
        kind=DocumentKind.INVOICE,
        number=number,
        issued_at=datetime(2026, 3, 1, tzinfo=UTC),
        pdf=PdfState.READY,
        pdf_digest=world.runtime.files.put(number.encode(), ".pdf"),
    )


@pytest.mark.parametrize(
    "numbers",
    [
        ["A/1", "A-1", "a 1", "A_1"],
        ["A-1", "A/1", "A-1-2", "A-1-2-3"],
        ["/", "//", "1"],
    ],
)
def test_numbers_that_differ_only_in_signs_do_not_collide(
    world: World, numbers: list[str]
):
    documents = tuple(
        document(world, id, number) for id, number in enumerate(numbers, start=1)
    )

    packed = ZipFile(io.BytesIO(b"".join(_packed(world.runtime, documents))))

    names = packed.namelist()
    assert len({name.casefold() for name in names}) == len(numbers)
    assert [packed.read(name).decode() for name in names] == numbers
    assert all("/" not in name for name in names)
