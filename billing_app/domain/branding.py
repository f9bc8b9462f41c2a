"""Make any brand colour readable, and a mark for a business without a logo.

Colours are corrected in OKLCH (Björn Ottosson's perceptual space), by lightness
first: a corrected colour keeps its hue and stays recognisable. Contrast is that of
WCAG 2.2, measured on the eight-bit colour that is shown.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from billing_app.domain.errors import InvalidInput

# WCAG 2.2, 1.4.3: text below 24 px.
CONTRAST_MIN = 4.5

# Everything an accent is written on, besides its own soft tint: paper, ground,
# raised, and what a row turns to under the pointer. The same as in the style sheets.
LIGHT_GROUNDS = ("#ffffff", "#f6f6f3", "#f2f2ee")
DARK_GROUNDS = ("#1b1b19", "#131312", "#20201e", "#242422")

_HEX = re.compile(r"#[0-9a-f]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Palette:
    """The four colours a workspace brings to one theme, as `#rrggbb`.

    Attributes:
        accent: readable as text on every ground and on `soft`.
        ink: readable on `accent` and on `hover`.
        soft: a tint to stand behind the accent.
        hover: the accent under the pointer.
    """

    accent: str
    ink: str
    soft: str
    hover: str


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand colour as it is shown in the light and in the dark."""

    light: Palette
    dark: Palette


@dataclass(frozen=True, slots=True)
class _Tone:
    """A colour in OKLCH; hue in radians."""

    lightness: float
    chroma: float
    hue: float

    def at(self, lightness: float, chroma_max: float = 1.0) -> str:
        """Write this hue at a lightness, with as much chroma as a screen can show."""
        chroma = min(self.chroma, chroma_max)
        while chroma > 0.002:
            channels = _linear_channels(lightness, chroma, self.hue)
            if all(-0.0005 <= channel <= 1.0005 for channel in channels):
                return _hex_of(channels)
            chroma *= 0.95
        return _hex_of(_linear_channels(lightness, 0.0, self.hue))


def check_colour(text: str) -> str:
    """Return a typed colour as `#rrggbb`.

    Raises:
        InvalidInput: it is not written as # and six hexadecimal digits.
    """
    colour = text.strip().lower()
    if not _HEX.fullmatch(colour):
        raise InvalidInput("Write the colour as # and six digits, like #0f5c73.")
    return colour


@lru_cache(maxsize=256)
def correct_brand(accent: str) -> Brand:
    """Move a colour as little as it takes to be readable in both themes."""
    assert _HEX.fullmatch(accent), accent
    tone = _tone_of(accent)
    return Brand(_light_palette(accent, tone), _dark_palette(tone))


def brand_style(brand: Brand) -> dict[str, str]:
    """Return the custom properties that give a page the workspace's colour.

    They go into the style attribute of an element of class "brand"; portal.css
    takes the four of the theme that is shown.
    """
    both = {"light": brand.light, "dark": brand.dark}
    return {
        f"--{shade}-{name}": getattr(palette, name)
        for shade, palette in both.items()
        for name in ("accent", "ink", "soft", "hover")
    }


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio of two colours, 1 to 21."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def initials(name: str) -> str:
    """Return one or two letters that stand for a name, empty when it has none.

    One for a single word and for scripts that do not write spaces.
    """
    words = ["".join(filter(_is_letter, word)) for word in name.split()]
    words = [word for word in words if word]
    return "".join(word[0] for word in words[:2]).upper()[:2]


def _light_palette(accent: str, tone: _Tone) -> Palette:
    soft = tone.at(0.955, 0.018)
    grounds = (*LIGHT_GROUNDS, soft)
    lightness, shown = tone.lightness, accent
    while not _is_readable(shown, grounds):
        lightness -= 0.005
        shown = tone.at(lightness)
    # A colour that is almost black can only become lighter under the pointer.
    change = -0.06 if lightness > 0.3 else 0.1
    return Palette(shown, "#ffffff", soft, tone.at(lightness + change))


def _dark_palette(tone: _Tone) -> Palette:
    soft = tone.at(0.285, 0.045)
    grounds = (*DARK_GROUNDS, soft)
    # Below this a colour glows on black instead of standing on it.
    lightness = max(tone.lightness, 0.74)
    chroma_max = 0.14
    shown = tone.at(lightness, chroma_max)
    while not _is_readable(shown, grounds):
        lightness += 0.005
        shown = tone.at(lightness, chroma_max)
    # A colour that is almost white can only become darker under the pointer.
    change = 0.05 if lightness < 0.93 else -0.06
    hover = tone.at(lightness + change, chroma_max)
    return Palette(shown, tone.at(0.2, 0.035), soft, hover)


def _is_readable(colour: str, grounds: tuple[str, ...]) -> bool:
    return all(contrast(colour, ground) >= CONTRAST_MIN for ground in grounds)


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"


def _luminance(colour: str) -> float:
    red, green, blue = _channels_of(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels_of(colour: str) -> tuple[float, float, float]:
    """Return linear red, green and blue, 0 to 1."""
    red, green, blue = (_LINEAR[value] for value in bytes.fromhex(colour[1:]))
    return red, green, blue


def _linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


_LINEAR = tuple(_linear(value) for value in range(256))


def _hex_of(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{_eight_bit(channel):02x}" for channel in channels)


def _eight_bit(channel: float) -> int:
    channel = min(max(channel, 0.0), 1.0)
    if channel <= 0.0031308:
        return round(channel * 12.92 * 255)
    return round((1.055 * channel ** (1 / 2.4) - 0.055) * 255)


def _tone_of(colour: str) -> _Tone:
    # The matrices are Ottosson's: bottosson.github.io/posts/oklab.
    red, green, blue = _channels_of(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return _Tone(lightness, math.hypot(a, b), math.atan2(b, a))


def _linear_channels(
    lightness: float, chroma: float, hue: float
) -> tuple[float, float, float]:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
