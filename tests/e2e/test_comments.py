"""Customer and staff talk to each other, each in a browser of their own."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.support.browser import PHONE, find_barriers, scrolls_sideways
from tests.support.process import Server, running


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Any]]:
    """A demo of our own, since this talks to its customers."""
    folder = tmp_path_factory.mktemp("demo")
    told = folder / "demo.json"
    data = ("--data", str(folder / "data"))
    with running("demo", *data, "--json", str(told), folder=folder) as server:
        let_links_write(folder / "data" / "tallyport.db")
        yield server, json.loads(told.read_text())


def let_links_write(file: Path) -> None:
    """Ask for no more proof than the link; confirming a code has tests of its own."""
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute(
            "update workspace_settings set portal = json_set(portal, "
            "'$.write_auth', 'link', '$.comments', 'write')"
        )


def open_both(
    demo: tuple[Server, Any], open_page: OpenPage, **customer: Any
) -> tuple[Page, Page]:
    """Open one invoice at its customer's and at the owner's."""
    server, told = demo
    plumbers = next(it for it in told["workspaces"] if "Kestrel" in it["name"])
    invoice = next(it for it in plumbers["invoices"] if it["status"] == "Due")
    owner = next(
        it
        for it in told["staff"]
        if it["workspace"] == plumbers["name"] and it["role"] == "owner"
    )
    desk = open_page()
    desk.goto(f"{server.base_url}/sign-in")
    desk.get_by_label("Email").fill(owner["email"])
    desk.get_by_label("Password").fill(owner["password"])
    desk.get_by_role("button", name="Sign in").click()
    expect(desk.get_by_role("navigation", name="Main")).to_be_visible()
    desk.goto(f"{server.base_url}/invoices?search={invoice['number']}")
    desk.get_by_role("link", name=invoice["number"]).first.click()
    expect(desk.get_by_role("button", name="Save note")).to_be_visible()
    visitor = open_page(**customer)
    visitor.goto(invoice["url"])
    return visitor, desk


def comments_of(page: Page) -> Any:
    return page.get_by_role("region", name="Comments")


@pytest.mark.feature("F070", "F075", "F076")
def test_both_sides_talk_live_and_nothing_typed_is_lost(
    demo: tuple[Server, Any], open_page: OpenPage
):
    visitor, desk = open_both(demo, open_page)
    thread = comments_of(visitor)
    thread.get_by_label("Message").fill("Was the valve really replaced?")
    thread.get_by_label("Your name").fill("Ines Vermeer")
    thread.get_by_label("Your email").fill("ines@vermeer.example")
    expect(visitor.locator("#painted")).to_have_count(0)

    # Typed, not posted: a reload keeps it here, and staff see nothing.
    thread.get_by_label("Message").press("End")
    thread.get_by_label("Message").type(" ")
    visitor.reload()
    expect(visitor.locator("#painted")).to_have_count(0)
    expect(thread.get_by_label("Message")).to_have_value(
        "Was the valve really replaced? "
    )
    expect(thread.get_by_label("Your name")).to_have_value("Ines Vermeer")
    elsewhere = open_page()
    elsewhere.goto(visitor.url)
    for label in ("Message", "Your name", "Your email"):
        expect(comments_of(elsewhere).get_by_label(label)).to_have_value("")

    thread.get_by_role("button", name="Post comment").click()
    expect(desk.get_by_text("Was the valve really replaced?")).to_be_visible()
    expect(thread.get_by_label("Message")).to_have_value("")
    expect(thread.get_by_label("Your name")).to_have_value("Ines Vermeer")

    desk.get_by_label("Reply").fill("It was, on Tuesday.")
    desk.get_by_label("Reply").press("Control+Enter")
    expect(thread.get_by_text("It was, on Tuesday.")).to_be_visible()
    desk.get_by_role("textbox", name="Staff note").fill("Polite, but watch the valve")
    desk.get_by_role("button", name="Save note").click()
    expect(desk.get_by_text("Polite, but watch the valve")).to_be_visible()
    assert "Polite" not in visitor.content()


@pytest.mark.feature("F077")
def test_what_was_said_while_away_is_there_once(
    demo: tuple[Server, Any], open_page: OpenPage
):
    visitor, desk = open_both(demo, open_page)
    thread = comments_of(visitor)
    expect(visitor.locator("#painted")).to_have_count(0)

    visitor.context.set_offline(True)
    for words in ("While you were away, one", "While you were away, two"):
        desk.get_by_label("Reply").fill(words)
        desk.get_by_label("Reply").press("Control+Enter")
        expect(desk.get_by_text(words)).to_be_visible()
        expect(desk.get_by_label("Reply")).to_have_value("")
    visitor.context.set_offline(False)

    expect(thread.get_by_text("While you were away, two")).to_have_count(
        1, timeout=40_000
    )
    expect(thread.get_by_text("While you were away, one")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_reads_well_on_a_phone(
    demo: tuple[Server, Any], open_page: OpenPage, scheme: str
):
    visitor, desk = open_both(demo, open_page, viewport=PHONE)
    for page in (visitor, desk):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    expect(visitor.locator("#painted")).to_have_count(0)
    expect(comments_of(visitor).get_by_label("Message")).to_be_visible()

    assert find_barriers(visitor) == []
    assert not scrolls_sideways(visitor)
    assert find_barriers(desk) == []
