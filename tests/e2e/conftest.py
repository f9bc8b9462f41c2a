"""The served app in a real Chromium. A page that complains fails its test."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.browser import (
    ARGUMENTS,
    DESKTOP,
    PHONE,
    Watcher,
    find_chromium,
    use_own_node,
)
from tests.support.process import Server, create_owner, running

PICTURES = Path(__file__).parents[2] / "reports" / "e2e"

EMAIL = "owner@northwind.example"
PASSWORD = "correct horse battery"

# What a page is given to show something: it costs nothing where the page is quick, and
# a machine may have two other things to do at the same time.
PATIENCE_MS = 15_000

OpenPage = Callable[..., Page]


def wait_until_live(page: Page) -> None:
    """Wait for the script of a staff page, which is painted before it comes.

    Keys count from here on, and so do presses on what was painted.
    """
    page.get_by_text("Live. Updated").first.wait_for(state="attached")


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo, and what its first workspace has to show.

    Attributes:
        staff: how the members of every workspace sign in.
        workspaces: all of them, as the demo tells.
        mailbox_url: where the mail that was sent can be read.
    """

    base_url: str
    email: str
    password: str
    invoices: list[dict[str, Any]]
    staff: list[dict[str, str]]
    workspaces: list[dict[str, Any]]
    mailbox_url: str

    def link(self, status: str, workspace: str = "Northwind") -> str:
        """Return the address of a published invoice with this status."""
        invoices = self.of(workspace)["invoices"]
        shown = [it["url"] for it in invoices if it["status"] == status]
        return next(filter(None, shown))

    def of(self, workspace: str) -> dict[str, Any]:
        """Return what the demo tells of the workspace with this word in its name."""
        return next(it for it in self.workspaces if workspace in it["name"])

    def sign_in(self, page: Page, workspace: str = "") -> None:
        """Sign in as the first workspace's owner, or that of one with this word."""
        owners = (it for it in self.staff if it["role"] == "owner")
        owner = next(it for it in owners if workspace in it["workspace"])
        page.goto(f"{self.base_url}/sign-in")
        page.get_by_label("Email").fill(owner["email"])
        page.get_by_label("Password").fill(owner["password"])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("navigation", name="Main").wait_for()
        wait_until_live(page)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow-browser",
        type=int,
        default=1,
        metavar="TIMES",
        help="let scripts in the browser run so many times slower",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Let fixtures see whether their test failed."""
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report


_failed = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`tallyport serve` with one workspace and its owner."""
    folder = tmp_path_factory.mktemp("serve")
    create_owner(folder, EMAIL, PASSWORD)
    with running("serve", folder=folder) as server:
        yield server


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`tallyport demo` for tests that only look, or put back what they changed.

    Those that build something do it in another workspace than the first.
    """
    folder = tmp_path_factory.mktemp("demo")
    facts = folder / "demo.json"
    with running("demo", "--json", str(facts), folder=folder) as server:
        told = json.loads(facts.read_text())
        owner = next(it for it in told["staff"] if it["role"] == "owner")
        ours = next(x for x in told["workspaces"] if x["name"] == owner["workspace"])
        yield Demo(
            server.base_url,
            owner["email"],
            owner["password"],
            ours["invoices"],
            told["staff"],
            told["workspaces"],
            told["sandbox"]["mailbox_url"].rstrip("/"),
        )


@pytest.fixture(scope="session")
def slowness(request: pytest.FixtureRequest) -> int:
    """How many times slower than the machine the browser's scripts run.

    A test that reads before a page is ready passes on a fast machine and fails on
    a busy one: `pytest tests/e2e --slow-browser 6` shows which.
    """
    return int(request.config.getoption("--slow-browser") or 1)


@pytest.fixture(scope="session")
def browser(slowness: int) -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium: sudo apt-get install chromium")
    use_own_node()
    expect.set_options(timeout=PATIENCE_MS * slowness)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    watcher = Watcher()
    yield watcher
    assert watcher.unexpected() == []


@pytest.fixture
def open_page(
    browser: Browser,
    slowness: int,
    watcher: Watcher,
    request: pytest.FixtureRequest,
) -> Iterator[OpenPage]:
    """Open pages of separate visitors; options are those of a browser context."""
    contexts = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        context.set_default_timeout(PATIENCE_MS * slowness)
        contexts.append(context)
        page = context.new_page()
        if slowness > 1:
            throttle = context.new_cdp_session(page)
            throttle.send("Emulation.setCPUThrottlingRate", {"rate": slowness})
        watcher.watch(page)
        return page

    yield open_page
    if request.node.stash.get(_failed, False):
        _take_pictures(request.node.name, [p for c in contexts for p in c.pages])
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A desktop window of a new visitor."""
    return open_page()


@pytest.fixture
def phone(open_page: OpenPage) -> Page:
    return open_page(viewport=PHONE, is_mobile=True, has_touch=True)


@pytest.fixture(params=["light", "dark"])
def color_scheme(request: pytest.FixtureRequest) -> str:
    return request.param


def _take_pictures(name: str, pages: list[Page]) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(pages, start=1):
        safe = re.sub(r"[^\w-]+", "-", name)
        page.screenshot(path=PICTURES / f"{safe}-{number}.png", full_page=True)
