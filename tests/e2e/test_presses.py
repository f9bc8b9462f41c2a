"""Whoever clicks twice where once would do gets one of it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo
from tests.e2e.test_builder import open_draft


def test_a_double_click_adds_one_customer_and_one_note(demo: Demo, page: Page):
    open_draft(page, demo)
    page.get_by_label("Customer", exact=True).fill("Twice and Sons")
    page.get_by_role("button", name="Create customer").dblclick()
    expect(page.get_by_text("Twice and Sons is a customer now.")).to_have_count(1)

    page.goto(f"{demo.base_url}/customers")
    page.get_by_role("button", name="New customer").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Twice and Daughters")
    dialog.get_by_role("button", name="Add customer").dblclick()
    page.wait_for_url("**/customers/*")

    page.goto(f"{demo.base_url}/customers?q=Twice+and")
    expect(page.get_by_role("link", name="Twice and")).to_have_count(2)


def test_a_press_waits_for_its_answer_and_can_then_be_made_again(
    demo: Demo, page: Page
):
    demo.sign_in(page, "Kestrel")
    page.goto(f"{demo.base_url}/settings/taxes")
    for number in (1, 2):
        page.get_by_role("button", name="Add tax").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name", exact=True).fill(f"Levy {number}")
        save = dialog.get_by_role("button", name="Save tax")
        # Refused first; the form takes another press at once.
        save.click()
        expect(dialog.locator("form")).not_to_have_attribute("aria-busy", "true")
        dialog.get_by_label("Rate").fill("7")
        save.dblclick()
        expect(page.get_by_text(f"Levy {number} is saved.")).to_have_count(1)

    for number in (1, 2):
        expect(page.get_by_role("row").filter(has_text=f"Levy {number}")).to_have_count(
            1
        )


def test_a_link_is_not_ended_by_a_slip(demo: Demo, page: Page):
    """What a mail has carried can't be called back: the page asks, Escape keeps it."""
    demo.sign_in(page)
    page.goto(f"{demo.base_url}/customers")
    page.get_by_role("table").get_by_role("link").first.click()
    for name, title in (
        ("New customer link", "Make a new customer link?"),
        ("Revoke customer link", "Revoke the customer link?"),
    ):
        press = page.get_by_role("button", name=name)
        press.press("Enter")
        asked = page.get_by_role("alertdialog", name=title)
        keep = asked.get_by_role("button", name="Keep the link")
        expect(keep).to_be_focused()
        page.keyboard.press("Escape")
        expect(asked).to_be_hidden()
        expect(press).to_be_focused()
    expect(page.get_by_text("stopped working")).to_have_count(0)
    expect(page.get_by_text("Access revoked")).to_have_count(0)
