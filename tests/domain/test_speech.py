from __future__ import annotations

import pytest

from billing_app.domain.errors import InvalidInput
from billing_app.domain.formats import AmountInWords
from billing_app.domain.parsing import parse_amount
from billing_app.domain.speech import (
    LANGUAGE_NAMES,
    choose_language,
    put_into_words,
    speech_for,
    spoken,
)


def test_a_language_of_another_country_keeps_its_country_for_figures():
    speech = speech_for("de-CH")

    assert (speech.language, speech.tag) == ("de", "de-CH")
    assert speech.say("Amount due") == "Zahlbetrag"


@pytest.mark.parametrize(
    "tag", ["tlh", "", "../../etc", "x" * 5_000, 'de-"><xmp>', "de_DE"]
)
def test_an_unknown_language_is_english_with_english_figures(tag: str):
    speech = speech_for(tag)

    assert (speech.language, speech.tag) == ("en", "en")
    assert speech.say("Hello {name},", name="Ann") == "Hello Ann,"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["1 day overdue", "2 days overdue", "5 days overdue"]),
        ("pl", ["o 1 dzień", "o 2 dni", "o 5 dni"]),
        ("ar", ["يومًا واحدًا", "يومين", "5 أيام"]),
        ("ja", ["1日", "2日", "5日"]),
    ],
)
def test_numbers_are_counted_as_the_language_counts(language: str, said: list[str]):
    words = "Invoice {number} is {count} day overdue"
    many = "Invoice {number} is {count} days overdue"
    count = speech_for(language).count

    for number, expected in zip((1, 2, 5), said, strict=True):
        assert expected in count(words, many, number, number="7")


def test_what_is_put_in_is_never_read_as_a_template():
    shown = speech_for("fr").say("Hello {name},", name="{business} {0.__class__}")

    assert shown == "Bonjour {business} {0.__class__},"


@pytest.mark.parametrize(
    ("business", "said"),
    [
        ("Northwind", "Pay as agreed with Northwind."),
        ("Northwind B.V.", "Pay as agreed with Northwind B.V."),
    ],
)
def test_a_name_that_ends_with_a_stop_ends_its_sentence(business: str, said: str):
    words = "Pay as agreed with {business}."

    assert speech_for("en").say(words, business=business) == said
    assert speech_for("nl").say(words, business=business).count("..") == 0


def test_a_stop_within_a_sentence_stays():
    said = speech_for("en").say("{name}.pdf is of {business}.", name="A.", business="B")

    assert said == "A..pdf is of B."


def test_only_arabic_runs_from_right_to_left():
    running = {it for it in LANGUAGE_NAMES if speech_for(it).is_right_to_left}

    assert running == {"ar"}


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("de-CH,fr;q=0.8", "de-CH"),
        ("tlh,ja;q=0.5,en;q=0.4", "ja"),
        ("en;q=0.2,pl;q=0.9", "pl"),
        ("*", "nl"),
        ("", "nl"),
        ("de;q=0", "nl"),
        ("fr;q=many,../../etc," + "x" * 5_000, "nl"),
    ],
)
def test_a_browser_is_answered_in_the_language_it_likes_best(
    accepted: str, chosen: str
):
    assert choose_language(accepted, otherwise="nl") == chosen


class TestRefusals:
    def test_speak_the_readers_language_with_amounts_as_it_writes_them(self):
        least = AmountInWords(120_050, "EUR")
        refusal = InvalidInput("Please pay {amount} or more.", amount=least)
        assert refusal.message == "Please pay €1,200.50 or more."

        put_into_words(refusal, "de")

        assert refusal.message == "Bitte bezahlen Sie mindestens 1.200,50\u00a0€."

    def test_keep_a_sentence_in_them_whole(self):
        with pytest.raises(InvalidInput) as refused:
            parse_amount("12,345,6.7", "EUR")

        put_into_words(refused.value, "fr")

        assert refused.value.message == (
            "Ce n’est pas un nombre lisible. Écrivez le montant comme 1,240.50."
        )

    def test_stay_english_where_only_staff_meet_them(self):
        refusal = InvalidInput("Say {why}, for the audit trail.")

        put_into_words(refusal, "pl")

        assert refusal.message == "Say {why}, for the audit trail."

    def test_are_put_into_words_on_their_way_out(self):
        with pytest.raises(InvalidInput) as refused, spoken("de"):
            raise InvalidInput("Write a message first.")

        assert refused.value.message == "Schreiben Sie zuerst eine Nachricht."


def test_amounts_keep_their_form_among_arabic_words():
    assert speech_for("ar").money(100, "CHF") == "\u20661.00\u00a0CHF\u2069"
    assert speech_for("de").money(100, "CHF") == "1,00\u00a0CHF"
