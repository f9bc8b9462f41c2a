import pytest

from billing_app.domain.document import DocumentKind, file_name
from billing_app.domain.mail_files import (
    CHOSEN,
    WITHHELD_WORDS,
    ChosenFile,
    ChosenFiles,
    Withheld,
    attached_name,
)

PDF = ChosenFile(DocumentKind.INVOICE, 7, "a" * 64)
BOTH = ChosenFile(DocumentKind.CREDIT_NOTE, 8, "b" * 64, "c" * 64)


@pytest.mark.parametrize(
    "chosen",
    [
        ChosenFiles(),
        ChosenFiles((PDF, BOTH)),
        ChosenFiles((PDF,), Withheld.NOT_AN_E_INVOICE),
        ChosenFiles(withheld=Withheld.TOO_LARGE),
    ],
)
def test_what_was_chosen_is_read_as_it_was_noted(chosen: ChosenFiles):
    assert ChosenFiles.from_details({CHOSEN: chosen.to_stored()}) == chosen


def test_a_message_without_a_note_has_chosen_nothing_yet():
    assert ChosenFiles.from_details({"payment_id": 1}) is None


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (ChosenFiles(), ""),
        (ChosenFiles((PDF,)), "with the PDF"),
        (ChosenFiles((BOTH,)), "with the PDF and the XML"),
        (ChosenFiles((PDF, PDF)), "with 2 PDFs"),
        (
            ChosenFiles((PDF,), Withheld.NOT_AN_E_INVOICE),
            "with the PDF: no XML, since this can’t be an e-invoice",
        ),
        (
            ChosenFiles(withheld=Withheld.NOT_PRINTED),
            "with the link alone: the PDF could not be made in time",
        ),
    ],
)
def test_staff_are_told_what_came_along(chosen: ChosenFiles, words: str):
    assert chosen.words == words


def test_each_reason_can_be_said():
    assert WITHHELD_WORDS.keys() == set(Withheld)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("INV-00042", "Invoice-INV-00042"),
        ("2026/03-7", "Invoice-2026-03-7"),
        ("№ 5 «é»", "Invoice--5"),
        ('"\r\nBcc: x@y.example', "Invoice--Bcc-x-y.example"),
        ("../../etc/passwd", "Invoice-..-..-etc-passwd"),
    ],
)
def test_a_file_has_a_name_that_every_machine_can_keep(number: str, name: str):
    assert file_name(DocumentKind.INVOICE, number) == name


def test_in_a_mail_the_name_fits_on_one_line_of_the_head():
    name = attached_name(DocumentKind.CREDIT_NOTE, "CN-" + "9" * 77)

    assert len(f' filename="{name}.ubl.xml"') <= 78
