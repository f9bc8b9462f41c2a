"""Customer and staff talk to each other, each in a browser of their own."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.e2e.conftest import OpenPage
from tests.support.browser import PHONE, Watcher, find_barriers, scrolls_sideways
from tests.support.process import Server, running, wait_until

DRAWN_BY_REACT = """() => {
    const painted = document.getElementById("painted");
    return Object.keys(painted).some((key) => key.startsWith("__react"));
}"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Any]]:
    """A demo of our own, since this talks to its customers."""
    folder = tmp_path_factory.mktemp("demo")
    told = folder / "demo.json"
    data = ("--data", str(folder / "data"))
    with running("demo", *data, "--json", str(told), folder=folder) as server:
        # Confirming a code has a test of its own.
        database = server.data_dir / "tallyport.db"
        set_portal(database, write_auth="link", comments="write")
        yield server, json.loads(told.read_text())


def set_portal(file: Path, **answers: str) -> None:
    """Answer questions of every workspace's portal settings."""
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        for key, answer in answers.items():
            database.execute(
                "update workspace_settings set portal = json_set(portal, ?, ?)",
                (f"$.{key}", answer),
            )


def find_email(file: Path, number: str) -> str:
    """Return the address of the customer of a plumber's invoice."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        found = database.execute(
            "select customer.email from invoice "
            "join customer on customer.id = invoice.customer_id "
            "join workspace on workspace.id = invoice.workspace_id "
            "where workspace.name like 'Kestrel%' and invoice.number = ?",
            (number,),
        )
        return found.fetchone()[0]


def mailed_code(mailbox: str, email: str) -> str:
    """Wait for the code that was mailed to an address."""

    def codes() -> list[str]:
        mails = httpx.get(f"{mailbox}/messages.json").json()
        found = (
            re.match(r"(\d{6}) is your code", mail["subject"])
            for mail in mails
            if email in mail["to"]
        )
        return [it[1] for it in found if it]

    wait_until(lambda: bool(codes()))
    return codes()[0]


def due_invoice(told: Any) -> Any:
    plumbers = next(it for it in told["workspaces"] if "Kestrel" in it["name"])
    return next(it for it in plumbers["invoices"] if it["status"] == "Due")


def open_both(
    demo: tuple[Server, Any], open_page: OpenPage, **customer: Any
) -> tuple[Page, Page]:
    """Open one invoice at its customer's and at the owner's."""
    server, told = demo
    invoice = due_invoice(told)
    owner = next(
        it
        for it in told["staff"]
        if "Kestrel" in it["workspace"] and it["role"] == "owner"
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


@pytest.mark.feature("F070", "F075")
@pytest.mark.parametrize("has_scripts", [True, False])
def test_who_writes_is_asked_for_once_something_is_written(
    demo: tuple[Server, Any], open_page: OpenPage, has_scripts: bool
):
    page = open_page(java_script_enabled=has_scripts)
    page.goto(due_invoice(demo[1])["url"])
    thread = comments_of(page)
    message, name = thread.get_by_label("Message"), thread.get_by_label("Your name")
    if has_scripts:
        expect(page.locator("#painted")).to_have_count(0)

    def is_unfolded() -> bool:
        place = name.bounding_box()
        return bool(place and place["width"] > 100)

    assert not is_unfolded()
    expect(thread.get_by_role("button", name="Post comment")).to_be_visible()
    message.fill("Was it the valve?")
    wait_until(is_unfolded)
    name.fill("Ines Vermeer")
    message.fill("")
    wait_until(lambda: not is_unfolded())
    # Folded, it stays where the keyboard comes by, and keeps what was typed.
    thread.get_by_role("button", name="Post comment").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(name).to_be_focused()
    wait_until(is_unfolded)
    expect(name).to_have_value("Ines Vermeer")


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
    visitor.reload()
    expect(visitor.locator("#painted")).to_have_count(0)
    expect(thread.get_by_label("Message")).to_have_value(
        "Was the valve really replaced?"
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


@pytest.mark.feature("F075")
def test_what_is_typed_before_the_page_is_live_outlives_reloads(
    demo: tuple[Server, Any], open_page: OpenPage
):
    """Reloaded while the server's own page still stands there, and right after it."""
    sockets: list[WebSocketRoute] = []
    visitor = open_page()
    # Until it is connected the page is the one that the server painted.
    visitor.route_web_socket(re.compile("/_event/"), lambda it: sockets.append(it))
    visitor.goto(due_invoice(demo[1])["url"])
    thread = comments_of(visitor)
    thread.get_by_label("Message").fill("Which valve was it?")
    thread.get_by_label("Your name").fill("Ines Vermeer")
    wait_until_held(visitor, sockets, 1)
    expect(visitor.locator("#painted")).to_have_count(1)

    visitor.reload()
    wait_until_held(visitor, sockets, 2)
    expect(visitor.locator("#painted")).to_have_count(1)
    powers = visitor.locator("details", has_text="What this link can do")
    powers.locator("summary").click()
    why = visitor.get_by_role("button", name="Why this figure?").last
    why.click()
    sockets[-1].connect_to_server()
    expect(visitor.locator("#painted")).to_have_count(0)
    expect(thread.get_by_label("Message")).to_have_value("Which valve was it?")
    expect(powers).to_have_attribute("open", "")
    expect(visitor.get_by_role("dialog", name="Why this figure?")).to_be_visible()

    visitor.reload()
    wait_until_held(visitor, sockets, 3)
    sockets[-1].connect_to_server()
    expect(visitor.locator("#painted")).to_have_count(0)
    expect(thread.get_by_label("Message")).to_have_value("Which valve was it?")
    expect(thread.get_by_label("Your name")).to_have_value("Ines Vermeer")
    thread.get_by_label("Message").fill("")
    elsewhere = open_page()
    elsewhere.goto(visitor.url)
    expect(elsewhere.locator("#painted")).to_have_count(0)
    expect(comments_of(elsewhere).get_by_label("Message")).to_have_value("")


