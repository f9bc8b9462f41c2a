"""At the start a tiny PDF is made, so that a machine that can't is found at once."""

import logging
from dataclasses import replace

import pytest

from billing_app.documents import pdf
from billing_app.documents.pdf import PdfRenderer
from billing_app.queries.invoice_detail import read_invoice
from billing_app.runtime import Runtime
from billing_app.web.staff.invoice_words import card_of
from billing_app.workflows.background import try_printing
from tests.support.billing import an_invoice
from tests.support.world import World


@pytest.fixture
def unable(world: World, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A machine without the libraries: its print process says `missing`."""
    says = ["printf", r"\0\0\0\1\0\0\0\7missing"]
    monkeypatch.setattr(pdf, "_worker_command", lambda: says)
    return replace(world.runtime, pdf=PdfRenderer())


@pytest.mark.feature("R31")
def test_the_log_says_once_why_no_pdf_can_be_made(
    unable: Runtime, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.ERROR):
        try_printing(unable)

    (said,) = caplog.messages
    assert said.startswith("PDF can't be made here: The PDF engine is missing.")


@pytest.mark.feature("R31")
def test_staff_read_it_where_they_wait_for_the_pdf(world: World, unable: Runtime):
    shown = world.run(
        world.northwind.viewer, read_invoice, an_invoice(world, world.northwind)
    )
    fonts = unable.settings.fonts_dir

    assert card_of(shown, fonts, unable.pdf.problem).pdf_error == ""
    try_printing(unable)

    said = card_of(shown, fonts, unable.pdf.problem).pdf_error
    assert said.startswith("PDF can't be made here: ")
    assert "apt-get install" in said
