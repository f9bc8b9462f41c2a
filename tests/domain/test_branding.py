"""Any brand colour can be read in the light and in the dark."""

import itertools

import pytest

from billing_app.domain.branding import (
    CONTRAST_MIN,
    DARK_GROUNDS,
    LIGHT_GROUNDS,
    Palette,
    check_colour,
    contrast,
    correct_brand,
    initials,
)
from billing_app.domain.errors import InvalidInput

STEPS = (0, 15, 51, 85, 128, 170, 204, 240, 255)
CUBE = ["#" + bytes(rgb).hex() for rgb in itertools.product(STEPS, repeat=3)]


def worst_contrast(palette: Palette, grounds: tuple[str, ...]) -> float:
    on_grounds = [contrast(palette.accent, ground) for ground in grounds]
    return min(
        *on_grounds,
        contrast(palette.accent, palette.soft),
        contrast(palette.ink, palette.accent),
        contrast(palette.ink, palette.hover),
    )


@pytest.mark.feature("F043")
def test_every_colour_of_the_cube_becomes_readable_in_both_themes():
    brands = [correct_brand(colour) for colour in CUBE]

    assert min(worst_contrast(x.light, LIGHT_GROUNDS) for x in brands) >= CONTRAST_MIN
    assert min(worst_contrast(x.dark, DARK_GROUNDS) for x in brands) >= CONTRAST_MIN


def test_hover_never_looks_like_rest():
    brands = [correct_brand(colour) for colour in CUBE]

    assert all(x.light.hover != x.light.accent for x in brands)
    assert all(x.dark.hover != x.dark.accent for x in brands)


def test_a_readable_colour_is_left_alone_in_the_light():
    assert correct_brand("#0f5c73").light.accent == "#0f5c73"


def test_a_pale_yellow_becomes_a_dark_yellow():
    """Red and green stay together far above blue: still the same hue."""
    red, green, blue = bytes.fromhex(correct_brand("#ffee00").light.accent[1:])

    assert min(red, green) > blue + 60
    assert abs(red - green) < 40


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(
    "text", ["", "red", "#fff", "0f5c73", "#0f5c7g", "#0f5c73;", "#０f5c73"]
)
def test_what_is_no_colour_is_refused(text: str):
    with pytest.raises(InvalidInput):
        check_colour(text)


def test_a_colour_is_kept_in_small_letters():
    assert check_colour(" #0F5C73 ") == "#0f5c73"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Northwind Charter B.V.", "NC"),
        ("tallyport", "T"),
        ("3 Peaks", "3P"),
        ("  – (Über) & Söhne", "ÜS"),
        ("株式会社北風", "株"),
        ("ßen", "SS"),
        ("***", ""),
        ("", ""),
    ],
)
def test_initials_stand_for_a_name(name: str, letters: str):
    assert initials(name) == letters