@pytest.mark.feature("F075")
def test_what_is_typed_before_any_script_came_stays_in_sight(
    demo: tuple[Server, Any], open_page: OpenPage
):
    sockets: list[WebSocketRoute] = []
    scripts: list[Route] = []
    visitor = open_page()
    visitor.route_web_socket(re.compile("/_event/"), lambda it: sockets.append(it))
    typed = threading.Event()
    visitor.route(
        re.compile(r"\.js$"),
        lambda it: it.continue_() if typed.is_set() else scripts.append(it),
    )
    visitor.goto(due_invoice(demo[1])["url"], wait_until="commit")
    message = comments_of(visitor).get_by_label("Message")
    message.fill("Which valve")
    typed.set()
    for script in scripts:
        script.continue_()
    wait_until_held(visitor, sockets, 1)

    expect(message).to_have_value("Which valve")
    message.press_sequentially(" was it?")
    expect(message).to_have_value("Which valve was it?")
    sockets[-1].connect_to_server()
    expect(visitor.locator("#painted")).to_have_count(0)
    expect(message).to_have_value("Which valve was it?")


def wait_until_held(page: Page, sockets: list[WebSocketRoute], many: int) -> None:
    """Wait until the page has asked for its socket so many times.

    And until React has taken over what was painted: only from then on is kept what
    was typed.
    """
    # Asking the page something lets what it did arrive here.
    wait_until(lambda: bool(page.title()) and len(sockets) >= many)
    page.wait_for_function(DRAWN_BY_REACT)


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


# Sends the page's sockets to where nobody listens, as long as they are shut.
SOCKETS = """
    const Real = window.WebSocket;
    window.sockets = [];
    window.WebSocket = class extends Real {
        constructor(url, protocols) {
            const isShut = localStorage.getItem("test:shut");
            super(isShut ? "ws://localhost:1/" : url, protocols);
            window.sockets.push(this);
        }
    };
"""


def shut_sockets(page: Page) -> None:
    page.evaluate(
        """() => {
            localStorage.setItem("test:shut", "1");
            window.sockets?.forEach((it) => it.close());
        }"""
    )


