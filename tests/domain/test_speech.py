from __future__ import annotations

import pytest

from billing_app.domain.speech import LANGUAGE_NAMES, speech_for


def test_a_language_of_another_country_keeps_its_country_for_figures():
    speech = speech_for("de-CH")

    assert (speech.language, speech.tag) == ("de", "de-CH")
    assert speech.say("Amount due") == "Zahlbetrag"


@pytest.mark.parametrize("tag", ["tlh", "", "../../etc", "x" * 5_000])
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


def test_only_arabic_runs_from_right_to_left():
    running = {it for it in LANGUAGE_NAMES if speech_for(it).is_right_to_left}

    assert running == {"ar"}
