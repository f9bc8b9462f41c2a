"""Behind a proxy that ends TLS, as it runs for real: cookies, sockets, links."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import EMAIL, PASSWORD, OpenPage
from tests.support.process import create_owner, running
from tests.support.server import free_port
from tests.support.tls import tls_proxy


def test_staff_work_and_a_link_opens_behind_https(
    open_page: OpenPage, tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("https")
    create_owner(folder, EMAIL, PASSWORD)
    port = free_port()
    # By number: for the name localhost, Reflex connects to no port but 443.
    origin = f"https://127.0.0.1:{port}"
    with running("serve", folder=folder, environment={"PUBLIC_URL": origin}) as server:
        inner_port = urlsplit(server.base_url).port
        assert inner_port is not None
        with tls_proxy(folder, port, inner_port):
            page = open_page(ignore_https_errors=True)
            answer = page.goto(f"{origin}/sign-in")
            assert answer is not None
            assert "max-age=31536000" in answer.headers["strict-transport-security"]
            page.get_by_label("Email").fill(EMAIL)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            # The socket is open: the page is live, and over wss.
            expect(page.get_by_text("Live. Updated").first).to_be_attached()
            (cookie,) = [
                it
                for it in page.context.cookies()
                if it.get("name") == "__Host-tallyport"
            ]
            assert (cookie.get("secure"), cookie.get("httpOnly")) == (True, True)

            page.goto(f"{origin}/invoices/new")
            page.wait_for_url(re.compile(r"/invoices/\d+/edit"))
            page.get_by_label("Description").first.fill("Harbour fee")
            page.get_by_label("Unit price").first.fill("120")
            expect(page.get_by_role("region", name="Preview")).to_contain_text(
                "Harbour fee"
            )
            # It would complain about a server that went before it.
            page.context.close()