def open_sockets(page: Page) -> None:
    page.evaluate("""() => localStorage.removeItem("test:shut")""")


def answer_at(desk: Page, words: str) -> None:
    desk.get_by_label("Reply").fill(words)
    desk.get_by_label("Reply").press("Control+Enter")
    expect(desk.get_by_text(words)).to_be_visible()


@pytest.mark.feature("F077")
@pytest.mark.parametrize("was_open", [False, True], ids=["never", "not any more"])
def test_without_a_socket_the_page_asks_for_what_is_new(
    demo: tuple[Server, Any], open_page: OpenPage, watcher: Watcher, was_open: bool
):
    watcher.expect("ws://localhost:1/")
    words = f"Said while the socket was shut{' again' * was_open}."
    visitor, desk = open_both(demo, open_page)
    thread = comments_of(visitor)
    expect(visitor.locator("#painted")).to_have_count(0)
    visitor.clock.install()
    visitor.add_init_script(SOCKETS)
    if was_open:
        # The page has taken over, and goes on without its socket.
        visitor.reload()
        expect(visitor.locator("#painted")).to_have_count(0)
        shut_sockets(visitor)
        expect(visitor.get_by_text("Not connected since")).to_be_visible()
    else:
        shut_sockets(visitor)
        visitor.reload()
        expect(visitor.locator("#painted")).to_have_count(1)
        visitor.wait_for_function(DRAWN_BY_REACT)
    thread.get_by_label("Message").fill("Half a sent")

    answer_at(desk, words)
    expect(thread.get_by_text(words)).to_have_count(0)
    visitor.clock.fast_forward(31_000)

    expect(thread.get_by_text(words)).to_have_count(1)
    expect(thread.get_by_label("Message")).to_have_value("Half a sent")
    answer_at(desk, f"And then: {words}")
    visitor.clock.fast_forward(31_000)
    expect(thread.get_by_text(words)).to_have_count(2)

    open_sockets(visitor)
    visitor.clock.fast_forward(6_000)
    expect(visitor.locator("#painted")).to_have_count(0)
    expect(visitor.get_by_text("Up to date at")).to_be_visible()
    # What comes by the socket now comes after all that came without it.
    answer_at(desk, f"At last: {words}")
    expect(thread.get_by_text(f"At last: {words}")).to_have_count(1)
    expect(thread.get_by_text(words)).to_have_count(3)
    expect(thread.get_by_label("Message")).to_have_value("Half a sent")


