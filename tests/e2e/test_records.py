"""A page about one record shows nothing of the record before it."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo

# Every frame, what stands at the address: the texts of the page, and what can be done.
_NOTE = """
window.seen = [];
const note = () => {
  const main = document.querySelector("main");
  if (main) window.seen.push([
    location.pathname,
    main.innerText,
    [...main.querySelectorAll("input")].map((it) => it.value).join("|"),
  ]);
  requestAnimationFrame(note);
};
requestAnimationFrame(note);
"""


def test_an_invoice_is_never_mixed_with_the_one_before(demo: Demo, page: Page):
    first, other = [it["number"] for it in demo.invoices if it["status"] == "Due"][:2]
    page.add_init_script(_NOTE)
    demo.sign_in(page)

    addresses = {}
    for number in (first, other):
        page.get_by_role("link", name="Invoices").first.click()
        page.get_by_role("link", name=number).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(number)
        addresses[number] = page.url.removeprefix(demo.base_url)
    page.goto(f"{demo.base_url}{addresses[first]}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(first)
    page.goto(f"{demo.base_url}{addresses[other]}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(other)
    expect(page.get_by_text("What they can do, and why not")).to_be_visible()

    seen = page.evaluate("window.seen")
    there = [words for path, words, _ in seen if path == addresses[other]]
    assert any(other in words for words in there)
    assert not [words for words in there if first in words]


def test_a_new_draft_shows_nothing_of_the_draft_before(demo: Demo, page: Page):
    page.add_init_script(_NOTE)
    demo.sign_in(page, "Kestrel")
    page.goto(f"{demo.base_url}/invoices/new")
    description = page.get_by_label("Description").first
    description.fill("Of the draft before")
    # An empty draft is opened again as the new one; so this one has to be saved.
    page.wait_for_function(
        "() => !Object.keys(localStorage).some((key) => key.startsWith('draft:'))"
    )
    before = page.url

    page.goto(f"{demo.base_url}/invoices/new")
    expect(page).to_have_url(re.compile(r"/invoices/\d+/edit"))
    expect(page.get_by_label("Description").first).to_have_value("")

    assert page.url != before
    here = page.url.removeprefix(demo.base_url)
    there = [it for it in page.evaluate("window.seen") if it[0] == here]
    assert there
    assert "Of the draft before" not in json.dumps(there)
