"""A form belongs to the invoice it was opened on, and goes with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo
from tests.e2e.test_profiles import GYM, WAREHOUSE, account_of, summary_of
from tests.support.proof import prove

TYPED = "Meant for the one before"


def go_within(page: Page, path: str) -> None:
    """Go to another page of ours as a link between two of them does."""
    page.evaluate(
        """path => {
            window.isSame = true;
            history.pushState(null, "", path);
            dispatchEvent(new PopStateEvent("popstate"));
        }""",
        path,
    )


def carried(page: Page) -> list[str]:
    """Return the fields that hold what was typed on the page before; none is open."""
    assert page.evaluate("window.isSame")
    # Closed by a script, once the page was drawn.
    expect(page.locator("dialog[open]")).to_have_count(0)
    return page.evaluate(
        """typed => [
            ...document.querySelectorAll("input, textarea"),
        ].filter((it) => [typed, "1.23"].includes(it.value)).map((it) => it.id)""",
        TYPED,
    )


@pytest.mark.parametrize(
    ("workspace", "customer", "form"),
    [
        (WAREHOUSE, "Lumen Ceramics", "What is wrong?"),
        (WAREHOUSE, "Saffron Pantry", "Message"),
        (GYM, "Zoë Papadopoulos", "Amount to pay"),
    ],
)
def test_none_of_a_customer_is_carried_to_another_invoice(
    demo: Demo, page: Page, workspace: str, customer: str, form: str
):
    if form == "What is wrong?":
        page.goto(f"{demo.base_url}/account/scheldt-fulfilment/sign-in")
        prove(page, demo.base_url, "s.vos@lumen-ceramics.example")
    else:
        page.goto(account_of(demo, workspace, customer))
    summary_of(page)
    table = page.get_by_role("table", name="Invoices")
    paths = [it.get_attribute("href") for it in table.locator("a.row-link").all()]
    page.goto(f"{demo.base_url}{paths[0]}")
    here = page.get_by_role("heading", level=1).inner_text()
    summary_of(page)

    page.get_by_role("tab", name="PDF").click()
    if form == "What is wrong?":
        page.get_by_role("button", name="Dispute", exact=True).click()
    page.get_by_label(form).fill("1.23" if form == "Amount to pay" else TYPED)
    go_within(page, paths[1])

    expect(page.get_by_role("heading", level=1)).not_to_have_text(here)
    summary_of(page)
    expect(page.get_by_role("tab", name="Live")).to_have_attribute(
        "aria-selected", "true"
    )
    assert carried(page) == []


def test_none_of_staff_is_carried_to_another_invoice(demo: Demo, page: Page):
    demo.sign_in(page)
    owed = [it for it in demo.invoices if it["status"] in ("Due", "Overdue")][:2]
    paths = []
    for it in owed:
        page.goto(f"{demo.base_url}/invoices?q={it['number']}")
        page.get_by_role("link", name=it["number"]).first.click()
        expect(page.get_by_role("button", name="Save note")).to_be_visible()
        paths.append(page.url.removeprefix(demo.base_url))
    first, other = paths

    for form in ("Record payment", "Send reminder", "Void", "typed"):
        page.goto(f"{demo.base_url}{first}")
        expect(page.get_by_role("button", name="Save note")).to_be_visible()
        if form == "typed":
            page.get_by_role("textbox", name="Staff note").fill(TYPED)
        else:
            page.get_by_role("button", name=form, exact=True).first.click()
            expect(page.locator("dialog[open]")).to_have_count(1)
        go_within(page, other)

        heading = page.get_by_role("heading", level=1)
        expect(heading).to_contain_text(owed[1]["number"])
        expect(page.get_by_role("button", name="Save note")).to_be_visible()
        assert carried(page) == []
