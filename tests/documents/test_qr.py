"""Payment codes exist only where a banking app can use them."""

import pytest

from billing_app.documents.qr import AMOUNT_MINOR_MAX, is_iban, payment_code

IBAN = "NL91 ABNA 0417 1643 00"


@pytest.mark.parametrize(
    "iban",
    [
        IBAN,
        "DE89370400440532013000",
        "GB82 WEST 1234 5698 7654 32",
        "nl91abna0417164300",
    ],
)
def test_check_digits_that_fit_are_accepted(iban: str):
    assert is_iban(iban)


@pytest.mark.parametrize(
    "iban",
    [
        "",
        "NL91 ABNA 0417 1643 01",
        "DE89370400440532013001",
        "NL91",
        "NL9１ABNA0417164300",
    ],
)
def test_check_digits_that_do_not_fit_are_refused(iban: str):
    assert not is_iban(iban)


@pytest.mark.feature("R43")
def test_euros_to_an_iban_have_a_code():
    drawn = payment_code("Northwind", IBAN, "", 1_071_982, "EUR", "2026-0142")

    assert drawn.startswith("<svg")
    assert "width=" not in drawn.split(">")[0]


@pytest.mark.parametrize(
    ("iban", "amount_minor", "currency"),
    [
        (IBAN, 100, "USD"),
        (IBAN, 0, "EUR"),
        (IBAN, -100, "EUR"),
        (IBAN, AMOUNT_MINOR_MAX + 1, "EUR"),
        ("NL91 ABNA 0417 1643 01", 100, "EUR"),
        ("", 100, "EUR"),
    ],
)
def test_what_no_banking_app_reads_has_none(
    iban: str, amount_minor: int, currency: str
):
    assert payment_code("Northwind", iban, "", amount_minor, currency, "1") == ""


def test_long_names_and_texts_are_cut_to_the_standard():
    drawn = payment_code(
        "ж" * 200, IBAN, "ABNANL2A", AMOUNT_MINOR_MAX, "EUR", "x" * 300
    )

    assert drawn.startswith("<svg")


def test_another_amount_is_another_code():
    codes = {payment_code("N", IBAN, "", minor, "EUR", "1") for minor in (100, 101)}

    assert len(codes) == 2


def test_without_a_text_nobody_could_match_the_payment():
    assert payment_code("N", IBAN, "", 100, "EUR", " ") == ""


def test_a_bic_that_is_none_is_left_out():
    with_nonsense = payment_code("N", IBAN, "my bank", 100, "EUR", "1")

    assert with_nonsense == payment_code("N", IBAN, "", 100, "EUR", "1")
    assert with_nonsense != payment_code("N", IBAN, "ABNANL2A", 100, "EUR", "1")
