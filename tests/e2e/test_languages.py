"""Customers read the portal in their language, painted and live."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from billing_app import web
from billing_app.domain.speech import speech_for
from tests.architecture.test_catalogs import said_by_the_code
from tests.e2e.conftest import Demo, OpenPage
from tests.support.browser import find_barriers, scrolls_sideways

# What people see and hear, without the document and its own words.
_SHOWN = """() => {
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, textContent } = walker.currentNode;
    if (!parentElement.closest("script, style, noscript, .document-sheet, .bank"))
      found.add(textContent.trim());
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    for (const each of document.querySelectorAll(`[${name}]`))
      found.add(each.getAttribute(name).trim());
  return [...found];
}"""


def english_on(page: Page, language: str) -> set[str]:
    """Return the English sentences of ours that a page still shows."""
    speech = speech_for(language)
    sentences = {words for words, _ in said_by_the_code() if isinstance(words, str)}
    translated = {words for words in sentences if speech.words(words) != words}
    return translated & set(page.evaluate(_SHOWN))


def address(demo: Demo, language: str) -> str:
    if language == "fr":
        customers = demo.of("Scheldt")["customers"]
        return next(it["url"] for it in customers if it["name"] == "Petit Vélo")
    return demo.link("Overdue" if language == "de" else "Partially paid")


@pytest.mark.feature("A20", "R37")
@pytest.mark.parametrize("language", ["de", "ar", "fr"])
def test_a_page_says_no_english_of_ours(demo: Demo, open_page: OpenPage, language: str):
    page = open_page(reduced_motion="reduce", viewport={"width": 390, "height": 844})
    page.goto(address(demo, language))
    page.locator("main").first.wait_for()

    assert english_on(page, language) == set()
    expect(page.locator("p.fresh button")).to_be_visible()
    page.locator("#painted").wait_for(state="detached")
    assert english_on(page, language) == set()
    html = page.locator("html")
    expect(html).to_have_attribute("lang", language)
    expect(html).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    assert not scrolls_sideways(page)
    assert find_barriers(page) == []


@pytest.mark.feature("A20")
def test_an_arabic_sheet_runs_from_the_right(demo: Demo, open_page: OpenPage):
    page = open_page(viewport={"width": 1440, "height": 900})
    page.goto(address(demo, "ar"))
    page.locator("#painted").wait_for(state="detached")

    # A number of parts would stand the wrong way round among Arabic words.
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile("\u2068[\\d-]+\u2069$"))
    sheet = page.locator("article.sheet")
    expect(sheet).to_have_css("direction", "rtl")
    what = sheet.locator(".s-lines .s-what").first.bounding_box()
    much = sheet.locator(".s-lines .s-sum").first.bounding_box()
    assert what
    assert much
    assert much["x"] < what["x"]
    page.set_viewport_size({"width": 390, "height": 844})
    expect(sheet.locator(".s-lines thead")).to_be_hidden()
    assert not scrolls_sideways(page)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ('{amount: "€5"}', "Pay €5"),
        ("{amount: 0}", "Pay 0"),
        ("{amount: null}", "Pay {amount}"),
        ("{}", "Pay {amount}"),
        ("undefined", "Pay {amount}"),
    ],
)
def test_a_script_puts_values_into_words(browser: Browser, values: str, said: str):
    script = (Path(web.__file__).parent / "words.js").read_text()
    page = browser.new_page()

    module = f'import("data:text/javascript,{quote(script)}")'
    words = f'"Pay {{amount}}", {values}'

    assert page.evaluate(f"{module}.then((it) => it.worded({words}))") == said
    page.close()
