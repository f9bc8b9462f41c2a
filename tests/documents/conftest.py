"""One PDF worker for all tests of this folder; starting it takes seconds."""

from collections.abc import Iterator

import pytest

from billing_app.documents.pdf import PdfRenderer


@pytest.fixture(scope="session")
def renderer() -> Iterator[PdfRenderer]:
    renderer = PdfRenderer()
    yield renderer
    renderer.close()
