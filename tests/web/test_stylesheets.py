"""The stylesheets: contrast of every pair of tokens that meet, and their weight."""

from __future__ import annotations

import ast
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tinycss2

from billing_app.domain.branding import brand_style, correct_brand
from billing_app.web import theme

ASSETS = Path(__file__).parents[2] / "assets"
WEB = Path(__file__).parents[2] / "billing_app" / "web"
TOKENS = (ASSETS / "tokens.css").read_text()
BRAND = correct_brand("#0f5c73")
SHEET_COLOURS = ("accent", "ink", "accent-dark", "ink-dark")
SURFACES = ("paper", "ground", "raised")


def colors(selector: str) -> dict[str, str]:
    """Read the colours that are written as hex in one block of tokens.css."""
    block = re.search(re.escape(selector) + r" \{(.*?)\n\}", TOKENS, re.S)
    assert block is not None
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block[1]))


THEMES = {"light": colors(":root"), "dark": colors(":root.dark")}


def luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(c * 2 for c in color[1:])
    channels = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("ink", ["ink", "ink-2", "ink-3", "accent", "bad", "good"])
def test_text_is_readable_on_every_surface(name: str, surface: str, ink: str):
    assert contrast(THEMES[name][ink], THEMES[name][surface]) >= 4.5


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("tone", ["accent", "good", "warn", "bad", "info"])
def test_a_tone_is_readable_on_its_soft_ground(name: str, tone: str):
    assert contrast(THEMES[name][tone], THEMES[name][f"{tone}-soft"]) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_words_on_filled_things_are_readable(name: str):
    tokens = THEMES[name]

    assert contrast(tokens["accent-ink"], tokens["accent"]) >= 4.5
    assert contrast(tokens["accent-ink"], tokens["accent-hover"]) >= 4.5
    assert contrast(tokens["inverse-ink"], tokens["inverse"]) >= 4.5


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("surface", ["paper", "raised"])
def test_the_edge_of_a_control_can_be_seen(name: str, surface: str):
    """WCAG 1.4.11 asks 3 to 1 of what tells a control from its surroundings."""
    assert contrast(THEMES[name]["line-field"], THEMES[name][surface]) >= 3


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    "part", ["age-0", "age-1", "age-2", "age-3", "age-4", "bar-before"]
)
def test_the_parts_of_a_chart_can_be_seen(name: str, surface: str, part: str):
    assert contrast(THEMES[name][part], THEMES[name][surface]) >= 3


def test_both_themes_answer_for_every_colour():
    assert set(THEMES["light"]) - set(THEMES["dark"]) <= {"age-disputed"}


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.css")), ids=lambda it: it.name)
def test_names_only_tokens_that_exist(path: Path):
    """A misspelt token is not an error to a browser; it just draws nothing."""
    everywhere = "".join(sheet.read_text() for sheet in ASSETS.glob("*.css"))
    known = set(re.findall(r"(--[\w-]+):", everywhere))
    given_by_pages = {"--n", "--void", "--dialog-width", "--least", *brand_style(BRAND)}
    given_by_pages |= {f"--sheet-{name}" for name in SHEET_COLOURS}

    used = set(re.findall(r"var\((--[\w-]+)", path.read_text()))

    assert used - known - given_by_pages == set()


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.css")), ids=lambda x: x.name)
def test_every_rule_can_be_read(path: Path):
    """A browser drops what it cannot read, and what follows an open rule, mutely."""
    sheet = tinycss2.parse_stylesheet(path.read_text(), True, True)

    assert list(unreadable(sheet)) == []


def unreadable(rules: list[Any]) -> Iterator[str]:
    """List what a browser would drop: errors, and frames of no animation."""
    for rule in rules:
        if rule.type == "error":
            yield f"line {rule.source_line}: {rule.message}"
            continue
        selector = tinycss2.serialize(rule.prelude).strip()
        broken = any(token.type == "error" for token in rule.prelude)
        if broken or selector in ("from", "to"):
            yield f"line {rule.source_line}: {selector}"
        if rule.type == "qualified-rule":
            found = tinycss2.parse_declaration_list(rule.content, True, True)
            yield from (f"{selector}: {it}" for it in found if it.type != "declaration")
        elif rule.content and rule.lower_at_keyword in (
            "media",
            "supports",
            "container",
        ):
            yield from unreadable(tinycss2.parse_rule_list(rule.content, True, True))


@pytest.mark.parametrize(
    ("audience", "sheets"),
    [
        ("portal", (*theme.PORTAL, theme.DOCUMENT, theme.ACCOUNT)),
        ("staff", (*theme.STAFF, theme.DOCUMENT)),
    ],
)
def test_every_class_of_a_page_is_drawn(audience: str, sheets: tuple[str, ...]):
    """A class that another page's sheet draws leaves this one bare."""
    styles = "".join((ASSETS / name).read_text() for name in sheets)
    drawn = set(re.findall(r"\.([a-z][\w-]*)", styles))
    # As wide as the grid is whatever stands in it without a word.
    drawn.add("span-12")

    used = {
        name
        for path in (WEB / audience).glob("*.py")
        for name in named_classes(ast.parse(path.read_text()))
    }

    assert used - drawn == set()


def named_classes(tree: ast.AST) -> Iterator[str]:
    """List the classes that a module writes out, not those that it puts together."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "class_name":
            yield from _words(node.value)


def _words(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from node.value.split()
    elif not isinstance(node, ast.Compare | ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from _words(child)


def test_a_portal_page_loads_at_most_15_kilobytes_of_style():
    """Browsers get brotli, which makes 0.865 of what deflate makes of these files."""
    sheets = [ASSETS / name for name in (*theme.PORTAL, theme.DOCUMENT)]

    deflated = sum(len(zlib.compress(sheet.read_bytes(), 9)) for sheet in sheets)

    assert deflated * 0.865 <= 15 * 1024


def test_pages_without_a_script_are_dark_in_the_same_colours():
    assert (ASSETS / "dark.css").read_text() == make_dark()


def make_dark() -> str:
    """Return every rule for the dark theme, as asked for by the device itself."""
    names = ("tokens.css", "base.css", "portal.css", "account.css", "document.css")
    sheets = "".join((ASSETS / name).read_text() for name in names)
    rules = re.findall(
        r"^ *((?:[\w:]+)?\.dark[^{,]*) \{\n(.*?)\n *\}\n", sheets, re.M | re.S
    )
    lines = [
        "/* Dark by the device's own choice, for pages where no script can switch.",
        "   Made from the other stylesheets by tests/web/test_stylesheets.py. */",
        "",
        "@media (prefers-color-scheme: dark) {",
    ]
    for selector, body in rules:
        lines.append(f"  {selector.replace('.dark', '', 1).strip()} {{")
        lines += [f"    {line.strip()}" for line in body.splitlines() if line.strip()]
        lines.append("  }")
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    (ASSETS / "dark.css").write_text(make_dark())
