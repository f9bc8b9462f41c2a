"""An owner takes all of a workspace along, and no in-use workspace takes it in."""

from __future__ import annotations

import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo


def test_everything_leaves_as_one_file(demo: Demo, page: Page, tmp_path: Path):
    demo.sign_in(page, "Kestrel")
    page.goto(f"{demo.base_url}/settings/export")
    page.get_by_role("button", name="Make the file").click()
    download = page.get_by_role("link", name="Download")
    expect(download).to_be_visible()
    with page.expect_download() as taken:
        download.click()
    path = tmp_path / taken.value.suggested_filename
    taken.value.save_as(path)
    with zipfile.ZipFile(path) as packed:
        assert {"manifest.json", "sheets/invoices.csv"} <= {*packed.namelist()}

    page.goto(f"{demo.base_url}/settings/import")
    page.get_by_label("CSV file").set_input_files(path)

    expect(page.get_by_text("This workspace has customers already.")).to_be_visible()
