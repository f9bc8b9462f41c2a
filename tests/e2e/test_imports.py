"""A file of another program comes in: looked at, then imported, then here already."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo

GOOD = """\
Number;Customer;Date;Description;Quantity;Price;Total
OLD-901;Quayside Bakery;31.01.2026;Bread;2,5;10,00;25,00
OLD-902;Quayside Bakery;01.02.2026;=1+1;1;1.200,00;1.200,00
"""


def test_a_file_is_looked_at_before_it_comes_in(demo: Demo, page: Page, tmp_path: Path):
    path = tmp_path / "invoices.csv"
    demo.sign_in(page, "Kestrel")
    page.goto(f"{demo.base_url}/settings/import")
    # The field is drawn when the page is live.
    field = page.get_by_label("CSV file")

    path.write_text(GOOD + "OLD-903;;01.02.2026;Bread;1;1,00;\n", "utf-8")
    field.set_input_files(path)
    rows = page.get_by_role("table", name="Rows of the file").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("It names no customer.")
    expect(page.get_by_role("button", name="Import 2 invoices")).to_be_hidden()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download this as CSV").click()
    fates = taken.value.path().read_text("utf-8-sig")
    assert "OLD-903,Refused,It names no customer." in fates

    path.write_text(GOOD, "utf-8")
    field.set_input_files(path)
    page.get_by_role("button", name="Import 2 invoices").click()
    expect(page.get_by_text("2 invoices are imported.")).to_be_visible()

    field.set_input_files(path)
    expect(page.get_by_text("0 invoices to add, 2 here already.")).to_be_visible()
    expect(page.get_by_role("link", name="See them")).to_be_hidden()


def test_a_column_is_chosen_by_hand(demo: Demo, page: Page, tmp_path: Path):
    path = tmp_path / "invoices.csv"
    path.write_text("Key,Customer,Date,Price\nX-1,A,2026-01-31,1.50\n", "utf-8")
    demo.sign_in(page, "Kestrel")
    page.goto(f"{demo.base_url}/settings/import")
    page.get_by_label("CSV file").set_input_files(path)
    about = page.get_by_role("group", name="What the file is about")
    about.get_by_text("Invoices", exact=True).click()
    expect(page.get_by_text("Choose the column for Invoice number")).to_be_visible()

    page.get_by_label("Invoice number").select_option("Key")

    expect(page.get_by_role("button", name="Import 1 invoice")).to_be_visible()
    page.get_by_role("button", name="Leave it").click()
    expect(page.get_by_role("button", name="Leave it")).to_be_hidden()
