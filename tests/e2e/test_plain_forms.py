"""Forms that the browser itself sends, on pages that are live."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Demo

GYM = "Ironwood"


def saved_by(page: Page, button: Locator) -> tuple[str, bytes]:
    """Press a button of a live page; return the file that it brings."""
    expect(button).to_be_enabled()
    with page.expect_download() as taken:
        button.click()
    return taken.value.suggested_filename, taken.value.path().read_bytes()


def test_staff_take_a_statement_of_account(demo: Demo, page: Page):
    demo.sign_in(page, GYM)
    page.goto(f"{demo.base_url}/customers")
    page.get_by_role("link", name="Liam Doyle").first.click()
    panel = page.get_by_role("region", name="Statement of account")

    name, content = saved_by(page, panel.get_by_role("button", name="CSV"))

    assert name.endswith(".csv")
    assert b"Opening balance" in content


def test_a_customer_takes_a_statement_of_some_days(demo: Demo, page: Page):
    customer = demo.of(GYM)["customers"][0]
    page.goto(customer["url"])
    part = page.get_by_role("region", name="Statement and documents")
    expect(page.locator("#painted")).to_have_count(0)
    part.get_by_label("From").fill("2019-01-01")
    part.get_by_label("To").fill("2019-12-31")

    name, content = saved_by(page, part.get_by_role("button", name="Statement PDF"))

    assert name.endswith(".pdf")
    assert content.startswith(b"%PDF")
    _, rows = saved_by(page, part.get_by_role("button", name="Statement CSV"))
    assert b"2019-12-31,Closing balance" in rows
