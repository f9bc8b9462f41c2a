"""The invoice builder in a real browser: nothing typed is lost, keys do it all."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Demo, OpenPage
from tests.support.browser import PHONE, Watcher, find_barriers, scrolls_sideways

EDITOR = re.compile(r"/invoices/(\d+)/edit$")
HOSTILE = ("<script>alert(1)</script>", "{{7*7}}")
TABLE = (
    "Item\tDetails\tQty\tUnit price\r\n"
    'Crew\t"two nights,\nZürich"\t2\t385.00\r\n'
    "Catering\t\t1\t1,146.75\r\n"
)


def open_draft(
    page: Page,
    demo: Demo,
    address: str = "/invoices/new",
    workspace: str = "Kestrel",
) -> str:
    """Open the builder as a workspace's owner; return the draft's address."""
    demo.sign_in(page, workspace)
    page.goto(demo.base_url + address)
    page.wait_for_url(EDITOR)
    expect(page.get_by_label("Description").first).to_be_visible()
    return page.url.removeprefix(demo.base_url)


def cell(page: Page, line: int, label: str) -> Locator:
    group = page.get_by_role("group", name=f"Line {line}", exact=True)
    return group.get_by_label(label, exact=True)


def total_of(page: Page) -> Locator:
    return page.get_by_role("group", name="Save and issue").locator(".dock-total")


def fill_line(page: Page, line: int, name: str, price: str) -> None:
    cell(page, line, "Description").fill(name)
    cell(page, line, "Unit price").fill(price)


def paste(field: Locator, text: str) -> None:
    """Paste as the browser does, which headless ones keep from the clipboard."""
    field.evaluate(
        """(field, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            const paste = new ClipboardEvent("paste", {
                clipboardData: data, bubbles: true, cancelable: true,
            });
            field.focus();
            const goesOn = field.dispatchEvent(paste);
            if (goesOn) document.execCommand("insertText", false, text);
        }""",
        text,
    )


def expect_saved(page: Page) -> None:
    """Wait until the browser has nothing left that the server does not have."""
    page.wait_for_function(
        "() => !Object.keys(localStorage).some((key) => key.startsWith('draft:'))"
    )
    expect(page.locator(".saved-done")).to_be_visible()


def test_a_price_is_easy_to_read_once_it_is_left(demo: Demo, page: Page):
    path = open_draft(page, demo)
    price, discount = cell(page, 1, "Unit price"), cell(page, 1, "Discount")
    cell(page, 1, "Description").fill("Boiler")
    price.fill("1234.5")
    expect(price).to_have_value("1234.5")
    discount.fill("10")
    expect(price).to_have_value("1,234.5")
    cell(page, 1, "Unit").fill("h")
    expect(discount).to_have_value("10%")
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("1,111.05")

    # 1,234 could be a little more than one.
    price.fill("1234")
    discount.fill("")
    expect(price).to_have_value("1234")
    expect(preview).to_contain_text("1,234.00")
    price.fill("1234567.89")
    discount.focus()
    expect_saved(page)

    # What was only looked at is nobody's change; and nobody is sent to a line.
    add_line = page.get_by_role("button", name="Add line")
    add_line.click()
    expect(cell(page, 2, "Description")).to_be_focused()
    expect_saved(page)
    page.goto(demo.base_url + path)
    expect(price).to_have_value("1,234,567.89")
    expect(preview).to_contain_text("1,234,567.89")
    expect(cell(page, 2, "Description")).not_to_be_focused()


def test_a_draft_survives_reload_and_lost_connection(
    demo: Demo, page: Page, watcher: Watcher
):
    watcher.expect("WebSocket|ERR_")
    path = open_draft(page, demo)

    # A reload right behind the last key.
    fill_line(page, 1, "Boiler service", "85")
    page.reload()
    expect(cell(page, 1, "Unit price")).to_have_value("85")
    expect(cell(page, 1, "Description")).to_have_value("Boiler service")
    expect_saved(page)

    # Nothing gets through in the middle of a save; typing goes on.
    cell(page, 1, "Quantity").fill("2")
    page.context.set_offline(True)
    cell(page, 1, "Details").press_sequentially("Typed while away")
    banner = page.get_by_text("Lost connection. What you typed is kept here.").first
    expect(banner).to_be_visible()
    page.context.set_offline(False)
    expect(banner).to_be_hidden()
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("Typed while away")
    expect_saved(page)

    # The socket closes and opens anew under the fingers.
    hide = "dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))"
    page.evaluate(hide)
    cell(page, 1, "Details").press_sequentially(", twice")
    expect(preview).to_contain_text("Typed while away, twice")
    expect(cell(page, 1, "Details")).to_be_focused()
    expect_saved(page)

    # Somewhere else it is all there.
    page.evaluate("localStorage.clear()")
    page.goto(demo.base_url + path)
    expect(cell(page, 1, "Details")).to_have_value("Typed while away, twice")
    expect(cell(page, 1, "Quantity")).to_have_value("2")
    expect(total_of(page)).to_have_text("$185.09")


def test_two_people_never_overwrite_each_other(demo: Demo, open_page: OpenPage):
    first, second = open_page(), open_page()
    path = open_draft(first, demo)
    fill_line(first, 1, "Boiler service", "85")
    expect_saved(first)
    open_draft(second, demo, path)

    # The second saves; what the first goes on typing is refused and stays.
    cell(second, 1, "Unit price").fill("90")
    expect_saved(second)
    first.get_by_label("Note to customer").fill("Typed by the first")
    warning = first.get_by_role("alert").filter(has_text="saved this draft meanwhile")
    expect(warning).to_contain_text("You, in another window,")
    expect(warning).to_contain_text("What you typed is still here")
    # It stays in sight, and saving leads to it.
    expect(warning).to_be_in_viewport()
    first.get_by_role("button", name="Save draft").click()
    expect(first.get_by_role("button", name="Show theirs")).to_be_focused()
    expect(first.get_by_label("Note to customer")).to_have_value("Typed by the first")

    # Theirs can be looked at, and mine is not gone.
    first.get_by_role("button", name="Show theirs").click()
    expect(cell(first, 1, "Unit price")).to_have_value("90")
    first.get_by_role("button", name="Back to mine").click()
    expect(cell(first, 1, "Unit price")).to_have_value("85")
    expect(first.get_by_label("Note to customer")).to_have_value("Typed by the first")

    # Not even a reload decides it.
    first.get_by_label("Note to customer").fill("Typed by the first!")
    first.reload()
    expect(warning).to_be_visible()
    expect(first.get_by_label("Note to customer")).to_have_value("Typed by the first!")
    assert find_barriers(first) == []
    first.get_by_role("button", name="Save mine instead").click()
    expect(warning).to_be_hidden()
    second.reload()
    expect(second.get_by_label("Note to customer")).to_have_value("Typed by the first!")
    expect(cell(second, 1, "Unit price")).to_have_value("85")


def test_keys_alone_build_and_issue_an_invoice(demo: Demo, page: Page):
    open_draft(page, demo)
    page.get_by_label("Customer", exact=True).focus()
    page.keyboard.type("Key Bakery")
    expect(page.get_by_label("Customer email")).to_be_visible()
    page.get_by_label("Customer email").focus()
    page.keyboard.type("ap@key.example")
    page.keyboard.press("Enter")
    expect(page.get_by_text("mail to ap@key.example")).to_be_visible()

    # Enter adds a line behind the last one only, Alt and an arrow moves it.
    cell(page, 1, "Description").focus()
    page.keyboard.type("Inspection")
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(cell(page, 1, "Unit price")).to_be_focused()
    page.keyboard.type("30")
    page.keyboard.press("Enter")
    expect(cell(page, 2, "Description")).to_be_focused()
    page.keyboard.type("Valve")
    cell(page, 2, "Unit price").focus()
    page.keyboard.type("12.50")
    page.keyboard.press("Alt+ArrowUp")
    expect(cell(page, 1, "Unit price")).to_be_focused()
    expect(cell(page, 1, "Description")).to_have_value("Valve")
    page.keyboard.press("Enter")
    expect(cell(page, 2, "Unit price")).to_be_focused()
    page.keyboard.press("Enter")
    expect(cell(page, 3, "Description")).to_be_focused()
    page.keyboard.press("Backspace")
    expect(cell(page, 2, "Description")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("group", name=re.compile(r"Line \d"))).to_have_count(2)
    expect(cell(page, 2, "Description")).to_have_value("Inspection")

    # Rows of a spreadsheet become lines; Undo takes them back; prose stays prose.
    paste(cell(page, 2, "Description"), TABLE)
    expect(cell(page, 4, "Description")).to_have_value("Catering")
    expect(cell(page, 3, "Details")).to_have_value("two nights,\nZürich")
    expect(total_of(page)).to_have_text("$2,133.13")
    notice = page.get_by_role("status").filter(has_text="2 lines pasted.")
    notice.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("group", name=re.compile(r"Line \d"))).to_have_count(2)
    cell(page, 2, "Details").focus()
    paste(cell(page, 2, "Details"), "two lines\nof prose")
    expect(cell(page, 2, "Details")).to_have_value("two lines\nof prose")
    paste(cell(page, 2, "Description"), "x\t1\n" * 499)
    expect(page.get_by_text("so nothing was pasted")).to_be_visible()

    # What lacks something is asked about, and a double press issues once.
    page.get_by_role("button", name="Issue", exact=True).click()
    question = page.get_by_role("alertdialog", name="Issue it like this?")
    expect(question).to_contain_text("The customer's address is missing")
    question.get_by_role("button", name="Go back").click()
    expect(question).to_be_hidden()
    page.get_by_role("button", name="Issue", exact=True).click()
    issue = question.get_by_role("button", name="Issue anyway")
    issue.evaluate("button => { button.click(); button.click(); }")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(re.compile(r"\d{3}"))
    expect(page.get_by_text("$46.27").first).to_be_visible()
    page.go_back()
    expect(heading).to_contain_text(re.compile(r"\d{3}"))


BAD_CELLS = (
    ("Unit price", "NaN", "cannot be read as a number"),
    ("Unit price", "1e5", "cannot be read as a number"),
    ("Unit price", "１２", "cannot be read as a number"),
    ("Unit price", "10.005", "10.005 can be read in two ways."),
    ("Unit price", "", "Write the price like 1,240.50"),
    ("Quantity", "-1", "must not be below zero"),
)


def test_bad_input_gets_a_sentence_and_loses_nothing(demo: Demo, open_page: OpenPage):
    page = open_page()
    path = open_draft(page, demo)
    fill_line(page, 1, "Boiler service", "85")
    group = page.get_by_role("group", name="Line 1", exact=True)
    for label, typed, sentence in BAD_CELLS:
        before = cell(page, 1, label).input_value()
        cell(page, 1, label).fill(typed)
        expect(group.locator(".line-error")).to_contain_text(sentence)
        expect(cell(page, 1, label)).to_have_attribute("aria-invalid", "true")
        expect(cell(page, 1, label)).to_have_value(typed)
        cell(page, 1, label).fill(before)
        expect(group.locator(".line-error")).to_be_hidden()

    # Issue goes to what is wrong; nothing of it is issued.
    page.get_by_label("Issue date").fill("2026-03-10")
    page.get_by_label("Due date").fill("2026-03-01")
    words = "The due date can't be before the issue date."
    expect(page.locator(".field", has_text="Due date")).to_contain_text(words)
    page.get_by_label("Due date").fill("2026-03-31")
    expect(page.get_by_text(words)).to_be_hidden()
    page.get_by_label("Note to customer").fill("n" * 10_001)
    note = page.locator(".field", has_text="Note to customer")
    expect(note).to_contain_text("Keep this under 10,000 characters.")
    page.get_by_role("button", name="Issue", exact=True).click()
    expect(page.get_by_label("Customer", exact=True)).to_be_focused()
    assert EDITOR.search(page.url)
    page.get_by_label("Note to customer").fill("n" * 10_000)
    expect(page.get_by_text("Keep this under")).to_have_count(0)

    # Markup, templates and signs nobody sees are texts like any other.
    for text in HOSTILE:
        for label in ("Description", "Details", "Unit"):
            cell(page, 1, label).fill(text)
        page.get_by_label("Note to customer").fill(text)
        page.get_by_label("Payment terms").fill(text)
        page.get_by_label("PO number").fill(text)
        page.get_by_label("Customer", exact=True).fill(text)
        preview = page.get_by_role("region", name="Preview")
        if len(text) > 20:
            expect(group.locator(".line-error")).to_contain_text("20 fit here")
        cell(page, 1, "Unit").fill("h")
        expect(preview).to_contain_text(text)
    page.get_by_label("Note to customer").fill("a\u0007b\u202ec\u0000d")
    page.get_by_label("Discount", exact=True).last.fill("NaN")
    expect(page.locator(".field", has_text="off the whole invoice")).to_contain_text(
        "cannot be read as a number"
    )
    expect_saved(page)
    page.evaluate("localStorage.clear()")
    page.goto(demo.base_url + path)
    expect(cell(page, 1, "Description")).to_have_value("{{7*7}}")
    expect(page.get_by_label("Discount", exact=True).last).to_have_value("NaN")
    expect(page.get_by_label("Payment terms")).to_have_value("{{7*7}}")

    # What is not this workspace's is not there, as what never was.
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Delete draft").click()
    deleted = page.get_by_role("status").filter(has_text="Draft deleted.")
    deleted.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Draft deleted.")).to_be_hidden()
    foreign = open_draft(open_page(), demo, workspace="Aldgate")
    seen: list[str] = []
    for address in (f"/invoices/{10**9}/edit", foreign):
        page.goto(demo.base_url + address)
        expect(page.get_by_role("heading", level=1)).to_contain_text("not")
        seen.append(page.get_by_role("main").inner_text())
    assert seen[0] == seen[1]


# The names of controls that a notice lies on.
COVERED = """
() => {
    const controls = "a, button, input, select, textarea";
    const inView = (rect) => rect.width && rect.top < innerHeight && rect.bottom > 0;
    const notices = [...document.querySelectorAll(".notice")];
    return [...document.querySelectorAll(controls)]
        .filter((it) => !it.closest(".notice") && it.checkVisibility())
        .filter((it) => {
            const rect = it.getBoundingClientRect();
            return inView(rect) && notices.some((notice) => {
                const other = notice.getBoundingClientRect();
                return rect.left < other.right && rect.right > other.left
                    && rect.top < other.bottom && rect.bottom > other.top;
            });
        })
        .map((it) => it.ariaLabel || it.textContent || it.name);
}
"""


@pytest.mark.parametrize("size", [(1366, 900), (390, 844)])
def test_a_refusal_covers_no_control_and_stays_on_its_page(
    demo: Demo, open_page: OpenPage, size: tuple[int, int]
):
    page = open_page(viewport={"width": size[0], "height": size[1]})
    open_draft(page, demo)
    notice = page.locator(".notice")

    page.get_by_role("button", name="Issue", exact=True).click()
    expect(notice).to_be_visible()
    assert page.evaluate(COVERED) == []

    page.keyboard.press("Escape")
    expect(notice).to_be_hidden()

    page.get_by_role("button", name="Issue", exact=True).click()
    expect(notice).to_be_visible()
    page.reload()
    expect(page.get_by_label("Description").first).to_be_visible()
    expect(notice).to_be_hidden()


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_the_builder_has_no_barriers(demo: Demo, open_page: OpenPage, width: str):
    options: dict[str, Any] = {"reduced_motion": "reduce"}
    if width == "phone":
        options |= {"viewport": PHONE, "is_mobile": True, "has_touch": True}
    page = open_page(**options)
    open_draft(page, demo)
    fill_line(page, 1, "A long name " * 12, "999999999.99")
    cell(page, 1, "Quantity").fill("1e5")
    expect(page.locator(".line-error")).to_be_visible()
    page.get_by_role("button", name="Add line").click()
    fill_line(page, 2, "Overhaul", "999999999.99")
    expect(total_of(page)).to_have_text("$1,088,749,999.99")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        # Colours half-way between the two are nobody's choice.
        page.locator(f"html.{scheme}").wait_for(state="attached")
        page.wait_for_function("() => document.getAnimations().length === 0")
        assert find_barriers(page) == []
    assert not scrolls_sideways(page)
    if width == "phone":
        page.locator(".editor-switch").get_by_text("Preview").click()
        expect(page.get_by_role("region", name="Preview")).to_be_visible()
        assert not scrolls_sideways(page)


def test_an_invoice_of_one_amount(demo: Demo, page: Page):
    open_draft(page, demo)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.get_by_text("Percent of a job").click()
    page.get_by_label("What is it for?").fill("Refit, second part")
    page.get_by_label("Percent", exact=True).fill("30%")
    expect(page.get_by_text("This job has no total yet")).to_be_visible()
    page.get_by_label("Job total").fill("12,000.00")

    expect(page.get_by_text("30% of 12,000.00").first).to_be_visible()
    expect_saved(page)
    page.reload()
    expect(page.get_by_label("Job total")).to_have_value("12,000.00")


def test_nothing_is_issued_at_another_amount_than_was_on_screen(
    demo: Demo, page: Page, watcher: Watcher
):
    watcher.expect("WebSocket|ERR_")
    open_draft(page, demo)
    page.get_by_label("Customer", exact=True).fill("Away and Sons")
    page.get_by_role("button", name="Create customer").click()
    expect(page.get_by_text("Away and Sons is a customer now.")).to_be_visible()
    fill_line(page, 1, "Boiler service", "£10")
    expect(cell(page, 1, "Unit price")).to_have_attribute("aria-invalid", "true")
    cell(page, 1, "Unit price").fill("$10")
    expect(total_of(page)).to_have_text(re.compile(r"\$1\d\.\d\d"))
    expect_saved(page)
    seen = total_of(page).inner_text()

    page.context.set_offline(True)
    cell(page, 1, "Quantity").fill("5")
    issue = page.get_by_role("button", name="Publish to portal")
    expect(issue).to_be_disabled()
    expect(page.get_by_text("Not saved", exact=True)).to_be_visible()
    expect(total_of(page)).to_have_css("opacity", "0.5")
    # Whoever gets a press through nevertheless issues nothing else.
    issue.evaluate("button => { button.disabled = false; button.click(); }")
    page.context.set_offline(False)

    expect(
        page.get_by_text(re.compile("^The total is now .*Look again"))
    ).to_be_visible()
    expect(total_of(page)).not_to_have_text(seen)
    expect(issue).to_be_enabled()
    issue.click()
    page.get_by_role("button", name="Issue anyway").click()
    page.wait_for_url(re.compile(r"/invoices/\d+$"))
