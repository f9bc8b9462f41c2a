"""The production build, served: it connects, it is guarded, it reads well."""

from __future__ import annotations

import re

import httpx
import pytest
import reflex as rx
from playwright.sync_api import Page, expect

from billing_app.web.portal.invoice_state import PortalInvoiceState
from tests.e2e.conftest import OpenPage
from tests.support.browser import Watcher, find_barriers, scrolls_sideways
from tests.support.process import Server
from tests.support.tab import tab


def test_the_first_page_is_served_and_connects(server: Server, page: Page):
    with page.expect_websocket() as opened:
        page.goto(server.base_url)

    assert opened.value.url.startswith(server.base_url.replace("http", "ws"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_one_build_serves_every_name_of_the_machine(server: Server, page: Page):
    other_name = server.base_url.replace("localhost", "127.0.0.1")

    with page.expect_websocket() as opened:
        page.goto(other_name)

    assert opened.value.url.startswith(other_name.replace("http", "ws"))


def test_an_injected_script_does_not_run(server: Server, page: Page, watcher: Watcher):
    watcher.expect("Content Security Policy")
    page.goto(server.base_url)

    page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.stolen = true';
            document.body.append(script);
        }"""
    )

    assert page.evaluate("() => window.stolen") is None
    assert len(watcher.complaints) == 1


def test_an_unknown_page_is_not_found(server: Server):
    answer = httpx.get(f"{server.base_url}/no/such/page")

    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


def test_scripts_are_sent_compressed_and_kept(server: Server):
    page = httpx.get(f"{server.base_url}/sign-in").text
    script = re.search(r"/assets/root-[\w-]+\.js", page)
    assert script is not None

    answer = httpx.get(server.base_url + script[0], headers={"accept-encoding": "br"})

    assert answer.headers["content-encoding"] == "br"
    assert "immutable" in answer.headers["cache-control"]


def test_half_a_character_in_an_address_costs_nobody_their_socket(server: Server):
    handlers = rx.State.event_handlers
    with tab(server, "a-token", "/p/half-\ud83d") as page:
        page.press(handlers["hydrate"])
        page.press(PortalInvoiceState.refresh)
        page.path = "/p/whole?told=all"
        page.press(handlers["set_is_hydrated"], value=True)

        assert "half-" not in page.listen_for("told=all")


def test_another_host_is_refused(server: Server):
    answer = httpx.get(server.base_url, headers={"host": "evil.example"})

    assert answer.status_code == 421


@pytest.mark.parametrize("path", ["/sign-in"])
def test_pages_have_no_barriers(
    server: Server, open_page: OpenPage, color_scheme: str, path: str
):
    page = open_page(color_scheme=color_scheme)
    page.goto(server.base_url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    assert find_barriers(page) == []


@pytest.mark.parametrize("path", ["/sign-in"])
def test_pages_fit_a_phone(server: Server, phone: Page, path: str):
    phone.goto(server.base_url + path)
    expect(phone.get_by_role("heading", level=1)).to_be_visible()

    assert not scrolls_sideways(phone)
