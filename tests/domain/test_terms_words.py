"""Terms in words that name other days than the due date."""

import pytest

from billing_app.domain.terms_words import find_other_days


@pytest.mark.parametrize(
    "text",
    [
        "Payment within 14 days.",
        "Please pay within 14 days and quote the number.",
        "Net 14",
        "14 days, to IBAN NL91 ABNA 0417 1643 00",
        "Zahlbar innerhalb von 14 Tagen ohne Abzug.",
        "Paiement sous 14 jours.",
        "Pago a 14 días.",
        "Pagamento entro 14 giorni.",
        "Betaling binnen 14 dagen.",
        "Termin płatności: 14 dni.",
    ],
)
def test_other_days_than_the_due_date_are_found(text: str):
    assert find_other_days((text,), 30) == 14
    assert find_other_days((text,), 14) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Warranty on labor: 90 days.",
        "Due on receipt.",
        "Please pay within 10 business days.",
        "2% off when paid within 10 days, else net 30.",
        "Quote INV-14 when you pay.",
    ],
)
def test_what_says_nothing_else_is_left_alone(text: str):
    assert find_other_days((text,), 30) is None


def test_notes_are_read_as_well():
    assert find_other_days(("Thank you.\nPlease pay in 7 days.", ""), 30) == 7
