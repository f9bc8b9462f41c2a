"""An invoice without an account, from the sign-in page to a draft of a workspace."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo
from tests.e2e.test_looks import look_around
from tests.support.browser import DESKTOP, Watcher


def begin(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.base_url}/sign-in")
    page.get_by_role("link", name="Make one without an account").click()
    expect(page.get_by_role("heading", name="An example")).to_be_visible()


def write(page: Page) -> None:
    """Two days at 850.00 with 21 % tax: 2,057.00."""
    page.get_by_label("Your business").fill("Fern & Field")
    page.get_by_label("Customer", exact=True).fill("Vermeer Optics")
    line = page.get_by_role("group", name="Line 1")
    line.get_by_label("Description").fill("Photography")
    line.get_by_label("Quantity").fill("2")
    line.get_by_label("Unit price").fill("850")
    line.get_by_label("Tax", exact=True).fill("21%")
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("€2,057.00")
    expect(preview).to_contain_text("Vermeer Optics")
    expect(page.get_by_text("Kept for this browser")).to_be_visible()


@pytest.mark.feature("F063")
def test_is_kept_printed_and_taken_over(demo: Demo, page: Page):
    begin(page, demo)
    write(page)

    page.reload()
    expect(page.get_by_label("Your business")).to_have_value("Fern & Field")
    expect(page.get_by_role("group", name="Print and keep")).to_contain_text(
        "€2,057.00"
    )

    page.get_by_label("Invoice number").fill("2026-7")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download PDF").click()
    assert taken.value.path().read_bytes().startswith(b"%PDF-")
    assert taken.value.suggested_filename == "Invoice-2026-7.pdf"

    page.get_by_role("button", name="Keep in a workspace").click()
    page.get_by_role("link", name="Sign in and keep it").click()
    page.get_by_label("Email").fill(demo.email)
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_text("Its number was 2026-7.")).to_be_visible()
    expect(page.get_by_label("Customer", exact=True)).to_have_value("Vermeer Optics")
    line = page.get_by_role("group", name="Line 1")
    expect(line.get_by_label("Description")).to_have_value("Photography")
    page.get_by_role("button", name="Got it").click()
    expect(page.get_by_text("Its number was 2026-7.")).to_be_hidden()

    page.goto(f"{demo.base_url}/make-invoice")
    page.get_by_role("link", name="Make another one").click()
    expect(page.get_by_label("Your business")).to_have_value("")


def test_lines_come_and_go_by_keys(demo: Demo, page: Page):
    begin(page, demo)
    first = page.get_by_role("group", name="Line 1")
    first.get_by_label("Description").fill("One")
    first.get_by_label("Unit price").fill("10")
    first.get_by_label("Unit price").press("Enter")
    second = page.get_by_role("group", name="Line 2")
    expect(second.get_by_label("Description")).to_be_focused()
    second.get_by_label("Description").fill("Two")

    second.get_by_label("Description").press("Alt+ArrowUp")

    expect(first.get_by_label("Description")).to_have_value("Two")
    first.get_by_role("button", name="Remove line").click()
    expect(second).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(second.get_by_label("Description")).to_have_value("One")


def test_what_is_missing_is_said_beside_its_field(demo: Demo, page: Page):
    begin(page, demo)
    page.get_by_role("group", name="Line 1").get_by_label("Description").fill("One")

    page.get_by_role("button", name="Download PDF").click()

    expect(page.get_by_text("1 thing to fix before it is printed")).to_be_visible()
    price = page.get_by_role("group", name="Line 1").get_by_label("Unit price")
    expect(price).to_be_focused()


def test_a_refused_pdf_says_why(demo: Demo, page: Page, watcher: Watcher):
    watcher.expect("429")
    begin(page, demo)
    write(page)
    words = "That was often. Wait a few minutes and try again; nothing is lost."
    page.route("**/invoice.pdf", lambda it: it.fulfill(status=429, body=words))

    page.get_by_role("button", name="Download PDF").click()

    expect(page.get_by_text(words)).to_be_visible()


def test_two_pages_of_a_browser_write_over_nothing(demo: Demo, page: Page):
    begin(page, demo)
    other = page.context.new_page()
    other.goto(f"{demo.base_url}/make-invoice")
    expect(other.get_by_role("heading", name="An example")).to_be_visible()
    write(page)

    other.get_by_label("Note to customer").fill("Thank you")
    expect(other.get_by_text("Not kept", exact=True)).to_be_visible()
    other.get_by_role("button", name="Keep in a workspace").click()
    expect(other.get_by_text("once it is kept here")).to_be_visible()
    expect(other.get_by_role("link", name="Sign in and keep it")).to_be_hidden()

    other.reload()
    expect(other.get_by_label("Your business")).to_have_value("Fern & Field")
    other.get_by_role("button", name="Use what I typed here").click()
    expect(other.get_by_label("Note to customer")).to_have_value("Thank you")


def test_looks_well_at_both_sizes_and_in_the_dark(demo: Demo, page: Page):
    begin(page, demo)
    found = look_around(page, "/make-invoice, example")
    page.set_viewport_size(DESKTOP)
    write(page)
    page.get_by_role("button", name="Add line").click()
    second = page.get_by_role("group", name="Line 2")
    second.get_by_label("Description").fill("Travel")
    second.get_by_label("Unit price").fill("much")
    expect(page.get_by_text("1 thing to fix before it is printed")).to_be_visible()
    found += look_around(page, "/make-invoice, written")
    page.get_by_role("button", name="Keep in a workspace").click()
    found += look_around(page, "/make-invoice, dialog")

    assert found == []