@pytest.mark.feature("F077")
def test_what_a_lagging_socket_brings_late_is_there_once(
    demo: tuple[Server, Any], open_page: OpenPage
):
    """Asked for because the socket was silent, and then told of by it all the same."""
    late: list[str | bytes] = []
    lags = threading.Event()
    sockets: list[WebSocketRoute] = []

    def connect(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server().on_message(
            lambda it: late.append(it) if lags.is_set() else socket.send(it)
        )

    visitor, desk = open_both(demo, open_page)
    visitor.clock.install()
    visitor.route_web_socket(re.compile("/_event/"), connect)
    visitor.reload()
    thread = comments_of(visitor)
    expect(visitor.locator("#painted")).to_have_count(0)
    lags.set()
    answer_at(desk, "On its way for long.")
    visitor.clock.fast_forward(71_000)
    expect(thread.get_by_text("On its way for long.")).to_have_count(1)

    lags.clear()
    for message in late:
        sockets[-1].send(message)
    answer_at(desk, "And this at once.")

    expect(thread.get_by_text("And this at once.")).to_have_count(1)
    expect(thread.get_by_text("On its way for long.")).to_have_count(1)


@pytest.mark.feature("F077")
def test_refresh_works_without_a_socket(
    demo: tuple[Server, Any], open_page: OpenPage, watcher: Watcher
):
    watcher.expect("ws://localhost:1/")
    visitor, desk = open_both(demo, open_page)
    visitor.add_init_script(SOCKETS)
    visitor.reload()
    expect(visitor.locator("#painted")).to_have_count(0)
    shut_sockets(visitor)
    expect(visitor.get_by_text("Not connected since")).to_be_visible()
    answer_at(desk, "Press Refresh to read this.")

    visitor.get_by_role("button", name="Refresh").click()

    said = comments_of(visitor).get_by_text("Press Refresh to read this.")
    expect(said).to_have_count(1)


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


def open_dispute(visitor: Page) -> Any:
    """Dispute the first line; return the dispute in the list."""
    disputes = visitor.get_by_role("region", name="Disputes")
    disputes.get_by_role("button", name="Dispute").click()
    form = visitor.get_by_role("dialog", name="Dispute")
    form.get_by_label("What is wrong?").fill("Only one valve was fitted.")
    form.get_by_label("Amount you dispute").fill("10.00")
    form.get_by_role("button", name="Send dispute").click()
    return disputes.get_by_role("listitem").filter(has_text="Only one valve").first


@pytest.mark.feature("F079")
def test_a_dispute_is_argued_where_it_stands(
    demo: tuple[Server, Any], open_page: OpenPage
):
    set_portal(demo[0].data_dir / "tallyport.db", write_auth="link", disputes="open")
    visitor, desk = open_both(demo, open_page)
    expect(visitor.locator("#painted")).to_have_count(0)
    dispute = open_dispute(visitor)
    at_desk = desk.locator("#disputes").get_by_role("listitem").first
    expect(at_desk).to_contain_text("Only one valve was fitted.")

    at_desk.get_by_role("link", name="Reply below").click()
    reply = desk.get_by_label("Reply")
    expect(reply).to_be_focused()
    about = desk.get_by_label("About").locator("option:checked")
    expect(about).to_contain_text("Dispute about")
    reply.fill("Have you a photo of it?")
    desk.get_by_role("button", name="Post comment").click()
    expect(dispute.get_by_text("Have you a photo of it?")).to_be_visible()
    dispute.get_by_text("Reply", exact=True).click()
    dispute.get_by_label("Message").fill("I put one into the mail.")
    dispute.get_by_label("Your name").fill("Ines Vermeer")
    dispute.get_by_label("Your email").fill("ines@vermeer.example")
    dispute.get_by_role("button", name="Send reply").click()

    expect(at_desk.get_by_text("I put one into the mail.")).to_be_visible()
    expect(dispute.get_by_label("Message")).to_have_value("")
    for thread in (comments_of(visitor), desk.locator("#conversation")):
        expect(thread.get_by_text("Dispute opened:")).to_be_visible()
        expect(thread.get_by_text("I put one into the mail.")).to_have_count(0)


def test_a_customer_promises_a_date(demo: tuple[Server, Any], open_page: OpenPage):
    visitor, _ = open_both(demo, open_page)
    expect(visitor.locator("#painted")).to_have_count(0)
    visitor.get_by_text("Tell us when you will pay").click()
    last = visitor.get_by_label("I will pay by").get_attribute("max")
    assert last is not None
    visitor.get_by_label("I will pay by").fill(last)

    visitor.get_by_role("button", name="Send").click()

    expect(visitor.get_by_text("You told us that you will pay by")).to_be_visible()


@pytest.mark.feature("F072", "F075")
def test_a_code_is_confirmed_on_the_page_and_nothing_typed_is_lost(
    demo: tuple[Server, Any], open_page: OpenPage, watcher: Watcher
):
    watcher.expect("ERR_INTERNET_DISCONNECTED")
    server, told = demo
    database = server.data_dir / "tallyport.db"
    set_portal(database, write_auth="code", disputes="off")
    mailbox = told["sandbox"]["mailbox_url"].rstrip("/")
    visitor, desk = open_both(demo, open_page)
    expect(visitor.locator("#painted")).to_have_count(0)
    thread = comments_of(visitor)
    thread.get_by_role("button", name="Post comment").click()
    expect(thread.get_by_text("Write a message")).to_be_visible()
    expect(visitor.get_by_role("dialog")).to_have_count(0)

    thread.get_by_label("Message").fill("Please call me back.")
    thread.get_by_label("Your name").fill("Margaret")
    email = find_email(database, due_invoice(told)["number"])
    thread.get_by_label("Your email").fill(email)
    page = visitor.url
    visitor.context.set_offline(True)
    thread.get_by_role("link", name="Confirm who you are").click()
    expect(thread.get_by_text("You are not connected")).to_be_visible()
    visitor.context.set_offline(False)
    thread.get_by_role("link", name="Confirm who you are").click()

    asked = visitor.get_by_role("dialog")
    expect(asked.get_by_label("Your email")).to_have_value(email)
    asked.get_by_role("button", name="Send code").click()
    expect(asked.get_by_role("heading", name="Check your email")).to_be_visible()
    asked.get_by_label("Verification code").fill("000000")
    expect(asked.get_by_role("alert")).to_contain_text("That code is wrong")
    code = mailed_code(mailbox, email)
    asked.get_by_label("Verification code").fill(f"{code[:3]} {code[3:]}")

    expect(asked).to_have_count(0)
    expect(thread.get_by_role("link", name="Confirm who you are")).to_have_count(0)
    expect(thread.get_by_label("Message")).to_have_value("Please call me back.")
    assert visitor.url.partition("#")[0] == page.partition("#")[0]
    thread.get_by_role("button", name="Post comment").click()
    expect(desk.get_by_text("Please call me back.")).to_be_visible()
    expect(desk.get_by_text("Verified").first).to_be_visible()


UNSENT = "You are not connected, so nothing was sent. What you typed stays here."


@pytest.mark.feature("F075", "F079")
def test_what_is_sent_without_a_connection_stays_and_goes_once_later(
    demo: tuple[Server, Any], open_page: OpenPage, watcher: Watcher
):
    watcher.expect("ERR_INTERNET_DISCONNECTED")
    set_portal(demo[0].data_dir / "tallyport.db", write_auth="link", disputes="open")
    visitor, desk = open_both(demo, open_page)
    expect(visitor.locator("#painted")).to_have_count(0)
    thread, page = comments_of(visitor), visitor.url
    words = "The driver waited an hour at gate four."

    def send(form: Any, name: str) -> None:
        """Press without a connection, be told so, and press again with one."""
        press = form.get_by_role("button", name=name)
        visitor.context.set_offline(True)
        expect(visitor.get_by_text("Lost connection.")).to_be_visible()
        for _ in range(2):
            press.click()
            expect(form.get_by_role("alert")).to_have_text(UNSENT)
        assert visitor.url == page
        visitor.context.set_offline(False)
        expect(form.get_by_role("alert")).to_have_count(0)
        press.click()

    thread.get_by_label("Message").fill(words)
    thread.get_by_label("Your name").fill("Ines Vermeer")
    thread.get_by_label("Your email").fill("ines@vermeer.example")
    send(thread, "Post comment")
    expect(thread.get_by_label("Message")).to_have_value("")
    expect(thread.get_by_text(words)).to_have_count(1)
    expect(desk.locator("#conversation").get_by_text(words)).to_have_count(1)

    visitor.get_by_role("button", name="Dispute", exact=True).click()
    form = visitor.get_by_role("dialog", name="Dispute")
    form.get_by_label("What is wrong?").fill("Only half an hour was agreed.")
    about = form.get_by_label("What is it about?")
    about.select_option(about.locator("option").last.get_attribute("value"))
    form.get_by_label("Amount you dispute").fill("3.00")
    send(form, "Send dispute")
    expect(form).to_be_hidden()
    disputes = visitor.get_by_role("region", name="Disputes")
    expect(disputes.get_by_text("Only half an hour was agreed.")).to_have_count(1)

    visitor.locator(".promise summary").click()
    promise = visitor.locator(".promise form")
    last = visitor.get_by_label("I will pay by").get_attribute("max")
    assert last is not None
    visitor.get_by_label("I will pay by").fill(last)
    send(promise, "Send")
    expect(visitor.get_by_text("You told us that you will pay by")).to_be_visible()
