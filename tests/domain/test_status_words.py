"""One table says what each audience calls a status."""

import pytest

from billing_app.domain.invoice import InvoiceStatus
from billing_app.domain.portal_settings import DueWord, PortalSettings
from billing_app.domain.status_words import STATUS_WORDS
from billing_app.web.components.badges import STATUSES

pytestmark = pytest.mark.feature("C12")


@pytest.mark.parametrize("status", InvoiceStatus)
def test_each_status_has_a_word_for_each_audience(status: InvoiceStatus):
    words = STATUS_WORDS[status]

    assert words.staff == status.value
    assert {words.staff, words.customer} <= STATUSES.keys()


def test_a_profile_chooses_the_word_for_what_is_open_and_for_nothing_else():
    heard = {
        DueWord.DUE: "Due",
        DueWord.PENDING: "Awaiting payment",
        DueWord.OPEN: "Open",
    }
    for word in DueWord:
        settings = PortalSettings(due_word=word)
        said = {status: settings.word_of(status) for status in InvoiceStatus}

        assert said.pop(InvoiceStatus.DUE) == heard[word]
        assert all(STATUS_WORDS[it].customer == said[it] for it in said)


def test_a_customer_is_not_called_a_loss():
    words = STATUS_WORDS[InvoiceStatus.WRITTEN_OFF]

    assert (words.staff, words.customer) == ("Written off", "Closed")
