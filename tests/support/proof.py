"""A customer who proves their address with the code that a mail brought them."""

from __future__ import annotations

import re
from typing import Any

import httpx
from playwright.sync_api import Page

from tests.support.process import wait_until

_CODE = re.compile(r"\b\d{6}\b")


def prove(page: Page, base_url: str, email: str) -> None:
    """Fill in both forms that ask for a code by mail: a page, or a dialog of one."""
    known = len(_mails(base_url, email))
    # The comment box asks for an address, too.
    forms = page.locator("form").filter(
        has=page.get_by_role("button", name="Send code")
    )
    forms.get_by_label("Your email").fill(email)
    page.get_by_role("button", name="Send code").click()
    page.get_by_label("Verification code").wait_for()
    wait_until(lambda: len(_mails(base_url, email)) > known)
    code = _CODE.search(_mails(base_url, email)[0]["text"])
    assert code is not None
    # In a dialog the sixth digit sends the form.
    is_dialog = page.locator("dialog.verifying[open]").count() == 1
    page.get_by_label("Verification code").fill(code[0])
    if not is_dialog:
        page.get_by_role("button", name="Confirm").click()


def _mails(base_url: str, email: str) -> list[dict[str, Any]]:
    """Return the codes that were sent to an address, newest first."""
    mails = httpx.get(f"{base_url}/sandbox/mailbox/messages.json").json()
    return [mail for mail in mails if mail["to"] == email and "code" in mail["subject"]]
